//! Tables, with cells that say what they hold.

use crate::text::Text;

/// A table.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// What it shows, for those who do not see it.
    pub label: String,
    /// Its columns.
    pub columns: Vec<Column>,
    /// Its rows; each has a cell per column.
    pub rows: Vec<Row>,
    /// Which column names the row.
    pub named_by: usize,
}

impl Table {
    /// A table whose first column names the rows.
    pub fn new(label: impl Into<String>, columns: Vec<Column>) -> Table {
        Table {
            label: label.into(),
            columns,
            rows: Vec::new(),
            named_by: 0,
        }
    }

    /// The same with rows of these cells.
    pub fn rows<C: Into<Cell>>(self, rows: impl IntoIterator<Item = Vec<C>>) -> Table {
        let rows = rows
            .into_iter()
            .map(|cells| Row::new(cells.into_iter().map(Into::into).collect()));
        Table {
            rows: rows.collect(),
            ..self
        }
    }
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// What stands above it; may be empty.
    pub heading: String,
    /// What its cells are.
    pub kind: Kind,
    /// Whether a brief format leaves it out.
    pub full: bool,
}

/// What the cells of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Words.
    Words,
    /// Numbers, which stand under each other's last digit.
    Number,
    /// Figures with an effect, [`Figure`].
    Figure,
}

impl Column {
    /// A column of words.
    pub fn words(heading: impl Into<String>) -> Column {
        Column {
            heading: heading.into(),
            kind: Kind::Words,
            full: false,
        }
    }

    /// A column of numbers.
    pub fn number(heading: impl Into<String>) -> Column {
        Column {
            kind: Kind::Number,
            ..Column::words(heading)
        }
    }

    /// A column of figures.
    pub fn figure(heading: impl Into<String>) -> Column {
        Column {
            kind: Kind::Figure,
            ..Column::words(heading)
        }
    }

    /// The same, left out by a brief format.
    pub fn full(self) -> Column {
        Column { full: true, ..self }
    }

    /// Whether its cells stand at its right edge.
    pub fn is_right(&self) -> bool {
        self.kind != Kind::Words
    }
}

/// A row.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// One per column.
    pub cells: Vec<Cell>,
    /// Whether it is the one that the verdict is about.
    pub chosen: bool,
    /// Whether a brief format leaves it out.
    pub full: bool,
}

impl Row {
    /// A row like any other.
    pub fn new(cells: Vec<Cell>) -> Row {
        Row {
            cells,
            chosen: false,
            full: false,
        }
    }
}

/// A cell.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Words or a number in words.
    Text(Text),
    /// A name with what sets it apart; the second may be empty.
    Named(String, &'static str),
    /// A figure with what it comes to.
    Figure(Figure),
    /// Lines under each other.
    Lines(Vec<String>),
    /// Words with lines that are folded away, and left out where that cannot be done.
    Details {
        /// The words.
        text: String,
        /// What the lines are.
        summary: &'static str,
        /// The lines; may be empty.
        lines: Vec<String>,
    },
}

impl<T: Into<Text>> From<T> for Cell {
    fn from(text: T) -> Cell {
        Cell::Text(text.into())
    }
}

/// A value with its effect against the control.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Figure {
    /// The value with its unit.
    pub value: String,
    /// The effect with its interval.
    pub effect: String,
    /// What the effect comes to, as a sign; may be empty.
    pub mark: &'static str,
    /// The mark in a word, for those who do not see it.
    pub word: &'static str,
    /// `A` is the top group; may be empty.
    pub letter: String,
    /// How it was judged in full.
    pub detail: String,
}
