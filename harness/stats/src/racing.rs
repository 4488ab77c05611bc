//! Racing elimination: which cells cannot reach the top group any more and need no further blocks.
//!
//! Looking again after every block would reject too often, so α is shared out over the planned looks and, by Holm, over
//! each cell's rivals. Works on the additive fit, so that cells dropped earlier still help to place the blocks.

use crate::additive::AdditiveFit;
use crate::distribution::t_upper;
use crate::error::{StatsError, check_not_negative, check_probability};
use crate::paired::signs_only_p;

/// When a cell may be dropped.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RaceRule {
    /// Chance, over the whole race, of dropping a cell that is as good as its rivals.
    pub alpha: f64,
    /// How many times the race will look; at least 1.
    pub planned_looks: usize,
    /// No cell is dropped with fewer trials.
    pub min_trials: usize,
    /// Only cells that are worse by more than this are dropped, in the unit of the values.
    pub margin: f64,
}

/// A cell that is out of the race.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Elimination {
    /// The cell.
    pub cell: usize,
    /// The rival that it cannot catch.
    pub rival: usize,
    /// How far it lies behind that rival.
    pub behind: f64,
    /// One-sided p-value of "behind by no more than the margin", adjusted for rivals and looks.
    pub p_value: f64,
}

/// The cells of `racing` that can be dropped now, in the order of `racing`. Higher values are better. The cell with
/// the highest level is never dropped; the caller keeps the control in every block whatever this says.
///
/// # Errors
/// [`StatsError::OutOfRange`] for the rule or a cell that the fit does not have.
pub fn eliminations(
    fit: &AdditiveFit,
    racing: &[usize],
    rule: &RaceRule,
) -> Result<Vec<Elimination>, StatsError> {
    check_probability("alpha", rule.alpha)?;
    check_not_negative("margin", rule.margin)?;
    if rule.planned_looks == 0 {
        return Err(StatsError::OutOfRange {
            what: "planned looks",
            value: 0.0,
            expected: "1 or more",
        });
    }
    for &cell in racing {
        crate::blocks::check_index("racing cell", cell, fit.cells())?;
    }
    let tests = (racing.len().saturating_sub(1) * rule.planned_looks) as f64;
    Ok(racing
        .iter()
        .filter(|&&cell| fit.trials[cell] >= rule.min_trials.max(2))
        .filter_map(|&cell| {
            let (rival, p_value) = strongest_rival(fit, racing, cell, rule.margin)?;
            let p_value = (p_value * tests).min(1.0);
            (p_value <= rule.alpha).then(|| Elimination {
                cell,
                rival,
                behind: fit.cell_levels[rival] - fit.cell_levels[cell],
                p_value,
            })
        })
        .collect())
}

/// The rival with the largest t beyond the margin, and its one-sided p-value.
fn strongest_rival(
    fit: &AdditiveFit,
    racing: &[usize],
    cell: usize,
    margin: f64,
) -> Option<(usize, f64)> {
    let evidence = |rival: usize| {
        let beyond = fit.cell_levels[rival] - fit.cell_levels[cell] - margin;
        if beyond <= 0.0 {
            f64::NEG_INFINITY
        } else {
            beyond / fit.standard_error(rival, cell)
        }
    };
    let (rival, t) = racing
        .iter()
        .filter(|&&rival| rival != cell)
        .map(|&rival| (rival, evidence(rival)))
        .max_by(|a, b| a.1.total_cmp(&b.1))?;
    let p_value = if t == f64::INFINITY {
        signs_only_p(fit.trials[cell].min(fit.trials[rival]))
    } else {
        t_upper(t, fit.residual_df as f64)
    };
    Some((rival, p_value))
}
