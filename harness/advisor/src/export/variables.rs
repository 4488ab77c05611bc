//! What each setting becomes where it is put.

use documents::advice::Recommendation;
use documents::export::{Carrier, Value, Variable};
use gotrace::environment::{find_godebug, godebug_pairs};
use record::axis::{Applied, Axis};

use super::{ExportRequest, Made, Setting, memory};

/// Adds every setting as a variable, a limit, or a line that says where it belongs.
pub(super) fn add(
    settings: &[Setting<'_>],
    change: &Recommendation,
    request: &ExportRequest,
    made: &mut Made,
) {
    let changes = settings.iter().filter(|own| own.is_changed()).count();
    for own in settings {
        match own.axis.applied() {
            Applied::Variable(name) if request.carrier == Carrier::Source => {
                source(own, name, request, made);
            }
            Applied::Variable(name) => {
                let Some(value) = value(own, change, request, made) else {
                    continue;
                };
                made.variables.push(Variable {
                    name: name.to_owned(),
                    value,
                    because: because(own, changes),
                    undo: own.axis.line(if request.undo {
                        &own.of.to
                    } else {
                        &own.of.from
                    }),
                });
            }
            Applied::Cgroup if request.carrier == Carrier::Deployment => limit(own, request, made),
            _ => elsewhere(own, request, made),
        }
    }
    if made.variables.is_empty() && made.godebug.is_empty() && made.refusals.is_empty() {
        let what = made.elsewhere.join("; ");
        if made.limits.memory_bytes.is_none() && made.limits.cpus.is_none() {
            made.refuse(
                "this format",
                format!("it can carry nothing of the recommendation ({what})"),
                "use another format",
            );
        }
    }
    if request.memory_bytes.is_some() && request.carrier == Carrier::Deployment {
        made.limits.memory_bytes = request.memory_bytes;
    }
    if request.cpus.is_some() && request.carrier == Carrier::Deployment {
        made.limits.cpus = request.cpus;
    }
}

fn value(
    own: &Setting<'_>,
    change: &Recommendation,
    request: &ExportRequest,
    made: &mut Made,
) -> Option<Value> {
    let Some(text) = own.wanted(request.undo) else {
        return Some(Value::Unset);
    };
    if own.axis == Axis::Gomemlimit && !request.undo {
        return memory::value(text, change, request, made);
    }
    Some(Value::Text(text.to_owned()))
}

/// What justifies a line of its own.
fn because(own: &Setting<'_>, changes: usize) -> Vec<String> {
    if !own.is_changed() {
        return vec!["as in the control, and part of what was measured".to_owned()];
    }
    let was = match own.axis.is_same(&own.of.from, own.axis.default_value()) {
        true => "was not set".to_owned(),
        false => format!("was {}", own.of.from),
    };
    if changes == 1 {
        return vec![format!(
            "{was}; the only change, so the whole effect comes from it"
        )];
    }
    let changes = |of: &Option<Vec<String>>| of.as_ref().map(|own| own.join(", "));
    let alone = changes(&own.of.alone).map(|own| format!("alone: {own}"));
    let without = changes(&own.of.without).map(|own| format!("the others without it: {own}"));
    let mut lines = vec![was];
    lines.extend(alone);
    lines.extend(without);
    if lines.len() == 1 {
        lines.push("not measured alone: put the settings in place together".to_owned());
    }
    lines
}

/// A limit of the cgroup, where the format has one.
fn limit(own: &Setting<'_>, request: &ExportRequest, made: &mut Made) {
    let Some(text) = own.wanted(request.undo) else {
        made.elsewhere.push(format!(
            "take the limit away: {}",
            own.axis.line(&own.of.to)
        ));
        return;
    };
    match own.axis {
        Axis::MemoryCap => made.limits.memory_bytes = record::quantity::parse_bytes(text).ok(),
        _ => {
            let cpus = text.split('/').next().unwrap_or(text);
            made.limits.cpus = cpus.trim().parse().ok();
        }
    }
}

/// `//go:debug` takes keys of GODEBUG, and of those the ones that Go takes in source.
fn source(own: &Setting<'_>, name: &str, request: &ExportRequest, made: &mut Made) {
    if own.axis != Axis::Godebug {
        return elsewhere(own, request, made);
    }
    let Some(text) = own.wanted(request.undo) else {
        made.elsewhere.push(format!(
            "take every //go:debug line of it away ({name} was not set)"
        ));
        return;
    };
    let Ok(pairs) = godebug_pairs(text) else {
        return;
    };
    for (key, value) in pairs {
        match find_godebug(key) {
            Some(row) if row.in_source() => made.godebug.push((key.to_owned(), value.to_owned())),
            _ => made.elsewhere.push(format!(
                "export GODEBUG={key}={value}   (go build refuses //go:debug {key}: it takes keys of the library and of \
                 compatibility, not the runtime's own)"
            )),
        }
    }
}

/// A setting that the format cannot carry, where it is one that changes.
fn elsewhere(own: &Setting<'_>, request: &ExportRequest, made: &mut Made) {
    if own.is_changed() {
        let value = if request.undo {
            &own.of.from
        } else {
            &own.of.to
        };
        made.elsewhere.push(own.axis.line(value));
    }
}
