//! What to do about a target: change to a cell, leave it, or measure more.
//!
//! A cell is recommended if it is the first in the composite order that
//! - keeps every constraint with confidence and has no failed trial,
//! - is not the control under another name,
//! - is better than the control beyond the margin on a ranked objective, or on the score where objectives are weighed
//!   (or keeps limits that the control breaks),
//! - is not worse beyond the margin on a ranked objective that comes before its first gain.
//!
//! What got worse alongside the gain, ranked or not, is stated with it. Where the cell was measured afresh, the fresh
//! blocks have the last word: what does not hold up is not recommended. Without such a cell the verdict is "no change
//! worth making", unless some cell looks better by more than the margin and only the blocks are too few to tell.

mod recommend;
mod words;

use std::collections::BTreeMap;

use documents::effect::{Criterion, Effect};
use documents::ranking::{
    CellRanking, CellState, Change, Confirmation, ConfirmationOutcome, EffectLine, RankingVerdict,
    VerdictKind,
};
use record::objective::Objective;

use super::claim::Gain;
use super::compare::Compared;
use super::confirmation::Fresh;
use crate::options::RankOptions;

/// All that a verdict is formed from.
pub(crate) struct Judged<'a> {
    /// The cells in composite order.
    pub(crate) cells: &'a [CellRanking],
    /// The finalist's fresh blocks.
    pub(crate) fresh: Option<&'a Fresh>,
    /// Position of each cell in the comparisons, by id.
    pub(crate) position: &'a BTreeMap<String, usize>,
    pub(crate) compared: &'a Compared,
    /// What decides, the most important first.
    pub(crate) criteria: &'a [Criterion],
    /// The objectives behind it.
    pub(crate) rank_by: &'a [Objective],
    pub(crate) blocks: usize,
    /// Trials of the search so far, those of incomplete blocks included.
    pub(crate) trials: usize,
    pub(crate) options: &'a RankOptions,
}

/// The verdict on a target, and what the fresh blocks say where there are any.
pub(crate) fn verdict(judged: &Judged<'_>) -> (RankingVerdict, Option<Confirmation>) {
    if let Some((chosen, fresh, outcome)) = judged.measured_afresh() {
        let verdict = recommend::by_fresh_blocks(judged, chosen, fresh, outcome);
        return (verdict, Some(fresh.document(outcome)));
    }
    let superseded = ConfirmationOutcome::Superseded;
    let confirmation = judged.fresh.map(|fresh| fresh.document(superseded));
    (by_search(judged), confirmation)
}

/// The verdict of the search alone.
fn by_search(judged: &Judged<'_>) -> RankingVerdict {
    let Some(control) = judged.cells.iter().find(|cell| cell.control) else {
        return words::plain(VerdictKind::Inconclusive, "the control was not measured");
    };
    if judged.cells.len() == 1 {
        return words::lone_control(control);
    }
    let tried = |cell: &CellRanking| !cell.failures.is_empty() || !cell.invalid.is_empty();
    if judged.blocks == 0 && !judged.cells.iter().any(tried) {
        return words::nothing_yet(judged.trials);
    }
    if matches!(control.state, CellState::NoData)
        || (control.state == CellState::Failed && control.n < 2)
    {
        return words::no_control(control);
    }
    if judged.blocks < 2 {
        return words::too_few_blocks(judged.blocks);
    }
    if !judged.any_rival_is_comparable() {
        return words::no_rival(judged);
    }
    if let Some(cell) = judged.choice(control) {
        return recommend::by_search(judged, cell, control);
    }
    if let Some(verdict) = words::constraints_in_the_way(judged) {
        return verdict;
    }
    let promising = judged
        .cells
        .iter()
        .find_map(|cell| Some((cell, judged.promise(cell)?)));
    match promising {
        Some((cell, criterion)) => words::promising(judged, cell, criterion),
        None => words::no_change(judged, control),
    }
}

/// The cell that the search recommends, with its control.
#[derive(Clone, Copy)]
struct Chosen<'a> {
    cell: &'a CellRanking,
    control: &'a CellRanking,
}

