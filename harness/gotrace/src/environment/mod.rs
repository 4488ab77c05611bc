//! What Go does with the environment that a cell would give it, decided before anything is started.
//!
//! Go is silent about most mistakes: `GOMAXPROCS=500m`, `GOGC=abc`, an unknown GODEBUG key or
//! `gctrace=1;schedtrace=1` are ignored, so a typo in a matrix would measure the default under
//! another name. A few others end the process at start (`GOMEMLIMIT=512Mi`). These functions
//! parse as the runtime parses and refuse what it would ignore.
//!
//! | variable | function |
//! |---|---|
//! | GOMAXPROCS, GOGC, GOMEMLIMIT, GOTRACEBACK | [`gomaxprocs`], [`gogc`], [`gomemlimit`], [`gotraceback`] |
//! | GODEBUG | [`check_godebug`] for one pair, [`godebug_pairs`] for a string; the data: [`GODEBUG_KEYS`] |
//! | GOEXPERIMENT, GOAMD64 (build time) | [`check_goexperiment`], [`goamd64`]; the data: [`EXPERIMENTS`] |
//! | any of them by name | [`check_variable`] |
//!
//! Main types: [`Problem`] and [`Verdict`]. Sources: the `runtime`, `internal/godebugs`,
//! `internal/goexperiment` and `internal/buildcfg` packages of go1.21.13, go1.22.10, go1.23.9,
//! go1.24.11, go1.25.5, go1.26.6 and go1.27.3, read key by key.
//!
//! Deliberately absent: defaults that depend on a go.mod `go` line being applied to a concrete
//! build; `go version -m` tells those ([`crate::buildinfo`]).

mod experiment;
mod godebug;
mod godebug_table;
mod problem;
mod values;

pub use experiment::{EXPERIMENTS, Experiment, check_goexperiment, goexperiment_names};
pub use godebug::{check_godebug, check_godebug_string, find_godebug, godebug_pairs};
pub use godebug_table::{Abort, GODEBUG_KEYS, GodebugKey, Role, Values};
pub use problem::{Problem, ProblemKind, Verdict};
pub use values::{
    Gogc, Gomemlimit, MicroArchitecture, Traceback, check_variable, goamd64, gogc, gomaxprocs,
    gomemlimit, gotraceback,
};

/// The minor versions whose sources the tables were read from. For others the tables answer
/// with what the nearest of these does, and the verdict carries a note saying so.
pub const VERIFIED_MINORS: std::ops::RangeInclusive<u32> = 21..=27;
