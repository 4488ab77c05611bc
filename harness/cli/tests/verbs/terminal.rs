//! Text that others wrote can neither steer the terminal nor command GitHub's runner, in whatever verb shows it.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use record::run::Run;
use record::trial::{Outcome, Trial};
use testing::{Lab, Service};

use super::{Desk, Said, USAGE};

/// A title, a cleared screen by ESC and by C1, a line written over, turned and hidden text, and workflow commands.
const HOSTILE: &str = "evil\u{1b}]0;owned\u{7}\u{1b}[2J\u{9b}31m\u{8}\u{7f}\u{202e}\u{2066}\u{200b}\u{e0041}\r::error::owned\n::error file=x::owned\n  ::set-output name=x::y\n##[error]owned\n%0A::warning::x";

/// The same in one line.
fn hostile_line() -> String {
    HOSTILE.replace('\n', " ")
}

fn hostile_run() -> (Run, Vec<Trial>) {
    let faster = Service {
        qps: 15_000.0,
        ..Service::default()
    };
    let lab = Lab::new()
        .cell(&[("env.X", "plain")], Service::default())
        .cell(&[("env.X", HOSTILE)], faster);
    let mut run = lab.run();
    let mut trials = lab.trials();
    for text in [
        &mut run.id,
        &mut run.tool,
        &mut run.matrix.path,
        &mut run.host.cpu,
        &mut run.host.os,
        &mut run.host.topology,
    ] {
        text.push_str(HOSTILE);
    }
    run.argv.push(HOSTILE.to_owned());
    run.host.findings.push(HOSTILE.to_owned());
    for toolchain in &mut run.toolchains {
        toolchain.source.push_str(HOSTILE);
        toolchain.verified_by.push_str(HOSTILE);
    }
    for cell in &mut run.cells {
        cell.notes.push(HOSTILE.to_owned());
    }
    for (at, trial) in trials.iter_mut().enumerate() {
        trial.id.push_str(HOSTILE);
        trial.warnings.push(HOSTILE.to_owned());
        if at % 4 == 3 {
            trial.outcome = testing::crashed();
            if let Outcome::Failed(failure) = &mut trial.outcome {
                failure.message.push_str(HOSTILE);
                failure.panic = Some(HOSTILE.to_owned());
                failure.stderr_tail = vec![hostile_line()];
            }
        }
    }
    (run, trials)
}

fn keep(desk: &Desk, name: &str) {
    let (run, trials) = hostile_run();
    desk.put(
        &format!("{name}/run.json"),
        serde_json::to_string(&run).unwrap(),
    );
    let lines = trials
        .iter()
        .map(|trial| serde_json::to_string(trial).unwrap() + "\n");
    desk.put(&format!("{name}/trials.jsonl"), lines.collect::<String>());
}

/// Calls gosweep as under GitHub Actions; nothing that it says may steer anything.
fn safely(desk: &Desk, arguments: &[impl AsRef<OsStr>]) -> Said {
    let shown: Vec<_> = arguments
        .iter()
        .map(|word| word.as_ref().to_string_lossy())
        .collect();
    let output = desk
        .command()
        .env("GITHUB_ACTIONS", "true")
        .args(arguments)
        .output()
        .unwrap();
    let said = Said {
        code: output.status.code().expect("no signal ended it"),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    };
    assert!(
        !said.stderr.contains("panicked"),
        "{shown:?}: {}",
        said.stderr
    );
    for text in [&said.stdout, &said.stderr] {
        let unseen = text
            .chars()
            .find(|c| record::shown::is_unseen(*c) && !"\n\t".contains(*c));
        assert_eq!(unseen, None, "{shown:?} shows it raw in: {text:?}");
        let command = text.lines().find(|line| {
            let is_ours = line.starts_with("::error file=rules.yaml,line=")
                || line.starts_with("::warning title=INCONCLUSIVE");
            (line.trim_start().starts_with("::") && !is_ours) || line.contains("##[")
        });
        assert_eq!(command, None, "{shown:?} commands the runner");
    }
    said
}

/// As [`safely`], and what is hostile must be among what is shown.
fn shows(desk: &Desk, arguments: &[&str]) -> Said {
    let said = safely(desk, arguments);
    let all = format!("{}{}", said.stdout, said.stderr);
    let is_shown = ["\\u{1b}", "\\u{9b}", "\\u001b", "\\u009b"]
        .iter()
        .any(|escape| all.contains(escape));
    assert!(is_shown, "{arguments:?} shows nothing of it: {all}");
    said
}

#[test]
fn a_hostile_record_is_only_text() {
    let desk = Desk::new();
    keep(&desk, "run");
    keep(&desk, "other");
    desk.put(
        "rules.yaml",
        "rules:\n  - qps: no worse than 3%\n  - p99 <= 1ms\n",
    );
    for arguments in [
        &["rank", "run"][..],
        &["rank", "run", "--json"],
        &["rank", "run", "--explore"],
        &["advise", "run"],
        &["advise", "run", "--json"],
        &["report", "run", "--format", "md"],
        &["report", "run", "--format", "json"],
        &["report", "run", "--format", "html"],
        &["compare", "run", "other"],
        &["compare", "run", "other", "--json"],
        &["gate", "run", "--rules", "rules.yaml"],
        &["gate", "run", "--rules", "rules.yaml", "--json"],
        &["diagnose", "run", "--trust"],
    ] {
        shows(&desk, arguments);
    }
    let gate = shows(&desk, &["gate", "run", "--rules", "rules.yaml", "--github"]);
    let ours = gate
        .stderr
        .lines()
        .filter(|line| line.starts_with("::error file=rules.yaml,line="));
    assert!(
        ours.count() > 0,
        "our own annotations go through: {}",
        gate.stderr
    );
    safely(&desk, &["rank", "run", "--selftest"]);
}

