//! From axes and rules to cells.

use std::collections::BTreeMap;

use super::{Matrix, Rule};
use crate::axis::{Axis, Settings};

/// A cell before anything is known of its artifact or CPUs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct CellSpec {
    /// The target, as the matrix names it.
    pub target: String,
    /// The cell's value on every axis.
    pub settings: Settings,
}

/// A cell that is not run, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dropped {
    /// The cell.
    pub cell: CellSpec,
    /// The reason, for a person.
    pub reason: String,
}

/// The cells of a matrix.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expansion {
    /// The cells to run; per target the control comes first.
    pub cells: Vec<CellSpec>,
    /// What the rules left out.
    pub dropped: Vec<Dropped>,
}

pub(super) fn expand(matrix: &Matrix) -> Expansion {
    let control = control_settings(matrix);
    let mut expansion = Expansion::default();
    for target in &matrix.targets {
        let cell = |settings| CellSpec {
            target: target.value.clone(),
            settings,
        };
        expansion.cells.push(cell(control.clone()));
        for settings in product(matrix) {
            if settings == control {
                continue;
            }
            let candidate = cell(settings);
            match left_out(matrix, &candidate) {
                Some(reason) => expansion.dropped.push(Dropped {
                    cell: candidate,
                    reason,
                }),
                None => expansion.cells.push(candidate),
            }
        }
    }
    expansion
}

pub(super) fn control_settings(matrix: &Matrix) -> Settings {
    let mut settings = Settings::default();
    for axis in &matrix.axes {
        let value = match axis.values.as_slice() {
            [only] => only.value.as_str(),
            _ => axis.axis.default_value(),
        };
        settings.insert(axis.axis.clone(), value);
    }
    for (axis, value) in &matrix.control {
        settings.insert(axis.clone(), value.value.as_str());
    }
    settings
}

/// Every combination, the last axis changing fastest. An axis that only the control names is at its control value
/// everywhere.
fn product(matrix: &Matrix) -> Vec<Settings> {
    let mut base = Settings::default();
    for (axis, value) in &matrix.control {
        base.insert(axis.clone(), value.value.as_str());
    }
    let mut cells = vec![base];
    for axis in &matrix.axes {
        cells = cells
            .iter()
            .flat_map(|cell| {
                axis.values.iter().map(|value| {
                    let mut cell = cell.clone();
                    cell.insert(axis.axis.clone(), value.value.as_str());
                    cell
                })
            })
            .collect();
    }
    cells
}

fn left_out(matrix: &Matrix, cell: &CellSpec) -> Option<String> {
    if let Some(rule) = matrix.exclude.iter().find(|rule| rule.matches(cell)) {
        return Some(format!("exclude: {}", rule.describe()));
    }
    if !matrix.only.is_empty() && !matrix.only.iter().any(|rule| rule.matches(cell)) {
        return Some("matches no rule of `only`".to_owned());
    }
    None
}

impl Rule {
    /// Whether a cell is one that the rule speaks of.
    pub fn matches(&self, cell: &CellSpec) -> bool {
        let target = self.targets.is_empty() || self.targets.contains(&cell.target);
        target
            && self
                .axes
                .iter()
                .all(|(axis, values)| values.iter().any(|value| value == cell.settings.get(axis)))
    }

    fn describe(&self) -> String {
        let mut parts: BTreeMap<String, String> = self
            .axes
            .iter()
            .map(|(axis, values)| {
                let values: Vec<_> = values.iter().map(|own| axis.shown_value(own)).collect();
                (axis.to_string(), values.join("|"))
            })
            .collect();
        if !self.targets.is_empty() {
            parts.insert("target".to_owned(), self.targets.join("|"));
        }
        let parts: Vec<_> = parts
            .into_iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        parts.join(" ")
    }
}

/// Whether some cell, rules aside, has this value on the axis.
pub(super) fn can_have(matrix: &Matrix, axis: &Axis, value: &str) -> bool {
    let named = matrix.axes.iter().find(|named| named.axis == *axis);
    let in_axis = named.is_some_and(|named| named.values.iter().any(|known| known.value == value));
    in_axis || control_settings(matrix).get(axis) == value
}
