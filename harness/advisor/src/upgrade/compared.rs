//! What is compared with what: every target and new version of a run, with the comparison that decides.

use std::collections::BTreeMap;
use std::rc::Rc;

use judging::evidence::targets;
use judging::upgrade::{Candidate, Judged, UpgradeTrials, compare};
use record::run::{Cell, Run};
use record::trial::Trial;

use super::defaults::{Sides, go_line, version_of};
use super::scan::ModuleSources;
use crate::error::AdvisorError;
use crate::of_run::Raw;

/// What a page on an upgrade is made of.
pub struct UpgradeGiven<'a> {
    /// The run in which the versions stand side by side.
    pub run: &'a Run,
    /// Its trials.
    pub trials: &'a [Trial],
    /// The old toolchain as the matrix names it; the control's where nobody says.
    pub from: Option<&'a str>,
    /// The new ones; every other where nobody says.
    pub to: &'a [String],
    /// Reads the raw evidence of a trial; what is gone is `None`.
    pub raw: &'a dyn Fn(&Trial) -> Raw,
    /// What was read of the targets' modules, by target.
    pub sources: &'a BTreeMap<String, ModuleSources>,
    /// The runs with switches back.
    pub switched: &'a [Switched<'a>],
    /// The command that measures again.
    pub command: String,
    /// Version and revision of the gosweep that judges.
    pub tool: String,
}

/// One target under one new version, with the comparison that decides.
pub(super) struct Compared<'a> {
    pub(super) target: String,
    pub(super) toolchain: String,
    pub(super) sides: Sides,
    pub(super) trials: Rc<UpgradeTrials<'a>>,
    pub(super) cell: usize,
    pub(super) new: Cell,
    pub(super) judged: Vec<Judged>,
    /// The comparison that does not decide.
    pub(super) other: Option<Vec<Judged>>,
}

/// Every target and version of a run.
pub(super) fn compared<'a>(given: &UpgradeGiven<'a>) -> Result<Vec<Compared<'a>>, AdvisorError> {
    let mut all = Vec::new();
    for target in targets(given.run) {
        let found =
            UpgradeTrials::of_target(given.run, target, given.trials, given.from, given.to)?;
        let Some(trials) = found.map(Rc::new) else {
            continue;
        };
        let mut names: Vec<&str> = Vec::new();
        for candidate in &trials.candidates {
            if !names.contains(&candidate.toolchain.as_str()) {
                names.push(&candidate.toolchain);
            }
        }
        for name in names {
            all.extend(one(given, target, &trials, name));
        }
    }
    Ok(all)
}

fn one<'a>(
    given: &UpgradeGiven<'a>,
    target: &str,
    trials: &Rc<UpgradeTrials<'a>>,
    toolchain: &str,
) -> Option<Compared<'a>> {
    let of = |full: bool| {
        let mut all = trials.candidates.iter();
        all.find(|own| own.toolchain == toolchain && own.full == full)
    };
    let decides: &Candidate = of(true).or_else(|| of(false))?;
    let other = of(false).filter(|_| decides.full);
    let old = trials.cell(trials.old);
    let old_name = old.axes.get("toolchain").map_or("default", String::as_str);
    let module = given
        .sources
        .get(target)
        .and_then(|own| own.go_mod.as_ref());
    Some(Compared {
        target: target.to_owned(),
        toolchain: toolchain.to_owned(),
        sides: Sides {
            from: version_of(given.run, old_name)?,
            to: version_of(given.run, toolchain)?,
            module_line: module.and_then(|(_, text)| go_line(text)),
            full: decides.full,
        },
        cell: decides.cell,
        new: trials.cell(decides.cell).clone(),
        judged: compare(trials, decides.cell),
        other: other.map(|own| compare(trials, own.cell)),
        trials: trials.clone(),
    })
}

/// A run in which switches were put back, for one target and version.
#[derive(Debug, Clone, Copy)]
pub struct Switched<'a> {
    /// The target.
    pub target: &'a str,
    /// The new toolchain as the matrix names it.
    pub toolchain: &'a str,
    /// The run, whose control is the new version without any switch.
    pub run: &'a Run,
    /// Its trials.
    pub trials: &'a [Trial],
}
