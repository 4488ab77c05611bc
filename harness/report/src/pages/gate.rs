//! A gate: the outcome first, then the rules; and its self-test.

use documents::figures::{counted, p_text};
use documents::gate::{Check, GateOutcome, GateReport, SelftestCase, TargetGate};

use super::shared::warnings;
use crate::block::{Block, Lead, Page, Section, Title, Tone, Verdict};
use crate::format::Document;
use crate::table::{Column, Table};
use crate::text::Text;

impl Document for GateReport {
    fn page(&self) -> Page {
        let several = self.targets.len() > 1;
        let mut blocks = vec![Block::Verdict(Verdict {
            outcome: self.outcome.label(),
            tone: match self.outcome {
                GateOutcome::Passed => Tone::Good,
                GateOutcome::Inconclusive => Tone::Caution,
                GateOutcome::Invalid | GateOutcome::Failed => Tone::Bad,
            },
            action: self.headline.clone(),
            leads: Vec::new(),
        })];
        for target in &self.targets {
            let rules = Block::Group(rules(target));
            blocks.push(match several {
                true => {
                    let title = format!("{}: {}", target.target, target.outcome.label());
                    Section::block(Title::name(title), vec![rules])
                }
                false => rules,
            });
        }
        let legend = format!(
            "A rule fails where its whole interval lies beyond the limit and p, of a one-sided t test and \
             Holm-corrected over {}, is at most 0.025.",
            counted(self.tests, "test")
        );
        blocks.push(Block::Note(legend.into()));
        blocks.extend(warnings(&self.warnings, several));
        let run = &self.run;
        let origin = format!("{} (seed {}, {})", run.run, run.seed, run.tool);
        let only = self.targets.iter().filter(|_| !several);
        let mut leads: Vec<Lead> = only.map(|own| Lead::new("target", &own.target)).collect();
        leads.extend([
            Lead::new("run", origin),
            Lead::new("command", &run.command),
            Lead::new("host", &run.host_text),
            Lead::new("rules", &self.rules),
            Lead::new("judged by", &self.tool),
        ]);
        blocks.push(Block::Leads(leads));
        Page {
            title: format!("Gate on {}", run.run),
            blocks,
        }
    }
}

/// The rules of a target; below them what is undecided, and what would decide it.
fn rules(target: &TargetGate) -> Vec<Block> {
    let columns = vec![
        Column::words("rule"),
        Column::words("measured"),
        Column::number("n"),
        Column::number("p"),
        Column::words("outcome"),
    ];
    let label = format!("Rules for {}", target.target);
    let table = Table::new(label, columns).rows(target.checks.iter().map(|check| {
        vec![
            name(check),
            check.measured.clone(),
            check.n.to_string(),
            check.p.map_or_else(String::new, p_text),
            check.outcome.label().to_owned(),
        ]
    }));
    let mut blocks = vec![Block::Table(table)];
    let open: Vec<Text> = target.checks.iter().filter_map(open).collect();
    if !open.is_empty() {
        blocks.push(Block::List(open));
    }
    blocks
}

fn open(check: &Check) -> Option<Text> {
    let mut why: Vec<String> = check.reason.iter().cloned().collect();
    let more = |more| format!("about {} would decide", counted(more, "more block"));
    why.extend(check.more_blocks.map(more));
    (!why.is_empty()).then(|| format!("{}: {}", name(check), why.join("; ")).into())
}

fn name(check: &Check) -> String {
    match check.cell.as_str() {
        "" => check.rule.clone(),
        cell => format!("{} ({cell})", check.rule),
    }
}

impl Document for [SelftestCase] {
    fn page(&self) -> Page {
        let columns = ["made-up run", "must", "did", "exit", ""].map(Column::words);
        let table = Table::new("Cases", columns.to_vec()).rows(self.iter().map(|case| {
            let held = if case.held() { "ok" } else { "NOT HELD" };
            vec![
                case.what.clone(),
                case.expected.label().to_owned(),
                case.found.label().to_owned(),
                case.exit_code.to_string(),
                held.to_owned(),
            ]
        }));
        let held = self.iter().filter(|case| case.held()).count();
        let held = format!("{held} of {} held", counted(self.len(), "case"));
        let blocks = vec![Block::Table(table), Block::Text(held.into())];
        Page {
            title: "Self-test of the gate".to_owned(),
            blocks: vec![Block::Group(blocks)],
        }
    }
}
