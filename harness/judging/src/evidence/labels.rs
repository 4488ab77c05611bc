//! The cells' settings, and how a person is told which cell is meant.

use std::collections::BTreeSet;

use record::axis::{Axis, Settings};
use record::run::Cell;

use super::trials::TargetTrials;

/// The axes on which the cells of a target differ, in the order shown.
pub fn varying_axes(evidence: &TargetTrials<'_>) -> Vec<Axis> {
    let all: Vec<Settings> = evidence
        .cells
        .iter()
        .map(|cell| settings(cell.cell))
        .collect();
    let axes: BTreeSet<&Axis> = all
        .iter()
        .flat_map(|settings| settings.iter().map(|(axis, _)| axis))
        .collect();
    let varies = |axis: &&Axis| {
        let mut values = all.iter().map(|settings| settings.get(axis));
        let first = values.next();
        values.any(|value| Some(value) != first)
    };
    axes.into_iter().filter(varies).cloned().collect()
}

/// A cell's settings on some axes, for a person.
pub fn label(cell: &Cell, axes: &[Axis]) -> String {
    let settings = settings(cell);
    let parts: Vec<String> = axes
        .iter()
        .map(|axis| format!("{axis}={}", axis.shown_value(settings.get(axis))))
        .collect();
    if parts.is_empty() {
        // A run of one cell varies nothing; its whole settings name it.
        let all = settings.to_string();
        return if all.is_empty() {
            "defaults".to_owned()
        } else {
            all
        };
    }
    parts.join(" ")
}

/// A record's axes as settings. A name that this version does not know stays visible as an environment variable would,
/// rather than making the whole run unreadable.
pub fn settings(cell: &Cell) -> Settings {
    let mut settings = Settings::default();
    for (name, value) in &cell.axes {
        let axis = name.parse().unwrap_or_else(|_| Axis::Env(name.clone()));
        settings.insert(axis, value.as_str());
    }
    settings
}
