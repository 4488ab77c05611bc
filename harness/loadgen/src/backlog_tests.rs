//! The backlog of a service in virtual time, and what is said of it.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use proptest::prelude::*;

use super::*;
use crate::errors::LoadError;
use crate::search::{Bracket, SearchOptions};

/// A service in virtual time: one worker of a known capacity behind some connections, whose
/// answers leave on the next millisecond, as by a coarse timer.
#[derive(Debug, Clone, Copy)]
struct Simulated {
    capacity_per_s: f64,
    connections: usize,
    delay_s: f64,
    /// A stretch of time in which nothing is answered: start and length.
    stall_s: (f64, f64),
}

impl Simulated {
    fn looks(self, rate_per_s: f64, length_s: f64) -> Vec<BacklogLook> {
        let count = (rate_per_s * length_s) as usize;
        let due_s: Vec<f64> = (0..count).map(|k| k as f64 / rate_per_s).collect();
        self.looks_at(&due_s, length_s)
    }

    fn looks_at(self, due_s: &[f64], length_s: f64) -> Vec<BacklogLook> {
        let mut free = BinaryHeap::from(vec![Reverse(0u64); self.connections]);
        let mut worker_free_s = 0.0f64;
        let mut answers_s: Vec<f64> = Vec::with_capacity(due_s.len());
        let (stall_from_s, stall_length_s) = self.stall_s;
        for due_s in due_s {
            let Reverse(free_us) = free.pop().unwrap();
            let sent_s = due_s.max(free_us as f64 / 1e6);
            worker_free_s = worker_free_s.max(sent_s) + 1.0 / self.capacity_per_s;
            if (stall_from_s..stall_from_s + stall_length_s).contains(&worker_free_s) {
                worker_free_s = stall_from_s + stall_length_s;
            }
            let answer_s = ((worker_free_s + self.delay_s) * 1e3).ceil() / 1e3;
            free.push(Reverse((answer_s * 1e6) as u64));
            answers_s.push(answer_s);
        }
        answers_s.sort_unstable_by(f64::total_cmp);
        (1..LOOKS)
            .map(|k| {
                let at_s = k as f64 * length_s / LOOKS as f64;
                let due = due_s.partition_point(|due_s| *due_s <= at_s);
                let answered = answers_s.partition_point(|answer_s| *answer_s <= at_s);
                BacklogLook {
                    at_s,
                    undone: (due - answered) as f64,
                }
            })
            .collect()
    }

    fn keeps_up(self, rate_per_s: f64, length_s: f64) -> bool {
        let looks = self.looks(rate_per_s, length_s);
        growth(settled(&looks, 1.5 * self.delay_s), rate_per_s, 0.0).is_none()
    }

    fn is_overloaded(self, rate_per_s: f64, length_s: f64) -> bool {
        let looks = self.looks(rate_per_s, length_s);
        overload_of(&looks, rate_per_s, 0.0, 1.5 * self.delay_s).is_some()
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
        let service = Simulated { capacity_per_s, connections, delay_s, stall_s: (0.0, 0.0) };
        let mut probes = 1;
        let bracket = Bracket::narrow(capacity_per_s * error, &SearchOptions::default(), |rate| {
            probes += 1;
            Ok::<_, LoadError>(Some(service.keeps_up(rate, 1.5)))
        }).unwrap();
        prop_assert!(probes <= 10);
        let (good, bad) = (bracket.good.unwrap(), bracket.bad.unwrap());
        let found = (good * bad).sqrt() / capacity_per_s - 1.0;
        prop_assert!(found.abs() <= 0.03, "{good} {bad} {capacity_per_s}: {found}");
    }

    /// However many connections lengthen the service's own time.
    #[test]
    fn twice_the_capacity_is_an_overload_at_any_number_of_connections(
        capacity_per_s in 100.0f64..4_000.0, connections in 1usize..10_000,
    ) {
        let service = Simulated { capacity_per_s, connections, ..service() };
        prop_assert!(service.is_overloaded(2.0 * capacity_per_s, 2.0));
    }

