//! `gosweep analyze` as a person calls it: files, a pipe that goes on, a service that answers, and input that does not
//! fit. The service is a few lines of this test; the one on real Go is in e2e.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../gotrace/tests/fixtures")
        .join(name)
}

fn gosweep(desk: &TempDir, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gosweep"));
    command
        .arg("analyze")
        .args(args)
        .current_dir(desk.path())
        .env("GOSWEEP_CACHE", desk.path().join("cache"))
        .env("PATH", "")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn said(output: Output) -> (Option<i32>, String, String) {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
    )
}

#[test]
fn a_log_and_its_profiles_make_one_page() {
    let desk = TempDir::new().unwrap();
    let files = [
        "go-logs/mixed-schedtrace-gctrace-1.27.3.log",
        "profiles/heavy-1.27.3-profile.pb.gz",
        "profiles/heavy-1.27.3-block.pb.gz",
        "profiles/heavy-1.27.3-mutex.pb.gz",
        "profiles/heavy-1.27.3-goroutine.pb.gz",
    ]
    .map(|name| fixture(name).display().to_string());
    let mut args: Vec<&str> = files.iter().map(String::as_str).collect();
    args.extend(["--html", "page.html"]);
    let (code, stdout, stderr) = said(gosweep(&desk, &args).output().unwrap());
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stdout.starts_with("VERDICT  "), "{stdout}");
    assert!(stdout.contains("confirmed: main.(*shard).use"), "{stdout}");
    let page = fs::read_to_string(desk.path().join("page.html")).unwrap();
    assert_eq!(page.matches("<svg class=\"flame\"").count(), 4);

    args.truncate(5);
    args.push("--json");
    let (_, stdout, _) = said(gosweep(&desk, &args).output().unwrap());
    let document: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(document["format_version"], 1);
    assert_eq!(document["inputs"].as_array().unwrap().len(), 5);
    assert_eq!(document["locks"]["suspects"][0]["verdict"], "confirmed");
}

#[test]
fn a_pipe_is_followed_until_it_ends_or_is_interrupted() {
    let desk = TempDir::new().unwrap();
    let log = fs::read(fixture("foreign/docker-json.log")).unwrap();
    let mut child = gosweep(&desk, &["-"])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut pipe = child.stdin.take().unwrap();
    for part in log.chunks(100) {
        pipe.write_all(part).unwrap();
    }
    drop(pipe);
    let (code, stdout, stderr) = said(child.wait_with_output().unwrap());
    assert_eq!(code, Some(0), "{stderr}");
    assert!(
        stdout.contains("the process ended by a panic: boom"),
        "{stdout}"
    );

    // Ctrl-C while the pipe stays open: what came so far is analysed.
    let mut child = gosweep(&desk, &["-"])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut pipe = child.stdin.take().unwrap();
    let log = fs::read(fixture("go-logs/gctrace-1.27.3.log")).unwrap();
    pipe.write_all(&log).unwrap();
    pipe.flush().unwrap();
    // Its own words tell when it listens; before, SIGINT would simply end it.
    wait_for_signals(child.id());
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    let (code, stdout, stderr) = said(child.wait_with_output().unwrap());
    drop(pipe);
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stdout.contains("76 collections"), "{stdout}");
}

/// Waits until the process catches SIGINT and has read the pipe's first bytes: the thread that listens is there, and
/// the process sleeps.
fn wait_for_signals(pid: u32) {
    for _ in 0..600 {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        let caught = status
            .lines()
            .find_map(|line| line.strip_prefix("SigCgt:"))
            .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
            .unwrap_or_default();
        // Bit 1 is signal 2, SIGINT: proc_pid_status(5).
        if caught & 0b10 != 0 {
            std::thread::sleep(std::time::Duration::from_millis(1500));
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    panic!("gosweep never listened for SIGINT");
}

/// Answers as net/http/pprof would, with the profiles of a capture; goroutineleak as before Go 1.27.
fn service() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            std::thread::spawn(move || {
                let mut line = String::new();
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                reader.read_line(&mut line).unwrap();
                let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
                let name = path.trim_start_matches("/debug/pprof/").to_owned();
                let kind = name.split('?').next().unwrap_or_default();
                let file = match kind {
                    "profile" | "mutex" | "block" | "goroutine" => {
                        Some(fixture(&format!("profiles/heavy-1.27.3-{kind}.pb.gz")))
                    }
                    "heap" if name.contains("debug=1") => {
                        Some(fixture("go-logs/pprof-heap-1.27.3.txt"))
                    }
                    "heap" => Some(fixture("go-logs/pprof-heap-1.27.3.pb.gz")),
                    "allocs" => Some(fixture("profiles/leak-1.27.3-allocs.pb.gz")),
                    _ => None,
                };
                let (status, body) = match file {
                    Some(file) => ("200 OK", fs::read(file).unwrap()),
                    None => ("404 Not Found", b"Unknown profile\n".to_vec()),
                };
                let head = format!(
                    "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                    body.len()
                );
                let _ = stream.write_all(head.as_bytes());
                let _ = stream.write_all(&body);
                let _ = reader.read(&mut [0; 1024]);
            });
        }
    });
    format!("http://{address}/debug/pprof")
}

