//! What a whole ranking of 1,000 cells x 10 blocks costs, from the record to the document: every objective with its
//! intervals, tests, cross-check and groups, the front, what each axis does, and the warnings. The bar is 2 s.

#![expect(clippy::unwrap_used, reason = "the data are made here")]

use std::hint::black_box;

use advisor::rank;
use criterion::{Criterion, criterion_group, criterion_main};
use judging::RankOptions;
use testing::{Lab, Service};

/// 10 x 10 x 5 x 2 cells.
fn thousand() -> Lab {
    let normal = Service::default();
    let mut lab = Lab::new();
    for cell in 0..1_000 {
        let (gogc, procs) = (cell % 10, cell / 10 % 10);
        let (first, second) = (cell / 100 % 5, cell / 500);
        let service = Service {
            qps: normal.qps * (1.0 + 0.02 * f64::from(gogc) + 0.01 * f64::from(first)),
            rss_bytes: normal.rss_bytes * (1.0 + 0.1 * f64::from(gogc)),
            p99_ms: normal.p99_ms * (1.0 + 0.01 * f64::from(procs)),
            ..normal
        };
        let values = [
            (50 + 50 * gogc).to_string(),
            (1 + procs).to_string(),
            first.to_string(),
            second.to_string(),
        ];
        let axes: Vec<(&str, &str)> = ["gogc", "gomaxprocs", "option.first", "option.second"]
            .into_iter()
            .zip(values.iter().map(String::as_str))
            .collect();
        lab = lab.cell(&axes, service);
    }
    lab.blocks = 10;
    lab
}

fn whole(criterion: &mut Criterion) {
    let lab = thousand();
    let (run, trials) = (lab.run(), lab.trials());
    let mut group = criterion.benchmark_group("1000x10");
    group.sample_size(10);
    let mut measure = |name: &str, explore: bool| {
        let options = RankOptions {
            explore,
            ..RankOptions::default()
        };
        group.bench_function(name, |b| {
            b.iter(|| black_box(rank(&run, &trials, &options).unwrap()));
        });
    };
    measure("whole ranking", true);
    measure("without front, axes and knee", false);
    group.finish();
}

criterion_group!(benches, whole);
criterion_main!(benches);
