//! The command `gosweep`.

// They panic where nobody listens; `output` does not.
#![warn(clippy::print_stderr, clippy::print_stdout)]

mod args;
mod exit;
mod output;
mod progress;
mod signals;
mod verbs;

use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use args::{Args, Verb};
use exit::{Ending, Failure};

/// Whatever the umask, nobody else may write to what we and our children make;
/// a stricter one stays, except that we must be able to read what we wrote.
fn keep_others_from_writing() {
    use rustix::fs::Mode;
    use rustix::process::umask;
    let was = umask(Mode::WGRP | Mode::WOTH);
    umask((was | Mode::WGRP | Mode::WOTH) & (Mode::RWXG | Mode::RWXO));
}

fn main() -> ExitCode {
    keep_others_from_writing();
    // A kernel that refuses leaves us as readable as any other program.
    let _ = supervise::protect_ourselves();
    let ending = run(Args::parse().verb).unwrap_or_else(|failure| {
        output::tell_failure(&failure);
        failure.ending
    });
    ExitCode::from(ending.code())
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
        Verb::Compare(args) => verbs::compare(&args),
        Verb::Diagnose(args) => verbs::diagnose(&args),
        Verb::Gate(args) => verbs::gate(&args),
        Verb::Report(args) => verbs::report(&args),
        Verb::Analyze(args) => verbs::analyze(&args),
        Verb::Schema(args) => verbs::schema(&args),
        Verb::Completions(args) => verbs::completions(&args, &mut Args::command()),
    }
}
