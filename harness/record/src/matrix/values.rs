//! Canonical forms of axis values: what YAML allows becomes the one text that
//! cells, records and reports carry.

use super::Located;
use crate::axis::{Axis, DEFAULT};
use crate::diagnostic::Diagnostic;
use crate::limit::{CpuQuota, parse_memory_cap};
use crate::yaml::{Decoder, Node, Shape, shown};

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
    if text.contains(char::is_control) {
        return Err("a value is one line of text without control characters".to_owned());
    }
    // What the program itself reads is passed on to the byte.
    if let Axis::Option(_) | Axis::Env(_) = axis {
        return Ok(text.to_owned());
    }
    let text = text.trim();
    match axis {
        _ if text.is_empty() => Err(format!("write `{DEFAULT}` to leave it unset")),
        Axis::Gomemlimit
        | Axis::Godebug
        | Axis::Goexperiment
        | Axis::CpuQuota
        | Axis::MemoryCap
            if text == "none" =>
        {
            Ok(DEFAULT.to_owned())
        }
        Axis::Gomemlimit if text == "off" => Ok(DEFAULT.to_owned()),
        _ if text == DEFAULT => Ok(DEFAULT.to_owned()),
        Axis::Godebug => sorted_pairs(text),
        Axis::CpuQuota => text.parse::<CpuQuota>().map(|quota| quota.to_string()),
        Axis::MemoryCap => parse_memory_cap(text).map(|_| text.to_owned()),
        _ => Ok(text.to_owned()),
    }
}

/// GODEBUG with its pairs sorted, so that one setting has one text. Go ignores
/// a malformed pair without a word and lets the last of two equal keys win
/// (runtime.parsegodebug in runtime1.go), so neither may pass here.
fn sorted_pairs(text: &str) -> Result<String, String> {
    let mut pairs: Vec<&str> = text.split(',').map(str::trim).collect();
    let well_formed = |pair: &&str| {
        let both = pair.split_once('=');
        both.is_some_and(|(key, value)| !key.is_empty() && !value.is_empty() && !pair.contains(';'))
    };
    if !pairs.iter().all(well_formed) {
        return Err(
            "write `key=value` pairs separated by commas, e.g. `madvdontneed=0`".to_owned(),
        );
    }
    pairs.sort_unstable();
    let key = |pair: &str| pair.split('=').next().map(str::to_owned);
    if let Some(twice) = pairs.windows(2).find(|two| key(two[0]) == key(two[1])) {
        let key = key(twice[0]).unwrap_or_default();
        return Err(format!("`{key}` is set twice: keep one of the two"));
    }
    Ok(pairs.join(","))
}

/// GODEBUG written as a map; what is wrong is reported.
fn godebug_map(decoder: &Decoder, node: &Node) -> Option<String> {
    let entries = decoder.entries(node, "godebug")?;
    let before = decoder.count();
    let mut pairs = Vec::new();
    for entry in entries {
        let name = format!("godebug {}", shown(&entry.key));
        let pair = decoder.value(&entry.value, &name, |value| {
            let pair = format!("{}={value}", entry.key);
            if pair.contains(',') {
                return Err("write one value for each key".to_owned());
            }
            sorted_pairs(&pair)
        });
        pairs.extend(pair);
    }
    if pairs.is_empty() && decoder.count() == before {
        return Some(DEFAULT.to_owned());
    }
    pairs.sort_unstable();
    (decoder.count() == before).then(|| pairs.join(","))
}
