//! When requests are due: the arrival process as a closed form.
//!
//! The main types are [`Arrival`], what a caller asks for, and `Schedule`, one thread's share
//! of it. Every open process is a unit process (0, 1, 2, … or the partial sums of seeded
//! exponential variates) mapped through the inverse of the cumulative rate, so constant, Poisson,
//! ramp and staged load are one piece of code, and nothing is accumulated from measured time.
//! All threads walk the same global sequence and keep every T-th arrival: the sequence depends
//! on the seed alone, never on the number of threads. Pacing (waiting for those times) is
//! deliberately absent: see `pacer`.

use std::time::Duration;

use crate::random;

/// How requests arrive.
#[derive(Debug, Clone, PartialEq)]
pub enum Arrival {
    /// Each connection sends its next request when the last one is answered.
    Closed,
    /// Open loop: request `k` is due at `k / rate_per_s`.
    Constant {
        /// Requests per second over all threads.
        rate_per_s: f64,
    },
    /// Open loop: a Poisson process, the same for the same seed.
    Poisson {
        /// Mean requests per second over all threads.
        rate_per_s: f64,
    },
    /// Open loop whose rate changes in time; the stages follow each other, and the last one's
    /// final rate holds for whatever of the run's duration is left.
    Stages {
        /// The stages in order.
        stages: Vec<Stage>,
        /// Even or Poisson spacing.
        spacing: Spacing,
    },
}

impl Arrival {
    /// Whether the schedule is independent of the answers.
    pub fn is_open(&self) -> bool {
        !matches!(self, Self::Closed)
    }

    /// When the requests are due, in nanoseconds since the start of the clock, over all threads
    /// and without an end unless the rate comes to rest at zero; none for the closed loop.
    pub fn due_ns(&self, seed: u64) -> impl Iterator<Item = u64> + use<> {
        let mut schedule = Schedule::new(self, seed, 0, 1);
        std::iter::from_fn(move || {
            let schedule = schedule.as_mut()?;
            let due = schedule.peek()?;
            schedule.advance();
            Some(due.at_ns)
        })
    }
}

/// A stretch of time over which the rate goes linearly from one value to another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stage {
    /// Requests per second at the start.
    pub from_per_s: f64,
    /// Requests per second at the end; equal to the start for a flat stage.
    pub to_per_s: f64,
    /// How long the stage lasts.
    pub duration: Duration,
}

/// How arrivals are spaced around their rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spacing {
    /// Evenly.
    Even,
    /// As a Poisson process.
    Poisson,
}

/// The cumulative rate over time, with its inverse.
#[derive(Debug, Clone)]
struct RateProfile {
    segments: Vec<Segment>,
}

/// A linear piece of the rate: starts at `start_s` with `before` arrivals already due.
#[derive(Debug, Clone, Copy)]
struct Segment {
    start_s: f64,
    before: f64,
    rate: f64,
    slope: f64,
}

impl RateProfile {
    fn flat(rate: f64) -> Self {
        Self {
            segments: vec![Segment {
                start_s: 0.0,
                before: 0.0,
                rate,
                slope: 0.0,
            }],
        }
    }

    fn staged(stages: &[Stage]) -> Self {
        let mut segments = Vec::with_capacity(stages.len() + 1);
        let (mut start_s, mut before, mut last_rate) = (0.0, 0.0, 0.0);
        for stage in stages {
            let length = stage.duration.as_secs_f64();
            let slope = (stage.to_per_s - stage.from_per_s) / length;
            segments.push(Segment {
                start_s,
                before,
                rate: stage.from_per_s,
                slope,
            });
            start_s += length;
            before += (stage.from_per_s + stage.to_per_s) / 2.0 * length;
            last_rate = stage.to_per_s;
        }
        segments.push(Segment {
            start_s,
            before,
            rate: last_rate,
            slope: 0.0,
        });
        Self { segments }
    }

    /// The time at which the cumulative rate reaches `count`, or none if it never does.
    fn time_of(&self, count: f64) -> Option<f64> {
        let at = self
            .segments
            .partition_point(|segment| segment.before <= count)
            .max(1)
            - 1;
        let segment = self.segments[at];
        let need = count - segment.before;
        if segment.slope == 0.0 {
            return if segment.rate > 0.0 {
                Some(segment.start_s + need / segment.rate)
            } else if need <= 0.0 {
                Some(segment.start_s)
            } else {
                None
            };
        }
        // need = rate·t + slope·t²/2; this form of the root stays exact as the slope nears zero.
        let root = (segment.rate * segment.rate + 2.0 * segment.slope * need)
            .max(0.0)
            .sqrt();
        Some(segment.start_s + 2.0 * need / (segment.rate + root).max(f64::MIN_POSITIVE))
    }

