//! One generator thread's schedule, connections and books.
//!
//! The main type is [`Lane`]. It hands each due request to an idle slot (a connection, or an
//! HTTP/2 stream) and takes the outcomes. What is done by the clock, up to closing the books, is
//! in `books`; what a slot does with a request is in `slot`; waiting for time is in `pacer`.

mod books;

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use crate::arrival::{Due, Schedule};
use crate::backlog::BacklogWatch;
use crate::clock::Clock;
use crate::engine::Exchange;
use crate::errors::ErrorClass;
use crate::ledger::Ledger;
use crate::recorder::Recorder;
use crate::request::PreparedMix;
use crate::source::Source;

pub(crate) use books::LaneEnd;

/// What a lane is set up with.
pub(crate) struct LaneSetup {
    pub(crate) lane: u64,
    pub(crate) lanes: u64,
    pub(crate) slots: usize,
    /// None for the closed loop.
    pub(crate) schedule: Option<Schedule>,
    pub(crate) mix: Arc<PreparedMix>,
    pub(crate) timeout_ns: u64,
    pub(crate) max_requests: Option<u64>,
    pub(crate) requests_per_connection: u64,
    pub(crate) duration_ns: u64,
    pub(crate) drain_ns: u64,
    pub(crate) recorder: Recorder,
}

/// One generator thread's state, shared by its tasks.
pub(crate) struct Lane {
    clock: Cell<Clock>,
    timeout_ns: u64,
    requests_per_connection: u64,
    is_open_loop: bool,
    /// Set by the deadline sweep for the slot's task to see.
    expired: Box<[Cell<bool>]>,
    /// Times that a slot was polled for an exchange.
    polls: Cell<u64>,
    state: RefCell<State>,
}

struct State {
    source: Source,
    mix: Arc<PreparedMix>,
    slots: Vec<Slot>,
    idle: VecDeque<usize>,
    busy: u64,
    end_ns: u64,
    drain_ns: u64,
    is_closed: bool,
    ledger: Ledger,
    recorder: Recorder,
    backlog: BacklogWatch,
    pacer: Option<Waker>,
    /// What the pacer waits for; a slot that goes idle before an earlier due time wakes it.
    armed_ns: u64,
    /// The last stretch of time in which this thread did not run.
    stall: (u64, u64),
}

/// One slot: a connection, or an HTTP/2 stream.
struct Slot {
    waker: Option<Waker>,
    activity: Activity,
    idle_since_ns: u64,
}

#[derive(Debug, Clone, Copy)]
enum Activity {
    /// Between two requests.
    Idle,
    /// In the list of idle slots, once; it is the pacer's to give it work.
    Parked,
    /// A request was handed over and not yet begun.
    Assigned(Due),
    Busy(Job),
}

/// A request under way.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Job {
    pub(crate) class: usize,
    pub(crate) index: u64,
    intended_ns: u64,
    sent_ns: u64,
}

impl Lane {
    pub(crate) fn new(setup: LaneSetup) -> Self {
        let slot = || Slot {
            waker: None,
            activity: Activity::Idle,
            idle_since_ns: 0,
        };
        Self {
            clock: Cell::new(Clock::starting_at(0)),
            timeout_ns: setup.timeout_ns,
            requests_per_connection: setup.requests_per_connection,
            is_open_loop: setup.schedule.is_some(),
            expired: (0..setup.slots).map(|_| Cell::new(false)).collect(),
            polls: Cell::new(0),
            state: RefCell::new(State {
                source: Source::new(setup.schedule, setup.lane, setup.lanes, setup.max_requests),
                mix: setup.mix,
                slots: (0..setup.slots).map(|_| slot()).collect(),
                idle: VecDeque::with_capacity(setup.slots),
                busy: 0,
                end_ns: setup.duration_ns,
                drain_ns: setup.drain_ns,
                is_closed: false,
                ledger: Ledger::default(),
                recorder: setup.recorder,
                backlog: BacklogWatch::new(setup.duration_ns),
                pacer: None,
                armed_ns: 0,
                stall: (0, 0),
            }),
        }
    }

    /// Starts the clock.
    pub(crate) fn start(&self, clock: Clock) {
        self.clock.set(clock);
        self.state.borrow().recorder.start_counting();
    }

    /// Whether requests are due at times of their own.
    pub(crate) fn is_open_loop(&self) -> bool {
        self.is_open_loop
    }

    /// After how many requests a connection is given up.
    pub(crate) fn requests_per_connection(&self) -> u64 {
        self.requests_per_connection
    }

    /// What the deadline sweep sets for slot `slot` to see.
    pub(crate) fn expired(&self, slot: usize) -> &Cell<bool> {
        &self.expired[slot]
    }

    #[inline]
    pub(crate) fn now_ns(&self) -> u64 {
        self.clock.get().now_ns()
    }

    pub(crate) fn clock(&self) -> Clock {
        self.clock.get()
    }

    /// The next request for slot `slot`, when there is one; none when no more will come.
    #[inline]
    pub(crate) fn poll_take(&self, slot: usize, cx: &Context<'_>, now: u64) -> Poll<Option<Job>> {
        let state = &mut *self.state.borrow_mut();
        let waker = &mut state.slots[slot].waker;
        if !waker
            .as_ref()
            .is_some_and(|known| known.will_wake(cx.waker()))
        {
            *waker = Some(cx.waker().clone());
        }
        if state.is_closed || now >= state.end_ns {
            return Poll::Pending;
        }
        let due = match state.slots[slot].activity {
            Activity::Assigned(due) => Some(due),
            Activity::Idle => state.source.take_due(now, state.end_ns),
            // Woken by something else, such as its connection's end.
            Activity::Parked => return Poll::Pending,
            Activity::Busy(_) => unreachable!("a slot asks for work when it has none"),
        };
        match due {
            Some(due) => Poll::Ready(Some(state.begin(slot, due, now))),
            None if state.source.is_exhausted(state.end_ns) => {
                state.wake_pacer();
                Poll::Ready(None)
            }
            None => {
                state.park(slot);
                Poll::Pending
            }
        }
    }

