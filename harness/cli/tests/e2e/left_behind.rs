//! A ready-made binary that starts children: measured as far as it can be seen, and nothing of it outlives us.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use record::trial::{Outcome, Trial};
use rustix::process::{Pid, Signal, kill_process};

use crate::failures::{GO_MOD, PROGRAM};
use crate::lab::{Lab, descendants, stored, wait_until, wait_until_gone};

fn matrix(saturate: &str) -> String {
    format!(
        "\
name: parent
targets: [./service.yaml]
axes: {{gogc: [50, 200], placement: [none]}}
control: {{gogc: 50}}
load: {{connections: 2, saturate: {saturate}}}
blocks: 1
warmup: {{for: 100ms, gc_cycles: 0}}
"
    )
}

const TARGET: &str = "\
name: parent
binary: ./service/made
command: [\"{addr}\"]
env: {MODE: child}
requests: [{path: /, expect: {status: 200, length: 5}}]
";

/// A lab with a binary that somebody else has built.
fn lab() -> Option<Lab> {
    let lab = Lab::open()?;
    lab.put("service/main.go", PROGRAM);
    lab.put("service/go.mod", GO_MOD);
    lab.put("service.yaml", TARGET);
    lab.build_service()?;
    Some(lab)
}

#[test]
fn a_binary_without_a_probe_is_measured_as_far_as_it_can_be_seen() {
    let Some(lab) = lab() else { return };
    lab.put("matrix.yaml", &matrix("300ms"));
    let Some(done) = lab.run(&["run", "matrix.yaml", "--out", "out"]) else {
        return;
    };
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    assert_eq!(lab.at_work(), Vec::<String>::new(), "its children are gone");
    let (run, trials) = stored(&lab.path("out"));
    let artifact = &run.artifacts[0];
    assert_eq!(
        (artifact.toolchain.as_ref(), artifact.command.as_str()),
        (None, "")
    );
    assert!(artifact.go_version_m.contains("example.org/service"));
    assert!(run.toolchains.is_empty(), "nothing was built");
    for trial in &trials {
        let readback = trial.readback.as_ref().unwrap();
        assert_eq!(readback.gogc, None);
        assert_eq!(readback.go_version, None);
        assert!(readback.gomaxprocs.is_some(), "schedtrace tells");
        assert!(readback.target_cpus.is_some(), "/proc tells");
        let phase = trial.saturate.as_ref().unwrap();
        assert!(phase.runtime.is_none(), "nobody asked the runtime");
        assert!(phase.ledger.completed > 0);
        assert!(phase.process.is_some());
    }
    // Said once, with the control.
    for cell in &run.cells {
        let is_told = cell.notes.iter().any(|note| note.contains("no probe"));
        assert_eq!(is_told, cell.control, "{cell:?}");
    }
}

#[test]
fn children_of_the_target_do_not_outlive_kill_9() {
    let Some(lab) = lab() else { return };
    // Long enough for the children to be seen before anything ends by itself.
    lab.put("matrix.yaml", &matrix("60s"));
    let child = lab
        .command(&["run", "matrix.yaml", "--out", "out"])
        .spawn()
        .unwrap();
    let mut started = Vec::new();
    wait_until("the target has its child", || {
        started = descendants(child.id());
        started
            .iter()
            .any(|one| one.command.starts_with("sleep 3600"))
    });
    assert!(!lab.at_work().is_empty(), "{started:?}");
    let pid = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    kill_process(pid, Signal::KILL).unwrap();
    let _ = child.wait_with_output().unwrap();
    wait_until_gone(&started);
    assert_eq!(lab.at_work(), Vec::<String>::new());
}

#[test]
fn a_binary_that_is_swapped_in_mid_run_is_not_measured() {
    let Some(lab) = lab() else { return };
    lab.put("matrix.yaml", &matrix("300ms"));
    let run = lab.start(&["run", "matrix.yaml", "--out", "out"], "out");
    // Any trial that started this one would fail.
    let swapped = lab.put("service/other", "#!/bin/sh\nexit 1\n");
    fs::set_permissions(&swapped, fs::Permissions::from_mode(0o755)).unwrap();
    fs::rename(&swapped, lab.path("service/made")).unwrap();
    let done = run.wait_with_output().unwrap();
    assert!(done.status.success(), "{done:?}");
    let (_, trials) = stored(&lab.path("out"));
    assert!(trials.len() > 1, "the swap came before the last trial");
    let failed = |trial: &&Trial| matches!(trial.outcome, Outcome::Failed(_));
    assert_eq!(trials.iter().filter(failed).count(), 0);
}

/// A `go` that downloads stands for pip as well: both run as its child does.
#[test]
fn a_download_does_not_outlive_kill_9() {
    let Some(lab) = Lab::open() else { return };
    let go = lab.put("bin/go", "#!/bin/sh\nsleep 3600 & wait\n");
    fs::set_permissions(&go, fs::Permissions::from_mode(0o755)).unwrap();
    let mut gosweep = lab
        .command(&["toolchain", "install", "1.99.1", "--sources", "gotoolchain"])
        .env(
            "PATH",
            format!("{}:/usr/bin:/bin", lab.path("bin").display()),
        )
        .spawn()
        .unwrap();
    let mut started = Vec::new();
    wait_until("go has its child", || {
        started = descendants(gosweep.id());
        let mut commands = started.iter().map(|one| &one.command);
        commands.any(|command| command.starts_with("sleep 3600"))
    });
    gosweep.kill().unwrap();
    gosweep.wait().unwrap();
    wait_until_gone(&started);
}
