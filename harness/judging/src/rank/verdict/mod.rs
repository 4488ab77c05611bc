//! What to do about a target: change to a cell, leave it, or measure more.
//!
//! A cell is recommended if it is the first in the composite order that
//! - keeps every constraint with confidence and has no failed trial,
//! - is not the control under another name,
//! - is better than the control beyond the margin on a ranked objective, or on the score where objectives are weighed
//!   (or keeps limits that the control breaks),
//! - is shown to be no worse, by as much as the margin, on everything that counts for more than that gain
//!   ([`crate::losses`]).
//!
//! Where the last cannot be told, the verdict is of a kind of its own: a gain is shown, and a loss is open. What got worse
//! alongside the gain, ranked or not, is stated with it. Where the cell was measured afresh, the fresh blocks have the
//! last word: what does not hold up is not recommended. Without such a cell the verdict is "no change worth making",
//! unless some cell looks better by more than the margin and only the blocks are too few to tell.

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
use super::confirmation::{Answer, Fresh, MOST_BLOCKS};
use crate::losses::{self, Levels, Loss, Priority, State};
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
    /// The same with what counts besides.
    pub(crate) priorities: &'a [Priority],
    /// The objectives behind it.
    pub(crate) rank_by: &'a [Objective],
    pub(crate) blocks: usize,
    /// Trials of the search so far, those of incomplete blocks included.
    pub(crate) trials: usize,
    pub(crate) options: &'a RankOptions,
}

