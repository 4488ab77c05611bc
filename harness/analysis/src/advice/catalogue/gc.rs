//! Garbage collection: how often, how dear, how long it stops, and whether its limits fit.
//!
//! Sources beyond those named at a rule: the Go GC guide (go.dev/doc/gc-guide), runtime/mgcpacer.go and
//! runtime/mgclimit.go of Go 1.21 to 1.27.

use gotrace::gctrace::GcCycle;
use record::quantity::format_bytes;
use record::threshold::Threshold;

use super::super::evidence::{Sample, Subject};
use super::super::finding::{Family, Severity, Try};
use super::super::physics::{self, MIB};
use super::super::rule::{
    Check, Figure, Look, Reading, Remedy, Rule, Sign, milliseconds, percent, warn_and_critical,
};
use super::super::signal::Signal;
use crate::figures::significant;

/// Of goals below this, the rounding to whole MiB alone makes jumps (gctrace prints `>>20`).
const SMALLEST_GOAL_MIB: u64 = 8;
/// Cycles from which on a share of cycles means something.
const ENOUGH_CYCLES: usize = 10;
/// Samples of a CPU profile from which on a share of them means something: 1 s of one busy CPU at 100 Hz.
pub(super) const ENOUGH_CPU_SAMPLES: u64 = 100;

pub(super) static RULES: &[Rule] = &[
    Rule {
        id: "G1",
        title: "GC runs often",
        family: Family::Gc,
        needs: &[Signal::GcCycles, Signal::Length],
        versions: "Go 1.18 and later (before, the goal did not count stacks and globals)",
        source: "go.dev/doc/gc-guide; runtime/mgcpacer.go",
        check: Check::Sample(cycles_per_second),
        remedy: raise_gogc,
    },
    Rule {
        id: "G2",
        title: "GC takes a large share of the CPU",
        family: Family::Gc,
        needs: &[Signal::GcCycles, Signal::Length],
        versions: "all; 1.26 and later mark cheaper (Green Tea is the default)",
        source: "runtime/metrics, /cpu/classes/gc; go.dev/doc/gc-guide",
        check: Check::Sample(cpu_share),
        remedy: spend_less_cpu,
    },
    Rule {
        id: "G3",
        title: "requests pay for GC by assists",
        family: Family::Gc,
        needs: &[Signal::GcCycles, Signal::Length],
        versions: "Go 1.18 and later",
        source: "runtime/mgcmark.go, gcAssistAlloc",
        check: Check::Sample(assists),
        remedy: fewer_assists,
    },
    Rule {
        id: "G4",
        title: "allocating itself is the cost",
        family: Family::Gc,
        needs: &[Signal::CpuProfile],
        versions: "all; 1.27 allocates objects below 80 bytes up to 30 % faster",
        source: "runtime/malloc.go; Go 1.27 release notes",
        check: Check::Sample(allocating),
        remedy: allocate_less,
    },
    Rule {
        id: "G5",
        title: "GC stops the world for long",
        family: Family::Gc,
        needs: &[Signal::GcCycles],
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
        versions: "Go 1.18 and later (the pacer was redesigned there)",
        source: "runtime/mgc.go (gctrace); Go proposal 44167, the GC pacer redesign",
        check: Check::Sample(overshoot),
        remedy: room_for_overshoot,
    },
    Rule {
        id: "G8",
        title: "the memory limit leaves GC no room",
        family: Family::Gc,
        needs: &[Signal::GcCycles],
        versions: "Go 1.19 and later",
        source: "runtime/mgclimit.go; go.dev/doc/gc-guide, memory limit",
        check: Check::Sample(limit_danger),
        remedy: raise_limit,
    },
    Rule {
        id: "G9",
        title: "the heap is so small that GOGC is nearly free",
        family: Family::Gc,
        needs: &[Signal::GcCycles, Signal::Length],
        versions: "Go 1.18 and later",
        source: "runtime/mgcpacer.go, heapMinimum: 4 MiB x GOGC/100",
        check: Check::Sample(at_the_floor),
        remedy: take_the_free_memory,
    },
];

fn cycles_per_second(look: &Look<'_>) -> Reading {
    let (Some(cycles), Some(seconds)) = (physics::gc_cycles(look.sample), look.sample.seconds)
    else {
        return Reading::Clear;
    };
    let figure = Figure {
        value: cycles / seconds,
        shows: format!("{} GC cycles/s", significant(cycles / seconds)),
        unit: |bound| format!("{}/s", significant(bound)),
    };
    look.above(
        figure,
        &warn_and_critical(Threshold::G1Warn, Threshold::G1Critical),
    )
    .with_hint(|| gogc_ceiling(look.subject, look.sample))
}

