//! Reports for a terminal. They read without colour; colour only marks headings, the verdict and severities.

mod drawing;
mod layout;
mod table;

use layout::Layout;

use crate::block::{Block, Finding, Page, Section, Title, Tone, Verdict};
use crate::chart::Chart;
use crate::error::ReportError;
use crate::format::{Document, Format};
use crate::text::Text;

/// Columns that severities and most leads take.
const LEAD: usize = 9;

/// How to lay out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TerminalOptions {
    /// Columns of the terminal.
    pub width: usize,
    /// Whether to use ANSI colours.
    pub colour: bool,
}

impl Default for TerminalOptions {
    fn default() -> Self {
        TerminalOptions {
            width: 100,
            colour: false,
        }
    }
}

/// Text for a terminal: brief, as wide as it is.
#[derive(Debug, Clone, Copy, Default)]
pub struct Terminal(pub TerminalOptions);

impl<D: Document + ?Sized> Format<D> for Terminal {
    fn write(&self, document: &D) -> Result<String, ReportError> {
        Ok(self.page(&document.page()))
    }
}

impl Terminal {
    /// A page; its title is left out.
    pub(super) fn page(self, page: &Page) -> String {
        Layout { options: self.0 }.joined(&page.blocks, "\n")
    }
}

impl Layout {
    /// Blocks with a gap between those that come to something.
    fn joined(&self, blocks: &[Block], gap: &str) -> String {
        let texts = brief(blocks).into_iter().map(|block| self.block(block));
        let texts: Vec<String> = texts.filter(|text| !text.is_empty()).collect();
        texts.join(gap)
    }

    fn block(&self, block: &Block) -> String {
        match block {
            Block::Section(section) => self.section(section),
            Block::Verdict(verdict) => self.verdict(verdict),
            Block::Text(text) | Block::Note(text) => self.wrapped("", &text.plain()),
            Block::List(items) => {
                let items = items.iter();
                items
                    .map(|item| self.wrapped("  - ", &item.plain()))
                    .collect()
            }
            Block::Leads(leads) => {
                let longest = leads.iter().map(|own| own.lead.chars().count()).max();
                let width = LEAD.max(longest.unwrap_or(0) + 1);
                let rows = leads.iter();
                rows.map(|own| self.led(&own.lead, width, &own.text))
                    .collect()
            }
            Block::Findings(findings) => {
                let findings = findings.iter();
                findings.map(|finding| self.finding(finding)).collect()
            }
            // Lines to paste stand alone, each whole as far as the terminal is wide.
            Block::Code { lead, lines } => {
                let width = if lead.is_empty() { 4 } else { LEAD };
                let leads = std::iter::once(lead.as_str()).chain(std::iter::repeat(""));
                let lines = lines.iter().zip(leads);
                lines
                    .map(|(line, lead)| self.led(lead, width, &line.into()))
                    .collect()
            }
            Block::Table(table) => self.table(table),
            Block::Charts(charts) => charts.iter().map(|chart| self.chart(chart)).collect(),
            Block::Details { summary, blocks } => {
                self.wrapped("", summary) + &self.joined(blocks, "\n")
            }
            Block::Contents { .. } | Block::Full(_) => String::new(),
            Block::Group(blocks) => self.joined(blocks, ""),
            Block::Brief(blocks) => self.joined(blocks, "\n"),
        }
    }

    fn section(&self, section: &Section) -> String {
        let first = brief(&section.blocks).into_iter().next();
        let gap = match first {
            Some(Block::Section(_)) => "\n",
            _ => "",
        };
        let body = self.joined(&section.blocks, "\n");
        format!("{}{gap}{body}", self.title(&section.title))
    }

    /// A topic in capitals, and what it is about behind it.
    fn title(&self, title: &Title) -> String {
        if title.topic.is_empty() {
            let name = self.wrapped("", &title.about);
            return format!("{}\n", self.paint("1", name.trim_end()));
        }
        self.painted(
            &format!("{:<8} ", title.topic.to_uppercase()),
            "1",
            &title.about,
        )
    }

    fn verdict(&self, verdict: &Verdict) -> String {
        let label = match verdict.outcome {
            "" => "VERDICT",
            outcome => outcome,
        };
        let lead = format!("{label}  ");
        let width = lead.chars().count();
        let colour = match verdict.tone {
            Tone::Good => "1;32",
            Tone::Plain => "1",
            Tone::Caution => "1;33",
            Tone::Bad => "1;31",
        };
        let leads = verdict.leads.iter();
        let leads = leads.map(|own| self.led(&own.lead, width, &own.text));
        self.painted(&lead, colour, &verdict.action) + &leads.collect::<String>()
    }

    fn finding(&self, finding: &Finding) -> String {
        let colour = match finding.tone {
            Tone::Bad => "31",
            Tone::Caution => "33",
            Tone::Plain | Tone::Good => "2",
        };
        let lead = format!("{:<LEAD$}", finding.severity);
        let mut text = self.painted(&lead, colour, &finding.text.plain());
        let evidence = &finding.evidence;
        let mut add = |lead: &str, words: &str| {
            if !words.is_empty() {
                text.push_str(&self.wrapped(&format!("{:LEAD$}{lead}", ""), words));
            }
        };
        if evidence.most_brief > 0 {
            add("", &evidence.summary);
        }
        for sample in evidence.samples.iter().take(evidence.most_brief) {
            add("· ", sample);
        }
        add("", &finding.cause);
        for next in &finding.next {
            add("→ ", next);
        }
        for note in &finding.notes {
            add("", note);
        }
        text
    }

    fn chart(&self, chart: &Chart) -> String {
        drawing::drawn(self, chart)
    }

    fn led(&self, lead: &str, width: usize, text: &Text) -> String {
        self.wrapped(&format!("{lead:<width$}"), &text.plain())
    }

    /// Wrapped words behind a lead in colour.
    fn painted(&self, lead: &str, colour: &str, words: &str) -> String {
        let text = self.wrapped(lead, words);
        let shown = lead.trim_end();
        match text.strip_prefix(shown) {
            Some(rest) => format!("{}{rest}", self.paint(colour, shown)),
            None => text,
        }
    }
}

/// The blocks of a brief format.
fn brief(blocks: &[Block]) -> Vec<&Block> {
    let mut shown = Vec::new();
    for block in blocks {
        match block {
            Block::Full(_) => {}
            Block::Brief(blocks) => shown.extend(brief(blocks)),
            block => shown.push(block),
        }
    }
    shown
}
