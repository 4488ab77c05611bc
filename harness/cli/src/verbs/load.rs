//! `gosweep load`: drives a URL with load, or measures the driver itself.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args as ClapArgs, Subcommand, ValueEnum};
use loadgen::{EngineChoice, LatencyTarget, Spacing, StatusExpectation};
use loadtool::{
    Caller, Digest, DriveOptions, FailIf, Headers, SelftestOptions, ServerOptions, SpinChoice,
    Stages, values,
};
use topology::CpuSet;

use crate::exit::{Ending, Failure};
use crate::{output, signals};

const AFTER_HELP: &str = "\
Without -r the loop is closed: each connection sends its next request when the last one is
answered, which gives the highest throughput. With -r requests are due at fixed times whatever the
server does, and latency counts from those times (corrected for coordinated omission), which gives
the latency that users see at that rate.

  gosweep load http://127.0.0.1:8080/ -d 10s                      throughput
  gosweep load http://127.0.0.1:8080/ -r 5000 -d 30s              latency at 5000/s
  gosweep load http://127.0.0.1:8080/ -r 5000 --fail-if 'p99>5ms' --fail-if 'errors>0.1%'
  gosweep load http://127.0.0.1:8080/ --slo 'p99<5ms'             highest rate that meets it
  gosweep load 'curl -X POST http://127.0.0.1:8080/ -H \"a: b\" -d x=1' -r 100
  gosweep load selftest                                           how accurate it is on this machine

Target, headers (-H), and body (-b) may hold {{seq}}, {{random:1-100}}, {{hex:8}}, {{alnum:8}},
{{csv:COLUMN}} (of --csv FILE) and {{open}} for a literal {{.

Exit codes: 0 the run is VALID, or no threshold was asked for   1 a --fail-if holds, or no rate
meets --slo   2 usage, invalid input or no connection at the start   4 thresholds were asked for
and the verdict is not VALID, or this side ran out of file descriptors, ports or threads   5 interrupted (what was measured is printed)   70 internal error";

/// `gosweep load`.
#[derive(Debug, ClapArgs)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = AFTER_HELP
)]
pub(crate) struct LoadArgs {
    /// Something other than a run.
    #[command(subcommand)]
    pub(crate) action: Option<LoadAction>,
    /// The run.
    #[command(flatten)]
    pub(crate) drive: DriveArgs,
}

/// What the verb does besides driving a URL.
#[derive(Debug, Subcommand)]
pub(crate) enum LoadAction {
    /// Measure the driver itself on this machine: pacing, truth, cost, the trusted rate per core
    Selftest(SelftestArgs),
    /// Serve the reference server until standard input closes (what selftest measures against)
    #[command(hide = true)]
    ReferenceServer(ServerArgs),
}

/// A run against a URL.
#[derive(Debug, ClapArgs)]
pub(crate) struct DriveArgs {
    /// http:// or https:// URL, or a complete `curl …` command in quotes
    #[arg(value_name = "URL", required = true)]
    pub(crate) url: Option<String>,

