//! A made-up laboratory: cells with known figures, trials with reproducible noise.
use std::collections::BTreeMap;

use record::cell::CellId;
use record::run::{Artifact, Calibration, Cell, Host, Run, SourceFile, Toolchain};
use record::trial::{
    Failure, FailureCause, GcTraceWindow, Generator, HostWindow, Ledger, Outcome, Phase,
    ProcessLife, ProcessWindow, Quantiles, Readback, Reason, Role, RuleId, RuntimeWindow, Trial,
    WindowJudgement, WindowVerdict,
};

/// What a cell does when nothing disturbs it.
#[derive(Debug, Clone, Copy)]
pub struct Service {
    /// Requests a second that it can answer.
    pub qps: f64,
    /// P99 at the constant rate, milliseconds.
    pub p99_ms: f64,
    /// Collections per 1,000 requests.
    pub gc_per_kreq: f64,
    /// Resident memory, bytes.
    pub rss_bytes: f64,
    /// Share of requests that fail.
    pub error_share: f64,
    /// CPU in user mode, microseconds a request.
    pub cpu_us_per_request: f64,
}

impl Default for Service {
    fn default() -> Self {
        Service {
            qps: 20_000.0,
            p99_ms: 4.0,
            gc_per_kreq: 5.0,
            rss_bytes: 40e6,
            error_share: 0.0,
            cpu_us_per_request: 60.0,
        }
    }
}

/// A run in the making. The first cell of each target is its control.
#[derive(Clone)]
pub struct Lab {
    /// Blocks.
    pub blocks: u32,
    /// Target, settings and figures of each cell.
    pub cells: Vec<(String, BTreeMap<String, String>, Service)>,
    /// The matrix's `rank_by`, as YAML.
    pub rank_by: &'static str,
    /// The matrix's `constraints`, as YAML.
    pub constraints: &'static str,
    /// Relative noise of a trial, uniform within ± this.
    pub noise: f64,
    /// Whether the target has the probe.
    pub probe: bool,
    /// Which noise.
    pub seed: u64,
    /// Length of the constant window, seconds.
    pub seconds: f64,
}

impl Default for Lab {
    fn default() -> Self {
        Lab::new()
    }
}

impl Lab {
    /// Eight quiet blocks without cells.
    pub fn new() -> Lab {
        Lab {
            blocks: 8,
            cells: Vec::new(),
            rank_by: "[qps, p99, gc_per_kreq]",
            constraints: "{}",
            noise: 0.01,
            probe: true,
            seed: 17,
            seconds: 5.0,
        }
    }

    /// Adds a cell of `httpjson`.
    pub fn cell(self, axes: &[(&str, &str)], service: Service) -> Lab {
        self.cell_of("httpjson", axes, service)
    }

    /// Adds a cell of another target.
    pub fn cell_of(mut self, target: &str, axes: &[(&str, &str)], service: Service) -> Lab {
        let axes = axes
            .iter()
            .map(|(axis, value)| (axis.to_string(), value.to_string()));
        self.cells
            .push((target.to_owned(), axes.collect(), service));
        self
    }

    /// The id of a cell, by its place.
    pub fn id(&self, cell: usize) -> CellId {
        let (target, axes, _) = &self.cells[cell];
        let axes = axes
            .iter()
            .flat_map(|(axis, value)| [axis.as_str(), value.as_str()]);
        CellId::of(std::iter::once(target.as_str()).chain(axes))
    }

