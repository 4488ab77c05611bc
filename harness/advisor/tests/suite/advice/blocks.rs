//! Rules on scheduler blocks (scheddetail): of a log, and of a diagnosis with its profiles.
//!
//! Two diagnoses are captured. Elsewhere the blocks are a busy one of go1.25.5 over and over, since those captures hold
//! three each; the test says which figure it changed.

use std::collections::BTreeMap;
use std::fs;

use advisor::analyze::{AnalyzeOptions, Hint, analyze, read};
use advisor::diagnosis::Kept;
use advisor::{AdviseOptions, Given, Raw, advise};
use documents::advice::Advice;
use documents::finding::Judgement;
use documents::finding::Severity::{Critical, Warn};
use record::diagnosis::{DIAGNOSIS_FORMAT, Diagnosis, ProfileFile};
use record::threshold::{Threshold, Thresholds};
use record::trial::Phase;

use super::captured::is_quiet;
use super::fixtures::{captured, folder, gotrace_fixture, ranked};
use super::severity;

/// Time between two blocks, as a diagnosis asks for them.
const EVERY_MS: usize = 500;

/// As many blocks as there are numbers: the last of the capture, with its counters changed.
fn blocks(numbers: std::ops::Range<usize>, change: impl Fn(usize, &str) -> String) -> String {
    let capture = gotrace_fixture("go-logs/scheddetail-1.25.5.log");
    let capture = String::from_utf8(capture).unwrap();
    let last = &capture[capture.rfind("SCHED 806ms:").unwrap()..];
    numbers
        .map(|at| {
            let own = last.replace("SCHED 806ms:", &format!("SCHED {}ms:", at * EVERY_MS));
            change(at, &own)
        })
        .collect()
}

/// A P in a system call, as it was up to Go 1.25, while its own queue and the global one hold a goroutine each.
fn in_syscall(_: usize, block: &str) -> String {
    block.replace("P1: status=1", "P1: status=2")
}

fn as_captured(_: usize, block: &str) -> String {
    block.to_owned()
}

/// What `analyze` says of a log.
fn analyzed(log: &str) -> Judgement {
    let material = read("blocks.log", log.as_bytes(), Hint::default()).unwrap();
    let analysis = analyze(&[material], &AnalyzeOptions::default()).unwrap();
    analysis.judgements[0].clone()
}

fn is_judged(judgement: &Judgement, rule: &str) -> bool {
    let mut missing = judgement.not_judged.iter();
    missing.all(|own| own.rule != rule)
}

#[test]
fn a_log_of_blocks_alone_is_judged_by_the_rules_of_the_scheduler() {
    // Eight threads and two runnable goroutines on two busy Ps.
    let busy = analyzed(&blocks(0..30, as_captured));
    assert_eq!(severity(&busy, "S1"), Some(Warn));
    is_quiet(&busy, "S5");
    assert_eq!(severity(&busy, "S6"), None);
    is_quiet(&busy, "S3");
    let alone = analyzed(&blocks(0..30, |_, own| {
        own.replace("runqueue=1 ", "runqueue=0 ")
    }));
    is_quiet(&alone, "S1");

    let queued = analyzed(&blocks(0..30, |_, own| {
        own.replace("runqueue=1 ", "runqueue=12 ")
    }));
    assert_eq!(severity(&queued, "S1"), Some(Critical));
    let lagging = analyzed(&blocks(0..30, |_, own| {
        own.replace("idleprocs=0 ", "idleprocs=1 ")
    }));
    assert_eq!(severity(&lagging, "S3"), Some(Warn));
    let lost = analyzed(&blocks(0..30, in_syscall));
    assert_eq!(severity(&lost, "S6"), Some(Warn));
    let threads = analyzed(&blocks(0..30, |at, own| {
        own.replace("threads=8 ", &format!("threads={} ", 8 + at))
    }));
    assert_eq!(severity(&threads, "S5"), Some(Critical));
}

#[test]
fn ten_blocks_say_of_system_calls_what_two_cannot() {
    let ten = analyzed(&blocks(0..10, in_syscall));
    assert_eq!(severity(&ten, "S6"), Some(Warn));
    let two = analyzed(&blocks(0..2, in_syscall));
    assert_eq!(severity(&two, "S6"), None);
    assert_eq!(two.once.iter().filter(|own| own.rule == "S6").count(), 1);
    // A fifth of them is below the threshold of a quarter.
    let seldom = analyzed(&blocks(0..10, |at, own| match at {
        0..2 => in_syscall(at, own),
        _ => as_captured(at, own),
    }));
    assert_eq!(severity(&seldom, "S6"), None);
}

/// As [`diagnosed_by`], with a captured CPU profile of go1.27.3.
fn diagnosed(log: &str, go: &str, thresholds: Thresholds) -> Judgement {
    let cpu = gotrace_fixture("go-logs/pprof-cpu-1.27.3.pb.gz");
    diagnosed_by(log.as_bytes().to_vec(), cpu, go, thresholds)
}

/// What a captured diagnosis says of its cell.
fn of_capture(name: &str) -> Judgement {
    let file = |end: &str| fs::read(folder("diagnoses").join(name).join(end)).unwrap();
    let (log, cpu) = (file("stderr.log"), file("cpu.pb.gz"));
    diagnosed_by(log, cpu, "go1.25.14", Thresholds::default())
}

