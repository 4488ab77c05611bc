//! One target: every objective judged, and the verdict that follows.

use std::collections::BTreeSet;

use documents::comparison::{
    CellComparison, CellSide, Design, Judgement, ObjectiveComparison, TargetComparison,
};
use documents::figures::{counted, listed, on_scale_text};
use record::objective::Objective;
use record::trial::Trial;

use super::matched::Matched;
use super::noise::Noise;
use super::objective::{Question, change, margin};
use super::options::CompareOptions;
use super::outcomes::{Outcomes, outcomes};
use super::sample::Detectable;
use crate::evidence::CellTrials;
use crate::pair::Column;

/// What decides unless the caller says otherwise: what a service is run for, and that it answers at all.
const USUAL: [Objective; 5] = [
    Objective::Qps,
    Objective::P99,
    Objective::GcPerKreq,
    Objective::Rss,
    Objective::ErrorRate,
];

/// More blocks than this is not a suggestion that anyone follows.
const MOST_BLOCKS: usize = 100;

pub(super) fn compare(matched: &Matched<'_>, options: &CompareOptions) -> TargetComparison {
    let asked = asked_for(options);
    let usual = options.decided_by.is_none();
    let decides =
        |objective: Objective| asked.contains(&objective) || (usual && USUAL.contains(&objective));
    let observed: Vec<Observed> = Objective::ALL
        .into_iter()
        .map(|objective| Observed {
            objective,
            columns: matched.columns(objective),
            noise: matched.noise(objective, options.level),
        })
        .filter(|own| asked.contains(&own.objective) || own.is_any())
        .collect();
    let detectable = Detectable::new(options.power);
    let figures = |own: &Observed, columns: &[(Column, Column)], level: f64, advise: bool| {
        let question = Question {
            objective: own.objective,
            columns,
            margin: margin(own.objective, options),
            level,
            noise: own.noise,
            advise,
        };
        ObjectiveComparison {
            decides: decides(own.objective),
            ..change(matched, &question, options, &detectable).figures
        }
    };
    let objectives: Vec<ObjectiveComparison> = observed
        .iter()
        .map(|own| figures(own, &own.columns, options.level, true))
        .collect();
    let mut cells = cell_pairs(matched);
    let several = cells.len();
    if several > 1 {
        let each = level_of_each(options.level, several);
        for (at, cell) in cells.iter_mut().enumerate() {
            cell.objectives = observed
                .iter()
                .map(|own| figures(own, &own.columns[at..=at], each, false))
                .collect();
        }
    }
    let found = Found {
        matched,
        outcomes: outcomes(matched),
        objectives: &objectives,
        cells: &cells,
        asked: &asked,
    };
    let verdict = found.verdict();
    TargetComparison {
        target: matched.target().to_owned(),
        baseline: matched.baseline_text.clone(),
        candidate: matched.candidate_text.clone(),
        verdict,
        headline: found.headline(verdict),
        reasons: found.reasons(verdict),
        next_step: found.next_step(verdict),
        unmatched: matched.unmatched.clone(),
        objectives,
        cells,
    }
}

/// The level of each of several intervals that are to hold together (Bonferroni).
pub(crate) fn level_of_each(level: f64, several: usize) -> f64 {
    1.0 - (1.0 - level) / several as f64
}

/// The values of one objective.
struct Observed {
    objective: Objective,
    /// (baseline, candidate) by pair of cells.
    columns: Vec<(Column, Column)>,
    noise: Noise,
}

impl Observed {
    fn is_any(&self) -> bool {
        let seen = |(b, c): &(Column, Column)| !b.is_empty() || !c.is_empty();
        self.columns.iter().any(seen)
    }
}

/// Objectives that somebody named: they must have been observed.
fn asked_for(options: &CompareOptions) -> BTreeSet<Objective> {
    match &options.decided_by {
        Some(named) => named.clone(),
        None => options.margins.keys().copied().collect(),
    }
}

