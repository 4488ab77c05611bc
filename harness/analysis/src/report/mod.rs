//! Reports: documents, and nothing else, written for readers.
//!
//! Every [`Document`] becomes a [`Page`] of blocks once (`documents`); a [`Format`] writes it. To add a format is one
//! file that implements [`Format`]: for every document by its page, as [`Terminal`], [`Markdown`] and [`Html`] do, for
//! every document by its fields, as [`Json`] does, or for one kind of document alone.
//!
//! | what | where |
//! |---|---|
//! | the blocks, tables and charts of a page | `block`, `table`, `chart` |
//! | each document as a page | `documents` |
//! | the formats | `terminal`, `markdown`, `html` with the templates of `reports/templates`, `format` (JSON) |

mod block;
mod chart;
mod documents;
mod format;
mod html;
mod markdown;
mod table;
mod terminal;

pub use block::{Block, Evidence, Finding, Lead, Page, Section, Span, Text, Title, Tone, Verdict};
pub use chart::{Chart, Drawing, Interval, Intervals, Point, Points, Role, Scaling, Timeline};
pub(crate) use documents::host_text;
pub use format::{Document, Format, Json};
pub use html::{Html, flame_svg};
pub use markdown::Markdown;
pub(crate) use markdown::markdown_escaped;
pub use table::{Cell, Column, Figure, Kind, Row, Table};
pub use terminal::{Terminal, TerminalOptions};

use serde::Serialize;

use crate::error::AnalysisError;

/// A document as text for a terminal.
pub fn terminal<D: Document + ?Sized>(document: &D, options: TerminalOptions) -> String {
    Terminal(options).page(&document.page())
}

/// A document as Markdown.
///
/// # Errors
/// As [`Format::write`].
pub fn markdown<D: Document + ?Sized>(document: &D) -> Result<String, AnalysisError> {
    Markdown.write(document)
}

/// A document as a self-contained HTML page.
///
/// # Errors
/// As [`Format::write`].
pub fn html<D: Document + ?Sized>(document: &D) -> Result<String, AnalysisError> {
    Html.write(document)
}

/// A document as JSON, the way it is stored.
///
/// # Errors
/// As [`Format::write`].
pub fn json<D: Serialize + ?Sized>(document: &D) -> Result<String, AnalysisError> {
    Json.write(document)
}
