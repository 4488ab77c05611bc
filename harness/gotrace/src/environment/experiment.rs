//! GOEXPERIMENT names by Go version (build time).
//!
//! An unknown name fails the build (`go: unknown GOEXPERIMENT swissmap`), so an experiment axis
//! must be filtered per toolchain. Sources: internal/goexperiment/flags.go for existence,
//! internal/buildcfg/exp.go for the amd64 baseline, of the seven toolchains named in the parent
//! module.

use super::VERIFIED_MINORS;
use super::problem::{Problem, ProblemKind, Verdict, nearest};
use crate::GoVersion;

/// One experiment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Experiment {
    /// The name as GOEXPERIMENT takes it; `no` in front turns it off.
    pub name: &'static str,
    /// First minor version that knows it; 21 means "1.21 or earlier".
    pub since: u32,
    /// Last minor version that knows it; `None` if 1.27 still does.
    pub until: Option<u32>,
    /// Minor versions in which it is on without being asked for.
    pub default_on: Option<(u32, Option<u32>)>,
    /// What it changes.
    pub effect: &'static str,
}

impl Experiment {
    /// Whether that minor version knows the name.
    #[must_use]
    pub fn exists_in(&self, minor: u32) -> bool {
        within(minor, self.since, self.until)
    }

    /// Whether it is on by default there (linux/amd64).
    #[must_use]
    pub fn is_default_in(&self, minor: u32) -> bool {
        self.default_on
            .is_some_and(|(since, until)| within(minor, since, until))
    }
}

const fn opt(
    name: &'static str,
    since: u32,
    until: Option<u32>,
    effect: &'static str,
) -> Experiment {
    Experiment {
        name,
        since,
        until,
        default_on: None,
        effect,
    }
}

const fn on(
    name: &'static str,
    since: u32,
    until: Option<u32>,
    default_on: (u32, Option<u32>),
    effect: &'static str,
) -> Experiment {
    Experiment {
        name,
        since,
        until,
        default_on: Some(default_on),
        effect,
    }
}

/// Every experiment of Go 1.21 to 1.27.
#[rustfmt::skip]
pub const EXPERIMENTS: &[Experiment] = &[
    opt("aliastypeparams", 23, Some(23), "type parameters on aliases"),
    on("aliastypeparams", 24, Some(25), (24, Some(25)), "type parameters on aliases"),
    on("allocheaders", 22, Some(22), (22, Some(22)), "GC metadata next to objects; 1.22 can opt out"),
    opt("arenas", 21, None, "the arena package"),
    opt("boringcrypto", 21, None, "BoringCrypto instead of Go's own cryptography"),
    opt("cacheprog", 21, Some(25), "GOCACHEPROG"),
    opt("cgocheck2", 21, None, "thorough cgo pointer checks; slow"),
    on("coverageredesign", 21, Some(24), (21, Some(24)), "coverage redesign"),
    on("dwarf5", 25, None, (25, None), "DWARF 5 debug information"),
    on("exectracer2", 22, Some(22), (22, Some(22)), "second execution tracer; 1.22 can opt out"),
    opt("fieldtrack", 21, None, "field tracking"),
    opt("goroutineleakprofile", 26, Some(26), "the goroutineleak profile; unconditional in 1.27"),
    on("greenteagc", 25, None, (26, None), "the Green Tea garbage collector"),
    opt("heapminimum512kib", 21, None, "minimum heap of 512 KiB instead of 4 MiB"),
    on("jsonv2", 25, None, (27, None), "encoding/json on the v2 engine"),
    opt("loopvar", 21, None, "per-iteration loop variables whatever the go line"),
    opt("mapsplitgroup", 27, None, "map groups with keys and values apart"),
    opt("newinliner", 22, None, "the newer inliner heuristics"),
    opt("pagetrace", 21, Some(22), "page allocation tracing"),
    opt("preemptibleloops", 21, None, "preemption checks in loop back edges"),
    on("randomizedheapbase64", 26, None, (26, None), "randomised heap base address"),
    opt("range", 22, Some(22), "range over functions, first name"),
    opt("rangefunc", 22, Some(25), "range over functions"),
    on("regabiargs", 21, None, (21, None), "register calling convention"),
    on("regabiwrappers", 21, None, (21, None), "calling convention wrappers"),
    opt("runtimefreegc", 26, None, "freeing of memory known to be dead before a GC"),
    opt("runtimesecret", 26, None, "the runtime/secret package"),
    opt("simd", 26, None, "the simd package"),
    on("sizespecializedmalloc", 26, None, (27, None), "allocation functions per size class"),
    on("spinbitmutex", 24, Some(24), (24, Some(24)), "newer runtime-internal mutex; unconditional in 1.25"),
    opt("staticlockranking", 21, None, "lock rank checks; very slow"),
    on("swissmap", 24, Some(25), (24, Some(25)), "Swiss table maps; unconditional in 1.26"),
    on("synchashtriemap", 24, Some(25), (24, Some(25)), "sync.Map as a hash trie; unconditional in 1.26"),
    opt("synctest", 24, Some(25), "testing/synctest as an experiment"),
];

/// Splits a GOEXPERIMENT value; empty parts are dropped as `cmd/go` drops them.
pub fn goexperiment_names(value: &str) -> impl Iterator<Item = &str> {
    value.split(',').filter(|name| !name.is_empty())
}

