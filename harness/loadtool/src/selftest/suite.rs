//! The experiments in order, and what they come to.

use std::io::IsTerminal;

use super::findings::Findings;
use super::lab::Lab;
use super::table::{self, Document, State};
use super::{capacity, client, cost, floor, pacing, truth};
use crate::caller::Caller;
use crate::drive::Ending;
use crate::failure::Failure;
use crate::options::SelftestOptions;

const FORMAT: u32 = 1;
/// Measures the driver itself on this machine: pacing, truth, cost and the rate that one CPU can be trusted with.
///
/// # Errors
/// [`Failure::Interrupted`] when it was cancelled; [`Failure::Internal`] when a server or client cannot be started.
pub fn selftest(options: &SelftestOptions, caller: &Caller) -> Result<Ending, Failure> {
    let lab = Lab::new(options.quick, caller.cancel)?;
    let clients = client::all(options.rivals);
    let mut findings = Findings::new((!options.json).then_some(*caller));
    if !options.json {
        caller.print(&introduction(&lab))?;
    }
    progress(caller, "timers");
    floor::floor(&lab, &mut findings)?;
    progress(caller, "pacing");
    pacing::even(&lab, &mut findings)?;
    pacing::poisson(&lab, &mut findings)?;
    progress(caller, "truth");
    truth::stall(&lab, &mut findings)?;
    truth::stall_across_the_end(&lab, &mut findings)?;
    truth::stopped_generator(&lab, &mut findings)?;
    progress(caller, "cost");
    cost::cost(&lab, &clients, &mut findings)?;
    progress(caller, "capacity");
    capacity::knee(&lab, &mut findings)?;
    capacity::trusted_rate(&lab, &mut findings)?;
    conclude(options, &lab, &findings, caller)
}

fn introduction(lab: &Lab) -> String {
    let place = match (&lab.server_cpus, &lab.generator_cpus) {
        (Some(server), Some(generator)) => format!("server on CPU {server}, clients on CPU {generator}"),
        _ => "server and clients on the same CPUs, since there are no others: figures are of little use".to_owned(),
    };
    format!("{}\n{place}\n\n{}", lab.machine, table::heading())
}

/// Says where the selftest stands, to a person only: rows come seconds apart.
fn progress(caller: &Caller, stage: &str) {
    if std::io::stderr().is_terminal() && !std::io::stdout().is_terminal() {
        caller.tell(format!("{stage} ..."));
    }
}

fn conclude(
    options: &SelftestOptions,
    lab: &Lab,
    findings: &Findings,
    caller: &Caller,
) -> Result<Ending, Failure> {
    let count = |state: State| {
        findings
            .rows
            .iter()
            .filter(|row| row.state == state)
            .count()
    };
    let failed = count(State::Fail);
    if options.json {
        let document = Document {
            format: FORMAT,
            tool: caller.tool,
            machine: &lab.machine,
            server_cpus: lab.server_cpus.as_ref().map(ToString::to_string),
            generator_cpus: lab.generator_cpus.as_ref().map(ToString::to_string),
            quick: options.quick,
            rows: &findings.rows,
            clients: &findings.clients,
            disturbances: &findings.disturbances,
        };
        caller.print_json(&serde_json::to_string_pretty(&document).map_err(Failure::internal)?)?;
    } else {
        let mut text = format!("\n{}\n", table::clients(&findings.clients));
        text.push_str(&format!(
            "{} of {} bars reached\n",
            count(State::Pass),
            count(State::Pass) + failed
        ));
        caller.print(&text)?;
        for disturbance in &findings.disturbances {
            caller.tell(format!("disturbed: {disturbance}"));
        }
        if failed > 0 && !findings.disturbances.is_empty() {
            caller.tell(
                "the machine was busy, which tails and schedule lag show first; end what else runs, and \
                 measure again before blaming the driver"
            );
        }
    }
    Ok(if failed == 0 {
        Ending::Pass
    } else {
        Ending::Failed
    })
}
