//! Cgroups for targets: on made-up trees of both generations, and on this host's kernel.

use std::fs;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use topology::{Controller, CpuTime, GroupError, GroupParent, Limits};

use crate::machine::Machine;

const BOTH: [Controller; 2] = [Controller::Cpu, Controller::Memory];
const HALF: CpuTime = CpuTime {
    quota_us: 50_000,
    period_us: 100_000,
};
const LIMITS: Limits = Limits {
    cpu: Some(HALF),
    memory_bytes: Some(64 << 20),
};

/// A version 2 host on which we are in `/work`.
fn unified(controllers: &str, enabled: &str) -> Machine {
    let machine = Machine::empty();
    machine
        .file("proc/self/cgroup", "0::/work")
        .file(
            "proc/self/mountinfo",
            "30 1 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw",
        )
        .file("sys/fs/cgroup/work/cgroup.controllers", controllers)
        .file("sys/fs/cgroup/work/cgroup.subtree_control", enabled)
        .file("sys/fs/cgroup/work/cgroup.procs", "1\n2\n");
    machine
}

fn refusal(machine: &Machine) -> String {
    let error = GroupParent::prepare(machine.root(), &BOTH).unwrap_err();
    let root = machine.root().display().to_string();
    error.to_string().replace(&root, "")
}

/// The folder of the group that a made-up tree has.
fn only_child(folder: &Path) -> Option<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().flatten();
    let mut folders = entries
        .map(|entry| entry.path())
        .filter(|path| path.is_dir());
    folders.next()
}

#[test]
fn what_is_missing_is_named_with_the_fix() {
    insta::assert_snapshot!(refusal(&Machine::empty()), @"this host has no cpu controller for us: neither cgroup version 1 nor 2 is mounted with it; in a container, start it with its cgroup file system mounted writable");
    insta::assert_snapshot!(refusal(&unified("cpu pids", "")), @"/sys/fs/cgroup/work does not have the memory controller (it has: cpu pids); start gosweep as root, or with `systemd-run --user --scope -p Delegate=yes gosweep ...`");
    insta::assert_snapshot!(refusal(&unified("", "")), @"/sys/fs/cgroup/work does not have the cpu controller (it has: none); start gosweep as root, or with `systemd-run --user --scope -p Delegate=yes gosweep ...`");
}

#[test]
fn a_child_of_our_own_group_is_made_and_removed() {
    let machine = unified("cpu memory pids", "cpu memory");
    let parent = GroupParent::prepare(machine.root(), &BOTH).unwrap();
    let work = machine.root().join("sys/fs/cgroup/work");
    assert_eq!(only_child(&work), None, "the trial group is gone");
    let group = parent.make_group(&Limits::default()).unwrap();
    let made = only_child(&work).unwrap();
    assert_eq!(group.folders(), [made.as_path()]);
    let name = made.file_name().unwrap().to_string_lossy().into_owned();
    let ours = format!("gosweep-{}-", std::process::id());
    assert!(name.starts_with(&ours), "{name}");
    drop(group);
    assert!(!made.exists());
}

#[test]
fn version_2_switches_the_controllers_on() {
    let machine = unified("cpu memory", "cpu");
    let _parent = GroupParent::prepare(machine.root(), &BOTH).unwrap();
    let switch = machine
        .root()
        .join("sys/fs/cgroup/work/cgroup.subtree_control");
    assert!(fs::read_to_string(switch).unwrap().starts_with("+memory"));
}

#[test]
fn a_limit_that_the_kernel_has_no_file_for_is_an_error_and_leaves_nothing() {
    // A made-up tree puts no files into a new folder.
    let machine = unified("cpu memory", "cpu memory");
    let parent = GroupParent::prepare(machine.root(), &BOTH).unwrap();
    let error = parent.make_group(&LIMITS).unwrap_err();
    assert!(matches!(error, GroupError::Limit { .. }), "{error}");
    assert!(error.to_string().contains("cpu.max"), "{error}");
    assert_eq!(only_child(&machine.root().join("sys/fs/cgroup/work")), None);
}

/// This host's groups; `None`, said aloud, where none can be made.
fn here(test: &str) -> Option<GroupParent> {
    match GroupParent::prepare(Path::new("/"), &BOTH) {
        Ok(parent) => Some(parent),
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "\nSKIPPED {test}: {error}\n");
            None
        }
    }
}

#[test]
fn the_kernel_holds_what_was_asked_for() {
    let Some(parent) = here("the_kernel_holds_what_was_asked_for") else {
        return;
    };
    let group = parent.make_group(&LIMITS).unwrap();
    assert_eq!(group.limits(), LIMITS);
    let counts = group.counts();
    assert_eq!((counts.throttled, counts.oom_kills), (Some(0), Some(0)));
    let folders = group.folders();
    assert!(folders.iter().all(|folder| folder.exists()));
    drop(group);
    assert!(folders.iter().all(|folder| !folder.exists()));
    let only_cpu = Limits {
        memory_bytes: None,
        ..LIMITS
    };
    let group = parent.make_group(&only_cpu).unwrap();
    assert_eq!(group.limits(), only_cpu);
    assert_eq!(group.counts().oom_kills, None, "no cap, no account");
}

#[test]
#[expect(unsafe_code, reason = "pre_exec has no safe form")]
fn a_child_is_inside_before_it_runs_and_is_throttled_there() {
    let Some(parent) = here("a_child_is_inside_before_it_runs_and_is_throttled_there") else {
        return;
    };
    let tenth = CpuTime {
        quota_us: 10_000,
        period_us: 100_000,
    };
    let limits = Limits {
        cpu: Some(tenth),
        ..LIMITS
    };
    let group = parent.make_group(&limits).unwrap();
    let way_in = group.child().unwrap();
    let mut command = Command::new("/bin/sh");
    command
        .args(["-c", "cat /proc/self/cgroup; while :; do :; done"])
        .stdout(Stdio::piped());
    // SAFETY: `join` makes one system call for each controller and nothing else.
    unsafe {
        command.pre_exec(move || way_in.join());
    }
    let mut child = command.spawn().unwrap();
    let name = group.folders()[0].file_name().unwrap().to_owned();
    // Counted by the kernel, not by the clock: a loop without end is throttled.
    while group.counts().throttled.unwrap() < 2 {
        std::thread::yield_now();
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    assert_eq!(group.processes(), [child.id()]);
    child.kill().unwrap();
    let output = child.wait_with_output().unwrap();
    let memberships = String::from_utf8(output.stdout).unwrap();
    let inside = memberships
        .lines()
        .filter(|line| line.ends_with(&*name.to_string_lossy()));
    assert_eq!(inside.count(), group.folders().len(), "{memberships}");
    let counts = group.counts();
    assert!(counts.periods >= counts.throttled && counts.throttled_us > Some(0));
    assert!(counts.memory_peak_bytes > Some(0), "{counts:?}");
}