impl Judged<'_> {
    /// The first cell in the order that is worth a change.
    fn choice(&self, control: &CellRanking) -> Option<&CellRanking> {
        let mut cells = self.cells.iter();
        cells.find(|cell| self.is_worth_it(cell, control))
    }

    /// The recommended cell, if it is the one that was measured afresh.
    fn measured_afresh(&self) -> Option<(Chosen<'_>, &Fresh, ConfirmationOutcome)> {
        let fresh = self.fresh?;
        let control = self.cells.iter().find(|cell| cell.control)?;
        if self.blocks < 2 || control.n < 2 {
            return None;
        }
        let cell = self.choice(control)?;
        if cell.id != fresh.cell {
            return None;
        }
        let outcome = fresh.outcome(&self.decisive_gains(cell), self.criteria);
        Some((Chosen { cell, control }, fresh, outcome))
    }

    /// The criteria on which the search found a cell better.
    fn decisive_gains(&self, cell: &CellRanking) -> Vec<Criterion> {
        let better = |own: &&Criterion| effect(cell, **own) == Some(Effect::Better);
        self.criteria.iter().filter(better).copied().collect()
    }

    /// The ranked objectives on which the search found a cell better.
    fn claimed(&self, cell: &CellRanking) -> Vec<Objective> {
        let better = |objective: &&Objective| effect(cell, **objective) == Some(Effect::Better);
        self.rank_by.iter().filter(better).copied().collect()
    }

    fn is_candidate(&self, cell: &CellRanking) -> bool {
        !cell.control && cell.state == CellState::Feasible && !self.is_the_control(cell)
    }

    fn is_the_control(&self, cell: &CellRanking) -> bool {
        self.cells
            .iter()
            .any(|other| other.control && cell.same_as.as_ref() == Some(&other.id))
    }

    /// Whether any cell but the control has figures in two blocks or more: else nothing can be said, least of all that
    /// nothing is better.
    fn any_rival_is_comparable(&self) -> bool {
        let blocks = |cell: &CellRanking, criterion| cell.on(criterion).map_or(0, |own| own.n);
        self.cells.iter().filter(|cell| !cell.control).any(|cell| {
            let mut criteria = self.criteria.iter();
            criteria.any(|&criterion| blocks(cell, criterion) >= 2)
        })
    }

    fn is_worth_it(&self, cell: &CellRanking, control: &CellRanking) -> bool {
        if !self.is_candidate(cell) {
            return false;
        }
        if control.state == CellState::Violated {
            return true;
        }
        let first_gain = self
            .criteria
            .iter()
            .position(|&own| effect(cell, own) == Some(Effect::Better));
        let mut criteria = self.criteria.iter();
        let first_cost = criteria.position(|&own| self.is_cost(cell, own));
        first_gain.is_some_and(|gain| first_cost.is_none_or(|cost| gain < cost))
    }

    /// The criterion on which a cell looks better by more than the margin, unproven.
    fn promise(&self, cell: &CellRanking) -> Option<Criterion> {
        if !self.is_candidate(cell) {
            return None;
        }
        let looks_better = |criterion: Criterion| {
            effect(cell, criterion) == Some(Effect::Unclear)
                && self
                    .gain(cell, criterion)
                    .is_some_and(|gain| gain.estimate.point >= gain.asked)
        };
        let first = self.criteria.iter().position(|&own| looks_better(own))?;
        let mut before = self.criteria[..first].iter();
        let has_cost = before.any(|&own| self.is_cost(cell, own));
        (!has_cost).then(|| self.criteria[first])
    }

    fn is_weighted(&self) -> bool {
        self.criteria == [Criterion::Score]
    }

    fn gain(&self, cell: &CellRanking, criterion: impl Into<Criterion>) -> Option<Gain> {
        let position = *self.position.get(&cell.id)?;
        self.compared.gain(criterion.into(), position)
    }

    fn is_cost(&self, cell: &CellRanking, criterion: impl Into<Criterion>) -> bool {
        self.gain(cell, criterion)
            .is_some_and(|gain| gain.is_cost())
    }

    fn gains(&self, cell: &CellRanking) -> Vec<EffectLine> {
        let better = self.claimed(cell).into_iter();
        better
            .map(|objective| words::effect_line(cell, objective))
            .collect()
    }

    /// Ranked objectives on which the run cannot tell.
    fn unclear(&self, cell: &CellRanking) -> Vec<EffectLine> {
        let unclear = self
            .rank_by
            .iter()
            .filter(|&&o| effect(cell, o) == Some(Effect::Unclear) && !self.is_cost(cell, o));
        unclear
            .map(|&objective| words::effect_line(cell, objective))
            .collect()
    }

    /// What got worse: the ranked objectives first.
    fn costs(&self, cell: &CellRanking) -> Vec<EffectLine> {
        self.by_weight()
            .filter(|&objective| self.is_cost(cell, objective))
            .map(|objective| words::effect_line(cell, objective))
            .collect()
    }

    /// All objectives, the ranked ones first.
    fn by_weight(&self) -> impl Iterator<Item = Objective> {
        let others = Objective::ALL
            .into_iter()
            .filter(|o| !self.rank_by.contains(o));
        self.rank_by.iter().copied().chain(others)
    }

    fn has_ranked_cost(&self, cell: &CellRanking) -> bool {
        self.rank_by
            .iter()
            .any(|&objective| self.is_cost(cell, objective))
    }
}

fn effect(cell: &CellRanking, criterion: impl Into<Criterion>) -> Option<Effect> {
    cell.on(criterion.into()).map(|figures| figures.effect)
}

/// The axes on which a cell differs from the control.
fn changes(cell: &CellRanking, control: &CellRanking) -> BTreeMap<String, Change> {
    cell.axes
        .iter()
        .filter_map(|(axis, to)| {
            let from = control
                .axes
                .get(axis)
                .map_or(record::axis::DEFAULT, String::as_str);
            let change = Change {
                from: from.to_owned(),
                to: to.clone(),
            };
            (from != to).then(|| (axis.clone(), change))
        })
        .collect()
}
