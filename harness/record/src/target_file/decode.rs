//! Decodes a target file; its requests are in [`super::requests`].

use std::collections::BTreeMap;

use super::placeholder::is_own;
use super::ready::{Listener, ready};
use super::requests::requests;
use super::surroundings::{authorities, files, metrics, steps, workdir};
use super::{Program, Protocol, Target, TargetOption, placeholders};
use crate::diagnostic::{Diagnostic, Diagnostics, closest};
use crate::word::{PLACEHOLDERS, one_of};
use crate::yaml::{self, Decoder, Fields, flag, option_name, plain_name, shown, variable_name};

/// The keys of a target file, in the order of the reference.
pub(crate) const KEYS: &[&str] = &[
    "name", "why", "build", "binary", "command", "options", "env", "workdir", "files", "before",
    "ready", "requests", "protocol", "insecure", "ca", "probe", "metrics", "shows",
];
/// The keys of `build`.
pub(crate) const BUILD_KEYS: &[&str] = &["package", "module", "fetch", "cgo"];
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
    let workdir = workdir(decoder, fields);
    let files = files(decoder, fields);
    let before = steps(decoder, fields, |node, text| {
        check_placeholders(decoder, node, "before", text, &options);
    });
    let metrics = metrics(decoder, fields);
    let ca = authorities(decoder, fields);
    if ca.is_some() && (insecure || !protocol.tls()) {
        let idle = match insecure {
            true => "`ca` has no meaning here: the certificate is not checked",
            false => "`ca` has no meaning here: the protocol has no certificate",
        };
        decoder.report(
            Diagnostic::new(fields.key_span("ca"), idle)
                .help("keep `ca` or `insecure`, and set `protocol: https1` or `h2`"),
        );
    }
    if insecure && !protocol.tls() {
        let idle = "`insecure` has no meaning here: the protocol has no certificate";
        decoder.report(
            Diagnostic::new(fields.key_span("insecure"), idle)
                .help("leave it out, or set `protocol: https1` or `h2`"),
        );
    }
    let target = Target {
        file: file.to_owned(),
        text: text.to_owned(),
        name: name?,
        why,
        program: program?,
        command,
        options,
        env,
        workdir,
        files,
        before,
        metrics,
        ready,
        requests,
        protocol,
        insecure,
        ca,
        probe,
        shows,
        secrets: Vec::new(),
    };
    // A template may say what is missing; it is read later.
    if target.files.iter().all(|file| file.template.is_none()) {
        check_reached(decoder, fields, &target);
    }
    Some(target)
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
    let mut command = Vec::new();
    for item in decoder.items(node, "command") {
        let Some(text) = decoder.text(item, "command") else {
            continue;
        };
        check_placeholders(decoder, item, "command", text, options);
        command.push(text.to_owned());
    }
    command
}

/// That every placeholder of an argument is known.
fn check_placeholders(
    decoder: &Decoder,
    node: &yaml::Node,
    what: &str,
    text: &str,
    options: &BTreeMap<String, TargetOption>,
) {
    for name in placeholders(text) {
        if !is_own(name) && !options.contains_key(name) {
            let unknown = format!("{what}: `{{{}}}` is no option of this target", shown(name));
            let finding = Diagnostic::new(node.span.clone(), unknown);
            decoder.report(finding.help(known_places(name, options)));
        }
    }
}

fn known_places(name: &str, options: &BTreeMap<String, TargetOption>) -> String {
    let known = || {
        let own = PLACEHOLDERS.iter().copied();
        own.chain(options.keys().map(String::as_str))
    };
    match closest(name, known()) {
        Some(near) => format!("did you mean `{{{near}}}`?"),
        None => {
            let known: Vec<_> = known().map(|name| format!("{{{name}}}")).collect();
            format!(
                "known: {}, and {{addr.NAME}} or {{port.NAME}} for more ports",
                known.join(", ")
            )
        }
    }
}

/// That what gosweep and a matrix decide reaches the service: by its command, its variables or its files.
pub(super) fn check_reached(decoder: &Decoder, fields: &Fields<'_>, target: &Target) {
    // A text that is wrong may have been meant to say it.
    if !fields.has("command") || decoder.count() > 0 {
        return;
    }
    if !target.says(|name| Listener::Service.is_said_by(name)) {
        let span = fields.get("command").map(|node| node.span.clone());
        let missing = Diagnostic::new(span.unwrap_or(0..0), "command never says {addr} or {port}");
        decoder.report(missing.help(
            "the service must listen where gosweep sends: pass \"{addr}\" (host:port) or \"{port}\" in command, env or a file",
        ));
    }
    report_unused_options(decoder, fields, target);
    let probe = target
        .probe
        .then_some(("probe", "probe needs", &Listener::Admin));
    let ready = Some(("ready", "ready asks", &target.ready.on));
    let metrics = target.metrics.as_ref();
    let metrics = metrics.map(|page| ("metrics", "metrics are asked of", &page.on));
    for (key, who, listener) in [probe, ready, metrics].into_iter().flatten() {
        if *listener == Listener::Service || target.says(|name| listener.is_said_by(name)) {
            continue;
        }
        let placeholder = listener.placeholder();
        let what = match listener {
            Listener::Admin => "the admin listener".to_owned(),
            other => format!("the listener {}", other.placeholder()),
        };
        let nowhere = format!("{who} {what}, but command never says {placeholder}");
        decoder.report(Diagnostic::new(fields.key_span(key), nowhere).help(format!(
            "pass \"{placeholder}\" (host:port) in command, env or a file"
        )));
    }
}

/// A matrix that sets an option which nothing passes on would compare a program with itself.
fn report_unused_options(decoder: &Decoder, fields: &Fields<'_>, target: &Target) {
    let Some(yaml::Shape::Map(entries)) = fields.get("options").map(|node| &node.shape) else {
        return;
    };
    for entry in entries {
        if option_name(&entry.key).is_ok() && !target.says(|name| name == entry.key) {
            let unused = format!("option `{}` is never passed on", entry.key);
            decoder.report(
                Diagnostic::new(entry.key_span.clone(), unused).help(format!(
                    "use \"{{{}}}\" in command, env or a file, or drop the option",
                    entry.key
                )),
            );
        }
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
