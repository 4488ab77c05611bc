//! A run explored, target by target.

use documents::exploration::{EXPLORATION_FORMAT, Exploration, TargetExploration};
use record::objective::Objective;
use record::run::Run;
use record::trial::Trial;

use super::table::Table;
use super::{effects, front, scaling};
use crate::error::JudgingError;
use crate::evidence::{TargetTrials, check_trials, targets, varying_axes};
use crate::options::RankOptions;

/// What is explored unless the caller says otherwise: the four that METHODOLOGY trades against each other.
pub const EXPLORED: [Objective; 4] = [
    Objective::Qps,
    Objective::P99,
    Objective::GcPerKreq,
    Objective::Rss,
];

/// Explores every target. `objectives` are those of the front and the effects.
///
/// # Errors
/// [`JudgingError`]: a record that contradicts itself.
pub fn explore(
    run: &Run,
    trials: &[Trial],
    objectives: &[Objective],
) -> Result<Exploration, JudgingError> {
    check_trials(run, trials)?;
    let options = RankOptions::default();
    let explored = targets(run).into_iter().map(|target| {
        let evidence = TargetTrials::of_target(run, target, trials)?;
        Ok(explore_target(run, &evidence, objectives, &options))
    });
    Ok(Exploration {
        format: EXPLORATION_FORMAT,
        run: run.id.clone(),
        targets: explored.collect::<Result<_, JudgingError>>()?,
    })
}

pub(crate) fn explore_target(
    run: &Run,
    evidence: &TargetTrials<'_>,
    objectives: &[Objective],
    options: &RankOptions,
) -> TargetExploration {
    let axes = varying_axes(evidence);
    let cells = measured_cells(evidence, objectives);
    let tables: Vec<(Objective, Option<Table>)> = objectives
        .iter()
        .map(|&objective| (objective, Table::new(evidence, objective, &cells, options)))
        .collect();
    let left_out = tables.iter().filter(|(_, table)| table.is_none());
    let left_out = left_out.map(|(objective, _)| *objective).collect();
    let tables: Vec<Table> = tables.into_iter().filter_map(|(_, table)| table).collect();
    TargetExploration {
        target: evidence.target.to_owned(),
        front: front::front(evidence, &tables, &axes, run.seed),
        effects: tables
            .iter()
            .filter_map(|table| effects::effects(evidence, table, &axes))
            .collect(),
        knees: scaling::knees(evidence, &axes),
        left_out,
    }
}

/// Cells that have a value on every objective that any cell has one on.
fn measured_cells(evidence: &TargetTrials<'_>, objectives: &[Objective]) -> Vec<usize> {
    let columns: Vec<_> = objectives
        .iter()
        .map(|&objective| evidence.values(objective).cells)
        .filter(|cells| cells.iter().any(|cell| !cell.is_empty()))
        .collect();
    (0..evidence.cells.len())
        .filter(|&cell| !columns.is_empty() && columns.iter().all(|own| !own[cell].is_empty()))
        .collect()
}
