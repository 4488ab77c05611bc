//! Decodes what decides on the number of blocks.

use std::collections::BTreeMap;

use super::objectives::by_objective;
use super::{Blocks, Load};
use crate::diagnostic::Diagnostic;
use crate::objective::Objective;
use crate::quantity::parse_share;
use crate::yaml::{Decoder, Fields, Shape, flag, whole};

/// The keys of `blocks` when it is a map.
pub(crate) const BLOCKS_KEYS: &[&str] = &["min", "max"];

/// The least number of blocks that carries an exact 95 % interval (METHODOLOGY, estimates and tests); judging before
/// would go by less.
const LEAST_TO_JUDGE: u32 = 6;

/// Blocks where nobody says otherwise.
const USUAL_BLOCKS: u32 = 10;

/// Fresh blocks for finalists where nobody says otherwise.
const USUAL_CONFIRM: u32 = 6;

/// No experiment has more blocks.
const MOST_BLOCKS: u32 = 1_000;

/// What decides on the number of blocks, as a matrix says it.
pub(super) struct Design {
    pub(super) blocks: Blocks,
    pub(super) precision: BTreeMap<Objective, f64>,
    pub(super) race: bool,
    pub(super) confirm: u32,
}

pub(super) fn design(decoder: &Decoder, fields: &Fields<'_>, load: &Load) -> Design {
    let (blocks, is_range) = blocks(decoder, fields);
    let precision = by_objective(decoder, fields, "precision", load, half_width);
    let design = Design {
        blocks,
        precision,
        // Who leaves the number of blocks to the run wants time spent where it decides something; who names a number
        // wants that of every cell.
        race: fields.or("race", is_range, flag),
        confirm: fields.or("confirm", USUAL_CONFIRM, |text| whole(text, 0, MOST_BLOCKS)),
    };
    for (key, asked) in [
        ("precision", !design.precision.is_empty()),
        ("race", design.race && fields.has("race")),
    ] {
        if asked && blocks.max <= blocks.min {
            let never = format!(
                "`{key}` can change nothing: all {} blocks are run before anything is judged",
                blocks.max
            );
            decoder.report(Diagnostic::new(fields.key_span(key), never).help(format!(
                "give blocks a range, e.g. `blocks: {{min: {LEAST_TO_JUDGE}, max: 30}}`, or drop `{key}`"
            )));
        }
    }
    design
}

/// The blocks, and whether they were given as a range.
fn blocks(decoder: &Decoder, fields: &Fields<'_>) -> (Blocks, bool) {
    let up_to = |max: u32| Blocks {
        min: LEAST_TO_JUDGE.min(max),
        max,
    };
    let Some(node) = fields.get("blocks") else {
        return (up_to(USUAL_BLOCKS), false);
    };
    if !matches!(node.shape, Shape::Map(_)) {
        let max = decoder.value(node, "blocks", |text| whole(text, 1, MOST_BLOCKS));
        return (up_to(max.unwrap_or(USUAL_BLOCKS)), false);
    }
    let usual = (up_to(USUAL_BLOCKS), true);
    let Some(inner) = decoder.fields(node, "blocks", BLOCKS_KEYS) else {
        return usual;
    };
    let before = decoder.count();
    let max = inner
        .require("max", "30")
        .and_then(|node| decoder.value(node, "max", |text| whole(text, 1, MOST_BLOCKS)));
    let Some(max) = max else { return usual };
    let min = inner.or("min", LEAST_TO_JUDGE.min(max), |text| {
        whole(text, 2, MOST_BLOCKS)
    });
    if decoder.count() == before && min > max {
        let turned = format!("blocks: min {min} is more than max {max}");
        decoder
            .report(Diagnostic::new(inner.key_span("min"), turned).help("swap them, or raise max"));
        return usual;
    }
    (Blocks { min, max }, true)
}

/// A half-width: a share of the estimate.
fn half_width(objective: Objective, text: &str) -> Result<f64, String> {
    if objective == Objective::ErrorRate {
        return Err(
            "the error rate has no relative interval: limit it in constraints instead".to_owned(),
        );
    }
    match parse_share(text) {
        Ok(share) if share > 0.0 && share < 1.0 => Ok(share),
        _ => Err("write the half-width of the interval as a share, e.g. `2%`".to_owned()),
    }
}
