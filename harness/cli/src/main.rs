//! The command `gosweep`.

// They panic where nobody listens; `output` does not.
#![warn(clippy::print_stderr, clippy::print_stdout)]

mod args;
mod exit;
mod load;
mod output;
mod progress;
mod signals;
mod verbs;

use std::process::ExitCode;

use clap::Parser;

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
    let args = args::Args::parse();
    let ending = verbs::dispatch(args);
    exit::report(ending)
}
