//! Locks and channels: the application's, what they cost per request, and the runtime's own locks.

use documents::figures::{count_text, listed, milliseconds, percent, significant};
use documents::finding::{Family, Severity, Try};
use documents::profile::{LockSuspect, LockVerdict};
use record::threshold::Threshold;

use super::gc::ENOUGH_CPU_SAMPLES;
use crate::evidence::{GoroutineGroup, Subject, Waiting};
use crate::rule::{Check, Figure, Look, Reading, Remedy, Rival, Rule, Sign, warn_and_critical};
use crate::signal::Signal;

/// The family, by number.
pub(super) fn rules() -> impl Iterator<Item = &'static Rule> {
    super::by_number([RULES])
}

static RULES: &[Rule] = &[
    Rule {
        id: "L1",
        title: "a mutex is contended",
        family: Family::Locks,
        needs: &[Signal::LockProfiles],
        rivals: &[
            Rival::by(
                "S12",
                "goroutines that never end",
                "whether their number grows",
                &[],
            ),
            Rival::within(
                "a lock that is taken often and never waited for",
                "waiters by the block, mutex and goroutine profiles; CPU time under Lock alone is noise",
                &[],
            ),
        ],
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
        rivals: &[Rival::within(
            "goroutines that serve no request",
            "waits that add up to more than the latency say so",
            &[],
        )],
        versions: "Go 1.20 and later; from 1.22 on the runtime's own locks are part of it",
        source: "runtime/metrics, /sync/mutex/wait/total",
        check: Check::Sample(wait_budget),
        remedy: profile_locks,
    },
    Rule {
        id: "L4",
        title: "requests wait at a channel",
        family: Family::Locks,
        needs: &[Signal::GoroutineProfiles],
        rivals: &[
            Rival::by(
                "S12",
                "goroutines that never end",
                "whether their number grows",
                &[],
            ),
            Rival::within(
                "a stream or a long poll, which waits by intention",
                "waits that end, by a block profile; waiting to send counts without",
                &[Signal::LockProfiles],
            ),
        ],
        versions: "all",
        source: "runtime/chan.go; runtime/pprof, goroutine and block profiles",
        check: Check::Sample(channel),
        remedy: widen_channel,
    },
    Rule {
        id: "L3",
        title: "the runtime's own locks cost CPU",
        family: Family::Locks,
        needs: &[Signal::CpuProfile],
        rivals: &[
            Rival::by(
                "S13",
                "goroutines locked to threads",
                "stacks through stoplockedm and startlockedm",
                &[],
            ),
            Rival::within(
                "threads that sleep for want of work",
                "stacks through note* below findRunnable: S14",
                &[],
            ),
            Rival::within(
                "a lock that is taken often and never waited for",
                "spinning and sleeping below lock2 (procyield, osyield, futex)",
                &[],
            ),
        ],
        versions: "all; 1.24 has a cheaper runtime mutex, 1.25 names the stacks in the mutex profile",
        source: "runtime/lock_futex.go, runtime/lock_spinbit.go; the scheduler's lock is a field, never a frame",
        check: Check::Sample(runtime_locks),
        remedy: less_scheduling,
    },
];

fn contended(look: &Look<'_>) -> Reading {
    let check = look
        .sample
        .profiles
        .as_ref()
        .and_then(|own| own.locks.as_ref());
    let mut suspects = check.into_iter().flat_map(|own| &own.suspects);
    // The most strongly shown comes first.
    let Some(site) = suspects.find(|own| is_contended(look, own)) else {
        let off = check.is_some_and(|own| own.suspects.is_empty() && own.missing.len() > 2);
        return match off {
            true => Reading::TooLittle(
                "mutex and block profiling switched on (SetMutexProfileFraction, SetBlockProfileRate)",
            ),
            false => Reading::Clear,
        };
    };
    let severity = match site.verdict {
        LockVerdict::Confirmed => Severity::Critical,
        _ => Severity::Warn,
    };
    let shown = site.signals.iter().filter(|own| own.shown == Some(true));
    let names: Vec<&str> = shown.map(|own| own.profile).collect();
    let open = site.signals.iter().filter(|own| own.shown.is_none());
    let open: Vec<&str> = open.map(|own| own.profile).collect();
    let numbers = &site.numbers;
    let waited = numbers.worst_mean_ns.filter(|_| names.contains(&"block"));
    let contentions = numbers
        .contentions_per_s
        .filter(|_| names.contains(&"mutex"));
    let waiters = numbers.waiting.filter(|own| *own > 0.0);
    let told = [
        waited.map(|ns| format!("mean wait {}", milliseconds(ns / 1e6))),
        contentions.map(|per_s| format!("{} contentions per 30 s", significant(per_s * 30.0))),
        waiters.map(|own| format!("{} goroutines waiting", count_text(own))),
    ];
    let told: Vec<String> = told.into_iter().flatten().collect();
    let by = match site.verdict {
        LockVerdict::Undecided => format!("by the {} profile alone", listed(&names)),
        verdict => format!(
            "{} by {} of 4 profiles ({})",
            verdict.word(),
            names.len(),
            listed(&names)
        ),
    };
    let without = match open.as_slice() {
        [] => String::new(),
        open => format!("; nothing recorded by {}", listed(open)),
    };
    Reading::holds(
        severity,
        numbers.worst_sum_ns.unwrap_or(0.0) / 1e6,
        format!("{by} at {}: {}{without}", site.site, told.join(", ")),
        "critical where 4 agree, warn where 3 do or goroutines wait there".to_owned(),
    )
    .that_suffices()
}

