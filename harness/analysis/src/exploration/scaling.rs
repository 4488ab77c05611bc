//! Throughput over GOMAXPROCS by the Universal Scalability Law, and its knee.

use std::collections::{BTreeMap, BTreeSet};

use record::axis::Axis;
use record::objective::Objective;
use serde::{Deserialize, Serialize};
use stats::Estimate;
use stats::scaling::{ScalingPoint, fit, throughput};
use stats::summary;

use super::LEVEL;
use crate::rank::{Evidence, label, settings};

/// The knee is where the next CPU adds less than this (METHODOLOGY, physics).
const LEAST_GAIN: f64 = 0.05;

/// The law fitted to the cells that differ in GOMAXPROCS only.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Knee {
    /// What the cells share; empty where only GOMAXPROCS varies.
    pub label: String,
    /// The values of GOMAXPROCS measured.
    pub measured: Vec<u32>,
    /// Trials.
    pub n: usize,
    /// Lowest, median and highest QPS of the trials at each of these values; empty in a document of an older gosweep.
    #[serde(default)]
    pub seen: Vec<[f64; 3]>,
    /// λ, QPS of one CPU by the law, with its interval; zeros in a document of an older gosweep.
    #[serde(default)]
    pub single: [f64; 3],
    /// σ, contention, with its interval.
    pub contention: [f64; 3],
    /// κ, coherency, with its interval.
    pub coherency: [f64; 3],
    /// Smallest GOMAXPROCS at which one more adds less than 5 %; null where that lies beyond what was measured.
    pub knee: Option<u32>,
    /// GOMAXPROCS of the highest throughput by the law, with its interval; null stands for "more is always better".
    pub peak: [Option<f64>; 3],
    /// CPUs that the target had; values of GOMAXPROCS above it add no parallelism.
    pub cpus: Option<usize>,
    /// Whether the data scale better than linearly, so that the law describes them badly.
    pub superlinear: bool,
}

impl Knee {
    /// QPS by the law.
    pub fn throughput(&self, parallelism: f64) -> f64 {
        let point = |[_, point, _]: [f64; 3]| point;
        let [single, contention, coherency] =
            [self.single, self.contention, self.coherency].map(point);
        throughput(single, contention, coherency, parallelism)
    }
}

/// A fit for every combination of the other axes.
pub(super) fn knees(evidence: &Evidence<'_>, axes: &[Axis]) -> Vec<Knee> {
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

/// How many CPUs a list such as `0-3,6` names.
pub(crate) fn cpu_count(list: &str) -> Option<usize> {
    cpus(list).map(|cpus| cpus.len())
}

/// The CPUs that a list such as `0-3,6` names.
pub(crate) fn cpus(list: &str) -> Option<BTreeSet<u32>> {
    let mut found = BTreeSet::new();
    for part in list.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last): (u32, u32) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
        // A record is hostile input as well: no machine has more.
        if last < first || last > 65_535 {
            return None;
        }
        found.extend(first..=last);
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::cpu_count;

    #[test]
    fn lists_of_cpus_are_counted() {
        assert_eq!(cpu_count("0-3,6"), Some(5));
        assert_eq!(cpu_count("2"), Some(1));
        assert_eq!(cpu_count(""), None);
    }
}
