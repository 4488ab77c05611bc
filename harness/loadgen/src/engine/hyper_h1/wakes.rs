//! Tells wakes within one connection's poll from wakes that come from outside of it.
//!
//! The main type is [`Wakes`]. hyper's handle and driver wake each other; such a wake only asks for
//! another round of the poll that both are in.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

/// The wakes of one connection.
pub(super) struct Wakes {
    shared: Arc<Shared>,
    /// What handle and driver are polled with.
    waker: Waker,
    /// The waker that `shared` passes wakes on to: known here without its lock.
    outer: Option<Waker>,
}

#[derive(Default)]
struct Shared {
    outer: Mutex<Option<Waker>>,
    polling: AtomicBool,
    again: AtomicBool,
}

impl Wakes {
    pub(super) fn new() -> Self {
        let shared = Arc::<Shared>::default();
        Self {
            waker: Waker::from(shared.clone()),
            shared,
            outer: None,
        }
    }

    /// Takes wakes from here on for inner ones: the driver is polled next in any case, and must
    /// not be scheduled once more for the request that it is about to find.
    pub(super) fn begin(&self) {
        self.shared.polling.store(true, Ordering::Relaxed);
    }

    /// Polls until nothing is ready, going round again for every inner wake.
    #[inline]
    pub(super) fn run<T>(
        &mut self,
        cx: &mut Context<'_>,
        mut poll: impl FnMut(&mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        self.set_outer(cx.waker());
        let shared = &*self.shared;
        let mut inner = Context::from_waker(&self.waker);
        shared.polling.store(true, Ordering::Relaxed);
        let polled = loop {
            shared.again.store(false, Ordering::Relaxed);
            let polled = poll(&mut inner);
            if polled.is_ready() || !shared.again.load(Ordering::Relaxed) {
                break polled;
            }
        };
        shared.polling.store(false, Ordering::Relaxed);
        polled
    }

    #[inline]
    fn set_outer(&mut self, waker: &Waker) {
        if !self
            .outer
            .as_ref()
            .is_some_and(|known| known.will_wake(waker))
        {
            self.outer = Some(waker.clone());
            *self.shared.lock() = Some(waker.clone());
        }
    }
}

impl Shared {
    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Waker>> {
        self.outer.lock().expect("no holder of this lock panics")
    }
}

impl Wake for Shared {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // All wakes come from the connection's own thread, so the flags need no ordering.
        if self.polling.load(Ordering::Relaxed) {
            self.again.store(true, Ordering::Relaxed);
        } else if let Some(outer) = &*self.lock() {
            outer.wake_by_ref();
        }
    }
}
