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

fn main() -> ExitCode {
    let args = args::Args::parse();
    let ending = verbs::dispatch(args);
    exit::report(ending)
}
