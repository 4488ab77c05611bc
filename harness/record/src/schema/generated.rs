//! Files that are generated from the tables: the schemas, and the tables of `matrices/README.md`.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use super::{matrix, target};
use crate::axis::Axis;
use crate::objective::{Direction, LimitKind, Objective};
use crate::threshold::Threshold;

fn repository() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// Fails where a committed file is not what is generated; writes it instead where that is asked for.
fn hold(path: &str, generated: &str) {
    let file = repository().join(path);
    if std::env::var_os("GOSWEEP_UPDATE_SCHEMAS").is_some() {
        fs::write(&file, generated).unwrap();
        return;
    }
    let committed = fs::read_to_string(&file).unwrap();
    let differs = committed
        .lines()
        .zip(generated.lines())
        .position(|(committed, generated)| committed != generated);
    assert!(
        committed == generated,
        "{path} is not what the tables say, from line {} on: \
         run `GOSWEEP_UPDATE_SCHEMAS=1 cargo test -p record --lib generated`",
        differs.unwrap_or_else(|| committed.lines().count().min(generated.lines().count())) + 1
    );
}

fn pretty(schema: &Value) -> String {
    format!("{}\n", serde_json::to_string_pretty(schema).unwrap())
}

#[test]
fn the_schemas_are_generated() {
    hold(
        "reports/schemas/matrix.schema.json",
        &pretty(&matrix::schema()),
    );
    hold(
        "reports/schemas/target.schema.json",
        &pretty(&target::schema()),
    );
}

#[test]
fn the_tables_of_the_reference_are_generated() {
    const README: &str = "matrices/README.md";
    let text = fs::read_to_string(repository().join(README)).unwrap();
    let text = between(&text, "axes", &axes());
    let text = between(&text, "objectives", &objectives());
    let text = between(&text, "thresholds", &thresholds());
    hold(README, &text);
}

/// The text with `table` between the markers of that name.
fn between(text: &str, name: &str, table: &str) -> String {
    let begin = format!("<!-- generated: {name} -->\n");
    let end = "<!-- end of generated -->";
    let (before, rest) = text
        .split_once(&begin)
        .unwrap_or_else(|| panic!("the reference has no marker for {name}"));
    let (_, after) = rest.split_once(end).unwrap();
    format!("{before}{begin}{table}{end}{after}")
}

fn axes() -> String {
    let mut table = "| Axis | Values | Without the axis |\n|---|---|---|\n".to_owned();
    for axis in Axis::PLAIN {
        let (values, without) = axis.reference();
        let since = axis
            .since_minor()
            .map_or_else(String::new, |minor| format!("; Go 1.{minor} and newer"));
        writeln!(table, "| `{axis}` | {values}{since} | {without} |").unwrap();
    }
    table.push_str(
        "| `env.NAME`, or `env` as a map of names | any text, passed on as it stands; `default` leaves it unset | not set |\n\
         | `option.NAME`, or `option` as a map of names | what the target's option takes | the target's default |\n",
    );
    table
}

fn objectives() -> String {
    let mut table =
        "| Name | Figure | Better | Window | Limit is written as |\n|---|---|---|---|---|\n"
            .to_owned();
    for objective in Objective::ALL {
        let better = match objective.direction() {
            Direction::HigherIsBetter => "more",
            Direction::LowerIsBetter => "less",
        };
        let window = match (objective, objective.window()) {
            (_, Some(window)) => window.to_string(),
            (Objective::ErrorRate, None) => "both".to_owned(),
            (_, None) => "whole trial".to_owned(),
        };
        let limit = match objective.limit_kind() {
            LimitKind::Number => "number",
            LimitKind::Duration => "duration",
            LimitKind::Share => "share",
            LimitKind::Size => "size",
        };
        let bound = match objective.direction() {
            Direction::HigherIsBetter => ", at least",
            Direction::LowerIsBetter => "",
        };
        let figure = objective.figure();
        writeln!(
            table,
            "| `{objective}` | {figure} | {better} | {window} | {limit}{bound} |"
        )
        .unwrap();
    }
    table
}

fn thresholds() -> String {
    let mut table = "| name | default | what it bounds |\n|---|---|---|\n".to_owned();
    for threshold in Threshold::ALL {
        let default = threshold.written(threshold.default_value());
        writeln!(
            table,
            "| `{}` | {default} | {} |",
            threshold.name(),
            threshold.meaning()
        )
        .unwrap();
    }
    table
}
