//! Pinning on this very machine. Each test changes threads and processes of its own only, and works with however few
//! CPUs it is given.

use std::io::Read;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use topology::{ChildPinning, CpuSet, Error};

fn ours() -> CpuSet {
    topology::current_affinity().unwrap()
}

/// Runs on a thread of its own, so that no pin outlives the test.
fn on_a_thread<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| scope.spawn(work).join().unwrap())
}

/// The mask as the shell's own `/proc/self/status` shows it.
fn child_mask(command: &mut Command) -> CpuSet {
    let output = command
        .args(["Cpus_allowed_list", "/proc/self/status"])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.trim().rsplit('\t').next().unwrap().parse().unwrap()
}

#[test]
fn a_thread_pins_reads_back_and_returns() {
    on_a_thread(|| {
        let before = ours();
        for cpu in before.iter() {
            assert_eq!(
                topology::pin_current_thread(cpu).unwrap(),
                CpuSet::from(cpu)
            );
            assert_eq!(ours(), CpuSet::from(cpu));
        }
        topology::reset_current_thread(&before).unwrap();
        assert_eq!(ours(), before);
        assert_eq!(topology::pin_current_thread(&before).unwrap(), before);
    });
}

#[test]
fn the_kernels_books_agree() {
    let pid = std::process::id();
    let main_thread = topology::affinity_of(pid).unwrap();
    let live = topology::read(Path::new("/")).unwrap();
    assert!(main_thread.is_subset(&live.sets.online));
    assert_eq!(live.affinity, Some(ours()));
    assert!(!live.usable.is_empty());
}

#[test]
fn what_cannot_be_pinned_is_an_error_and_not_an_abort() {
    on_a_thread(|| {
        let before = ours();
        let empty = topology::pin_current_thread(CpuSet::new()).unwrap_err();
        assert!(matches!(empty, Error::EmptySet { .. }), "{empty}");
        let huge = topology::pin_current_thread(60_000_u32).unwrap_err();
        assert!(
            matches!(huge, Error::IdTooLarge { id: 60_000, .. }),
            "{huge}"
        );
        // A CPU that this host cannot have: the kernel itself refuses. Beyond 1024 core_affinity would have aborted the
        // process.
        let absent = topology::read(Path::new("/"))
            .unwrap()
            .sets
            .possible
            .last()
            .unwrap()
            + 1;
        for cpu in [absent, absent.max(1500)] {
            let refused = topology::pin_current_thread(cpu).unwrap_err();
            assert!(matches!(refused, Error::AffinityCall { .. }), "{refused}");
        }
        // Together with a CPU that exists the call succeeds and the kernel drops the other, which reading back must
        // show.
        let mut mixed = CpuSet::from(before.first().unwrap());
        mixed.insert(absent);
        match topology::pin_current_thread(&mixed).unwrap_err() {
            Error::AffinityDiffers { wanted, got, .. } => {
                assert_eq!(wanted, mixed);
                assert_eq!(got, CpuSet::from(before.first().unwrap()));
            }
            other => panic!("{other}"),
        }
        topology::reset_current_thread(&before).unwrap();
    });
}

#[test]
#[expect(unsafe_code, reason = "pre_exec is what ChildPinning is made for")]
fn a_child_is_pinned_before_exec() {
    for cpu in ours().iter() {
        let pinning = ChildPinning::prepare(&CpuSet::from(cpu), None).unwrap();
        let mut command = Command::new("grep");
        // SAFETY: apply is async-signal-safe: system calls only, no allocation.
        unsafe { command.pre_exec(move || pinning.apply()) };
        assert_eq!(child_mask(&mut command), CpuSet::from(cpu));
    }
    assert_eq!(
        child_mask(&mut Command::new("grep")),
        ours(),
        "our own mask stays"
    );
}

