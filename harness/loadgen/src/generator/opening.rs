//! Opens a generator thread's connections before the clock starts.

use std::rc::Rc;
use std::time::Duration;

use tokio::runtime::LocalRuntime;

use super::{HEARTBEAT_NS, Shared, slots_of};
use crate::engine::Engine;
use crate::errors::{ErrorClass, Failure, LoadError};
use crate::lane::Lane;
use crate::slot;

/// Connections that one thread opens at a time before the clock starts; more would overflow a
/// listener's backlog.
const OPENING_AT_ONCE: usize = 64;
/// A generator thread's word on its connections, given before the clock starts.
pub(crate) struct Opened {
    pub(crate) count: usize,
    pub(crate) failure: Option<Failure>,
}

/// The connections of a thread's slots; none where one could not be opened.
pub(super) type Connections<E> = Vec<Option<<E as Engine>::Connection>>;

/// Opens the connections of all slots, some at a time. Without keep-alive every request opens
/// its own, and one is opened and closed here to see whether anyone listens.
pub(super) fn open_all<E: Engine>(
    runtime: &LocalRuntime,
    shared: &Shared<'_>,
    thread: usize,
    lane: &Rc<Lane>,
    engine: &Rc<E>,
) -> Result<(Connections<E>, Opened), LoadError>
where
    E::Connection: 'static,
{
    let spec = shared.spec;
    let slots = slots_of(spec, thread);
    let wanted = if spec.keep_alive { slots } else { 1 };
    let mut connections = Vec::with_capacity(slots);
    let mut failure = None;
    runtime.block_on(async {
        for first in (0..wanted).step_by(OPENING_AT_ONCE) {
            let batch: Vec<_> = (first..wanted.min(first + OPENING_AT_ONCE))
                .map(|slot| {
                    let (lane, engine, timeout) = (lane.clone(), engine.clone(), spec.timeout);
                    tokio::task::spawn_local(async move {
                        open_in_time(&lane, &*engine, slot, timeout).await
                    })
                })
                .collect();
            for task in batch {
                // What is still being opened ends with the runtime.
                let opened = unless_cancelled(shared, task).await?;
                match opened.expect("opening a connection does not panic") {
                    Ok(connection) => connections.push(Some(connection)),
                    Err(refused) => {
                        failure = Some(refused);
                        connections.push(None);
                    }
                }
            }
        }
        Ok::<_, LoadError>(())
    })?;
    let count = connections.iter().flatten().count();
    if !spec.keep_alive {
        connections.clear();
    }
    connections.resize_with(slots, || None);
    Ok((connections, Opened { count, failure }))
}

/// Waits for `work`, looking at the caller's wish to stop as often as while the clock runs: a
/// server that takes no connections keeps each of them waiting for seconds.
async fn unless_cancelled<T>(
    shared: &Shared<'_>,
    work: impl Future<Output = T>,
) -> Result<T, LoadError> {
    let mut work = std::pin::pin!(work);
    let beat = Duration::from_nanos(HEARTBEAT_NS);
    loop {
        if shared.hooks.is_cancelled() {
            return Err(LoadError::Cancelled);
        }
        if let Ok(done) = tokio::time::timeout(beat, work.as_mut()).await {
            return Ok(done);
        }
    }
}

async fn open_in_time<E: Engine>(
    lane: &Lane,
    engine: &E,
    slot: usize,
    timeout: Duration,
) -> Result<E::Connection, Failure> {
    tokio::time::timeout(timeout, slot::open(lane, engine, slot, false))
        .await
        .unwrap_or_else(|_| {
            let class = ErrorClass::Timeout;
            lane.connected(0, Err(class), false);
            Err(Failure::new(class, "no connection in time"))
        })
}
