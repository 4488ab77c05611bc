//! What to do about a target: change to a cell, leave it, or measure more.
//!
//! A cell is recommended if it is the first in the composite order that
//! - keeps every constraint with confidence and has no failed trial,
//! - is not the control under another name,
//! - is better than the control beyond the margin on a ranked objective, or on the score where objectives are weighed
//!   (or keeps limits that the control breaks),
//! - is not worse beyond the margin on a ranked objective that comes before its first gain.
//!
//! What got worse beside the gain, ranked or not, is stated with it. Without such a cell the verdict is "no change
//! worth making", unless some cell looks better by more than the margin and only the blocks are too few to tell.

mod words;

pub(crate) use words::limit_text;

use std::collections::BTreeMap;

use record::objective::Objective;

use super::RankOptions;
use super::compare::{Compared, Gain};
use super::preference::Criterion;
use crate::ranking::{CellRanking, CellState, Change, Effect, EffectLine, Verdict, VerdictKind};

/// All that a verdict is formed from.
pub(crate) struct Judged<'a> {
    /// The cells in composite order.
    pub(crate) cells: &'a [CellRanking],
    /// Position of each cell in the comparisons, by id.
    pub(crate) position: &'a BTreeMap<String, usize>,
    pub(crate) compared: &'a Compared,
    /// What decides, the most important first.
    pub(crate) criteria: &'a [Criterion],
    /// The objectives behind it.
    pub(crate) rank_by: &'a [Objective],
    pub(crate) blocks: usize,
    pub(crate) options: &'a RankOptions,
}

/// The verdict on a target.
pub(crate) fn verdict(judged: &Judged<'_>) -> Verdict {
    let Some(control) = judged.cells.iter().find(|cell| cell.control) else {
        return words::plain(VerdictKind::Inconclusive, "the control was not measured");
    };
    if judged.cells.len() == 1 {
        return words::lone_control(control);
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
    if let Some(cell) = judged
        .cells
        .iter()
        .find(|cell| judged.is_worth_it(cell, control))
    {
        return words::recommend(judged, cell, control);
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

impl Judged<'_> {
    fn is_candidate(&self, cell: &CellRanking) -> bool {
        !cell.control && cell.state == CellState::Feasible && !self.is_the_control(cell)
    }

    fn is_the_control(&self, cell: &CellRanking) -> bool {
        self.cells
            .iter()
            .any(|other| other.control && cell.same_as.as_ref() == Some(&other.id))
    }

    /// Whether any cell but the control has figures in two blocks or more: else
    /// nothing can be said, least of all that nothing is better.
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
        let spoiled = before.any(|&own| self.is_cost(cell, own));
        (!spoiled).then(|| self.criteria[first])
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
        let better = self
            .rank_by
            .iter()
            .filter(|&&o| effect(cell, o) == Some(Effect::Better));
        better
            .map(|&objective| words::effect_line(cell, objective))
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
        let others = Objective::ALL
            .into_iter()
            .filter(|o| !self.rank_by.contains(o));
        let all = self.rank_by.iter().copied().chain(others);
        all.filter(|&objective| self.is_cost(cell, objective))
            .map(|objective| words::effect_line(cell, objective))
            .collect()
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
