//! Decodes a matrix file and checks what can be known from it alone.

use std::collections::BTreeMap;
use std::time::Duration;

use super::expand::impossible_value;
use super::values::axis_value;
use super::{AxisValues, ConstantLoad, Load, Located, Matrix, Rule, Warmup};
use crate::axis::Axis;
use crate::diagnostic::{Diagnostic, Diagnostics, closest};
use crate::objective::Objective;
use crate::quantity::{
    parse_bytes, parse_duration, parse_positive_duration, parse_rate, parse_share,
};
use crate::yaml::{self, Decoder, Fields, Node, Shape};

/// The keys of a matrix file, in the order of the reference.
pub(crate) const KEYS: &[&str] = &[
    "name",
    "why",
    "targets",
    "axes",
    "exclude",
    "only",
    "control",
    "load",
    "blocks",
    "warmup",
    "seed",
    "rank_by",
    "constraints",
    "options",
    "toolchain_sources",
    "bind_memory",
];
/// The keys of `load`.
pub(crate) const LOAD_KEYS: &[&str] = &[
    "connections",
    "threads",
    "engine",
    "timeout",
    "saturate",
    "constant",
];
/// The keys of `load.constant`.
pub(crate) const CONSTANT_KEYS: &[&str] = &["rate", "for", "arrival"];
/// The keys of `warmup` when it is a map.
pub(crate) const WARMUP_KEYS: &[&str] = &["for", "gc_cycles"];

/// More cells than this is a mistake in the axes, not an experiment.
const MOST_CELLS: usize = 5_000;

pub(super) fn matrix(file: &str, text: &str) -> Result<Matrix, Diagnostics> {
    let fail = |findings| Diagnostics::new(file, text, findings);
    let root = yaml::parse(text).map_err(|finding| fail(vec![finding]))?;
    let decoder = Decoder::default();
    let Some(fields) = decoder.fields(&root, "the matrix", KEYS) else {
        return Err(fail(decoder.into_findings()));
    };
    let matrix = Matrix {
        file: file.to_owned(),
        text: text.to_owned(),
        name: name(&decoder, &fields),
        why: fields.text("why").map(str::to_owned),
        targets: targets(&decoder, &fields),
        axes: axes(&decoder, &fields),
        exclude: rules(&decoder, &fields, "exclude"),
        only: rules(&decoder, &fields, "only"),
        control: control(&decoder, &fields),
        load: load(&decoder, &fields),
        blocks: fields.or("blocks", 10, |text| whole(text, 1, 1_000)),
        warmup: warmup(&decoder, &fields),
        seed: fields.or("seed", 1, |text| {
            text.parse().map_err(|_| "write a whole number".to_owned())
        }),
        rank_by: rank_by(&decoder, &fields),
        constraints: constraints(&decoder, &fields),
        options: options(&decoder, &fields),
        toolchain_sources: texts(&decoder, &fields, "toolchain_sources"),
        bind_memory: fields.or("bind_memory", false, |text| {
            text.parse().map_err(|_| "write true or false".to_owned())
        }),
    };
    check_whole(&decoder, &matrix, &root);
    let findings = decoder.into_findings();
    if findings.is_empty() {
        Ok(matrix)
    } else {
        Err(fail(findings))
    }
}

fn name(decoder: &Decoder, fields: &Fields<'_>) -> String {
    let Some(node) = fields.require("name", "quickstart") else {
        return String::new();
    };
    decoder
        .value(node, "name", |text| {
            let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
            if !text.is_empty() && text.len() <= 64 && text.chars().all(plain) && !text.starts_with('.') {
                Ok(text.to_owned())
            } else {
                Err("use letters, digits, `-`, `_` and `.`; the name becomes part of the run's folder".to_owned())
            }
        })
        .unwrap_or_default()
}

fn targets(decoder: &Decoder, fields: &Fields<'_>) -> Vec<Located<String>> {
    fields.require("targets", "[httpjson]");
    let list = texts(decoder, fields, "targets");
    if let Some(node) = fields.get("targets")
        && list.is_empty()
    {
        let empty = Diagnostic::new(node.span.clone(), "targets is empty");
        decoder.report(empty.help("name at least one folder of targets/ or a target.yaml"));
    }
    list
}

