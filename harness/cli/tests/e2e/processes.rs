//! Targets of several processes, strangers on a target's port, and what of a
//! run is left after `kill -9`: nothing.

use std::fs;
use std::process::{Child, Command, Stdio};

use record::trial::{Failure, FailureCause, Outcome};

use crate::failures::GO_MOD;
use crate::lab::{Lab, Seen, descendants, say_loudly, stored, wait_until, wait_until_gone};

/// A service that serves by itself, by a worker that it starts again, or as a
/// daemon; or that only says so.
const PROGRAM: &str = r#"package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"syscall"
	"time"
)

func start(attributes *syscall.SysProcAttr) *exec.Cmd {
	worker := exec.Command("/proc/self/exe", os.Args[1:]...)
	worker.Env = append(os.Environ(), "MODE=serve")
	worker.Stderr = os.Stderr
	worker.SysProcAttr = attributes
	if err := worker.Start(); err != nil {
		panic(err)
	}
	return worker
}

func main() {
	switch os.Getenv("MODE") {
	case "never":
		time.Sleep(time.Hour)
	case "flood":
		line := make([]byte, 1<<20)
		for i := 0; i < 80; i++ {
			os.Stderr.Write(line)
		}
	case "monitor":
		for {
			start(nil).Wait()
		}
	case "daemon":
		start(&syscall.SysProcAttr{Setsid: true})
		return
	case "loose":
		loose := exec.Command("sleep", "3600")
		loose.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
		if err := loose.Start(); err != nil {
			panic(err)
		}
	}
	const reusePort = 15
	control := func(_, _ string, c syscall.RawConn) error {
		return c.Control(func(fd uintptr) {
			syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, reusePort, 1)
		})
	}
	listener, err := (&net.ListenConfig{Control: control}).Listen(context.Background(), "tcp", os.Args[1])
	if err != nil {
		panic(err)
	}
	http.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		for x := 0; x < 20000; x++ {
			work += x * x
		}
		fmt.Fprint(w, "hello")
	})
	panic(http.Serve(listener, nil))
}

var work int
"#;

fn matrix(saturate: &str) -> String {
    format!(
        "\
name: processes
targets: [./service.yaml]
axes: {{gogc: [50, 200], placement: [none]}}
control: {{gogc: 50}}
load: {{connections: 2, saturate: {saturate}}}
blocks: 1
warmup: {{for: 100ms, gc_cycles: 0}}
"
    )
}

