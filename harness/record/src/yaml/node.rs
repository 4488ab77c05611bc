//! The spanned tree.

use std::fmt;
use std::ops::Range;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_yaml::{
    DuplicateKeyPolicy, MessageFormatter, NonFiniteFloatPolicy, Spanned, UserMessageFormatter,
};

use crate::diagnostic::Diagnostic;

/// A value of the file and the bytes where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// The byte range in the source.
    pub span: Range<usize>,
    /// What stands there.
    pub shape: Shape,
}

/// What a node is.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// Nothing, `~` or `null`.
    Null,
    /// One value.
    Scalar(Scalar),
    /// `[a, b]` or a list of dashes.
    List(Vec<Node>),
    /// `{key: value}` in the order of the file; duplicates are kept.
    Map(Vec<Entry>),
}

/// One key of a map with its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The key as text.
    pub key: String,
    /// Where the key stands.
    pub key_span: Range<usize>,
    /// The value.
    pub value: Node,
}

/// A scalar as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scalar {
    /// The text: for numbers and booleans exactly as written, so that `1.20` stays `1.20`; for strings without their
    /// quotes.
    pub text: String,
    /// Whether YAML reads it as a number.
    pub number: bool,
    /// Whether YAML reads it as a boolean (`true` or `false` only).
    pub boolean: bool,
}

impl Node {
    fn is_container(&self) -> bool {
        matches!(self.shape, Shape::List(_) | Shape::Map(_))
    }

    /// What the node is, in words for a message.
    pub fn kind(&self) -> &'static str {
        match &self.shape {
            Shape::Null => "nothing",
            Shape::Scalar(scalar) if scalar.number => "a number",
            Shape::Scalar(scalar) if scalar.boolean => "a boolean",
            Shape::Scalar(_) => "a text",
            Shape::List(_) => "a list",
            Shape::Map(_) => "a map",
        }
    }
}

/// A longer file is no matrix or target that a person wrote.
pub const MOST_BYTES: usize = 256 * 1024;

/// Parses a YAML document into its tree.
///
/// Anchors, aliases and merge keys are followed; what an alias brings in stands where the alias stands. Depth, nodes
/// and the growth through aliases are bounded, so that a hostile file ends in an error and not in a full memory.
///
/// # Errors
/// The one syntax error at which the parser stopped, or that the file is longer than [`MOST_BYTES`].
pub fn parse(source: &str) -> Result<Node, Diagnostic> {
    if source.len() > MOST_BYTES {
        let message = format!(
            "the file has {} bytes, at most {MOST_BYTES} are read",
            source.len()
        );
        return Err(Diagnostic::new(0..0, message).help("is this the file that you meant?"));
    }
    // The deepest known key is at depth 6; the rest is far above any real file.
    let options = serde_yaml::options! {
        strict_booleans: true,
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        non_finite_float_policy: NonFiniteFloatPolicy::PassThrough,
        reject_unsupported_tags: true,
        with_snippet: false,
        budget: serde_yaml::budget! {
            max_depth: 32,
            flow_nesting_limit: 32,
            max_nodes: 50_000,
            max_aliases: 1_000,
            max_anchors: 1_000,
            max_merge_keys: 1_000,
        },
        alias_limits: serde_yaml::alias_limits! {
            max_total_replayed_events: 50_000,
        },
    };
    let raw: Spanned<Raw> = serde_yaml::from_str_with_options(source, options)
        .map_err(|error| syntax_error(source, &error))?;
    let mut root = raw_to_node(raw, source);
    if !matches!(source.get(root.span.clone()), Some("{" | "[")) && root.is_container() {
        // A block map has no opening sign of its own.
        root.span.end = root.span.start;
    }
    Ok(root)
}

fn syntax_error(source: &str, error: &serde_yaml::Error) -> Diagnostic {
    let error = error.without_snippet();
    let span = error
        .location()
        .map_or(0..0, |location| bytes(&location, source));
    if let serde_yaml::Error::MultipleDocuments { .. } = error {
        return Diagnostic::new(span, "a second document starts here")
            .help("one file holds one document: split the file, or drop the `---`");
    }
    let message = UserMessageFormatter.format_message(error);
    let message = message.lines().next().unwrap_or("unreadable");
    if ["too complex", "recursion limit"]
        .iter()
        .any(|part| message.contains(part))
    {
        return Diagnostic::new(span, "the file nests or repeats itself beyond all use")
            .help("at most 32 levels, 50,000 values and 1,000 aliases are read");
    }
    let finding = Diagnostic::new(span, format!("not valid YAML: {message}"));
    match syntax_fix(message) {
        Some(fix) => finding.help(fix),
        None => finding,
    }
}

