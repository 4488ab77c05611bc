//! The command `gosweep`.

// They panic where nobody listens; `output` does not.
#![warn(clippy::print_stderr, clippy::print_stdout)]

mod args;
mod exit;
mod limits;
mod output;
mod progress;
mod signals;
mod verbs;

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use args::{Args, Verb};
use exit::{Ending, Failure};
use record::shown;

/// Whatever the umask, nobody else may write to what we and our children make; a stricter one stays, except that we
/// must be able to read what we wrote.
fn keep_others_from_writing() {
    use rustix::fs::Mode;
    use rustix::process::umask;
    let was = umask(Mode::WGRP | Mode::WOTH);
    umask((was | Mode::WGRP | Mode::WOTH) & (Mode::RWXG | Mode::RWXO));
}

fn main() -> ExitCode {
    keep_others_from_writing();
    // A kernel that refuses leaves us as readable as any other program.
    let _ = orchestrator::protect_ourselves();
    limits::raise_open_files();
    let code = arguments().and_then(|arguments| match Args::try_parse_from(arguments) {
        Ok(args) => run(args.verb).map(Ending::code),
        Err(error) => Ok(output::tell_usage(&error)),
    });
    ExitCode::from(code.unwrap_or_else(|failure| {
        output::tell_failure(&failure);
        failure.ending.code()
    }))
}

/// The command line. Names go into records, pages and commands to repeat, none of which could hold anything but UTF-8.
fn arguments() -> Result<Vec<OsString>, Failure> {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let no_text = arguments
        .iter()
        .skip(1)
        .find(|word| word.to_str().is_none());
    match no_text {
        None => Ok(arguments),
        Some(word) => Err(Failure::usage(format!(
            "the argument `{}` is not UTF-8; rename the file, or give it through a link with a name that is",
            shown::bytes(word.as_bytes())
        ))),
    }
}

/// Does what was asked for.
fn run(verb: Verb) -> Result<Ending, Failure> {
    match verb {
        Verb::Run(args) => verbs::run(&args),
        Verb::Plan(args) => verbs::plan(&args),
        Verb::Host(args) => verbs::host(&args),
        Verb::Toolchain(args) => verbs::toolchain(&args),
        Verb::Load(args) => verbs::load(*args),
        Verb::Rank(args) => verbs::rank(&args),
        Verb::Advise(args) => verbs::advise(&args),
        Verb::Export(args) => verbs::export(&args),
        Verb::Compare(args) => verbs::compare(&args),
        Verb::Upgrade(args) => verbs::upgrade(&args),
        Verb::Diagnose(args) => verbs::diagnose(&args),
        Verb::Gate(args) => verbs::gate(&args),
        Verb::Report(args) => verbs::report(&args),
        Verb::Analyze(args) => verbs::analyze(&args),
        Verb::Schema(args) => verbs::schema(&args),
        Verb::Man(args) => verbs::man(&args, &mut Args::command()),
        Verb::Completions(args) => verbs::completions(&args, &mut Args::command()),
    }
}