    /// The run's record.
    pub fn run(&self) -> Run {
        let mut targets: Vec<&str> = self
            .cells
            .iter()
            .map(|(target, ..)| target.as_str())
            .collect();
        targets.dedup();
        let is_control = |cell: usize| {
            self.cells[..cell]
                .iter()
                .all(|other| other.0 != self.cells[cell].0)
        };
        Run {
            format: 1,
            id: "quickstart-20261121-120000".into(),
            tool: "gosweep 0.1.0 (abc1234)".into(),
            argv: ["gosweep", "run", "matrices/quickstart.yaml"]
                .map(str::to_owned)
                .to_vec(),
            working_folder: None,
            started: "2026-11-21T12:00:00Z".into(),
            matrix: SourceFile {
                path: "matrices/quickstart.yaml".into(),
                text: format!(
                    "name: quickstart\nwhy: first look\ntargets: [{}]\naxes: {{gogc: [default]}}\n\
                     load: {{connections: 32, saturate: 2s, constant: {{rate: 60%, for: 5s}}}}\n\
                     blocks: {}\nrank_by: {}\nconstraints: {}\n",
                    targets.join(", "),
                    self.blocks,
                    self.rank_by,
                    self.constraints
                ),
            },
            targets: BTreeMap::new(),
            seed: 7,
            blocks: self.blocks,
            design: None,
            decisions: Vec::new(),
            host: Host {
                fingerprint: "f00d".into(),
                machine: None,
                cpu: "Example CPU @ 3.0GHz".into(),
                cpus: 4,
                topology: "1 package, 4 cores, 4 threads, 1 node".into(),
                memory_bytes: 8 << 30,
                kernel: "6.1.0".into(),
                os: "Debian 12".into(),
                virtualization: Some("kvm".into()),
                findings: Vec::new(),
            },
            toolchains: vec![Toolchain {
                spec: "default".into(),
                version: "go1.25.5".into(),
                goroot: "/opt/go".into(),
                source: "go on PATH".into(),
                sha256: Some("ab".repeat(32)),
                verified_by: "go version".into(),
            }],
            artifacts: targets
                .iter()
                .map(|target| Artifact {
                    target: target.to_string(),
                    toolchain: Some("default".into()),
                    build: BTreeMap::new(),
                    sha256: "cd".repeat(32),
                    size_bytes: 6_000_000,
                    go_version_m: "httpjson: go1.25.5\n".into(),
                    command: "go build -trimpath".into(),
                })
                .collect(),
            cells: (0..self.cells.len())
                .map(|cell| Cell {
                    id: self.id(cell),
                    target: self.cells[cell].0.clone(),
                    axes: self.cells[cell].1.clone(),
                    control: is_control(cell),
                    artifact: "cd".repeat(32),
                    target_cpus: "0-1".into(),
                    generator_cpus: "2-3".into(),
                    memory_node: None,
                    notes: Vec::new(),
                })
                .collect(),
            dropped: Vec::new(),
            calibration: targets
                .iter()
                .map(|target| {
                    let calibration = Calibration {
                        control_capacity_per_s: Some(20_000.0),
                        rate_per_s: 12_000.0,
                    };
                    (target.to_string(), calibration)
                })
                .collect(),
        }
    }

    /// Every trial: per block one of each cell, and the controls' duplicates.
    pub fn trials(&self) -> Vec<Trial> {
        let controls: Vec<usize> = self
            .run()
            .cells
            .iter()
            .enumerate()
            .filter(|(_, cell)| cell.control)
            .map(|(index, _)| index)
            .collect();
        let mut trials = Vec::new();
        for block in 0..self.blocks {
            for cell in 0..self.cells.len() {
                trials.push(self.trial(block, cell, Role::Measured));
            }
            for &control in &controls {
                trials.push(self.trial(block, control, Role::ControlDuplicate));
            }
        }
        trials
    }

    fn trial(&self, block: u32, cell: usize, role: Role) -> Trial {
        let (_, axes, service) = &self.cells[cell];
        let duplicate = u64::from(role == Role::ControlDuplicate);
        let noise = |what: u64| {
            let seed = [u64::from(block), cell as u64, duplicate, what];
            1.0 + self.noise
                * unit_noise(
                    seed.into_iter()
                        .fold(self.seed, |all, part| mix(all ^ mix(part))),
                )
        };
        // The host drifts from block to block, the same for all: what pairing takes out.
        let drift = 1.0 + 0.05 * unit_noise(mix(u64::from(block) + 99));
        let saturated = service.qps * drift * noise(1) * 2.0;
        let requests = 12_000.0 * self.seconds;
        let cycles = service.gc_per_kreq * requests / 1000.0 * noise(3);
        let p99 = service.p99_ms / drift * noise(2);
        let position = cell as u32 + duplicate as u32 * self.cells.len() as u32;
        let mut constant = phase("constant", self.seconds, requests, service.error_share, p99);
        constant.runtime = self.probe.then(|| RuntimeWindow {
            gc_cycles: cycles.round() as u64,
            gc_cpu_seconds: cycles * 2e-3,
            gc_idle_cpu_seconds: cycles * 0.5e-3,
            alloc_bytes: (requests * 4096.0) as u64,
            ..RuntimeWindow::default()
        });
        constant.process = Some(ProcessWindow {
            user_seconds: requests * service.cpu_us_per_request * 1e-6 * noise(4),
            system_seconds: requests * 20e-6,
            ..ProcessWindow::default()
        });
        constant.host = Some(HostWindow::default());
        Trial {
            format: 1,
            id: format!("b{block:02}-{position:02}-{}", self.id(cell)),
            cell: self.id(cell),
            block,
            position,
            role,
            stage: record::trial::Stage::Search,
            attempt: 0,
            started: format!("2026-11-21T12:{block:02}:{position:02}Z"),
            outcome: Outcome::Ok,
            saturate: Some(phase(
                "closed",
                2.0,
                saturated,
                service.error_share,
                p99 * 3.0,
            )),
            constant: Some(constant),
            process: Some(ProcessLife {
                user_seconds: 9.0,
                system_seconds: 3.0,
                peak_rss_bytes: (service.rss_bytes * noise(5)) as u64,
                ready_ms: 12.0,
            }),
            cgroup: None,
            readback: self.probe.then(|| readback(axes)),
            clock_probe: None,
            warnings: Vec::new(),
            raw: format!("raw/{}/{block}-{position}", self.id(cell)),
        }
    }
}

