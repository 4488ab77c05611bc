//! Locks: the application's, what they cost per request, and the runtime's own.

use documents::figures::{listed, milliseconds, percent, significant};
use documents::finding::{Family, Severity, Try};
use record::threshold::Threshold;

use super::gc::ENOUGH_CPU_SAMPLES;
use crate::evidence::{LockSite, Subject};
use crate::rule::{Check, Figure, Look, Reading, Remedy, Rule, Sign, warn_and_critical};
use crate::signal::Signal;

pub(super) static RULES: &[Rule] = &[
    Rule {
        id: "L1",
        title: "a mutex is contended",
        family: Family::Locks,
        needs: &[Signal::LockProfiles],
        versions: "all; mutex delays of Go 1.21 and 1.22 do not compare (1.22 multiplies by the waiters)",
        source: "runtime/mprof.go; runtime/sema.go; Go 1.22 release notes",
        check: Check::Sample(contended),
        remedy: shorten_lock,
    },
    Rule {
        id: "L2",
        title: "requests spend their time waiting for mutexes",
        family: Family::Locks,
        needs: &[Signal::Metrics, Signal::Load],
        versions: "Go 1.20 and later; from 1.22 on the runtime's own locks are part of it",
        source: "runtime/metrics, /sync/mutex/wait/total",
        check: Check::Sample(wait_budget),
        remedy: profile_locks,
    },
    Rule {
        id: "L3",
        title: "the runtime's own locks cost CPU",
        family: Family::Locks,
        needs: &[Signal::CpuProfile],
        versions: "all; 1.24 has a cheaper runtime mutex, 1.25 names the stacks in the mutex profile",
        source: "runtime/lock_futex.go, runtime/lock_spinbit.go; the scheduler's lock is a field, never a frame",
        check: Check::Sample(runtime_locks),
        remedy: less_scheduling,
    },
];

/// The four profiles of one place: CPU, block, mutex, goroutine. Each answer is `None` where its profile is missing.
fn answers(look: &Look<'_>, site: &LockSite) -> [(&'static str, Option<bool>); 4] {
    let at_least = |value: Option<f64>, bound| value.map(|own| own >= look.bound(bound));
    let mean = at_least(site.block_mean_ms, Threshold::L1BlockMean);
    let sum = at_least(site.block_sum_ms, Threshold::L1BlockSum);
    #[expect(clippy::cast_precision_loss, reason = "counts of goroutines")]
    let waiters = site.waiters.map(|own| own as f64);
    [
        ("CPU", at_least(site.cpu_share, Threshold::L1Cpu)),
        ("block", mean.zip(sum).map(|(mean, sum)| mean && sum)),
        (
            "mutex",
            at_least(site.contentions_per_30s, Threshold::L1Contentions),
        ),
        ("goroutine", at_least(waiters, Threshold::L1Waiters)),
    ]
}

fn contended(look: &Look<'_>) -> Reading {
    let sites = look
        .sample
        .profiles
        .as_ref()
        .and_then(|own| own.locks.as_ref());
    let mut worst: Option<(usize, &LockSite, Vec<&str>)> = None;
    for site in sites.into_iter().flatten() {
        let names: Vec<&str> = answers(look, site)
            .into_iter()
            .filter(|(_, answer)| *answer == Some(true))
            .map(|(name, _)| name)
            .collect();
        if worst.as_ref().is_none_or(|(most, ..)| names.len() > *most) {
            worst = Some((names.len(), site, names));
        }
    }
    // CPU time alone is noise: a lock that is taken often and never waited for shows there too.
    let Some((agreeing @ 3..=4, site, names)) = worst else {
        return Reading::Clear;
    };
    let (severity, word) = match agreeing {
        4 => (Severity::Critical, "confirmed"),
        _ => (Severity::Warn, "likely"),
    };
    let numbers = [
        site.block_mean_ms
            .map(|own| format!("mean wait {}", milliseconds(own))),
        site.contentions_per_30s
            .map(|own| format!("{} contentions per 30 s", significant(own))),
        site.waiters.map(|own| format!("{own} goroutines waiting")),
    ];
    let numbers: Vec<String> = numbers.into_iter().flatten().collect();
    Reading::holds(
        severity,
        site.block_sum_ms.unwrap_or(0.0),
        format!(
            "{word} by {agreeing} of 4 profiles ({}) at {}: {}",
            listed(&names),
            site.site,
            numbers.join(", ")
        ),
        "warn where 3 agree, critical where 4 do".to_owned(),
    )
    .that_suffices()
}

