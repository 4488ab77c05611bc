//! What a lane does by the clock: deadlines, intervals, looks at the backlog, and closing the books.

use super::{Activity, Lane, State};
use crate::backlog::BacklogWatch;
use crate::clock::STALL_NS;
use crate::ledger::Ledger;
use crate::recorder::{IntervalPart, RunTotals};
use crate::unanswered::LeftOver;

/// What a lane leaves behind.
pub(crate) struct LaneEnd {
    pub(crate) ledger: Ledger,
    pub(crate) totals: RunTotals,
    pub(crate) backlog: BacklogWatch,
    pub(crate) end_ns: u64,
    pub(crate) left: LeftOver,
}

impl Lane {
    /// Gives up requests that are past their deadline.
    pub(crate) fn sweep_deadlines(&self, now: u64) {
        let state = self.state.borrow();
        for (slot, expired) in state.slots.iter().zip(&self.expired) {
            let Activity::Busy(job) = slot.activity else {
                continue;
            };
            if now.saturating_sub(job.sent_ns) >= self.timeout_ns
                && !expired.replace(true)
                && let Some(waker) = &slot.waker
            {
                waker.wake_by_ref();
            }
        }
    }

    /// Notes that this thread was to run at `due_ns` and runs at `now`.
    pub(crate) fn note_lag(&self, due_ns: u64, now: u64) {
        if now.saturating_sub(due_ns) >= STALL_NS {
            let state = &mut *self.state.borrow_mut();
            state.stall = (due_ns, now);
            state.recorder.stalled(due_ns, now);
        }
    }

    /// Takes a look at the backlog, if one is due.
    pub(crate) fn look_at_backlog(&self, now: u64) {
        let state = &mut *self.state.borrow_mut();
        let seen = (state.busy, state.backlog_age_ns(now));
        state.backlog.look(now, || seen);
    }

    /// Ends the current interval at `end_ns`, which is noticed at `now`: what is under way or
    /// waits is counted as of then.
    pub(crate) fn cut_interval(&self, end_ns: u64, now: u64) -> Box<IntervalPart> {
        let state = &mut *self.state.borrow_mut();
        let backlog_age_ns = state.backlog_age_ns(now);
        state.recorder.cut(end_ns, state.busy, backlog_age_ns)
    }

    pub(crate) fn interval_start_ns(&self) -> u64 {
        self.state.borrow().recorder.interval_start_ns()
    }

    /// Ends the run at `now`, if it would last longer.
    pub(crate) fn stop_at(&self, now: u64) {
        let state = &mut *self.state.borrow_mut();
        if now < state.end_ns {
            state.end_ns = now;
        }
        state.drain_ns = 0;
    }

    /// When the books are to be closed: at the end, or once nothing is left to wait for.
    pub(crate) fn closing_ns(&self, now: u64) -> u64 {
        let state = &mut *self.state.borrow_mut();
        let idle_and_spent = state.busy == 0
            && state.source.has_budget()
            && state.source.is_spent()
            && state
                .slots
                .iter()
                .all(|slot| !matches!(slot.activity, Activity::Assigned(_)));
        if idle_and_spent {
            state.end_ns = state.end_ns.min(now);
            return state.end_ns;
        }
        if now >= state.end_ns && state.busy == 0 {
            return state.end_ns;
        }
        state.end_ns.saturating_add(state.drain_ns)
    }

    /// Closes the books: whatever has no outcome by now is in flight or never sent, and stays
    /// in the response times at its age. Gives the last interval's part too.
    pub(crate) fn close(&self) -> (LaneEnd, Box<IntervalPart>) {
        let state = &mut *self.state.borrow_mut();
        state.is_closed = true;
        let end_ns = state.end_ns;
        state.ledger.scheduled = state.source.count_scheduled(end_ns);
        let closing_ns = end_ns
            .saturating_add(state.drain_ns)
            .min(self.clock.get().now_ns());
        let mut left = LeftOver::new(closing_ns, state.recorder.totals.answers);
        for slot in &state.slots {
            match slot.activity {
                Activity::Idle | Activity::Parked => {}
                Activity::Assigned(due) => {
                    state.ledger.never_sent += 1;
                    let age_ns = closing_ns.saturating_sub(due.at_ns);
                    left.unsent(age_ns);
                    state
                        .recorder
                        .never_sent(state.mix.class_of(due.index), age_ns);
                }
                Activity::Busy(job) => {
                    state.ledger.in_flight += 1;
                    left.in_flight(closing_ns.saturating_sub(job.sent_ns));
                    state.recorder.in_flight_at_end(
                        job.class,
                        closing_ns.saturating_sub(job.intended_ns),
                        closing_ns.saturating_sub(job.sent_ns),
                    );
                }
            }
        }
        while let Some(due) = state.source.take_due(u64::MAX, end_ns) {
            state.ledger.never_sent += 1;
            let age_ns = closing_ns.saturating_sub(due.at_ns);
            left.unsent(age_ns);
            state
                .recorder
                .never_sent(state.mix.class_of(due.index), age_ns);
        }
        let mut last_part = state.recorder.cut(end_ns, state.ledger.in_flight, 0);
        last_part.is_last = true;
        let nothing = BacklogWatch::new(end_ns);
        let end = LaneEnd {
            ledger: state.ledger,
            totals: state.recorder.take_totals(),
            backlog: std::mem::replace(&mut state.backlog, nothing),
            end_ns,
            left,
        };
        (end, last_part)
    }
}

impl State {
    /// The age of the oldest request that is due and was not sent.
    fn backlog_age_ns(&self, now: u64) -> u64 {
        let due_ns = self.source.next_due_ns();
        due_ns.map_or(0, |due_ns| now.saturating_sub(due_ns))
    }
}