/// What helps against the mistakes that people make most. The parser's errors carry no kind, only their text.
fn syntax_fix(message: &str) -> Option<&'static str> {
    const CURES: [(&str, &str); 9] = [
        ("tabs", "indent with spaces"),
        (
            "unexpected character",
            "put a text that starts with a special character in quotes",
        ),
        (
            "mapping values",
            "check the indentation; a text that has a colon and a space in it needs quotes",
        ),
        (
            "illegal placement of ':'",
            "a `[` or `{` before it may not be closed",
        ),
        (
            "multiline quoted scalar",
            "a quote before it may not be closed",
        ),
        ("unsupported tag", "drop the tag"),
        (
            "unknown value",
            "define `&name` before its `*name`, or put the text in quotes",
        ),
        (
            "Recursive reference",
            "an alias cannot stand inside its own anchor",
        ),
        (
            "merge value",
            "merge a map: `<<: *name` or `<<: {key: value}`",
        ),
    ];
    let known = CURES.iter().find(|(part, _)| message.contains(part));
    known.map(|(_, fix)| *fix)
}

/// The tree as serde delivers it, before spans become plain byte ranges.
enum Raw {
    Null,
    Text(String),
    Number,
    Boolean,
    List(Vec<Spanned<Raw>>),
    Map(Vec<(Spanned<Raw>, Spanned<Raw>)>),
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any YAML value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Raw, E> {
        Ok(Raw::Boolean)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Raw, E> {
        Ok(Raw::Number)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Raw, E> {
        Ok(Raw::Number)
    }

    fn visit_i128<E>(self, _: i128) -> Result<Raw, E> {
        Ok(Raw::Number)
    }

    fn visit_u128<E>(self, _: u128) -> Result<Raw, E> {
        Ok(Raw::Number)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Raw, E> {
        Ok(Raw::Number)
    }

    fn visit_str<E>(self, value: &str) -> Result<Raw, E> {
        Ok(Raw::Text(value.to_owned()))
    }

    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_none<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Raw, D::Error> {
        Raw::deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Raw, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Raw::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Raw, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            map.push(entry);
        }
        Ok(Raw::Map(map))
    }
}

fn bytes(location: &serde_yaml::Location, source: &str) -> Range<usize> {
    let span = location.span();
    if let (Some(offset), Some(length)) = (span.byte_offset(), span.byte_len()) {
        let offset = usize::try_from(offset).unwrap_or(usize::MAX);
        let length = usize::try_from(length).unwrap_or(0);
        return offset..offset.saturating_add(length);
    }
    // Some errors carry characters only.
    let skip = usize::try_from(span.offset()).unwrap_or(usize::MAX);
    let start = source
        .char_indices()
        .nth(skip)
        .map_or(source.len(), |(at, _)| at);
    start..start
}

fn raw_to_node(raw: Spanned<Raw>, source: &str) -> Node {
    let defined = bytes(&raw.defined, source);
    let written = || {
        let written = source.get(defined.clone()).unwrap_or_default();
        written.trim().to_owned()
    };
    let scalar = |text, number, boolean| {
        Shape::Scalar(Scalar {
            text,
            number,
            boolean,
        })
    };
    let shape = match raw.value {
        Raw::Null => Shape::Null,
        Raw::Number => scalar(written(), true, false),
        Raw::Boolean => scalar(written(), false, true),
        Raw::Text(text) => scalar(text, false, false),
        Raw::List(items) => Shape::List(
            items
                .into_iter()
                .map(|item| raw_to_node(item, source))
                .collect(),
        ),
        Raw::Map(entries) => Shape::Map(
            entries
                .into_iter()
                .map(|(key, value)| entry(key, value, source))
                .collect(),
        ),
    };
    // What an alias brings in is shown where the alias stands. A merge key with its map written out refers to itself:
    // there the values have own places.
    let referenced = bytes(&raw.referenced, source);
    let span = match source.as_bytes().get(referenced.start) {
        Some(b'*') => referenced,
        _ => container_span(defined, &shape, source),
    };
    Node { span, shape }
}

/// The parser knows where a list or map starts, not where it ends. In flow style on one line it ends at its bracket,
/// which stands behind the last child; a block map is shown at its first key, a block list at its dash.
fn container_span(start: Range<usize>, shape: &Shape, source: &str) -> Range<usize> {
    let last = match shape {
        Shape::Null | Shape::Scalar(_) => return start,
        Shape::List(items) => items.last().map(|item| &item.span),
        Shape::Map(entries) => entries.last().map(|entry| &entry.value.span),
    };
    let open = start.start;
    let close = match source.as_bytes().get(open) {
        Some(b'[') => b']',
        Some(b'{') => b'}',
        Some(b'-') => return open..open + 1,
        _ => {
            return match shape {
                Shape::Map(entries) => entries
                    .first()
                    .map_or(start, |entry| entry.key_span.clone()),
                _ => start,
            };
        }
    };
    let behind = last.map_or(open + 1, |last| last.end).max(open + 1);
    let rest = source.as_bytes().get(behind..).unwrap_or_default();
    let filler = |byte: &&u8| matches!(byte, b' ' | b',' | b':');
    let skipped = rest.iter().take_while(filler).count();
    let end = behind + skipped;
    let one_line = !source.get(open..end).unwrap_or("\n").contains('\n');
    if one_line && source.as_bytes().get(end) == Some(&close) {
        open..end + 1
    } else {
        open..open + 1
    }
}

fn entry(key: Spanned<Raw>, value: Spanned<Raw>, source: &str) -> Entry {
    let key = raw_to_node(key, source);
    let text = match key.shape {
        Shape::Scalar(scalar) => scalar.text,
        _ => source.get(key.span.clone()).unwrap_or_default().to_owned(),
    };
    let mut value = raw_to_node(value, source);
    // What is not there, and what starts on a line of its own, is shown at its key.
    let opening = source.as_bytes().get(value.span.start);
    let block = value.is_container() && !matches!(opening, Some(b'[' | b'{' | b'*'));
    let nothing = value.shape == Shape::Null && value.span.is_empty();
    if block || nothing {
        value.span = key.span.clone();
    }
    Entry {
        key: text,
        key_span: key.span,
        value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(node: &Node) -> &[Entry] {
        match &node.shape {
            Shape::Map(entries) => entries,
            other => panic!("not a map: {other:?}"),
        }
    }

    #[test]
    fn numbers_keep_how_they_were_written() {
        let source = "go: 1.20\nquoted: \"1.20\"\noff: off\nyes: true\nnone: ~\nempty:\n";
        let node = parse(source).unwrap();
        let entries = map(&node);
        let scalar = |at: usize| match &entries[at].value.shape {
            Shape::Scalar(scalar) => scalar.clone(),
            other => panic!("not a scalar: {other:?}"),
        };
        assert_eq!(scalar(0).text, "1.20");
        assert!(scalar(0).number);
        assert_eq!(scalar(1).text, "1.20");
        assert!(!scalar(1).number);
        assert_eq!(scalar(2).text, "off");
        assert!(!scalar(2).boolean);
        assert!(scalar(3).boolean);
        assert_eq!(entries[4].value.shape, Shape::Null);
        assert_eq!(entries[5].value.shape, Shape::Null);
        assert_eq!(&source[entries[0].key_span.clone()], "go");
        assert_eq!(&source[entries[0].value.span.clone()], "1.20");
    }

    #[test]
    fn duplicates_are_kept_for_the_decoder_to_report() {
        let node = parse("a: 1\nb: 2\na: 3\n").unwrap();
        let keys: Vec<_> = map(&node).iter().map(|entry| entry.key.as_str()).collect();
        assert_eq!(keys, ["a", "b", "a"]);
    }

    #[test]
    fn spans_are_bytes_behind_wide_characters() {
        let source = "why: größer\nblocks: 6\n";
        let node = parse(source).unwrap();
        let blocks = &map(&node)[1];
        assert_eq!(&source[blocks.key_span.clone()], "blocks");
        assert_eq!(&source[blocks.value.span.clone()], "6");
    }

    #[test]
    fn a_syntax_error_has_a_place() {
        let error = parse("a: [1, 2\nb: 3\n").unwrap_err();
        assert!(error.message.starts_with("not valid YAML"), "{error:?}");
        assert!(error.span.start > 0, "{error:?}");
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(source in "[ -~\n\t]{0,80}") {
            let _ = parse(&source);
        }
    }
}