    /// Connections over all threads
    #[arg(short, long, value_name = "N", default_value_t = 50, allow_negative_numbers = true,
        value_parser = values::count, help_heading = "Load")]
    pub(crate) connections: usize,
    /// Generator threads, each using up to one core [default: one per CPU of --cpus, else 1]
    #[arg(short, long, value_name = "N", allow_negative_numbers = true,
        value_parser = values::threads, help_heading = "Load")]
    pub(crate) threads: Option<usize>,
    /// Length of the run, such as 30s [default: 10s, or that of --stages]; of each probe in a search [default: 2s]
    #[arg(short, long, value_name = "D", allow_negative_numbers = true,
        value_parser = values::duration, help_heading = "Load")]
    pub(crate) duration: Option<Duration>,
    /// Requests per second over all connections; without it the loop is closed
    #[arg(short, long, value_name = "RATE", allow_negative_numbers = true,
        value_parser = values::rate, help_heading = "Load")]
    pub(crate) rate: Option<f64>,
    /// A rate that changes: RATE:D holds, FROM-TO:D ramps, e.g. 0-5000:30s,5000:1m
    #[arg(long, value_name = "LIST", value_parser = values::stages, help_heading = "Load")]
    pub(crate) stages: Option<Stages>,
    /// How requests are spaced around the rate [default: constant]
    #[arg(long, value_name = "HOW", value_enum, help_heading = "Load")]
    pub(crate) arrival: Option<ArrivalName>,
    /// Find the knee: the highest rate that the server keeps up with, at most 1 % of requests failing
    #[arg(long, help_heading = "Load")]
    pub(crate) max: bool,
    /// Find the highest rate that meets this, e.g. 'p99<5ms' (repeatable: all must hold)
    #[arg(long, value_name = "EXPR", value_parser = values::objective, help_heading = "Load")]
    pub(crate) slo: Vec<LatencyTarget>,
    /// Probes of a search at most [default: 10]
    #[arg(long, value_name = "N", allow_negative_numbers = true,
        value_parser = values::count, help_heading = "Load")]
    pub(crate) probes: Option<usize>,
    /// End after this many requests, if that is before the duration
    #[arg(short = 'n', long, value_name = "N", allow_negative_numbers = true,
        value_parser = values::count_u64, help_heading = "Load")]
    pub(crate) requests: Option<u64>,
    /// Decides arrivals, mix and template values: the same seed sends the same requests
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = values::seed, default_value_t = 1, help_heading = "Load")]
    pub(crate) seed: u64,
    /// Which engine speaks HTTP; auto takes hyper for a rate that leaves it CPU to spare, else the cheapest
    #[arg(
        long,
        value_name = "NAME",
        value_enum,
        default_value = "auto",
        help_heading = "Load"
    )]
    pub(crate) engine: EngineName,
    /// Pin the generator's threads to these CPUs, one each in turn, e.g. 2-3
    #[arg(long, value_name = "LIST", value_parser = values::cpus, help_heading = "Load")]
    pub(crate) cpus: Option<CpuSet>,
    /// How threads wait for due times: auto busy-waits only on CPUs that the server does not use
    #[arg(
        long,
        value_name = "HOW",
        value_enum,
        default_value = "auto",
        help_heading = "Load"
    )]
    pub(crate) spin: SpinName,
    /// Time after which a request counts as timed out [default: 10s]
    #[arg(long, value_name = "D", allow_negative_numbers = true,
        value_parser = values::duration, help_heading = "Load")]
    pub(crate) timeout: Option<Duration>,
    /// How long to wait at the end for outstanding answers; without it they count as in flight
    #[arg(long, value_name = "D", default_value = "0s", allow_negative_numbers = true,
        value_parser = record::quantity::parse_duration, help_heading = "Load")]
    pub(crate) drain: Duration,

    /// The method [default: GET, or POST with a body]
    #[arg(short, long, value_name = "METHOD", value_parser = values::method, help_heading = "Request")]
    pub(crate) method: Option<String>,
    /// A header (repeatable); @FILE reads them from a file, one a line, so that secrets stay off the command line
    #[arg(short = 'H', long, value_name = "NAME: VALUE", value_parser = values::headers, help_heading = "Request")]
    pub(crate) header: Vec<Headers>,
    /// The body; may hold placeholders
    #[arg(
        short,
        long,
        value_name = "BODY",
        allow_hyphen_values = true,
        help_heading = "Request"
    )]
    pub(crate) body: Option<String>,
    /// The body, byte for byte, from a file
    #[arg(long, value_name = "FILE", help_heading = "Request")]
    pub(crate) body_file: Option<PathBuf>,
    /// Rows for {{csv:COLUMN}}; the first line names the columns
    #[arg(long, value_name = "FILE", help_heading = "Request")]
    pub(crate) csv: Option<PathBuf>,
    /// Weighted requests from a YAML file: `requests:` as in a target.yaml
    #[arg(long, value_name = "FILE", help_heading = "Request")]
    pub(crate) mix: Option<PathBuf>,
    /// Let a mix send files that are not in its own folder
    #[arg(long, requires = "mix", help_heading = "Request")]
    pub(crate) allow_outside: bool,
    /// Weighted requests from a HAR file, as browsers record it; the URL says where they go now
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with = "mix",
        help_heading = "Request"
    )]
    pub(crate) har: Option<PathBuf>,
    /// Statuses that count as an answer: 200,404 or 2xx or any [default: 200 to 399]
    #[arg(long, value_name = "LIST", value_parser = values::statuses, help_heading = "Request")]
    pub(crate) expect_status: Option<StatusExpectation>,
    /// Length in bytes that every decoded body must have
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = values::length, help_heading = "Request")]
    pub(crate) expect_length: Option<u64>,
    /// SHA-256 that every decoded body must have
    #[arg(long, value_name = "HEX", value_parser = values::sha256, help_heading = "Request")]
    pub(crate) expect_sha256: Option<Digest>,

    /// Speak HTTP/2: by ALPN over TLS, with prior knowledge without
    #[arg(long, help_heading = "Connection")]
    pub(crate) http2: bool,
    /// Concurrent streams on each HTTP/2 connection
    #[arg(long, value_name = "N", default_value_t = 1, allow_negative_numbers = true,
        value_parser = values::count, requires = "http2", help_heading = "Connection")]
    pub(crate) streams: usize,
    /// Connect to this Unix socket; the URL still gives host and path
    #[arg(long, value_name = "PATH", help_heading = "Connection")]
    pub(crate) unix: Option<PathBuf>,
    /// Accept any certificate
    #[arg(long, help_heading = "Connection")]
    pub(crate) insecure: bool,
    /// Trust the authorities of this PEM file instead of the system's (repeatable)
    #[arg(long, value_name = "FILE", help_heading = "Connection")]
    pub(crate) cacert: Vec<PathBuf>,
    /// The name to ask for and check in TLS, instead of the URL's host
    #[arg(long, value_name = "NAME", help_heading = "Connection")]
    pub(crate) sni: Option<String>,
    /// Open a connection for every request
    #[arg(long, help_heading = "Connection")]
    pub(crate) no_keepalive: bool,
    /// Close a connection after this many requests
    #[arg(long, value_name = "N", allow_negative_numbers = true,
        value_parser = values::count_u64, help_heading = "Connection")]
    pub(crate) requests_per_connection: Option<u64>,

    /// Fail (exit 1) if this holds, e.g. 'p99>5ms', 'errors>0.1%', 'rate<5000' (repeatable)
    #[arg(long, value_name = "EXPR", value_parser = values::threshold, help_heading = "Result")]
    pub(crate) fail_if: Vec<FailIf>,
    /// Write the result as JSON; `-` prints it instead of the table
    #[arg(long, value_name = "FILE", help_heading = "Result")]
    pub(crate) json: Option<PathBuf>,
    /// Write an HdrHistogram V2 interval log
    #[arg(long, value_name = "FILE", help_heading = "Result")]
    pub(crate) hlog: Option<PathBuf>,
    /// Write the time series as CSV
    #[arg(long, value_name = "FILE", help_heading = "Result")]
    pub(crate) csv_out: Option<PathBuf>,
    /// Write the totals as Prometheus text, for the node exporter's textfile collector
    #[arg(long, value_name = "FILE", help_heading = "Result")]
    pub(crate) prometheus: Option<PathBuf>,
    /// Length of the intervals of time series, interval log and live view
    #[arg(long, value_name = "D", default_value = "1s", allow_negative_numbers = true,
        value_parser = values::interval, help_heading = "Result")]
    pub(crate) interval: Duration,
    /// No live view and no warnings on standard error
    #[arg(short, long, help_heading = "Result")]
    pub(crate) quiet: bool,
}

