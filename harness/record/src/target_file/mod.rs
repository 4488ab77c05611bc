//! The target: a Go program that gosweep builds or is given, how it is started and what is asked of it.
//!
//! [`Target::parse`] checks everything that can be known from the file alone; whether the program can be built and what
//! it answers is for the orchestrator.

pub(crate) mod decode;
pub(crate) mod placeholder;
pub(crate) mod ready;
pub(crate) mod requests;
pub(crate) mod surroundings;
mod templates;
mod values;

use std::collections::BTreeMap;
use std::path::Path;

use crate::diagnostic::Diagnostics;

pub use placeholder::{
    ADDR, ADMIN, FOLDER, PORT, TMP, address_name, addresses, filled, placeholders,
};
pub use ready::{Listener, Ready};
pub use surroundings::{ConfigFile, MetricsFormat, MetricsPage, Step, StepTime};
pub use templates::UnreadTemplate;

/// A checked target file.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    /// The path as it was found.
    pub file: String,
    /// The whole text, kept verbatim in the run's record.
    pub text: String,
    /// Its name in rankings.
    pub name: String,
    /// What it is.
    pub why: Option<String>,
    /// Where its program comes from.
    pub program: Program,
    /// Arguments behind the program; see [`placeholders`] for what is replaced.
    pub command: Vec<String>,
    /// What a matrix may set.
    pub options: BTreeMap<String, TargetOption>,
    /// Environment variables that the service needs; their values may name variables of gosweep's own environment,
    /// as may paths, headers and bodies of requests. See [`Target::with_values`].
    pub env: BTreeMap<String, String>,
    /// Its working folder, relative to the target file, with placeholders; `None`: a folder of the trial.
    pub workdir: Option<String>,
    /// Files that are written anew for every trial.
    pub files: Vec<ConfigFile>,
    /// Commands that are run in every trial besides the program.
    pub before: Vec<Step>,
    /// Where the service tells of its own runtime.
    pub metrics: Option<MetricsPage>,
    /// When it is ready for load.
    pub ready: Ready,
    /// What is asked of it, by weight.
    pub requests: Vec<Request>,
    /// What it speaks on its service address.
    pub protocol: Protocol,
    /// Whether its certificate is not checked (self-signed targets of our own).
    pub insecure: bool,
    /// PEM file with the authorities that its certificate is checked against, relative to the target file, with
    /// placeholders; `None`: the system's.
    pub ca: Option<String>,
    /// Whether it speaks the contract of `targets/probe` on `{admin}`.
    pub probe: bool,
    /// What it demonstrates.
    pub shows: Option<String>,
    /// Values that must not be stored: those that [`Target::with_values`] took from the environment, and those of
    /// secret headers; empty before it.
    pub secrets: Vec<String>,
}

/// Where a target's program comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Program {
    /// Built from source by every toolchain of the matrix.
    Build {
        /// The package to build, relative to the module, e.g. `./httpjson`.
        package: String,
        /// The module's folder, relative to the target file.
        module: String,
        /// Whether modules may be fetched, the way the user's own `go` does.
        fetch: bool,
        /// Whether C code may be compiled in.
        cgo: bool,
    },
    /// A ready-made binary, relative to the target file or absolute.
    Binary(String),
}

/// An option of a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetOption {
    /// What it is when the matrix says nothing.
    pub default: String,
    /// What it changes.
    pub why: Option<String>,
}

/// What a target speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP/1.1.
    Http1,
    /// HTTP/1.1 over TLS.
    Https1,
    /// HTTP/2 without TLS, by prior knowledge.
    H2c,
    /// HTTP/2 over TLS.
    H2,
}

impl Protocol {
    /// The words of `protocol`.
    pub(crate) const NAMES: &[&str] = &["http1", "https1", "h2c", "h2"];

    fn from_name(name: &str) -> Protocol {
        match name {
            "https1" => Protocol::Https1,
            "h2c" => Protocol::H2c,
            "h2" => Protocol::H2,
            _ => Protocol::Http1,
        }
    }

    /// Whether it runs over TLS.
    pub fn tls(self) -> bool {
        matches!(self, Protocol::Https1 | Protocol::H2)
    }

    /// Whether it is HTTP/2.
    pub fn http2(self) -> bool {
        matches!(self, Protocol::H2c | Protocol::H2)
    }
}

/// One kind of request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Its name in tables.
    pub name: String,
    /// The HTTP method.
    pub method: String,
    /// The path with its query.
    pub path: String,
    /// Header lines.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Option<RequestBody>,
    /// How often it is sent, relative to the others.
    pub weight: u32,
    /// What a right answer looks like.
    pub expect: Expect,
}

/// Where the body of a request comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RequestBody {
    /// A text, which may hold placeholders such as `{{seq}}`.
    Text(String),
    /// A file that is sent byte for byte, relative to the target file.
    File(String),
}

/// What a right answer looks like; anything else counts as an error.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expect {
    /// The status; 200 unless said otherwise.
    pub status: Option<u16>,
    /// The length of the body in bytes.
    pub length: Option<u64>,
    /// The SHA-256 of the body, 64 hexadecimal digits.
    pub sha256: Option<String>,
}

impl Target {
    /// Parses and checks a target file. `file` is the name shown in findings.
    ///
    /// # Errors
    /// Everything that is wrong with it, in the order of the file.
    pub fn parse(file: &str, text: &str) -> Result<Target, Diagnostics> {
        decode::target(file, text)
    }

    /// The folder that relative paths in it start from.
    pub fn folder(&self) -> &Path {
        Path::new(&self.file).parent().unwrap_or(Path::new(""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "\
name: httpjson
why: allocating JSON API
build: {package: ./httpjson}
command: [-addr, \"{addr}\", -admin, \"{admin}\", -items, \"{items}\"]
options:
  items: {default: 50, why: rows}
ready: {path: /ready, on: admin, within: 10s}
requests:
  - {name: list, path: /items, expect: {status: 200, length: 4821}}
probe: true
";

    #[test]
    fn reads_a_whole_target() {
        let target = Target::parse("target.yaml", GOOD).unwrap();
        assert_eq!(target.options["items"].default, "50");
        assert_eq!(target.ready.on, Listener::Admin);
        assert_eq!(target.requests[0].expect.length, Some(4821));
        assert_eq!(
            target.program,
            Program::Build {
                package: "./httpjson".into(),
                module: "..".into(),
                fetch: false,
                cgo: false,
            }
        );
    }

    #[test]
    fn reports_everything_that_is_wrong() {
        let text = "\
name: broken
binary: ./server
build: {package: ./x}
command: [-listen, \"{adr}\"]
requests:
  - {path: items, expect: {status: 999}}
";
        let errors = Target::parse("target.yaml", text).unwrap_err();
        insta::assert_snapshot!(errors.render());
    }
}
