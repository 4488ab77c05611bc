//! What the advisor's rules are compared with: one table of numbers, each of which a matrix may override under
//! `thresholds`.
//!
//! Main type: [`Threshold`], with the values of one reading in [`Thresholds`]. A name is the rule's id and a word,
//! `G1.warn`. The rules themselves, and why these numbers, are crate `advisor`'s.

use std::collections::BTreeMap;
use std::str::FromStr;

use crate::diagnostic::closest;
use crate::quantity::{parse_bytes, parse_positive_duration, parse_share};

/// What a threshold is counted in, and with that how it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A share: `0.05` or `5%`.
    Share,
    /// Milliseconds: written as a duration, `500us`.
    Milliseconds,
    /// Bytes: written as a size, `64MiB`.
    Bytes,
    /// A plain number: a count, a rate per second, a factor.
    Number,
}

macro_rules! table {
    ($($variant:ident = $name:literal, $default:literal, $unit:ident, $what:literal;)*) => {
        /// A number that a rule of the advisor compares with.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Threshold {
            $(#[doc = $what] $variant,)*
        }

        impl Threshold {
            /// Every threshold, by rule.
            pub const ALL: &'static [Threshold] = &[$(Threshold::$variant,)*];

            /// The name in files, e.g. `G1.warn`.
            pub fn name(self) -> &'static str {
                match self { $(Threshold::$variant => $name,)* }
            }

            /// The value where nobody sets another, in its unit.
            pub fn default_value(self) -> f64 {
                match self { $(Threshold::$variant => $default,)* }
            }

            /// What it is counted in.
            pub fn unit(self) -> Unit {
                match self { $(Threshold::$variant => Unit::$unit,)* }
            }

            /// What it bounds.
            pub fn meaning(self) -> &'static str {
                match self { $(Threshold::$variant => $what,)* }
            }
        }
    };
}

