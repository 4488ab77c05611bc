//! Where one thread's next request comes from: its schedule or the closed loop, within the
//! budget of requests.
//!
//! The main type is [`Source`]. It also counts what was scheduled, by other means than what
//! was handed out, so that the ledger's balance is a check.

use crate::arrival::{Due, Schedule};

/// Where the next request comes from.
pub(crate) struct Source {
    schedule: Option<Schedule>,
    /// An untouched copy, to count the schedule by at the end.
    pristine: Option<Schedule>,
    next_closed: u64,
    first: u64,
    stride: u64,
    max_requests: u64,
}

impl Source {
    /// Thread `lane` of `lanes`; without a schedule, the closed loop's.
    pub(crate) fn new(
        schedule: Option<Schedule>,
        lane: u64,
        lanes: u64,
        max_requests: Option<u64>,
    ) -> Self {
        Self {
            pristine: schedule.clone(),
            schedule,
            next_closed: lane,
            first: lane,
            stride: lanes,
            max_requests: max_requests.unwrap_or(u64::MAX),
        }
    }

    /// Whether the run has a budget of requests.
    pub(crate) fn has_budget(&self) -> bool {
        self.max_requests != u64::MAX
    }

    /// The next request, if it is due by `now` and before `end_ns`.
    #[inline]
    pub(crate) fn take_due(&mut self, now: u64, end_ns: u64) -> Option<Due> {
        match &mut self.schedule {
            None => {
                // The closed loop has no schedule to be behind: nothing is due at its end.
                if now == u64::MAX || self.next_closed >= self.max_requests {
                    return None;
                }
                let due = Due {
                    index: self.next_closed,
                    at_ns: now,
                };
                self.next_closed += self.stride;
                Some(due)
            }
            Some(schedule) => {
                let due = schedule.peek().filter(|due| {
                    due.at_ns <= now && due.at_ns < end_ns && due.index < self.max_requests
                })?;
                schedule.advance();
                Some(due)
            }
        }
    }

    pub(crate) fn next_due_ns(&self) -> Option<u64> {
        self.schedule
            .as_ref()?
            .peek()
            .filter(|due| due.index < self.max_requests)
            .map(|due| due.at_ns)
    }

    /// Whether the budget of requests is spent.
    pub(crate) fn is_spent(&self) -> bool {
        match &self.schedule {
            None => self.next_closed >= self.max_requests,
            Some(_) => self.next_due_ns().is_none(),
        }
    }

    /// Whether no request will come before `end_ns`.
    pub(crate) fn is_exhausted(&self, end_ns: u64) -> bool {
        match &self.schedule {
            None => self.next_closed >= self.max_requests,
            Some(_) => self.next_due_ns().is_none_or(|due_ns| due_ns >= end_ns),
        }
    }

    pub(crate) fn count_scheduled(&self, end_ns: u64) -> u64 {
        match &self.pristine {
            None => (self.next_closed - self.first) / self.stride,
            Some(schedule) => {
                let budget = self
                    .max_requests
                    .saturating_sub(self.first)
                    .div_ceil(self.stride);
                schedule.count_before(end_ns).min(budget)
            }
        }
    }
}
