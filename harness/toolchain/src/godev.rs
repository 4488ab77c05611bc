//! Source `godev`: the archives of go.dev/dl.
//!
//! The site's JSON names every file with its SHA-256 and size (<https://go.dev/dl/?mode=json&include=all>, described in
//! golang/website internal/dl). The archive is compared with both before it is unpacked; it may then come from any
//! mirror that the site redirects to.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;
use std::time::Duration;

use gotrace::version::GoVersion;
use serde::Deserialize;
use ureq::unversioned::transport::DefaultConnector;

use crate::digest;
use crate::environment::goarch;
use crate::error::ToolchainError;
use crate::files::make_folder;
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
    get(base, &url, LIST, 0)?
        .1
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

/// Downloads, checks and unpacks into `staging/go`. What has come is kept in `downloads` until it is whole, so that the
/// next try goes on from there.
pub(crate) fn fetch(
    offer: &Offer,
    staging: &Path,
    downloads: &Path,
    watch: Watch<'_>,
) -> Result<Fetched, ToolchainError> {
    make_folder(downloads)?;
    let part = downloads.join(format!("{}.part", offer.sha256));
    download(offer, &part, watch)?;
    watch.tell(Progress::Verifying {
        what: offer.file.clone(),
    });
    // Under a name of this call before it is hashed: what is unpacked is what was hashed.
    let archive = staging.join(&offer.file);
    fs::rename(&part, &archive).map_err(|e| ToolchainError::io("move", &part, e))?;
    let sum = digest::of_file(&archive).map_err(|e| ToolchainError::io("hash", &archive, e))?;
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

/// Brings the part that is there up to the whole. A connection that breaks is made again as long as each brings
/// something, and at most so many times.
fn download(offer: &Offer, part: &Path, watch: Watch<'_>) -> Result<(), ToolchainError> {
    const CONNECTIONS: u32 = 8;
    let mut made = 0;
    loop {
        let mut had = length(part);
        if had == offer.bytes {
            return Ok(());
        }
        if had > offer.bytes {
            fs::remove_file(part).map_err(|e| ToolchainError::io("remove", part, e))?;
            had = 0;
        }
        made += 1;
        let failed = match receive(offer, part, had, watch) {
            Ok(()) => short(offer, length(part)),
            Err(error @ ToolchainError::Unavailable(_)) => error,
            Err(error) => return Err(error),
        };
        let has = length(part);
        if has == offer.bytes {
            return Ok(());
        }
        if has <= had || made == CONNECTIONS {
            return Err(failed);
        }
    }
}

fn length(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |meta| meta.len())
}

fn short(offer: &Offer, bytes: u64) -> ToolchainError {
    let Offer { url, site, .. } = offer;
    let reason = format!("got only {bytes} bytes, {site} says {}", offer.bytes);
    ToolchainError::refused(url, reason)
}

/// One answer of the site, from byte `had` on where it can.
fn receive(offer: &Offer, part: &Path, had: u64, watch: Watch<'_>) -> Result<(), ToolchainError> {
    let (goes_on, mut body) = get(&offer.site, &offer.url, DOWNLOAD, had)?;
    let mut bytes = if goes_on { had } else { 0 };
    let mut file = File::options()
        .create(true)
        .write(true)
        .append(goes_on)
        .truncate(!goes_on)
        .open(part)
        .map_err(|e| ToolchainError::io("open", part, e))?;
    let mut buffer = vec![0; 256 << 10];
    let mut told = bytes;
    loop {
        if watch.is_cancelled() {
            return Err(ToolchainError::Cancelled);
        }
        let count = match body.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(unreachable(&offer.url, &error)),
        };
        bytes += count as u64;
        if bytes > offer.bytes {
            drop(file);
            let _ = fs::remove_file(part);
            let Offer { url, site, .. } = offer;
            let reason = format!("got at least {bytes} bytes, {site} says {}", offer.bytes);
            return Err(ToolchainError::refused(url, reason));
        }
        file.write_all(&buffer[..count])
            .map_err(|e| ToolchainError::io("write", part, e))?;
        if bytes - told >= 1 << 20 || bytes == offer.bytes {
            told = bytes;
            let (what, total) = (offer.file.clone(), Some(offer.bytes));
            watch.tell(Progress::Downloading { what, bytes, total });
        }
    }
}

/// Opens an address of the site, from byte `from` on. `base` decides how far it is trusted. Answers whether the body
/// begins there, or at its start as it does at sites that give no parts.
fn get(
    base: &str,
    url: &str,
    limit: Duration,
    from: u64,
) -> Result<(bool, impl Read + 'static), ToolchainError> {
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
    let mut request = agent.get(url);
    if from > 0 {
        // A part of what is stored, not of what it would be compressed to.
        request = request
            .header("range", format!("bytes={from}-"))
            .header("accept-encoding", "identity");
    }
    let response = request.call().map_err(|error| unreachable(url, &error))?;
    let range = response.headers().get("content-range");
    let begins = range.and_then(|range| range.to_str().ok());
    let goes_on = from > 0
        && response.status() == 206
        && begins.is_some_and(|range| range.starts_with(&format!("bytes {from}-")));
    let body = response.into_body().into_with_config();
    // A compressed answer unfolds behind the first limit.
    let body = body
        .limit(ARCHIVE_BYTES + 1)
        .reader()
        .take(ARCHIVE_BYTES + 1);
    Ok((goes_on, body))
}

fn unreachable(url: &str, error: &dyn std::fmt::Display) -> ToolchainError {
    ToolchainError::Unavailable(format!("{url}: {error}"))
}

#[cfg(test)]
#[path = "godev_tests.rs"]
mod tests;
