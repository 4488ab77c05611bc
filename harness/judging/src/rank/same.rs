//! Cells that are one thing under two names: their settings differ on paper and not in the process.

use std::collections::BTreeMap;

use record::axis::Settings;

use crate::evidence::{CellTrials, TargetTrials};

/// For every cell the first cell of the run (the control before all others) with the same effective settings, if that
/// is another one.
pub(crate) fn same_as(evidence: &TargetTrials<'_>) -> Vec<Option<usize>> {
    let mut order: Vec<usize> = (0..evidence.cells.len()).collect();
    order.sort_by_key(|&cell| (cell != evidence.control, cell));
    let mut first: BTreeMap<Vec<String>, usize> = BTreeMap::new();
    let mut same = vec![None; evidence.cells.len()];
    for cell in order {
        let Some(effective) = effective_settings(&evidence.cells[cell]) else {
            continue;
        };
        match first.get(&effective) {
            Some(&earlier) => same[cell] = Some(earlier),
            None => {
                first.insert(effective, cell);
            }
        }
    }
    same
}

/// What the process ran with, in comparable form; `None` where it did not report its settings.
fn effective_settings(cell: &CellTrials<'_>) -> Option<Vec<String>> {
    let readback = cell.valid.values().next()?.readback.as_ref()?;
    let settings = Settings::from_names(&cell.cell.axes).ok()?;
    let mut effective = record::axis::readback::effective(&settings, readback)?;
    effective.extend([
        // What acts at build time has done its work when the artifact exists.
        cell.cell.artifact.clone(),
        // Placement ends in CPU lists.
        cell.cell.target_cpus.clone(),
        cell.cell.generator_cpus.clone(),
        format!("{:?}", cell.cell.memory_node),
    ]);
    Some(effective)
}
