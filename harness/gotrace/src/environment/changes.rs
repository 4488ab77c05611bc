//! What changes without anybody asking for it when the toolchain or the go line does, and what brings the old back.
//!
//! Two things decide what a program does that sets nothing: the toolchain that built it and the go line of its go.mod. So
//! every question here takes both, of either side. What a key does in a release that does not know it is answered too:
//! before the key came, the old behaviour; after it was removed, the new one, whatever the go line.

use std::fmt;

use super::experiment::EXPERIMENTS;
use super::godebug_table::{GODEBUG_KEYS, GodebugKey, Role};
use crate::GoVersion;

/// How a switch is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SwitchKind {
    /// A pair of GODEBUG: at run time, in the process's environment.
    Godebug,
    /// A name in GOEXPERIMENT: when the program is built.
    Goexperiment,
}

impl SwitchKind {
    /// The variable that takes it.
    #[must_use]
    pub const fn variable(self) -> &'static str {
        match self {
            Self::Godebug => "GODEBUG",
            Self::Goexperiment => "GOEXPERIMENT",
        }
    }

    /// True if the program must be built anew.
    #[must_use]
    pub const fn is_of_the_build(self) -> bool {
        matches!(self, Self::Goexperiment)
    }
}

/// A setting of the new toolchain that brings back what the old one did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Switch {
    /// Which variable takes it.
    pub kind: SwitchKind,
    /// The key or experiment, without value and without `no`.
    pub name: &'static str,
    /// Exactly what to put into the variable: `containermaxprocs=0`, `nogreenteagc`.
    pub setting: String,
    /// What the key or experiment is about.
    pub effect: &'static str,
    /// What it is for: [`Role::Tuning`] may show in speed or memory, others hardly.
    pub role: Role,
    /// `Some(minor)`: it only matters if the go line rises across `1.minor`; under an unchanged go line the program
    /// does the same with both toolchains.
    pub go_line: Option<u32>,
    /// The releases that take it, in words; `None` if all known ones do.
    pub valid: Option<String>,
}

impl fmt::Display for Switch {
    /// `GODEBUG=containermaxprocs=0`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}={}", self.kind.variable(), self.setting)
    }
}

/// Why a default is another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Why {
    /// The go line of the new side is at least `1.minor`, that of the old side is not.
    GoLine {
        /// The go line from which on the new default holds.
        minor: u32,
    },
    /// The new toolchain does otherwise under the same go line.
    Toolchain,
    /// The new toolchain no longer has the key: only one behaviour is left, whatever the go line.
    Removed,
}

impl fmt::Display for Why {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::GoLine { minor } => write!(formatter, "go line of 1.{minor} or later"),
            Self::Toolchain => write!(formatter, "the toolchain, whatever the go line"),
            Self::Removed => write!(
                formatter,
                "the key was removed: only this behaviour is left, whatever the go line"
            ),
        }
    }
}

/// One default that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedDefault {
    /// Whether `key` is one of GODEBUG or an experiment.
    pub kind: SwitchKind,
    /// The GODEBUG key or experiment.
    pub key: &'static str,
    /// The package that it concerns; `None` for experiments.
    pub package: Option<&'static str>,
    /// What holds on the old side: a value of the key, or `on` and `off` for an experiment.
    pub from: String,
    /// What holds on the new side.
    pub to: String,
    /// Why.
    pub why: Why,
    /// What the key or experiment is about.
    pub effect: &'static str,
    /// What it is for.
    pub role: Role,
    /// What brings the old back on the new side; `None` if nothing does.
    pub switch: Option<Switch>,
}

/// The defaults that differ between a program built by `from` under `go_line_from` and one built by `to` under
/// `go_line_to`: those of GODEBUG by name, then those of GOEXPERIMENT (linux/amd64).
#[must_use]
pub fn defaults_changed(
    from: &GoVersion,
    to: &GoVersion,
    go_line_from: &GoVersion,
    go_line_to: &GoVersion,
) -> Vec<ChangedDefault> {
    let keys = GODEBUG_KEYS.iter();
    let keys = keys.filter_map(|key| changed_key(key, (from, go_line_from), (to, go_line_to)));
    keys.chain(changed_experiments(from, to)).collect()
}

/// The switches that bring A's behaviour back in B when the go line rises along with the toolchain. What only a risen go
/// line changes says so in [`Switch::go_line`]. Those that may show in speed or memory come first.
#[must_use]
pub fn switches_back(from: &GoVersion, to: &GoVersion) -> Vec<Switch> {
    switches_back_under(from, to, from, to)
}

/// The same for given go lines: under an unchanged one, only what the toolchain itself changed is left.
#[must_use]
pub fn switches_back_under(
    from: &GoVersion,
    to: &GoVersion,
    go_line_from: &GoVersion,
    go_line_to: &GoVersion,
) -> Vec<Switch> {
    let changed = defaults_changed(from, to, go_line_from, go_line_to);
    let mut switches: Vec<Switch> = changed.into_iter().filter_map(|row| row.switch).collect();
    switches.sort_by_key(|switch| (switch.role != Role::Tuning, switch.kind, switch.name));
    switches
}

type Side<'a> = (&'a GoVersion, &'a GoVersion);

fn changed_key(key: &GodebugKey, old: Side<'_>, new: Side<'_>) -> Option<ChangedDefault> {
    let from = key.value_without_setting(old.0, old.1)?;
    let to = key.value_without_setting(new.0, new.1)?;
    if from == to {
        return None;
    }
    let by_go_line = key.older_go_line(new.0).map(|(minor, _)| minor);
    // Would the old go line alone have kept it?
    let kept = key.value_without_setting(new.0, old.1).as_ref() == Some(&from);
    let why = match by_go_line {
        Some(minor) if kept => Why::GoLine { minor },
        None if !key.exists_in(new.0) => Why::Removed,
        _ => Why::Toolchain,
    };
    let taken = key.exists_in(new.0) && key.values_in(new.0).accepts(&from);
    let switch = taken.then(|| Switch {
        kind: SwitchKind::Godebug,
        name: key.name,
        setting: format!("{}={from}", key.name),
        effect: key.effect,
        role: key.role,
        go_line: match why {
            Why::GoLine { minor } => Some(minor),
            _ => None,
        },
        valid: key.range(),
    });
    Some(ChangedDefault {
        kind: SwitchKind::Godebug,
        key: key.name,
        package: Some(key.package()),
        from,
        to,
        why,
        effect: key.effect,
        role: key.role,
        switch,
    })
}

fn changed_experiments(from: &GoVersion, to: &GoVersion) -> Vec<ChangedDefault> {
    let word = |on: bool| if on { "on" } else { "off" }.to_owned();
    let rows = EXPERIMENTS.iter().filter_map(|row| {
        let (old, new) = (row.in_force_in(from), row.in_force_in(to));
        let switchable = row.exists_in(to);
        (old != new).then(|| ChangedDefault {
            kind: SwitchKind::Goexperiment,
            key: row.name,
            package: None,
            from: word(old),
            to: word(new),
            why: match switchable {
                true => Why::Toolchain,
                false => Why::Removed,
            },
            effect: row.effect,
            role: row.role,
            switch: switchable.then(|| Switch {
                kind: SwitchKind::Goexperiment,
                name: row.name,
                setting: format!("{}{}", if new { "no" } else { "" }, row.name),
                effect: row.effect,
                role: row.role,
                go_line: None,
                valid: row.range(),
            }),
        })
    });
    rows.collect()
}

#[cfg(test)]
#[path = "changes_tests.rs"]
mod tests;