/// How far GOGC may go under the memory cap: 100 x (0.9 cap − non-heap − live) ÷ (live + roots) (METHODOLOGY, physics).
fn gogc_ceiling(subject: &Subject, sample: &Sample) -> Option<String> {
    let cap = subject.memory_cap_bytes? as f64;
    let runtime = sample.runtime.as_ref()?;
    let live = runtime.live_bytes?.into_iter().fold(0.0, f64::max);
    let roots = runtime.roots_bytes.unwrap_or(0.0);
    let resident = sample.process.as_ref()?.rss_bytes as f64;
    let heap = runtime.memory.map(|memory| memory.objects + memory.unused);
    let beside_heap = (resident - heap?).max(0.0);
    let ceiling = 100.0 * (0.9 * cap - beside_heap - live) / (live + roots);
    let cap = format_bytes(cap);
    Some(if ceiling >= 1.0 {
        format!("Under the cap of {cap} GOGC may go up to about {ceiling:.0}.")
    } else {
        format!("The cap of {cap} leaves no room for a higher GOGC.")
    })
}

fn raise_gogc(_: &Subject, sign: &Sign) -> Remedy {
    let mut raise = "Raise GOGC step by step (200, 400) and set GOMEMLIMIT to 90 % of the memory cap as the backstop; \
                     each doubling about halves the cycles and grows the heap by live x GOGC/100."
        .to_owned();
    if let Some(ceiling) = &sign.hint {
        raise = format!("{raise} {ceiling}");
    }
    Remedy::new(
        "The heap goal is small beside what is allocated: cycles/s = allocation rate ÷ (goal − live heap).",
        vec![
            Try::setting(raise),
            Try::code(
                "Allocate less per request: reuse buffers, size slices and maps ahead, avoid converting between string and []byte.",
            ),
        ],
        "Where G2 is quiet and P99 is good: frequent cycles of a small heap cost next to nothing. Where memory is the \
         scarce thing.",
    )
}

fn cpu_share(look: &Look<'_>) -> Reading {
    let Some((gc_s, _)) = enough_gc_cpu(look.sample) else {
        return Reading::TooLittle("three GC cycles in a window, with their CPU time");
    };
    share_reading(
        look,
        gc_s,
        "GC takes",
        warn_and_critical(Threshold::G2Warn, Threshold::G2Critical),
    )
}

fn assists(look: &Look<'_>) -> Reading {
    let Some((_, assist_s)) = enough_gc_cpu(look.sample) else {
        return Reading::TooLittle("three GC cycles in a window, with their CPU time");
    };
    share_reading(
        look,
        assist_s,
        "assists take",
        warn_and_critical(Threshold::G3Warn, Threshold::G3Critical),
    )
}

/// GC's CPU time and that of its assists. /cpu/classes moves at the end of cycles only (runtime/mstats.go), so with
/// fewer than three cycles the figure is of another stretch than the window.
fn enough_gc_cpu(sample: &Sample) -> Option<(f64, f64)> {
    let enough = physics::gc_cycles(sample).is_some_and(|cycles| cycles >= 3.0);
    if enough {
        physics::gc_cpu_seconds(sample)
    } else {
        None
    }
}

fn share_reading(
    look: &Look<'_>,
    seconds: f64,
    what: &str,
    bounds: [(Severity, Threshold); 2],
) -> Reading {
    let Some((share, of)) = physics::share_of_cpu(look.subject, look.sample, seconds) else {
        return Reading::TooLittle("the process's CPU time, or GOMAXPROCS");
    };
    let figure = Figure {
        value: share,
        shows: format!("{what} {} {of}", percent(share)),
        unit: percent,
    };
    look.above(figure, &bounds)
}

fn spend_less_cpu(_: &Subject, _: &Sign) -> Remedy {
    Remedy::new(
        "Each cycle marks the whole live heap, and cycles come at the allocation rate ÷ (goal − live heap).",
        vec![
            Try::setting(
                "Raise GOGC: CPU spent on GC falls about as 1/GOGC while the heap grows by live x GOGC/100.",
            ),
            Try::setting(
                "With a memory cap: GOGC=off and GOMEMLIMIT at 90 % of the cap, if the live heap stays below 60 % of it.",
            ),
            Try::code(
                "Allocate less, and keep fewer pointers in what lives long (values instead of pointers, indices, byte slices).",
            ),
            Try::measure(
                "A newer Go: 1.26 marks in spans (Green Tea) and needs 10 to 40 % less GC CPU by its notes.",
            ),
        ],
        "Where the service has CPU to spare and P99 is good: background marking on idle Ps takes nothing from requests \
         (idle workers are not counted here).",
    )
}

