//! How a person names a toolchain.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use gotrace::version::{GoVersion, Stage};

/// A toolchain as a matrix or a command line names it.
///
/// Text forms, which [`FromStr`] reads and [`fmt::Display`] prints: `default`, `path`, an absolute path, `1.25.5` (or
/// `go1.25.5`, `1.27rc1`), `1.25`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ToolchainSpec {
    /// Nothing was asked for: `go` from PATH, else the newest stable one that the store has, else the newest stable one
    /// that a source offers.
    Default,
    /// The `go` of PATH, and nothing else.
    Path,
    /// The toolchain in this absolute GOROOT.
    Goroot(PathBuf),
    /// Exactly this release.
    Version(GoVersion),
    /// The newest patch release of a minor (`1.25`) that the first source which has any of them has. It can differ from
    /// one machine to the next: the record keeps the version that was chosen and by which source.
    Minor {
        /// 1 in every Go so far.
        major: u32,
        /// 25 in `1.25`.
        minor: u32,
    },
}

/// Text that names no toolchain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` names no Go toolchain: write `path`, an absolute GOROOT, a version such as `1.25.5` or `1.27rc1`, or a minor such as `1.25`{hint}"
)]
pub struct SpecError {
    /// What was written.
    pub text: String,
    hint: String,
}

impl ToolchainSpec {
    /// Does a release satisfy this spec, as far as versions go? A minor never matches a beta or a release candidate.
    pub fn accepts(&self, version: &GoVersion) -> bool {
        match self {
            Self::Default => is_stable(version),
            Self::Path | Self::Goroot(_) => true,
            Self::Version(wanted) => wanted.same_release(version),
            Self::Minor { major, minor } => {
                is_stable(version) && (version.major(), version.minor()) == (*major, *minor)
            }
        }
    }
}

impl FromStr for ToolchainSpec {
    type Err = SpecError;

    fn from_str(text: &str) -> Result<Self, SpecError> {
        match text {
            "default" => return Ok(Self::Default),
            "path" => return Ok(Self::Path),
            _ => {}
        }
        if text.starts_with('/') {
            return Ok(Self::Goroot(PathBuf::from(text)));
        }
        // A bare minor is tried first: `1.20` is asked for far more often to mean "some 1.20" than its very first
        // release.
        let bare = text.strip_prefix("go").unwrap_or(text);
        if let Some((major, minor)) = bare.split_once('.')
            && let (Some(major), Some(minor)) = (number(major), number(minor))
        {
            return Ok(Self::Minor { major, minor });
        }
        match GoVersion::parse(text) {
            // Only the bare number: experiments belong to the build settings, and a vendor's or a development Go cannot
            // be fetched by name.
            Ok(version) if version.number() == bare => Ok(Self::Version(version)),
            _ => Err(SpecError {
                hint: hint(text),
                text: text.to_owned(),
            }),
        }
    }
}

/// Neither a beta, nor a release candidate, nor a development tree.
pub(crate) fn is_stable(version: &GoVersion) -> bool {
    matches!(version.stage(), Stage::Release(_))
}

/// Digits only, no sign, no leading zero: as Go does.
fn number(text: &str) -> Option<u32> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let padded = text.len() > 1 && text.starts_with('0');
    if digits && !padded {
        text.parse().ok()
    } else {
        None
    }
}

fn hint(text: &str) -> String {
    if text.starts_with('~') || text.starts_with('.') || text.contains('/') {
        return " (a GOROOT is an absolute path, without ~)".to_owned();
    }
    if text.contains("X:") {
        return " (experiments are a build setting: goexperiment)".to_owned();
    }
    if let Some(rest) = text.strip_prefix('v')
        && rest.parse::<ToolchainSpec>().is_ok()
    {
        return format!(" (did you mean `{rest}`?)");
    }
    if number(text).is_some() {
        return " (a version has at least two numbers)".to_owned();
    }
    String::new()
}

impl fmt::Display for ToolchainSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::Path => f.write_str("path"),
            Self::Goroot(goroot) => write!(f, "{}", goroot.display()),
            Self::Version(version) => f.write_str(&version.number()),
            Self::Minor { major, minor } => write!(f, "{major}.{minor}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_what_it_read() {
        for text in [
            "default",
            "path",
            "/opt/go",
            "1.25.5",
            "1.25",
            "1.27rc1",
            "1.21beta1",
            "1.20",
        ] {
            let spec: ToolchainSpec = text.parse().unwrap();
            assert_eq!(spec.to_string(), text);
        }
        assert_eq!(
            "go1.25.5".parse::<ToolchainSpec>().unwrap().to_string(),
            "1.25.5"
        );
        assert_eq!(
            "go1.25".parse::<ToolchainSpec>().unwrap().to_string(),
            "1.25"
        );
    }

    #[test]
    fn says_what_would_be_right() {
        let said = |text: &str| text.parse::<ToolchainSpec>().unwrap_err().to_string();
        assert!(said("v1.25.5").ends_with("(did you mean `1.25.5`?)"));
        assert!(said("~/go").ends_with("(a GOROOT is an absolute path, without ~)"));
        assert!(said("1").ends_with("(a version has at least two numbers)"));
        assert!(said("1.24.11-X:noswissmap").ends_with("goexperiment)"));
        assert!(said("1.25.05").starts_with("`1.25.05` names no Go toolchain"));
        assert!(said("").starts_with("`` names no"));
    }

    #[test]
    fn a_minor_takes_its_stable_releases_only() {
        let minor: ToolchainSpec = "1.25".parse().unwrap();
        let accepts = |text: &str| minor.accepts(&GoVersion::parse(text).unwrap());
        assert!(accepts("1.25.0") && accepts("1.25.11"));
        assert!(!accepts("1.25rc1") && !accepts("1.24.11") && !accepts("1.26.0"));
    }
}
