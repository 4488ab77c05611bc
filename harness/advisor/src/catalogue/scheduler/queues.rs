//! What scheduler lines say of queues and Ps: S1, S3, S4, S9 and S10.

use documents::figures::{milliseconds, percent, significant};
use documents::finding::{Family, Severity, Try};
use gotrace::schedtrace::SchedSample;
use record::threshold::Threshold;

use crate::catalogue::gc::ENOUGH_CPU_SAMPLES;
use crate::evidence::Subject;
use crate::physics;
use crate::rule::{Check, Look, Reading, Remedy, Rival, Rule, Sign};
use crate::signal::Signal;

/// Lines from which on a share of lines means something: each is one instant.
const ENOUGH_LINES: usize = 10;
const TOO_FEW_LINES: Reading = Reading::TooLittle("ten scheduler lines in a window");

pub(super) static RULES: &[Rule] = &[
    Rule {
        id: "S1",
        title: "runnable goroutines pile up",
        family: Family::Scheduler,
        needs: &[Signal::Schedtrace, Signal::OwnPace],
        rivals: &[
            Rival::within(
                "a test that offers more than the service can do",
                "closed loops are not judged",
                &[],
            ),
            Rival::within(
                "fewer CPUs than Ps",
                "run-queue delay (H3) and throttling (H1)",
                &[Signal::Process, Signal::Throttling],
            ),
        ],
        versions: "Go 1.5 and later",
        source: "runtime/proc.go, schedtrace: runqueue is the global queue, the brackets are those of the Ps",
        check: Check::Sample(queues_build_up),
        remedy: more_cpu,
    },
    Rule {
        id: "S3",
        title: "Ps stand idle while work waits",
        family: Family::Scheduler,
        needs: &[Signal::Schedtrace],
        rivals: &[
            Rival::by(
                "S13",
                "goroutines locked to threads",
                "stacks through stoplockedm and startlockedm",
                &[Signal::CpuProfile],
            ),
            Rival::by(
                "H3",
                "woken threads that wait for a CPU",
                "run-queue delay",
                &[Signal::Process],
            ),
        ],
        versions: "Go 1.5 and later",
        source: "runtime/proc.go, wakep and findRunnable",
        check: Check::Sample(idle_while_queued),
        remedy: wake_up_lag,
    },
    Rule {
        id: "S4",
        title: "the latency is not the scheduler's",
        family: Family::Scheduler,
        needs: &[
            Signal::Schedtrace,
            Signal::OwnPace,
            Signal::Load,
            Signal::Process,
            Signal::Length,
            Signal::LatencyObjective,
        ],
        rivals: &[
            Rival::by("L1", "a lock", "the four profiles", &[Signal::LockProfiles]),
            Rival::by(
                "L4",
                "a channel",
                "goroutine profiles",
                &[Signal::GoroutineProfiles],
            ),
        ],
        versions: "Go 1.5 and later",
        source: "runtime/proc.go, schedtrace; the method: B. Gregg, Systems Performance, USE",
        check: Check::Sample(waits_elsewhere),
        remedy: look_downstream,
    },
    Rule {
        id: "S9",
        title: "threads burn CPU looking for work",
        family: Family::Scheduler,
        needs: &[Signal::Schedtrace, Signal::CpuProfile],
        rivals: &[Rival::by(
            "S13",
            "goroutines locked to threads",
            "stacks through stoplockedm and startlockedm",
            &[],
        )],
        versions: "Go 1.5 and later",
        source: "runtime/proc.go, worker thread parking/unparking",
        check: Check::Sample(spinning),
        remedy: fewer_ps,
    },
    Rule {
        id: "S10",
        title: "the Ps are unevenly busy",
        family: Family::Scheduler,
        needs: &[Signal::Schedticks],
        rivals: &[Rival::within(
            "the background sweeper, which yields at every span",
            "whether all Ps are busy",
            &[],
        )],
        versions: "Go 1.25 and later (schedticks); any with scheddetail",
        source: "runtime/proc.go, schedtrace. schedticks also counts the background sweeper's yields",
        check: Check::Sample(uneven),
        remedy: even_out,
    },
];

fn lines<'a>(look: &Look<'a>) -> &'a [SchedSample] {
    look.sample.sched.as_deref().unwrap_or_default()
}

fn share_of(lines: &[SchedSample], test: impl Fn(&SchedSample) -> bool) -> f64 {
    lines.iter().filter(|line| test(line)).count() as f64 / lines.len() as f64
}

