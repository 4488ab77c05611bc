//! What to build, and how.

use std::path::PathBuf;
use std::time::Duration;

use gotrace::environment::MicroArchitecture;
use gotrace::version::GoVersion;

use super::error::BuildError;
use toolchain::Toolchain;

/// Profile-guided optimisation.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub enum Pgo {
    /// None, even if there is a `default.pgo`.
    #[default]
    Off,
    /// Go's own default since 1.21: `default.pgo` in the main package's folder if there is one.
    Auto,
    /// This CPU profile; an absolute path.
    Profile(PathBuf),
}

/// May the build fetch modules?
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Network {
    /// No: the module has no requirements, or vendors them.
    #[default]
    Off,
    /// Yes, the way the user's own `go` does it: GOPROXY, GOPRIVATE, GOSUMDB and their kin, the module cache and
    /// `.netrc` are the user's. go.mod and go.sum are never changed.
    Inherit,
    /// No, but modules that the user's own `go` has in its cache may be used.
    Cached,
}

/// The go line to build under.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum GoLine {
    /// That of the Go that builds.
    Toolchain,
    /// This one, `1.27`.
    Minor(String),
}

impl GoLine {
    /// As go.mod has it.
    pub(super) fn text(&self, version: &GoVersion) -> String {
        match self {
            Self::Toolchain => format!("{}.{}", version.major(), version.minor()),
            Self::Minor(text) => text.clone(),
        }
    }
}

/// One target to build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildRequest {
    /// The target's name: the artifact's file name and the word in messages. Letters, digits, `-`, `_` and `.`.
    pub target: String,
    /// The folder with go.mod.
    pub module_dir: PathBuf,
    /// The main package: `.`, `./httpjson`, or an import path.
    pub package: String,
    /// x86-64 level; counts on x86-64 only.
    pub goamd64: MicroArchitecture,
    /// GOEXPERIMENT, comma separated names.
    pub goexperiment: Option<String>,
    /// The go line, raised in a copy of go.mod; `None` for the module's own.
    pub go_line: Option<GoLine>,
    /// Profile-guided optimisation.
    pub pgo: Pgo,
    /// Build tags.
    pub tags: Vec<String>,
    /// Linker flags, as after `-ldflags=`. With -trimpath, which we always use, Go does not record them in the binary:
    /// these alone are not proved.
    pub ldflags: Option<String>,
    /// Allow cgo. Needs a C compiler; such artifacts are never reused.
    pub cgo: bool,
    /// May modules be fetched?
    pub network: Network,
    /// The build is killed after this time.
    pub limit: Duration,
}

impl BuildRequest {
    /// A plain build: v1, no experiments, no profile, no cgo, no network, at most 15 minutes.
    pub fn new(
        target: impl Into<String>,
        module_dir: impl Into<PathBuf>,
        package: impl Into<String>,
    ) -> Self {
        Self {
            target: target.into(),
            module_dir: module_dir.into(),
            package: package.into(),
            goamd64: MicroArchitecture::default(),
            goexperiment: None,
            go_line: None,
            pgo: Pgo::default(),
            tags: Vec::new(),
            ldflags: None,
            cgo: false,
            network: Network::default(),
            limit: Duration::from_secs(15 * 60),
        }
    }

    /// Refuses what Go would misread or silently ignore.
    pub(super) fn check(&self, toolchain: &Toolchain) -> Result<(), BuildError> {
        let refuse = |reason: String| {
            Err(BuildError::Request {
                target: self.target.clone(),
                reason,
            })
        };
        let version = &toolchain.version;
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if self.target.is_empty()
            || self.target.starts_with(['.', '-'])
            || !self.target.chars().all(plain)
        {
            return refuse("a target's name has letters, digits, `-`, `_` and `.` only".to_owned());
        }
        if self.package.is_empty() || self.package.starts_with('-') || self.package.contains("...")
        {
            return refuse(format!(
                "`{}` is not one package: write `.`, `./name` or an import path",
                self.package
            ));
        }
        if !version.at_least(18) {
            return refuse(format!(
                "{version} does not record how it built a binary; use 1.18 or newer"
            ));
        }
        if self.goamd64 != MicroArchitecture::V1 && std::env::consts::ARCH != "x86_64" {
            return refuse(format!(
                "GOAMD64={} on {}",
                self.goamd64.name(),
                std::env::consts::ARCH
            ));
        }
        if let Some(names) = &self.goexperiment
            && (names.is_empty() || !names.chars().all(|c| c.is_ascii_alphanumeric() || c == ','))
        {
            return refuse(format!("goexperiment `{names}` is no list of names"));
        }
        if let Some(tag) = self.tags.iter().find(|tag| !is_tag(tag)) {
            return refuse(format!("`{tag}` is no build tag"));
        }
        self.check_profile(version)
    }

    fn check_profile(&self, version: &GoVersion) -> Result<(), BuildError> {
        let refuse = |reason: String| {
            Err(BuildError::Request {
                target: self.target.clone(),
                reason,
            })
        };
        match &self.pgo {
            Pgo::Off => Ok(()),
            // -pgo is a flag since 1.20, and `auto` its default since 1.21
            // (https://go.dev/doc/pgo).
            _ if !version.at_least(21) => refuse(format!(
                "{version} has no profile-guided optimisation; use 1.21 or newer"
            )),
            Pgo::Auto => Ok(()),
            Pgo::Profile(path) if !path.is_absolute() || !path.is_file() => refuse(format!(
                "the profile {} is no absolute path to a file",
                path.display()
            )),
            Pgo::Profile(_) => Ok(()),
        }
    }
}

/// cmd/go/internal/load and go/build accept letters, digits, `_` and `.`.
fn is_tag(tag: &str) -> bool {
    !tag.is_empty()
        && tag
            .chars()
            .all(|c| c.is_alphanumeric() || c == '_' || c == '.')
}
