//! Text with placeholders, rendered the same for the same seed and request number.
//!
//! | placeholder | renders |
//! |---|---|
//! | `{{seq}}` | the request's number over the whole run, from 0 |
//! | `{{random:LOW-HIGH}}` | a decimal integer, both ends included |
//! | `{{hex:N}}` | N random hexadecimal digits |
//! | `{{alnum:N}}` | N random letters and digits |
//! | `{{csv:COLUMN}}` | that column of the request's row |
//! | `{{open}}` | a literal `{{` |
//!
//! Expressions and state are deliberately absent: request `k` must be the same request in
//! every run.

use super::mix::CsvRows;
use crate::random;

/// A parsed template.
#[derive(Debug, Clone)]
pub struct Template {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq)]
enum Part {
    Literal(String),
    Sequence,
    Random {
        low: u64,
        span: u64,
    },
    Characters {
        alphabet: &'static [u8],
        count: usize,
    },
    Column(usize),
}

const HEX: &[u8] = b"0123456789abcdef";
const ALPHANUMERIC: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const KNOWN: &str = "seq, random:LOW-HIGH, hex:N, alnum:N, csv:COLUMN, open";
const MAX_CHARACTERS: usize = 1 << 20;

impl Template {
    /// Parses `text`; `rows` gives the columns that it may name.
    ///
    /// # Errors
    /// A fragment that names the placeholder and the known ones.
    pub fn parse(text: &str, rows: Option<&CsvRows>) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(start) = rest.find("{{") {
            literal.push_str(&rest[..start]);
            let inside = &rest[start + 2..];
            let length = inside
                .find("}}")
                .ok_or_else(|| format!("`{{{{` without `}}}}` at {:?}", &rest[start..]))?;
            match parse_placeholder(inside[..length].trim(), rows)? {
                Part::Literal(text) => literal.push_str(&text),
                part => {
                    if !literal.is_empty() {
                        parts.push(Part::Literal(std::mem::take(&mut literal)));
                    }
                    parts.push(part);
                }
            }
            rest = &inside[length + 2..];
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            parts.push(Part::Literal(literal));
        }
        Ok(Self { parts })
    }

    /// The text, where it is the same for every request.
    pub fn as_static(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [] => Some(""),
            [Part::Literal(text)] => Some(text),
            _ => None,
        }
    }

    /// Appends the text of request `request` to `out`. `stream` keeps the templates of one
    /// request apart.
    pub(crate) fn render(
        &self,
        request: u64,
        stream: u64,
        rows: Option<&CsvRows>,
        out: &mut Vec<u8>,
    ) {
        for (index, part) in self.parts.iter().enumerate() {
            let seed = random::at(stream.wrapping_add(index as u64), request);
            match part {
                Part::Literal(text) => out.extend_from_slice(text.as_bytes()),
                Part::Sequence => append_decimal(request, out),
                Part::Random { low, span } => {
                    append_decimal(low + random::below(seed, *span), out);
                }
                Part::Characters { alphabet, count } => {
                    out.extend((0..*count as u64).map(|at| {
                        alphabet
                            [random::below(random::at(seed, at), alphabet.len() as u64) as usize]
                    }));
                }
                Part::Column(column) => {
                    let rows = rows.expect("a column is only parsed where there are rows");
                    out.extend_from_slice(rows.value(request, *column).as_bytes());
                }
            }
        }
    }
}

fn parse_placeholder(text: &str, rows: Option<&CsvRows>) -> Result<Part, String> {
    let (name, argument) = text.split_once(':').unwrap_or((text, ""));
    let count = || {
        argument
            .parse::<usize>()
            .ok()
            .filter(|count| (1..=MAX_CHARACTERS).contains(count))
            .ok_or_else(|| format!("`{text}`: wants a count from 1 to {MAX_CHARACTERS}"))
    };
    match name {
        "seq" => Ok(Part::Sequence),
        "open" => Ok(Part::Literal("{{".into())),
        "random" => argument
            .split_once('-')
            .and_then(|(low, high)| Some((low.parse::<u64>().ok()?, high.parse::<u64>().ok()?)))
            .and_then(|(low, high)| {
                let span = high.checked_sub(low)?.checked_add(1)?;
                Some(Part::Random { low, span })
            })
            .ok_or_else(|| format!("`{text}`: wants LOW-HIGH, such as random:1-100")),
        "hex" => Ok(Part::Characters {
            alphabet: HEX,
            count: count()?,
        }),
        "alnum" => Ok(Part::Characters {
            alphabet: ALPHANUMERIC,
            count: count()?,
        }),
        "csv" => {
            let rows = rows.ok_or_else(|| format!("`{text}`: no csv file is given"))?;
            rows.column(argument).map(Part::Column).ok_or_else(|| {
                format!(
                    "`{text}`: no such column; there are {}",
                    rows.columns().join(", ")
                )
            })
        }
        _ => Err(format!("unknown placeholder `{text}`; known are {KNOWN}")),
    }
}

fn append_decimal(value: u64, out: &mut Vec<u8>) {
    use std::io::Write;
    write!(out, "{value}").expect("writing to a vector cannot fail");
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn render(text: &str, request: u64) -> String {
        let rows = CsvRows::parse("id,name\n7,ann\n8,bob\n".as_bytes()).unwrap();
        let template = Template::parse(text, Some(&rows)).unwrap();
        let mut out = Vec::new();
        template.render(request, 99, Some(&rows), &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn placeholders_render() {
        assert_eq!(render("/a/{{seq}}?n={{csv:name}}", 3), "/a/3?n=bob");
        assert_eq!(render("{{open}}x}}", 0), "{{x}}");
        assert_eq!(render("{{hex:8}}", 1).len(), 8);
        assert_eq!(render("{{alnum:5}}", 1), render("{{alnum:5}}", 1));
        assert_ne!(render("{{alnum:12}}", 1), render("{{alnum:12}}", 2));
        for request in 0..100 {
            let value: u64 = render("{{random:5-7}}", request).parse().unwrap();
            assert!((5..=7).contains(&value));
        }
    }

    #[test]
    fn what_cannot_be_rendered_is_refused_with_a_fix() {
        let refuse = |text: &str| Template::parse(text, None).unwrap_err();
        assert!(refuse("{{sequence}}").contains("seq"));
        assert!(refuse("{{random:9-1}}").contains("LOW-HIGH"));
        assert!(refuse("{{csv:a}}").contains("no csv file"));
        assert!(refuse("{{hex:0}}").contains("count"));
        assert!(refuse("a {{seq").contains("without"));
    }

    proptest! {
        #[test]
        fn any_text_parses_or_is_refused(text in "\\PC{0,60}|(\\{\\{|\\}\\}|seq|hex:|[0-9]|:|-){0,12}") {
            if let Ok(template) = Template::parse(&text, None) {
                let mut out = Vec::new();
                if text.len() < 20 { template.render(5, 5, None, &mut out); }
            }
        }

        #[test]
        fn text_without_braces_is_static(text in "[^{]{0,40}") {
            let template = Template::parse(&text, None).unwrap();
            prop_assert_eq!(template.as_static(), Some(text.as_str()));
        }
    }
}
