//! The engines: what speaks HTTP over one connection.
//!
//! Both sit behind [`Engine`] and [`Connection`]. An engine carries one request at a time over
//! a connection and says what became of it; when to send, deadlines, the ledger and the
//! histograms are deliberately absent: they are the lane's, the same for every engine.

mod h1_fast;
mod hyper_h1;
mod hyper_h2;

use std::rc::Rc;
use std::sync::Arc;

use crate::errors::Failure;
use crate::request::{BodyCount, PreparedMix};
use crate::transport::{ByteCount, Connector};

pub(crate) use h1_fast::H1Fast;
pub(crate) use hyper_h1::HyperH1;
pub(crate) use hyper_h2::HyperH2;

/// What the engines of one thread share.
#[derive(Clone)]
pub(crate) struct EngineContext {
    pub(crate) connector: Arc<Connector>,
    pub(crate) mix: Arc<PreparedMix>,
    pub(crate) bytes: Rc<ByteCount>,
    pub(crate) keep_alive: bool,
    /// Streams that share one HTTP/2 connection.
    pub(crate) streams: usize,
}

/// Opens connections of one kind.
pub(crate) trait Engine: 'static {
    /// What it opens.
    type Connection: Connection;

    /// An engine for one thread.
    fn new(context: EngineContext) -> Self;

    /// Opens the connection of slot `slot`.
    async fn connect(&self, slot: usize) -> Result<Connected<Self::Connection>, Failure>;
}

/// A connection, and whether it was opened just now or is a share of an open one.
pub(crate) struct Connected<C> {
    pub(crate) connection: C,
    pub(crate) is_fresh: bool,
}

impl<C> Connected<C> {
    fn fresh(connection: C) -> Self {
        Self {
            connection,
            is_fresh: true,
        }
    }
}

/// One connection (or HTTP/2 stream slot) that carries one request at a time.
pub(crate) trait Connection {
    /// Whether a connection that has rested can carry another request, as far as can be seen
    /// without a system call. One that has just carried a request says so in its [`Exchange`].
    fn is_usable(&mut self) -> bool;

    /// Sends request `request` of class `class` and reads its answer. Dropping the future
    /// gives the request up; the connection must then be dropped too.
    async fn exchange(&mut self, class: usize, request: u64) -> Exchange;
}

/// What became of a request that was sent.
pub(crate) struct Exchange {
    /// The status, or zero when no head came.
    pub(crate) status: u16,
    /// Its body's size.
    pub(crate) body: BodyCount,
    /// Whether the connection may be used again.
    pub(crate) keep_alive: bool,
    /// Whether the answer is the expected one.
    pub(crate) verdict: Result<(), Failure>,
}

impl Exchange {
    /// An exchange that broke before its answer was complete.
    pub(crate) fn broken(status: u16, failure: Failure) -> Self {
        Self {
            status,
            body: BodyCount::default(),
            keep_alive: false,
            verdict: Err(failure),
        }
    }
}

/// Whether a body is gzip by its headers.
fn is_gzip(headers: &http::HeaderMap) -> bool {
    headers
        .get(http::header::CONTENT_ENCODING)
        .is_some_and(|value| {
            let value = value.as_bytes().trim_ascii();
            value.eq_ignore_ascii_case(b"gzip") || value.eq_ignore_ascii_case(b"x-gzip")
        })
}
