//! What the Go sources themselves declare of every GODEBUG key and experiment, release by release.
//!
//! The rows (`declared_table`) are generated from the sources of every
//! release that the Go module proxy has: `gosweep toolchain facts --update` makes them again. What a key *means* cannot be
//! read out of them and stands, written by hand, in the tables beside them.

use super::releases::{Releases, Span};

/// Where the sources declare a key, and what they say of it there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Declared {
    /// `dbgvars` of runtime/runtime1.go: a 32-bit integer that the runtime reads at start, with its default on Linux.
    Runtime {
        /// What holds where nothing sets the key.
        default: i64,
    },
    /// `All` of internal/godebugs/table.go: `//go:debug` and the `godebug` block of go.mod take it.
    Source {
        /// The package that reads it.
        package: &'static str,
        /// `(minor, old)`: under a go line older than `1.minor` the default is `old`.
        changed: Option<(u32, &'static str)>,
    },
    /// `godebug.New("#key")` in a package of the standard library: works, but in no table and no documentation.
    Undocumented {
        /// The package that reads it.
        package: &'static str,
    },
    /// `Removed` of internal/godebugs/table.go: no longer acted upon.
    Removed {
        /// The minor version that removed it.
        minor: u32,
        /// The values that end the process at start (golang/go#76163).
        old: &'static [&'static str],
    },
}

/// One declaration, with the releases that have it in exactly this form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Declaration {
    /// The key.
    pub name: &'static str,
    /// What is declared.
    pub what: Declared,
    /// The releases.
    pub releases: Releases,
}

/// One experiment of internal/goexperiment/flags.go, with its baseline on linux/amd64 (internal/buildcfg/exp.go).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DeclaredExperiment {
    /// The name as GOEXPERIMENT takes it.
    pub name: &'static str,
    /// Whether it is on without being asked for.
    pub on: bool,
    /// The releases.
    pub releases: Releases,
}

// Rows of the generated table.

const fn declared(name: &'static str, what: Declared, spans: &'static [Span]) -> Declaration {
    Declaration {
        name,
        what,
        releases: Releases(spans),
    }
}

pub(super) const fn runtime(
    name: &'static str,
    default: i64,
    spans: &'static [Span],
) -> Declaration {
    declared(name, Declared::Runtime { default }, spans)
}

pub(super) const fn source(
    name: &'static str,
    package: &'static str,
    changed: Option<(u32, &'static str)>,
    spans: &'static [Span],
) -> Declaration {
    declared(name, Declared::Source { package, changed }, spans)
}

pub(super) const fn undocumented(
    name: &'static str,
    package: &'static str,
    spans: &'static [Span],
) -> Declaration {
    declared(name, Declared::Undocumented { package }, spans)
}

pub(super) const fn removed(
    name: &'static str,
    minor: u32,
    old: &'static [&'static str],
    spans: &'static [Span],
) -> Declaration {
    declared(name, Declared::Removed { minor, old }, spans)
}

pub(super) const fn experiment(
    name: &'static str,
    on: bool,
    spans: &'static [Span],
) -> DeclaredExperiment {
    DeclaredExperiment {
        name,
        on,
        releases: Releases(spans),
    }
}
