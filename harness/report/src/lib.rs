//! Reports: documents, and nothing else, written for readers.
//!
//! Every [`Document`] becomes a [`Page`] of blocks once (`pages`); a [`Format`] writes it. To add a format is one
//! file that implements [`Format`]: for every document by its page, as [`Terminal`], [`Markdown`] and [`Html`] do, for
//! every document by its fields, as [`Json`] does, or for one kind of document alone, as [`Junit`] and [`Annotations`] do.
//!
//! | what | where |
//! |---|---|
//! | the blocks, tables, charts and words of a page | `block`, `table`, `chart`, `text` |
//! | each document as a page | `pages` |
//! | the formats for any document | `terminal`, `markdown`, `html` with the templates of `reports/templates`, `format` (JSON) |
//! | the formats of a gate alone | `junit`, `github` |
//! | an upgrade as JUnit XML and Go's benchmark format | `upgrade` |

mod block;
mod chart;
mod error;
mod format;
mod github;
mod html;
mod junit;
mod markdown;
mod pages;
mod table;
mod terminal;
mod text;
mod upgrade;

pub use block::{Block, Evidence, Finding, Lead, Page, Section, Title, Tone, Verdict};
pub use chart::{Chart, Drawing, Interval, Intervals, Point, Points, Role, Scaling, Timeline};
pub use error::ReportError;
pub use format::{Document, Format, Json};
pub use github::Annotations;
pub use html::{Html, flame_svg};
pub use junit::Junit;
pub use markdown::Markdown;
pub use table::{Cell, Column, Figure, Kind, Row, Table};
pub use terminal::{Terminal, TerminalOptions};
pub use text::{Span, Text};
pub use upgrade::UpgradeBenchfmt;

use serde::Serialize;

/// A document as text for a terminal.
pub fn terminal<D: Document + ?Sized>(document: &D, options: TerminalOptions) -> String {
    Terminal(options).page(&document.page())
}

/// A document as Markdown.
///
/// # Errors
/// As [`Format::write`].
pub fn markdown<D: Document + ?Sized>(document: &D) -> Result<String, ReportError> {
    Markdown.write(document)
}

/// A document as a self-contained HTML page.
///
/// # Errors
/// As [`Format::write`].
pub fn html<D: Document + ?Sized>(document: &D) -> Result<String, ReportError> {
    Html.write(document)
}

/// A document as JSON, the way it is stored.
///
/// # Errors
/// As [`Format::write`].
pub fn json<D: Serialize + ?Sized>(document: &D) -> Result<String, ReportError> {
    Json.write(document)
}
