use super::*;
use proptest::prelude::*;

/// What reading `pieces` comes to: body, status, keep-alive, bytes left over; or the fault.
type Reading = Result<(Vec<u8>, u16, bool, bool, usize), Fault>;

/// Reads one response whose bytes come in `pieces`, as a connection would.
fn read(pieces: &[&[u8]], answers_head: bool) -> Reading {
    let mut reader = ResponseReader::default();
    reader.begin(answers_head);
    let mut buffer = Vec::new();
    let mut body = Vec::new();
    let mut gzip = false;
    for piece in pieces {
        buffer.extend_from_slice(piece);
        let sink = |event: BodyEvent<'_>| match event {
            BodyEvent::Gzip => gzip = true,
            BodyEvent::Data(bytes) => body.extend_from_slice(bytes),
        };
        let (consumed, step) = reader.advance(&buffer, sink)?;
        buffer.drain(..consumed);
        if step == Step::Done {
            return Ok((
                body,
                reader.status(),
                reader.keep_alive(),
                gzip,
                buffer.len(),
            ));
        }
    }
    reader.end_of_input()?;
    Ok((
        body,
        reader.status(),
        reader.keep_alive(),
        gzip,
        buffer.len(),
    ))
}

fn whole(text: &str) -> Reading {
    read(&[text.as_bytes()], false)
}

#[test]
fn framings_follow_the_standard() {
    let (body, status, keep_alive, ..) =
        whole("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello").unwrap();
    assert_eq!(
        (body.as_slice(), status, keep_alive),
        (&b"hello"[..], 200, true)
    );
    let (body, _, keep_alive, ..) = whole("HTTP/1.1 200 OK\r\n\r\nto the end").unwrap();
    assert_eq!((body.as_slice(), keep_alive), (&b"to the end"[..], false));
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n";
    let (body, ..) = whole(&format!(
        "{chunked}3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nt: 1\r\n\r\n"
    ))
    .unwrap();
    assert_eq!(body, b"abcde");
    let (body, status, ..) = whole("HTTP/1.1 204 No Content\r\nContent-Length: 9\r\n\r\n").unwrap();
    assert_eq!((body.len(), status), (0, 204));
    let head = read(&[b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"], true).unwrap();
    assert!(head.0.is_empty() && head.2);
    let (.., gzip, _) = whole("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n").unwrap();
    assert!(gzip);
}

#[test]
fn connections_that_must_not_be_used_again_are_known() {
    for head in [
        "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: x, Close\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ] {
        assert!(!whole(head).unwrap().2, "{head}");
    }
    let kept = "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n";
    assert!(whole(kept).unwrap().2);
}

#[test]
fn interim_responses_are_passed_over_but_not_for_ever() {
    let interim = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
    let last = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx";
    assert_eq!(whole(&format!("{interim}{interim}{last}")).unwrap().1, 200);
    assert!(whole(&interim.repeat(100)).is_err());
    assert!(whole("HTTP/1.1 101 Switching Protocols\r\n\r\n").is_err());
}

#[test]
fn bytes_after_the_response_are_left_over() {
    let (.., rest) = whole("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxHTTP").unwrap();
    assert_eq!(rest, 4);
}

#[test]
fn faults_are_told_apart_from_shortness() {
    for text in [
        "HTTP/2 200 OK\r\n\r\n",
        "HTTP/1.1 20 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx",
        "HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\nx",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1000000000000000\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nx",
        "HTTP/1.1 200 OK\r\nContent-Len",
    ] {
        assert!(whole(text).is_err(), "{text}");
    }
}

/// Cuts `bytes` at the given places.
fn split<'a>(bytes: &'a [u8], cuts: &[usize]) -> Vec<&'a [u8]> {
    let mut places: Vec<usize> = cuts.iter().map(|cut| cut % (bytes.len() + 1)).collect();
    places.extend([0, bytes.len()]);
    places.sort_unstable();
    places
        .windows(2)
        .map(|pair| &bytes[pair[0]..pair[1]])
        .collect()
}

/// A response of any framing, and its body.
fn response() -> impl Strategy<Value = (Vec<u8>, Vec<u8>)> {
    let body = prop::collection::vec(any::<u8>(), 0..300);
    let sizes = prop::collection::vec(1usize..40, 1..20);
    (body, sizes, 0..3, any::<bool>()).prop_map(|(body, sizes, framing, interim)| {
        let mut bytes = Vec::new();
        if interim {
            bytes.extend_from_slice(b"HTTP/1.1 100 Continue\r\n\r\n");
        }
        bytes.extend_from_slice(b"HTTP/1.1 200 OK\r\nServer: any\r\n");
        match framing {
            0 => {
                bytes.extend_from_slice(
                    format!("Content-Length: {}\r\n\r\n", body.len()).as_bytes(),
                );
                bytes.extend_from_slice(&body);
            }
            1 => {
                bytes.extend_from_slice(b"Transfer-Encoding: chunked\r\n\r\n");
                let mut rest = body.as_slice();
                for size in sizes.iter().cycle() {
                    if rest.is_empty() {
                        break;
                    }
                    let (chunk, after) = rest.split_at((*size).min(rest.len()));
                    bytes.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
                    bytes.extend_from_slice(chunk);
                    bytes.extend_from_slice(b"\r\n");
                    rest = after;
                }
                bytes.extend_from_slice(b"0\r\nX-Sum: 1\r\n\r\n");
            }
            _ => {
                bytes.extend_from_slice(b"\r\n");
                bytes.extend_from_slice(&body);
            }
        }
        (bytes, body)
    })
}

proptest! {
    #[test]
    fn any_split_reads_the_same((bytes, body) in response(), cuts in prop::collection::vec(any::<usize>(), 0..12)) {
        let whole = read(&[&bytes], false).unwrap();
        prop_assert_eq!(&whole.0, &body);
        prop_assert_eq!(read(&split(&bytes, &cuts), false).unwrap(), whole);
    }

    #[test]
    fn a_byte_at_a_time_reads_the_same((bytes, body) in response()) {
        let pieces: Vec<&[u8]> = bytes.chunks(1).collect();
        prop_assert_eq!(read(&pieces, false).unwrap().0, body);
    }

    #[test]
    fn no_bytes_whatever_make_it_panic(
        noise in prop::collection::vec(any::<u8>(), 0..400), cuts in prop::collection::vec(any::<usize>(), 0..6)
    ) {
        let _ = read(&split(&noise, &cuts), false);
    }

    #[test]
    fn a_damaged_response_never_makes_it_panic(
        (bytes, _) in response(), at in any::<usize>(), with in any::<u8>(), cuts in prop::collection::vec(any::<usize>(), 0..6)
    ) {
        let mut bytes = bytes;
        let at = at % bytes.len();
        bytes[at] = with;
        // The outcome depends on the damage, never on how the bytes are cut.
        prop_assert_eq!(read(&split(&bytes, &cuts), false).is_ok(), read(&[&bytes], false).is_ok());
    }
}
