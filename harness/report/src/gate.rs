//! A gate for a terminal: the outcome first, then the rules, and the doubts.

use comfy_table::CellAlignment;
use documents::figures::{counted, p_text};
use documents::gate::{Check, GateOutcome, GateReport, SelftestCase, TargetGate};

use crate::layout::{Layout, TerminalOptions, finished, visible};

/// The gate as text.
pub fn gate_text(report: &GateReport, options: TerminalOptions) -> String {
    let page = Page {
        layout: Layout { options },
    };
    let label = report.outcome.label();
    let lead = format!("{label}  ");
    let headline = page.layout.wrapped(&lead, &report.headline);
    let mut text = match headline.strip_prefix(&lead) {
        Some(rest) => format!(
            "{}  {rest}",
            page.layout.paint(colour(report.outcome), label)
        ),
        None => headline,
    };
    for target in &report.targets {
        text.push('\n');
        if report.targets.len() > 1 {
            let title = format!("{}: {}", target.target, target.outcome.label());
            text.push_str(&page.layout.wrapped("", &title));
        }
        text.push_str(&page.table(target));
        text.push_str(&page.open(target));
    }
    let legend = format!(
        "A rule fails where its whole interval lies beyond the limit and p, of a one-sided t test and Holm-corrected \
         over {}, is at most 0.025.",
        counted(report.tests, "test")
    );
    text.push_str(&page.layout.wrapped("", &legend));
    text.push('\n');
    let several = report.targets.len() > 1;
    text.push_str(&page.layout.warnings(&report.warnings, several));
    let run = &report.run;
    let origin = format!("{} (seed {}, {})", run.run, run.seed, run.tool);
    text.push_str(&page.layout.wrapped("run      ", &origin));
    text.push_str(&page.layout.wrapped("command  ", &run.command));
    text.push_str(&page.layout.wrapped("host     ", &run.host_text));
    text.push_str(&page.layout.wrapped("rules    ", &report.rules));
    text
}

/// The self-test as a table.
pub fn selftest_text(cases: &[SelftestCase], options: TerminalOptions) -> String {
    let layout = Layout { options };
    let mut table = layout.table();
    table.set_header(["made-up run", "must", "did", "exit", ""]);
    for case in cases {
        table.add_row([
            case.what.clone(),
            case.expected.label().to_owned(),
            case.found.label().to_owned(),
            case.exit_code.to_string(),
            if case.held() { "ok" } else { "NOT HELD" }.to_owned(),
        ]);
    }
    let held = cases.iter().filter(|case| case.held()).count();
    format!(
        "{}{held} of {} held\n",
        finished(&table),
        counted(cases.len(), "case")
    )
}

struct Page {
    layout: Layout,
}

impl Page {
    fn table(&self, target: &TargetGate) -> String {
        let mut table = self.layout.table();
        table.set_header(["rule", "measured", "n", "p", "outcome"]);
        for check in &target.checks {
            table.add_row([
                visible(&name(check)),
                visible(&check.measured),
                check.n.to_string(),
                check.p.map_or_else(String::new, p_text),
                check.outcome.label().to_owned(),
            ]);
        }
        for column in table.column_iter_mut().skip(2).take(2) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        finished(&table)
    }

    /// What is undecided, and what would decide it.
    fn open(&self, target: &TargetGate) -> String {
        let mut text = String::new();
        for check in &target.checks {
            let mut why: Vec<String> = check.reason.iter().cloned().collect();
            why.extend(
                check
                    .more_blocks
                    .map(|more| format!("about {} would decide", counted(more, "more block"))),
            );
            if !why.is_empty() {
                let line = format!("{}: {}", name(check), why.join("; "));
                text.push_str(&self.layout.wrapped("  - ", &line));
            }
        }
        text
    }
}

fn name(check: &Check) -> String {
    match check.cell.as_str() {
        "" => check.rule.clone(),
        cell => format!("{} ({cell})", check.rule),
    }
}

fn colour(outcome: GateOutcome) -> &'static str {
    match outcome {
        GateOutcome::Passed => "1;32",
        GateOutcome::Inconclusive => "1;33",
        GateOutcome::Invalid | GateOutcome::Failed => "1;31",
    }
}
