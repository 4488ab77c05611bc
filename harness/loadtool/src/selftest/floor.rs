//! What the machine itself can do: how late a bare sleep wakes up.
//!
//! No driver can send more punctually than its CPU's timer, and no server can notice a request
//! before its own CPU runs it. Without this figure alongside them, E1 and E2 cannot tell the
//! driver's schedule lag from the machine's.

use std::thread;

use rustix::thread::{ClockId, clock_nanosleep_absolute};
use rustix::time::{Timespec, clock_gettime};
use topology::CpuSet;

use super::findings::Findings;
use super::lab::Lab;
use super::table::Row;
use crate::failure::Failure;

/// Wake-ups per second, the slower of E1's rates.
const RATE: i64 = 2_000;
/// Wake-ups measured, two seconds' worth.
const COUNT: i64 = 4_000;

/// Measures the timer on the generator's CPU and on the server's.
pub(super) fn floor(lab: &Lab, findings: &mut Findings) -> Result<(), Failure> {
    for (whose, cpus) in [
        ("generator", &lab.generator_cpus),
        ("server", &lab.server_cpus),
    ] {
        let Some(cpus) = cpus.clone() else {
            continue;
        };
        let late_us = thread::Builder::new()
            .spawn(move || lag_us(&cpus))
            .map_err(|error| Failure::of_system("start a thread to measure the timer on", &error))?
            .join()
            .map_err(|_| Failure::internal("the timer's measurement panicked"))?
            .map_err(Failure::internal)?;
        findings.add(Row::shown(
            format!("timer of the {whose}'s CPU: timer lag P50/P99"),
            format!(
                "{:.0}/{:.0} us",
                quantile(&late_us, 50),
                quantile(&late_us, 99)
            ),
        ));
    }
    Ok(())
}

/// How late each wake-up of a bare sleep on these CPUs was, microseconds, smallest first.
fn lag_us(cpus: &CpuSet) -> Result<Vec<f64>, String> {
    topology::pin_current_thread(cpus.clone()).map_err(|error| error.to_string())?;
    rustix::thread::set_current_timer_slack(std::num::NonZeroU64::new(1))
        .map_err(|error| error.to_string())?;
    let now_ns = || {
        let now = clock_gettime(ClockId::Monotonic);
        now.tv_sec * 1_000_000_000 + now.tv_nsec
    };
    let start_ns = now_ns() + 1_000_000;
    let mut late_us = Vec::new();
    for k in 0..COUNT {
        let due_ns = start_ns + k * 1_000_000_000 / RATE;
        let due = Timespec {
            tv_sec: due_ns / 1_000_000_000,
            tv_nsec: due_ns % 1_000_000_000,
        };
        clock_nanosleep_absolute(ClockId::Monotonic, &due).map_err(|error| error.to_string())?;
        late_us.push((now_ns() - due_ns) as f64 / 1e3);
    }
    late_us.sort_by(f64::total_cmp);
    Ok(late_us)
}

/// The value that this many percent lie at or below; the values are sorted.
fn quantile(sorted: &[f64], percent: usize) -> f64 {
    let at = (sorted.len() * percent).div_ceil(100).max(1) - 1;
    sorted.get(at).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_of_the_sorted_values() {
        let values: Vec<f64> = (1..=200).map(f64::from).collect();
        assert_eq!(quantile(&values, 50), 100.0);
        assert_eq!(quantile(&values, 99), 198.0);
        assert!(quantile(&[], 50).is_nan());
    }

    #[test]
    fn a_bare_sleep_never_wakes_early() {
        let usable = topology::current_affinity().unwrap();
        let late_us = lag_us(&usable.take(1)).unwrap();
        assert_eq!(late_us.len() as i64, COUNT);
        assert!(late_us[0] >= 0.0, "{}", late_us[0]);
    }
}
