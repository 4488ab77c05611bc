//! Decodes the load and the warm-up of a matrix.

use std::time::Duration;

use super::{ConstantLoad, Engine, Load, Warmup};
use crate::diagnostic::Diagnostic;
use crate::quantity::{parse_duration, parse_positive_duration, parse_rate};
use crate::word::one_of;
use crate::yaml::{Decoder, Fields, Node, Shape, whole};

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
/// The words of `load.constant.arrival`.
pub(crate) const ARRIVALS: &[&str] = &["constant", "poisson"];
/// The keys of `warmup` when it is a map.
pub(crate) const WARMUP_KEYS: &[&str] = &["for", "gc_cycles"];

pub(super) fn load(decoder: &Decoder, fields: &Fields<'_>) -> Load {
    let mut load = Load {
        connections: 32,
        threads: None,
        engine: Engine::Auto,
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
    load.engine = inner.or("engine", load.engine, str::parse);
    load.timeout = inner.or("timeout", load.timeout, parse_positive_duration);
    load.saturate = inner
        .get("saturate")
        .and_then(|node| decoder.value(node, "saturate", parse_positive_duration));
    load.constant = inner
        .get("constant")
        .and_then(|node| constant(decoder, node));
    if !inner.has("saturate") && !inner.has("constant") {
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
    let arrival = inner.or("arrival", "constant", |text| one_of(text, ARRIVALS));
    Some(ConstantLoad {
        rate: rate?,
        duration: duration?,
        poisson: arrival == "poisson",
    })
}

pub(super) fn warmup(decoder: &Decoder, fields: &Fields<'_>) -> Warmup {
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
