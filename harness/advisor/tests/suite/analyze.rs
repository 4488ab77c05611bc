//! What is said of services that gosweep did not start: logs, panics, profiles and documents of every kind, seven Go
//! versions. Their origin is in the READMEs of gotrace's fixtures.

use std::path::Path;

use advisor::analyze::{
    AnalyzeOptions, Hint, KEPT_LINES, LogReader, Material, Part, analyze, read,
};
use documents::analysis::{Analysis, Standing};
use documents::finding::Severity;
use report::{TerminalOptions, html, terminal};

pub(crate) fn fixture(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../gotrace/tests/fixtures");
    std::fs::read(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

pub(crate) fn material(name: &str) -> Material {
    let short = name.rsplit('/').next().unwrap();
    read(short, &fixture(name), Hint::default()).unwrap()
}

pub(crate) fn of(names: &[&str]) -> Analysis {
    let materials: Vec<Material> = names.iter().map(|name| material(name)).collect();
    analyze(&materials, &AnalyzeOptions::default()).unwrap()
}

/// The text without what the advisor's catalogue says, which has tests of its own.
fn text(names: &[&str]) -> String {
    let mut analysis = of(names);
    let by_rules = analysis.severity == Standing::Calm
        || analysis
            .judgements
            .iter()
            .any(|own| !own.findings.is_empty());
    analysis.judgements.clear();
    if by_rules {
        analysis.verdict = "(by the rules)".to_owned();
        analysis.next_step = "(by the rules)".to_owned();
    }
    terminal(&analysis, TerminalOptions::default())
}

/// A log of one process that collects `count` times, ten times a second.
pub(crate) fn long_log(count: u64) -> String {
    (1..=count)
        .map(|seq| {
            format!(
                "gc {seq} @{}.{:03}s 1%: 0.010+0.50+0.010 ms clock, 0.020+0.10/0.20/0+0.020 ms cpu, 16->16->8 MB, 17 MB goal, 0 MB stacks, 0 MB globals, 2 P\n",
                seq / 10,
                seq % 10 * 100
            )
        })
        .collect()
}

#[test]
fn logs_of_every_kind() {
    insta::assert_snapshot!(text(&["go-logs/mixed-schedtrace-gctrace-1.27.3.log"]));
    insta::assert_snapshot!(text(&["go-logs/schedtrace-p8-1.21.13.log"]));
    insta::assert_snapshot!(text(&["go-logs/scheddetail-1.25.5.log"]));
    insta::assert_snapshot!(text(&["go-logs/gctrace-gogcoff-1.27.3.log"]));
    insta::assert_snapshot!(text(&["go-logs/scavtrace-1.24.11.log"]));
    insta::assert_snapshot!(text(&["foreign/gctrace-several-processes.log"]));
    insta::assert_snapshot!(text(&["foreign/docker-json.log"]));
}

#[test]
fn pacer_lines_are_summed_up() {
    for version in ["1.21.13", "1.27.3"] {
        let analysis = of(&[&format!("go-logs/gcpacertrace-{version}.log")]);
        let facts: Vec<String> = analysis.inputs[0]
            .facts
            .iter()
            .map(|fact| format!("{}: {}", fact.name, fact.value))
            .collect();
        insta::assert_snapshot!(facts.join("\n"));
    }
}

#[test]
fn rules_judge_stretches_of_a_log() {
    let analysis = of(&["go-logs/gctrace-1.27.3.log"]);
    let judgement = &analysis.judgements[0];
    let often = judgement
        .findings
        .iter()
        .find(|finding| finding.rule == "G1");
    // 76 collections in 2.1 s, in every one of seven stretches.
    let held = often.unwrap().held;
    assert_eq!((held.samples, held.of, held.origins), (7, 7, 1));
    assert!(analysis.verdict.contains("(G1)"), "{}", analysis.verdict);
    // A log too short for three stretches shows signs, and no findings.
    let short = of(&["go-logs/schedtrace-p8-1.24.11.log"]);
    assert!(short.judgements[0].findings.is_empty());
    let told = terminal(&analysis, TerminalOptions::default());
    assert!(told.contains("FINDINGS gctrace-1.27.3.log"), "{told}");
}

#[test]
fn build_information_names_the_go_of_a_log() {
    let materials = [
        material("buildinfo/go-line-1.21-built-by-1.27.3.txt"),
        material("go-logs/gctrace-1.27.3.log"),
    ];
    let analysis = analyze(&materials, &AnalyzeOptions::default()).unwrap();
    assert_eq!(analysis.inputs[0].go.as_deref(), Some("go1.27.3"));
    assert_eq!(analysis.judgements[0].subject, "gctrace-1.27.3.log");
}

#[test]
fn every_go_version_is_told_by_its_log() {
    let mut table = String::new();
    for version in [
        "1.21.13", "1.22.10", "1.23.9", "1.24.11", "1.25.5", "1.26.6", "1.27.3",
    ] {
        for kind in ["gctrace", "schedtrace", "gcpacertrace"] {
            let analysis = of(&[&format!("go-logs/{kind}-{version}.log")]);
            let input = &analysis.inputs[0];
            let process = &input.processes[0];
            table.push_str(&format!(
                "{kind} {version}: {}; {} GC, {} lines of the scheduler, GOMAXPROCS {}\n",
                input.go.as_deref().unwrap_or("?"),
                process.gc.as_ref().map_or(0, |gc| gc.collections),
                process.sched.as_ref().map_or(0, |sched| sched.lines),
                process.gomaxprocs.unwrap_or_default(),
            ));
        }
    }
    insta::assert_snapshot!(table);
}

#[test]
fn ends_of_processes() {
    insta::assert_snapshot!(text(&["crashes/map-1.27.3.txt"]));
    insta::assert_snapshot!(text(&["crashes/quit-1.27.3.txt"]));
    assert_eq!(
        of(&["crashes/nil-1.21.13.txt"]).severity,
        Standing::Found(Severity::Critical)
    );
}

#[test]
fn profiles_and_their_locks() {
    let four = ["profile", "block", "mutex", "goroutine"]
        .map(|kind| format!("profiles/heavy-1.27.3-{kind}.pb.gz"));
    let four: Vec<&str> = four.iter().map(String::as_str).collect();
    insta::assert_snapshot!(text(&four));
    insta::assert_snapshot!(text(&["profiles/leak-1.27.3-goroutineleak.pb.gz"]));
    // A difference of allocations is told by its name, for want of a mark in it.
    let allocs = of(&["profiles/leak-1.27.3-allocs.pb.gz"]);
    assert_eq!(allocs.inputs[0].kind, "allocation profile");
    assert_eq!(
        allocs.inputs[0].profiles[0].functions.measure.kind,
        "alloc_space"
    );
}

#[test]
fn documents_of_an_instant() {
    insta::assert_snapshot!(text(&["buildinfo/go-line-1.21-built-by-1.27.3.txt"]));
    insta::assert_snapshot!(text(&["go-logs/pprof-heap-1.27.3.txt"]));
    insta::assert_snapshot!(text(&["go-logs/trace-idle-1.26.6.bin"]));
    let snapshot = |at: u64, cycles: u64| {
        format!(
            r#"{{"go_version":"go1.26.8","taken_unix_ns":{at},"metrics":{{"/gc/cycles/total:gc-cycles":{{"kind":"uint64","value":{cycles}}},"/sched/gomaxprocs:threads":{{"kind":"uint64","value":2}}}}}}"#
        )
    };
    let lines = format!("{}\n{}\n", snapshot(0, 10), snapshot(1_000_000_000, 110));
    let material = read("metrics.jsonl", lines.as_bytes(), Hint::default()).unwrap();
    let analysis = analyze(&[material], &AnalyzeOptions::default()).unwrap();
    assert_eq!(analysis.inputs[0].go.as_deref(), Some("go1.26.8"));
    // 100 cycles in a second, and nothing tells what they cost: no reason to change anything.
    let judgement = &analysis.judgements[0];
    assert!(judgement.findings.is_empty() && judgement.once.is_empty());
    let mut missing = judgement.not_judged.iter();
    let often = missing.find(|own| own.rule == "G1").unwrap();
    assert!(
        often.missing[0].starts_with("what the cycles cost"),
        "{often:?}"
    );
}

#[test]
fn what_cannot_be_read_is_named() {
    let told =
        |name: &str, bytes: &[u8]| read(name, bytes, Hint::default()).unwrap_err().to_string();
    insta::assert_snapshot!(
        [
            told("a.log", b""),
            told("hole.log", &[0; 100]),
            told("b.log", b"hello\nworld\n"),
            told(
                "myth.log",
                b"[12345.678901] cpu=0 SCHED=CFS RUNQUEUE=3,127 GRs=2,0,1\n"
            ),
            told("c.bin", &[0, 1, 2, 3, 0xff, 0xfe]),
            told("d.pb.gz", &fixture("go-logs/pprof-cpu-1.27.3.pb.gz")[..500]),
            told("e.log.xz", b"\xfd7zXZ\0 and more"),
            told("f.trace", &[b"go 1.26 trace\0\0\0", &[7; 64][..]].concat()),
        ]
        .join("\n")
    );
}

#[test]
fn differences_need_two_of_one_kind() {
    let difference = AnalyzeOptions {
        difference: true,
        ..AnalyzeOptions::default()
    };
    let (cpu, other, block) = (
        material("go-logs/pprof-cpu-1.24.11.pb.gz"),
        material("go-logs/pprof-cpu-1.27.3.pb.gz"),
        material("go-logs/pprof-block-1.27.3.pb.gz"),
    );
    let analysis = analyze(&[cpu.clone(), other], &difference).unwrap();
    // 2.33 s and 1.85 s in all, by `go tool pprof -top`.
    let change = &analysis.inputs[2].profiles[0].functions;
    let net: f64 = change.lines.iter().map(|line| line.flat).sum();
    assert!(change.left_out > 0 && net.abs() < change.total);
    assert!(
        analysis.verdict.starts_with("the largest change is "),
        "{}",
        analysis.verdict
    );
    assert_eq!(
        analysis.pictures[0].title,
        "CPU profile: pprof-cpu-1.24.11.pb.gz → pprof-cpu-1.27.3.pb.gz"
    );
    let told = |materials: &[Material]| analyze(materials, &difference).unwrap_err().to_string();
    assert_eq!(
        told(&[cpu.clone(), block]),
        "cannot compare a CPU profile with a block profile; give two of one kind"
    );
    assert_eq!(
        told(&[cpu]),
        "a difference needs two profiles of one kind, the earlier first; 1 profile given"
    );
}

#[test]
fn a_stream_is_read_in_bounded_memory() {
    let count = KEPT_LINES as u64 + 5_000;
    let mut reader = LogReader::new();
    for chunk in long_log(count).as_bytes().chunks(777) {
        reader.feed(chunk);
    }
    assert_eq!(
        reader.now(),
        format!("{count} lines: GC {count}, 10.0/s, live 8 MiB, goal 17 MiB")
    );
    let material = Material {
        name: "stream".to_owned(),
        part: Part::Log(Box::new(reader.finish())),
    };
    let analysis = analyze(&[material], &AnalyzeOptions::default()).unwrap();
    let process = &analysis.inputs[0].processes[0];
    assert_eq!(process.lines_let_go, 5_000);
    assert_eq!(
        process.gc.as_ref().map(|gc| (gc.collections, gc.per_s)),
        Some((KEPT_LINES as u64, Some(10.0)))
    );
    // The timeline still begins with the first line.
    assert!(process.plots[0].points[0].at_s < 60.0);
    assert!(process.plots.iter().all(|plot| plot.points.len() <= 120));
}

#[test]
fn a_restart_is_another_process() {
    // The same lines again would be an export that overlaps.
    let log = format!(
        "{}{}",
        long_log(50),
        long_log(30).replace("16->16->8", "15->15->7")
    );
    let material = read("two", log.as_bytes(), Hint::default()).unwrap();
    let analysis = analyze(&[material], &AnalyzeOptions::default()).unwrap();
    let collections: Vec<u64> = analysis.inputs[0]
        .processes
        .iter()
        .map(|process| process.gc.as_ref().unwrap().collections)
        .collect();
    assert_eq!(collections, [50, 30]);
    let subjects: Vec<&str> = analysis
        .judgements
        .iter()
        .map(|judgement| judgement.subject.as_str())
        .collect();
    assert_eq!(subjects, ["two, process 1", "two, process 2"]);
}

#[test]
fn the_page_is_whole_and_holds_hostile_text() {
    let log = format!(
        "{}panic: <script>alert(1)</script>\n\ngoroutine 1 [running]:\nmain.main()\n\t/x/<b>.go:3 +0x1\n",
        long_log(40)
    );
    let materials = [
        read("<img src=x>", log.as_bytes(), Hint::default()).unwrap(),
        material("profiles/heavy-1.27.3-profile.pb.gz"),
        material("profiles/heavy-1.27.3-block.pb.gz"),
    ];
    let options = AnalyzeOptions {
        pictures: true,
        ..AnalyzeOptions::default()
    };
    let page = html(&analyze(&materials, &options).unwrap()).unwrap();
    assert!(page.starts_with("<!DOCTYPE html>") && page.trim_end().ends_with("</html>"));
    for hostile in ["<script>alert", "<img src", "<b>"] {
        assert!(!page.contains(hostile), "{hostile}");
    }
    assert_eq!(page.matches("<svg class=\"flame\"").count(), 2);
    assert!(page.matches("<svg class=\"chart\"").count() >= 4);
    let without_namespaces = page.replace("http://www.w3.org/", "");
    for outside in ["http://", "https://", "url(", "@import"] {
        let found = without_namespaces
            .find(outside)
            .map(|at| &without_namespaces[at.saturating_sub(60)..at + 20]);
        assert_eq!(found, None);
    }
}

#[test]
fn arbitrary_bytes_never_panic() {
    let logs = fixture("go-logs/mixed-schedtrace-gctrace-1.27.3.log");
    for at in (0..logs.len()).step_by(97) {
        let mut broken = logs.clone();
        broken[at] = broken[at].wrapping_add(1);
        broken.truncate(logs.len() - at / 2);
        if let Ok(material) = read("broken", &broken, Hint::default()) {
            let analysis = analyze(&[material], &AnalyzeOptions::default()).unwrap();
            assert!(!terminal(&analysis, TerminalOptions::default()).is_empty());
        }
    }
}
