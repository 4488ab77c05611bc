//! The target: a Go program that gosweep builds or is given, how it is started
//! and what is asked of it.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::quantity::parse_positive_duration;
use crate::yaml::{self, Decoder, Fields, Node};

/// The keys of a target file, in the order of the reference.
pub(crate) const KEYS: &[&str] = &[
    "name", "why", "build", "binary", "command", "options", "env", "ready", "requests", "protocol",
    "insecure", "probe", "shows",
];
/// The keys of `build`.
pub(crate) const BUILD_KEYS: &[&str] = &["package", "module"];
/// The keys of `ready`.
pub(crate) const READY_KEYS: &[&str] = &["path", "on", "within"];
/// The keys of a request.
pub(crate) const REQUEST_KEYS: &[&str] = &[
    "name", "method", "path", "headers", "body", "weight", "expect",
];
/// The keys of `expect`.
pub(crate) const EXPECT_KEYS: &[&str] = &["status", "length", "sha256"];
/// The keys of one option.
pub(crate) const OPTION_KEYS: &[&str] = &["default", "why"];

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
    /// Arguments behind the program; `{addr}`, `{admin}` and `{option}` are
    /// replaced.
    pub command: Vec<String>,
    /// What a matrix may set.
    pub options: BTreeMap<String, TargetOption>,
    /// Environment variables that the service needs.
    pub env: BTreeMap<String, String>,
    /// When it is ready for load.
    pub ready: Ready,
    /// What is asked of it, by weight.
    pub requests: Vec<Request>,
    /// What it speaks on its service address.
    pub protocol: Protocol,
    /// Whether its certificate is not checked (self-signed targets of our own).
    pub insecure: bool,
    /// Whether it speaks the contract of `targets/internal/probe` on `{admin}`.
    pub probe: bool,
    /// What it demonstrates.
    pub shows: Option<String>,
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

/// When a target is ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ready {
    /// The path that answers 200 once it is; `None`: the first request that is
    /// answered as expected.
    pub path: Option<String>,
    /// On the admin listener instead of the service's.
    pub on_admin: bool,
    /// How long it may take.
    pub within: Duration,
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
    const NAMES: [(&'static str, Protocol); 4] = [
        ("http1", Protocol::Http1),
        ("https1", Protocol::Https1),
        ("h2c", Protocol::H2c),
        ("h2", Protocol::H2),
    ];

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
    pub body: Option<String>,
    /// How often it is sent, relative to the others.
    pub weight: u32,
    /// What a right answer looks like.
    pub expect: Expect,
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
        let fail = |findings| Diagnostics::new(file, text, findings);
        let root = yaml::parse(text).map_err(|finding| fail(vec![finding]))?;
        let decoder = Decoder::default();
        let Some(fields) = decoder.fields(&root, "the target", KEYS) else {
            return Err(fail(decoder.into_findings()));
        };
        let target = decode(&decoder, &fields, file, text);
        let findings = decoder.into_findings();
        match target {
            Some(target) if findings.is_empty() => Ok(target),
            _ => Err(fail(findings)),
        }
    }
}

fn decode(decoder: &Decoder, fields: &Fields<'_>, file: &str, text: &str) -> Option<Target> {
    let name = fields
        .require("name", "httpjson")
        .and_then(|node| decoder.text(node, "name"));
    let program = program(decoder, fields);
    let options = options(decoder, fields);
    let target = Target {
        file: file.to_owned(),
        text: text.to_owned(),
        name: name.unwrap_or_default().to_owned(),
        why: fields.text("why").map(str::to_owned),
        command: command(decoder, fields, &options),
        env: env(decoder, fields),
        ready: ready(decoder, fields),
        requests: requests(decoder, fields),
        protocol: fields.or("protocol", Protocol::Http1, |text| {
            let found = Protocol::NAMES.iter().find(|(name, _)| *name == text);
            found
                .map(|(_, protocol)| *protocol)
                .ok_or_else(|| "one of: http1, https1, h2c, h2".to_owned())
        }),
        insecure: fields.or("insecure", false, flag),
        probe: fields.or("probe", false, flag),
        shows: fields.text("shows").map(str::to_owned),
        options,
        program: program?,
    };
    name.is_some().then_some(target)
}

