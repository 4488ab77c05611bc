//! The hyper engine for HTTP/1.1: `hyper::client::conn::http1`, driven in the slot's own task.
//!
//! hyper splits a connection into a request handle and a driver that wake each other several
//! times per request. Both run here in one poll under a waker that tells such inner wakes from
//! real ones, so a response costs one trip through the scheduler instead of three.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

use bytes::Bytes;
use http::{HeaderMap, Response};
use http_body_util::Full;
use hyper::body::{Body as _, Incoming};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;

use super::{Connected, Connection, Engine, EngineContext, Exchange};
use crate::errors::{ErrorClass, Failure};
use crate::request::{BodyCheck, HyperRequests};
use crate::transport::Transport;

/// Opens HTTP/1.1 connections by hyper.
pub(crate) struct HyperH1 {
    context: EngineContext,
    requests: Rc<HyperRequests>,
}

impl Engine for HyperH1 {
    type Connection = HyperH1Connection;

    fn new(context: EngineContext) -> Self {
        Self {
            requests: Rc::new(HyperRequests::new(context.mix.clone())),
            context,
        }
    }

    async fn connect(&self, _slot: usize) -> Result<Connected<HyperH1Connection>, Failure> {
        let transport = self
            .context
            .connector
            .connect(self.context.bytes.clone())
            .await?;
        let (sender, driver) = http1::Builder::new()
            // Small requests cost less copied into one buffer than gathered by the kernel.
            .writev(false)
            .handshake(TokioIo::new(transport))
            .await
            .map_err(|error| failure_of(&error))?;
        Ok(Connected::fresh(HyperH1Connection {
            context: self.context.clone(),
            requests: self.requests.clone(),
            spare: HeaderMap::new(),
            sender,
            driver: Some(driver),
            cause: None,
            inner_wakes: Arc::default(),
            check: BodyCheck::default(),
        }))
    }
}

/// One HTTP/1.1 connection of hyper: its request handle and its driver.
pub(crate) struct HyperH1Connection {
    context: EngineContext,
    requests: Rc<HyperRequests>,
    /// The last answer's header map, for the next request.
    spare: HeaderMap,
    sender: http1::SendRequest<Full<Bytes>>,
    /// None once it has ended.
    driver: Option<http1::Connection<TokioIo<Transport>, Full<Bytes>>>,
    /// Why the driver ended, where it was an error.
    cause: Option<Failure>,
    inner_wakes: Arc<InnerWakes>,
    check: BodyCheck,
}

impl Connection for HyperH1Connection {
    fn is_usable(&mut self) -> bool {
        let mut cx = Context::from_waker(Waker::noop());
        // Shows a peer that has hung up, and takes the driver to where it wants a request.
        self.poll_driver(&mut cx);
        self.driver.is_some() && self.sender.is_ready()
    }

    async fn exchange(&mut self, class: usize, request: u64) -> Exchange {
        let spare = std::mem::take(&mut self.spare);
        let message = match self.requests.make(class, request, spare) {
            Ok(message) => message,
            Err(text) => return Exchange::broken(0, Failure::new(ErrorClass::Protocol, text)),
        };
        self.check.begin(&self.context.mix.classes()[class].expect);
        self.inner_wakes.begin();
        let head = pin!(self.sender.send_request(message));
        let mut answer = Answer {
            status: 0,
            keep_alive: true,
            body: None,
        };
        let mut head = Some(head);
        let outcome = poll_fn(|cx| {
            let wakes = self.inner_wakes.clone();
            wakes.run(cx, |cx| self.poll_answer(cx, &mut head, &mut answer))
        })
        .await;
        match outcome {
            Err(failure) => Exchange::broken(answer.status, failure),
            Ok(()) => {
                let expect = &self.context.mix.classes()[class].expect;
                let (body, verdict) = self.check.finish(answer.status, expect);
                let keep_alive =
                    self.context.keep_alive && answer.keep_alive && self.driver.is_some();
                Exchange {
                    status: answer.status,
                    body,
                    keep_alive,
                    verdict,
                }
            }
        }
    }
}

/// The answer as far as it has come.
struct Answer {
    status: u16,
    keep_alive: bool,
    body: Option<Incoming>,
}

impl HyperH1Connection {
    fn poll_answer<F>(
        &mut self,
        cx: &mut Context<'_>,
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
                Err(error) => return Poll::Ready(Err(failure_of(&error))),
            };
            answer.status = response.status().as_u16();
            answer.keep_alive = super::response_keeps_alive(&response);
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

/// Tells wakes between handle and driver, which only ask for another round of the same poll,
/// from wakes that come from outside of it.
#[derive(Default)]
struct InnerWakes {
    outer: Mutex<Option<Waker>>,
    polling: AtomicBool,
    again: AtomicBool,
}

impl InnerWakes {
    /// Takes wakes from here on for inner ones: the driver is polled next in any case, and must
    /// not be scheduled once more for the request that it is about to find.
    fn begin(&self) {
        self.polling.store(true, Ordering::Relaxed);
    }

    /// Polls until nothing is ready, going round again for every inner wake.
    fn run<T>(
        self: Arc<Self>,
        cx: &mut Context<'_>,
        mut poll: impl FnMut(&mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        self.set_outer(cx.waker());
        let waker = Waker::from(self.clone());
        let mut inner = Context::from_waker(&waker);
        self.polling.store(true, Ordering::Relaxed);
        let polled = loop {
            self.again.store(false, Ordering::Relaxed);
            let polled = poll(&mut inner);
            if polled.is_ready() || !self.again.load(Ordering::Relaxed) {
                break polled;
            }
        };
        self.polling.store(false, Ordering::Relaxed);
        polled
    }

    fn set_outer(&self, waker: &Waker) {
        let mut outer = self.outer.lock().expect("no holder of this lock panics");
        if !outer.as_ref().is_some_and(|known| known.will_wake(waker)) {
            *outer = Some(waker.clone());
        }
    }
}

impl Wake for InnerWakes {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // All wakes come from the connection's own thread, so the flags need no ordering.
        if self.polling.load(Ordering::Relaxed) {
            self.again.store(true, Ordering::Relaxed);
        } else if let Some(outer) = &*self.outer.lock().expect("no holder of this lock panics") {
            outer.wake_by_ref();
        }
    }
}
