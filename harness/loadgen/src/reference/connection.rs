//! One connection of the reference server.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::behaviour::{Action, Behaviour, Reply, Script};
use super::log::ServerLog;
use super::stream::ServerStream;
use crate::clock::monotonic_ns;

/// Largest head that the server takes; bodies are passed over and may have any length.
const MAX_HEAD_BYTES: usize = 1 << 20;
/// Read at a time.
const READ_BYTES: usize = 64 * 1024;
/// What is answered to what is no HTTP/1 request, as servers do.
const BAD_REQUEST: &[u8] =
    b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
/// What is answered to requests that are too many.
const REFUSED: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n";
/// How long requests may come faster than a server that refuses takes them.
const BURST_NS: u64 = 100_000_000;

/// What all connections of a server share.
#[derive(Clone)]
pub(super) struct Shared {
    behaviour: Rc<Behaviour>,
    log: Arc<ServerLog>,
    /// When the one worker of a server with a capacity will be free, on the monotonic clock.
    free_at_ns: Rc<Cell<u64>>,
    /// Until when what was taken lasts at the rate of a server that refuses what is more.
    taken_until_ns: Rc<Cell<u64>>,
    answer: Rc<Vec<u8>>,
    last_answer: Rc<Vec<u8>>,
}

impl Shared {
    pub(super) fn new(behaviour: Behaviour, log: Arc<ServerLog>) -> Self {
        let (answer, last_answer) = match &behaviour {
            Behaviour::Answer(reply) => (render(reply, ""), render(reply, "connection: close\r\n")),
            Behaviour::Script(_) => Default::default(),
        };
        Self {
            behaviour: Rc::new(behaviour),
            log,
            free_at_ns: Rc::default(),
            taken_until_ns: Rc::default(),
            answer: Rc::new(answer),
            last_answer: Rc::new(last_answer),
        }
    }
}

fn render(reply: &Reply, extra: &str) -> Vec<u8> {
    // The usual reason phrase, as servers send: clients take longer over any other.
    let reason = http::StatusCode::from_u16(reply.status)
        .ok()
        .and_then(|status| status.canonical_reason())
        .unwrap_or("Unknown");
    let mut head = format!("HTTP/1.1 {} {reason}\r\n{extra}", reply.status);
    for header in &reply.headers {
        head.push_str(header);
        head.push_str("\r\n");
    }
    head.push_str(&format!("content-length: {}\r\n\r\n", reply.body.len()));
    let mut bytes = head.into_bytes();
    bytes.extend_from_slice(&reply.body);
    bytes
}

/// Serves one connection until either side ends it.
pub(super) async fn serve(mut stream: impl ServerStream, shared: Shared) {
    shared.log.connections.fetch_add(1, Ordering::Relaxed);
    let mut reader = RequestReader {
        buffer: Vec::with_capacity(4096),
        taken: 0,
    };
    let mut answered = 0;
    loop {
        let head = match reader.head(&mut stream).await {
            Ok(Some(head)) => head,
            Ok(None) => return,
            Err(Garbage) => {
                refuse(&mut stream, &mut reader).await;
                return;
            }
        };
        if shared.behaviour.hangs() {
            // Before the body, for the socket's buffers to fill and writing itself to stop.
            shared.log.arrived(monotonic_ns());
            return std::future::pending().await;
        }
        if !reader.pass_over(&mut stream, head.body_bytes).await {
            return;
        }
        let wants_close = head.wants_close;
        shared.log.arrived(monotonic_ns());
        let goes_on = match &*shared.behaviour {
            Behaviour::Answer(reply) if refuses(reply, &shared) => {
                stream.write_all(REFUSED).await.is_ok()
            }
            Behaviour::Answer(reply) => {
                answered += 1;
                wait_for_turn(reply, &shared).await;
                let is_last =
                    wants_close || reply.requests_per_connection.is_some_and(|n| answered >= n);
                let bytes = if is_last {
                    &shared.last_answer
                } else {
                    &shared.answer
                };
                let written = stream.write_all(bytes).await.is_ok();
                if written {
                    shared.log.answered(monotonic_ns());
                }
                written && !is_last
            }
            Behaviour::Script(script) => play(&mut stream, script).await.unwrap_or(false),
        };
        if !goes_on {
            return;
        }
    }
}

/// Answers what is no request. What else comes is read, since closing with bytes unread would
/// reset the connection, and the answer be lost (RFC 9112, section 9.6).
async fn refuse(stream: &mut impl ServerStream, reader: &mut RequestReader) {
    // Nobody may be there to read it.
    let sent = stream.write_all(BAD_REQUEST).await;
    if sent.and(stream.shutdown().await).is_ok() {
        reader.pass_over(stream, usize::MAX).await;
    }
}

/// Whether a request is one too many; one that is not takes its share of the rate.
fn refuses(reply: &Reply, shared: &Shared) -> bool {
    let Some(rate_per_s) = reply.refuses_above_per_s else {
        return false;
    };
    let now_ns = monotonic_ns();
    let taken_until_ns = shared.taken_until_ns.get().max(now_ns);
    if taken_until_ns > now_ns + BURST_NS {
        return true;
    }
    shared
        .taken_until_ns
        .set(taken_until_ns + (1e9 / rate_per_s) as u64);
    false
}