fn queues_build_up(look: &Look<'_>) -> Reading {
    let lines = lines(look);
    if lines.len() < ENOUGH_LINES {
        return TOO_FEW_LINES;
    }
    // One goroutine that waits for the only P is two that take turns, not a queue.
    let beyond = |per_p: f64| {
        share_of(lines, |line| {
            let least = (per_p * f64::from(line.head.gomaxprocs)).max(2.0);
            line.head.idleprocs == 0 && line.queued() as f64 >= least
        })
    };
    let least = look.bound(Threshold::S1Lines);
    let grades = [
        (Severity::Critical, Threshold::S1Critical),
        (Severity::Warn, Threshold::S1Warn),
    ];
    let found = grades
        .into_iter()
        .find(|(_, bound)| beyond(look.bound(*bound)) >= least);
    let Some((severity, bound)) = found else {
        return Reading::Clear;
    };
    let per_p = physics::median(
        lines
            .iter()
            .map(|line| line.queued() as f64 / f64::from(line.head.gomaxprocs.max(1))),
    );
    let per_p = per_p.unwrap_or(0.0);
    let bound = look.bound(bound);
    Reading::holds(
        severity,
        per_p,
        format!(
            "{} runnable goroutines per P at the median, no P idle",
            significant(per_p)
        ),
        format!(
            "{} from {} per P in {} of lines",
            severity.word(),
            significant(bound),
            percent(least)
        ),
    )
}

fn more_cpu(_: &Subject, _: &Sign) -> Remedy {
    Remedy::new(
        "There is more to run than Ps to run it: the service is at the end of its CPU.",
        vec![
            Try::setting(
                "Where GOMAXPROCS is below the CPUs that the process may use: raise it to them.",
            ),
            Try::host("More CPU, or more instances, at this rate."),
            Try::code(
                "Less CPU per request: start from a CPU profile; G2 and G4 say how much of it is GC and allocation.",
            ),
            Try::measure(
                "Profile-guided optimisation: a CPU profile of this load as default.pgo beside main, measured as the axis `pgo`.",
            ),
        ],
        "In a test that offers more than the service can do; there it is the experiment.",
    )
}

fn idle_while_queued(look: &Look<'_>) -> Reading {
    let lines = lines(look);
    let least = look.bound(Threshold::S3Lines);
    let queue = look.bound(Threshold::S3Queue);
    if (lines.len() as f64) < least {
        return TOO_FEW_LINES;
    }
    let waits = |line: &SchedSample| line.head.idleprocs >= 1 && line.queued() as f64 >= queue;
    let longest = lines.chunk_by(|a, b| waits(a) == waits(b));
    let longest = longest
        .filter(|run| waits(&run[0]))
        .map(<[_]>::len)
        .max()
        .unwrap_or(0);
    if (longest as f64) < least {
        return Reading::Clear;
    }
    Reading::holds(
        Severity::Warn,
        longest as f64,
        format!(
            "{longest} lines running with an idle P and {} goroutines or more queued",
            significant(queue)
        ),
        format!("warn from {} lines", significant(least)),
    )
}

fn wake_up_lag(_: &Subject, _: &Sign) -> Remedy {
    Remedy::new(
        "A P is idle, but the thread to run it is not awake yet, or the goroutines that wait are locked to threads \
         (runtime.LockOSThread) and no other may run them.",
        vec![
            Try::code(
                "Take LockOSThread out of paths that serve requests; keep it to the thread that needs it.",
            ),
            Try::host("See H3: a woken thread that waits for a CPU looks the same from inside."),
            Try::measure(
                "scheddetail=1 outside of measuring: `lockedm` and `lockedg` name the locked ones.",
            ),
        ],
        "Idle Ps and empty queues are not this: that is a service with nothing to do, or one that waits (S4).",
    )
}

fn waits_elsewhere(look: &Look<'_>) -> Reading {
    let lines = lines(look);
    if lines.len() < ENOUGH_LINES {
        return TOO_FEW_LINES;
    }
    let (Some(load), Some(objective)) = (&look.sample.load, look.subject.objective_p99_ms) else {
        return Reading::Clear;
    };
    let (Some(p99), Some(used), Some(seconds)) = (
        load.p99_ms,
        physics::cpu_seconds(look.sample),
        look.sample.seconds,
    ) else {
        return Reading::TooLittle("the 99th percentile and the CPU time of a window");
    };
    let cpus = look.subject.cpus.map(|cpus| cpus as f64);
    let Some(cpus) = cpus.or(physics::gomaxprocs(look.subject, look.sample)) else {
        return Reading::TooLittle("the number of CPUs");
    };
    let idle = physics::median(
        lines
            .iter()
            .map(|line| f64::from(line.head.idleprocs) / f64::from(line.head.gomaxprocs.max(1))),
    );
    let queued = physics::median(lines.iter().map(|line| line.queued() as f64));
    let busy = used / (seconds * cpus);
    let (idle, queued) = (idle.unwrap_or(0.0), queued.unwrap_or(0.0));
    let relaxed = idle >= look.bound(Threshold::S4Idle)
        && queued == 0.0
        && busy < look.bound(Threshold::S4Cpu);
    if !relaxed || p99 <= objective {
        return Reading::Clear;
    }
    Reading::holds(
        Severity::Warn,
        p99 / objective,
        format!(
            "P99 {} while {} of Ps are idle, queues are empty and the CPUs are {} busy",
            milliseconds(p99),
            percent(idle),
            percent(busy)
        ),
        format!(
            "warn where P99 is above its limit of {}",
            milliseconds(objective)
        ),
    )
}

