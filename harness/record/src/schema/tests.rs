//! The schemas have the keys and words of the decoders.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{MATRIX, TARGET};
use crate::axis::Axis;
use crate::matrix::{Engine, decode, design, diagnose, load};
use crate::objective::Objective;
use crate::target_file::{Protocol, decode as target, ready, requests, surroundings};
use crate::threshold::Threshold;

fn parsed(schema: &str) -> Value {
    serde_json::from_str(schema).unwrap()
}

fn at<'a>(schema: &'a Value, pointer: &str) -> &'a Value {
    let found = schema.pointer(pointer);
    found.unwrap_or_else(|| panic!("the schema has no {pointer}"))
}

/// The property names of an object, which must allow no others.
fn properties(schema: &Value, pointer: &str) -> BTreeSet<String> {
    let object = at(schema, pointer);
    assert_eq!(object["additionalProperties"], false, "{pointer} is open");
    let properties = object["properties"].as_object().unwrap();
    properties.keys().cloned().collect()
}

fn set<'a>(names: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    names.into_iter().map(str::to_owned).collect()
}

fn words(schema: &Value, pointer: &str) -> BTreeSet<String> {
    let words = at(schema, pointer)["enum"].as_array().unwrap();
    set(words.iter().map(|word| word.as_str().unwrap()))
}

fn required(schema: &Value, pointer: &str) -> BTreeSet<String> {
    let names = at(schema, pointer)["required"].as_array().unwrap();
    set(names.iter().map(|name| name.as_str().unwrap()))
}

#[test]
fn the_matrix_schema_has_the_keys_of_the_decoder() {
    let schema = parsed(MATRIX);
    let of = |pointer| properties(&schema, pointer);
    assert_eq!(of(""), set(decode::KEYS.iter().copied()));
    let load = "/properties/load";
    assert_eq!(of(load), set(load::LOAD_KEYS.iter().copied()));
    let constant = "/properties/load/properties/constant";
    assert_eq!(of(constant), set(load::CONSTANT_KEYS.iter().copied()));
    let warmup = "/properties/warmup/oneOf/1";
    assert_eq!(of(warmup), set(load::WARMUP_KEYS.iter().copied()));
    let wanted = "/properties/diagnose/oneOf/1";
    assert_eq!(of(wanted), set(diagnose::DIAGNOSE_KEYS.iter().copied()));
    let cell = "/definitions/diagnosed/oneOf/0";
    assert_eq!(
        words(&schema, cell),
        set(diagnose::DIAGNOSED.iter().copied())
    );
    let blocks = "/properties/blocks/oneOf/1";
    assert_eq!(of(blocks), set(design::BLOCKS_KEYS.iter().copied()));
    let objectives = set(Objective::ALL.map(Objective::name));
    let mut relative = objectives.clone();
    relative.remove(Objective::ErrorRate.name());
    assert_eq!(of("/properties/precision"), relative);
    assert_eq!(of("/properties/constraints"), objectives);
    let thresholds = set(Threshold::ALL.iter().map(|threshold| threshold.name()));
    assert_eq!(of("/properties/thresholds"), thresholds);
    let rank_by = "/properties/rank_by/oneOf/0";
    assert_eq!(words(&schema, rank_by), objectives);
    let in_list = "/properties/rank_by/oneOf/1/items";
    assert_eq!(words(&schema, in_list), objectives);
    let mut weighed = objectives;
    weighed.remove(Objective::ErrorRate.name());
    assert_eq!(of("/properties/rank_by/oneOf/2"), weighed);
    let engine = "/properties/load/properties/engine";
    assert_eq!(words(&schema, engine), set(Engine::WORDS.iter().copied()));
    let arrival = "/properties/load/properties/constant/properties/arrival";
    assert_eq!(words(&schema, arrival), set(load::ARRIVALS.iter().copied()));
    assert_eq!(required(&schema, ""), set(["name", "targets", "load"]));
    assert_eq!(required(&schema, constant), set(["rate", "for"]));
}

#[test]
fn the_matrix_schema_has_the_axes() {
    let schema = parsed(MATRIX);
    let plain: Vec<String> = Axis::PLAIN.iter().map(Axis::to_string).collect();
    let mut axes = set(plain.iter().map(String::as_str));
    axes.extend(set(["build", "env", "option"]));
    let places = ["/properties/axes", "/properties/control"];
    for place in places {
        assert_eq!(properties(&schema, place), axes, "{place}");
    }
    axes.insert("target".to_owned());
    assert_eq!(properties(&schema, "/definitions/rule"), axes);
    for place in places.into_iter().chain(["/definitions/rule"]) {
        let free = at(&schema, place)["patternProperties"].as_object().unwrap();
        let starts = |prefix| free.keys().any(|key| key.starts_with(prefix));
        assert!(starts(r"^env\.") && starts(r"^option\."), "{place}");
    }
}

#[test]
fn the_target_schema_has_the_keys_of_the_decoder() {
    let schema = parsed(TARGET);
    let of = |pointer| properties(&schema, pointer);
    assert_eq!(of(""), set(target::KEYS.iter().copied()));
    let build = "/properties/build";
    assert_eq!(of(build), set(target::BUILD_KEYS.iter().copied()));
    let ready = "/properties/ready";
    assert_eq!(of(ready), set(ready::READY_KEYS.iter().copied()));
    let option = "/properties/options/additionalProperties";
    assert_eq!(of(option), set(target::OPTION_KEYS.iter().copied()));
    let request = "/definitions/request";
    assert_eq!(of(request), set(requests::REQUEST_KEYS.iter().copied()));
    let expect = "/definitions/request/properties/expect";
    assert_eq!(of(expect), set(requests::EXPECT_KEYS.iter().copied()));
    let protocol = "/properties/protocol";
    assert_eq!(
        words(&schema, protocol),
        set(Protocol::NAMES.iter().copied())
    );
    let on = "/properties/ready/properties/on/anyOf/0";
    assert_eq!(words(&schema, on), set(ready::LISTENERS.iter().copied()));
    let file = "/properties/files/additionalProperties/oneOf/1";
    assert_eq!(of(file), set(surroundings::FILE_KEYS.iter().copied()));
    let step = "/definitions/step";
    assert_eq!(of(step), set(surroundings::STEP_KEYS.iter().copied()));
    let when = "/definitions/step/properties/when";
    assert_eq!(
        words(&schema, when),
        set(surroundings::TIMES.iter().copied())
    );
    let metrics = "/properties/metrics";
    assert_eq!(of(metrics), set(surroundings::METRICS_KEYS.iter().copied()));
    assert_eq!(required(&schema, ""), set(["name", "command", "requests"]));
}

#[test]
fn every_property_is_described() {
    fn walk(value: &Value, path: &str) {
        match value {
            Value::Object(object) => {
                for (key, inner) in object {
                    let path = format!("{path}/{key}");
                    if key == "properties" || key == "patternProperties" {
                        for (name, property) in inner.as_object().unwrap() {
                            let described = property.get("description").is_some();
                            assert!(described, "{path}/{name} has no description");
                        }
                    }
                    walk(inner, &path);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| walk(item, path)),
            _ => {}
        }
    }
    for schema in [MATRIX, TARGET] {
        let schema = parsed(schema);
        assert_eq!(schema["$schema"], "http://json-schema.org/draft-07/schema#");
        walk(&schema, "");
    }
}
