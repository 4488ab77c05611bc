//! What keeps memory alive: M4 and M5.

use documents::figures::{count_text, percent, ratio_text, significant};
use documents::finding::{Family, Severity, Try};
use record::quantity::format_bytes;
use record::threshold::Threshold;

use crate::evidence::{HeapUse, Subject};
use crate::physics::{self, MIB};
use crate::rule::{Check, Look, Reading, Remedy, Rival, Rule, Series, Sign};
use crate::signal::Signal;

/// Samples of a live heap from which on its growth means something.
const ENOUGH_SAMPLES: usize = 3;
/// What stands in a hint before the site of timers.
const TIMERS: &str = "timers: ";

pub(super) static RULES: &[Rule] = &[
    Rule {
        id: "M4",
        title: "memory is kept alive",
        family: Family::Memory,
        needs: &[Signal::LiveHeap],
        rivals: &[
            Rival::by(
                "S12",
                "goroutines that never end, with what they hold",
                "whether their number grows",
                &[],
            ),
            Rival::by(
                "M5",
                "finalizers that do not get done",
                "the goroutine that runs them",
                &[],
            ),
            Rival::by(
                "M6",
                "timers that nobody stops",
                "their share of the heap, by a heap profile",
                &[],
            ),
            Rival::within(
                "a service that warms up",
                "whether the live heap still rises in the last third",
                &[],
            ),
            Rival::within(
                "a cache that is bounded",
                "the site that holds the heap",
                &[Signal::HeapProfile],
            ),
        ],
        versions: "all; from Go 1.23 on (go.mod line of 1.23) forgotten timers are collected",
        source: "runtime/mgc.go (gctrace, live heap); runtime/pprof, inuse_space; Go 1.23 release notes",
        check: Check::Series(rising),
        remedy: let_go,
    },
    Rule {
        id: "M5",
        title: "finalizers or cleanups do not keep up",
        family: Family::Memory,
        needs: &[Signal::Finalizers],
        rivals: &[Rival::within(
            "a finalizer that happens to run at one instant",
            "whether every goroutine profile finds one running",
            &[],
        )],
        versions: "all; one goroutine runs all finalizers; metrics since Go 1.26",
        source: "runtime/mfinal.go; runtime/metrics, /gc/finalizers and /gc/cleanups",
        check: Check::Sample(finalizers),
        remedy: faster_finalizers,
    },
    Rule {
        id: "M6",
        title: "forgotten timers hold the heap",
        family: Family::Memory,
        needs: &[Signal::HeapProfile],
        rivals: &[Rival::within(
            "timers that are needed",
            "their share of the heap",
            &[],
        )],
        versions: "Go up to 1.22, or a go.mod line below 1.23 (asynctimerchan=1), up to 1.26",
        source: "runtime/time.go; Go 1.23 release notes, timers",
        check: Check::Sample(timers_in_heap),
        remedy: let_go,
    },
];

fn rising(series: &Series<'_>) -> Reading {
    let live = series.samples.iter().filter_map(|sample| {
        let cycles = sample.gc.iter().flatten();
        physics::median(cycles.map(|cycle| cycle.heap_live_mib as f64 * MIB))
    });
    let live: Vec<f64> = live.collect();
    if live.len() < ENOUGH_SAMPLES {
        return Reading::TooLittle("GC cycles in three stretches of a log or more");
    }
    let third = live.len() / 3;
    let middle = |part: &[f64]| physics::median(part.iter().copied()).unwrap_or(0.0);
    let parts = [
        middle(&live[..third]),
        middle(&live[third..live.len() - third]),
        middle(&live[live.len() - third..]),
    ];
    let bound = |threshold| series.thresholds.get(threshold);
    let [first, second, last] = parts;
    // Still rising at the end: what warms up levels off.
    let steady = second > 1.1 * first && last > 1.1 * second;
    let factor = last / first.max(MIB);
    let least = bound(Threshold::M4Growth);
    if !steady || factor < least || last - first < bound(Threshold::M4Bytes) {
        return Reading::Clear;
    }
    Reading::holds(
        Severity::Warn,
        last,
        format!(
            "the live heap rises from {} to {}, {}",
            format_bytes(first),
            format_bytes(last),
            ratio_text(last / first.max(1.0), None)
        ),
        format!(
            "warn from a factor of {} and still rising",
            significant(least)
        ),
    )
    .that_suffices()
    .with_hint(|| {
        let heap = series.evidence.profiled(|own| own.heap.as_ref())?;
        Some(format!(
            "{}, which holds {} of the heap in use",
            heap.site,
            percent(heap.site_bytes / heap.bytes)
        ))
    })
}

