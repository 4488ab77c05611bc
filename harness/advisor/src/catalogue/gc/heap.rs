//! How long the collector stops, and whether the goal fits the heap: G5 to G7.

use documents::figures::{milliseconds, percent, significant};
use documents::finding::{Family, Severity, Try};
use gotrace::gctrace::GcCycle;
use record::threshold::Threshold;

use super::limit::{FORCED_CYCLES, LIMIT_SETS_THE_GOAL};
use crate::evidence::{Sample, Subject};
use crate::rule::{Check, Figure, Look, Reading, Remedy, Rival, Rule, Sign, warn_and_critical};
use crate::signal::Signal;

/// Of goals below this, the rounding to whole MiB alone makes jumps (gctrace prints `>>20`).
const SMALLEST_GOAL_MIB: u64 = 8;
/// Cycles from which on a share of cycles means something.
const ENOUGH_CYCLES: usize = 10;

pub(super) static RULES: &[Rule] = &[
    Rule {
        id: "G5",
        title: "GC stops the world for long",
        family: Family::Gc,
        needs: &[Signal::GcCycles],
        rivals: &[
            FORCED_CYCLES,
            Rival::by(
                "H1",
                "a CPU quota that throttles while the world is stopped",
                "throttled periods",
                &[],
            ),
            Rival::within(
                "a host that does not run the threads",
                "run-queue delay (H3) and throttling (H1): by a log alone stops of a few ms are a remark",
                &[Signal::Process, Signal::Throttling],
            ),
        ],
        versions: "all; /sched/pauses since Go 1.22, /gc/pauses before",
        source: "runtime/metrics, /sched/pauses/total/gc; runtime/mgc.go",
        check: Check::Sample(pauses),
        remedy: shorter_pauses,
    },
    Rule {
        id: "G6",
        title: "the heap goal jumps",
        family: Family::Gc,
        needs: &[Signal::Gctrace, Signal::Length],
        rivals: &[Rival::within(
            "rounding of small goals to whole MiB",
            "goals of 8 MiB and less are left out",
            &[],
        )],
        versions: "all",
        source: "runtime/mgc.go (gctrace); runtime/mgcpacer.go",
        check: Check::Sample(goal_jumps),
        remedy: steadier_goal,
    },
    Rule {
        id: "G7",
        title: "the heap overshoots its goal",
        family: Family::Gc,
        needs: &[Signal::Gctrace],
        rivals: &[LIMIT_SETS_THE_GOAL],
        versions: "Go 1.18 and later (the pacer was redesigned there)",
        source: "runtime/mgc.go (gctrace); Go proposal 44167, the GC pacer redesign",
        check: Check::Sample(overshoot),
        remedy: room_for_overshoot,
    },
];

fn pauses(look: &Look<'_>) -> Reading {
    if look.sample.detail.is_some() {
        return Reading::TooLittle(
            "a log without scheddetail=1, whose printing stops the world itself",
        );
    }
    let by_share = stopped_share(look);
    let by_tail = longest_stops(look);
    let severity = |reading: &Reading| match reading {
        Reading::Holds(sign) => Some(sign.severity),
        _ => None,
    };
    match by_share {
        Some(by_share) if severity(&by_share) >= severity(&by_tail) => by_share,
        _ => by_tail,
    }
}

/// By the 99th percentile.
fn longest_stops(look: &Look<'_>) -> Reading {
    let Some(p99) = pause_p99_ms(look.sample) else {
        return Reading::TooLittle("ten GC cycles in a window");
    };
    let figure = Figure {
        value: p99,
        shows: format!("P99 of pauses for GC up to {}", milliseconds(p99)),
        unit: milliseconds,
    };
    let both = warn_and_critical(Threshold::G5Warn, Threshold::G5Critical);
    // Where nothing tells of the host, stops of some ms may be its own: they are a remark unless they add up.
    let host_is_known = look.sample.process.is_some() || look.sample.host.is_some();
    let by_log = [(Severity::Info, Threshold::G5Warn)];
    look.above(figure, if host_is_known { &both } else { &by_log })
}

/// The share of time that the world stood still, by the clock of gctrace lines. Long stops and few cycles need no
/// percentile.
fn stopped_share(look: &Look<'_>) -> Option<Reading> {
    let (cycles, seconds) = (look.sample.gc.as_ref()?, look.sample.seconds?);
    let stopped_ms: f64 = cycles.iter().map(|cycle| cycle.clock.stopped()).sum();
    if cycles.len() < 3 {
        return None;
    }
    let figure = Figure {
        value: stopped_ms / 1e3 / seconds,
        shows: format!(
            "the world stood still for {} of the time, {} per collection",
            percent(stopped_ms / 1e3 / seconds),
            milliseconds(stopped_ms / cycles.len() as f64)
        ),
        unit: percent,
    };
    Some(look.above(
        figure,
        &warn_and_critical(Threshold::G5StoppedWarn, Threshold::G5StoppedCritical),
    ))
}

