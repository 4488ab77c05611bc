//! Time: how long a trial takes here, and what a budget leaves room for.

use std::time::Duration;

/// The time of one call of a run.
pub(super) struct Budget<'a> {
    /// Time since the call began.
    clock: &'a dyn Fn() -> Duration,
    /// The time that it may take.
    limit: Option<Duration>,
    /// What a trial takes by the plan, until some were measured.
    planned: Duration,
    measured: Duration,
    trials: u32,
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
            trials: 0,
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
        self.trials += 1;
    }

    /// The time that so many trials will take.
    pub(super) fn time_for(&self, trials: usize) -> Duration {
        let each = match self.trials {
            0 => self.planned,
            trials => self.measured / trials,
        };
        each * u32::try_from(trials).unwrap_or(u32::MAX)
    }

    /// The limit, if so many more trials would overrun it.
    pub(super) fn overrun_by(&self, trials: usize) -> Option<Duration> {
        self.limit
            .filter(|limit| self.now() + self.time_for(trials) > *limit)
    }
}
