//! What every text for a terminal shares: wrapping, tables, colour, and the list of doubts.

use comfy_table::{ContentArrangement, Table, presets};
use documents::finding::Severity;
use documents::warning::{Warning, severity_word};

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

/// Lays out text of a given width.
pub(super) struct Layout {
    pub(super) options: TerminalOptions,
}

impl Layout {
    /// The doubts, or nothing.
    pub(super) fn warnings(&self, warnings: &[Warning], name_targets: bool) -> String {
        if warnings.is_empty() {
            return String::new();
        }
        let mut text = format!("WARNINGS ({})\n", warnings.len());
        for warning in warnings {
            text.push_str(&self.warning(warning, name_targets));
        }
        text.push('\n');
        text
    }

    fn warning(&self, warning: &Warning, name_target: bool) -> String {
        let target = match &warning.target {
            Some(target) if name_target => format!("{target}: "),
            _ => String::new(),
        };
        let lead = format!("{:<9}", severity_word(warning.severity));
        let message = self.wrapped(&lead, &format!("{target}{}", warning.message));
        let colour = match warning.severity {
            Severity::Critical => "31",
            Severity::Warn => "33",
            Severity::Info => "2",
        };
        let message = match message.strip_prefix(&lead) {
            Some(rest) => format!("{}{rest}", self.paint(colour, &lead)),
            None => message,
        };
        format!(
            "{message}{}",
            self.wrapped("         → ", &warning.next_step)
        )
    }

    pub(super) fn table(&self) -> Table {
        let mut table = Table::new();
        table
            .load_style(presets::UTF8_HORIZONTAL_ONLY)
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_width(u16::try_from(self.options.width).unwrap_or(u16::MAX));
        table
    }

    /// Text wrapped at words behind a lead; the lines after the first stand under its end.
    pub(super) fn wrapped(&self, lead: &str, text: &str) -> String {
        let indent = lead.chars().count();
        let room = self.options.width.saturating_sub(indent).max(20);
        let mut lines: Vec<String> = vec![String::new()];
        for word in visible(text).split(' ') {
            let line = lines.last_mut().expect("there is always a line");
            let needed = line.chars().count() + 1 + word.chars().count();
            if line.is_empty() {
                line.push_str(word);
            } else if needed <= room {
                line.push(' ');
                line.push_str(word);
            } else {
                lines.push(word.to_owned());
            }
        }
        let mut wrapped = String::new();
        for (at, line) in lines.iter().enumerate() {
            let before = if at == 0 {
                lead.to_owned()
            } else {
                " ".repeat(indent)
            };
            wrapped.push_str(format!("{before}{line}").trim_end());
            wrapped.push('\n');
        }
        wrapped
    }

    pub(super) fn paint(&self, code: &str, text: &str) -> String {
        if self.options.colour {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }
}

/// The table without trailing spaces.
pub(super) fn finished(table: &Table) -> String {
    let mut text: String = table
        .lines()
        .map(|line| format!("{}\n", line.trim_end()))
        .collect();
    if text.is_empty() {
        text.push('\n');
    }
    text
}

/// Control characters made visible, so that a value or a panic text cannot steer the terminal.
pub(super) fn visible(text: &str) -> String {
    text.chars()
        .flat_map(|c| {
            let shown: Vec<char> = if c.is_control() {
                c.escape_default().collect()
            } else {
                vec![c]
            };
            shown
        })
        .collect()
}
