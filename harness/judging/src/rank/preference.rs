//! What the cells are ranked by: objectives in order, or one score that weighs them.
//!
//! The score of a trial is the weighted geometric mean of its figures, each turned so that more is better. Its ratio to
//! the control's is then the weighted mean of the gains on the log scale: with `{qps: 2, p99: 1}`, 10 % more QPS is
//! worth a P99 that is 21 % longer. It goes through the same blocks, intervals, tests and margins as any objective; the
//! margin is the weighted mean of the objectives' own.
//!
//! Deliberately absent: a score of figures that may be zero. A trial without a garbage collection has no ratio to one
//! that had some, so it has no score either.

use std::collections::BTreeMap;

use documents::effect::Criterion;
use record::matrix::Matrix;
use record::objective::Objective;

use crate::evidence::{TargetTrials, Values};
use crate::margin::default_margin;
use crate::options::RankOptions;

/// The caller's preference, or the matrix's.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Preference<'a> {
    /// The most important (or the heaviest) first.
    pub(crate) rank_by: &'a [Objective],
    /// Empty where the objectives are taken in order.
    pub(crate) weights: &'a BTreeMap<Objective, f64>,
}

impl<'a> Preference<'a> {
    pub(crate) fn new(options: &'a RankOptions, matrix: &'a Matrix) -> Preference<'a> {
        match &options.rank_by {
            Some(rank_by) => Preference {
                rank_by,
                weights: &options.weights,
            },
            None => Preference {
                rank_by: &matrix.rank_by,
                weights: &matrix.weights,
            },
        }
    }

    /// What decides, in order.
    pub(crate) fn criteria(&self) -> Vec<Criterion> {
        if self.weights.is_empty() {
            self.rank_by.iter().copied().map(Criterion::from).collect()
        } else {
            vec![Criterion::Score]
        }
    }

    /// The score of every trial that has all weighed figures above zero; `None` without weights.
    pub(crate) fn scores(&self, evidence: &TargetTrials<'_>) -> Option<Values> {
        let total: f64 = self.weights.values().sum();
        let parts: Vec<(f64, Values)> = self
            .weights
            .iter()
            .map(|(&objective, weight)| {
                let share = objective.orientation() * weight / total;
                (share, evidence.values(objective))
            })
            .collect();
        let (_, first) = parts.first()?;
        let score = |of: &dyn Fn(&Values) -> &BTreeMap<u32, f64>| -> BTreeMap<u32, f64> {
            of(first)
                .keys()
                .filter_map(|block| {
                    let logs = parts.iter().map(|(share, values)| {
                        let value = of(values).get(block).filter(|value| **value > 0.0)?;
                        Some(share * value.ln())
                    });
                    Some((*block, logs.sum::<Option<f64>>()?.exp()))
                })
                .collect()
        };
        Some(Values {
            of: Criterion::Score,
            control: evidence.control,
            cells: (0..evidence.cells.len())
                .map(|cell| score(&|values| &values.cells[cell]))
                .collect(),
            duplicate: score(&|values| &values.duplicate),
        })
    }

    /// The weighted mean of the margins, relative.
    pub(crate) fn score_margin(&self, options: &RankOptions) -> f64 {
        let total: f64 = self.weights.values().sum();
        let logs = self.weights.iter().map(|(&objective, weight)| {
            weight / total * default_margin(objective, options).ln_1p()
        });
        logs.sum::<f64>().exp_m1()
    }
}