fn axes(decoder: &Decoder, fields: &Fields<'_>) -> Vec<AxisValues> {
    let mut axes: Vec<AxisValues> = Vec::new();
    let Some(node) = fields.get("axes") else {
        return axes;
    };
    for entry in decoder.entries(node, "axes").unwrap_or_default() {
        // `env: {NAME: [..]}` and `option: {name: [..]}` group free names.
        if let ("env" | "option", Shape::Map(named)) = (entry.key.as_str(), &entry.value.shape) {
            for inner in named {
                let name = format!("{}.{}", entry.key, inner.key);
                let located = Located {
                    value: name,
                    span: inner.key_span.clone(),
                };
                axes.extend(axis(decoder, &located, &inner.value));
            }
            continue;
        }
        let located = Located {
            value: entry.key.clone(),
            span: entry.key_span.clone(),
        };
        axes.extend(axis(decoder, &located, &entry.value));
    }
    axes
}

fn axis(decoder: &Decoder, name: &Located<String>, node: &Node) -> Option<AxisValues> {
    let axis = axis_name(decoder, &name.value, &name.span)?;
    let mut values: Vec<Located<String>> = Vec::new();
    for item in decoder.items(node, &name.value) {
        let Some(value) = axis_value(decoder, &axis, item) else {
            continue;
        };
        if values.iter().any(|earlier| earlier.value == value.value) {
            let twice = format!("{axis}: `{}` is listed twice", value.value);
            decoder.report(Diagnostic::new(value.span, twice).help("keep one of the two"));
        } else {
            values.push(value);
        }
    }
    if matches!(&node.shape, Shape::List(items) if items.is_empty()) {
        let empty = Diagnostic::new(node.span.clone(), format!("axis `{axis}` has no values"));
        decoder.report(empty.help("list at least one value, or leave the axis out"));
    }
    Some(AxisValues {
        axis,
        span: name.span.clone(),
        values,
    })
}

/// Environment variables that an axis of their own, or gosweep itself, sets.
const RESERVED_VARIABLES: [&str; 4] = ["GOMAXPROCS", "GOGC", "GOMEMLIMIT", "GODEBUG"];

fn axis_name(decoder: &Decoder, name: &str, span: &std::ops::Range<usize>) -> Option<Axis> {
    let axis: Axis = match name.parse() {
        Ok(axis) => axis,
        Err(cure) => {
            let unknown = Diagnostic::new(span.clone(), format!("unknown axis `{name}`"));
            decoder.report(unknown.help(cure));
            return None;
        }
    };
    if let Axis::Env(variable) = &axis {
        let finding = Diagnostic::new(
            span.clone(),
            format!("bad environment variable `{variable}`"),
        );
        if RESERVED_VARIABLES.contains(&variable.as_str()) {
            decoder.report(finding.help(format!("use the axis `{}`", variable.to_lowercase())));
            return None;
        }
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if variable.is_empty() || !variable.chars().all(plain) {
            decoder.report(finding.help("use letters, digits and `_`"));
            return None;
        }
    }
    Some(axis)
}

fn rules(decoder: &Decoder, fields: &Fields<'_>, key: &str) -> Vec<Rule> {
    let Some(node) = fields.get(key) else {
        return Vec::new();
    };
    let items = decoder.items(node, key);
    items
        .iter()
        .filter_map(|item| rule(decoder, item, key))
        .collect()
}

fn rule(decoder: &Decoder, node: &Node, key: &str) -> Option<Rule> {
    let entries = decoder.entries(node, key)?;
    let mut rule = Rule {
        span: node.span.clone(),
        axes: Vec::new(),
        targets: Vec::new(),
    };
    for entry in entries {
        let items = decoder.items(&entry.value, &entry.key);
        if entry.key == "target" {
            let names = items.iter().filter_map(|item| decoder.text(item, "target"));
            rule.targets.extend(names.map(str::to_owned));
            continue;
        }
        let axis = axis_name(decoder, &entry.key, &entry.key_span)?;
        let values = items
            .iter()
            .filter_map(|item| axis_value(decoder, &axis, item))
            .map(|located| located.value)
            .collect();
        rule.axes.push((axis, values));
    }
    if rule.axes.is_empty() && rule.targets.is_empty() {
        let empty = Diagnostic::new(
            node.span.clone(),
            format!("a rule of `{key}` names nothing"),
        );
        decoder.report(empty.help("name at least one axis, e.g. {gogc: \"off\"}"));
        return None;
    }
    Some(rule)
}

