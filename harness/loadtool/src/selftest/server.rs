//! The reference server as a process of its own: the hidden verb that is one, and its other end.
//!
//! They talk over the child's standard input and output, one line each way. The child ends when
//! its input closes, which the kernel does when the parent dies in whatever way.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use loadgen::reference::{Behaviour, ReferenceServer, Reply, Stall};
use serde::{Deserialize, Serialize};
use topology::CpuSet;

use crate::failure::Failure;
use crate::options::ServerOptions;

/// What the server has seen, as it tells it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Log {
    /// Requests read.
    pub(super) requests: u64,
    /// When they were read, in nanoseconds of the machine's monotonic clock.
    pub(super) arrivals_ns: Vec<u64>,
    /// When answers were written, on the same clock.
    pub(super) answers_ns: Vec<u64>,
}

/// Serves until standard input closes.
///
/// # Errors
/// [`Failure::Usage`] when it cannot be pinned, [`Failure::NotFit`] or [`Failure::Internal`] when
/// it cannot be started.
pub fn serve(options: &ServerOptions) -> Result<(), Failure> {
    // Pinned before the server's thread starts, which inherits it.
    if let Some(cpus) = &options.cpus {
        topology::pin_current_thread(cpus).map_err(Failure::usage)?;
    }
    let reply = Reply {
        stall: options.stall.map(|(after, length)| Stall { after, length }),
        capacity_per_s: options.capacity_per_s,
        ..Reply::default()
    };
    let start = match options.awake {
        true => ReferenceServer::start_busy_waiting,
        false => ReferenceServer::start,
    };
    let server = start(Behaviour::Answer(reply))
        .map_err(|error| Failure::of_system("start the reference server", &error))?;
    answer_questions(&server).map_err(Failure::internal)
}

fn answer_questions(server: &ReferenceServer) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", server.address())?;
    out.flush()?;
    for line in std::io::stdin().lock().lines() {
        let log = server.log();
        match line?.as_str() {
            "count" => writeln!(out, "{}", log.requests())?,
            "log" => {
                let log = Log {
                    requests: log.requests(),
                    arrivals_ns: log.arrivals_ns(),
                    answers_ns: log.answers_ns(),
                };
                writeln!(out, "{}", serde_json::to_string(&log)?)?;
            }
            other => writeln!(out, "unknown question {other:?}; ask `count` or `log`")?,
        }
        out.flush()?;
    }
    Ok(())
}

/// What a server is to do.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ServerSpec {
    /// Stop answering so long after the first request, for so long.
    pub(super) stall: Option<(Duration, Duration)>,
    /// Requests per second that are answered.
    pub(super) capacity: Option<f64>,
    /// Never sleep, so that arrivals are noted when they come.
    pub(super) awake: bool,
}

/// A reference server in a process of its own. Dropping it ends the process.
pub(super) struct ServerProcess {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    address: String,
}

impl ServerProcess {
    /// Starts a server, pinned to `cpus` where given.
    ///
    /// # Errors
    /// When it does not come up.
    pub(super) fn start(spec: ServerSpec, cpus: Option<&CpuSet>) -> Result<Self, Failure> {
        let program = std::env::current_exe().map_err(Failure::internal)?;
        let mut command = Command::new(program);
        command.args(["load", "reference-server"]);
        if let Some(cpus) = cpus {
            command.args(["--cpus", &cpus.to_string()]);
        }
        if let Some((after, length)) = spec.stall {
            command.args(["--stall-after", &microseconds(after)]);
            command.args(["--stall-length", &microseconds(length)]);
        }
        if spec.awake {
            command.arg("--awake");
        }
        if let Some(capacity) = spec.capacity {
            command.args(["--capacity", &capacity.to_string()]);
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        supervise::die_with_us(&mut command);
        let started = command.spawn();
        let mut child =
            started.map_err(|error| Failure::of_system("start the reference server", &error))?;
        let input = child.stdin.take();
        let output = child.stdout.take().expect("standard output is piped");
        let mut server = Self {
            child,
            input,
            output: BufReader::new(output),
            address: String::new(),
        };
        server.address = server.read_line()?;
        Ok(server)
    }

    /// `HOST:PORT`.
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// Requests read so far.
    pub(super) fn count(&mut self) -> Result<u64, Failure> {
        let answer = self.ask("count")?;
        answer
            .parse()
            .map_err(|_| broken(format!("says {answer:?}")))
    }

    /// What it has seen so far.
    pub(super) fn log(&mut self) -> Result<Log, Failure> {
        let answer = self.ask("log")?;
        serde_json::from_str(&answer).map_err(|error| broken(error.to_string()))
    }

    fn ask(&mut self, question: &str) -> Result<String, Failure> {
        let input = self
            .input
            .as_mut()
            .expect("the input is closed only when dropped");
        writeln!(input, "{question}").map_err(|error| broken(error.to_string()))?;
        self.read_line()
    }

    fn read_line(&mut self) -> Result<String, Failure> {
        let mut line = String::new();
        match self.output.read_line(&mut line) {
            Ok(0) => Err(self.ended()),
            Ok(_) => Ok(line.trim_end().to_owned()),
            Err(error) => Err(broken(error.to_string())),
        }
    }
}

impl ServerProcess {
    /// Why there is no answer: it closes its output only by ending, and has said why.
    fn ended(&mut self) -> Failure {
        /// How a call ends for which the machine is not fit.
        const NOT_FIT: i32 = 4;
        match self.child.wait() {
            Ok(status) if status.code() == Some(NOT_FIT) => Failure::not_fit(
                "the reference server could not go on; what it lacks is said above",
            ),
            _ => broken("has ended".to_owned()),
        }
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        drop(self.input.take());
        // It ends by itself when its input closes; waiting reaps it.
        let _ = self.child.wait();
    }
}

fn microseconds(duration: Duration) -> String {
    format!("{}us", duration.as_micros())
}

fn broken(what: String) -> Failure {
    Failure::internal(format!("the reference server {what}"))
}
