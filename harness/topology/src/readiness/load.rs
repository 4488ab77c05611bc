//! Who else is at work on this host?

use std::collections::BTreeMap;

use super::{Check, online_count};
use crate::model::Topology;
use crate::source::Source;

/// Load per CPU from which others are noticed, and from which they invalidate things.
const WARN_LOAD: f64 = 0.1;
const BAD_LOAD: f64 = 0.5;

/// Share of CPU time stolen since boot, in percent.
const WARN_STEAL: f64 = 0.1;
const BAD_STEAL: f64 = 2.0;

/// Start-up jobs of a distribution are over by then.
const SETTLED_SECONDS: f64 = 300.0;

pub(super) fn checks(source: &Source, topology: Option<&Topology>) -> Vec<Check> {
    let cpus = online_count(topology);
    vec![
        load_average(source, cpus),
        busy_processes(source, cpus),
        irqbalance(source),
        pressure(source),
        steal(source),
        swap(source),
        uptime(source),
    ]
}

fn load_average(source: &Source, cpus: usize) -> Check {
    const WHY: &str = "other work on the host takes CPU time, cache and memory bandwidth";
    let text = source.word("proc/loadavg").unwrap_or_default();
    let mut words = text.split_whitespace();
    let Some(load) = words.next().and_then(|word| word.parse::<f64>().ok()) else {
        return Check::unknown("load", WHY, "no load average");
    };
    let found = format!("load {load:.2} over the last minute on {cpus} CPUs");
    let fix = "stop other work, or wait for it to end";
    match load / cpus as f64 {
        share if share >= BAD_LOAD => Check::warn("load", WHY, found, fix).bad(),
        share if share >= WARN_LOAD => Check::warn("load", WHY, found, fix),
        _ => Check::ok("load", WHY, found),
    }
}

/// Threads that are running or ready at this instant, our own process aside.
fn busy_processes(source: &Source, cpus: usize) -> Check {
    const WHY: &str = "a thread that is ready to run now will compete with the target";
    let own = source
        .word("proc/self/stat")
        .and_then(|stat| stat.split(' ').next()?.parse().ok());
    let processes = source.numbered_pids();
    if processes.is_empty() {
        return Check::unknown("busy", WHY, "no processes visible");
    }
    let mut running: BTreeMap<String, usize> = BTreeMap::new();
    for process in processes
        .into_iter()
        .filter(|process| Some(*process) != own)
    {
        let tasks = format!("proc/{process}/task");
        for task in source.entries(&tasks) {
            let stat = source
                .word(&format!("{tasks}/{task}/stat"))
                .unwrap_or_default();
            if let Some((name, 'R')) = name_and_state(&stat) {
                *running.entry(format!("{name} ({process})")).or_default() += 1;
            }
        }
    }
    let total: usize = running.values().sum();
    if total == 0 {
        return Check::ok("busy", WHY, "no other thread is running right now");
    }
    let names: Vec<String> = running.into_keys().take(4).collect();
    let found = format!(
        "other threads running right now: {total}, in {}",
        names.join(", ")
    );
    let check = Check::warn("busy", WHY, found, "stop them, or wait for them to end");
    if total >= cpus { check.bad() } else { check }
}

/// The name stands in parentheses and may hold any character, blanks and parentheses included; the state letter follows
/// it (`proc_pid_stat(5)`).
fn name_and_state(stat: &str) -> Option<(&str, char)> {
    let (_, rest) = stat.split_once('(')?;
    let (name, rest) = rest.rsplit_once(')')?;
    Some((name, rest.trim_start().chars().next()?))
}

/// Pressure stall information: share of time in which some task waited for a CPU.
fn irqbalance(source: &Source) -> Check {
    const WHY: &str = "it moves interrupts between CPUs every few seconds, also onto the target's";
    let pids = source.numbered_pids();
    if pids.is_empty() {
        return Check::unknown("irqbalance", WHY, "no process could be read");
    }
    let runs =
        |pid: &u32| source.word(&format!("proc/{pid}/comm")).as_deref() == Some("irqbalance");
    if pids.iter().any(runs) {
        Check::warn(
            "irqbalance",
            WHY,
            "runs",
            "as root: systemctl stop irqbalance",
        )
    } else {
        Check::ok("irqbalance", WHY, "does not run")
    }
}

