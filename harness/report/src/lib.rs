//! Reports: documents, and nothing else, written for readers.
//!
//! Every [`Document`] becomes a [`Page`] of blocks once (`pages`); a [`Format`] writes it. To add a format is one
//! file that implements [`Format`]: for every document by its page, as [`Terminal`], [`Markdown`] and [`Html`] do, for
//! every document by its fields, as [`Json`] does, for every one that holds figures ([`Measured`]), as [`Csv`] does, or for
//! certain documents alone, as [`Junit`] and [`Annotations`] do.
//!
//! | what | where |
//! |---|---|
//! | the blocks, tables, charts and words of a page | `block`, `table`, `chart`, `text` |
//! | each document as a page | `pages` |
//! | the formats for any document | `terminal`, `markdown`, `markdown_within` (bounded), `html` with the templates of `reports/templates`, `format` (JSON) |
//! | the formats for programs, of every document with figures | `measured`; `csv`, `benchfmt`, `github_benchmark`, `bencher`, `openmetrics` |
//! | tests, of gates, rankings and comparisons | `junit` |
//! | settings to paste, of an export alone | `export`, one file per format |
//! | annotations, of a gate alone | `github` |
//! | an upgrade as JUnit XML and Go's benchmark format | `upgrade` |

mod bencher;
mod benchfmt;
mod block;
mod chart;
mod csv;
mod error;
mod export;
mod format;
mod github;
mod github_benchmark;
mod html;
mod junit;
mod markdown;
mod markdown_within;
mod measured;
mod openmetrics;
mod pages;
mod table;
mod terminal;
mod text;
mod upgrade;

pub use bencher::Bencher;
pub use benchfmt::Benchfmt;
pub use block::{Block, Evidence, Finding, Lead, Page, Section, Title, Tone, Verdict};
pub use chart::{Chart, Drawing, Interval, Intervals, Point, Points, Role, Scaling, Timeline};
pub use csv::Csv;
pub use error::ReportError;
pub use export::{
    Compose, Dockerfile, ExportError, ExportFile, ExportFormat, Gate, Godebug, Helm, HelmShape,
    Kubernetes, Kustomize, Nomad, Script, Systemd,
};
pub use format::{Document, Format, Json};
pub use github::Annotations;
pub use github_benchmark::GithubBenchmark;
pub use html::{Html, flame_svg};
pub use junit::Junit;
pub use markdown::Markdown;
pub use markdown_within::MarkdownWithin;
pub use measured::{
    Figure as MeasuredFigure, Figures, Measured, MeasuredVerdict, Measurements, TrialValue,
};
pub use openmetrics::OpenMetrics;
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
