//! The `h1-fast` engine: HTTP/1.1 at one write and one read system call per request.
//!
//! Requests are pre-serialised, responses are parsed in the connection's one buffer by
//! [`crate::http1`], and nothing is allocated per request unless it is a template.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{Connected, Connection, Engine, EngineContext, Exchange};
use crate::errors::{ErrorClass, Failure};
use crate::http1::{BodyEvent, ResponseReader, Step};
use crate::request::BodyCheck;
use crate::transport::Transport;

/// The buffer's size to begin with; it grows only for a head that does not fit.
const BUFFER_BYTES: usize = 16 * 1024;

/// Opens `h1-fast` connections.
pub(crate) struct H1Fast {
    context: EngineContext,
}

impl Engine for H1Fast {
    type Connection = H1FastConnection;

    fn new(context: EngineContext) -> Self {
        Self { context }
    }

    async fn connect(&self, _slot: usize) -> Result<Connected<H1FastConnection>, Failure> {
        let transport = self
            .context
            .connector
            .connect(self.context.bytes.clone())
            .await?;
        Ok(Connected::fresh(H1FastConnection {
            context: self.context.clone(),
            wire: Wire {
                transport,
                buffer: vec![0; BUFFER_BYTES],
                start: 0,
                end: 0,
                reader: ResponseReader::default(),
                check: BodyCheck::default(),
            },
            scratch: Vec::new(),
        }))
    }
}

/// One `h1-fast` connection.
pub(crate) struct H1FastConnection {
    context: EngineContext,
    wire: Wire,
    scratch: Vec<u8>,
}

/// The transport with its one buffer; `start..end` is read and not yet consumed.
struct Wire {
    transport: Transport,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    reader: ResponseReader,
    check: BodyCheck,
}

/// How much of a request has left.
#[derive(Default)]
struct Sent {
    written: usize,
    flushed: bool,
}

impl Connection for H1FastConnection {
    fn is_usable(&mut self) -> bool {
        self.wire.is_quiet()
    }

    async fn exchange(&mut self, class: usize, request: u64) -> Exchange {
        let Self {
            context,
            wire,
            scratch,
        } = self;
        let prepared = &context.mix.classes()[class];
        let bytes = context.mix.http1_bytes(class, request, scratch);
        wire.reader.begin(prepared.is_head);
        wire.check.begin(&prepared.expect);
        let mut sent = Sent::default();
        let outcome = poll_fn(|cx| wire.poll_exchange(cx, bytes, &mut sent)).await;
        let status = wire.reader.status();
        if let Err(failure) = outcome {
            return Exchange::broken(status, failure);
        }
        let (body, verdict) = prepared.finish(&mut wire.check, status);
        let keep_alive = context.keep_alive && wire.reader.keep_alive() && sent.flushed;
        Exchange {
            status,
            body,
            keep_alive,
            verdict,
        }
    }
}

impl Wire {
    /// Writes what is left of the request and reads what there is of the response, which may
    /// come before the request is all written.
    fn poll_exchange(
        &mut self,
        cx: &mut Context<'_>,
        request: &[u8],
        sent: &mut Sent,
    ) -> Poll<Result<(), Failure>> {
        let write_failure = match self.poll_send(cx, request, sent) {
            // The answer may be there already, and tells more than a broken pipe does.
            Poll::Ready(Err(failure)) => Some(failure),
            Poll::Ready(Ok(())) | Poll::Pending => None,
        };
        match (self.poll_response(cx), write_failure) {
            (Poll::Ready(Err(read)), Some(write)) => {
                let told_more = read.class == ErrorClass::Protocol;
                Poll::Ready(Err(if told_more { read } else { write }))
            }
            (Poll::Pending, Some(write)) => Poll::Ready(Err(write)),
            (polled, _) => polled,
        }
    }

    #[inline]
    fn poll_send(
        &mut self,
        cx: &mut Context<'_>,
        request: &[u8],
        sent: &mut Sent,
    ) -> Poll<Result<(), Failure>> {
        let failed =
            |error: std::io::Error| Failure::new(ErrorClass::of_io(&error), "write failed");
        while sent.written < request.len() {
            let rest = &request[sent.written..];
            match ready!(Pin::new(&mut self.transport).poll_write(cx, rest)).map_err(failed)? {
                0 => {
                    let text = "connection takes no more bytes";
                    return Poll::Ready(Err(Failure::new(ErrorClass::Closed, text)));
                }
                count => sent.written += count,
            }
        }
        if !sent.flushed {
            // TLS may hold records back; on plain sockets this does nothing.
            ready!(Pin::new(&mut self.transport).poll_flush(cx)).map_err(failed)?;
            sent.flushed = true;
        }
        Poll::Ready(Ok(()))
    }

    fn poll_response(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        loop {
            let count = ready!(self.poll_fill(cx))?;
            if count == 0 {
                let end = self.reader.end_of_input();
                return Poll::Ready(end.map_err(|fault| Failure::new(ErrorClass::Closed, fault.0)));
            }
            let check = &mut self.check;
            let sink = |event: BodyEvent<'_>| match event {
                BodyEvent::Gzip => check.decode_gzip(),
                BodyEvent::Data(bytes) => check.take(bytes),
            };
            let (consumed, step) = self
                .reader
                .advance(&self.buffer[self.start..self.end], sink)
                .map_err(|fault| Failure::new(ErrorClass::Protocol, fault.0))?;
            self.start += consumed;
            if self.start == self.end {
                (self.start, self.end) = (0, 0);
            }
            if step == Step::Done {
                if self.start != self.end {
                    let text = "bytes follow the response that no request asked for";
                    return Poll::Ready(Err(Failure::new(ErrorClass::Protocol, text)));
                }
                return Poll::Ready(Ok(()));
            }
        }
    }

    /// Reads once into the free end of the buffer; zero is the end of the stream.
    #[inline]
    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<Result<usize, Failure>> {
        if self.end == self.buffer.len() {
            self.make_room();
        }
        let mut free = ReadBuf::new(&mut self.buffer[self.end..]);
        match ready!(Pin::new(&mut self.transport).poll_read(cx, &mut free)) {
            Ok(()) => {
                let count = free.filled().len();
                self.end += count;
                Poll::Ready(Ok(count))
            }
            Err(error) => Poll::Ready(Err(Failure::new(ErrorClass::of_io(&error), "read failed"))),
        }
    }

    /// Only an incomplete head leaves bytes behind: move them to the front, or grow. The
    /// reader's limit on heads bounds the growth.
    fn make_room(&mut self) {
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        } else {
            let doubled = self.buffer.len() * 2;
            self.buffer.resize(doubled, 0);
        }
    }

    /// Whether nothing, not even the end of the stream, has come since the last response.
    fn is_quiet(&mut self) -> bool {
        // A waker that does nothing: the answer is wanted now, and the exchange that follows
        // registers its own.
        let mut cx = Context::from_waker(std::task::Waker::noop());
        self.poll_fill(&mut cx).is_pending()
    }
}
