//! From options to what is to be done.
//!
//! The main type is [`Job`]; [`Job::resolve`] checks across options.

use std::path::{Path, PathBuf};
use std::time::Duration;

use loadgen::{
    Address, Arrival, Body, CsvRows, Endpoint, EngineChoice, Expect, LatencyTarget, LoadSpec,
    Protocol, RequestMix, RequestSpec, Spacing, StatusExpectation, TlsOptions,
};
use record::secret;
use record::target_file::Target;

use crate::curl::{self, CurlCommand};
use crate::failure::{self, Failure};
use crate::options::{DriveOptions, Stages};
use crate::threshold::FailIf;
use crate::{har, mix, spin};

const DEFAULT_DURATION: Duration = Duration::from_secs(10);
const DEFAULT_PROBE: Duration = Duration::from_secs(2);
const DEFAULT_PROBES: usize = 10;
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);

/// What is to be done.
#[derive(Debug)]
pub(crate) struct Job {
    /// The URL as it was given, for reports: without its secrets.
    pub(crate) url: String,
    /// The run, or the frame of a search's probes.
    pub(crate) spec: LoadSpec,
    /// Which question is asked.
    pub(crate) aim: Aim,
    /// What must not hold.
    pub(crate) thresholds: Vec<FailIf>,
    /// CPUs for the generator's threads, in turn; none leaves them unpinned.
    pub(crate) cpus: Vec<u32>,
    /// Why threads wait for due times in the way that they do.
    pub(crate) spin_reason: &'static str,
    /// Where the result goes.
    pub(crate) outputs: Outputs,
    /// Whether to keep live view and warnings to oneself.
    pub(crate) quiet: bool,
    /// What the person should know before the run.
    pub(crate) notes: Vec<String>,
}

/// Which question is asked of the service.
#[derive(Debug)]
pub(crate) enum Aim {
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
        objectives: Vec<LatencyTarget>,
        /// Runs at most.
        probes: usize,
    },
}

/// Where the result goes besides the terminal.
#[derive(Debug, Clone, Default)]
pub(crate) struct Outputs {
    pub(crate) json: Option<PathBuf>,
    pub(crate) csv: Option<PathBuf>,
    pub(crate) prometheus: Option<PathBuf>,
}

impl Outputs {
    /// Whether standard output belongs to the JSON.
    pub(crate) fn json_to_stdout(&self) -> bool {
        self.json
            .as_ref()
            .is_some_and(|path| path.as_os_str() == "-")
    }
}

impl Job {
    /// Checks and resolves the options.
    ///
    /// # Errors
    /// A usage failure that names the option and the fix.
    pub(crate) fn resolve(
        mut options: DriveOptions,
        requests_of: fn(&Target) -> Vec<RequestSpec>,
    ) -> Result<Self, Failure> {
        let mut notes = Vec::new();
        let given = std::mem::take(&mut options.url);
        let mut curl_body = None;
        let url = if curl::is_curl(&given) {
            let command = curl::parse(&given).map_err(Failure::usage)?;
            curl_body = command.body.clone();
            take_curl(&mut options, command, &mut notes)
        } else {
            given
        };
        refuse_contradictions(&options)?;
        let (endpoint, target) = endpoint(&url, &options)?;
        let requests = requests(&options, target, curl_body, requests_of, &mut notes)?;
        let aim = aim(&options);
        let mut spec = LoadSpec::new(endpoint, requests);
        spec.arrival = arrival(&options);
        spec.duration = duration(&options, &aim);
        let cpus: Vec<u32> = options
            .cpus
            .iter()
            .flat_map(topology::CpuSet::iter)
            .collect();
        spec.threads = options.threads.unwrap_or(cpus.len().max(1));
        spec.connections = options.connections;
        spec.streams = options.streams;
        spec.drain = options.drain;
        spec.max_requests = options.requests;
        spec.timeout = options.timeout.unwrap_or(DEFAULT_TIMEOUT);
        spec.engine = options.engine;
        spec.protocol = if options.http2 {
            Protocol::Http2
        } else {
            Protocol::Http1
        };
        spec.keep_alive = !options.no_keepalive;
        spec.requests_per_connection = options.requests_per_connection;
        spec.seed = options.seed;
        spec.interval = options.interval;
        spec.hlog = options.hlog;
        let (how, spin_reason) = spin::resolve(options.spin, &spec, &cpus);
        spec.spin = how;
        spec.validate().map_err(failure::from_load)?;
        Ok(Self {
            url: secret::url(&url).into_owned(),
            spec,
            aim,
            thresholds: options.fail_if,
            cpus,
            spin_reason,
            outputs: Outputs {
                json: options.json,
                csv: options.csv_out,
                prometheus: options.prometheus,
            },
            quiet: options.quiet,
            notes,
        })
    }
}

