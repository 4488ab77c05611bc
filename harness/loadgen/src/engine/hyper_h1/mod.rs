//! The hyper engine for HTTP/1.1: `hyper::client::conn::http1`, driven in the slot's own task.
//!
//! hyper splits a connection into a request handle and a driver that wake each other several
//! times per request. Both run here in one poll under a waker that tells such inner wakes from
//! real ones (`wakes`), so a response costs one trip through the scheduler instead of three.

mod fields;
mod wakes;

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::{HeaderMap, Response};
use http_body_util::Full;
use hyper::body::{Body as _, Incoming};
use hyper::client::conn::http1;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::rt::TokioIo;

use super::{Connected, Connection, Engine, EngineContext, Exchange};
use crate::errors::{ErrorClass, Failure};
use crate::request::{BodyCheck, HyperRequests};
use crate::transport::Transport;
use fields::Fields;
use wakes::Wakes;

/// Opens HTTP/1.1 connections by hyper.
pub(crate) struct HyperH1 {
    context: EngineContext,
    requests: Rc<HyperRequests>,
    fields: Rc<Fields>,
}

impl Engine for HyperH1 {
    type Connection = HyperH1Connection;

    fn new(context: EngineContext) -> Self {
        Self {
            requests: Rc::new(HyperRequests::new(context.mix.clone())),
            fields: Rc::new(Fields::new(context.mix.classes().len())),
            context,
        }
    }

    async fn connect(&self, _slot: usize) -> Result<Connected<HyperH1Connection>, Failure> {
        let transport = self
            .context
            .connector
            .connect(self.context.bytes.clone())
            .await?;
        let is_drained = Rc::new(Cell::new(false));
        let stream = Drained {
            stream: TokioIo::new(transport),
            is_drained: is_drained.clone(),
        };
        let expects_few = self.fields.are_few();
        let (sender, driver) = handshake(stream, expects_few).await?;
        Ok(Connected::fresh(HyperH1Connection {
            line: Line {
                context: self.context.clone(),
                requests: self.requests.clone(),
                spare: HeaderMap::new(),
                fields: self.fields.clone(),
                expects_few,
                sender,
                driver: Some(driver),
                cause: None,
                is_drained,
                check: BodyCheck::default(),
            },
            wakes: Wakes::new(),
        }))
    }
}

/// Opens hyper's connection over a stream.
async fn handshake(
    stream: Drained,
    expects_few: bool,
) -> Result<(http1::SendRequest<Full<Bytes>>, Driver), Failure> {
    let mut builder = http1::Builder::new();
    // Small requests cost less copied into one buffer than gathered by the kernel.
    builder.writev(false);
    if !expects_few {
        builder.max_headers(fields::MOST);
    }
    let opened = builder.handshake(stream).await;
    opened.map_err(|error| failure_of(&error))
}

type Driver = http1::Connection<Drained, Full<Bytes>>;

/// A stream that knows when there is nothing to read. hyper looks for input five times a request;
/// what has told that there is none need not be asked again before its waker is called.
struct Drained {
    stream: TokioIo<Transport>,
    is_drained: Rc<Cell<bool>>,
}

impl Read for Drained {
    #[inline]
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        if self.is_drained.get() {
            return Poll::Pending;
        }
        let polled = Pin::new(&mut self.stream).poll_read(cx, buffer);
        self.is_drained.set(polled.is_pending());
        polled
    }
}

impl Write for Drained {
    #[inline]
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// One HTTP/1.1 connection of hyper.
pub(crate) struct HyperH1Connection {
    line: Line,
    wakes: Wakes,
}

/// The request handle and the driver of a connection.
struct Line {
    context: EngineContext,
    requests: Rc<HyperRequests>,
    /// The last answer's header map, for the next request.
    spare: HeaderMap,
    fields: Rc<Fields>,
    /// Whether hyper was told to make room for the usual number of fields only.
    expects_few: bool,
    sender: http1::SendRequest<Full<Bytes>>,
    /// None once it has ended.
    driver: Option<Driver>,
    /// Why the driver ended, where it was an error.
    cause: Option<Failure>,
    /// Set while there is nothing to read and the task's waker waits for it: from the poll in which
    /// that showed to the next one.
    is_drained: Rc<Cell<bool>>,
    check: BodyCheck,
}

impl Connection for HyperH1Connection {
    fn is_usable(&mut self) -> bool {
        let mut cx = Context::from_waker(Waker::noop());
        let line = &mut self.line;
        line.is_drained.set(false);
        // Shows a peer that has hung up, and takes the driver to where it wants a request.
        line.poll_driver(&mut cx);
        // The waker that now waits wakes nobody.
        line.is_drained.set(false);
        line.driver.is_some() && line.sender.is_ready()
    }

