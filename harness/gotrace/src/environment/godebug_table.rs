//! The GODEBUG keys of Go 1.21 to 1.27, as data.
//!
//! Presence was read from `dbgvars` (runtime/runtime1.go) and `All` and `Removed`
//! (internal/godebugs/table.go) of the seven toolchains that the parent module names; the test
//! `tests/godebug_table.rs` compares this table with a dump of those files. Effects and value
//! ranges: runtime/extern.go, doc/godebug.md and the code that reads each key.

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

/// A value that ends the process at start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Abort {
    /// The value.
    pub value: &'static str,
    /// First minor version that aborts; 0 for all.
    pub since: u32,
    /// What the runtime says then.
    pub because: &'static str,
}

/// One GODEBUG key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GodebugKey {
    /// Its name.
    pub name: &'static str,
    /// First minor version with it; 21 means "1.21 or earlier".
    pub since: u32,
    /// Last minor version with it; `None` if 1.27 still has it.
    pub until: Option<u32>,
    /// What it is for.
    pub role: Role,
    /// The values that Go acts upon.
    pub values: Values,
    /// Default under a current go line, where it is a plain value.
    pub default: Option<&'static str>,
    /// `(minor, old)`: a go.mod line older than `1.minor` gives `old` instead of the default.
    pub older_go_line: Option<(u32, &'static str)>,
    /// True if `//go:debug` and the go.mod `godebug` block take it (it is in internal/godebugs).
    pub in_source: bool,
    /// Values that end the process at start.
    pub aborts: &'static [Abort],
    /// What it does.
    pub effect: &'static str,
}

impl GodebugKey {
    /// Whether that minor version acts upon the key.
    #[must_use]
    pub fn exists_in(&self, minor: u32) -> bool {
        minor >= self.since && self.until.is_none_or(|until| minor <= until)
    }

    const fn until(mut self, last: u32) -> Self {
        self.until = Some(last);
        self
    }

    const fn source(mut self) -> Self {
        self.in_source = true;
        self
    }

    /// In source, and older go lines get another default.
    const fn changed(mut self, minor: u32, old: &'static str) -> Self {
        self.in_source = true;
        self.older_go_line = Some((minor, old));
        self
    }

    const fn aborting(mut self, aborts: &'static [Abort]) -> Self {
        self.aborts = aborts;
        self
    }
}

const FLAG: Values = Values::Integer(0, 1);
const COUNT: Values = Values::Integer(0, i32::MAX as i64);
/// Keys of `internal/godebug` that are compared with the text "1" or "0".
const SWITCH: Values = Values::Words(&["0", "1"]);

const fn key(
    role: Role,
    name: &'static str,
    since: u32,
    values: Values,
    default: &'static str,
    effect: &'static str,
) -> GodebugKey {
    GodebugKey {
        name,
        since,
        until: None,
        role,
        values,
        default: if default.is_empty() {
            None
        } else {
            Some(default)
        },
        older_go_line: None,
        in_source: false,
        aborts: &[],
        effect,
    }
}

const fn tuning(
    name: &'static str,
    since: u32,
    values: Values,
    default: &'static str,
    effect: &'static str,
) -> GodebugKey {
    key(Role::Tuning, name, since, values, default, effect)
}

const fn compatibility(
    name: &'static str,
    since: u32,
    values: Values,
    default: &'static str,
    effect: &'static str,
) -> GodebugKey {
    key(Role::Compatibility, name, since, values, default, effect).source()
}

const fn observation(
    name: &'static str,
    since: u32,
    values: Values,
    effect: &'static str,
) -> GodebugKey {
    key(Role::Observation, name, since, values, "0", effect)
}

const fn debugging(
    name: &'static str,
    since: u32,
    values: Values,
    default: &'static str,
    effect: &'static str,
) -> GodebugKey {
    key(Role::Debugging, name, since, values, default, effect)
}

