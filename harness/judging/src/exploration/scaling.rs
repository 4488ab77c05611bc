//! Throughput over GOMAXPROCS by the Universal Scalability Law, and its knee.

use std::collections::{BTreeMap, BTreeSet};

use documents::exploration::Knee;
use record::axis::Axis;
use record::objective::Objective;
use stats::scaling::{ScalingPoint, fit};
use stats::{Estimate, summary};

use super::table::LEVEL;
use crate::evidence::{TargetTrials, cpu_count, label, settings};

/// The knee is where the next CPU adds less than this (METHODOLOGY, physics).
const LEAST_GAIN: f64 = 0.05;

/// A fit for every combination of the other axes.
pub(super) fn knees(evidence: &TargetTrials<'_>, axes: &[Axis]) -> Vec<Knee> {
    let others: Vec<Axis> = axes
        .iter()
        .filter(|axis| **axis != Axis::Gomaxprocs)
        .cloned()
        .collect();
    let values = evidence.values(Objective::Qps);
    let mut groups: BTreeMap<Vec<String>, Vec<(u32, usize)>> = BTreeMap::new();
    for (at, cell) in evidence.cells.iter().enumerate() {
        let settings = settings(cell.cell);
        let Ok(parallelism) = settings.get(&Axis::Gomaxprocs).parse::<u32>() else {
            continue;
        };
        let key = others
            .iter()
            .map(|axis| settings.get(axis).to_owned())
            .collect();
        groups.entry(key).or_default().push((parallelism, at));
    }
    let knee = |cells: Vec<(u32, usize)>| {
        let points: Vec<ScalingPoint> = cells
            .iter()
            .flat_map(|&(parallelism, cell)| {
                values.cells[cell]
                    .values()
                    .map(move |&throughput| ScalingPoint {
                        parallelism: f64::from(parallelism),
                        throughput,
                    })
            })
            .collect();
        let fit = fit(&points, LEVEL).ok()?;
        let measured: BTreeSet<u32> = cells.iter().map(|(parallelism, _)| *parallelism).collect();
        let largest = measured.iter().copied().max()?;
        let first = evidence.cells[cells[0].1].cell;
        let bounds = |own: &Estimate| [own.low, own.point, own.high];
        Some(Knee {
            label: if others.is_empty() {
                String::new()
            } else {
                label(first, &others)
            },
            n: points.len(),
            seen: measured.iter().map(|&p| seen(&points, p)).collect(),
            single: bounds(&fit.single),
            contention: bounds(&fit.contention),
            coherency: bounds(&fit.coherency),
            knee: fit.knee(LEAST_GAIN).filter(|knee| *knee <= largest),
            peak: bounds(&fit.peak).map(|peak| peak.is_finite().then_some(peak)),
            cpus: cpu_count(&first.target_cpus),
            superlinear: fit.superlinear,
            measured: measured.into_iter().collect(),
        })
    };
    groups.into_values().filter_map(knee).collect()
}

/// Lowest, median and highest throughput at one value of GOMAXPROCS, which has at least one trial.
fn seen(points: &[ScalingPoint], parallelism: u32) -> [f64; 3] {
    let own = points
        .iter()
        .filter(|point| point.parallelism == f64::from(parallelism))
        .map(|point| point.throughput);
    let own: Vec<f64> = own.collect();
    let low = own.iter().copied().fold(f64::INFINITY, f64::min);
    let high = own.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    [low, summary::median(&own).unwrap_or(low), high]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_s_curve_is_the_fitted_law() {
        let same = |value: f64| [value; 3];
        let knee = Knee {
            label: String::new(),
            measured: vec![1, 2, 4],
            n: 3,
            seen: Vec::new(),
            single: same(6_000.0),
            contention: same(0.1),
            coherency: same(0.002),
            knee: None,
            peak: [None; 3],
            cpus: None,
            superlinear: false,
        };
        for parallelism in [1.0, 2.0, 3.5, 64.0] {
            let law = stats::scaling::throughput(6_000.0, 0.1, 0.002, parallelism);
            let drawn = knee.throughput(parallelism);
            assert!((drawn / law - 1.0).abs() < 1e-12, "{drawn} {law}");
        }
    }
}