fn shorten_lock(_: &Subject, _: &Sign) -> Remedy {
    Remedy::new(
        "One lock stands in the way of all requests at once: while it is held the others queue, and more Ps only make \
         the queue longer.",
        vec![
            Try::code("Hold it shorter: no I/O, no allocation, no logging under the lock."),
            Try::code(
                "Split it (one per shard, per key, per P), or replace it: sync.Map or a copy for what is mostly read, atomics for counters.",
            ),
            Try::setting(
                "If the code cannot change: fewer GOMAXPROCS lose less to the lock; measure it as an axis.",
            ),
        ],
        "No environment variable fixes it. RWMutex helps only where readers hold it long; its own counter is shared.",
    )
}

fn wait_budget(look: &Look<'_>) -> Reading {
    let wait = look
        .sample
        .runtime
        .as_ref()
        .and_then(|own| own.mutex_wait_s);
    let (Some(wait), Some(load)) = (wait, &look.sample.load) else {
        return Reading::TooLittle("/sync/mutex/wait/total (Go 1.20 on)");
    };
    let Some(mean) = load.mean_ms.filter(|mean| *mean > 0.0 && load.answered > 0) else {
        return Reading::TooLittle("requests answered, with their mean latency");
    };
    #[expect(clippy::cast_precision_loss, reason = "requests of a window")]
    let per_request = wait * 1e3 / load.answered as f64;
    let figure = Figure {
        value: per_request / mean,
        shows: format!(
            "{} of mutex wait per request, {} of its {} mean latency",
            milliseconds(per_request),
            percent(per_request / mean),
            milliseconds(mean)
        ),
        unit: percent,
    };
    look.above(
        figure,
        &warn_and_critical(Threshold::L2Warn, Threshold::L2Critical),
    )
}

fn profile_locks(_: &Subject, _: &Sign) -> Remedy {
    Remedy::new(
        "Goroutines wait for each other at sync.Mutex or sync.RWMutex; the metric says how long, not where.",
        vec![
            Try::measure(
                "Take the four profiles (L1): runtime.SetMutexProfileFraction(100) and SetBlockProfileRate(10000) are cheap enough for production.",
            ),
            Try::code("Then shorten, split or replace the lock that they name."),
            Try::setting("GOMAXPROCS as an axis: a contended lock gives most at few Ps."),
        ],
        "Where a request waits by intention, e.g. singleflight. GOGC and GODEBUG settings change nothing here.",
    )
}

fn runtime_locks(look: &Look<'_>) -> Reading {
    let cpu = look.sample.profiles.as_ref().and_then(|own| own.cpu);
    let Some(cpu) = cpu.filter(|own| own.samples >= ENOUGH_CPU_SAMPLES) else {
        return Reading::TooLittle("100 samples in the CPU profile");
    };
    let figure = Figure {
        value: cpu.runtime_locks,
        shows: format!(
            "{} of CPU time in runtime.lock2, unlock2 and futex below the scheduler",
            percent(cpu.runtime_locks)
        ),
        unit: percent,
    };
    look.above(
        figure,
        &warn_and_critical(Threshold::L3Warn, Threshold::L3Critical),
    )
    .that_suffices()
}

fn less_scheduling(_: &Subject, _: &Sign) -> Remedy {
    Remedy::new(
        "Goroutines block and wake so often, on so many Ps, that the scheduler's own queues are contended.",
        vec![
            Try::setting("Lower GOMAXPROCS, or one process per NUMA node."),
            Try::code(
                "Fewer and larger hand-overs: batch over channels, fewer goroutines per request, fewer short timers.",
            ),
            Try::measure(
                "A newer Go: 1.24 replaced the runtime's mutex; compare toolchains in one matrix.",
            ),
        ],
        "A frame `runtime.sched.lock` does not exist in any profile; look for lock2 and unlock2.",
    )
}
