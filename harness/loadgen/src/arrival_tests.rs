//! Schedules against their closed forms, and shares of threads against the whole.

use super::*;
use proptest::prelude::*;

fn times(arrival: &Arrival, seed: u64, lane: u64, lanes: u64, end_ns: u64) -> Vec<Due> {
    let mut schedule = Schedule::new(arrival, seed, lane, lanes).unwrap();
    let mut out = Vec::new();
    while let Some(due) = schedule.peek().filter(|due| due.at_ns < end_ns) {
        out.push(due);
        schedule.advance();
    }
    out
}

#[test]
fn the_closed_loop_is_never_due_and_due_times_are_the_schedule() {
    assert_eq!(Arrival::Closed.due_ns(1).count(), 0);
    let arrival = Arrival::Poisson { rate_per_s: 100.0 };
    let schedule = times(&arrival, 7, 0, 1, 1_000_000_000);
    let due: Vec<u64> = arrival.due_ns(7).take(schedule.len()).collect();
    assert!(due.iter().eq(schedule.iter().map(|due| &due.at_ns)));
}

#[test]
fn constant_rate_does_not_drift() {
    let arrival = Arrival::Constant { rate_per_s: 3.0 };
    let due = times(&arrival, 0, 0, 1, 100_000_000_000_000);
    assert_eq!(due.len(), 300_000);
    assert_eq!(due[299_997].at_ns, 99_999_000_000_000);
}

#[test]
fn poisson_gaps_have_unit_variation_and_the_asked_rate() {
    let arrival = Arrival::Poisson {
        rate_per_s: 5_000.0,
    };
    let due = times(&arrival, 42, 0, 1, 20_000_000_000);
    let gaps: Vec<f64> = due
        .windows(2)
        .map(|pair| (pair[1].at_ns - pair[0].at_ns) as f64)
        .collect();
    let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
    let variance = gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / gaps.len() as f64;
    assert!((mean / 200_000.0 - 1.0).abs() < 0.02, "mean gap {mean}");
    assert!(
        (variance.sqrt() / mean - 1.0).abs() < 0.03,
        "CV {}",
        variance.sqrt() / mean
    );
}

#[test]
fn a_ramp_sends_its_area_and_speeds_up() {
    let arrival = Arrival::Stages {
        stages: vec![Stage {
            from_per_s: 0.0,
            to_per_s: 1_000.0,
            duration: Duration::from_secs(10),
        }],
        spacing: Spacing::Even,
    };
    let due = times(&arrival, 0, 0, 1, 10_000_000_000);
    assert_eq!(due.len(), 5_000);
    let first_half = due.iter().filter(|due| due.at_ns < 5_000_000_000).count();
    assert_eq!(first_half, 1_250);
}

#[test]
fn a_rate_at_rest_ends_the_sequence() {
    let arrival = Arrival::Stages {
        stages: vec![Stage {
            from_per_s: 10.0,
            to_per_s: 0.0,
            duration: Duration::from_secs(2),
        }],
        spacing: Spacing::Even,
    };
    let due = times(&arrival, 0, 0, 1, u64::MAX);
    assert!((10..=11).contains(&due.len()), "{}", due.len());
}

proptest! {
    #[test]
    fn shares_of_any_thread_count_make_up_the_same_sequence(
        seed in any::<u64>(), lanes in 1u64..5, rate in 10.0f64..5_000.0, poisson in any::<bool>()
    ) {
        let arrival = if poisson {
            Arrival::Poisson { rate_per_s: rate }
        } else {
            Arrival::Constant { rate_per_s: rate }
        };
        let end = 500_000_000;
        let whole = times(&arrival, seed, 0, 1, end);
        let mut shares: Vec<Due> =
            (0..lanes).flat_map(|lane| times(&arrival, seed, lane, lanes, end)).collect();
        shares.sort_by_key(|due| due.index);
        prop_assert_eq!(whole, shares);
    }

    #[test]
    fn the_count_agrees_with_the_cursor(
        rate in 0.5f64..20_000.0, end in 0u64..1_000_000_000, lane in 0u64..3,
        from in 0.0f64..500.0, to in 0.0f64..500.0, staged in any::<bool>()
    ) {
        let arrival = if staged {
            Arrival::Stages {
                stages: vec![Stage {
                    from_per_s: from, to_per_s: to, duration: Duration::from_millis(300),
                }],
                spacing: Spacing::Even,
            }
        } else {
            Arrival::Constant { rate_per_s: rate }
        };
        let schedule = Schedule::new(&arrival, 0, lane, 3).unwrap();
        prop_assert_eq!(
            schedule.count_before(end), times(&arrival, 0, lane, 3, end).len() as u64
        );
    }
}
