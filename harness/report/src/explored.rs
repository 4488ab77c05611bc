//! Front, effects and knees in words and short figures, the same for every format. Nothing is escaped here.

use documents::exploration::{Effects, Front, FrontCell, Knee};
use documents::figures::{
    NOT_OBSERVED, counted, listed, p_text, ratio_text, significant, value_text,
};
use documents::ranking::TargetRanking;

/// Frequency on the front from which on a cell is solid there (METHODOLOGY, estimates and tests).
pub(super) const SOLID: f64 = 0.8;

/// Corrected p up to which the summary tells of an effect.
const SHOWN: f64 = 0.05;

/// Cells of the front, and effects of an objective, in the summary.
const FEW: usize = 4;

/// The exploration of a target, ready for layout.
#[derive(Default)]
pub(crate) struct Explored {
    /// The heart of it in a few lines.
    pub(crate) summary: Vec<Line>,
    pub(crate) front: Option<FrontTable>,
    pub(crate) effects: Vec<EffectTable>,
    pub(crate) knees: Vec<String>,
}

/// A line of the summary.
pub(crate) struct Line {
    pub(crate) lead: &'static str,
    pub(crate) text: String,
}

/// Every cell on the front or off it.
pub(crate) struct FrontTable {
    pub(crate) caption: String,
    pub(crate) headings: Vec<&'static str>,
    pub(crate) rows: Vec<FrontRow>,
}

/// One cell.
pub(crate) struct FrontRow {
    pub(crate) label: String,
    pub(crate) standing: String,
    pub(crate) values: Vec<String>,
}

/// What the axes do to one objective.
pub(crate) struct EffectTable {
    pub(crate) caption: String,
    pub(crate) rows: Vec<EffectRow>,
}

/// One level of an axis, or two levels together.
pub(crate) struct EffectRow {
    pub(crate) what: String,
    pub(crate) against: String,
    pub(crate) change: String,
    pub(crate) pairs: String,
    pub(crate) p: String,
}

impl Explored {
    pub(crate) fn new(target: &TargetRanking) -> Explored {
        let Some(found) = &target.exploration else {
            return Explored::default();
        };
        let ranked = |own: &&Effects| target.rank_by.contains(&own.objective);
        let mut summary: Vec<Line> = Vec::new();
        let mut tell = |lead, text: Option<String>| {
            summary.extend(text.map(|text| Line { lead, text }));
        };
        tell("front", found.front.as_ref().and_then(front_line));
        for effects in found.effects.iter().filter(ranked) {
            tell("axes", effects_line(effects));
        }
        for own in &found.knees {
            tell("knee", Some(knee(own)));
        }
        Explored {
            summary,
            front: found
                .front
                .as_ref()
                .filter(|front| front.cells.len() > 2)
                .map(front_table),
            effects: found
                .effects
                .iter()
                .filter(|own| has_several(own))
                .map(effect_table)
                .collect(),
            knees: found.knees.iter().map(law).collect(),
        }
    }

    /// Whether there is more to say than the table of cells does.
    pub(crate) fn has_more(&self) -> bool {
        self.front.is_some() || !self.effects.is_empty() || !self.knees.is_empty()
    }
}

/// Where nothing but one level of one axis differs, the effect is the cell's own.
pub(super) fn has_several(effects: &Effects) -> bool {
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
pub(super) fn on_front(cell: &FrontCell) -> String {
    match cell.frequency {
        Some(share) if share >= SOLID => format!("yes, {share:.2}"),
        Some(share) if share >= 1.0 - SOLID => format!("maybe, {share:.2}"),
        Some(share) => format!("hardly, {share:.2}"),
        None => "yes".to_owned(),
    }
}

fn front_table(front: &Front) -> FrontTable {
    let standing = |cell: &FrontCell| match &cell.dominated_by {
        None => on_front(cell),
        Some(by) => match front.cells.iter().find(|own| own.id == *by) {
            Some(better) => format!("no, beaten by {}", better.label),
            None => "no".to_owned(),
        },
    };
    let headings: Vec<&str> = front.objectives.iter().map(|own| own.heading()).collect();
    FrontTable {
        caption: format!(
            "Pareto front over {} ({}): the share is that of resampled blocks in which the cell is on it; {SOLID} and \
             above is solid.",
            listed(&headings),
            counted(front.blocks, "block")
        ),
        rows: front
            .cells
            .iter()
            .map(|cell| FrontRow {
                label: cell.label.clone(),
                standing: standing(cell),
                values: front
                    .objectives
                    .iter()
                    .map(|objective| {
                        let value = cell.values.get(objective);
                        value.map_or_else(
                            || NOT_OBSERVED.to_owned(),
                            |value| value_text(*objective, *value),
                        )
                    })
                    .collect(),
            })
            .collect(),
        headings,
    }
}

fn effect_table(effects: &Effects) -> EffectTable {
    EffectTable {
        caption: effects_caption("What each axis does", effects, usize::MAX),
        rows: effect_rows(effects, usize::MAX),
    }
}

/// What a table of effects shows, and what its marks mean.
pub(super) fn effects_caption(lead: &str, effects: &Effects, most_interactions: usize) -> String {
    let main = effects.main.iter().map(|own| own.within_noise);
    let together = effects.interactions.iter().take(most_interactions);
    let any_noise = main
        .chain(together.map(|own| own.within_noise))
        .any(|own| own);
    let mark = match any_noise {
        true => format!("; {NOISE} no larger than what the control differs from its own duplicate"),
        false => String::new(),
    };
    format!(
        "{lead} to {} (cells that differ in nothing else; p is Holm-corrected{mark})",
        effects.objective.heading()
    )
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

/// Every level of every axis, then interactions, the largest first.
pub(super) fn effect_rows(effects: &Effects, most_interactions: usize) -> Vec<EffectRow> {
    let main = effects.main.iter().map(|own| EffectRow {
        what: format!("{}={}", own.axis, own.level),
        against: own.reference.clone(),
        change: change_text(own.ratio, own.interval, own.within_noise),
        pairs: own.pairs.to_string(),
        p: p_text(own.p),
    });
    let together = effects.interactions.iter().take(most_interactions);
    main.chain(together.map(|own| EffectRow {
        what: format!("{} with {}", own.first, own.second),
        against: "no interaction".to_owned(),
        change: change_text(own.ratio, own.interval, own.within_noise),
        pairs: own.squares.to_string(),
        p: p_text(own.p),
    }))
    .collect()
}

/// Where one more stops to help.
pub(super) fn knee(knee: &Knee) -> String {
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
pub(super) fn law(knee: &Knee) -> String {
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