/// `removed GODEBUG "..." set to old value` (go.dev/issue/76163): checked at start from 1.27 on.
const fn removed(value: &'static str) -> Abort {
    Abort {
        value,
        since: 27,
        because: "fatal error: removed GODEBUG set to old value",
    }
}

const CGOCHECK_2: &[Abort] = &[Abort {
    value: "2",
    since: 0,
    because: "fatal error: cgocheck > 1 mode is no longer supported at runtime",
}];
const OLD_0: &[Abort] = &[removed("0")];
const OLD_1: &[Abort] = &[removed("1")];
const OLD_1_OR_2: &[Abort] = &[removed("1"), removed("2")];

/// Every key of Go 1.21 to 1.27, sorted by name. `cpu.*` is apart: see
/// [`super::check_godebug`].
#[rustfmt::skip]
pub const GODEBUG_KEYS: &[GodebugKey] = &[
    tuning("adaptivestackstart", 21, FLAG, "1", "initial goroutine stack is the average scanned stack size"),
    observation("allocfreetrace", 21, FLAG, "prints every allocation and free").until(22),
    compatibility("allowmultiplevcs", 24, SWITCH, "0", "go command: several version control systems in one folder"),
    tuning("asyncpreemptoff", 21, FLAG, "0", "1 turns off signal-based preemption; tight loops then delay every stop of the world"),
    compatibility("asynctimerchan", 23, Values::Integer(0, 2), "0", "1 or 2 brings back buffered, uncollectable timer channels").until(26).changed(23, "1").aborting(OLD_1_OR_2),
    debugging("cgocheck", 21, Values::Integer(0, 1), "1", "checks of pointers passed to C").aborting(CGOCHECK_2),
    debugging("checkfinalizers", 25, FLAG, "0", "extra stopped-world collections that diagnose finalizers; may end the program"),
    debugging("clobberfree", 21, FLAG, "0", "overwrites freed objects"),
    tuning("containermaxprocs", 25, FLAG, "1", "default GOMAXPROCS follows the cgroup CPU quota").changed(25, "0"),
    compatibility("cryptocustomrand", 26, SWITCH, "0", "crypto packages honour a caller's random source").changed(26, "1"),
    tuning("dataindependenttiming", 24, FLAG, "0", "1 runs everything with data-independent timing; slower on arm64").source(),
    tuning("decoratemappings", 25, FLAG, "1", "names memory mappings; extra prctl calls").changed(25, "0"),
    tuning("disablethp", 21, FLAG, "0", "1 turns off transparent huge pages for the heap (from 1.21.6)"),
    debugging("dontfreezetheworld", 21, FLAG, "0", "goroutines keep running during a crash dump"),
    debugging("efence", 21, FLAG, "0", "one page per object, never reused"),
    compatibility("embedfollowsymlinks", 25, SWITCH, "0", "go command: embed follows symbolic links"),
    compatibility("execerrdot", 21, SWITCH, "1", "os/exec refuses programs found through the current folder"),
    compatibility("fips140", 24, Values::Words(&["off", "on", "only", "debug"]), "off", "FIPS 140-3 mode of the cryptographic packages"),
    compatibility("fips140ems", 26, SWITCH, "1", "TLS extended master secret required in FIPS mode"),
    debugging("gccheckmark", 21, FLAG, "0", "a second, stopped mark phase that verifies the first"),
    observation("gcpacertrace", 21, FLAG, "prints pacer lines"),
    tuning("gcshrinkstackoff", 21, FLAG, "0", "1 never shrinks stacks: less copying, more resident memory"),
    debugging("gcstoptheworld", 21, Values::Integer(0, 2), "0", "1 makes marking, 2 also sweeping a stop of the world"),
    observation("gctrace", 21, Values::Integer(0, 2), "prints a line per collection"),
    compatibility("gocachehash", 21, SWITCH, "0", "go command: prints cache hashes"),
    compatibility("gocachetest", 21, SWITCH, "0", "go command: prints test cache decisions"),
    compatibility("gocacheverify", 21, SWITCH, "0", "go command: rebuilds and compares cache entries"),
    compatibility("gotestjsonbuildtext", 24, SWITCH, "0", "go test -json prints build output as text").changed(24, "1"),
    compatibility("gotypesalias", 22, SWITCH, "1", "go/types represents aliases").until(26).changed(23, "0").aborting(OLD_0),
    debugging("harddecommit", 21, FLAG, "0", "removes protections from returned memory"),
    compatibility("htmlmetacontenturlescape", 26, SWITCH, "1", "html/template escapes URLs in meta content"),
    tuning("http2client", 21, SWITCH, "1", "0 turns off HTTP/2 in clients").source(),
    debugging("http2debug", 21, Values::Integer(0, 2), "0", "logs HTTP/2 frames; very slow").source(),
    tuning("http2server", 21, SWITCH, "1", "0 turns off HTTP/2 in servers").source(),
    compatibility("httpcookiemaxnum", 24, COUNT, "3000", "most cookies accepted per request").changed(24, "0"),
    compatibility("httplaxcontentlength", 22, SWITCH, "0", "accepts an empty Content-Length").changed(22, "1"),
    compatibility("httpmuxgo121", 22, SWITCH, "0", "1 brings back the ServeMux of Go 1.21").changed(22, "1"),
    compatibility("httpservecontentkeepheaders", 23, SWITCH, "0", "ServeContent keeps headers on errors").changed(23, "1"),
    compatibility("httpservecontentmaxranges", 27, COUNT, "", "most ranges that ServeContent answers").changed(26, "1"),
    observation("inittrace", 21, FLAG, "prints a line per package initialisation"),
    compatibility("installgoroot", 21, Values::Words(&["all"]), "", "go install std writes to GOROOT/pkg"),
    debugging("invalidptr", 21, FLAG, "1", "crashes on invalid pointers"),
    compatibility("jstmpllitinterp", 21, SWITCH, "", "html/template allows JavaScript template literals"),
    tuning("madvdontneed", 21, FLAG, "1", "0 returns memory with MADV_FREE: resident memory falls only under pressure"),
    tuning("memprofilerate", 21, COUNT, "524288", "bytes between heap profile samples; 0 turns the profile off"),
    compatibility("multipartmaxheaders", 21, COUNT, "10000", "most headers in a multipart form"),
    compatibility("multipartmaxparts", 21, COUNT, "1000", "most parts in a multipart form"),
    tuning("multipathtcp", 21, Values::Integer(0, 3), "2", "net: 0 no MPTCP, 1 listeners and dialers, 2 listeners, 3 dialers").changed(24, "0"),
    compatibility("netdns", 21, Values::Text, "", "which resolver, and how loudly"),
    compatibility("netedns0", 21, SWITCH, "1", "EDNS0 in DNS queries").changed(19, "0"),
    compatibility("panicnil", 21, FLAG, "0", "1 lets panic(nil) pass").changed(21, "1"),
    tuning("profstackdepth", 23, Values::Integer(1, 1024), "128", "deepest stack in heap, block, mutex and goroutine profiles"),
    compatibility("randautoseed", 21, SWITCH, "1", "0 seeds math/rand as if by Seed(1)"),
    compatibility("randseednop", 24, SWITCH, "1", "math/rand.Seed does nothing").changed(24, "0"),
    compatibility("rsa1024min", 24, SWITCH, "1", "refuses RSA keys below 1024 bits").changed(24, "0"),
    observation("runtimecontentionstacks", 22, FLAG, "stacks for runtime-internal locks in the mutex profile; before 1.25 they point at the wrong section (golang/go#66999)").until(24),
    debugging("sbrk", 21, FLAG, "0", "never frees anything"),
    observation("scavtrace", 21, FLAG, "prints scavenger lines"),
    observation("scheddetail", 21, FLAG, "prints every P, M and G with each schedtrace line, holding the scheduler lock"),
    observation("schedtrace", 21, COUNT, "milliseconds between scheduler lines"),
    compatibility("tarinsecurepath", 21, SWITCH, "1", "0 refuses insecure paths in archives"),
    compatibility("tls10server", 22, SWITCH, "0", "TLS servers accept 1.0 and 1.1").until(26).changed(22, "1").aborting(OLD_1),
    compatibility("tls3des", 23, SWITCH, "0", "TLS offers 3DES").until(26).changed(23, "1").aborting(OLD_1),
    compatibility("tlskyber", 23, SWITCH, "1", "TLS offers X25519Kyber768").until(23).changed(23, "0").aborting(OLD_0),
    compatibility("tlsmaxrsasize", 21, COUNT, "8192", "largest RSA key in handshakes"),
    tuning("tlsmlkem", 24, SWITCH, "1", "TLS offers X25519MLKEM768: larger handshakes").changed(24, "0"),
    compatibility("tlsrsakex", 22, SWITCH, "0", "TLS offers RSA key exchange").until(26).changed(22, "1").aborting(OLD_1),
    tuning("tlssecpmlkem", 26, SWITCH, "1", "TLS offers the SecP ML-KEM hybrids").changed(26, "0"),
    compatibility("tlssha1", 25, SWITCH, "0", "TLS 1.2 accepts SHA-1 signatures").changed(25, "1"),
    compatibility("tlsunsafeekm", 22, SWITCH, "0", "TLS exports keying material without extended master secret").until(26).changed(22, "1").aborting(OLD_1),
    debugging("traceadvanceperiod", 22, COUNT, "0", "nanoseconds between generations of the execution tracer"),
    debugging("traceallocfree", 23, FLAG, "0", "allocations in execution traces"),
    debugging("tracebackancestors", 21, COUNT, "0", "creator stacks in tracebacks; every go statement then records one"),
    debugging("tracebacklabels", 26, FLAG, "1", "goroutine labels in tracebacks").changed(27, "0"),
    debugging("tracecheckstackownership", 23, FLAG, "0", "checks of the execution tracer"),
    debugging("tracefpunwindoff", 21, FLAG, "0", "tracer, block and mutex profiles without frame pointers"),
    tuning("updatemaxprocs", 25, FLAG, "1", "default GOMAXPROCS follows later changes of affinity and quota").changed(25, "0"),
    compatibility("urlmaxqueryparams", 26, COUNT, "10000", "most parameters in a query").changed(24, "0"),
    compatibility("urlstrictcolons", 26, SWITCH, "1", "refuses stray colons in URL hosts").changed(26, "0"),
    compatibility("winreadlinkvolume", 23, SWITCH, "1", "Windows only").changed(23, "0"),
    compatibility("winsymlink", 23, SWITCH, "1", "Windows only").changed(23, "0"),
    compatibility("x509keypairleaf", 23, SWITCH, "1", "X509KeyPair fills in Leaf").until(26).changed(23, "0").aborting(OLD_0),
    compatibility("x509negativeserial", 23, SWITCH, "0", "accepts negative serial numbers").changed(23, "1"),
    compatibility("x509rsacrt", 24, SWITCH, "1", "refuses RSA keys with wrong precomputed values").changed(24, "0"),
    compatibility("x509sha1", 21, SWITCH, "0", "accepts SHA-1 certificates").until(23).aborting(OLD_1),
    compatibility("x509sha256skid", 25, SWITCH, "1", "subject key ids by truncated SHA-256").changed(25, "0"),
    compatibility("x509sslcertoverrideplatform", 27, SWITCH, "1", "SSL_CERT_FILE and SSL_CERT_DIR override the platform's roots").changed(27, "0"),
    compatibility("x509usefallbackroots", 21, SWITCH, "0", "uses the fallback roots always"),
    compatibility("x509usepolicies", 22, SWITCH, "1", "certificate policies in verification").changed(24, "0"),
    compatibility("zipinsecurepath", 21, SWITCH, "1", "0 refuses insecure paths in archives"),
];
