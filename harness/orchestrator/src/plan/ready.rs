//! A cell with everything that launching it takes.

use std::collections::BTreeMap;
use std::path::PathBuf;

use gotrace::GoVersion;
use record::axis::Axis;
use record::cell::CellId;

use super::cells::{Plan, PlannedCell};

/// A cell that can be launched.
#[derive(Debug, Clone)]
pub struct ReadyCell {
    /// Its id.
    pub id: CellId,
    /// Its plan.
    pub planned: PlannedCell,
    /// The program to start.
    pub program: PathBuf,
    /// SHA-256 of the program.
    pub program_sha256: String,
    /// The Go version that built it, where known.
    pub go_version: Option<GoVersion>,
}

/// The options of a cell: the target's defaults, the matrix's for this target, then the cell's own.
pub fn option_values(plan: &Plan, cell: &PlannedCell) -> BTreeMap<String, String> {
    let target = plan.target(cell);
    let mut values: BTreeMap<String, String> = target
        .options
        .iter()
        .map(|(name, option)| (name.clone(), option.default.clone()))
        .collect();
    for (name, value) in plan
        .matrix
        .options
        .get(&cell.spec.target)
        .into_iter()
        .flatten()
    {
        values.insert(name.clone(), value.value.clone());
    }
    for (name, slot) in &mut values {
        if let Some(value) = cell.spec.settings.set_value(&Axis::Option(name.clone())) {
            *slot = value.to_owned();
        }
    }
    values
}
