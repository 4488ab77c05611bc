//! What both schemas are put together from.

use serde_json::{Map, Value, json};

pub(super) fn duration() -> Value {
    json!({
        "type": "string",
        "pattern": "^[0-9]+(\\.[0-9]+)?\\s*(us|µs|ms|s|m|h)$"
    })
}

pub(super) fn share() -> Value {
    json!({
        "description": "A percentage, or a fraction from 0 to 1.",
        "oneOf": [
            {
                "type": "string",
                "pattern": "^[0-9]+(\\.[0-9]+)?\\s*%$"
            },
            {
                "type": "number",
                "minimum": 0,
                "maximum": 1
            }
        ]
    })
}

pub(super) fn size() -> Value {
    json!({
        "description": "Bytes, or with a binary unit.",
        "oneOf": [
            {
                "type": "string",
                "pattern": "^[0-9]+(\\.[0-9]+)?\\s*(B|KiB|MiB|GiB|TiB)$"
            },
            {
                "type": "integer",
                "minimum": 0
            }
        ]
    })
}

/// Names of environment variables.
pub(super) fn pattern_of_variables() -> &'static str {
    "^[A-Za-z_][A-Za-z0-9_]*$"
}

/// Names of a target's options.
pub(super) fn pattern_of_options() -> &'static str {
    "^[A-Za-z0-9_-]+$"
}

/// An object of these properties.
pub(super) fn object_of<'a>(properties: impl IntoIterator<Item = (&'a str, Value)>) -> Value {
    let properties = properties.into_iter();
    let properties: Map<String, Value> = properties
        .map(|(name, schema)| (name.to_owned(), schema))
        .collect();
    Value::Object(properties)
}

/// A list of at least one item.
pub(super) fn list_of(item: &Value, unique: bool) -> Value {
    json!({"type": "array", "items": item, "minItems": 1, "uniqueItems": unique})
}

/// One item, or a list.
pub(super) fn or_list_of(item: &Value, unique: bool) -> Value {
    json!({"oneOf": [item, list_of(item, unique)]})
}