#[test]
fn a_record_reads_the_same_from_json() {
    let desk = Desk::new();
    keep(&desk, "run");
    let said = safely(&desk, &["rank", "run", "--json"]);
    let ranking: serde_json::Value = serde_json::from_str(&said.stdout).unwrap();
    assert!(
        ranking.to_string().contains("evil\\u001b]0;owned"),
        "{ranking}"
    );
}

#[test]
fn hostile_files_and_names_are_only_text() {
    let desk = Desk::new();
    let line = hostile_line();
    let in_yaml = serde_json::to_string(&line).unwrap();
    desk.put("service.yaml", super::SERVICE);
    desk.put("why.yaml", super::MATRIX.replace("to be planned", &in_yaml));
    desk.put("key.yaml", format!("{in_yaml}: 1\n{}", super::MATRIX));
    desk.put("raw.yaml", format!("{HOSTILE}\n"));
    desk.put(
        "axis.yaml",
        super::MATRIX.replace("[50, 100, 400]", &format!("[100, {in_yaml}]")),
    );
    desk.put(
        "target.yaml",
        super::MATRIX.replace("./service.yaml", &format!("./{line}.yaml").replace('"', "")),
    );
    desk.put(
        "mix.yaml",
        format!("requests: [{{name: {in_yaml}, path: {in_yaml}}}]\n"),
    );
    desk.put(
        "har.json",
        format!("{{\"log\": {{\"entries\": [{in_yaml}]}}}}"),
    );
    desk.put("rules.yaml", format!("rules:\n  - {in_yaml}\n"));
    let cycle = "gc 1 @0.1s 0%: 0.1+1.0+0.1 ms clock, 0.2+0.1/0.2/0.3+0.2 ms cpu, 4->4->1 MB, 5 MB goal, 8 P\n";
    desk.put("panic.log", format!("{}panic: {line}\n\ngoroutine 1 [running]:\nmain.main()\n\t/x/{line}.go:7 +0x1d\nexit status 2\n", cycle.repeat(9)));
    desk.put(&format!("{}.log", line.replace('/', "_")), cycle.repeat(9));
    keep(&desk, "run");
    let named = format!("{}.log", line.replace('/', "_"));
    for arguments in [
        &["plan", "why.yaml"][..],
        &["plan", "key.yaml"],
        &["plan", "axis.yaml"],
        &["run", "key.yaml"],
        &["load", "http://127.0.0.1:1/", "--mix", "mix.yaml"],
        &["gate", "run", "--rules", "rules.yaml"],
        &["analyze", "panic.log"],
        &["analyze", "panic.log", "--json"],
        &["analyze", &named],
        &["analyze", "panic.log", "--html", &named],
        // Names that are not there, and words that mean nothing.
        &["rank", &line],
        &["report", &line, "--format", "md"],
        &["advise", &line],
        &["plan", &line],
        &["run", &line],
        &["diagnose", &line],
        &["analyze", &line],
        &["gate", &line, "--rules", "rules.yaml"],
        &["compare", "--run", "run", &line, &line],
        &["rank", "run", "--by", &line],
        &["rank", "run", "--where", &line],
        &["load", &line],
        &["load", &format!("curl '{line}'")],
        &["load", "http://127.0.0.1:1/", "-H", &line],
        &["load", "http://127.0.0.1:1/", "--har", &line],
        &["load", "http://127.0.0.1:1/", "--fail-if", &line],
        &["toolchain", "install", &line],
        &["schema", &line],
        &[&line],
        &["rank", HOSTILE],
    ] {
        shows(&desk, arguments);
    }
    for arguments in [
        &["plan", "raw.yaml"][..],
        &["plan", "target.yaml"],
        &["load", "http://127.0.0.1:1/", "--har", "har.json"],
    ] {
        safely(&desk, arguments);
    }
}

#[test]
fn arguments_that_are_no_text_are_refused_by_name() {
    let desk = Desk::new();
    keep(&desk, "run");
    let name = OsStr::from_bytes(b"r\xffn\x1b[2J");
    fs::rename(desk.path().join("run"), desk.path().join(name)).unwrap();
    let words = |words: &[&str]| {
        words
            .iter()
            .map(|word| OsStr::new(*word).to_owned())
            .collect::<Vec<_>>()
    };
    for verb in [
        &["rank"][..],
        &["advise"],
        &["run"],
        &["plan"],
        &["diagnose"],
        &["analyze"],
        &["load"],
        &["compare", "a"],
        &["gate"],
        &["report", "--format", "md", "-o"],
        &["toolchain", "install"],
        &["schema"],
        &["run", "x", "--out"],
        &[],
    ] {
        let mut arguments = words(verb);
        arguments.push(name.to_owned());
        let said = safely(&desk, &arguments);
        assert_eq!(said.code, USAGE, "{verb:?}: {}", said.stderr);
        assert!(
            said.stderr.contains(r"`r\xffn\u{1b}[2J` is not UTF-8"),
            "{verb:?}: {}",
            said.stderr
        );
        assert!(said.stdout.is_empty(), "{verb:?}");
    }
    assert!(Path::new(&desk.path().join(name)).exists());
}
