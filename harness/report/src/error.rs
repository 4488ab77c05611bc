//! What can keep a document from being printed.

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    /// A template failed.
    #[error("cannot write the {format} report: {reason}")]
    Report {
        /// The format.
        format: &'static str,
        /// What the template engine said.
        reason: String,
    },
    /// The document cannot be encoded.
    #[error("cannot write the document as JSON: {0}")]
    Json(#[from] serde_json::Error),
}
