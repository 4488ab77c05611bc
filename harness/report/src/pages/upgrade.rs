//! The page on an upgrade of Go: a line per target first, then figures, what carries them, what changes, how to undo it.

use documents::figures::{
    NOT_OBSERVED, amount_text, counted, duration_text, ratio_text, significant,
};
use documents::upgrade::{
    LatencyComparison, ObjectiveVerdict, ScanFinding, ScanSeverity, TargetUpgrade, Upgrade,
    UpgradeObjective, UpgradeVerdict,
};

use super::shared::warnings;
use crate::block::{Block, Finding, Lead, Page, Section, Title, Tone, Verdict};
use crate::format::Document;
use crate::table::{Column, Table};

const LEGEND: &str = "Changes are new against old with their interval; the surest figures first. In brackets: not part of \
     the verdict.";

impl Document for Upgrade {
    fn page(&self) -> Page {
        let title = format!("Go {} to {}", self.from, self.to.join(", "));
        let mut blocks = vec![Block::Verdict(Verdict {
            outcome: self.verdict.label(),
            tone: tone(self.verdict),
            action: title.clone(),
            leads: self
                .targets
                .iter()
                .map(|own| line(own, self.to.len() > 1))
                .collect(),
        })];
        if self.targets.len() > 1 {
            blocks.push(Block::Table(overview(self)));
        }
        blocks.extend(
            self.targets
                .iter()
                .map(|own| target(own, self.to.len() > 1)),
        );
        blocks.extend(warnings(&self.warnings, self.targets.len() > 1));
        let method = self.method.iter().map(|words| words.as_str().into());
        blocks.push(Block::Full(vec![Block::List(method.collect())]));
        blocks.push(Block::Leads(origin(self)));
        Page {
            title: format!("Upgrade of Go: {title}"),
            blocks,
        }
    }
}

fn tone(verdict: UpgradeVerdict) -> Tone {
    match verdict {
        UpgradeVerdict::Improved | UpgradeVerdict::Safe => Tone::Good,
        UpgradeVerdict::Inconclusive => Tone::Caution,
        UpgradeVerdict::Invalid | UpgradeVerdict::Regressed => Tone::Bad,
    }
}

fn name(own: &TargetUpgrade, versions: bool) -> String {
    match versions {
        true => format!("{} {}", own.target, own.to),
        false => own.target.clone(),
    }
}

fn line(own: &TargetUpgrade, versions: bool) -> Lead {
    let mut text = format!("{}: {}", own.verdict.label(), own.reason);
    if !own.next.is_empty() {
        text.push_str(&format!(". {}", own.next));
    }
    Lead::new(name(own, versions), text)
}

/// Targets and versions by the figures that decide.
fn overview(upgrade: &Upgrade) -> Table {
    let first = upgrade.targets.first();
    let deciding: Vec<&UpgradeObjective> = first
        .iter()
        .flat_map(|own| own.objectives.iter().filter(|figure| figure.decides))
        .collect();
    let mut columns = vec![Column::words(""), Column::words("verdict")];
    columns.extend(
        deciding
            .iter()
            .map(|own| Column::number(own.heading.as_str())),
    );
    let rows = upgrade.targets.iter().map(|own| {
        let mut row = vec![name(own, true), own.verdict.label().to_owned()];
        row.extend(deciding.iter().map(|figure| {
            let found = own
                .objectives
                .iter()
                .find(|other| other.name == figure.name);
            found
                .and_then(|own| own.ratio)
                .map_or_else(|| NOT_OBSERVED.to_owned(), |ratio| ratio_text(ratio, None))
        }));
        row
    });
    Table::new("Targets and versions", columns).rows(rows)
}

fn target(own: &TargetUpgrade, versions: bool) -> Block {
    let title = format!(
        "{}: {} to {}, {}",
        name(own, versions),
        own.from,
        own.to,
        own.comparison.label()
    );
    let mut blocks = vec![Block::Group(vec![
        Block::Table(figures("Figures", &own.objectives)),
        Block::Note(LEGEND.into()),
    ])];
    if let Some(other) = &own.toolchain_only {
        let words = format!(
            "toolchain only, same go line: {}: {}",
            other.verdict.label(),
            other.reason
        );
        blocks.push(Block::Text(words.into()));
        let table = Block::Table(figures("Toolchain only", &other.objectives));
        blocks.push(Block::Details {
            summary: "Figures of the toolchain alone".to_owned(),
            blocks: vec![table],
        });
    }
    blocks.push(Block::Leads(vec![Lead::new(
        "carried by",
        own.attribution_text.as_str(),
    )]));
    if !own.switches_tried.is_empty() {
        blocks.push(Block::Table(switches(own)));
    }
    if !own.scan.is_empty() {
        blocks.push(Block::Findings(own.scan.iter().map(finding).collect()));
    }
    if !own.latencies.is_empty() {
        blocks.push(Block::Table(latencies(own)));
        let notes = own.latencies.iter().filter_map(|row| {
            let why = row.not_comparable.as_ref()?;
            Some(Block::Note(format!("{}: {why}", row.metric).into()))
        });
        blocks.extend(notes);
    }
    blocks.push(Block::Details {
        summary: format!(
            "{} and builds",
            counted(own.defaults_changed.len(), "changed default")
        ),
        blocks: vec![Block::Table(defaults(own)), Block::Table(builds(own))],
    });
    if !own.recommended.is_empty() {
        blocks.push(Block::Code {
            lead: "recommended with the new version".to_owned(),
            lines: own.recommended.clone(),
        });
    }
    blocks.push(Block::Code {
        lead: "undo".to_owned(),
        lines: own.undo.clone(),
    });
    Section::block(Title::name(title), blocks)
}

