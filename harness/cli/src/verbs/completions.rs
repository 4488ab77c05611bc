//! `gosweep completions`: shell completions.

use std::collections::BTreeMap;

use clap::{Args as ClapArgs, Command};

use crate::exit::{Ending, Failure};
use crate::output;

/// `gosweep completions`.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "`gosweep man --install` installs those of bash, zsh and fish, with the manual."
)]
pub(crate) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
    /// Print as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Prints the completions of a shell for the whole command line.
pub(crate) fn completions(
    args: &CompletionsArgs,
    command: &mut Command,
) -> Result<Ending, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, command, "gosweep", &mut script);
    let script = String::from_utf8_lossy(&script);
    if args.json {
        let shell = args.shell.to_string();
        output::print_json(&BTreeMap::from([
            ("shell", shell.as_str()),
            ("script", &script),
        ]))?;
    } else {
        output::print_script(&script)?;
    }
    Ok(Ending::Pass)
}
