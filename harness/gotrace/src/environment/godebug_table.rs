//! What every GODEBUG key of Go 1.21 to 1.27 is for, by hand.
//!
//! Which release has a key, what its default is and which go line changes it stands in the generated
//! [`super::DECLARATIONS`]; here stands what the sources say nowhere in one place: role, values, effect. From
//! runtime/extern.go, doc/godebug.md and the code that reads each key, in all releases from 1.21.0 on.

use super::declared::{Declaration, Declared};
use super::declared_table::DECLARATIONS;
use super::releases::{Releases, Span};
use crate::GoVersion;

/// What a key is for, and so where it may appear.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Changes performance in a supported way: belongs into a matrix.
    Tuning,
    /// Selects an older or stricter behaviour of a library.
    Compatibility,
    /// Prints what the runtime does: the harness sets it, never a matrix.
    Observation,
    /// Exists to debug Go itself; distorts or invalidates measurements.
    Debugging,
}

/// Which values a key acts upon. Others are silently ignored by Go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Values {
    /// A decimal integer within the bounds, both included.
    Integer(i64, i64),
    /// One of these words.
    Words(&'static [&'static str]),
    /// Any text; the key has a grammar of its own.
    Text,
}

impl Values {
    /// Whether Go acts upon this value.
    #[must_use]
    pub fn accepts(&self, value: &str) -> bool {
        match self {
            Self::Integer(least, most) => {
                let number = value.parse::<i64>();
                number.is_ok_and(|number| (*least..=*most).contains(&number))
            }
            Self::Words(words) => words.contains(&value),
            Self::Text => true,
        }
    }
}

/// A value that ends the process at start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Abort {
    /// The value.
    pub value: &'static str,
    /// What the runtime says then.
    pub because: &'static str,
}

/// One GODEBUG key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GodebugKey {
    /// Its name.
    pub name: &'static str,
    /// What it is for.
    pub role: Role,
    /// The values that Go acts upon.
    pub values: Values,
    /// `((minor, patch), values)`: releases before `1.minor.patch` acted upon these only.
    pub earlier_values: Option<((u32, u32), Values)>,
    /// Default under a current go line, where it is a plain value.
    pub default: Option<&'static str>,
    /// The value that does what releases before the key did, where no go line brings it.
    pub former: Option<&'static str>,
    /// Values that end the process at start, in every release.
    pub aborts: &'static [Abort],
    /// What the process says when it ends at start for a value that is none of `values`.
    pub refuses: Option<&'static str>,
    /// What it does.
    pub effect: &'static str,
}

