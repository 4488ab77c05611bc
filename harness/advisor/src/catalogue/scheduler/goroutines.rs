//! Where goroutines gather, and what threads are spent on: S12 to S15, by profiles.

use documents::figures::{count_text, percent, significant};
use documents::finding::{Family, Severity, Try};
use record::threshold::Threshold;

use crate::catalogue::gc::ENOUGH_CPU_SAMPLES;
use crate::evidence::{CpuShares, GoroutineGroup, Subject, Waiting};
use crate::rule::{Check, Figure, Look, Reading, Remedy, Rival, Rule, Sign, warn_and_critical};
use crate::signal::Signal;

/// CPUs below which a share of CPU time is of an idle process and costs nothing.
const LEAST_CPUS: f64 = 0.02;

pub(super) static RULES: &[Rule] = &[
    Rule {
        id: "S12",
        title: "goroutines gather at one place",
        family: Family::Scheduler,
        needs: &[Signal::GoroutineProfiles],
        rivals: &[
            Rival::within(
                "connections that wait for their next request",
                "goroutines that wait for the network are left out",
                &[],
            ),
            Rival::within(
                "a pool of a fixed size",
                "whether the number grows from one profile to the next: a single profile counts from 500 on only",
                &[Signal::GoroutineProfiles],
            ),
        ],
        versions: "all",
        source: "runtime/pprof, the goroutine profile; runtime/chan.go, select.go, sema.go",
        check: Check::Sample(gathering),
        remedy: let_them_end,
    },
    Rule {
        id: "S13",
        title: "goroutines locked to threads make each hand-over a switch of threads",
        family: Family::Scheduler,
        needs: &[Signal::CpuProfile],
        rivals: &[Rival::within(
            "an idle process, of whose little CPU time anything is a large share",
            "how many CPUs it keeps busy",
            &[],
        )],
        versions: "all",
        source: "runtime/proc.go, stoplockedm and startlockedm",
        check: Check::Sample(locked_threads),
        remedy: unlock_threads,
    },
    Rule {
        id: "S14",
        title: "threads are put to sleep and woken all the time",
        family: Family::Scheduler,
        needs: &[Signal::CpuProfile],
        rivals: &[
            Rival::by(
                "S13",
                "goroutines locked to threads",
                "stacks through stoplockedm and startlockedm",
                &[],
            ),
            Rival::within(
                "locks of the runtime",
                "stacks through lock2 and unlock2 are L3's",
                &[],
            ),
        ],
        versions: "all",
        source: "runtime/proc.go, worker thread parking/unparking",
        check: Check::Sample(parking),
        remedy: fewer_wakes,
    },
    Rule {
        id: "S15",
        title: "timers cost CPU",
        family: Family::Scheduler,
        needs: &[Signal::CpuProfile],
        rivals: &[Rival::within(
            "an idle process, of whose little CPU time anything is a large share",
            "how many CPUs it keeps busy",
            &[],
        )],
        versions: "all; from Go 1.23 on (go.mod line of 1.23) forgotten timers are collected",
        source: "runtime/time.go; Go 1.23 release notes",
        check: Check::Sample(timers),
        remedy: fewer_timers,
    },
];

fn gathering(look: &Look<'_>) -> Reading {
    let all = look
        .sample
        .profiles
        .as_ref()
        .and_then(|own| own.goroutines.as_ref());
    let Some(all) = all else {
        return Reading::Clear;
    };
    let mut found = all
        .groups
        .iter()
        .filter_map(|group| gathered(look, group, &all.totals));
    let Some(mut found) = found.next() else {
        return Reading::Clear;
    };
    found.suffices = true;
    Reading::Holds(found)
}

/// A group that is most of all goroutines, and grows; or one that is so large that a single profile is enough.
fn gathered(look: &Look<'_>, group: &GoroutineGroup, totals: &[u64]) -> Option<Sign> {
    if matches!(group.waiting, Waiting::Network | Waiting::Runs) {
        return None;
    }
    let (first, last) = (*group.counts.first()? as f64, *group.counts.last()? as f64);
    let all = *totals.last()? as f64;
    let share = last / all.max(1.0);
    if share < look.bound(Threshold::S12Share) {
        return None;
    }
    let doing = doing(group.waiting);
    let several = group.counts.len() > 1;
    let grows = several
        && group.counts.windows(2).all(|pair| pair[1] >= pair[0])
        && last > 1.05 * first + 5.0;
    let least = look.bound(match several {
        true => Threshold::S12Goroutines,
        false => Threshold::S12Single,
    });
    if last < least || (several && !grows) {
        return None;
    }
    let (severity, shows) = match grows {
        true => (
            Severity::Critical,
            format!(
                "from {} to {} goroutines {doing} at {}, of {} in all, and none ends",
                count_text(first),
                count_text(last),
                group.place,
                count_text(all)
            ),
        ),
        false => (
            Severity::Warn,
            format!(
                "{} of {} goroutines {doing} at {}; a second profile a minute later tells whether they grow",
                count_text(last),
                count_text(all),
                group.place
            ),
        ),
    };
    Some(Sign {
        severity,
        value: last,
        shows,
        bound: format!(
            "{} from {} and {} of all",
            severity.word(),
            significant(least),
            percent(look.bound(Threshold::S12Share))
        ),
        hint: Some(group.place.clone()),
        suffices: true,
    })
}