fn control(decoder: &Decoder, fields: &Fields<'_>) -> Vec<(Axis, Located<String>)> {
    let Some(node) = fields.get("control") else {
        return Vec::new();
    };
    let entries = decoder.entries(node, "control").unwrap_or_default();
    entries
        .iter()
        .filter_map(|entry| {
            let axis = axis_name(decoder, &entry.key, &entry.key_span)?;
            let value = axis_value(decoder, &axis, &entry.value)?;
            Some((axis, value))
        })
        .collect()
}

fn load(decoder: &Decoder, fields: &Fields<'_>) -> Load {
    let mut load = Load {
        connections: 32,
        threads: None,
        engine: "auto".to_owned(),
        timeout: Duration::from_secs(5),
        saturate: None,
        constant: None,
    };
    let Some(node) = fields.require(
        "load",
        "{connections: 32, saturate: 2s, constant: {rate: 60%, for: 2s}}",
    ) else {
        return load;
    };
    let Some(inner) = decoder.fields(node, "load", LOAD_KEYS) else {
        return load;
    };
    load.connections = inner.or("connections", 32, |text| whole(text, 1, 100_000));
    load.threads = inner
        .get("threads")
        .and_then(|node| decoder.value(node, "threads", |text| whole(text, 1, 1_024)));
    load.engine = inner.or("engine", load.engine, |text| {
        one_of(text, &["auto", "hyper", "h1-fast"])
    });
    load.timeout = inner.or("timeout", load.timeout, parse_positive_duration);
    load.saturate = inner
        .get("saturate")
        .and_then(|node| decoder.value(node, "saturate", parse_positive_duration));
    load.constant = inner
        .get("constant")
        .and_then(|node| constant(decoder, node));
    if inner.get("saturate").is_none() && inner.get("constant").is_none() {
        let nothing = Diagnostic::new(inner.span.clone(), "load measures nothing");
        decoder.report(nothing.help(
            "add `saturate: 2s` for QPS, `constant: {rate: 60%, for: 2s}` for latency, or both",
        ));
    }
    load
}

fn constant(decoder: &Decoder, node: &Node) -> Option<ConstantLoad> {
    let inner = decoder.fields(node, "constant", CONSTANT_KEYS)?;
    let rate = inner
        .require("rate", "60%")
        .and_then(|node| decoder.value(node, "rate", parse_rate));
    let duration = inner
        .require("for", "2s")
        .and_then(|node| decoder.value(node, "for", parse_positive_duration));
    let arrival = inner.or("arrival", "constant".to_owned(), |text| {
        one_of(text, &["constant", "poisson"])
    });
    Some(ConstantLoad {
        rate: rate?,
        duration: duration?,
        poisson: arrival == "poisson",
    })
}

fn warmup(decoder: &Decoder, fields: &Fields<'_>) -> Warmup {
    let default = Warmup {
        duration: Duration::from_secs(1),
        gc_cycles: 3,
    };
    let Some(node) = fields.get("warmup") else {
        return default;
    };
    if !matches!(node.shape, Shape::Map(_)) {
        let duration = decoder.value(node, "warmup", parse_duration);
        return Warmup {
            duration: duration.unwrap_or(default.duration),
            ..default
        };
    }
    let Some(inner) = decoder.fields(node, "warmup", WARMUP_KEYS) else {
        return default;
    };
    Warmup {
        duration: inner.or("for", default.duration, parse_duration),
        gc_cycles: inner.or("gc_cycles", default.gc_cycles, |text| {
            whole(text, 0, 10_000)
        }),
    }
}