impl GodebugKey {
    /// What the sources declare of it, removals included.
    #[must_use]
    pub fn declarations(&self) -> &'static [Declaration] {
        declarations(self.name)
    }

    /// Whether that version acts upon the key.
    #[must_use]
    pub fn exists_in(&self, version: &GoVersion) -> bool {
        let mut acting = self.acting();
        acting.any(|row| row.releases.contains(version))
    }

    /// Whether a later release than this one begins to act upon it.
    #[must_use]
    pub fn comes_after(&self, version: &GoVersion) -> bool {
        let mut acting = self.acting();
        !self.exists_in(version) && acting.any(|row| row.releases.resume_after(version))
    }

    /// True if `//go:debug` and the go.mod `godebug` block of some release take it.
    #[must_use]
    pub fn in_source(&self) -> bool {
        let mut rows = self.declarations().iter();
        rows.any(|row| matches!(row.what, Declared::Source { .. }))
    }

    /// True if no table and no documentation of Go lists it.
    #[must_use]
    pub fn is_undocumented(&self) -> bool {
        let mut rows = self.declarations().iter();
        rows.all(|row| matches!(row.what, Declared::Undocumented { .. }))
    }

    /// The package that reads it.
    #[must_use]
    pub fn package(&self) -> &'static str {
        let named = self.declarations().iter().find_map(|row| match row.what {
            Declared::Source { package, .. } | Declared::Undocumented { package } => Some(package),
            Declared::Runtime { .. } | Declared::Removed { .. } => None,
        });
        named.unwrap_or("runtime")
    }

    /// `(minor, old)`: in that version a go line older than `1.minor` gives `old` instead of the default. `None` if
    /// the go line does not matter to it.
    #[must_use]
    pub fn older_go_line(&self, version: &GoVersion) -> Option<(u32, &'static str)> {
        let here = |row: &&Declaration| row.releases.contains(version);
        self.declarations().iter().filter(here).find_map(changed)
    }

    /// What holds in a program built by that version under that go line if nothing sets the key, including what
    /// releases before the key and after its removal did. `None` where that is no plain value.
    #[must_use]
    pub fn value_without_setting(
        &self,
        version: &GoVersion,
        go_line: &GoVersion,
    ) -> Option<String> {
        let current = || {
            self.default_of_runtime(version)
                .or(self.default.map(str::to_owned))
        };
        if self.exists_in(version) {
            if let Some((minor, old)) = self.older_go_line(version) {
                let of_old_line = !go_line.at_least(minor);
                return if of_old_line {
                    Some(old.to_owned())
                } else {
                    current()
                };
            }
            // The key came first and its default changed later.
            return match self.later_change(version) {
                Some((_, old)) => Some(old.to_owned()),
                None => current(),
            };
        }
        if self.comes_after(version) {
            let old = self.later_change(version).map(|(_, old)| old);
            return old.or(self.former).or(self.default).map(str::to_owned);
        }
        // Removed: what is left is the newest default, whatever the go line.
        self.default.map(str::to_owned)
    }

    /// The values that this version acts upon.
    #[must_use]
    pub fn values_in(&self, version: &GoVersion) -> Values {
        match self.earlier_values {
            Some(((minor, patch), values)) if !version.at_least_patch(minor, patch) => values,
            _ => self.values,
        }
    }

    /// The old values of a removed key, at which that version ends the process at start.
    #[must_use]
    pub fn removed_values(&self, version: &GoVersion) -> &'static [&'static str] {
        let here = |row: &&Declaration| row.releases.contains(version);
        let mut rows = self.declarations().iter().filter(here);
        rows.find_map(|row| match row.what {
            Declared::Removed { old, .. } => Some(old),
            _ => None,
        })
        .unwrap_or_default()
    }

    /// Where the key is acted upon, in words; `None` if that is everywhere.
    #[must_use]
    pub fn range(&self) -> Option<String> {
        let mut spans: Vec<Span> = Vec::new();
        for row in self.acting() {
            spans.extend(row.releases.spans());
        }
        Releases::described_spans(spans)
    }

    fn acting(&self) -> impl Iterator<Item = &'static Declaration> {
        let rows = self.declarations().iter();
        rows.filter(|row| !matches!(row.what, Declared::Removed { .. }))
    }

    fn later_change(&self, version: &GoVersion) -> Option<(u32, &'static str)> {
        let later = |row: &&Declaration| row.releases.resume_after(version);
        self.declarations().iter().filter(later).find_map(changed)
    }

    fn default_of_runtime(&self, version: &GoVersion) -> Option<String> {
        let here = |row: &&Declaration| row.releases.contains(version);
        self.declarations()
            .iter()
            .filter(here)
            .find_map(|row| match row.what {
                Declared::Runtime { default } => Some(default.to_string()),
                _ => None,
            })
    }

    const fn aborting(mut self, aborts: &'static [Abort]) -> Self {
        self.aborts = aborts;
        self
    }

    const fn refusing(mut self, because: &'static str) -> Self {
        self.refuses = Some(because);
        self
    }

    const fn formerly(mut self, value: &'static str) -> Self {
        self.former = Some(value);
        self
    }

    const fn valued_before(mut self, release: (u32, u32), values: Values) -> Self {
        self.earlier_values = Some((release, values));
        self
    }
}

fn changed(row: &Declaration) -> Option<(u32, &'static str)> {
    match row.what {
        Declared::Source { changed, .. } => changed,
        _ => None,
    }
}

const FLAG: Values = Values::Integer(0, 1);
/// What the runtime reads is an integer of 32 bits.
const COUNT: Values = Values::Integer(0, i32::MAX as i64);
/// What libraries read is one of 64.
const COUNT_64: Values = Values::Integer(0, i64::MAX);
/// Keys of `internal/godebug` that are compared with the text "1" or "0".
const SWITCH: Values = Values::Words(&["0", "1"]);