/// What goroutines do that wait for this.
fn doing(waiting: Waiting) -> &'static str {
    match waiting {
        Waiting::Send => "wait to send to a channel",
        Waiting::Receive => "wait to receive from a channel",
        Waiting::Select => "wait for one of several channels",
        Waiting::Lock => "wait for a mutex",
        Waiting::Others => "wait for others",
        Waiting::Network => "wait for the network",
        Waiting::Sleep => "sleep",
        Waiting::Call => "are in a call into the kernel or C",
        Waiting::Runs => "run",
    }
}

fn let_them_end(_: &Subject, sign: &Sign) -> Remedy {
    let place = sign.hint.as_deref().unwrap_or("one place");
    Remedy::new(
        format!(
            "Goroutines are started faster than they end, and wait at {place}: for a reader or writer that has gone, a context \
             that nobody cancels, or a lock that is held."
        ),
        vec![
            Try::code(
                "Let each end: a channel with room for its single answer, ctx.Done() in the select, a close that the range sees.",
            ),
            Try::measure(
                "GET /debug/pprof/goroutine?debug=2 shows for how many minutes they have waited; Go 1.27 has /debug/pprof/goroutineleak.",
            ),
        ],
        "Where the number levels off: idle connections or waiters by intention.",
    )
}

fn enough(look: &Look<'_>) -> Option<CpuShares> {
    let cpu = look.sample.profiles.as_ref().and_then(|own| own.cpu);
    cpu.filter(|own| own.samples >= ENOUGH_CPU_SAMPLES)
}

const TOO_FEW: Reading = Reading::TooLittle("100 samples in the CPU profile");

/// Grades a share of CPU time, unless all of it is next to nothing.
fn share(
    look: &Look<'_>,
    value: impl Fn(&CpuShares) -> f64,
    what: &str,
    bounds: &[(Severity, Threshold)],
) -> Reading {
    let Some(cpu) = enough(look) else {
        return TOO_FEW;
    };
    let value = value(&cpu);
    if cpu.busy_cpus.is_some_and(|busy| busy * value < LEAST_CPUS) {
        return Reading::Clear;
    }
    let figure = Figure {
        value,
        shows: format!("{} of CPU time {what}", percent(value)),
        unit: percent,
    };
    look.above(figure, bounds).that_suffices()
}

fn locked_threads(look: &Look<'_>) -> Reading {
    share(
        look,
        |cpu| cpu.locked_threads,
        "hands threads over for goroutines that are locked to them",
        &warn_and_critical(Threshold::S13Warn, Threshold::S13Critical),
    )
}

fn unlock_threads(_: &Subject, _: &Sign) -> Remedy {
    Remedy::new(
        "A goroutine that called runtime.LockOSThread runs on its own thread only: each time it is woken another thread \
         gives its P away, wakes that one and goes to sleep, by futex calls.",
        vec![
            Try::code(
                "Take LockOSThread out of what serves requests; keep it to the goroutine that needs its thread (C libraries, \
                 namespaces), and hand it work in batches.",
            ),
            Try::code(
                "Check that UnlockOSThread follows where the lock is only needed for a while.",
            ),
        ],
        "Where C code must stay on one thread: then fewer and larger hand-overs are all there is to win.",
    )
}

fn parking(look: &Look<'_>) -> Reading {
    share(
        look,
        |cpu| cpu.parking,
        "puts threads to sleep for want of work and wakes them",
        &[(Severity::Info, Threshold::S14Info)],
    )
}

fn fewer_wakes(_: &Subject, _: &Sign) -> Remedy {
    Remedy::new(
        "Work comes in small pieces with pauses between, so threads go to sleep and are woken for each. No lock is \
         contended.",
        vec![
            Try::setting("Fewer GOMAXPROCS where CPUs are idle; measure it as an axis."),
            Try::code("Larger pieces of work: batch what goes through channels."),
        ],
        "At low load, where the CPU would be idle otherwise: then it is the price of being woken, and no fault.",
    )
}

fn timers(look: &Look<'_>) -> Reading {
    share(
        look,
        |cpu| cpu.timers,
        "keeps the heaps of timers",
        &warn_and_critical(Threshold::S15Warn, Threshold::S15Critical),
    )
}

fn fewer_timers(_: &Subject, _: &Sign) -> Remedy {
    Remedy::new(
        "Very many timers are made, reset or stopped, or very many are waiting: each change moves through a heap.",
        vec![
            Try::code(
                "Stop timers that are not needed any more, and reuse one with Reset instead of time.After in a loop.",
            ),
            Try::code("One deadline for each request, instead of one for each read and write."),
            Try::setting(
                "A go.mod line of 1.23 or later (asynctimerchan=0): forgotten timers are then collected.",
            ),
        ],
        "Where the timers are the work, as in a scheduler of jobs.",
    )
}
