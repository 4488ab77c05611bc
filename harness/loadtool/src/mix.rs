//! `--mix FILE`: weighted requests in the form of a target file's `requests`.
//!
//! A whole target.yaml does as well, so that a service can be asked what its matrix asks of it.

use std::path::Path;

use loadgen::{Body, RequestSpec};
use record::diagnostic::Diagnostics;
use record::target_file::Target;
use record::yaml::{self, Shape};

use crate::failure::Failure;

/// What a target file must have besides its requests. It stands behind them, so that findings
/// name the right lines.
const REST_OF_A_TARGET: &str = "\nname: mix\nbinary: none\ncommand: [\"{addr}\"]\n";

/// People write it, so it is short.
const LARGEST_BYTES: u64 = 16 << 20;

/// Reads the requests of a file.
///
/// # Errors
/// What is wrong with the file, all of it.
pub(crate) fn read(
    path: &Path,
    allow_outside: bool,
    requests_of: fn(&Target) -> Vec<RequestSpec>,
) -> Result<Vec<RequestSpec>, Failure> {
    let file = path.display().to_string();
    let text = safefile::read_named_text(path, LARGEST_BYTES)
        .map_err(|error| Failure::usage(format!("--mix {file}: {error}")))?;
    let target = parse(&file, text)
        .and_then(|target| target.with_values(|name| std::env::var(name).ok()))
        .map_err(Failure::usage)?;
    let requests = requests_of(&target);
    if !allow_outside {
        stays_inside(path, &requests)?;
    }
    Ok(requests)
}

/// The text of a mix, or of a whole target file.
pub(crate) fn parse(file: &str, text: String) -> Result<Target, Diagnostics> {
    if holds_only_requests(&text) {
        Target::parse(file, &(text + REST_OF_A_TARGET))
    } else {
        Target::parse(file, &text)
    }
}

/// Refuses bodies from elsewhere: whoever wrote the mix chooses where to it sends what it reads.
fn stays_inside(mix: &Path, requests: &[RequestSpec]) -> Result<(), Failure> {
    let folder = mix.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new(".")).canonicalize();
    for request in requests {
        let Body::File(body) = &request.body else {
            continue;
        };
        // What is not there is told when it is read.
        let Ok(place) = body.canonicalize() else {
            continue;
        };
        if !folder
            .as_ref()
            .is_ok_and(|folder| place.starts_with(folder))
        {
            return Err(Failure::usage(format!(
                "--mix {}: the body of `{}` is {}, outside of the mix's own folder, so a foreign mix could send your \
                 files away; put the file beside the mix, or say --allow-outside",
                mix.display(),
                request.name,
                place.display(),
            )));
        }
    }
    Ok(())
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
