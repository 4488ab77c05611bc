//! Properties that hold for any input: no panic, no dependence on how bytes arrive, and what is
//! printed reads back.

use gotrace::buildinfo::BuildInfo;
use gotrace::crash;
use gotrace::environment;
use gotrace::gctrace::{ClockMs, CpuMs, GcCycle};
use gotrace::logprefix;
use gotrace::memstats::MemStats;
use gotrace::metrics::{Histogram, Snapshot};
use gotrace::profile::{Frame, FrameIndex, Label, LabelValue, Profile, Sample, ValueType};
use gotrace::scavenge::Scavenge;
use gotrace::schedtrace::{SchedHead, SchedSample};
use gotrace::stderr::{Counts, Reader};
use gotrace::{GoVersion, recognise};
use proptest::prelude::*;

/// Pieces of real output, so that random input gets past the first byte of a grammar.
const PIECES: &[&str] = &[
    "gc ",
    "gc 7 @0.120s 2%: ",
    "0.10+0.95+0.21 ms clock, ",
    "0.20+0.11/0.24/0+0.42 ms cpu, ",
    "16->16->8 MB, 17 MB goal, ",
    "0 MB stacks, 0 MB globals, 2 P",
    " (forced)",
    "GC forced",
    "SCHED 5ms: gomaxprocs=2 idleprocs=0 threads=9 spinningthreads=0 needspinning=1 idlethreads=3 runqueue=1 ",
    "[1 3]",
    "[ 0 0 ] schedticks=[ 1 2 ]",
    "gcwaiting=false nmidlelocked=1 stopwait=0 sysmonwait=false",
    "  P0: status=1 schedtick=0 syscalltick=0 m=3 runqsize=2 gfreecnt=0 timerslen=0",
    "  G2: status=4(force gc (idle)) m=nil lockedm=nil",
    "scav 0 KiB work (bg), 0 KiB work (eager), 3040 KiB now, 99% util",
    "pacer: assist ratio=+1.5e+000 (scan 3 MB in 8->8 MB) workers=0++2.5e-001",
    "scan: total 27 objs",
    "init a @0.1 ms, 0 ms clock, 0 bytes, 0 allocs",
    "panic: boom",
    "\tpanic: again",
    "fatal error: x",
    "[signal SIGSEGV: x code=0x1 addr=0x0 pc=0x1]",
    "goroutine 1 [running]:",
    "goroutine 2 [chan receive, 5 minutes]:",
    "main.main()",
    "\t/a.go:1 +0x1",
    "created by main.main in goroutine 1",
    "...3 frames elided...",
    "exit status 2",
    "SIGQUIT: quit",
    "PC=0x1 m=0 sigcode=0",
    "rax    0x0",
    "runtime stack:",
    "2026-11-21T09:35:34Z stderr P ",
    "2026-11-21T09:35:34Z stderr F ",
    "{\"log\":\"gc 1\\n\",\"stream\":\"stderr\",\"time\":\"t\"}",
    "Nov 21 09:35:34 host unit[1]: ",
    "web-1  | ",
    "\u{1b}[31m",
    "2026/11/21 09:35:34 ",
    "app",
    "\n",
    "\r\n",
    "\n\n",
    "",
];

fn pieces() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(prop_oneof![8 => prop::sample::select(PIECES).prop_map(|piece| piece.as_bytes().to_vec()), 1 => prop::collection::vec(any::<u8>(), 0..6), 4 => Just(b"\n".to_vec())], 0..40)
        .prop_map(|pieces| pieces.concat())
}

/// Events in a form that can be compared, whatever they borrow.
fn events(chunks: &[&[u8]]) -> (Vec<String>, Counts) {
    let mut seen = Vec::new();
    let mut reader = Reader::new();
    for chunk in chunks {
        reader.feed(chunk, |event| seen.push(format!("{event:?}")));
    }
    reader.finish(|event| seen.push(format!("{event:?}")));
    (seen, reader.counts())
}

/// Milliseconds as the runtime can print them: two significant digits, at least a microsecond.
fn printed_ms() -> impl Strategy<Value = f64> {
    prop_oneof![
        Just(0.0),
        (1_u64..100).prop_map(|micros| micros as f64 / 1e3),
        (10_u64..100).prop_map(|hundredths| hundredths as f64 / 1e2),
        (10_u64..100).prop_map(|tenths| tenths as f64 / 1e1),
        (10_u64..18_446_744_073_709).prop_map(|whole| whole as f64),
    ]
}

