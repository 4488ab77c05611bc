//! What is decided when a block has ended: who leaves, whether the search stops, who is measured afresh. A decision on
//! disk is followed; else it is taken and written down before the next trial starts.

use record::decision::{Decision, Stop, StopReason};
use record::quantity::format_duration;
use record::store::LineWriter;
use record::trial::Stage;

use super::error::RunError;
use super::schedule::Schedule;
use crate::events::Event;
use crate::plan::ReadyCell;

impl Schedule<'_> {
    /// Follows what was decided when `blocks` had ended, or decides it now.
    pub(super) fn settle(
        &mut self,
        blocks: u32,
        decisions: &mut LineWriter<Decision>,
    ) -> Result<(), RunError> {
        let kept = self.run.decisions.get(self.decided);
        if kept.is_some_and(|decision| decision.blocks == blocks && !decision.extended) {
            self.follow();
            return Ok(());
        }
        let decision = self.decide(blocks)?;
        self.keep(decision, decisions)
    }

    fn keep(
        &mut self,
        decision: Decision,
        decisions: &mut LineWriter<Decision>,
    ) -> Result<(), RunError> {
        decisions.write(&decision)?;
        self.run.decisions.push(decision.clone());
        self.follow();
        (self.site.listener)(Event::Decided {
            left_at_most: self.left_at_most(),
            decision: Box::new(decision),
        });
        Ok(())
    }

    /// Follows the next decision.
    fn follow(&mut self) {
        if let Some(decision) = self.run.decisions.get(self.decided) {
            self.course.follow(decision);
            self.decided += 1;
        }
    }

    fn decide(&self, blocks: u32) -> Result<Decision, RunError> {
        match self.course.stage() {
            Some(Stage::Search) => self.after_search_block(blocks),
            _ => Ok(Decision {
                stop: self.end_of_confirmation(),
                ..Decision::nothing(blocks)
            }),
        }
    }

    fn after_search_block(&self, blocks: u32) -> Result<Decision, RunError> {
        let mut decision = Decision::nothing(blocks);
        let (course, design) = (&self.course, &self.course.design);
        let trials = self.site.dir.read_trials()?;
        let has_least = course.searched >= design.min_blocks;
        let mut stop = None;
        if course.searched >= course.most {
            stop = Some((
                StopReason::Blocks,
                format!("all {} blocks are done", course.searched),
            ));
        } else if has_least && (design.race || !design.precision.is_empty()) {
            let judgement = self.site.steering.after_block(&self.run, &trials);
            let judgement = self.or_warn(judgement);
            if design.race {
                decision.eliminated = judgement.eliminated;
            }
            stop = judgement.precise.map(|words| (StopReason::Precise, words));
        }
        let left = |cell: &&ReadyCell| {
            !cell.planned.control && !decision.eliminated.iter().any(|out| out.cell == cell.id)
        };
        let mut rivals = self.site.cells.iter().filter(left);
        if stop.is_none()
            && !decision.eliminated.is_empty()
            && !rivals.any(|cell| course.is_in_play(cell))
        {
            let words = "no cell but the control is left in play".to_owned();
            stop = Some((StopReason::Decided, words));
        }
        if stop.is_none() {
            let next = self.block_order(blocks).len() - decision.eliminated.len();
            stop = self
                .over_search_budget(next, has_least)
                .map(|words| (StopReason::Budget, words));
        }
        if let Some((reason, words)) = stop {
            if design.confirm_blocks > 0 && has_least {
                decision.finalists = self.or_warn(self.site.steering.finalists(&self.run, &trials));
            }
            decision.stop = Some(Stop { reason, words });
        }
        Ok(decision)
    }

    fn end_of_confirmation(&self) -> Option<Stop> {
        let done = self.course.in_leg;
        if done >= self.course.design.confirm_blocks {
            return Some(Stop {
                reason: StopReason::Blocks,
                words: format!("all {done} confirmation blocks are done"),
            });
        }
        let next = self.block_order(0).len();
        self.over_budget(next, 0).map(|words| Stop {
            reason: StopReason::Budget,
            words,
        })
    }

    /// Why there is no time for the next search block. What a finalist's fresh blocks would take is kept only once
    /// there are enough blocks to choose one by.
    fn over_search_budget(&self, next: usize, has_least: bool) -> Option<String> {
        if has_least {
            return self.over_budget(next, self.confirmation());
        }
        let words = self.over_budget(next, 0)?;
        Some(format!(
            "{words}; that is fewer than {} blocks, so no cell was chosen to be measured afresh",
            self.course.design.min_blocks
        ))
    }

    /// Why there is no time for so many trials and those kept in reserve.
    fn over_budget(&self, next: usize, reserve: usize) -> Option<String> {
        let limit = self.budget.overrun_by(next + reserve)?;
        let kept = match reserve {
            0 => String::new(),
            _ => format!(
                ", with {} kept for measuring the finalists afresh",
                format_duration(rounded(self.budget.time_for(reserve)))
            ),
        };
        Some(format!(
            "the next block (about {}) would overrun the time budget of {}{kept}",
            format_duration(rounded(self.budget.time_for(next))),
            format_duration(limit),
        ))
    }

    /// An answer, or none: what cannot be judged must not end a run.
    fn or_warn<T: Default>(&self, answer: Result<T, String>) -> T {
        answer.unwrap_or_else(|reason| {
            (self.site.listener)(Event::Warning(format!(
                "nothing was decided after this block: {reason}"
            )));
            T::default()
        })
    }

    /// At the end of its course: whether more search blocks were asked for.
    pub(super) fn goes_on_again(
        &mut self,
        block: u32,
        decisions: &mut LineWriter<Decision>,
    ) -> Result<bool, RunError> {
        let kept = self.run.decisions.get(self.decided);
        if kept.is_some_and(|decision| decision.extended) {
            self.follow();
            return Ok(true);
        }
        // Only what an earlier call has ended, and only where the end was that of blocks or time: precision would end
        // it again.
        let ended_before = self.decided <= self.decided_before;
        if !(self.site.extend && ended_before && self.course.may_be_extended()) {
            return Ok(false);
        }
        let decision = Decision {
            extended: true,
            ..Decision::nothing(self.next_free_block(block))
        };
        self.keep(decision, decisions)?;
        Ok(true)
    }

    /// The number of the next block when the search goes on again: blocks that a cut confirmation left behind keep
    /// theirs.
    pub(super) fn next_free_block(&self, block: u32) -> u32 {
        let last = self.run.decisions.get(..self.decided);
        let extended = last
            .and_then(<[Decision]>::last)
            .filter(|last| last.extended);
        match extended {
            Some(decision) => decision.blocks,
            None => self.last_block.map_or(block, |last| block.max(last + 1)),
        }
    }
}

/// Whole seconds, at least one.
fn rounded(duration: std::time::Duration) -> std::time::Duration {
    std::time::Duration::from_secs(duration.as_secs().max(1))
}
