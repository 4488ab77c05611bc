//! The command `gosweep`.

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
