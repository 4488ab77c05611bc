//! From the command line to what is to be done.
//!
//! The main type is [`Job`]; [`Job::resolve`] checks what clap cannot, across options.

use std::path::{Path, PathBuf};
use std::time::Duration;

use loadgen::{
    Address, Arrival, Body, CsvRows, Endpoint, EngineChoice, Expect, LoadSpec, Objective, Protocol,
    RequestMix, RequestSpec, Spacing, StatusExpectation, TlsOptions,
};

use super::args::{ArrivalName, DriveArgs, EngineName, Stages};
use super::curl::{self, CurlBody, CurlCommand};
use super::threshold::Threshold;
use super::{failure, har, mix, spin};
use crate::exit::Failure;

const DEFAULT_DURATION: Duration = Duration::from_secs(10);
const DEFAULT_PROBE: Duration = Duration::from_secs(2);
const DEFAULT_PROBES: usize = 10;
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);

/// What is to be done.
#[derive(Debug)]
pub(super) struct Job {
    /// The URL as it was given, for reports.
    pub(super) url: String,
    /// The run, or the frame of a search's probes.
    pub(super) spec: LoadSpec,
    /// Which question is asked.
    pub(super) aim: Aim,
    /// What must not hold.
    pub(super) thresholds: Vec<Threshold>,
    /// CPUs for the generator's threads, in turn; none leaves them unpinned.
    pub(super) cpus: Vec<u32>,
    /// Why threads wait for due times in the way that they do.
    pub(super) spin_reason: &'static str,
    /// Where the result goes.
    pub(super) outputs: Outputs,
    /// Whether to keep live view and warnings to oneself.
    pub(super) quiet: bool,
    /// What the person should know before the run.
    pub(super) notes: Vec<String>,
}

/// Which question is asked of the service.
#[derive(Debug)]
pub(super) enum Aim {
    /// What it does under this load.
    Measure,
    /// The highest rate that it keeps up with.
    Knee {
        /// Runs at most.
        probes: usize,
    },
    /// The highest rate that meets all objectives.
    Objectives {
        /// What must hold.
        objectives: Vec<Objective>,
        /// Runs at most.
        probes: usize,
    },
}

/// Where the result goes besides the terminal.
#[derive(Debug, Clone, Default)]
pub(super) struct Outputs {
    pub(super) json: Option<PathBuf>,
    pub(super) csv: Option<PathBuf>,
    pub(super) prometheus: Option<PathBuf>,
}

impl Outputs {
    /// Whether standard output belongs to the JSON.
    pub(super) fn json_to_stdout(&self) -> bool {
        self.json
            .as_ref()
            .is_some_and(|path| path.as_os_str() == "-")
    }
}

impl Job {
    /// Checks and resolves the command line.
    ///
    /// # Errors
    /// A usage failure that names the option and the cure.
    pub(super) fn resolve(mut args: DriveArgs) -> Result<Self, Failure> {
        let mut notes = Vec::new();
        let given = args.url.take().unwrap_or_default();
        let url = if curl::is_curl(&given) {
            let command = curl::parse(&given).map_err(Failure::usage)?;
            take_curl(&mut args, command, &mut notes)
        } else {
            given
        };
        refuse_contradictions(&args)?;
        let (endpoint, target) = endpoint(&url, &args)?;
        let requests = requests(&args, target, &mut notes)?;
        let aim = aim(&args);
        let mut spec = LoadSpec::new(endpoint, requests);
        spec.arrival = arrival(&args);
        spec.duration = duration(&args, &aim);
        let cpus: Vec<u32> = args.cpus.iter().flat_map(topology::CpuSet::iter).collect();
        spec.threads = args.threads.unwrap_or(cpus.len().max(1));
        spec.connections = args.connections;
        spec.streams = args.streams;
        spec.drain = args.drain;
        spec.max_requests = args.requests;
        spec.timeout = args.timeout.unwrap_or(DEFAULT_TIMEOUT);
        spec.engine = engine(args.engine);
        spec.protocol = if args.http2 {
            Protocol::Http2
        } else {
            Protocol::Http1
        };
        spec.keep_alive = !args.no_keepalive;
        spec.requests_per_connection = args.requests_per_connection;
        spec.seed = args.seed;
        spec.interval = args.interval;
        spec.hlog = args.hlog;
        let (how, spin_reason) = spin::resolve(args.spin, &spec, &cpus);
        spec.spin = how;
        spec.validate().map_err(failure::from_load)?;
        Ok(Self {
            url,
            spec,
            aim,
            thresholds: args.fail_if,
            cpus,
            spin_reason,
            outputs: Outputs {
                json: args.json,
                csv: args.csv_out,
                prometheus: args.prometheus,
            },
            quiet: args.quiet,
            notes,
        })
    }
}

