//! What must not be put in place: settings that Go refuses or ignores, that the container has no room for, or that were
//! measured with another Go.

use documents::advice::Recommendation;
use documents::export::{Carrier, Value};
use gotrace::GoVersion;
use gotrace::environment::{Gogc, Gomemlimit, check_variable, gogc, gomaxprocs, gomemlimit};
use record::objective::Objective;
use record::quantity::format_bytes;
use record::threshold::{Threshold, Thresholds};

use super::{ExportRequest, Made, Setting};

/// Of the memory limit, what GOMEMLIMIT leaves at least for what Go does not count (the guide to the collector,
/// <https://go.dev/doc/gc-guide#Memory_limit>: 5 to 10 %).
const HEADROOM: f64 = 0.05;
/// A measured peak above this share of the limit leaves no room for a busier day.
const MOST_OF_LIMIT: f64 = 0.9;

/// Adds refusals and cautions. What takes a recommendation back is only looked at by Go's own rules.
pub(super) fn check(
    settings: &[Setting<'_>],
    change: &Recommendation,
    request: &ExportRequest,
    made: &mut Made,
) {
    let measured_with = change
        .validity
        .go
        .as_deref()
        .and_then(|go| GoVersion::parse(go).ok());
    let go = request.go.as_ref().or(measured_with.as_ref());
    variables(go, made);
    if request.undo || request.carrier == Carrier::Rules {
        return;
    }
    version(measured_with.as_ref(), request, made);
    keys_of_source(go, made);
    collector_off(made);
    processors(settings, change, request, made);
    memory_limit(change, request, made);
    peak(change, request, made);
}

/// What the runtime would refuse or ignore, and values that no line can hold.
fn variables(go: Option<&GoVersion>, made: &mut Made) {
    let mut found = Vec::new();
    for own in &made.variables {
        let Value::Text(text) = &own.value else {
            continue;
        };
        let setting = format!("{}={text}", own.name);
        let mut letters = own.name.chars();
        let begins = letters
            .next()
            .is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
        if !begins || !letters.all(|c| c.is_ascii_alphanumeric() || c == '_') {
            found.push((
                setting,
                "no shell takes a variable of that name".to_owned(),
                "set it by hand".to_owned(),
            ));
        } else if text.chars().any(char::is_control) {
            found.push((
                format!("{}=…", own.name),
                "its value holds a line's end or another control character".to_owned(),
                "set it by hand".to_owned(),
            ));
        } else if let Err(problem) = check_variable(&own.name, text, go) {
            found.push((setting, problem.message, problem.cure));
        }
    }
    for (setting, reason, fix) in found {
        made.refuse(setting, reason, fix);
    }
}

/// Settings of another Go version.
fn version(measured: Option<&GoVersion>, request: &ExportRequest, made: &mut Made) {
    let (Some(measured), Some(asked)) = (measured, &request.go) else {
        let known = measured.map(|own| format!("{own}: keep them only with Go 1.{}", own.minor()));
        let words = known.unwrap_or_else(|| "a Go version that the run does not tell".to_owned());
        made.cautions.push(format!("measured with {words}"));
        return;
    };
    if measured.minor() != asked.minor() {
        made.refuse(
            "the settings",
            format!(
                "they were measured with {measured}, the service is built with Go 1.{}, whose collector and scheduler are others",
                asked.minor()
            ),
            format!("measure with Go 1.{}: a matrix takes `toolchain`", asked.minor()),
        );
    }
}

/// Keys that `go build` of that version does not know.
fn keys_of_source(go: Option<&GoVersion>, made: &mut Made) {
    let Some(go) = go else {
        return;
    };
    let gone: Vec<String> = made
        .godebug
        .iter()
        .filter(|(key, _)| {
            let row = gotrace::environment::find_godebug(key);
            row.is_some_and(|row| !row.exists_in(go))
        })
        .map(|(key, _)| key.clone())
        .collect();
    for key in gone {
        made.refuse(
            format!("//go:debug {key}"),
            format!("{go} does not have the key"),
            "leave it out",
        );
    }
}

fn text_of<'m>(made: &'m Made, name: &str) -> Option<&'m Value> {
    made.variables
        .iter()
        .find(|own| own.name == name)
        .map(|own| &own.value)
}

/// GOGC=off without a memory limit: the heap grows until the kernel ends the process.
fn collector_off(made: &mut Made) {
    let Some(Value::Text(text)) = text_of(made, "GOGC") else {
        return;
    };
    if !matches!(gogc(text), Ok((Gogc::Off, _))) {
        return;
    }
    let limited = match text_of(made, "GOMEMLIMIT") {
        Some(Value::Text(text)) => matches!(gomemlimit(text), Ok(Gomemlimit::Bytes(_))),
        Some(Value::PercentOfMemory(_)) => true,
        Some(Value::Unset) | None => false,
    };
    let refused_already = made
        .refusals
        .iter()
        .any(|own| own.setting.starts_with("GOMEMLIMIT"));
    if !limited && !refused_already {
        made.refuse(
            "GOGC=off",
            "without GOMEMLIMIT nothing ever collects, and the process grows until the kernel ends it",
            "measure GOGC=off together with gomemlimit",
        );
    }
}

