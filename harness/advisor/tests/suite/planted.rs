//! Services with one cause put in on purpose: the right cause comes first, and healthy ones are left alone.
//!
//! The captures are of `tests/planted`; `tests/fixtures/planted/README.md` tells how they were made.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use advisor::analyze::{AnalyzeOptions, Hint, Material, analyze, read};
use documents::analysis::{Analysis, Standing};
use documents::finding::Severity;
use gotrace::profile::ProfileKind;

/// A capture, and the rule that names its cause; `None` for a service without one.
const EXPECTED: &[(&str, Option<&str>)] = &[
    ("healthy-200", None),
    ("healthy-3000", None),
    ("healthy-saturated", None),
    ("leak-go1.21", Some("S12")),
    ("leak", Some("S12")),
    ("leak-go1.27", Some("S12")),
    ("mutex", Some("L1")),
    ("mutex-profiles", Some("L1")),
    ("rwmutex", Some("L1")),
    ("channel", Some("L4")),
    ("timeafter", Some("M6")),
    ("gogc", Some("G2")),
    ("limit", Some("G8")),
    ("smallobjects", Some("G4")),
    ("threads", Some("S5")),
    ("lockosthread", Some("S13")),
    ("preemptoff", Some("G5")),
    ("forcedgc", Some("G10")),
    ("frag", Some("M2")),
    ("finalizer", Some("M5")),
];

fn folder(capture: &str) -> PathBuf {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/planted");
    fixtures.join(capture)
}

/// The log of a capture.
fn log(capture: &str) -> Vec<Material> {
    vec![material(&folder(capture).join("stderr.log.gz"))]
}

/// Everything of it.
fn all(capture: &str) -> Vec<Material> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder(capture))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files.iter().map(|file| material(file)).collect()
}

/// A file, with what the address that it came from says of its kind.
fn material(file: &Path) -> Material {
    let name = file.file_name().unwrap().to_str().unwrap();
    let profile = match name {
        "heap.pb.gz" => Some(ProfileKind::Heap),
        "mutex.pb.gz" => Some(ProfileKind::Mutex),
        "block.pb.gz" => Some(ProfileKind::Block),
        _ => None,
    };
    let hint = Hint {
        profile,
        window: None,
    };
    read(name, &std::fs::read(file).unwrap(), hint).unwrap_or_else(|error| panic!("{error}"))
}

fn analyzed(materials: &[Material]) -> Analysis {
    analyze(materials, &AnalyzeOptions::default()).unwrap()
}

/// The rules of findings, the first one first, and how severe.
fn fired(analysis: &Analysis) -> Vec<(String, Severity)> {
    let findings = analysis.judgements.iter().flat_map(|own| &own.findings);
    findings
        .map(|own| (own.rule.clone(), own.severity))
        .collect()
}

/// What is worth acting on.
fn severe(analysis: &Analysis) -> Vec<String> {
    let fired = fired(analysis).into_iter();
    let severe = fired.filter(|(_, severity)| *severity >= Severity::Warn);
    severe.map(|(rule, _)| rule).collect()
}

#[test]
fn the_right_cause_comes_first() {
    let mut wrong = Vec::new();
    for (capture, expected) in EXPECTED {
        let analysis = analyzed(&all(capture));
        let first = severe(&analysis).into_iter().next();
        if first.as_deref() != *expected {
            wrong.push(format!(
                "{capture}: {expected:?} expected, {first:?}: {}",
                analysis.verdict
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_healthy_service_is_left_alone() {
    for (capture, _) in EXPECTED.iter().filter(|(_, cause)| cause.is_none()) {
        for materials in [log(capture), all(capture)] {
            let analysis = analyzed(&materials);
            let severe = severe(&analysis);
            assert!(severe.is_empty(), "{capture}: {severe:?}");
            let standing = analysis.severity;
            assert!(
                matches!(standing, Standing::Calm | Standing::Found(Severity::Info)),
                "{capture}: {}",
                analysis.verdict
            );
        }
    }
}

#[test]
fn a_log_alone_names_no_wrong_cause() {
    for (capture, expected) in EXPECTED {
        let analysis = analyzed(&log(capture));
        // What a log can show of them: the cause, what comes of it, or nothing.
        let allowed: &[&str] = match *capture {
            "gogc" => &["G2", "G3", "G1"],
            "limit" => &["G8", "G7"],
            "threads" => &["S5", "S1"],
            "preemptoff" => &["G5", "S1"],
            "forcedgc" => &["G10"],
            "finalizer" | "timeafter" => &["M4"],
            _ => &[],
        };
        let wrong: Vec<String> = severe(&analysis)
            .into_iter()
            .filter(|own| !allowed.contains(&own.as_str()))
            .collect();
        assert!(
            wrong.is_empty(),
            "{capture} ({expected:?}): {wrong:?}: {}",
            analysis.verdict
        );
    }
}

#[test]
fn every_verdict_by_capture() {
    let mut table = String::new();
    for (capture, expected) in EXPECTED {
        for (given, materials) in [("log", log(capture)), ("all", all(capture))] {
            let analysis = analyzed(&materials);
            let rules: Vec<String> = fired(&analysis)
                .into_iter()
                .map(|(rule, severity)| format!("{rule} {}", severity.word()))
                .collect();
            let explained = analysis.judgements.iter().flat_map(|own| &own.explained);
            let explained: Vec<String> = explained
                .map(|own| format!("{} by {}", own.rule, own.by))
                .collect();
            let _ = writeln!(
                table,
                "{capture} ({}), {given}: {}\n    fired: {}; explained: {}",
                expected.unwrap_or("nothing"),
                analysis.verdict,
                rules.join(", "),
                explained.join(", ")
            );
        }
    }
    insta::assert_snapshot!(table);
}
