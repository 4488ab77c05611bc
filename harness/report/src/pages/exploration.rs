//! What axes do, together and alone: the front, the effects of the axes and the knees.

use documents::exploration::{Effects, Exploration, Front, FrontCell, Knee, TargetExploration};
use documents::figures::{counted, listed, p_text, ratio_text, significant};
use documents::ranking::TargetRanking;

use super::charts;
use super::shared::value_or_none;
use crate::block::{Block, Lead, Page, Section, Title};
use crate::format::Document;
use crate::table::{Column, Row, Table};

/// Frequency on the front from which on a cell is solid there (METHODOLOGY, estimates and tests).
const SOLID: f64 = 0.8;

/// Corrected p up to which the summary tells of an effect.
const SHOWN: f64 = 0.05;

/// Cells of the front, and effects of an objective, in the summary.
const FEW: usize = 4;

/// Interactions that a brief format shows, the largest first.
const MOST_INTERACTIONS: usize = 8;

impl Document for Exploration {
    fn page(&self) -> Page {
        Page {
            title: "What the axes do".to_owned(),
            blocks: self.targets.iter().enumerate().map(explored).collect(),
        }
    }
}

fn explored((at, target): (usize, &TargetExploration)) -> Block {
    let mut blocks = Vec::new();
    if let Some(front) = &target.front {
        blocks.push(front_section(
            front,
            charts::of_front(at, front).into_iter().collect(),
        ));
    }
    if !target.left_out.is_empty() {
        let names: Vec<&str> = target.left_out.iter().map(|own| own.heading()).collect();
        let note = format!("{} left out: zero or missing in some trial", listed(&names));
        blocks.push(Block::Text(note.into()));
    }
    blocks.extend(target.effects.iter().map(effects_section));
    blocks.extend(knees(&target.knees));
    Section::block(Title::name(&target.target), blocks)
}

/// The heart of it in a few lines, and in full where there is more to say than the table of cells does.
pub(super) fn of_target(at: usize, target: &TargetRanking) -> Vec<Block> {
    let Some(found) = &target.exploration else {
        return Vec::new();
    };
    let summary = summary(target);
    let front = found.front.as_ref().filter(|front| front.cells.len() > 2);
    let effects: Vec<&Effects> = found
        .effects
        .iter()
        .filter(|own| has_several(own))
        .collect();
    let mut blocks = Vec::new();
    if !summary.is_empty() {
        blocks.push(Block::Brief(vec![Block::Leads(summary.clone())]));
    }
    if front.is_none() && effects.is_empty() && found.knees.is_empty() {
        return blocks;
    }
    let mut full = Vec::new();
    if !summary.is_empty() {
        full.push(Block::Leads(summary));
    }
    let ranked = effects
        .iter()
        .filter(|own| target.rank_by.contains(&own.objective));
    let drawn: Vec<_> = ranked.map(|own| charts::of_effects(at, own)).collect();
    if !drawn.is_empty() {
        full.push(Block::Charts(drawn));
    }
    full.extend(front.map(|front| front_section(front, Vec::new())));
    full.extend(effects.into_iter().map(effects_section));
    let drawn = charts::of_knees(at, &found.knees);
    if !drawn.is_empty() {
        full.push(Block::Charts(drawn));
    }
    if !found.knees.is_empty() {
        let laws = found.knees.iter().map(|own| Lead::new("law", law(own)));
        full.push(Block::Leads(laws.collect()));
    }
    let section = Section::block(Title::topic("Trade-offs and axes"), full);
    blocks.push(Block::Full(vec![section]));
    blocks
}

fn summary(target: &TargetRanking) -> Vec<Lead> {
    let mut leads = Vec::new();
    let Some(found) = &target.exploration else {
        return leads;
    };
    let front = found.front.as_ref().and_then(front_line);
    leads.extend(front.map(|text| Lead::new("front", text)));
    let ranked = found.effects.iter();
    let ranked = ranked.filter(|own| target.rank_by.contains(&own.objective));
    leads.extend(
        ranked
            .filter_map(effects_line)
            .map(|text| Lead::new("axes", text)),
    );
    leads.extend(found.knees.iter().map(|own| Lead::new("knee", knee(own))));
    leads
}

/// Where nothing but one level of one axis differs, the effect is the cell's own.
fn has_several(effects: &Effects) -> bool {
    effects.main.len() > 1
}