/// GOMAXPROCS over the quota: threads that the kernel throttles in the middle of their work.
fn processors(
    settings: &[Setting<'_>],
    change: &Recommendation,
    request: &ExportRequest,
    made: &mut Made,
) {
    let Some(Value::Text(text)) = text_of(made, "GOMAXPROCS") else {
        return;
    };
    let quota_changes = settings
        .iter()
        .any(|own| own.axis == record::axis::Axis::CpuQuota);
    let measured = change.validity.quota_cpus;
    let quota = request
        .cpus
        .or(made.limits.cpus.filter(|_| quota_changes))
        .or(measured);
    let (Ok(procs), Some(quota)) = (gomaxprocs(text), quota) else {
        return;
    };
    if f64::from(procs) > quota.ceil() {
        made.refuse(
            format!("GOMAXPROCS={procs}"),
            format!("it is over the quota of {quota} CPUs, so the kernel would throttle the service in the middle of requests"),
            "raise the quota (--cpus), or measure under it: a matrix takes `cpu_quota`",
        );
    }
}

/// GOMEMLIMIT against the memory limit and the live heap.
fn memory_limit(change: &Recommendation, request: &ExportRequest, made: &mut Made) {
    let cap = request.memory_bytes.or(change.validity.memory_cap_bytes);
    let bytes = match text_of(made, "GOMEMLIMIT") {
        Some(Value::Text(text)) => match gomemlimit(text) {
            Ok(Gomemlimit::Bytes(bytes)) => bytes as f64,
            _ => return,
        },
        Some(Value::PercentOfMemory(percent)) => match cap {
            Some(cap) => cap as f64 * f64::from(*percent) / 100.0,
            None => return,
        },
        Some(Value::Unset) | None => return,
    };
    let setting = format!("GOMEMLIMIT={}", format_bytes(bytes));
    if let Some(cap) = cap.map(|cap| cap as f64) {
        if bytes >= cap {
            made.refuse(
                setting,
                format!("it is not below the memory limit of {}, so the kernel ends the process before the collector works harder", format_bytes(cap)),
                "raise --limit; 5 to 10 % of it should stay for what Go does not count",
            );
            return;
        }
        if bytes > cap * (1.0 - HEADROOM) {
            made.cautions.push(format!(
                "{setting} leaves less than 5 % of {} for what Go does not count (cgo, stacks of threads, mapped files)",
                format_bytes(cap)
            ));
        }
    }
    let Some([_, live]) = change.validity.live_heap_bytes else {
        made.cautions.push(
            "the live heap was not observed: compare GOMEMLIMIT with your own before the rollout"
                .to_owned(),
        );
        return;
    };
    let thresholds = Thresholds::default();
    // What GOGC is left with, percent: the room above the live heap.
    let left = (bytes / live - 1.0) * 100.0;
    if left < thresholds.get(Threshold::G8Critical) {
        made.refuse(
            setting,
            format!(
                "the live heap was {}, {:.2} times as much would be all there is, and the collector would run without pause (GOGC {:.0} in effect)",
                format_bytes(live),
                bytes / live,
                left.max(0.0)
            ),
            "raise --limit, or lessen the live heap",
        );
    } else if left < thresholds.get(Threshold::G8Warn) {
        made.cautions.push(format!(
            "{setting} is {:.2} times the live heap of {}: a growing heap soon makes the collector run without pause",
            bytes / live,
            format_bytes(live)
        ));
    }
}

/// The measured peak against the memory limit.
fn peak(change: &Recommendation, request: &ExportRequest, made: &mut Made) {
    let Some(limit) = request.memory_bytes.map(|limit| limit as f64) else {
        return;
    };
    // With a memory limit of its own the heap follows the container.
    if text_of(made, "GOMEMLIMIT").is_some_and(|own| *own != Value::Unset) {
        return;
    }
    let rss = change
        .effects
        .iter()
        .find(|own| own.objective == Objective::Rss);
    let Some(peak) = rss.and_then(|own| own.value) else {
        made.cautions.push(
            "the peak of its memory was not observed: compare yours with the limit".to_owned(),
        );
        return;
    };
    if peak > limit {
        made.refuse(
            "the settings",
            format!(
                "the service took {} with them, more than the limit of {}",
                format_bytes(peak),
                format_bytes(limit)
            ),
            "raise --limit, or measure with `memory_cap` and `gomemlimit`",
        );
    } else if peak > limit * MOST_OF_LIMIT {
        made.cautions.push(format!(
            "the service took {} of the limit of {} while it was measured",
            format_bytes(peak),
            format_bytes(limit)
        ));
    }
}
