//! What the experiments came to, as a table and as JSON.

use serde::Serialize;

/// One figure and its bar.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Row {
    /// The experiment: `E1` to `E7`, or empty for what has none.
    pub(super) experiment: &'static str,
    /// What is measured.
    pub(super) what: String,
    /// What came of it, in words with units.
    pub(super) figure: String,
    /// What must be reached; empty where nothing must.
    pub(super) bar: String,
    /// Whether it is.
    pub(super) state: State,
}

/// Whether a bar is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum State {
    /// Reached.
    Pass,
    /// Not reached.
    Fail,
    /// There is no bar.
    Shown,
}

impl Row {
    /// A figure that is judged.
    pub(super) fn judged(
        experiment: &'static str,
        what: impl Into<String>,
        figure: impl Into<String>,
        bar: impl Into<String>,
        is_reached: bool,
    ) -> Self {
        let state = if is_reached { State::Pass } else { State::Fail };
        Self {
            experiment,
            what: what.into(),
            figure: figure.into(),
            bar: bar.into(),
            state,
        }
    }

    /// A figure that is shown.
    pub(super) fn shown(what: impl Into<String>, figure: impl Into<String>) -> Self {
        Self {
            experiment: "",
            what: what.into(),
            figure: figure.into(),
            bar: String::new(),
            state: State::Shown,
        }
    }

    /// The row as a line of the table.
    pub(super) fn line(&self) -> String {
        let state = match self.state {
            State::Pass => "pass",
            State::Fail => "FAIL",
            State::Shown => "",
        };
        let line = format!(
            "{:<3} {:<48} {:<38} {:<26} {state}",
            self.experiment, self.what, self.figure, self.bar
        );
        line.trim_end().to_owned()
    }
}

/// The line above the table.
pub(super) fn heading() -> String {
    format!("{:<3} {:<48} {:<38} bar", "", "figure", "here")
}

/// One load generator alongside the others.
#[derive(Debug, Clone, Serialize)]
pub(super) struct ClientRow {
    /// Its name.
    pub(super) name: String,
    /// CPU time per request that the server read, in microseconds: the median of the rounds.
    pub(super) cpu_us_per_request: Option<f64>,
    /// Requests per second of the closed loop, the median likewise.
    pub(super) rate_per_s: Option<f64>,
    /// Coefficient of variation of the gaps at 10,000/s, as the server saw it.
    pub(super) gap_variation: Option<f64>,
    /// Schedule lag at 10,000/s, as the server saw it: median and 99th
    /// percentile in microseconds.
    pub(super) lag_us: Option<[f64; 2]>,
}

/// The clients' table.
pub(super) fn clients(rows: &[ClientRow]) -> String {
    let mut text = format!(
        "{:<18} {:>11} {:>10} {:>10}   {:>16} {:>22}\n",
        "client", "us/request", "req/CPU-s", "closed/s", "gap CV, 10000/s", "late P50/P99, us"
    );
    for row in rows {
        let number = |value: Option<f64>, digits: usize| {
            value.map_or("-".to_owned(), |value| format!("{value:.digits$}"))
        };
        let late = row
            .lag_us
            .map_or("-".to_owned(), |[p50, p99]| format!("{p50:.0}/{p99:.0}"));
        text.push_str(&format!(
            "{:<18} {:>11} {:>10} {:>10}   {:>16} {late:>22}\n",
            row.name,
            number(row.cpu_us_per_request, 2),
            number(row.cpu_us_per_request.map(|us| 1e6 / us), 0),
            number(row.rate_per_s, 0),
            number(row.gap_variation, 2),
        ));
    }
    text
}

/// Everything, for JSON.
#[derive(Debug, Serialize)]
pub(super) struct Document<'a> {
    pub(super) format: u32,
    pub(super) tool: &'static str,
    pub(super) machine: &'a str,
    pub(super) server_cpus: Option<String>,
    pub(super) generator_cpus: Option<String>,
    pub(super) quick: bool,
    pub(super) rows: &'a [Row],
    pub(super) clients: &'a [ClientRow],
    pub(super) disturbances: &'a [String],
}
