//! The one loop of every load mode, run for each slot.
//!
//! The main function is [`serve_slot`]: take a request, see to a connection, exchange, settle.
//! Arrival, budget and request source differ between modes; the loop does not. Retries are
//! deliberately absent: a request that fails has failed.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use crate::engine::{Connected, Connection, Engine, Exchange};
use crate::errors::{ErrorClass, Failure};
use crate::lane::{Job, Lane};

/// Longest pause of a closed-loop slot whose connection cannot be opened.
const MAX_BACKOFF: Duration = Duration::from_millis(50);

/// Serves slot `slot` until no more requests come: takes a request, sees to a connection,
/// exchanges, settles.
pub(crate) async fn serve_slot<E: Engine>(
    lane: Rc<Lane>,
    engine: Rc<E>,
    slot: usize,
    connection: Option<E::Connection>,
) {
    let was_connected = connection.is_some();
    let mut held = Held {
        connection,
        carried: 0,
        was_connected,
        has_rested: true,
    };
    let mut backoff = Duration::ZERO;
    // When the last request ended, while that is now: the next one begins in the same instant.
    let mut settled_ns = None;
    loop {
        let next = poll_fn(|cx| {
            let now = settled_ns.take().unwrap_or_else(|| lane.now_ns());
            let taken = lane.poll_take(slot, cx, now);
            held.has_rested |= taken.is_pending();
            taken
        });
        let Some(job) = next.await else { return };
        let (exchange, connect_failed) = {
            // Pinned where it stands: handed over by value it would be copied every time.
            let work = pin!(held.exchange(&lane, &*engine, slot, job));
            within_deadline(&lane, slot, work).await
        };
        settled_ns = Some(lane.settle(slot, job, &exchange));
        held.carried += 1;
        if !exchange.keep_alive || held.carried >= lane.requests_per_connection() {
            held.connection = None;
            settled_ns = None;
        }
        // Without a schedule nothing else would slow down a loop whose server is gone.
        if connect_failed && !lane.is_open_loop() {
            backoff = (backoff * 2).clamp(Duration::from_millis(1), MAX_BACKOFF);
            tokio::time::sleep(backoff).await;
            settled_ns = None;
        } else {
            backoff = Duration::ZERO;
        }
    }
}

/// The connection that a slot holds.
struct Held<C> {
    connection: Option<C>,
    /// Requests that it has carried.
    carried: u64,
    /// Whether the slot ever had one, so that the next is a reconnect.
    was_connected: bool,
    /// Whether it has waited for work, and may have ended meanwhile.
    has_rested: bool,
}

impl<C: Connection> Held<C> {
    /// Sees to a usable connection and exchanges `job` over it; tells apart a connection that
    /// could not be opened.
    async fn exchange<E: Engine<Connection = C>>(
        &mut self,
        lane: &Lane,
        engine: &E,
        slot: usize,
        job: Job,
    ) -> (Exchange, bool) {
        let has_rested = std::mem::take(&mut self.has_rested);
        let is_usable = |open: &mut C| !has_rested || open.is_usable();
        if !self.connection.as_mut().is_some_and(is_usable) {
            self.connection = None;
            // Rare, and boxed to keep the state of connecting out of every request's future.
            match Box::pin(open(lane, engine, slot, self.was_connected)).await {
                Ok(opened) => self.connection = Some(opened),
                Err(failure) => return (Exchange::broken(0, failure), true),
            }
            self.carried = 0;
            self.was_connected = true;
        }
        let open = self
            .connection
            .as_mut()
            .expect("opened above where it was not");
        (open.exchange(job.class, job.index).await, false)
    }
}

/// Opens a connection and notes how that went.
pub(crate) async fn open<E: Engine>(
    lane: &Lane,
    engine: &E,
    slot: usize,
    again: bool,
) -> Result<E::Connection, Failure> {
    let started_ns = crate::clock::monotonic_ns();
    let outcome = engine.connect(slot).await;
    let latency_ns = crate::clock::monotonic_ns() - started_ns;
    match outcome {
        Ok(Connected {
            connection,
            is_fresh,
        }) => {
            if is_fresh {
                lane.connected(latency_ns, Ok(()), again);
            }
            Ok(connection)
        }
        Err(failure) => {
            lane.connected(latency_ns, Err(failure.class), again);
            Err(failure)
        }
    }
}

/// Runs `work` until it ends or the deadline sweep gives it up.
async fn within_deadline(
    lane: &Lane,
    slot: usize,
    mut work: Pin<&mut impl Future<Output = (Exchange, bool)>>,
) -> (Exchange, bool) {
    let expired = lane.expired(slot);
    expired.set(false);
    poll_fn(|cx| {
        if expired.get() {
            let failure = Failure::new(ErrorClass::Timeout, "no complete answer in time");
            return Poll::Ready((Exchange::broken(0, failure), false));
        }
        lane.polled();
        work.as_mut().poll(cx)
    })
    .await
}
