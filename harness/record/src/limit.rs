//! CPU quota and memory cap as people write and read them.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::quantity::{format_duration, parse_bytes, parse_duration};

/// The period where none is named: the kernel's default, and that of container runtimes.
const USUAL_PERIOD_US: u64 = 100_000;

/// What the kernel takes for a period and, at the least, for a quota (Linux: kernel/sched/core.c,
/// `tg_set_cfs_bandwidth`).
const PERIODS_US: std::ops::RangeInclusive<u64> = 1_000..=1_000_000;

/// More CPUs than any host has.
const MOST_CPUS: f64 = 65_536.0;

/// Smaller caps leave no room for a Go program to start; the message of a process that cannot even be loaded would
/// mislead.
const LEAST_CAP_BYTES: u64 = 4 << 20;

/// CPU time per period, written as a number of CPUs: `0.5`, `2`, `0.5/20ms`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CpuQuota {
    /// CPU time per period, microseconds.
    pub quota_us: u64,
    /// The period, microseconds.
    pub period_us: u64,
}

impl CpuQuota {
    /// As a number of CPUs: 1.5 is 150 ms per 100 ms.
    pub fn cpus(&self) -> f64 {
        self.quota_us as f64 / self.period_us as f64
    }
}

impl FromStr for CpuQuota {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (cpus, period) = match text.split_once('/') {
            Some((cpus, period)) => (cpus, Some(period.trim())),
            None => (text, None),
        };
        let period_us = match period {
            Some(period) => microseconds(parse_duration(period)?),
            None => USUAL_PERIOD_US,
        };
        if !PERIODS_US.contains(&period_us) {
            return Err("the kernel takes periods from 1ms to 1s".to_owned());
        }
        let cpus = cpus.trim().parse::<f64>().ok();
        let cpus = cpus.filter(|cpus| *cpus > 0.0 && *cpus <= MOST_CPUS);
        let cpus = cpus.ok_or(
            "write a number of CPUs like `0.5` or `2`, with a period like `0.5/20ms`, or `none`",
        )?;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "positive and bounded above"
        )]
        let quota_us = (cpus * period_us as f64).round() as u64;
        if quota_us < *PERIODS_US.start() {
            return Err(format!(
                "that is less than 1ms in each period of {}, the least that the kernel takes",
                format_duration(Duration::from_micros(period_us))
            ));
        }
        Ok(CpuQuota {
            quota_us,
            period_us,
        })
    }
}

impl fmt::Display for CpuQuota {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.cpus())?;
        if self.period_us == USUAL_PERIOD_US {
            return Ok(());
        }
        let period = Duration::from_micros(self.period_us);
        write!(f, "/{}", format_duration(period))
    }
}

/// Parses a memory cap, such as `64MiB`, into bytes.
///
/// # Errors
/// The fix.
pub fn parse_memory_cap(text: &str) -> Result<u64, String> {
    let bytes = parse_bytes(text)?;
    if bytes < LEAST_CAP_BYTES {
        return Err("no Go program starts in less than 4MiB".to_owned());
    }
    Ok(bytes)
}

/// Whether the kernel's figure is the cap that was asked for: it rounds down to whole pages, which are 64 KiB at the
/// largest.
pub fn is_applied_cap(asked_bytes: u64, kernel_bytes: u64) -> bool {
    kernel_bytes <= asked_bytes && asked_bytes - kernel_bytes < 64 << 10
}

fn microseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Result<String, String> {
        text.parse::<CpuQuota>().map(|quota| quota.to_string())
    }

    #[test]
    fn one_quota_has_one_text() {
        let half = CpuQuota {
            quota_us: 50_000,
            period_us: 100_000,
        };
        for text in ["0.5", ".5", "0.50", "0.5/100ms", " 0.5 / 0.1s "] {
            assert_eq!(text.parse(), Ok(half), "{text}");
            assert_eq!(shown(text).as_deref(), Ok("0.5"));
        }
        assert_eq!(shown("2.0").as_deref(), Ok("2"));
        assert_eq!(shown("0.5/20ms").as_deref(), Ok("0.5/20ms"));
        let short: CpuQuota = "0.5/20ms".parse().unwrap();
        assert_eq!((short.quota_us, short.period_us), (10_000, 20_000));
    }

    #[test]
    fn what_the_kernel_refuses_is_refused_before() {
        for text in [
            "0", "-1", "half", "50%", "nan", "inf", "1/", "1/2s", "1/10us", "0.001",
        ] {
            assert!(shown(text).is_err(), "{text}");
        }
        assert!(shown("0.01/20ms").unwrap_err().contains("1ms in each"));
        assert_eq!(parse_memory_cap("64MiB"), Ok(64 << 20));
        assert!(parse_memory_cap("64MB").is_err());
        assert!(parse_memory_cap("1MiB").is_err());
    }
}
