//! What can be asked of the tool, as typed values. How they are written on a command line is the program's business.

use std::path::PathBuf;
use std::time::Duration;

use loadgen::{EngineChoice, LatencyTarget, Spacing, Stage, StatusExpectation};
use topology::CpuSet;

use crate::threshold::FailIf;

/// A run against a URL. Options that were not given are `None`, empty or false.
#[derive(Debug, Clone)]
pub struct DriveOptions {
    /// `http://` or `https://` URL, or a whole curl command.
    pub url: String,
    /// Connections over all threads.
    pub connections: usize,
    /// Generator threads.
    pub threads: Option<usize>,
    /// Length of the run, or of each probe of a search.
    pub duration: Option<Duration>,
    /// Requests per second over all connections; without it and `stages` the loop is closed.
    pub rate_per_s: Option<f64>,
    /// A rate that changes.
    pub stages: Option<Stages>,
    /// How requests are spaced around the rate.
    pub spacing: Option<Spacing>,
    /// Find the highest rate that the server keeps up with.
    pub max: bool,
    /// Find the highest rate at which all of these hold.
    pub slo: Vec<LatencyTarget>,
    /// Probes of a search at most.
    pub probes: Option<usize>,
    /// End after this many requests.
    pub requests: Option<u64>,
    /// Decides arrivals, mix and template values.
    pub seed: u64,
    /// Which engine speaks HTTP.
    pub engine: EngineChoice,
    /// CPUs that the generator's threads are pinned to.
    pub cpus: Option<CpuSet>,
    /// How threads wait for due times.
    pub spin: SpinChoice,
    /// When a request is given up.
    pub timeout: Option<Duration>,
    /// How long to wait at the end for answers still owed.
    pub drain: Duration,
    /// The method.
    pub method: Option<String>,
    /// Headers: name and value.
    pub headers: Vec<(String, String)>,
    /// The body, which may hold placeholders.
    pub body: Option<String>,
    /// A file with the body, byte for byte.
    pub body_file: Option<PathBuf>,
    /// A file with rows for placeholders.
    pub csv: Option<PathBuf>,
    /// A YAML file with weighted requests.
    pub mix: Option<PathBuf>,
    /// A mix may name files outside its own folder.
    pub allow_outside: bool,
    /// An HTTP archive.
    pub har: Option<PathBuf>,
    /// Statuses that count as an answer.
    pub expect_status: Option<StatusExpectation>,
    /// Length in bytes that every decoded body must have.
    pub expect_length: Option<u64>,
    /// SHA-256 that every decoded body must have.
    pub expect_sha256: Option<Digest>,
    /// Speak HTTP/2.
    pub http2: bool,
    /// Concurrent streams on each HTTP/2 connection.
    pub streams: usize,
    /// A Unix socket to connect to.
    pub unix: Option<PathBuf>,
    /// Accept any certificate.
    pub insecure: bool,
    /// PEM files with the authorities to trust.
    pub cacert: Vec<PathBuf>,
    /// The name to ask for and check in TLS.
    pub sni: Option<String>,
    /// Open a connection for every request.
    pub no_keepalive: bool,
    /// Close a connection after this many requests.
    pub requests_per_connection: Option<u64>,
    /// What must not hold of the result.
    pub fail_if: Vec<FailIf>,
    /// Where the result goes as JSON; `-` is standard output.
    pub json: Option<PathBuf>,
    /// Where the interval log goes.
    pub hlog: Option<PathBuf>,
    /// Where the time series goes.
    pub csv_out: Option<PathBuf>,
    /// Where the totals go as Prometheus text.
    pub prometheus: Option<PathBuf>,
    /// Length of the intervals of time series, log and live view.
    pub interval: Duration,
    /// No live view and no warnings.
    pub quiet: bool,
}

/// The stages of a rate that changes.
#[derive(Debug, Clone, PartialEq)]
pub struct Stages(pub Vec<Stage>);

/// The headers of one option: one, or those of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Headers(pub Vec<(String, String)>);

/// A SHA-256.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Digest(pub [u8; 32]);

/// How threads are to wait for due times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpinChoice {
    /// Adaptive where every thread is pinned to a CPU that the server does not use, else short.
    Auto,
    /// Busy-wait for as long as the CPU's timer is usually late.
    Adaptive,
    /// Busy-wait for the last 20 us.
    Short,
    /// Asleep.
    Off,
}

/// What a self-test is to do.
#[derive(Debug, Clone, Copy)]
pub struct SelftestOptions {
    /// Shorter runs with coarser figures.
    pub quick: bool,
    /// Measure the other load generators on PATH too.
    pub rivals: bool,
    /// Print as JSON.
    pub json: bool,
}

/// What a reference server is to do.
#[derive(Debug, Clone, Default)]
pub struct ServerOptions {
    /// CPUs to be pinned to.
    pub cpus: Option<CpuSet>,
    /// Stop answering so long after the first request, for so long.
    pub stall: Option<(Duration, Duration)>,
    /// Requests per second that are answered.
    pub capacity_per_s: Option<f64>,
    /// Never sleep, so that arrivals are noted when they come.
    pub awake: bool,
}
