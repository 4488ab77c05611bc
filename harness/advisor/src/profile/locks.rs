//! Is this lock really contended? Four profiles of the same time are asked, each of which alone misleads.
//!
//! Main function: [`lock_check`]. A CPU profile does not see waiting, and cycles under `Lock` are also spent by locks
//! that nobody waits for; the block profile sees the waiters, the mutex profile who kept them waiting, the goroutine
//! profile how many wait right now. All four agreeing is a contended lock, three are a likely one, the CPU profile
//! alone is a false spike.
//!
//! A profile knows no addresses of locks, so a lock is known by its **site**: the function that calls `Lock` or
//! `Unlock`, closures and deferred calls counted as the function that holds them. Where the one that unlocks is another
//! method of the same type, it joins the waiters' site.
//!
//! Mutex profiles need no correction for `SetMutexProfileFraction`: the runtime multiplies what it samples by the
//! fraction (`saveBlockEventStack` in runtime/mprof.go, "bp.count += float64(rate)", Go 1.21 to 1.27). The fraction
//! only says how few events may stand behind a count.
//!
//! A profile that recorded nothing counts as one that was not given: recording is off by default, and an empty profile
//! does not tell that from a quiet lock.
//!
//! Deliberately absent: locks of the runtime itself (they show as `runtime.unlock` in mutex profiles from Go 1.25 on),
//! channels and condition variables.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use documents::figures::{count_text, duration_text, significant};
use documents::profile::{LockCheck, LockNumbers, LockSignal, LockSuspect, LockVerdict};
use gotrace::profile::Profile;
use record::threshold::{Threshold, Thresholds};

use super::lock_site::{Act, each_delay, each_site, each_unlock, joined};

/// The four profiles, as far as they could be had, of the same stretch of time.
#[derive(Debug, Clone, Copy, Default)]
pub struct LockEvidence<'a> {
    /// CPU profile.
    pub cpu: Option<&'a Profile>,
    /// Block profile, best as a difference over the window (`?seconds=N`).
    pub block: Option<&'a Profile>,
    /// Mutex profile, likewise.
    pub mutex: Option<&'a Profile>,
    /// Goroutine profile of an instant within the window.
    pub goroutine: Option<&'a Profile>,
    /// What the mutex and block profiles cover where they do not say so themselves.
    pub window: Option<Duration>,
    /// `runtime.SetMutexProfileFraction`, where it is known; 0 is off.
    pub mutex_fraction: Option<u32>,
}

/// From where on each profile counts as showing contention: the advisor's thresholds of rule L1, and how many sampled
/// events a share or count must rest on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LockLimits {
    /// Share of the CPU profile's samples under the lock's functions, 0 to 1.
    pub cpu_share: f64,
    /// Samples that this share must rest on.
    pub cpu_samples: f64,
    /// Mean wait on one stack of the block profile.
    pub block_mean: Duration,
    /// Summed wait on that stack.
    pub block_sum: Duration,
    /// Contentions in the mutex profile per second.
    pub contentions_per_s: f64,
    /// Goroutines that wait at one instant.
    pub waiting: f64,
    /// Sampled events that a count of contentions must rest on.
    pub sampled: f64,
}

impl LockLimits {
    /// The limits that a matrix sets.
    #[must_use]
    pub fn of(thresholds: &Thresholds) -> LockLimits {
        let milliseconds = |one| Duration::from_secs_f64(thresholds.get(one) / 1e3);
        LockLimits {
            cpu_share: thresholds.get(Threshold::L1Cpu),
            cpu_samples: LEAST_SAMPLED,
            block_mean: milliseconds(Threshold::L1BlockMean),
            block_sum: milliseconds(Threshold::L1BlockSum),
            contentions_per_s: thresholds.get(Threshold::L1Contentions) / 30.0,
            waiting: thresholds.get(Threshold::L1Waiters),
            sampled: LEAST_SAMPLED,
        }
    }
}

impl Default for LockLimits {
    fn default() -> Self {
        LockLimits::of(&Thresholds::default())
    }
}

/// Fewer sampled events than this are chance.
const LEAST_SAMPLED: f64 = 3.0;