fn fewer_assists(_: &Subject, _: &Sign) -> Remedy {
    Remedy::new(
        "Goroutines allocate faster than the background workers mark, so the runtime makes them mark before they may \
         allocate: it is latency of requests, not of the collector.",
        vec![
            Try::setting("Raise GOGC: a longer runway to the goal."),
            Try::setting("If GOMEMLIMIT holds the goal down, raise it (see G8)."),
            Try::code(
                "Smooth bursts of allocation: read and build large answers in pieces, pool large buffers.",
            ),
        ],
        "During start-up and right after a jump of the live heap.",
    )
}

fn allocating(look: &Look<'_>) -> Reading {
    let cpu = look.sample.profiles.as_ref().and_then(|own| own.cpu);
    let Some(cpu) = cpu.filter(|own| own.samples >= ENOUGH_CPU_SAMPLES) else {
        return Reading::TooLittle("100 samples in the CPU profile");
    };
    let figure = Figure {
        value: cpu.allocating,
        shows: format!("{} of CPU time is under mallocgc", percent(cpu.allocating)),
        unit: percent,
    };
    look.above(figure, &[(Severity::Warn, Threshold::G4Warn)])
}

fn allocate_less(_: &Subject, _: &Sign) -> Remedy {
    Remedy::new(
        "The program allocates so much that finding and clearing memory is a large part of its work. No GC setting \
         changes that: mallocgc runs at every allocation, however seldom GC runs.",
        vec![
            Try::code(
                "Look at the allocs profile (`go tool pprof -sample_index=alloc_objects`) and take away the largest sites.",
            ),
            Try::measure(
                "A newer Go: 1.24 and 1.27 made small allocations faster; compare toolchains in one matrix.",
            ),
        ],
        "Where assists make up most of it (G3): then a setting helps.",
    )
}

fn pauses(look: &Look<'_>) -> Reading {
    let Some(p99) = pause_p99_ms(look.sample) else {
        return Reading::TooLittle("ten GC cycles in a window");
    };
    let figure = Figure {
        value: p99,
        shows: format!("P99 of pauses for GC up to {}", milliseconds(p99)),
        unit: milliseconds,
    };
    look.above(
        figure,
        &warn_and_critical(Threshold::G5Warn, Threshold::G5Critical),
    )
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
            Try::setting("Remove GODEBUG=asyncpreemptoff=1 if it is set."),
            Try::host("See H1 to H3: a throttled or crowded CPU makes every stop long."),
            Try::setting("Not more GOMAXPROCS than CPUs: every P must be stopped."),
        ],
        "A lower GOGC does not help: the stop does not grow with the heap, a lower GOGC only makes more of them.",
    )
}

