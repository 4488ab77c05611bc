//! The command `gosweep`.

// They panic where nobody listens; `output` does not.
#![warn(clippy::print_stderr, clippy::print_stdout)]

mod args;
mod exit;
mod limits;
mod load;
mod output;
mod progress;
mod signals;
mod verbs;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let args = args::Args::parse();
    limits::raise_open_files();
    let ending = verbs::dispatch(args);
    exit::report(ending)
}