/// Whether a toolchain would build with this experiment, `no` forms included.
///
/// # Errors
/// [`ProblemKind::Unknown`] if no version knows the name, [`ProblemKind::AbsentInVersion`] if
/// the one asked about does not (the build would fail).
pub fn check_goexperiment(name: &str, version: Option<&GoVersion>) -> Result<Verdict, Problem> {
    // `none` switches all off, and is accepted by every version (buildcfg.ParseGOEXPERIMENT).
    if name == "none" {
        return Ok(Verdict::default());
    }
    let wanted_off = rows(name).next().is_none() && name.starts_with("no");
    let bare = if wanted_off { &name[2..] } else { name };
    if rows(bare).next().is_none() {
        let problem = Problem::new(
            ProblemKind::Unknown,
            format!("GOEXPERIMENT \"{name}\" exists in no Go version from 1.21 to 1.27"),
            "correct the name; the build would fail",
        );
        let prefix = if wanted_off { "no" } else { "" };
        return Err(
            match nearest(bare, EXPERIMENTS.iter().map(|row| row.name)) {
                Some(near) => problem.suggesting(format!("{prefix}{near}")),
                None => problem,
            },
        );
    }
    let Some(version) = version else {
        return Ok(Verdict::default());
    };
    let minor = version
        .minor()
        .clamp(*VERIFIED_MINORS.start(), *VERIFIED_MINORS.end());
    let Some(row) = rows(bare).find(|row| row.exists_in(minor)) else {
        return Err(Problem::new(
            ProblemKind::AbsentInVersion,
            format!(
                "GOEXPERIMENT \"{bare}\" does not exist in Go 1.{} ({})",
                version.minor(),
                known_in(bare)
            ),
            "drop this cell; the build would fail",
        ));
    };
    let mut verdict = Verdict::default();
    if row.is_default_in(minor) != wanted_off {
        verdict.notes.push(format!(
            "GOEXPERIMENT={name} changes nothing in Go 1.{}: {bare} is {} there by default",
            version.minor(),
            if wanted_off { "off" } else { "on" },
        ));
    }
    super::godebug::note_unverified(version, &mut verdict);
    Ok(verdict)
}

fn rows(name: &str) -> impl Iterator<Item = &'static Experiment> {
    EXPERIMENTS.iter().filter(move |row| row.name == name)
}

fn known_in(name: &str) -> String {
    let since = rows(name).map(|row| row.since).min().unwrap_or_default();
    let until = if rows(name).any(|row| row.until.is_none()) {
        None
    } else {
        rows(name).filter_map(|row| row.until).max()
    };
    match until {
        Some(until) if until == since => format!("only in 1.{since}"),
        Some(until) => format!("only in 1.{since} to 1.{until}"),
        None => format!("from 1.{since} on"),
    }
}

fn within(minor: u32, since: u32, until: Option<u32>) -> bool {
    minor >= since && until.is_none_or(|until| minor <= until)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, minor: u32) -> Result<Verdict, Problem> {
        check_goexperiment(name, Some(&GoVersion::release(minor, 1)))
    }

    #[test]
    fn presence_follows_the_version() {
        assert!(check("noswissmap", 24).is_ok());
        let gone = check("noswissmap", 26).expect_err("gone in 1.26");
        assert_eq!(gone.kind, ProblemKind::AbsentInVersion);
        assert_eq!(
            gone.message,
            "GOEXPERIMENT \"swissmap\" does not exist in Go 1.26 (only in 1.24 to 1.25)"
        );
        assert!(check("nogreenteagc", 27).is_ok());
        assert!(check("greenteagc", 24).is_err());
        assert!(check("goroutineleakprofile", 26).is_ok());
        assert!(check("goroutineleakprofile", 27).is_err());
    }

    #[test]
    fn a_wasted_cell_is_named() {
        assert_eq!(check("greenteagc", 25).map(|v| v.notes.len()), Ok(0));
        assert_eq!(check("greenteagc", 26).map(|v| v.notes.len()), Ok(1));
        assert_eq!(check("nogreenteagc", 25).map(|v| v.notes.len()), Ok(1));
        assert_eq!(check("nogreenteagc", 26).map(|v| v.notes.len()), Ok(0));
        assert_eq!(
            check("sizespecializedmalloc", 26).map(|v| v.notes.len()),
            Ok(0)
        );
        assert_eq!(
            check("sizespecializedmalloc", 27).map(|v| v.notes.len()),
            Ok(1)
        );
    }

    #[test]
    fn a_slip_gets_a_suggestion() {
        let problem = check_goexperiment("nogreentea", None).expect_err("unknown");
        assert_eq!(problem.kind, ProblemKind::Unknown);
        let problem = check_goexperiment("nogreenteegc", None).expect_err("unknown");
        assert_eq!(problem.suggestion.as_deref(), Some("nogreenteagc"));
        assert!(check_goexperiment("none", None).is_ok());
    }

    #[test]
    fn rows_do_not_overlap() {
        for minor in VERIFIED_MINORS {
            for row in EXPERIMENTS {
                let same = rows(row.name)
                    .filter(|other| other.exists_in(minor))
                    .count();
                assert!(same <= 1, "{} is listed twice for 1.{minor}", row.name);
                assert!(
                    !row.is_default_in(minor) || row.exists_in(minor),
                    "{}",
                    row.name
                );
            }
        }
    }
}