/// Three profiles show it; or goroutines wait there, and of the block and mutex profiles none says no. CPU time alone
/// is noise: a lock that is taken often and never waited for shows there too.
fn is_contended(look: &Look<'_>, site: &LockSuspect) -> bool {
    let [_, block, mutex, goroutine] = &site.signals;
    match site.verdict {
        LockVerdict::Confirmed | LockVerdict::Likely => true,
        LockVerdict::Undecided => {
            let denied = [block, mutex].iter().any(|own| own.shown == Some(false));
            goroutine.shown == Some(true) && !denied && stays_contended(look, &site.site)
        }
        _ => false,
    }
}

/// Whether every goroutine profile of the stretch shows waiters there, where there are several.
fn stays_contended(look: &Look<'_>, site: &str) -> bool {
    let groups = look
        .sample
        .profiles
        .as_ref()
        .and_then(|own| own.goroutines.as_ref());
    let Some(groups) = groups.filter(|own| own.totals.len() > 1) else {
        return true;
    };
    let at_site =
        |own: &&GoroutineGroup| own.waiting == Waiting::Lock && own.place.starts_with(site);
    let each = (0..groups.totals.len()).map(|at| {
        let here = groups.groups.iter().filter(at_site);
        here.filter_map(|own| own.counts.get(at)).sum::<u64>() as f64
    });
    let least = look.bound(Threshold::L1Waiters);
    let lasting = each.filter(|own| *own >= least).count();
    2 * lasting > groups.totals.len()
}

fn channel(look: &Look<'_>) -> Reading {
    let profiles = look.sample.profiles.as_ref();
    let by_block = profiles.and_then(|own| own.channels.as_ref());
    let groups = profiles.and_then(|own| own.goroutines.as_ref());
    let least = look.bound(Threshold::L4Waiters);
    let mean = look.bound(Threshold::L4Mean);
    let lasts = |own: &&GoroutineGroup| {
        let lasting = own.counts.iter().filter(|count| **count as f64 >= least);
        own.serves && 2 * lasting.count() > own.counts.len()
    };
    // A request that waits to send is behind others. One that waits to receive may wait by intention, as a stream
    // does: waits that end, by the block profile, tell.
    let ends = |own: &&GoroutineGroup| {
        by_block.is_some_and(|block| block.place == own.place && block.mean_ms >= mean)
    };
    let of = |waiting: Waiting| {
        groups
            .into_iter()
            .flat_map(|own| &own.groups)
            .filter(move |own| own.waiting == waiting)
    };
    let sends = of(Waiting::Send).find(lasts);
    let receives = of(Waiting::Receive).chain(of(Waiting::Select));
    let Some(group) = sends.or_else(|| receives.filter(lasts).find(ends)) else {
        return match by_block {
            None if groups.is_none() => Reading::TooLittle("a goroutine profile"),
            _ => Reading::Clear,
        };
    };
    let waiters = group.counts.iter().max().copied().unwrap_or_default();
    let doing = match group.waiting {
        Waiting::Send => "send to",
        _ => "receive from",
    };
    let waited = by_block
        .filter(|own| own.place == group.place)
        .map(|own| format!(", mean wait {}", milliseconds(own.mean_ms)));
    Reading::holds(
        Severity::Warn,
        waiters as f64,
        format!(
            "{waiters} requests at once wait to {doing} a channel at {}{}",
            group.place,
            waited.unwrap_or_default()
        ),
        format!("warn from {}", significant(least)),
    )
    .that_suffices()
}

fn widen_channel(_: &Subject, _: &Sign) -> Remedy {
    Remedy::new(
        "Requests queue for whoever is at the other end of the channel: too few workers, or each too slow. Neither the \
         scheduler nor a lock is in the way.",
        vec![
            Try::code(
                "More workers at the other end, or less for each to do: measure its rate against that of requests.",
            ),
            Try::code(
                "Refuse instead of queueing when it is full (a select with a default), so that latency stays bounded.",
            ),
            Try::measure("The goroutine profile tells what the workers themselves wait for."),
        ],
        "Where the queue is the limit that was wanted: a buffered channel makes it longer, not faster.",
    )
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
        shows: match per_request <= mean {
            true => format!(
                "{} of mutex wait per request, {} of its {} mean latency",
                milliseconds(per_request),
                percent(per_request / mean),
                milliseconds(mean)
            ),
            // Several goroutines of a request, and those of none, wait at once.
            false => format!(
                "{} of mutex wait per request, more than its {} mean latency: goroutines that serve none wait too",
                milliseconds(per_request),
                milliseconds(mean)
            ),
        },
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
    if cpu.runtime_lock_waits < look.bound(Threshold::L3Waiting) {
        return Reading::Clear;
    }
    let figure = Figure {
        value: cpu.runtime_locks,
        shows: format!(
            "{} of CPU time in runtime.lock2 and unlock2, {} spinning and sleeping for them",
            percent(cpu.runtime_locks),
            percent(cpu.runtime_lock_waits)
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
