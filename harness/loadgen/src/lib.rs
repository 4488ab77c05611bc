//! The HTTP load driver: paced arrivals, three histograms, an exact ledger.
//!
//! Give [`run`] a [`LoadSpec`] and take a [`LoadOutcome`]. Each generator thread has its own
//! single-threaded runtime, its share of the connections and one schedule for all of them;
//! nothing is shared between threads on the send path. Requests are due at times of a closed
//! form, whatever the server does, and latency counts from those times. Every scheduled
//! request is accounted for, and a run says itself whether its figures can be taken for the
//! server's ([`LoadVerdict`]).
//!
//! ```
//! use std::time::Duration;
//!
//! use loadgen::reference::{Behaviour, ReferenceServer, Reply};
//! use loadgen::{Arrival, Endpoint, Hooks, LoadSpec, RequestMix};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let server = ReferenceServer::start(Behaviour::Answer(Reply::default()))?;
//!
//! let mut spec = LoadSpec::new(Endpoint::tcp(server.address()), RequestMix::get("/"));
//! spec.arrival = Arrival::Constant { rate_per_s: 200.0 };
//! spec.duration = Duration::from_millis(100);
//! spec.connections = 2;
//! let outcome = loadgen::run(&spec, &Hooks::default())?;
//!
//! // 200/s for 100 ms: every one of the 20 scheduled requests is accounted for.
//! let ledger = outcome.ledger;
//! let settled = ledger.completed + ledger.failed + ledger.timed_out;
//! assert_eq!(ledger.scheduled, 20);
//! assert_eq!(ledger.scheduled, settled + ledger.in_flight + ledger.never_sent);
//! # Ok(())
//! # }
//! ```
//!
//! Deliberately absent: Go, matrices, files other than those a specification names, CPU
//! topology (the caller pins through [`Hooks::pin`]), retries and redirects, and anything that
//! a person reads.

mod accounts;
mod arrival;
mod backlog;
mod clock;
mod collector;
mod endpoint;
mod engine;
mod errors;
mod gate;
mod generator;
mod histogram;
mod hlog;
mod host;
pub mod http1;
mod lane;
mod latency;
mod ledger;
mod objective;
mod outcome;
mod pacer;
mod random;
mod recorder;
pub mod reference;
mod request;
mod run;
mod search;
mod slot;
mod source;
mod spec;
mod spin;
mod tally;
mod tls;
mod transport;
mod unanswered;
mod validity;
mod verdict;

pub use arrival::{Arrival, Spacing, Stage};
pub use endpoint::{Address, Endpoint, EngineChoice, Protocol, TlsOptions};
pub use errors::{ErrorClass, LoadError};
pub use hdrhistogram::Histogram;
pub use histogram::{MAX_TRACKED_NS, SIGNIFICANT_DIGITS, new_histogram};
pub use host::{HostCounters, HostShare};
pub use latency::{LatencySet, Summary};
pub use ledger::Ledger;
pub use objective::LatencyTarget;
pub use outcome::{
    BacklogLook, ByteTotals, ClassOutcome, ConnectionCounts, ErrorCount, GeneratorCost, Interval,
    LittlesLaw, LoadOutcome, Progress, WrongAnswer,
};
pub use request::{
    Body, CsvRows, Expect, LARGEST_BODY_BYTES, RequestMix, RequestSpec, StatusExpectation, Template,
};
pub use run::run;
pub use search::{Probe, SearchOptions, SearchOutcome, find_highest_rate, find_knee};
pub use spec::{Hooks, LoadSpec, PinHook};
pub use spin::Spin;
pub use tally::Tally;
pub use validity::{LoadVerdict, Stretch, VerdictLimits};