#[test]
fn a_window_is_taken_from_a_running_service() {
    let desk = TempDir::new().unwrap();
    let url = service();
    let args = ["--url", &url, "--for", "1s", "--json"];
    let (code, stdout, stderr) = said(gosweep(&desk, &args).output().unwrap());
    assert_eq!(code, Some(0), "{stderr}");
    let document: Value = serde_json::from_str(&stdout).unwrap();
    let kinds: Vec<&str> = document["inputs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|input| input["kind"].as_str().unwrap())
        .collect();
    assert_eq!(
        kinds,
        [
            "CPU profile",
            "mutex profile",
            "block profile",
            "allocation profile",
            "goroutine profile",
            "memory statistics (heap?debug=1)",
            "goroutine profile",
            "goroutine profile",
            "heap profile",
            "memory statistics (heap?debug=1)"
        ]
    );
    let missing = document["missing"].as_array().unwrap();
    assert_eq!(missing.len(), 1);
    let missing = missing[0].as_str().unwrap();
    assert!(
        missing.starts_with("goroutineleak: ") && missing.contains("404"),
        "{missing}"
    );
    assert_eq!(document["locks"]["suspects"][0]["verdict"], "confirmed");
}

#[test]
fn two_profiles_are_held_against_each_other() {
    let desk = TempDir::new().unwrap();
    let files = [
        "go-logs/pprof-cpu-1.24.11.pb.gz",
        "go-logs/pprof-cpu-1.27.3.pb.gz",
    ]
    .map(|name| fixture(name).display().to_string());
    let args = ["--diff", &files[0], &files[1], "--html", "difference.html"];
    let (code, _, stderr) = said(gosweep(&desk, &args).output().unwrap());
    assert_eq!(code, Some(0), "{stderr}");
    let page = fs::read_to_string(desk.path().join("difference.html")).unwrap();
    assert!(page.contains("within two standard deviations of the sampling"));
}

#[test]
fn a_trace_without_a_toolchain_says_what_is_needed() {
    let desk = TempDir::new().unwrap();
    let trace = fixture("go-logs/trace-idle-1.26.6.bin")
        .display()
        .to_string();
    let (code, stdout, stderr) = said(gosweep(&desk, &[&trace]).output().unwrap());
    assert_eq!(code, Some(0), "{stderr}");
    // Lines are wrapped at words.
    let words = stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        words.contains("no Go 1.26 or later is available to read it; `gosweep toolchain install 1.26` fetches one"),
        "{stdout}"
    );
}

#[test]
fn what_cannot_be_read_keeps_nothing_else_from_being_analysed() {
    let desk = TempDir::new().unwrap();
    let [log, other, profile] = [
        "go-logs/gctrace-1.27.3.log",
        "go-logs/gctrace-1.21.13.log",
        "go-logs/pprof-cpu-1.27.3.pb.gz",
    ]
    .map(|name| fixture(name).display().to_string());
    fs::write(desk.path().join("empty.log"), b"").unwrap();
    let args = [&log, "empty.log", &other, "missing.log", &profile];
    let (code, stdout, stderr) = said(
        gosweep(&desk, &[&args[..], &["--html", "page.html"]].concat())
            .output()
            .unwrap(),
    );
    assert_eq!(code, Some(0), "{stderr}");
    let warned: Vec<&str> = stderr
        .lines()
        .filter_map(|line| line.strip_prefix("warning: "))
        .collect();
    assert_eq!(warned.len(), 2, "{stderr}");
    assert!(warned[0].starts_with("empty.log is empty; "), "{stderr}");
    assert!(
        warned[1].starts_with("missing.log cannot be read: "),
        "{stderr}"
    );
    assert_eq!(stdout.matches("\nINPUT    ").count(), 3, "{stdout}");
    assert_eq!(stdout.matches("\nnot read ").count(), 2, "{stdout}");
    let page = fs::read_to_string(desk.path().join("page.html")).unwrap();
    assert!(page.contains("<code>empty.log</code> is empty; "));

    let (_, stdout, _) = said(
        gosweep(&desk, &[&args[..], &["--json"]].concat())
            .output()
            .unwrap(),
    );
    let document: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(document["inputs"].as_array().unwrap().len(), 3);
    assert_eq!(document["unread"][0]["name"], "empty.log");
    assert_eq!(document["unread"][1]["name"], "missing.log");

    // A service that does not answer is no more than such a file.
    let url = "http://127.0.0.1:1/debug/pprof";
    let args = ["--url", url, "--for", "1s", &log];
    let (code, stdout, stderr) = said(gosweep(&desk, &args).output().unwrap());
    assert_eq!(code, Some(0), "{stderr}");
    assert!(
        stderr.contains(&format!("warning: {url} gives no profile: ")),
        "{stderr}"
    );
    assert!(
        stdout.contains(&format!("not read {url} gives no profile:")),
        "{stdout}"
    );

    // Without anything to analyse, and for a difference, it is an error that names all of them.
    let args = ["empty.log", "missing.log"];
    let (code, stdout, stderr) = said(gosweep(&desk, &args).output().unwrap());
    assert_eq!((code, stdout.as_str()), (Some(2), ""));
    assert!(
        stderr.contains("empty.log is empty") && stderr.contains("missing.log cannot be read"),
        "{stderr}"
    );
    let (code, ..) = said(
        gosweep(&desk, &["--diff", &profile, "empty.log"])
            .output()
            .unwrap(),
    );
    assert_eq!(code, Some(2));
}

