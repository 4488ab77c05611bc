//! `gosweep host`: what this machine is, and whether it is fit.

use std::path::PathBuf;

use clap::Args as ClapArgs;
use serde::Serialize;
use topology::{Check, State, Topology};

use crate::exit::{Ending, Failure};
use crate::output;

/// `gosweep host`.
#[derive(Debug, ClapArgs)]
pub(crate) struct HostArgs {
    /// A folder that holds a machine's sys/ and proc/, instead of this machine
    #[arg(long, value_name = "DIR", default_value = "/")]
    pub(crate) root: PathBuf,
    /// Print as JSON, every CPU with its core, node, siblings and caches
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Serialize)]
struct HostJson<'a> {
    #[serde(flatten)]
    topology: &'a Topology,
    summary: topology::Summary,
    readiness: &'a [Check],
}

/// Shows the host.
pub(crate) fn host(args: &HostArgs) -> Result<Ending, Failure> {
    let topology = topology::read(&args.root).map_err(Failure::usage)?;
    let checks = topology::readiness(&args.root);
    if args.json {
        output::print_json(&HostJson {
            topology: &topology,
            summary: topology.summary(),
            readiness: &checks,
        })?;
        return Ok(Ending::Pass);
    }
    let mut text = format!("{}\n\n", topology.summary());
    text.push_str(&drawing(&topology));
    for note in &topology.notes {
        text.push_str(&format!("note: {note}\n"));
    }
    text.push_str("\nFit for measuring?\n");
    for check in &checks {
        text.push_str(&check_lines(check));
    }
    output::print(&text)?;
    Ok(Ending::Pass)
}

/// The default placement on this host, or why it has none.
fn drawing(topology: &Topology) -> String {
    let policy = topology::Policy::Split;
    match topology::place(topology, &policy, &topology::Request::default()) {
        Ok(placement) => format!(
            "The default placement `split` (T target, G generator):\n{}\n",
            topology::draw(topology, Some(&placement))
        ),
        Err(error) => format!("The default placement `split` is not possible: {error}\n"),
    }
}

fn check_lines(check: &Check) -> String {
    let mut lines = format!("  {:<6}  {}: {}\n", check.state, check.id, check.found);
    if matches!(check.state, State::Warn | State::Bad) {
        lines.push_str(&format!("          {}\n", check.why));
        if let Some(fix) = &check.fix {
            lines.push_str(&format!("          fix: {fix}\n"));
        }
    }
    lines
}
