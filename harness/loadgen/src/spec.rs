//! What a run is asked to do.
//!
//! The main type is [`LoadSpec`]; [`Hooks`] carries what the caller wants done along the way.
//! Command-line and matrix syntax are deliberately absent: callers resolve theirs to this.

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use crate::arrival::Arrival;
use crate::endpoint::{Endpoint, EngineChoice, Protocol};
use crate::errors::LoadError;
use crate::host::HostCounters;
use crate::outcome::Progress;
use crate::request::RequestMix;
use crate::spin::Spin;
use crate::validity::VerdictLimits;

/// CPU time that a request at a paced rate costs a thread with hyper, in seconds: the most that was
/// measured on a 2-core virtual machine, waking up for each request included (BENCHMARKS, engines).
const HYPER_SECONDS: f64 = 25e-6;

/// One run of load against one endpoint.
#[derive(Debug, Clone)]
pub struct LoadSpec {
    /// Where the requests go.
    pub endpoint: Endpoint,
    /// What is asked.
    pub requests: RequestMix,
    /// When it is asked.
    pub arrival: Arrival,
    /// Length of the run, from the start of the clock. Nothing is sent after it.
    pub duration: Duration,
    /// How long to wait after `duration` for answers still owed; zero counts them as in flight.
    pub drain: Duration,
    /// Ends the run once this many requests have been started and settled.
    pub max_requests: Option<u64>,
    /// Connections over all threads.
    pub connections: usize,
    /// Concurrent streams on each HTTP/2 connection; ignored by HTTP/1.
    pub streams: usize,
    /// Generator threads; each has its own runtime and its share of connections and schedule.
    pub threads: usize,
    /// A request that takes longer counts as timed out and costs its connection.
    pub timeout: Duration,
    /// Which engine speaks the protocol.
    pub engine: EngineChoice,
    /// Which protocol is spoken.
    pub protocol: Protocol,
    /// Whether connections are used again; off opens one for each request.
    pub keep_alive: bool,
    /// A connection is closed by us after this many requests.
    pub requests_per_connection: Option<u64>,
    /// The local TCP ports to connect from, first and last; only what lies within the system's
    /// own range counts (IP_LOCAL_PORT_RANGE in ip(7); Linux 6.3, older kernels refuse it).
    pub local_ports: Option<(u16, u16)>,
    /// Decides arrivals, mix and template values.
    pub seed: u64,
    /// Length of the intervals of the time series and of the `.hlog`.
    pub interval: Duration,
    /// Where to write the V2 interval log, if anywhere.
    pub hlog: Option<PathBuf>,
    /// How a generator thread passes the time before a request is due. Only the caller knows
    /// whether the thread's CPU is its own.
    pub spin: Spin,
    /// When a run is not VALID.
    pub limits: VerdictLimits,
}

impl LoadSpec {
    /// A closed loop of one connection for ten seconds; callers change what they need.
    pub fn new(endpoint: Endpoint, requests: RequestMix) -> Self {
        Self {
            endpoint,
            requests,
            arrival: Arrival::Closed,
            duration: Duration::from_secs(10),
            drain: Duration::ZERO,
            max_requests: None,
            connections: 1,
            streams: 1,
            threads: 1,
            timeout: Duration::from_secs(10),
            engine: EngineChoice::Auto,
            protocol: Protocol::Http1,
            keep_alive: true,
            requests_per_connection: None,
            local_ports: None,
            seed: 1,
            interval: Duration::from_secs(1),
            hlog: None,
            spin: Spin::default(),
            limits: VerdictLimits::default(),
        }
    }

    /// The engine that will be used, which `Auto` leaves open: hyper, the client that people know,
    /// where it has CPU to spare; else `h1-fast`, which costs the least per request. So a closed loop,
    /// which takes all that the generator has, is `h1-fast`'s.
    pub fn resolved_engine(&self) -> EngineChoice {
        match (self.engine, self.protocol) {
            (EngineChoice::Auto, Protocol::Http1) if self.leaves_cpu_to_spare() => {
                EngineChoice::Hyper
            }
            (EngineChoice::Auto, Protocol::Http1) => EngineChoice::H1Fast,
            (EngineChoice::Auto, Protocol::Http2) => EngineChoice::Hyper,
            (chosen, _) => chosen,
        }
    }

    /// The engine for rates up to what the server can do.
    pub(crate) fn saturating_engine(&self) -> EngineChoice {
        match (self.engine, self.protocol) {
            (EngineChoice::Auto, Protocol::Http1) => EngineChoice::H1Fast,
            _ => self.resolved_engine(),
        }
    }

    /// Whether the rate, at its highest, takes no more than half of the threads' CPU with hyper.
    fn leaves_cpu_to_spare(&self) -> bool {
        let rate_per_s = match &self.arrival {
            Arrival::Closed => return false,
            Arrival::Constant { rate_per_s } | Arrival::Poisson { rate_per_s } => *rate_per_s,
            Arrival::Stages { stages, .. } => stages
                .iter()
                .flat_map(|stage| [stage.from_per_s, stage.to_per_s])
                .fold(0.0, f64::max),
        };
        rate_per_s * HYPER_SECONDS <= 0.5 * self.threads as f64
    }

