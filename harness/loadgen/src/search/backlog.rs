//! Whether a server kept up with a rate: what was left undone did not grow.
//!
//! The main function is [`is_steady`]. How much is undone at a moment says little: it depends on
//! the service's own time, which a queue lengthens, so that an overload would excuse itself.
//! Whether it grows does not depend on it. At a rate of 101 % of a capacity it grows by 1 % of
//! what becomes due, whatever queues there are. Latency is deliberately absent: objectives are
//! for it.

use std::time::Duration;

use crate::outcome::{Interval, LoadOutcome};

/// Looks at the backlog in one probe.
const LOOKS: u32 = 20;
/// The growth that is still none, as a share of what became due meanwhile.
const MOST_GROWTH: f64 = 0.005;
/// And in requests, which come and go one at a time.
const FEW: f64 = 2.0;
/// Where the looks that count begin, as a share of the probe: a service takes its time to come to
/// rest, and to give its first answers at all.
const EARLIEST: f64 = 0.25;
const LATEST: f64 = 0.5;

/// What was undone at one moment.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Look {
    at_s: f64,
    /// Requests due and not answered, sent or not.
    undone: f64,
}

/// The length of intervals for there to be enough looks in a probe.
pub(super) fn interval_of(probe: Duration) -> Duration {
    (probe / LOOKS).max(Duration::from_millis(10))
}

/// Whether the server of a run at a constant rate kept up with it.
pub(super) fn is_steady(outcome: &LoadOutcome) -> bool {
    let rate_per_s = outcome.ledger.scheduled as f64 / outcome.elapsed.as_secs_f64();
    let service_s = outcome.latency.service.value_at_quantile(0.5) as f64 / 1e9;
    let settled_s = 1.5 * service_s;
    outcome.ledger.completed > 0 && !grows(&looks(outcome, rate_per_s), rate_per_s, settled_s)
}

/// The last interval is left out: the backlog is counted when it is closed, and there is none.
fn looks(outcome: &LoadOutcome, rate_per_s: f64) -> Vec<Look> {
    let look = |interval: &Interval| Look {
        at_s: interval.start_s + interval.length_s,
        undone: interval.in_flight as f64 + rate_per_s * interval.backlog_age_ns as f64 / 1e9,
    };
    let all = outcome.intervals.split_last();
    all.map_or_else(Vec::new, |(_, others)| others.iter().map(look).collect())
}

/// Whether the median of the later looks is above that of the earlier ones by more than chance:
/// medians, since one pause of the service must not decide.
fn grows(looks: &[Look], rate_per_s: f64, settled_s: f64) -> bool {
    let Some(last) = looks.last() else {
        return false;
    };
    let from_s = settled_s.clamp(EARLIEST * last.at_s, LATEST * last.at_s);
    let settled = looks.partition_point(|look| look.at_s < from_s);
    let counted = &looks[settled..];
    let (earlier, later) = counted.split_at(counted.len() / 2);
    let (Some(before), Some(after)) = (median(earlier), median(later)) else {
        return false;
    };
    let due = rate_per_s * (after.at_s - before.at_s);
    after.undone - before.undone > MOST_GROWTH * due + FEW
}

/// The medians of time and backlog.
fn median(looks: &[Look]) -> Option<Look> {
    let middle = |of: fn(&Look) -> f64| {
        let mut values: Vec<f64> = looks.iter().map(of).collect();
        values.sort_unstable_by(f64::total_cmp);
        Some((values.get((values.len().max(1) - 1) / 2)? + values.get(values.len() / 2)?) / 2.0)
    };
    Some(Look {
        at_s: middle(|look| look.at_s)?,
        undone: middle(|look| look.undone)?,
    })
}

#[cfg(test)]
mod tests {
    use std::cmp::Reverse;
    use std::collections::BinaryHeap;

    use proptest::prelude::*;

    use super::super::SearchOptions;
    use super::super::bracket::Bracket;
    use super::*;
    use crate::errors::LoadError;

