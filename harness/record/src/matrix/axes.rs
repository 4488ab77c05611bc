//! Decodes what speaks of axes: the axes themselves, the rules and the control.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::values::axis_value;
use super::{AxisValues, Located, Rule};
use crate::axis::Axis;
use crate::diagnostic::Diagnostic;
use crate::yaml::{Decoder, Fields, Node, Shape, option_name, shown, variable_name};

/// A rule with the places of what it says, for checks that need the whole matrix.
pub(super) struct PlacedRule {
    pub(super) rule: Rule,
    pub(super) values: Vec<(Axis, Located<String>)>,
    pub(super) targets: Vec<Located<String>>,
}

/// An axis as a map names it, and what stands there.
struct AxisEntry<'a> {
    axis: Axis,
    span: Range<usize>,
    value: &'a Node,
}

pub(super) fn axes(decoder: &Decoder, fields: &Fields<'_>) -> Vec<AxisValues> {
    let Some(node) = fields.get("axes") else {
        return Vec::new();
    };
    let Some(entries) = axis_entries(decoder, node, "axes", &[]) else {
        return Vec::new();
    };
    if matches!(&node.shape, Shape::Map(entries) if entries.is_empty()) {
        let empty = Diagnostic::new(node.span.clone(), "axes is empty");
        decoder.report(empty.help(
            "name at least one axis, e.g. `gogc: [50, 100, 400]`, or leave `axes` out to run only the control",
        ));
    }
    entries
        .into_iter()
        .map(|entry| AxisValues {
            values: values(decoder, &entry),
            axis: entry.axis,
            span: entry.span,
        })
        .collect()
}

fn values(decoder: &Decoder, entry: &AxisEntry<'_>) -> Vec<Located<String>> {
    let axis = &entry.axis;
    if matches!(&entry.value.shape, Shape::List(items) if items.is_empty()) {
        let empty = Diagnostic::new(
            entry.value.span.clone(),
            format!("axis `{axis}` has no values"),
        );
        decoder.report(empty.help("list at least one value, or leave the axis out"));
    }
    let mut seen = HashSet::new();
    let mut values = Vec::new();
    for item in decoder.items(entry.value, &axis.to_string()) {
        let Some(value) = axis_value(decoder, axis, item) else {
            continue;
        };
        if seen.insert(value.value.clone()) {
            values.push(value);
            continue;
        }
        let written = match &item.shape {
            Shape::Scalar(scalar) => scalar.text.trim(),
            _ => value.value.as_str(),
        };
        let twice = format!("{axis}: `{}` is listed twice", shown(written));
        let fix = if written == value.value {
            "keep one of the two".to_owned()
        } else {
            format!("it means the same as `{}`: keep one", shown(&value.value))
        };
        decoder.report(Diagnostic::new(value.span, twice).help(fix));
    }
    values
}

/// The rules under `key`, each with its places.
pub(super) fn rules(decoder: &Decoder, fields: &Fields<'_>, key: &str) -> Vec<PlacedRule> {
    let Some(node) = fields.get(key) else {
        return Vec::new();
    };
    decoder
        .items(node, key)
        .iter()
        .filter_map(|item| rule(decoder, item, key))
        .collect()
}

/// One rule; `key` is where it stands.
pub(super) fn rule(decoder: &Decoder, node: &Node, key: &str) -> Option<PlacedRule> {
    let what = format!("a rule of `{key}`");
    let entries = axis_entries(decoder, node, &what, &["target"])?;
    let before = decoder.count();
    let targets = targets_of_rule(decoder, node);
    let mut placed = PlacedRule {
        rule: Rule {
            span: node.span.clone(),
            axes: Vec::new(),
            targets: targets.iter().map(|target| target.value.clone()).collect(),
        },
        values: Vec::new(),
        targets,
    };
    for entry in entries {
        let items = decoder.items(entry.value, &entry.axis.to_string());
        if items.is_empty() && matches!(entry.value.shape, Shape::List(_)) {
            let none = format!("{what} names no value of `{}`", entry.axis);
            decoder.report(
                Diagnostic::new(entry.value.span.clone(), none)
                    .help("list at least one value, or leave the axis out of the rule"),
            );
        }
        let values: Vec<_> = items
            .iter()
            .filter_map(|item| axis_value(decoder, &entry.axis, item))
            .collect();
        let texts = values.iter().map(|value| value.value.clone()).collect();
        placed.rule.axes.push((entry.axis.clone(), texts));
        let values = values.into_iter().map(|value| (entry.axis.clone(), value));
        placed.values.extend(values);
    }
    if matches!(&node.shape, Shape::Map(entries) if entries.is_empty()) {
        let empty = Diagnostic::new(node.span.clone(), format!("{what} names nothing"));
        decoder.report(empty.help("name at least one axis, e.g. {gogc: \"off\"}"));
    }
    let names_something = !placed.rule.axes.is_empty() || !placed.targets.is_empty();
    (names_something && decoder.count() == before).then_some(placed)
}

