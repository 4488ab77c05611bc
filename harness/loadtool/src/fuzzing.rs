//! For the fuzz targets: the readers of requests, with what they read thrown away.

use crate::{curl, har, mix};

/// Reads an HTTP archive.
pub fn har(text: &str) {
    if let Ok(recorded) = har::parse(text) {
        // Requests that are alike are one.
        assert!(!recorded.requests.is_empty());
        assert!(recorded.requests.iter().all(|one| one.weight >= 1.0));
    }
}

/// Reads a curl command.
pub fn curl(text: &str) {
    let _ = curl::parse(text);
}

/// Reads a mix of requests, or a whole target file.
pub fn mix(text: String) {
    if let Err(findings) = mix::parse("mix.yaml", text) {
        let _ = findings.render();
    }
}
