//! `--mix FILE`: weighted requests in the form of a target file's `requests`.
//!
//! A whole target.yaml does as well, so that a service can be asked what its matrix asks of it.

use std::path::Path;

use loadgen::RequestSpec;
use record::target_file::Target;
use record::yaml::{self, Shape};

use crate::failure::Failure;

/// What a target file must have besides its requests. It stands behind them, so that findings
/// name the right lines.
const REST_OF_A_TARGET: &str = "\nname: mix\nbinary: none\ncommand: [\"{addr}\"]\n";

/// Reads the requests of a file.
///
/// # Errors
/// What is wrong with the file, all of it.
pub(crate) fn read(
    path: &Path,
    requests_of: fn(&Target) -> Vec<RequestSpec>,
) -> Result<Vec<RequestSpec>, Failure> {
    let file = path.display().to_string();
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::usage(format!("--mix {file}: {error}")))?;
    let text = if holds_only_requests(&text) {
        text + REST_OF_A_TARGET
    } else {
        text
    };
    let target = Target::parse(&file, &text)
        .and_then(|target| target.with_values(|name| std::env::var(name).ok()))
        .map_err(Failure::usage)?;
    Ok(requests_of(&target))
}

fn holds_only_requests(text: &str) -> bool {
    let Ok(root) = yaml::parse(text) else {
        return false;
    };
    match &root.shape {
        Shape::Map(entries) => entries.iter().all(|entry| entry.key == "requests"),
        _ => false,
    }
}
