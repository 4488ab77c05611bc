//! The go commands of a build: environment and arguments.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use super::error::{BuildError, GoFailure, fix};
use super::request::{BuildRequest, Network, Pgo};
use supervise::child::{self, Finished, command_line};
use toolchain::environment::{self, goarch};
use toolchain::{Store, Toolchain, ToolchainError, Watch};

/// What makes up a go command besides its verb.
#[derive(Debug, Clone)]
pub(super) struct Settings {
    /// What decides the artifact's bytes; also hashed.
    pub(super) deciding: Vec<(String, String)>,
    /// Caches and the way to the network: they do not decide anything.
    pub(super) other: Vec<(String, String)>,
    /// The same for `go list` and `go build`.
    pub(super) flags: Vec<String>,
    /// The copy of go.mod to build by, where it is not the module's own.
    pub(super) mod_file: Option<PathBuf>,
}

impl Settings {
    pub(super) fn of(
        request: &BuildRequest,
        toolchain: &Toolchain,
        store: &Store,
        watch: Watch<'_>,
    ) -> Result<Self, BuildError> {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let mut deciding = vec![
            pair("GOOS", "linux"),
            pair("CGO_ENABLED", if request.cgo { "1" } else { "0" }),
            pair("GOFLAGS", "-buildvcs=false"),
        ];
        if let Some(arch) = goarch() {
            // Releases for 32-bit ARM are named after the level.
            deciding.push(pair("GOARCH", if arch == "armv6l" { "arm" } else { arch }));
        }
        if goarch() == Some("amd64") {
            deciding.push(pair("GOAMD64", request.goamd64.name()));
        }
        if let Some(names) = &request.goexperiment {
            deciding.push(pair("GOEXPERIMENT", names));
        }
        let cache = store
            .go_build()
            .join(format!("go{}", toolchain.version.number()));
        let mut other = vec![pair("GOCACHE", &cache.display().to_string())];
        if request.network != Network::Off {
            other.extend(users_settings(toolchain, watch)?);
        }
        if request.network == Network::Cached {
            other.push(pair("GOPROXY", "off"));
        }
        Ok(Self {
            deciding,
            other,
            flags: flags(request, toolchain),
            mod_file: None,
        })
    }

    /// `go <verb> <flags>` in the module's folder, nothing inherited.
    pub(super) fn command(
        &self,
        verb: &str,
        request: &BuildRequest,
        toolchain: &Toolchain,
        scratch: &Path,
    ) -> Command {
        let mut command = environment::clean(&toolchain.go(), scratch);
        if request.network == Network::Inherit {
            environment::allow_network(&mut command);
        }
        command
            .env("GOROOT", &toolchain.goroot)
            .envs(self.deciding.iter().map(|(name, value)| (name, value)))
            .envs(self.other.iter().map(|(name, value)| (name, value)))
            .current_dir(&request.module_dir)
            .arg(verb)
            .args(&self.flags)
            .args(
                self.mod_file
                    .iter()
                    .map(|path| format!("-modfile={}", path.display())),
            );
        command
    }
}

fn flags(request: &BuildRequest, toolchain: &Toolchain) -> Vec<String> {
    let mut flags = vec!["-trimpath".to_owned()];
    // Go 1.20 brought the flag; 1.21 made `auto` the default, so a default.pgo would be used unasked
    // (https://go.dev/doc/pgo).
    if toolchain.version.at_least(20) {
        flags.push(match &request.pgo {
            Pgo::Off => "-pgo=off".to_owned(),
            Pgo::Auto => "-pgo=auto".to_owned(),
            Pgo::Profile(path) => format!("-pgo={}", path.display()),
        });
    }
    if !request.tags.is_empty() {
        flags.push(format!("-tags={}", request.tags.join(",")));
    }
    if let Some(ldflags) = &request.ldflags {
        flags.push(format!("-ldflags={ldflags}"));
    }
    flags
}

/// How the user's own go command fetches modules, `go env -w` included.
fn users_settings(
    toolchain: &Toolchain,
    watch: Watch<'_>,
) -> Result<Vec<(String, String)>, ToolchainError> {
    let mut command = Command::new(toolchain.go());
    command
        .env_remove("GOROOT")
        .env_remove("GOFLAGS")
        .env_remove("GODEBUG")
        .env_remove("GOEXPERIMENT")
        .env("GOTOOLCHAIN", "local")
        .current_dir("/")
        .args([
            "env",
            "-json",
            "GOPROXY",
            "GOSUMDB",
            "GOPRIVATE",
            "GONOPROXY",
            "GONOSUMDB",
        ])
        .args(["GOINSECURE", "GOVCS", "GOMODCACHE"]);
    let line = command_line(&command);
    let done = child::run(command, Duration::from_secs(60), watch.stop(), &|| {})?;
    let values: serde_json::Map<String, Value> =
        serde_json::from_str(&done.stdout).map_err(|_| {
            ToolchainError::Unavailable(format!("`{line}` failed: {}", done.stderr.trim()))
        })?;
    let mut settings: Vec<_> = values
        .into_iter()
        .filter_map(|(name, value)| Some((name, value.as_str()?.to_owned())))
        .collect();
    // Credentials for private proxies, found by HOME otherwise.
    if let Some(home) = std::env::var_os("HOME") {
        let netrc = Path::new(&home).join(".netrc");
        if netrc.is_file() {
            settings.push(("NETRC".to_owned(), netrc.display().to_string()));
        }
    }
    Ok(settings)
}

/// Runs a go command of this build; its failure carries all that it said.
pub(super) fn run(
    command: Command,
    request: &BuildRequest,
    toolchain: &Toolchain,
    watch: Watch<'_>,
) -> Result<Finished, BuildError> {
    let line = command_line(&command);
    let done =
        child::run(command, request.limit, watch.stop(), &|| {}).map_err(ToolchainError::from)?;
    if done.success() {
        return Ok(done);
    }
    let version = toolchain.version.to_string();
    let output = if done.stderr.trim().is_empty() {
        done.stdout
    } else {
        done.stderr
    };
    Err(BuildError::Go(Box::new(GoFailure {
        target: request.target.clone(),
        fix: fix(&output, &version),
        toolchain: version,
        module_dir: request.module_dir.clone(),
        command: line,
        output,
    })))
}
