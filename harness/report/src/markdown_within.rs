//! Markdown that fits where it is put: a pull request's comment, a step's summary.
//!
//! The verdicts come first. Then parts follow in the order of the page, each whole or, where it is a table, with as many
//! rows as fit; what is left out is named at the end, with where it is to be had.

use crate::block::{Block, Page, Section};
use crate::error::ReportError;
use crate::format::{Document, Format};
use crate::markdown::{block, heading_line, markdown_escaped};
use crate::table::Table;

/// What a comment on a pull request may hold (GitHub: 65,536 characters; a byte is one at most).
const COMMENT_BYTES: usize = 65_536;
/// What a step's summary may hold (GitHub: 1 MiB).
const SUMMARY_BYTES: usize = 1_048_576;
/// Room for the line that names what is left out.
const CLOSING_BYTES: usize = 1_024;
/// Parts that the closing line names.
const MOST_NAMED: usize = 8;

/// Markdown of no more than a number of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MarkdownWithin {
    /// Bytes at most.
    pub most_bytes: usize,
    /// Whether it is brief, as a terminal's text is.
    pub brief: bool,
}

impl MarkdownWithin {
    /// For a comment on a pull request: brief.
    pub const COMMENT: MarkdownWithin = MarkdownWithin {
        most_bytes: COMMENT_BYTES,
        brief: true,
    };
    /// For the summary of a CI step: whole, as far as it fits.
    pub const SUMMARY: MarkdownWithin = MarkdownWithin {
        most_bytes: SUMMARY_BYTES,
        brief: false,
    };
}

impl<D: Document + ?Sized> Format<D> for MarkdownWithin {
    fn write(&self, document: &D) -> Result<String, ReportError> {
        Ok(self.written(&document.page()))
    }
}

/// A part of the text that is kept or left out as one.
enum Part<'p> {
    Heading(String, &'p Section),
    Block(&'p Block, usize),
}

impl MarkdownWithin {
    fn written(self, page: &Page) -> String {
        let mut text = format!("# {}\n", markdown_escaped(&page.title));
        let budget = self.most_bytes.saturating_sub(CLOSING_BYTES);
        let mut left_out: Vec<String> = Vec::new();
        let add = |text: &mut String, part: &str| {
            let fits = text.len() + 1 + part.len() <= budget;
            if fits {
                text.push('\n');
                text.push_str(part);
            }
            fits
        };
        for line in verdicts(&page.blocks, None) {
            if !add(&mut text, &line) {
                left_out.push("verdicts".to_owned());
            }
        }
        let mut parts = Vec::new();
        self.parts(&page.blocks, 2, &mut parts);
        let mut section = String::new();
        for part in parts {
            let name = match &part {
                Part::Heading(heading, of) => {
                    section = of.title.to_string();
                    add(&mut text, heading)
                }
                Part::Block(own, level) => {
                    let whole = block(own, *level);
                    let added = whole.is_empty() || add(&mut text, &whole);
                    let room = budget.saturating_sub(text.len() + 1);
                    added || cut(own, room).is_some_and(|cut| add(&mut text, &cut))
                }
            };
            if !name && !left_out.contains(&section) {
                left_out.push(section.clone());
            }
        }
        text.push_str(&closing(&left_out));
        text
    }

    /// The page as parts, with what this form does not show left away.
    fn parts<'p>(self, blocks: &'p [Block], level: usize, into: &mut Vec<Part<'p>>) {
        for own in blocks {
            match own {
                Block::Section(section) => {
                    into.push(Part::Heading(heading_line(section, level), section));
                    self.parts(&section.blocks, level + 1, into);
                }
                Block::Group(inner) => self.parts(inner, level, into),
                Block::Brief(inner) if self.brief => self.parts(inner, level, into),
                Block::Full(inner) if !self.brief => self.parts(inner, level, into),
                Block::Brief(_) | Block::Full(_) => {}
                Block::Details { .. } if self.brief => {}
                Block::Details { blocks: inner, .. } => self.parts(inner, level, into),
                other => into.push(Part::Block(other, level)),
            }
        }
    }
}