table! {
    V1Low = "V1.low", 0.9, Number, "GC cycles measured ÷ predicted, least";
    V1High = "V1.high", 1.5, Number, "GC cycles measured ÷ predicted, most";
    V1Cycles = "V1.cycles", 10.0, Number, "GC cycles in a window before the prediction is compared with it";
    V3GeneratorCpu = "V3.generator_cpu", 0.8, Share, "CPU time of the generator, of its CPUs";
    V3SendLag = "V3.send_lag", 0.01, Share, "P99 send lag, of the latency objective";
    V3LittlesLaw = "V3.littles_law", 0.05, Share, "Disagreement of connections, rate and latency";
    V3Errors = "V3.errors", 0.001, Share, "Requests that failed on the generator's side";
    V4Warn = "V4.warn", 0.02, Share, "CPU time that the hypervisor took";
    V4Critical = "V4.critical", 0.05, Share, "CPU time that the hypervisor took";
    V5Warn = "V5.warn", 0.02, Share, "Drift of the control, or of the clock";
    V5Critical = "V5.critical", 0.05, Share, "Drift of the control, or of the clock";
    S1Warn = "S1.warn", 1.0, Number, "Runnable goroutines per P, in half the lines";
    S1Critical = "S1.critical", 5.0, Number, "Runnable goroutines per P, in half the lines";
    S1Lines = "S1.lines", 0.5, Share, "Lines that must show it";
    S2Warn = "S2.warn", 1.0, Milliseconds, "P99 of the time from runnable to running";
    S2Objective = "S2.objective", 0.1, Share, "The same, of the latency objective; the larger of both counts";
    S2Critical = "S2.critical", 10.0, Milliseconds, "P99 of the time from runnable to running";
    S3Queue = "S3.queue", 2.0, Number, "Runnable goroutines while a P is idle";
    S3Lines = "S3.lines", 3.0, Number, "Lines running that show it";
    S4Idle = "S4.idle", 0.5, Share, "Ps that are idle";
    S4Cpu = "S4.cpu", 0.6, Share, "CPU time used, of the CPUs that the process may use";
    S5Info = "S5.info", 10.0, Number, "Threads beyond the number of Ps";
    S5Growth = "S5.growth", 0.2, Share, "Growth of the number of threads per minute";
    S5SpanMinutes = "S5.span_minutes", 3.0, Number, "Minutes that growth must last";
    S5CriticalFactor = "S5.critical_factor", 4.0, Number, "Threads per P, together with S5.critical_extra";
    S5CriticalExtra = "S5.critical_extra", 20.0, Number, "Threads beyond S5.critical_factor per P";
    S6Lines = "S6.lines", 0.25, Share, "Blocks with a P in a system call while work waits";
    S7Warn = "S7.warn", 20.0, Milliseconds, "P99.9 of the time from runnable to running";
    S8Warn = "S8.warn", 0.5, Milliseconds, "P99 of the time that stopping the world takes";
    S8Critical = "S8.critical", 2.0, Milliseconds, "P99 of the time that stopping the world takes";
    S9Spinning = "S9.spinning", 0.25, Share, "Threads looking for work, of the Ps, in half the lines";
    S9Warn = "S9.warn", 0.10, Share, "CPU time in findRunnable and futex calls";
    S9Critical = "S9.critical", 0.25, Share, "CPU time in findRunnable and futex calls";
    S10Variation = "S10.variation", 0.5, Number, "Coefficient of variation of scheduling rounds over the Ps";
    S11Factor = "S11.factor", 10.0, Number, "Goroutines per request in flight";
    S12Goroutines = "S12.goroutines", 100.0, Number, "Goroutines waiting at one place";
    S12Share = "S12.share", 0.5, Share, "The same, of all goroutines";
    S12Single = "S12.single", 500.0, Number, "Goroutines waiting at one place in a single profile";
    S13Warn = "S13.warn", 0.05, Share, "CPU time handing threads over for locked goroutines";
    S13Critical = "S13.critical", 0.15, Share, "CPU time handing threads over for locked goroutines";
    S14Info = "S14.info", 0.20, Share, "CPU time putting threads to sleep and waking them";
    S15Warn = "S15.warn", 0.05, Share, "CPU time in the heaps of timers";
    S15Critical = "S15.critical", 0.15, Share, "CPU time in the heaps of timers";
    L1Cpu = "L1.cpu", 0.01, Share, "CPU time in stacks under Lock and Unlock";
    L1BlockMean = "L1.block_mean", 1.0, Milliseconds, "Mean wait on one stack of the block profile";
    L1BlockSum = "L1.block_sum", 5.0, Milliseconds, "Sum of waits on that stack";
    L1Contentions = "L1.contentions", 100.0, Number, "Contentions on one stack per 30 s";
    L1Waiters = "L1.waiters", 5.0, Number, "Goroutines waiting there at once";
    L2Warn = "L2.warn", 0.10, Share, "Wait for mutexes per request, of the mean latency";
    L2Critical = "L2.critical", 0.30, Share, "Wait for mutexes per request, of the mean latency";
    L3Waiting = "L3.waiting", 0.02, Share, "CPU time spinning and sleeping for the runtime's own locks";
    L4Waiters = "L4.waiters", 5.0, Number, "Requests waiting at one channel at once";
    L4Mean = "L4.mean", 1.0, Milliseconds, "Mean wait of requests at one channel";
    L3Warn = "L3.warn", 0.05, Share, "CPU time in the runtime's own locks";
    L3Critical = "L3.critical", 0.15, Share, "CPU time in the runtime's own locks";
    G1Warn = "G1.warn", 10.0, Number, "GC cycles per second";
    G1Critical = "G1.critical", 25.0, Number, "GC cycles per second";
    G2Warn = "G2.warn", 0.10, Share, "GC's share of the process's CPU time";
    G2Critical = "G2.critical", 0.25, Share, "GC's share of the process's CPU time";
    G3Warn = "G3.warn", 0.01, Share, "Assists' share of the process's CPU time";
    G3Critical = "G3.critical", 0.05, Share, "Assists' share of the process's CPU time";
    G4Warn = "G4.warn", 0.15, Share, "CPU time under mallocgc";
    G5Warn = "G5.warn", 1.0, Milliseconds, "P99 of pauses for GC";
    G5Critical = "G5.critical", 5.0, Milliseconds, "P99 of pauses for GC";
    G5StoppedWarn = "G5.stopped_warn", 0.05, Share, "Time with the world stopped for GC";
    G5StoppedCritical = "G5.stopped_critical", 0.20, Share, "Time with the world stopped for GC";
    G6Low = "G6.low", 0.67, Number, "Ratio of two heap goals in a row, least";
    G6High = "G6.high", 1.5, Number, "Ratio of two heap goals in a row, most";
    G6PerMinute = "G6.per_minute", 3.0, Number, "Such jumps per minute";
    G7Overshoot = "G7.overshoot", 1.1, Number, "Heap at the end of a cycle ÷ its goal";
    G7Cycles = "G7.cycles", 0.10, Share, "Cycles that overshoot";
    G8Warn = "G8.warn", 25.0, Number, "GOGC that the memory limit leaves, percent";
    G8Critical = "G8.critical", 10.0, Number, "GOGC that the memory limit leaves, percent";
    G9Floor = "G9.floor", 1.1, Number, "Heap goal ÷ its floor of 4 MiB x GOGC/100";
    G10Warn = "G10.warn", 0.20, Share, "Collections that the program forces, of all";
    M1Bytes = "M1.bytes", 67_108_864.0, Bytes, "Resident memory that is not the Go runtime's";
    M1Share = "M1.share", 0.15, Share, "The same, of the runtime's; the larger of both counts";
    M2Warn = "M2.warn", 0.20, Share, "Unused bytes in heap spans";
    M2Critical = "M2.critical", 0.35, Share, "Unused bytes in heap spans";
    M2Bytes = "M2.bytes", 16_777_216.0, Bytes, "Unused bytes that are worth reporting";
    M3Rss = "M3.rss", 1.10, Number, "Resident memory, newer Go ÷ older";
    M3Runtime = "M3.runtime", 0.03, Share, "Difference of the runtime's own totals";
    M4Growth = "M4.growth", 1.5, Number, "Live heap at the end ÷ at the beginning";
    M4Bytes = "M4.bytes", 8_388_608.0, Bytes, "Growth of the live heap, or timers in it, worth reporting";
    M6Share = "M6.share", 0.5, Share, "Timers, of the heap in use";
    M5Pending = "M5.pending", 1000.0, Number, "Finalizers and cleanups that wait to run";
    H1Info = "H1.info", 0.01, Share, "Periods throttled";
    H1Warn = "H1.warn", 0.05, Share, "Periods throttled";
    H1Critical = "H1.critical", 0.25, Share, "Periods throttled";
    H2Critical = "H2.critical", 4.0, Number, "GOMAXPROCS ÷ CPU quota";
    H3Warn = "H3.warn", 0.05, Share, "Time runnable without a CPU, of the time run";
    H3Critical = "H3.critical", 0.20, Share, "Time runnable without a CPU, of the time run";
    H3Migrations = "H3.migrations", 50.0, Number, "Moves between CPUs per second and busy thread";
    H4Warn = "H4.warn", 0.10, Share, "CPU time of idle GC workers, of the CPU quota";
    U1Gain = "U1.gain", 0.05, Share, "Throughput that doubling GOMAXPROCS must add";
}

