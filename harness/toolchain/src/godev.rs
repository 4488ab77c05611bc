//! Source `godev`: the archives of go.dev/dl.
//!
//! The site's JSON names every file with its SHA-256 and size (<https://go.dev/dl/?mode=json&include=all>, described in
//! golang/website internal/dl). The archive is compared with both before it is unpacked; it may then come from any
//! mirror that the site redirects to.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;
use std::time::Duration;

use gotrace::version::GoVersion;
use serde::Deserialize;
use ureq::unversioned::transport::DefaultConnector;

use crate::digest::{self, Hashing};
use crate::environment::goarch;
use crate::error::ToolchainError;
use crate::offer::{Fetched, near_misses, newest};
use crate::resolver::LiteralFirst;
use crate::spec::ToolchainSpec;
use crate::unpack::{self, Limits};
use crate::watch::{Progress, Watch};

/// All releases ever, 40 files each: about 3 MB.
const LIST_BYTES: u64 = 32 << 20;
/// The largest archive so far has 80 MB.
const ARCHIVE_BYTES: u64 = 512 << 20;
const CONNECT: Duration = Duration::from_secs(8);
const LIST: Duration = Duration::from_secs(30);
const DOWNLOAD: Duration = Duration::from_secs(30 * 60);

#[derive(Deserialize)]
struct Release {
    version: String,
    files: Vec<Listed>,
}

#[derive(Deserialize)]
struct Listed {
    filename: String,
    os: String,
    arch: String,
    kind: String,
    #[serde(default)]
    sha256: String,
    #[serde(default)]
    size: u64,
}

/// An archive that the site has.
#[derive(Debug)]
pub(crate) struct Offer {
    pub(crate) version: GoVersion,
    url: String,
    file: String,
    sha256: String,
    bytes: u64,
    site: String,
}

/// Asks the site for the newest release that fits.
pub(crate) fn offer(spec: &ToolchainSpec, base: &str) -> Result<Offer, ToolchainError> {
    let arch = goarch().ok_or_else(|| {
        ToolchainError::Unavailable(format!("no Go archives for {}", std::env::consts::ARCH))
    })?;
    let url = format!("{base}?mode=json&include=all");
    let mut text = Vec::new();
    get(base, &url, LIST)?
        .take(LIST_BYTES)
        .read_to_end(&mut text)
        .map_err(|error| unreachable(&url, &error))?;
    let releases: Vec<Release> = serde_json::from_slice(&text).map_err(|error| {
        ToolchainError::Unavailable(format!(
            "{url} does not answer with the list of releases: {error}"
        ))
    })?;
    choose(spec, releases, base, arch)
}

fn choose(
    spec: &ToolchainSpec,
    releases: Vec<Release>,
    base: &str,
    arch: &str,
) -> Result<Offer, ToolchainError> {
    let mut offers = Vec::new();
    for release in releases {
        // Names that are no versions are none that anybody can ask for.
        let Ok(version) = GoVersion::parse(&release.version) else {
            continue;
        };
        let fits =
            |file: &&Listed| file.os == "linux" && file.arch == arch && file.kind == "archive";
        if let Some(file) = release.files.into_iter().find(|file| fits(&file)) {
            offers.push((version, file));
        }
    }
    let versions: Vec<_> = offers.iter().map(|(version, _)| version.clone()).collect();
    let Some(version) = newest(spec, &versions).cloned() else {
        let has = near_misses(spec, &versions);
        return Err(ToolchainError::Unavailable(format!(
            "{base} does not have {spec}; {has}"
        )));
    };
    let (_, file) = offers
        .into_iter()
        .find(|(offered, _)| *offered == version)
        .expect("the version was taken from this list");
    let expected = format!("go{}.linux-{arch}.tar.gz", version.number());
    if file.filename != expected
        || !digest::is_sha256(&file.sha256)
        || file.size == 0
        || file.size > ARCHIVE_BYTES
    {
        let reason = format!(
            "the list names it `{}` with {} bytes and SHA-256 `{}`",
            file.filename, file.size, file.sha256
        );
        return Err(ToolchainError::refused(expected, reason));
    }
    Ok(Offer {
        version,
        url: format!("{base}{expected}"),
        file: expected,
        sha256: file.sha256,
        bytes: file.size,
        site: base.to_owned(),
    })
}

