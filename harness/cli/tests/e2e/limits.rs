//! CPU quotas and memory caps on a real service: they bind, they are read back, a kill of the kernel's is told as one,
//! and no cgroup is left.

use std::fs;
use std::path::{Path, PathBuf};

use record::run::Run;
use record::trial::{Failure, FailureCause, Outcome, Trial};
use rustix::process::{Pid, Signal, kill_process};

use crate::lab::{Lab, assert_complete, goroot, say_loudly, stored, wait_until};

fn target(name: &str) -> String {
    format!(
        "{}/../../targets/{name}/target.yaml",
        env!("CARGO_MANIFEST_DIR")
    )
}

/// A lab where cgroups may be made; `None`, said aloud, elsewhere.
fn lab(test: &str) -> Option<Lab> {
    let both = [topology::Controller::Cpu, topology::Controller::Memory];
    if let Err(error) = topology::GroupParent::prepare(Path::new("/"), &both) {
        say_loudly(&format!("SKIPPED {test}: {error}"));
        return None;
    }
    Lab::open()
}

/// Whether the Go in use takes GOMAXPROCS from the quota.
fn knows_containers() -> bool {
    let version = fs::read_to_string(goroot().unwrap().join("VERSION")).unwrap();
    let version: gotrace::GoVersion = version.lines().next().unwrap().parse().unwrap();
    version >= "go1.25".parse().unwrap()
}

fn axis<'a>(run: &'a Run, trial: &Trial, axis: &str) -> &'a str {
    let cell = run.cells.iter().find(|cell| cell.id == trial.cell).unwrap();
    &cell.axes[axis]
}

#[test]
fn a_quota_throttles_is_recorded_and_seen_by_go() {
    let Some(lab) = lab("a_quota_throttles_is_recorded_and_seen_by_go") else {
        return;
    };
    // The targets' go line of 1.21 keeps this off unless it is asked for.
    let godebug = match knows_containers() {
        true => "[containermaxprocs=0, containermaxprocs=1]",
        false => "[none]",
    };
    let matrix = format!(
        "\
name: quota
targets: [{}]
axes:
  cpu_quota: [none, 0.05]
  godebug: {godebug}
  placement: [none]
control: {{cpu_quota: none, godebug: {}}}
load: {{connections: 8, saturate: 1s}}
blocks: 1
warmup: {{for: 300ms, gc_cycles: 0}}
",
        target("hash"),
        godebug.trim_matches(['[', ']']).split(',').next().unwrap(),
    );
    lab.put("quota.yaml", &matrix);
    let Some(done) = lab.run(&["run", "quota.yaml", "--out", "out"]) else {
        return;
    };
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    let (run, trials) = stored(&lab.path("out"));
    assert_complete(&run, &trials);
    let cpus = std::thread::available_parallelism().unwrap().get() as u64;
    if cpus <= 2 {
        say_loudly("NOT TOLD APART: GOMAXPROCS by quota and by CPUs are both 2 on this host");
    }
    for trial in &trials {
        assert!(!matches!(trial.outcome, Outcome::Failed(_)), "{trial:?}");
        let readback = trial.readback.as_ref().unwrap();
        let window = trial.saturate.as_ref().unwrap().cgroup.as_ref();
        if axis(&run, trial, "cpu_quota") == "default" {
            assert_eq!((&readback.cpu_quota, window), (&None, None));
            assert_eq!(trial.cgroup, None);
            assert_eq!(readback.gomaxprocs, Some(cpus));
            continue;
        }
        assert_eq!(readback.cpu_quota.as_deref(), Some("0.05"));
        assert_eq!(readback.memory_cap_bytes, None);
        // A closed loop of hashing wants all CPUs and gets a twentieth of one, which is less than any busy host leaves
        // it.
        let window = window.unwrap();
        assert!(window.throttled_periods > Some(0), "{window:?}");
        assert!(window.periods >= window.throttled_periods);
        assert!(window.throttled_seconds > Some(0.0));
        assert_eq!(window.oom_kills, None, "it has no cap");
        let life = trial.cgroup.as_ref().unwrap();
        assert!(life.throttled_periods >= window.throttled_periods);
        // max(2, ceil(0.05)), and never more than the CPUs (internal/runtime/cgroup).
        let by_quota = axis(&run, trial, "godebug") == "containermaxprocs=1";
        let expected = if by_quota { cpus.min(2) } else { cpus };
        assert_eq!(readback.gomaxprocs, Some(expected));
    }
}

