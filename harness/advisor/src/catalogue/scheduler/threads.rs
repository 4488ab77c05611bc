//! Threads, system calls and leaked goroutines: S5, S6 and S11.

use documents::figures::{percent, significant};
use documents::finding::{Family, Severity, Try};
use gotrace::scheddetail::SchedDetail;
use gotrace::schedtrace::SchedSample;
use record::threshold::Threshold;

use crate::evidence::{Drive, Sample, Subject, Waiting};
use crate::physics;
use crate::rule::{Check, Look, Reading, Remedy, Rival, Rule, Series, Sign};
use crate::signal::Signal;

/// `_Psyscall` of runtime/runtime2.go, in use up to Go 1.25.
const P_IN_SYSCALL: u32 = 2;
/// Blocks of which a share says something by itself: each is one instant.
const ENOUGH_BLOCKS: usize = 10;
/// A step that counts as growth: below 1 % it is the coming and going of connections.
const STEP: f64 = 1.01;

pub(super) static RULES: &[Rule] = &[
    Rule {
        id: "S5",
        title: "the process needs many threads",
        family: Family::Scheduler,
        needs: &[Signal::Schedtrace],
        rivals: &[
            Rival::by(
                "S13",
                "goroutines locked to threads",
                "stacks through stoplockedm and startlockedm",
                &[],
            ),
            Rival::within(
                "threads that are parked, made once by a burst",
                "goroutines in calls, by a goroutine profile",
                &[Signal::GoroutineProfiles],
            ),
        ],
        versions: "all",
        source: "runtime/proc.go, checkmcount: 10,000 threads end the process (debug.SetMaxThreads)",
        check: Check::Series(thread_growth),
        remedy: fewer_blocking_calls,
    },
    Rule {
        id: "S6",
        title: "Ps are lost to system calls",
        family: Family::Scheduler,
        needs: &[Signal::Syscalls],
        rivals: &[Rival::within(
            "goroutines in calls that hold no P",
            "the state of the Ps while work waits: Go 1.26 shows none, and /sched/goroutines/not-in-go counts goroutines that \
             hold no P",
            &[],
        )],
        versions: "Go up to 1.25; later ones have no state of a P for it",
        source: "runtime/proc.go, retake: a P is taken back after 20 µs to 10 ms",
        check: Check::Sample(lost_to_syscalls),
        remedy: fewer_syscalls,
    },
    Rule {
        id: "S11",
        title: "goroutines leak",
        family: Family::Scheduler,
        needs: &[Signal::Goroutines],
        rivals: &[Rival::within(
            "a service that warms up, or idle connections",
            "whether every window ends with more than it began with",
            &[],
        )],
        versions: "all; Go 1.27 has the goroutineleak profile",
        source: "runtime/metrics, /sched/goroutines",
        check: Check::Series(leak),
        remedy: end_goroutines,
    },
];

fn thread_growth(series: &Series<'_>) -> Reading {
    // A count over the whole stretch: no single window says more.
    thread_count(series)
        .that_suffices()
        .with_hint(|| in_calls(series))
}

/// Where most goroutines are in calls, by the goroutine profiles.
fn in_calls(series: &Series<'_>) -> Option<String> {
    let groups = series.evidence.profiled(|own| own.goroutines.as_ref())?;
    let mut groups = groups.groups.iter();
    let most = groups.find(|own| own.waiting == Waiting::Call)?;
    let count = most.counts.iter().max().copied().unwrap_or_default();
    (count > 1).then(|| format!("{count} goroutines are in a call at {}. ", most.place))
}

fn thread_count(series: &Series<'_>) -> Reading {
    let lines: Vec<&SchedSample> = series
        .samples
        .iter()
        .flat_map(|sample| sample.sched.iter().flatten())
        .collect();
    let (Some(first), Some(last)) = (lines.first(), lines.last()) else {
        return Reading::TooLittle("scheduler lines");
    };
    let procs = f64::from(last.head.gomaxprocs);
    let threads = f64::from(last.head.threads);
    let bound = |threshold| series.thresholds.get(threshold);
    let minutes = last.head.at_ms.saturating_sub(first.head.at_ms) as f64 / 60e3;
    let per_minute = (threads / f64::from(first.head.threads.max(1)) - 1.0) / minutes;
    let most = bound(Threshold::S5CriticalFactor) * procs + bound(Threshold::S5CriticalExtra);
    let shows = |growth: String| format!("{threads} threads on {procs} Ps{growth}");
    if threads > most && threads > f64::from(first.head.threads) {
        return Reading::holds(
            Severity::Critical,
            threads,
            shows(format!(", {} at first", first.head.threads)),
            format!(
                "critical above {} and rising; 10,000 end the process",
                significant(most)
            ),
        );
    }
    let least = bound(Threshold::S5Growth);
    if minutes >= bound(Threshold::S5SpanMinutes) && per_minute >= least {
        return Reading::holds(
            Severity::Warn,
            threads,
            shows(format!(
                ", {} more per minute over {} min",
                percent(per_minute),
                significant(minutes)
            )),
            format!("warn from +{} per minute", percent(least)),
        );
    }
    let typical = physics::median(lines.iter().map(|line| f64::from(line.head.threads)));
    let beyond = procs + bound(Threshold::S5Info);
    if typical.is_some_and(|typical| typical > beyond) {
        return Reading::holds(
            Severity::Info,
            threads,
            shows(String::new()),
            format!("info above {}", significant(beyond)),
        );
    }
    Reading::Clear
}

