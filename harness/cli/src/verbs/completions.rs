//! `gosweep completions`: shell completions.

use clap::{Args as ClapArgs, Command};

use crate::exit::{Ending, Failure};
use crate::output;

/// `gosweep completions`.
#[derive(Debug, ClapArgs)]
pub(crate) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
}

/// Prints the completions of a shell for the whole command line.
pub(crate) fn completions(
    args: &CompletionsArgs,
    command: &mut Command,
) -> Result<Ending, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, command, "gosweep", &mut script);
    output::print_script(&String::from_utf8_lossy(&script))?;
    Ok(Ending::Pass)
}
