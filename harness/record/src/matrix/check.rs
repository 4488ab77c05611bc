//! What only shows when the parts of a matrix are seen together.

use std::ops::Range;

use super::axes::PlacedRule;
use super::expand::can_have;
use super::{Matrix, Rule};
use crate::axis::Axis;
use crate::diagnostic::{Diagnostic, closest};
use crate::yaml::{Decoder, shown};

/// More cells than this is a mistake in the axes, not an experiment.
const MOST_CELLS: usize = 5_000;

/// More axes than this are no experiment either, and their product is not tried.
const MOST_AXES: usize = 64;

/// A decoded matrix with the places that it does not keep itself.
pub(super) struct Whole<'a> {
    pub(super) matrix: &'a Matrix,
    pub(super) axes_span: Range<usize>,
    pub(super) exclude: &'a [PlacedRule],
    pub(super) only: &'a [PlacedRule],
    pub(super) diagnosed: &'a [PlacedRule],
}

pub(super) fn whole(decoder: &Decoder, parts: &Whole<'_>) {
    let matrix = parts.matrix;
    let axes = matrix.axes.len().max(matrix.control.len());
    if axes > MOST_AXES {
        let too_many = format!("the matrix names {axes} axes, at most {MOST_AXES} are possible");
        decoder.report(
            Diagnostic::new(parts.axes_span.clone(), too_many)
                .help("variables that are the same in every cell belong into the target file"),
        );
        return;
    }
    check_control(decoder, matrix);
    check_options(decoder, matrix);
    let combinations = matrix.axes.iter().map(|axis| axis.values.len().max(1));
    let count = combinations.fold(1usize, usize::saturating_mul);
    if count.saturating_mul(matrix.targets.len()) > MOST_CELLS {
        let too_many = format!(
            "the axes make {count} cells for each of {} targets, at most {MOST_CELLS} in all are run",
            matrix.targets.len()
        );
        decoder.report(
            Diagnostic::new(parts.axes_span.clone(), too_many)
                .help("drop values, or split the matrix"),
        );
        return;
    }
    let before = decoder.count();
    for placed in parts.exclude.iter().chain(parts.only) {
        check_rule(decoder, matrix, placed);
    }
    if decoder.count() == before {
        check_rules_leave_something(decoder, matrix);
    }
    for placed in parts.diagnosed {
        check_rule(decoder, matrix, placed);
    }
}

fn check_control(decoder: &Decoder, matrix: &Matrix) {
    for axis in &matrix.axes {
        let named = matrix.control.iter().any(|(named, _)| *named == axis.axis);
        let default = axis.axis.default_value();
        let has_default = axis.values.iter().any(|value| value.value == default);
        if named || axis.values.len() < 2 || has_default {
            continue;
        }
        let name = &axis.axis;
        let first = axis.values.first();
        let first = first.map_or(default, |value| value.value.as_str());
        let unclear = format!(
            "the control's `{name}` is not clear: the axis has several values and none is `{default}`"
        );
        decoder.report(Diagnostic::new(axis.span.clone(), unclear).help(format!(
            "name it in control, e.g. `control: {{{name}: {}}}`",
            quoted(first)
        )));
    }
}

/// A value as it must be written in YAML: what reads as a number or boolean of another meaning is quoted.
fn quoted(value: &str) -> String {
    let plain = value.chars().all(|c| c.is_ascii_digit())
        || value.starts_with(|c: char| c.is_ascii_alphabetic())
            && value
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))
            && value != "off";
    if plain {
        value.to_owned()
    } else {
        format!("{value:?}")
    }
}

fn check_options(decoder: &Decoder, matrix: &Matrix) {
    for (target, options) in &matrix.options {
        for (name, option) in options {
            let axis = Axis::Option(name.clone());
            let is_axis = matrix.axes.iter().any(|named| named.axis == axis);
            let in_control = matrix.control.iter().any(|(named, _)| *named == axis);
            if is_axis || in_control {
                let contradiction = format!(
                    "option `{}` of `{}` is also an axis",
                    shown(name),
                    shown(target)
                );
                decoder.report(
                    Diagnostic::new(option.span.clone(), contradiction)
                        .help("keep either the option or the axis"),
                );
            }
        }
    }
}

/// Whether a rule can match anything at all, value by value.
fn check_rule(decoder: &Decoder, matrix: &Matrix, placed: &PlacedRule) {
    for (axis, value) in &placed.values {
        if can_have(matrix, axis, &value.value) {
            continue;
        }
        let never = format!("no cell has `{axis}` at `{}`", shown(&value.value));
        decoder.report(Diagnostic::new(value.span.clone(), never).help(values_of(matrix, axis)));
    }
    for target in &placed.targets {
        let names = || matrix.targets.iter().map(|known| known.value.as_str());
        if names().any(|known| known == target.value) {
            continue;
        }
        let never = format!("no target `{}` in this matrix", shown(&target.value));
        let fix = match closest(&target.value, names()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("its targets: {}", names().collect::<Vec<_>>().join(", ")),
        };
        decoder.report(Diagnostic::new(target.span.clone(), never).help(fix));
    }
}

fn check_rules_leave_something(decoder: &Decoder, matrix: &Matrix) {
    let expansion = matrix.expand();
    let control = matrix.control_settings();
    let excludes_control = |rule: &Rule| {
        let mut controls = expansion
            .cells
            .iter()
            .filter(|cell| cell.settings == control);
        controls.any(|cell| rule.matches(cell))
    };
    let mut sound = true;
    for rule in matrix.exclude.iter().filter(|rule| excludes_control(rule)) {
        sound = false;
        decoder.report(
            Diagnostic::new(rule.span.clone(), "this rule excludes the control cell")
                .help("every ratio is taken to the control: change the rule or the control"),
        );
    }
    let first = matrix.exclude.iter().chain(&matrix.only).next();
    if let Some(rule) = first
        && sound
        && expansion.cells.len() == matrix.targets.len()
        && !expansion.dropped.is_empty()
    {
        let nothing = match (matrix.exclude.is_empty(), matrix.only.is_empty()) {
            (false, true) => "the rules of `exclude` leave no cell besides the control",
            (true, false) => "the rules of `only` leave no cell besides the control",
            _ => "`exclude` and `only` together leave no cell besides the control",
        };
        decoder.report(
            Diagnostic::new(rule.span.clone(), nothing)
                .help("loosen a rule, or name a value that it leaves"),
        );
    }
}

fn values_of(matrix: &Matrix, axis: &Axis) -> String {
    let Some(named) = matrix.axes.iter().find(|named| named.axis == *axis) else {
        return "the axis is not in `axes`".to_owned();
    };
    let values = || named.values.iter().map(|value| value.value.as_str());
    const MOST_LISTED: usize = 12;
    let mut listed: Vec<&str> = values().take(MOST_LISTED).collect();
    if values().count() > MOST_LISTED {
        listed.push("…");
    }
    format!("its values: {}", listed.join(", "))
}
