//! CPU quota and memory cap of a cell: what the kernel made of them, for the record.

use record::limit::CpuQuota;
use record::quantity::format_bytes;
use record::trial::CgroupUse;
use topology::{CpuTime, GroupCounts, Limits};

/// A quota of the kernel's as the axis writes it.
pub(super) fn shown_quota(limits: &Limits) -> Option<String> {
    let CpuTime {
        quota_us,
        period_us,
    } = limits.cpu?;
    let quota = CpuQuota {
        quota_us,
        period_us,
    };
    Some(quota.to_string())
}

/// What was counted between two looks, as the record keeps it.
pub(super) fn use_between(earlier: &GroupCounts, now: &GroupCounts) -> CgroupUse {
    let grown = |of: fn(&GroupCounts) -> Option<u64>| -> Option<u64> {
        Some(of(now)?.saturating_sub(of(earlier)?))
    };
    CgroupUse {
        periods: grown(|counts| counts.periods),
        throttled_periods: grown(|counts| counts.throttled),
        throttled_seconds: grown(|counts| counts.throttled_us).map(|us| us as f64 / 1e6),
        memory_bytes: now.memory_bytes,
        memory_peak_bytes: now.memory_peak_bytes,
        oom_kills: grown(|counts| counts.oom_kills),
    }
}

/// What was counted since the group was made, with nothing in it.
pub(super) fn use_of_life(counts: &GroupCounts) -> CgroupUse {
    let nothing = GroupCounts {
        periods: Some(0),
        throttled: Some(0),
        throttled_us: Some(0),
        oom_kills: Some(0),
        ..GroupCounts::default()
    };
    use_between(&nothing, counts)
}

/// Why the kernel killed, with cap and peak; `None` where it did not.
pub(super) fn out_of_memory(counts: &GroupCounts, cap_bytes: Option<u64>) -> Option<String> {
    let kills = counts.oom_kills.filter(|kills| *kills > 0)?;
    let cap = cap_bytes.map_or_else(String::new, |bytes| {
        format!(" of {}", format_bytes(bytes as f64))
    });
    let peak = counts.memory_peak_bytes.map_or_else(String::new, |bytes| {
        format!(", {} at its peak", format_bytes(bytes as f64))
    });
    let count = match kills {
        1 => "a process".to_owned(),
        more => format!("{more} processes"),
    };
    Some(format!(
        "its memory cap{cap} was full{peak}, and the kernel killed {count} of it (OOM)"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::limits_of;
    use record::axis::{Axis, Settings};

    #[test]
    fn axes_become_limits_and_come_back() {
        let mut settings = Settings::default();
        assert_eq!(limits_of(&settings), Limits::default());
        settings.insert(Axis::CpuQuota, "0.5/20ms");
        settings.insert(Axis::MemoryCap, "64MiB");
        let limits = limits_of(&settings);
        assert_eq!(limits.memory_bytes, Some(64 << 20));
        assert_eq!(shown_quota(&limits).as_deref(), Some("0.5/20ms"));
        settings.insert(Axis::CpuQuota, "default");
        assert_eq!(limits_of(&settings).cpu, None);
    }

    #[test]
    fn a_window_is_a_difference_and_a_peak_is_not() {
        let earlier = GroupCounts {
            periods: Some(10),
            throttled: Some(2),
            throttled_us: Some(500_000),
            memory_peak_bytes: Some(100),
            ..GroupCounts::default()
        };
        let now = GroupCounts {
            periods: Some(30),
            throttled: Some(12),
            throttled_us: Some(2_000_000),
            memory_peak_bytes: Some(300),
            ..GroupCounts::default()
        };
        let window = use_between(&earlier, &now);
        assert_eq!(
            (window.periods, window.throttled_periods),
            (Some(20), Some(10))
        );
        assert_eq!(window.throttled_seconds, Some(1.5));
        assert_eq!(
            (window.memory_peak_bytes, window.oom_kills),
            (Some(300), None)
        );
        assert_eq!(use_of_life(&now).periods, Some(30));
    }

    #[test]
    fn only_a_kill_of_the_kernel_is_one() {
        let mut counts = GroupCounts {
            oom_kills: Some(0),
            memory_peak_bytes: Some(64 << 20),
            ..GroupCounts::default()
        };
        assert_eq!(out_of_memory(&counts, Some(64 << 20)), None);
        counts.oom_kills = Some(1);
        assert_eq!(
            out_of_memory(&counts, Some(64 << 20)).unwrap(),
            "its memory cap of 64.0 MiB was full, 64.0 MiB at its peak, \
             and the kernel killed a process of it (OOM)"
        );
    }
}
