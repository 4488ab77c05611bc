//! What a service needs around it: its working folder, config files, commands beside it, and where it tells of itself.

use std::path::{Component, Path};
use std::time::Duration;

use super::Target;
use super::placeholder::placeholders;
use super::ready::Listener;
use crate::diagnostic::Diagnostic;
use crate::quantity::parse_positive_duration;
use crate::word::one_of;
use crate::yaml::{Decoder, Fields, Node, Shape, shown};

/// The keys of a file in `files`.
pub(crate) const FILE_KEYS: &[&str] = &["text", "template"];
/// The keys of a step in `before`.
pub(crate) const STEP_KEYS: &[&str] = &["run", "when", "within"];
/// The words of `when`.
pub(crate) const TIMES: &[&str] = &["start", "ready"];
/// The keys of `metrics`.
pub(crate) const METRICS_KEYS: &[&str] = &["prometheus", "expvar", "on", "headers"];

/// A file that is written anew for every trial.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigFile {
    /// Where it goes, relative to `{tmp}`.
    pub path: String,
    /// The file that holds its text, relative to the target file; `None` where the target file itself does.
    pub template: Option<String>,
    /// Its text with placeholders; empty until [`Target::with_templates`] has read a template.
    pub text: String,
}

/// A command that is run in every trial besides the program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The program and its arguments, with placeholders. A program without a slash is looked up in PATH, any other is
    /// relative to the target file.
    pub run: Vec<String>,
    /// When it is run.
    pub when: StepTime,
    /// How long it may take.
    pub within: Duration,
}

/// When a step is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepTime {
    /// Before the program is started.
    Start,
    /// Once the service is ready, before any load.
    Ready,
}

/// Where the service tells of its own runtime.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetricsPage {
    /// In which format.
    pub format: MetricsFormat,
    /// The path.
    pub path: String,
    /// On which listener.
    pub on: Listener,
    /// Header lines of the question.
    pub headers: Vec<(String, String)>,
}

/// How a service tells of its runtime.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricsFormat {
    /// The Go collector of Prometheus's client_golang, as text.
    Prometheus,
    /// Package expvar, whose variable `memstats` is read.
    Expvar,
}

/// A path or a text that must not be empty.
fn filled(decoder: &Decoder, fields: &Fields<'_>, key: &str) -> Option<String> {
    let node = fields.get(key)?;
    decoder.value(node, key, |text| match text.trim() {
        "" => Err("write a path".to_owned()),
        _ => Ok(text.to_owned()),
    })
}

pub(super) fn workdir(decoder: &Decoder, fields: &Fields<'_>) -> Option<String> {
    filled(decoder, fields, "workdir")
}

pub(super) fn authorities(decoder: &Decoder, fields: &Fields<'_>) -> Option<String> {
    filled(decoder, fields, "ca")
}

/// A relative path that stays below where it starts.
fn below(text: &str) -> Result<String, String> {
    let mut components = Path::new(text).components();
    let stays = components.all(|part| matches!(part, Component::Normal(_)));
    match stays && !text.is_empty() && !text.ends_with('/') && !text.contains('\0') {
        true => Ok(text.to_owned()),
        false => Err(
            "write a path inside {tmp}, without `..` and a leading `/`, e.g. \
                      `conf/app.yml`; the service gets it as `{tmp}/conf/app.yml`"
                .to_owned(),
        ),
    }
}

pub(super) fn files(decoder: &Decoder, fields: &Fields<'_>) -> Vec<ConfigFile> {
    let Some(node) = fields.get("files") else {
        return Vec::new();
    };
    let entries = decoder.entries(node, "files").unwrap_or_default();
    entries
        .iter()
        .filter_map(|entry| {
            let path = match below(&entry.key) {
                Ok(path) => path,
                Err(fix) => {
                    let bad = format!("bad path `{}`", shown(&entry.key));
                    decoder.report(Diagnostic::new(entry.key_span.clone(), bad).help(fix));
                    return None;
                }
            };
            config_file(decoder, path, &entry.value)
        })
        .collect()
}

fn config_file(decoder: &Decoder, path: String, node: &Node) -> Option<ConfigFile> {
    if let Shape::Scalar(scalar) = &node.shape {
        return Some(ConfigFile {
            path,
            template: None,
            text: scalar.text.clone(),
        });
    }
    let what = format!("file `{path}`");
    let inner = decoder.fields(node, &what, FILE_KEYS)?;
    if inner.has("text") == inner.has("template") {
        let one = format!("{what} has `text` or `template`, one of the two");
        let finding = Diagnostic::new(inner.span.clone(), one);
        decoder.report(finding.help(
            "`text: |` and its lines, or `template: FILE` for a file alongside the target file",
        ));
        return None;
    }
    let template = filled(decoder, &inner, "template");
    let text = inner.text("text").unwrap_or_default().to_owned();
    Some(ConfigFile {
        path,
        template,
        text,
    })
}

pub(super) fn steps(
    decoder: &Decoder,
    fields: &Fields<'_>,
    check: impl Fn(&Node, &str),
) -> Vec<Step> {
    let Some(node) = fields.get("before") else {
        return Vec::new();
    };
    let items = decoder.items(node, "before").iter();
    items
        .filter_map(|item| {
            let inner = decoder.fields(item, "a command of `before`", STEP_KEYS)?;
            let run = inner.require("run", "[./load-data.sh, \"{tmp}\"]")?;
            let mut words = Vec::new();
            for word in decoder.items(run, "run") {
                let text = decoder.text(word, "run")?;
                check(word, text);
                words.push(text.to_owned());
            }
            if words
                .first()
                .is_none_or(|program| program.trim().is_empty())
            {
                let none = Diagnostic::new(run.span.clone(), "run has no program");
                decoder.report(none.help("write `run: [program, argument]`"));
                return None;
            }
            Some(Step {
                run: words,
                when: inner.or("when", StepTime::Start, |text| {
                    one_of(text, TIMES).map(|word| match word {
                        "ready" => StepTime::Ready,
                        _ => StepTime::Start,
                    })
                }),
                within: inner.or("within", Duration::from_secs(60), parse_positive_duration),
            })
        })
        .collect()
}

