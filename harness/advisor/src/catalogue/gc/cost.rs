//! How often the collector runs and what it takes: G1 to G4 and G9.

use documents::figures::{percent, significant};
use documents::finding::{Family, Severity, Try};
use judging::physics::least_heap_goal;
use record::quantity::format_bytes;
use record::threshold::Threshold;

use super::limit::{FORCED_CYCLES, LIMIT_SETS_THE_GOAL, effective_text};
use crate::evidence::{Sample, Subject};
use crate::physics;
use crate::physics::MIB;
use crate::rule::{Check, Figure, Look, Reading, Remedy, Rival, Rule, Sign, warn_and_critical};
use crate::signal::Signal;

/// A rate over less than this is that of start-up, where the heap is small and grows: hundreds of cycles a second for
/// some milliseconds.
const SHORTEST_S: f64 = 0.25;

/// Samples of a CPU profile from which on a share of them means something: 1 s of one busy CPU at 100 Hz.
pub(in crate::catalogue) const ENOUGH_CPU_SAMPLES: u64 = 100;

pub(super) static RULES: &[Rule] = &[
    Rule {
        id: "G1",
        title: "GC runs often",
        family: Family::Gc,
        needs: &[Signal::GcCycles, Signal::Length],
        rivals: &[
            FORCED_CYCLES,
            LIMIT_SETS_THE_GOAL,
            Rival::within(
                "a small heap whose cycles cost nothing",
                "GC's share of the CPU",
                &[],
            ),
        ],
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
        rivals: &[
            FORCED_CYCLES,
            LIMIT_SETS_THE_GOAL,
            Rival::within(
                "stops, each counted GOMAXPROCS times",
                "they are left out here, and are G5's",
                &[],
            ),
        ],
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
        rivals: &[
            FORCED_CYCLES,
            LIMIT_SETS_THE_GOAL,
            Rival::by(
                "G5",
                "Ps that loops hold, so that background workers do not get on",
                "how long the world takes to stop",
                &[],
            ),
        ],
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
        rivals: &[Rival::within(
            "assists, which are the collector's and which a setting changes",
            "stacks through gcAssistAlloc, left out here and judged by G3",
            &[],
        )],
        versions: "all; 1.27 allocates objects below 80 bytes up to 30 % faster",
        source: "runtime/malloc.go; Go 1.27 release notes",
        check: Check::Sample(allocating),
        remedy: allocate_less,
    },
    Rule {
        id: "G9",
        title: "the heap is so small that GOGC is nearly free",
        family: Family::Gc,
        needs: &[Signal::GcCycles, Signal::Length],
        rivals: &[Rival::within(
            "a memory limit that holds the goal down",
            "a goal below half of its floor",
            &[],
        )],
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
    if seconds < SHORTEST_S {
        return Reading::TooLittle("a window of a quarter of a second");
    }
    let mut shows = format!("{} GC cycles/s", significant(cycles / seconds));
    // Many cycles of a small heap are cheap: what they cost decides whether they are severe.
    let cost = enough_gc_cpu(look.sample)
        .and_then(|(gc_s, _)| physics::share_of_cpu(look.subject, look.sample, gc_s))
        .filter(|(share, _)| is_possible(*share));
    let rate = cycles / seconds;
    if cost.is_none() && rate > look.bound(Threshold::G1Warn) {
        return Reading::TooLittle("what the cycles cost: GC's CPU time in three cycles or more");
    }
    let dear = look.bound(Threshold::G2Warn);
    let costs_at_most = |bound: f64| cost.is_some_and(|(share, _)| share <= bound);
    if let Some((share, of)) = cost {
        shows.push_str(&format!(" at {} {of}", percent(share)));
    }
    let figure = Figure {
        value: rate,
        shows,
        unit: |bound| format!("{}/s", significant(bound)),
    };
    let both = warn_and_critical(Threshold::G1Warn, Threshold::G1Critical);
    let known = [(Severity::Info, Threshold::G1Warn)];
    // Half of what G2 warns of: a higher GOGC has little left to win.
    let bounds = if costs_at_most(dear / 2.0) {
        &known[..]
    } else if costs_at_most(dear) {
        &both[..1]
    } else {
        &both[..]
    };
    look.above(figure, bounds).with_hint(|| room_for_gogc(look))
}

/// What the heap and the cap say of GOGC, for an advice to raise it.
fn room_for_gogc(look: &Look<'_>) -> Option<String> {
    let is_off = look.subject.gogc_percent == Some(u64::MAX);
    let off = is_off.then(|| {
        "GOGC is off here: the memory limit alone sets the goal, and raising GOGC changes nothing.".to_owned()
    });
    let words = [
        off,
        effective_text(look.sample),
        gogc_ceiling(look.subject, look.sample),
    ];
    let words: Vec<String> = words.into_iter().flatten().collect();
    (!words.is_empty()).then(|| words.join(" "))
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
        "The heap goal is small compared with what is allocated: cycles/s = allocation rate ÷ (goal − live heap).",
        vec![
            Try::setting(raise),
            Try::code(
                "A ballast (a large slice that is held to raise the goal and never read) has had no use since Go 1.19: take it out \
                 and set GOGC or GOMEMLIMIT instead.",
            ),
            Try::code(
                "Allocate less per request: reuse buffers, size slices and maps ahead, avoid converting between string and []byte.",
            ),
        ],
        "Where G2 is quiet and P99 is good: frequent cycles of a small heap cost little (then it is a warning at most, and no more than a remark up to 5 % of the CPU). \
         Where memory is the scarce thing.",
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
    if !is_possible(share) {
        return Reading::TooLittle(
            "a host that runs the threads: GC's clock is beyond the CPU time used",
        );
    }
    let figure = Figure {
        value: share,
        shows: format!("{what} {} {of}", percent(share)),
        unit: percent,
    };
    look.above(figure, &bounds)
        .with_hint(|| room_for_gogc(look))
}

/// The runtime takes a worker's CPU time by the clock. Where that is more than the process had, the kernel ran others
/// meanwhile, and the share means nothing.
fn is_possible(share: f64) -> bool {
    share <= 1.0
}

/// An advice with what is known of its room.
fn with_room(advice: &str, sign: &Sign) -> Try {
    match &sign.hint {
        Some(room) => Try::setting(format!("{advice} {room}")),
        None => Try::setting(advice),
    }
}

fn spend_less_cpu(_: &Subject, sign: &Sign) -> Remedy {
    Remedy::new(
        "Each cycle marks the whole live heap, and cycles come at the allocation rate ÷ (goal − live heap).",
        vec![
            with_room(
                "Raise GOGC: CPU spent on GC falls about as 1/GOGC while the heap grows by live x GOGC/100.",
                sign,
            ),
            Try::setting(
                "With a memory cap: GOGC=off and GOMEMLIMIT at 90 % of the cap collects less often than GOGC=100 only while the \
                 live heap stays below 45 % of the cap; at 60 % it is an effective GOGC of 50, which collects more often.",
            ),
            Try::code(
                "Allocate less, and keep fewer pointers in what lives long (values instead of pointers, indices, byte slices).",
            ),
            Try::measure(
                "A newer Go: 1.26 marks in spans (Green Tea) and needs 10 to 40 % less GC CPU by its notes.",
            ),
        ],
        "Where the service has CPU to spare and P99 is good: background marking on idle Ps takes nothing from requests \
         (idle workers are not counted here; under a CPU quota they use it up all the same).",
    )
}

fn fewer_assists(_: &Subject, sign: &Sign) -> Remedy {
    Remedy::new(
        "Goroutines allocate faster than the background workers mark, so the runtime makes them mark before they may \
         allocate: it is latency of requests, not of the collector.",
        vec![
            with_room("Raise GOGC: a longer runway to the goal.", sign),
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
        shows: format!(
            "{} of CPU time allocates, assists not counted",
            percent(cpu.allocating)
        ),
        unit: percent,
    };
    look.above(figure, &[(Severity::Warn, Threshold::G4Warn)])
        .that_suffices()
}

fn allocate_less(_: &Subject, _: &Sign) -> Remedy {
    Remedy::new(
        "The program allocates so much that finding and clearing memory is a large part of its work. No GC setting \
         changes that: it is spent at every allocation, however seldom GC runs (what goroutines mark for the collector is \
         not in it).",
        vec![
            Try::code(
                "Look at the allocs profile (`go tool pprof -sample_index=alloc_objects`) and take away the largest sites.",
            ),
            Try::measure(
                "A newer Go: 1.24 and 1.27 made small allocations faster; compare toolchains in one matrix.",
            ),
        ],
        "Where memory is cleared for few large buffers: pool those first.",
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
    let floor = least_heap_goal(100.0 * factor);
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