const CAPPED: &str = "
axes:
  gogc: [\"off\"]
  gomemlimit: [96MiB, none]
  memory_cap: [128MiB]
  option: {live-mib: [32], garbage: [8000]}
  placement: [none]
control: {gomemlimit: 96MiB}
load: {connections: 4, saturate: 2s}
blocks: 1
warmup: {for: 300ms, gc_cycles: 0}
";

#[test]
fn a_full_cap_is_an_oom_kill_and_a_limit_below_it_survives() {
    let Some(lab) = lab("a_full_cap_is_an_oom_kill_and_a_limit_below_it_survives") else {
        return;
    };
    let matrix = format!("name: capped\ntargets: [{}]{CAPPED}", target("cache"));
    lab.put("capped.yaml", &matrix);
    let Some(done) = lab.run(&["run", "capped.yaml", "--out", "out"]) else {
        return;
    };
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    let (run, trials) = stored(&lab.path("out"));
    for trial in &trials {
        let group = trial.cgroup.as_ref().unwrap();
        // A process that dies for its memory may go over the cap to get there.
        let peak = group.memory_peak_bytes;
        assert!(peak.is_none_or(|peak| peak < 160 << 20), "{group:?}");
        assert_eq!(group.periods, None, "it has no quota");
        if axis(&run, trial, "gomemlimit") == "96MiB" {
            assert!(!matches!(trial.outcome, Outcome::Failed(_)), "{trial:?}");
            assert_eq!(group.oom_kills, Some(0));
            let readback = trial.readback.as_ref().unwrap();
            assert_eq!(readback.memory_cap_bytes, Some(128 << 20));
            continue;
        }
        assert!(group.oom_kills > Some(0), "{group:?}");
        let Outcome::Failed(Failure {
            cause,
            message,
            signal,
            ..
        }) = &trial.outcome
        else {
            panic!("{:?}", trial.outcome);
        };
        assert_eq!((*cause, *signal), (FailureCause::OomKilled, Some(9)));
        assert!(message.contains("its memory cap of 128"), "{message}");
        assert!(message.contains("(OOM)"), "{message}");
    }
    let shown = lab.say(&["rank", "out"]);
    assert!(
        shown.stdout.contains("ran out of its memory cap"),
        "{}",
        shown.stdout
    );
}

/// Cgroups that a gosweep has made.
fn groups_of(pid: u32) -> Vec<PathBuf> {
    let prefix = format!("gosweep-{pid}-");
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::from("/sys/fs/cgroup")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            if !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                continue;
            }
            match entry.file_name().to_string_lossy().starts_with(&prefix) {
                true => found.push(entry.path()),
                false => folders.push(entry.path()),
            }
        }
    }
    found
}

#[test]
fn cgroups_do_not_outlive_kill_9() {
    let Some(lab) = lab("control_groups_do_not_outlive_kill_9") else {
        return;
    };
    // Long enough to be killed in the middle of it.
    let capped = CAPPED.replace("saturate: 2s", "saturate: 60s");
    let matrix = format!("name: capped\ntargets: [{}]{capped}", target("cache"));
    lab.put("capped.yaml", &matrix.replace("[96MiB, none]", "[96MiB]"));
    let child = lab
        .command(&["run", "capped.yaml", "--out", "out"])
        .spawn()
        .unwrap();
    wait_until("the target is in its group", || {
        let groups = groups_of(child.id());
        let members = groups.iter().filter_map(|group| {
            let members = fs::read_to_string(group.join("cgroup.procs")).ok()?;
            (!members.is_empty()).then_some(())
        });
        members.count() > 0
    });
    let pid = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    kill_process(pid, Signal::KILL).unwrap();
    let dead = child.id();
    let _ = child.wait_with_output().unwrap();
    wait_until("its groups are gone", || groups_of(dead).is_empty());
    assert_eq!(lab.at_work(), Vec::<String>::new());
}
