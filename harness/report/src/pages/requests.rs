//! The requests of each cell one by one, where there is more than one kind or one that failed.

use documents::figures::{count_text, milliseconds, percent};
use documents::ranking::{RequestFigures, TargetRanking};

use super::shared::anchor;
use crate::block::{Block, Section, Title};
use crate::table::{Cell, Column, Table};

pub(super) fn of_target(at: usize, target: &TargetRanking) -> Option<Block> {
    let mut all = target.cells.iter().flat_map(|cell| &cell.requests);
    let several = target.cells.iter().any(|cell| cell.requests.len() > 1);
    if !several && !all.any(|own| own.errors > 0) {
        return None;
    }
    let columns = vec![
        Column::words("cell"),
        Column::words("request"),
        Column::number("answered"),
        Column::number("errors"),
        Column::number("P50"),
        Column::number("P99"),
    ];
    let rows = target.cells.iter().flat_map(|cell| {
        let row = |own: &RequestFigures| -> Vec<Cell> {
            let time = |value: Option<f64>| value.map_or("–".to_owned(), milliseconds);
            vec![
                cell.label.clone().into(),
                own.name.clone().into(),
                count_text(own.completed as f64).into(),
                errors(own).into(),
                time(own.p50_ms).into(),
                time(own.p99_ms).into(),
            ]
        };
        cell.requests.iter().map(row).collect::<Vec<_>>()
    });
    let table = Table::new("Requests of each cell", columns).rows(rows);
    let title = Title::topic("Requests one by one");
    Some(Section::linked(
        anchor("requests", at),
        title,
        vec![Block::Table(table)],
    ))
}

/// `12 (0.4%)`, or `0`.
fn errors(own: &RequestFigures) -> String {
    let all = own.completed + own.errors;
    match own.errors {
        0 => "0".to_owned(),
        some => format!(
            "{} ({})",
            count_text(some as f64),
            percent(some as f64 / all as f64)
        ),
    }
}