/// Puts a curl command under the options, which win over it; gives its URL.
fn take_curl(args: &mut DriveArgs, command: CurlCommand, notes: &mut Vec<String>) -> String {
    // Braces in a copied request are its own.
    let literal = |text: String| text.replace("{{", "{{open}}");
    args.method = args.method.take().or(command.method);
    let headers: Vec<_> = command
        .headers
        .into_iter()
        .filter(|(name, _)| {
            !args
                .header
                .iter()
                .any(|(own, _)| own.eq_ignore_ascii_case(name))
        })
        .map(|(name, value)| (name, literal(value)))
        .collect();
    args.header.splice(0..0, headers);
    args.insecure |= command.insecure;
    args.http2 |= command.http2;
    args.cacert.extend(command.cacert);
    args.unix = args.unix.take().or(command.unix);
    args.timeout = args.timeout.or(command.timeout);
    if args.body.is_none() && args.body_file.is_none() {
        match command.body {
            Some(CurlBody::Text(text)) => args.body = Some(literal(text)),
            Some(CurlBody::File(path)) => args.body_file = Some(path),
            None => {}
        }
    }
    notes.extend(
        command
            .ignored
            .iter()
            .map(|option| format!("curl's {option}: passed over")),
    );
    literal(command.url)
}

fn refuse_contradictions(args: &DriveArgs) -> Result<(), Failure> {
    let refuse = |text: &str| Err(Failure::usage(text));
    refuse_missing_cpus(args)?;
    let is_search = args.max || !args.slo.is_empty();
    let has_rate = args.rate.is_some() || args.stages.is_some();
    if args.max && !args.slo.is_empty() {
        return refuse("--max and --slo are two searches; take --slo, which implies keeping up");
    }
    if is_search && has_rate {
        return refuse(
            "a search finds the rate itself: leave out -r and --stages; to check one rate against \
             a limit use -r RATE --fail-if 'p99>5ms'",
        );
    }
    match args.probes {
        Some(_) if !is_search => {
            return refuse("--probes limits a search: add --max or --slo 'p99<5ms'");
        }
        Some(1) => {
            return refuse("--probes 1: the first probe only gives the scale; allow at least 2");
        }
        _ => {}
    }
    if is_search && args.requests.is_some() {
        return refuse(
            "-n ends a run after a number of requests, and a search needs whole probes: leave it out; -d sets their length",
        );
    }
    for (option, file) in [
        ("--csv-out", &args.csv_out),
        ("--prometheus", &args.prometheus),
    ] {
        if file.as_deref() == Some(Path::new("-")) {
            return Err(Failure::usage(format!(
                "{option} -: standard output is for the table or --json -; name a file"
            )));
        }
    }
    if args.rate.is_some() && args.stages.is_some() {
        return refuse("-r and --stages both give the rate; use one of them");
    }
    if args.arrival.is_some() && !has_rate {
        return refuse("--arrival spaces requests around a rate: add -r RATE or --stages LIST");
    }
    if is_search && args.hlog.is_some() {
        return refuse(
            "--hlog logs one run, and a search makes many; take the rate it finds and use -r",
        );
    }
    let shares_connections = args.no_keepalive || args.requests_per_connection.is_some();
    if args.http2 && args.engine == EngineName::H1Fast {
        return refuse("--engine h1-fast speaks HTTP/1.1 only; leave it out with --http2");
    }
    if args.http2 && shares_connections {
        return refuse(
            "--no-keepalive and --requests-per-connection are for HTTP/1.1: with --http2 requests \
             share their connection",
        );
    }
    if args
        .threads
        .is_some_and(|threads| threads > args.connections)
    {
        return refuse("-t is above -c, and every thread needs a connection; raise -c or lower -t");
    }
    if args.body.is_some() && args.body_file.is_some() {
        return refuse("--body and --body-file both give the body; use one of them");
    }
    if args.mix.is_some() || args.har.is_some() {
        let request_options = args.method.is_some()
            || !args.header.is_empty()
            || args.body.is_some()
            || args.body_file.is_some()
            || args.expect_status.is_some()
            || args.expect_length.is_some()
            || args.expect_sha256.is_some();
        if request_options {
            return refuse(
                "with --mix or --har the requests stand in the file: leave out -m, -H, -b, --body-file and --expect-*",
            );
        }
    }
    Ok(())
}

