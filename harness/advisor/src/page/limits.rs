//! What limits a service: from what its windows show, with the findings as witnesses.
//!
//! The order is that of exclusion: what stops a process from using its CPUs (quota, memory limit, locks) comes before
//! what it does with them, and that before the generator. Method: B. Gregg, Systems Performance, the USE method.

use documents::advice::{Limit, LimitedBy};
use documents::figures::percent;
use documents::finding::{Finding, Judgement, Severity};

use crate::evidence::{Drive, RuleEvidence, Sample};
use crate::physics;

/// CPUs this busy are the limit in a closed loop.
const BUSY: f64 = 0.85;
/// CPUs less busy than this have room; in a closed loop the requests then wait for something else.
const ROOM: f64 = 0.6;
/// Share of CPU time in the kernel from which on system calls are the work.
const KERNEL: f64 = 0.5;

/// What limits a cell in each kind of window that it has.
pub(super) fn limits(evidence: &RuleEvidence, judgement: &Judgement) -> Vec<Limit> {
    let kinds = [
        (Drive::Closed, "at saturation"),
        (Drive::Open, "at the constant rate"),
    ];
    let of_kind = |(drive, at): (Drive, &str)| {
        let samples: Vec<&Sample> = evidence
            .samples
            .iter()
            .filter(|sample| sample.drive == drive)
            .collect();
        let (by, because) = limit(evidence, judgement, &samples, drive);
        (!samples.is_empty()).then(|| Limit {
            at: at.to_owned(),
            by,
            because,
        })
    };
    kinds.into_iter().filter_map(of_kind).collect()
}

fn limit(
    evidence: &RuleEvidence,
    judgement: &Judgement,
    samples: &[&Sample],
    drive: Drive,
) -> (LimitedBy, String) {
    let names: Vec<&str> = samples.iter().map(|sample| sample.name.as_str()).collect();
    let fired = |rule: &str| {
        let found = judgement.findings.iter().find(|own| own.rule == rule)?;
        let severe = found.severity >= Severity::Warn;
        let here = found
            .evidence
            .iter()
            .find(|seen| names.contains(&seen.sample.as_str()));
        severe.then_some(())?;
        Some((found, here?.shows.clone()))
    };
    let witness = |rules: &[&str]| rules.iter().find_map(|rule| fired(rule));
    let said = |(finding, shows): (&Finding, String)| {
        format!("{} ({}): {shows}", finding.title, finding.rule)
    };

    if let Some(seen) = witness(&["H1"]) {
        return (LimitedBy::Host, said(seen));
    }
    if let Some(seen) = witness(&["G8"]) {
        return (LimitedBy::Memory, said(seen));
    }
    if let Some(seen) = witness(&["L1", "L2"]) {
        return (LimitedBy::Lock, said(seen));
    }
    let Some(busy) = busy(evidence, samples) else {
        return (
            LimitedBy::Unknown,
            "the process's CPU time was not observed".to_owned(),
        );
    };
    let cpu = format!("the service's CPUs are {} busy", percent(busy.cpus));
    if busy.cpus >= BUSY {
        if let Some(seen) = witness(&["G2"]) {
            return (LimitedBy::Gc, format!("{cpu}, and {}", said(seen)));
        }
        if busy.kernel >= KERNEL {
            let kernel = percent(busy.kernel);
            return (
                LimitedBy::Syscalls,
                format!("{cpu}, {kernel} of that in the kernel"),
            );
        }
        return (LimitedBy::Cpu, format!("{cpu} with its own work"));
    }
    if let Some(seen) = witness(&["S6"]) {
        return (LimitedBy::Syscalls, said(seen));
    }
    if let Some(seen) = witness(&["S4"]) {
        return (LimitedBy::Downstream, said(seen));
    }
    if drive != Drive::Closed {
        let room = if busy.cpus < ROOM {
            ": there is room"
        } else {
            ""
        };
        return (LimitedBy::Nothing, format!("{cpu}{room}"));
    }
    if let Some(seen) = witness(&["V3"]) {
        return (LimitedBy::Generator, format!("{cpu}; {}", said(seen)));
    }
    if let Some(seen) = witness(&["H3", "V4"]) {
        return (LimitedBy::Host, format!("{cpu}; {}", said(seen)));
    }
    if busy.cpus < ROOM {
        let waits = "though every connection asks at once: requests wait for something else";
        return (LimitedBy::Downstream, format!("{cpu} only, {waits}"));
    }
    (
        LimitedBy::Cpu,
        format!("{cpu}, and nothing else stands out"),
    )
}

/// How busy, medians over the samples.
struct Busy {
    /// Share of the CPUs that the process can use: its CPU set, GOMAXPROCS or its quota, whichever is least.
    cpus: f64,
    /// Share of the CPU time that was in the kernel.
    kernel: f64,
}

fn busy(evidence: &RuleEvidence, samples: &[&Sample]) -> Option<Busy> {
    let subject = &evidence.subject;
    let of_sample = |sample: &&Sample| {
        let used = physics::cpu_seconds(sample)?;
        let procs = physics::gomaxprocs(subject, sample);
        let bounds = [
            subject.cpus.map(|cpus| cpus as f64),
            procs,
            subject.quota_cpus,
        ];
        let cpus = bounds.into_iter().flatten().reduce(f64::min)?;
        let seconds = sample.seconds.filter(|seconds| *seconds > 0.0)?;
        let system = sample.process.as_ref()?.system_seconds;
        Some((used / (seconds * cpus), system / used))
    };
    let all: Vec<(f64, f64)> = samples.iter().filter_map(of_sample).collect();
    Some(Busy {
        cpus: physics::median(all.iter().map(|own| own.0))?,
        kernel: physics::median(all.iter().map(|own| own.1))?,
    })
}
