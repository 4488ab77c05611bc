//! Decodes a target file; its requests are in [`super::requests`].

use std::collections::BTreeMap;
use std::time::Duration;

use super::requests::requests;
use super::{Program, Protocol, Ready, Target, TargetOption, placeholders};
use crate::diagnostic::{Diagnostic, Diagnostics, closest};
use crate::quantity::parse_positive_duration;
use crate::word::one_of;
use crate::yaml::{self, Decoder, Fields, flag, option_name, plain_name, shown, variable_name};

/// The keys of a target file, in the order of the reference.
pub(crate) const KEYS: &[&str] = &[
    "name", "why", "build", "binary", "command", "options", "env", "ready", "requests", "protocol",
    "insecure", "probe", "shows",
];
/// The keys of `build`.
pub(crate) const BUILD_KEYS: &[&str] = &["package", "module", "fetch", "cgo"];
/// The keys of `ready`.
pub(crate) const READY_KEYS: &[&str] = &["path", "on", "within"];
/// The words of `ready.on`.
pub(crate) const LISTENERS: &[&str] = &["service", "admin"];
/// The keys of one option.
pub(crate) const OPTION_KEYS: &[&str] = &["default", "why"];

pub(super) fn target(file: &str, text: &str) -> Result<Target, Diagnostics> {
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

fn decode(decoder: &Decoder, fields: &Fields<'_>, file: &str, text: &str) -> Option<Target> {
    let name = fields
        .require("name", "httpjson")
        .and_then(|node| decoder.value(node, "name", plain_name));
    let program = program(decoder, fields);
    let options = options(decoder, fields);
    let command = command(decoder, fields, &options);
    let ready = ready(decoder, fields);
    let protocol = fields.or("protocol", Protocol::Http1, |text| {
        one_of(text, Protocol::NAMES).map(Protocol::from_name)
    });
    let insecure = fields.or("insecure", false, flag);
    let probe = fields.or("probe", false, flag);
    let requests = requests(decoder, fields);
    let env = env(decoder, fields);
    let why = fields.text("why").map(str::to_owned);
    let shows = fields.text("shows").map(str::to_owned);
    check_admin(decoder, fields, &command, &ready, probe);
    if insecure && !protocol.tls() {
        let idle = "`insecure` has no meaning here: the protocol has no certificate";
        decoder.report(
            Diagnostic::new(fields.key_span("insecure"), idle)
                .help("leave it out, or set `protocol: https1` or `h2`"),
        );
    }
    Some(Target {
        file: file.to_owned(),
        text: text.to_owned(),
        name: name?,
        why,
        program: program?,
        command,
        options,
        env,
        ready,
        requests,
        protocol,
        insecure,
        probe,
        shows,
        secrets: Vec::new(),
    })
}

fn program(decoder: &Decoder, fields: &Fields<'_>) -> Option<Program> {
    let fix = "add `build: {package: ./name}` or `binary: /path/to/server`";
    match (fields.has("build"), fields.has("binary")) {
        (true, false) => {
            let inner = decoder.fields(fields.get("build")?, "build", BUILD_KEYS)?;
            let package = inner.require("package", "./httpjson")?;
            let module = inner.text("module").unwrap_or("..").to_owned();
            Some(Program::Build {
                package: filled(decoder, package, "package")?,
                module,
                fetch: inner.or("fetch", false, flag),
                cgo: inner.or("cgo", false, flag),
            })
        }
        (false, true) => {
            let binary = filled(decoder, fields.get("binary")?, "binary")?;
            Some(Program::Binary(binary))
        }
        (true, true) => {
            let both = "a target has `build` or `binary`, not both";
            let at = fields
                .key_span("binary")
                .start
                .max(fields.key_span("build").start);
            let second = if at == fields.key_span("binary").start {
                "binary"
            } else {
                "build"
            };
            decoder.report(
                Diagnostic::new(fields.key_span(second), both)
                    .help("keep `build` to compare toolchains, `binary` for a program as it is"),
            );
            None
        }
        (false, false) => {
            let none = Diagnostic::new(fields.span.clone(), "the target has no program");
            decoder.report(none.help(fix));
            None
        }
    }
}

/// A text that is not empty.
fn filled(decoder: &Decoder, node: &yaml::Node, what: &str) -> Option<String> {
    decoder.value(node, what, |text| match text.trim() {
        "" => Err("write a path".to_owned()),
        _ => Ok(text.to_owned()),
    })
}

fn options(decoder: &Decoder, fields: &Fields<'_>) -> BTreeMap<String, TargetOption> {
    let mut options = BTreeMap::new();
    let Some(node) = fields.get("options") else {
        return options;
    };
    for entry in decoder.entries(node, "options").unwrap_or_default() {
        if let Err(fix) = option_name(&entry.key) {
            let bad = format!("bad option name `{}`", shown(&entry.key));
            decoder.report(Diagnostic::new(entry.key_span.clone(), bad).help(fix));
            continue;
        }
        // A broken option still is one: its use in the command is no mistake.
        let mut option = TargetOption {
            default: String::new(),
            why: None,
        };
        let what = format!("option `{}`", entry.key);
        if let Some(inner) = decoder.fields(&entry.value, &what, OPTION_KEYS) {
            let default = inner.require("default", "1");
            let default = default.and_then(|node| decoder.text(node, "default"));
            option.default = default.unwrap_or_default().to_owned();
            option.why = inner.text("why").map(str::to_owned);
        }
        options.insert(entry.key.clone(), option);
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
    let before = decoder.count();
    let mut command = Vec::new();
    for item in decoder.items(node, "command") {
        let Some(text) = decoder.text(item, "command") else {
            continue;
        };
        for name in placeholders(text) {
            if name != "addr" && name != "admin" && !options.contains_key(name) {
                let unknown = format!("command: `{{{}}}` is no option of this target", shown(name));
                decoder.report(
                    Diagnostic::new(item.span.clone(), unknown).help(known_places(name, options)),
                );
            }
        }
        command.push(text.to_owned());
    }
    let missed_placeholders = decoder.count() > before;
    if !missed_placeholders && !says(&command, "addr") {
        let missing = Diagnostic::new(node.span.clone(), "command never says {addr}");
        decoder.report(
            missing
                .help("the service must listen where gosweep sends: pass \"{addr}\" (host:port)"),
        );
    }
    if !missed_placeholders {
        report_unused_options(decoder, fields, &command);
    }
    command
}

fn says(command: &[String], name: &str) -> bool {
    let mut names = command.iter().flat_map(|argument| placeholders(argument));
    names.any(|said| said == name)
}

fn known_places(name: &str, options: &BTreeMap<String, TargetOption>) -> String {
    let known = || {
        ["addr", "admin"]
            .into_iter()
            .chain(options.keys().map(String::as_str))
    };
    match closest(name, known()) {
        Some(near) => format!("did you mean `{{{near}}}`?"),
        None => {
            let known: Vec<_> = known().map(|name| format!("{{{name}}}")).collect();
            format!("known: {}", known.join(", "))
        }
    }
}

/// A matrix that sets an option which the command never passes on would compare a program with itself.
fn report_unused_options(decoder: &Decoder, fields: &Fields<'_>, command: &[String]) {
    let Some(yaml::Shape::Map(entries)) = fields.get("options").map(|node| &node.shape) else {
        return;
    };
    for entry in entries {
        if option_name(&entry.key).is_ok() && !says(command, &entry.key) {
            let unused = format!("option `{}` is never passed on", entry.key);
            decoder.report(
                Diagnostic::new(entry.key_span.clone(), unused).help(format!(
                    "use \"{{{}}}\" in command, or drop the option",
                    entry.key
                )),
            );
        }
    }
}

fn check_admin(
    decoder: &Decoder,
    fields: &Fields<'_>,
    command: &[String],
    ready: &Ready,
    probe: bool,
) {
    if !fields.has("command") || says(command, "admin") {
        return;
    }
    let fix = "pass \"{admin}\" (host:port) in command";
    if probe {
        let nowhere = "probe needs the admin listener, but command never says {admin}";
        decoder.report(Diagnostic::new(fields.key_span("probe"), nowhere).help(fix));
    }
    if ready.on_admin {
        let nowhere = "ready asks the admin listener, but command never says {admin}";
        decoder.report(Diagnostic::new(fields.key_span("ready"), nowhere).help(fix));
    }
}

fn env(decoder: &Decoder, fields: &Fields<'_>) -> BTreeMap<String, String> {
    let mut env = BTreeMap::new();
    let Some(node) = fields.get("env") else {
        return env;
    };
    for entry in decoder.entries(node, "env").unwrap_or_default() {
        if let Err(fix) = variable_name(&entry.key) {
            let bad = format!("bad environment variable `{}`", shown(&entry.key));
            decoder.report(Diagnostic::new(entry.key_span.clone(), bad).help(fix));
        }
        let what = format!("variable `{}`", shown(&entry.key));
        let value = decoder.value(&entry.value, &what, |text| {
            if text.contains('\0') {
                return Err("a variable cannot hold a NUL".to_owned());
            }
            super::values::checked(text).map(|()| text.to_owned())
        });
        env.extend(value.map(|value| (entry.key.clone(), value)));
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
    ready.path = inner
        .get("path")
        .and_then(|node| decoder.value(node, "path", super::requests::path));
    ready.on_admin = inner.or("on", false, |text| {
        one_of(text, LISTENERS).map(|listener| listener == "admin")
    });
    ready.within = inner.or("within", ready.within, parse_positive_duration);
    if ready.on_admin && !inner.has("path") {
        let no_path = "ready asks the admin listener, but has no path";
        decoder.report(Diagnostic::new(inner.key_span("on"), no_path).help("add `path: /ready`"));
    }
    ready
}
