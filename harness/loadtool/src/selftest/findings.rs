//! What the experiments found so far.

use loadgen::{LoadOutcome, LoadVerdict};

use super::table::{ClientRow, Row};
use crate::caller::Caller;

/// Share of a run above which waiting for the CPU is worth telling: at 1 % the 99th percentile
/// of the send lag is the other programs' and not the driver's.
const MOST_RUN_DELAY: f64 = 0.01;

/// What the experiments found so far.
#[derive(Default)]
pub(super) struct Findings {
    pub(super) rows: Vec<Row>,
    /// Clients alongside each other.
    pub(super) clients: Vec<ClientRow>,
    pub(super) disturbances: Vec<String>,
    /// Where rows are printed as they come.
    prints_to: Option<Caller>,
}

impl Findings {
    /// None yet; rows are printed as they come where there is a `caller` to print them.
    pub(super) fn new(prints_to: Option<Caller>) -> Self {
        Self {
            prints_to,
            ..Self::default()
        }
    }

    /// Takes a row, and prints it where a person waits for it.
    pub(super) fn add(&mut self, row: Row) {
        if let Some(caller) = self.prints_to {
            // A closed pipe is seen when the rest is printed.
            let _ = caller.print(&row.line());
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
        if let LoadVerdict::GeneratorBound { reason, .. } | LoadVerdict::Noisy { reason, .. } =
            &outcome.verdict
        {
            self.disturbances.push(format!(
                "{experiment}: {} ({reason})",
                outcome.verdict.name()
            ));
        }
    }
}