/// Holds the four profiles against each other.
///
/// ```
/// # use advisor::profile::{LockEvidence, LockLimits, lock_check};
/// let check = lock_check(&LockEvidence::default(), &LockLimits::default());
/// assert!(check.suspects.is_empty());
/// assert_eq!(check.missing.len(), 4);
/// ```
#[must_use]
pub fn lock_check(evidence: &LockEvidence<'_>, limits: &LockLimits) -> LockCheck {
    // What a net/http server does between requests is no contention, but it shows that recording is on.
    let block = evidence.block.filter(|own| has_recorded(own));
    let block = block.map(Profile::without_idle_connections);
    let recorded = LockEvidence {
        block: block.as_ref(),
        // A sampling that is known to be on found nothing.
        mutex: evidence
            .mutex
            .filter(|own| has_recorded(own) || evidence.mutex_fraction.is_some_and(|own| own > 0)),
        ..*evidence
    };
    let off = [
        (
            "block",
            evidence.block.is_some() && recorded.block.is_none(),
        ),
        (
            "mutex",
            evidence.mutex.is_some() && recorded.mutex.is_none(),
        ),
    ];
    let off: Vec<&str> = off
        .iter()
        .filter(|(_, off)| *off)
        .map(|(name, _)| *name)
        .collect();
    check(&recorded, limits, &off)
}

/// Whether a profile recorded anything. An empty one is of a recording that is off, or of a service in which nothing
/// waited: nothing in it tells, so it is no witness of a quiet lock.
fn has_recorded(profile: &Profile) -> bool {
    !profile.samples.is_empty()
}

/// The check over what recorded something; `off` are the profiles that were given and did not.
fn check(evidence: &LockEvidence<'_>, limits: &LockLimits, off: &[&str]) -> LockCheck {
    let mut sites: BTreeMap<String, Tally> = BTreeMap::new();
    if let Some(profile) = evidence.cpu {
        let samples = profile.value_index("samples");
        each_site(profile, |site, sample, _| {
            let count = samples.and_then(|at| sample.values.get(at)).copied();
            sites.entry(site).or_default().cpu_samples += count.unwrap_or_default() as f64;
        });
    }
    if let Some(profile) = evidence.block {
        each_delay(profile, |site, lock, count, delay| {
            if lock != Act::Unlock {
                sites.entry(site).or_default().wait(count, delay);
            }
        });
    }
    if let Some(profile) = evidence.goroutine {
        each_site(profile, |site, sample, lock| {
            if lock == Act::Wait {
                let count = sample.values.first().copied().unwrap_or_default();
                sites.entry(site).or_default().waiting += count as f64;
            }
        });
    }
    if let Some(profile) = evidence.mutex {
        let waiters: BTreeSet<String> = sites
            .iter()
            .filter(|(_, tally)| tally.waited_ns > 0.0 || tally.waiting > 0.0)
            .map(|(site, _)| site.clone())
            .collect();
        each_unlock(profile, |holder, count| {
            let site = joined(&waiters, &holder);
            let tally = sites.entry(site.clone()).or_default();
            tally.contentions += count;
            if site != holder {
                tally.holders.insert(holder);
            }
        });
    }
    let mut sites: Vec<LockSuspect> = sites
        .into_iter()
        .map(|(site, tally)| tally.judged(site, evidence, limits))
        .collect();
    let signals = sites.iter_mut().flat_map(|own| &mut own.signals);
    for signal in signals.filter(|own| off.contains(&own.profile)) {
        signal.text = "recorded nothing: it is off, or nothing waited".to_owned();
    }
    sites.sort_by(|a, b| {
        (a.verdict.cmp(&b.verdict))
            .then_with(|| waited(b).total_cmp(&waited(a)))
            .then_with(|| a.site.cmp(&b.site))
    });
    LockCheck {
        suspects: sites,
        missing: missing(evidence, off),
    }
}

fn waited(suspect: &LockSuspect) -> f64 {
    suspect.numbers.waited_ns.unwrap_or_default()
}

