//! Decodes a matrix file; its parts are in [`super::axes`] and [`super::load`], what needs the whole is in
//! [`super::check`].

use std::collections::{BTreeMap, HashSet};

use super::axes::{axes, control, rules};
use super::check::{self, Whole};
use super::diagnose::diagnose;
use super::load::{load, warmup};
use super::objectives::{by_objective, objective_key, report_unmeasured, unmeasured};
use super::{Load, Located, Matrix, design};
use crate::diagnostic::{Diagnostic, closest};
use crate::objective::Objective;
use crate::threshold::{Threshold, Thresholds};
use crate::yaml::{
    self, Decoder, Fields, Node, Shape, flag, option_name, plain_name, shown, whole,
};

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
    "precision",
    "race",
    "confirm",
    "warmup",
    "seed",
    "rank_by",
    "constraints",
    "thresholds",
    "options",
    "toolchain_sources",
    "bind_memory",
    "diagnose",
];

/// The matrix as far as it can be read, and everything that is wrong with it.
pub(super) fn matrix(file: &str, text: &str) -> (Option<Matrix>, Vec<Diagnostic>) {
    let root = match yaml::parse(text) {
        Ok(root) => root,
        Err(finding) => return (None, vec![finding]),
    };
    let decoder = Decoder::default();
    let matrix = decoder
        .fields(&root, "the matrix", KEYS)
        .map(|fields| decode(&decoder, &fields, file, text));
    (matrix, decoder.into_findings())
}

fn decode(decoder: &Decoder, fields: &Fields<'_>, file: &str, text: &str) -> Matrix {
    let name = name(decoder, fields);
    let before = decoder.count();
    let targets = targets(decoder, fields);
    let axes = axes(decoder, fields);
    let exclude = rules(decoder, fields, "exclude");
    let only = rules(decoder, fields, "only");
    let control = control(decoder, fields);
    let cells_are_sound = decoder.count() == before;
    let (diagnose, diagnosed) = diagnose(decoder, fields);
    let load = load(decoder, fields);
    let (rank_by, weights) = rank_by(decoder, fields, &load);
    let design = design::design(decoder, fields, &load);
    let matrix = Matrix {
        file: file.to_owned(),
        text: text.to_owned(),
        name,
        why: fields.text("why").map(str::to_owned),
        exclude: exclude.iter().map(|placed| placed.rule.clone()).collect(),
        only: only.iter().map(|placed| placed.rule.clone()).collect(),
        control,
        blocks: design.blocks,
        precision: design.precision,
        race: design.race,
        confirm: design.confirm,
        warmup: warmup(decoder, fields),
        seed: fields.or("seed", None, |text| whole(text, 0, u64::MAX).map(Some)),
        rank_by,
        weights,
        constraints: constraints(decoder, fields, &load),
        thresholds: thresholds(decoder, fields),
        options: options(decoder, fields, &targets),
        toolchain_sources: texts(decoder, fields, "toolchain_sources"),
        bind_memory: fields.or("bind_memory", false, flag),
        diagnose,
        targets,
        axes,
        load,
    };
    // Cells that come from a mistake would only be reported as further ones.
    if cells_are_sound {
        let parts = Whole {
            matrix: &matrix,
            axes_span: fields.key_span("axes"),
            exclude: &exclude,
            only: &only,
            diagnosed: &diagnosed,
        };
        check::whole(decoder, &parts);
    }
    matrix
}

fn name(decoder: &Decoder, fields: &Fields<'_>) -> String {
    fields
        .require("name", "quickstart")
        .and_then(|node| decoder.value(node, "name", plain_name))
        .unwrap_or_default()
}

fn targets(decoder: &Decoder, fields: &Fields<'_>) -> Vec<Located<String>> {
    let Some(node) = fields.require("targets", "[httpjson]") else {
        return Vec::new();
    };
    if matches!(&node.shape, Shape::List(items) if items.is_empty()) {
        let empty = Diagnostic::new(node.span.clone(), "targets is empty");
        decoder.report(empty.help("name at least one folder of targets/ or a target.yaml"));
    }
    texts(decoder, fields, "targets")
}

type Weights = BTreeMap<Objective, f64>;

/// The objectives, and their weights where they are a mapping; those that the load can measure where none are named.
fn rank_by(decoder: &Decoder, fields: &Fields<'_>, load: &Load) -> (Vec<Objective>, Weights) {
    let default = || {
        let usual = [Objective::Qps, Objective::P99, Objective::GcPerKreq];
        let measured = usual
            .into_iter()
            .filter(|objective| unmeasured(*objective, load).is_none());
        measured.collect()
    };
    let Some(node) = fields.get("rank_by") else {
        return (default(), Weights::new());
    };
    let empty = match &node.shape {
        Shape::List(items) => items.is_empty(),
        Shape::Map(entries) => entries.is_empty(),
        _ => false,
    };
    if empty {
        let empty = Diagnostic::new(node.span.clone(), "rank_by is empty");
        decoder.report(empty.help("name at least one objective, e.g. `[qps, p99]`"));
    }
    if let Shape::Map(_) = &node.shape {
        return weighted(decoder, node, load);
    }
    let mut objectives: Vec<Objective> = Vec::new();
    for item in decoder.items(node, "rank_by") {
        let Some(objective) = decoder.value(item, "rank_by", str::parse::<Objective>) else {
            continue;
        };
        if objectives.contains(&objective) {
            let twice = format!("rank_by: `{objective}` is listed twice");
            decoder.report(Diagnostic::new(item.span.clone(), twice).help("keep one of the two"));
        } else {
            report_unmeasured(decoder, objective, load, item);
            objectives.push(objective);
        }
    }
    (objectives, Weights::new())
}