#[test]
fn a_log_with_nuls_is_a_log_as_file_and_as_stream() {
    let desk = TempDir::new().unwrap();
    let log = fs::read(fixture("go-logs/gctrace-1.27.3.log")).unwrap();
    // logrotate's copytruncate under a writer that goes on at its offset; an application that writes a NUL.
    for head in [&[0_u8; 200_000][..], b"a\0b\n"] {
        let whole = [head, &log].concat();
        fs::write(desk.path().join("web.log"), &whole).unwrap();
        let (code, stdout, stderr) = said(gosweep(&desk, &["web.log"]).output().unwrap());
        assert_eq!(code, Some(0), "{stderr}");
        assert!(stdout.contains("76 collections"), "{stdout}");

        let mut child = gosweep(&desk, &["-"])
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let mut pipe = child.stdin.take().unwrap();
        for part in whole.chunks(1000) {
            pipe.write_all(part).unwrap();
        }
        drop(pipe);
        let (code, stdout, stderr) = said(child.wait_with_output().unwrap());
        assert_eq!(code, Some(0), "{stderr}");
        assert!(stdout.contains("76 collections"), "{stdout}");
    }
}

#[test]
fn a_cut_trace_is_named_and_called_cut() {
    let desk = TempDir::new().unwrap();
    let whole = fs::read(fixture("go-logs/trace-idle-1.26.6.bin")).unwrap();
    fs::write(desk.path().join("slow.trace"), &whole[..whole.len() / 2]).unwrap();
    // Without a toolchain; with one it is an error, see the tests on real Go.
    let (code, stdout, stderr) = said(gosweep(&desk, &["slow.trace"]).output().unwrap());
    assert_eq!(code, Some(0), "{stderr}");
    let words = stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        words.starts_with(
            "VERDICT not judged: slow.trace: the trace is cut off after 2,319 bytes; "
        ),
        "{stdout}"
    );
}

#[test]
fn unusable_input_is_a_usage_error() {
    let desk = TempDir::new().unwrap();
    let put = |name: &str, bytes: &[u8]| fs::write(desk.path().join(name), bytes).unwrap();
    put("empty.log", b"");
    put(
        "prose.txt",
        b"all is well, and nothing of the runtime in it\n",
    );
    put("garbage", &[0, 0xff, 1, 0xfe, 2, 3, 0x80, 0x81].repeat(100));
    let cpu = fs::read(fixture("go-logs/pprof-cpu-1.27.3.pb.gz")).unwrap();
    put("cut.pb.gz", &cpu[..cpu.len() / 2]);
    let mut bomb = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    let zeros = vec![b'\n'; 1 << 20];
    for _ in 0..80 {
        bomb.write_all(&zeros).unwrap();
    }
    put("bomb.gz", &bomb.finish().unwrap());
    fs::create_dir(desk.path().join("folder")).unwrap();
    let block = fixture("go-logs/pprof-block-1.27.3.pb.gz")
        .display()
        .to_string();
    let cpu = fixture("go-logs/pprof-cpu-1.27.3.pb.gz")
        .display()
        .to_string();
    let mut told = String::new();
    for args in [
        &["missing.log"][..],
        &["folder"],
        &["empty.log"],
        &["prose.txt"],
        &["garbage"],
        &["cut.pb.gz"],
        &["bomb.gz"],
        &["-"],
        &["--diff", &cpu],
        &["--diff", &cpu, &block],
        &["--url", "127.0.0.1:6060"],
        &["--url", "http://127.0.0.1:1/debug/pprof", "--for", "1s"],
        &["--url", "http://127.0.0.1:1/debug/pprof", "--for", "1500ms"],
        &["--for", "1s", "x"],
    ] {
        let (code, stdout, stderr) = said(gosweep(&desk, args).output().unwrap());
        assert_eq!(code, Some(2), "{args:?}: {stderr}");
        assert_eq!(stdout, "", "{args:?}");
        let first = stderr.lines().next().unwrap_or_default();
        told.push_str(&format!("{first}\n"));
    }
    insta::assert_snapshot!(told);
}
