//! Walks a spanned tree and collects what is wrong with it.

use std::cell::RefCell;
use std::collections::HashSet;
use std::ops::Range;

use super::node::{Entry, Node, Shape};
use crate::diagnostic::{Diagnostic, closest};

/// Collects the findings of one file while it is decoded.
#[derive(Debug, Default)]
pub struct Decoder {
    findings: RefCell<Vec<Diagnostic>>,
}

impl Decoder {
    /// Adds a finding; decoding goes on.
    pub fn report(&self, finding: Diagnostic) {
        self.findings.borrow_mut().push(finding);
    }

    /// How many findings there are so far.
    pub fn count(&self) -> usize {
        self.findings.borrow().len()
    }

    /// Everything that was found.
    pub fn into_findings(self) -> Vec<Diagnostic> {
        self.findings.into_inner()
    }

    /// The fields of a map whose keys must be among `known`. Anything else in it, every key given twice and every key
    /// without a value is reported. `what` names the map.
    pub fn fields<'a>(
        &'a self,
        node: &'a Node,
        what: &'a str,
        known: &'a [&'a str],
    ) -> Option<Fields<'a>> {
        let entries = self.entries(node, what)?;
        for entry in entries {
            if !known.contains(&entry.key.as_str()) {
                let finding = Diagnostic::new(
                    entry.key_span.clone(),
                    format!("unknown key `{}` in {what}", shown(&entry.key)),
                );
                self.report(finding.help(suggestion(&entry.key, known)));
            } else if entry.value.shape == Shape::Null {
                let empty = format!("`{}` has no value", entry.key);
                self.report(
                    Diagnostic::new(entry.key_span.clone(), empty)
                        .help("write its value; a key that is optional may also be left out"),
                );
            }
        }
        Some(Fields {
            decoder: self,
            entries,
            span: node.span.clone(),
            what,
        })
    }

    /// The entries of a map with free keys; keys given twice are reported.
    pub fn entries<'a>(&self, node: &'a Node, what: &str) -> Option<&'a [Entry]> {
        let Shape::Map(entries) = &node.shape else {
            let fix = "write `{key: value}`, or one `key: value` a line, indented";
            self.expected(node, what, "a map", fix);
            return None;
        };
        let mut seen = HashSet::new();
        for entry in entries {
            if !seen.insert(entry.key.as_str()) {
                let twice = format!("duplicate key `{}` in {what}", shown(&entry.key));
                self.report(
                    Diagnostic::new(entry.key_span.clone(), twice).help("keep one of the two"),
                );
            }
        }
        Some(entries)
    }

    /// The items of a list; a single value stands for a list of one.
    pub fn items<'a>(&self, node: &'a Node, what: &str) -> &'a [Node] {
        match &node.shape {
            Shape::List(items) => items,
            Shape::Null => {
                self.expected(
                    node,
                    what,
                    "a list",
                    "write `[one, two]`, or a single value",
                );
                &[]
            }
            _ => std::slice::from_ref(node),
        }
    }

    /// The text of a scalar, numbers and booleans as they were written.
    pub fn text<'a>(&self, node: &'a Node, what: &str) -> Option<&'a str> {
        match &node.shape {
            Shape::Scalar(scalar) => Some(&scalar.text),
            _ => {
                let fix = match node.shape {
                    Shape::Null => "write a value, or drop it",
                    _ => "write a single value, without brackets or keys",
                };
                self.expected(node, what, "one value", fix);
                None
            }
        }
    }

    /// Reads a scalar with `read`, whose error is the fix.
    pub fn value<T>(
        &self,
        node: &Node,
        what: &str,
        read: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let text = self.text(node, what)?;
        match read(text) {
            Ok(value) => Some(value),
            Err(fix) => {
                self.report(
                    Diagnostic::new(
                        node.span.clone(),
                        format!("{what}: `{}` is not a valid value", shown(text)),
                    )
                    .help(fix),
                );
                None
            }
        }
    }

    /// Reports that `node` is something else than the `wanted`.
    fn expected(&self, node: &Node, what: &str, wanted: &str, fix: &str) {
        let other = format!("{what} must be {wanted}, found {}", node.kind());
        self.report(Diagnostic::new(node.span.clone(), other).help(fix));
    }
}

/// The known fields of one map.
#[derive(Debug, Clone)]
pub struct Fields<'a> {
    decoder: &'a Decoder,
    entries: &'a [Entry],
    what: &'a str,
    /// Where the whole map stands.
    pub span: Range<usize>,
}

impl<'a> Fields<'a> {
    /// The value of a key, if it is there and not null.
    pub fn get(&self, key: &str) -> Option<&'a Node> {
        self.entries
            .iter()
            .find(|entry| entry.key == key)
            .map(|entry| &entry.value)
            .filter(|value| value.shape != Shape::Null)
    }

    /// Whether the key is there at all, be it without a value.
    pub fn has(&self, key: &str) -> bool {
        self.entries.iter().any(|entry| entry.key == key)
    }

    /// Where a key stands, or where the map stands if it has no such key.
    pub fn key_span(&self, key: &str) -> Range<usize> {
        let entry = self.entries.iter().find(|entry| entry.key == key);
        entry.map_or(self.span.clone(), |entry| entry.key_span.clone())
    }

    /// The value of a key that must be there; its absence is reported.
    pub fn require(&self, key: &str, example: &str) -> Option<&'a Node> {
        let found = self.get(key);
        // A key without a value has been reported as such.
        if !self.has(key) {
            let missing = format!("missing key `{key}` in {}", self.what);
            self.decoder.report(
                Diagnostic::new(self.span.clone(), missing).help(format!("add `{key}: {example}`")),
            );
        }
        found
    }

    /// The text of a key, if it is there.
    pub fn text(&self, key: &str) -> Option<&'a str> {
        self.decoder.text(self.get(key)?, key)
    }

    /// A key read with `read`, or `default` where it is absent or wrong (what is wrong has then been reported).
    pub fn or<T>(&self, key: &str, default: T, read: impl FnOnce(&str) -> Result<T, String>) -> T {
        self.get(key)
            .and_then(|node| self.decoder.value(node, key, read))
            .unwrap_or(default)
    }
}

/// A text as a message quotes it: one line, not too long.
pub(crate) fn shown(text: &str) -> String {
    const MOST_CHARACTERS: usize = 60;
    let mut characters = text.chars();
    let start: String = characters.by_ref().take(MOST_CHARACTERS).collect();
    let more = if characters.next().is_some() {
        "…"
    } else {
        ""
    };
    format!("{}{more}", crate::shown::line(&start))
}

fn suggestion(word: &str, known: &[&str]) -> String {
    match closest(word, known.iter().copied()) {
        Some(candidate) => format!("did you mean `{candidate}`?"),
        None => format!("known keys: {}", known.join(", ")),
    }
}
