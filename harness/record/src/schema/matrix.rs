//! The schema of a matrix file, made of the tables of axes, objectives and thresholds, the words of the decoders, and
//! what is said here of the rest.

use serde_json::{Map, Value, json};

use super::keys::{
    bind_memory, blocks, confirm, diagnose, exclude, load, name, only, options, race, seed,
    targets, toolchain_sources, warmup, why,
};
use super::parts::{
    duration, list_of, object_of, or_list_of, pattern_of_options, pattern_of_variables, share, size,
};
use crate::axis::{Applied, Axis, Written};
use crate::objective::{Direction, LimitKind, Objective};
use crate::threshold::{Threshold, Unit};

/// The whole schema.
pub(super) fn schema() -> Value {
    let rule = axes(Values::Several);
    let properties = object_of([
        ("name", name()),
        ("why", why()),
        ("targets", targets()),
        ("axes", all_axes()),
        ("exclude", exclude()),
        ("only", only()),
        ("control", control()),
        ("load", load()),
        ("blocks", blocks()),
        ("precision", precision()),
        ("race", race()),
        ("confirm", confirm()),
        ("warmup", warmup()),
        ("seed", seed()),
        ("rank_by", rank_by()),
        ("constraints", constraints()),
        ("thresholds", thresholds()),
        ("options", options()),
        ("toolchain_sources", toolchain_sources()),
        ("bind_memory", bind_memory()),
        ("diagnose", diagnose()),
    ]);
    let definitions = object_of([
        ("duration", duration()),
        ("share", share()),
        ("size", size()),
        ("value", json!({"type": ["string", "number", "boolean"]})),
        (
            "values",
            or_list_of(&json!({"$ref": "#/definitions/value"}), true),
        ),
        ("version", json!({"type": "string", "minLength": 1})),
        (
            "godebug",
            json!({"oneOf": [{"type": "string"}, {"type": "object", "additionalProperties": {"type": ["string", "number"]}}]}),
        ),
        (
            "variable",
            json!({"pattern": pattern_of_variables(), "not": {"enum": variables_with_an_axis()}}),
        ),
        ("rule", rule_of(rule)),
        (
            "diagnosed",
            json!({
                "description": "A cell, or the cells that a rule matches.",
                "oneOf": [
                    {
                        "enum": [
                            "control",
                            "winner"
                        ]
                    },
                    {
                        "$ref": "#/definitions/rule"
                    }
                ]
            }),
        ),
    ]);
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "gosweep matrix",
        "description": "What gosweep runs: targets, the axes along which cells differ, and the load. The reference is matrices/README.md.",
        "type": "object",
        "additionalProperties": false,
        "required": ["name", "targets", "load"],
        "properties": properties,
        "definitions": definitions,
    })
}

/// Whether a place takes one value of an axis or several.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Values {
    One,
    Several,
}

/// The variables of the process that have an axis of their own.
pub(super) fn variables_with_an_axis() -> Vec<&'static str> {
    let variables = Axis::PLAIN.iter().filter_map(|axis| match axis.applied() {
        Applied::Variable(name) => Some(name),
        _ => None,
    });
    variables.collect()
}

/// An object that has the axes for keys.
fn axes(values: Values) -> Map<String, Value> {
    let mut properties = Map::new();
    for axis in Axis::PLAIN {
        properties.insert(axis.to_string(), plain_axis(axis, values));
    }
    let of_values = match values {
        Values::One => json!({"$ref": "#/definitions/value"}),
        Values::Several => json!({"$ref": "#/definitions/values"}),
    };
    let own = variables_with_an_axis();
    let (last, others) = own.split_last().expect("some variables have an axis");
    properties.insert(
        "env".to_owned(),
        json!({
            "description": format!("Other environment variables of the process, by name. {} and {last} have axes of their own.", others.join(", ")),
            "type": "object",
            "propertyNames": {"$ref": "#/definitions/variable"},
            "additionalProperties": of_values,
        }),
    );
    properties.insert(
        "option".to_owned(),
        json!({
            "description": "Options of the target, by name, as its target.yaml lists them.",
            "type": "object",
            "propertyNames": {"pattern": pattern_of_options()},
            "additionalProperties": of_values,
        }),
    );
    let of_build = Axis::PLAIN.iter().filter(|axis| axis.is_build());
    let of_build: Map<String, Value> = of_build
        .map(|axis| (axis.to_string(), plain_axis(axis, values)))
        .collect();
    properties.insert(
        "build".to_owned(),
        json!({
            "description": "Axes of the build in a group, e.g. {ref: [main, v1.2]}.",
            "type": "object",
            "additionalProperties": false,
            "properties": of_build,
        }),
    );
    let dotted =
        |group: &str, pattern: &str| format!("^{group}\\.{}", pattern.trim_start_matches('^'));
    let mut object = Map::new();
    object.insert("type".to_owned(), json!("object"));
    object.insert("additionalProperties".to_owned(), json!(false));
    object.insert("properties".to_owned(), Value::Object(properties));
    object.insert(
        "patternProperties".to_owned(),
        json!({
            (dotted("env", pattern_of_variables())): {"allOf": [of_values], "description": "An environment variable of the process."},
            (dotted("option", pattern_of_options())): {"allOf": [of_values], "description": "An option of the target."},
        }),
    );
    object
}