/// The advice on a captured run with a diagnosis alongside it: these blocks, this CPU profile, and 9 s of load as a
/// diagnosis has them by default.
fn diagnosed_by(log: Vec<u8>, cpu: Vec<u8>, go: &str, thresholds: Thresholds) -> Judgement {
    let (mut run, mut trials) = captured("healthy");
    for toolchain in &mut run.toolchains {
        toolchain.version = go.to_owned();
    }
    for readback in trials
        .iter_mut()
        .filter_map(|trial| trial.readback.as_mut())
    {
        readback.go_version = Some(go.to_owned());
    }
    let load = Phase {
        seconds: 9.0,
        ..trials[0].constant.clone().unwrap()
    };
    let diagnosis = Diagnosis {
        format: DIAGNOSIS_FORMAT,
        cell: run.cells[0].id.clone(),
        target: run.cells[0].target.clone(),
        chosen: vec!["control".into()],
        started: "2026-11-21T12:00:00Z".into(),
        failure: None,
        load: Some(load),
        profiled_seconds: 5.0,
        profiles: vec![ProfileFile {
            kind: "cpu".into(),
            file: "profiles/cpu.pb.gz".into(),
            before: None,
        }],
        missing: Vec::new(),
        readback: None,
    };
    let files = BTreeMap::from([
        ("stderr.log".to_owned(), log),
        ("profiles/cpu.pb.gz".to_owned(), cpu),
    ]);
    let given = Given {
        run: &run,
        trials: &trials,
        ranking: &ranked(&run, &trials),
        diagnoses: &[Kept { diagnosis, files }],
        raw: &|_| Raw::default(),
    };
    let options = AdviseOptions {
        thresholds: Some(thresholds),
        ..AdviseOptions::default()
    };
    let Advice { targets, .. } = advise(&given, &options).unwrap();
    targets[0].cells[0].judgement.clone()
}

#[test]
fn a_diagnosis_tells_ps_that_are_lost_to_system_calls() {
    let usual = Thresholds::default;
    // Start-up and warm-up, 8 s, are not what was loaded: with them it would be 18 of 34 blocks.
    let log = blocks(0..16, as_captured) + &blocks(16..34, in_syscall);
    let lost = diagnosed(&log, "go1.25.5", usual());
    assert_eq!(severity(&lost, "S6"), Some(Warn), "{lost:?}");
    let finding = lost.findings.iter().find(|own| own.rule == "S6").unwrap();
    assert!(
        finding.signal.starts_with("100% of scheduler blocks"),
        "{finding:?}"
    );
    let before = blocks(0..16, in_syscall) + &blocks(16..34, as_captured);
    let calm = diagnosed(&before, "go1.25.5", usual());
    // By the 34 it would be 47 %.
    assert_eq!(severity(&calm, "S6"), None);
    is_quiet(&calm, "S6");
    // From Go 1.26 on no P has that state, and its absence says nothing.
    assert!(!is_judged(&diagnosed(&before, "go1.26.8", usual()), "S6"));
}

#[test]
fn a_diagnosis_judges_spinning_by_blocks_and_profile_together() {
    let idle = |_: usize, own: &str| {
        let own = own.replace("runqueue=1 ", "runqueue=0 ");
        own.replace("runqsize=1 ", "runqsize=0 ")
    };
    let spinning =
        |at: usize, own: &str| idle(at, own).replace("spinningthreads=0", "spinningthreads=1");
    // The captured profile has 4.29 % in findRunnable and futex.
    let mut low = Thresholds::default();
    low.set(Threshold::S9Warn, 0.04);
    let judged =
        |log: String, thresholds: &Thresholds| diagnosed(&log, "go1.25.5", thresholds.clone());
    let hot = judged(blocks(0..18, spinning), &low);
    assert_eq!(severity(&hot, "S9"), Some(Warn), "{hot:?}");
    let finding = hot.findings.iter().find(|own| own.rule == "S9").unwrap();
    assert!(
        finding
            .signal
            .contains("4.29% of CPU time in findRunnable and futex calls"),
        "{finding:?}"
    );
    for calm in [
        judged(blocks(0..18, idle), &low),
        judged(blocks(0..18, spinning), &Thresholds::default()),
    ] {
        is_quiet(&calm, "S9");
    }
}

#[test]
fn captured_diagnoses_fire_by_their_blocks() {
    let spin = of_capture("spin");
    assert_eq!(severity(&spin, "S9"), Some(Critical));
    let finding = spin.findings.iter().find(|own| own.rule == "S9").unwrap();
    // `go tool pprof -focus` on both gives 72 of 269 samples.
    assert!(
        finding
            .signal
            .contains("26.8% of CPU time in findRunnable and futex calls"),
        "{finding:?}"
    );
    is_quiet(&spin, "S6");
    let syscalls = of_capture("syscalls");
    assert_eq!(severity(&syscalls, "S6"), Some(Warn));
    is_quiet(&syscalls, "S9");
    is_quiet(&syscalls, "S3");
}
