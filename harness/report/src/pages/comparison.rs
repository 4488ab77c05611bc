//! A comparison: the verdict first, then a table per target, and the warnings.

use documents::comparison::{
    CellComparison, Comparison, Design, Judgement, ObjectiveComparison, Side, TargetComparison,
};
use documents::effect::Scale;
use documents::figures::{
    NOT_OBSERVED, counted, listed, margin_text, on_scale_text, significant, value_text,
};

use super::shared::{value_or_none, warnings};
use crate::block::{Block, Lead, Page, Section, Title, Tone, Verdict};
use crate::format::Document;
use crate::table::{Cell, Column, Table};

const LEGEND: &str = "Changes are candidate against baseline with their interval. MDE: the smallest change that so \
     many blocks would expose with 80% chance. In brackets: not part of the verdict.";

impl Document for Comparison {
    fn page(&self) -> Page {
        let several = self.targets.len() > 1;
        let mut blocks = vec![Block::Verdict(match self.targets.as_slice() {
            [only] => verdict(only),
            targets => {
                let verdicts = targets
                    .iter()
                    .map(|target| format!("{} {}", target.target, target.verdict.label()));
                Verdict {
                    outcome: self.verdict.label(),
                    tone: tone(self.verdict),
                    action: verdicts.collect::<Vec<_>>().join(", "),
                    leads: Vec::new(),
                }
            }
        })];
        let targets = self.targets.iter();
        blocks.extend(targets.map(|own| target(self.design, own, several)));
        blocks.extend(warnings(&self.warnings, several));
        blocks.push(Block::Leads(origin(self)));
        Page {
            title: "Comparison".to_owned(),
            blocks,
        }
    }
}

fn verdict(target: &TargetComparison) -> Verdict {
    let reasons = target.reasons.iter();
    let mut leads: Vec<Lead> = reasons.map(|reason| Lead::new("", reason)).collect();
    if !target.next_step.is_empty() {
        leads.push(Lead::new("next", &target.next_step));
    }
    Verdict {
        outcome: target.verdict.label(),
        tone: tone(target.verdict),
        action: target.headline.clone(),
        leads,
    }
}

fn tone(judgement: Judgement) -> Tone {
    match judgement {
        Judgement::Improved | Judgement::NoWorse => Tone::Good,
        Judgement::Inconclusive => Tone::Caution,
        Judgement::Invalid | Judgement::Regressed => Tone::Bad,
    }
}

fn target(design: Design, target: &TargetComparison, several: bool) -> Block {
    let pairs = counted(target.cells.len(), "pair");
    let design = match design {
        Design::Paired => "interleaved in the blocks of one run",
        Design::Unpaired => "two runs, unpaired",
    };
    let title = format!(
        "{}: {} against {} ({pairs} of cells, {design})",
        target.target, target.candidate, target.baseline
    );
    let mut blocks = Vec::new();
    if several {
        blocks.push(Block::Verdict(verdict(target)));
    }
    blocks.push(Block::Group(vec![
        Block::Table(objectives(target)),
        Block::Note(LEGEND.into()),
    ]));
    if target.cells.len() > 1 {
        blocks.push(Block::Table(pair_by_pair(target)));
    }
    Section::block(Title::name(title), blocks)
}

fn objectives(target: &TargetComparison) -> Table {
    let numbers = ["baseline", "candidate", "change", "margin", "MDE", "n"].map(Column::number);
    let columns = std::iter::once(Column::words("")).chain(numbers);
    let columns = columns.chain([Column::words("verdict")]).collect();
    let table = Table::new(format!("Objectives of {}", target.target), columns);
    table.rows(target.objectives.iter().map(|own| {
        vec![
            own.objective.heading().to_owned(),
            value_or_none(own.objective, own.baseline),
            value_or_none(own.objective, own.candidate),
            effect(own),
            margin_text(own.objective, own.margin),
            detectable(own),
            blocks(own.n),
            label(own),
        ]
    }))
}

/// The objectives that decide, at every pair of cells.
fn pair_by_pair(target: &TargetComparison) -> Table {
    let deciding = |cell: &CellComparison| -> Vec<ObjectiveComparison> {
        let own = cell.objectives.iter().filter(|own| own.decides);
        own.cloned().collect()
    };
    let first = target.cells.first().map(deciding).unwrap_or_default();
    let headings = first
        .iter()
        .map(|own| Column::number(own.objective.heading()));
    let columns = std::iter::once(Column::words("pair by pair")).chain(headings);
    let table = Table::new(format!("Pairs of {}", target.target), columns.collect());
    table.rows(target.cells.iter().map(|cell| {
        let own = deciding(cell);
        let name = Cell::from(cell.label.as_str());
        let changes = own.iter().map(|own| {
            let effect = effect(own);
            let (change, interval) = effect.split_once(" [").unwrap_or((&effect, ""));
            let interval = (!interval.is_empty()).then(|| format!("[{interval}"));
            let lines = [change.to_owned()].into_iter().chain(interval);
            Cell::Lines(lines.chain([label(own)]).collect())
        });
        std::iter::once(name).chain(changes).collect()
    }))
}

fn origin(comparison: &Comparison) -> Vec<Lead> {
    let (b, c) = (&comparison.baseline, &comparison.candidate);
    if comparison.design == Design::Paired {
        return side("run", &b.run, b).into();
    }
    let name = |side: &Side| match side.asked == side.run {
        true => side.run.clone(),
        false => format!("{} in {}", side.run, side.asked),
    };
    let sides = side("baseline", &name(b), b).into_iter();
    sides.chain(side("candidate", &name(c), c)).collect()
}

fn side(lead: &str, name: &str, side: &Side) -> [Lead; 3] {
    let go = match side.toolchains.as_slice() {
        [] => "no toolchain".to_owned(),
        toolchains => listed(toolchains),
    };
    let run = format!(
        "{name} of {} (seed {}, {}), {go}",
        side.started, side.seed, side.tool
    );
    [
        Lead::new(lead, run),
        Lead::new("command", &side.command),
        Lead::new("host", &side.host_text),
    ]
}

fn effect(own: &ObjectiveComparison) -> String {
    own.effect.map_or_else(
        || NOT_OBSERVED.to_owned(),
        |effect| on_scale_text(own.objective, own.scale, effect, own.interval),
    )
}

/// The minimum detectable effect, relative or as a difference.
fn detectable(own: &ObjectiveComparison) -> String {
    own.minimum_detectable.map_or_else(
        || NOT_OBSERVED.to_owned(),
        |size| match own.scale {
            Scale::Ratio => format!("{}%", significant(size * 100.0)),
            Scale::Difference => value_text(own.objective, size),
        },
    )
}

/// Blocks: once where both sides have as many.
fn blocks([baseline, candidate]: [usize; 2]) -> String {
    if baseline == candidate {
        baseline.to_string()
    } else {
        format!("{baseline}+{candidate}")
    }
}

fn label(own: &ObjectiveComparison) -> String {
    let label = own.verdict.map_or(NOT_OBSERVED, Judgement::label);
    if own.decides {
        label.to_owned()
    } else {
        format!("({})", label.to_lowercase())
    }
}
