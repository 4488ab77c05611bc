//! `gosweep man`: the manual, and its installation with the shells' completions.

use std::path::{Path, PathBuf};

use clap::{Args as ClapArgs, Command, ValueEnum};
use clap_complete::Shell;
use serde::Serialize;

use crate::exit::{Ending, Failure};
use crate::output;

/// `gosweep man`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "\
  gosweep man rank | man -l -      read a page
  gosweep man --install            pages and completions for this user, in ~/.local/share
  gosweep man --install --prefix /usr/local

Installed are man1/gosweep*.1 and the completions of bash, zsh and fish, in the folders below
PREFIX/share where each looks for them. Zsh looks in ~/.local only where fpath names it.

Exit codes: 0 printed or installed, 2 invalid input or a folder that cannot be written,
70 internal error")]
pub(crate) struct ManArgs {
    /// The verb whose page to print [default: the page of gosweep itself]
    #[arg(value_name = "VERB", conflicts_with = "install")]
    pub(crate) verb: Option<String>,
    /// Install all pages and the completions of bash, zsh and fish
    #[arg(long)]
    pub(crate) install: bool,
    /// Where to install [default: ~/.local]
    #[arg(long, value_name = "DIR", requires = "install")]
    pub(crate) prefix: Option<PathBuf>,
    /// Print as JSON: the page, or what was installed
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Serialize)]
struct Page<'a> {
    name: &'a str,
    roff: &'a str,
}

/// Prints a page, or installs all.
pub(crate) fn man(args: &ManArgs, command: &mut Command) -> Result<Ending, Failure> {
    command.build();
    if args.install {
        return install(args, command);
    }
    let page = match &args.verb {
        None => command.clone(),
        Some(verb) => {
            let found = command.find_subcommand(verb).ok_or_else(|| {
                Failure::usage(format!("no verb `{verb}`; `gosweep --help` lists them"))
            })?;
            named(found)
        }
    };
    let roff = rendered(&page)?;
    if args.json {
        output::print_json(&Page {
            name: page.get_name(),
            roff: &roff,
        })?;
    } else {
        output::print_script(&roff)?;
    }
    Ok(Ending::Pass)
}

/// A verb under the name of its page.
fn named(verb: &Command) -> Command {
    let name = format!("gosweep-{}", verb.get_name());
    verb.clone().name(name)
}

fn rendered(page: &Command) -> Result<String, Failure> {
    let mut roff = Vec::new();
    clap_mangen::Man::new(page.clone())
        .render(&mut roff)
        .map_err(Failure::internal)?;
    String::from_utf8(roff).map_err(Failure::internal)
}

fn install(args: &ManArgs, command: &Command) -> Result<Ending, Failure> {
    let share = prefix(args.prefix.as_deref())?.join("share");
    let verbs = command.get_subcommands().filter(|own| !own.is_hide_set());
    let pages = std::iter::once(command.clone()).chain(verbs.map(named));
    let mut written = Vec::new();
    for page in pages {
        let file = format!("man/man1/{}.1", page.get_name());
        written.push(put(&share, &file, &rendered(&page)?)?);
    }
    for shell in Shell::value_variants() {
        let file = match shell {
            Shell::Bash => "bash-completion/completions/gosweep",
            Shell::Zsh => "zsh/site-functions/_gosweep",
            Shell::Fish => "fish/vendor_completions.d/gosweep.fish",
            // No folder of theirs is looked into: `gosweep completions` prints them.
            _ => continue,
        };
        let mut script = Vec::new();
        clap_complete::generate(*shell, &mut command.clone(), "gosweep", &mut script);
        written.push(put(&share, file, &String::from_utf8_lossy(&script))?);
    }
    if args.json {
        output::print_json(&written)?;
    } else {
        let lines = written.iter().map(|own| format!("{}\n", own.display()));
        output::print(&lines.collect::<String>())?;
    }
    Ok(Ending::Pass)
}

fn prefix(asked: Option<&Path>) -> Result<PathBuf, Failure> {
    if let Some(asked) = asked {
        return Ok(asked.to_owned());
    }
    let home = std::env::var_os("HOME").map(PathBuf::from);
    let home = home.filter(|home| home.is_absolute());
    home.map(|home| home.join(".local"))
        .ok_or_else(|| Failure::usage("no HOME: name the folder with --prefix DIR"))
}

fn put(share: &Path, file: &str, text: &str) -> Result<PathBuf, Failure> {
    let path = share.join(file);
    output::replace_file(&path, text.as_bytes())?;
    Ok(path)
}