/// Puts a curl command under the options, which win over it; gives its URL.
fn take_curl(options: &mut DriveOptions, command: CurlCommand, notes: &mut Vec<String>) -> String {
    // Braces in a copied request are its own.
    let literal = |text: String| text.replace("{{", "{{open}}");
    options.method = options.method.take().or(Some(command.method));
    let headers: Vec<_> = command
        .headers
        .into_iter()
        .filter(|(name, _)| {
            !options
                .headers
                .iter()
                .any(|(own, _)| own.eq_ignore_ascii_case(name))
        })
        .map(|(name, value)| (name, literal(value)))
        .collect();
    options.headers.splice(0..0, headers);
    options.insecure |= command.insecure;
    options.http2 |= command.http2;
    options.cacert.extend(command.cacert);
    options.unix = options.unix.take().or(command.unix);
    options.timeout = options.timeout.or(command.timeout);
    notes.extend(command.notes);
    literal(command.url)
}

fn refuse_contradictions(options: &DriveOptions) -> Result<(), Failure> {
    let refuse = |text: &str| Err(Failure::usage(text));
    refuse_missing_cpus(options)?;
    let is_search = options.max || !options.slo.is_empty();
    let has_rate = options.rate_per_s.is_some() || options.stages.is_some();
    if options.max && !options.slo.is_empty() {
        return refuse("--max and --slo are two searches; take --slo, which implies keeping up");
    }
    if is_search && has_rate {
        return refuse(
            "a search finds the rate itself: leave out -r and --stages; to check one rate against \
             a limit use -r RATE --fail-if 'p99>5ms'",
        );
    }
    match options.probes {
        Some(_) if !is_search => {
            return refuse("--probes limits a search: add --max or --slo 'p99<5ms'");
        }
        Some(1) => {
            return refuse("--probes 1: the first probe only gives the scale; allow at least 2");
        }
        _ => {}
    }
    if is_search && options.requests.is_some() {
        return refuse(
            "-n ends a run after a number of requests, and a search needs whole probes: leave it out; -d sets their length",
        );
    }
    for (option, file) in [
        ("--csv-out", &options.csv_out),
        ("--prometheus", &options.prometheus),
    ] {
        if file.as_deref() == Some(Path::new("-")) {
            return Err(Failure::usage(format!(
                "{option} -: standard output is for the table or --json -; name a file"
            )));
        }
    }
    if options.rate_per_s.is_some() && options.stages.is_some() {
        return refuse("-r and --stages both give the rate; use one of them");
    }
    if options.spacing.is_some() && !has_rate {
        return refuse("--arrival spaces requests around a rate: add -r RATE or --stages LIST");
    }
    if is_search && options.hlog.is_some() {
        return refuse(
            "--hlog logs one run, and a search makes many; take the rate it finds and use -r",
        );
    }
    let shares_connections = options.no_keepalive || options.requests_per_connection.is_some();
    if options.http2 && options.engine == EngineChoice::H1Fast {
        return refuse("--engine h1-fast speaks HTTP/1.1 only; leave it out with --http2");
    }
    if options.http2 && shares_connections {
        return refuse(
            "--no-keepalive and --requests-per-connection are for HTTP/1.1: with --http2 requests \
             share their connection",
        );
    }
    if options
        .threads
        .is_some_and(|threads| threads > options.connections)
    {
        return refuse("-t is above -c, and every thread needs a connection; raise -c or lower -t");
    }
    if options.body.is_some() && options.body_file.is_some() {
        return refuse("--body and --body-file both give the body; use one of them");
    }
    if options.mix.is_some() || options.har.is_some() {
        let request_options = options.method.is_some()
            || !options.headers.is_empty()
            || options.body.is_some()
            || options.body_file.is_some()
            || options.expect_status.is_some()
            || options.expect_length.is_some()
            || options.expect_sha256.is_some();
        if request_options {
            return refuse(
                "with --mix or --har the requests stand in the file: leave out -m, -H, -b, --body-file and --expect-*",
            );
        }
    }
    Ok(())
}