    async fn exchange(&mut self, class: usize, request: u64) -> Exchange {
        let Self { line, wakes } = self;
        if !line.expects_few && line.fields.are_few() {
            line.expect_few().await;
        }
        let spare = std::mem::take(&mut line.spare);
        let message = match line.requests.make(class, request, spare) {
            Ok(message) => message,
            Err(text) => return Exchange::broken(0, Failure::new(ErrorClass::Protocol, text)),
        };
        line.check.begin(&line.context.mix.classes()[class].expect);
        wakes.begin();
        let mut head = Some(pin!(line.sender.send_request(message)));
        let mut answer = Answer {
            status: 0,
            body: None,
        };
        // The first poll goes on in the task's poll that the request was taken in.
        let mut is_first = true;
        let outcome = poll_fn(|cx| {
            wakes.run(cx, |cx| {
                if !std::mem::take(&mut is_first) {
                    line.is_drained.set(false);
                }
                line.poll_answer(cx, class, &mut head, &mut answer)
            })
        })
        .await;
        match outcome {
            Err(failure) => Exchange::broken(answer.status, failure),
            Ok(()) => {
                let prepared = &line.context.mix.classes()[class];
                let (body, verdict) = prepared.finish(&mut line.check, answer.status);
                Exchange {
                    status: answer.status,
                    body,
                    // The driver ends when the answer, or its end, closes the connection.
                    keep_alive: line.context.keep_alive
                        && line.driver.is_some()
                        && line.sender.is_ready(),
                    verdict,
                }
            }
        }
    }
}

/// The answer as far as it has come.
struct Answer {
    status: u16,
    body: Option<Incoming>,
}

impl Line {
    /// Goes on over the same stream with a connection of hyper's that makes room for fewer fields.
    #[cold]
    async fn expect_few(&mut self) {
        let Some(driver) = self.driver.take() else {
            return;
        };
        match handshake(driver.into_parts().io, true).await {
            Ok((sender, driver)) => (self.sender, self.driver) = (sender, Some(driver)),
            Err(failure) => self.cause = Some(failure),
        }
        self.expects_few = true;
    }

    fn poll_answer<F>(
        &mut self,
        cx: &mut Context<'_>,
        class: usize,
        head: &mut Option<Pin<&mut F>>,
        answer: &mut Answer,
    ) -> Poll<Result<(), Failure>>
    where
        F: Future<Output = hyper::Result<Response<Incoming>>>,
    {
        self.poll_driver(cx);
        if let Some(waiting) = head {
            let Poll::Ready(response) = waiting.as_mut().poll(cx) else {
                return Poll::Pending;
            };
            *head = None;
            let mut response = match response {
                Ok(response) => response,
                // The handle only knows that the request was cancelled; the driver knows why.
                Err(error) if error.is_canceled() && self.cause.is_some() => {
                    let cause = self.cause.take().expect("checked to be there");
                    return Poll::Ready(Err(cause));
                }
                Err(error) => {
                    // Too many fields is one of the reasons; which one it was is not told apart here.
                    if error.is_parse() {
                        self.fields.are_many();
                    }
                    return Poll::Ready(Err(failure_of(&error)));
                }
            };
            self.fields.answered(class, response.headers().len());
            answer.status = response.status().as_u16();
            if super::is_gzip(response.headers()) {
                self.check.decode_gzip();
            }
            self.spare = std::mem::take(response.headers_mut());
            answer.body = Some(response.into_body());
        }
        self.poll_body(cx, answer)
    }

    fn poll_body(
        &mut self,
        cx: &mut Context<'_>,
        answer: &mut Answer,
    ) -> Poll<Result<(), Failure>> {
        let body = answer.body.as_mut().expect("the body follows the head");
        while !body.is_end_stream() {
            match Pin::new(&mut *body).poll_frame(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(None) => break,
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Err(failure_of(&error))),
                Poll::Ready(Some(Ok(frame))) => {
                    if let Some(data) = frame.data_ref() {
                        self.check.take(data);
                    }
                }
            }
        }
        // The driver comes to rest, where bytes beyond the response show, most often in the same
        // poll that gave the last of the body.
        if !self.sender.is_ready() {
            self.poll_driver(cx);
        }
        Poll::Ready(match self.cause.take() {
            Some(cause) if cause.class == ErrorClass::Protocol => Err(cause),
            _ => Ok(()),
        })
    }

    fn poll_driver(&mut self, cx: &mut Context<'_>) {
        let Some(driver) = &mut self.driver else {
            return;
        };
        if let Poll::Ready(end) = Pin::new(driver).poll(cx) {
            self.driver = None;
            self.cause = end.err().map(|error| failure_of(&error));
        }
    }
}

/// The failure that hyper's error stands for.
pub(super) fn failure_of(error: &hyper::Error) -> Failure {
    if let Some(class) = ErrorClass::of_chain(error) {
        return Failure::new(class, "connection failed");
    }
    if error.is_incomplete_message() || error.is_closed() || error.is_canceled() {
        return Failure::new(
            ErrorClass::Closed,
            "connection closed before the response was complete",
        );
    }
    Failure::new(ErrorClass::Protocol, error.to_string())
}