fn flag(text: &str) -> Result<bool, String> {
    text.parse().map_err(|_| "write true or false".to_owned())
}

fn program(decoder: &Decoder, fields: &Fields<'_>) -> Option<Program> {
    match (fields.get("build"), fields.get("binary")) {
        (Some(build), None) => {
            let inner = decoder.fields(build, "build", BUILD_KEYS)?;
            let package = inner.require("package", "./httpjson")?;
            Some(Program::Build {
                package: decoder.text(package, "package")?.to_owned(),
                module: inner.text("module").unwrap_or("..").to_owned(),
            })
        }
        (None, Some(binary)) => Some(Program::Binary(decoder.text(binary, "binary")?.to_owned())),
        (both, _) => {
            let message = match both {
                Some(_) => "a target has `build` or `binary`, not both",
                None => "the target has no program",
            };
            let at = fields.span.start..fields.span.start;
            decoder.report(
                Diagnostic::new(at, message)
                    .help("add `build: {package: ./name}` or `binary: /path/to/server`"),
            );
            None
        }
    }
}

fn options(decoder: &Decoder, fields: &Fields<'_>) -> BTreeMap<String, TargetOption> {
    let mut options = BTreeMap::new();
    let Some(node) = fields.get("options") else {
        return options;
    };
    for entry in decoder.entries(node, "options").unwrap_or_default() {
        let Some(inner) = decoder.fields(&entry.value, &entry.key, OPTION_KEYS) else {
            continue;
        };
        if ["addr", "admin"].contains(&entry.key.as_str()) {
            let taken = format!("`{}` is a name that gosweep fills in itself", entry.key);
            decoder.report(Diagnostic::new(entry.key_span.clone(), taken));
        }
        let default = inner
            .require("default", "1")
            .and_then(|node| decoder.text(node, "default"));
        let why = inner.text("why").map(str::to_owned);
        if let Some(default) = default.map(str::to_owned) {
            options.insert(entry.key.clone(), TargetOption { default, why });
        }
    }
    options
}

fn command(
    decoder: &Decoder,
    fields: &Fields<'_>,
    options: &BTreeMap<String, TargetOption>,
) -> Vec<String> {
    let Some(node) = fields.require("command", "[-addr, \"{addr}\"]") else {
        return Vec::new();
    };
    let mut command = Vec::new();
    let mut has_address = false;
    for item in decoder.items(node, "command") {
        let Some(text) = decoder.text(item, "command") else {
            continue;
        };
        for name in placeholders(text) {
            has_address |= name == "addr";
            if name != "addr" && name != "admin" && !options.contains_key(name) {
                let unknown = format!("command: `{{{name}}}` is no option of this target");
                let known: Vec<&str> = options.keys().map(String::as_str).collect();
                decoder.report(Diagnostic::new(item.span.clone(), unknown).help(format!(
                    "use {{addr}}, {{admin}} or an option: {}",
                    known.join(", ")
                )));
            }
        }
        command.push(text.to_owned());
    }
    if !has_address {
        let missing = Diagnostic::new(node.span.clone(), "command never says {addr}");
        decoder.report(
            missing
                .help("the service must listen where gosweep sends: pass \"{addr}\" (host:port)"),
        );
    }
    command
}

/// The names in braces of a command argument, e.g. `-n={items}` has `items`.
pub fn placeholders(argument: &str) -> impl Iterator<Item = &str> {
    argument
        .split('{')
        .skip(1)
        .filter_map(|rest| rest.split_once('}').map(|(name, _)| name))
        .filter(|name| {
            !name.is_empty()
                && name
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))
        })
}

fn env(decoder: &Decoder, fields: &Fields<'_>) -> BTreeMap<String, String> {
    let mut env = BTreeMap::new();
    let Some(node) = fields.get("env") else {
        return env;
    };
    for entry in decoder.entries(node, "env").unwrap_or_default() {
        if let Some(text) = decoder.text(&entry.value, &entry.key) {
            env.insert(entry.key.clone(), text.to_owned());
        }
    }
    env
}

