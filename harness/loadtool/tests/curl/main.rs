//! Runs the curl of the machine alongside the load tool and compares what arrives, for the commands of
//! `tests/fixtures/curl`.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod server;

use std::fmt::Write;
use std::process::{Command, Stdio};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use loadgen::EngineChoice;
use loadtool::{Caller, DriveOptions, Failure, SpinChoice};
use server::{Recorded, Recorder};

const COMMANDS: &str = include_str!("../fixtures/curl/commands.txt");
/// Of all commands, those that must be sent as curl sends them.
const LEAST_SAME: usize = 170;

/// A command of the corpus.
struct Case {
    text: String,
    /// What a refusal must name.
    refused: Option<String>,
}

#[derive(Debug, PartialEq, Eq)]
enum Result {
    Same,
    Different(String),
    Refused(String),
}

#[test]
fn what_is_sent_is_what_curl_sends() {
    if Command::new("curl").arg("--version").output().is_err() {
        println!(
            "SKIPPED what_is_sent_is_what_curl_sends: no curl on PATH to compare with; .ci/run installs it"
        );
        return;
    }
    let recorder = Recorder::start();
    let mut table = String::new();
    let mut wrong = Vec::new();
    let mut counts = [0; 3];
    for case in cases(recorder.port()) {
        let result = compare(&case, &recorder);
        let (at, name) = match &result {
            Result::Same => (0, "same"),
            Result::Different(_) => (1, "different"),
            Result::Refused(_) => (2, "refused"),
        };
        counts[at] += 1;
        let line = case.text.split_whitespace().collect::<Vec<_>>().join(" ");
        writeln!(
            table,
            "{name:<10} {}",
            line.chars().take(110).collect::<String>()
        )
        .unwrap();
        let is_right = match (&result, &case.refused) {
            (Result::Same, None) => true,
            (Result::Refused(why), Some(word)) => why.contains(word.as_str()),
            _ => false,
        };
        if !is_right {
            wrong.push(format!("{line}\n    {result:?}"));
        }
    }
    let [same, different, refused] = counts;
    println!("{table}\n{same} the same, {different} different, {refused} refused by name");
    assert!(
        wrong.is_empty(),
        "{} not as they should be:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(
        same >= LEAST_SAME,
        "{same} the same, at least {LEAST_SAME} are needed"
    );
}

fn cases(port: u16) -> Vec<Case> {
    let port = port.to_string();
    let case = |block: &str| {
        let (refused, text) = match block.strip_prefix("# refused: ") {
            Some(rest) => {
                let (word, text) = rest.split_once('\n').unwrap();
                (Some(word.to_owned()), text)
            }
            None => (None, block),
        };
        Case {
            text: text.replace("PORT", &port),
            refused,
        }
    };
    COMMANDS.trim_end().split("\n---\n").map(case).collect()
}

fn compare(case: &Case, recorder: &Recorder) -> Result {
    let ours = match ours(&case.text, recorder) {
        Ok(ours) => normal(ours),
        Err(why) => return Result::Refused(why),
    };
    let theirs = normal(theirs(&case.text, recorder));
    if ours == theirs {
        Result::Same
    } else {
        let shown = |own: &Recorded| {
            format!(
                "{} {:?} {:?}",
                own.line,
                own.headers,
                String::from_utf8_lossy(&own.body)
            )
        };
        Result::Different(format!(
            "ours   {}\n    curl's {}",
            shown(&ours),
            shown(&theirs)
        ))
    }
}

/// One request of the load tool, or why it refuses.
fn ours(command: &str, recorder: &Recorder) -> std::result::Result<Recorded, String> {
    static NEVER: AtomicBool = AtomicBool::new(false);
    let caller = Caller {
        tool: "test",
        cancel: &NEVER,
        print: |_| Ok(()),
        print_json: |_| Ok(()),
        tell: |_| {},
        tell_over: |_| {},
        requests_of: |_| Vec::new(),
    };
    match loadtool::drive(one_request(command), &caller) {
        Ok(_) => Ok(recorder.take().unwrap()),
        Err(Failure::Usage(why)) => Err(why),
        Err(other) => panic!("{command}: {other}"),
    }
}