fn look_downstream(_: &Subject, _: &Sign) -> Remedy {
    Remedy::new(
        "Requests wait for something that is neither a CPU nor a P: a downstream service, a disk, a lock, a pool with \
         too few places, a timer.",
        vec![
            Try::measure(
                "A goroutine profile under load: where do most goroutines wait, and for what?",
            ),
            Try::measure(
                "A block and a mutex profile (L1) for locks and channels; an execution trace for the network.",
            ),
            Try::code(
                "Connection pools: net/http keeps 2 idle connections per host unless MaxIdleConnsPerHost says more.",
            ),
        ],
        "No GOMAXPROCS, GOGC or GODEBUG setting helps here: the scheduler has nothing to do.",
    )
}

fn spinning(look: &Look<'_>) -> Reading {
    let lines = lines(look);
    let cpu = look.sample.profiles.as_ref().and_then(|own| own.cpu);
    let Some(cpu) = cpu.filter(|own| own.samples >= ENOUGH_CPU_SAMPLES) else {
        return Reading::TooLittle("100 samples in the CPU profile");
    };
    if lines.len() < ENOUGH_LINES {
        return TOO_FEW_LINES;
    }
    let least = look.bound(Threshold::S9Spinning);
    let share = share_of(lines, |line| {
        let spinning = f64::from(line.head.spinningthreads.unwrap_or(0));
        line.queued() == 0 && spinning >= least * f64::from(line.head.gomaxprocs)
    });
    if share < 0.5 {
        return Reading::Clear;
    }
    let bounds = [
        (Severity::Critical, Threshold::S9Critical),
        (Severity::Warn, Threshold::S9Warn),
    ];
    let found = bounds
        .into_iter()
        .find(|(_, bound)| cpu.finding_work >= look.bound(*bound));
    let Some((severity, bound)) = found else {
        return Reading::Clear;
    };
    Reading::holds(
        severity,
        cpu.finding_work,
        format!(
            "{} of lines with {} of Ps spinning and nothing queued; {} of CPU time in findRunnable and futex calls",
            percent(share),
            percent(least),
            percent(cpu.finding_work)
        ),
        format!("{} from {}", severity.word(), percent(look.bound(bound))),
    )
    .that_suffices()
}

fn fewer_ps(_: &Subject, _: &Sign) -> Remedy {
    Remedy::new(
        "Work comes in pieces too small and too seldom for this many Ps: threads wake, look through all queues, find \
         nothing, sleep, and wake again.",
        vec![
            Try::setting("Lower GOMAXPROCS towards the CPUs that are really used."),
            Try::setting(
                "On several NUMA nodes: one process per node, pinned to it, instead of one over all.",
            ),
            Try::code("Larger pieces of work: batch what goes through channels."),
        ],
        "Where the CPU would be idle otherwise and latency is good: spinning is what makes wake-ups fast.",
    )
}

fn uneven(look: &Look<'_>) -> Reading {
    let lines = lines(look);
    let ticks = |line: &'_ SchedSample| line.schedticks.clone();
    let (Some(first), Some(last)) = (lines.first().and_then(ticks), lines.last().and_then(ticks))
    else {
        return TOO_FEW_LINES;
    };
    if first.len() != last.len() || first.len() < 2 || lines.len() < ENOUGH_LINES {
        return Reading::TooLittle("ten lines with the same two Ps or more");
    }
    // An idle P has fewer rounds by right.
    if share_of(lines, |line| line.head.idleprocs == 0) < 0.9 {
        return Reading::Clear;
    }
    let rounds: Vec<f64> = last
        .iter()
        .zip(&first)
        .map(|(now, then)| f64::from(now.wrapping_sub(*then)))
        .collect();
    let mean = rounds.iter().sum::<f64>() / rounds.len() as f64;
    if mean < 100.0 {
        return Reading::TooLittle("100 scheduling rounds per P");
    }
    let square = |own: &f64| (own - mean).powi(2);
    let deviation = (rounds.iter().map(square).sum::<f64>() / rounds.len() as f64).sqrt();
    let variation = deviation / mean;
    let bound = look.bound(Threshold::S10Variation);
    if variation <= bound {
        return Reading::Clear;
    }
    Reading::holds(
        Severity::Info,
        variation,
        format!(
            "scheduling rounds of the Ps vary by {} of their mean, all of them busy",
            percent(variation)
        ),
        format!("info above {}", percent(bound)),
    )
}

fn even_out(_: &Subject, _: &Sign) -> Remedy {
    Remedy::new(
        "Some Ps run few long goroutines and others many short ones: long loops, locked threads, or a background \
         sweeper that yields at every span.",
        vec![
            Try::code(
                "Split long computations, or give them a pool of their own with a bounded number of workers.",
            ),
            Try::measure(
                "An execution trace shows which goroutine holds which P, and for how long.",
            ),
        ],
        "Uneven is not bad by itself: with S2 and S7 quiet nobody waits. The sweeper alone can cause it.",
    )
}
