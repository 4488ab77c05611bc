//! Diagnoses on the terminal and as a page.

use askama::Template;
use documents::diagnosis::{CellDiagnosis, Diagnoses, Scheduler, Shown};
use documents::figures::{listed, significant};
use documents::profile::{LockSuspect, LockVerdict, TopLine, TopTable};

use crate::error::ReportError;
use crate::layout::{Layout, TerminalOptions};

/// Functions named on the terminal.
const NAMED: usize = 3;

/// Diagnoses in a few lines a cell: what it spends, what it waits for.
pub fn diagnosis_text(diagnoses: &Diagnoses, options: TerminalOptions) -> String {
    let layout = Layout { options };
    let mut text = String::new();
    for cell in &diagnoses.cells {
        let why = cell.chosen.join(", ");
        text.push_str(&layout.wrapped(
            "DIAGNOSIS  ",
            &format!("{} {} ({why})", cell.target, cell.label),
        ));
        for (head, line) in lines(cell) {
            text.push_str(&layout.wrapped(&format!("{head:<11}"), &line));
        }
        text.push('\n');
    }
    text
}

fn lines(cell: &CellDiagnosis) -> Vec<(&'static str, String)> {
    let mut lines = Vec::new();
    if let Some(failure) = &cell.failure {
        lines.push(("failed", failure.clone()));
    }
    for (kind, head) in [("cpu", "CPU"), ("allocs", "allocates")] {
        let shown = cell.profiles.iter().find(|shown| shown.kind == kind);
        if let Some(table) = shown.and_then(|shown| shown.table.as_ref()) {
            lines.push((head, leaders(table)));
        }
    }
    lines.push(("locks", locks(cell)));
    if let Some(scheduler) = &cell.scheduler {
        lines.push(("goroutines", goroutines(scheduler)));
    }
    lines
}

/// The functions with the largest values of their own.
fn leaders(table: &TopTable) -> String {
    let lines = table.lines.iter().take(NAMED);
    let named: Vec<String> = lines
        .map(|line| format!("{} {}", line.function, share(line.flat_share)))
        .collect();
    format!("{} of {}", listed(&named), table.measure.text(table.total))
}

/// Locks that at least three profiles show, or what speaks against any.
fn locks(cell: &CellDiagnosis) -> String {
    let contended: Vec<String> = contended(cell)
        .map(|site| format!("{} {}", site.site, site.verdict.word()))
        .collect();
    match (contended.as_slice(), cell.locks.missing.as_slice()) {
        ([], []) => "none contended, by four profiles".to_owned(),
        ([], missing) => format!("none shown, but without {}", listed(missing)),
        (sites, _) => listed(sites),
    }
}

fn contended(cell: &CellDiagnosis) -> impl Iterator<Item = &LockSuspect> {
    let sites = cell.locks.suspects.iter();
    sites.filter(|site| matches!(site.verdict, LockVerdict::Confirmed | LockVerdict::Likely))
}

fn goroutines(scheduler: &Scheduler) -> String {
    let mut parts = vec![
        format!("{} runnable", significant(scheduler.runnable)),
        format!("{} in system calls", significant(scheduler.in_system_calls)),
    ];
    let waiting = scheduler.waiting.iter().take(NAMED);
    parts.extend(waiting.map(|(reason, mean)| format!("{} in {reason}", significant(*mean))));
    format!(
        "{} on average; {} of {} Ps idle",
        listed(&parts),
        significant(scheduler.idle_processors),
        scheduler.gomaxprocs
    )
}

fn share(share: f64) -> String {
    format!("{}%", significant(share * 100.0))
}

/// Diagnoses as a page that needs nothing else.
///
/// # Errors
/// [`ReportError::Report`].
pub fn diagnosis_html(diagnoses: &Diagnoses) -> Result<String, ReportError> {
    let page = DiagnosisPage { diagnoses };
    page.render().map_err(|error| ReportError::Report {
        format: "HTML",
        reason: error.to_string(),
    })
}

#[derive(Template)]
#[template(path = "diagnosis.html")]
struct DiagnosisPage<'a> {
    diagnoses: &'a Diagnoses,
}

impl DiagnosisPage<'_> {
    fn own(&self, line: &TopLine, table: &TopTable) -> String {
        table.measure.text(line.flat)
    }

    fn with_calls(&self, line: &TopLine, table: &TopTable) -> String {
        table.measure.text(line.cum)
    }

    fn share(&self, value: &f64) -> String {
        share(*value)
    }

    fn figure(&self, value: &f64) -> String {
        significant(*value)
    }

    fn locks(&self, cell: &CellDiagnosis) -> String {
        locks(cell)
    }

    fn goroutines(&self, scheduler: &Scheduler) -> String {
        goroutines(scheduler)
    }

    /// Nothing in it: nothing happened, or nobody switched it on.
    fn empty(&self, cell: &CellDiagnosis, shown: &Shown) -> String {
        let off = cell
            .missing
            .iter()
            .find(|missing| missing.kind.word() == shown.kind);
        match off {
            Some(missing) => format!("It holds nothing: {}.", missing.reason),
            None => "It holds nothing: nothing of the kind happened in the window.".to_owned(),
        }
    }
}
