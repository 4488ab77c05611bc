//! Where the experiments take place: CPUs, lengths, servers and runs.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use loadgen::{
    Arrival, Endpoint, Hooks, LoadOutcome, LoadSpec, RequestMix, SearchOptions, SearchOutcome,
    Spin, find_knee,
};
use topology::{CpuSet, Policy, Request, Topology};

use super::server::{ServerProcess, ServerSpec};
use crate::failure::{self, Failure};

/// Connections of every experiment, enough for none to be waited for unless a server stalls.
pub(super) const CONNECTIONS: usize = 64;

/// Where experiments take place.
pub(super) struct Lab {
    /// The machine, in words.
    pub(super) machine: String,
    /// The server's CPU; none where there is but one.
    pub(super) server_cpus: Option<CpuSet>,
    /// The generator's CPU.
    pub(super) generator_cpus: Option<CpuSet>,
    /// Whether runs are short.
    pub(super) is_quick: bool,
    cancel: &'static AtomicBool,
}

impl Lab {
    /// Finds one CPU for the server and another one, on another core, for the clients.
    ///
    /// # Errors
    /// When the machine cannot be read.
    pub(super) fn new(is_quick: bool, cancel: &'static AtomicBool) -> Result<Self, Failure> {
        let topology = topology::read(Path::new("/")).map_err(Failure::internal)?;
        let placement = topology::place(&topology, &Policy::Split, &Request::default()).ok();
        let one = |cpus: CpuSet| cpus.take(1);
        Ok(Self {
            machine: machine(&topology),
            server_cpus: placement
                .as_ref()
                .map(|placement| one(placement.target.clone())),
            generator_cpus: placement.map(|placement| one(placement.generator)),
            is_quick,
            cancel,
        })
    }

    /// The full length, or the shorter one of a quick test.
    pub(super) fn length(&self, full_ms: u64, quick_ms: u64) -> Duration {
        Duration::from_millis(if self.is_quick { quick_ms } else { full_ms })
    }

    /// A server on the server's CPU.
    pub(super) fn server(&self, spec: ServerSpec) -> Result<ServerProcess, Failure> {
        ServerProcess::start(spec, self.server_cpus.as_ref())
    }

    /// A server for pacing: it does not sleep where its CPU is its own, so that what it notes is
    /// when requests came and not when it woke up.
    pub(super) fn witness(&self) -> Result<ServerProcess, Failure> {
        self.server(ServerSpec {
            awake: self.server_cpus.is_some(),
            ..ServerSpec::default()
        })
    }

    /// An open loop at a constant rate against `server`, to be changed as needed.
    pub(super) fn spec(
        &self,
        server: &ServerProcess,
        rate_per_s: f64,
    ) -> Result<LoadSpec, Failure> {
        let address = server.address();
        let address = address
            .parse()
            .map_err(|_| Failure::internal(format!("{address} is no address")))?;
        let mut spec = LoadSpec::new(Endpoint::tcp(address), RequestMix::get("/"));
        spec.connections = CONNECTIONS;
        spec.arrival = Arrival::Constant { rate_per_s };
        if self.generator_cpus.is_some() {
            spec.spin = Spin::Adaptive;
        }
        Ok(spec)
    }

    /// One run in this process, its thread pinned to the generator's CPU.
    pub(super) fn run(&self, spec: &LoadSpec) -> Result<LoadOutcome, Failure> {
        let pin = |_: usize| self.pin();
        let outcome = loadgen::run(spec, &self.hooks(&pin)).map_err(failure::from_load)?;
        self.refuse_cancelled()?;
        Ok(outcome)
    }

    /// A search for the knee, likewise.
    pub(super) fn knee(
        &self,
        spec: &LoadSpec,
        options: &SearchOptions,
    ) -> Result<SearchOutcome, Failure> {
        let pin = |_: usize| self.pin();
        let found = find_knee(spec, options, &self.hooks(&pin)).map_err(failure::from_load)?;
        self.refuse_cancelled()?;
        Ok(found)
    }

    /// Pins the calling thread to the generator's CPU.
    pub(super) fn pin(&self) -> Result<(), String> {
        match &self.generator_cpus {
            Some(cpus) => topology::pin_current_thread(cpus)
                .map(|_| ())
                .map_err(|error| error.to_string()),
            None => Ok(()),
        }
    }

    /// Ends the selftest when Ctrl-C was pressed.
    pub(super) fn refuse_cancelled(&self) -> Result<(), Failure> {
        if !self.cancel.load(Ordering::SeqCst) {
            return Ok(());
        }
        Err(Failure::Interrupted(
            "interrupted before the experiment ended".to_owned(),
        ))
    }

    fn hooks<'a>(&self, pin: &'a loadgen::PinHook<'a>) -> Hooks<'a> {
        Hooks {
            pin: Some(pin),
            cancel: Some(self.cancel),
            ..Hooks::default()
        }
    }
}

fn machine(topology: &Topology) -> String {
    let summary = topology.summary().to_string();
    summary.lines().next().unwrap_or_default().to_owned()
}
