//! Whether a trial may be used: by evidence of host and generator and by the settings read back, never by the values it
//! measured.

use record::axis::readback::{Asked, Setting, Shown, compared};
use record::threshold::Thresholds;
use record::trial::{
    Arrival, ClockProbe, Failure, FailureCause, Outcome, Phase, Reason, RequestWindow, RuleId,
    WindowVerdict,
};
use topology::CpuSet;

use super::caveats::{self, Findings};
use super::request::{Observed, TrialRequest};
use super::thresholds::{Step, THROTTLING};
use crate::plan::ReadyCell;

/// Sets the outcome of a trial whose target did its job to the end, and adds the caveats that do not invalidate it.
pub(super) fn judge(request: &TrialRequest<'_>, observed: &mut Observed) {
    // While we did not run nobody was asked anything, and what timed out is not the target's doing.
    let phases = [&observed.saturate, &observed.constant];
    let mut phases = phases.into_iter().flatten();
    let we_stalled = phases.any(|phase| phase.generator.stalled_seconds.is_some());
    if !we_stalled && let Some(failure) = answers_wrong(observed) {
        observed.outcome = Outcome::Failed(failure);
        return;
    }
    let target = &request.cell.planned.placement.target;
    let near = request.topology.with_siblings(target);
    let thresholds = &request.plan.matrix.thresholds;
    let found = findings(
        request.cell,
        request.clock_probes,
        &near,
        thresholds,
        observed,
    );
    observed.warnings.extend(found.caveats);
    if request.plan.target(&request.cell.planned).probe {
        let unread = caveats::unread_settings(request.cell, observed);
        observed.warnings.extend(unread);
    }
    if !found.reasons.is_empty() {
        observed.outcome = Outcome::Invalid(found.reasons);
    }
}

/// Everything that speaks against a trial. `near` are the target's CPUs with their SMT siblings.
pub(super) fn findings(
    cell: &ReadyCell,
    clock_probes: &[ClockProbe],
    near: &CpuSet,
    thresholds: &Thresholds,
    observed: &Observed,
) -> Findings {
    let mut found = Findings {
        reasons: not_applied(cell, observed),
        caveats: Vec::new(),
    };
    let windows = [
        ("saturate", &observed.saturate),
        ("constant", &observed.constant),
    ];
    for (name, phase) in windows {
        let Some(phase) = phase else { continue };
        by_host(name, phase, Step::steal(thresholds), &mut found);
        by_generator(name, phase, &mut found);
        caveats::by_littles_law(name, phase, Step::littles_law(thresholds), &mut found);
        caveats::by_contention(cell, observed, name, phase, &mut found);
    }
    caveats::by_clock(observed, &mut found);
    caveats::by_clock_probe(
        observed.clock_probe,
        clock_probes,
        Step::clock_probe(thresholds),
        &mut found,
    );
    caveats::by_placement(cell, near, &mut found);
    found.caveats.extend(child_killed(observed));
    found
}

/// A target that answers most requests wrongly has not done its job.
pub(super) fn answers_wrong(observed: &Observed) -> Option<Failure> {
    let phases = [&observed.saturate, &observed.constant];
    let phase = phases.into_iter().flatten().find(|phase| {
        let ledger = &phase.ledger;
        ledger.errors() > ledger.completed || phase.verdict.name == WindowVerdict::Failed
    })?;
    let mut errors: Vec<String> = phase
        .errors
        .iter()
        .map(|(class, count)| format!("{count} x {class}"))
        .collect();
    if phase.ledger.owed() > 0 {
        errors.push(format!("{} x unanswered", phase.ledger.owed()));
    }
    let mut wrong: Vec<_> = phase
        .requests
        .iter()
        .filter(|request| request.wrong.is_some())
        .collect();
    wrong.sort_by_key(|request| std::cmp::Reverse(request.errors));
    let shown = wrong
        .iter()
        .take(MOST_WRONG_SHOWN)
        .filter_map(|request| wrong_answer(request));
    let shown: String = shown.map(|words| format!("; {words}")).collect();
    Some(Failure {
        cause: FailureCause::Errors,
        message: format!(
            "most requests were not answered as expected: {}{shown}",
            errors.join(", ")
        ),
        exit_code: None,
        signal: None,
        panic: None,
        stderr_tail: Vec::new(),
    })
}

/// Of so many kinds of request a wrong answer is shown.
const MOST_WRONG_SHOWN: usize = 3;

/// Which request was answered wrongly, and how.
fn wrong_answer(request: &RequestWindow) -> Option<String> {
    let wrong = request.wrong.as_ref()?;
    let body = match wrong.body_start.as_str() {
        "" => "an empty body".to_owned(),
        body => format!("a body that begins `{body}`"),
    };
    Some(format!(
        "request `{}` was answered {} with {body}: {}",
        request.name, wrong.status, wrong.reason
    ))
}

/// Rule V2: what was asked for must be what the process has.
fn not_applied(ready: &ReadyCell, observed: &Observed) -> Vec<Reason> {
    let Some(readback) = &observed.readback else {
        return Vec::new();
    };
    let version = ready.go_version.as_ref().map(ToString::to_string);
    let target_cpus = ready.planned.placement.target.to_string();
    let asked = Asked {
        settings: &ready.planned.spec.settings,
        go_version: version.as_deref(),
        target_cpus: Some(&target_cpus),
    };
    // The build's own settings were proved when the artifact was made.
    let shown = Shown {
        readback,
        build: None,
    };
    let wrong = compared(asked, &shown);
    let wrong = wrong.iter().filter_map(Setting::mismatch);
    wrong
        .map(|message| Reason {
            rule: RuleId::V2,
            message,
        })
        .collect()
}

/// A target that lives on although the kernel killed in its cgroup has lost a child.
fn child_killed(observed: &Observed) -> Option<String> {
    let kills = observed.cgroup.as_ref()?.oom_kills?;
    (kills > 0).then(|| {
        format!("its memory cap was full, and the kernel killed {kills} of its children (OOM)")
    })
}

fn by_host(name: &str, phase: &Phase, steal: Step, found: &mut Findings) {
    let Some(host) = &phase.host else { return };
    let what = format!("the hypervisor took CPU time in the {name} window");
    found.step(RuleId::V4, host.steal, steal, &what);
    if host.throttled.is_some_and(|share| share > THROTTLING) {
        found.caveats.push(format!(
            "{name}: our cgroup was throttled in more than {:.0} % of periods",
            THROTTLING * 100.0
        ));
    }
}

/// Rule V3. A window in which gosweep itself did not run says nothing of the target, open or closed:
/// a stall is no slow generator. An open-loop window that the generator could not keep is invalid:
/// its latencies are the generator's. A closed-loop window stays, as a lower
/// bound of the target's QPS; the phase's verdict says so to every reader.
fn by_generator(name: &str, phase: &Phase, found: &mut Findings) {
    if let Some(stalled_s) = phase.generator.stalled_seconds {
        let message = format!(
            "gosweep itself did not run for {stalled_s:.1} s of the {name} window: it, or its machine, \
             was stopped, suspended or without a CPU"
        );
        found.invalid(RuleId::V3, message);
    } else if phase.verdict.name == WindowVerdict::GeneratorBound
        && phase.arrival != Arrival::Closed
    {
        let message = format!(
            "the generator did not keep the {name} schedule: {}",
            phase.verdict.reason
        );
        found.invalid(RuleId::V3, message);
    }
}
