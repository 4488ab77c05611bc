//! What `load` reads its requests from.

use loadgen::{CsvRows, Template};
use loadtool::fuzzing;

pub(crate) fn har(bytes: &[u8]) {
    fuzzing::har(&String::from_utf8_lossy(bytes));
}

pub(crate) fn curl(bytes: &[u8]) {
    fuzzing::curl(&String::from_utf8_lossy(bytes));
}

pub(crate) fn mix(bytes: &[u8]) {
    fuzzing::mix(String::from_utf8_lossy(bytes).into_owned());
}

pub(crate) fn csv(bytes: &[u8]) {
    let _ = CsvRows::parse(bytes);
}

/// The first line names the columns of a table, the rest is the template.
pub(crate) fn template(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (columns, template) = text.split_once('\n').unwrap_or(("", &text));
    let table = format!("{columns}\n{columns}\n");
    let rows = CsvRows::parse(table.as_bytes()).ok();
    let _ = Template::parse(template, rows.as_ref());
}