prop_compose! {
    fn cycle()(
        seq in any::<u64>(), at_ms in 0_u64..1_000_000_000_000, cpu_percent_total in 0_u32..101,
        clock in prop::array::uniform3(printed_ms()), cpu in prop::array::uniform5(printed_ms()),
        heap in prop::array::uniform4(any::<u64>()), fixed in prop::option::of((any::<u64>(), any::<u64>())),
        procs in any::<u32>(), forced in any::<bool>(), leak_check in any::<bool>(),
    ) -> GcCycle {
        GcCycle {
            seq, at_s: at_ms as f64 / 1e3, cpu_percent_total,
            clock: ClockMs { sweep_term: clock[0], mark: clock[1], mark_term: clock[2] },
            cpu: CpuMs { sweep_term: cpu[0], assist: cpu[1], background: cpu[2], idle: cpu[3], mark_term: cpu[4] },
            heap_start_mib: heap[0], heap_end_mib: heap[1], heap_live_mib: heap[2], goal_mib: heap[3],
            stacks_mib: fixed.map(|it| it.0), globals_mib: fixed.map(|it| it.1), procs, forced, leak_check,
        }
    }
}

prop_compose! {
    fn sched_sample()(
        at_ms in any::<u64>(), head in prop::array::uniform5(any::<u32>()), spinning in prop::option::of(any::<u32>()),
        need in prop::option::of(0_u32..2), queues in prop::collection::vec(0_u32..257, 0..70), ticks in prop::option::of(prop::collection::vec(any::<u32>(), 0..70)),
    ) -> SchedSample {
        SchedSample {
            head: SchedHead {
                at_ms, gomaxprocs: head[0], idleprocs: head[1], threads: head[2], spinningthreads: spinning,
                needspinning: need, idlethreads: head[3], runqueue: head[4],
            },
            local_queues: queues, schedticks: ticks,
        }
    }
}

fn word() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["", "main.main", "a.b", "runtime.gopark", "λ"])
        .prop_map(str::to_owned)
}

