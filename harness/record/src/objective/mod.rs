//! What cells are judged by.
//!
//! [`value()`] makes of a stored trial the one number per objective that is compared; [`Objective::limit`] reads what
//! people write as a limit on it.

mod figure;
mod limit;
mod value;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

pub use figure::Figure;
pub use limit::LimitKind;
pub use value::{gc_cycles, value};

/// A figure of a trial by which cells are ranked or constrained.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Objective {
    /// Completed requests per second at saturation (closed loop).
    Qps,
    /// Median response time at the constant rate, ms.
    P50,
    /// 99th percentile of the response time at the constant rate, ms.
    P99,
    /// 99.9th percentile of the response time at the constant rate, ms.
    P999,
    /// GC cycles per 1,000 requests at the constant rate.
    GcPerKreq,
    /// GC cycles per second at the constant rate.
    GcPerS,
    /// Share of the process's CPU time spent in GC at the constant rate.
    GcCpu,
    /// Peak resident set, bytes.
    Rss,
    /// CPU time of the target per request at the constant rate, microseconds.
    CpuPerReq,
    /// Bytes allocated on the heap per request at the constant rate.
    AllocPerReq,
    /// Share of requests that failed or timed out, over both windows.
    ErrorRate,
}

/// Which way is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// More is better.
    HigherIsBetter,
    /// Less is better.
    LowerIsBetter,
}

/// A measured window of a trial, by its name in `load`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Window {
    /// The closed loop.
    Saturate,
    /// The open loop at a constant rate.
    Constant,
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Window::Saturate => "saturate",
            Window::Constant => "constant",
        })
    }
}

impl Objective {
    /// Every objective, in the order in which reports show them.
    pub const ALL: [Objective; 11] = [
        Objective::Qps,
        Objective::P50,
        Objective::P99,
        Objective::P999,
        Objective::GcPerKreq,
        Objective::GcPerS,
        Objective::GcCpu,
        Objective::Rss,
        Objective::CpuPerReq,
        Objective::AllocPerReq,
        Objective::ErrorRate,
    ];

    /// The name used in files and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Objective::Qps => "qps",
            Objective::P50 => "p50",
            Objective::P99 => "p99",
            Objective::P999 => "p999",
            Objective::GcPerKreq => "gc_per_kreq",
            Objective::GcPerS => "gc_per_s",
            Objective::GcCpu => "gc_cpu",
            Objective::Rss => "rss",
            Objective::CpuPerReq => "cpu_per_req",
            Objective::AllocPerReq => "alloc_per_req",
            Objective::ErrorRate => "error_rate",
        }
    }

    /// The heading in tables.
    pub fn heading(self) -> &'static str {
        match self {
            Objective::Qps => "QPS",
            Objective::P50 => "P50",
            Objective::P99 => "P99",
            Objective::P999 => "P99.9",
            Objective::GcPerKreq => "GC/1k req",
            Objective::GcPerS => "GC/s",
            Objective::GcCpu => "GC CPU",
            Objective::Rss => "RSS peak",
            Objective::CpuPerReq => "CPU/req",
            Objective::AllocPerReq => "alloc/req",
            Objective::ErrorRate => "errors",
        }
    }

    /// The unit of its values, as text for tables and documents.
    pub fn unit(self) -> &'static str {
        match self {
            Objective::Qps => "requests/s",
            Objective::P50 | Objective::P99 | Objective::P999 => "ms",
            Objective::GcPerKreq => "cycles/1000 requests",
            Objective::GcPerS => "cycles/s",
            Objective::GcCpu => "share of process CPU",
            Objective::Rss => "bytes",
            Objective::CpuPerReq => "us/request",
            Objective::AllocPerReq => "bytes/request",
            Objective::ErrorRate => "share of requests",
        }
    }

    /// The figure in words, for the reference and the schema.
    pub fn figure(self) -> &'static str {
        match self {
            Objective::Qps => "completed requests per second",
            Objective::P50 => "median response time",
            Objective::P99 => "99th percentile of the response time",
            Objective::P999 => "99.9th percentile of the response time",
            Objective::GcPerKreq => "GC cycles per 1,000 requests",
            Objective::GcPerS => "GC cycles per second",
            Objective::GcCpu => "share of the process's CPU time in GC",
            Objective::Rss => "peak resident set",
            Objective::CpuPerReq => "CPU time per request",
            Objective::AllocPerReq => "heap bytes allocated per request",
            Objective::ErrorRate => "share of requests that failed or timed out",
        }
    }

    /// The window that it is measured in; `None` for what every load gives.
    pub fn window(self) -> Option<Window> {
        match self {
            Objective::Qps => Some(Window::Saturate),
            Objective::Rss | Objective::ErrorRate => None,
            _ => Some(Window::Constant),
        }
    }

    /// Which way is better.
    pub fn direction(self) -> Direction {
        match self {
            Objective::Qps => Direction::HigherIsBetter,
            _ => Direction::LowerIsBetter,
        }
    }

    /// +1 where more is better, -1 where less is.
    pub fn orientation(self) -> f64 {
        match self.direction() {
            Direction::HigherIsBetter => 1.0,
            Direction::LowerIsBetter => -1.0,
        }
    }

    /// The quantile that it is, if it is one of the tail: with fewer than 100 samples beyond it, it says little.
    pub fn tail_quantile(self) -> Option<f64> {
        match self {
            Objective::P99 => Some(0.99),
            Objective::P999 => Some(0.999),
            _ => None,
        }
    }

    /// The relative change that is worth noticing, unless the user says otherwise: 3 % for QPS, 10 % for tail latency,
    /// 5 % for the rest.
    pub fn default_margin(self) -> f64 {
        match self {
            Objective::Qps => 0.03,
            Objective::P50 | Objective::P99 | Objective::P999 => 0.10,
            _ => 0.05,
        }
    }
}

impl fmt::Display for Objective {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Objective {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Objective::ALL
            .into_iter()
            .find(|objective| objective.name() == text)
            .ok_or_else(|| {
                let names = Objective::ALL.map(Objective::name);
                match crate::diagnostic::closest(text, names) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("known objectives: {}", names.join(", ")),
                }
            })
    }
}
