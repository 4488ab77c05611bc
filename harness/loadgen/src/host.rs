//! What the host did meanwhile, as the caller tells it.
//!
//! The main types are [`HostCounters`], one look that the caller takes through
//! [`crate::Hooks::host`], and [`HostShare`], what two looks come to. Deliberately absent: where
//! the counters come from, and which CPUs they are of: the caller knows where the generator runs.

use serde::Serialize;

/// One look at the host. Counters only grow; what matters is by how much.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct HostCounters {
    /// The time of the CPUs that the run depends on, all of them together, in any unit.
    pub total_ticks: u64,
    /// Of it, what the hypervisor gave to other machines.
    pub steal_ticks: u64,
    /// Time in which some task of the host waited for a CPU, in microseconds; none where the
    /// kernel does not count.
    pub cpu_pressure_us: Option<u64>,
}

/// What the host did over a stretch of time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct HostShare {
    /// Share of the CPUs' time that the hypervisor gave to other machines.
    pub steal: f64,
    /// Share of the time in which some task of the host waited for a CPU; none where the kernel
    /// does not count. The server's own threads count too, so it judges nothing by itself.
    pub cpu_pressure: Option<f64>,
}

impl HostCounters {
    /// What the host did between an earlier look and this one, `elapsed_ns` apart; none where
    /// the CPUs' time does not show to have passed.
    pub(crate) fn since(&self, earlier: &Self, elapsed_ns: u64) -> Option<HostShare> {
        let total = self.total_ticks.checked_sub(earlier.total_ticks)?;
        let steal = self.steal_ticks.saturating_sub(earlier.steal_ticks);
        let waited = |(now, then): (u64, u64)| {
            now.saturating_sub(then) as f64 * 1e3 / elapsed_ns.max(1) as f64
        };
        (total > 0).then(|| HostShare {
            steal: steal as f64 / total as f64,
            cpu_pressure: self
                .cpu_pressure_us
                .zip(earlier.cpu_pressure_us)
                .map(waited),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_of_what_passed_between_two_looks() {
        let look = |total_ticks, steal_ticks, cpu_pressure_us| HostCounters {
            total_ticks,
            steal_ticks,
            cpu_pressure_us,
        };
        let share =
            look(1_100, 25, Some(900_000)).since(&look(1_000, 5, Some(400_000)), 1_000_000_000);
        let expected = HostShare {
            steal: 0.2,
            cpu_pressure: Some(0.5),
        };
        assert_eq!(share, Some(expected));
        assert_eq!(look(7, 0, None).since(&look(7, 0, None), 1), None);
    }
}