/// Names that matrices of earlier versions may have, with the name of today.
const FORMER_NAMES: &[(&str, &str)] = &[("V3.lateness", "V3.send_lag")]; // stored

impl FromStr for Threshold {
    type Err = String;

    /// # Errors
    /// The fix: the nearest name.
    fn from_str(text: &str) -> Result<Self, String> {
        let all = Threshold::ALL;
        let text = match FORMER_NAMES.iter().find(|(former, _)| *former == text) {
            Some((_, now)) => now,
            None => text,
        };
        if let Some(found) = all.iter().find(|threshold| threshold.name() == text) {
            return Ok(*found);
        }
        let names = || all.iter().map(|threshold| threshold.name());
        if let Some(near) = names().find(|name| name.eq_ignore_ascii_case(text)) {
            return Err(format!("did you mean `{near}`?"));
        }
        let rule = |name: &str| name.split('.').next().unwrap_or_default().to_owned();
        let of_rule: Vec<&str> = names().filter(|name| rule(name) == rule(text)).collect();
        if !of_rule.is_empty() {
            return Err(format!(
                "thresholds of {}: {}",
                rule(text),
                of_rule.join(", ")
            ));
        }
        Err(match closest(text, names()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => {
                "write a rule and a word, e.g. `G1.warn`; matrices/README.md lists them".to_owned()
            }
        })
    }
}

