//! The host and its limits: quota, threads that wait for a CPU.

use documents::figures::{percent, significant};
use documents::finding::{Family, Severity, Try};
use record::threshold::Threshold;

use crate::evidence::Subject;
use crate::physics;
use crate::rule::{Check, Figure, Look, Reading, Remedy, Rule, Sign, warn_and_critical};
use crate::signal::Signal;

pub(super) static RULES: &[Rule] = &[
    Rule {
        id: "H1",
        title: "the CPU quota throttles the process",
        family: Family::Host,
        needs: &[Signal::Throttling],
        versions: "all",
        source: "Linux Documentation/scheduler/sched-bwc: nr_throttled of nr_periods",
        check: Check::Sample(throttled),
        remedy: fit_quota,
    },
    Rule {
        id: "H2",
        title: "GOMAXPROCS is above the CPU quota",
        family: Family::Host,
        needs: &[Signal::Quota, Signal::Gomaxprocs, Signal::Throttling],
        versions: "Go up to 1.24, or a go.mod line below 1.25; later ones follow the quota by themselves",
        source: "Go 1.25 release notes, container-aware GOMAXPROCS; METHODOLOGY, physics (CFS quota)",
        check: Check::Sample(above_quota),
        remedy: follow_quota,
    },
    Rule {
        id: "H3",
        title: "threads wait for a CPU",
        family: Family::Host,
        needs: &[Signal::Process, Signal::Length],
        versions: "all",
        source: "Linux Documentation/scheduler/sched-stats: run_delay of /proc/PID/task/TID/schedstat",
        check: Check::Sample(run_delay),
        remedy: free_cpus,
    },
];

fn throttled(look: &Look<'_>) -> Reading {
    let Some(share) = look.sample.host.as_ref().and_then(|host| host.throttled) else {
        return Reading::Clear;
    };
    let figure = Figure {
        value: share,
        shows: format!("throttled in {} of periods", percent(share)),
        unit: percent,
    };
    look.above(
        figure,
        &[
            (Severity::Info, Threshold::H1Info),
            (Severity::Warn, Threshold::H1Warn),
            (Severity::Critical, Threshold::H1Critical),
        ],
    )
}

fn fit_quota(subject: &Subject, _: &Sign) -> Remedy {
    let quota = subject
        .quota_cpus
        .map(|quota| format!(" of {} CPUs", significant(quota)));
    Remedy::new(
        format!(
            "The process used up its quota{} before the period (100 ms by default) ended, and then stood still with all \
             its threads for the rest: with P busy threads it runs quota/P of the period.",
            quota.unwrap_or_default()
        ),
        vec![
            Try::setting("GOMAXPROCS at the quota, rounded up (H2)."),
            Try::host(
                "Raise the quota, or drop it and use weights (cpu.weight, Kubernetes requests without limits).",
            ),
            Try::setting(
                "Raise GOGC: GC marks on a quarter of the Ps and more at once, and that burst is what meets the quota first.",
            ),
        ],
        "For batch work that may take its time.",
    )
}

fn above_quota(look: &Look<'_>) -> Reading {
    let procs = physics::gomaxprocs(look.subject, look.sample);
    let throttled = look.sample.host.as_ref().and_then(|host| host.throttled);
    let (Some(procs), Some(quota), Some(throttled)) = (procs, look.subject.quota_cpus, throttled)
    else {
        return Reading::Clear;
    };
    if procs <= quota.ceil() {
        return Reading::Clear;
    }
    let shows = format!(
        "GOMAXPROCS {} on a quota of {} CPUs, throttled in {} of periods",
        significant(procs),
        significant(quota),
        percent(throttled)
    );
    let factor = look.bound(Threshold::H2Critical);
    if throttled <= look.bound(Threshold::H1Info) {
        // It bursts and pays nothing for it.
        return Reading::holds(
            Severity::Info,
            procs / quota,
            shows,
            "info without throttling".to_owned(),
        );
    }
    if procs > factor * quota {
        let bound = format!("critical above {} times the quota", significant(factor));
        return Reading::holds(Severity::Critical, procs / quota, shows, bound);
    }
    let bound = format!("warn above {}, with throttling", significant(quota.ceil()));
    Reading::holds(Severity::Warn, procs / quota, shows, bound)
}

fn follow_quota(subject: &Subject, sign: &Sign) -> Remedy {
    if sign.severity == Severity::Info {
        return Remedy::new(
            "More Ps than the quota has CPUs, and no period was throttled: the process is idle often enough to burst.",
            vec![Try::measure(
                "Leave it, as long as P99 keeps its limit; look again at twice the rate.",
            )],
            "At rates near the quota: there it throttles.",
        );
    }
    let quota = subject.quota_cpus.unwrap_or(1.0).ceil().max(1.0);
    Remedy::new(
        "All Ps may run at once, use up the quota early in the period and then stand still together.",
        vec![
            Try::setting(format!(
                "GOMAXPROCS={}: the quota, rounded up.",
                significant(quota)
            )),
            Try::setting(
                "With Go 1.25 and a go.mod line of 1.25 this is the default (at least 2); with an older line GODEBUG=containermaxprocs=1.",
            ),
        ],
        "With a quota on a parent group only: Go reads the leaf's, so set GOMAXPROCS by hand.",
    )
}

fn run_delay(look: &Look<'_>) -> Reading {
    let Some(process) = &look.sample.process else {
        return Reading::Clear;
    };
    let (Some(delay), Some(used)) = (process.run_delay_seconds, physics::cpu_seconds(look.sample))
    else {
        return Reading::TooLittle("run_delay of /proc/PID/task/TID/schedstat");
    };
    let figure = Figure {
        value: delay / used,
        shows: format!(
            "threads stood runnable without a CPU for {} of the time they ran",
            percent(delay / used)
        ),
        unit: percent,
    };
    let waits = look.above(
        figure,
        &warn_and_critical(Threshold::H3Warn, Threshold::H3Critical),
    );
    match waits {
        Reading::Clear => moves(look),
        other => other,
    }
}

/// Moves between CPUs although the target was pinned.
fn moves(look: &Look<'_>) -> Reading {
    let migrations = look.sample.process.as_ref().and_then(|own| own.migrations);
    let (Some(migrations), Some(seconds), true) =
        (migrations, look.sample.seconds, look.subject.pinned)
    else {
        return Reading::Clear;
    };
    let busy = physics::cpu_seconds(look.sample).map_or(1.0, |used| (used / seconds).max(1.0));
    let rate = migrations as f64 / seconds / busy;
    let figure = Figure {
        value: rate / 1e6,
        shows: format!(
            "{} moves between CPUs per second and busy thread, although pinned",
            significant(rate)
        ),
        unit: significant,
    };
    let bound = look.bound(Threshold::H3Migrations);
    if rate <= bound {
        return Reading::Clear;
    }
    Reading::holds(
        Severity::Warn,
        figure.value,
        figure.shows,
        format!("warn above {} per second", significant(bound)),
    )
}

fn free_cpus(_: &Subject, _: &Sign) -> Remedy {
    Remedy::new(
        "The kernel had something else to run on the CPUs: other processes, more busy threads than CPUs, or a quota \
         (H1). For Go such a thread still holds its P.",
        vec![
            Try::setting("Not more GOMAXPROCS than CPUs that the process may use."),
            Try::host("CPUs of its own: a cpuset, fewer neighbours, the generator elsewhere."),
        ],
        "Where many threads are in system calls by intention: they wait for a CPU at their return.",
    )
}
