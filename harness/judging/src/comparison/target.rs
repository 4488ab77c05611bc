//! One target: every objective judged, and the verdict that follows.

use std::collections::BTreeSet;

use documents::comparison::{
    CellComparison, CellSide, Design, Judgement, ObjectiveComparison, TargetComparison,
};
use documents::effect::Criterion;
use documents::figures::{counted, listed, on_scale_text};
use record::objective::Objective;
use record::trial::Trial;

use super::matched::Matched;
use super::noise::Noise;
use super::objective::{Question, change, correct, level_of_each, margin};
use super::options::CompareOptions;
use super::outcomes::{Outcomes, outcomes};
use super::sample::Detectable;
use crate::evidence::CellTrials;
use crate::losses;
use crate::pair::Column;

/// What decides besides what the run ranks by: what a service is run for, and that it answers at all.
const USUAL: [Objective; 5] = [
    Objective::Qps,
    Objective::P99,
    Objective::GcPerKreq,
    Objective::Rss,
    Objective::ErrorRate,
];

/// More blocks than this is not a suggestion that anyone follows.
const MOST_BLOCKS: usize = 100;

/// Compares every target, and takes back what the tests, corrected over all of them together, do not bear out.
pub(super) fn compare_all(
    matched: &[Matched<'_>],
    options: &CompareOptions,
) -> Vec<TargetComparison> {
    let mut drafts: Vec<Draft<'_>> = matched.iter().map(|own| Draft::new(own, options)).collect();
    let mut tested: Vec<(Option<f64>, &mut ObjectiveComparison)> =
        drafts.iter_mut().flat_map(Draft::tested).collect();
    correct(&mut tested, (1.0 - options.level) / 2.0);
    drafts.into_iter().map(Draft::judged).collect()
}

/// A figure with the p-value of its test, where there was one.
type Tested = (Option<f64>, ObjectiveComparison);

/// A target with every figure, before what was tested is corrected.
struct Draft<'d> {
    matched: &'d Matched<'d>,
    asked: BTreeSet<Objective>,
    /// One-sided level of a claim.
    alpha: f64,
    /// Whether the order of the run says what pays for what: nobody named what decides.
    usual: bool,
    /// Figures with their p-values: of all pairs together,
    together: Vec<Tested>,
    /// and of each pair of several.
    cells: Vec<(CellComparison, Vec<Tested>)>,
}

impl<'d> Draft<'d> {
    fn new(matched: &'d Matched<'d>, options: &CompareOptions) -> Draft<'d> {
        let asked = asked_for(options);
        let usual = options.decided_by.is_none();
        let own = in_order(&matched.rank_by);
        let decides = |objective: Objective| {
            asked.contains(&objective) || (usual && own.contains(&objective))
        };
        let observed: Vec<Observed> = Objective::ALL
            .into_iter()
            .map(|objective| Observed {
                objective,
                columns: matched.columns(objective),
                noise: matched.noise(objective, options.level),
            })
            .filter(|own| asked.contains(&own.objective) || own.is_any())
            .collect();
        let cells = cell_pairs(matched);
        let several = cells.len();
        let deciding = observed.iter().filter(|own| decides(own.objective)).count();
        let tests = match several {
            0 | 1 => deciding,
            pairs => deciding * (1 + pairs),
        };
        let detectable = Detectable::new(options.power);
        let figures = |own: &Observed, columns: &[(Column, Column)], level: f64, advise: bool| {
            let question = Question {
                objective: own.objective,
                columns,
                margin: margin(own.objective, options),
                level,
                noise: own.noise,
                tests: if decides(own.objective) { tests } else { 1 },
                advise,
            };
            let change = change(matched, &question, options, &detectable);
            let figures = ObjectiveComparison {
                decides: decides(own.objective),
                ..change.figures
            };
            (change.p, figures)
        };
        let together = observed
            .iter()
            .map(|own| figures(own, &own.columns, options.level, true))
            .collect();
        let each = level_of_each(options.level, several.max(1));
        let of_pair = |at: usize| -> Vec<Tested> {
            let own = observed.iter().filter(|_| several > 1);
            own.map(|own| figures(own, &own.columns[at..=at], each, false))
                .collect()
        };
        let cells = cells.into_iter().enumerate();
        Draft {
            matched,
            alpha: (1.0 - options.level) / 2.0,
            usual,
            together,
            cells: cells.map(|(at, cell)| (cell, of_pair(at))).collect(),
            asked,
        }
    }

    /// What decides, with its p-value: that of all pairs together, and of each by itself.
    fn tested(&mut self) -> impl Iterator<Item = (Option<f64>, &mut ObjectiveComparison)> {
        let of_pairs = self.cells.iter_mut().flat_map(|(_, own)| own.iter_mut());
        let all = self.together.iter_mut().chain(of_pairs);
        all.filter(|(_, own)| own.decides).map(|(p, own)| (*p, own))
    }

    fn judged(self) -> TargetComparison {
        let without_p = |own: Vec<Tested>| own.into_iter().map(|(_, own)| own).collect::<Vec<_>>();
        let objectives = without_p(self.together);
        let cells: Vec<CellComparison> = self
            .cells
            .into_iter()
            .map(|(cell, own)| CellComparison {
                objectives: without_p(own),
                ..cell
            })
            .collect();
        let found = Found {
            matched: self.matched,
            outcomes: outcomes(self.matched),
            objectives: &objectives,
            cells: &cells,
            asked: &self.asked,
            usual: self.usual,
            alpha: self.alpha,
        };
        let verdict = found.verdict();
        TargetComparison {
            target: self.matched.target().to_owned(),
            baseline: self.matched.baseline_text.clone(),
            candidate: self.matched.candidate_text.clone(),
            verdict,
            headline: found.headline(verdict),
            reasons: found.reasons(verdict),
            next_step: found.next_step(verdict),
            unmatched: self.matched.unmatched.clone(),
            objectives,
            cells,
        }
    }
}

