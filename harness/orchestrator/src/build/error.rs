//! What can go wrong in a build.

use std::path::PathBuf;

use toolchain::ToolchainError;

/// Why there is no artifact.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The request makes no sense, or not with this toolchain.
    #[error("cannot build {target}: {reason}")]
    Request {
        /// The target.
        target: String,
        /// What is wrong.
        reason: String,
    },
    /// The go command refused or the compiler found errors.
    #[error(transparent)]
    Go(Box<GoFailure>),
    /// The binary is not what was asked for.
    #[error(
        "{target} was built, but `go version -m` says {is} where {asked} was asked for; the artifact was thrown away"
    )]
    NotAsAsked {
        /// The target.
        target: String,
        /// What should be there.
        asked: String,
        /// What is there.
        is: String,
    },
    /// Somebody edited the sources meanwhile.
    #[error("{file} changed while {target} was built; leave the sources alone and try again")]
    SourcesChanged {
        /// The target.
        target: String,
        /// The first file that changed.
        file: String,
    },
    /// Cache, child process, cancel: as for toolchains.
    #[error(transparent)]
    Toolchain(#[from] ToolchainError),
}

/// A go command that failed.
#[derive(Debug, thiserror::Error)]
#[error(
    "cannot build {target} with {toolchain}{}\n  in {}: {command}\n{output}",
    fix_text(.fix),
    .module_dir.display()
)]
pub struct GoFailure {
    /// The target.
    pub target: String,
    /// The toolchain's version.
    pub toolchain: String,
    /// Where it was run.
    pub module_dir: PathBuf,
    /// What was run.
    pub command: String,
    /// What it said, in full.
    pub output: String,
    /// What helps, where the trap is a known one.
    pub fix: Option<String>,
}

fn fix_text(fix: &Option<String>) -> String {
    fix.as_ref()
        .map(|fix| format!("\n  fix: {fix}"))
        .unwrap_or_default()
}

/// Known traps by what the go command says of them, and what helps.
const CURES: [(&str, &str); 14] = [
    (
        "invalid go version '",
        "this Go cannot read the go line of go.mod, which is too new for it; leave this toolchain out",
    ),
    (
        "does not match go tool version",
        "two Go releases are mixed in one GOROOT: install that Go again and do not unpack one over another",
    ),
    (
        "unknown GOEXPERIMENT",
        "this Go release does not have that experiment: exclude the pair from the matrix",
    ),
    (
        "module lookup disabled by GOPROXY=off",
        "the module needs others: `go mod vendor` them, or let this target fetch them (`build: {fetch: true}`)",
    ),
    (
        "missing go.sum entry",
        "run `go mod tidy` in the module and commit go.sum",
    ),
    (
        "updates to go.mod needed",
        "run `go mod tidy` in the module and commit go.mod",
    ),
    (
        "inconsistent vendoring",
        "run `go mod vendor` in the module",
    ),
    (
        "C compiler \"",
        "install a C compiler, or build without cgo",
    ),
    (
        "build constraints exclude all Go files",
        "the package needs C or other build tags: set `build: {cgo: true}` in the target file, or `build_tags` in the matrix",
    ),
    (
        "no space left on device",
        "free some space, or move the cache with GOSWEEP_CACHE",
    ),
    (
        "go.mod file not found",
        "the target's module folder must hold the go.mod",
    ),
    (
        "unknown //go:debug setting",
        "this Go release does not know that //go:debug or godebug key",
    ),
    (
        "unknown godebug",
        "this Go release does not know that godebug key of go.mod",
    ),
    (
        "is not in std",
        "the source needs a newer Go: leave this toolchain out",
    ),
];

/// What helps against a failed go command, if its words are known.
pub(super) fn fix(output: &str, version: &str) -> Option<String> {
    if let Some(needed) = required_version(output) {
        return Some(format!(
            "the source asks for Go {needed} and this is {version}: leave this toolchain out, or \
             lower the go line of go.mod"
        ));
    }
    CURES
        .iter()
        .find(|(words, _)| output.contains(words))
        .map(|(_, fix)| (*fix).to_owned())
}

/// `go: go.mod requires go >= 1.99 (running go 1.21.13; GOTOOLCHAIN=local)`, `module x requires go >= 1.23 (running go
/// 1.21.13; ...)`, and before 1.21 `note: module requires Go 1.99`.
fn required_version(output: &str) -> Option<String> {
    let after = output
        .split_once("requires go >= ")
        .or_else(|| output.split_once("module requires Go "))?
        .1;
    let end = after
        .find(|c: char| !(c.is_ascii_alphanumeric() || c == '.'))
        .unwrap_or(after.len());
    Some(after[..end].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_traps_get_their_fix() {
        let text = "go: go.mod requires go >= 1.99 (running go 1.21.13; GOTOOLCHAIN=local)";
        assert!(
            fix(text, "go1.21.13")
                .unwrap()
                .starts_with("the source asks for Go 1.99 and this is go1.21.13")
        );
        let text = "note: module requires Go 1.22\n";
        assert!(
            fix(text, "go1.20")
                .unwrap()
                .starts_with("the source asks for Go 1.22 ")
        );
        let text = r#"compile: version "go1.21.13" does not match go tool version "go1.27.3""#;
        assert!(
            fix(text, "go1.27.3")
                .unwrap()
                .contains("mixed in one GOROOT")
        );
        assert_eq!(fix("./main.go:3:1: syntax error", "go1.27.3"), None);
    }
}
