//! Which cells cannot reach the top group any more.
//!
//! A cell leaves only if it is behind on **every** ranked objective: the order of a ranking is lexicographic over tie
//! groups, and constraints may yet take the first cell out of it, so being behind on one objective alone decides
//! nothing. Behind means: by more than the margin that a claim must pass, with a p corrected for its rivals and for
//! every look that the race may take ([`stats::racing`]). A rival counts only if it keeps the constraints. The control
//! never leaves, and nobody leaves a target in which too little can be compared.

use documents::effect::Scale;
use documents::figures::{listed, ratio_text, value_text};
use documents::ranking::CellState;
use record::decision::{Behind, Elimination};
use record::matrix::Matrix;
use record::objective::Objective;
use record::run::{Design, Run};
use stats::additive::{self, AdditiveFit};
use stats::racing::{RaceRule, eliminations};
use stats::{Alternative, paired};

use super::course::{has_left, observed, planned_looks};
use crate::evidence::{TargetTrials, Values, label, varying_axes};
use crate::margin::{Margins, default_margin};
use crate::options::RankOptions;
use crate::pair::Pair;
use crate::rank;
use crate::rank::{Trials, observations};

/// The race of one target's cells.
pub(super) struct Race<'a> {
    run: &'a Run,
    evidence: &'a TargetTrials<'a>,
    options: &'a RankOptions,
    looks: usize,
    min_trials: usize,
    objectives: Vec<Track>,
    /// Cells that may beat others: in play, and surely within the constraints.
    rivals: Vec<usize>,
}

/// One ranked objective.
struct Track {
    objective: Objective,
    values: Values,
    scale: Scale,
    /// On the scale of the values.
    margin: f64,
    /// Higher is better; `None` where noise is too unequal to be pooled.
    pooled: Option<AdditiveFit>,
    /// Position in the fit, by cell.
    place: Vec<Option<usize>>,
}

/// A cell behind a rival, on the scale of the values with higher always better.
struct Lag {
    rival: usize,
    behind: f64,
    p_value: f64,
}

