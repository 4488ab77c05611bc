//! Decodes which cells get a diagnosis trial.

use std::time::Duration;

use super::axes::{PlacedRule, rule};
use super::{Diagnose, Diagnosed};
use crate::diagnostic::Diagnostic;
use crate::quantity::parse_positive_duration;
use crate::word::one_of;
use crate::yaml::{Decoder, Fields, Node, Shape};

/// The keys of `diagnose` when it is a map.
pub(crate) const DIAGNOSE_KEYS: &[&str] = &["cells", "for"];
/// The words that name a cell without its settings.
pub(crate) const DIAGNOSED: &[&str] = &["control", "winner"];

/// What `diagnose` asks for, and the patterns in it with their places.
pub(super) fn diagnose(
    decoder: &Decoder,
    fields: &Fields<'_>,
) -> (Option<Diagnose>, Vec<PlacedRule>) {
    let Some(node) = fields.get("diagnose") else {
        return (None, Vec::new());
    };
    let mut wanted = Diagnose::default();
    let mut placed = Vec::new();
    let is_map_of_keys = matches!(&node.shape, Shape::Map(entries)
        if entries.iter().any(|entry| DIAGNOSE_KEYS.contains(&entry.key.as_str())));
    if !is_map_of_keys {
        (wanted.cells, placed) = cells(decoder, node);
        return (Some(wanted), placed);
    }
    let Some(inner) = decoder.fields(node, "diagnose", DIAGNOSE_KEYS) else {
        return (None, Vec::new());
    };
    wanted.duration = inner.or("for", wanted.duration, diagnosis_time);
    if let Some(node) = inner.get("cells") {
        (wanted.cells, placed) = cells(decoder, node);
    }
    (Some(wanted), placed)
}

fn diagnosis_time(text: &str) -> Result<Duration, String> {
    let duration = parse_positive_duration(text)?;
    Diagnose::fits(duration).map(|()| duration)
}

fn cells(decoder: &Decoder, node: &Node) -> (Vec<Diagnosed>, Vec<PlacedRule>) {
    if matches!(&node.shape, Shape::List(items) if items.is_empty()) {
        let empty = Diagnostic::new(node.span.clone(), "diagnose names no cell");
        decoder.report(empty.help("write `[control, winner]`, or leave `diagnose` out"));
    }
    let mut cells = Vec::new();
    let mut placed = Vec::new();
    for item in decoder.items(node, "diagnose") {
        if matches!(item.shape, Shape::Map(_)) {
            if let Some(found) = rule(decoder, item, "diagnose") {
                cells.push(Diagnosed::Matching(found.rule.clone()));
                placed.push(found);
            }
            continue;
        }
        let word = decoder.value(item, "diagnose", |text| {
            one_of(text, DIAGNOSED)
                .map_err(|fix| format!("{fix}; or name settings, e.g. {{gogc: 400}}"))
        });
        cells.extend(word.map(|word| match word {
            "control" => Diagnosed::Control,
            _ => Diagnosed::Winner,
        }));
    }
    (cells, placed)
}
