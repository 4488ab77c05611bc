//! Reports as Markdown (GitHub's dialect: tables). Every text is escaped, so that no value can break a table or become
//! markup.

use crate::block::{Block, Finding, Page, Section, Verdict};
use crate::chart::{Chart, Drawing};
use crate::error::ReportError;
use crate::format::{Document, Format};
use crate::table::{Cell, Column, Kind, Row, Table};
use crate::text::{Span, Text, capital};

/// Markdown: the whole document without its charts, whose figures stand in its tables.
#[derive(Debug, Clone, Copy)]
pub struct Markdown;

impl<D: Document + ?Sized> Format<D> for Markdown {
    fn write(&self, document: &D) -> Result<String, ReportError> {
        Ok(written(&document.page()))
    }
}

fn written(page: &Page) -> String {
    let title = format!("# {}\n", markdown_escaped(&page.title));
    let body = blocks(&page.blocks, 2);
    match body.is_empty() {
        true => title,
        false => format!("{title}\n{body}"),
    }
}

/// Blocks with an empty line between them.
fn blocks(of: &[Block], level: usize) -> String {
    let texts = of.iter().map(|own| block(own, level));
    let texts: Vec<String> = texts.filter(|text| !text.is_empty()).collect();
    texts.join("\n")
}

pub(crate) fn block(block: &Block, level: usize) -> String {
    match block {
        Block::Section(own) => section(own, level),
        Block::Verdict(own) => verdict(own),
        Block::Text(own) | Block::Note(own) => line("", own),
        Block::List(items) => items.iter().map(|item| line("- ", item)).collect(),
        Block::Leads(leads) => {
            let leads = leads.iter();
            leads
                .map(|own| line(&format!("- {}", named(&own.lead)), &own.text))
                .collect()
        }
        Block::Findings(findings) => findings.iter().map(finding).collect(),
        Block::Code { lead, lines } => code(lead, lines),
        Block::Table(own) => table(own),
        Block::Charts(charts) => charts.iter().map(chart).collect(),
        Block::Details {
            summary,
            blocks: inner,
        } => format!("{}\n\n{}", markdown_escaped(summary), blocks(inner, level)),
        Block::Group(inner) | Block::Full(inner) => blocks(inner, level),
        // Headings have no ids of ours, so there is nothing to link to.
        Block::Contents { .. } | Block::Brief(_) => String::new(),
    }
}

fn section(section: &Section, level: usize) -> String {
    let body = blocks(&section.blocks, level + 1);
    format!("{}\n{body}", heading_line(section, level))
}

/// The heading of a section, a line of its own.
pub(crate) fn heading_line(section: &Section, level: usize) -> String {
    let title = markdown_escaped(&section.title.to_string());
    format!("{} {title}\n", "#".repeat(level.min(6)))
}

fn verdict(verdict: &Verdict) -> String {
    let mut text = line("", &Text::strong(verdict.line()));
    for own in &verdict.leads {
        text.push('\n');
        text.push_str(&line(&named(&capital(&own.lead)), &own.text));
    }
    text
}

fn finding(finding: &Finding) -> String {
    let mut text = line(
        "- ",
        &Text::strong(finding.severity)
            .then(" ")
            .then(finding.text.clone()),
    );
    let mut add = |words: &str| {
        if !words.is_empty() {
            text.push_str(&line("  - ", &words.into()));
        }
    };
    let evidence = &finding.evidence;
    match evidence.samples.as_slice() {
        [] => add(&evidence.summary),
        samples => add(&format!("{}: {}", evidence.summary, samples.join("; "))),
    }
    add(&finding.cause);
    for next in &finding.next {
        add(&format!("→ {next}"));
    }
    for note in &finding.notes {
        add(note);
    }
    text
}

/// Lines between fences that they cannot close.
fn code(lead: &str, lines: &[String]) -> String {
    let lead = match lead {
        "" => String::new(),
        lead => format!("{}:\n\n", markdown_escaped(&capital(lead))),
    };
    let lines: Vec<String> = lines.iter().map(|line| one_line(line)).collect();
    let longest = lines.iter().map(|line| longest_run(line)).max();
    let fence = "`".repeat(3.max(longest.unwrap_or(0) + 1));
    format!("{lead}{fence}\n{}\n{fence}\n", lines.join("\n"))
}

fn table(table: &Table) -> String {
    if table.rows.is_empty() {
        return String::new();
    }
    let head: String = table.columns.iter().map(heading).collect();
    let rule = table.columns.iter().map(|column| match column.kind {
        Kind::Words => ":--|",
        Kind::Number => "--:|",
        Kind::Figure => "--:|--:|",
    });
    let rule: String = rule.collect();
    let rows: String = table.rows.iter().map(row).collect();
    format!("|{head}\n|{rule}\n{rows}")
}

