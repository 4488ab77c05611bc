//! Asks a target whether it is ready, and remembers what it last said.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use record::target_file::{Listener, Protocol, Target};

use super::bindings::{Bindings, scheme};
use super::load::body_start;
use crate::observe::{Answer, Probe, Trust};

/// How much of a log is read at a time.
const STEP_BYTES: u64 = 1 << 20;

/// The questions of one start.
#[derive(Debug)]
pub(super) struct Readiness {
    line: Option<LineWatch>,
    /// Authorities of the target's certificate that are not read yet: the target may write them itself.
    authorities: Option<PathBuf>,
    last: Option<String>,
}

impl Readiness {
    pub(super) fn new(target: &Target, bindings: &Bindings, evidence: &Path) -> Readiness {
        let line = target.ready.log.as_ref();
        Readiness {
            line: line.map(|wanted| LineWatch::new(evidence, wanted)),
            authorities: target.ca.as_deref().map(|ca| bindings.path(ca)),
            last: None,
        }
    }

    /// Whether it is ready now. A client that trusts the target's authorities takes the probe's place once they are
    /// there.
    pub(super) fn ask(&mut self, target: &Target, bindings: &Bindings, probe: &mut Probe) -> bool {
        if let Some(line) = &mut self.line
            && !line.has_come()
        {
            self.last = Some(format!("no line of its output has `{}`", line.wanted));
            return false;
        }
        if let Some(file) = &self.authorities {
            match std::fs::read(file).map(|pem| Trust::authorities(&pem)) {
                Ok(Ok(trust)) => {
                    *probe = probe.trusting(&trust);
                    self.authorities = None;
                }
                Ok(Err(why)) => return self.not_yet(format!("{}: {why}", file.display())),
                Err(error) => return self.not_yet(format!("{}: {error}", file.display())),
            }
        }
        let has_question = target.ready.path.is_some() || target.ready.log.is_none();
        !has_question || self.is_answered(target, bindings, probe)
    }

    fn not_yet(&mut self, last: String) -> bool {
        self.last = Some(last);
        false
    }

    fn is_answered(&mut self, target: &Target, bindings: &Bindings, probe: &Probe) -> bool {
        let ready = &target.ready;
        let Some(address) = bindings.listener(&ready.on) else {
            return self.not_yet("it has no such listener".to_owned());
        };
        // Our client speaks HTTP/1.1: an h2c-only service counts as ready once it accepts connections.
        if target.protocol == Protocol::H2c && ready.on == Listener::Service {
            return match std::net::TcpStream::connect(address) {
                Ok(_) => true,
                Err(error) => self.not_yet(format!("connecting to {address}: {error}")),
            };
        }
        let scheme = match ready.on {
            Listener::Service => scheme(target.protocol),
            Listener::Admin | Listener::Named(_) => "http",
        };
        let first = &target.requests[0];
        let (path, headers) = match &ready.path {
            Some(path) => (path, &ready.headers),
            None => (&first.path, &first.headers),
        };
        let url = format!("{scheme}://{address}{path}");
        let is_admin = ready.on == Listener::Admin;
        let shown = record::secret::url(&url).into_owned();
        match probe.ask(&url, headers, is_admin) {
            Err(error) => self.not_yet(format!("GET {shown}: {error}")),
            Ok(answer) => {
                let wanted = match &ready.path {
                    Some(_) => ready.status,
                    None => first.expect.status.unwrap_or(200),
                };
                // Only a GET can be asked without side effects.
                let is_other = ready.path.is_none() && first.method != "GET";
                if answer.status == wanted || is_other {
                    return true;
                }
                self.not_yet(format!(
                    "GET {shown} answered {}, and {wanted} was wanted",
                    said(&answer, &target.secrets)
                ))
            }
        }
    }

    /// What stood in the way last.
    pub(super) fn last(&self) -> Option<&str> {
        self.last.as_deref()
    }
}

/// An answer in words: its status and how its body begins.
fn said(answer: &Answer, secrets: &[String]) -> String {
    match body_start(&answer.body_start, secrets).as_str() {
        "" => format!("{} with an empty body", answer.status),
        body => format!("{} `{body}`", answer.status),
    }
}

/// Waits for a line in what a target writes.
#[derive(Debug)]
struct LineWatch {
    wanted: String,
    logs: [Follower; 2],
    has_come: bool,
}

/// Reads what is new in a log.
#[derive(Debug)]
struct Follower {
    path: PathBuf,
    at: u64,
    /// The end of what was read, in which the wanted text may begin.
    kept: Vec<u8>,
}

impl LineWatch {
    fn new(evidence: &Path, wanted: &str) -> LineWatch {
        let logs = ["stdout.log", "stderr.log"].map(|name| Follower {
            path: evidence.join(name),
            at: 0,
            kept: Vec::new(),
        });
        LineWatch {
            wanted: wanted.to_owned(),
            logs,
            has_come: false,
        }
    }

    fn has_come(&mut self) -> bool {
        let wanted = self.wanted.as_bytes();
        self.has_come = self.has_come || self.logs.iter_mut().any(|log| log.finds(wanted));
        self.has_come
    }
}

impl Follower {
    fn finds(&mut self, wanted: &[u8]) -> bool {
        let Ok(mut file) = File::open(&self.path) else {
            return false;
        };
        if file.seek(SeekFrom::Start(self.at)).is_err() {
            return false;
        }
        let mut fresh = Vec::new();
        let Ok(read) = file.take(STEP_BYTES).read_to_end(&mut fresh) else {
            return false;
        };
        self.at += read as u64;
        self.kept.extend_from_slice(&fresh);
        let found = self.kept.windows(wanted.len()).any(|part| part == wanted);
        let surplus = self.kept.len().saturating_sub(wanted.len());
        self.kept.drain(..surplus);
        found
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn a_line_is_found_however_it_arrives() {
        let place = tempfile::tempdir().unwrap();
        let mut watch = LineWatch::new(place.path(), "ready to serve");
        assert!(!watch.has_come());
        let mut log = File::create(place.path().join("stderr.log")).unwrap();
        log.write_all(b"starting\nnow rea").unwrap();
        assert!(!watch.has_come());
        log.write_all(b"dy to ser").unwrap();
        assert!(!watch.has_come());
        log.write_all(b"ve requests\n").unwrap();
        assert!(watch.has_come() && watch.has_come());
    }
}
