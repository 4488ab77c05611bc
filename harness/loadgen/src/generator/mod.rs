//! One generator thread: its runtime, its connections, its clock, its end.

mod opening;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;

use tokio::runtime::{Builder, LocalOptions, LocalRuntime};

use crate::accounts::{Switches, ThreadAccounts};
use crate::arrival::Schedule;
use crate::clock::{Clock, thread_cpu_ns};
use crate::endpoint::Protocol;
use crate::engine::{Engine, EngineContext};
use crate::errors::LoadError;
use crate::gate::Gate;
use crate::lane::{Lane, LaneEnd, LaneSetup};
use crate::pacer::{self, Pacer, Timer};
use crate::recorder::{IntervalPart, Recorder};
use crate::request::PreparedMix;
use crate::slot;
use crate::spec::{Hooks, LoadSpec, PinHook};
use crate::spin::{Spin, SpinLength};
use crate::transport::{ByteCount, Connector};

pub(crate) use opening::Opened;
use opening::{Connections, open_all};

/// How often deadlines, intervals and cancellation are looked at.
const HEARTBEAT_NS: u64 = 10_000_000;
/// Tasks run between two looks at the sockets and the timer: low, for due times to be seen.
const EVENT_INTERVAL: u32 = 16;
/// The same in the closed loop, where nothing is due and every look costs a system call.
const CLOSED_EVENT_INTERVAL: u32 = 128;

/// What all generator threads of a run share.
pub(crate) struct Shared<'a> {
    pub(crate) spec: &'a LoadSpec,
    pub(crate) hooks: ThreadHooks<'a>,
    pub(crate) connector: Arc<Connector>,
    pub(crate) mix: Arc<PreparedMix>,
    /// Opens when every thread's connections are open, or the run is called off.
    pub(crate) gate: Gate,
}

/// The hooks that generator threads call; the others are for the caller's thread alone.
#[derive(Clone, Copy)]
pub(crate) struct ThreadHooks<'a> {
    pin: Option<&'a PinHook<'a>>,
    cancel: Option<&'a AtomicBool>,
    heartbeat: Option<&'a (dyn Fn(usize) + Sync + 'a)>,
}

impl<'a> From<&Hooks<'a>> for ThreadHooks<'a> {
    fn from(hooks: &Hooks<'a>) -> Self {
        Self {
            pin: hooks.pin,
            cancel: hooks.cancel,
            heartbeat: hooks.heartbeat,
        }
    }
}

impl ThreadHooks<'_> {
    fn is_cancelled(&self) -> bool {
        self.cancel
            .is_some_and(|cancel| cancel.load(Ordering::Relaxed))
    }
}

/// What a generator thread tells while it runs.
pub(crate) enum Message {
    Ready(Result<Opened, LoadError>),
    Interval(Box<IntervalPart>),
}

/// A generator thread's end of the two ways between it and the collector.
pub(crate) struct Mailbox {
    pub(crate) messages: mpsc::Sender<Message>,
    /// Parts that the collector has done with.
    pub(crate) spare: mpsc::Receiver<Box<IntervalPart>>,
}

/// What a generator thread leaves behind.
pub(crate) struct ThreadEnd {
    pub(crate) lane: LaneEnd,
    pub(crate) cpu_ns: u64,
    pub(crate) switches: Switches,
}

/// Runs generator thread `thread` from start to end; none when the run was called off.
pub(crate) fn run_thread<E: Engine>(
    shared: &Shared<'_>,
    thread: usize,
    mailbox: Mailbox,
) -> Result<Option<ThreadEnd>, LoadError> {
    let Mailbox { messages, spare } = mailbox;
    // A panic here (in a hook, say) must not leave the others waiting at the gate.
    let prepared = catch_unwind(AssertUnwindSafe(|| prepare::<E>(shared, thread, spare)))
        .unwrap_or(Err(LoadError::Panicked { thread }));
    let (prepared, word) = match prepared {
        Ok((prepared, opened)) => (Some(prepared), Ok(opened)),
        Err(error) => (None, Err(error)),
    };
    // The receiver outlives the threads; if it is gone the run is over anyway.
    let _ = messages.send(Message::Ready(word));
    let (Some(prepared), Some(clock)) = (prepared, shared.gate.wait()) else {
        return Ok(None);
    };
    prepared.run(shared, thread, clock, &messages).map(Some)
}

/// A thread that is ready for the clock.
struct Prepared<E: Engine> {
    runtime: LocalRuntime,
    engine: Rc<E>,
    lane: Rc<Lane>,
    connections: Connections<E>,
    pacer: Pacer,
    accounts: ThreadAccounts,
}

