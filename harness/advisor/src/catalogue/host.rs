//! The host and its limits: quota, threads that wait for a CPU.

use documents::figures::{percent, significant};
use documents::finding::{Family, Severity, Try};
use record::threshold::Threshold;

use crate::evidence::Subject;
use crate::physics;
use crate::rule::{Check, Figure, Look, Reading, Remedy, Rival, Rule, Sign, warn_and_critical};
use crate::signal::Signal;

pub(super) static RULES: &[Rule] = &[
    Rule {
        id: "H1",
        title: "the CPU quota throttles the process",
        family: Family::Host,
        needs: &[Signal::Throttling],
        rivals: &[],
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
        rivals: &[Rival::within(
            "Go's own default, which is 2 at least",
            "GOMAXPROCS against the quota rounded up, and 2",
            &[],
        )],
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
        rivals: &[Rival::by(
            "H1",
            "a quota that throttles",
            "throttled periods",
            &[Signal::Throttling],
        )],
        versions: "all",
        source: "Linux Documentation/scheduler/sched-stats: run_delay of /proc/PID/task/TID/schedstat",
        check: Check::Sample(run_delay),
        remedy: free_cpus,
    },
    Rule {
        id: "H4",
        title: "idle GC workers use up the CPU quota",
        family: Family::Host,
        needs: &[
            Signal::Quota,
            Signal::IdleMarking,
            Signal::Throttling,
            Signal::Length,
        ],
        rivals: &[Rival::within(
            "Ps that are idle on CPUs of their own, where such marking is free",
            "a quota, and whether it throttles",
            &[],
        )],
        versions: "all",
        source: "runtime/mgcpacer.go, addIdleMarkWorker; /cpu/classes/gc/mark/idle",
        check: Check::Sample(idle_marking),
        remedy: fewer_idle_workers,
    },
];

fn idle_marking(look: &Look<'_>) -> Reading {
    let by_runtime = look
        .sample
        .runtime
        .as_ref()
        .and_then(|own| own.gc_idle_cpu_s);
    let by_lines = || {
        let cycles = look.sample.gc.as_ref()?;
        Some(cycles.iter().map(|cycle| cycle.cpu.idle).sum::<f64>() / 1e3)
    };
    let throttled = look.sample.host.as_ref().and_then(|host| host.throttled);
    let (Some(idle_s), Some(quota), Some(seconds), Some(throttled)) = (
        by_runtime.or_else(by_lines),
        look.subject.quota_cpus,
        look.sample.seconds,
        throttled,
    ) else {
        return Reading::Clear;
    };
    if throttled <= look.bound(Threshold::H1Info) {
        return Reading::Clear;
    }
    let share = idle_s / (quota * seconds);
    let figure = Figure {
        value: share,
        shows: format!(
            "idle GC workers used {} of the quota of {} CPUs, throttled in {} of periods",
            percent(share),
            significant(quota),
            percent(throttled)
        ),
        unit: percent,
    };
    look.above(figure, &[(Severity::Warn, Threshold::H4Warn)])
}

fn fewer_idle_workers(subject: &Subject, _: &Sign) -> Remedy {
    let procs = procs_for(subject.quota_cpus.unwrap_or(1.0));
    Remedy::new(
        "While a collection runs, every idle P marks as well. On CPUs of its own that takes nothing; under a quota it is CPU \
         time that is missing later in the period.",
        vec![
            Try::setting(format!("GOMAXPROCS={procs:.0}: fewer Ps can mark at once.")),
            Try::setting("Fewer collections: raise GOGC as far as the memory cap allows."),
        ],
        "Where no period is throttled.",
    )
}

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
            Try::setting("GOMAXPROCS at the quota, rounded up, and 2 at least (H2)."),
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
    if procs <= procs_for(quota) {
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
    let bound = format!("warn above {:.0}, with throttling", procs_for(quota));
    Reading::holds(Severity::Warn, procs / quota, shows, bound)
}

/// GOMAXPROCS that Go 1.25 gives itself under a quota: rounded up, and 2 at least (runtime/cgroup_linux.go).
fn procs_for(quota: f64) -> f64 {
    quota.ceil().max(2.0)
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
    let procs = procs_for(subject.quota_cpus.unwrap_or(1.0));
    Remedy::new(
        "All Ps may run at once, use up the quota early in the period and then stand still together.",
        vec![
            Try::setting(format!(
                "GOMAXPROCS={procs:.0}: the quota, rounded up, and 2 at least."
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
