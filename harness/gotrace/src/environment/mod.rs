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
//! Main types: [`Problem`] and [`SettingVerdict`]. Which release has a key or an experiment is generated from the sources of
//! every release since 1.21.0 ([`DECLARATIONS`], by [`sources`]); what each is for was read by hand, in the `runtime`,
//! `internal/godebugs`, `internal/goexperiment` and `internal/buildcfg` packages and the code that uses it.
//!
//! What changes between two versions, and which switch brings the old behaviour back: [`defaults_changed`] and
//! [`switches_back`], [`release_changes`], [`default_gomaxprocs`].

mod changes;
mod declared;
mod declared_table;
mod experiment;
mod generate;
mod godebug;
mod godebug_table;
mod notes;
mod problem;
mod quota;
mod releases;
pub mod sources;
mod values;

pub use changes::{
    ChangedDefault, Switch, SwitchKind, Why, defaults_changed, switches_back, switches_back_under,
};
pub use declared::{Declaration, Declared, DeclaredExperiment};
pub use declared_table::{DECLARATIONS, DECLARED_EXPERIMENTS, KNOWN_RELEASES};
pub use experiment::{
    EXPERIMENTS, Experiment, check_goexperiment, find_experiment, goexperiment_names,
};
pub use generate::table_source;
pub use godebug::{check_godebug, check_godebug_string, find_godebug, godebug_pairs};
pub use godebug_table::{Abort, GODEBUG_KEYS, GodebugKey, Role, Values};
pub use notes::{RELEASE_CHANGES, ReleaseChange, Shows, release_changes};
pub use problem::{Problem, ProblemKind, SettingVerdict};
pub use quota::default_gomaxprocs;
pub use releases::{Releases, Span};
pub use values::{
    Gogc, Gomemlimit, MicroArchitecture, Traceback, check_variable, goamd64, gogc, gomaxprocs,
    gomemlimit, gotraceback,
};

/// The minor versions whose sources the tables were read from. For others the tables answer
/// with what the nearest of these does, and the verdict carries a note saying so.
pub const VERIFIED_MINORS: std::ops::RangeInclusive<u32> = 21..=27;