fn rank_by(decoder: &Decoder, fields: &Fields<'_>) -> Vec<Objective> {
    let default = vec![Objective::Qps, Objective::P99, Objective::GcPerKreq];
    let Some(node) = fields.get("rank_by") else {
        return default;
    };
    let mut objectives: Vec<Objective> = Vec::new();
    for item in decoder.items(node, "rank_by") {
        let Some(objective) = decoder.value(item, "rank_by", str::parse::<Objective>) else {
            continue;
        };
        if objectives.contains(&objective) {
            let twice = format!("rank_by: `{objective}` is listed twice");
            decoder.report(Diagnostic::new(item.span.clone(), twice));
        } else {
            objectives.push(objective);
        }
    }
    if objectives.is_empty() {
        default
    } else {
        objectives
    }
}

fn constraints(decoder: &Decoder, fields: &Fields<'_>) -> BTreeMap<Objective, f64> {
    let mut constraints = BTreeMap::new();
    let Some(node) = fields.get("constraints") else {
        return constraints;
    };
    for entry in decoder.entries(node, "constraints").unwrap_or_default() {
        let objective = match entry.key.parse::<Objective>() {
            Ok(objective) => objective,
            Err(cure) => {
                let unknown = format!("unknown key `{}` in constraints", entry.key);
                decoder.report(Diagnostic::new(entry.key_span.clone(), unknown).help(cure));
                continue;
            }
        };
        let limit = decoder.value(&entry.value, &entry.key, |text| limit(objective, text));
        if let Some(limit) = limit {
            constraints.insert(objective, limit);
        }
    }
    constraints
}

/// A limit in the unit of the objective: ms, fraction, bytes or plain.
fn limit(objective: Objective, text: &str) -> Result<f64, String> {
    match objective {
        Objective::P50 | Objective::P99 | Objective::P999 => {
            Ok(parse_positive_duration(text)?.as_secs_f64() * 1e3)
        }
        Objective::CpuPerReq => Ok(parse_positive_duration(text)?.as_secs_f64() * 1e6),
        Objective::ErrorRate | Objective::GcCpu => parse_share(text),
        #[expect(clippy::cast_precision_loss, reason = "sizes below 2^53")]
        Objective::Rss | Objective::AllocPerReq => Ok(parse_bytes(text)? as f64),
        Objective::Qps | Objective::GcPerKreq | Objective::GcPerS => match text.parse::<f64>() {
            Ok(number) if number.is_finite() && number >= 0.0 => Ok(number),
            _ => Err("write a number".to_owned()),
        },
    }
}

fn options(
    decoder: &Decoder,
    fields: &Fields<'_>,
) -> BTreeMap<String, BTreeMap<String, Located<String>>> {
    let mut by_target = BTreeMap::new();
    let Some(node) = fields.get("options") else {
        return by_target;
    };
    for target in decoder.entries(node, "options").unwrap_or_default() {
        let mut options = BTreeMap::new();
        for entry in decoder
            .entries(&target.value, &target.key)
            .unwrap_or_default()
        {
            if let Some(text) = decoder.text(&entry.value, &entry.key) {
                let span = entry.key_span.clone();
                options.insert(
                    entry.key.clone(),
                    Located {
                        value: text.to_owned(),
                        span,
                    },
                );
            }
        }
        by_target.insert(target.key.clone(), options);
    }
    by_target
}

fn texts(decoder: &Decoder, fields: &Fields<'_>, key: &str) -> Vec<Located<String>> {
    let Some(node) = fields.get(key) else {
        return Vec::new();
    };
    let mut list: Vec<Located<String>> = Vec::new();
    for item in decoder.items(node, key) {
        let Some(text) = decoder.text(item, key) else {
            continue;
        };
        if list.iter().any(|earlier| earlier.value == text) {
            let twice = format!("{key}: `{text}` is listed twice");
            decoder.report(Diagnostic::new(item.span.clone(), twice).help("keep one of the two"));
        } else {
            list.push(Located {
                value: text.to_owned(),
                span: item.span.clone(),
            });
        }
    }
    list
}

