//! Which of the requests without an outcome the service owes an answer.
//!
//! The main function is [`of`]. When a run ends some requests have only just been sent, and no
//! service can have answered them; those of a service that hangs look the same in a count of what is
//! in flight. What tells them apart is how long they have waited, alongside how long answers took.

use crate::ledger::Ledger;

/// A request has waited too long when it has waited this often as long as the slowest answer took.
const TIMES_THE_SLOWEST: u64 = 2;
/// And at least so long, in nanoseconds: a pause of a service is no end of it.
const LONG_NS: u64 = 1_000_000_000;
/// Or this part of the run, where that is shorter.
const PART_OF_RUN: u64 = 4;

/// The answers that came, right or wrong.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Answers {
    last_ns: u64,
    slowest_ns: u64,
    any: bool,
}

impl Answers {
    /// Notes an answer that is complete at `now` and took `service_ns`.
    #[inline]
    pub(crate) fn note(&mut self, now: u64, service_ns: u64) {
        self.any = true;
        self.last_ns = now;
        self.slowest_ns = self.slowest_ns.max(service_ns);
    }
}

/// What one generator thread leaves without an outcome.
#[derive(Debug, Clone, Default)]
pub(crate) struct LeftOver {
    closing_ns: u64,
    answers: Answers,
    /// Time since each request in flight was sent.
    in_flight_ns: Vec<u64>,
    /// Time since the oldest request that was never sent was due.
    oldest_unsent_ns: u64,
}

impl LeftOver {
    /// Nothing left yet by a thread whose books are closed at `closing_ns`.
    pub(crate) fn new(closing_ns: u64, answers: Answers) -> Self {
        Self {
            closing_ns,
            answers,
            ..Self::default()
        }
    }

    /// Takes a request that was sent `age_ns` ago.
    pub(crate) fn in_flight(&mut self, age_ns: u64) {
        self.in_flight_ns.push(age_ns);
    }

    /// Takes a request that was due `age_ns` ago and not sent.
    pub(crate) fn unsent(&mut self, age_ns: u64) {
        self.oldest_unsent_ns = self.oldest_unsent_ns.max(age_ns);
    }
}

/// What the service owes at the end of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unanswered {
    pub(crate) count: u64,
    /// Since when nothing at all was answered, where that is long and requests waited.
    pub(crate) silent_from_ns: Option<u64>,
}

/// What the service owes after a run of `length_ns` that ended with `ledger`.
pub(crate) fn of<'a>(
    ledger: &Ledger,
    threads: impl Iterator<Item = &'a LeftOver>,
    length_ns: u64,
) -> Unanswered {
    let mut all = LeftOver::default();
    for thread in threads {
        all.closing_ns = all.closing_ns.max(thread.closing_ns);
        all.answers.any |= thread.answers.any;
        all.answers.last_ns = all.answers.last_ns.max(thread.answers.last_ns);
        all.answers.slowest_ns = all.answers.slowest_ns.max(thread.answers.slowest_ns);
        all.in_flight_ns.extend(&thread.in_flight_ns);
        all.unsent(thread.oldest_unsent_ns);
    }
    let left = ledger.in_flight + ledger.never_sent;
    let oldest_in_flight_ns = all.in_flight_ns.iter().copied().max().unwrap_or(0);
    let oldest_ns = all.oldest_unsent_ns.max(oldest_in_flight_ns);
    if !all.answers.any {
        return Unanswered {
            count: left,
            silent_from_ns: (left > 0).then(|| all.closing_ns.saturating_sub(oldest_ns)),
        };
    }
    let long_ns = LONG_NS.min(length_ns / PART_OF_RUN);
    let most_ns = long_ns.max(TIMES_THE_SLOWEST.saturating_mul(all.answers.slowest_ns));
    let silence_ns = all.closing_ns.saturating_sub(all.answers.last_ns);
    if silence_ns.min(oldest_ns) > most_ns {
        // Those sent last will be answered no more than those before them.
        return Unanswered {
            count: left,
            silent_from_ns: Some(all.answers.last_ns),
        };
    }
    let overdue = all.in_flight_ns.iter().filter(|age_ns| **age_ns > most_ns);
    let unsent = match all.oldest_unsent_ns > most_ns {
        true => ledger.never_sent,
        false => 0,
    };
    Unanswered {
        count: overdue.count() as u64 + unsent,
        silent_from_ns: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    /// A run of ten seconds with answers of 20 ms, the last one at `last_ms`.
    fn owed(last_ms: Option<u64>, in_flight_ms: &[u64], unsent: u64, oldest_ms: u64) -> Unanswered {
        let mut left = LeftOver::new(10_000 * MS, Answers::default());
        if let Some(last_ms) = last_ms {
            left.answers.note(last_ms * MS, 20 * MS);
        }
        in_flight_ms.iter().for_each(|ms| left.in_flight(ms * MS));
        left.unsent(oldest_ms * MS);
        let ledger = Ledger {
            in_flight: in_flight_ms.len() as u64,
            never_sent: unsent,
            ..Ledger::default()
        };
        of(&ledger, [&left].into_iter(), 10_000 * MS)
    }

    fn count(count: u64) -> Unanswered {
        Unanswered {
            count,
            silent_from_ns: None,
        }
    }

    #[test]
    fn what_was_only_just_due_is_owed_nothing() {
        assert_eq!(owed(Some(9_999), &[1, 15, 30], 2, 5), count(0));
        // A pause of the service below a second, and a run at a rate of one in ten seconds.
        assert_eq!(owed(Some(9_100), &[900, 880], 300, 870), count(0));
        assert_eq!(owed(Some(20), &[3], 0, 0), count(0));
    }

    #[test]
    fn a_request_that_is_lost_is_owed_its_answer_and_no_other_is() {
        assert_eq!(owed(Some(9_999), &[1, 7_000, 30], 0, 0), count(1));
    }

    #[test]
    fn a_queue_that_grew_is_owed_all_of_it() {
        assert_eq!(owed(Some(9_999), &[1, 15], 700, 4_000), count(700));
    }

    #[test]
    fn a_service_that_answers_nothing_more_owes_all_that_is_left() {
        let stopped = owed(Some(4_000), &[5_990, 5_000, 2], 191, 5_900);
        let expected = Unanswered {
            count: 194,
            silent_from_ns: Some(4_000 * MS),
        };
        assert_eq!(stopped, expected);
        assert_eq!(owed(None, &[4], 0, 0).count, 1);
        assert_eq!(owed(None, &[10_000; 8], 992, 9_990).silent_from_ns, Some(0));
        assert_eq!(owed(None, &[], 0, 0), count(0));
    }

    #[test]
    fn slow_answers_give_the_next_ones_time() {
        let mut left = LeftOver::new(10_000 * MS, Answers::default());
        left.answers.note(6_000 * MS, 3_000 * MS);
        left.in_flight(4_000 * MS);
        let ledger = Ledger {
            in_flight: 1,
            ..Ledger::default()
        };
        assert_eq!(of(&ledger, [&left].into_iter(), 10_000 * MS), count(0));
    }
}