impl<'a> Race<'a> {
    pub(super) fn new(
        run: &'a Run,
        design: &Design,
        matrix: &Matrix,
        evidence: &'a TargetTrials<'a>,
        options: &'a RankOptions,
    ) -> Race<'a> {
        let limits = options.constraints.as_ref().unwrap_or(&matrix.constraints);
        let states = rank::states(evidence, limits, options);
        let keeps_limits = |cell: usize| states[cell] == CellState::Feasible;
        Race {
            run,
            evidence,
            options,
            looks: planned_looks(run, design),
            min_trials: design.min_blocks as usize,
            objectives: observed(matrix, evidence)
                .into_iter()
                .map(|(objective, values)| Track::new(objective, values, options))
                .collect(),
            rivals: (0..evidence.cells.len())
                .filter(|&cell| !has_left(run, &evidence.cells[cell].cell.id))
                .filter(|&cell| keeps_limits(cell))
                .collect(),
        }
    }

    /// The cells that leave now.
    pub(super) fn eliminations(&self) -> Vec<Elimination> {
        if self.objectives.is_empty() {
            return Vec::new();
        }
        (0..self.evidence.cells.len())
            .filter(|&cell| cell != self.evidence.control)
            .filter(|&cell| !has_left(self.run, &self.evidence.cells[cell].cell.id))
            .filter_map(|cell| self.elimination(cell))
            .collect()
    }

    /// Why a cell leaves, if it is behind on every objective.
    fn elimination(&self, cell: usize) -> Option<Elimination> {
        let lags: Vec<(&Track, Lag)> = self
            .objectives
            .iter()
            .map(|track| Some((track, self.lag(track, cell)?)))
            .collect::<Option<_>>()?;
        let varying = varying_axes(self.evidence);
        let words: Vec<String> = lags
            .iter()
            .map(|(track, lag)| {
                let rival = label(self.evidence.cells[lag.rival].cell, &varying);
                format!("{} against {rival}", track.distance_text(lag))
            })
            .collect();
        Some(Elimination {
            cell: self.evidence.cells[cell].cell.id.clone(),
            behind: lags
                .iter()
                .map(|(track, lag)| Behind {
                    objective: track.objective,
                    rival: self.evidence.cells[lag.rival].cell.id.clone(),
                    ratio: track.ratio(lag),
                    difference: track.difference(lag),
                    p_value: lag.p_value,
                })
                .collect(),
            words: format!(
                "cannot reach the top group on any ranked objective: {}",
                listed(&words)
            ),
        })
    }

    /// How far a cell is behind its strongest rival, if that is proven.
    fn lag(&self, track: &Track, cell: usize) -> Option<Lag> {
        let rivals: Vec<usize> = self
            .rivals
            .iter()
            .copied()
            .filter(|&rival| rival != cell && !track.values.cells[rival].is_empty())
            .collect();
        if rivals.is_empty() || track.values.cells[cell].len() < self.min_trials {
            return None;
        }
        let lag = match &track.pooled {
            Some(fit) => self.pooled_lag(track, fit, cell, &rivals),
            None => self.paired_lag(track, cell, &rivals),
        }?;
        (lag.p_value <= self.options.alpha).then_some(lag)
    }

    fn pooled_lag(
        &self,
        track: &Track,
        fit: &AdditiveFit,
        cell: usize,
        rivals: &[usize],
    ) -> Option<Lag> {
        let own = track.place[cell]?;
        let mut racing: Vec<usize> = rivals
            .iter()
            .filter_map(|&rival| track.place[rival])
            .collect();
        racing.push(own);
        let rule = RaceRule {
            alpha: self.options.alpha,
            planned_looks: self.looks,
            min_trials: self.min_trials,
            margin: track.margin,
        };
        let found = eliminations(fit, &racing, &rule).ok()?;
        let out = found.into_iter().find(|out| out.cell == own)?;
        Some(Lag {
            rival: track
                .place
                .iter()
                .position(|place| *place == Some(out.rival))?,
            behind: out.behind,
            p_value: out.p_value,
        })
    }

    /// By the pair's own blocks, Bonferroni over rivals and looks: what a pooled residual would promise too much for.
    fn paired_lag(&self, track: &Track, cell: usize, rivals: &[usize]) -> Option<Lag> {
        let tests = (rivals.len() * self.looks) as f64;
        let sign = track.values.of.orientation();
        let lags = rivals.iter().filter_map(|&rival| {
            let columns = &track.values.cells;
            let pair = Pair::new(track.objective, &columns[rival], &columns[cell]);
            if pair.scale != track.scale || pair.n() < self.min_trials {
                return None;
            }
            let beyond: Vec<f64> = pair
                .differences
                .iter()
                .map(|difference| sign * difference - track.margin)
                .collect();
            let test = paired::t_test(&beyond, Alternative::Greater).ok()?;
            Some(Lag {
                rival,
                behind: stats::summary::median(&beyond)? + track.margin,
                p_value: (test.p_value * tests).min(1.0),
            })
        });
        lags.min_by(|a, b| a.p_value.total_cmp(&b.p_value))
    }
}

impl Track {
    fn new(objective: Objective, values: Values, options: &RankOptions) -> Track {
        let control = &values.cells[values.control];
        let is_ratio = values
            .cells
            .iter()
            .all(|cell| Pair::new(values.of, cell, control).scale == Scale::Ratio);
        let scale = if is_ratio {
            Scale::Ratio
        } else {
            Scale::Difference
        };
        let margin = Margins::of_values(&values, default_margin(objective, options), options)
            .applied
            .on(scale);
        let (place, mut observed) = observations(&values, scale, Trials::Measured);
        for observation in &mut observed {
            observation.value *= values.of.orientation();
        }
        let pooled = additive::fit_observations(&observed).ok().filter(|fit| {
            additive::unequal_noise(fit, options.alpha).is_ok_and(|unequal| unequal.is_empty())
        });
        Track {
            objective,
            values,
            scale,
            margin,
            pooled,
            place,
        }
    }

    /// Cell ÷ rival.
    fn ratio(&self, lag: &Lag) -> Option<f64> {
        let oriented = -self.values.of.orientation() * lag.behind;
        (self.scale == Scale::Ratio).then(|| oriented.exp())
    }

    /// Cell − rival.
    fn difference(&self, lag: &Lag) -> Option<f64> {
        let oriented = -self.values.of.orientation() * lag.behind;
        (self.scale == Scale::Difference).then_some(oriented)
    }

    fn distance_text(&self, lag: &Lag) -> String {
        let objective = self.objective;
        let distance = match self.ratio(lag) {
            Some(ratio) => ratio_text(ratio, None),
            None => format!("{} worse", value_text(objective, lag.behind.abs())),
        };
        format!("{} {distance}", objective.heading())
    }
}