pub(super) fn has_preemption_off(subject: &Subject) -> bool {
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
         batch work beside requests.",
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

fn limit_danger(look: &Look<'_>) -> Reading {
    let runtime = look.sample.runtime.as_ref();
    let limiter_ran = runtime
        .and_then(|own| own.limiter_last)
        .is_some_and(|[before, after]| after > before);
    let limit = physics::memory_limit(look.subject, look.sample);
    let effective = effective_gogc(look.sample);
    if limiter_ran {
        let beside = effective
            .map(|gogc| format!(", effective GOGC {}", significant(gogc)))
            .unwrap_or_default();
        return Reading::holds(
            Severity::Critical,
            f64::MAX,
            format!("the GC CPU limiter ran{beside}"),
            "critical at any time".to_owned(),
        );
    }
    // Without a limit a low effective GOGC is the one that was asked for.
    let (Some(limit), Some(effective)) = (limit, effective) else {
        return Reading::Clear;
    };
    let asked = physics::gogc_factor(look.subject, look.sample).map(|factor| factor * 100.0);
    if asked.is_some_and(|asked| effective >= 0.9 * asked) {
        return Reading::Clear;
    }
    let bounds = [
        (Severity::Critical, Threshold::G8Critical),
        (Severity::Warn, Threshold::G8Warn),
    ];
    let below = bounds
        .into_iter()
        .find(|(_, bound)| effective < look.bound(*bound));
    let Some((severity, bound)) = below else {
        return Reading::Clear;
    };
    Reading::holds(
        severity,
        -effective,
        format!(
            "GOMEMLIMIT {} leaves an effective GOGC of {}",
            format_bytes(limit),
            significant(effective)
        ),
        format!(
            "{} below {}",
            severity.word(),
            significant(look.bound(bound))
        ),
    )
}

/// 100 x (goal − live) ÷ (live + roots), as it stands after a cycle: by the metrics, else by gctrace.
fn effective_gogc(sample: &Sample) -> Option<f64> {
    let by_runtime = sample.runtime.as_ref().and_then(|own| {
        let ([_, goal], [_, live]) = (own.goal_bytes?, own.live_bytes?);
        let marked = live + own.roots_bytes.unwrap_or(0.0);
        (marked > 0.0).then(|| 100.0 * (goal - live).max(0.0) / marked)
    });
    by_runtime.or_else(|| {
        // A cycle's live heap makes the next one's goal.
        let cycles = sample.gc.as_deref()?;
        let after = cycles.windows(2).filter_map(|pair| {
            let (live, goal) = (pair[0].heap_live_mib as f64, pair[1].goal_mib as f64);
            let roots = pair[0].stacks_mib.unwrap_or(0) + pair[0].globals_mib.unwrap_or(0);
            let marked = live + roots as f64;
            // Below 8 MiB the rounding is a tenth and more.
            (marked >= 8.0).then(|| 100.0 * (goal - live).max(0.0) / marked)
        });
        physics::median(after)
    })
}

fn raise_limit(_: &Subject, _: &Sign) -> Remedy {
    Remedy::new(
        "The live heap has come near the memory limit. The runtime then collects again and again to stay below it, up \
         to half of all CPU time; there the limiter lets memory grow instead.",
        vec![
            Try::setting(
                "Raise GOMEMLIMIT to 90 % of the memory cap, or raise the cap. Limit ÷ live heap below 1.6 is tight, below 1.3 dangerous.",
            ),
            Try::code("Hold less: find what lives with a heap profile (`inuse_space`)."),
            Try::setting("Without a cap, drop GOMEMLIMIT and set GOGC instead."),
        ],
        "During a short peak that the limit is there to survive.",
    )
}

fn at_the_floor(look: &Look<'_>) -> Reading {
    let (Some(cycles), Some(seconds)) = (physics::gc_cycles(look.sample), look.sample.seconds)
    else {
        return Reading::Clear;
    };
    if cycles < 3.0 {
        return Reading::TooLittle("three GC cycles in a window");
    }
    let Some(factor) = physics::gogc_factor(look.subject, look.sample).filter(|own| *own > 0.0)
    else {
        return Reading::TooLittle("the value of GOGC");
    };
    let by_runtime = look.sample.runtime.as_ref().and_then(|own| own.goal_bytes);
    let by_lines = || {
        let goals = look.sample.gc.iter().flatten();
        physics::median(goals.map(|cycle| cycle.goal_mib as f64 * MIB))
    };
    let Some(goal) = by_runtime.map(|[_, end]| end).or_else(by_lines) else {
        return Reading::Clear;
    };
    let floor = physics::goal_floor_bytes(factor);
    let rate = cycles / seconds;
    // Held down by a memory limit, a goal is below the floor and anything but free.
    let at_floor = goal >= 0.5 * floor && goal <= look.bound(Threshold::G9Floor) * floor;
    if !at_floor || rate < 1.0 {
        return Reading::Clear;
    }
    Reading::holds(
        Severity::Info,
        rate,
        format!(
            "heap goal {} at its floor of {}, {} GC cycles/s",
            format_bytes(goal),
            format_bytes(floor),
            significant(rate)
        ),
        format!(
            "info up to {} floors",
            significant(look.bound(Threshold::G9Floor))
        ),
    )
}

fn take_the_free_memory(_: &Subject, _: &Sign) -> Remedy {
    Remedy::new(
        "So little lives that the goal stands at its minimum of 4 MiB x GOGC/100: cycles are cheap, but they come at \
         the full allocation rate.",
        vec![Try::setting(
            "GOGC=400 or 800 costs 12 to 28 MiB and takes away most cycles; GOMEMLIMIT as a backstop costs nothing.",
        )],
        "Where a few MiB matter, e.g. many small processes on one machine.",
    )
}
