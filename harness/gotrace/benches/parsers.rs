//! Throughput of the line parsers over a repeated real capture. The bar is 300 MB/s per core for
//! gctrace and schedtrace.

use std::hint::black_box;
use std::path::PathBuf;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use gotrace::stderr;

/// Enough lines that the cost of starting does not count.
const ENOUGH_BYTES: usize = 4 << 20;

fn capture(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/go-logs")
        .join(name);
    let once = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    once.repeat(ENOUGH_BYTES.div_ceil(once.len()))
}

fn parsers(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("stderr");
    for name in [
        "gctrace-1.27.3.log",
        "schedtrace-1.24.11.log",
        "schedtrace-1.27.3.log",
        "mixed-schedtrace-gctrace-1.27.3.log",
        "gctrace-interleaved-app-stderr-1.27.3.log",
    ] {
        let bytes = capture(name);
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                stderr::read(black_box(&bytes), |event| {
                    black_box(&event);
                })
            });
        });
    }
    group.finish();
}

criterion_group!(benches, parsers);
criterion_main!(benches);
