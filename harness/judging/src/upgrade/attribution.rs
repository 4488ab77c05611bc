//! Which switch takes a difference away.
//!
//! A second run has the new toolchain as its control and, in every other cell, one of its switches back. A switch is named
//! where the figure moves back by at least half of the difference, and its interval, corrected for the number of switches
//! and figures that were asked about (Bonferroni), excludes that it does not move, beyond what the control shows against
//! its own duplicate. So over all switches and figures together a false name has at most the chance of one interval.

use documents::upgrade::{Attribution, SwitchTried};
use record::objective::Figure;
use stats::{Estimate, paired};

use super::figures::{LEVEL, Sides};
use crate::evidence::TargetTrials;

/// How much of a difference a switch must take away to be named.
const LEAST_SHARE: f64 = 0.5;

/// A figure whose difference is to be explained.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    /// Which.
    pub figure: Figure,
    /// The difference, new against old, on the log scale.
    pub effect: Estimate,
}

/// What each switch does to the figures asked about. `name` says which switch a cell has, by its place among the cells of
/// `switched`, whose control is the new toolchain without any.
pub fn attribute(
    switched: &TargetTrials<'_>,
    asked: &[Asked],
    name: &dyn Fn(usize) -> String,
) -> (Vec<Attribution>, Vec<SwitchTried>) {
    let cells: Vec<usize> = (0..switched.cells.len())
        .filter(|cell| *cell != switched.control)
        .collect();
    let questions = (cells.len() * asked.len()).max(1);
    let level = 1.0 - (1.0 - LEVEL) / questions as f64;
    let mut named = Vec::new();
    let mut tried = Vec::new();
    for asked in asked {
        for &cell in &cells {
            let (row, found) = ask(switched, cell, asked, level, name(cell));
            named.extend(found);
            tried.push(row);
        }
    }
    named.sort_by(|a: &Attribution, b| b.share.total_cmp(&a.share));
    (named, tried)
}

fn ask(
    switched: &TargetTrials<'_>,
    cell: usize,
    asked: &Asked,
    level: f64,
    switch: String,
) -> (SwitchTried, Option<Attribution>) {
    let control = &switched.cells[switched.control].valid;
    let sides = Sides {
        old: control,
        new: &switched.cells[cell].valid,
        second: &switched.duplicates,
        control,
        duplicates: &switched.duplicates,
    };
    let differences = sides.differences(asked.figure, level);
    let estimate = paired::estimate(&differences.values, level)
        .ok()
        .filter(|_| differences.of_logs);
    let share = estimate.map(|own| -own.point / asked.effect.point);
    let carries = estimate.is_some_and(|own| {
        let back = -asked.effect.point.signum();
        let moves = own.low * back > 0.0 && own.high * back > 0.0;
        let beyond = differences
            .noise
            .is_none_or(|noise| own.point.abs() > noise);
        moves && beyond && share.is_some_and(|share| share >= LEAST_SHARE)
    });
    let row = SwitchTried {
        switch,
        objective: asked.figure.name().to_owned(),
        ratio: estimate.map(|own| own.point.exp()),
        interval: estimate.map(|own| [own.low.exp(), own.high.exp()]),
        share,
        carries,
    };
    let named = estimate
        .zip(share)
        .filter(|_| carries)
        .map(|(own, share)| Attribution {
            switch: row.switch.clone(),
            share,
            interval: shares(&own, &asked.effect),
            objective: row.objective.clone(),
        });
    (row, named)
}

/// The shares that both intervals allow: the widest, since the difference itself is only known within its own.
fn shares(switched: &Estimate, effect: &Estimate) -> [f64; 2] {
    let mut all = Vec::new();
    for own in [switched.low, switched.high] {
        for effect in [effect.low, effect.high] {
            if effect != 0.0 {
                all.push(-own / effect);
            }
        }
    }
    let low = all.iter().copied().fold(f64::INFINITY, f64::min);
    let high = all.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    [low, high]
}
