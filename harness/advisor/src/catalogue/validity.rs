//! Whether the figures may be believed: judged before everything else. A critical finding here means that the cell
//! supports no recommendation.

use documents::figures::{milliseconds, percent, significant};
use documents::finding::{Family, Severity, Try};
use judging::physics::plausible;
use record::threshold::{Threshold, Thresholds};

use crate::evidence::{Drive, RuleEvidence, Setting, Subject};
use crate::rule::{Check, Figure, Look, Reading, Remedy, Rule, Sign, Whole, warn_and_critical};
use crate::signal::Signal;
use crate::{physics, validity};

pub(super) static RULES: &[Rule] = &[
    Rule {
        id: "V1",
        title: "GC does not follow its own arithmetic",
        family: Family::Validity,
        needs: &[Signal::Metrics, Signal::GcCycles],
        rivals: &[],
        versions: "Go 1.18 and later",
        source: "runtime/mgcpacer.go; METHODOLOGY, physics",
        check: Check::Sample(physics_mismatch),
        remedy: suspect_window,
    },
    Rule {
        id: "V2",
        title: "a setting was not applied",
        family: Family::Validity,
        needs: &[Signal::Readback],
        rivals: &[],
        versions: "all",
        source: "runtime/proc.go and runtime/mgcpacer.go: bad values of GOMAXPROCS and GOGC are silently ignored",
        check: Check::Sample(not_applied),
        remedy: correct_setting,
    },
    Rule {
        id: "V3",
        title: "the generator was the limit",
        family: Family::Validity,
        needs: &[Signal::Load],
        rivals: &[],
        versions: "all",
        source: "METHODOLOGY, load; J. D. C. Little, A Proof for the Queuing Formula L = λW",
        check: Check::Sample(generator_bound),
        remedy: more_generator,
    },
    Rule {
        id: "V4",
        title: "the hypervisor took CPU time",
        family: Family::Validity,
        needs: &[Signal::Host],
        rivals: &[],
        versions: "all",
        source: "proc(5), /proc/stat: steal",
        check: Check::Sample(steal),
        remedy: other_machine,
    },
    Rule {
        id: "V5",
        title: "the control drifted",
        family: Family::Validity,
        needs: &[Signal::Control],
        rivals: &[],
        versions: "all",
        source: "METHODOLOGY, design of an experiment",
        check: Check::Whole(drift),
        remedy: steady_host,
    },
    Rule {
        id: "V6",
        title: "generator and target share CPUs",
        family: Family::Validity,
        needs: &[Signal::Placement],
        rivals: &[],
        versions: "all",
        source: "METHODOLOGY, placement",
        check: Check::Whole(shared_cpus),
        remedy: apart,
    },
];

fn physics_mismatch(look: &Look<'_>) -> Reading {
    let Some(collections) = physics::collections(look.subject, look.sample) else {
        return Reading::TooLittle("bytes allocated, heap goal and live heap");
    };
    let found = match collections.by_formula(look.thresholds) {
        Ok(found) => found,
        Err(what) => return Reading::TooLittle(what),
    };
    let plausible = plausible(look.thresholds);
    let ratio = found.ratio();
    if plausible.contains(&ratio) {
        return Reading::Clear;
    }
    Reading::holds(
        Severity::Warn,
        ratio.ln().abs(),
        format!(
            "{} GC cycles measured, {} predicted: {} times as many",
            significant(found.measured),
            significant(found.predicted),
            significant(ratio)
        ),
        format!("warn outside {} to {}", plausible.start(), plausible.end()),
    )
}

fn suspect_window(_: &Subject, _: &Sign) -> Remedy {
    Remedy::new(
        "The live heap changed within the window (warm-up, a phase of the program), so that its end does not stand for \
         it; or marking takes so long that much is allocated meanwhile, as on a CPU that is taken away.",
        vec![
            Try::measure("Lengthen the warm-up (`warmup: {for: …, gc_cycles: …}`) and the window."),
            Try::host("See H1 and H3 for a CPU that is taken away while GC marks."),
        ],
        "With a heap of a few MiB, where a cycle starts well before its goal.",
    )
}

