//! Every profile capture. Samples and totals were counted by `go tool pprof -raw`, flat and
//! cumulative values by `go tool pprof -top` (go1.26.8), not by this crate.

use std::io::Write;
use std::path::PathBuf;

use gotrace::profile::{Profile, ProfileKind, diff, merge};

fn bytes(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/go-logs")
        .join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn profile(name: &str) -> Profile {
    Profile::parse(&bytes(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

const CAPTURES: &[(&str, ProfileKind, usize, &[i64])] = &[
    (
        "pprof-block-1.21.13.pb.gz",
        ProfileKind::Block,
        9,
        &[15691, 4_246_606_311],
    ),
    (
        "pprof-block-1.24.11.pb.gz",
        ProfileKind::Block,
        15,
        &[21144, 5_770_707_868],
    ),
    (
        "pprof-block-1.27.3.pb.gz",
        ProfileKind::Block,
        17,
        &[26307, 3_508_407_335],
    ),
    (
        "pprof-cpu-1.21.13.pb.gz",
        ProfileKind::Cpu,
        128,
        &[149, 1_490_000_000],
    ),
    (
        "pprof-cpu-1.24.11.pb.gz",
        ProfileKind::Cpu,
        166,
        &[185, 1_850_000_000],
    ),
    (
        "pprof-cpu-1.27.3.pb.gz",
        ProfileKind::Cpu,
        219,
        &[233, 2_330_000_000],
    ),
    (
        "pprof-goroutine-1.21.13.pb.gz",
        ProfileKind::Goroutine,
        5,
        &[5],
    ),
    (
        "pprof-goroutine-1.24.11.pb.gz",
        ProfileKind::Goroutine,
        5,
        &[5],
    ),
    (
        "pprof-goroutine-1.27.3.pb.gz",
        ProfileKind::Goroutine,
        5,
        &[5],
    ),
    (
        "pprof-heap-1.21.13.pb.gz",
        ProfileKind::Heap,
        76,
        &[8_931_529, 607_528_960, 0, 0],
    ),
    (
        "pprof-heap-1.24.11.pb.gz",
        ProfileKind::Heap,
        72,
        &[8_807_884, 674_872_962, 18_125, 1_573_048],
    ),
    (
        "pprof-heap-1.27.3.pb.gz",
        ProfileKind::Heap,
        76,
        &[8_964_904, 746_086_395, 258, 1_196_332],
    ),
    (
        "pprof-mutex-1.21.13.pb.gz",
        ProfileKind::Mutex,
        3,
        &[43, 6_705_821],
    ),
    (
        "pprof-mutex-1.24.11.pb.gz",
        ProfileKind::Mutex,
        4,
        &[1424, 596_794_929],
    ),
    (
        "pprof-mutex-1.27.3.pb.gz",
        ProfileKind::Mutex,
        68,
        &[460, 61_418_950],
    ),
];

#[test]
fn every_capture_has_pprofs_own_totals() {
    for (name, kind, samples, totals) in CAPTURES {
        let it = profile(name);
        assert_eq!(it.kind(), *kind, "{name}");
        assert_eq!(it.samples.len(), *samples, "{name}");
        let sums: Vec<i64> = (0..it.sample_types.len())
            .map(|value| it.total(value))
            .collect();
        assert_eq!(sums, *totals, "{name}");
    }
}

#[test]
fn tables_agree_with_pprof() {
    let top = |name: &str, value: &str, function: &str| {
        let it = profile(name);
        let value = it.value_index(value).expect("value");
        let row = it
            .top(value)
            .into_iter()
            .find(|row| row.function == function)
            .expect("row");
        (row.flat, row.cum)
    };
    assert_eq!(
        top(
            "pprof-cpu-1.27.3.pb.gz",
            "cpu",
            "encoding/json/v2.makeStructArshaler.func2"
        ),
        (90_000_000, 800_000_000)
    );
    assert_eq!(
        top("pprof-block-1.27.3.pb.gz", "delay", "runtime.selectgo"),
        (2_050_429_754, 2_050_429_754)
    );
    assert_eq!(
        top("pprof-block-1.27.3.pb.gz", "delay", "sync.(*Cond).Wait").0,
        1_301_023_362
    );
    assert_eq!(
        top("pprof-heap-1.24.11.pb.gz", "inuse_space", "runtime.main"),
        (524_344, 1_048_736)
    );
    assert_eq!(
        top("pprof-mutex-1.21.13.pb.gz", "delay", "sync.(*Mutex).Unlock"),
        (6_705_821, 6_705_821)
    );
    assert_eq!(
        top("pprof-mutex-1.21.13.pb.gz", "delay", "main.lockHandler"),
        (0, 5_757_348)
    );
    let block = profile("pprof-block-1.27.3.pb.gz");
    assert_eq!(block.top(1)[0].function, "runtime.selectgo");
}

#[test]
fn stacks_hold_every_sample() {
    for (name, ..) in CAPTURES {
        let it = profile(name);
        for value in 0..it.sample_types.len() {
            assert_eq!(
                it.stacks(value).values().sum::<i64>(),
                it.total(value),
                "{name}"
            );
        }
    }
    let cpu = profile("pprof-cpu-1.27.3.pb.gz");
    let stacks = cpu.stacks(1);
    assert!(
        stacks
            .keys()
            .any(|stack| stack.first() == Some(&"net/http.(*conn).serve")
                || stack.first() == Some(&"net/http.(*Server).Serve.gowrap3"))
    );
}

#[test]
fn idle_connections_are_taken_out_of_the_block_profile() {
    let it = profile("pprof-block-1.21.13.pb.gz");
    let kept = it.without_idle_connections();
    let idle = it.focus(|frame| frame.function == "net/http.(*connReader).abortPendingRead");
    assert_eq!(kept.total(1) + idle.total(1), it.total(1));
    // `go tool pprof -top -focus=abortPendingRead`.
    assert_eq!(idle.total(1), 2_059_067_168);
    assert!(
        !kept
            .top(1)
            .iter()
            .any(|row| row.function.contains("abortPendingRead"))
    );
}

#[test]
fn sums_and_differences() {
    let it = profile("pprof-cpu-1.24.11.pb.gz");
    let twice = merge([&it, &it]).expect("same kind");
    assert_eq!(twice.total(1), 2 * it.total(1));
    assert_eq!(twice.duration_ns, 2 * it.duration_ns);
    assert!(twice.samples.len() <= it.samples.len());
    let nothing = diff(&it, &it).expect("same kind");
    assert!(nothing.samples.is_empty());
    let other = profile("pprof-cpu-1.27.3.pb.gz");
    let change = diff(&it, &other).expect("same kind");
    assert_eq!(change.total(1), other.total(1) - it.total(1));
    assert!(change.samples.iter().any(|sample| sample.values[1] < 0));
    let error = merge([&it, &profile("pprof-heap-1.27.3.pb.gz")]).expect_err("kinds differ");
    assert_eq!(
        error.to_string(),
        "profiles do not fit together: one counts samples/count cpu/nanoseconds, another alloc_objects/count alloc_space/bytes inuse_objects/count inuse_space/bytes"
    );
    assert!(merge([]).is_err());
}

#[test]
fn what_is_written_reads_back() {
    for (name, ..) in CAPTURES {
        let it = profile(name);
        assert_eq!(Profile::parse(&it.encode()).expect(name), it, "{name}");
    }
}

#[test]
fn broken_input_is_an_error() {
    let whole = bytes("pprof-mutex-1.24.11.pb.gz");
    for end in 0..whole.len() {
        assert!(Profile::parse(&whole[..end]).is_err(), "cut at {end}");
    }
    let plain = profile("pprof-mutex-1.24.11.pb.gz").encode();
    for at in 0..plain.len() {
        let mut changed = plain.clone();
        changed[at] ^= 0xff;
        // Any answer but a crash will do.
        let _ = Profile::parse(&changed);
    }
}

#[test]
fn a_gzip_bomb_is_refused() {
    let mut bomb = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    let zeros = vec![0_u8; 1 << 20];
    for _ in 0..80 {
        bomb.write_all(&zeros).expect("in memory");
    }
    let bomb = bomb.finish().expect("in memory");
    assert!(bomb.len() < 1 << 20);
    let error = Profile::parse(&bomb).expect_err("too large");
    assert!(
        error
            .to_string()
            .starts_with("the decompressed profile exceeds the bound of 67108864 bytes"),
        "{error}"
    );
}

fn own(name: &str) -> Profile {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/profiles")
        .join(name);
    let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    Profile::parse(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Values of `go tool pprof -raw` and `-top -unit=B` (go1.23.4).
#[test]
fn allocation_and_leak_profiles() {
    let allocs = own("leak-1.27.3-allocs-since-start.pb.gz");
    assert_eq!(allocs.kind(), ProfileKind::Allocs);
    let space = allocs.value_index("alloc_space").expect("value");
    assert_eq!(allocs.total(space), 439_724_134);
    assert_eq!(
        allocs.top(space)[0].function,
        "net/textproto.readMIMEHeader"
    );
    assert_eq!(allocs.top(space)[0].flat, 90_726_954);

    // A difference of it: the server drops the default sample type, so nothing in it tells it from
    // one of the heap.
    let delta = own("leak-1.27.3-allocs.pb.gz");
    assert_eq!(delta.kind(), ProfileKind::Heap);
    assert_eq!(delta.total(space), 279_769_662);
    assert!((4e9..5e9).contains(&(delta.duration_ns as f64)));
    assert_eq!(own("leak-1.27.3-heap.pb.gz").kind(), ProfileKind::Heap);

    // Built in since Go 1.27, behind an experiment in 1.26.
    for name in [
        "leak-1.27.3-goroutineleak.pb.gz",
        "leak-1.26rc1-goroutineleak.pb.gz",
    ] {
        let leaked = own(name);
        assert_eq!(leaked.kind(), ProfileKind::GoroutineLeak, "{name}");
        assert_eq!((leaked.total(0), leaked.samples.len()), (500, 1), "{name}");
        assert_eq!(leaked.top(0)[0].function, "runtime.gopark");
        assert!(
            leaked
                .stacks(0)
                .keys()
                .all(|stack| stack.first() == Some(&"main.(*leaker).ServeHTTP.func1"))
        );
    }
}

/// A message of profile.proto: field number, then bytes.
fn field(number: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![number << 3 | 2];
    let mut length = body.len();
    while length >= 0x80 {
        bytes.push((length & 0x7f) as u8 | 0x80);
        length >>= 7;
    }
    bytes.push(length as u8);
    bytes.extend_from_slice(body);
    bytes
}

/// A small file may unfold to messages of two bytes each, or name one long text again and again.
#[test]
fn small_files_take_no_memory_without_bound() {
    let gzipped = |plain: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(plain).expect("in memory");
        encoder.finish().expect("in memory")
    };
    for outer in [2_u8, 4, 5, 6] {
        let bomb = gzipped(&field(outer, b"").repeat(16 << 20));
        assert!(bomb.len() < 100 << 10);
        let error = Profile::parse(&bomb).expect_err("too much");
        assert!(
            error
                .to_string()
                .starts_with("the decoded profile exceeds the bound"),
            "{outer}: {error}"
        );
    }
    let name = vec![b'x'; 1 << 20];
    let mut shared = [
        field(1, b"\x08\x01\x10\x01"),
        field(6, b""),
        field(6, &name),
    ]
    .concat();
    for id in 1..=127_u8 {
        shared.extend(field(5, &[0x08, id, 0x10, 1, 0x20, 1]));
        shared.extend(field(
            4,
            &[[0x08, id].as_slice(), &field(4, &[0x08, id])].concat(),
        ));
    }
    let error = Profile::parse(&gzipped(&shared)).expect_err("too much text");
    assert!(error.to_string().contains("names"), "{error}");
}