const fn key(
    role: Role,
    name: &'static str,
    values: Values,
    default: &'static str,
    effect: &'static str,
) -> GodebugKey {
    GodebugKey {
        name,
        role,
        values,
        earlier_values: None,
        default: if default.is_empty() {
            None
        } else {
            Some(default)
        },
        former: None,
        aborts: &[],
        refuses: None,
        effect,
    }
}

const fn tuning(
    name: &'static str,
    values: Values,
    default: &'static str,
    effect: &'static str,
) -> GodebugKey {
    key(Role::Tuning, name, values, default, effect)
}

const fn compatibility(
    name: &'static str,
    values: Values,
    default: &'static str,
    effect: &'static str,
) -> GodebugKey {
    key(Role::Compatibility, name, values, default, effect)
}

const fn debugging(
    name: &'static str,
    values: Values,
    default: &'static str,
    effect: &'static str,
) -> GodebugKey {
    key(Role::Debugging, name, values, default, effect)
}

const fn observation(name: &'static str, values: Values, effect: &'static str) -> GodebugKey {
    key(Role::Observation, name, values, "0", effect)
}

const CGOCHECK_2: &[Abort] = &[Abort {
    value: "2",
    because: "fatal error: cgocheck > 1 mode is no longer supported at runtime",
}];