fn lab(mode: &str, saturate: &str) -> Option<Lab> {
    let lab = Lab::open()?;
    lab.put("service/main.go", PROGRAM);
    lab.put("service/go.mod", GO_MOD);
    lab.put(
        "service.yaml",
        &format!(
            "\
name: processes
binary: ./service/made
command: [\"{{addr}}\"]
env: {{MODE: {mode}}}
ready: {{path: /, within: 10s}}
requests: [{{path: /, expect: {{status: 200, length: 5}}}}]
"
        ),
    );
    lab.put("matrix.yaml", &matrix(saturate));
    lab.build_service()?;
    Some(lab)
}

#[test]
fn a_worker_or_a_daemon_is_the_target_and_its_figures_are_the_targets() {
    for mode in ["monitor", "daemon"] {
        let Some(lab) = lab(mode, "500ms") else {
            return;
        };
        let Some(done) = lab.run(&["run", "matrix.yaml", "--out", "out"]) else {
            return;
        };
        assert_eq!(done.code, Some(0), "{mode}: {}", done.stderr);
        assert_eq!(lab.at_work(), Vec::<String>::new(), "{mode}");
        let (_, trials) = stored(&lab.path("out"));
        for trial in &trials {
            let failed = matches!(trial.outcome, Outcome::Failed(_));
            assert!(!failed, "{mode}: {:?}", trial.outcome);
            let phase = trial.saturate.as_ref().unwrap();
            assert!(phase.ledger.completed > 0);
            let process = phase.process.as_ref().unwrap();
            // 10 µs a request at the very least: what served has worked, and what
            // watches it has not.
            let cpu = process.user_seconds + process.system_seconds;
            let least = phase.ledger.completed as f64 * 5e-6;
            assert!(cpu > least, "{mode}: {cpu} s for {:?}", phase.ledger);
            let readback = trial.readback.as_ref().unwrap();
            assert!(readback.gomaxprocs.is_some(), "its stderr is the target's");
        }
    }
}

/// The address that a target was told.
fn address_of(process: &Seen) -> Option<String> {
    let mut words = process.command.split_whitespace();
    let (program, word) = (words.next()?, words.next()?);
    let is_target = !program.ends_with("/gosweep") && word.starts_with("127.0.0.1:");
    is_target.then(|| word.to_owned())
}

struct Stranger(Child);

impl Drop for Stranger {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn failure_with_strangers(lab: &Lab) -> (Failure, Vec<u32>) {
    let mut gosweep = lab
        .command(&["run", "matrix.yaml", "--out", "out", "--json"])
        .spawn()
        .unwrap();
    let mut strangers: Vec<(String, Stranger)> = Vec::new();
    while gosweep.try_wait().unwrap().is_none() {
        let seen = descendants(gosweep.id()).iter().find_map(address_of);
        if let Some(address) = seen
            && !strangers.iter().any(|(taken, _)| *taken == address)
        {
            let stranger = Command::new(lab.path("service/made"))
                .arg(&address)
                .env("MODE", "serve")
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            strangers.push((address, Stranger(stranger)));
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let done = gosweep.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    assert_eq!(done.status.code(), Some(4), "{said}");
    let (_, trials) = stored(&lab.path("out"));
    let failure = trials.iter().find_map(|trial| match &trial.outcome {
        Outcome::Failed(failure) => Some(failure.clone()),
        _ => None,
    });
    let pids = strangers.iter().map(|(_, one)| one.0.id()).collect();
    (failure.expect("a failed trial"), pids)
}

#[test]
fn a_stranger_on_the_port_is_an_error_that_names_it() {
    // The stranger alone, and alongside a worker on the same port.
    for mode in ["never", "monitor"] {
        let Some(lab) = lab(mode, "3s") else { return };
        let (failure, strangers) = failure_with_strangers(&lab);
        assert_eq!(failure.cause, FailureCause::NotReady, "{failure:?}");
        let named = strangers.iter().any(|pid| {
            failure.message.contains(&format!("process {pid} (`"))
                && failure.message.contains("service/made 127.0.0.1:")
        });
        assert!(named, "{mode}: {strangers:?}: {failure:?}");
    }
}

#[test]
fn a_target_that_floods_its_log_is_measured_and_told_of() {
    let Some(lab) = lab("flood", "300ms") else {
        return;
    };
    let Some(done) = lab.run(&["run", "matrix.yaml", "--out", "out"]) else {
        return;
    };
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    let (_, trials) = stored(&lab.path("out"));
    for trial in &trials {
        let told = trial.warnings.iter();
        let told = told.filter(|one| one.starts_with("stderr.log: ") && one.contains("left out"));
        assert_eq!(told.count(), 1, "{:?}", trial.warnings);
        let log = lab.path("out").join(&trial.raw).join("stderr.log");
        assert!(fs::metadata(log).unwrap().len() < 70 << 20);
    }
    let report = fs::read_to_string(lab.path("out/report.md")).unwrap();
    assert!(report.contains("stderr.log: "), "the report tells");
}

/// Kills gosweep once what it started shows `sign`, and looks for what is left.
fn assert_nothing_outlives(lab: &Lab, mut gosweep: Child, sign: &str) {
    let mut started = Vec::new();
    wait_until(&format!("{sign} is there"), || {
        started = descendants(gosweep.id());
        let over = gosweep.try_wait().unwrap();
        assert!(
            over.is_none(),
            "gosweep ended before {sign} was there: {over:?}"
        );
        started.iter().any(|one| one.command.contains(sign))
    });
    let address = started.iter().find_map(address_of);
    gosweep.kill().unwrap();
    gosweep.wait().unwrap();
    wait_until_gone(&started);
    assert_eq!(lab.at_work(), Vec::<String>::new(), "{sign}");
    if let Some(address) = address {
        std::net::TcpListener::bind(&address).expect("its port is free");
    }
}

#[test]
fn nothing_is_left_after_kill_9_in_a_window_in_calibration_and_in_a_diagnosis() {
    let Some(lab) = lab("loose", "60s") else {
        return;
    };
    let run = |out| {
        lab.command(&["run", "matrix.yaml", "--out", out])
            .spawn()
            .unwrap()
    };
    assert_nothing_outlives(&lab, run("in-a-window"), "sleep 3600");
    let saturated = "saturate: 60s";
    let calibrated = "saturate: 60s, constant: {rate: 50%, for: 60s}";
    lab.put("matrix.yaml", &matrix("60s").replace(saturated, calibrated));
    assert_nothing_outlives(&lab, run("in-calibration"), "sleep 3600");
    lab.put("matrix.yaml", &matrix("300ms"));
    let Some(done) = lab.run(&["run", "matrix.yaml", "--out", "out"]) else {
        return;
    };
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    let diagnose = ["diagnose", "out", "--cell", "control", "--for", "60s"];
    let gosweep = lab.command(&diagnose).spawn().unwrap();
    assert_nothing_outlives(&lab, gosweep, "sleep 3600");
}

#[test]
fn nothing_is_left_of_a_daemon_after_kill_9() {
    let Some(lab) = lab("daemon", "60s") else {
        return;
    };
    let gosweep = lab
        .command(&["run", "matrix.yaml", "--out", "out"])
        .spawn()
        .unwrap();
    assert_nothing_outlives(&lab, gosweep, "127.0.0.1:");
}

#[test]
fn nothing_is_left_of_a_build_after_kill_9() {
    let Some(lab) = lab("serve", "300ms") else {
        return;
    };
    let target = fs::read_to_string(lab.path("service.yaml")).unwrap();
    let built = target.replace(
        "binary: ./service/made",
        "build: {package: ., module: ./service}",
    );
    lab.put("service.yaml", &built);
    // With an empty cache Go compiles its whole library.
    let gosweep = lab
        .command(&["run", "matrix.yaml", "--out", "out"])
        .env("GOSWEEP_CACHE", lab.path("cache"))
        .spawn()
        .unwrap();
    assert_nothing_outlives(&lab, gosweep, "/compile ");
}

#[test]
fn our_environment_is_for_nobody_else_to_read() {
    use std::os::unix::fs::MetadataExt;
    use std::os::unix::process::CommandExt;
    let mut command = Command::new(env!("CARGO_BIN_EXE_gosweep"));
    command
        .args(["analyze", "-"])
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::null());
    // Root's own files are root's anyhow: as somebody else it shows.
    if rustix::process::getuid().is_root() {
        command.uid(65534);
    }
    let Ok(mut gosweep) = command.spawn() else {
        say_loudly("SKIPPED: nobody may not start the gosweep of this build");
        return;
    };
    let environ = format!("/proc/{}/environ", gosweep.id());
    wait_until("its environment is root's", || {
        fs::metadata(&environ).unwrap().uid() == 0
    });
    drop(gosweep.stdin.take());
    gosweep.wait().unwrap();
}
