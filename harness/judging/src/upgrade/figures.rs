//! One figure after the other, new against old.

use std::collections::BTreeMap;

use documents::upgrade::{ObjectiveVerdict, UpgradeObjective};
use record::objective::{Direction, Figure, Objective};
use record::run::{Cell, Run};
use record::trial::Trial;
use stats::verdict::{self, Margin, MarginVerdict, more_blocks_to_decide};
use stats::{Estimate, floor, paired, summary};

use super::cells::UpgradeTrials;

/// Level of the intervals.
pub(crate) const LEVEL: f64 = 0.95;
/// Chance that the suggested number of blocks decides.
const CHANCE: f64 = 0.8;
const MOST_BLOCKS: usize = 200;

/// A figure that was judged, with what the page shows of it.
#[derive(Debug, Clone)]
pub struct Judged {
    /// Which.
    pub figure: Figure,
    /// The change on the log scale, where there is one.
    pub effect: Option<Estimate>,
    /// As documents have it.
    pub shown: UpgradeObjective,
}

/// Compares a cell with the old toolchain's on every figure, the surest first.
pub fn compare(trials: &UpgradeTrials<'_>, candidate: usize) -> Vec<Judged> {
    let old = &trials.evidence.cells[trials.old];
    let new = &trials.evidence.cells[candidate];
    let is_control = trials.old == trials.evidence.control;
    let none = BTreeMap::new();
    let sides = Sides {
        old: &old.valid,
        new: &new.valid,
        // The duplicate is of the control.
        second: if is_control {
            &trials.evidence.duplicates
        } else {
            &none
        },
        control: &trials.evidence.cells[trials.evidence.control].valid,
        duplicates: &trials.evidence.duplicates,
    };
    let sizes = [old.cell, new.cell].map(|cell| binary_size(trials.run, cell));
    let judged = Figure::ALL.iter().map(|&figure| match figure {
        Figure::BinarySize => of_build(figure, sizes),
        _ => sides.judge(figure),
    });
    judged.collect()
}

type ByBlock<'a> = BTreeMap<u32, &'a Trial>;

pub(crate) struct Sides<'t> {
    pub(crate) old: &'t ByBlock<'t>,
    pub(crate) new: &'t ByBlock<'t>,
    /// Second trials of the old side.
    pub(crate) second: &'t ByBlock<'t>,
    pub(crate) control: &'t ByBlock<'t>,
    pub(crate) duplicates: &'t ByBlock<'t>,
}

/// (block, value).
type Column = Vec<(usize, f64)>;

fn column(trials: &ByBlock<'_>, figure: Figure) -> Column {
    let values = trials
        .iter()
        .filter_map(|(&block, trial)| Some((block as usize, figure.value(trial)?)));
    values.collect()
}

/// Differences by block on the scale that the values allow, and whether they are of logarithms.
pub(crate) struct Differences {
    pub(crate) values: Vec<f64>,
    pub(crate) noise: Option<f64>,
    pub(crate) of_logs: bool,
    pub(crate) medians: [Option<f64>; 2],
}

impl Sides<'_> {
    pub(crate) fn differences(&self, figure: Figure, level: f64) -> Differences {
        let mut old = column(self.old, figure);
        let medians = [&old, &column(self.new, figure)]
            .map(|own| summary::median(&own.iter().map(|(_, value)| *value).collect::<Vec<_>>()));
        old.extend(column(self.second, figure));
        let [new, control, duplicate] =
            [self.new, self.control, self.duplicates].map(|trials| column(trials, figure));
        let all = [&old, &new, &control, &duplicate];
        let of_logs = figure != Figure::Objective(Objective::ErrorRate)
            && all
                .iter()
                .all(|own| own.iter().all(|(_, value)| *value > 0.0));
        let on_scale = |own: &Column| -> Column {
            own.iter()
                .map(|&(block, value)| (block, if of_logs { value.ln() } else { value }))
                .collect()
        };
        let pairs = paired::block_differences(&on_scale(&duplicate), &on_scale(&control));
        let noise = floor::of_duplicates(&pairs, level)
            .ok()
            .map(|floor| floor.reach);
        Differences {
            values: paired::block_differences(&on_scale(&new), &on_scale(&old)),
            noise,
            of_logs,
            medians,
        }
    }

    fn judge(&self, figure: Figure) -> Judged {
        let differences = self.differences(figure, LEVEL);
        let estimate = paired::estimate(&differences.values, LEVEL).ok();
        let margin = margin(figure, &differences);
        let judged = estimate.map(|estimate| claimed(&estimate, &margin, differences.noise));
        let more = (judged == Some(ObjectiveVerdict::Inconclusive))
            .then(|| {
                more_blocks_to_decide(&differences.values, &margin, LEVEL, CHANCE, MOST_BLOCKS)
            })
            .and_then(|found| found.ok().flatten())
            .filter(|more| *more > 0);
        let why_not = match (judged, estimate) {
            (None, _) if differences.medians.contains(&None) => Some("not observed".to_owned()),
            (None, _) => Some("fewer than two blocks".to_owned()),
            (Some(ObjectiveVerdict::Inconclusive), Some(estimate))
                if differences
                    .noise
                    .is_some_and(|noise| estimate.point.abs() <= noise)
                    && more.is_none() =>
            {
                Some("the old toolchain differs from its own duplicate as much".to_owned())
            }
            (Some(ObjectiveVerdict::Inconclusive), _) if more.is_none() => {
                Some("the change lies on the margin itself".to_owned())
            }
            _ => None,
        };
        let ratio = estimate.filter(|_| differences.of_logs);
        Judged {
            figure,
            effect: ratio,
            shown: UpgradeObjective {
                ratio: ratio.map(|own| own.point.exp()),
                interval: ratio.map(|own| [own.low.exp(), own.high.exp()]),
                verdict: judged,
                noise: differences
                    .noise
                    .filter(|_| differences.of_logs)
                    .map(f64::exp_m1),
                n: differences.values.len(),
                more_blocks: more,
                why_not,
                ..shown(figure, differences.medians)
            },
        }
    }
}