    /// The cumulative rate at `time_s`.
    fn count_at(&self, time_s: f64) -> f64 {
        let at = self
            .segments
            .partition_point(|segment| segment.start_s <= time_s)
            .max(1)
            - 1;
        let segment = self.segments[at];
        let into = time_s - segment.start_s;
        segment.before + segment.rate * into + segment.slope * into * into / 2.0
    }
}

/// One arrival of the global sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Due {
    /// Its index in the global sequence.
    pub(crate) index: u64,
    /// When it is due on the run's clock.
    pub(crate) at_ns: u64,
}

/// One thread's share of an open arrival process, as a cursor.
#[derive(Debug, Clone)]
pub(crate) struct Schedule {
    profile: RateProfile,
    unit: UnitProcess,
    stride: u64,
    next_index: u64,
    next: Option<Due>,
}

/// The unit-rate process that the profile is applied to.
#[derive(Debug, Clone)]
enum UnitProcess {
    Even,
    Poisson { stream: random::Stream, sum: f64 },
}

impl Schedule {
    /// Thread `lane` of `lanes`; none for the closed loop, which has no schedule.
    pub(crate) fn new(arrival: &Arrival, seed: u64, lane: u64, lanes: u64) -> Option<Self> {
        let (profile, spacing) = match arrival {
            Arrival::Closed => return None,
            Arrival::Constant { rate_per_s } => (RateProfile::flat(*rate_per_s), Spacing::Even),
            Arrival::Poisson { rate_per_s } => (RateProfile::flat(*rate_per_s), Spacing::Poisson),
            Arrival::Stages { stages, spacing } => (RateProfile::staged(stages), *spacing),
        };
        let mut unit = match spacing {
            Spacing::Even => UnitProcess::Even,
            Spacing::Poisson => UnitProcess::Poisson {
                // Kept apart from the streams that templates and mixes draw from.
                stream: random::Stream::new(seed ^ 0x5ced_11e5),
                sum: 0.0,
            },
        };
        unit.skip(lane);
        let mut schedule = Self {
            profile,
            unit,
            stride: lanes,
            next_index: lane,
            next: None,
        };
        schedule.next = schedule.generate();
        Some(schedule)
    }

    /// The next arrival, or none when the rate has come to rest at zero.
    #[inline]
    pub(crate) fn peek(&self) -> Option<Due> {
        self.next
    }

    /// Moves on to the arrival after the next.
    #[inline]
    pub(crate) fn advance(&mut self) {
        self.next_index += self.stride;
        self.unit.skip(self.stride - 1);
        self.next = self.generate();
    }

    #[inline]
    fn generate(&mut self) -> Option<Due> {
        let count = self.unit.take(self.next_index);
        let at_s = self.profile.time_of(count)?;
        Some(Due {
            index: self.next_index,
            at_ns: (at_s * 1e9) as u64,
        })
    }

    /// How many arrivals of this share are due before `end_ns`, computed apart from the cursor:
    /// by the closed form where there is one, else by walking a fresh copy. Call on a new
    /// schedule.
    pub(crate) fn count_before(&self, end_ns: u64) -> u64 {
        match self.unit {
            UnitProcess::Even => self.even_count_before(end_ns),
            UnitProcess::Poisson { .. } => {
                let mut walk = self.clone();
                let mut count = 0;
                while walk.peek().is_some_and(|due| due.at_ns < end_ns) {
                    count += 1;
                    walk.advance();
                }
                count
            }
        }
    }

    fn even_count_before(&self, end_ns: u64) -> u64 {
        let due_before = |index: u64| {
            self.profile
                .time_of(index as f64)
                .is_some_and(|at_s| ((at_s * 1e9) as u64) < end_ns)
        };
        let mut global = self.profile.count_at(end_ns as f64 / 1e9).max(0.0).ceil() as u64;
        // The float may be one off at the edge; settle it with the same rounding as the cursor.
        while due_before(global) {
            global += 1;
        }
        while global > 0 && !due_before(global - 1) {
            global -= 1;
        }
        let first = self.next_index;
        if global <= first {
            0
        } else {
            (global - first).div_ceil(self.stride)
        }
    }
}

impl UnitProcess {
    /// The position of the next arrival of the unit process.
    #[inline]
    fn take(&mut self, index: u64) -> f64 {
        match self {
            Self::Even => index as f64,
            Self::Poisson { stream, sum } => {
                // Inverse transform: -ln(1 - u) is exponential with mean 1 for u in [0, 1).
                *sum -= (1.0 - random::unit(stream.next())).ln();
                *sum
            }
        }
    }

    /// Passes over `count` arrivals that belong to other threads.
    #[inline]
    fn skip(&mut self, count: u64) {
        if matches!(self, Self::Poisson { .. }) {
            for _ in 0..count {
                self.take(0);
            }
        }
    }
}

#[cfg(test)]
#[path = "arrival_tests.rs"]
mod tests;
