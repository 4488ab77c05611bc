//! Which cells stand against which: pairs that differ in nothing but what is compared.

use std::collections::{BTreeMap, BTreeSet};

use documents::comparison::Design;
use documents::ranking::Ranking;
use record::axis::{Axis, Settings};
use record::objective::Objective;
use record::run::{Cell, Run};
use record::trial::Trial;

use super::noise::Noise;
use super::sample::Sample;
use super::select::Selector;
use crate::error::JudgingError;
use crate::evidence::{TargetTrials, label, settings, varying_axes};
use crate::options::RankOptions;
use crate::pair::Column;
use crate::rank::{Ranked, ranked};

/// A run with everything that comparing needs.
pub struct Measured<'a> {
    /// The run.
    pub run: &'a Run,
    /// Its ranking, by which cells are chosen; its warnings, where somebody put them there, go with the comparison.
    pub ranking: Ranking,
    /// By target, in the order of the run.
    pub evidences: Vec<TargetTrials<'a>>,
}

impl<'a> Measured<'a> {
    /// Ranks a run for comparing. The order of `trials` does not matter. Without warnings: the advisor has those.
    ///
    /// # Errors
    /// [`JudgingError`]: a record that contradicts itself.
    pub fn new(run: &'a Run, trials: &'a [Trial]) -> Result<Self, JudgingError> {
        let options = RankOptions {
            explore: false,
            ..RankOptions::default()
        };
        Ok(Measured::of(run, ranked(run, trials, &options)?))
    }

    /// The same from what was ranked before.
    pub fn of(run: &'a Run, ranked: Ranked<'a>) -> Measured<'a> {
        let evidences = ranked.targets.into_iter().map(|own| own.evidence);
        Measured {
            run,
            evidences: evidences.collect(),
            ranking: ranked.ranking,
        }
    }

    pub(crate) fn evidence(&self, target: &str) -> Option<&TargetTrials<'a>> {
        self.evidences.iter().find(|own| own.target == target)
    }

    /// What a target's cells are ranked by.
    fn rank_by(&self, target: &str) -> Vec<Objective> {
        let mut targets = self.ranking.targets.iter();
        let own = targets.find(|own| own.target == target);
        own.map_or_else(Vec::new, |own| own.rank_by.clone())
    }

    fn cells(&self, evidence: &TargetTrials<'a>, selector: &Selector) -> Vec<usize> {
        let cells: Vec<&Cell> = evidence.cells.iter().map(|cell| cell.cell).collect();
        selector.cells(self.run, evidence.target, &cells, Some(&self.ranking))
    }
}

/// The pairs of one target.
pub(crate) struct Matched<'a> {
    pub(crate) design: Design,
    pub(crate) baseline: &'a TargetTrials<'a>,
    pub(crate) candidate: &'a TargetTrials<'a>,
    /// (cell of the baseline, cell of the candidate).
    pub(crate) pairs: Vec<(usize, usize)>,
    /// What each pair shares, for a person.
    pub(crate) labels: Vec<String>,
    pub(crate) baseline_text: String,
    pub(crate) candidate_text: String,
    pub(crate) unmatched: Vec<String>,
    /// Earlier runs of the baseline's target, for what days differ by.
    pub(crate) history: Vec<&'a TargetTrials<'a>>,
    /// What the candidate's run ranks its cells by, the most important first.
    pub(crate) rank_by: Vec<Objective>,
    /// The constant rates of baseline and candidate, per second, where they are not the same.
    pub(crate) other_rates: Option<[f64; 2]>,
}

/// By how much constant rates may differ before latencies are no longer of one load.
const SAME_RATE: f64 = 0.02;

/// The constant rates of two targets where they differ.
fn other_rates(baseline: (&Run, &str), candidate: (&Run, &str)) -> Option<[f64; 2]> {
    let rate = |(run, target): (&Run, &str)| Some(run.calibration.get(target)?.rate_per_s);
    let (before, after) = (rate(baseline)?, rate(candidate)?);
    let differ = (after - before).abs() > SAME_RATE * before.min(after);
    differ.then_some([before, after])
}

