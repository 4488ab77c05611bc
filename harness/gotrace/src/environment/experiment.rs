//! GOEXPERIMENT names by Go version (build time).
//!
//! An unknown name fails the build (`go: unknown GOEXPERIMENT swissmap`), so an experiment axis
//! must be filtered per toolchain. Sources: internal/goexperiment/flags.go for existence,
//! internal/buildcfg/exp.go for the amd64 baseline, of the seven toolchains named in the parent
//! module.

use super::declared::DeclaredExperiment;
use super::declared_table::DECLARED_EXPERIMENTS;
use super::godebug_table::Role;
use super::problem::{Problem, ProblemKind, SettingVerdict, nearest};
use super::releases::Releases;
use crate::GoVersion;

/// One experiment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Experiment {
    /// The name as GOEXPERIMENT takes it; `no` in front turns it off.
    pub name: &'static str,
    /// What it is for.
    pub role: Role,
    /// What it changes.
    pub effect: &'static str,
}

impl Experiment {
    /// Whether that version knows the name.
    #[must_use]
    pub fn exists_in(&self, version: &GoVersion) -> bool {
        self.declared().any(|row| row.releases.contains(version))
    }

    /// Whether it is on by default there (linux/amd64).
    #[must_use]
    pub fn is_default_in(&self, version: &GoVersion) -> bool {
        let mut rows = self.declared();
        rows.any(|row| row.on && row.releases.contains(version))
    }

    /// Whether a build without GOEXPERIMENT does it: on by default there, or on by default in the last release that knew
    /// the name and part of every build since.
    #[must_use]
    pub fn in_force_in(&self, version: &GoVersion) -> bool {
        if self.exists_in(version) {
            return self.is_default_in(version);
        }
        let comes_later = self
            .declared()
            .any(|row| row.releases.resume_after(version));
        // Rows are by name and then `off` before `on`; the last stretch tells how it ended.
        let ended = self
            .declared()
            .max_by_key(|row| row.releases.newest_start());
        !comes_later && ended.is_some_and(|row| row.on)
    }

    /// The versions that know the name, in words; `None` if all do.
    #[must_use]
    pub fn range(&self) -> Option<String> {
        let mut spans = Vec::new();
        for row in self.declared() {
            spans.extend(row.releases.spans());
        }
        Releases::described_spans(spans)
    }

    fn declared(&self) -> impl Iterator<Item = &'static DeclaredExperiment> {
        let name = self.name;
        DECLARED_EXPERIMENTS
            .iter()
            .filter(move |row| row.name == name)
    }
}

const fn named(name: &'static str, role: Role, effect: &'static str) -> Experiment {
    Experiment { name, role, effect }
}

/// Every experiment of Go 1.21 to 1.27, sorted by name. Which release knows it, and which has it on, stands in
/// [`DECLARED_EXPERIMENTS`].
#[rustfmt::skip]
pub const EXPERIMENTS: &[Experiment] = &[
    named("aliastypeparams", Role::Compatibility, "type parameters on aliases"),
    named("allocheaders", Role::Tuning, "GC metadata next to objects; 1.22 can opt out"),
    named("arenas", Role::Tuning, "the arena package"),
    named("boringcrypto", Role::Compatibility, "BoringCrypto instead of Go's own cryptography"),
    named("cacheprog", Role::Compatibility, "GOCACHEPROG"),
    named("cgocheck2", Role::Debugging, "thorough cgo pointer checks; slow"),
    named("coverageredesign", Role::Compatibility, "coverage redesign"),
    named("dwarf5", Role::Tuning, "DWARF 5 debug information"),
    named("exectracer2", Role::Tuning, "second execution tracer; 1.22 can opt out"),
    named("fieldtrack", Role::Debugging, "field tracking"),
    named("goroutineleakprofile", Role::Compatibility, "the goroutineleak profile; unconditional in 1.27"),
    named("greenteagc", Role::Tuning, "the Green Tea garbage collector"),
    named("heapminimum512kib", Role::Tuning, "minimum heap of 512 KiB instead of 4 MiB"),
    named("jsonv2", Role::Tuning, "encoding/json on the v2 engine"),
    named("loopvar", Role::Compatibility, "per-iteration loop variables whatever the go line"),
    named("mapsplitgroup", Role::Tuning, "map groups with keys and values apart"),
    named("newinliner", Role::Tuning, "the newer inliner heuristics"),
    named("pagetrace", Role::Debugging, "page allocation tracing"),
    named("preemptibleloops", Role::Tuning, "preemption checks in loop back edges"),
    named("randomizedheapbase64", Role::Tuning, "randomised heap base address"),
    named("range", Role::Compatibility, "range over functions, first name"),
    named("rangefunc", Role::Compatibility, "range over functions"),
    named("regabiargs", Role::Tuning, "register calling convention"),
    named("regabiwrappers", Role::Tuning, "calling convention wrappers"),
    named("runtimefreegc", Role::Tuning, "freeing of memory known to be dead before a GC"),
    named("runtimesecret", Role::Compatibility, "the runtime/secret package"),
    named("simd", Role::Tuning, "the simd package"),
    named("sizespecializedmalloc", Role::Tuning, "allocation functions per size class"),
    named("spinbitmutex", Role::Tuning, "newer runtime-internal mutex; unconditional in 1.25"),
    named("staticlockranking", Role::Debugging, "lock rank checks; very slow"),
    named("swissmap", Role::Tuning, "Swiss table maps; unconditional in 1.26"),
    named("synchashtriemap", Role::Tuning, "sync.Map as a hash trie; unconditional in 1.26"),
    named("synctest", Role::Compatibility, "testing/synctest as an experiment"),
];