/// Every verdict in one line, with the section that it stands in.
fn verdicts(blocks: &[Block], section: Option<&Section>) -> Vec<String> {
    let mut found = Vec::new();
    for own in blocks {
        match own {
            Block::Section(inner) => found.extend(verdicts(&inner.blocks, Some(inner))),
            Block::Verdict(verdict) => {
                let about = section.map(|own| format!("{}: ", own.title));
                found.push(format!(
                    "> {}**{}**\n",
                    markdown_escaped(&about.unwrap_or_default()),
                    markdown_escaped(&verdict.line())
                ));
            }
            Block::Group(inner) | Block::Brief(inner) | Block::Full(inner) => {
                found.extend(verdicts(inner, section));
            }
            _ => {}
        }
    }
    found
}

/// A table with as many rows as there is room for; `None` for what cannot be cut.
fn cut(own: &Block, room: usize) -> Option<String> {
    let Block::Table(table) = own else {
        return None;
    };
    let with_rows = |rows: usize| {
        let mut some: Table = table.clone();
        some.rows.truncate(rows);
        let left = table.rows.len() - rows;
        format!("{}\n… {left} more rows\n", block(&Block::Table(some), 2))
    };
    // The most rows that fit, by halving.
    let (mut fits, mut too_many) = (0, table.rows.len());
    while too_many - fits > 1 {
        let middle = fits + (too_many - fits) / 2;
        match with_rows(middle).len() <= room {
            true => fits = middle,
            false => too_many = middle,
        }
    }
    (fits > 0).then(|| with_rows(fits))
}

fn closing(left_out: &[String]) -> String {
    if left_out.is_empty() {
        return String::new();
    }
    let mut names: Vec<String> = left_out
        .iter()
        .take(MOST_NAMED)
        .map(|name| name.chars().take(60).collect())
        .collect();
    if left_out.len() > MOST_NAMED {
        names.push(format!("{} others", left_out.len() - MOST_NAMED));
    }
    let mut line = format!(
        "\nCut to fit: parts of {} are left out here; the run's report.md and report.html have them.\n",
        markdown_escaped(&names.join(", "))
    );
    if line.len() > CLOSING_BYTES {
        line = "\nCut to fit; the run's report.md and report.html have all of it.\n".to_owned();
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::{Title, Tone, Verdict};
    use crate::table::Column;

    fn page(rows: usize) -> Page {
        let columns = vec![Column::words("cell"), Column::words("what")];
        let table = Table::new("t", columns)
            .rows((0..rows).map(|row| vec![format!("cell {row}"), "a|b `c`".repeat(4)]));
        let verdict = Verdict {
            outcome: "",
            tone: Tone::Good,
            action: "recommend gogc=400".to_owned(),
            leads: Vec::new(),
        };
        Page {
            title: "run".to_owned(),
            blocks: vec![
                Block::Text("why".into()),
                Section::block(
                    Title::name("service"),
                    vec![Block::Verdict(verdict), Block::Table(table)],
                ),
                Section::block(
                    Title::topic("Trials"),
                    vec![Block::Text("x".repeat(3_000).as_str().into())],
                ),
            ],
        }
    }

    #[test]
    fn the_verdict_comes_first_and_the_size_is_kept() {
        for (rows, most_bytes) in [(3, 65_536), (200, 6_000), (5_000, 65_536), (50, 2_500)] {
            let form = MarkdownWithin {
                most_bytes,
                brief: true,
            };
            let text = form.written(&page(rows));
            assert!(text.len() <= most_bytes, "{} of {most_bytes}", text.len());
            assert!(
                text.starts_with("# run\n\n> service: **recommend gogc=400**\n"),
                "{text}"
            );
            let is_cut = text.contains("Cut to fit") || text.contains("more rows");
            assert_eq!(is_cut, rows > 3, "{rows} rows in {most_bytes}");
        }
    }

    #[test]
    fn a_table_is_cut_between_rows() {
        let form = MarkdownWithin {
            most_bytes: 6_000,
            brief: true,
        };
        let text = form.written(&page(200));
        let rows: Vec<&str> = text
            .lines()
            .filter(|line| line.starts_with("| cell "))
            .collect();
        assert!(rows.len() > 10 && rows.iter().all(|row| row.ends_with('|')));
        let left = 200 - (rows.len() - 1);
        assert!(text.contains(&format!("… {left} more rows")), "{text}");
    }
}