impl Matched<'_> {
    /// The target that the comparison is of.
    pub(crate) fn target(&self) -> &str {
        self.candidate.target
    }

    /// (baseline, candidate) of every pair: values by block; of the control the mean of both trials of a block.
    pub(crate) fn columns(&self, objective: Objective) -> Vec<(Column, Column)> {
        let mut baseline = self.baseline.values(objective);
        let mut candidate = self.candidate.values(objective);
        for values in [&mut baseline, &mut candidate] {
            values.cells[values.control] = values.both_controls();
        }
        self.pairs
            .iter()
            .map(|&(b, c)| {
                let take = std::mem::take::<Column>;
                (take(&mut baseline.cells[b]), take(&mut candidate.cells[c]))
            })
            .collect()
    }

    /// The baseline's columns in each earlier run that has all of its cells.
    fn earlier(&self, objective: Objective) -> Vec<Vec<Column>> {
        let columns = |evidence: &&TargetTrials<'_>| -> Option<Vec<Column>> {
            let values = evidence.values(objective);
            let column = |&(b, _): &(usize, usize)| {
                let id = &self.baseline.cells[b].cell.id;
                let at = evidence.cells.iter().position(|own| own.cell.id == *id)?;
                Some(values.cells[at].clone()).filter(|column| !column.is_empty())
            };
            self.pairs.iter().map(column).collect()
        };
        self.history.iter().filter_map(columns).collect()
    }

    pub(crate) fn sample(&self, objective: Objective, columns: &[(Column, Column)]) -> Sample {
        match self.design {
            Design::Paired => Sample::paired(objective, columns),
            Design::Unpaired => Sample::unpaired(objective, columns, &self.earlier(objective)),
        }
    }

    /// What the same procedure shows where there is nothing to see: the larger one of the two sides.
    pub(crate) fn noise(&self, objective: Objective, level: f64) -> Noise {
        Noise::of([self.baseline, self.candidate], objective, level)
    }
}

/// Pairs up the cells of two sides of one run, target by target.
pub(crate) fn within_run<'a>(
    measured: &'a Measured<'a>,
    baseline: &Selector,
    candidate: &Selector,
    only_target: Option<&str>,
) -> Result<Vec<Matched<'a>>, JudgingError> {
    check_target(measured, only_target)?;
    let several = only_target.is_none() && measured.evidences.len() > 1;
    for side in [baseline, candidate] {
        if several && matches!(side, Selector::Rank(_)) {
            return Err(JudgingError::Side {
                side: side.to_string(),
                reason: format!(
                    "is a rank, and every target has its own ranks: add --target {}",
                    listed_targets(measured)
                ),
            });
        }
    }
    let mut found = Vec::new();
    let (mut any_baseline, mut any_candidate) = (false, false);
    for (b, c) in target_pairs(measured, baseline, candidate, only_target)? {
        let cells = (measured.cells(b, baseline), measured.cells(c, candidate));
        any_baseline |= !cells.0.is_empty();
        any_candidate |= !cells.1.is_empty();
        if !cells.0.is_empty() && !cells.1.is_empty() {
            found.push(match_sides(
                measured,
                (b, baseline, cells.0),
                (c, candidate, cells.1),
            )?);
        }
    }
    if !any_baseline {
        return Err(baseline.unknown(measured.run));
    }
    if !any_candidate {
        return Err(candidate.unknown(measured.run));
    }
    if found.is_empty() {
        return Err(JudgingError::NothingToCompare(format!(
            "`{baseline}` and `{candidate}` are cells of different targets: name `target=...` on both sides"
        )));
    }
    Ok(found)
}