fn timers_in_heap(look: &Look<'_>) -> Reading {
    let heap = look
        .sample
        .profiles
        .as_ref()
        .and_then(|own| own.heap.as_ref());
    let Some(heap) = heap else {
        return Reading::Clear;
    };
    let HeapUse {
        bytes, timer_bytes, ..
    } = heap;
    let share = timer_bytes / bytes;
    let least = look.bound(Threshold::M6Share);
    if share < least || *timer_bytes < look.bound(Threshold::M4Bytes) {
        return Reading::Clear;
    }
    Reading::holds(
        Severity::Warn,
        *timer_bytes,
        format!(
            "{} of {} in use are timers, most of them made by {}",
            format_bytes(*timer_bytes),
            format_bytes(*bytes),
            heap.site
        ),
        format!("warn from {}", percent(least)),
    )
    .that_suffices()
    .with_hint(|| Some(format!("{TIMERS}{}", heap.site)))
}

fn let_go(_: &Subject, sign: &Sign) -> Remedy {
    let hint = sign.hint.as_deref();
    if let Some(site) = hint.and_then(|own| own.strip_prefix(TIMERS)) {
        return Remedy::new(
            format!(
                "{site} makes timers that nobody stops: until they fire, each is held by the runtime, as time.After in a select \
                 whose other case comes first leaves one behind every time."
            ),
            vec![
                Try::code(
                    "time.NewTimer with a deferred Stop, or one timer with Reset, instead of time.After in a loop; a context's \
                     deadline for a request.",
                ),
                Try::setting(
                    "Go 1.23 or later with a go.mod line of 1.23: timers that nobody refers to are collected (GODEBUG=asynctimerchan=0).",
                ),
            ],
            "Where as many timers are wanted: then they are what the service is.",
        );
    }
    let site = hint.map_or_else(String::new, |own| format!(" Look at {own}."));
    Remedy::new(
        format!(
            "What is allocated stays reachable: a map or slice that only grows, a cache without a bound, goroutines that never \
             end, timers that nobody stops.{site}"
        ),
        vec![
            Try::measure(
                "Two heap profiles some minutes apart, compared: `gosweep analyze --diff before.pb.gz after.pb.gz`; what grew is held.",
            ),
            Try::code(
                "Bound caches, take entries out, and copy the small part that is kept of something large.",
            ),
            Try::setting("GOMEMLIMIT as a backstop delays the end; it does not prevent it."),
        ],
        "While a service fills its caches; look again after an hour.",
    )
}

fn finalizers(look: &Look<'_>) -> Reading {
    let waiting = look
        .sample
        .runtime
        .as_ref()
        .and_then(|own| own.finalizers_waiting);
    if let Some([before, after]) = waiting {
        let least = look.bound(Threshold::M5Pending);
        if after >= least && after > before {
            return Reading::holds(
                Severity::Warn,
                after,
                format!(
                    "{} finalizers and cleanups wait to run, {} before",
                    count_text(after),
                    count_text(before)
                ),
                format!("warn from {}", count_text(least)),
            );
        }
    }
    let groups = look
        .sample
        .profiles
        .as_ref()
        .and_then(|own| own.goroutines.as_ref());
    let Some(groups) = groups.filter(|own| own.totals.len() > 1) else {
        return Reading::Clear;
    };
    let [first, ..] = groups.finalizing.as_slice() else {
        return Reading::Clear;
    };
    if groups.finalizing.len() < groups.totals.len() {
        return Reading::Clear;
    }
    Reading::holds(
        Severity::Warn,
        groups.totals.len() as f64,
        format!(
            "in each of {} goroutine profiles a finalizer or cleanup was running, at {first}",
            groups.totals.len()
        ),
        "warn where it never rests".to_owned(),
    )
    .that_suffices()
    .with_hint(|| Some(first.clone()))
}

fn faster_finalizers(_: &Subject, sign: &Sign) -> Remedy {
    let site = sign.hint.as_deref().map_or_else(String::new, |own| {
        format!(" {own} is what it spends its time in.")
    });
    Remedy::new(
        format!(
            "One goroutine runs all finalizers, one after the other. While one waits, everything else that has a finalizer stays \
             in memory.{site}"
        ),
        vec![
            Try::code(
                "Close explicitly (defer x.Close()), and keep the finalizer for what was forgotten.",
            ),
            Try::code(
                "Let the finalizer start a goroutine, or hand over to a queue, instead of waiting itself.",
            ),
            Try::setting(
                "Go 1.24 has runtime.AddCleanup, whose cleanups run on several goroutines from 1.25 on.",
            ),
        ],
        "In the moment after a large structure was dropped.",
    )
}
