//! Canonical forms of axis values: what YAML allows becomes the one text that cells, records and reports carry.

use super::Located;
use crate::axis::{Axis, Written};
use crate::diagnostic::Diagnostic;
use crate::yaml::{Decoder, Node, Shape, shown};

/// The canonical value of `axis` at `node`; what is wrong is reported.
pub(super) fn axis_value(decoder: &Decoder, axis: &Axis, node: &Node) -> Option<Located<String>> {
    let value = match (axis.written(), &node.shape) {
        (Written::Pairs, Shape::Map(_)) => Some(pairs(decoder, axis, node)?),
        (Written::Text, Shape::Scalar(scalar)) if scalar.number => {
            let quoted = Diagnostic::new(
                node.span.clone(),
                format!("a Go version must be a text, `{}` is a number", scalar.text),
            );
            decoder.report(quoted.help(format!(
                "quote it: \"{}\"; unquoted, YAML reads 1.20 as 1.2",
                scalar.text
            )));
            None
        }
        _ => {
            let name = axis.to_string();
            decoder.value(node, &name, |text| canonical(axis, text))
        }
    }?;
    Some(Located {
        value,
        span: node.span.clone(),
    })
}

/// The canonical form of a value given as text. What Go itself accepts is checked later, against the version in use;
/// here the form is settled.
fn canonical(axis: &Axis, text: &str) -> Result<String, String> {
    if text.contains(char::is_control) {
        return Err("a value is one line of text without control characters".to_owned());
    }
    axis.canonical(text)
}

/// Pairs written as a map; what is wrong is reported.
fn pairs(decoder: &Decoder, axis: &Axis, node: &Node) -> Option<String> {
    let entries = decoder.entries(node, &axis.to_string())?;
    let before = decoder.count();
    let mut pairs = Vec::new();
    for entry in entries {
        let name = format!("{axis} {}", shown(&entry.key));
        let pair = decoder.value(&entry.value, &name, |value| {
            let pair = format!("{}={value}", entry.key);
            if pair.contains(',') {
                return Err("write one value for each key".to_owned());
            }
            canonical(axis, &pair)
        });
        pairs.extend(pair);
    }
    if pairs.is_empty() && decoder.count() == before {
        return Some(axis.default_value().to_owned());
    }
    pairs.sort_unstable();
    (decoder.count() == before).then(|| pairs.join(","))
}
