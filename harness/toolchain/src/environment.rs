//! The clean environment for every `go` that we start.
//!
//! Nothing is inherited: an exported GOFLAGS, GOROOT, GODEBUG or GOEXPERIMENT would silently change what is measured,
//! and the go command even caches compiler output caused by GODEBUG trace keys (seen with 1.21 to 1.27).

use std::fs;
use std::io;
use std::path::Path;
use std::process::Command;

/// Where tools such as git or a C compiler are looked for.
const SYSTEM_PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// Variables that only say how to reach the network; without them nothing is reachable from behind a company proxy.
pub(crate) const NETWORK: [&str; 8] = [
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
];

/// Makes a folder fit to be the home of go commands. From 1.23 on they count themselves below HOME, in a process of its
/// own session that outlives them and us; only this file stops that (<https://go.dev/doc/telemetry>), no variable does.
pub(crate) fn furnish_home(home: &Path) -> io::Result<()> {
    let folder = home.join(".config/go/telemetry");
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("mode"), "off")
}

/// `program` (a go binary) with `scratch`, a furnished home, as its home and nothing inherited: no network, no
/// toolchain switch, no workspace, no user settings.
pub fn clean(program: &Path, scratch: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .env("PATH", SYSTEM_PATH)
        .env("LC_ALL", "C")
        .env("HOME", scratch)
        .env("TMPDIR", scratch)
        .env("GOPATH", scratch.join("gopath"))
        .env("GOCACHE", scratch.join("gocache"))
        .env("GOENV", "off")
        .env("GOWORK", "off")
        .env("GOTOOLCHAIN", "local")
        .env("GOPROXY", "off")
        .env("GOSUMDB", "off")
        .env("GOFLAGS", "-buildvcs=false")
        .env("CGO_ENABLED", "0");
    command
}

/// Lets a clean command reach the network the way this machine does.
pub fn allow_network(command: &mut Command) {
    for name in NETWORK {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
}

/// Go's name for this machine's processor, `None` where Go has no release.
pub fn goarch() -> Option<&'static str> {
    match std::env::consts::ARCH {
        "x86_64" => Some("amd64"),
        "aarch64" => Some("arm64"),
        "x86" => Some("386"),
        "arm" => Some("armv6l"),
        "powerpc64" if cfg!(target_endian = "little") => Some("ppc64le"),
        "riscv64" => Some("riscv64"),
        "s390x" => Some("s390x"),
        "loongarch64" => Some("loong64"),
        _ => None,
    }
}