    /// A service in virtual time: one worker of a known capacity behind some connections, whose
    /// answers leave on the next millisecond, as by a coarse timer.
    #[derive(Debug, Clone, Copy)]
    struct Simulated {
        capacity_per_s: f64,
        connections: usize,
        delay_s: f64,
    }

    impl Simulated {
        fn looks(self, rate_per_s: f64, probe_s: f64) -> Vec<Look> {
            let mut free = BinaryHeap::from(vec![Reverse(0u64); self.connections]);
            let mut worker_free_s = 0.0f64;
            let count = (rate_per_s * probe_s) as usize;
            let due_s = |k: usize| k as f64 / rate_per_s;
            let mut answers_s: Vec<f64> = Vec::with_capacity(count);
            for k in 0..count {
                let Reverse(free_us) = free.pop().unwrap();
                let sent_s = due_s(k).max(free_us as f64 / 1e6);
                worker_free_s = worker_free_s.max(sent_s) + 1.0 / self.capacity_per_s;
                let answer_s = ((worker_free_s + self.delay_s) * 1e3).ceil() / 1e3;
                free.push(Reverse((answer_s * 1e6) as u64));
                answers_s.push(answer_s);
            }
            answers_s.sort_unstable_by(f64::total_cmp);
            let interval_s = interval_of(Duration::from_secs_f64(probe_s)).as_secs_f64();
            (1..LOOKS)
                .map(|k| {
                    let at_s = f64::from(k) * interval_s;
                    let due = (at_s * rate_per_s).floor() + 1.0;
                    let answered = answers_s.partition_point(|answer_s| *answer_s <= at_s);
                    Look {
                        at_s,
                        undone: due - answered as f64,
                    }
                })
                .collect()
        }

        fn keeps_up(self, rate_per_s: f64, probe_s: f64) -> bool {
            !grows(
                &self.looks(rate_per_s, probe_s),
                rate_per_s,
                1.5 * self.delay_s,
            )
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        /// E7 without a machine: from some 1,500 requests a probe on.
        #[test]
        fn a_known_capacity_is_found_within_three_percent_in_ten_probes(
            capacity_per_s in 1_000.0f64..4_000.0, connections in 4usize..129,
            error in 0.93f64..1.07, delay_ms in 0u32..200,
        ) {
            let delay_s = f64::from(delay_ms) / 1e3;
            // Enough of them not to be what limits the service.
            let connections = connections + (capacity_per_s * (delay_s + 0.002) * 1.2) as usize;
            let service = Simulated { capacity_per_s, connections, delay_s };
            let mut probes = 1;
            let bracket = Bracket::narrow(capacity_per_s * error, &SearchOptions::default(), |rate| {
                probes += 1;
                Ok::<_, LoadError>(service.keeps_up(rate, 1.5))
            }).unwrap();
            prop_assert!(probes <= 10);
            let (good, bad) = (bracket.good.unwrap(), bracket.bad.unwrap());
            let found = (good * bad).sqrt() / capacity_per_s - 1.0;
            prop_assert!(found.abs() <= 0.03, "{good} {bad} {capacity_per_s}: {found}");
        }
    }

    fn service() -> Simulated {
        Simulated {
            capacity_per_s: 2_000.0,
            connections: 64,
            delay_s: 0.0,
        }
    }

    #[test]
    fn one_percent_too_much_grows_and_one_percent_less_does_not() {
        assert!(service().keeps_up(1_980.0, 2.0));
        assert!(!service().keeps_up(2_025.0, 2.0));
        assert!(!service().keeps_up(20_000.0, 2.0));
    }

    #[test]
    fn a_slow_service_without_a_limit_keeps_up() {
        let slow = Simulated {
            capacity_per_s: 1e9,
            connections: 4_000,
            delay_s: 0.6,
        };
        assert!(slow.keeps_up(2_000.0, 2.0));
    }

    #[test]
    fn a_pause_is_not_growth() {
        let mut looks = service().looks(1_500.0, 2.0);
        let last = looks.len() - 1;
        looks[last].undone += 150.0;
        assert!(!grows(&looks, 1_500.0, 0.0));
        assert!(!grows(&[], 1_500.0, 0.0) && !grows(&looks[..1], 1_500.0, 0.0));
    }
}