/// Pairs up the cells of two runs by their settings, target by target.
pub(crate) fn between_runs<'a>(
    baseline: &'a Measured<'a>,
    candidate: &'a Measured<'a>,
    history: &'a [Measured<'a>],
    names: &[String; 2],
    only_target: Option<&str>,
) -> Result<Vec<Matched<'a>>, JudgingError> {
    check_target(baseline, only_target)?;
    let mut found = Vec::new();
    for b in &baseline.evidences {
        let wanted = only_target.is_none_or(|target| target == b.target);
        let Some(c) = candidate.evidence(b.target).filter(|_| wanted) else {
            continue;
        };
        let all = |evidence: &TargetTrials<'_>| (0..evidence.cells.len()).collect::<Vec<_>>();
        let (pairs, unmatched) = pairs_of((b, &all(b)), (c, &all(c)), &BTreeSet::new());
        if pairs.is_empty() {
            continue;
        }
        let text = |name: &String| match pairs.len() {
            1 => name.clone(),
            several => format!("{name} ({several} cells)"),
        };
        let axes = varying_axes(c);
        found.push(Matched {
            design: Design::Unpaired,
            labels: pairs
                .iter()
                .map(|&(_, cell)| label(c.cells[cell].cell, &axes))
                .collect(),
            history: history
                .iter()
                .filter_map(|run| run.evidence(b.target))
                .collect(),
            rank_by: candidate.rank_by(c.target),
            baseline_text: text(&names[0]),
            candidate_text: text(&names[1]),
            other_rates: other_rates((baseline.run, b.target), (candidate.run, c.target)),
            baseline: b,
            candidate: c,
            pairs,
            unmatched,
        });
    }
    if found.is_empty() {
        return Err(JudgingError::NothingToCompare(format!(
            "runs {} and {} have no cell in common: no target has the same settings in both",
            names[0], names[1]
        )));
    }
    Ok(found)
}

fn check_target(measured: &Measured<'_>, target: Option<&str>) -> Result<(), JudgingError> {
    match target {
        Some(target) if measured.evidence(target).is_none() => Err(JudgingError::Side {
            side: format!("--target {target}"),
            reason: format!(
                "names no target of the run, which has {}",
                listed_targets(measured)
            ),
        }),
        _ => Ok(()),
    }
}

fn listed_targets(measured: &Measured<'_>) -> String {
    let names: Vec<&str> = measured.evidences.iter().map(|own| own.target).collect();
    names.join(" or ")
}

/// Which targets stand against which: each against itself, unless a side names one.
fn target_pairs<'m, 'a>(
    measured: &'m Measured<'a>,
    baseline: &Selector,
    candidate: &Selector,
    only_target: Option<&str>,
) -> Result<Vec<(&'m TargetTrials<'a>, &'m TargetTrials<'a>)>, JudgingError> {
    let named = (
        baseline.target().or(candidate.target()),
        candidate.target().or(baseline.target()),
    );
    if let (Some(b), Some(c)) = named {
        let b = measured
            .evidence(b)
            .ok_or_else(|| baseline.unknown(measured.run))?;
        let c = measured
            .evidence(c)
            .ok_or_else(|| candidate.unknown(measured.run))?;
        return Ok(vec![(b, c)]);
    }
    Ok(measured
        .evidences
        .iter()
        .filter(|own| only_target.is_none_or(|target| target == own.target))
        .map(|own| (own, own))
        .collect())
}

