//! Every release that the Go module proxy has, of each only the files that tell.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use gotrace::GoVersion;
use gotrace::environment::KNOWN_RELEASES;
use gotrace::environment::sources::{self, ReleaseFacts};
use supervise::child;
use ureq::Agent;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::unversioned::transport::DefaultConnector;
use zip::ZipArchive;

use super::archive::RemoteFile;
use super::{ReadReleases, release};
use crate::environment;
use crate::error::ToolchainError;
use crate::resolver::LiteralFirst;
use crate::toolbox::Toolbox;
use crate::watch::Watch;

const LIST: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(200);
const REQUEST: Duration = Duration::from_secs(60);
/// Archives read at once: what takes the time is waiting for the server.
const AT_ONCE: usize = 8;
/// The largest of the files is 100 KiB.
const MOST_FILE_BYTES: u64 = 4 << 20;
/// Source files are the same in the archives of every platform.
const PLATFORM: &str = "linux-amd64";

pub(super) fn releases(
    toolbox: &Toolbox,
    watch: Watch<'_>,
) -> Result<ReadReleases, ToolchainError> {
    if toolbox.offline {
        let reason = "the module proxy is not asked offline".to_owned();
        return Err(ToolchainError::Unavailable(reason));
    }
    let (proxy, versions) = offered(toolbox, watch)?;
    let roots = RootCerts::from(system_roots());
    let config = Agent::config_builder()
        .tls_config(TlsConfig::builder().root_certs(roots).build())
        .timeout_global(Some(REQUEST))
        .https_only(true)
        .max_redirects(5)
        .user_agent("gosweep")
        .build();
    let agent = Agent::with_parts(config, DefaultConnector::default(), LiteralFirst);
    let (stopped, next) = (AtomicBool::new(false), AtomicUsize::new(0));
    let mut found = ReadReleases::default();
    // Fewer threads only take longer.
    let (mut started, mut refused) = (0, None);
    std::thread::scope(|scope| {
        let (sender, read) = mpsc::channel();
        for _ in 0..AT_ONCE {
            let sender = sender.clone();
            let (agent, proxy, versions, stopped, next) =
                (&agent, &proxy, &versions, &stopped, &next);
            let ask = move || {
                while let Some(version) = versions.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let over = stopped.load(Ordering::Relaxed);
                    if over || sender.send((version, one(agent, proxy, version))).is_err() {
                        return;
                    }
                }
            };
            match std::thread::Builder::new().spawn_scoped(scope, ask) {
                Ok(_) => started += 1,
                Err(error) => refused = Some(error),
            }
        }
        drop(sender);
        loop {
            match read.recv_timeout(POLL) {
                Ok((version, facts)) => found.add(version, facts),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            if watch.is_cancelled() {
                stopped.store(true, Ordering::Relaxed);
            }
        }
    });
    if watch.is_cancelled() {
        return Err(ToolchainError::Cancelled);
    }
    match refused {
        Some(error) if started == 0 => {
            let reason = format!("no thread to ask {proxy} on: {error}");
            Err(ToolchainError::Unavailable(reason))
        }
        _ => Ok(found),
    }
}

/// The authorities that this machine trusts, from where the go command looks for them (crypto/x509/root_linux.go): the
/// proxy may be a company's own.
fn system_roots() -> Vec<Certificate<'static>> {
    const USUAL: [&str; 4] = [
        "/etc/ssl/certs/ca-certificates.crt",
        "/etc/pki/tls/certs/ca-bundle.crt",
        "/etc/ssl/ca-bundle.pem",
        "/etc/ssl/cert.pem",
    ];
    let named = std::env::var_os("SSL_CERT_FILE").map(PathBuf::from);
    let mut files = named.into_iter().chain(USUAL.iter().map(PathBuf::from));
    let pem = files.find_map(|file| std::fs::read(file).ok());
    let items = pem.as_deref().map(parse_pem).into_iter().flatten();
    let certificates = items.filter_map(|item| match item {
        Ok(PemItem::Certificate(certificate)) => Some(certificate),
        _ => None,
    });
    certificates.collect()
}

/// The proxy that the go command of PATH is set to use, and the releases that it offers.
fn offered(
    toolbox: &Toolbox,
    watch: Watch<'_>,
) -> Result<(String, Vec<GoVersion>), ToolchainError> {
    let go = toolbox.find_program("go").ok_or_else(|| {
        ToolchainError::Unavailable("no `go` on PATH, which knows the module proxy".to_owned())
    })?;
    let scratch = toolbox.store.scratch()?;
    let ask = |arguments: &[&str]| -> Result<String, ToolchainError> {
        let mut command = environment::clean(&go, scratch.path());
        command.env("GOENV", "").args(arguments);
        match std::env::var_os("GOPROXY") {
            Some(proxy) => command.env("GOPROXY", proxy),
            None => command.env_remove("GOPROXY"),
        };
        environment::allow_network(&mut command);
        let done = child::run(command, LIST, watch.stop(), &|| {})?;
        if done.success() {
            return Ok(done.stdout);
        }
        let reason = format!("go {}: {}", arguments.join(" "), done.stderr.trim());
        Err(ToolchainError::Unavailable(reason))
    };
    let settings = ask(&["env", "GOPROXY"])?;
    let proxy = settings
        .trim()
        .split([',', '|'])
        .find(|place| place.starts_with("https://"))
        .ok_or_else(|| {
            let reason = format!("GOPROXY={} names no https proxy", settings.trim());
            ToolchainError::Unavailable(reason)
        })?
        .trim_end_matches('/')
        .to_owned();
    let listed = ask(&["list", "-m", "-versions", "go"])?;
    let listed = listed.split_whitespace().skip(1).filter_map(release);
    // A proxy's list may lack releases that it has.
    let known = KNOWN_RELEASES
        .iter()
        .flat_map(|(minor, newest)| (0..=*newest).map(|patch| GoVersion::release(*minor, patch)));
    let versions: BTreeSet<GoVersion> = listed.chain(known).collect();
    Ok((proxy, versions.into_iter().collect()))
}

fn one(agent: &Agent, proxy: &str, version: &GoVersion) -> Result<ReleaseFacts, String> {
    let name = format!("v0.0.1-{version}.{PLATFORM}");
    let url = format!("{proxy}/golang.org/toolchain/@v/{name}.zip");
    let remote = RemoteFile::open(agent, url).map_err(|error| error.to_string())?;
    let mut archive = ZipArchive::new(remote).map_err(|error| error.to_string())?;
    let wanted: BTreeSet<&str> = sources::files().collect();
    let mut texts: BTreeMap<&str, String> = BTreeMap::new();
    for path in wanted {
        let member = format!("golang.org/toolchain@{name}/{path}");
        let Ok(file) = archive.by_name(&member) else {
            continue;
        };
        let mut text = String::new();
        file.take(MOST_FILE_BYTES)
            .read_to_string(&mut text)
            .map_err(|error| format!("{member}: {error}"))?;
        texts.insert(path, text);
    }
    sources::read(&|path| texts.get(path).cloned()).map_err(|error| error.to_string())
}
