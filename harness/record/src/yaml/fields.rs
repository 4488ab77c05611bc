//! Walks a spanned tree and collects what is wrong with it.

use std::cell::RefCell;
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

    /// Everything that was found.
    pub fn into_findings(self) -> Vec<Diagnostic> {
        self.findings.into_inner()
    }

    /// The fields of a map whose keys must be among `known`. Anything else in
    /// it, and every key given twice, is reported. `what` names the map.
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
                    format!("unknown key `{}` in {what}", entry.key),
                );
                self.report(finding.help(suggestion(&entry.key, known)));
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
            self.expected(node, what, "a map of `key: value`");
            return None;
        };
        for (at, entry) in entries.iter().enumerate() {
            if entries[..at].iter().any(|earlier| earlier.key == entry.key) {
                self.report(
                    Diagnostic::new(
                        entry.key_span.clone(),
                        format!("duplicate key `{}` in {what}", entry.key),
                    )
                    .help("keep one of the two"),
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
                self.expected(node, what, "a list");
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
                self.expected(node, what, "one value");
                None
            }
        }
    }

    /// Reads a scalar with `read`, whose error is the cure.
    pub fn value<T>(
        &self,
        node: &Node,
        what: &str,
        read: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let text = self.text(node, what)?;
        match read(text) {
            Ok(value) => Some(value),
            Err(cure) => {
                self.report(
                    Diagnostic::new(
                        node.span.clone(),
                        format!("{what}: `{text}` is not a valid value"),
                    )
                    .help(cure),
                );
                None
            }
        }
    }

    fn expected(&self, node: &Node, what: &str, wanted: &str) {
        self.report(Diagnostic::new(
            node.span.clone(),
            format!("{what} must be {wanted}, found {}", node.kind()),
        ));
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

    /// The value of a key that must be there; its absence is reported.
    pub fn require(&self, key: &str, example: &str) -> Option<&'a Node> {
        let found = self.get(key);
        if found.is_none() {
            let at = self.span.start..self.span.start;
            self.decoder.report(
                Diagnostic::new(at, format!("missing key `{key}` in {}", self.what))
                    .help(format!("add `{key}: {example}`")),
            );
        }
        found
    }

    /// The text of a key, if it is there.
    pub fn text(&self, key: &str) -> Option<&'a str> {
        self.decoder.text(self.get(key)?, key)
    }

    /// A key read with `read`, or `default` where it is absent or wrong (what
    /// is wrong has then been reported).
    pub fn or<T>(&self, key: &str, default: T, read: impl FnOnce(&str) -> Result<T, String>) -> T {
        self.get(key)
            .and_then(|node| self.decoder.value(node, key, read))
            .unwrap_or(default)
    }
}

fn suggestion(word: &str, known: &[&str]) -> String {
    match closest(word, known.iter().copied()) {
        Some(candidate) => format!("did you mean `{candidate}`?"),
        None => format!("known keys: {}", known.join(", ")),
    }
}
