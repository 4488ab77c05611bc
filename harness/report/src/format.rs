//! What a document and a format are to each other.
//!
//! A format is one file that implements [`Format`]. One that shows any document goes by its [`Page`]; one that is made
//! for a particular document, as JUnit XML is for a gate, implements the trait for that document alone.

use serde::Serialize;

use crate::block::Page;
use crate::error::ReportError;

/// What can be shown to a reader.
pub trait Document {
    /// The document as blocks, each figure in words, nothing escaped.
    fn page(&self) -> Page;
}

/// A way to write documents of the kind `D`.
pub trait Format<D: ?Sized> {
    /// Writes a document.
    ///
    /// # Errors
    /// [`ReportError::Report`] or [`ReportError::Json`]; neither happens for a document that this crate made.
    fn write(&self, document: &D) -> Result<String, ReportError>;
}

/// The document itself, as stored.
#[derive(Debug, Clone, Copy)]
pub struct Json;

impl<D: Serialize + ?Sized> Format<D> for Json {
    fn write(&self, document: &D) -> Result<String, ReportError> {
        let mut text = serde_json::to_string_pretty(document)?;
        text.push('\n');
        Ok(text)
    }
}
