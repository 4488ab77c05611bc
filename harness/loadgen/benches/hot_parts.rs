//! What the parts of the send path cost that every request passes: finding out when the next one
//! is due, reading an answer, writing its latencies down.
//!
//! The system calls between them are most of a request's cost and are deliberately absent: they
//! are measured alongside other tools by `gosweep load selftest`.

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use loadgen::http1::{BodyEvent, ResponseReader, Step};
use loadgen::{Arrival, Spacing, Stage, Tally};

/// What a Go server answers to a small request.
const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\n\
    Content-Type: application/json\r\n\
    Date: Thu, 01 Jan 2026 00:00:00 GMT\r\n\
    Content-Length: 27\r\n\r\n\
    {\"message\":\"Hello, World!\"}";
/// The same in chunks.
const CHUNKED: &[u8] = b"HTTP/1.1 200 OK\r\n\
    Content-Type: application/json\r\n\
    Date: Thu, 01 Jan 2026 00:00:00 GMT\r\n\
    Transfer-Encoding: chunked\r\n\r\n\
    d\r\n{\"message\":\"H\r\ne\r\nello, World!\"}\r\n0\r\n\r\n";
/// Latencies or due times in one iteration, so that the clock's own cost does not show.
const BATCH: u64 = 1_000;

/// Reads one answer that comes in pieces of `piece` bytes, as the engine does: what is not
/// consumed is given again with what follows.
fn read(reader: &mut ResponseReader, answer: &[u8], piece: usize) -> usize {
    reader.begin(false);
    let (mut start, mut end, mut body) = (0, 0, 0);
    loop {
        end = answer.len().min(end + piece);
        let sink = |event: BodyEvent<'_>| {
            if let BodyEvent::Data(bytes) = event {
                body += bytes.len();
            }
        };
        let (consumed, step) = reader
            .advance(&answer[start..end], sink)
            .expect("the answer is legal");
        start += consumed;
        if step == Step::Done {
            return body;
        }
        assert!(end < answer.len(), "the answer is whole");
    }
}

fn parse(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("parse");
    for (framing, answer) in [("sized", ANSWER), ("chunked", CHUNKED)] {
        group.throughput(Throughput::Bytes(answer.len() as u64));
        for (pieces, piece) in [("whole", answer.len()), ("split", 40)] {
            let mut reader = ResponseReader::default();
            group.bench_function(format!("{framing}/{pieces}"), |bencher| {
                bencher.iter(|| read(&mut reader, black_box(answer), piece));
            });
        }
    }
    group.finish();
}

fn record(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("record");
    group.throughput(Throughput::Elements(BATCH));
    // Latencies as a loaded server has them: about a millisecond, with a tail.
    let latencies: Vec<u64> = (0..BATCH)
        .map(|k| 200_000 + (k * 7_919 % BATCH).pow(2) * 3)
        .collect();
    let (mut send_lag, mut service, mut response) = (Tally::new(), Tally::new(), Tally::new());
    group.bench_function("three latencies", |bencher| {
        bencher.iter(|| {
            for latency_ns in &latencies {
                let latency_ns = black_box(*latency_ns);
                send_lag.record(latency_ns / 64);
                service.record(latency_ns);
                response.record(latency_ns + latency_ns / 64);
            }
        });
    });
    group.finish();
}

fn due_times(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("next due");
    group.throughput(Throughput::Elements(BATCH));
    let rate_per_s = 50_000.0;
    let ramp = Stage {
        from_per_s: 0.0,
        to_per_s: rate_per_s,
        duration: Duration::from_secs(10),
    };
    let arrivals = [
        ("constant", Arrival::Constant { rate_per_s }),
        ("poisson", Arrival::Poisson { rate_per_s }),
        (
            "ramp",
            Arrival::Stages {
                stages: vec![ramp],
                spacing: Spacing::Even,
            },
        ),
    ];
    for (name, arrival) in &arrivals {
        group.bench_function(*name, |bencher| {
            bencher.iter(|| {
                let due = black_box(arrival).due_ns(1).take(BATCH as usize);
                due.map(black_box).count()
            });
        });
    }
    group.finish();
}

criterion_group!(benches, parse, record, due_times);
criterion_main!(benches);
