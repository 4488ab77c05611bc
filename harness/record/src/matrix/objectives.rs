//! Decodes what is written for each objective.

use std::collections::BTreeMap;

use super::Load;
use crate::diagnostic::Diagnostic;
use crate::objective::{Objective, Window};
use crate::yaml::{self, Decoder, Fields, Node, shown};

pub(super) fn objective_key(decoder: &Decoder, entry: &yaml::Entry, of: &str) -> Option<Objective> {
    let objective = entry.key.parse::<Objective>();
    objective
        .map_err(|fix| {
            let unknown = format!("unknown key `{}` in {of}", shown(&entry.key));
            decoder.report(Diagnostic::new(entry.key_span.clone(), unknown).help(fix));
        })
        .ok()
}

/// A map from objectives to something that is written for each of them; what the load does not measure is reported.
pub(super) fn by_objective(
    decoder: &Decoder,
    fields: &Fields<'_>,
    key: &str,
    load: &Load,
    read: impl Fn(Objective, &str) -> Result<f64, String>,
) -> BTreeMap<Objective, f64> {
    let mut values = BTreeMap::new();
    let Some(node) = fields.get(key) else {
        return values;
    };
    for entry in decoder.entries(node, key).unwrap_or_default() {
        let Some(objective) = objective_key(decoder, entry, key) else {
            continue;
        };
        let value = decoder.value(&entry.value, &entry.key, |text| read(objective, text));
        if let Some(value) = value {
            report_unmeasured(decoder, objective, load, &entry.value);
            values.insert(objective, value);
        }
    }
    values
}

/// The window that an objective needs and that the load does not have.
pub(super) fn unmeasured(objective: Objective, load: &Load) -> Option<Window> {
    let window = objective.window()?;
    let has = match window {
        Window::Saturate => load.saturate.is_some(),
        Window::Constant => load.constant.is_some(),
    };
    // A load without any window, or with a broken one, is reported by itself.
    let has_some = load.saturate.is_some() || load.constant.is_some();
    (!has && has_some).then_some(window)
}

/// Reports an objective that the load does not measure.
pub(super) fn report_unmeasured(decoder: &Decoder, objective: Objective, load: &Load, node: &Node) {
    let Some(window) = unmeasured(objective, load) else {
        return;
    };
    let example = match window {
        Window::Saturate => "saturate: 2s",
        Window::Constant => "constant: {rate: 60%, for: 2s}",
    };
    let never = format!("`{objective}` is never measured: load has no `{window}` window");
    decoder.report(Diagnostic::new(node.span.clone(), never).help(format!(
        "add `{example}` to load, or leave `{objective}` out"
    )));
}