pub(super) fn metrics(decoder: &Decoder, fields: &Fields<'_>) -> Option<MetricsPage> {
    let inner = decoder.fields(fields.get("metrics")?, "metrics", METRICS_KEYS)?;
    let (key, format) = match (inner.has("prometheus"), inner.has("expvar")) {
        (true, false) => ("prometheus", MetricsFormat::Prometheus),
        (false, true) => ("expvar", MetricsFormat::Expvar),
        _ => {
            let one = "metrics has `prometheus` or `expvar`, one of the two";
            let finding = Diagnostic::new(inner.span.clone(), one);
            decoder.report(finding.help("`{prometheus: /metrics}` or `{expvar: /debug/vars}`"));
            return None;
        }
    };
    Some(MetricsPage {
        format,
        path: decoder.value(inner.get(key)?, key, super::requests::path)?,
        on: inner.or("on", Listener::Service, Listener::parse),
        headers: super::requests::headers(decoder, &inner),
    })
}

impl Target {
    /// The texts of its templates, which decide what it does as the target file does.
    pub fn template_texts(&self) -> impl Iterator<Item = &str> {
        let templates = self.files.iter().filter(|file| file.template.is_some());
        templates.map(|file| file.text.as_str())
    }

    /// Whether a trial needs a folder of its own for it.
    pub fn wants_tmp(&self) -> bool {
        let is_tmp = |name: &str| name == super::TMP;
        let steps = self.before.iter().flat_map(|step| &step.run);
        let own = [self.workdir.as_ref(), self.ca.as_ref()];
        let mut others = steps.chain(own.into_iter().flatten());
        !self.files.is_empty()
            || self.says(is_tmp)
            || others.any(|text| placeholders(text).any(is_tmp))
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    const FILE: &str = "\
name: prometheus
binary: /usr/bin/prometheus
command: [\"--config.file={tmp}/prometheus.yml\", \"--storage.tsdb.path={tmp}/data\"]
options:
  scrape: {default: 15s}
env: {LISTEN: \"{addr}\"}
workdir: \"{tmp}\"
files:
  prometheus.yml:
    template: prometheus.yml
  empty.yml: {text: \"{}\"}
before:
  - {run: [sh, -c, \"mkdir {tmp}/data\"]}
  - {run: [./load.sh, \"{addr}\"], when: ready, within: 5s}
ready: {path: /-/ready, headers: {X-Key: a}, status: 204, log: ready to receive, within: 60s}
metrics: {prometheus: /metrics}
requests: [{path: /}]
";

    #[test]
    fn reads_what_a_real_server_needs() {
        let target = Target::parse("target.yaml", FILE).unwrap();
        assert_eq!(target.workdir.as_deref(), Some("{tmp}"));
        assert_eq!(target.files[0].template.as_deref(), Some("prometheus.yml"));
        assert_eq!(target.files[1].text, "{}");
        assert_eq!(target.before[1].when, StepTime::Ready);
        assert_eq!(target.before[1].within, Duration::from_secs(5));
        assert_eq!(target.ready.status, 204);
        assert_eq!(target.ready.log.as_deref(), Some("ready to receive"));
        assert_eq!(target.ready.headers[0].0, "X-Key");
        let metrics = target.metrics.clone().unwrap();
        assert_eq!(
            (metrics.format, metrics.path.as_str()),
            (MetricsFormat::Prometheus, "/metrics")
        );
        assert!(target.wants_tmp());
    }

    #[test]
    fn an_option_may_be_passed_on_by_a_template_and_must_be() {
        let target = Target::parse("target.yaml", FILE).unwrap();
        let read = |text: &'static str| move |_: &str| Ok(text.to_owned());
        let with = |text| target.clone().with_templates(read(text)).unwrap();
        let good = with("every: {scrape} # {unknown}").unwrap();
        assert_eq!(good.template_texts().count(), 1);
        let shown = with("every: 15s").unwrap_err().render();
        assert!(shown.contains("`scrape` is never passed on"), "{shown}");
        let unread = target.with_templates(|_| Err(io::ErrorKind::NotFound.into()));
        assert_eq!(unread.unwrap_err().template, "prometheus.yml");
    }

    #[test]
    fn a_service_that_is_never_told_where_to_listen_is_refused() {
        let text = FILE
            .replace("{addr}\"}", "x\"}")
            .replace("    template: prometheus.yml", "    text: \"{scrape}\"");
        let shown = Target::parse("target.yaml", &text).unwrap_err().render();
        assert!(shown.contains("never says {addr} or {port}"), "{shown}");
        let by_port = text.replace("{scrape}", "{scrape} {port}");
        Target::parse("target.yaml", &by_port).unwrap();
    }

    #[test]
    fn everything_that_is_wrong_is_found() {
        let text = "\
name: broken
binary: ./server
command: [\"{addr}\", \"{addr.}\"]
files:
  ../escape.yml: text
  /etc/passwd: text
  both.yml: {text: a, template: b}
before:
  - {run: [sh, \"{nobody}\"], when: later}
  - {run: []}
metrics: {prometheus: /metrics, expvar: /debug/vars}
ready: {on: peer, headers: {A: b}}
requests: [{path: /}]
";
        let errors = Target::parse("target.yaml", text).unwrap_err();
        insta::assert_snapshot!(errors.render());
    }
}
