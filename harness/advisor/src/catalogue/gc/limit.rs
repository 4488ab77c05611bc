//! What the memory limit and the program itself make of the collector: G8, G10 and G11.

use documents::figures::{percent, significant};
use documents::finding::{Family, Severity, Try};
use record::quantity::format_bytes;
use record::threshold::Threshold;

use crate::evidence::{Sample, Subject};
use crate::physics;
use crate::physics::MIB;
use crate::rule::{Check, Look, Reading, Remedy, Rival, Rule, Sign};
use crate::signal::Signal;

/// Cycles from which on a share of cycles means something.
const ENOUGH_CYCLES: usize = 10;
/// An effective GOGC below this is nobody's setting.
const NOBODY_SETS: f64 = 5.0;

/// What may look like a costly collector; G10 judges it.
pub(super) const FORCED_CYCLES: Rival = Rival::by(
    "G10",
    "collections that the program forces",
    "the share of forced cycles",
    &[],
);

/// The same; G8 judges it.
pub(super) const LIMIT_SETS_THE_GOAL: Rival = Rival::by(
    "G8",
    "a memory limit that sets the goal",
    "GOMEMLIMIT, or a goal that does not follow the live heap",
    &[],
);

pub(super) static RULES: &[Rule] = &[
    Rule {
        id: "G8",
        title: "the memory limit leaves GC no room",
        family: Family::Gc,
        needs: &[Signal::GcCycles],
        rivals: &[
            Rival::within(
                "a low GOGC that was asked for",
                "the limit and GOGC as the process has them; in a log, whether the goal follows the live heap (GOGC) or stays \
                 (a limit)",
                &[],
            ),
            Rival::within(
                "stops, which the GC CPU limiter counts times GOMAXPROCS and which know no limit",
                "whether there is a limit at all",
                &[],
            ),
        ],
        versions: "Go 1.19 and later",
        source: "runtime/mgclimit.go; go.dev/doc/gc-guide, memory limit",
        check: Check::Sample(limit_danger),
        remedy: raise_limit,
    },
    Rule {
        id: "G10",
        title: "the program forces collections",
        family: Family::Gc,
        needs: &[Signal::GcCycles, Signal::Length],
        rivals: &[Rival::within(
            "collections for the profiles themselves (goroutineleak, heap?gc=1)",
            "how many there are: a capture forces one or two",
            &[],
        )],
        versions: "all",
        source: "runtime/mgc.go, GC and gcTriggerCycle; `(forced)` in gctrace lines",
        check: Check::Sample(forced),
        remedy: stop_forcing,
    },
];

fn limit_danger(look: &Look<'_>) -> Reading {
    let limit = physics::memory_limit(look.subject, look.sample);
    let effective = physics::effective_gogc(look.sample);
    let told = match limit {
        Some(limit) => format!("GOMEMLIMIT {}", format_bytes(limit)),
        None => match goal_that_stays(look, effective) {
            Some(goal_mib) => {
                format!("a heap goal that stays at {goal_mib} MiB, as a memory limit makes it,")
            }
            None => return Reading::Clear,
        },
    };
    let runtime = look.sample.runtime.as_ref();
    let limiter_ran = runtime
        .and_then(|own| own.limiter_last)
        .is_some_and(|[before, after]| after > before);
    let asked = physics::gogc_factor(look.subject, look.sample).map(|factor| factor * 100.0);
    let as_asked = effective
        .zip(asked)
        .is_some_and(|(effective, asked)| effective >= 0.9 * asked);
    // The limiter counts stops times GOMAXPROCS, so long stops alone set it off: then the goal is as GOGC makes it.
    if limiter_ran && !as_asked {
        let beside = effective.map_or_else(String::new, |gogc| {
            format!(", effective GOGC {}", significant(gogc))
        });
        return Reading::holds(
            Severity::Critical,
            f64::MAX,
            format!("the GC CPU limiter ran under {told}{beside}"),
            "critical at any time".to_owned(),
        );
    }
    let Some(effective) = effective else {
        return Reading::Clear;
    };
    if as_asked {
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
            "{told} leaves an effective GOGC of {}",
            significant(effective)
        ),
        format!(
            "{} below {}",
            severity.word(),
            significant(look.bound(bound))
        ),
    )
}

