//! `--mix FILE`: weighted requests in the form of a target file's `requests`.
//!
//! A whole target.yaml does as well, so that a service can be asked what its matrix asks of it.

use std::path::Path;

use loadgen::{Body, Expect, RequestSpec, StatusExpectation};
use record::target::{Request, Target};
use record::yaml::{self, Shape};

use super::values;
use crate::exit::Failure;

/// What a target file must have besides its requests. It stands behind them, so that findings
/// name the right lines.
const REST_OF_A_TARGET: &str = "\nname: mix\nbinary: none\ncommand: [\"{addr}\"]\n";

/// Reads the requests of a file.
///
/// # Errors
/// What is wrong with the file, all of it.
pub(super) fn read(path: &Path) -> Result<Vec<RequestSpec>, Failure> {
    let file = path.display().to_string();
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::usage(format!("--mix {file}: {error}")))?;
    let text = if holds_only_requests(&text) {
        text + REST_OF_A_TARGET
    } else {
        text
    };
    let target = Target::parse(&file, &text).map_err(Failure::usage)?;
    Ok(target.requests.iter().map(request).collect())
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

fn request(request: &Request) -> RequestSpec {
    let digest = request
        .expect
        .sha256
        .as_deref()
        .and_then(|text| values::sha256(text).ok());
    RequestSpec {
        name: request.name.clone(),
        weight: f64::from(request.weight),
        method: request.method.clone(),
        target: request.path.clone(),
        headers: request.headers.clone(),
        body: request.body.clone().map_or(Body::Empty, Body::Template),
        expect: Expect {
            // As a target file has it: 200 unless it says otherwise.
            status: StatusExpectation::OneOf(vec![request.expect.status.unwrap_or(200)]),
            length: request.expect.length,
            sha256: digest.map(|digest| digest.0),
        },
    }
}
