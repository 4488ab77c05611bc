//! The report as Markdown. Everything that a template prints goes through [`Markdown`], so that no value can break a
//! table or become markup.

use std::fmt::{self, Write};

use askama::Template;
use askama::filters::Escaper;
use documents::ranking::Ranking;

use crate::error::ReportError;
use crate::page::Page;

/// The report as Markdown (GitHub's dialect: tables).
///
/// # Errors
/// [`ReportError::Report`]; does not happen for a ranking that [`judging::rank()`] made.
pub fn markdown(ranking: &Ranking) -> Result<String, ReportError> {
    let report = Report {
        page: Page::new(ranking)?,
    };
    report.render().map_err(|error| ReportError::Report {
        format: "Markdown",
        reason: error.to_string(),
    })
}

#[derive(Template)]
#[template(path = "ranking.md")]
struct Report<'a> {
    page: Page<'a>,
}

/// Escapes text for Markdown, inside and outside of tables: what could be markup gets a backslash or an entity, line
/// breaks become spaces.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Markdown;

impl Escaper for Markdown {
    fn write_escaped_str<W: Write>(&self, mut dest: W, text: &str) -> fmt::Result {
        let mut before = ' ';
        let mut rest = text.chars().peekable();
        while let Some(c) = rest.next() {
            match c {
                '\n' | '\r' => dest.write_char(' ')?,
                c if c.is_control() => write!(dest, "{}", c.escape_default())?,
                '<' => dest.write_str("&lt;")?,
                '>' => dest.write_str("&gt;")?,
                '&' => dest.write_str("&amp;")?,
                // Within a word an underscore is no emphasis (CommonMark 6.2), and most of ours stand there.
                '_' if before.is_alphanumeric()
                    && rest.peek().is_some_and(|c| c.is_alphanumeric()) =>
                {
                    dest.write_char(c)?;
                }
                '\\' | '`' | '*' | '_' | '[' | ']' | '#' | '|' | '~' | '!' | '$' => {
                    dest.write_char('\\')?;
                    dest.write_char(c)?;
                }
                // GitHub notifies whoever is mentioned.
                '@' if rest.peek().is_some_and(|c| c.is_alphanumeric()) => {
                    dest.write_str("&#64;")?
                }
                c => dest.write_char(c)?,
            }
            before = c;
        }
        Ok(())
    }
}

/// A text that no template prints, escaped.
pub(crate) fn markdown_escaped(text: &str) -> String {
    let mut out = String::new();
    Markdown
        .write_escaped_str(&mut out, text)
        .expect("a text takes all that is written");
    out
}

/// A code span that the text cannot end: its fence is longer than any run of backticks in it. For use outside of
/// tables.
pub(crate) fn code_span(text: &str) -> String {
    let text: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') {
        " "
    } else {
        ""
    };
    format!("{fence}{pad}{text}{pad}{fence}")
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
    }
}
