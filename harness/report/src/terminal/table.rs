//! Tables for a terminal.

use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, presets};

use super::layout::{Layout, visible};
use crate::table::{Cell, Figure, Kind, Row, Table};

/// What a column takes besides its content.
const COLUMN_PADDING: usize = 3;
/// What the rank's column and the padding of the names take.
const OUTER_COLUMNS: usize = 9;

impl Layout {
    /// A table, a wide one in parts that repeat the names of the rows.
    pub(super) fn table(&self, table: &Table) -> String {
        let rows: Vec<&Row> = table.rows.iter().filter(|row| !row.full).collect();
        if rows.is_empty() {
            return String::new();
        }
        let shown: Vec<usize> = (0..table.columns.len())
            .filter(|&at| !table.columns[at].full)
            .collect();
        let parts = self.parts(table, &rows, &shown);
        let parts = parts.iter().map(|columns| self.part(table, &rows, columns));
        parts.collect::<Vec<_>>().join("\n")
    }

    /// Which columns stand side by side: as many figures as leave room for the longest word of a name, at least one.
    fn parts(&self, table: &Table, rows: &[&Row], shown: &[usize]) -> Vec<Vec<usize>> {
        let is_figure = |at: &usize| table.columns[*at].kind == Kind::Figure;
        let (figures, names): (Vec<usize>, Vec<usize>) = shown.iter().partition(|at| is_figure(at));
        if figures.is_empty() {
            return vec![names];
        }
        let longest = rows
            .iter()
            .map(|row| first_line(&row.cells[table.named_by]))
            .flat_map(|name| name.split(' ').map(|word| word.chars().count()).max())
            .max()
            .unwrap_or(0);
        let left = longest.clamp(13, 30) + OUTER_COLUMNS;
        let mut parts: Vec<Vec<usize>> = Vec::new();
        let mut used = usize::MAX;
        for column in figures {
            let lines = rows.iter().flat_map(|row| lines(&row.cells[column]));
            let width = lines.map(|line| line.chars().count()).max().unwrap_or(0) + COLUMN_PADDING;
            match parts.last_mut() {
                Some(part) if used.saturating_add(width) <= self.options.width => part.push(column),
                _ => {
                    parts.push(names.iter().copied().chain([column]).collect());
                    used = left;
                }
            }
            used += width;
        }
        parts
    }

    fn part(&self, of: &Table, rows: &[&Row], columns: &[usize]) -> String {
        let mut table = comfy_table::Table::new();
        table
            .load_style(presets::UTF8_HORIZONTAL_ONLY)
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_width(u16::try_from(self.options.width).unwrap_or(u16::MAX));
        table.set_header(columns.iter().map(|&at| visible(&of.columns[at].heading)));
        for row in rows {
            table.add_row(columns.iter().map(|&at| lines(&row.cells[at]).join("\n")));
        }
        for (column, &at) in table.column_iter_mut().zip(columns) {
            if of.columns[at].is_right() {
                column.set_cell_alignment(CellAlignment::Right);
            }
            if of.columns[at].kind == Kind::Figure {
                column.set_constraint(ColumnConstraint::ContentWidth);
            }
        }
        // Without trailing spaces.
        let lines = table.lines().map(|line| format!("{}\n", line.trim_end()));
        lines.collect()
    }
}

fn first_line(cell: &Cell) -> String {
    lines(cell).into_iter().next().unwrap_or_default()
}

/// The lines of a cell.
fn lines(cell: &Cell) -> Vec<String> {
    match cell {
        Cell::Text(text) => vec![visible(&text.plain())],
        Cell::Named(name, "") => vec![visible(name)],
        Cell::Named(name, badge) => vec![visible(name), format!("({badge})")],
        Cell::Figure(figure) => figure_lines(figure),
        Cell::Lines(lines) => lines.iter().map(|line| visible(line)).collect(),
        Cell::Details { text, .. } => vec![visible(text)],
    }
}

/// The value with its letter and mark, and the effect.
fn figure_lines(figure: &Figure) -> Vec<String> {
    let shown = [figure.value.as_str(), &figure.letter, figure.mark];
    let shown: Vec<&str> = shown.into_iter().filter(|part| !part.is_empty()).collect();
    vec![visible(&shown.join(" ")), visible(&figure.effect)]
}
