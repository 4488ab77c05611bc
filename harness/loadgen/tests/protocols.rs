//! Unix sockets, TLS, HTTP/2, gzip, mixes and the interval log, each against a real server.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod common;

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use common::{ENGINES, assert_sound, classes, spec};
use hdrhistogram::serialization::Deserializer;
use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};
use http_body_util::Full;
use loadgen::reference::{Behaviour, ReferenceServer, Reply};
use loadgen::{
    Arrival, Body, CsvRows, Endpoint, EngineChoice, ErrorClass, Expect, Hooks, LoadError, LoadSpec,
    Protocol, RequestMix, RequestSpec, TlsOptions, run,
};

/// A certificate for `localhost`, as PEM, and a server configuration that presents it.
fn certificate() -> (String, Arc<rustls::ServerConfig>) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    (made.cert.pem(), Arc::new(config))
}

fn budget(mut spec: LoadSpec, requests: u64) -> LoadSpec {
    spec.max_requests = Some(requests);
    spec.duration = Duration::from_secs(20);
    spec
}

#[test]
fn unix_sockets() {
    let folder = tempfile::tempdir().unwrap();
    for engine in ENGINES {
        let path = folder.path().join(engine.name());
        let server = ReferenceServer::start_unix(&path, Behaviour::default()).unwrap();
        let mut spec = budget(
            LoadSpec::new(Endpoint::unix(&path), RequestMix::get("/")),
            50,
        );
        spec.engine = engine;
        let outcome = run(&spec, &Hooks::default()).unwrap();
        assert_sound(&outcome);
        assert_eq!(
            (outcome.ledger.completed, server.log().requests()),
            (50, 50)
        );
    }
    let nobody = LoadSpec::new(
        Endpoint::unix(folder.path().join("none")),
        RequestMix::get("/"),
    );
    match run(&nobody, &Hooks::default()) {
        Err(LoadError::NoConnection { class, .. }) => assert_eq!(class, ErrorClass::Unreachable),
        other => panic!("{other:?}"),
    }
}

#[test]
fn tls_with_an_authority_of_our_own_and_without_checks() {
    let (pem, config) = certificate();
    let folder = tempfile::tempdir().unwrap();
    let ca_file = folder.path().join("ca.pem");
    std::fs::write(&ca_file, pem).unwrap();
    for engine in ENGINES {
        let server = ReferenceServer::start_tls(Behaviour::default(), config.clone()).unwrap();
        let attempt = |tls: TlsOptions| {
            let mut spec = budget(spec(&server, engine), 40);
            spec.endpoint.tls = Some(tls);
            run(&spec, &Hooks::default())
        };
        let named = Some("localhost".to_owned());
        let trusted = TlsOptions {
            ca_files: vec![ca_file.clone()],
            server_name: named.clone(),
            ..TlsOptions::default()
        };
        let insecure = TlsOptions {
            insecure: true,
            ..TlsOptions::default()
        };
        for tls in [trusted.clone(), insecure] {
            let outcome = attempt(tls).unwrap();
            assert_sound(&outcome);
            assert_eq!(outcome.ledger.completed, 40, "{:?}", outcome.errors);
        }
        // The certificate is for localhost, not for the address.
        match attempt(TlsOptions {
            server_name: None,
            ..trusted
        }) {
            Err(LoadError::NoConnection { class, .. }) => assert_eq!(class, ErrorClass::Tls),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn clear_text_where_tls_is_spoken_fails_in_its_class() {
    for engine in ENGINES {
        let server = ReferenceServer::start(Behaviour::default()).unwrap();
        let mut spec = spec(&server, engine);
        spec.endpoint.tls = Some(TlsOptions {
            insecure: true,
            ..TlsOptions::default()
        });
        match run(&spec, &Hooks::default()) {
            Err(LoadError::NoConnection { class, .. }) => assert_eq!(class, ErrorClass::Tls),
            other => panic!("{other:?}"),
        }
    }
}

/// A real HTTP/2 server of hyper's, in clear text or by TLS; counts requests.
fn http2_server(tls: Option<Arc<rustls::ServerConfig>>) -> (std::net::SocketAddr, Arc<AtomicU64>) {
    let requests = Arc::new(AtomicU64::new(0));
    let counted = requests.clone();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let options = tokio::runtime::LocalOptions::default();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build_local(options)
            .unwrap();
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (counted, tls) = (counted.clone(), tls.clone());
                tokio::task::spawn_local(async move {
                    match tls {
                        None => serve_http2(stream, counted).await,
                        Some(tls) => {
                            let acceptor = tokio_rustls::TlsAcceptor::from(tls);
                            serve_http2(acceptor.accept(stream).await.unwrap(), counted).await;
                        }
                    }
                });
            }
        });
    });
    (address, requests)
}

