//! How long before a due time a generator thread busy-waits.
//!
//! The main types are [`Spin`], what a caller chooses, and [`SpinLength`], what a thread makes of
//! it. A sleeping thread wakes up late: by a few microseconds where the CPU does not idle deeply,
//! by 50 us and more where it does, by milliseconds in a virtual machine whose CPU was given away
//! while it slept. What is usually late is measured, and slept that much less. Deliberately
//! absent: CPUs and who else uses them, which the caller knows and chooses by.

use std::thread;
use std::time::Duration;

use crate::clock::{STALL_NS, monotonic_ns};

/// The stretch that is always spun, where spinning is allowed at all: setting a timer and going
/// to sleep takes about as long.
const SHORTEST_NS: u64 = 20_000;
/// The longest stretch that is spun: with less time than this between two requests a thread does
/// not sleep at all where its timer is that late.
const LONGEST_NS: u64 = 1_000_000;
/// Wake-ups from which a new length is taken: the second largest of them is their 99th percentile.
const WINDOW: usize = 128;
/// Sleeps that are measured before the clock starts.
const TRIALS: u32 = 64;
/// Their length, a usual gap between requests.
const TRIAL: Duration = Duration::from_micros(200);
/// How long a thread whose CPU another program took while it spun keeps its spinning short.
const PATIENCE_NS: u64 = 1_000_000_000;

/// How a generator thread passes the time before a request is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Spin {
    /// Asleep: the timer's lag becomes the requests'.
    Off,
    /// Busy-wait for the last 20 us, asleep before: right where the CPU is shared, above all with
    /// the server, which would pay for any more of it.
    #[default]
    Short,
    /// Busy-wait for as long as the thread's timer is usually late (the 99th percentile of what it
    /// was late lately, 20 us to 1 ms): right where the thread has a CPU of its own. A thread
    /// whose CPU another program takes meanwhile keeps it short for a second, since one that
    /// has used up its share by spinning must wait when it is needed.
    Adaptive,
}

impl Spin {
    /// The name as it stands on the command line and in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Short => "short",
            Self::Adaptive => "adaptive",
        }
    }
}

/// The length of one thread's spinning.
#[derive(Debug)]
pub(crate) struct SpinLength {
    choice: Spin,
    /// The habit of the window before the current one, or of the trials.
    habit_ns: u64,
    length_ns: u64,
    window: Vec<u64>,
    /// How long the thread had waited for a CPU since it exists, when last looked at.
    waited_ns: u64,
    short_until_ns: u64,
}

impl SpinLength {
    /// For the calling thread. Under [`Spin::Adaptive`] it sleeps a few times, for some 20 ms in
    /// all, to learn how late it wakes up where it is pinned.
    pub(crate) fn measured(choice: Spin) -> Self {
        let mut spin = Self::new(choice);
        if choice == Spin::Adaptive {
            let worst_ns = (0..TRIALS).map(|_| timer_lag_ns()).max().unwrap_or(0);
            spin.habit_ns = worst_ns;
            spin.length_ns = worst_ns.clamp(SHORTEST_NS, LONGEST_NS);
        }
        spin
    }

    fn new(choice: Spin) -> Self {
        Self {
            choice,
            habit_ns: 0,
            length_ns: if choice == Spin::Off { 0 } else { SHORTEST_NS },
            window: Vec::with_capacity(WINDOW),
            waited_ns: 0,
            short_until_ns: 0,
        }
    }

    /// How long before a due time to busy-wait, as of `now_ns`.
    pub(crate) fn length_ns(&self, now_ns: u64) -> u64 {
        if now_ns < self.short_until_ns {
            SHORTEST_NS
        } else {
            self.length_ns
        }
    }

    /// Takes note that the thread woke up `late_ns` after its timer.
    pub(crate) fn woke(&mut self, late_ns: u64) {
        if self.choice != Spin::Adaptive {
            return;
        }
        self.window.push(late_ns);
        if self.window.len() < WINDOW {
            return;
        }
        let (_, late_ns, _) = self.window.select_nth_unstable(WINDOW - 2);
        let (before_ns, now_ns) = (self.habit_ns, *late_ns);
        self.habit_ns = now_ns;
        self.length_ns = before_ns.max(now_ns).clamp(SHORTEST_NS, LONGEST_NS);
        self.window.clear();
    }