fn heading(column: &Column) -> String {
    let heading = markdown_escaped(&column.heading);
    match column.kind {
        Kind::Figure => format!(" {heading} | vs control |"),
        Kind::Words | Kind::Number => format!(" {heading} |"),
    }
}

fn row(row: &Row) -> String {
    let cells: String = row.cells.iter().map(cell).collect();
    format!("|{cells}\n")
}

fn cell(cell: &Cell) -> String {
    let joined = |first: &str, second: &str| markdown_escaped(format!("{first} {second}").trim());
    match cell {
        // A table is cut at its bars before code spans are read (GFM, 4.10), and takes the backslash away.
        Cell::Text(text) => format!(
            " {} |",
            spans_with(text, |code| code_span(code).replace('|', "\\|"))
        ),
        Cell::Named(name, "") => format!(" {} |", markdown_escaped(name)),
        Cell::Named(name, badge) => format!(" {} **({badge})** |", markdown_escaped(name)),
        Cell::Figure(figure) => format!(
            " {} | {} |",
            joined(&figure.value, &figure.letter),
            joined(&figure.effect, figure.mark)
        ),
        Cell::Lines(lines) => format!(" {} |", markdown_escaped(&lines.join(" "))),
        Cell::Details { text, .. } => format!(" {} |", markdown_escaped(text)),
    }
}

/// What a chart shows that stands nowhere else.
fn chart(chart: &Chart) -> String {
    match &chart.drawing {
        Drawing::Timeline(timeline) => {
            let range = timeline.range_text();
            line("- ", &format!("{}: {range}", timeline.plot.name).into())
        }
        Drawing::Intervals(_) | Drawing::Points(_) | Drawing::Scaling(_) | Drawing::Flame(_) => {
            String::new()
        }
    }
}

fn line(lead: &str, text: &Text) -> String {
    format!("{lead}{}\n", spans(text))
}

/// `lead: `, escaped, or nothing.
fn named(lead: &str) -> String {
    match lead {
        "" => String::new(),
        lead => format!("{}: ", markdown_escaped(lead)),
    }
}

fn spans(text: &Text) -> String {
    spans_with(text, code_span)
}

fn spans_with(text: &Text, code: impl Fn(&str) -> String) -> String {
    let spans = text.spans.iter().map(|span| match span {
        Span::Plain(text) => markdown_escaped(text),
        Span::Strong(text) => format!("**{}**", markdown_escaped(text)),
        Span::Code(text) => code(text),
    });
    spans.collect()
}

/// Escapes text for Markdown, inside and outside of tables: what could be markup gets a backslash or an entity, line
/// breaks become spaces.
pub(crate) fn markdown_escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut before = ' ';
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let word_goes_on = rest.peek().is_some_and(|c| c.is_alphanumeric());
        match c {
            '\n' | '\r' => out.push(' '),
            c if c.is_control() => out.extend(c.escape_default()),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            // Within a word an underscore is no emphasis (CommonMark 6.2), and most of ours stand there.
            '_' if before.is_alphanumeric() && word_goes_on => out.push(c),
            '\\' | '`' | '*' | '_' | '[' | ']' | '#' | '|' | '~' | '!' | '$' => {
                out.push('\\');
                out.push(c);
            }
            // GitHub notifies whoever is mentioned.
            '@' if word_goes_on => out.push_str("&#64;"),
            c => out.push(c),
        }
        before = c;
    }
    out
}

/// A code span that the text cannot end: its fence is longer than any run of backticks in it.
fn code_span(text: &str) -> String {
    let text = one_line(text);
    let fence = "`".repeat(longest_run(&text) + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') {
        " "
    } else {
        ""
    };
    format!("{fence}{pad}{text}{pad}{fence}")
}

fn one_line(text: &str) -> String {
    let shown = text.chars();
    shown
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

/// The longest run of backticks.
fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_becomes_markup() {
        assert_eq!(markdown_escaped("a|b\n<script>"), r"a\|b &lt;script&gt;");
        assert_eq!(markdown_escaped("gc_per_kreq _x_"), r"gc_per_kreq \_x\_");
        assert_eq!(
            markdown_escaped("[link](x) ![i](y)"),
            r"\[link\](x) \!\[i\](y)"
        );
        assert_eq!(
            markdown_escaped("ping @someone, CPU @ 3 GHz"),
            "ping &#64;someone, CPU @ 3 GHz"
        );
        assert_eq!(markdown_escaped("\u{1b}[31m"), r"\u{1b}\[31m");
    }

    #[test]
    fn code_cannot_be_closed_from_within() {
        assert_eq!(code_span("gosweep run x"), "`gosweep run x`");
        assert_eq!(code_span("a`b``c"), "```a`b``c```");
        assert_eq!(code_span("`x"), "`` `x ``");
        assert_eq!(
            code("set", &["a```b\n# c".to_owned()]),
            "Set:\n\n````\na```b # c\n````\n"
        );
    }
}
