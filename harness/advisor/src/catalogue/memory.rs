//! Memory: what is resident and not the heap's, what the heap wastes, what a new Go changed.

use documents::figures::{percent, ratio_text, significant};
use documents::finding::{Family, Severity, Try};
use record::quantity::format_bytes;
use record::threshold::{Threshold, Thresholds};

use crate::evidence::{RuleEvidence, Subject};
use crate::rule::{
    Check, Figure, Look, Reading, Remedy, Rival, Rule, Sign, Whole, warn_and_critical,
};
use crate::signal::Signal;

pub(super) static RULES: &[Rule] = &[
    Rule {
        id: "M1",
        title: "much memory is not the Go runtime's",
        family: Family::Memory,
        needs: &[Signal::MemoryClasses, Signal::Process],
        rivals: &[Rival::within(
            "memory that was given back lazily (madvdontneed=0)",
            "smaps: LazyFree",
            &[],
        )],
        versions: "all",
        source: "runtime/metrics, /memory/classes; proc(5), VmRSS; madvise(2), MADV_FREE",
        check: Check::Sample(outside_runtime),
        remedy: look_outside,
    },
    Rule {
        id: "M2",
        title: "the heap is fragmented",
        family: Family::Memory,
        needs: &[Signal::MemoryClasses],
        rivals: &[Rival::within(
            "garbage that is not yet swept",
            "it counts as objects, so what is called unused is the least",
            &[],
        )],
        versions: "all",
        source: "runtime/metrics, /memory/classes/heap/unused; HeapInuse − HeapAlloc of heap?debug=1",
        check: Check::Sample(fragmented),
        remedy: pack,
    },
    Rule {
        id: "M3",
        title: "a newer Go needs more memory for the same heap",
        family: Family::Memory,
        needs: &[Signal::OlderGo],
        rivals: &[Rival::within(
            "a heap that is larger",
            "the runtime's own total, which must be the same",
            &[],
        )],
        versions: "1.21.0 to 1.21.3 (huge pages) and 1.24.0 to 1.24.5 (golang/go#72991) by themselves; others by huge pages of the host",
        source: "go.dev/doc/gc-guide, Linux transparent huge pages; Go 1.21.6 notes (GODEBUG disablethp)",
        check: Check::Whole(version_step),
        remedy: huge_pages,
    },
];

fn outside_runtime(look: &Look<'_>) -> Reading {
    let memory = look.sample.runtime.as_ref().and_then(|own| own.memory);
    let (Some(memory), Some(process)) = (memory, &look.sample.process) else {
        return Reading::Clear;
    };
    let mapped = memory.total - memory.released;
    let outside = process.rss_bytes as f64 - mapped;
    let bound = look
        .bound(Threshold::M1Bytes)
        .max(look.bound(Threshold::M1Share) * mapped);
    if outside <= bound {
        return Reading::Clear;
    }
    Reading::holds(
        Severity::Warn,
        outside,
        format!(
            "{} resident, of which the Go runtime knows {}: {} outside",
            format_bytes(process.rss_bytes as f64),
            format_bytes(mapped),
            format_bytes(outside)
        ),
        format!("warn above {}", format_bytes(bound)),
    )
}

fn look_outside(_: &Subject, _: &Sign) -> Remedy {
    Remedy::new(
        "C allocations (cgo), mmapped files, the binary's own pages, or given-back memory that stays \
         resident: under huge pages, and with GODEBUG=madvdontneed=0 until the kernel wants it. GOMEMLIMIT does not count \
         any of it.",
        vec![
            Try::measure(
                "`/proc/PID/smaps`: which mappings are large? From Go 1.25 on the runtime's own are named `[anon: Go: …]`.",
            ),
            Try::setting("Set GOMEMLIMIT lower by what is outside, so that the cap holds both."),
            Try::setting("Remove GODEBUG=madvdontneed=0 if it is set."),
            Try::setting(
                "If it is huge pages: GODEBUG=disablethp=1 (Go 1.21.6 on), or transparent huge pages to madvise.",
            ),
        ],
        "Where a file is mapped by intention: its pages are cache and go first.",
    )
}

fn fragmented(look: &Look<'_>) -> Reading {
    let Some(memory) = look.sample.runtime.as_ref().and_then(|own| own.memory) else {
        return Reading::Clear;
    };
    // A few MiB are unused in every heap; only a share of something counts.
    if memory.unused < look.bound(Threshold::M2Bytes) {
        return Reading::Clear;
    }
    let share = memory.unused / (memory.objects + memory.unused);
    let figure = Figure {
        value: share,
        shows: format!(
            "{} unused in spans that hold {} of objects: {}",
            format_bytes(memory.unused),
            format_bytes(memory.objects),
            percent(share)
        ),
        unit: percent,
    };
    look.above(
        figure,
        &warn_and_critical(Threshold::M2Warn, Threshold::M2Critical),
    )
}

fn pack(_: &Subject, _: &Sign) -> Remedy {
    Remedy::new(
        "Few objects survive in each span (8 KiB and more of one size), and Go does not move objects: a span is free \
         only when its last object is.",
        vec![
            Try::code(
                "Allocate what lives long together and early, apart from what dies young: build caches from copies, not from parts of requests.",
            ),
            Try::code(
                "One large slice instead of many small objects; indices instead of pointers.",
            ),
            Try::setting(
                "The memory limit must allow for it; neither GOGC nor runtime.GC() nor FreeOSMemory gets it back.",
            ),
        ],
        "Right after a peak: spans fill again as long as sizes stay the same.",
    )
}

fn version_step(evidence: &RuleEvidence, thresholds: &Thresholds) -> Whole {
    let step = evidence.beside.as_ref().and_then(|own| own.older.as_ref());
    let Some(step) = step else {
        return Whole::TooLittle(Signal::OlderGo.describe());
    };
    let [old_rss, new_rss] = step.rss_bytes;
    let [old_own, new_own] = step.runtime_bytes;
    let resident = new_rss / old_rss;
    let own = new_own / old_own;
    let same = (own - 1.0).abs() <= thresholds.get(Threshold::M3Runtime);
    let least = thresholds.get(Threshold::M3Rss);
    if !(resident > least && same) {
        return Whole::Signs(Vec::new());
    }
    let sign = Sign {
        severity: Severity::Warn,
        value: resident,
        shows: format!(
            "from {} to {} resident memory {} ({} to {}), the runtime's own total {}",
            step.from,
            step.to,
            ratio_text(resident, None),
            format_bytes(old_rss),
            format_bytes(new_rss),
            ratio_text(own, None)
        ),
        bound: format!("warn above a factor of {}", significant(least)),
        hint: {
            let known = crate::defects::between("M3", [&step.from, &step.to]);
            (!known.is_empty()).then(|| known.join(" "))
        },
        suffices: false,
    };
    Whole::Signs(
        step.trials
            .iter()
            .map(|trial| (trial.clone(), sign.clone()))
            .collect(),
    )
}

fn huge_pages(_: &Subject, sign: &Sign) -> Remedy {
    let known = sign.hint.iter().map(|own| Try::setting(own.clone()));
    let usual = vec![
        Try::setting("GODEBUG=disablethp=1 as an axis (Go 1.21.6 on)."),
        Try::host(
            "transparent_hugepage/enabled (below kernel/mm of sysfs) to madvise, khugepaged/max_ptes_none to 0.",
        ),
    ];
    Remedy::new(
        "The runtime maps as much as before, the kernel backs more of it: huge pages under memory that was given back \
         or never used, or other mappings.",
        known.chain(usual).collect(),
        "Where memory is not scarce: huge pages are faster.",
    )
}
