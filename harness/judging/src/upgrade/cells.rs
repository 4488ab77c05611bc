//! The cells of a run that an upgrade is about.

use std::collections::BTreeMap;

use record::axis::{Axis, DEFAULT};
use record::run::{Cell, Run};
use record::trial::Trial;

use crate::error::JudgingError;
use crate::evidence::TargetTrials;

/// One target of a run, old toolchain and new ones.
pub struct UpgradeTrials<'a> {
    /// The run.
    pub run: &'a Run,
    /// The target's trials.
    pub evidence: TargetTrials<'a>,
    /// The old toolchain's cell, by its place among the cells.
    pub old: usize,
    /// What it is compared with, in the order of the run.
    pub candidates: Vec<Candidate>,
}

/// A new toolchain's cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Its place among the cells.
    pub cell: usize,
    /// The toolchain as the matrix names it.
    pub toolchain: String,
    /// Whether the go line is raised too.
    pub full: bool,
}

impl<'a> UpgradeTrials<'a> {
    /// Finds the cells of a target. `from` is the old toolchain as the matrix names it, by default the control's; `to`
    /// are the new ones, by default every other. `None` where the run has no such pair.
    ///
    /// # Errors
    /// [`JudgingError`]: a record that contradicts itself.
    pub fn of_target(
        run: &'a Run,
        target: &'a str,
        trials: &'a [Trial],
        from: Option<&str>,
        to: &[String],
    ) -> Result<Option<Self>, JudgingError> {
        let evidence = TargetTrials::of_target(run, target, trials)?;
        let control = evidence.cells[evidence.control].cell;
        let from = from.unwrap_or_else(|| toolchain(control)).to_owned();
        let cells = || evidence.cells.iter().enumerate();
        // Where the control is not of the old toolchain, the cell that differs from it in nothing else.
        let old = cells().find(|(_, own)| {
            toolchain(own.cell) == from && !raised(own.cell) && others(own.cell) == others(control)
        });
        let Some((old, _)) = old else {
            return Ok(None);
        };
        let wanted =
            |name: &str| name != from && (to.is_empty() || to.iter().any(|own| own == name));
        let candidates = cells()
            .filter(|(_, own)| wanted(toolchain(own.cell)) && others(own.cell) == others(control))
            .map(|(cell, own)| Candidate {
                cell,
                toolchain: toolchain(own.cell).to_owned(),
                full: raised(own.cell),
            })
            .collect::<Vec<_>>();
        Ok((!candidates.is_empty()).then_some(UpgradeTrials {
            run,
            evidence,
            old,
            candidates,
        }))
    }

    /// The cell at a place.
    pub fn cell(&self, at: usize) -> &'a Cell {
        self.evidence.cells[at].cell
    }
}

fn toolchain(cell: &Cell) -> &str {
    let name = Axis::Toolchain.to_string();
    cell.axes.get(&name).map_or(DEFAULT, String::as_str)
}

/// Whether a cell is built under another go line than the module's own.
fn raised(cell: &Cell) -> bool {
    let value = cell.axes.get(&Axis::GoLine.to_string());
    value.is_some_and(|value| value != DEFAULT && value != "module")
}

/// A cell's settings besides those that an upgrade changes.
fn others(cell: &Cell) -> BTreeMap<&str, &str> {
    let changes = [Axis::Toolchain, Axis::GoLine].map(|axis| axis.to_string());
    let pairs = cell.axes.iter().filter(|(name, _)| !changes.contains(name));
    pairs
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect()
}