fn refuse_missing_cpus(args: &DriveArgs) -> Result<(), Failure> {
    let Some(wanted) = &args.cpus else {
        return Ok(());
    };
    let allowed = topology::current_affinity().map_err(Failure::internal)?;
    if wanted.is_subset(&allowed) {
        return Ok(());
    }
    Err(Failure::usage(format!(
        "--cpus {wanted}: this process may use CPUs {allowed} and no others"
    )))
}

fn endpoint(url: &str, args: &DriveArgs) -> Result<(Endpoint, String), Failure> {
    let (mut endpoint, target) = Endpoint::from_url(url).map_err(failure::from_load)?;
    let has_tls_options = args.insecure || !args.cacert.is_empty() || args.sni.is_some();
    if endpoint.tls.is_none() && has_tls_options {
        return Err(Failure::usage(format!(
            "--insecure, --cacert and --sni are for https:// URLs, and {url} is none"
        )));
    }
    if let Some(tls) = &mut endpoint.tls {
        *tls = TlsOptions {
            ca_files: args.cacert.clone(),
            insecure: args.insecure,
            server_name: args.sni.clone(),
        };
    }
    if let Some(path) = &args.unix {
        endpoint.address = Address::Unix(path.clone());
    }
    Ok((endpoint, target))
}

fn requests(
    args: &DriveArgs,
    target: String,
    notes: &mut Vec<String>,
) -> Result<RequestMix, Failure> {
    let rows = match &args.csv {
        Some(path) => {
            let rows = CsvRows::read(path);
            Some(rows.map_err(|error| Failure::usage(format!("--csv: {error}")))?)
        }
        None => None,
    };
    let requests = match (&args.mix, &args.har) {
        (Some(path), _) => mix::read(path)?,
        (None, Some(path)) => {
            let recorded = har::read(path)?;
            notes.extend(recorded.notes);
            recorded.requests
        }
        (None, None) => vec![single(args, target)],
    };
    Ok(RequestMix { requests, rows })
}

fn single(args: &DriveArgs, target: String) -> RequestSpec {
    let body = match (&args.body, &args.body_file) {
        (Some(text), _) => Body::Template(text.clone()),
        (None, Some(path)) => Body::File(path.clone()),
        (None, None) => Body::Empty,
    };
    let usual = if matches!(body, Body::Empty) {
        "GET"
    } else {
        "POST"
    };
    let method = args.method.clone().unwrap_or_else(|| usual.to_owned());
    RequestSpec {
        name: format!("{method} {target}"),
        weight: 1.0,
        method,
        target,
        headers: args.header.clone(),
        body,
        expect: Expect {
            status: args
                .expect_status
                .clone()
                .unwrap_or(StatusExpectation::Success),
            length: args.expect_length,
            sha256: args.expect_sha256.map(|digest| digest.0),
        },
    }
}

fn aim(args: &DriveArgs) -> Aim {
    let probes = args.probes.unwrap_or(DEFAULT_PROBES);
    match (args.max, args.slo.is_empty()) {
        (true, _) => Aim::Knee { probes },
        (false, false) => Aim::Objectives {
            objectives: args.slo.clone(),
            probes,
        },
        (false, true) => Aim::Measure,
    }
}

fn arrival(args: &DriveArgs) -> Arrival {
    let is_poisson = args.arrival == Some(ArrivalName::Poisson);
    match (args.rate, &args.stages) {
        (Some(rate_per_s), _) if is_poisson => Arrival::Poisson { rate_per_s },
        (Some(rate_per_s), _) => Arrival::Constant { rate_per_s },
        (None, Some(Stages(stages))) => Arrival::Stages {
            stages: stages.clone(),
            spacing: if is_poisson {
                Spacing::Poisson
            } else {
                Spacing::Even
            },
        },
        (None, None) => Arrival::Closed,
    }
}

fn duration(args: &DriveArgs, aim: &Aim) -> Duration {
    let of_stages = |Stages(stages): &Stages| stages.iter().map(|stage| stage.duration).sum();
    let usual = || match aim {
        Aim::Measure => args.stages.as_ref().map_or(DEFAULT_DURATION, of_stages),
        Aim::Knee { .. } | Aim::Objectives { .. } => DEFAULT_PROBE,
    };
    args.duration.unwrap_or_else(usual)
}

fn engine(name: EngineName) -> EngineChoice {
    match name {
        EngineName::Auto => EngineChoice::Auto,
        EngineName::Hyper => EngineChoice::Hyper,
        EngineName::H1Fast => EngineChoice::H1Fast,
    }
}
