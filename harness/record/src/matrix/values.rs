//! Canonical forms of axis values: what YAML allows becomes the one text that
//! cells, records and reports carry.

use super::Located;
use crate::axis::{Axis, DEFAULT};
use crate::diagnostic::Diagnostic;
use crate::yaml::{Decoder, Node, Shape};

/// The canonical value of `axis` at `node`; what is wrong is reported.
pub(super) fn axis_value(decoder: &Decoder, axis: &Axis, node: &Node) -> Option<Located<String>> {
    let value = match (axis, &node.shape) {
        (Axis::Godebug, Shape::Map(_)) => Some(godebug_map(decoder, node)?),
        (Axis::Toolchain, Shape::Scalar(scalar)) if scalar.number => {
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

/// The canonical form of a value given as text. What Go itself accepts is
/// checked later, against the version in use; here the form is settled.
fn canonical(axis: &Axis, text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.contains(['\0', '\n']) {
        return Err("a value is one line of text".to_owned());
    }
    match axis {
        Axis::Option(_) | Axis::Env(_) => Ok(text.to_owned()),
        _ if text.is_empty() => Err(format!("write `{DEFAULT}` to leave it unset")),
        Axis::Gomemlimit | Axis::Godebug | Axis::Goexperiment if text == "none" => {
            Ok(DEFAULT.to_owned())
        }
        Axis::Gomemlimit if text == "off" => Ok(DEFAULT.to_owned()),
        Axis::Godebug if text != DEFAULT => Ok(sorted_pairs(text)),
        _ => Ok(text.to_owned()),
    }
}

fn sorted_pairs(text: &str) -> String {
    let mut pairs: Vec<&str> = text.split(',').map(str::trim).collect();
    pairs.sort_unstable();
    pairs.join(",")
}

fn godebug_map(decoder: &Decoder, node: &Node) -> Option<String> {
    let mut pairs = Vec::new();
    for entry in decoder.entries(node, "godebug")? {
        let value = decoder.text(&entry.value, &entry.key)?;
        pairs.push(format!("{}={value}", entry.key));
    }
    if pairs.is_empty() {
        return Some(DEFAULT.to_owned());
    }
    Some(sorted_pairs(&pairs.join(",")))
}