fn ready(decoder: &Decoder, fields: &Fields<'_>) -> Ready {
    let mut ready = Ready {
        path: None,
        on_admin: false,
        within: Duration::from_secs(10),
    };
    let Some(node) = fields.get("ready") else {
        return ready;
    };
    let Some(inner) = decoder.fields(node, "ready", READY_KEYS) else {
        return ready;
    };
    ready.path = inner.text("path").map(str::to_owned);
    ready.on_admin = inner.or("on", false, |text| match text {
        "admin" => Ok(true),
        "service" => Ok(false),
        _ => Err("one of: admin, service".to_owned()),
    });
    ready.within = inner.or("within", ready.within, parse_positive_duration);
    ready
}

fn requests(decoder: &Decoder, fields: &Fields<'_>) -> Vec<Request> {
    let Some(node) = fields.require("requests", "[{path: /, expect: {status: 200}}]") else {
        return Vec::new();
    };
    let items = decoder.items(node, "requests");
    if items.is_empty() {
        decoder.report(Diagnostic::new(node.span.clone(), "requests is empty"));
    }
    items
        .iter()
        .filter_map(|item| request(decoder, item))
        .collect()
}

fn request(decoder: &Decoder, node: &Node) -> Option<Request> {
    let inner = decoder.fields(node, "a request", REQUEST_KEYS)?;
    let path = inner.require("path", "/").and_then(|node| {
        decoder.value(node, "path", |text| {
            if text.starts_with('/') && text.chars().all(|c| c.is_ascii_graphic()) {
                Ok(text.to_owned())
            } else {
                Err("a path starts with `/` and has no spaces".to_owned())
            }
        })
    })?;
    let mut headers = Vec::new();
    if let Some(node) = inner.get("headers") {
        for entry in decoder.entries(node, "headers").unwrap_or_default() {
            let value = decoder.text(&entry.value, &entry.key)?;
            headers.push((entry.key.clone(), value.to_owned()));
        }
    }
    Some(Request {
        name: inner.text("name").unwrap_or(&path).to_owned(),
        method: inner.or("method", "GET".to_owned(), |text| {
            if !text.is_empty() && text.chars().all(|c| c.is_ascii_uppercase()) {
                Ok(text.to_owned())
            } else {
                Err("write the method in capitals, e.g. `POST`".to_owned())
            }
        }),
        headers,
        body: inner.text("body").map(str::to_owned),
        weight: inner.or("weight", 1, |text| match text.parse() {
            Ok(weight) if weight > 0 => Ok(weight),
            _ => Err("write a whole number above 0".to_owned()),
        }),
        expect: expect(decoder, &inner),
        path,
    })
}

fn expect(decoder: &Decoder, request: &Fields<'_>) -> Expect {
    let Some(inner) = request
        .get("expect")
        .and_then(|node| decoder.fields(node, "expect", EXPECT_KEYS))
    else {
        return Expect::default();
    };
    let status = |text: &str| match text.parse() {
        Ok(status) if (100..=599).contains(&status) => Ok(Some(status)),
        _ => Err("write a status from 100 to 599".to_owned()),
    };
    let sha256 = |text: &str| {
        let good = text.len() == 64 && text.chars().all(|c| c.is_ascii_hexdigit());
        if good {
            Ok(Some(text.to_ascii_lowercase()))
        } else {
            Err("write 64 hexadecimal digits".to_owned())
        }
    };
    Expect {
        status: inner.or("status", None, status),
        length: inner.or("length", None, |text| match text.parse() {
            Ok(length) => Ok(Some(length)),
            Err(_) => Err("write the number of bytes".to_owned()),
        }),
        sha256: inner.or("sha256", None, sha256),
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
        assert!(target.ready.on_admin);
        assert_eq!(target.requests[0].expect.length, Some(4821));
        assert_eq!(
            target.program,
            Program::Build {
                package: "./httpjson".into(),
                module: "..".into()
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

    #[test]
    fn placeholders_are_found_inside_arguments() {
        let names: Vec<_> = placeholders("-x={a}:{b-c} {} {not this}").collect();
        assert_eq!(names, ["a", "b-c"]);
    }
}
