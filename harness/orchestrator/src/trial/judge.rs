//! Whether a trial may be used: by evidence of host and generator and by the
//! settings read back, never by the values it measured.

use gotrace::environment::{self, Gogc, Gomemlimit};
use record::axis::{Axis, DEFAULT};
use record::limit::{is_applied_cap, parse_memory_cap};
use record::threshold::Thresholds;
use record::trial::{Canary, Failure, FailureCause, Outcome, Phase, Reason};
use topology::CpuSet;

use super::doubts::{self, Findings};
use super::thresholds::{Step, THROTTLING};
use super::{Observed, TrialRequest};
use crate::run::ReadyCell;

/// Sets the outcome of a trial whose target did its job to the end, and adds
/// the doubts that do not spoil it.
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
    let found = findings(request.cell, request.canaries, &near, thresholds, observed);
    observed.warnings.extend(found.doubts);
    if request.plan.target(&request.cell.planned).probe {
        let unread = doubts::unread_settings(request.cell, observed);
        observed.warnings.extend(unread);
    }
    if !found.reasons.is_empty() {
        observed.outcome = Outcome::Invalid(found.reasons);
    }
}

/// Everything that speaks against a trial. `near` are the target's CPUs with
/// their SMT siblings.
pub(super) fn findings(
    cell: &ReadyCell,
    canaries: &[Canary],
    near: &CpuSet,
    thresholds: &Thresholds,
    observed: &Observed,
) -> Findings {
    let mut found = Findings {
        reasons: not_applied(cell, observed),
        doubts: Vec::new(),
    };
    let windows = [
        ("saturate", &observed.saturate),
        ("constant", &observed.constant),
    ];
    for (name, phase) in windows {
        let Some(phase) = phase else { continue };
        by_host(name, phase, Step::steal(thresholds), &mut found);
        by_generator(name, phase, &mut found);
        doubts::by_littles_law(name, phase, Step::littles_law(thresholds), &mut found);
        doubts::by_contention(cell, observed, name, phase, &mut found);
    }
    doubts::by_clock(observed, &mut found);
    doubts::by_canary(
        observed.canary,
        canaries,
        Step::canary(thresholds),
        &mut found,
    );
    doubts::by_placement(cell, near, &mut found);
    found.doubts.extend(child_killed(observed));
    found
}

/// A target that answers most requests wrongly has not done its job.
pub(super) fn answers_wrong(observed: &Observed) -> Option<Failure> {
    let phases = [&observed.saturate, &observed.constant];
    let phase = phases.into_iter().flatten().find(|phase| {
        let ledger = &phase.ledger;
        ledger.errors() > ledger.completed || phase.verdict.name == "FAILED"
    })?;
    let mut errors: Vec<String> = phase
        .errors
        .iter()
        .map(|(class, count)| format!("{count} x {class}"))
        .collect();
    if phase.ledger.owed() > 0 {
        errors.push(format!("{} x unanswered", phase.ledger.owed()));
    }
    Some(Failure {
        cause: FailureCause::Errors,
        message: format!(
            "most requests were not answered as expected: {}",
            errors.join(", ")
        ),
        exit_code: None,
        signal: None,
        panic: None,
        stderr_tail: Vec::new(),
    })
}

/// Rule V2: what was asked for must be what the process has.
fn not_applied(ready: &ReadyCell, observed: &Observed) -> Vec<Reason> {
    let Some(readback) = &observed.readback else {
        return Vec::new();
    };
    let cell = &ready.planned;
    let asked = |axis: &Axis| cell.spec.settings.get(axis);
    let mut reasons = Vec::new();
    let mut compare = |what: &str, wanted: Option<String>, got: Option<String>| {
        if let (Some(wanted), Some(got)) = (wanted, got)
            && wanted != got
        {
            reasons.push(Reason {
                rule: "V2".to_owned(),
                message: format!("{what} was asked to be {wanted}, the process has {got}"),
            });
        }
    };
    let set = |axis: &Axis| {
        Some(asked(axis))
            .filter(|value| *value != DEFAULT)
            .map(str::to_owned)
    };
    compare(
        "GOMAXPROCS",
        set(&Axis::Gomaxprocs),
        readback.gomaxprocs.map(|n| n.to_string()),
    );
    let gogc = environment::gogc(asked(&Axis::Gogc))
        .ok()
        .map(|(value, _)| match value {
            // runtime/metrics shows "off" as the largest number.
            Gogc::Off => u64::MAX.to_string(),
            Gogc::Percent(percent) => percent.to_string(),
        });
    compare("GOGC", gogc, readback.gogc.map(|n| n.to_string()));
    let limit = environment::gomemlimit(asked(&Axis::Gomemlimit))
        .ok()
        .and_then(|value| match value {
            Gomemlimit::Off => None,
            Gomemlimit::Bytes(bytes) => Some(bytes.to_string()),
        });
    compare(
        "GOMEMLIMIT",
        limit,
        readback.gomemlimit_bytes.map(|n| n.to_string()),
    );
    compare("GODEBUG", set(&Axis::Godebug), readback.godebug.clone());
    compare(
        "the CPU quota",
        set(&Axis::CpuQuota),
        readback.cpu_quota.clone(),
    );
    let cap = set(&Axis::MemoryCap).and_then(|text| parse_memory_cap(&text).ok());
    let got = readback.memory_cap_bytes.zip(cap).map(|(got, asked)| {
        // Pages are what the kernel counts in.
        if is_applied_cap(asked, got) {
            asked
        } else {
            got
        }
    });
    compare(
        "the memory cap",
        cap.map(|bytes| bytes.to_string()),
        got.map(|bytes| bytes.to_string()),
    );
    let version = ready.go_version.as_ref().map(ToString::to_string);
    let reported = readback
        .go_version
        .as_deref()
        .and_then(|text| text.parse::<gotrace::GoVersion>().ok());
    compare(
        "the Go version",
        version,
        reported.map(|version| version.to_string()),
    );
    compare(
        "the CPU set",
        Some(cell.placement.target.to_string()),
        readback.target_cpus.clone(),
    );
    reasons
}

/// A target that lives on although the kernel killed in its control group has
/// lost a child.
fn child_killed(observed: &Observed) -> Option<String> {
    let kills = observed.control_group.as_ref()?.oom_kills?;
    (kills > 0).then(|| {
        format!("its memory cap was full, and the kernel killed {kills} of its children (OOM)")
    })
}

fn by_host(name: &str, phase: &Phase, steal: Step, found: &mut Findings) {
    let Some(host) = &phase.host else { return };
    let what = format!("the hypervisor took CPU time in the {name} window");
    found.step("V4", host.steal, steal, &what);
    if host.throttled.is_some_and(|share| share > THROTTLING) {
        found.doubts.push(format!(
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
        found.invalid("V3", message);
    } else if phase.verdict.name == "GENERATOR_BOUND" && phase.arrival != "closed" {
        let message = format!(
            "the generator did not keep the {name} schedule: {}",
            phase.verdict.reason
        );
        found.invalid("V3", message);
    }
}