/// The heap goal, MiB, where it does not follow the live heap, as only a limit makes it. A log does not name its limit.
fn goal_that_stays(look: &Look<'_>, effective: Option<f64>) -> Option<u64> {
    let cycles = look.sample.gc.as_deref()?;
    if cycles.len() < ENOUGH_CYCLES || look.subject.gogc_percent.is_some() {
        return None;
    }
    let range = |of: fn(&gotrace::gctrace::GcCycle) -> u64| {
        let all = cycles.iter().map(of);
        Some((all.clone().min()?, all.max()?))
    };
    let (least_goal, most_goal) = range(|cycle| cycle.goal_mib)?;
    let (least_live, most_live) = range(|cycle| cycle.heap_live_mib)?;
    // Whole MiB: a step of one is rounding.
    let stays = most_goal - least_goal <= 1 && most_live - least_live >= 2;
    let low = effective.is_some_and(|own| own < NOBODY_SETS);
    (stays || low).then_some(most_goal)
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
            Try::setting(
                "Without a cap, drop GOMEMLIMIT. A higher GOGC changes nothing while the limit sets the goal.",
            ),
        ],
        "During a short peak that the limit is there to survive.",
    )
}

fn forced(look: &Look<'_>) -> Reading {
    let (Some(cycles), Some(seconds)) = (physics::gc_cycles(look.sample), look.sample.seconds)
    else {
        return Reading::Clear;
    };
    if (cycles as usize) < ENOUGH_CYCLES {
        return Reading::TooLittle("ten GC cycles in a window");
    }
    let Some(forced) = forced_cycles(look.sample) else {
        return Reading::TooLittle("how many collections were forced (gctrace or runtime/metrics)");
    };
    let share = forced / cycles;
    let bound = look.bound(Threshold::G10Warn);
    if share <= bound {
        return Reading::Clear;
    }
    // One each second and more is no habit of an operator's.
    let severity = match forced / seconds {
        1.0.. => Severity::Critical,
        _ => Severity::Warn,
    };
    Reading::holds(
        severity,
        share,
        format!(
            "{} of {} collections were forced, {} per second",
            significant(forced),
            significant(cycles),
            significant(forced / seconds)
        ),
        format!("{} above {}", severity.word(), percent(bound)),
    )
    .with_hint(|| {
        let caller = look
            .evidence
            .profiled(|own| own.forces_collections.as_ref());
        caller.cloned()
    })
}

/// Forced collections, by the runtime's own count, else by the lines that say so.
fn forced_cycles(sample: &Sample) -> Option<f64> {
    let counted = sample.runtime.as_ref().and_then(|own| own.gc_forced);
    counted.or_else(|| {
        let cycles = sample.gc.as_ref()?;
        Some(cycles.iter().filter(|cycle| cycle.forced).count() as f64)
    })
}

fn stop_forcing(_: &Subject, sign: &Sign) -> Remedy {
    let caller = match &sign.hint {
        Some(caller) => format!("{caller} calls runtime.GC or debug.FreeOSMemory."),
        None => "Something calls runtime.GC or debug.FreeOSMemory; a CPU or goroutine profile of a longer window names the \
                 caller."
            .to_owned(),
    };
    Remedy::new(
        format!(
            "{caller} Each call runs a whole collection, whatever GOGC says, and its goroutine waits until it ends."
        ),
        vec![
            Try::code("Take the call out: the pacer collects when there is something to collect."),
            Try::setting(
                "If it is there to keep memory low, set GOMEMLIMIT (or a lower GOGC) instead.",
            ),
        ],
        "In tools and tests that measure memory. No value of GOGC changes forced collections.",
    )
}

/// How far the goal is above what lives, in the words of a finding.
pub(super) fn effective_text(sample: &Sample) -> Option<String> {
    let effective = physics::effective_gogc(sample)?;
    let by_runtime = sample.runtime.as_ref().and_then(|own| own.goal_bytes);
    let by_lines = sample
        .gc
        .iter()
        .flatten()
        .map(|cycle| cycle.goal_mib as f64 * MIB);
    let goal = by_runtime
        .map(|[_, end]| end)
        .or_else(|| by_lines.reduce(f64::max))?;
    // At the floor of 4 MiB the ratio says nothing of GOGC.
    (goal > 8.0 * MIB).then(|| format!("The effective GOGC (goal ÷ live heap) is {effective:.0}."))
}