/// The words of `--arrival`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ArrivalName {
    /// Evenly
    Constant,
    /// As a Poisson process, the same for the same seed
    Poisson,
}

/// The words of `--engine`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum EngineName {
    /// hyper for a rate that leaves it CPU to spare, else the cheapest that speaks the protocol
    Auto,
    /// hyper: HTTP/1.1 and HTTP/2
    Hyper,
    /// Pre-serialised requests: HTTP/1.1
    H1Fast,
}

/// The words of `--spin`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SpinName {
    /// Adaptive where every thread is pinned to a CPU that the server does not use, else short
    Auto,
    /// Busy-wait for as long as the CPU's timer is usually late, 20 us to 1 ms
    Adaptive,
    /// Busy-wait for the last 20 us
    Short,
    /// Sleep, without busy-waiting
    Off,
}

/// `gosweep load selftest`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Server and rivals run as separate processes, the server on one CPU and the clients on another.
Rivals are measured if they are on PATH: wrk, oha, hey. Exit codes: 0 every target is met, 1 one is
not, 5 interrupted.")]
pub(crate) struct SelftestArgs {
    /// Shorter runs: about half a minute, with coarser figures
    #[arg(long)]
    pub(crate) quick: bool,
    /// Skip the rivals
    #[arg(long)]
    pub(crate) no_rivals: bool,
    /// Print as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// `gosweep load reference-server`.
#[derive(Debug, ClapArgs)]
pub(crate) struct ServerArgs {
    /// Pin the server to these CPUs
    #[arg(long, value_name = "LIST", value_parser = values::cpus)]
    pub(crate) cpus: Option<CpuSet>,
    /// Stop answering this long after the first request
    #[arg(long, value_name = "D", value_parser = values::duration, requires = "stall_length")]
    pub(crate) stall_after: Option<Duration>,
    /// Answer again after this time
    #[arg(long, value_name = "D", value_parser = values::duration, requires = "stall_after")]
    pub(crate) stall_length: Option<Duration>,
    /// Answer this many requests per second and no more
    #[arg(long, value_name = "RATE", value_parser = values::rate)]
    pub(crate) capacity: Option<f64>,
    /// Busy-wait instead of sleeping: requests are noted when they arrive, at the cost of one CPU
    #[arg(long)]
    pub(crate) awake: bool,
}

/// Drives a URL, or does one of the verb's other things.
pub(crate) fn load(args: LoadArgs) -> Result<Ending, Failure> {
    Ok(match args.action {
        Some(LoadAction::Selftest(args)) => loadtool::selftest(&args.into(), &caller())?.into(),
        Some(LoadAction::ReferenceServer(args)) => {
            loadtool::serve(&args.into())?;
            Ending::Pass
        }
        None => loadtool::drive(args.drive.into(), &caller())?.into(),
    })
}

/// What the load tool needs of this program.
fn caller() -> Caller {
    Caller {
        tool: output::TOOL,
        cancel: signals::cancel_flag(),
        print: output::write_stdout,
        print_json: output::write_json,
        tell: |line| output::tell!("{line}"),
        tell_over: output::tell_over,
        requests_of: orchestrator::trial::request_specs,
    }
}

impl From<DriveArgs> for DriveOptions {
    fn from(args: DriveArgs) -> Self {
        Self {
            url: args.url.unwrap_or_default(),
            connections: args.connections,
            threads: args.threads,
            duration: args.duration,
            rate_per_s: args.rate,
            stages: args.stages,
            spacing: args.arrival.map(Spacing::from),
            max: args.max,
            slo: args.slo,
            probes: args.probes,
            requests: args.requests,
            seed: args.seed,
            engine: args.engine.into(),
            cpus: args.cpus,
            spin: args.spin.into(),
            timeout: args.timeout,
            drain: args.drain,
            method: args.method,
            headers: args
                .header
                .into_iter()
                .flat_map(|Headers(headers)| headers)
                .collect(),
            body: args.body,
            body_file: args.body_file,
            csv: args.csv,
            mix: args.mix,
            allow_outside: args.allow_outside,
            har: args.har,
            expect_status: args.expect_status,
            expect_length: args.expect_length,
            expect_sha256: args.expect_sha256,
            http2: args.http2,
            streams: args.streams,
            unix: args.unix,
            insecure: args.insecure,
            cacert: args.cacert,
            sni: args.sni,
            no_keepalive: args.no_keepalive,
            requests_per_connection: args.requests_per_connection,
            fail_if: args.fail_if,
            json: args.json,
            hlog: args.hlog,
            csv_out: args.csv_out,
            prometheus: args.prometheus,
            interval: args.interval,
            quiet: args.quiet,
        }
    }
}

impl From<ArrivalName> for Spacing {
    fn from(name: ArrivalName) -> Self {
        match name {
            ArrivalName::Constant => Spacing::Even,
            ArrivalName::Poisson => Spacing::Poisson,
        }
    }
}

impl From<EngineName> for EngineChoice {
    fn from(name: EngineName) -> Self {
        match name {
            EngineName::Auto => EngineChoice::Auto,
            EngineName::Hyper => EngineChoice::Hyper,
            EngineName::H1Fast => EngineChoice::H1Fast,
        }
    }
}

impl From<SpinName> for SpinChoice {
    fn from(name: SpinName) -> Self {
        match name {
            SpinName::Auto => SpinChoice::Auto,
            SpinName::Adaptive => SpinChoice::Adaptive,
            SpinName::Short => SpinChoice::Short,
            SpinName::Off => SpinChoice::Off,
        }
    }
}

impl From<SelftestArgs> for SelftestOptions {
    fn from(args: SelftestArgs) -> Self {
        Self {
            quick: args.quick,
            rivals: !args.no_rivals,
            json: args.json,
        }
    }
}

impl From<ServerArgs> for ServerOptions {
    fn from(args: ServerArgs) -> Self {
        Self {
            cpus: args.cpus,
            stall: args.stall_after.zip(args.stall_length),
            capacity_per_s: args.capacity,
            awake: args.awake,
        }
    }
}