    /// Takes the outcome of `job`. What comes after the books are to be closed is left as it
    /// is: in flight. Gives the time of the outcome.
    #[inline]
    pub(crate) fn settle(&self, slot: usize, job: Job, exchange: &Exchange) -> u64 {
        let now = self.now_ns();
        let state = &mut *self.state.borrow_mut();
        if state.is_closed || now >= state.end_ns.saturating_add(state.drain_ns) {
            return now;
        }
        let response_ns = now.saturating_sub(job.intended_ns);
        let service_ns = now.saturating_sub(job.sent_ns);
        state.recorder.status(exchange.status, exchange.body);
        let class = exchange.verdict.as_ref().err().map(|failure| failure.class);
        if class == Some(ErrorClass::Timeout) || service_ns >= self.timeout_ns {
            state.ledger.timed_out += 1;
            state.recorder.timed_out(job.class, response_ns, service_ns);
        } else if let Some(class) = class {
            state.ledger.failed += 1;
            state
                .recorder
                .failed(job.class, class, response_ns, service_ns);
            if exchange.status != 0 {
                state.recorder.totals.answers.note(now, service_ns);
            }
        } else {
            state.ledger.completed += 1;
            state.recorder.completed(job.class, response_ns, service_ns);
            state.recorder.totals.answers.note(now, service_ns);
        }
        state.busy -= 1;
        state.slots[slot].activity = Activity::Idle;
        state.slots[slot].idle_since_ns = now;
        now
    }

    /// Hands what is due to idle slots; gives when the next request is due, if a slot is free
    /// for it.
    pub(crate) fn dispatch_due(&self, now: u64) -> Option<u64> {
        let state = &mut *self.state.borrow_mut();
        while !state.idle.is_empty() {
            let Some(due) = state.source.take_due(now, state.end_ns) else {
                let end_ns = state.end_ns;
                return state.source.next_due_ns().filter(|due_ns| *due_ns < end_ns);
            };
            let slot = state.idle.pop_front().expect("checked not to be empty");
            state.slots[slot].activity = Activity::Assigned(due);
            if let Some(waker) = &state.slots[slot].waker {
                waker.wake_by_ref();
            }
        }
        None
    }

    pub(crate) fn arm(&self, armed_ns: u64) {
        self.state.borrow_mut().armed_ns = armed_ns;
    }

    pub(crate) fn register_pacer(&self, waker: &Waker) {
        let state = &mut *self.state.borrow_mut();
        if !state
            .pacer
            .as_ref()
            .is_some_and(|known| known.will_wake(waker))
        {
            state.pacer = Some(waker.clone());
        }
    }

    /// Notes that a slot was polled for an exchange.
    #[inline]
    pub(crate) fn polled(&self) {
        self.polls.set(self.polls.get().wrapping_add(1));
    }

    /// A number that changes whenever requests are worked at.
    pub(crate) fn activity(&self) -> u64 {
        let moved = self.state.borrow().recorder.bytes_moved();
        self.polls.get().wrapping_add(moved)
    }

    pub(crate) fn spun(&self, spun_ns: u64) {
        self.state.borrow_mut().recorder.totals.spin_ns += spun_ns;
    }

    /// Notes a connection that was opened, or could not be.
    pub(crate) fn connected(&self, latency_ns: u64, outcome: Result<(), ErrorClass>, again: bool) {
        let totals = &mut self.state.borrow_mut().recorder.totals;
        match outcome {
            Ok(()) => {
                totals.connects += 1;
                totals.reconnects += u64::from(again);
                totals.connect_latency.record(latency_ns);
            }
            Err(class) => totals.connect_failures[class as usize] += 1,
        }
    }
}

impl State {
    #[inline]
    fn begin(&mut self, slot: usize, due: Due, now: u64) -> Job {
        let class = self.mix.class_of(due.index);
        let job = Job {
            class,
            index: due.index,
            intended_ns: due.at_ns,
            sent_ns: now,
        };
        let send_lag_ns = now.saturating_sub(due.at_ns);
        // Late because no connection was free is the server's doing; late while this thread
        // did not run, or while a connection was free, is the generator's.
        let (stalled_from, stalled_to) = self.stall;
        let in_stall = (stalled_from..=stalled_to).contains(&due.at_ns) && stalled_to > 0;
        let blameless_until = if in_stall {
            0
        } else {
            self.slots[slot].idle_since_ns
        };
        let generator_lag_ns = now.saturating_sub(due.at_ns.max(blameless_until));
        self.recorder.sent(class, send_lag_ns, generator_lag_ns);
        self.slots[slot].activity = Activity::Busy(job);
        self.busy += 1;
        job
    }

    fn park(&mut self, slot: usize) {
        self.slots[slot].activity = Activity::Parked;
        self.idle.push_back(slot);
        if self
            .source
            .next_due_ns()
            .is_some_and(|due_ns| due_ns < self.armed_ns)
        {
            self.wake_pacer();
        }
    }

    fn wake_pacer(&self) {
        if let Some(pacer) = &self.pacer {
            pacer.wake_by_ref();
        }
    }
}
