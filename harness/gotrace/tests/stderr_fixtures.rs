//! Every stderr capture, with counts that were taken by `grep -c` on the files, not by this crate.

use std::path::PathBuf;

use gotrace::stderr::{Counts, Event, TornKind, read};

fn fixture(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/go-logs")
        .join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// How many events of each sort a capture holds.
#[derive(Debug, Default, PartialEq, Eq, Clone, Copy)]
struct Tally {
    gc: u64,
    forced: u64,
    sched: u64,
    detail: u64,
    scavenge: u64,
    pacer: u64,
    scan: u64,
    queue: u64,
    torn: u64,
    app: u64,
}

fn tally(bytes: &[u8]) -> (Tally, Counts) {
    let mut seen = Tally::default();
    let counts = read(bytes, |event| match event {
        Event::Gc(cycle) => {
            seen.gc += 1;
            seen.forced += u64::from(cycle.forced);
        }
        Event::Sched(_) => seen.sched += 1,
        Event::SchedDetail(_) => seen.detail += 1,
        Event::Scavenge(_) => seen.scavenge += 1,
        Event::Pacer(_) => seen.pacer += 1,
        Event::ScanStats(_) => seen.scan += 1,
        Event::FinalizerQueue(_) => seen.queue += 1,
        Event::Torn(_) => seen.torn += 1,
        _ => seen.app += 1,
    });
    (seen, counts)
}

const NONE: Tally = Tally {
    gc: 0,
    forced: 0,
    sched: 0,
    detail: 0,
    scavenge: 0,
    pacer: 0,
    scan: 0,
    queue: 0,
    torn: 0,
    app: 0,
};

/// File, lines with newline (`wc -l`), and what is in it.
#[rustfmt::skip]
const CAPTURES: &[(&str, u64, Tally)] = &[
    ("gcpacertrace-1.21.13.log", 303, Tally { gc: 101, pacer: 202, ..NONE }),
    ("gcpacertrace-1.22.10.log", 257, Tally { gc: 86, pacer: 171, ..NONE }),
    ("gcpacertrace-1.23.9.log", 297, Tally { gc: 99, pacer: 198, ..NONE }),
    ("gcpacertrace-1.24.11.log", 294, Tally { gc: 98, pacer: 196, ..NONE }),
    ("gcpacertrace-1.25.5.log", 400, Tally { gc: 100, pacer: 300, ..NONE }),
    ("gcpacertrace-1.26.6.log", 340, Tally { gc: 85, pacer: 255, ..NONE }),
    ("gcpacertrace-1.27.3.log", 372, Tally { gc: 93, pacer: 279, ..NONE }),
    ("gctrace-1.21.13.log", 101, Tally { gc: 101, forced: 3, ..NONE }),
    ("gctrace-1.22.10.log", 71, Tally { gc: 71, forced: 3, ..NONE }),
    ("gctrace-1.23.9.log", 78, Tally { gc: 78, forced: 3, ..NONE }),
    ("gctrace-1.24.11.log", 78, Tally { gc: 78, forced: 2, ..NONE }),
    ("gctrace-1.25.5.log", 79, Tally { gc: 79, forced: 3, ..NONE }),
    ("gctrace-1.26.6.log", 84, Tally { gc: 84, forced: 3, ..NONE }),
    ("gctrace-1.27.3.log", 76, Tally { gc: 76, forced: 3, ..NONE }),
    ("gctrace-asyncpreemptoff-1.21.13.log", 1, Tally { gc: 1, forced: 1, ..NONE }),
    ("gctrace-asyncpreemptoff-1.27.3.log", 1, Tally { gc: 1, forced: 1, ..NONE }),
    ("gctrace-checkfinalizers-1.25.5.log", 4, Tally { gc: 2, forced: 2, queue: 2, ..NONE }),
    // These three end in the middle of a gc line, without a newline.
    ("gctrace-checkfinalizers-1.26.6.log", 4, Tally { gc: 2, forced: 2, queue: 2, torn: 1, ..NONE }),
    ("gctrace-checkfinalizers-1.27.3.log", 4, Tally { gc: 2, forced: 2, queue: 2, torn: 1, ..NONE }),
    ("gctrace-truncated-at-exit-1.27.3.log", 0, Tally { torn: 1, ..NONE }),
    ("gctrace-gogcoff-1.21.13.log", 3, Tally { gc: 3, forced: 3, ..NONE }),
    ("gctrace-gogcoff-1.27.3.log", 3, Tally { gc: 3, forced: 3, ..NONE }),
    ("gctrace-goroutineleak-1.27.3.log", 4, Tally { gc: 1, forced: 1, pacer: 3, ..NONE }),
    ("gctrace-interleaved-app-stderr-1.21.13.log", 60, Tally { sched: 1, app: 59, ..NONE }),
    ("gctrace-interleaved-app-stderr-1.27.3.log", 60, Tally { sched: 1, app: 59, ..NONE }),
    ("gctrace-stacks-globals-1.21.13.log", 2, Tally { gc: 2, forced: 2, ..NONE }),
    ("gctrace-stacks-globals-1.27.3.log", 2, Tally { gc: 2, forced: 2, ..NONE }),
    // All three end in a cut gc line as well.
    ("gctrace2-scanstats-1.25.5.log", 22, Tally { gc: 2, forced: 2, scan: 20, torn: 1, ..NONE }),
    ("gctrace2-scanstats-1.26.6.log", 26, Tally { gc: 2, forced: 2, scan: 24, torn: 1, ..NONE }),
    ("gctrace2-scanstats-1.27.3.log", 26, Tally { gc: 2, forced: 2, scan: 24, torn: 1, ..NONE }),
    ("mixed-schedtrace-gctrace-1.21.13.log", 121, Tally { gc: 101, sched: 20, ..NONE }),
    ("mixed-schedtrace-gctrace-1.24.11.log", 97, Tally { gc: 77, sched: 20, ..NONE }),
    ("mixed-schedtrace-gctrace-1.27.3.log", 88, Tally { gc: 66, sched: 22, ..NONE }),
    ("scavtrace-1.21.13.log", 99, Tally { scavenge: 99, ..NONE }),
    ("scavtrace-1.22.10.log", 89, Tally { scavenge: 89, ..NONE }),
    ("scavtrace-1.23.9.log", 96, Tally { scavenge: 96, ..NONE }),
    ("scavtrace-1.24.11.log", 104, Tally { scavenge: 104, ..NONE }),
    ("scavtrace-1.25.5.log", 99, Tally { scavenge: 99, ..NONE }),
    ("scavtrace-1.26.6.log", 88, Tally { scavenge: 88, ..NONE }),
    ("scavtrace-1.27.3.log", 95, Tally { scavenge: 95, ..NONE }),
    ("scheddetail-1.21.13.log", 140, Tally { detail: 3, ..NONE }),
    ("scheddetail-1.22.10.log", 109, Tally { detail: 3, ..NONE }),
    ("scheddetail-1.23.9.log", 117, Tally { detail: 3, ..NONE }),
    ("scheddetail-1.24.11.log", 112, Tally { detail: 3, ..NONE }),
    ("scheddetail-1.25.5.log", 104, Tally { detail: 3, ..NONE }),
    ("scheddetail-1.26.6.log", 119, Tally { detail: 3, ..NONE }),
    ("scheddetail-1.27.3.log", 110, Tally { detail: 3, ..NONE }),
    ("schedtrace-1.21.13.log", 62, Tally { sched: 62, ..NONE }),
    ("schedtrace-1.22.10.log", 62, Tally { sched: 62, ..NONE }),
    ("schedtrace-1.23.9.log", 62, Tally { sched: 62, ..NONE }),
    ("schedtrace-1.24.11.log", 61, Tally { sched: 61, ..NONE }),
    ("schedtrace-1.25.5.log", 59, Tally { sched: 59, ..NONE }),
    ("schedtrace-1.26.6.log", 61, Tally { sched: 61, ..NONE }),
    ("schedtrace-1.27.3.log", 62, Tally { sched: 62, ..NONE }),
    ("schedtrace-p1-1.21.13.log", 16, Tally { sched: 16, ..NONE }),
    ("schedtrace-p1-1.24.11.log", 15, Tally { sched: 15, ..NONE }),
    ("schedtrace-p1-1.27.3.log", 15, Tally { sched: 15, ..NONE }),
    ("schedtrace-p8-1.21.13.log", 15, Tally { sched: 15, ..NONE }),
    ("schedtrace-p8-1.24.11.log", 15, Tally { sched: 15, ..NONE }),
    ("schedtrace-p8-1.27.3.log", 15, Tally { sched: 15, ..NONE }),
];

#[test]
fn every_capture_reads_completely() {
    for (name, terminated_lines, expected) in CAPTURES {
        let (seen, counts) = tally(&fixture(name));
        assert_eq!(seen, *expected, "{name}");
        assert_eq!(counts.lines, terminated_lines + expected.torn, "{name}");
        assert_eq!(counts.torn, expected.torn, "{name}");
        assert_eq!(
            counts.parsed + counts.torn + counts.app,
            counts.lines,
            "{name}"
        );
        assert_eq!(
            (counts.resynced, counts.wrapped, counts.overlong),
            (0, 0, 0),
            "{name}"
        );
    }
}

#[test]
fn no_stderr_capture_is_forgotten() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/go-logs");
    let mut present: Vec<String> = std::fs::read_dir(folder)
        .expect("fixture folder")
        .map(|entry| {
            entry
                .expect("entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .filter(|name| name.ends_with(".log"))
        .collect();
    let mut listed: Vec<String> = CAPTURES
        .iter()
        .map(|(name, ..)| (*name).to_owned())
        .collect();
    present.sort();
    listed.sort();
    assert_eq!(present, listed);
}

#[test]
fn every_runtime_line_prints_back_as_it_was() {
    for (name, ..) in CAPTURES {
        let bytes = fixture(name);
        let text = String::from_utf8(bytes.clone()).expect("captures are UTF-8");
        let mut printed = Vec::new();
        read(&bytes, |event| match event {
            Event::Gc(cycle) => printed.push(cycle.to_string()),
            Event::Sched(sample) => printed.push(sample.to_string()),
            Event::Scavenge(scavenge) => printed.push(scavenge.to_string()),
            _ => {}
        });
        let original: Vec<&str> = text
            .split_inclusive('\n')
            .filter_map(|line| line.strip_suffix('\n'))
            .filter(|line| {
                line.starts_with("gc ") || line.starts_with("SCHED ") || line.starts_with("scav ")
            })
            .filter(|line| !line.contains(" gcwaiting="))
            .collect();
        assert_eq!(printed, original, "{name}");
    }
}

#[test]
fn a_cut_line_keeps_its_number() {
    let mut torn = Vec::new();
    read(&fixture("gctrace2-scanstats-1.26.6.log"), |event| {
        if let Event::Torn(it) = event {
            torn.push((it.kind, it.seq, it.line.to_vec()));
        }
    });
    assert_eq!(torn, [(TornKind::Gc, Some(3), b"gc 3 @0.001s ".to_vec())]);
}

#[test]
fn the_last_block_of_a_detail_capture_is_whole() {
    // Counts by grep over the lines after the third SCHED line of the file.
    let mut blocks = Vec::new();
    read(&fixture("scheddetail-1.27.3.log"), |event| {
        if let Event::SchedDetail(detail) = event {
            blocks.push(*detail);
        }
    });
    let entries: usize = blocks
        .iter()
        .map(|block| block.processors.len() + block.machines.len() + block.goroutines.len())
        .sum();
    assert_eq!(entries, 110 - 3);
    assert!(
        blocks
            .iter()
            .all(|block| block.processors.len() == 2 && block.dropped == 0)
    );
    assert_eq!(blocks[1].machines.len(), 8);
    assert_eq!(
        blocks[1]
            .goroutines
            .iter()
            .filter(|it| it.is_dead())
            .count(),
        18
    );
    assert!(
        blocks[1]
            .goroutines
            .iter()
            .any(|it| it.wait_reason == "force gc (idle)")
    );
}