/// The verdict on a target, and what the fresh blocks say where there are any.
pub(crate) fn verdict(judged: &Judged<'_>) -> (RankingVerdict, Option<Confirmation>) {
    if let Some((chosen, fresh, answer)) = judged.measured_afresh() {
        let verdict = recommend::by_fresh_blocks(judged, chosen, fresh, &answer);
        return (verdict, Some(fresh.document(answer.outcome)));
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
        let chosen = Chosen { cell, control };
        return match judged.open_losses(cell, control) {
            open if open.is_empty() => recommend::by_search(judged, chosen),
            open => recommend::open_by_search(judged, chosen, &open),
        };
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

/// What stands between a cell and a recommendation.
enum Standing {
    /// It gains nothing.
    NoGain,
    /// Something that counts for more is lost.
    Lost,
    /// Something that counts for more may be.
    Open(Vec<Loss>),
    /// Nothing.
    Clear,
}

impl Judged<'_> {
    /// The first cell in the order that is worth a change; where there is none, the first of which only a possible loss
    /// stands in the way.
    fn choice(&self, control: &CellRanking) -> Option<&CellRanking> {
        let mut cells = self.cells.iter();
        cells
            .find(|cell| self.is_worth_it(cell, control))
            .or_else(|| {
                let open = |cell: &&CellRanking| {
                    matches!(self.standing(cell, control, 0), Standing::Open(_))
                };
                self.cells.iter().find(open)
            })
    }

    /// The losses that stand in a cell's way unproven.
    fn open_losses(&self, cell: &CellRanking, control: &CellRanking) -> Vec<Loss> {
        match self.standing(cell, control, MOST_BLOCKS) {
            Standing::Open(open) => open,
            Standing::NoGain | Standing::Lost | Standing::Clear => Vec::new(),
        }
    }

    fn standing(&self, cell: &CellRanking, control: &CellRanking, most_blocks: usize) -> Standing {
        if !self.is_candidate(cell) {
            return Standing::NoGain;
        }
        if control.state == CellState::Violated {
            return Standing::Clear;
        }
        let better = |own: &Priority| own.ranked && effect(cell, own.of) == Some(Effect::Better);
        let Some(first_gain) = self.priorities.iter().position(better) else {
            return Standing::NoGain;
        };
        let losses = self.losses(cell, &self.priorities[..first_gain], most_blocks);
        let any = |state: State| losses.iter().any(|own| own.state == state);
        if any(State::Lost) {
            Standing::Lost
        } else if any(State::Open) {
            Standing::Open(
                losses
                    .into_iter()
                    .filter(|own| own.state == State::Open)
                    .collect(),
            )
        } else {
            Standing::Clear
        }
    }

    /// Whether a cell loses on any of these, by the blocks of the search: at the level of the intervals, and for what has
    /// to be shown corrected for the cells that it was chosen from.
    fn losses(&self, cell: &CellRanking, of: &[Priority], most_blocks: usize) -> Vec<Loss> {
        let Some(&position) = self.position.get(&cell.id) else {
            return Vec::new();
        };
        let one_sided = (1.0 - self.options.level) / 2.0;
        let rivals = self.cells.len().saturating_sub(1).max(1);
        let levels = Levels {
            kept: one_sided / rivals as f64,
            lost: one_sided,
            most_blocks,
        };
        losses::judge(&self.compared.watched(of, position), levels)
    }

    /// The recommended cell, if it is the one that was measured afresh.
    fn measured_afresh(&self) -> Option<(Chosen<'_>, &Fresh, Answer)> {
        let fresh = self.fresh?;
        let control = self.cells.iter().find(|cell| cell.control)?;
        if self.blocks < 2 || control.n < 2 {
            return None;
        }
        let cell = self.choice(control)?;
        if cell.id != fresh.cell {
            return None;
        }
        let answer = fresh.answer(&self.decisive_gains(cell), self.priorities);
        Some((Chosen { cell, control }, fresh, answer))
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
        matches!(self.standing(cell, control, 0), Standing::Clear)
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
        let looks_better = |own: &Priority| own.ranked && looks_better(own.of);
        let first = self.priorities.iter().position(looks_better)?;
        let before = self.losses(cell, &self.priorities[..first], 0);
        let has_cost = before.iter().any(|own| own.state == State::Lost);
        (!has_cost).then(|| self.priorities[first].of)
    }

    fn is_weighted(&self) -> bool {
        self.criteria == [Criterion::Score]
    }

    fn gain(&self, cell: &CellRanking, criterion: impl Into<Criterion>) -> Option<Gain> {
        let position = *self.position.get(&cell.id)?;
        self.compared.gain(criterion.into(), position)
    }

    fn gains(&self, cell: &CellRanking) -> Vec<EffectLine> {
        let better = self.claimed(cell).into_iter();
        better
            .map(|objective| words::effect_line(cell, objective))
            .collect()
    }

    /// Objectives on which the run cannot tell: the ranked ones, and others with a loss of open size.
    fn unclear(&self, cell: &CellRanking) -> Vec<EffectLine> {
        let lost = self.lost(cell);
        let shows_a_loss = |objective: Objective| {
            self.gain(cell, objective)
                .is_some_and(|gain| gain.estimate.high < 0.0 && gain.estimate.point <= -gain.loss)
        };
        let told = |objective: &Objective| {
            effect(cell, *objective) == Some(Effect::Unclear)
                && !lost.contains(objective)
                && (self.rank_by.contains(objective) || shows_a_loss(*objective))
        };
        self.by_weight()
            .filter(told)
            .map(|objective| words::effect_line(cell, objective))
            .collect()
    }

    /// What got worse: the ranked objectives first.
    fn costs(&self, cell: &CellRanking) -> Vec<EffectLine> {
        let lost = self.lost(cell).into_iter();
        lost.map(|objective| words::effect_line(cell, objective))
            .collect()
    }

    /// The objectives on which a cell is shown to lose, all judged together; the ranked ones first.
    fn lost(&self, cell: &CellRanking) -> Vec<Objective> {
        lost_of(&self.losses(cell, &self.all_objectives(), 0))
    }

    /// Everything that was measured and may be lost, the ranked objectives first.
    fn all_objectives(&self) -> Vec<Priority> {
        let as_ranked = |objective: Objective| Priority {
            of: Criterion::Objective(objective),
            ranked: true,
        };
        self.by_weight().map(as_ranked).collect()
    }

    /// All objectives, the ranked ones first.
    fn by_weight(&self) -> impl Iterator<Item = Objective> {
        let others = Objective::ALL
            .into_iter()
            .filter(|o| !self.rank_by.contains(o));
        self.rank_by.iter().copied().chain(others)
    }

    fn has_ranked_cost(&self, cell: &CellRanking) -> bool {
        let lost = self.lost(cell);
        lost.iter().any(|own| self.rank_by.contains(own))
    }
}

/// The objectives among these losses that are lost.
fn lost_of(losses: &[Loss]) -> Vec<Objective> {
    let lost = losses.iter().filter(|own| own.state == State::Lost);
    lost.filter_map(|own| match own.of {
        Criterion::Objective(objective) => Some(objective),
        Criterion::Score => None,
    })
    .collect()
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