fn missing(evidence: &LockEvidence<'_>, off: &[&str]) -> Vec<String> {
    let ways = [
        (evidence.cpu, "cpu: GET /debug/pprof/profile?seconds=30"),
        (
            evidence.block,
            "block: runtime.SetBlockProfileRate(10000), then GET /debug/pprof/block?seconds=30",
        ),
        (
            evidence.mutex,
            "mutex: runtime.SetMutexProfileFraction(10), then GET /debug/pprof/mutex?seconds=30",
        ),
        (
            evidence.goroutine,
            "goroutine: GET /debug/pprof/goroutine while it is slow",
        ),
    ];
    let absent = ways.into_iter().filter(|(profile, _)| profile.is_none());
    let told = absent.map(|(_, how)| {
        let (name, way) = how.split_once(": ").unwrap_or((how, ""));
        match off.contains(&name) {
            true if name == "mutex" && evidence.mutex_fraction == Some(0) => {
                format!("{name}: recording is off: {way}")
            }
            true => format!("{name}: recorded nothing (off, or nothing waited): {way}"),
            false => how.to_owned(),
        }
    });
    told.collect()
}

/// What is known of one site.
#[derive(Debug, Default)]
struct Tally {
    cpu_samples: f64,
    waits: f64,
    waited_ns: f64,
    /// Count and delay of the stack with the largest summed delay.
    worst: (f64, f64),
    contentions: f64,
    waiting: f64,
    holders: BTreeSet<String>,
}

impl Tally {
    fn wait(&mut self, count: f64, delay_ns: f64) {
        self.waits += count;
        self.waited_ns += delay_ns;
        if delay_ns > self.worst.1 {
            self.worst = (count, delay_ns);
        }
    }

    fn judged(self, site: String, evidence: &LockEvidence<'_>, limits: &LockLimits) -> LockSuspect {
        let signals = [
            self.cpu(evidence, limits),
            self.block(evidence, limits),
            self.mutex(evidence, limits),
            self.goroutine(evidence, limits),
        ];
        LockSuspect {
            site,
            verdict: verdict(&signals),
            signals,
            numbers: self.numbers(evidence),
            holders: self.holders.into_iter().collect(),
        }
    }

    fn numbers(&self, evidence: &LockEvidence<'_>) -> LockNumbers {
        let (count, sum) = self.worst;
        let block = |value: f64| evidence.block.map(|_| value);
        LockNumbers {
            cpu_share: evidence
                .cpu
                .map(samples_of)
                .filter(|total| *total > 0.0)
                .map(|total| self.cpu_samples / total),
            waits: block(self.waits),
            waited_ns: block(self.waited_ns),
            worst_mean_ns: block(sum / count.max(1.0)),
            worst_sum_ns: block(sum),
            contentions_per_s: evidence
                .mutex
                .and_then(|profile| window(profile, evidence))
                .map(|seconds| self.contentions / seconds),
            waiting: evidence.goroutine.map(|_| self.waiting),
        }
    }

    fn cpu(&self, evidence: &LockEvidence<'_>, limits: &LockLimits) -> LockSignal {
        let Some(profile) = evidence.cpu else {
            return absent("cpu");
        };
        let total = samples_of(profile);
        let enough = self.cpu_samples >= limits.cpu_samples;
        LockSignal {
            profile: "cpu",
            shown: Some(enough && self.cpu_samples >= limits.cpu_share * total),
            text: format!(
                "{} of {} samples under Lock or Unlock",
                count_text(self.cpu_samples),
                count_text(total)
            ),
        }
    }

    fn block(&self, evidence: &LockEvidence<'_>, limits: &LockLimits) -> LockSignal {
        let Some(profile) = evidence.block else {
            return absent("block");
        };
        let (count, delay) = self.worst;
        let mean = if count > 0.0 { delay / count } else { 0.0 };
        let since = match window(profile, evidence) {
            Some(seconds) => format!("in {} s", significant(seconds)),
            None => "since the process began".to_owned(),
        };
        LockSignal {
            profile: "block",
            shown: Some(
                mean >= limits.block_mean.as_nanos() as f64
                    && delay >= limits.block_sum.as_nanos() as f64,
            ),
            text: format!(
                "{} waits of {} {since}; worst stack {} of {} on average",
                count_text(self.waits),
                duration_text(self.waited_ns),
                duration_text(delay),
                duration_text(mean)
            ),
        }
    }

