//! MemStats, execution-trace headers, and the recognition of every fixture.

use std::path::{Path, PathBuf};

use gotrace::exectrace::{TraceHeader, Wire};
use gotrace::memstats::MemStats;
use gotrace::profile::ProfileKind;
use gotrace::{Kind, recognise};

fn folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(name)
}

fn read(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn memory_statistics_of_a_server() {
    let text = String::from_utf8(read(&folder("go-logs/pprof-heap-1.27.3.txt"))).expect("text");
    let stats = MemStats::parse(&text).expect("block");
    assert_eq!(
        (
            stats.heap_alloc_bytes,
            stats.total_alloc_bytes,
            stats.mallocs,
            stats.frees
        ),
        (356_648, 55_684_824, 766_040, 764_782)
    );
    assert_eq!(
        (stats.num_gc, stats.num_forced_gc, stats.next_gc_bytes),
        (17, Some(0), 4_194_304)
    );
    assert_eq!(
        (stats.stack_inuse_bytes, stats.max_rss_bytes),
        (622_592, Some(14_159_872))
    );
    assert!((stats.gc_cpu_fraction.expect("printed") - 0.022_323_358_748_822_62).abs() < 1e-15);
    let pauses: Vec<u64> = stats.recent_pauses_ns().collect();
    assert_eq!(pauses.len(), 17);
    assert_eq!((pauses[0], pauses[16]), (394_350, 6_839_607));
    assert_eq!(
        stats.others.get("BuckHashSys").map(String::as_str),
        Some("1450503")
    );
}

#[test]
fn trace_headers_of_all_versions() {
    for (version, minor, wire) in [
        ("1.21.13", 21, Wire::First),
        ("1.22.10", 22, Wire::Second),
        ("1.23.9", 23, Wire::Second),
        ("1.24.11", 23, Wire::Second),
        ("1.25.5", 25, Wire::Second),
        ("1.26.6", 26, Wire::Second),
        ("1.27.3", 26, Wire::Second),
    ] {
        let header = TraceHeader::parse(&read(
            &folder("go-logs").join(format!("trace-idle-{version}.bin")),
        ))
        .expect(version);
        assert_eq!(
            (header.format_minor, header.wire),
            (minor, wire),
            "{version}"
        );
        let go: u32 = version
            .split('.')
            .nth(1)
            .expect("minor")
            .parse()
            .expect("number");
        assert!(header.written_by().contains(&go), "{version}");
    }
}

/// What a fixture should be taken for, by its name.
fn expected(name: &str) -> &'static str {
    let by_prefix = [
        ("pprof-cpu", "profile Cpu"),
        ("pprof-block", "profile Block"),
        ("pprof-mutex", "profile Mutex"),
        ("pprof-heap", "profile Heap"),
        ("pprof-goroutine", "profile Goroutine"),
        ("trace-idle", "trace"),
        ("gctrace-truncated", "text"),
        ("gctrace", "gc"),
        ("gcpacertrace", "gc pacer"),
        ("schedtrace", "sched"),
        ("scheddetail", "detail"),
        ("scavtrace", "scavenge"),
        ("mixed", "gc sched"),
        ("metrics-all", "text"),
        ("README", "text"),
    ];
    if let Some(kind) = name
        .strip_suffix(".txt")
        .and_then(|stem| stem.strip_prefix("pprof-"))
    {
        return match kind.split('-').next() {
            Some("heap") => "heap text",
            Some("goroutine") => "goroutine text",
            _ => "contention text",
        };
    }
    match name {
        "gctrace-goroutineleak-1.27.3.log" => "gc pacer",
        "gctrace-interleaved-app-stderr-1.21.13.log"
        | "gctrace-interleaved-app-stderr-1.27.3.log" => "sched",
        _ => by_prefix
            .iter()
            .find(|(prefix, _)| name.starts_with(prefix))
            .map_or("?", |(_, kind)| kind),
    }
}

fn describe(kind: &Kind) -> String {
    match kind {
        Kind::Profile(kind) => format!("profile {kind:?}"),
        Kind::ExecutionTrace(_) => "trace".to_owned(),
        Kind::HeapText => "heap text".to_owned(),
        Kind::GoroutineText => "goroutine text".to_owned(),
        Kind::ContentionText => "contention text".to_owned(),
        Kind::OtherText => "text".to_owned(),
        Kind::RuntimeLog(log) => [
            (log.gc, "gc"),
            (log.sched, "sched"),
            (log.sched_detail, "detail"),
            (log.scavenge, "scavenge"),
            (log.pacer, "pacer"),
            (log.crash, "crash"),
        ]
        .iter()
        .filter(|(found, _)| *found)
        .map(|(_, name)| *name)
        .collect::<Vec<_>>()
        .join(" "),
        other => format!("{other:?}"),
    }
}

#[test]
fn every_capture_is_recognised() {
    let mut seen = 0;
    for entry in std::fs::read_dir(folder("go-logs")).expect("folder") {
        let path = entry.expect("entry").path();
        let name = path
            .file_name()
            .expect("name")
            .to_string_lossy()
            .into_owned();
        assert_eq!(
            describe(&recognise(&read(&path))),
            expected(&name),
            "{name}"
        );
        seen += 1;
    }
    assert_eq!(seen, 100);
}

