//! A comparison for a terminal: the verdict first, then a table per target, and the doubts.

use comfy_table::CellAlignment;
use documents::comparison::{
    CellComparison, Comparison, Design, Judgement, ObjectiveComparison, Side, TargetComparison,
};
use documents::effect::Scale;
use documents::figures::{
    NOT_OBSERVED, counted, listed, margin_text, on_scale_text, significant, value_text,
};

use crate::layout::{Layout, TerminalOptions, finished, visible};

/// The comparison as text.
pub fn comparison_text(comparison: &Comparison, options: TerminalOptions) -> String {
    let page = Page {
        layout: Layout { options },
    };
    let mut text = page.headline(comparison);
    for target in &comparison.targets {
        text.push('\n');
        text.push_str(&page.target(comparison, target));
    }
    text.push('\n');
    let several = comparison.targets.len() > 1;
    text.push_str(&page.layout.warnings(&comparison.warnings, several));
    text.push_str(&page.origin(comparison));
    text
}

const LEGEND: &str = "Changes are candidate against baseline with their interval. MDE: the smallest change that so \
     many blocks would expose with 80% chance. In brackets: not part of the verdict.";

struct Page {
    layout: Layout,
}

impl Page {
    fn headline(&self, comparison: &Comparison) -> String {
        let label = comparison.verdict.label();
        let lead = format!("{label}  ");
        let text = match comparison.targets.as_slice() {
            [only] => only.headline.clone(),
            several => {
                let verdicts: Vec<String> = several
                    .iter()
                    .map(|target| format!("{} {}", target.target, target.verdict.label()))
                    .collect();
                verdicts.join(", ")
            }
        };
        let text = self.layout.wrapped(&lead, &text);
        let colour = judgement_colour(comparison.verdict);
        match text.strip_prefix(&lead) {
            Some(rest) => format!("{}  {rest}", self.layout.paint(colour, label)),
            None => text,
        }
    }

    fn target(&self, comparison: &Comparison, target: &TargetComparison) -> String {
        let pairs = counted(target.cells.len(), "pair");
        let design = match comparison.design {
            Design::Paired => "interleaved in the blocks of one run",
            Design::Unpaired => "two runs, unpaired",
        };
        let title = format!(
            "{}: {} against {} ({pairs} of cells, {design})",
            target.target, target.candidate, target.baseline
        );
        let mut text = self.layout.wrapped("", &title);
        if comparison.targets.len() > 1 {
            let lead = format!("{}  ", target.verdict.label());
            text.push_str(&self.layout.wrapped(&lead, &target.headline));
        }
        for reason in &target.reasons {
            text.push_str(&self.layout.wrapped("  - ", reason));
        }
        if !target.next_step.is_empty() {
            text.push_str(&self.layout.wrapped("  → ", &target.next_step));
        }
        text.push_str(&self.table(&target.objectives));
        text.push_str(&self.layout.wrapped("", LEGEND));
        if target.cells.len() > 1 {
            text.push('\n');
            text.push_str(&self.cells(&target.cells));
        }
        text
    }

    fn table(&self, objectives: &[ObjectiveComparison]) -> String {
        let mut table = self.layout.table();
        table.set_header([
            "",
            "baseline",
            "candidate",
            "change",
            "margin",
            "MDE",
            "n",
            "verdict",
        ]);
        for own in objectives {
            let value = |value: Option<f64>| {
                value.map_or_else(
                    || NOT_OBSERVED.to_owned(),
                    |value| value_text(own.objective, value),
                )
            };
            table.add_row([
                own.objective.heading().to_owned(),
                value(own.baseline),
                value(own.candidate),
                effect(own),
                margin_text(own.objective, own.margin),
                detectable(own),
                blocks(own.n),
                verdict(own),
            ]);
        }
        for column in table.column_iter_mut().skip(1).take(6) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        finished(&table)
    }

    /// Pair by pair, on the objectives that decide.
    fn cells(&self, cells: &[CellComparison]) -> String {
        let mut table = self.layout.table();
        let mut header = vec!["pair by pair".to_owned()];
        let deciding = |cell: &CellComparison| -> Vec<ObjectiveComparison> {
            let own = cell.objectives.iter().filter(|own| own.decides);
            own.cloned().collect()
        };
        if let Some(first) = cells.first() {
            let headings = deciding(first);
            header.extend(
                headings
                    .iter()
                    .map(|own| own.objective.heading().to_owned()),
            );
        }
        table.set_header(header);
        for cell in cells {
            let mut row = vec![visible(&cell.label)];
            row.extend(
                deciding(cell)
                    .iter()
                    .map(|own| format!("{}\n{}", effect(own).replace(" [", "\n["), verdict(own))),
            );
            table.add_row(row);
        }
        for column in table.column_iter_mut().skip(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        finished(&table)
    }

    fn origin(&self, comparison: &Comparison) -> String {
        let (b, c) = (&comparison.baseline, &comparison.candidate);
        if comparison.design == Design::Paired {
            return self.side("run      ", &b.run, b);
        }
        let name = |side: &Side| match side.asked == side.run {
            true => side.run.clone(),
            false => format!("{} in {}", side.run, side.asked),
        };
        self.side("baseline ", &name(b), b) + &self.side("candidate", &name(c), c)
    }

    fn side(&self, lead: &str, name: &str, side: &Side) -> String {
        let go = if side.toolchains.is_empty() {
            "no toolchain".to_owned()
        } else {
            listed(&side.toolchains)
        };
        let run = format!(
            "{name} of {} (seed {}, {}), {go}",
            side.started, side.seed, side.tool
        );
        let mut text = self.layout.wrapped(&format!("{lead} "), &run);
        text.push_str(&self.layout.wrapped("command   ", &side.command));
        text.push_str(&self.layout.wrapped("host      ", &side.host_text));
        text
    }
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

fn verdict(own: &ObjectiveComparison) -> String {
    let label = own.verdict.map_or(NOT_OBSERVED, Judgement::label);
    if own.decides {
        label.to_owned()
    } else {
        format!("({})", label.to_lowercase())
    }
}

/// The colour of a verdict.
pub(super) fn judgement_colour(judgement: Judgement) -> &'static str {
    match judgement {
        Judgement::Improved | Judgement::NoWorse => "1;32",
        Judgement::Inconclusive => "1;33",
        Judgement::Invalid | Judgement::Regressed => "1;31",
    }
}
