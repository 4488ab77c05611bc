//! The load generators that are compared: this one's engines and the rivals on PATH.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use super::lab::CONNECTIONS;

/// A load generator.
#[derive(Debug, Clone)]
pub(super) struct Client {
    /// Its name in tables.
    pub(super) name: &'static str,
    kind: Kind,
    program: PathBuf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Own { engine: &'static str },
    Wrk,
    Oha,
    Hey,
}

/// This program's engines, then the rivals that are on PATH.
pub(super) fn all(with_rivals: bool) -> Vec<Client> {
    let own = std::env::current_exe().ok();
    let mut clients = Vec::new();
    for (name, engine) in [("gosweep h1-fast", "h1-fast"), ("gosweep hyper", "hyper")] {
        let kind = Kind::Own { engine };
        clients.extend(own.clone().map(|program| Client {
            name,
            kind,
            program,
        }));
    }
    if with_rivals {
        for (name, kind) in [("wrk", Kind::Wrk), ("oha", Kind::Oha), ("hey", Kind::Hey)] {
            clients.extend(on_path(name).map(|program| Client {
                name,
                kind,
                program,
            }));
        }
    }
    clients
}

fn on_path(name: &str) -> Option<PathBuf> {
    use std::os::unix::fs::PermissionsExt;
    let is_program = |path: &PathBuf| {
        path.metadata()
            .is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
    };
    std::env::split_paths(&std::env::var_os("PATH")?)
        .map(|folder| folder.join(name))
        .find(is_program)
}

impl Client {
    /// Whether it is of this program.
    pub(super) fn is_own(&self) -> bool {
        matches!(self.kind, Kind::Own { .. })
    }

    /// As fast as it can for whole seconds (wrk knows no others).
    pub(super) fn closed(&self, url: &str, seconds: u64) -> Command {
        let mut command = Command::new(&self.program);
        let connections = CONNECTIONS.to_string();
        let length = format!("{seconds}s");
        match self.kind {
            Kind::Own { engine } => {
                command.args([
                    "load",
                    url,
                    "-c",
                    &connections,
                    "-d",
                    &length,
                    "--engine",
                    engine,
                ]);
                command.args(["--quiet"]);
            }
            Kind::Wrk => {
                command.args(["-t", "1", "-c", &connections, "-d", &length, url]);
            }
            Kind::Oha => {
                command.args(["--no-tui", "-c", &connections, "-z", &length, url]);
            }
            Kind::Hey => {
                command.args(["-c", &connections, "-z", &length, url]);
            }
        }
        command
    }

    /// At a rate; none where it has no such thing.
    pub(super) fn paced(&self, url: &str, rate_per_s: u64, length: Duration) -> Option<Command> {
        let mut command = self.closed(url, length.as_secs());
        match self.kind {
            Kind::Own { .. } => command.args(["-r", &rate_per_s.to_string()]),
            Kind::Wrk => return None,
            Kind::Oha => command.args(["-q", &rate_per_s.to_string()]),
            // hey's rate is that of each of its connections; its URL must come last.
            Kind::Hey => {
                command = Command::new(&self.program);
                let each = rate_per_s as f64 / CONNECTIONS as f64;
                let length = format!("{}s", length.as_secs());
                command.args([
                    "-c",
                    &CONNECTIONS.to_string(),
                    "-z",
                    &length,
                    "-q",
                    &each.to_string(),
                    url,
                ])
            }
        };
        Some(command)
    }
}
