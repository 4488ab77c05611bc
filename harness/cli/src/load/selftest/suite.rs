//! The experiments in order, and what they come to.

use std::io::IsTerminal;

use loadgen::{LoadOutcome, Verdict};

use super::lab::Lab;
use super::table::{self, ClientRow, Document, Row, State};
use super::{capacity, client, cost, floor, pacing, truth};
use crate::exit::{Ending, Failure};
use crate::load::args::SelftestArgs;
use crate::output::tell;
use crate::{output, signals};

const FORMAT: u32 = 1;
/// Share of a run above which waiting for the CPU is worth telling: at 1 % the 99th percentile
/// of the lateness is the other programs' and not the driver's.
const MOST_RUN_DELAY: f64 = 0.01;

/// What the experiments found so far.
#[derive(Default)]
pub(super) struct Findings {
    rows: Vec<Row>,
    /// Clients beside each other.
    pub(super) clients: Vec<ClientRow>,
    disturbances: Vec<String>,
    prints: bool,
}

impl Findings {
    /// Takes a row, and prints it where a person waits for it.
    pub(super) fn add(&mut self, row: Row) {
        if self.prints {
            // A closed pipe is seen when the rest is printed.
            let _ = output::print(&row.line());
        }
        self.rows.push(row);
    }

    /// Notes when the generator of a run that should be undisturbed was kept from its CPU.
    pub(super) fn disturbed(&mut self, experiment: &str, outcome: &LoadOutcome) {
        let waited_s = outcome.generator.run_delay_seconds.unwrap_or(0.0);
        let share = waited_s / outcome.elapsed.as_secs_f64().max(1e-9);
        if share > MOST_RUN_DELAY {
            self.disturbances.push(format!(
                "{experiment}: the generator waited {:.1} % of the time for its CPU",
                share * 100.0
            ));
        }
        if let Verdict::GeneratorBound { reason, .. } | Verdict::Noisy { reason, .. } =
            &outcome.verdict
        {
            self.disturbances.push(format!(
                "{experiment}: {} ({reason})",
                outcome.verdict.name()
            ));
        }
    }
}

/// Makes all experiments.
pub(in crate::load) fn selftest(args: &SelftestArgs) -> Result<Ending, Failure> {
    let lab = Lab::new(args.quick, signals::cancel_flag())?;
    let clients = client::all(!args.no_rivals);
    let mut findings = Findings {
        prints: !args.json,
        ..Findings::default()
    };
    if !args.json {
        output::print(&introduction(&lab))?;
    }
    progress("timers");
    floor::floor(&lab, &mut findings)?;
    progress("pacing");
    pacing::even(&lab, &mut findings)?;
    pacing::poisson(&lab, &mut findings)?;
    progress("truth");
    truth::stall(&lab, &mut findings)?;
    truth::stall_across_the_end(&lab, &mut findings)?;
    truth::stopped_generator(&lab, &mut findings)?;
    progress("cost");
    cost::cost(&lab, &clients, &mut findings)?;
    progress("capacity");
    capacity::knee(&lab, &mut findings)?;
    capacity::trusted_rate(&lab, &mut findings)?;
    conclude(args, &lab, &findings)
}

fn introduction(lab: &Lab) -> String {
    let place = match (&lab.server_cpus, &lab.generator_cpus) {
        (Some(server), Some(generator)) => format!("server on CPU {server}, clients on CPU {generator}"),
        _ => "server and clients on the same CPUs, since there are no others: figures are of little use".to_owned(),
    };
    format!("{}\n{place}\n\n{}", lab.machine, table::heading())
}

/// Says where the selftest stands, to a person only: rows come seconds apart.
fn progress(stage: &str) {
    if std::io::stderr().is_terminal() && !std::io::stdout().is_terminal() {
        tell!("{stage} ...");
    }
}

fn conclude(args: &SelftestArgs, lab: &Lab, findings: &Findings) -> Result<Ending, Failure> {
    let count = |state: State| {
        findings
            .rows
            .iter()
            .filter(|row| row.state == state)
            .count()
    };
    let failed = count(State::Fail);
    if args.json {
        output::print_json(&Document {
            format: FORMAT,
            tool: output::TOOL,
            machine: &lab.machine,
            server_cpus: lab.server_cpus.as_ref().map(ToString::to_string),
            generator_cpus: lab.generator_cpus.as_ref().map(ToString::to_string),
            quick: args.quick,
            rows: &findings.rows,
            clients: &findings.clients,
            disturbances: &findings.disturbances,
        })?;
    } else {
        let mut text = format!("\n{}\n", table::clients(&findings.clients));
        text.push_str(&format!(
            "{} of {} bars reached\n",
            count(State::Pass),
            count(State::Pass) + failed
        ));
        output::print(&text)?;
        for disturbance in &findings.disturbances {
            tell!("disturbed: {disturbance}");
        }
        if failed > 0 && !findings.disturbances.is_empty() {
            tell!(
                "the machine was busy, which tails and lateness show first; end what else runs, and \
                 measure again before blaming the driver"
            );
        }
    }
    Ok(if failed == 0 {
        Ending::Pass
    } else {
        Ending::GateFailed
    })
}