#[test]
fn other_documents_are_recognised() {
    assert_eq!(
        recognise(br#"{"go_version":"go1.26.8","taken_unix_ns":1,"metrics":{}}"#),
        Kind::MetricsSnapshot
    );
    assert_eq!(
        recognise(b"out/server: go1.27.3\n\tpath\texample.com/server\n"),
        Kind::BuildInfo
    );
    assert_eq!(
        recognise(b"goroutine 1 [running]:\nmain.main()\n\t/a.go:1 +0x1\n"),
        Kind::GoroutineDump
    );
    assert_eq!(recognise(b""), Kind::Unknown);
    assert_eq!(recognise(b"\x7fELF\0\0\0\0"), Kind::Unknown);
    assert_eq!(recognise(&[0x1f, 0x8b, 8, 0]), Kind::OtherGzip);
    let crash = recognise(&read(&folder("crashes/nil-1.27.3.txt")));
    assert_eq!(describe(&crash), "crash");
    let docker = recognise(&read(&folder("foreign/docker-json.log")));
    assert!(
        matches!(docker, Kind::RuntimeLog(log) if log.wrapped && log.gc && log.sched && log.crash)
    );
    let plain = gotrace::profile::Profile::parse(&read(&folder("go-logs/pprof-cpu-1.27.3.pb.gz")))
        .expect("profile")
        .encode();
    assert_eq!(recognise(&plain), Kind::Profile(ProfileKind::Cpu));
    // As Go's own writer orders the fields: every capture, unpacked by gzip alone.
    for entry in std::fs::read_dir(folder("go-logs")).expect("folder") {
        let path = entry.expect("entry").path();
        if path.extension().is_none_or(|ending| ending != "gz") {
            continue;
        }
        let packed = read(&path);
        let unpacked = gotrace::gunzip(&packed, 64 << 20, "a fixture").expect("gzip");
        assert_eq!(
            recognise(&unpacked),
            recognise(&packed),
            "{}",
            path.display()
        );
    }
}

#[test]
fn a_trace_that_was_cut_is_told() {
    for (version, least_told) in [
        ("1.21.13", 0.3),
        ("1.22.10", 0.95),
        ("1.23.9", 0.95),
        ("1.24.11", 0.95),
        ("1.25.5", 0.95),
        ("1.26.6", 1.0),
        ("1.27.3", 1.0),
    ] {
        let bytes = read(&folder("go-logs").join(format!("trace-idle-{version}.bin")));
        let header = TraceHeader::parse(&bytes).expect("header");
        assert!(!header.is_cut_off(&bytes), "{version} is whole");
        // Cuts between two batches, or between two events in 1.21, look like an end; those at the end of a generation
        // are one.
        let cuts = 16..bytes.len();
        let told = cuts.clone().filter(|cut| header.is_cut_off(&bytes[..*cut]));
        let share = told.count() as f64 / cuts.len() as f64;
        assert!(share > least_told - 0.005, "{version}: {share}");
    }
    // What no format knows is not called cut.
    let mut garbled = b"go 1.26 trace\0\0\0".to_vec();
    garbled.extend_from_slice(&[200, 1, 2, 3]);
    let header = TraceHeader::parse(&garbled).expect("header");
    assert!(!header.is_cut_off(&garbled));
}

#[test]
fn nuls_do_not_hide_a_log() {
    let log = read(&folder("go-logs/gctrace-1.27.3.log"));
    let with = |head: &[u8]| recognise(&[head, &log].concat());
    let is_log = |kind: Kind| matches!(kind, Kind::RuntimeLog(found) if found.gc);
    // What logrotate's copytruncate leaves, and an application that writes a NUL.
    assert!(is_log(with(&[0; 100_000])));
    assert!(is_log(with(b"a\0b\n")));
    assert!(is_log(with(b"\x0aa\0b\n")));
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut packed, &[b"\0\0a\0b\n", log.as_slice()].concat())
        .expect("memory");
    assert!(is_log(recognise(&packed.finish().expect("memory"))));
    // The words of a panic between NULs are what every Go executable holds.
    assert_eq!(
        recognise(b"\x7fELF\0\0\n\npanic: \nfatal error: \0\n"),
        Kind::Unknown
    );
    assert_eq!(recognise(&[0; 500]), Kind::Unknown);
    let crash = b"a\0b\npanic: boom\n\ngoroutine 1 [running]:\nmain.main()\n\t/a.go:1 +0x1\n";
    assert!(matches!(recognise(crash), Kind::RuntimeLog(found) if found.crash));
}

/// The key that tells a snapshot may come after the metrics, whose histograms are long.
#[test]
fn a_snapshot_is_recognised_wherever_its_keys_stand() {
    let padding =
        "\"/gc/heap/allocs:bytes\": {\"kind\": \"uint64\", \"uint64\": 1},".repeat(200_000 / 60);
    let text = format!(
        "{{\"metrics\": {{{padding} \"/sched/gomaxprocs:threads\": {{\"kind\": \"uint64\", \"uint64\": 2}}}}, \
         \"go_version\": \"go1.27.3\", \"taken_unix_ns\": 5}}"
    );
    assert!(text.find("taken_unix_ns").is_some_and(|at| at > 100_000));
    assert_eq!(recognise(text.as_bytes()), Kind::MetricsSnapshot);
    let lacking = text.replace("taken_unix_ns", "taken");
    assert_ne!(recognise(lacking.as_bytes()), Kind::MetricsSnapshot);
}
