//! The hyper engine for HTTP/2: slots are streams, several of which share a connection.
//!
//! The connection's driver is a task of its own, since many slots depend on it. It leaves behind
//! why it ended, for the streams that it breaks are only told that it did.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::HashMap;
use std::error::Error;
use std::rc::Rc;

use bytes::Bytes;
use http::HeaderMap;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http2;
use hyper_util::rt::TokioIo;
use tokio::sync::Mutex;

use super::hyper_h1::failure_of;
use super::{Connected, Connection, Engine, EngineContext, Exchange};
use crate::errors::{ErrorClass, Failure};
use crate::request::{BodyCheck, HyperRequests};

type Sender = http2::SendRequest<Full<Bytes>>;
/// The open connection of a group of slots; the lock keeps it from being opened twice.
type Group = Rc<Mutex<Option<Open>>>;

/// An open connection.
#[derive(Clone)]
struct Open {
    sender: Sender,
    /// Why the driver ended, where it was an error.
    cause: Rc<OnceCell<Failure>>,
    /// How the byte stream ended.
    ending: Rc<Cell<Option<ErrorClass>>>,
}

/// Opens HTTP/2 connections and shares them out.
pub(crate) struct HyperH2 {
    context: EngineContext,
    requests: Rc<HyperRequests>,
    groups: RefCell<HashMap<usize, Group>>,
}

impl Engine for HyperH2 {
    type Connection = HyperH2Stream;

    fn new(context: EngineContext) -> Self {
        Self {
            requests: Rc::new(HyperRequests::new(context.mix.clone())),
            context,
            groups: RefCell::default(),
        }
    }

    async fn connect(&self, slot: usize) -> Result<Connected<HyperH2Stream>, Failure> {
        let number = slot / self.context.streams;
        let group = self.groups.borrow_mut().entry(number).or_default().clone();
        let mut open = group.lock().await;
        let is_fresh = open.as_ref().is_none_or(|open| open.sender.is_closed());
        if is_fresh {
            *open = Some(self.open().await?);
        }
        let open = open.clone().expect("the group was opened above");
        let connection = HyperH2Stream {
            context: self.context.clone(),
            requests: self.requests.clone(),
            open,
        };
        Ok(Connected {
            connection,
            is_fresh,
        })
    }
}

impl HyperH2 {
    async fn open(&self) -> Result<Open, Failure> {
        let transport = self
            .context
            .connector
            .connect(self.context.bytes.clone())
            .await?;
        let ending = transport.ending();
        let (sender, driver) = http2::Builder::new(OnThisThread)
            .initial_stream_window_size(1 << 20)
            .initial_connection_window_size(8 << 20)
            .handshake(TokioIo::new(transport))
            .await
            .map_err(|error| failure_of(&error))?;
        let cause = Rc::new(OnceCell::new());
        let left = cause.clone();
        tokio::task::spawn_local(async move {
            if let Err(error) = driver.await {
                // Set once: a driver ends once.
                let _ = left.set(failure_of_http2(&error));
            }
        });
        Ok(Open {
            sender,
            cause,
            ending,
        })
    }
}

/// Runs hyper's HTTP/2 tasks on the generator's thread.
#[derive(Clone, Copy)]
struct OnThisThread;

impl<F: Future<Output = ()> + 'static> hyper::rt::Executor<F> for OnThisThread {
    fn execute(&self, future: F) {
        tokio::task::spawn_local(future);
    }
}

/// One stream slot of an HTTP/2 connection.
pub(crate) struct HyperH2Stream {
    context: EngineContext,
    requests: Rc<HyperRequests>,
    open: Open,
}

impl Connection for HyperH2Stream {
    fn is_usable(&mut self) -> bool {
        !self.open.sender.is_closed()
    }

    async fn exchange(&mut self, class: usize, request: u64) -> Exchange {
        let prepared = &self.context.mix.classes()[class];
        let message = match self.requests.make(class, request, HeaderMap::new()) {
            Ok(message) => message,
            Err(text) => return Exchange::broken(0, Failure::new(ErrorClass::Protocol, text)),
        };
        let response = match self.open.sender.send_request(message).await {
            Ok(response) => response,
            Err(error) => return Exchange::broken(0, self.failure_of(&error)),
        };
        let status = response.status().as_u16();
        let mut check = BodyCheck::default();
        check.begin(&prepared.expect);
        if super::is_gzip(response.headers()) {
            check.decode_gzip();
        }
        let mut body = response.into_body();
        while let Some(frame) = body.frame().await {
            match frame {
                Ok(frame) => {
                    if let Some(data) = frame.data_ref() {
                        check.take(data);
                    }
                }
                Err(error) => return Exchange::broken(status, self.failure_of(&error)),
            }
        }
        let (body, verdict) = prepared.finish(&mut check, status);
        Exchange {
            status,
            body,
            keep_alive: !self.open.sender.is_closed(),
            verdict,
        }
    }
}

impl HyperH2Stream {
    /// The failure of a stream: the connection's own, where that is what broke it. What hyper says
    /// then depends on which of its parts saw it first; the byte stream knows.
    fn failure_of(&self, error: &hyper::Error) -> Failure {
        let is_of_connection =
            error.is_canceled() || error.is_closed() || ErrorClass::of_chain(error).is_some();
        if !is_of_connection {
            return failure_of_http2(error);
        }
        let cause = self.open.cause.get();
        if let Some(cause) = cause.filter(|cause| cause.class == ErrorClass::Protocol) {
            return cause.clone();
        }
        match self.open.ending.get() {
            Some(class) => Failure::new(class, "connection ended before the response was complete"),
            None => cause.cloned().unwrap_or_else(|| failure_of_http2(error)),
        }
    }
}

/// The failure that hyper's error stands for, with what HTTP/2 has of its own: a stream that the
/// peer resets, and a connection that it takes leave of.
fn failure_of_http2(error: &hyper::Error) -> Failure {
    // The cause's type is h2's, which is none of our dependencies; its text says who began
    // (`impl Display for Error` in h2's error.rs). The tests of the faults hold it.
    let cause = error.source().map(ToString::to_string).unwrap_or_default();
    let peer_began = [
        ("stream error received", ErrorClass::Reset),
        ("connection error received", ErrorClass::Closed),
    ];
    let class = peer_began.iter().find(|(text, _)| cause.starts_with(text));
    match class {
        Some((_, class)) => Failure::new(*class, cause),
        None => failure_of(error),
    }
}