/// By the runtime's histogram; else by gctrace, whose figures are cut to two digits.
fn pause_p99_ms(sample: &Sample) -> Option<f64> {
    let by_runtime = sample.runtime.as_ref().and_then(|own| own.pause_p99_ms);
    by_runtime.or_else(|| {
        let cycles = sample.gc.as_ref()?;
        let stops = |cycle: &GcCycle| [cycle.clock.sweep_term, cycle.clock.mark_term];
        let mut all: Vec<f64> = cycles.iter().flat_map(stops).collect();
        all.sort_by(f64::total_cmp);
        let rank = (all.len() * 99).div_ceil(100);
        (cycles.len() >= ENOUGH_CYCLES).then(|| all[rank - 1])
    })
}

fn shorter_pauses(subject: &Subject, _: &Sign) -> Remedy {
    let preemption_off = has_preemption_off(subject);
    let cause = if preemption_off {
        "asyncpreemptoff=1: the world stops only when every goroutine calls a function, and a tight loop does not."
    } else {
        "The stop itself is short; what takes long is stopping: a thread that the kernel does not run, or a loop that \
         cannot be preempted (S8 tells how much of it is stopping)."
    };
    Remedy::new(
        cause,
        vec![
            Try::setting(
                "Look first for GODEBUG=asyncpreemptoff=1, and remove it: without preemption every stop waits for the longest loop.",
            ),
            Try::host("See H1 to H3: a throttled or crowded CPU makes every stop long."),
            Try::setting("Not more GOMAXPROCS than CPUs: every P must be stopped."),
        ],
        "A lower GOGC does not help: the stop does not grow with the heap, a lower GOGC only makes more of them.",
    )
}

pub(in crate::catalogue) fn has_preemption_off(subject: &Subject) -> bool {
    let pairs = subject.godebug.as_deref().unwrap_or_default().split(',');
    pairs
        .into_iter()
        .any(|pair| pair.trim() == "asyncpreemptoff=1")
}

fn goal_jumps(look: &Look<'_>) -> Reading {
    let (Some(cycles), Some(seconds)) = (&look.sample.gc, look.sample.seconds) else {
        return Reading::Clear;
    };
    if cycles.len() < ENOUGH_CYCLES {
        return Reading::TooLittle("ten GC cycles in a window");
    }
    let (low, high) = (look.bound(Threshold::G6Low), look.bound(Threshold::G6High));
    let is_jump = |pair: &&[GcCycle]| {
        let (before, after) = (pair[0].goal_mib, pair[1].goal_mib);
        let ratio = after as f64 / before.max(1) as f64;
        before.max(after) > SMALLEST_GOAL_MIB && !(low..=high).contains(&ratio)
    };
    let jumps = cycles.windows(2).filter(is_jump).count();
    let per_minute = jumps as f64 * 60.0 / seconds;
    let least = look.bound(Threshold::G6PerMinute);
    // Three of them in fact: one in a short window is many per minute and says nothing.
    if (jumps as f64) < least || per_minute < least {
        return Reading::Clear;
    }
    Reading::holds(
        Severity::Warn,
        per_minute,
        format!(
            "{jumps} jumps of the heap goal, {} per minute",
            significant(per_minute)
        ),
        format!(
            "warn from {} per minute of a ratio outside {low} to {high}",
            significant(least)
        ),
    )
}

fn steadier_goal(_: &Subject, _: &Sign) -> Remedy {
    Remedy::new(
        "The live heap itself jumps from cycle to cycle: bursts of large requests, a cache that is filled and dropped, \
         batch work alongside requests.",
        vec![
            Try::code("Limit how much such work runs at once, or spread it."),
            Try::setting(
                "GOMEMLIMIT at 90 % of the cap as a backstop for the peaks, GOGC for the usual.",
            ),
        ],
        "In the first minute of a process, and where GOMEMLIMIT moves the goal by intention.",
    )
}

fn overshoot(look: &Look<'_>) -> Reading {
    let cycles = look.sample.gc.as_deref().unwrap_or_default();
    if cycles.len() < ENOUGH_CYCLES {
        return Reading::TooLittle("ten GC cycles in a window");
    }
    let factor = look.bound(Threshold::G7Overshoot);
    // Both are whole MiB: a difference of one is rounding.
    let beyond = |cycle: &&GcCycle| {
        let (end, goal) = (cycle.heap_end_mib as f64, cycle.goal_mib as f64);
        end > factor * goal && end - goal >= 2.0
    };
    let share = cycles.iter().filter(beyond).count() as f64 / cycles.len() as f64;
    let figure = Figure {
        value: share,
        shows: format!(
            "{} of GC cycles end more than {} above their goal",
            percent(share),
            percent(factor - 1.0)
        ),
        unit: percent,
    };
    look.above(figure, &[(Severity::Warn, Threshold::G7Cycles)])
}

fn room_for_overshoot(_: &Subject, _: &Sign) -> Remedy {
    Remedy::new(
        "Allocation during marking outruns the pacer: bursts, few Ps for the workers, or a CPU that is taken away \
         meanwhile.",
        vec![
            Try::setting(
                "Leave headroom: a memory cap must hold the peak heap, not its goal; set GOMEMLIMIT below the cap.",
            ),
            Try::host("See H1 and H3 for a CPU that is taken away while GC marks."),
        ],
        "With GOGC=off or below a memory limit the goal is the limit's; judge G8 instead.",
    )
}
