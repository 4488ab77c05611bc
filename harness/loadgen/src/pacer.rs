//! Waits for the next thing that is due on one generator thread, to the microsecond.
//!
//! A timerfd behind the runtime's own epoll, with 1 ns of timer slack, and a short spin that
//! keeps serving the sockets. The runtime's timer wheel has a grain of 1 ms and is deliberately
//! absent from this path.

use std::future::poll_fn;
use std::io;
use std::num::NonZeroU64;
use std::os::fd::OwnedFd;
use std::task::Poll;

use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
    timerfd_settime,
};
use tokio::io::unix::AsyncFd;

use crate::clock::Clock;
use crate::lane::Lane;

/// Asks the kernel not to put this thread's timers together with others.
pub(crate) fn tighten_timer_slack() -> io::Result<()> {
    rustix::thread::set_current_timer_slack(NonZeroU64::new(1)).map_err(io::Error::from)
}

/// A one-shot absolute timer on the monotonic clock.
pub(crate) struct Timer {
    fd: AsyncFd<OwnedFd>,
    armed_ns: u64,
}

impl Timer {
    /// A timer on the current runtime.
    pub(crate) fn new() -> io::Result<Self> {
        let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
        let fd = timerfd_create(TimerfdClockId::Monotonic, flags)?;
        Ok(Self {
            fd: register(fd)?,
            armed_ns: 0,
        })
    }

    /// Sets the timer. Setting clears what has fired before, so the descriptor is never read.
    fn arm(&mut self, clock: Clock, at_ns: u64) -> io::Result<()> {
        let absolute_ns = clock.absolute_ns(at_ns);
        if absolute_ns == self.armed_ns {
            return Ok(());
        }
        let value = Itimerspec {
            it_interval: Timespec {
                tv_sec: 0,
                tv_nsec: 0,
            },
            it_value: Timespec {
                tv_sec: (absolute_ns / 1_000_000_000) as i64,
                tv_nsec: (absolute_ns % 1_000_000_000) as i64,
            },
        };
        timerfd_settime(self.fd.get_ref(), TimerfdTimerFlags::ABSTIME, &value)?;
        self.armed_ns = absolute_ns;
        Ok(())
    }
}

#[expect(
    unsafe_code,
    reason = "the runtime cannot know that the descriptor stays the same"
)]
fn register(fd: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    // SAFETY: the OwnedFd is moved into the AsyncFd, which gives out shared borrows only, so
    // the descriptor stays open and the same until the AsyncFd has deregistered it.
    unsafe { AsyncFd::register_with_interest(fd, tokio::io::Interest::READABLE) }
        .map_err(Into::into)
}

/// Waits until `target_ns` on the lane's clock, or until a slot of the lane asks for the pacer.
///
/// # Errors
/// When the timer cannot be set.
pub(crate) async fn wait(
    lane: &Lane,
    timer: &mut Timer,
    target_ns: u64,
    spin_ns: u64,
) -> io::Result<()> {
    let wake_ns = target_ns.saturating_sub(spin_ns);
    timer.arm(lane.clock(), wake_ns)?;
    lane.arm(target_ns);
    let mut waited = false;
    let fired = poll_fn(|cx| {
        lane.register_pacer(cx.waker());
        match timer.fd.poll_read_ready(cx) {
            Poll::Ready(Ok(mut guard)) => {
                guard.clear_ready();
                Poll::Ready(Ok(true))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            // Polled again without the timer: a slot asks.
            Poll::Pending if waited => Poll::Ready(Ok(false)),
            Poll::Pending => {
                waited = true;
                Poll::Pending
            }
        }
    })
    .await?;
    if fired {
        timer.armed_ns = 0;
        let woke_ns = lane.now_ns();
        lane.note_lateness(wake_ns, woke_ns);
        spin_until(lane, target_ns.min(woke_ns + spin_ns), woke_ns).await;
    }
    Ok(())
}

/// Passes the last microseconds awake; sockets are served between two looks at the clock.
async fn spin_until(lane: &Lane, target_ns: u64, woke_ns: u64) {
    let mut now = woke_ns;
    while now < target_ns {
        tokio::task::yield_now().await;
        now = lane.now_ns();
    }
    lane.spun(now - woke_ns);
}
