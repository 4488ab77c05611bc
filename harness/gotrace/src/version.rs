//! Go versions as the toolchain writes them: parsing, order, and what a minor version decides.
//!
//! Main type: [`GoVersion`]. Sources: `go/version` and `internal/gover` of the Go standard library;
//! the experiment suffix is ` X:name` up to Go 1.25 and `-X:name` from 1.26 on
//! (`runtime.Version` of go1.24.11 and go1.26.6).
//!
//! Deliberately absent: language versions as something apart from releases. `1.21` in a go.mod
//! line and the toolchain `go1.21` are read as the same thing, release 1.21.0.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use crate::Error;
use crate::error::shorten;

/// How far along its release cycle a version is. Later stages compare greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// Built from the development branch (`devel go1.28-2d1e8ba`).
    Development,
    /// `go1.25beta1`.
    Beta(u32),
    /// `go1.25rc2`.
    Candidate(u32),
    /// `go1.25.5`; the number is the patch release, 0 if none was written (`go1.20`).
    Release(u32),
}

/// One Go version, with the experiments and vendor note that its string carried.
///
/// Order is by release (`devel < beta < rc < release` inside a minor version), then by
/// experiments and vendor so that it agrees with equality; use [`GoVersion::same_release`]
/// or [`GoVersion::cmp_release`] where those must not count.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct GoVersion {
    major: u32,
    minor: u32,
    stage: Stage,
    experiments: Vec<String>,
    vendor: Option<String>,
}

impl GoVersion {
    /// The release `go1.<minor>.<patch>`, without experiments.
    #[must_use]
    pub const fn release(minor: u32, patch: u32) -> Self {
        Self {
            major: 1,
            minor,
            stage: Stage::Release(patch),
            experiments: Vec::new(),
            vendor: None,
        }
    }

    /// Reads `go1.27.3`, `1.25.5`, `go1.25rc1`, `go1.25-devel_7f806c1052 Wed May 21 ...`, `go1.24.11 X:noswissmap`,
    /// `go1.26.6-X:nogreenteagc`, `devel go1.28-2d1e8ba Thu Nov 19 ...`, also with a vendor note
    /// (`go1.22.9 (Red Hat 1.22.9-2.el9_5)`).
    ///
    /// # Errors
    /// [`Error::Version`] for anything else, including `devel +hash` of toolchains older than
    /// Go 1.17, which names no release.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let fail = |why| Error::Version {
            text: shorten(text),
            why,
        };
        let trimmed = text.trim();
        let (development, body) = match trimmed.strip_prefix("devel ") {
            Some(rest) => (true, rest.trim_start()),
            None => (false, trimmed),
        };
        if development && body.starts_with('+') {
            return Err(fail(
                "a development version before Go 1.17 names no release",
            ));
        }
        let body = body.strip_prefix("go").unwrap_or(body);
        let (major, rest) = leading_number(body).ok_or_else(|| fail("no major number"))?;
        let rest = rest
            .strip_prefix('.')
            .ok_or_else(|| fail("no minor number"))?;
        let (minor, rest) = leading_number(rest).ok_or_else(|| fail("no minor number"))?;
        let (mut stage, rest) =
            leading_stage(rest).ok_or_else(|| fail("malformed patch, beta or rc number"))?;
        // From Go 1.25 on: `go1.25-devel_7f806c1052 Wed May 21 ...`.
        let development = development || rest.starts_with("-devel");
        if development {
            stage = Stage::Development;
        }
        let (experiments, vendor) =
            suffix(rest, development).ok_or_else(|| fail("unexpected text after the number"))?;
        Ok(Self {
            major,
            minor,
            stage,
            experiments,
            vendor,
        })
    }

    /// The first number; 1 for every Go so far.
    #[must_use]
    pub const fn major(&self) -> u32 {
        self.major
    }

    /// The number that decides nearly everything: 27 for go1.27.3.
    #[must_use]
    pub const fn minor(&self) -> u32 {
        self.minor
    }

    /// Where in its release cycle this version stands.
    #[must_use]
    pub const fn stage(&self) -> Stage {
        self.stage
    }

    /// The patch number of a release; `None` for development, beta and rc versions.
    #[must_use]
    pub const fn patch(&self) -> Option<u32> {
        match self.stage {
            Stage::Release(patch) => Some(patch),
            Stage::Development | Stage::Beta(_) | Stage::Candidate(_) => None,
        }
    }

    /// GOEXPERIMENT names that differ from this toolchain's defaults, e.g. `nogreenteagc`.
    #[must_use]
    pub fn experiments(&self) -> &[String] {
        &self.experiments
    }

    /// What a vendor appended, e.g. `Red Hat 1.22.9-2.el9_5`.
    #[must_use]
    pub fn vendor(&self) -> Option<&str> {
        self.vendor.as_deref()
    }

    /// True from the first development snapshot of `1.<minor>` on.
    #[must_use]
    pub const fn at_least(&self, minor: u32) -> bool {
        self.major > 1 || (self.major == 1 && self.minor >= minor)
    }

    /// True from release `1.<minor>.<patch>` on.
    #[must_use]
    pub fn at_least_patch(&self, minor: u32, patch: u32) -> bool {
        (self.major, self.minor, self.stage) >= (1, minor, Stage::Release(patch))
    }

    /// Compares releases only; experiments and vendor do not count.
    #[must_use]
    pub fn cmp_release(&self, other: &Self) -> Ordering {
        (self.major, self.minor, self.stage).cmp(&(other.major, other.minor, other.stage))
    }

    /// True if both are the same release, whatever the experiments.
    #[must_use]
    pub fn same_release(&self, other: &Self) -> bool {
        self.cmp_release(other) == Ordering::Equal
    }

    /// The bare number, `1.27.3` or `1.25rc1`, as package indexes write it.
    #[must_use]
    pub fn number(&self) -> String {
        let Self { major, minor, .. } = self;
        match self.stage {
            Stage::Development => format!("{major}.{minor}-devel"),
            Stage::Beta(n) => format!("{major}.{minor}beta{n}"),
            Stage::Candidate(n) => format!("{major}.{minor}rc{n}"),
            // The first release of a minor version was `go1.20` up to 1.20 and is `go1.21.0` since
            // (release notes of Go 1.21, "Changes to tools").
            Stage::Release(0) if *minor < 21 => format!("{major}.{minor}"),
            Stage::Release(patch) => format!("{major}.{minor}.{patch}"),
        }
    }
}