/// The pairs of cells with their trials, without figures.
pub(crate) fn cell_pairs(matched: &Matched<'_>) -> Vec<CellComparison> {
    let pairs = matched.pairs.iter().zip(&matched.labels);
    pairs
        .map(|(&(b, c), label)| CellComparison {
            label: label.clone(),
            baseline: cell_side(&matched.baseline.cells[b]),
            candidate: cell_side(&matched.candidate.cells[c]),
            objectives: Vec::new(),
        })
        .collect()
}

fn cell_side(cell: &CellTrials<'_>) -> CellSide {
    let ids = |trials: &[&Trial]| trials.iter().map(|trial| trial.id.clone()).collect();
    CellSide {
        id: cell.cell.id.to_string(),
        trials: cell.valid.values().map(|trial| trial.id.clone()).collect(),
        failed: ids(&cell.failed),
        invalid: ids(&cell.invalid),
    }
}

/// Everything that the verdict on a target rests on.
struct Found<'f> {
    matched: &'f Matched<'f>,
    outcomes: Outcomes,
    objectives: &'f [ObjectiveComparison],
    cells: &'f [CellComparison],
    asked: &'f BTreeSet<Objective>,
}

impl Found<'_> {
    fn verdict(&self) -> Judgement {
        let decided = self.decided().filter_map(|own| own.verdict);
        let mut verdict = decided.clone().max().unwrap_or(Judgement::Inconclusive);
        // One objective that improved is enough where nothing speaks against it.
        if verdict == Judgement::NoWorse && decided.clone().any(|own| own == Judgement::Improved) {
            verdict = Judgement::Improved;
        }
        if !self.regressed_cells().is_empty() {
            verdict = Judgement::Regressed;
        }
        if !self.missing().is_empty() {
            verdict = verdict.max(Judgement::Inconclusive);
        }
        match self.outcomes.judgement() {
            Some((by_outcomes, _)) => verdict.max(by_outcomes),
            None => verdict,
        }
    }

    fn decided(&self) -> impl Iterator<Item = &ObjectiveComparison> + Clone {
        self.objectives.iter().filter(|own| own.decides)
    }

    /// Objectives that were named and not observed.
    fn missing(&self) -> Vec<&'static str> {
        self.decided()
            .filter(|own| own.verdict.is_none() && self.asked.contains(&own.objective))
            .map(|own| own.objective.heading())
            .collect()
    }

    /// Pairs of cells that regressed by themselves, in words: the mean over all pairs may hide one.
    fn regressed_cells(&self) -> Vec<String> {
        let pairs = self.cells.iter().flat_map(|cell| {
            let own = cell.objectives.iter();
            own.filter(|own| own.decides && own.verdict == Some(Judgement::Regressed))
                .map(move |own| format!("{} at {}", change_text(own), cell.label))
        });
        pairs.collect()
    }

    fn with_verdict(&self, wanted: Judgement) -> Vec<&ObjectiveComparison> {
        self.decided()
            .filter(|own| own.verdict == Some(wanted))
            .collect()
    }

    fn headline(&self, verdict: Judgement) -> String {
        let (b, c) = (&self.matched.baseline_text, &self.matched.candidate_text);
        let changes = |wanted| -> Vec<String> {
            self.with_verdict(wanted)
                .into_iter()
                .map(change_text)
                .collect()
        };
        let by_outcomes = self.outcomes.judgement().filter(|own| own.0 == verdict);
        match (verdict, by_outcomes) {
            (Judgement::Regressed, Some((_, why))) => format!("{c} is worse than {b}: {why}"),
            (Judgement::Regressed, None) => {
                let mut worse = changes(verdict);
                if worse.is_empty() {
                    worse = self.regressed_cells();
                }
                format!("{c} is worse than {b}: {}", first_few(&worse))
            }
            (Judgement::Invalid, why) => {
                let why = why.map_or_else(String::new, |(_, why)| format!(": {why}"));
                format!("{c} and {b} cannot be compared{why}")
            }
            (Judgement::Inconclusive, _) => {
                let open = changes(verdict);
                let open = if open.is_empty() {
                    String::new()
                } else {
                    format!(": {}", listed(&open))
                };
                format!("cannot tell whether {c} is worse than {b}{open}")
            }
            (Judgement::Improved, _) => format!(
                "{c} is better than {b}: {}, and nothing is worse",
                listed(&changes(verdict))
            ),
            (Judgement::NoWorse, _) => {
                let on: Vec<&str> = self.decided().map(|own| own.objective.heading()).collect();
                format!("{c} is no worse than {b} on {}", listed(&on))
            }
        }
    }

    fn reasons(&self, verdict: Judgement) -> Vec<String> {
        let mut reasons = Vec::new();
        let in_headline = matches!(verdict, Judgement::Regressed | Judgement::Invalid);
        reasons.extend(
            self.outcomes
                .judgement()
                .filter(|own| !(in_headline && own.0 == verdict))
                .map(|(_, why)| why),
        );
        let missing = self.missing();
        if !missing.is_empty() {
            reasons.push(format!(
                "{} was asked for and not observed on both sides",
                listed(&missing)
            ));
        }
        let regressed = self.regressed_cells();
        if !regressed.is_empty() && !self.with_verdict(Judgement::Regressed).is_empty() {
            reasons.push(format!("worse by itself: {}", first_few(&regressed)));
        }
        if verdict != Judgement::Improved {
            let better: Vec<String> = self
                .with_verdict(Judgement::Improved)
                .into_iter()
                .map(change_text)
                .collect();
            if !better.is_empty() {
                reasons.push(format!("better: {}", listed(&better)));
            }
        }
        for open in self.with_verdict(Judgement::Inconclusive) {
            let heading = open.objective.heading();
            reasons.extend(open.more_blocks.map(|more| {
                format!(
                    "{heading}: about {} would decide",
                    counted(more, "more block")
                )
            }));
            reasons.extend(open.reason.as_ref().map(|why| format!("{heading}: {why}")));
        }
        reasons
    }

    fn next_step(&self, verdict: Judgement) -> String {
        let open = self.with_verdict(Judgement::Inconclusive);
        let total = open
            .iter()
            .filter_map(|own| Some(own.n[0] + own.more_blocks?))
            .max();
        match (verdict, self.matched.design, total) {
            (Judgement::Inconclusive, Design::Unpaired, _) => {
                "put both sides into one matrix, so that their trials are interleaved, and compare within that run"
                    .to_owned()
            }
            (Judgement::Inconclusive, Design::Paired, Some(total)) if total > MOST_BLOCKS => {
                "the noise is too large for a sensible number of blocks: quiet the host, lengthen the windows, or \
                 accept a wider margin"
                    .to_owned()
            }
            (Judgement::Inconclusive, Design::Paired, Some(total)) => {
                format!("extend the run: gosweep run RUN_DIR --blocks {total}")
            }
            (Judgement::Invalid, ..) => {
                "see `gosweep host` for what disturbs, and the trials' reasons in the ranking".to_owned()
            }
            _ => String::new(),
        }
    }
}

/// `QPS −5.1% [−6.0, −4.2]`.
pub(crate) fn change_text(own: &ObjectiveComparison) -> String {
    let effect = own.effect.map_or_else(
        || "not observed".to_owned(),
        |effect| on_scale_text(own.objective, own.scale, effect, own.interval),
    );
    format!("{} {effect}", own.objective.heading())
}

fn first_few(changes: &[String]) -> String {
    const MOST_SHOWN: usize = 4;
    let mut shown: Vec<String> = changes.iter().take(MOST_SHOWN).cloned().collect();
    if changes.len() > MOST_SHOWN {
        shown.push(format!("{} more", changes.len() - MOST_SHOWN));
    }
    listed(&shown)
}