/// Downloads, checks and unpacks into `staging/go`.
pub(crate) fn fetch(
    offer: &Offer,
    staging: &Path,
    watch: Watch<'_>,
) -> Result<Fetched, ToolchainError> {
    let archive = staging.join(&offer.file);
    let sum = download(offer, &archive, watch)?;
    watch.tell(Progress::Verifying {
        what: offer.file.clone(),
    });
    if sum != offer.sha256 {
        let reason = format!("SHA-256 is {sum}, {} says {}", offer.site, offer.sha256);
        return Err(ToolchainError::refused(&offer.url, reason));
    }
    let what = offer.file.clone();
    // The archive's only top folder is `go`; anything else is tidied away.
    unpack::tar_gz(&archive, staging, Limits::TOOLCHAIN, &|files| {
        if files % 500 == 0 {
            watch.tell(Progress::Unpacking {
                what: what.clone(),
                files,
            });
        }
    })?;
    Ok(Fetched {
        archive: offer.file.clone(),
        archive_sha256: sum,
        verified_by: format!("SHA-256 and size in the list of releases of {}", offer.site),
    })
}

fn download(offer: &Offer, to: &Path, watch: Watch<'_>) -> Result<String, ToolchainError> {
    let mut body = get(&offer.site, &offer.url, DOWNLOAD)?;
    let file = File::create_new(to).map_err(|e| ToolchainError::io("create", to, e))?;
    let mut file = Hashing::new(file);
    let mut buffer = vec![0; 256 << 10];
    let mut bytes = 0;
    let mut told = 0;
    loop {
        if watch.is_cancelled() {
            return Err(ToolchainError::Cancelled);
        }
        let count = match body.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(unreachable(&offer.url, &error)),
        };
        bytes += count as u64;
        if bytes > offer.bytes {
            break;
        }
        file.write_all(&buffer[..count])
            .map_err(|e| ToolchainError::io("write", to, e))?;
        if bytes - told >= 1 << 20 || bytes == offer.bytes {
            told = bytes;
            let (what, total) = (offer.file.clone(), Some(offer.bytes));
            watch.tell(Progress::Downloading { what, bytes, total });
        }
    }
    if bytes != offer.bytes {
        let reason = format!(
            "got {} {bytes} bytes, {} says {}",
            if bytes > offer.bytes {
                "at least"
            } else {
                "only"
            },
            offer.site,
            offer.bytes
        );
        return Err(ToolchainError::refused(&offer.url, reason));
    }
    Ok(file.finish().0)
}

/// Opens an address of the site. `base` decides how far it is trusted.
fn get(base: &str, url: &str, limit: Duration) -> Result<impl Read + 'static, ToolchainError> {
    let here = base.starts_with("http://127.0.0.1:");
    if !base.starts_with("https://") && !here {
        let reason = format!("{base} is not https, and the checksum would come from there too");
        return Err(ToolchainError::Unavailable(reason));
    }
    let mut config = ureq::Agent::config_builder()
        .timeout_resolve(Some(CONNECT))
        .timeout_connect(Some(CONNECT))
        .timeout_recv_response(Some(LIST))
        .timeout_global(Some(limit))
        .https_only(!here)
        .max_redirects(5)
        .user_agent("gosweep");
    if here {
        config = config.proxy(None);
    }
    let agent = ureq::Agent::with_parts(config.build(), DefaultConnector::default(), LiteralFirst);
    let response = agent
        .get(url)
        .call()
        .map_err(|error| unreachable(url, &error))?;
    Ok(response
        .into_body()
        .into_with_config()
        .limit(ARCHIVE_BYTES + 1)
        .reader()
        // A compressed answer unfolds behind that limit.
        .take(ARCHIVE_BYTES + 1))
}

fn unreachable(url: &str, error: &dyn std::fmt::Display) -> ToolchainError {
    ToolchainError::Unavailable(format!("{url}: {error}"))
}

#[cfg(test)]
#[path = "godev_tests.rs"]
mod tests;