fn plain_axis(axis: &Axis, values: Values) -> Value {
    let kind = match axis.written() {
        Written::Scalar => "value",
        Written::Text => "version",
        Written::Pairs => "godebug",
    };
    let value = json!({"$ref": format!("#/definitions/{kind}")});
    let examples: Vec<Value> =
        serde_json::from_str(axis.examples()).expect("a row's examples are a JSON list");
    match values {
        Values::One => json!({
            "description": axis.about(),
            "allOf": [value],
            "examples": [examples[0]],
        }),
        Values::Several => {
            let mut one_or_more = or_list_of(&value, true);
            one_or_more["description"] = json!(axis.about());
            one_or_more["examples"] = json!([examples]);
            one_or_more
        }
    }
}

fn rule_of(mut rule: Map<String, Value>) -> Value {
    rule["properties"]["target"] = json!({
        "description": "The targets that the rule speaks of; all of them if it is left out.",
        "oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}],
    });
    rule.insert("minProperties".to_owned(), json!(1));
    Value::Object(rule)
}

fn all_axes() -> Value {
    let mut axes = Value::Object(axes(Values::Several));
    axes["description"] = json!(
        "The axes with their values; every combination is a cell. Without axes only the control is run."
    );
    axes["minProperties"] = json!(1);
    axes["examples"] = json!([{"gogc": [50, 100, 400]}]);
    axes
}

fn control() -> Value {
    let mut control = Value::Object(axes(Values::One));
    control["description"] = json!(
        "The cell that all others are compared with. An axis that is not named takes its only value, or else its default."
    );
    control["examples"] = json!([{"gomaxprocs": "default", "gogc": 100}]);
    control
}

/// What a limit on an objective, or a threshold, is written as.
fn number(kind: LimitKind) -> Value {
    match kind {
        LimitKind::Number => json!({"type": "number", "minimum": 0}),
        LimitKind::Duration => json!({"$ref": "#/definitions/duration"}),
        LimitKind::Share => json!({"$ref": "#/definitions/share"}),
        LimitKind::Size => json!({"$ref": "#/definitions/size"}),
    }
}

/// `figure` with its first letter in upper case.
fn sentence(figure: &str) -> String {
    let mut letters = figure.chars();
    let first = letters
        .next()
        .map(|letter| letter.to_uppercase().to_string());
    format!("{}{}", first.unwrap_or_default(), letters.as_str())
}

/// The objectives that have a ratio.
fn relative() -> impl Iterator<Item = Objective> {
    let all = Objective::ALL.into_iter();
    all.filter(|objective| *objective != Objective::ErrorRate)
}

fn precision() -> Value {
    let properties = relative().map(|objective| {
        let description = format!("{}.", sentence(objective.figure()));
        (
            objective.name(),
            json!({"allOf": [number(LimitKind::Share)], "description": description}),
        )
    });
    json!({
        "description": "Half-widths of the 95 % intervals, relative to the control, at which the search stops before blocks.max: as soon as every cell still in play is so precise on every objective named here. It never looks at whether a difference was found.",
        "type": "object",
        "additionalProperties": false,
        "properties": object_of(properties),
        "examples": [{"qps": "2%", "p99": "10%"}],
    })
}

fn rank_by() -> Value {
    let names = json!({"enum": Objective::ALL.map(Objective::name)});
    let weights = relative().map(|objective| {
        let description = format!("Weight of {objective} in the score.");
        (
            objective.name(),
            json!({"type": "number", "exclusiveMinimum": 0, "description": description}),
        )
    });
    json!({
        "description": "The objectives, the most important first: the next one decides among ties. As a mapping with weights: one score, the weighted mean of the gains. Default: qps, p99 and gc_per_kreq, as far as the load measures them.",
        "oneOf": [
            names,
            list_of(&names, true),
            {
                "type": "object",
                "minProperties": 1,
                "additionalProperties": false,
                "properties": object_of(weights),
                "description": "Weights of objectives: one score.",
            },
        ],
        "examples": [["qps", "p99", "gc_per_kreq"]],
    })
}

fn constraints() -> Value {
    let properties = Objective::ALL.into_iter().map(|objective| {
        let bound = match objective.direction() {
            Direction::HigherIsBetter => "At least this",
            Direction::LowerIsBetter => "At most this",
        };
        let window = objective
            .window()
            .map_or_else(String::new, |window| format!(", in the {window} window"));
        let description = format!("{bound}: {}{window}.", objective.figure());
        (
            objective.name(),
            json!({"allOf": [number(objective.limit_kind())], "description": description}),
        )
    });
    json!({
        "description": "Limits that a cell must keep to be recommended.",
        "type": "object",
        "additionalProperties": false,
        "properties": object_of(properties),
        "examples": [{"error_rate": "0.1%", "p99": "5ms"}],
    })
}

fn thresholds() -> Value {
    let properties = Threshold::ALL.iter().map(|threshold| {
        let kind = match threshold.unit() {
            Unit::Share => LimitKind::Share,
            Unit::Milliseconds => LimitKind::Duration,
            Unit::Bytes => LimitKind::Size,
            Unit::Number => LimitKind::Number,
        };
        let description = format!(
            "{}. Default: {}.",
            threshold.meaning(),
            threshold.written(threshold.default_value())
        );
        (
            threshold.name(),
            json!({"allOf": [number(kind)], "description": description}),
        )
    });
    json!({
        "description": "What the advisor's rules are compared with, where it is not the default.",
        "type": "object",
        "additionalProperties": false,
        "properties": object_of(properties),
        "examples": [{"G1.warn": 20, "G2.critical": "30%"}],
    })
}