/// Every key of Go 1.21 to 1.27, sorted by name. `cpu.*` is apart: see
/// [`super::check_godebug`].
#[rustfmt::skip]
pub const GODEBUG_KEYS: &[GodebugKey] = &[
    tuning("adaptivestackstart", FLAG, "1", "initial goroutine stack is the average scanned stack size"),
    observation("allocfreetrace", FLAG, "prints every allocation and free"),
    compatibility("allowmultiplevcs", SWITCH, "0", "go command: several version control systems in one folder").formerly("1"),
    tuning("asyncpreemptoff", FLAG, "0", "1 turns off signal-based preemption; tight loops then delay every stop of the world"),
    compatibility("asynctimerchan", Values::Integer(0, 2), "0", "1 or 2 brings back buffered, uncollectable timer channels"),
    debugging("cgocheck", Values::Integer(0, 1), "1", "checks of pointers passed to C").aborting(CGOCHECK_2),
    debugging("checkfinalizers", FLAG, "0", "extra stopped-world collections that diagnose finalizers; may end the program"),
    debugging("clobberfree", FLAG, "0", "overwrites freed objects"),
    tuning("containermaxprocs", FLAG, "1", "default GOMAXPROCS follows the cgroup CPU quota"),
    compatibility("cryptocustomrand", SWITCH, "0", "crypto packages honour a caller's random source"),
    tuning("dataindependenttiming", FLAG, "0", "1 runs everything with data-independent timing; slower on arm64"),
    tuning("decoratemappings", FLAG, "1", "names memory mappings; extra prctl calls"),
    tuning("disablethp", FLAG, "0", "1 turns off transparent huge pages for the heap"),
    debugging("dontfreezetheworld", FLAG, "0", "goroutines keep running during a crash dump"),
    debugging("efence", FLAG, "0", "one page per object, never reused"),
    compatibility("embedfollowsymlinks", SWITCH, "0", "go command: embed follows symbolic links"),
    compatibility("execerrdot", SWITCH, "1", "os/exec refuses programs found through the current folder"),
    debugging("execwait", Values::Words(&["1", "2"]), "", "os/exec reports commands that are never waited for: 1 with a stack trace for each, 2 by a panic; undocumented"),
    debugging("failfipscast", Values::Text, "", "makes a self-test of FIPS mode fail; undocumented"),
    compatibility("fips140", Values::Words(&["off", "on", "only", "debug"]), "off", "FIPS 140-3 mode of the cryptographic packages").refusing("panic: fips140: unknown GODEBUG setting, in every program that links a cryptographic package"),
    compatibility("fips140ems", SWITCH, "1", "TLS extended master secret required in FIPS mode"),
    debugging("fuzzdebug", SWITCH, "0", "go test: what the fuzzer does; undocumented"),
    debugging("gccheckmark", FLAG, "0", "a second, stopped mark phase that verifies the first"),
    observation("gcpacertrace", FLAG, "prints pacer lines"),
    tuning("gcshrinkstackoff", FLAG, "0", "1 never shrinks stacks: less copying, more resident memory"),
    debugging("gcstoptheworld", Values::Integer(0, 2), "0", "1 makes marking, 2 also sweeping a stop of the world"),
    observation("gctrace", Values::Integer(0, 2), "prints a line per collection"),
    compatibility("gocachehash", SWITCH, "0", "go command: prints cache hashes"),
    compatibility("gocachetest", SWITCH, "0", "go command: prints test cache decisions"),
    compatibility("gocacheverify", SWITCH, "0", "go command: rebuilds and compares cache entries"),
    compatibility("gotestjsonbuildtext", SWITCH, "0", "go test -json prints build output as text"),
    compatibility("gotypesalias", SWITCH, "1", "go/types represents aliases"),
    debugging("harddecommit", FLAG, "0", "removes protections from returned memory"),
    compatibility("htmlmetacontenturlescape", SWITCH, "1", "html/template escapes URLs in meta content").formerly("0"),
    tuning("http2client", SWITCH, "1", "0 turns off HTTP/2 in clients"),
    debugging("http2debug", Values::Integer(0, 2), "0", "logs HTTP/2 frames; very slow"),
    tuning("http2server", SWITCH, "1", "0 turns off HTTP/2 in servers"),
    compatibility("httpcookiemaxnum", COUNT_64, "3000", "most cookies accepted per request; 0 for no limit"),
    compatibility("httplaxcontentlength", SWITCH, "0", "accepts an empty Content-Length"),
    compatibility("httpmuxgo121", SWITCH, "0", "1 brings back the ServeMux of Go 1.21"),
    compatibility("httpservecontentkeepheaders", SWITCH, "0", "ServeContent keeps headers on errors"),
    compatibility("httpservecontentmaxranges", COUNT_64, "200", "most ranges that ServeContent answers; 0 for no limit"),
    observation("inittrace", FLAG, "prints a line per package initialisation"),
    compatibility("installgoroot", Values::Words(&["all"]), "", "go install std writes to GOROOT/pkg"),
    debugging("intern", Values::Words(&["leaky"]), "", "net/netip keeps interned zones for ever; undocumented"),
    debugging("invalidptr", FLAG, "1", "crashes on invalid pointers"),
    compatibility("jstmpllitinterp", SWITCH, "", "html/template allows JavaScript template literals"),
    tuning("madvdontneed", FLAG, "1", "0 returns memory with MADV_FREE: resident memory falls only under pressure"),
    tuning("memprofilerate", COUNT, "524288", "bytes between heap profile samples; 0 turns the profile off"),
    compatibility("multipartfiles", Values::Words(&["distinct"]), "", "mime/multipart keeps one temporary file for each uploaded file; undocumented"),
    compatibility("multipartmaxheaders", COUNT_64, "10000", "most headers in a multipart form"),
    compatibility("multipartmaxparts", COUNT_64, "1000", "most parts in a multipart form"),
    tuning("multipathtcp", Values::Integer(0, 3), "2", "net: 0 no MPTCP, 1 listeners and dialers, 2 listeners, 3 dialers").valued_before((24, 0), SWITCH),
    compatibility("netdns", Values::Text, "", "which resolver, and how loudly"),
    compatibility("netedns0", SWITCH, "1", "EDNS0 in DNS queries"),
    compatibility("panicnil", FLAG, "0", "1 lets panic(nil) pass"),
    tuning("profstackdepth", Values::Integer(1, 1024), "128", "deepest stack in heap, block, mutex and goroutine profiles"),
    compatibility("randautoseed", SWITCH, "1", "0 seeds math/rand as if by Seed(1)"),
    compatibility("randseednop", SWITCH, "1", "math/rand.Seed does nothing"),
    compatibility("rsa1024min", SWITCH, "1", "refuses RSA keys below 1024 bits"),
    observation("runtimecontentionstacks", FLAG, "stacks for runtime-internal locks in the mutex profile; before 1.25 they point at the wrong section (golang/go#66999)"),
    debugging("sbrk", FLAG, "0", "never frees anything"),
    observation("scavtrace", FLAG, "prints scavenger lines"),
    observation("scheddetail", FLAG, "prints every P, M and G with each schedtrace line, holding the scheduler lock"),
    observation("schedtrace", COUNT, "milliseconds between scheduler lines"),
    tuning("simd", Values::Text, "", "vector length of the simd package: 0, 128, 256 or 512, with + in front to pass over its feature check; undocumented"),
    compatibility("tarinsecurepath", SWITCH, "1", "0 refuses insecure paths in archives"),
    compatibility("tls10server", SWITCH, "0", "TLS servers accept 1.0 and 1.1"),
    compatibility("tls3des", SWITCH, "0", "TLS offers 3DES"),
    compatibility("tlskyber", SWITCH, "1", "TLS offers X25519Kyber768"),
    compatibility("tlsmaxrsasize", COUNT_64, "8192", "largest RSA key in handshakes; releases before the key have no limit"),
    tuning("tlsmlkem", SWITCH, "1", "TLS offers X25519MLKEM768: larger handshakes"),
    compatibility("tlsrsakex", SWITCH, "0", "TLS offers RSA key exchange"),
    tuning("tlssecpmlkem", SWITCH, "1", "TLS offers the SecP ML-KEM hybrids"),
    compatibility("tlssha1", SWITCH, "0", "TLS 1.2 accepts SHA-1 signatures"),
    compatibility("tlsunsafeekm", SWITCH, "0", "TLS exports keying material without extended master secret"),
    debugging("traceadvanceperiod", COUNT, "1000000000", "nanoseconds between generations of the execution tracer"),
    debugging("traceallocfree", FLAG, "0", "allocations in execution traces"),
    debugging("tracebackancestors", COUNT, "0", "creator stacks in tracebacks; every go statement then records one"),
    debugging("tracebacklabels", FLAG, "1", "goroutine labels in tracebacks"),
    debugging("tracecheckstackownership", FLAG, "0", "checks of the execution tracer"),
    debugging("tracefpunwindoff", FLAG, "0", "tracer, block and mutex profiles without frame pointers"),
    tuning("updatemaxprocs", FLAG, "1", "default GOMAXPROCS follows later changes of affinity and quota"),
    compatibility("urlmaxqueryparams", COUNT_64, "10000", "most parameters in a query; 0 for no limit"),
    compatibility("urlstrictcolons", SWITCH, "1", "refuses stray colons in URL hosts"),
    compatibility("winreadlinkvolume", SWITCH, "1", "Windows only"),
    compatibility("winsymlink", SWITCH, "1", "Windows only"),
    compatibility("x509keypairleaf", SWITCH, "1", "X509KeyPair fills in Leaf"),
    compatibility("x509negativeserial", SWITCH, "0", "accepts negative serial numbers"),
    compatibility("x509rsacrt", SWITCH, "1", "refuses RSA keys with wrong precomputed values"),
    compatibility("x509sha1", SWITCH, "0", "accepts SHA-1 certificates"),
    compatibility("x509sha256skid", SWITCH, "1", "subject key ids by truncated SHA-256"),
    compatibility("x509sslcertoverrideplatform", SWITCH, "1", "SSL_CERT_FILE and SSL_CERT_DIR override the platform's roots"),
    compatibility("x509usefallbackroots", SWITCH, "0", "uses the fallback roots always"),
    compatibility("x509usepolicies", SWITCH, "1", "certificate policies in verification"),
    compatibility("zipinsecurepath", SWITCH, "1", "0 refuses insecure paths in archives"),
];

/// All declarations of a key.
pub(super) fn declarations(name: &str) -> &'static [Declaration] {
    let start = DECLARATIONS.partition_point(|row| row.name < name);
    let end = DECLARATIONS.partition_point(|row| row.name <= name);
    &DECLARATIONS[start..end]
}