fn refuse_missing_cpus(options: &DriveOptions) -> Result<(), Failure> {
    let Some(wanted) = &options.cpus else {
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

fn endpoint(url: &str, options: &DriveOptions) -> Result<(Endpoint, String), Failure> {
    let (mut endpoint, target) = Endpoint::from_url(url).map_err(failure::from_load)?;
    let has_tls_options = options.insecure || !options.cacert.is_empty() || options.sni.is_some();
    if endpoint.tls.is_none() && has_tls_options {
        return Err(Failure::usage(format!(
            "--insecure, --cacert and --sni are for https:// URLs, and {} is none",
            secret::url(url)
        )));
    }
    if let Some(tls) = &mut endpoint.tls {
        *tls = TlsOptions {
            ca_files: options.cacert.clone(),
            insecure: options.insecure,
            server_name: options.sni.clone(),
        };
    }
    if let Some(path) = &options.unix {
        endpoint.address = Address::Unix(path.clone());
    }
    Ok((endpoint, target))
}

fn requests(
    options: &DriveOptions,
    target: String,
    curl_body: Option<Vec<u8>>,
    requests_of: fn(&Target) -> Vec<RequestSpec>,
    notes: &mut Vec<String>,
) -> Result<RequestMix, Failure> {
    let rows = match &options.csv {
        Some(path) => {
            let rows = CsvRows::read(path);
            Some(rows.map_err(|error| Failure::usage(format!("--csv: {error}")))?)
        }
        None => None,
    };
    let requests = match (&options.mix, &options.har) {
        (Some(path), _) => mix::read(path, options.allow_outside, requests_of)?,
        (None, Some(path)) => {
            let recorded = har::read(path)?;
            notes.extend(recorded.notes);
            recorded.requests
        }
        (None, None) => vec![single(options, target, curl_body)],
    };
    Ok(RequestMix { requests, rows })
}

fn single(options: &DriveOptions, target: String, curl_body: Option<Vec<u8>>) -> RequestSpec {
    let body = match (&options.body, &options.body_file) {
        (Some(text), _) => Body::Template(text.clone()),
        (None, Some(path)) => Body::File(path.clone()),
        (None, None) => curl_body.map_or(Body::Empty, Body::Bytes),
    };
    let usual = if matches!(body, Body::Empty) {
        "GET"
    } else {
        "POST"
    };
    let method = options.method.clone().unwrap_or_else(|| usual.to_owned());
    RequestSpec {
        name: format!("{method} {}", secret::url(&target)),
        weight: 1.0,
        method,
        target,
        headers: options.headers.clone(),
        body,
        expect: Expect {
            status: options
                .expect_status
                .clone()
                .unwrap_or(StatusExpectation::Success),
            length: options.expect_length,
            sha256: options.expect_sha256.map(|digest| digest.0),
        },
    }
}

fn aim(options: &DriveOptions) -> Aim {
    let probes = options.probes.unwrap_or(DEFAULT_PROBES);
    match (options.max, options.slo.is_empty()) {
        (true, _) => Aim::Knee { probes },
        (false, false) => Aim::Objectives {
            objectives: options.slo.clone(),
            probes,
        },
        (false, true) => Aim::Measure,
    }
}

fn arrival(options: &DriveOptions) -> Arrival {
    let is_poisson = options.spacing == Some(Spacing::Poisson);
    match (options.rate_per_s, &options.stages) {
        (Some(rate_per_s), _) if is_poisson => Arrival::Poisson { rate_per_s },
        (Some(rate_per_s), _) => Arrival::Constant { rate_per_s },
        (None, Some(Stages(stages))) => Arrival::Stages {
            stages: stages.clone(),
            spacing: options.spacing.unwrap_or(Spacing::Even),
        },
        (None, None) => Arrival::Closed,
    }
}

fn duration(options: &DriveOptions, aim: &Aim) -> Duration {
    let of_stages = |Stages(stages): &Stages| stages.iter().map(|stage| stage.duration).sum();
    let usual = || match aim {
        Aim::Measure => options.stages.as_ref().map_or(DEFAULT_DURATION, of_stages),
        Aim::Knee { .. } | Aim::Objectives { .. } => DEFAULT_PROBE,
    };
    options.duration.unwrap_or_else(usual)
}
