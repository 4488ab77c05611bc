//! Findings about a file that a person wrote: what is wrong, where, and the fix. All findings of a file are collected
//! and shown together.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

/// One thing that is wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// What is wrong, as a lower-case fragment.
    pub message: String,
    /// The bytes of the source that it is about; empty at the end of what is there when something is missing.
    pub span: Range<usize>,
    /// What to write instead, where there is an answer.
    pub help: Option<String>,
}

impl Diagnostic {
    /// A finding at `span` without a fix.
    pub fn new(span: Range<usize>, message: impl Into<String>) -> Self {
        Diagnostic {
            message: message.into(),
            span,
            help: None,
        }
    }

    /// The same finding with its fix.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// A source file and everything that was found wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.render())]
pub struct Diagnostics {
    /// The name shown to the person, usually the path as they gave it.
    pub file: String,
    /// The whole text of the file.
    pub text: String,
    /// The findings, in the order of the file.
    pub findings: Vec<Diagnostic>,
}

impl Diagnostics {
    /// Sorts the findings by their place in the file.
    pub fn new(file: &str, source: &str, mut findings: Vec<Diagnostic>) -> Self {
        findings.sort_by_key(|finding| finding.span.start);
        findings.dedup();
        Diagnostics {
            file: file.to_owned(),
            text: source.to_owned(),
            findings,
        }
    }

    /// Every finding with its file, line and caret, as plain text. Past a hundred findings the rest is only counted.
    pub fn render(&self) -> String {
        const MOST_SHOWN: usize = 100;
        let renderer = Renderer::plain();
        let mut rendered = String::new();
        for finding in self.findings.iter().take(MOST_SHOWN) {
            let lines = Lines::around(&finding.span, &self.text);
            let snippet = Snippet::source(lines.text)
                .line_start(lines.first)
                .path(self.file.as_str())
                .annotation(AnnotationKind::Primary.span(lines.span));
            let mut group = Level::ERROR
                .primary_title(finding.message.as_str())
                .element(snippet);
            if let Some(help) = &finding.help {
                group = group.element(Level::HELP.message(help.as_str()));
            }
            rendered.push_str(&renderer.render(&[group]));
            rendered.push_str("\n\n");
        }
        let count = self.findings.len();
        if count > MOST_SHOWN {
            rendered.push_str(&format!("and {} more\n\n", count - MOST_SHOWN));
        }
        let errors = if count == 1 { "error" } else { "errors" };
        rendered.push_str(&format!("{}: {count} {errors}", self.file));
        rendered
    }
}

/// The lines that a span touches. The renderer is given only these, so that its work does not grow with the file.
struct Lines<'a> {
    text: &'a str,
    /// Number of the first line, from 1.
    first: usize,
    /// The span within `text`.
    span: Range<usize>,
}

impl<'a> Lines<'a> {
    fn around(span: &Range<usize>, source: &'a str) -> Self {
        let span = clamp(span, source);
        let mut start = source[..span.start].rfind('\n').map_or(0, |at| at + 1);
        if start == 0 && span.start >= BYTE_ORDER_MARK.len() && source.starts_with(BYTE_ORDER_MARK)
        {
            start = BYTE_ORDER_MARK.len();
        }
        let end = source[span.end..]
            .find('\n')
            .map_or(source.len(), |at| span.end + at);
        let text = source[start..end].trim_end_matches('\r');
        let inside = |at: usize| (at - start).min(text.len());
        Lines {
            first: source[..start].matches('\n').count() + 1,
            span: inside(span.start)..inside(span.end),
            text,
        }
    }
}

/// Some editors put it in front of a file; it is no part of the first line.
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// Keeps a span inside the text and on character borders, so that a wrong span can never make the renderer panic.
fn clamp(span: &Range<usize>, source: &str) -> Range<usize> {
    let mut start = span.start.min(source.len());
    while !source.is_char_boundary(start) {
        start -= 1;
    }
    let mut end = span.end.clamp(start, source.len());
    while !source.is_char_boundary(end) {
        end += 1;
    }
    start..end
}

/// The candidate that `word` was most likely meant to be, if one is close.
pub fn closest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Nobody misspells a key into a text of this length; comparing costs its square.
    const LONGEST_WORD: usize = 100;
    if word.len() > LONGEST_WORD {
        return None;
    }
    candidates
        .into_iter()
        .map(|candidate| (strsim::osa_distance(word, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.len().min(word.len()) / 4)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_line_caret_and_fix() {
        let source = "name: a\nblock: 6\n";
        let finding = Diagnostic::new(8..13, "unknown key `block`").help("did you mean `blocks`?");
        let text = Diagnostics::new("m.yaml", source, vec![finding]).render();
        insta::assert_snapshot!(text, @r"
        error: unknown key `block`
         --> m.yaml:2:1
          |
        2 | block: 6
          | ^^^^^
          |
          = help: did you mean `blocks`?

        m.yaml: 1 error
        ");
    }

    #[test]
    fn a_span_outside_the_text_is_kept_inside() {
        let finding = Diagnostic::new(90..99, "missing key `name`");
        let text = Diagnostics::new("m.yaml", "é", vec![finding]).render();
        assert!(text.contains("missing key"), "{text}");
    }

    #[test]
    fn line_ends_and_byte_order_marks_do_not_move_the_caret() {
        let finding = Diagnostic::new(3..4, "bad value");
        let text = Diagnostics::new("m.yaml", "\u{feff}a: 1\r\nb: 2\r\n", vec![finding]).render();
        assert!(
            text.contains("m.yaml:1:1\n  |\n1 | a: 1\n  | ^\n"),
            "{text}"
        );
    }

    #[test]
    fn a_flood_of_findings_is_counted() {
        let source = "x\n".repeat(1_000);
        let findings = (0..1_000).map(|at| Diagnostic::new(2 * at..2 * at + 1, "bad"));
        let text = Diagnostics::new("m.yaml", &source, findings.collect()).render();
        assert_eq!(text.matches("error: bad").count(), 100);
        assert!(
            text.ends_with("and 900 more\n\nm.yaml: 1000 errors"),
            "{text}"
        );
    }

    #[test]
    fn suggests_only_what_is_close() {
        assert_eq!(
            closest("gomaxproc", ["gomaxprocs", "gogc"]),
            Some("gomaxprocs")
        );
        assert_eq!(closest("zebra", ["gomaxprocs", "gogc"]), None);
    }
}
