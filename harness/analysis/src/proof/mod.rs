//! Whether rankings of a real run keep what the method promises: what `gosweep rank --selftest` prints.
//!
//! [`prove`] looks for cells whose truth is known beforehand and checks what the ranking says of them:
//! - a cell that is the control under another name (its effective settings are the same): any claim is a false alarm;
//! - a cell that only burns more iterations per request (`option.burn`): its CPU per request grows in proportion, and
//!   its interval shows it as often as size and noise predict;
//! - cells that differ in GOGC only: their collections per 1,000 requests fall in a known order, in a predicted ratio.
//!
//! A check that could not have failed proves nothing. So each says what would have been FAILS, and HOLDS only where as
//! many blocks could have come out either way; else it is inconclusive, with the number that would do.
//!
//! False alarms and power are shares of runs. A run of many blocks is therefore taken apart into runs of six blocks,
//! each ranked by itself, in the order of time and without overlap, so that they are as independent as runs are.
//!
//! Deliberately absent: synthetic data (`stats/tests/promises` and `gate --selftest` have that).

mod alarms;
mod document;
mod gogc;
mod injection;

use std::collections::BTreeSet;

use record::run::Run;
use record::threshold::Thresholds;
use record::trial::Trial;

pub use document::{Check, Outcome, PROOF_FORMAT, Proof};

use crate::error::AnalysisError;
use crate::figures::grouped;
use crate::rank::{CellEvidence, Evidence, RankOptions, check_cells, matrix_of, rank, targets};
use crate::ranking::{Ranking, TargetRanking};

/// Blocks of a part: the least that carries an exact 95 % interval.
const PART: usize = 6;

/// A check fails where chance explains what was seen less often than this.
const SURPRISE: f64 = 0.01;

/// More blocks than this are no advice.
const MOST_BLOCKS: f64 = 2_000.0;

/// Checks everything that is known of the cells of a run.
///
/// # Errors
/// [`AnalysisError`]: a record that contradicts itself, options outside their meaning, or no cell of known truth.
pub fn prove(run: &Run, trials: &[Trial], options: &RankOptions) -> Result<Proof, AnalysisError> {
    check_cells(run, trials)?;
    let options = &RankOptions {
        explore: false,
        ..options.clone()
    };
    let whole = rank(run, trials, options)?;
    let thresholds = matrix_of(run)?.thresholds;
    let mut checks = Vec::new();
    for (at, target) in targets(run).into_iter().enumerate() {
        let evidence = Evidence::of_target(run, target, trials)?;
        let parts = parts(run, trials, &evidence, options)?;
        let known = Known {
            evidence: &evidence,
            ranking: &whole.targets[at],
            parts: parts.iter().map(|part| &part.targets[at]).collect(),
            options,
            thresholds: &thresholds,
        };
        checks.extend(alarms::check(&known));
        checks.extend(injection::checks(&known));
        checks.extend(gogc::checks(&known));
    }
    if checks.is_empty() {
        return Err(AnalysisError::NothingToCompare(format!(
            "run {} has no cell whose truth is known: matrices/proof has matrices that do",
            run.id
        )));
    }
    Ok(Proof {
        format: PROOF_FORMAT,
        run: run.id.clone(),
        verdict: checks
            .iter()
            .map(|check| check.outcome)
            .max()
            .unwrap_or(Outcome::Inconclusive),
        checks,
        tool: options.tool.clone(),
    })
}

/// A target with everything that checks look at.
struct Known<'a> {
    evidence: &'a Evidence<'a>,
    ranking: &'a TargetRanking,
    /// The rankings of the parts, in the order of time.
    parts: Vec<&'a TargetRanking>,
    options: &'a RankOptions,
    /// The matrix's.
    thresholds: &'a Thresholds,
}

impl Known<'_> {
    /// Cells that differ from the control on this axis alone, with their value on it.
    fn differing_in<'k>(
        &'k self,
        axis: &'k str,
    ) -> impl Iterator<Item = (usize, &'k CellEvidence<'k>, &'k str)> {
        let control = &self.evidence.cells[self.evidence.control].cell.axes;
        let cells = self.evidence.cells.iter().enumerate();
        cells.filter_map(move |(at, cell)| {
            let own = &cell.cell.axes;
            let names: BTreeSet<&String> = own.keys().chain(control.keys()).collect();
            let differing: Vec<&String> = names
                .into_iter()
                .filter(|name| own.get(*name) != control.get(*name))
                .collect();
            match differing.as_slice() {
                [only] if only.as_str() == axis => Some((at, cell, own.get(axis)?.as_str())),
                _ => None,
            }
        })
    }

    fn id(&self, cell: usize) -> String {
        self.evidence.cells[cell].cell.id.to_string()
    }

    fn label(&self, cell: usize) -> String {
        let id = self.id(cell);
        let mut cells = self.ranking.cells.iter();
        cells
            .find(|own| own.id == id)
            .map_or(id, |own| own.label.clone())
    }
}

/// So many blocks, and why a sensible number would not do where there is none.
fn blocks_that_would_do(blocks: f64, otherwise: &str) -> String {
    if blocks.is_finite() && blocks <= MOST_BLOCKS {
        format!("about {} blocks", grouped(blocks.ceil()))
    } else {
        otherwise.to_owned()
    }
}

/// The same for runs of six blocks.
fn parts_that_would_do(parts: f64, otherwise: &str) -> String {
    blocks_that_would_do(parts.ceil() * PART as f64, otherwise)
}

/// Every six complete blocks ranked by themselves; blocks that are left over are in none.
fn parts(
    run: &Run,
    trials: &[Trial],
    evidence: &Evidence<'_>,
    options: &RankOptions,
) -> Result<Vec<Ranking>, AnalysisError> {
    let blocks: Vec<u32> = evidence.complete.iter().copied().collect();
    blocks
        .chunks_exact(PART)
        .map(|part| {
            let own: Vec<Trial> = trials
                .iter()
                .filter(|trial| part.contains(&trial.block))
                .cloned()
                .collect();
            rank(run, &own, options)
        })
        .collect()
}