fn prepare<E: Engine>(
    shared: &Shared<'_>,
    thread: usize,
    spare: mpsc::Receiver<Box<IntervalPart>>,
) -> Result<(Prepared<E>, Opened), LoadError> {
    let failed = |what| {
        move |source| LoadError::Generator {
            thread,
            what,
            source,
        }
    };
    if let Some(pin) = shared.hooks.pin {
        pin(thread).map_err(|message| LoadError::Pin { thread, message })?;
    }
    pacer::tighten_timer_slack().map_err(failed("timer slack"))?;
    let event_interval = if shared.spec.arrival.is_open() {
        EVENT_INTERVAL
    } else {
        CLOSED_EVENT_INTERVAL
    };
    let runtime = Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .event_interval(event_interval)
        .build_local(LocalOptions::default())
        .map_err(failed("runtime"))?;
    // Before the connections, which may use up all descriptors.
    let timer = runtime
        .block_on(async { Timer::new() })
        .map_err(failed("timer"))?;
    let spin = match shared.spec.arrival.is_open() {
        true => SpinLength::measured(shared.spec.spin),
        // Nothing is ever due.
        false => SpinLength::measured(Spin::Off),
    };
    let pacer = Pacer::new(timer, spin);
    let accounts = ThreadAccounts::open();
    let bytes = Rc::new(ByteCount::default());
    let context = EngineContext {
        connector: shared.connector.clone(),
        mix: shared.mix.clone(),
        bytes: bytes.clone(),
        keep_alive: shared.spec.keep_alive,
        streams: shared.spec.streams,
    };
    let engine = Rc::new(E::new(context));
    let recorder = Recorder::new(thread, shared.mix.classes().len(), bytes, spare);
    let lane = Rc::new(Lane::new(setup(shared, thread, recorder)));
    let (connections, opened) = open_all(&runtime, shared, thread, &lane, &engine)?;
    Ok((
        Prepared {
            runtime,
            engine,
            lane,
            connections,
            pacer,
            accounts,
        },
        opened,
    ))
}

fn setup(shared: &Shared<'_>, thread: usize, recorder: Recorder) -> LaneSetup {
    let spec = shared.spec;
    let (lane, lanes) = (thread as u64, spec.threads as u64);
    LaneSetup {
        lane,
        lanes,
        slots: slots_of(spec, thread),
        schedule: Schedule::new(&spec.arrival, spec.seed, lane, lanes),
        mix: shared.mix.clone(),
        timeout_ns: nanoseconds(spec.timeout),
        max_requests: spec.max_requests,
        requests_per_connection: spec.requests_per_connection.unwrap_or(u64::MAX),
        duration_ns: nanoseconds(spec.duration),
        drain_ns: nanoseconds(spec.drain),
        recorder,
    }
}

/// The slots of thread `thread`: its share of the connections times the streams on each.
pub(crate) fn slots_of(spec: &LoadSpec, thread: usize) -> usize {
    let share =
        spec.connections / spec.threads + usize::from(thread < spec.connections % spec.threads);
    share
        * if spec.protocol == Protocol::Http2 {
            spec.streams
        } else {
            1
        }
}

pub(crate) fn nanoseconds(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

impl<E: Engine> Prepared<E> {
    fn run(
        self,
        shared: &Shared<'_>,
        thread: usize,
        clock: Clock,
        messages: &mpsc::Sender<Message>,
    ) -> Result<ThreadEnd, LoadError> {
        let Self {
            runtime,
            engine,
            lane,
            connections,
            mut pacer,
            accounts,
        } = self;
        clock.wait_for_zero();
        let before = accounts.read();
        let cpu_before_ns = thread_cpu_ns();
        lane.start(clock);
        let paced = runtime.block_on(async {
            for (slot, connection) in connections.into_iter().enumerate() {
                let (lane, engine) = (lane.clone(), engine.clone());
                tokio::task::spawn_local(slot::serve_slot(lane, engine, slot, connection));
            }
            pace(shared, thread, &lane, &mut pacer, messages).await
        });
        paced.map_err(|source| LoadError::Generator {
            thread,
            what: "timer",
            source,
        })?;
        let (end, last_part) = lane.close();
        // The receiver outlives the threads; if it is gone the run is over anyway.
        let _ = messages.send(Message::Interval(last_part));
        let cpu_ns = thread_cpu_ns() - cpu_before_ns;
        let switches = accounts.read().since(before);
        Ok(ThreadEnd {
            lane: end,
            cpu_ns,
            switches,
        })
    }
}

/// Paces one lane from the start of the clock to the closing of its books.
async fn pace(
    shared: &Shared<'_>,
    thread: usize,
    lane: &Lane,
    pacer: &mut Pacer,
    messages: &mpsc::Sender<Message>,
) -> std::io::Result<()> {
    let spec = shared.spec;
    let interval_ns = nanoseconds(spec.interval);
    let beat_ns = (nanoseconds(spec.timeout) / 4).clamp(1_000_000, HEARTBEAT_NS);
    let mut next_beat_ns = 0;
    loop {
        let mut now = lane.now_ns();
        if now >= next_beat_ns {
            if let Some(heartbeat) = shared.hooks.heartbeat {
                heartbeat(thread);
                let after = lane.now_ns();
                lane.note_lag(now, after);
                now = after;
            }
            next_beat_ns = now - now % beat_ns + beat_ns;
            if shared.hooks.is_cancelled() {
                lane.stop_at(now);
            }
            lane.sweep_deadlines(now);
            lane.look_at_backlog(now);
            cut_finished_interval(lane, now, interval_ns, nanoseconds(spec.duration), messages);
        }
        let closing_ns = lane.closing_ns(now);
        if now >= closing_ns {
            return Ok(());
        }
        let due_ns = lane.dispatch_due(now).unwrap_or(u64::MAX);
        let target_ns = due_ns.min(next_beat_ns).min(closing_ns);
        pacer.wait(lane, target_ns, due_ns).await?;
    }
}

/// Hands the current interval over once its time has passed. After a stall one longer interval
/// stands for all that were missed.
fn cut_finished_interval(
    lane: &Lane,
    now: u64,
    interval_ns: u64,
    duration_ns: u64,
    messages: &mpsc::Sender<Message>,
) {
    let boundary_ns = now - now % interval_ns;
    if boundary_ns > lane.interval_start_ns() && boundary_ns < duration_ns {
        let part = lane.cut_interval(boundary_ns, now);
        // The receiver outlives the threads; if it is gone the run is over anyway.
        let _ = messages.send(Message::Interval(part));
    }
}