fn readback(axes: &BTreeMap<String, String>) -> Readback {
    let number = |axis: &str, default: u64| match axes.get(axis).map(String::as_str) {
        Some("off") => u64::MAX,
        Some(value) => value.parse().unwrap_or(default),
        None => default,
    };
    Readback {
        program_sha256: None,
        gomaxprocs: Some(number("gomaxprocs", 2)),
        gogc: Some(number("gogc", 100)),
        gomemlimit_bytes: Some(i64::MAX as u64),
        godebug: Some(String::new()),
        go_version: Some("go1.25.5".into()),
        target_cpus: Some("0-1".into()),
        generator_cpus: Some("2-3".into()),
        cpu_quota: None,
        memory_cap_bytes: None,
    }
}

fn phase(arrival: &str, seconds: f64, requests: f64, error_share: f64, p99_ms: f64) -> Phase {
    let scheduled = requests as u64;
    let failed = (requests * error_share) as u64;
    let response_ms = Quantiles {
        mean: p99_ms / 3.0,
        p50: p99_ms / 4.0,
        p90: p99_ms / 2.0,
        p95: p99_ms / 1.5,
        p99: p99_ms,
        p999: p99_ms * 2.0,
        max: p99_ms * 4.0,
        count: scheduled,
    };
    Phase {
        arrival: arrival
            .parse()
            .expect("laboratories name arrivals that exist"),
        offered_per_s: (arrival != "closed").then_some(requests / seconds),
        connections: 32,
        seconds,
        ledger: Ledger {
            scheduled,
            completed: scheduled - failed,
            failed,
            ..Ledger::default()
        },
        errors: BTreeMap::new(),
        statuses: BTreeMap::from([(200, scheduled - failed)]),
        response_ms,
        service_ms: response_ms,
        send_lag_ms: Quantiles {
            p99: 0.02,
            count: scheduled,
            ..Quantiles::default()
        },
        verdict: WindowJudgement {
            name: WindowVerdict::Valid,
            reason: String::new(),
        },
        littles_law_error: (arrival == "closed").then_some(0.001),
        generator: Generator {
            engine: "hyper".into(),
            threads: 2,
            cpu_seconds: 1.0,
            cpu_us_per_request: Some(7.0),
            stalled_seconds: None,
        },
        completed_by_interval: Vec::new(),
        runtime: None,
        allocated: None,
        requests: Vec::new(),
        gctrace: None,
        schedtrace: None,
        process: None,
        host: None,
        cgroup: None,
    }
}

/// A window with so many collections.
pub fn gctrace(cycles: u64) -> GcTraceWindow {
    GcTraceWindow {
        cycles,
        cpu_seconds: cycles as f64 * 1.5e-3,
        ..GcTraceWindow::default()
    }
}

/// A trial whose process crashed.
pub fn crashed() -> Outcome {
    Outcome::Failed(Failure {
        cause: FailureCause::Crashed,
        message: "exited with code 2 after 1.2 s".into(),
        exit_code: Some(2),
        signal: None,
        panic: Some("fatal error: out of memory".into()),
        stderr_tail: vec!["goroutine 1 [running]:".into()],
    })
}

/// A trial that the host invalidated.
pub fn invalid() -> Outcome {
    Outcome::Invalid(vec![Reason {
        rule: RuleId::V4,
        message: "steal 12% > 5%".into(),
    }])
}

/// SplitMix64's finaliser (Steele, Lea & Flood 2014).
fn mix(value: u64) -> u64 {
    let z = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Uniform in [−1, 1).
fn unit_noise(seed: u64) -> f64 {
    (mix(seed) >> 11) as f64 / (1u64 << 52) as f64 - 1.0
}