fn front_line(front: &Front) -> Option<String> {
    let names: Vec<&str> = front.objectives.iter().map(|own| own.heading()).collect();
    let on: Vec<&FrontCell> = front.cells.iter().filter(|cell| cell.on_front).collect();
    // A front of everything separates nothing.
    if on.len() == front.cells.len() && on.len() <= 2 {
        return None;
    }
    let shown = on
        .iter()
        .take(FEW)
        .map(|cell| match cell.frequency {
            Some(share) => format!("{} ({share:.2})", cell.label),
            None => cell.label.clone(),
        })
        .collect::<Vec<_>>();
    let more = match on.len().saturating_sub(FEW) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    Some(format!(
        "{} of {} trade {} against each other: {}{more}; {SOLID} and above is solid",
        on.len(),
        counted(front.cells.len(), "cell"),
        listed(&names),
        shown.join(", ")
    ))
}

fn effects_line(effects: &Effects) -> Option<String> {
    if !has_several(effects) {
        return None;
    }
    let mut main: Vec<_> = effects
        .main
        .iter()
        .filter(|own| own.p <= SHOWN && !own.within_noise)
        .collect();
    main.sort_by(|a, b| b.ratio.ln().abs().total_cmp(&a.ratio.ln().abs()));
    let mut told: Vec<String> = main
        .iter()
        .take(FEW)
        .map(|own| {
            let change = ratio_text(own.ratio, Some(own.interval));
            format!("{}={} vs {} {change}", own.axis, own.level, own.reference)
        })
        .collect();
    let together = effects
        .interactions
        .iter()
        .find(|own| own.p <= SHOWN && !own.within_noise);
    told.extend(together.map(|own| {
        format!(
            "{} with {} {} beyond both",
            own.first,
            own.second,
            ratio_text(own.ratio, Some(own.interval))
        )
    }));
    let heading = effects.objective.heading();
    (!told.is_empty()).then(|| format!("{heading}: {}", told.join(", ")))
}

/// How firmly a cell that nothing dominates is on the front.
fn on_front(cell: &FrontCell) -> String {
    match cell.frequency {
        Some(share) if share >= SOLID => format!("yes, {share:.2}"),
        Some(share) if share >= 1.0 - SOLID => format!("maybe, {share:.2}"),
        Some(share) => format!("hardly, {share:.2}"),
        None => "yes".to_owned(),
    }
}

fn front_section(front: &Front, charts: Vec<crate::chart::Chart>) -> Block {
    let names: Vec<&str> = front.objectives.iter().map(|own| own.heading()).collect();
    let mut blocks = Vec::new();
    if !charts.is_empty() {
        blocks.push(Block::Charts(charts));
        let legend =
            "Capital letters are on the front, small ones off it, * is several in one place.";
        blocks.push(Block::Note(legend.into()));
    }
    let columns = ["", "cell", "on front"].map(Column::words).into_iter();
    let columns = columns.chain(names.iter().copied().map(Column::number));
    let mut table = Table::new("Pareto front", columns.collect()).rows(
        front
            .cells
            .iter()
            .enumerate()
            .map(|(at, cell)| front_row(front, at, cell)),
    );
    table.named_by = 1;
    blocks.push(Block::Table(table));
    let note = format!(
        "On front: the share of resampled blocks ({}) in which a cell is on it; {SOLID} and above is solid.",
        front.blocks
    );
    blocks.push(Block::Note(note.into()));
    let title = Title::topic("Pareto front").about(format!("over {}", listed(&names)));
    Section::block(title, vec![Block::Group(blocks)])
}

fn front_row(front: &Front, at: usize, cell: &FrontCell) -> Vec<String> {
    let standing = match &cell.dominated_by {
        None => on_front(cell),
        Some(by) => match front.cells.iter().position(|own| own.id == *by) {
            Some(better) => format!("no, by {}", charts::letter(better)),
            None => "no".to_owned(),
        },
    };
    let control = if cell.control { " (control)" } else { "" };
    let name = format!("{}{control}", cell.label);
    let values = front.objectives.iter();
    let values = values.map(|own| value_or_none(*own, cell.values.get(own).copied()));
    let first = [charts::letter(at).to_string(), name, standing].into_iter();
    first.chain(values).collect()
}

