//! Both HTTP/1.1 engines on the same server: they must not differ in what they send, count or
//! measure, only in what they cost.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod common;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::time::Duration;

use common::{ENGINES, assert_sound, spec};
use loadgen::reference::{Behaviour, ReferenceServer, Reply};
use loadgen::{
    Body, Endpoint, EngineChoice, Hooks, LoadOutcome, LoadSpec, RequestMix, RequestSpec, run,
};

/// A mix of what requests are made of: fixed and rendered parts, bodies, headers, a HEAD.
fn mix() -> RequestMix {
    let class = |name: &str, method: &str, target: &str, body| RequestSpec {
        name: name.into(),
        method: method.into(),
        target: target.into(),
        headers: vec![("x-number".into(), "{{seq}}-{{hex:8}}".into())],
        body,
        ..RequestSpec::get(target)
    };
    let rendered = Body::Template("{\"id\":{{seq}},\"key\":\"{{alnum:12}}\"}".into());
    let mut mix = RequestMix::get("/fixed?a=b");
    mix.requests.push(class(
        "rendered",
        "POST",
        "/items/{{random:1-99}}",
        rendered,
    ));
    mix.requests.push(class(
        "bytes",
        "PUT",
        "/items",
        Body::Bytes(vec![b'x'; 3_000]),
    ));
    mix.requests
        .push(class("head", "HEAD", "/items", Body::Empty));
    mix
}

/// Reads one request, head and body by content length; empty at the end of the stream.
fn read_request(stream: &mut impl BufRead) -> String {
    let mut request = String::new();
    let mut body = 0;
    loop {
        let start = request.len();
        if stream.read_line(&mut request).unwrap() == 0 {
            return request;
        }
        let line = &request[start..];
        if let Some(length) = line.strip_prefix("content-length: ") {
            body = length.trim().parse().unwrap();
        }
        if line == "\r\n" {
            break;
        }
    }
    stream.take(body).read_to_string(&mut request).unwrap();
    request
}

/// What `engine` sends in `count` requests over one connection.
fn sent_by(engine: EngineChoice, count: u64) -> Vec<String> {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut spec = LoadSpec::new(Endpoint::tcp(listener.local_addr().unwrap()), mix());
    // The port differs between two runs and must not differ in the bytes.
    spec.endpoint.authority = "host.test".into();
    spec.engine = engine;
    spec.max_requests = Some(count);
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let mut requests = Vec::new();
        loop {
            match read_request(&mut reader) {
                end if end.is_empty() => return requests,
                request => requests.push(request),
            }
            stream
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
                .unwrap();
        }
    });
    let outcome = run(&spec, &Hooks::default()).unwrap();
    assert_sound(&outcome);
    assert_eq!(outcome.ledger.completed, count, "{:?}", outcome.errors);
    server.join().unwrap()
}

#[test]
fn both_engines_send_the_same_bytes() {
    let [fast, hyper] = ENGINES.map(|engine| sent_by(engine, 40));
    assert_eq!(fast.len(), 40);
    for start in ["GET /fixed", "POST /items/", "PUT /items", "HEAD /items"] {
        let is_there = fast.iter().any(|request| request.starts_with(start));
        assert!(is_there, "{start} is in the mix: {fast:?}");
    }
    assert_eq!(fast, hyper);
}

/// Both engines at once on one server, for the machine's other work to hit both alike.
fn both_at_once(
    server: &ReferenceServer,
    prepare: impl Fn(&mut LoadSpec) + Sync,
) -> [LoadOutcome; 2] {
    std::thread::scope(|scope| {
        let prepare = &prepare;
        let runs = ENGINES.map(|engine| {
            scope.spawn(move || {
                let mut spec = spec(server, engine);
                prepare(&mut spec);
                run(&spec, &Hooks::default()).unwrap()
            })
        });
        runs.map(|run| run.join().unwrap())
    })
}

#[test]
fn both_engines_count_the_same() {
    let reply = Reply {
        status: 404,
        headers: vec!["x-filler: abc".into()],
        ..Reply::default()
    };
    let server = ReferenceServer::start(Behaviour::Answer(reply)).unwrap();
    let [fast, hyper] = both_at_once(&server, |spec| {
        // A HEAD would be answered with a body by this server.
        spec.requests = mix();
        spec.requests.requests.truncate(3);
        spec.max_requests = Some(600);
        spec.duration = Duration::from_secs(60);
    });
    for outcome in [&fast, &hyper] {
        assert_sound(outcome);
        assert_eq!(
            outcome.ledger.failed, 600,
            "a 404 is not the expected status"
        );
    }
    assert_eq!(fast.ledger, hyper.ledger);
    assert_eq!(fast.statuses, hyper.statuses);
    assert_eq!(fast.bytes, hyper.bytes);
    assert_eq!(
        fast.errors.keys().collect::<Vec<_>>(),
        hyper.errors.keys().collect::<Vec<_>>()
    );
    assert_eq!(fast.connections.opened, hyper.connections.opened);
    assert_eq!(server.log().requests(), 1_200);
}

#[test]
fn both_engines_measure_the_same_latencies() {
    let reply = Reply {
        delay: Duration::from_millis(20),
        ..Reply::default()
    };
    let delay_ns = reply.delay.as_nanos() as f64;
    let server = ReferenceServer::start(Behaviour::Answer(reply)).unwrap();
    let outcomes = both_at_once(&server, |spec| {
        spec.max_requests = Some(400);
        spec.duration = Duration::from_secs(60);
    });
    for outcome in &outcomes {
        assert_sound(outcome);
        assert_eq!(outcome.ledger.completed, 400);
        // Three significant digits; below the server's own delay there is nothing to measure.
        let least_ns = outcome.latency.service.min() as f64;
        assert!(least_ns > 0.999 * delay_ns, "{least_ns}");
    }
    let quantile = |engine: usize, q: f64| {
        let service = &outcomes[engine].latency.service;
        service.value_at_quantile(q) as f64
    };
    // As far as each engine's own values lie apart they may differ from each other's, and by a
    // tenth: a machine that is busy widens the bound by as much as it blurs the values.
    let spread = |engine: usize| quantile(engine, 0.9) - quantile(engine, 0.1);
    for q in [0.1, 0.25, 0.5, 0.75] {
        let (fast, hyper) = (quantile(0, q), quantile(1, q));
        let allowed = 0.1 * fast.min(hyper) + spread(0).max(spread(1));
        assert!(
            (fast - hyper).abs() < allowed,
            "q{q}: h1-fast {fast} hyper {hyper}, allowed {allowed}"
        );
    }
}