fn figures(label: &str, objectives: &[UpgradeObjective]) -> Table {
    let numbers = ["old", "new", "change", "margin", "n"].map(Column::number);
    let columns = std::iter::once(Column::words("")).chain(numbers);
    let columns = columns.chain([Column::words("verdict")]).collect();
    Table::new(label, columns).rows(objectives.iter().map(|own| {
        let value = |value: Option<f64>| {
            value.map_or_else(|| NOT_OBSERVED.to_owned(), |value| amount(&own.unit, value))
        };
        vec![
            own.heading.clone(),
            value(own.old),
            value(own.new),
            own.ratio.map_or_else(
                || {
                    own.why_not
                        .clone()
                        .unwrap_or_else(|| NOT_OBSERVED.to_owned())
                },
                |ratio| ratio_text(ratio, own.interval.filter(|[low, high]| low < high)),
            ),
            format!("{}%", significant(own.margin * 100.0)),
            own.n.to_string(),
            label_of(own),
        ]
    }))
}

/// A value with a unit that a person reads.
fn amount(unit: &str, value: f64) -> String {
    match unit {
        "ms" => duration_text(value * 1e6),
        "us/request" => duration_text(value * 1e3),
        "bytes" | "bytes/request" => amount_text("bytes", value),
        "share of requests" | "share of process CPU" => format!("{}%", significant(value * 100.0)),
        _ => significant(value),
    }
}

fn label_of(own: &UpgradeObjective) -> String {
    let label = own.verdict.map_or(NOT_OBSERVED, ObjectiveVerdict::label);
    match own.decides {
        true => label.to_owned(),
        false => format!("({})", label.to_lowercase()),
    }
}

fn switches(own: &TargetUpgrade) -> Table {
    let numbers = ["new with it against new", "share of the difference"].map(Column::number);
    let mut columns = vec![Column::words("switch back"), Column::words("figure")];
    columns.extend(numbers);
    columns.push(Column::words(""));
    Table::new("Switches tried", columns).rows(own.switches_tried.iter().map(|row| {
        let change = row.ratio.map(|ratio| ratio_text(ratio, row.interval));
        let share = row
            .share
            .map(|share| format!("{}%", significant(share * 100.0)));
        vec![
            row.switch.clone(),
            row.objective.clone(),
            change.unwrap_or_else(|| NOT_OBSERVED.to_owned()),
            share.unwrap_or_else(|| NOT_OBSERVED.to_owned()),
            if row.carries { "carries it" } else { "" }.to_owned(),
        ]
    }))
}

fn finding(own: &ScanFinding) -> Finding {
    let tone = match own.severity {
        ScanSeverity::Severe => Tone::Bad,
        ScanSeverity::Warning => Tone::Caution,
        ScanSeverity::Note => Tone::Plain,
    };
    Finding::new(
        own.severity.label(),
        tone,
        format!("{}: {}", own.r#where, own.what),
    )
}

fn latencies(own: &TargetUpgrade) -> Table {
    let columns = ["", "old P50", "P99", "P99.9", "new P50", "P99", "P99.9", ""];
    let columns = columns.iter().enumerate().map(|(at, heading)| match at {
        0 | 7 => Column::words(*heading),
        _ => Column::number(*heading),
    });
    let rows = own.latencies.iter().map(|row: &LatencyComparison| {
        let side = |side: Option<documents::upgrade::LatencyQuantiles>| -> Vec<String> {
            match side {
                None => vec![NOT_OBSERVED.to_owned(); 3],
                Some(own) => [own.p50, own.p99, own.p999]
                    .map(|value| duration_text(value * 1e9))
                    .to_vec(),
            }
        };
        let mut cells = vec![row.metric.clone()];
        cells.extend(side(row.old));
        cells.extend(side(row.new));
        let comparable = row.not_comparable.is_none();
        cells.push(if comparable { "" } else { "NOT COMPARABLE" }.to_owned());
        cells
    });
    Table::new("Scheduling latencies and pauses", columns.collect()).rows(rows)
}

fn defaults(own: &TargetUpgrade) -> Table {
    let columns = ["default", "old", "new", "why", "back by"].map(Column::words);
    Table::new("Changed defaults", columns.to_vec()).rows(own.defaults_changed.iter().map(|row| {
        vec![
            format!("{} ({})", row.key, row.effect),
            row.from.clone(),
            row.to.clone(),
            row.why.clone(),
            row.switch_back
                .clone()
                .unwrap_or_else(|| "nothing".to_owned()),
        ]
    }))
}

fn builds(own: &TargetUpgrade) -> Table {
    let columns = ["build", "old", "new"].map(Column::words);
    let rows = own.builds.iter();
    Table::new("Builds", columns.to_vec())
        .rows(rows.map(|row| vec![row.what.clone(), row.old.clone(), row.new.clone()]))
}

fn origin(upgrade: &Upgrade) -> Vec<Lead> {
    let own = &upgrade.origin;
    let run = format!(
        "{} of {}, {}, {}",
        own.run,
        own.started,
        counted(own.blocks, "block"),
        own.tool
    );
    vec![
        Lead::new("run", run),
        Lead::new("again", own.command.as_str()),
        Lead::new("host", own.host.as_str()),
    ]
}
