//! Reports as one HTML page that needs nothing else: style and charts are inside, nothing is fetched. No script, but
//! for the search and zoom of flame graphs.
//!
//! The templates in `reports/templates` escape every value that they print.

mod axis;
mod flame;
mod intervals;
mod points;
mod policy;
mod scaling;
mod shape;
mod timeline;

use askama::Template;

pub use flame::flame_svg;

use crate::block::{Block, Page, Tone};
use crate::chart::{Chart, Drawing};
use crate::error::ReportError;
use crate::format::{Document, Format};
use crate::table::{Cell, Column, Table};
use crate::text::{Span, Text, capital};

/// A self-contained HTML page with everything.
#[derive(Debug, Clone, Copy)]
pub struct Html;

impl<D: Document + ?Sized> Format<D> for Html {
    fn write(&self, document: &D) -> Result<String, ReportError> {
        let page = document.page();
        written(
            "HTML",
            &PageView {
                policy: policy::content_security_policy(),
                parts: parts(&page.blocks, 2),
                page: &page,
            },
        )
    }
}

/// What a template makes of its values.
fn written(format: &'static str, template: &impl Template) -> Result<String, ReportError> {
    template.render().map_err(|error| ReportError::Report {
        format,
        reason: error.to_string(),
    })
}

#[derive(Template)]
#[template(path = "page.html")]
struct PageView<'a> {
    policy: String,
    page: &'a Page,
    parts: Vec<BlockView<'a>>,
}

/// A block with the level of a heading in it.
#[derive(Template)]
#[template(path = "block.html")]
struct BlockView<'a> {
    block: &'a Block,
    level: usize,
}

impl BlockView<'_> {
    /// The blocks in this one.
    fn inner<'b>(&self, blocks: &'b [Block]) -> Vec<BlockView<'b>> {
        parts(blocks, self.level)
    }

    /// The blocks below its heading.
    fn below<'b>(&self, blocks: &'b [Block]) -> Vec<BlockView<'b>> {
        parts(blocks, (self.level + 1).min(6))
    }

    fn spans<'b>(&self, text: &'b Text) -> TextView<'b> {
        TextView { text }
    }

    fn table<'b>(&self, table: &'b Table) -> TableView<'b> {
        TableView { table }
    }

    fn named(&self, lead: &str) -> String {
        capital(lead)
    }

    fn tone(&self, tone: Tone) -> &'static str {
        match tone {
            Tone::Good => "good",
            Tone::Plain => "plain",
            Tone::Caution => "caution",
            Tone::Bad => "bad",
        }
    }

    fn svg(&self, chart: &Chart) -> askama::Result<String> {
        match &chart.drawing {
            Drawing::Intervals(own) => intervals::svg(chart, own),
            Drawing::Points(own) => points::svg(chart, own),
            Drawing::Scaling(own) => scaling::svg(chart, own),
            Drawing::Timeline(own) => timeline::svg(chart, own),
            Drawing::Flame(own) => flame::svg(own),
        }
    }
}

fn parts(blocks: &[Block], level: usize) -> Vec<BlockView<'_>> {
    let parts = blocks.iter();
    parts.map(|block| BlockView { block, level }).collect()
}

#[derive(Template)]
#[template(
    ext = "html",
    source = "{% for span in text.spans %}{% match span %}{% when Span::Plain(text) %}{{ text }}\
              {% when Span::Strong(text) %}<strong>{{ text }}</strong>\
              {% when Span::Code(text) %}<code>{{ text }}</code>{% endmatch %}{% endfor %}"
)]
struct TextView<'a> {
    text: &'a Text,
}

#[derive(Template)]
#[template(path = "table.html")]
struct TableView<'a> {
    table: &'a Table,
}

impl TableView<'_> {
    fn spans<'b>(&self, text: &'b Text) -> TextView<'b> {
        TextView { text }
    }

    fn class(&self, column: &Column) -> &'static str {
        match column.is_right() {
            true => " class=\"number\"",
            false => "",
        }
    }
}
