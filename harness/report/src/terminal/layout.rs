//! Wrapping, colour, and what may not reach a terminal.

use super::TerminalOptions;

/// Lays out text of a given width.
pub(super) struct Layout {
    pub(super) options: TerminalOptions,
}

impl Layout {
    /// Text wrapped at words behind a lead; the lines after the first stand under its end.
    pub(super) fn wrapped(&self, lead: &str, text: &str) -> String {
        let lead = visible(lead);
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
            let before = match at {
                0 => lead.clone(),
                _ => " ".repeat(indent),
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

/// Control characters made visible, so that a value or a panic text cannot steer the terminal.
pub(super) fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c.is_control() {
            true => shown.extend(c.escape_default()),
            false => shown.push(c),
        }
    }
    shown
}