    /// Takes note of a turn of spinning from `from_ns` to `to_ns`, on the run's clock. `waited`
    /// tells how long the thread has waited for a CPU since it exists, and is asked only after a
    /// turn that took long: what a hypervisor took is none of it, and spinning less would not
    /// bring it back.
    pub(crate) fn turned(&mut self, from_ns: u64, to_ns: u64, waited: impl FnOnce() -> u64) {
        let length_ns = to_ns - from_ns;
        if self.choice != Spin::Adaptive || length_ns < STALL_NS {
            return;
        }
        let before_ns = std::mem::replace(&mut self.waited_ns, waited());
        if self.waited_ns.saturating_sub(before_ns) >= length_ns / 2 {
            self.short_until_ns = to_ns + PATIENCE_NS;
        }
    }
}

/// How late the calling thread wakes up from one sleep.
fn timer_lag_ns() -> u64 {
    let due_ns = monotonic_ns() + TRIAL.as_nanos() as u64;
    thread::sleep(TRIAL);
    monotonic_ns().saturating_sub(due_ns)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(choice: Spin, late_ns: impl IntoIterator<Item = u64>) -> u64 {
        let mut spin = SpinLength::new(choice);
        late_ns.into_iter().for_each(|late| spin.woke(late));
        spin.length_ns(0)
    }

    #[test]
    fn only_adaptive_spinning_follows_the_timer() {
        let late = || std::iter::repeat_n(300_000, WINDOW);
        assert_eq!(after(Spin::Off, late()), 0);
        assert_eq!(after(Spin::Short, late()), SHORTEST_NS);
        assert_eq!(after(Spin::Adaptive, late()), 300_000);
    }

    #[test]
    fn one_outlier_of_a_window_does_not_set_the_length_and_two_do() {
        let window = |outliers: usize| {
            let usual = std::iter::repeat_n(50_000, WINDOW - outliers);
            std::iter::repeat_n(900_000, outliers).chain(usual)
        };
        assert_eq!(after(Spin::Adaptive, window(1)), 50_000);
        assert_eq!(after(Spin::Adaptive, window(2)), 900_000);
    }

    #[test]
    fn the_length_has_bounds_and_comes_down_after_two_calm_windows() {
        let calm = || std::iter::repeat_n(5_000, WINDOW);
        let wild = || std::iter::repeat_n(4_000_000, WINDOW);
        assert_eq!(after(Spin::Adaptive, wild()), LONGEST_NS);
        assert_eq!(after(Spin::Adaptive, wild().chain(calm())), LONGEST_NS);
        let twice = wild().chain(calm()).chain(calm());
        assert_eq!(after(Spin::Adaptive, twice), SHORTEST_NS);
    }

    #[test]
    fn a_cpu_that_is_taken_away_shortens_the_spinning_for_a_while() {
        let mut spin = SpinLength::new(Spin::Adaptive);
        (0..WINDOW).for_each(|_| spin.woke(400_000));
        spin.turned(5_000_000, 5_900_000, || {
            unreachable!("not long enough to ask")
        });
        assert_eq!(spin.length_ns(5_900_000), 400_000);
        // Taken by a hypervisor: the thread has not waited here.
        spin.turned(3_000_000, 6_000_000, || 100_000);
        assert_eq!(spin.length_ns(6_000_000), 400_000);
        spin.turned(6_000_000, 8_000_000, || 1_900_000);
        assert_eq!(spin.length_ns(8_000_000), SHORTEST_NS);
        assert_eq!(spin.length_ns(8_000_000 + PATIENCE_NS), 400_000);
    }

    #[test]
    fn the_trials_set_a_length_within_the_bounds() {
        let spin = SpinLength::measured(Spin::Adaptive);
        assert!((SHORTEST_NS..=LONGEST_NS).contains(&spin.length_ns(0)));
        assert_eq!(SpinLength::measured(Spin::Off).length_ns(0), 0);
    }
}
