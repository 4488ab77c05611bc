//! What host, generator and placement say against a trial, besides the settings.
//!
//! The words of a caveat name the threshold and not the figure, so that a report can say one thing once of many trials;
//! the figures are in the trial.

use record::axis::Axis;
use record::axis::readback::Shown;
use record::trial::{ClockProbe, Phase, Reason, RuleId};
use topology::CpuSet;

use super::request::Observed;
use super::thresholds::{
    CLOCK_MOVED, CLOCK_PROBE_TRIALS, CLOCK_PROBE_UNSTEADY, INVOLUNTARY_PER_CPU_SECOND, PRESSURE,
    RUN_DELAY, Step,
};
use crate::plan::ReadyCell;

/// What was found.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Findings {
    pub(super) reasons: Vec<Reason>,
    pub(super) caveats: Vec<String>,
}

impl Findings {
    pub(super) fn invalid(&mut self, rule: RuleId, message: String) {
        self.reasons.push(Reason { rule, message });
    }

    /// A share against its two steps.
    pub(super) fn step(&mut self, rule: RuleId, value: f64, step: Step, what: &str) {
        if value > step.invalid {
            self.invalid(rule, format!("{what}: {:.1} %", value * 100.0));
        } else if value > step.caveat {
            let limit = step.caveat * 100.0;
            self.caveats
                .push(format!("{rule}: {what}: more than {limit:.0} %"));
        }
    }
}

/// V3 by Little's law: N = X·R must hold in a closed loop (Little 1961).
pub(super) fn by_littles_law(name: &str, phase: &Phase, step: Step, found: &mut Findings) {
    let Some(error) = phase.littles_law_error else {
        return;
    };
    let what =
        format!("{name}: connections, throughput and response time disagree by Little's law");
    found.step(RuleId::V3, error.abs(), step, &what);
}

/// V4 and caveats: others on the CPUs of the target. Where threads of the target itself or the generator compete for
/// them, or a quota holds them back, waiting says nothing about others.
pub(super) fn by_contention(
    cell: &ReadyCell,
    observed: &Observed,
    name: &str,
    phase: &Phase,
    found: &mut Findings,
) {
    if !is_alone(cell, observed) {
        return;
    }
    if let Some(process) = &phase.process {
        let cpu = process.user_seconds + process.system_seconds;
        if let Some(delay) = process.run_delay_seconds
            && delay + cpu > 0.0
        {
            let what = format!("{name}: the target wanted a CPU and waited for one");
            found.step(RuleId::V4, delay / (delay + cpu), RUN_DELAY, &what);
        }
        if cpu > 0.0 && process.involuntary_switches as f64 / cpu > INVOLUNTARY_PER_CPU_SECOND {
            found.caveats.push(format!(
                "{name}: others pushed the target off its CPUs more than {INVOLUNTARY_PER_CPU_SECOND:.0} times per second of its CPU time"
            ));
        }
    }
    let pressure = phase.host.as_ref().and_then(|host| host.cpu_pressure);
    if pressure.is_some_and(|pressure| pressure > PRESSURE) {
        found.caveats.push(format!(
            "{name}: some task of the host waited for a CPU more than {:.0} % of the time",
            PRESSURE * 100.0
        ));
    }
}

/// Whether the target's threads have a CPU each, shared with nobody of ours.
fn is_alone(cell: &ReadyCell, observed: &Observed) -> bool {
    let placement = &cell.planned.placement;
    let shared = placement
        .target
        .iter()
        .any(|cpu| placement.generator.contains(cpu));
    let threads = observed
        .readback
        .as_ref()
        .and_then(|readback| readback.gomaxprocs);
    let fits = threads.is_some_and(|threads| threads <= placement.target.len() as u64);
    let limited = cell
        .planned
        .spec
        .settings
        .set_value(&Axis::CpuQuota)
        .is_some();
    fits && !shared && !limited
}

/// A clock that moved between the windows, where the kernel tells it.
pub(super) fn by_clock(observed: &Observed, found: &mut Findings) {
    let clock = |phase: &Option<Phase>| phase.as_ref()?.host.as_ref()?.mean_mhz;
    if let (Some(first), Some(second)) = (clock(&observed.saturate), clock(&observed.constant))
        && first > 0.0
        && (second / first - 1.0).abs() > CLOCK_MOVED
    {
        found.caveats.push(format!(
            "the CPUs' clock moved by more than {:.0} % between the two windows",
            CLOCK_MOVED * 100.0
        ));
    }
}

/// V5: the spin loop against the run's other trials.
pub(super) fn by_clock_probe(
    clock_probe: Option<ClockProbe>,
    earlier: &[ClockProbe],
    step: Step,
    found: &mut Findings,
) {
    let Some(clock_probe) = clock_probe.filter(|_| earlier.len() >= CLOCK_PROBE_TRIALS) else {
        return;
    };
    let mut all: Vec<f64> = earlier
        .iter()
        .flat_map(|clock_probe| [clock_probe.before_ns, clock_probe.after_ns])
        .collect();
    all.sort_by(f64::total_cmp);
    let usual = all[all.len() / 2];
    if usual <= 0.0 {
        return;
    }
    // What disturbs one end only was an event and no other clock.
    let off = |clock_probe: &ClockProbe| {
        let (before, after) = (
            clock_probe.before_ns / usual - 1.0,
            clock_probe.after_ns / usual - 1.0,
        );
        match before * after > 0.0 {
            true => before.abs().min(after.abs()),
            false => 0.0,
        }
    };
    let unsteady = earlier
        .iter()
        .filter(|clock_probe| off(clock_probe) > step.invalid)
        .count() as f64;
    let what =
        "a fixed loop on the target's CPUs ran at another speed than in the run's other trials";
    if unsteady <= CLOCK_PROBE_UNSTEADY * earlier.len() as f64 {
        found.step(RuleId::V5, off(&clock_probe), step, what);
    } else if off(&clock_probe) > step.caveat {
        found.caveats.push(format!(
            "V5: {what}; the clock of this host never holds still"
        ));
    }
}

/// V6: a choice of the matrix, so a caveat: `placement: none` shares everything.
pub(super) fn by_placement(cell: &ReadyCell, near: &CpuSet, found: &mut Findings) {
    let placement = &cell.planned.placement;
    if placement.generator.iter().any(|cpu| near.contains(cpu)) {
        found
            .caveats
            .push("V6: target and generator share a core: each slows the other".to_owned());
    }
}

/// V2 where the probe should have shown a setting and did not. Without a probe it cannot, which the report says once.
pub(super) fn unread_settings(cell: &ReadyCell, observed: &Observed) -> Option<String> {
    let readback = observed.readback.clone().unwrap_or_default();
    let shown = Shown {
        readback: &readback,
        build: None,
    };
    let settings = &cell.planned.spec.settings;
    let missing = Axis::PLAIN.iter().filter(|axis| {
        axis.is_shown_by_probe() && settings.set_value(axis).is_some() && !shown.shows(axis)
    });
    let missing: Vec<String> = missing.map(Axis::to_string).collect();
    (!missing.is_empty()).then(|| {
        format!(
            "V2: the probe did not show {}: whether it took effect is not known",
            missing.join(" and ")
        )
    })
}