    fn mutex(&self, evidence: &LockEvidence<'_>, limits: &LockLimits) -> LockSignal {
        let Some(profile) = evidence.mutex else {
            return absent("mutex");
        };
        let fraction = f64::from(evidence.mutex_fraction.unwrap_or(1).max(1));
        let enough = self.contentions / fraction >= limits.sampled;
        let (shown, text) = match window(profile, evidence) {
            Some(seconds) => {
                let rate = self.contentions / seconds;
                (
                    Some(enough && rate >= limits.contentions_per_s),
                    format!(
                        "{} contentions in {} s: {}/s",
                        count_text(self.contentions),
                        significant(seconds),
                        significant(rate)
                    ),
                )
            }
            // Without a window a count says nothing of a rate; that nothing was ever counted does.
            None => (
                (self.contentions == 0.0).then_some(false),
                format!(
                    "{} contentions since the process began; take it with ?seconds=30 for a rate",
                    count_text(self.contentions)
                ),
            ),
        };
        LockSignal {
            profile: "mutex",
            shown,
            text,
        }
    }

    fn goroutine(&self, evidence: &LockEvidence<'_>, limits: &LockLimits) -> LockSignal {
        if evidence.goroutine.is_none() {
            return absent("goroutine");
        }
        LockSignal {
            profile: "goroutine",
            shown: Some(self.waiting >= limits.waiting),
            text: format!("{} goroutines wait for it", count_text(self.waiting)),
        }
    }
}

/// All samples of a CPU profile.
fn samples_of(profile: &Profile) -> f64 {
    let samples = profile.value_index("samples");
    samples.map_or(0.0, |at| profile.total(at) as f64)
}

fn absent(profile: &'static str) -> LockSignal {
    LockSignal {
        profile,
        shown: None,
        text: "not given".to_owned(),
    }
}

/// Seconds that a contention profile covers.
fn window(profile: &Profile, evidence: &LockEvidence<'_>) -> Option<f64> {
    let own = (profile.duration_ns > 0).then_some(profile.duration_ns as f64 / 1e9);
    own.or_else(|| evidence.window.map(|window| window.as_secs_f64()))
        .filter(|seconds| *seconds > 0.0)
}

fn verdict(signals: &[LockSignal; 4]) -> LockVerdict {
    let shown = signals.iter().filter(|it| it.shown == Some(true)).count();
    let open = signals.iter().filter(|it| it.shown.is_none()).count();
    match (shown, open) {
        (4, _) => LockVerdict::Confirmed,
        (3, _) => LockVerdict::Likely,
        (1.., 1..) if shown + open >= 3 => LockVerdict::Undecided,
        (0, _) => LockVerdict::Quiet,
        (1, _) if signals[0].shown == Some(true) => LockVerdict::Noise,
        _ => LockVerdict::Weak,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts() {
        let signals = |shown: [Option<bool>; 4]| {
            shown.map(|shown| LockSignal {
                profile: "cpu",
                shown,
                text: String::new(),
            })
        };
        let (yes, no, open) = (Some(true), Some(false), None);
        for (shown, expected) in [
            ([yes, yes, yes, yes], LockVerdict::Confirmed),
            ([no, yes, yes, yes], LockVerdict::Likely),
            ([yes, open, yes, yes], LockVerdict::Likely),
            ([yes, yes, open, no], LockVerdict::Undecided),
            ([yes, yes, no, no], LockVerdict::Weak),
            ([no, yes, no, no], LockVerdict::Weak),
            ([yes, no, no, no], LockVerdict::Noise),
            ([yes, no, no, open], LockVerdict::Noise),
            ([no, no, no, no], LockVerdict::Quiet),
            ([no, open, open, open], LockVerdict::Quiet),
        ] {
            assert_eq!(verdict(&signals(shown)), expected, "{shown:?}");
        }
    }
}
