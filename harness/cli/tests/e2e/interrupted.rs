//! Ctrl-C, `kill -9`, and two gosweeps at once.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::process::Child;

use rustix::process::{Pid, Signal, kill_process};

use crate::lab::{Done, Lab, assert_complete, descendants, stored, wait_until, wait_until_gone};

const TARGET: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../targets/httpjson/target.yaml"
);

/// A closed loop only, which a late generator cannot make invalid (V3); steal and waiting for a CPU still can (V4).
fn matrix() -> String {
    format!(
        "\
name: stopped
targets: [{TARGET}]
axes:
  gogc: [50, 100, 200]
  placement: [none]
control: {{gogc: 100}}
load: {{connections: 2, saturate: 300ms}}
blocks: 2
warmup: {{for: 100ms, gc_cycles: 1}}
"
    )
}

fn send(child: &Child, signal: Signal) {
    let pid = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    kill_process(pid, signal).unwrap();
}

fn end_of(child: Child) -> Done {
    child.wait_with_output().unwrap().into()
}

#[test]
fn a_run_goes_on_after_ctrl_c_and_after_kill_9() {
    let Some(lab) = Lab::open() else { return };
    lab.put("stopped.yaml", &matrix());
    let first = ["run", "stopped.yaml", "--out", "out"];

    let child = lab.start(&first, "out");
    others_are_refused(&lab, child.id());
    let started = descendants(child.id());
    send(&child, Signal::INT);
    let done = end_of(child);
    assert_eq!(done.code, Some(5), "{}", done.stderr);
    assert!(
        done.stderr.contains("go on with: gosweep run out"),
        "{}",
        done.stderr
    );
    assert!(!lab.path("out/report.md").exists(), "it is not complete");
    wait_until_gone(&started);
    assert_eq!(lab.at_work(), Vec::<String>::new());
    assert_eq!(lab.temporary(), Vec::<String>::new());
    let (_, after_interrupt) = stored(&lab.path("out"));

    let child = lab.command(&["run", "out"]).spawn().unwrap();
    let trials = lab.path("out/trials.jsonl");
    wait_until("another trial is on disk", || {
        let lines = fs::read_to_string(&trials).unwrap().matches('\n').count();
        lines > after_interrupt.len()
    });
    let mut started = Vec::new();
    wait_until("a target runs", || {
        started = descendants(child.id());
        started.iter().any(|one| one.command.contains("-admin"))
    });
    send(&child, Signal::KILL);
    assert_eq!(end_of(child).code, None);
    wait_until_gone(&started);
    assert_eq!(lab.at_work(), Vec::<String>::new());
    let (_, after_kill) = stored(&lab.path("out"));
    assert_eq!(after_kill[..after_interrupt.len()], after_interrupt[..]);
    assert!(after_kill.len() > after_interrupt.len());

    // What a power cut may leave of a line.
    let mut file = OpenOptions::new().append(true).open(&trials).unwrap();
    file.write_all(b"{\"format\":1,\"id\":\"b01-0").unwrap();
    drop(file);
    let Some(done) = lab.run(&["run", "out"]) else {
        return;
    };
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    let (run, trials) = stored(&lab.path("out"));
    assert_eq!(
        trials[..after_kill.len()],
        after_kill[..],
        "nothing is lost"
    );
    assert_complete(&run, &trials);
    assert!(lab.path("out/report.html").is_file());
    for entry in fs::read_dir(lab.path("out/raw")).unwrap() {
        let name = entry.unwrap().file_name().to_string_lossy().into_owned();
        assert!(!name.starts_with("unfinished"), "{name} was swept");
    }
}

/// Neither on the same host nor in the same folder.
fn others_are_refused(lab: &Lab, holder: u32) {
    let elsewhere = lab.say(&["run", "stopped.yaml", "--out", "elsewhere"]);
    let same_folder = lab
        .command(&["run", "out"])
        // As from another machine with the same file system.
        .env("GOSWEEP_TEST_HOST", "another machine")
        .output()
        .unwrap();
    for refused in [elsewhere, same_folder.into()] {
        assert_eq!(refused.code, Some(4), "{}", refused.stderr);
        let names_holder = refused.stderr.contains(&format!("(pid {holder})"));
        assert!(names_holder, "{holder}: {}", refused.stderr);
    }
    assert!(!lab.path("elsewhere").exists());
}

#[test]
fn ctrl_c_before_the_first_trial_leaves_nothing_to_trip_over() {
    let Some(lab) = Lab::open() else { return };
    lab.put(
        "stopped.yaml",
        &matrix().replace(
            "saturate: 300ms",
            "saturate: 300ms, constant: {rate: 20%, for: 300ms}",
        ),
    );
    let args = ["run", "stopped.yaml", "--out", "out"];
    let child = lab.command(&args).spawn().unwrap();
    wait_until("the control is measured", || {
        descendants(child.id())
            .iter()
            .any(|one| one.command.contains("-admin"))
    });
    send(&child, Signal::TERM);
    let done = end_of(child);
    assert_eq!(done.code, Some(5), "{}", done.stderr);
    assert_eq!(lab.at_work(), Vec::<String>::new());
    assert_eq!(lab.temporary(), Vec::<String>::new());
    // The hint that was given must work.
    let hint = done.stderr.split("go on with: gosweep ").nth(1).unwrap();
    let words: Vec<&str> = hint.split_whitespace().chain(["--blocks", "1"]).collect();
    let Some(done) = lab.run(&words) else { return };
    assert_eq!(done.code, Some(0), "{}", done.stderr);
}