    #[test]
    fn a_poisson_process_below_the_capacity_is_no_overload(seed in any::<u64>()) {
        let arrival = Arrival::Poisson { rate_per_s: 1_000.0 };
        let due_s: Vec<f64> =
            arrival.due_ns(seed).map(|ns| ns as f64 / 1e9).take_while(|at_s| *at_s < 4.0).collect();
        for (capacity_per_s, is_overload) in [(1_100.0, false), (500.0, true)] {
            let service = Simulated { capacity_per_s, ..service() };
            let looks = service.looks_at(&due_s, 4.0);
            let found = overload_of(&looks, 1_000.0, CHANCE, 0.0);
            prop_assert_eq!(found.is_some(), is_overload, "{:?}", looks);
        }
    }

    /// Wherever the stall lies, once it is made good for.
    #[test]
    fn a_stall_that_was_made_good_for_is_no_overload(
        from_s in 0.0f64..2.7, length_s in 0.0f64..1.0, connections in 8usize..3_000,
    ) {
        let stall_s = (from_s, length_s);
        let service = Simulated { capacity_per_s: 20_000.0, connections, stall_s, ..service() };
        prop_assert!(!service.is_overloaded(1_000.0, 4.0));
    }
}

fn service() -> Simulated {
    Simulated {
        capacity_per_s: 2_000.0,
        connections: 64,
        delay_s: 0.0,
        stall_s: (0.0, 0.0),
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
        ..service()
    };
    assert!(slow.keeps_up(2_000.0, 2.0));
    assert!(!slow.is_overloaded(2_000.0, 2.0));
}

#[test]
fn a_service_that_got_slower_and_stays_so_is_not_overloaded() {
    let flat = |undone: f64| {
        move |k: u32| BacklogLook {
            at_s: f64::from(k) / 10.0,
            undone,
        }
    };
    let looks: Vec<_> = (1..25)
        .map(flat(1.0))
        .chain((25..40).map(flat(500.0)))
        .collect();
    assert_eq!(overload_of(&looks, 1_000.0, 0.0, 0.0), None);
}

#[test]
fn a_stall_across_the_end_is_there_to_see_at_the_end() {
    let stalled = Simulated {
        stall_s: (1.0, 60.0),
        ..service()
    };
    assert!(stalled.is_overloaded(1_000.0, 2.0));
}

#[test]
fn a_pause_is_not_growth() {
    let mut looks = service().looks(1_500.0, 2.0);
    let last = looks.len() - 1;
    looks[last].undone += 150.0;
    assert_eq!(growth(settled(&looks, 0.0), 1_500.0, 0.0), None);
    assert_eq!(growth(&[], 1_500.0, 0.0), None);
    assert_eq!(growth(&looks[..1], 1_500.0, 0.0), None);
}

#[test]
fn looks_of_threads_are_put_together_where_all_have_one() {
    let arrival = Arrival::Constant {
        rate_per_s: 1_000.0,
    };
    let mut threads = [
        BacklogWatch::new(4_000_000_000),
        BacklogWatch::new(4_000_000_000),
    ];
    for at_ms in [5, 100, 150, 205, 310, 390] {
        threads[0].look(at_ms * 1_000_000, || (3, 0));
    }
    // Did not run from 0.1 s to 0.3 s.
    for at_ms in [100, 300] {
        threads[1].look(at_ms * 1_000_000, || (1, 20_000_000));
    }
    let looks = looks_of(&arrival, &[&threads[0], &threads[1]]);
    let look = |at_s, undone| BacklogLook { at_s, undone };
    assert_eq!(looks.len(), 2);
    assert_eq!(looks[0], look(0.1, 14.0));
    assert!((looks[1].at_s - 0.305).abs() < 1e-9 && looks[1].undone == 14.0);
    assert!(looks_of(&Arrival::Closed, &[&threads[0]]).is_empty());
}