/// What only shows when the parts are seen together.
fn check_whole(decoder: &Decoder, matrix: &Matrix, root: &Node) {
    check_control(decoder, matrix);
    check_options(decoder, matrix);
    let combinations = matrix.axes.iter().map(|axis| axis.values.len().max(1));
    let count = combinations.fold(1usize, usize::saturating_mul);
    if count.saturating_mul(matrix.targets.len()) > MOST_CELLS {
        let too_many =
            format!("the axes make {count} cells per target, at most {MOST_CELLS} in all are run");
        decoder.report(
            Diagnostic::new(root.span.start..root.span.start, too_many)
                .help("drop values, or split the matrix"),
        );
        return;
    }
    for rule in matrix.exclude.iter().chain(&matrix.only) {
        if let Some((axis, value)) = impossible_value(matrix, rule) {
            let never = format!("this rule can never match: `{axis}` has no value `{value}`");
            decoder.report(Diagnostic::new(rule.span.clone(), never).help(values_of(matrix, axis)));
        }
        for target in &rule.targets {
            if !matrix.targets.iter().any(|known| known.value == *target) {
                let never = format!("this rule can never match: no target `{target}`");
                decoder.report(Diagnostic::new(rule.span.clone(), never));
            }
        }
    }
    check_rules_leave_something(decoder, matrix);
}

fn check_control(decoder: &Decoder, matrix: &Matrix) {
    for axis in &matrix.axes {
        let named = matrix.control.iter().any(|(named, _)| *named == axis.axis);
        let default = axis.axis.default_value();
        let has_default = axis.values.iter().any(|value| value.value == default);
        if !named && axis.values.len() > 1 && !has_default {
            let name = &axis.axis;
            let unclear = format!(
                "the control's `{name}` is not clear: the axis has several values and none is `{default}`"
            );
            let first = axis
                .values
                .first()
                .map_or(default, |value| value.value.as_str());
            decoder.report(Diagnostic::new(axis.span.clone(), unclear).help(format!(
                "name it in control, e.g. `control: {{{name}: {first}}}`"
            )));
        }
    }
}

fn check_options(decoder: &Decoder, matrix: &Matrix) {
    for (target, options) in &matrix.options {
        let known: Vec<&str> = matrix.targets.iter().map(|t| t.value.as_str()).collect();
        if known.contains(&target.as_str()) {
            continue;
        }
        let span = options
            .values()
            .next()
            .map_or(0..0, |option| option.span.clone());
        let cure = match closest(target, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("targets of this matrix: {}", known.join(", ")),
        };
        let unknown = format!("options for `{target}`, which is no target of this matrix");
        decoder.report(Diagnostic::new(span, unknown).help(cure));
    }
}

fn check_rules_leave_something(decoder: &Decoder, matrix: &Matrix) {
    let expansion = matrix.expand();
    let control = expansion.cells.first();
    for rule in &matrix.exclude {
        if control.is_some_and(|control| rule.matches(control)) {
            let contradiction =
                Diagnostic::new(rule.span.clone(), "this rule excludes the control cell");
            decoder.report(
                contradiction
                    .help("every ratio is taken to the control: change the rule or the control"),
            );
        }
    }
    let rules = matrix.exclude.iter().chain(&matrix.only).next();
    if let Some(rule) = rules
        && expansion.cells.len() == matrix.targets.len()
        && !expansion.dropped.is_empty()
    {
        let nothing = Diagnostic::new(
            rule.span.clone(),
            "the rules `exclude` and `only` leave no cell beside the control",
        );
        decoder.report(nothing.help("loosen one of them; they may contradict each other"));
    }
}

fn values_of(matrix: &Matrix, axis: &Axis) -> String {
    match matrix.axes.iter().find(|named| named.axis == *axis) {
        Some(named) => {
            let values: Vec<_> = named
                .values
                .iter()
                .map(|value| value.value.as_str())
                .collect();
            format!("its values: {}", values.join(", "))
        }
        None => "the axis is not in `axes`".to_owned(),
    }
}

fn whole<T: std::str::FromStr + PartialOrd + std::fmt::Display>(
    text: &str,
    least: T,
    most: T,
) -> Result<T, String> {
    match text.parse::<T>() {
        Ok(number) if number >= least && number <= most => Ok(number),
        _ => Err(format!("write a whole number from {least} to {most}")),
    }
}

fn one_of(text: &str, choices: &[&str]) -> Result<String, String> {
    if choices.contains(&text) {
        return Ok(text.to_owned());
    }
    Err(match closest(text, choices.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("one of: {}", choices.join(", ")),
    })
}