fn shown(figure: Figure, [old, new]: [Option<f64>; 2]) -> UpgradeObjective {
    UpgradeObjective {
        name: figure.name().to_owned(),
        heading: figure.heading().to_owned(),
        ratio: None,
        interval: None,
        margin: figure_margin(figure),
        verdict: None,
        decides: figure.decides(),
        unit: figure.unit().to_owned(),
        old,
        new,
        noise: None,
        n: 0,
        more_blocks: None,
        why_not: None,
    }
}

fn figure_margin(figure: Figure) -> f64 {
    match figure {
        Figure::Objective(objective) => documents::effect::built_in_margin(objective),
        _ => figure.margin(),
    }
}

/// The margin on the scale of the differences.
fn margin(figure: Figure, differences: &Differences) -> Margin {
    let direction = match figure.direction() {
        Direction::HigherIsBetter => verdict::Direction::HigherIsBetter,
        Direction::LowerIsBetter => verdict::Direction::LowerIsBetter,
    };
    let share = figure_margin(figure);
    let margin = if differences.of_logs {
        Margin::from_share(direction, share)
    } else {
        let level = match figure {
            Figure::Objective(Objective::ErrorRate) => 1.0,
            _ => differences.medians[0].unwrap_or(0.0).abs(),
        };
        Margin::from_difference(direction, share * level)
    };
    margin.expect("built-in margins lie below 1")
}

fn claimed(estimate: &Estimate, margin: &Margin, noise: Option<f64>) -> ObjectiveVerdict {
    if estimate.low == 0.0 && estimate.high == 0.0 {
        return ObjectiveVerdict::NoWorse;
    }
    let claimed = noise.is_none_or(|noise| estimate.point.abs() > noise);
    match verdict::judge(estimate, margin) {
        MarginVerdict::Regressed if claimed => ObjectiveVerdict::Regressed,
        MarginVerdict::Improved if claimed => ObjectiveVerdict::Improved,
        MarginVerdict::Regressed | MarginVerdict::Inconclusive => ObjectiveVerdict::Inconclusive,
        MarginVerdict::Improved | MarginVerdict::NoWorse => ObjectiveVerdict::NoWorse,
    }
}

fn binary_size(run: &Run, cell: &Cell) -> Option<f64> {
    let found = run.artifacts.iter().find(|own| own.sha256 == cell.artifact);
    found
        .map(|own| own.size_bytes as f64)
        .filter(|size| *size > 0.0)
}

/// A figure of the build: it has no noise and no interval but itself.
fn of_build(figure: Figure, [old, new]: [Option<f64>; 2]) -> Judged {
    let ratio = old.zip(new).map(|(old, new)| new / old);
    let verdict = ratio.map(|ratio| {
        let (worse, better) = (1.0 + figure.margin(), 1.0 / (1.0 + figure.margin()));
        match ratio {
            ratio if ratio > worse => ObjectiveVerdict::Regressed,
            ratio if ratio < better => ObjectiveVerdict::Improved,
            _ => ObjectiveVerdict::NoWorse,
        }
    });
    Judged {
        figure,
        effect: None,
        shown: UpgradeObjective {
            ratio,
            interval: ratio.map(|ratio| [ratio, ratio]),
            verdict,
            n: usize::from(ratio.is_some()),
            why_not: ratio.is_none().then(|| "not recorded".to_owned()),
            ..shown(figure, [old, new])
        },
    }
}