impl fmt::Display for GoVersion {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.stage {
            Stage::Development => write!(formatter, "devel go{}.{}", self.major, self.minor)?,
            _ => write!(formatter, "go{}", self.number())?,
        }
        if !self.experiments.is_empty() {
            let separator = if self.minor >= 26 && self.stage != Stage::Development {
                '-'
            } else {
                ' '
            };
            write!(formatter, "{separator}X:{}", self.experiments.join(","))?;
        }
        if let Some(vendor) = &self.vendor {
            write!(formatter, " ({vendor})")?;
        }
        Ok(())
    }
}

impl FromStr for GoVersion {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self, Error> {
        Self::parse(text)
    }
}

impl Ord for GoVersion {
    fn cmp(&self, other: &Self) -> Ordering {
        self.cmp_release(other)
            .then_with(|| self.experiments.cmp(&other.experiments))
            .then_with(|| self.vendor.cmp(&other.vendor))
    }
}

impl PartialOrd for GoVersion {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

fn leading_number(text: &str) -> Option<(u32, &str)> {
    let end = text
        .find(|character: char| !character.is_ascii_digit())
        .unwrap_or(text.len());
    Some((text[..end].parse().ok()?, &text[end..]))
}

fn leading_stage(text: &str) -> Option<(Stage, &str)> {
    if let Some(rest) = text.strip_prefix('.') {
        let (patch, rest) = leading_number(rest)?;
        return Some((Stage::Release(patch), rest));
    }
    if let Some(rest) = text.strip_prefix("beta") {
        let (number, rest) = leading_number(rest)?;
        return Some((Stage::Beta(number), rest));
    }
    if let Some(rest) = text.strip_prefix("rc") {
        let (number, rest) = leading_number(rest)?;
        return Some((Stage::Candidate(number), rest));
    }
    Some((Stage::Release(0), text))
}

/// Reads what may follow the number; `None` if it is none of the known forms.
fn suffix(text: &str, development: bool) -> Option<(Vec<String>, Option<String>)> {
    let mut experiments = Vec::new();
    let mut vendor = None;
    let mut rest = text;
    if development {
        // `-2d1e8ba Thu Nov 19 10:00:00 2026 +0000`: of no use for ordering, so it is dropped
        // up to the experiments, which are appended last.
        rest = rest.find("X:").map_or("", |at| &rest[at..]);
    }
    while !rest.is_empty() {
        let body = rest.trim_start_matches([' ', '-']);
        if let Some(names) = body.strip_prefix("X:") {
            let end = names.find(' ').unwrap_or(names.len());
            experiments.extend(
                names[..end]
                    .split(',')
                    .filter(|name| !name.is_empty())
                    .map(str::to_owned),
            );
            rest = &names[end..];
        } else if let Some(note) = body.strip_prefix('(') {
            let end = note.find(')')?;
            vendor = Some(note[..end].to_owned());
            rest = &note[end + 1..];
        } else if rest.starts_with('-') && !body.is_empty() {
            // `go1.22.5-bigcorp1`, as in a go.mod toolchain line of a custom build.
            let end = body.find(' ').unwrap_or(body.len());
            vendor = Some(body[..end].to_owned());
            rest = &body[end..];
        } else {
            return None;
        }
    }
    Some((experiments, vendor))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> GoVersion {
        GoVersion::parse(text).unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn reads_every_form_the_toolchain_writes() {
        assert_eq!(parse("go1.27.3"), GoVersion::release(27, 3));
        assert_eq!(parse("1.25.5"), GoVersion::release(25, 5));
        assert_eq!(parse("go1.20"), GoVersion::release(20, 0));
        assert_eq!(parse("go1.25rc2").stage(), Stage::Candidate(2));
        assert_eq!(parse("go1.18beta1").stage(), Stage::Beta(1));
        assert_eq!(
            parse("go1.24.11 X:noswissmap").experiments(),
            ["noswissmap"]
        );
        assert_eq!(
            parse("go1.26.6-X:nogreenteagc,jsonv2").experiments(),
            ["nogreenteagc", "jsonv2"]
        );
        let devel = parse("go1.25-devel_7f806c1052 Wed May 21 00:07:41 2025 -0700 X:simd");
        assert_eq!((devel.minor(), devel.stage()), (25, Stage::Development));
        assert_eq!(devel.experiments(), ["simd"]);
        let devel = parse("devel go1.28-2d1e8ba77c Thu Nov 19 10:00:00 2026 +0000 X:simd");
        assert_eq!((devel.minor(), devel.stage()), (28, Stage::Development));
        assert_eq!(devel.experiments(), ["simd"]);
        let vendor = parse("go1.22.9 (Red Hat 1.22.9-2.el9_5)");
        assert_eq!(vendor.vendor(), Some("Red Hat 1.22.9-2.el9_5"));
        assert!(vendor.same_release(&GoVersion::release(22, 9)));
        assert_eq!(parse("go1.22.5-bigcorp1").vendor(), Some("bigcorp1"));
    }

    #[test]
    fn refuses_what_names_no_release() {
        for text in [
            "",
            "go",
            "go1",
            "go1.",
            "1.x",
            "go1.27.",
            "go1.27.x",
            "go1.25rc",
            "devel +1b2c3d Mon",
            "go1.27.3zzz",
            "go99999999999.1",
            "go1.2 (open",
        ] {
            assert!(GoVersion::parse(text).is_err(), "{text:?} was accepted");
        }
    }

    #[test]
    fn orders_by_release_cycle() {
        let ordered = [
            "devel go1.25-abc",
            "go1.25beta1",
            "go1.25rc1",
            "go1.25rc2",
            "go1.25.0",
            "go1.25.5",
            "go1.25.10",
            "devel go1.26-abc",
            "go1.26.0",
        ];
        for pair in ordered.windows(2) {
            assert!(
                parse(pair[0]) < parse(pair[1]),
                "{} should precede {}",
                pair[0],
                pair[1]
            );
        }
        assert!(parse("go1.9.7") < parse("go1.10"));
        assert!(parse("go1.21.6").at_least_patch(21, 6));
        assert!(!parse("go1.21.5").at_least_patch(21, 6));
        assert!(!parse("go1.21rc4").at_least_patch(21, 0));
        assert!(parse("go1.21rc4").at_least(21));
    }

    #[test]
    fn prints_the_string_of_that_version() {
        for text in [
            "go1.27.3",
            "go1.24.11 X:noswissmap",
            "go1.26.6-X:nogreenteagc",
            "go1.20",
            "go1.21.0",
            "go1.25rc2",
        ] {
            assert_eq!(parse(text).to_string(), text);
        }
        assert_eq!(parse("1.23.9").number(), "1.23.9");
    }
}