fn not_applied(look: &Look<'_>) -> Reading {
    // What the harness found right after the process had started is the fuller account.
    let held = look
        .sample
        .invalid
        .iter()
        .filter(|own| own.rule == record::trial::RuleId::V2);
    let mut differ: Vec<String> = held.map(|own| own.message.clone()).collect();
    if differ.is_empty() {
        let settings = look.sample.settings.as_deref().unwrap_or_default();
        differ.extend(settings.iter().filter_map(Setting::mismatch));
    }
    if differ.is_empty() {
        return Reading::Clear;
    }
    Reading::holds(
        Severity::Critical,
        differ.len() as f64,
        differ.join("; "),
        "critical where they differ".to_owned(),
    )
    .that_suffices()
}

fn correct_setting(_: &Subject, _: &Sign) -> Remedy {
    Remedy::new(
        "Go silently ignores what it cannot read: GOMAXPROCS=500m or 0, GOGC=abc, unknown GODEBUG keys. Or a \
         wrapper sets it afresh, or the program itself (runtime.GOMAXPROCS, debug.SetGCPercent, automaxprocs).",
        vec![
            Try::setting(
                "Write GOMAXPROCS as a whole number, GOGC as one or `off`, GOMEMLIMIT with B, KiB, MiB, GiB or TiB.",
            ),
            Try::code(
                "Remove what overrides the environment, or make it respect a value that is set.",
            ),
        ],
        "Never: figures under another setting than their label are worth nothing.",
    )
}

fn generator_bound(look: &Look<'_>) -> Reading {
    let Some(load) = &look.sample.load else {
        return Reading::Clear;
    };
    // Latencies of an open loop that the generator invalidated are its own; a closed loop still gives a lower bound.
    let severity = match look.sample.drive {
        Drive::Closed => Severity::Warn,
        _ => Severity::Critical,
    };
    let mut shows = Vec::new();
    let mut severe = false;
    let cpu = load.generator_cpu_share.unwrap_or(0.0);
    if cpu > look.bound(Threshold::V3GeneratorCpu) {
        shows.push(format!("generator CPU {}", percent(cpu)));
    }
    let objective = look.subject.objective_p99_ms.unwrap_or(f64::INFINITY);
    let bound = validity::lag_bound_ms(look.thresholds, objective);
    if let Some(late) = load.send_lag_p99_ms.filter(|late| *late > bound) {
        shows.push(format!("P99 send lag {}", milliseconds(late)));
    }
    let little = load.littles_law_error.unwrap_or(0.0).abs();
    if little > look.bound(Threshold::V3LittlesLaw) {
        shows.push(format!("Little's law off by {}", percent(little)));
        severe = true;
    }
    let errors = load.generator_error_share.unwrap_or(0.0);
    if errors > look.bound(Threshold::V3Errors) {
        shows.push(format!(
            "{} of requests failed on the generator's side",
            percent(errors)
        ));
        severe = true;
    }
    if load.verdict == record::trial::WindowVerdict::GeneratorBound.word() {
        shows.push("its own verdict is GENERATOR_BOUND".to_owned());
        severe = true;
    }
    if shows.is_empty() {
        return Reading::Clear;
    }
    // A busy or slightly late generator that kept its schedule by its own account is a caveat, not a verdict.
    let severity = if severe { severity } else { Severity::Warn };
    Reading::holds(
        severity,
        cpu,
        shows.join(", "),
        "critical for latencies, warn for a closed loop's QPS, which is then a lower bound"
            .to_owned(),
    )
}

fn more_generator(_: &Subject, _: &Sign) -> Remedy {
    Remedy::new(
        "The load driver was busy or late, so part of what was measured is its own.",
        vec![
            Try::host("Give the generator more CPUs, or load from another machine."),
            Try::measure("Lower the constant rate; use a request that costs the service more."),
        ],
        "For comparisons of GC counts per request, which do not depend on the generator's speed.",
    )
}

