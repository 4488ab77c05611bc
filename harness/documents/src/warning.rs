//! A caveat about the figures, and what to do about it.

use std::cmp::Reverse;

use serde::{Deserialize, Serialize};

use crate::finding::Severity;

/// A caveat in plain language, with what to do about it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Warning {
    /// A stable name, e.g. `few_blocks`.
    pub code: String,
    /// How severe it is.
    #[serde(serialize_with = "as_word")]
    #[schemars(with = "String")]
    pub severity: Severity,
    /// The target; null for the whole run.
    pub target: Option<String>,
    /// The cells that it is about.
    pub cells: Vec<String>,
    /// The trials that show it.
    pub trials: Vec<String>,
    /// What was seen.
    pub message: String,
    /// What to do.
    pub next_step: String,
}

/// Sorts warnings, the most severe first; among equals their order stays.
pub fn sort(warnings: &mut [Warning]) {
    warnings.sort_by_key(|warning| Reverse(warning.severity));
}

/// The word for a warning's severity: `serious`, `caution` or `note`, in reports and in documents.
pub fn severity_word(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "serious",
        Severity::Warn => "caution",
        Severity::Info => "note",
    }
}

fn as_word<S: serde::Serializer>(severity: &Severity, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(severity_word(*severity))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn severities_keep_their_words_and_are_read_by_either() {
        let json = r#"{"code":"few_blocks","severity":"caution","target":null,"cells":[],"trials":[],"message":"","next_step":""}"#;
        let read: Warning = serde_json::from_str(json).unwrap();
        assert_eq!(read.severity, Severity::Warn);
        assert_eq!(serde_json::to_string(&read).unwrap(), json);
        for (word, severity) in [
            ("serious", Severity::Critical),
            ("critical", Severity::Critical),
            ("warn", Severity::Warn),
            ("note", Severity::Info),
        ] {
            let json = json.replace("caution", word);
            let read: Warning = serde_json::from_str(&json).unwrap();
            assert_eq!(read.severity, severity);
        }
    }

    #[test]
    fn the_most_severe_come_first() {
        let warning = |severity, code: &str| Warning {
            code: code.to_owned(),
            severity,
            target: None,
            cells: Vec::new(),
            trials: Vec::new(),
            message: String::new(),
            next_step: String::new(),
        };
        let mut all = [
            warning(Severity::Info, "a"),
            warning(Severity::Critical, "b"),
            warning(Severity::Critical, "c"),
            warning(Severity::Warn, "d"),
        ];
        sort(&mut all);
        let codes: Vec<&str> = all.iter().map(|own| own.code.as_str()).collect();
        assert_eq!(codes, ["b", "c", "d", "a"]);
    }
}