/// `{qps: 2, p99: 1}`, the heaviest first.
fn weighted(decoder: &Decoder, node: &Node, load: &Load) -> (Vec<Objective>, Weights) {
    let mut objectives = Vec::new();
    let mut weights = Weights::new();
    for entry in decoder.entries(node, "rank_by").unwrap_or_default() {
        let Some(objective) = objective_key(decoder, entry, "rank_by") else {
            continue;
        };
        let weight = decoder.value(&entry.value, &entry.key, |text| objective.weight(text));
        if let Some(weight) = weight {
            report_unmeasured(decoder, objective, load, &entry.value);
            objectives.push(objective);
            weights.insert(objective, weight);
        }
    }
    objectives.sort_by(|a, b| weights[b].total_cmp(&weights[a]));
    (objectives, weights)
}

fn constraints(decoder: &Decoder, fields: &Fields<'_>, load: &Load) -> BTreeMap<Objective, f64> {
    by_objective(decoder, fields, "constraints", load, Objective::limit)
}

/// What the advisor's rules are compared with, where it is not the default.
fn thresholds(decoder: &Decoder, fields: &Fields<'_>) -> Thresholds {
    let mut thresholds = Thresholds::default();
    let Some(node) = fields.get("thresholds") else {
        return thresholds;
    };
    for entry in decoder.entries(node, "thresholds").unwrap_or_default() {
        let threshold = match entry.key.parse::<Threshold>() {
            Ok(threshold) => threshold,
            Err(fix) => {
                let unknown = format!("unknown threshold `{}`", shown(&entry.key));
                decoder.report(Diagnostic::new(entry.key_span.clone(), unknown).help(fix));
                continue;
            }
        };
        let what = format!("threshold {}", entry.key);
        let read = |text: &str| threshold.parse_value(text);
        if let Some(value) = decoder.value(&entry.value, &what, read) {
            thresholds.set(threshold, value);
        }
    }
    thresholds
}

fn options(
    decoder: &Decoder,
    fields: &Fields<'_>,
    targets: &[Located<String>],
) -> BTreeMap<String, BTreeMap<String, Located<String>>> {
    let mut by_target = BTreeMap::new();
    let Some(node) = fields.get("options") else {
        return by_target;
    };
    for target in decoder.entries(node, "options").unwrap_or_default() {
        if !targets.iter().any(|known| known.value == target.key) {
            let names = || targets.iter().map(|target| target.value.as_str());
            let unknown = format!(
                "options for `{}`, which is no target of this matrix",
                shown(&target.key)
            );
            let fix = match closest(&target.key, names()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => {
                    let names: Vec<_> = names().collect();
                    format!("targets of this matrix: {}", names.join(", "))
                }
            };
            decoder.report(Diagnostic::new(target.key_span.clone(), unknown).help(fix));
        }
        by_target.insert(target.key.clone(), options_of_target(decoder, target));
    }
    by_target
}

fn options_of_target(decoder: &Decoder, target: &yaml::Entry) -> BTreeMap<String, Located<String>> {
    let what = format!("options of `{}`", shown(&target.key));
    let mut options = BTreeMap::new();
    for entry in decoder.entries(&target.value, &what).unwrap_or_default() {
        if let Err(fix) = option_name(&entry.key) {
            let bad = format!("bad option name `{}`", shown(&entry.key));
            decoder.report(Diagnostic::new(entry.key_span.clone(), bad).help(fix));
        }
        let option = format!("option `{}`", shown(&entry.key));
        if let Some(text) = decoder.text(&entry.value, &option) {
            let located = Located {
                value: text.to_owned(),
                span: entry.key_span.clone(),
            };
            options.insert(entry.key.clone(), located);
        }
    }
    options
}

fn texts(decoder: &Decoder, fields: &Fields<'_>, key: &str) -> Vec<Located<String>> {
    let Some(node) = fields.get(key) else {
        return Vec::new();
    };
    let mut seen = HashSet::new();
    let mut list = Vec::new();
    for item in decoder.items(node, key) {
        let Some(text) = decoder.text(item, key) else {
            continue;
        };
        if text.trim().is_empty() {
            let empty = Diagnostic::new(item.span.clone(), format!("{key}: an empty name"));
            decoder.report(empty.help("write a name, or drop it"));
        } else if seen.insert(text) {
            list.push(Located {
                value: text.to_owned(),
                span: item.span.clone(),
            });
        } else {
            let twice = format!("{key}: `{}` is listed twice", shown(text));
            decoder.report(Diagnostic::new(item.span.clone(), twice).help("keep one of the two"));
        }
    }
    list
}