fn targets_of_rule(decoder: &Decoder, node: &Node) -> Vec<Located<String>> {
    let Shape::Map(entries) = &node.shape else {
        return Vec::new();
    };
    let Some(entry) = entries.iter().find(|entry| entry.key == "target") else {
        return Vec::new();
    };
    let items = decoder.items(&entry.value, "target");
    if items.is_empty() && matches!(entry.value.shape, Shape::List(_)) {
        let none = Diagnostic::new(entry.value.span.clone(), "the rule names no target");
        decoder.report(none.help("list at least one target, or leave `target` out"));
    }
    items
        .iter()
        .filter_map(|item| {
            Some(Located {
                value: decoder.text(item, "target")?.to_owned(),
                span: item.span.clone(),
            })
        })
        .collect()
}

pub(super) fn control(decoder: &Decoder, fields: &Fields<'_>) -> Vec<(Axis, Located<String>)> {
    let Some(node) = fields.get("control") else {
        return Vec::new();
    };
    axis_entries(decoder, node, "control", &[])
        .unwrap_or_default()
        .into_iter()
        .filter_map(|entry| {
            Some((
                entry.axis.clone(),
                axis_value(decoder, &entry.axis, entry.value)?,
            ))
        })
        .collect()
}

/// The axes that a map names. `env: {NAME: …}` and `option: {name: …}` group free names; together with the dotted form
/// they may not name an axis twice. Keys in `besides` are no axes and passed over.
fn axis_entries<'a>(
    decoder: &Decoder,
    node: &'a Node,
    what: &str,
    besides: &[&str],
) -> Option<Vec<AxisEntry<'a>>> {
    let mut found = Named::default();
    for entry in decoder.entries(node, what)? {
        let group = match entry.key.as_str() {
            key if besides.contains(&key) => continue,
            group @ ("env" | "option") => group,
            // `build: {ref: …}` reads as in a target file; its axes have names of their own.
            "build" if matches!(entry.value.shape, Shape::Map(_)) => {
                for inner in decoder.entries(&entry.value, "`build`")? {
                    let is_build = inner.key.parse::<Axis>().is_ok_and(|axis| axis.is_build());
                    match is_build {
                        true => found.add(decoder, &inner.key, &inner.key_span, &inner.value, true),
                        false => {
                            let other = format!("`{}` is no axis of the build", shown(&inner.key));
                            let finding = Diagnostic::new(inner.key_span.clone(), other);
                            decoder.report(finding.help("e.g. `build: {ref: [main, v1.2]}`"));
                        }
                    }
                }
                continue;
            }
            name => {
                found.add(decoder, name, &entry.key_span, &entry.value, false);
                continue;
            }
        };
        if !matches!(entry.value.shape, Shape::Map(_)) {
            let no_map = format!("`{group}` of {what} must be a map of names");
            let fix = format!("write `{group}: {{name: …}}`, or `{group}.name: …` for one");
            decoder.report(Diagnostic::new(entry.key_span.clone(), no_map).help(fix));
            continue;
        }
        let inside = format!("`{group}` of {what}");
        for inner in decoder.entries(&entry.value, &inside)? {
            let name = format!("{group}.{}", inner.key);
            found.add(decoder, &name, &inner.key_span, &inner.value, true);
        }
    }
    Some(found.entries)
}

/// The axes found so far, each once.
#[derive(Default)]
struct Named<'a> {
    entries: Vec<AxisEntry<'a>>,
    /// Whether the axis was found in a group.
    grouped: HashMap<Axis, bool>,
}

impl<'a> Named<'a> {
    fn add(
        &mut self,
        decoder: &Decoder,
        name: &str,
        span: &Range<usize>,
        value: &'a Node,
        grouped: bool,
    ) {
        let Some(axis) = axis_name(decoder, name, span) else {
            return;
        };
        match self.grouped.insert(axis.clone(), grouped) {
            None => self.entries.push(AxisEntry {
                axis,
                span: span.clone(),
                value,
            }),
            Some(earlier) if earlier != grouped => {
                let twice = format!("axis `{axis}` is named twice");
                decoder.report(
                    Diagnostic::new(span.clone(), twice)
                        .help("keep either the group or the name with the dot"),
                );
            }
            // The same key twice in one map: the map's walk has reported it.
            Some(_) => {}
        }
    }
}

fn axis_name(decoder: &Decoder, name: &str, span: &Range<usize>) -> Option<Axis> {
    let report = |message: String, fix: String| {
        decoder.report(Diagnostic::new(span.clone(), message).help(fix));
        None
    };
    let axis: Axis = match name.parse() {
        Ok(axis) => axis,
        Err(fix) => return report(format!("unknown axis `{}`", shown(name)), fix),
    };
    match &axis {
        Axis::Env(variable) => match variable_name(variable) {
            Ok(()) => Some(axis),
            Err(fix) => report(
                format!("bad environment variable `{}`", shown(variable)),
                fix,
            ),
        },
        Axis::Option(option) => match option_name(option) {
            Ok(()) => Some(axis),
            Err(fix) => report(format!("bad option name `{}`", shown(option)), fix),
        },
        _ => Some(axis),
    }
}