async fn serve_http2(
    stream: impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + 'static,
    counted: Arc<AtomicU64>,
) {
    #[derive(Clone)]
    struct Local;
    impl<F: Future + 'static> hyper::rt::Executor<F> for Local {
        fn execute(&self, future: F) {
            tokio::task::spawn_local(async { drop(future.await) });
        }
    }
    let service = hyper::service::service_fn(move |_request| {
        counted.fetch_add(1, Ordering::Relaxed);
        async { Ok::<_, Infallible>(http::Response::new(Full::new(Bytes::from_static(b"hello")))) }
    });
    let io = hyper_util::rt::TokioIo::new(stream);
    // The client hangs up when its run is over.
    let _ = hyper::server::conn::http2::Builder::new(Local)
        .serve_connection(io, service)
        .await;
}

#[test]
fn http2_in_clear_text_and_by_tls_shares_connections_among_streams() {
    for config in [None, Some(certificate().1)] {
        let is_tls = config.is_some();
        let (address, requests) = http2_server(config);
        let mut spec = budget(
            LoadSpec::new(Endpoint::tcp(address), RequestMix::get("/x")),
            100,
        );
        spec.requests.requests[0].expect.length = Some(5);
        spec.protocol = Protocol::Http2;
        (spec.connections, spec.streams) = (2, 4);
        if is_tls {
            spec.endpoint.tls = Some(TlsOptions {
                insecure: true,
                ..TlsOptions::default()
            });
        }
        let outcome = run(&spec, &Hooks::default()).unwrap();
        assert_sound(&outcome);
        assert_eq!(outcome.ledger.completed, 100, "{:?}", outcome.errors);
        assert_eq!(requests.load(Ordering::Relaxed), 100);
        assert_eq!(outcome.connections.opened, 2);
        assert_eq!(outcome.generator.engine, EngineChoice::Hyper);
    }
}

#[test]
fn http2_to_a_server_that_speaks_http1_is_a_protocol_error() {
    let server = ReferenceServer::start(Behaviour::default()).unwrap();
    let mut spec = budget(spec(&server, EngineChoice::Auto), 5);
    spec.protocol = Protocol::Http2;
    let outcome = run(&spec, &Hooks::default()).unwrap();
    assert_sound(&outcome);
    // The preface is answered by 400 in clear text, which is no HTTP/2 frame.
    assert_eq!(classes(&outcome), [(ErrorClass::Protocol, 5)]);
}

#[test]
fn gzip_is_counted_on_the_wire_and_decoded() {
    use std::io::Write;
    let plain = vec![b'z'; 5_000];
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(&plain).unwrap();
    let body = encoder.finish().unwrap();
    let length = body.len() as u64;
    let reply = Reply {
        headers: vec!["content-encoding: gzip".into()],
        body,
        ..Reply::default()
    };
    for engine in ENGINES {
        let server = ReferenceServer::start(Behaviour::Answer(reply.clone())).unwrap();
        let mut spec = budget(spec(&server, engine), 10);
        spec.requests.requests[0].expect.length = Some(5_000);
        let outcome = run(&spec, &Hooks::default()).unwrap();
        assert_eq!(outcome.ledger.completed, 10, "{:?}", outcome.errors);
        assert_eq!(
            (outcome.bytes.body, outcome.bytes.decoded),
            (10 * length, 50_000)
        );
        assert!(outcome.bytes.read > outcome.bytes.body && outcome.bytes.written > 0);
    }
}