fn steal(look: &Look<'_>) -> Reading {
    let Some(host) = &look.sample.host else {
        return Reading::Clear;
    };
    let figure = Figure {
        value: host.steal,
        shows: format!("{} of CPU time stolen", percent(host.steal)),
        unit: percent,
    };
    look.above(
        figure,
        &warn_and_critical(Threshold::V4Warn, Threshold::V4Critical),
    )
}

fn other_machine(_: &Subject, _: &Sign) -> Remedy {
    Remedy::new(
        "Other virtual machines on the same hardware ran on our CPUs' time.",
        vec![Try::host(
            "A machine of its own, or another time; `gosweep host` shows steal before a run.",
        )],
        "For counts per request (GC cycles, allocations), which steal does not move.",
    )
}

fn drift(evidence: &RuleEvidence, thresholds: &Thresholds) -> Whole {
    let readings = evidence.beside.as_ref().map(|own| own.control.as_slice());
    let readings = readings.unwrap_or_default();
    if readings.len() < 6 {
        return Whole::TooLittle("the control in six blocks");
    }
    let (first, second) = readings.split_at(readings.len() / 2);
    let middle = |half: &[crate::evidence::ControlReading]| {
        physics::median(half.iter().map(|own| own.value))
    };
    let (Some(before), Some(after)) = (middle(first), middle(second)) else {
        return Whole::TooLittle("the control in six blocks");
    };
    // Halves that overlap are noise and not drift, however far apart their middles.
    let most = |half: &[_]| extreme(half, f64::max);
    let least = |half: &[_]| extreme(half, f64::min);
    let apart = least(second) > most(first) || most(second) < least(first);
    let moved = (after / before - 1.0).abs();
    let bounds = [
        (Severity::Critical, Threshold::V5Critical),
        (Severity::Warn, Threshold::V5Warn),
    ];
    let found = bounds
        .into_iter()
        .find(|(_, bound)| moved > thresholds.get(*bound));
    let Some((severity, bound)) = found.filter(|_| apart && before > 0.0) else {
        return Whole::Signs(Vec::new());
    };
    let sign = Sign {
        severity,
        value: moved,
        shows: format!(
            "CPU time per request of the control moved by {} from the first half of the blocks to the second",
            documents::figures::ratio_text(after / before, None)
        ),
        bound: format!(
            "{} above {}",
            severity.word(),
            percent(thresholds.get(bound))
        ),
        hint: None,
        suffices: false,
    };
    let trials = readings.iter().map(|own| (own.trial.clone(), sign.clone()));
    Whole::Signs(trials.collect())
}

fn extreme(half: &[crate::evidence::ControlReading], pick: fn(f64, f64) -> f64) -> f64 {
    half.iter()
        .map(|own| own.value)
        .reduce(pick)
        .unwrap_or(f64::NAN)
}

fn steady_host(_: &Subject, _: &Sign) -> Remedy {
    Remedy::new(
        "The host changed during the run: another load began or ended, the clock fell as it grew warm.",
        vec![
            Try::host("Quiet the host, fix the clock (`gosweep host` says how), and run again."),
            Try::measure(
                "Ratios within a block still hold, since drift moves all cells of a block; absolute figures do not.",
            ),
        ],
        "For ratios to the control of the same block, which is what the ranking uses.",
    )
}

fn shared_cpus(evidence: &RuleEvidence, _: &Thresholds) -> Whole {
    let shared = evidence.subject.shared_cpus.as_deref().unwrap_or_default();
    if shared.is_empty() {
        return Whole::Signs(Vec::new());
    }
    let sign = Sign {
        severity: Severity::Warn,
        value: 1.0,
        shows: format!("generator and target share {shared}"),
        bound: "warn wherever they do".to_owned(),
        hint: None,
        suffices: false,
    };
    Whole::Signs(vec![(evidence.subject.name.clone(), sign)])
}

fn apart(_: &Subject, _: &Sign) -> Remedy {
    Remedy::new(
        "Each takes time, cache and (on SMT siblings) half the core from the other, more so the harder it works.",
        vec![Try::measure(
            "`placement: split`, or name CPUs on cores of their own; load from another machine where there are too few.",
        )],
        "For counts per request. Ratios between cells of the same placement are weaker, not void.",
    )
}
