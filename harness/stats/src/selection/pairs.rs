//! t statistics of all pairs of cells, each with the degrees of freedom of its own blocks.

use crate::additive::{AdditiveFit, Observation};
use crate::distribution::t_upper;
use crate::paired::signs_only_p;
use crate::summary::{deviation_of, mean_of};

/// What a t statistic is compared with.
#[derive(Clone, Copy, PartialEq)]
struct Reference {
    df: f64,
    /// Blocks whose agreement is all that can be said where the differences had no spread.
    blocks: usize,
}

impl Reference {
    /// One-sided p-value of a statistic; exactly zero is no evidence at all.
    fn p_value(self, t: f64) -> f64 {
        if t == f64::INFINITY {
            signs_only_p(self.blocks)
        } else if t == 0.0 {
            1.0
        } else {
            t_upper(t, self.df)
        }
    }
}

/// Scores of every ordered pair.
pub(super) struct Pairs {
    levels: Vec<f64>,
    /// `t[b · cells + a]` for "a beats b"; NaN where the pair cannot be compared.
    t: Vec<f64>,
    /// Position in `references`, in the same order.
    reference: Vec<u32>,
    references: Vec<Reference>,
}

impl Pairs {
    /// Of an unbalanced fit, with the pooled residual.
    pub(super) fn of_fit(fit: &AdditiveFit) -> Self {
        let blocks = fit.trials.iter().copied().min().unwrap_or(1);
        let df = fit.residual_df as f64;
        let mut pairs = Pairs::empty(fit.cell_levels.clone(), vec![Reference { df, blocks }]);
        for first in 0..fit.cells() {
            for second in 0..first {
                let difference = fit.cell_levels[first] - fit.cell_levels[second];
                let t = if difference == 0.0 {
                    0.0
                } else {
                    difference / fit.standard_error(first, second)
                };
                pairs.set(first, second, t, 0);
            }
        }
        pairs
    }

    /// Of each cell's values block by block, NaN where a trial is missing: paired t over the blocks of both.
    pub(super) fn of_columns(levels: Vec<f64>, columns: &[Vec<f64>]) -> Self {
        // One reference per number of shared blocks, from two on.
        let most = columns.first().map_or(0, Vec::len);
        let references = (2..=most.max(2)).map(|blocks| Reference {
            df: (blocks - 1) as f64,
            blocks,
        });
        let mut pairs = Pairs::empty(levels, references.collect());
        let mut differences = Vec::with_capacity(most);
        for first in 0..columns.len() {
            for second in 0..first {
                differences.clear();
                let both = columns[first].iter().zip(&columns[second]);
                differences.extend(both.map(|(a, b)| a - b).filter(|value| !value.is_nan()));
                if differences.len() >= 2 {
                    pairs.set(first, second, paired_t(&differences), differences.len() - 2);
                }
            }
        }
        pairs
    }

    fn empty(levels: Vec<f64>, references: Vec<Reference>) -> Self {
        let pairs = levels.len() * levels.len();
        Pairs {
            levels,
            t: vec![f64::NAN; pairs],
            reference: vec![0; pairs],
            references,
        }
    }

    fn set(&mut self, first: usize, second: usize, t: f64, reference: usize) {
        let cells = self.levels.len();
        let reference = u32::try_from(reference).unwrap_or(u32::MAX);
        for (place, t) in [(second * cells + first, t), (first * cells + second, -t)] {
            self.t[place] = t;
            self.reference[place] = reference;
        }
    }

    pub(super) fn levels(&self) -> &[f64] {
        &self.levels
    }

    /// The rival with the smallest p-value against this cell; `None` where none can be compared with it. p falls with
    /// t, so that only the largest t of each reference is looked up.
    pub(super) fn strongest_rival(&self, cell: usize) -> Option<(usize, f64)> {
        let cells = self.levels.len();
        let row = cell * cells..(cell + 1) * cells;
        let mut largest: Vec<Option<(usize, f64)>> = vec![None; self.references.len()];
        let scores = self.t[row.clone()].iter().zip(&self.reference[row]);
        for (rival, (&t, &reference)) in scores.enumerate() {
            let slot = &mut largest[reference as usize];
            if !t.is_nan() && slot.is_none_or(|(_, most)| t > most) {
                *slot = Some((rival, t));
            }
        }
        largest
            .into_iter()
            .zip(&self.references)
            .filter_map(|(slot, reference)| slot.map(|(rival, t)| (rival, reference.p_value(t))))
            .min_by(|a, b| a.1.total_cmp(&b.1))
    }
}

fn paired_t(differences: &[f64]) -> f64 {
    let mean = mean_of(differences);
    if mean == 0.0 {
        return 0.0;
    }
    mean / (deviation_of(differences) / (differences.len() as f64).sqrt())
}

/// The values of each cell block by block: the mean where a block holds several, NaN where it holds none.
pub(super) fn columns(observations: &[Observation], cells: usize, blocks: usize) -> Vec<Vec<f64>> {
    let mut sums = vec![vec![0.0; blocks]; cells];
    let mut counts = vec![vec![0_u32; blocks]; cells];
    for &Observation { block, cell, value } in observations {
        sums[cell][block] += value;
        counts[cell][block] += 1;
    }
    for (sums, counts) in sums.iter_mut().zip(&counts) {
        for (sum, &count) in sums.iter_mut().zip(counts) {
            *sum /= f64::from(count);
        }
    }
    sums
}