    /// Checks the specification as a whole.
    ///
    /// # Errors
    /// [`LoadError::InvalidSpec`], naming the first field that cannot be.
    pub fn validate(&self) -> Result<(), LoadError> {
        let refuse = |text: String| Err(LoadError::InvalidSpec(text));
        if self.duration.is_zero() {
            return refuse("duration must be above zero".into());
        }
        if self.duration > Duration::from_secs(30 * 24 * 3600) {
            return refuse("duration must be at most 30 days".into());
        }
        if self.drain > Duration::from_secs(24 * 3600) {
            return refuse("drain must be at most 1 day".into());
        }
        if self.timeout.is_zero() {
            return refuse("timeout must be above zero".into());
        }
        if self.interval < Duration::from_millis(10) {
            return refuse("interval must be at least 10ms".into());
        }
        if self.threads == 0 || self.connections == 0 || self.streams == 0 {
            return refuse("threads, connections and streams must be at least 1".into());
        }
        if self.connections < self.threads {
            return refuse(format!(
                "{} connections cannot be shared by {} threads; use at most as many threads as connections",
                self.connections, self.threads
            ));
        }
        if self.requests_per_connection == Some(0) || self.max_requests == Some(0) {
            return refuse("request limits must be at least 1".into());
        }
        if self
            .local_ports
            .is_some_and(|(first, last)| first == 0 || last < first)
        {
            return refuse("local ports must be a range above 0".into());
        }
        if self.protocol == Protocol::Http2 && self.engine == EngineChoice::H1Fast {
            return refuse("engine h1-fast speaks HTTP/1.1 only; use hyper for HTTP/2".into());
        }
        if self.protocol == Protocol::Http2
            && (!self.keep_alive || self.requests_per_connection.is_some())
        {
            return refuse(
                "keep-alive off and per-connection limits apply to HTTP/1.1 only; \
                 HTTP/2 slots share their connection"
                    .into(),
            );
        }
        self.validate_rates()
    }

    fn validate_rates(&self) -> Result<(), LoadError> {
        let usable = |rate: f64| rate.is_finite() && (0.0..=1e8).contains(&rate);
        match &self.arrival {
            Arrival::Closed => Ok(()),
            Arrival::Constant { rate_per_s } | Arrival::Poisson { rate_per_s } => {
                if usable(*rate_per_s) && *rate_per_s > 0.0 {
                    Ok(())
                } else {
                    Err(LoadError::InvalidSpec(format!(
                        "rate {rate_per_s}/s must be above 0 and at most 1e8"
                    )))
                }
            }
            Arrival::Stages { stages, .. } => {
                if stages.is_empty() {
                    return Err(LoadError::InvalidSpec("stages must not be empty".into()));
                }
                for (index, stage) in stages.iter().enumerate() {
                    if !usable(stage.from_per_s) || !usable(stage.to_per_s) {
                        return Err(LoadError::InvalidSpec(format!(
                            "stage {index}: rates must be between 0 and 1e8 per second"
                        )));
                    }
                    if stage.duration.is_zero() {
                        return Err(LoadError::InvalidSpec(format!(
                            "stage {index}: duration must be above zero"
                        )));
                    }
                }
                Ok(())
            }
        }
    }
}

/// Pins the calling generator thread; given the thread's index, starting at 0.
pub type PinHook<'a> = dyn Fn(usize) -> Result<(), String> + Sync + 'a;

/// What the caller wants done along the way. All are optional.
#[derive(Default, Clone, Copy)]
pub struct Hooks<'a> {
    /// Called on each generator thread, first thing.
    pub pin: Option<&'a PinHook<'a>>,
    /// Called once on the calling thread, after the connections are open and before the clock
    /// starts.
    pub before_clock: Option<&'a (dyn Fn() + Sync + 'a)>,
    /// Called on the calling thread after every interval.
    pub progress: Option<&'a dyn Fn(&Progress<'_>)>,
    /// Called on the calling thread when the clock starts and after every interval: a look at
    /// the host, for the verdict to tell its doing from the generator's. None where it cannot
    /// be had.
    pub host: Option<&'a dyn Fn() -> Option<HostCounters>>,
    /// Set it to stop early; what was measured is reported.
    pub cancel: Option<&'a AtomicBool>,
    /// Called on each generator thread about every 10 ms, between requests. It exists for tests
    /// that hold the generator up; what it costs is lag.
    pub heartbeat: Option<&'a (dyn Fn(usize) + Sync + 'a)>,
}

impl std::fmt::Debug for Hooks<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Hooks").finish_non_exhaustive()
    }
}

#[cfg(test)]
#[path = "spec_tests.rs"]
mod tests;