fn one_request(command: &str) -> DriveOptions {
    DriveOptions {
        url: command.to_owned(),
        connections: 1,
        threads: Some(1),
        duration: Some(Duration::from_secs(10)),
        rate_per_s: None,
        stages: None,
        spacing: None,
        max: false,
        slo: Vec::new(),
        probes: None,
        requests: Some(1),
        seed: 1,
        engine: EngineChoice::Auto,
        cpus: None,
        spin: SpinChoice::Off,
        timeout: None,
        drain: Duration::ZERO,
        method: None,
        headers: Vec::new(),
        body: None,
        body_file: None,
        csv: None,
        mix: None,
        allow_outside: false,
        har: None,
        expect_status: None,
        expect_length: None,
        expect_sha256: None,
        http2: false,
        streams: 1,
        unix: None,
        insecure: false,
        cacert: Vec::new(),
        sni: None,
        no_keepalive: false,
        requests_per_connection: None,
        fail_if: Vec::new(),
        json: None,
        hlog: None,
        csv_out: None,
        prometheus: None,
        interval: Duration::from_secs(1),
        quiet: true,
    }
}

/// The same command in a shell; no settings of the user's come into it.
fn theirs(command: &str, recorder: &Recorder) -> Recorded {
    let folder = tempfile::tempdir().unwrap();
    let mut shell = Command::new("bash");
    shell
        .args(["--norc", "-c", command])
        .env("HOME", folder.path())
        .env("CURL_HOME", folder.path());
    shell.env_remove("XDG_CONFIG_HOME");
    for proxy in ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"] {
        shell.env_remove(proxy);
    }
    let shell = shell
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    shell.status().unwrap();
    recorder
        .take()
        .unwrap_or_else(|| panic!("curl sent nothing: {command}"))
}

/// Takes out what is curl's own choice: its version, the codings that it was built with, its boundary, the order of
/// headers of different names. A length of zero is the same as none, as percent-codes are in capitals and small letters.
fn normal(mut recorded: Recorded) -> Recorded {
    let mut boundary = None;
    recorded.line = with_small_codes(&recorded.line);
    recorded
        .headers
        .retain(|(name, value)| name != "content-length" || value != "0");
    for (name, value) in &mut recorded.headers {
        match name.as_str() {
            "user-agent" if value.starts_with("curl/") => *value = "curl".to_owned(),
            "accept-encoding" if value.starts_with("deflate, gzip") => *value = "curl's".to_owned(),
            "content-type" => {
                if let Some((kind, own)) = value.split_once("; boundary=------------------------") {
                    boundary = Some(own.to_owned());
                    *value = format!("{kind}; boundary=B");
                }
            }
            _ => {}
        }
    }
    if let Some(boundary) = boundary {
        let body = String::from_utf8(recorded.body).unwrap();
        let mark = format!("------------------------{boundary}");
        recorded.body = body.replace(&mark, "B").into_bytes();
        recorded
            .headers
            .retain(|(name, _)| name != "content-length");
    }
    recorded.headers.sort_by(|a, b| a.0.cmp(&b.0));
    recorded
}

fn with_small_codes(line: &str) -> String {
    let mut pieces = line.split('%');
    let first = pieces.next().unwrap_or_default().to_owned();
    pieces.fold(first, |line, piece| {
        let (code, rest) = piece.split_at(piece.len().min(2));
        line + "%" + &code.to_ascii_lowercase() + rest
    })
}

#[test]
fn a_difference_is_seen() {
    let recorded = |value: &str, body: &str| Recorded {
        line: "POST / HTTP/1.1".to_owned(),
        headers: vec![
            ("b".to_owned(), "1".to_owned()),
            ("a".to_owned(), value.to_owned()),
        ],
        body: body.as_bytes().to_vec(),
    };
    assert_ne!(normal(recorded("1", "x")), normal(recorded("2", "x")));
    assert_ne!(normal(recorded("1", "x")), normal(recorded("1", "y")));
    let mut turned = recorded("1", "x");
    turned.headers.reverse();
    assert_eq!(normal(recorded("1", "x")), normal(turned));
    assert_ne!(
        normal(Recorded {
            line: "GET / HTTP/1.1".to_owned(),
            ..recorded("1", "x")
        }),
        normal(recorded("1", "x"))
    );
}
