//! Time: how long a trial takes here, and what a budget leaves room for.

use std::time::Duration;

/// How often a slot is tried in one call while host or generator invalidate it.
pub(super) const MOST_ATTEMPTS: u32 = 3;

/// The time of one call of a run.
pub(super) struct Budget<'a> {
    /// Time since the call began.
    clock: &'a dyn Fn() -> Duration,
    /// The time that it may take.
    limit: Option<Duration>,
    /// What a slot takes by the plan, until some were measured.
    planned: Duration,
    /// Time in trials, those that were tried again included.
    measured: Duration,
    /// Slots that have their trial.
    slots: u32,
}

impl<'a> Budget<'a> {
    pub(super) fn new(
        clock: &'a dyn Fn() -> Duration,
        limit: Option<Duration>,
        planned: Duration,
    ) -> Budget<'a> {
        Budget {
            clock,
            limit,
            planned,
            measured: Duration::ZERO,
            slots: 0,
        }
    }

    pub(super) fn is_limited(&self) -> bool {
        self.limit.is_some()
    }

    pub(super) fn now(&self) -> Duration {
        (self.clock)()
    }

    /// Takes note of a trial that began at `from` by this clock.
    pub(super) fn trial_ended(&mut self, from: Duration) {
        self.measured += self.now().saturating_sub(from);
    }

    /// Takes note of a slot that needs no further trial.
    pub(super) fn slot_ended(&mut self) {
        self.slots += 1;
    }

    /// The time that so many slots will take, with as many second tries as there were so far.
    pub(super) fn time_for(&self, slots: usize) -> Duration {
        let each = match self.slots {
            0 => self.planned,
            ended => self.measured / ended,
        };
        each * u32::try_from(slots).unwrap_or(u32::MAX)
    }

    /// The limit, if so many more slots would overrun it.
    pub(super) fn overrun_by(&self, slots: usize) -> Option<Duration> {
        self.limit
            .filter(|limit| self.now() + self.time_for(slots) > *limit)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn tries_that_were_invalid_make_a_slot_dearer() {
        let now = Cell::new(Duration::ZERO);
        let clock = || now.get();
        let second = Duration::from_secs(1);
        let mut budget = Budget::new(&clock, Some(100 * second), 2 * second);
        assert_eq!(budget.time_for(10), 20 * second);
        for tries in [1, 3] {
            for _ in 0..tries {
                let from = budget.now();
                now.set(from + second);
                budget.trial_ended(from);
            }
            budget.slot_ended();
        }
        assert_eq!(budget.time_for(10), 20 * second, "two tries a slot");
        assert_eq!(budget.overrun_by(48), None);
        assert_eq!(budget.overrun_by(49), Some(100 * second));
    }
}
