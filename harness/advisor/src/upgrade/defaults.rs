//! Versions and go lines of both sides, and the defaults that differ between them.

use documents::upgrade::DefaultChanged;
use gotrace::GoVersion;
use gotrace::environment::{Switch, defaults_changed, switches_back_under};
use record::run::Run;

/// Both sides of an upgrade.
#[derive(Debug, Clone)]
pub(super) struct Sides {
    pub(super) from: GoVersion,
    pub(super) to: GoVersion,
    /// The module's own go line; `None` where nobody could read it.
    pub(super) module_line: Option<GoVersion>,
    /// Whether the new side has its own go line.
    pub(super) full: bool,
}

impl Sides {
    /// The go lines of the old and the new side.
    pub(super) fn lines(&self) -> [GoVersion; 2] {
        let own = self
            .module_line
            .clone()
            .unwrap_or_else(|| self.from.clone());
        let new = match self.full && own.cmp_release(&self.to).is_lt() {
            true => self.to.clone(),
            false => own.clone(),
        };
        [own, new]
    }

    pub(super) fn defaults(&self) -> Vec<DefaultChanged> {
        let [old, new] = self.lines();
        let rows = defaults_changed(&self.from, &self.to, &old, &new).into_iter();
        let shown = rows.map(|row| DefaultChanged {
            key: row.key.to_owned(),
            from: row.from,
            to: row.to,
            why: row.why.to_string(),
            effect: row.effect.to_owned(),
            switch_back: row.switch.map(|switch| switch.to_string()),
        });
        shown.collect()
    }

    pub(super) fn switches(&self) -> Vec<Switch> {
        let [old, new] = self.lines();
        switches_back_under(&self.from, &self.to, &old, &new)
    }
}

/// What a toolchain of a run calls itself, by the name that the matrix gives it.
pub(super) fn version_of(run: &Run, spec: &str) -> Option<GoVersion> {
    let found = run.toolchains.iter().find(|own| own.spec == spec)?;
    GoVersion::parse(&found.version).ok()
}

/// The go line of a go.mod.
pub fn go_line(go_mod: &str) -> Option<GoVersion> {
    let line = go_mod
        .lines()
        .find_map(|line| line.trim().strip_prefix("go "))?;
    GoVersion::parse(line.split("//").next().unwrap_or(line).trim()).ok()
}
