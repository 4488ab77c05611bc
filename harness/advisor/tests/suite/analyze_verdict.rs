//! What the verdict on a foreign service names first, what it names alongside that, and when it must not be calm.

use advisor::analyze::{AnalyzeOptions, Hint, analyze, read};
use documents::analysis::{Standing, Unread};
use documents::finding::Severity;
use report::{TerminalOptions, html, terminal};

use crate::analyze::{fixture, long_log, material, of};

#[test]
fn a_long_stop_is_named_whatever_the_count() {
    // One collection, forced, that waited three seconds for a loop: no percentile, and an outage all the same.
    let analysis = of(&["go-logs/gctrace-asyncpreemptoff-1.27.3.log"]);
    assert_eq!(analysis.severity, Standing::Found(Severity::Critical));
    assert_eq!(
        analysis.verdict,
        "GC 1 at 0.0530 s stopped the world for 3,156 ms before marking, which includes waiting for every P to stop \
         (G5 calls 5.00 ms critical)"
    );
    // Among several files the one is named.
    let analysis = of(&[
        "go-logs/gctrace-1.27.3.log",
        "go-logs/gctrace-asyncpreemptoff-1.27.3.log",
    ]);
    assert!(
        analysis.verdict.starts_with(
            "GC 1 of gctrace-asyncpreemptoff-1.27.3.log at 0.0530 s stopped the world"
        ),
        "{}",
        analysis.verdict
    );
    let with_stop = |at: u64, stop: &str| {
        let needle = format!("gc {at} @");
        let log: String = long_log(200)
            .lines()
            .map(|line| {
                let line = if line.starts_with(&needle) {
                    line.replace("0.010+0.50", &format!("{stop}+0.50"))
                } else {
                    line.to_owned()
                };
                line + "\n"
            })
            .collect();
        let material = read("web.log", log.as_bytes(), Hint::default()).unwrap();
        analyze(&[material], &AnalyzeOptions::default()).unwrap()
    };
    // Among hundreds of short ones it is beyond the 99th percentile of all but one stretch.
    assert_eq!(
        with_stop(77, "3156").severity,
        Standing::Found(Severity::Critical)
    );
    let short = with_stop(77, "7.2");
    assert_eq!(short.severity, Standing::Found(Severity::Info));
    assert!(
        short.verdict.contains("a stop of the world of 7.20 ms"),
        "{}",
        short.verdict
    );
    // Not beyond what is critical.
    let usual = with_stop(77, "4.9").verdict;
    assert!(!usual.contains("stop"), "{usual}");
}

#[test]
fn a_stop_is_named_beside_findings() {
    // GC runs 50 times a second and takes more than a third of the CPU; once it stopped for 7.2 ms.
    let log: String = (1..=300)
        .map(|seq| {
            let stop = if seq == 150 { "7.2" } else { "0.010" };
            format!(
                "gc {seq} @{}.{:03}s 1%: {stop}+0.50+0.010 ms clock, 0.020+0.10/15/0+0.020 ms cpu, 16->16->8 MB, 17 MB goal, 0 MB stacks, 0 MB globals, 2 P\n",
                seq / 50,
                seq % 50 * 20
            )
        })
        .collect();
    let material = read("often.log", log.as_bytes(), Hint::default()).unwrap();
    let analysis = analyze(&[material], &AnalyzeOptions::default()).unwrap();
    assert_eq!(analysis.severity, Standing::Found(Severity::Critical));
    assert!(
        analysis.verdict.contains("(G1)")
            && analysis
                .verdict
                .ends_with("; also below: a stop of the world of 7.20 ms"),
        "{}",
        analysis.verdict
    );
}

