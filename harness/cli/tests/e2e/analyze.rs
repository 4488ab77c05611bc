//! `gosweep analyze --url` on a real Go service.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::lab::{Lab, cache, goroot, wait_until};

/// A process that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn free_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().to_string()
}

#[test]
fn a_running_service_is_looked_at() {
    let Some(lab) = Lab::open() else { return };
    let goroot = goroot().unwrap();
    let targets = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../targets");
    let binary = lab.path("mutex");
    // The build cache of the runs alongside this test, whose name is the version.
    let version = fs::read_to_string(goroot.join("VERSION")).unwrap();
    let version = version.lines().next().unwrap();
    let built = Command::new(goroot.join("bin/go"))
        .args(["build", "-trimpath", "-o"])
        .arg(&binary)
        .arg("./mutex")
        .current_dir(&targets)
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("HOME", lab.path("home"))
        .env("GOCACHE", cache().join("go-build").join(version))
        .env("GOFLAGS", "-buildvcs=false")
        .env("GOTOOLCHAIN", "local")
        .env("GOPROXY", "off")
        .env("CGO_ENABLED", "0")
        .output()
        .unwrap();
    assert!(
        built.status.success(),
        "{}",
        String::from_utf8_lossy(&built.stderr)
    );
    let (service, admin) = (free_address(), free_address());
    let log = fs::File::create(lab.path("stderr.log")).unwrap();
    let _running = Running(
        Command::new(&binary)
            .args(["-addr", &service, "-admin", &admin])
            .args(["-mutexprofile", "1", "-blockprofile", "1"])
            .env("GODEBUG", "gctrace=1,schedtrace=100")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap(),
    );
    wait_until("the service answers", || {
        std::net::TcpStream::connect(&admin).is_ok()
    });
    let url = format!("http://{admin}/debug/pprof");
    let args = [
        "analyze",
        "--url",
        &url,
        "--for",
        "1s",
        "--json",
        "--html",
        "page.html",
    ];
    let done = lab.say(&args);
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    let document: Value = serde_json::from_str(&done.stdout).unwrap();
    let kinds: Vec<&str> = document["inputs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|input| input["kind"].as_str().unwrap())
        .collect();
    for kind in [
        "CPU profile",
        "goroutine profile",
        "heap profile",
        "allocation profile",
    ] {
        assert!(kinds.contains(&kind), "{kind}: {kinds:?}");
    }
    assert!(kinds.contains(&"memory statistics (heap?debug=1)"));
    let page = fs::read_to_string(lab.path("page.html")).unwrap();
    assert!(page.contains("<svg class=\"flame\""));

    // Its log, while it still runs.
    let done = lab.say(&["analyze", "stderr.log"]);
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    assert!(done.stdout.contains("schedtrace"), "{}", done.stdout);
}

#[test]
fn a_trace_that_was_cut_is_called_cut_and_not_what_the_toolchain_says() {
    let Some(lab) = Lab::open() else { return };
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../gotrace/tests/fixtures/go-logs/trace-idle-1.21.13.bin");
    let whole = fs::read(fixture).unwrap();
    // Every toolchain from 1.21 on reads this format.
    fs::write(lab.path("whole.trace"), &whole).unwrap();
    fs::write(lab.path("slow.trace"), &whole[..whole.len() - 3]).unwrap();
    let done = lab.say(&["analyze", "slow.trace"]);
    assert_eq!(done.code, Some(2), "{}{}", done.stdout, done.stderr);
    assert!(
        done.stderr.lines().any(|line| line.starts_with("error: slow.trace is an execution trace with nothing to be read in it: the trace is cut off after 2,498 bytes")),
        "{}",
        done.stderr
    );
    // Beside one that is whole it is named, and the other is shown.
    let done = lab.say(&["analyze", "slow.trace", "whole.trace"]);
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    assert!(
        done.stderr
            .contains("warning: slow.trace is an execution trace"),
        "{}",
        done.stderr
    );
    assert!(
        done.stdout.contains("INPUT    whole.trace") && done.stdout.contains("trace, sync:"),
        "{}",
        done.stdout
    );
}