/// Every level of every axis, then interactions, the largest first.
fn effects_section(effects: &Effects) -> Block {
    let columns = ["axis", "against"].map(Column::words).into_iter();
    let columns = columns.chain(["change", "pairs", "p"].map(Column::number));
    let mut table = Table::new(
        format!("Effects on {}", effects.objective.heading()),
        columns.collect(),
    );
    let row = |what: String, against: &str, change: String, pairs: usize, p: f64| {
        let cells = [
            what,
            against.to_owned(),
            change,
            pairs.to_string(),
            p_text(p),
        ];
        Row::new(cells.map(Into::into).into())
    };
    table.rows.extend(effects.main.iter().map(|own| {
        let change = change_text(own.ratio, own.interval, own.within_noise);
        let what = format!("{}={}", own.axis, own.level);
        row(what, &own.reference, change, own.pairs, own.p)
    }));
    let interactions = effects.interactions.iter().enumerate();
    table.rows.extend(interactions.map(|(at, own)| {
        let change = change_text(own.ratio, own.interval, own.within_noise);
        let what = format!("{} with {}", own.first, own.second);
        Row {
            full: at >= MOST_INTERACTIONS,
            ..row(what, "no interaction", change, own.squares, own.p)
        }
    }));
    let mut blocks = vec![Block::Table(table)];
    let hidden = effects.interactions.len().saturating_sub(MOST_INTERACTIONS);
    if hidden > 0 {
        let hidden = counted(hidden, "interaction");
        let note = format!("{hidden} smaller left out; --json has all");
        blocks.push(Block::Brief(vec![Block::Note(note.into())]));
    }
    blocks.push(Block::Note(effects_note(effects).into()));
    let about = format!("to {}", effects.objective.heading());
    let title = Title::topic("What each axis does").about(about);
    Section::block(title, vec![Block::Group(blocks)])
}

/// What a table of effects compares, and what its marks mean.
fn effects_note(effects: &Effects) -> String {
    let main = effects.main.iter().map(|own| own.within_noise);
    let together = effects.interactions.iter().map(|own| own.within_noise);
    let noise = match main.chain(together).any(|own| own) {
        true => format!("; {NOISE} no larger than what the control differs from its own duplicate"),
        false => String::new(),
    };
    format!("Cells that differ in nothing else; p is Holm-corrected{noise}.")
}

/// Stands behind a change that is no larger than the A/A noise.
const NOISE: &str = "~";

fn change_text(ratio: f64, interval: [f64; 2], within_noise: bool) -> String {
    let text = ratio_text(ratio, Some(interval));
    match within_noise {
        true => format!("{text} {NOISE}"),
        false => text,
    }
}

/// Where one more stops to help, and the fit behind it.
fn knees(knees: &[Knee]) -> Option<Block> {
    let leads = knees
        .iter()
        .flat_map(|own| [Lead::new("knee", knee(own)), Lead::new("", law(own))]);
    (!knees.is_empty()).then(|| Block::Leads(leads.collect()))
}

fn knee(knee: &Knee) -> String {
    let largest = knee.measured.last().copied().unwrap_or(1);
    let at = match knee.label.as_str() {
        "" => String::new(),
        shared => format!(" at {shared}"),
    };
    let verdict = match knee.knee {
        Some(knee) => format!("one more than {knee} adds less than 5% of QPS"),
        None => format!("each one more still adds 5% or more of QPS up to {largest}"),
    };
    format!("gomaxprocs{at}: {verdict}")
}

/// The fit behind a knee.
fn law(knee: &Knee) -> String {
    let largest = knee.measured.last().copied().unwrap_or(1);
    let three = |[low, point, high]: [f64; 3]| {
        format!(
            "{} [{}, {}]",
            significant(point),
            significant(low),
            significant(high)
        )
    };
    let peak = |own: Option<f64>| own.map_or_else(|| "∞".to_owned(), significant);
    let [low, point, high] = knee.peak.map(peak);
    let mut law = format!(
        "universal scalability law: contention {}, coherency {}, peak at {point} [{low}, {high}], {}",
        three(knee.contention),
        three(knee.coherency),
        counted(knee.n, "trial")
    );
    if knee.superlinear {
        law.push_str("; the data scale better than linearly, which the law cannot describe");
    }
    if let Some(cpus) = knee.cpus.filter(|cpus| largest as usize > *cpus) {
        law.push_str(&format!(
            "; the target had {}, so that values above it add no parallelism",
            counted(cpus, "CPU")
        ));
    }
    law
}
