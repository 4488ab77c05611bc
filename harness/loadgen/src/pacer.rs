//! Waits for the next thing that is due on one generator thread, to the microsecond.
//!
//! The main type is [`Pacer`]: a timerfd behind the runtime's own epoll, with 1 ns of timer
//! slack, and a stretch of spinning that keeps serving the sockets, as long as `spin` has it.
//! The runtime's timer wheel has a grain of 1 ms and is deliberately absent from this path.

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

use crate::accounts::ThreadAccounts;
use crate::clock::Clock;
use crate::lane::Lane;
use crate::spin::SpinLength;

/// A turn of the runtime without work takes one system call, a microsecond or two. What a turn
/// took beyond this was an interrupt's, another program's or another machine's time.
const LONGEST_IDLE_TURN_NS: u64 = 20_000;

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

    /// Sleeps until `wake_ns` on the lane's clock; gives whether it was the timer that woke us,
    /// and not a slot of the lane.
    async fn sleep_until(&mut self, lane: &Lane, wake_ns: u64) -> io::Result<bool> {
        self.arm(lane.clock(), wake_ns)?;
        let mut waited = false;
        let fired = poll_fn(|cx| {
            lane.register_pacer(cx.waker());
            match self.fd.poll_read_ready(cx) {
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
        .await;
        if matches!(fired, Ok(true)) {
            self.armed_ns = 0;
        }
        fired
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

/// What one generator thread waits with.
pub(crate) struct Pacer {
    timer: Timer,
    spin: SpinLength,
    accounts: ThreadAccounts,
}

impl Pacer {
    pub(crate) fn new(timer: Timer, spin: SpinLength) -> Self {
        let accounts = ThreadAccounts::open();
        Self {
            timer,
            spin,
            accounts,
        }
    }

    /// Waits until `target_ns` on the lane's clock, or until a slot of the lane asks for the
    /// pacer. The last stretch before `due_ns`, when the next request is due, is spent busy-waiting,
    /// whether something else is to be done before it or not.
    ///
    /// # Errors
    /// When the timer cannot be set.
    pub(crate) async fn wait(
        &mut self,
        lane: &Lane,
        target_ns: u64,
        due_ns: u64,
    ) -> io::Result<()> {
        let mut now = lane.now_ns();
        let busy_wait_from_ns = due_ns.saturating_sub(self.spin.length_ns(now));
        lane.arm(target_ns);
        let wake_ns = target_ns.min(busy_wait_from_ns);
        if now < wake_ns {
            if !self.timer.sleep_until(lane, wake_ns).await? {
                return Ok(());
            }
            now = lane.now_ns();
            lane.note_lag(wake_ns, now);
            self.spin.woke(now.saturating_sub(wake_ns));
        } else if now >= target_ns {
            // Due by now: whoever was given work must come to do it all the same.
            tokio::task::yield_now().await;
            return Ok(());
        }
        self.spin_until(lane, target_ns, now).await;
        Ok(())
    }

    /// Busy-waits through the last stretch; sockets are served between two looks at the clock.
    async fn spin_until(&mut self, lane: &Lane, target_ns: u64, from_ns: u64) {
        let mut now = from_ns;
        let mut spun_ns = 0;
        let mut seen = lane.activity();
        while now < target_ns {
            // Deferred by the runtime until it has looked at the sockets, with a timeout of zero.
            tokio::task::yield_now().await;
            let (before, activity) = (now, lane.activity());
            now = lane.now_ns();
            lane.note_lag(before, now);
            let accounts = &self.accounts;
            let waited = || accounts.read().run_delay_ns.unwrap_or(0);
            self.spin.turned(before, now, waited);
            // A turn that served a request was work; one that took long was not all ours.
            if activity == seen {
                spun_ns += (now - before).min(LONGEST_IDLE_TURN_NS);
            }
            seen = activity;
        }
        lane.spun(spun_ns);
    }
}