#[test]
fn a_mix_keeps_its_shares_and_its_classes_apart_and_is_the_same_for_both_engines() {
    let rows = CsvRows::parse("id\n1\n2\n3\n".as_bytes()).unwrap();
    let mut counts = Vec::new();
    for engine in ENGINES {
        let server = ReferenceServer::start(Behaviour::default()).unwrap();
        let mut spec = budget(spec(&server, engine), 2_000);
        let mut read = RequestSpec::get("/item/{{csv:id}}?n={{seq}}");
        read.weight = 3.0;
        let mut write = RequestSpec::get("/item");
        write.method = "POST".into();
        write.headers = vec![("x-trace".into(), "{{hex:16}}".into())];
        write.body = Body::Template("{\"id\":{{seq}},\"v\":{{random:1-9}}}".into());
        write.expect = Expect {
            length: Some(1),
            ..Expect::default()
        };
        spec.requests = RequestMix {
            requests: vec![read, write],
            rows: Some(rows.clone()),
        };
        let outcome = run(&spec, &Hooks::default()).unwrap();
        assert_sound(&outcome);
        // Every answer of the second class has the wrong length.
        assert_eq!(
            outcome.errors[&ErrorClass::WrongBody].count,
            outcome.ledger.failed
        );
        assert_eq!(
            outcome.classes[0].latency().response.len(),
            outcome.ledger.completed
        );
        assert_eq!(
            outcome.classes[1].latency().send_lag.len(),
            outcome.ledger.failed
        );
        let share = outcome.ledger.completed as f64 / 2_000.0;
        assert!((share - 0.75).abs() < 0.05, "{share}");
        counts.push((outcome.ledger, outcome.bytes.body));
    }
    assert_eq!(counts[0], counts[1]);
}

#[test]
fn the_interval_log_holds_every_record_and_is_read_by_the_library() {
    let folder = tempfile::tempdir().unwrap();
    let server = ReferenceServer::start(Behaviour::default()).unwrap();
    let mut spec = spec(&server, EngineChoice::H1Fast);
    spec.threads = 2;
    spec.arrival = Arrival::Constant {
        rate_per_s: 1_000.0,
    };
    spec.interval = Duration::from_millis(100);
    spec.hlog = Some(folder.path().join("load.hlog"));
    let outcome = run(&spec, &Hooks::default()).unwrap();
    assert_sound(&outcome);
    let bytes = std::fs::read(spec.hlog.as_ref().unwrap()).unwrap();
    let mut merged = loadgen::new_histogram();
    let mut lines = 0;
    for entry in IntervalLogIterator::new(&bytes) {
        if let LogEntry::Interval(interval) = entry.unwrap() {
            lines += 1;
            let tag = interval.tag().unwrap().as_str().to_owned();
            if tag == "GET_/.response" {
                let encoded = base64_decode(interval.encoded_histogram());
                let part: loadgen::Histogram<u64> = Deserializer::new()
                    .deserialize(&mut encoded.as_slice())
                    .unwrap();
                merged.add(part).unwrap();
            }
        }
    }
    assert_eq!(lines, 3 * outcome.intervals.len());
    assert_eq!(merged, outcome.latency.response);
}

/// RFC 4648 base64, written here to read the log by other means than those that wrote it.
fn base64_decode(text: &str) -> Vec<u8> {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let value = |byte: u8| ALPHABET.iter().position(|known| *known == byte).unwrap() as u32;
    let mut out = Vec::new();
    for group in text.trim_end_matches('=').as_bytes().chunks(4) {
        let bits =
            group.iter().fold(0, |sum, byte| (sum << 6) | value(*byte)) << (6 * (4 - group.len()));
        out.extend_from_slice(&bits.to_be_bytes()[1..group.len()]);
    }
    out
}