/// Waits as long as delay, stall and capacity have it.
async fn wait_for_turn(reply: &Reply, shared: &Shared) {
    if !reply.delay.is_zero() {
        tokio::time::sleep(reply.delay).await;
    }
    if let Some(stall) = reply.stall {
        let now_ns = monotonic_ns();
        let (from_ns, to_ns) = *shared
            .log
            .stall_ns
            .lock()
            .expect("no holder of this lock panics")
            .get_or_insert_with(|| {
                let from_ns = now_ns + stall.after.as_nanos() as u64;
                (from_ns, from_ns + stall.length.as_nanos() as u64)
            });
        if (from_ns..to_ns).contains(&now_ns) {
            tokio::time::sleep(Duration::from_nanos(to_ns - now_ns)).await;
        }
    }
    if let Some(capacity) = reply.capacity_per_s {
        // A virtual worker: exact on average whatever the timer's grain.
        let now_ns = monotonic_ns();
        let done_ns = shared.free_at_ns.get().max(now_ns) + (1e9 / capacity) as u64;
        shared.free_at_ns.set(done_ns);
        tokio::time::sleep(Duration::from_nanos(done_ns - now_ns)).await;
    }
}

/// Plays a script; gives whether the connection goes on.
async fn play(stream: &mut impl ServerStream, script: &Script) -> std::io::Result<bool> {
    for action in script {
        match action {
            Action::Send(bytes) => stream.write_all(bytes).await?,
            Action::Drip(bytes, gap) => {
                for byte in bytes {
                    stream.write_all(&[*byte]).await?;
                    stream.flush().await?;
                    tokio::time::sleep(*gap).await;
                }
            }
            Action::Repeat(bytes, times) => {
                for _ in 0..*times {
                    stream.write_all(bytes).await?;
                }
            }
            Action::Pause(time) => tokio::time::sleep(*time).await,
            Action::HalfClose => stream.shutdown().await?,
            Action::Close => return Ok(false),
            Action::Reset => {
                stream.reset_on_close();
                return Ok(false);
            }
            Action::Hang => std::future::pending().await,
        }
        stream.flush().await?;
    }
    Ok(true)
}

/// Reads requests, heads and bodies by content length.
struct RequestReader {
    buffer: Vec<u8>,
    taken: usize,
}

/// What the server wants to know of a request.
struct Head {
    wants_close: bool,
    body_bytes: usize,
}

/// What is no HTTP/1 request.
struct Garbage;

impl RequestReader {
    /// Reads the next request's head; none at the end of the stream.
    async fn head(&mut self, stream: &mut impl ServerStream) -> Result<Option<Head>, Garbage> {
        loop {
            if let Some(head) = self.take_head()? {
                return Ok(Some(head));
            }
            if self.buffer.len() - self.taken > MAX_HEAD_BYTES {
                return Err(Garbage);
            }
            if !self.fill(stream).await {
                return Ok(None);
            }
        }
    }

    /// Passes over a body; gives whether all of it came.
    async fn pass_over(&mut self, stream: &mut impl ServerStream, mut bytes: usize) -> bool {
        loop {
            let there = bytes.min(self.buffer.len() - self.taken);
            self.taken += there;
            bytes -= there;
            if bytes == 0 {
                return true;
            }
            if !self.fill(stream).await {
                return false;
            }
        }
    }

    /// Reads once; gives whether anything came.
    async fn fill(&mut self, stream: &mut impl ServerStream) -> bool {
        self.buffer.drain(..self.taken);
        self.taken = 0;
        let mut limited = (&mut *stream).take(READ_BYTES as u64);
        matches!(limited.read_buf(&mut self.buffer).await, Ok(count) if count > 0)
    }

    /// A whole head from the buffer, or none where more is to come.
    fn take_head(&mut self) -> Result<Option<Head>, Garbage> {
        let mut headers = [httparse::EMPTY_HEADER; 64];
        let mut request = httparse::Request::new(&mut headers);
        let input = &self.buffer[self.taken..];
        let length = match request.parse(input).map_err(|_| Garbage)? {
            httparse::Status::Partial => return Ok(None),
            httparse::Status::Complete(length) => length,
        };
        let value = |name: &str| {
            request
                .headers
                .iter()
                .find(|header| header.name.eq_ignore_ascii_case(name))
        };
        let body_bytes = match value("content-length") {
            None => 0,
            Some(header) => std::str::from_utf8(header.value)
                .ok()
                .and_then(|text| text.trim().parse().ok())
                .ok_or(Garbage)?,
        };
        let wants_close =
            value("connection").is_some_and(|header| header.value.eq_ignore_ascii_case(b"close"));
        self.taken += length;
        if self.taken == self.buffer.len() {
            self.buffer.clear();
            self.taken = 0;
        }
        Ok(Some(Head {
            wants_close,
            body_bytes,
        }))
    }
}
