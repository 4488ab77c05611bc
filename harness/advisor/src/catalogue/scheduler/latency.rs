//! How long what could run must wait, and how long stopping takes: S2, S7 and S8.

use documents::figures::milliseconds;
use documents::finding::{Family, Severity, Try};
use record::threshold::Threshold;

use crate::catalogue::gc::has_preemption_off;
use crate::evidence::Subject;
use crate::rule::{Check, Figure, Look, Reading, Remedy, Rival, Rule, Sign, warn_and_critical};
use crate::signal::Signal;

pub(super) static RULES: &[Rule] = &[
    Rule {
        id: "S2",
        title: "goroutines wait long before they run",
        family: Family::Scheduler,
        needs: &[Signal::Metrics, Signal::OwnPace],
        rivals: &[
            Rival::by(
                "H1",
                "a quota that throttles",
                "throttled periods",
                &[Signal::Throttling],
            ),
            Rival::within(
                "a closed loop, whose queues are the experiment",
                "how the load is driven",
                &[],
            ),
        ],
        versions: "Go 1.17 and later; figures of 1.25 and of 1.26 do not compare (golang/go#79391)",
        source: "runtime/metrics, /sched/latencies (one transition in eight, system goroutines included)",
        check: Check::Sample(scheduling_latency),
        remedy: shorter_queues,
    },
    Rule {
        id: "S7",
        title: "a goroutine starves",
        family: Family::Scheduler,
        needs: &[Signal::SchedLatencyTail, Signal::OwnPace],
        rivals: &[
            Rival::by(
                "H1",
                "a quota that throttles",
                "throttled periods",
                &[Signal::Throttling],
            ),
            Rival::within(
                "too few samples for a 99.9th percentile",
                "how many transitions the window had",
                &[],
            ),
        ],
        versions: "Go 1.17 and later; figures of 1.25 and of 1.26 do not compare (golang/go#79391)",
        source: "runtime/proc.go, forcePreemptNS: a slice is 10 ms before it is preempted",
        check: Check::Sample(starvation),
        remedy: break_up_loops,
    },
    Rule {
        id: "S8",
        title: "stopping the world takes long",
        family: Family::Scheduler,
        needs: &[Signal::GcCycles],
        rivals: &[
            Rival::by(
                "H1",
                "a quota that throttles while the world stops",
                "throttled periods",
                &[Signal::Throttling],
            ),
            Rival::within(
                "a host that does not run the threads",
                "run-queue delay (H3)",
                &[Signal::Process],
            ),
        ],
        versions: "/sched/pauses/stopping since Go 1.22; asyncpreemptoff since 1.14",
        source: "runtime/metrics, /sched/pauses/stopping/gc; runtime/preempt.go",
        check: Check::Sample(slow_stop),
        remedy: preemption_on,
    },
];

fn scheduling_latency(look: &Look<'_>) -> Reading {
    let runtime = look.sample.runtime.as_ref();
    let Some(p99) = runtime.and_then(|own| own.sched_p99_ms) else {
        return Reading::TooLittle("scheduling latencies in the window");
    };
    let objective = look.subject.objective_p99_ms.unwrap_or(0.0);
    let warn = look
        .bound(Threshold::S2Warn)
        .max(look.bound(Threshold::S2Objective) * objective);
    let critical = look.bound(Threshold::S2Critical);
    let (severity, bound) = if p99 >= critical.max(warn) {
        (Severity::Critical, critical)
    } else {
        (Severity::Warn, warn)
    };
    if p99 <= warn {
        return Reading::Clear;
    }
    Reading::holds(
        severity,
        p99,
        format!(
            "P99 of the time from runnable to running up to {}",
            milliseconds(p99)
        ),
        format!("{} above {}", severity.word(), milliseconds(bound)),
    )
}

fn shorter_queues(_: &Subject, _: &Sign) -> Remedy {
    Remedy::new(
        "Requests that could run wait for a P: too little CPU for this rate (S1), threads that the kernel does not run \
         (H1, H3), bursts of goroutines, or long loops (S7).",
        vec![
            Try::host("Look at H1 and H3 first: a throttled or crowded CPU shows here in full."),
            Try::setting("GOMAXPROCS as many as the CPUs that the process really gets; no more."),
            Try::code("Bound how many goroutines a request starts."),
        ],
        "Batch services without a latency objective. Scheduling latency in a closed loop at saturation is the \
         experiment (such windows are not judged).",
    )
}

fn starvation(look: &Look<'_>) -> Reading {
    let runtime = look.sample.runtime.as_ref();
    let Some(p999) = runtime.and_then(|own| own.sched_p999_ms) else {
        return Reading::TooLittle("scheduling latencies in the window");
    };
    let figure = Figure {
        value: p999,
        shows: format!(
            "P99.9 of the time from runnable to running up to {}",
            milliseconds(p999)
        ),
        unit: milliseconds,
    };
    look.above(figure, &[(Severity::Warn, Threshold::S7Warn)])
}

fn break_up_loops(subject: &Subject, _: &Sign) -> Remedy {
    let mut tries = vec![
        Try::code(
            "Find the long loop with a CPU profile and give it a pool of fewer workers than GOMAXPROCS, or let it call runtime.Gosched at times.",
        ),
        Try::host(
            "Exclude the host: with H1 or H3 firing the kernel starves the threads, not Go the goroutines.",
        ),
    ];
    if has_preemption_off(subject) {
        tries.insert(0, Try::setting("Remove GODEBUG=asyncpreemptoff=1."));
    }
    Remedy::new(
        "A runnable goroutine waited two forced-preemption slices or more. 2 to 3 ms are normal on a busy P; 20 ms mean \
         that other goroutines hold the Ps for all their slices.",
        tries,
        "With fewer than a few thousand samples P99.9 is the largest or second largest of them.",
    )
}

fn slow_stop(look: &Look<'_>) -> Reading {
    let runtime = look.sample.runtime.as_ref();
    if let Some(p99) = runtime.and_then(|own| own.stopping_p99_ms) {
        let figure = Figure {
            value: p99,
            shows: format!(
                "P99 of the time to stop the world up to {}",
                milliseconds(p99)
            ),
            unit: milliseconds,
        };
        let reading = look.above(
            figure,
            &warn_and_critical(Threshold::S8Warn, Threshold::S8Critical),
        );
        if reading != Reading::Clear {
            return reading;
        }
    }
    if has_preemption_off(look.subject) {
        return Reading::holds(
            Severity::Warn,
            0.0,
            "GODEBUG=asyncpreemptoff=1".to_owned(),
            "warn wherever it is set".to_owned(),
        );
    }
    match runtime.and_then(|own| own.stopping_p99_ms) {
        Some(_) => Reading::Clear,
        None => Reading::TooLittle(Signal::StoppingTime.describe()),
    }
}

fn preemption_on(subject: &Subject, _: &Sign) -> Remedy {
    let cause = if has_preemption_off(subject) {
        "asyncpreemptoff=1: a loop without function calls runs until it ends, and GC waits for it. A loop of seconds \
         stops everybody for seconds."
    } else {
        "A thread must be interrupted and must run to see it: one that waits for a CPU, or is in a long system call \
         return or a page fault, holds up the stop."
    };
    Remedy::new(
        cause,
        vec![
            Try::setting(
                "Remove GODEBUG=asyncpreemptoff=1; it is a switch for debugging the runtime.",
            ),
            Try::host("See H1 and H3; do not give more Ps than CPUs."),
            Try::setting("Fewer GC cycles mean fewer stops: raise GOGC."),
        ],
        "Where pauses are rare and P99.9 does not matter.",
    )
}