type SideCells<'a, 's> = (&'a TargetTrials<'a>, &'s Selector, Vec<usize>);

fn match_sides<'a>(
    measured: &Measured<'_>,
    (b, baseline, b_cells): SideCells<'a, '_>,
    (c, candidate, c_cells): SideCells<'a, '_>,
) -> Result<Matched<'a>, JudgingError> {
    for (one, many, cells) in [
        (baseline, candidate, &c_cells),
        (candidate, baseline, &b_cells),
    ] {
        if one.names_one_cell() && cells.len() > 1 {
            return Err(JudgingError::Side {
                side: many.to_string(),
                reason: format!(
                    "means {} cells of {}, `{one}` one: name more axes, or the same axes on both sides",
                    cells.len(),
                    c.target
                ),
            });
        }
    }
    let ignored: BTreeSet<Axis> = baseline.axes().chain(candidate.axes()).cloned().collect();
    let (pairs, unmatched) = if b_cells.len() == 1 && c_cells.len() == 1 {
        (vec![(b_cells[0], c_cells[0])], Vec::new())
    } else {
        pairs_of((b, &b_cells), (c, &c_cells), &ignored)
    };
    if pairs.is_empty() {
        return Err(JudgingError::NothingToCompare(format!(
            "no cell of `{baseline}` and none of `{candidate}` on {} agree in all else",
            c.target
        )));
    }
    let same = |&(x, y): &(usize, usize)| b.cells[x].cell.id == c.cells[y].cell.id;
    if pairs.iter().any(same) {
        return Err(JudgingError::NothingToCompare(format!(
            "`{baseline}` and `{candidate}` mean the same cell on {}",
            c.target
        )));
    }
    let shared: Vec<Axis> = varying_axes(c)
        .into_iter()
        .filter(|axis| !ignored.contains(axis))
        .collect();
    let labels = pairs.iter().map(|&(_, cell)| match pairs.len() {
        1 => String::new(),
        _ => label(c.cells[cell].cell, &shared),
    });
    Ok(Matched {
        design: Design::Paired,
        labels: labels.collect(),
        baseline_text: side_text(baseline, b, pairs.iter().map(|pair| pair.0)),
        candidate_text: side_text(candidate, c, pairs.iter().map(|pair| pair.1)),
        history: Vec::new(),
        rank_by: measured.rank_by(c.target),
        other_rates: other_rates((measured.run, b.target), (measured.run, c.target)),
        baseline: b,
        candidate: c,
        pairs,
        unmatched,
    })
}

/// A side in a few words: the settings of a single cell, what was asked for where there are several.
fn side_text(
    selector: &Selector,
    evidence: &TargetTrials<'_>,
    mut cells: impl ExactSizeIterator<Item = usize>,
) -> String {
    match (cells.len(), cells.next()) {
        (1, Some(cell)) => {
            let cell = evidence.cells[cell].cell;
            let text = match selector.target() {
                Some(target) => format!("{target} {}", label(cell, &varying_axes(evidence))),
                None => label(cell, &varying_axes(evidence)),
            };
            if cell.control {
                format!("{text} (control)")
            } else {
                text
            }
        }
        (several, _) => format!("{selector} ({several} cells)"),
    }
}

/// Matches cells by all that is not ignored; an axis that one side does not name reads as its default. With the cells
/// of either side that are left over.
fn pairs_of(
    (b, b_cells): (&TargetTrials<'_>, &[usize]),
    (c, c_cells): (&TargetTrials<'_>, &[usize]),
    ignored: &BTreeSet<Axis>,
) -> (Vec<(usize, usize)>, Vec<String>) {
    let key = |cell: &Cell| -> BTreeMap<Axis, String> {
        let own: Settings = settings(cell);
        own.iter()
            .filter(|(axis, value)| !ignored.contains(axis) && *value != axis.default_value())
            .map(|(axis, value)| (axis.clone(), value.to_owned()))
            .collect()
    };
    let mut left: BTreeMap<BTreeMap<Axis, String>, usize> = b_cells
        .iter()
        .map(|&cell| (key(b.cells[cell].cell), cell))
        .collect();
    let mut pairs = Vec::new();
    let mut unmatched = Vec::new();
    for &cell in c_cells {
        match left.remove(&key(c.cells[cell].cell)) {
            Some(other) => pairs.push((other, cell)),
            None => unmatched.push(format!(
                "candidate {} ({})",
                c.cells[cell].cell.id,
                label(c.cells[cell].cell, &[])
            )),
        }
    }
    unmatched.extend(left.into_values().map(|cell| {
        format!(
            "baseline {} ({})",
            b.cells[cell].cell.id,
            label(b.cells[cell].cell, &[])
        )
    }));
    (pairs, unmatched)
}
