//! `gosweep completions`: shell completions.

use clap::CommandFactory;

use crate::args::{Args, CompletionsArgs};
use crate::exit::{Ending, Failure};
use crate::output;

/// Prints the completions of a shell.
pub(crate) fn completions(args: &CompletionsArgs) -> Result<Ending, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Args::command(), "gosweep", &mut script);
    output::print(&String::from_utf8_lossy(&script))?;
    Ok(Ending::Pass)
}