#[test]
#[expect(unsafe_code, reason = "pre_exec is what ChildPinning is made for")]
fn a_childs_memory_is_bound_to_its_node() {
    let live = topology::read(Path::new("/")).unwrap();
    let Some(node) = live
        .nodes
        .iter()
        .find(|node| !node.cpus.is_disjoint(&live.usable))
    else {
        eprintln!("skipped: this kernel has no NUMA nodes");
        return;
    };
    let pinning = ChildPinning::prepare(&ours(), Some(node.id)).unwrap();
    let mut command = Command::new("cat");
    command.arg("/proc/self/numa_maps");
    // SAFETY: apply is async-signal-safe: system calls only, no allocation.
    unsafe { command.pre_exec(move || pinning.apply()) };
    let output = match command.output() {
        Ok(output) => output,
        // Containers often forbid set_mempolicy by seccomp.
        Err(error) if error.raw_os_error() == Some(1) => {
            eprintln!("skipped: set_mempolicy is not permitted here");
            return;
        }
        Err(error) => panic!("{error}"),
    };
    let maps = String::from_utf8(output.stdout).unwrap();
    assert!(maps.contains(&format!("bind:{}", node.id)), "{maps}");
}

#[test]
#[expect(unsafe_code, reason = "pre_exec is what ChildPinning is made for")]
fn a_child_that_cannot_be_pinned_does_not_start() {
    let absent = topology::read(Path::new("/"))
        .unwrap()
        .sets
        .possible
        .last()
        .unwrap()
        + 1;
    let mut mixed = ours();
    mixed.insert(absent);
    for set in [CpuSet::from(absent), mixed] {
        let pinning = ChildPinning::prepare(&set, None).unwrap();
        let mut command = Command::new("true");
        // SAFETY: apply is async-signal-safe: system calls only, no allocation.
        unsafe { command.pre_exec(move || pinning.apply()) };
        assert!(command.spawn().is_err(), "{set}");
    }
    assert!(ChildPinning::prepare(&CpuSet::new(), None).is_err());
    assert!(ChildPinning::prepare(&ours(), Some(100_000)).is_err());
}

#[test]
fn a_running_process_is_pinned_with_all_its_threads() {
    let mut child = Command::new("cat")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let only = CpuSet::from(ours().last().unwrap());
    let outcome = topology::set_process_affinity(child.id(), &only);
    let found = topology::affinity_of(child.id());
    drop(child.stdin.take());
    child
        .stdout
        .take()
        .unwrap()
        .read_to_end(&mut Vec::new())
        .unwrap();
    let pid = child.id();
    child.wait().unwrap();
    outcome.unwrap();
    assert_eq!(found.unwrap(), only);
    assert!(
        topology::set_process_affinity(pid, &only).is_err(),
        "it has ended"
    );
    assert!(topology::affinity_of(pid).is_err());
}

#[test]
fn every_thread_counts_not_only_the_first() {
    // Another process with several threads: our own test binary, asked to run the helper below.
    let binary = std::env::current_exe().unwrap();
    let mut child = Command::new(binary)
        .args([
            "--exact",
            "affinity::helper_with_threads",
            "--ignored",
            "--nocapture",
        ])
        .env("GOSWEEP_TOPOLOGY_HELPER", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut seen = Vec::new();
    let mut stdout = child.stdout.take().unwrap();
    while !String::from_utf8_lossy(&seen).contains("threads are up") {
        let mut byte = [0];
        assert_eq!(stdout.read(&mut byte).unwrap(), 1, "the helper ended early");
        seen.push(byte[0]);
    }
    let only = CpuSet::from(ours().last().unwrap());
    let outcome = topology::set_process_affinity(child.id(), &only);
    let mut masks = Vec::new();
    for task in std::fs::read_dir(format!("/proc/{}/task", child.id())).unwrap() {
        let status = std::fs::read_to_string(task.unwrap().path().join("status")).unwrap();
        let line = status
            .lines()
            .find(|line| line.starts_with("Cpus_allowed_list"))
            .unwrap();
        masks.push(line.rsplit('\t').next().unwrap().parse::<CpuSet>().unwrap());
    }
    drop(child.stdin.take());
    child.wait().unwrap();
    outcome.unwrap();
    assert!(masks.len() >= 4, "{masks:?}");
    assert!(masks.iter().all(|mask| *mask == only), "{masks:?}");
}

#[test]
#[ignore = "started as a process of its own by every_thread_counts_not_only_the_first"]
fn helper_with_threads() {
    if std::env::var_os("GOSWEEP_TOPOLOGY_HELPER").is_none() {
        return;
    }
    let barrier = std::sync::Barrier::new(4);
    let ended = std::sync::Mutex::new(());
    let held = ended.lock().unwrap();
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                barrier.wait();
                drop(ended.lock());
            });
        }
        barrier.wait();
        println!("threads are up");
        // Until the parent closes our input.
        std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
        drop(held);
    });
}