/// The row of an experiment, by its name without `no`.
#[must_use]
pub fn find_experiment(name: &str) -> Option<&'static Experiment> {
    EXPERIMENTS.iter().find(|row| row.name == name)
}

/// Names that stand for several experiments: they exist in every version (`ParseGOEXPERIMENT` of
/// internal/buildcfg/exp.go).
const ALIASES: [&str; 1] = ["regabi"];
/// On amd64 the register calling convention cannot be turned off (`regabiAlwaysOn`).
const ALWAYS_ON: [&str; 3] = ["regabi", "regabiargs", "regabiwrappers"];

/// Splits a GOEXPERIMENT value; empty parts are dropped as `cmd/go` drops them.
pub fn goexperiment_names(value: &str) -> impl Iterator<Item = &str> {
    value.split(',').filter(|name| !name.is_empty())
}

/// Whether a toolchain would build with this experiment, `no` forms included.
///
/// # Errors
/// [`ProblemKind::Unknown`] if no version knows the name, [`ProblemKind::AbsentInVersion`] if
/// the one asked about does not (the build would fail).
pub fn check_goexperiment(
    name: &str,
    version: Option<&GoVersion>,
) -> Result<SettingVerdict, Problem> {
    // `none` switches all off, and is accepted by every version (buildcfg.ParseGOEXPERIMENT).
    if name == "none" {
        return Ok(SettingVerdict::default());
    }
    let known = |name: &str| find_experiment(name).is_some() || ALIASES.contains(&name);
    let wanted_off = !known(name) && name.starts_with("no");
    let bare = if wanted_off { &name[2..] } else { name };
    if !known(bare) {
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
    let mut verdict = SettingVerdict::default();
    if ALWAYS_ON.contains(&bare) {
        verdict.notes.push(format!(
            "GOEXPERIMENT={name} changes nothing on amd64: the register calling convention is always on there"
        ));
    }
    let (Some(version), Some(row)) = (version, find_experiment(bare)) else {
        return Ok(verdict);
    };
    if !row.exists_in(version) {
        return Err(Problem::new(
            ProblemKind::AbsentInVersion,
            format!(
                "GOEXPERIMENT \"{bare}\" does not exist in Go 1.{} ({})",
                version.minor(),
                row.range().unwrap_or_default()
            ),
            "drop this cell; the build would fail",
        ));
    }
    if row.is_default_in(version) != wanted_off && !ALWAYS_ON.contains(&bare) {
        verdict.notes.push(format!(
            "GOEXPERIMENT={name} changes nothing in Go 1.{}: {bare} is {} there by default",
            version.minor(),
            if wanted_off { "off" } else { "on" },
        ));
    }
    super::godebug::note_unverified(version, &mut verdict);
    Ok(verdict)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, minor: u32) -> Result<SettingVerdict, Problem> {
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
    fn the_alias_of_the_calling_convention_is_known_and_named_as_wasted() {
        for name in ["regabi", "noregabi", "noregabiargs"] {
            let verdict = check(name, 27).expect(name);
            assert!(
                verdict.notes[0].contains("always on"),
                "{:?}",
                verdict.notes
            );
        }
        assert!(check("regabis", 27).is_err());
    }

    #[test]
    fn the_table_is_sorted_without_twins() {
        assert!(
            EXPERIMENTS
                .windows(2)
                .all(|pair| pair[0].name < pair[1].name)
        );
    }
}
