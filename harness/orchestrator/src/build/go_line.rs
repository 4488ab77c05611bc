//! Builds under another go line than the module's own, in a copy of go.mod: the user's files are never touched.
//!
//! `go build -modfile` reads the copy, and the go.sum beside it, in place of the module's; everything else, `replace` by a
//! relative path and `vendor` included, is found from the module's own folder (go help build). The go line sets the
//! language version and the defaults of GODEBUG (<https://go.dev/doc/godebug>), so the binary differs from one of the
//! module's own line even with the same toolchain.

use std::cmp::Ordering;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use gotrace::version::GoVersion;
use supervise::child;
use toolchain::{Toolchain, ToolchainError, Watch, environment};

use super::error::BuildError;
use super::request::BuildRequest;

const QUICK: Duration = Duration::from_secs(60);

/// Makes the copy in `scratch`; `None` where the module's own go line is meant, or is as high already.
pub(super) fn raise(
    request: &BuildRequest,
    toolchain: &Toolchain,
    scratch: &Path,
    watch: Watch<'_>,
) -> Result<Option<PathBuf>, BuildError> {
    let Some(line) = &request.go_line else {
        return Ok(None);
    };
    let wanted = line.text(&toolchain.version);
    let own = request.module_dir.join("go.mod");
    let text = fs::read_to_string(&own).map_err(|e| ToolchainError::io("read", &own, e))?;
    if is_as_high(&text, &wanted) {
        return Ok(None);
    }
    let folder = scratch.join("go-line");
    fs::create_dir_all(&folder).map_err(|e| ToolchainError::io("make", &folder, e))?;
    let copy = folder.join("go.mod");
    fs::write(&copy, &text).map_err(|e| ToolchainError::io("write", &copy, e))?;
    let sums = request.module_dir.join("go.sum");
    if sums.is_file() {
        fs::copy(&sums, folder.join("go.sum")).map_err(|e| ToolchainError::io("copy", &sums, e))?;
    }
    let mut command = environment::clean(&toolchain.go(), scratch);
    command
        .env("GOROOT", &toolchain.goroot)
        .current_dir(&folder)
        .args(["mod", "edit"])
        .arg(format!("-go={wanted}"))
        .args(["-toolchain=none", "go.mod"]);
    let done = child::run(command, QUICK, watch.stop(), &|| {}).map_err(ToolchainError::from)?;
    if !done.success() {
        return Err(BuildError::Request {
            target: request.target.clone(),
            reason: format!(
                "the go line cannot be raised to {wanted}: {}",
                done.stderr.trim()
            ),
        });
    }
    Ok(Some(copy))
}

/// Whether the go line of a go.mod is the wanted one or a newer one; a go.mod without one has 1.16 (go help mod).
fn is_as_high(text: &str, wanted: &str) -> bool {
    let line = text
        .lines()
        .find_map(|line| line.trim().strip_prefix("go "));
    let own = line.map_or("1.16", |rest| {
        rest.split("//").next().unwrap_or(rest).trim()
    });
    match (GoVersion::parse(own), GoVersion::parse(wanted)) {
        (Ok(own), Ok(wanted)) => own.cmp_release(&wanted) != Ordering::Less,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::is_as_high;

    #[test]
    fn only_a_lower_line_is_raised() {
        for (text, wanted, high) in [
            ("module m\n\ngo 1.21\n", "1.27", false),
            ("module m\n\ngo 1.27 // for the defaults\n", "1.27", true),
            ("module m\n\ngo 1.27.3\n", "1.27", true),
            ("module m\n\ngo 1.9\n", "1.10", false),
            ("module m\n", "1.10", true),
            ("module m\n", "1.21", false),
        ] {
            assert_eq!(is_as_high(text, wanted), high, "{text:?} {wanted}");
        }
    }
}