fn pressure(source: &Source) -> Check {
    const WHY: &str = "tasks that wait for a CPU now will wait during a trial too";
    let text = source.text("proc/pressure/cpu").unwrap_or_default();
    let some = text.lines().find_map(|line| line.strip_prefix("some "));
    let average = some.and_then(|line| {
        line.split_whitespace()
            .find_map(|word| word.strip_prefix("avg60="))?
            .parse::<f64>()
            .ok()
    });
    match average {
        None => Check::unknown("pressure", WHY, "no pressure stall information"),
        Some(percent) if percent >= 5.0 => Check::warn(
            "pressure",
            WHY,
            format!("a task waited for a CPU in {percent:.1} % of the last minute"),
            "stop other work, or wait for it to end",
        ),
        Some(percent) => {
            let found = format!("a task waited for a CPU in {percent:.1} % of the last minute");
            Check::ok("pressure", WHY, found)
        }
    }
}

/// The eighth number of the first line of `proc/stat` (`proc_stat(5)`).
fn steal(source: &Source) -> Check {
    const WHY: &str = "stolen time is time in which the hypervisor ran somebody else";
    let text = source.text("proc/stat").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("cpu "));
    let ticks: Vec<f64> = line
        .unwrap_or_default()
        .split_whitespace()
        .filter_map(|word| word.parse().ok())
        .collect();
    // The ninth and tenth (guest time) are part of the first two already.
    let total: f64 = ticks.iter().take(8).sum();
    let Some(stolen) = ticks.get(7).filter(|_| total > 0.0) else {
        return Check::unknown("steal", WHY, "not reported");
    };
    let percent = 100.0 * stolen / total;
    let found = format!("{percent:.2} % of CPU time stolen since boot");
    let fix = "use a host with dedicated CPUs";
    match percent {
        percent if percent >= BAD_STEAL => Check::warn("steal", WHY, found, fix).bad(),
        percent if percent >= WARN_STEAL => Check::warn("steal", WHY, found, fix),
        _ => Check::ok("steal", WHY, found),
    }
}

fn swap(source: &Source) -> Check {
    const WHY: &str =
        "a heap that is partly swapped out makes the garbage collector wait for the disk";
    let text = source.text("proc/meminfo").unwrap_or_default();
    let kib = |name: &str| -> Option<u64> {
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim_start_matches(':')
            .split_whitespace()
            .next()?
            .parse()
            .ok()
    };
    let (Some(total), Some(free)) = (kib("SwapTotal"), kib("SwapFree")) else {
        return Check::unknown("swap", WHY, "not reported");
    };
    match (total, total.saturating_sub(free)) {
        (0, _) => Check::ok("swap", WHY, "none"),
        (_, 0) => Check::ok("swap", WHY, "configured, unused"),
        (_, used) => Check::warn(
            "swap",
            WHY,
            format!("{} MiB in use", used.div_ceil(1024)),
            "free memory, then as root: swapoff -a && swapon -a",
        ),
    }
}

fn uptime(source: &Source) -> Check {
    const WHY: &str = "start-up jobs run for some minutes after boot";
    let text = source.word("proc/uptime").unwrap_or_default();
    let seconds = text
        .split_whitespace()
        .next()
        .and_then(|word| word.parse::<f64>().ok());
    match seconds {
        None => Check::unknown("uptime", WHY, "not reported"),
        Some(seconds) if seconds < SETTLED_SECONDS => Check::warn(
            "uptime",
            WHY,
            format!("booted {seconds:.0} s ago"),
            "wait until the host has been up for five minutes",
        ),
        Some(seconds) => {
            let minutes = seconds / 60.0;
            Check::ok("uptime", WHY, format!("booted {minutes:.0} minutes ago"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_name_may_hold_parentheses_and_blanks() {
        assert_eq!(name_and_state("12 (a) R (b) S 1 2"), Some(("a) R (b", 'S')));
        assert_eq!(name_and_state("12 (go build) R 1"), Some(("go build", 'R')));
        assert_eq!(name_and_state("12 nonsense"), None);
    }
}
