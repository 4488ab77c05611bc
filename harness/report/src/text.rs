//! Words, with marks on some of them; nothing is escaped.

/// Words, some of them marked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Text {
    /// In the order of reading.
    pub spans: Vec<Span>,
}

/// A piece of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Span {
    /// As it is.
    Plain(String),
    /// Stressed.
    Strong(String),
    /// Code, a path or a command.
    Code(String),
}

impl Text {
    /// Stressed words.
    pub fn strong(text: impl Into<String>) -> Text {
        Text {
            spans: vec![Span::Strong(text.into())],
        }
    }

    /// Code.
    pub fn code(text: impl Into<String>) -> Text {
        Text {
            spans: vec![Span::Code(text.into())],
        }
    }

    /// The text with more behind it.
    pub fn then(mut self, more: impl Into<Text>) -> Text {
        self.spans.extend(more.into().spans);
        self
    }

    /// The words without their marks.
    pub fn plain(&self) -> String {
        let words = self.spans.iter().map(|span| match span {
            Span::Plain(text) | Span::Strong(text) | Span::Code(text) => text.as_str(),
        });
        words.collect()
    }
}

impl<T: Into<String>> From<T> for Text {
    fn from(text: T) -> Text {
        Text {
            spans: vec![Span::Plain(text.into())],
        }
    }
}

/// The same with a capital letter first.
pub(super) fn capital(text: &str) -> String {
    let mut rest = text.chars();
    let first = rest.next().into_iter().flat_map(char::to_uppercase);
    first.chain(rest).collect()
}