fn fewer_blocking_calls(_: &Subject, sign: &Sign) -> Remedy {
    let place = sign.hint.clone().unwrap_or_default();
    Remedy::new(
        format!(
            "{place}Every goroutine in a blocking system call or in C holds a thread, and so does each that is locked to one. \
         Sockets do not block threads (they wait in the netpoller); files, getaddrinfo and cgo do."
        ),
        vec![
            Try::code("Bound the number of goroutines in such calls with a semaphore."),
            Try::code(
                "Name resolution through Go instead of C: GODEBUG=netdns=go, or a static build.",
            ),
            Try::measure("A threadcreate profile, and a goroutine profile filtered by `syscall`."),
        ],
        "Threads that are made once and parked cost a stack and no CPU; the runtime never ends most of them.",
    )
}

fn lost_to_syscalls(look: &Look<'_>) -> Reading {
    let blocks = look.sample.detail.as_deref().unwrap_or_default();
    let lost = |block: &SchedDetail| block.processors.iter().any(in_syscall);
    // From 1.26 on no P has that state, and its absence says nothing.
    let has_state = look.subject.go.as_ref().is_some_and(|go| !go.at_least(26));
    if blocks.iter().any(lost) || (has_state && !blocks.is_empty()) {
        by_states(look, blocks)
    } else {
        Reading::TooLittle(match &look.subject.go {
            None => "the Go version: up to 1.25 blocks show Ps in system calls",
            Some(_) => "a Go up to 1.25: later ones show no P that a system call holds",
        })
    }
}

fn in_syscall(processor: &gotrace::scheddetail::Processor) -> bool {
    processor.status == P_IN_SYSCALL
}

fn by_states(look: &Look<'_>, blocks: &[SchedDetail]) -> Reading {
    let waiting = |block: &SchedDetail| {
        let local: u64 = block
            .processors
            .iter()
            .map(|own| u64::from(own.runqsize))
            .sum();
        u64::from(block.head.runqueue) + local > 0
    };
    let lost = |block: &&SchedDetail| block.processors.iter().any(in_syscall) && waiting(block);
    let share = blocks.iter().filter(lost).count() as f64 / blocks.len() as f64;
    let least = look.bound(Threshold::S6Lines);
    if share < least {
        return Reading::Clear;
    }
    let reading = Reading::holds(
        Severity::Warn,
        share,
        format!(
            "{} of scheduler blocks have a P in a system call while work waits",
            percent(share)
        ),
        format!("warn from {}", percent(least)),
    );
    // A quarter of ten instants is three of them: what other rules want three samples for.
    match blocks.len() {
        ENOUGH_BLOCKS.. => reading.that_suffices(),
        _ => reading,
    }
}

fn fewer_syscalls(_: &Subject, _: &Sign) -> Remedy {
    Remedy::new(
        "Blocking calls that are short of what makes the runtime hand the P on: each holds a P, or the Ps are handed \
         from thread to thread all the time.",
        vec![
            Try::code(
                "Fewer and larger calls: buffered writers, one write per log line, no fsync per request.",
            ),
            Try::code("Move blocking file work to a bounded pool."),
            Try::setting(
                "A higher GOMAXPROCS can cover short blocking calls where CPUs are idle meanwhile; measure it as an axis.",
            ),
        ],
        "Waiting on sockets: that is the netpoller's, and holds no P. A blocked read does not bind its P for long \
         either; sysmon takes it back.",
    )
}

fn leak(series: &Series<'_>) -> Reading {
    let points: Vec<f64> = series
        .samples
        .iter()
        .filter_map(|sample| sample.runtime.as_ref()?.goroutines)
        .flatten()
        .collect();
    if points.len() < 4 {
        return Reading::TooLittle("goroutine counts at both ends of two windows");
    }
    let rising = points.windows(2).all(|pair| pair[1] >= pair[0])
        && series.samples.iter().all(|sample| grows(sample));
    let last = points.last().copied().unwrap_or(0.0);
    let Some(concurrency) = concurrency(series.samples) else {
        return Reading::TooLittle("the number of connections");
    };
    let factor = series.thresholds.get(Threshold::S11Factor);
    if !rising || last <= factor * concurrency {
        return Reading::Clear;
    }
    Reading::holds(
        Severity::Critical,
        last / concurrency,
        format!(
            "goroutines rise from {} to {} without falling, at {} requests in flight at most",
            significant(points[0]),
            significant(last),
            significant(concurrency)
        ),
        format!(
            "critical above {} per request in flight and rising",
            significant(factor)
        ),
    )
}

fn grows(sample: &Sample) -> bool {
    let counts = sample.runtime.as_ref().and_then(|own| own.goroutines);
    counts.is_some_and(|[before, after]| after > STEP * before)
}

/// Requests in flight at most. A log does not say; there a service's goroutines at first stand for it.
fn concurrency(samples: &[&Sample]) -> Option<f64> {
    let connections = samples.iter().filter_map(|sample| sample.load.as_ref());
    let most = connections
        .map(|load| load.connections as f64)
        .reduce(f64::max);
    let live = samples.iter().all(|sample| sample.drive == Drive::Live);
    let first = || samples.first()?.runtime.as_ref()?.goroutines;
    most.or_else(|| first().filter(|_| live).map(|[before, _]| before.max(1.0)))
}

fn end_goroutines(_: &Subject, _: &Sign) -> Remedy {
    Remedy::new(
        "Goroutines are started and never end: a send or receive that nobody answers, a context that is never \
         cancelled, a ticker loop without an exit.",
        vec![
            Try::measure(
                "Two goroutine profiles a minute apart: the stack whose count grew is the leak. On Go 1.27: /debug/pprof/goroutineleak.",
            ),
            Try::code(
                "Give every goroutine an end: ctx.Done() in its select, a buffered channel for a single answer, a close that its range sees.",
            ),
        ],
        "While a service warms up, or holds idle connections by intention (one goroutine each at least): there the \
         count levels off.",
    )
}