prop_compose! {
    fn profile()(
        types in prop::collection::vec((word(), word()), 1..4),
        frame_set in prop::collection::btree_set((word(), word(), any::<i64>()), 1..6),
        raw in prop::collection::vec((prop::collection::vec(any::<prop::sample::Index>(), 0..6), prop::collection::vec(any::<i64>(), 4), prop::option::of((word(), word(), any::<i64>()))), 0..8),
        times in prop::array::uniform3(any::<i64>()),
    ) -> Profile {
        let frames: Vec<Frame> = frame_set.into_iter().map(|(function, file, line)| Frame { function, file, line }).collect();
        let sample_types: Vec<ValueType> = types.into_iter().map(|(kind, unit)| ValueType { kind, unit }).collect();
        let samples = raw.into_iter().map(|(stack, values, label)| Sample {
            stack: stack.iter().map(|index| FrameIndex(u32::try_from(index.index(frames.len())).expect("few frames"))).collect(),
            values: values[..sample_types.len()].to_vec(),
            labels: label.into_iter().map(|(key, text, number)| Label {
                key,
                value: if text.is_empty() { LabelValue::Number(number, "bytes".to_owned()) } else { LabelValue::Text(text) },
            }).collect(),
        }).collect();
        Profile { sample_types, samples, frames, period: times[0], time_unix_ns: times[1], duration_ns: times[2], ..Profile::default() }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn any_cut_gives_the_same_events(bytes in pieces(), cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..5)) {
        let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        places.sort_unstable();
        let mut chunks = Vec::new();
        let mut from = 0;
        for place in places {
            chunks.push(&bytes[from..place]);
            from = place;
        }
        chunks.push(&bytes[from..]);
        let (whole, counts) = events(&[&bytes]);
        prop_assert_eq!(events(&chunks), (whole, counts));
        // Every line is counted as exactly one thing, unless it was a part of a wrapped line.
        prop_assert!(counts.parsed + counts.torn + counts.app + counts.crash <= counts.lines + counts.resynced + 2);
    }

    #[test]
    fn no_parser_panics(bytes in prop_oneof![pieces(), prop::collection::vec(any::<u8>(), 0..400)]) {
        let text = String::from_utf8_lossy(&bytes);
        let _ = recognise(&bytes);
        let _ = crash::goroutines(&bytes);
        let _ = logprefix::unwrap(&bytes);
        let _ = GcCycle::parse(&bytes);
        let _ = SchedSample::parse(&bytes);
        let _ = Scavenge::parse(&bytes);
        let _ = Snapshot::parse(&bytes);
        let _ = Profile::parse(&bytes);
        let _ = MemStats::parse(&text);
        let _ = BuildInfo::parse_all(&text);
        let _ = GoVersion::parse(&text);
        let _ = environment::check_godebug_string(&text, None);
        for name in ["GOMAXPROCS", "GOGC", "GOMEMLIMIT", "GOTRACEBACK", "GOAMD64", "GOEXPERIMENT"] {
            let _ = environment::check_variable(name, &text, Some(&GoVersion::release(27, 3)));
        }
    }

    #[test]
    fn a_printed_cycle_reads_back(it in cycle()) {
        let line = it.to_string();
        let (read, rest) = GcCycle::parse(line.as_bytes()).expect("printed lines parse");
        prop_assert!(rest.is_empty());
        prop_assert_eq!(read, it);
    }

    #[test]
    fn a_printed_sched_sample_reads_back(it in sched_sample()) {
        let line = it.to_string();
        let (read, rest) = SchedSample::parse(line.as_bytes()).expect("printed lines parse");
        prop_assert!(rest.is_empty());
        prop_assert_eq!(read, it);
    }

    #[test]
    fn a_printed_scavenge_line_reads_back(values in prop::array::uniform4(any::<u64>()), eager in any::<bool>(), suffix in 0_u8..3) {
        let it = Scavenge {
            background_kib: values[0], eager_kib: eager.then_some(values[1]), released_kib: values[2], utilisation_percent: values[3],
            forced: suffix == 1, controller_reset: suffix == 2,
        };
        let line = it.to_string();
        prop_assert_eq!(Scavenge::parse(line.as_bytes()), Some((it, &b""[..])));
    }

    #[test]
    fn an_encoded_profile_reads_back(it in profile()) {
        let read = Profile::parse(&it.encode()).expect("encoded profiles parse");
        // Labels with neither text nor number and frames that differ in nothing are the same.
        prop_assert_eq!(read, it);
    }

    #[test]
    fn a_printed_version_reads_back(minor in 0_u32..60, patch in 0_u32..40, rc in any::<bool>(), experiments in prop::collection::vec("[a-z]{1,8}", 0..3)) {
        let stage = if rc { format!("rc{patch}") } else { format!(".{patch}") };
        let suffix = if experiments.is_empty() { String::new() } else { format!(" X:{}", experiments.join(",")) };
        let version = GoVersion::parse(&format!("go1.{minor}{stage}{suffix}")).expect("valid version");
        prop_assert_eq!(GoVersion::parse(&version.to_string()).expect("printed versions parse"), version);
    }

    #[test]
    fn a_quantile_lies_where_the_samples_do(counts in prop::collection::vec(0_u64..50, 1..12), q in 0.0_f64..=1.0) {
        let buckets: Vec<f64> = (0..=counts.len()).map(|bound| bound as f64).collect();
        let histogram = Histogram::new(counts.clone(), buckets).expect("valid histogram");
        match histogram.quantile(q) {
            None => prop_assert_eq!(histogram.total(), 0),
            Some(found) => {
                let upto = |bound: f64| counts.iter().take(bound as usize).sum::<u64>() as f64;
                let total = histogram.total() as f64;
                prop_assert!(upto(found.upper) >= q * total);
                prop_assert!(upto(found.lower) < (q * total).max(1.0));
            }
        }
    }

    #[test]
    fn accepted_memory_limits_are_what_go_would_take(number in any::<u32>(), unit in prop::sample::select(vec!["", "B", "KiB", "MiB", "GiB", "TiB"])) {
        let power = ["KiB", "MiB", "GiB", "TiB"].iter().position(|it| it == &unit).map_or(0, |at| at + 1);
        let bytes = u128::from(number) << (10 * power);
        let answer = environment::gomemlimit(&format!("{number}{unit}"));
        if bytes <= i64::MAX as u128 {
            prop_assert_eq!(answer, Ok(environment::Gomemlimit::Bytes(u64::try_from(bytes).expect("fits"))));
        } else {
            prop_assert!(answer.is_err());
        }
    }
}