impl Threshold {
    /// A value in this threshold's unit as a person writes it: `5%`, `0.5ms`.
    pub fn written(self, value: f64) -> String {
        match self.unit() {
            Unit::Share => format!("{}%", rounded(value * 100.0)),
            Unit::Milliseconds => format!("{}ms", rounded(value)),
            Unit::Bytes if value % 1_048_576.0 == 0.0 => format!("{}MiB", value / 1_048_576.0),
            Unit::Bytes | Unit::Number => rounded(value).to_string(),
        }
    }

    /// Reads a value in this threshold's unit.
    ///
    /// # Errors
    /// The fix.
    pub fn parse_value(self, text: &str) -> Result<f64, String> {
        match self.unit() {
            Unit::Share => parse_share(text),
            Unit::Milliseconds => Ok(parse_positive_duration(text)?.as_secs_f64() * 1e3),
            #[expect(clippy::cast_precision_loss, reason = "sizes below 2^53")]
            Unit::Bytes => Ok(parse_bytes(text)? as f64),
            Unit::Number => match text.parse::<f64>() {
                Ok(number) if number.is_finite() && number >= 0.0 => Ok(number),
                _ => Err("write a number".to_owned()),
            },
        }
    }
}

/// Without what binary fractions add: 0.07 x 100 is 7.
fn rounded(value: f64) -> f64 {
    (value * 1e9).round() / 1e9
}

/// The values that hold: the defaults, but for those set.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Thresholds {
    set: BTreeMap<Threshold, f64>,
}

impl Thresholds {
    /// The value of a threshold.
    pub fn get(&self, threshold: Threshold) -> f64 {
        self.set
            .get(&threshold)
            .copied()
            .unwrap_or_else(|| threshold.default_value())
    }

    /// Sets one.
    pub fn set(&mut self, threshold: Threshold, value: f64) {
        self.set.insert(threshold, value);
    }

    /// Those that were set.
    pub fn overridden(&self) -> impl Iterator<Item = (Threshold, f64)> {
        self.set
            .iter()
            .map(|(threshold, value)| (*threshold, *value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_read_back() {
        for threshold in Threshold::ALL {
            assert_eq!(threshold.name().parse::<Threshold>(), Ok(*threshold));
            assert!(threshold.default_value() > 0.0);
        }
    }

    #[test]
    fn a_former_name_is_still_read() {
        assert_eq!("V3.lateness".parse(), Ok(Threshold::V3SendLag)); // stored
    }

    #[test]
    fn a_wrong_name_is_answered_with_the_rules_own() {
        let fix = "G1.warning".parse::<Threshold>().unwrap_err();
        assert_eq!(fix, "thresholds of G1: G1.warn, G1.critical");
        let fix = "g1.warn".parse::<Threshold>().unwrap_err();
        assert_eq!(fix, "did you mean `G1.warn`?");
        assert!("x".parse::<Threshold>().unwrap_err().contains("e.g."));
    }

    #[test]
    fn a_written_value_reads_as_itself() {
        for threshold in Threshold::ALL {
            let value = threshold.default_value();
            assert_eq!(threshold.parse_value(&threshold.written(value)), Ok(value));
        }
        assert_eq!(Threshold::V3SendLag.written(0.07), "7%");
        assert_eq!(Threshold::M1Bytes.written(67_108_864.0), "64MiB");
        assert_eq!(Threshold::S8Warn.written(0.5), "0.5ms");
    }

    #[test]
    fn values_are_written_in_their_unit() {
        assert_eq!(Threshold::G2Warn.parse_value("5%"), Ok(0.05));
        assert_eq!(Threshold::S2Warn.parse_value("500us"), Ok(0.5));
        assert_eq!(Threshold::M1Bytes.parse_value("1MiB"), Ok(1_048_576.0));
        assert_eq!(Threshold::G1Warn.parse_value("20"), Ok(20.0));
        assert!(Threshold::G1Warn.parse_value("-1").is_err());
        let mut thresholds = Thresholds::default();
        thresholds.set(Threshold::G1Warn, 20.0);
        assert_eq!(thresholds.get(Threshold::G1Warn), 20.0);
        assert_eq!(thresholds.get(Threshold::G1Critical), 25.0);
    }
}
