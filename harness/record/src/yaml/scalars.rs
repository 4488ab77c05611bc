//! How scalars of several kinds are read; every error is the fix.

use std::fmt::Display;
use std::str::FromStr;

use crate::axis::Axis;

/// A whole number within bounds.
pub(crate) fn whole<T: FromStr + PartialOrd + Display>(
    text: &str,
    least: T,
    most: T,
) -> Result<T, String> {
    match text.parse::<T>() {
        Ok(number) if number >= least && number <= most => Ok(number),
        _ => Err(format!("write a whole number from {least} to {most}")),
    }
}

/// `true` or `false`.
pub(crate) fn flag(text: &str) -> Result<bool, String> {
    text.parse().map_err(|_| "write true or false".to_owned())
}

/// A name that may become part of a path and of a table.
pub(crate) fn plain_name(text: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let fits = !text.is_empty() && text.len() <= 64;
    if fits && text.chars().all(plain) && !text.starts_with(['.', '-']) {
        return Ok(text.to_owned());
    }
    Err(
        "use at most 64 letters, digits, `-`, `_` and `.`, a letter, digit or `_` first; \
         the name becomes part of folder names"
            .to_owned(),
    )
}

/// The name of an environment variable.
pub(crate) fn variable_name(text: &str) -> Result<(), String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if text.is_empty() || text.starts_with(|c: char| c.is_ascii_digit()) || !text.chars().all(plain)
    {
        return Err("use letters, digits and `_`, no digit first".to_owned());
    }
    match Axis::of_variable(text) {
        Some(axis) => Err(format!("use the matrix's axis `{axis}`")),
        None => Ok(()),
    }
}

/// The name of a target's option, as it may stand in braces in its command.
pub(crate) fn option_name(text: &str) -> Result<(), String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if text.is_empty() || !text.chars().all(plain) {
        return Err("use letters, digits, `-` and `_`".to_owned());
    }
    if crate::word::PLACEHOLDERS.contains(&text) {
        return Err(format!(
            "gosweep fills in `{text}` itself: take another name"
        ));
    }
    Ok(())
}
