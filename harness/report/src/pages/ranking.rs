//! A run's ranking: target by target, then advice, warnings, conditions and trials.

use std::collections::BTreeMap;

use documents::figures::{counted, host_text, listed};
use documents::ranking::{Ranking, TrialFigures, VerdictKind};
use record::axis::Axis;
use record::objective::Objective;

use super::shared::{anchor, value_or_none, warnings};
use super::{advice, cells, conditions};
use crate::block::{Block, Lead, Page, Section, Title};
use crate::format::Document;
use crate::table::{Cell, Column, Table};
use crate::text::Text;

impl Document for Ranking {
    fn page(&self) -> Page {
        let from = &self.provenance;
        let several = self.targets.len() > 1;
        let mut blocks = Vec::new();
        blocks.extend(from.why.as_ref().map(|why| full(Block::Text(why.into()))));
        if several {
            blocks.push(contents(self));
        }
        let targets = self.targets.iter().enumerate();
        blocks.extend(targets.map(|(at, target)| cells::target(&from.matrix, at, target)));
        if let Some(advice) = &self.advice {
            blocks.push(Block::Brief(advice::summary(advice)));
            blocks.push(Block::Full(advice::sections(advice)));
        }
        blocks.extend(warnings(&self.warnings, several));
        blocks.push(Block::Brief(vec![origin(self)]));
        blocks.push(full(conditions::conditions(self)));
        if !self.dropped.is_empty() {
            blocks.push(full(dropped(self)));
        }
        blocks.push(full(trials(&self.trials)));
        Page {
            title: from.matrix.clone(),
            blocks,
        }
    }
}

fn full(block: Block) -> Block {
    Block::Full(vec![block])
}

fn contents(ranking: &Ranking) -> Block {
    let link = |(at, target): (usize, &documents::ranking::TargetRanking)| {
        let kind = kind_word(target.verdict.kind);
        let text = format!("{}: {kind}", target.target);
        (anchor("target", at), Text::from(text))
    };
    Block::Contents {
        label: "Targets",
        links: ranking.targets.iter().enumerate().map(link).collect(),
    }
}

fn kind_word(kind: VerdictKind) -> &'static str {
    match kind {
        VerdictKind::Recommend => "recommend",
        VerdictKind::NoChange => "no change",
        VerdictKind::LossOpen => "gain shown, loss open",
        VerdictKind::Inconclusive => "inconclusive",
        VerdictKind::Infeasible => "infeasible",
    }
}

/// Where the figures come from, in four lines.
fn origin(ranking: &Ranking) -> Block {
    let from = &ranking.provenance;
    let run = format!("{} (seed {}, {})", from.run, from.seed, from.tool);
    let versions = from.toolchains.iter().map(|own| own.version.as_str());
    let go = match versions.collect::<Vec<_>>().as_slice() {
        [] => "no toolchain (ready-made binary)".to_owned(),
        versions => listed(versions),
    };
    Block::Leads(vec![
        Lead::new("run", run),
        Lead::new("command", from.command.as_str()),
        Lead::new("host", host_text(&from.host)),
        Lead::new("go", go),
    ])
}

fn dropped(ranking: &Ranking) -> Block {
    let columns = ["target", "cell", "why"].map(Column::words);
    let mut table =
        Table::new("Cells not run", columns.to_vec()).rows(ranking.dropped.iter().map(|cell| {
            vec![
                cell.target.clone(),
                settings(&cell.axes),
                cell.reason.clone(),
            ]
        }));
    table.named_by = 1;
    let title = Title::topic("Cells not run");
    Section::linked("dropped", title, vec![Block::Table(table)])
}

fn settings(axes: &BTreeMap<String, String>) -> String {
    let shown = |axis: &str, value: &'_ str| match axis.parse::<Axis>() {
        Ok(axis) => axis.shown_value(value).to_owned(),
        Err(_) => value.to_owned(),
    };
    let parts = axes
        .iter()
        .map(|(axis, value)| format!("{axis}={}", shown(axis, value)));
    parts.collect::<Vec<_>>().join(" ")
}

/// The trials with a column for every objective that any of them has.
fn trials(trials: &[TrialFigures]) -> Block {
    let has = |objective: &Objective| trials.iter().any(|own| own.values.contains_key(objective));
    let objectives: Vec<Objective> = Objective::ALL.into_iter().filter(has).collect();
    let mut columns = vec![
        Column::words("trial"),
        Column::number("block"),
        Column::number("place"),
    ];
    columns.extend(["cell", "role", "used", "outcome"].map(Column::words));
    columns.extend(objectives.iter().map(|own| Column::number(own.heading())));
    let table = Table::new("All trials", columns).rows(trials.iter().map(|own| {
        let used = if own.used { "yes" } else { "no" };
        let mut row: Vec<Cell> = vec![
            own.id.as_str().into(),
            own.block.to_string().into(),
            own.position.to_string().into(),
            own.label.as_str().into(),
            own.role.to_string().into(),
            used.into(),
            own.outcome.to_string().into(),
        ];
        row.extend(objectives.iter().map(|objective| {
            Cell::from(value_or_none(
                *objective,
                own.values.get(objective).copied(),
            ))
        }));
        row
    }));
    let summary = format!(
        "{}, every one with its figures; raw evidence of each lies in the run's folder raw",
        counted(trials.len(), "trial")
    );
    let details = Block::Details {
        summary,
        blocks: vec![Block::Table(table)],
    };
    Section::linked("trials", Title::topic("Trials"), vec![details])
}
