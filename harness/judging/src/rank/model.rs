//! What the tests of a comparison rest on: one two-way fit of all cells, or each cell's own blocks.
//!
//! Main type: [`Model`].

use std::collections::BTreeMap;

use documents::effect::Scale;
use stats::additive::{self, AdditiveFit, Observation};
use stats::{correction, summary};

use crate::evidence::Values;
use crate::options::RankOptions;
use crate::pair::Pair;

/// Below this no residual is pooled.
const FEWEST_POOLED: usize = 3;

/// How the cells' noise compares.
#[derive(Clone, Copy)]
pub(crate) enum NoiseOfCells {
    Equal,
    Unequal,
}

/// Holm-adjusted p-values over the cells other than the control that have one.
pub(super) fn holm_over(
    pairs: &[Pair],
    control: usize,
    p_value: impl Fn(&Pair) -> Option<f64>,
) -> Vec<Option<f64>> {
    let plain = pairs
        .iter()
        .enumerate()
        .map(|(cell, pair)| (cell != control).then(|| p_value(pair)).flatten())
        .collect();
    adjusted(plain)
}

fn adjusted(plain: Vec<Option<f64>>) -> Vec<Option<f64>> {
    let family: Vec<f64> = plain.iter().flatten().copied().collect();
    let mut adjusted = correction::holm(&family).unwrap_or_default().into_iter();
    plain
        .into_iter()
        .map(|p| p.and_then(|_| adjusted.next()))
        .collect()
}

/// What the p-values rest on: one additive fit with pooled residual where logs exist and cells are about equally noisy,
/// each cell's own blocks otherwise.
pub(super) struct Model {
    fit: Option<AdditiveFit>,
    /// Position in the fit, by cell.
    place: Vec<Option<usize>>,
    equal_noise: bool,
    /// Whether most blocks hold two trials of the control.
    twice: bool,
}

impl Model {
    pub(super) fn new(values: &Values, scale: Scale, options: &RankOptions) -> Model {
        let (place, observations) = observations(values, scale, Trials::WithDuplicate);
        let fit = additive::fit_observations(&observations)
            .ok()
            .filter(|_| scale == Scale::Ratio);
        // Of two cells nothing tells whether one is noisier, and the control's two trials would speak for both.
        let equal_noise = fit.as_ref().is_some_and(|fit| {
            fit.cells() >= FEWEST_POOLED
                && additive::unequal_noise(fit, options.alpha)
                    .is_ok_and(|unequal| unequal.is_empty())
        });
        Model {
            fit,
            place,
            equal_noise,
            twice: 2 * values.duplicate.len() > values.cells[values.control].len(),
        }
    }

    pub(super) fn equal_noise(&self) -> bool {
        self.equal_noise
    }

    pub(super) fn noise(&self) -> NoiseOfCells {
        if self.equal_noise {
            NoiseOfCells::Equal
        } else {
            NoiseOfCells::Unequal
        }
    }

    fn pooled(&self) -> Option<&AdditiveFit> {
        self.fit.as_ref().filter(|_| self.equal_noise)
    }

    pub(super) fn p_values(
        &self,
        pairs: &[Pair],
        control: usize,
        options: &RankOptions,
    ) -> Vec<Option<f64>> {
        let (Some(fit), Some(control_place)) = (self.pooled(), self.place[control]) else {
            return holm_over(pairs, control, Pair::t_p);
        };
        let plain = (0..pairs.len())
            .map(|cell| {
                let place = self.place[cell].filter(|place| *place != control_place)?;
                let contrast = fit.contrast(place, control_place, options.level).ok()?;
                Some(contrast.p_value)
            })
            .collect();
        adjusted(plain)
    }

    /// Degrees of freedom of what the t tests go by.
    pub(super) fn residual_df(&self, blocks: usize) -> usize {
        match self.pooled() {
            Some(fit) => fit.residual_df,
            None => blocks.saturating_sub(1),
        }
    }

    /// Deviation of one block's log ratio: √2 times the pooled noise of a trial (√1.5 where the control was measured
    /// twice), or the median over the cells' own.
    pub(super) fn pair_deviation(&self, pairs: &[Pair], control: usize) -> Option<f64> {
        if let Some(fit) = self.pooled() {
            let trials: f64 = if self.twice { 1.5 } else { 2.0 };
            return Some(fit.residual_deviation * trials.sqrt());
        }
        let own: Vec<f64> = pairs
            .iter()
            .enumerate()
            .filter(|(cell, pair)| *cell != control && pair.scale == Scale::Ratio)
            .filter_map(|(_, pair)| summary::deviation(&pair.differences))
            .collect();
        summary::median(&own)
    }

    pub(super) fn label(&self, pairs: &[Pair]) -> Option<String> {
        if self.pooled().is_some() {
            return Some("t with the residual pooled over all cells, Holm".to_owned());
        }
        pairs.iter().any(|pair| pair.n() >= 2).then(|| {
            "paired t on each cell's own blocks (two cells, unequal noise or zeros), Holm"
                .to_owned()
        })
    }
}

/// Which trials of the control are observations.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trials {
    /// One per cell and block: what ranks the cells with one another.
    Measured,
    /// The control's duplicate too: what compares cells with the control.
    WithDuplicate,
}

/// The values as observations, numbered without gaps; logs on the ratio scale. With the position of every cell.
pub(crate) fn observations(
    values: &Values,
    scale: Scale,
    trials: Trials,
) -> (Vec<Option<usize>>, Vec<Observation>) {
    let mut place = Vec::with_capacity(values.cells.len());
    let mut observations = Vec::new();
    let mut block_numbers: BTreeMap<u32, usize> = BTreeMap::new();
    let mut cells = 0;
    for (cell, column) in values.cells.iter().enumerate() {
        if column.is_empty() {
            place.push(None);
            continue;
        }
        place.push(Some(cells));
        let duplicate = (cell == values.control && trials == Trials::WithDuplicate)
            .then_some(&values.duplicate);
        let again = duplicate.into_iter().flatten();
        for (&block, &value) in column.iter().chain(again) {
            let next = block_numbers.len();
            observations.push(Observation {
                block: *block_numbers.entry(block).or_insert(next),
                cell: cells,
                value: on_scale(value, scale),
            });
        }
        cells += 1;
    }
    (place, observations)
}

pub(crate) fn on_scale(value: f64, scale: Scale) -> f64 {
    match scale {
        Scale::Ratio => value.ln(),
        Scale::Difference => value,
    }
}
