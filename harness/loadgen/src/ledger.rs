//! The exact account of what became of every scheduled request.
//!
//! The main type is [`Ledger`]. `scheduled` comes from the arrival process (a closed form or a
//! second walk over it) and the other entries from what the connections did, so the balance is
//! a check and not an identity.

use serde::Serialize;

/// What became of every request that was scheduled within the run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Ledger {
    /// Requests due within the run (closed loop: requests started).
    pub scheduled: u64,
    /// Answered as expected.
    pub completed: u64,
    /// Ended by an error other than a timeout, wrong answers included.
    pub failed: u64,
    /// Given up after the timeout.
    pub timed_out: u64,
    /// Sent and unanswered when the run ended.
    pub in_flight: u64,
    /// Due, but no connection was free (or the generator was late) until the run ended.
    pub never_sent: u64,
    /// Of those in flight and never sent, the ones that the service owes an answer: they waited far
    /// longer than any answer took. The others were only just due when the run ended.
    pub unanswered: u64,
}

impl Ledger {
    /// The sum of what is accounted for.
    pub fn accounted(&self) -> u64 {
        self.completed + self.failed + self.timed_out + self.in_flight + self.never_sent
    }

    /// Whether every scheduled request is accounted for, none twice.
    pub fn balances(&self) -> bool {
        self.scheduled == self.accounted()
    }

    /// Requests that got an answer, an error or a timeout.
    pub fn settled(&self) -> u64 {
        self.completed + self.failed + self.timed_out
    }

    /// Requests that were due an answer within the run.
    pub fn due(&self) -> u64 {
        self.settled() + self.unanswered
    }

    /// Requests that were due an answer and did not get the one expected.
    pub fn errors(&self) -> u64 {
        self.failed + self.timed_out + self.unanswered
    }

    /// The share of what was due an answer that failed, timed out or was left unanswered, in
    /// `[0, 1]`; zero when nothing was due.
    pub fn error_rate(&self) -> f64 {
        match self.due() {
            0 => 0.0,
            due => self.errors() as f64 / due as f64,
        }
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.scheduled += other.scheduled;
        self.completed += other.completed;
        self.failed += other.failed;
        self.timed_out += other.timed_out;
        self.in_flight += other.in_flight;
        self.never_sent += other.never_sent;
        self.unanswered += other.unanswered;
    }
}
