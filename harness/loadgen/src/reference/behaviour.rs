//! How the reference server answers.

use std::time::Duration;

/// How the reference server answers every request.
#[derive(Debug, Clone)]
pub enum Behaviour {
    /// A right HTTP/1.1 answer.
    Answer(Reply),
    /// These bytes and actions instead of an answer, for each request.
    Script(Script),
}

impl Default for Behaviour {
    fn default() -> Self {
        Self::Answer(Reply::default())
    }
}

impl Behaviour {
    /// Whether the first thing it does is to hang, which it does before a request's body is read.
    pub(super) fn hangs(&self) -> bool {
        matches!(self, Self::Script(script) if matches!(script.first(), Some(Action::Hang)))
    }
}

/// A right answer and what delays it.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// Header lines without their line ends, besides `content-length`.
    pub headers: Vec<String>,
    /// The body.
    pub body: Vec<u8>,
    /// Time between a request and its answer, to the runtime's millisecond.
    pub delay: Duration,
    /// A stretch of time in which nothing is answered.
    pub stall: Option<Stall>,
    /// Requests per second that are answered, one after the other, as by one worker.
    pub capacity_per_s: Option<f64>,
    /// Requests per second beyond which they are refused at once with status 503, counted over
    /// a tenth of a second.
    pub refuses_above_per_s: Option<f64>,
    /// Connections are closed after this many answers, which the last one says.
    pub requests_per_connection: Option<u64>,
}

impl Default for Reply {
    fn default() -> Self {
        Self {
            status: 200,
            headers: Vec::new(),
            body: b"hello, world\n".to_vec(),
            delay: Duration::ZERO,
            stall: None,
            capacity_per_s: None,
            refuses_above_per_s: None,
            requests_per_connection: None,
        }
    }
}

/// A stretch of time, counted from the first request, in which nothing is answered. Requests
/// that come meanwhile are answered at its end.
#[derive(Debug, Clone, Copy)]
pub struct Stall {
    /// Its start.
    pub after: Duration,
    /// Its length.
    pub length: Duration,
}

/// What is done instead of an answer, in order; then the next request is read.
pub type Script = Vec<Action>;

/// One step of a [`Script`].
#[derive(Debug, Clone)]
pub enum Action {
    /// Send these bytes.
    Send(Vec<u8>),
    /// Send these bytes one at a time with this much time between them.
    Drip(Vec<u8>, Duration),
    /// Send these bytes this many times.
    Repeat(Vec<u8>, usize),
    /// Do nothing for a time.
    Pause(Duration),
    /// Close our side for writing and go on reading.
    HalfClose,
    /// Close the connection.
    Close,
    /// Reset the connection.
    Reset,
    /// Never read or write again, with the connection open. As the first step it comes before the
    /// request's body is read.
    Hang,
}