#[test]
fn critical_signs_reach_the_verdict() {
    // A hundred collections in a second, seen in one sample only.
    let snapshot = |at: u64, cycles: u64| {
        // A fifth of the only P, or nothing at the beginning.
        let cpu_s = if at > 0 { 0.2 } else { 0.0 };
        format!(
            r#"{{"go_version":"go1.26.8","taken_unix_ns":{at},"metrics":{{
            "/gc/cycles/total:gc-cycles":{{"kind":"uint64","value":{cycles}}},
            "/sched/gomaxprocs:threads":{{"kind":"uint64","value":1}},
            "/cpu/classes/gc/total:cpu-seconds":{{"kind":"float64","value":{cpu_s}}},
            "/cpu/classes/gc/mark/idle:cpu-seconds":{{"kind":"float64","value":0}},
            "/cpu/classes/gc/mark/assist:cpu-seconds":{{"kind":"float64","value":0}}}}}}"#
        )
        .replace('\n', "")
    };
    let seen = |cycles: u64| {
        let lines = format!("{}\n{}\n", snapshot(0, 10), snapshot(1_000_000_000, cycles));
        let material = read("metrics.jsonl", lines.as_bytes(), Hint::default()).unwrap();
        analyze(&[material], &AnalyzeOptions::default()).unwrap()
    };
    let critical = seen(110);
    assert_eq!(critical.severity, Standing::Found(Severity::Info));
    assert!(
        critical.verdict.starts_with(
            "GC runs often (G1), critical but in too few samples to tell it from chance: "
        ),
        "{}",
        critical.verdict
    );
    // One that is only worth a look stays a sign.
    let mild = seen(25);
    assert_eq!(mild.severity, Standing::Calm);
    assert!(
        mild.verdict.starts_with("nothing stands out for sure; "),
        "{}",
        mild.verdict
    );
    // Beside what speaks first it is named.
    let lines = format!("{}\n{}\n", snapshot(0, 10), snapshot(1_000_000_000, 110));
    let materials = [
        read("metrics.jsonl", lines.as_bytes(), Hint::default()).unwrap(),
        material("crashes/map-1.27.3.txt"),
    ];
    let analysis = analyze(&materials, &AnalyzeOptions::default()).unwrap();
    assert!(
        analysis
            .verdict
            .ends_with("; also below: critical signs of G1 in too few samples"),
        "{}",
        analysis.verdict
    );
}

#[test]
fn silence_of_rules_that_could_not_look_is_not_called_calm() {
    let alone = |name: &str| {
        let analysis = of(&[name]);
        let judged = analysis.severity != Standing::NotJudged;
        assert_eq!(judged, !analysis.verdict.starts_with("not judged: "));
        format!("{name}\n  {}\n  {}\n", analysis.verdict, analysis.next_step)
    };
    let heap = alone("go-logs/pprof-heap-1.27.3.pb.gz");
    let statistics = alone("go-logs/pprof-heap-1.27.3.txt");
    let build = alone("buildinfo/go-line-1.21-built-by-1.27.3.txt");
    let trace = alone("go-logs/trace-idle-1.26.6.bin");
    // Whoever brings one profile of locks needs the three others, and no log.
    let mutex = alone("go-logs/pprof-mutex-1.27.3.pb.gz");
    let cpu = alone("go-logs/pprof-cpu-1.27.3.pb.gz");
    insta::assert_snapshot!([heap, statistics, build, trace, mutex, cpu].concat());
}

#[test]
fn a_trace_that_was_cut_says_so() {
    let whole = fixture("go-logs/trace-idle-1.26.6.bin");
    let half = &whole[..whole.len() / 2];
    let material = read("slow.trace", half, Hint::default()).unwrap();
    let analysis = analyze(&[material], &AnalyzeOptions::default()).unwrap();
    insta::assert_snapshot!(terminal(&analysis, TerminalOptions::default()));
}

#[test]
fn what_was_not_read_stands_in_text_json_and_page() {
    let options = AnalyzeOptions {
        unread: vec![Unread {
            name: "old<b>.log".to_owned(),
            reason: "is empty; give another".to_owned(),
        }],
        ..AnalyzeOptions::default()
    };
    let analysis = analyze(&[material("go-logs/gctrace-1.27.3.log")], &options).unwrap();
    let told = terminal(&analysis, TerminalOptions::default());
    assert_eq!(
        told.lines().find(|line| line.starts_with("not read")),
        Some("not read old<b>.log is empty; give another")
    );
    let page = html(&analysis).unwrap();
    assert!(
        page.contains("old&#60;b&#62;.log</code> is empty; give another"),
        "{page}"
    );
    let json = serde_json::to_value(&analysis).unwrap();
    assert_eq!(json["unread"][0]["name"], "old<b>.log");
    assert_eq!(json["unread"][0]["reason"], "is empty; give another");
}
