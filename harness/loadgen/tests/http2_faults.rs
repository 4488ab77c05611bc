//! Every fault of an HTTP/2 server lands in its error class: no panic, no hang, no lost request.
//!
//! The server writes its frames by hand (RFC 9113, section 4.1), since a library would not break
//! the rules.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod common;

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use common::{assert_sound, classes};
use loadgen::{Endpoint, ErrorClass, Hooks, LoadOutcome, LoadSpec, Protocol, RequestMix, run};

const REQUESTS: u64 = 6;
const PREFACE_BYTES: usize = 24;
/// Frame types of RFC 9113, section 6.
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
/// Error codes of section 7.
const INTERNAL_ERROR: u8 = 2;
const REFUSED_STREAM: u8 = 7;
const ENHANCE_YOUR_CALM: u8 = 11;

/// What the server does instead of an answer to the request on `stream`.
#[derive(Debug, Clone, Copy)]
enum Fault {
    ResetStream(u8),
    GoAway(u8),
    /// A whole answer of status 500.
    WrongStatus,
    ResetConnection,
    CloseConnection,
    Garbage,
    Nothing,
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = (payload.len() as u32).to_be_bytes();
    let mut bytes = vec![length[1], length[2], length[3], kind, flags];
    bytes.extend_from_slice(&stream.to_be_bytes());
    bytes.extend_from_slice(payload);
    bytes
}

/// A server that does the same for every request of every connection. Its threads end with their
/// connections; the one that accepts ends with the test.
fn server(fault: Fault) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let stream = stream.unwrap();
            // A client that has hung up is no concern of the server's.
            std::thread::spawn(move || serve(stream, fault).unwrap_or_default());
        }
    });
    address
}

fn serve(mut stream: TcpStream, fault: Fault) -> std::io::Result<()> {
    stream.read_exact(&mut [0; PREFACE_BYTES])?;
    stream.write_all(&frame(SETTINGS, 0, 0, &[]))?;
    loop {
        let mut head = [0; 9];
        stream.read_exact(&mut head)?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        stream.read_exact(&mut vec![0; length as usize])?;
        if head[3] != HEADERS {
            continue;
        }
        let number = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
        match fault {
            Fault::ResetStream(code) => {
                stream.write_all(&frame(RST_STREAM, 0, number, &[0, 0, 0, code]))?;
            }
            // Of no stream it has taken, for the last one's number is 0.
            Fault::GoAway(code) => {
                stream.write_all(&frame(GOAWAY, 0, 0, &[0, 0, 0, 0, 0, 0, 0, code]))?;
            }
            // END_STREAM and END_HEADERS; entry 14 of HPACK's table is `:status: 500` (RFC 7541,
            // appendix A).
            Fault::WrongStatus => stream.write_all(&frame(HEADERS, 0x5, number, &[0x80 | 14]))?,
            Fault::ResetConnection => {
                socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO))?;
                return Ok(());
            }
            Fault::CloseConnection => {
                stream.shutdown(Shutdown::Write)?;
                // With bytes unread it would be a reset.
                return stream.read_to_end(&mut Vec::new()).map(drop);
            }
            Fault::Garbage => stream.write_all(&[0xff; 64])?,
            Fault::Nothing => {}
        }
    }
}

fn outcome_of(fault: Fault, timeout: Duration) -> LoadOutcome {
    let mut spec = LoadSpec::new(Endpoint::tcp(server(fault)), RequestMix::get("/"));
    spec.protocol = Protocol::Http2;
    // One request at a time on each connection: what breaks one breaks no other.
    (spec.connections, spec.streams) = (2, 1);
    spec.max_requests = Some(REQUESTS);
    spec.timeout = timeout;
    spec.duration = Duration::from_secs(60);
    let outcome = run(&spec, &Hooks::default()).unwrap();
    assert_sound(&outcome);
    outcome
}

/// Asserts that every request ends in `class`.
fn assert_class(class: ErrorClass, fault: Fault) {
    // No busy machine reaches the one; every machine reaches the other.
    let timeout = match class {
        ErrorClass::Timeout => Duration::from_millis(150),
        _ => Duration::from_secs(8),
    };
    let outcome = outcome_of(fault, timeout);
    assert_eq!(classes(&outcome), [(class, REQUESTS)], "{fault:?}");
}

#[test]
fn a_stream_that_the_server_resets() {
    assert_class(ErrorClass::Reset, Fault::ResetStream(INTERNAL_ERROR));
}

#[test]
fn a_stream_that_the_server_refuses() {
    assert_class(ErrorClass::Reset, Fault::ResetStream(REFUSED_STREAM));
}

#[test]
fn a_server_that_takes_leave() {
    for code in [0, ENHANCE_YOUR_CALM] {
        assert_class(ErrorClass::Closed, Fault::GoAway(code));
    }
}

#[test]
fn a_connection_that_is_reset_or_closed() {
    assert_class(ErrorClass::Reset, Fault::ResetConnection);
    assert_class(ErrorClass::Closed, Fault::CloseConnection);
}

#[test]
fn frames_that_are_none() {
    assert_class(ErrorClass::Protocol, Fault::Garbage);
}

#[test]
fn a_server_that_never_answers() {
    assert_class(ErrorClass::Timeout, Fault::Nothing);
}

#[test]
fn a_wrong_status_is_an_error_and_keeps_the_connection() {
    let outcome = outcome_of(Fault::WrongStatus, Duration::from_secs(8));
    assert_eq!(classes(&outcome), [(ErrorClass::WrongStatus, REQUESTS)]);
    assert_eq!(outcome.statuses[&500], REQUESTS);
    assert_eq!(outcome.connections.opened, 2);
}