/// What decides where nobody says otherwise, the most important first: what the run ranks its cells by, with what counts
/// besides ([`crate::losses`]), and the usual objectives.
fn in_order(rank_by: &[Objective]) -> Vec<Objective> {
    let criteria: Vec<Criterion> = rank_by.iter().copied().map(Criterion::from).collect();
    let own = losses::priorities(&criteria, rank_by);
    let mut order: Vec<Objective> = own
        .into_iter()
        .filter_map(|priority| match priority.of {
            Criterion::Objective(objective) => Some(objective),
            Criterion::Score => None,
        })
        .collect();
    let others = USUAL.into_iter().filter(|own| !order.contains(own));
    let others: Vec<Objective> = others.collect();
    order.extend(others);
    order
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
    usual: bool,
    /// One-sided level of a claim.
    alpha: f64,
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
        if verdict == Judgement::Regressed && self.trade().is_some() {
            verdict = Judgement::Inconclusive;
        }
        if !self.missing().is_empty() {
            verdict = verdict.max(Judgement::Inconclusive);
        }
        match self.outcomes.judgement(self.alpha) {
            Some((by_outcomes, _)) => verdict.max(by_outcomes),
            None => verdict,
        }
    }

    /// A gain that is paid for with losses of less importance alone: better on one, worse on others. By the run's own order
    /// the gain counts for more, and a ranking may recommend it; whether the price is right is not for a comparison to say.
    fn trade(&self) -> Option<(String, String)> {
        if !self.usual || !self.asked.is_empty() {
            return None;
        }
        let order = in_order(&self.matched.rank_by);
        let place = |own: &&ObjectiveComparison| order.iter().position(|of| *of == own.objective);
        let gain = self
            .with_verdict(Judgement::Improved)
            .into_iter()
            .min_by_key(place)?;
        let mut worse = self.with_verdict(Judgement::Regressed);
        let of_pairs = self.cells.iter().flat_map(|cell| &cell.objectives);
        let of_pairs =
            of_pairs.filter(|own| own.decides && own.verdict == Some(Judgement::Regressed));
        let outweighed = |own: &&ObjectiveComparison| place(own) > place(&gain);
        if !worse
            .iter()
            .chain(&of_pairs.collect::<Vec<_>>())
            .all(outweighed)
        {
            return None;
        }
        worse.sort_by_key(place);
        let worse: Vec<String> = worse.into_iter().map(change_text).collect();
        (!worse.is_empty()).then(|| (change_text(gain), listed(&worse)))
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
        let by_outcomes = self
            .outcomes
            .judgement(self.alpha)
            .filter(|own| own.0 == verdict);
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
            (Judgement::Inconclusive, _) if self.trade().is_some() => {
                let (gain, price) = self.trade().unwrap_or_default();
                format!("{c} is better than {b} ({gain}) at a price ({price})")
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
                .judgement(self.alpha)
                .filter(|own| !(in_headline && own.0 == verdict))
                .map(|(_, why)| why),
        );
        if verdict == Judgement::Inconclusive && self.trade().is_some() {
            reasons.push(
                "the gain counts for more by the run's order of objectives; name what decides with --by to judge each \
                 for itself"
                    .to_owned(),
            );
        }
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
        }
        reasons.extend(self.open_for_a_reason());
        reasons
    }

    /// Why objectives are open, each reason once.
    fn open_for_a_reason(&self) -> Vec<String> {
        let mut by_reason: Vec<(&str, Vec<&str>)> = Vec::new();
        for open in self.with_verdict(Judgement::Inconclusive) {
            let Some(why) = open.reason.as_deref() else {
                continue;
            };
            let heading = open.objective.heading();
            match by_reason.iter_mut().find(|own| own.0 == why) {
                Some(own) => own.1.push(heading),
                None => by_reason.push((why, vec![heading])),
            }
        }
        let own = by_reason.into_iter();
        own.map(|(why, of)| format!("{}: {why}", listed(&of)))
            .collect()
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
