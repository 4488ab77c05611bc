//! One objective over all cells of a target: each cell against the control, the A/A pair, the margin, the tie groups.

use documents::effect::{CellObjective, Criterion, Effect, Scale};
use documents::ranking::{AaFigure, ObjectiveSummary, ScoreSummary};
use record::objective::Objective;
use stats::power::claim::ClaimDesign;

use super::claim::{Gain, Tests, effect};
use super::cross_check;
use super::detectable::smallest_claimed;
use super::groups::tie_groups;
use super::model::{Model, holm_over};
use crate::evidence::Values;
use crate::losses::{Priority, Watched};
use crate::margin::{Margins, NoiseFloor, default_margin};
use crate::options::RankOptions;
use crate::pair::Pair;

/// Everything that was compared on a target.
pub(crate) struct Compared {
    /// Every objective that at least one cell has a value on.
    pub(crate) objectives: Vec<Comparison>,
    /// Where objectives are weighed.
    pub(crate) score: Option<Comparison<ScoreSummary>>,
}

impl Compared {
    pub(crate) fn objective(&self, objective: Objective) -> Option<&Comparison> {
        let mut all = self.objectives.iter();
        all.find(|own| own.summary.objective == objective)
    }

    /// The estimate of a cell on a criterion.
    pub(crate) fn gain(&self, criterion: Criterion, cell: usize) -> Option<Gain> {
        match criterion {
            Criterion::Objective(objective) => self.objective(objective)?.gains[cell],
            Criterion::Score => self.score.as_ref()?.gains[cell],
        }
    }

    /// The figures of a cell on a criterion.
    pub(crate) fn figures(&self, criterion: Criterion, cell: usize) -> Option<&CellObjective> {
        match criterion {
            Criterion::Objective(objective) => Some(&self.objective(objective)?.cells[cell]),
            Criterion::Score => Some(&self.score.as_ref()?.cells[cell]),
        }
    }

    /// A cell against the control, block by block.
    pub(crate) fn pair(&self, criterion: Criterion, cell: usize) -> Option<&Pair> {
        match criterion {
            Criterion::Objective(objective) => self.objective(objective)?.pairs.get(cell),
            Criterion::Score => self.score.as_ref()?.pairs.get(cell),
        }
    }

    /// The margins of a criterion.
    pub(crate) fn margins(&self, criterion: Criterion) -> Option<&Margins> {
        match criterion {
            Criterion::Objective(objective) => Some(&self.objective(objective)?.margins),
            Criterion::Score => Some(&self.score.as_ref()?.margins),
        }
    }

    /// What a cell is judged by on each of these, as far as it was measured on anybody.
    pub(crate) fn watched(&self, of: &[Priority], cell: usize) -> Vec<Watched<'_>> {
        let watched = of.iter().filter_map(|&priority| {
            let pair = self.pair(priority.of, cell)?;
            let margins = self.margins(priority.of)?;
            Some(Watched {
                priority,
                pair,
                margin: margins.bar(priority.of, pair.scale),
                floor: margins.reach(pair.scale),
            })
        });
        watched.collect()
    }

    pub(crate) fn pair_deviation(&self, criterion: Criterion) -> Option<f64> {
        match criterion {
            Criterion::Objective(objective) => self.objective(objective)?.pair_deviation,
            Criterion::Score => self.score.as_ref()?.pair_deviation,
        }
    }

    /// The margin asked for, and the smallest gain claimed 4 times in 5.
    pub(crate) fn sight(&self, criterion: Criterion) -> Option<(f64, f64)> {
        let (asked, detectable) = match criterion {
            Criterion::Objective(objective) => {
                let own = &self.objective(objective)?.summary;
                (own.default_margin, own.minimum_detectable)
            }
            Criterion::Score => {
                let own = &self.score.as_ref()?.summary;
                (own.default_margin, own.minimum_detectable)
            }
        };
        Some((asked, detectable?))
    }
}

/// One criterion of a target, compared.
pub struct Comparison<S = ObjectiveSummary> {
    /// What holds over all cells.
    pub summary: S,
    /// By cell, in the order of the run.
    pub cells: Vec<CellObjective>,
    /// The estimates behind them, on the scale of the pair, with higher always better.
    pub(crate) gains: Vec<Option<Gain>>,
    /// Standard deviation of one block's log ratio; `None` on the difference scale or without enough blocks.
    pub pair_deviation: Option<f64>,
    /// By cell, its differences to the control.
    pub(crate) pairs: Vec<Pair>,
    pub(crate) margins: Margins,
}

impl Comparison {
    /// The objective that it is about.
    pub fn objective(&self) -> Objective {
        self.summary.objective
    }
}

/// What a comparison needs besides the values.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Design {
    /// Complete blocks.
    pub(crate) blocks: usize,
    /// Seed of the cross-check by rearrangement; `None` for an objective that no verdict goes by.
    pub(crate) cross_check: Option<u64>,
    /// The noise floor of other blocks, for blocks without A/A pairs of their own.
    pub(crate) floor: Option<NoiseFloor>,
}

/// Compares every cell with the control on one objective.
pub(crate) fn compare(
    objective: Objective,
    values: &Values,
    design: Design,
    options: &RankOptions,
) -> Comparison {
    let asked = default_margin(objective, options);
    let (comparison, scale) = against_all(values, asked, design, options);
    let seen = comparison.summary;
    let summary = ObjectiveSummary {
        objective,
        unit: objective.unit().to_owned(),
        direction: objective.direction().into(),
        default_margin: asked,
        margin: if scale == Scale::Difference && objective == Objective::ErrorRate {
            seen.margins.applied.absolute
        } else {
            seen.margins.applied.relative
        },
        aa: seen.aa,
        minimum_detectable: seen.minimum_detectable,
        test: seen.test,
        scale,
        missing: None,
    };
    Comparison {
        summary,
        cells: comparison.cells,
        gains: comparison.gains,
        pair_deviation: comparison.pair_deviation,
        pairs: comparison.pairs,
        margins: comparison.margins,
    }
}

/// Compares every cell with the control on the weighted score.
pub(crate) fn compare_scores(
    values: &Values,
    asked: f64,
    design: Design,
    options: &RankOptions,
) -> Comparison<ScoreSummary> {
    let (comparison, _) = against_all(values, asked, design, options);
    let seen = comparison.summary;
    let mut cells = comparison.cells;
    // Only its ratios mean something.
    cells.iter_mut().for_each(|cell| cell.value = None);
    Comparison {
        summary: ScoreSummary {
            default_margin: asked,
            margin: seen.margins.applied.relative,
            aa: seen.aa,
            minimum_detectable: seen.minimum_detectable,
            test: seen.test,
        },
        cells,
        gains: comparison.gains,
        pair_deviation: comparison.pair_deviation,
        pairs: comparison.pairs,
        margins: comparison.margins,
    }
}

/// What the run can see on a criterion.
struct Seen {
    margins: Margins,
    aa: Option<AaFigure>,
    minimum_detectable: Option<f64>,
    test: Option<String>,
}

fn against_all(
    values: &Values,
    asked: f64,
    design: Design,
    options: &RankOptions,
) -> (Comparison<Seen>, Scale) {
    let control = &values.cells[values.control];
    let pairs: Vec<Pair> = (0..values.cells.len())
        .map(|cell| Pair::to_control(values, cell))
        .collect();
    let aa_pair = Pair::new(values.of, &values.duplicate, control);
    let floor = aa_pair.noise_floor(options.level);
    let margins = Margins::new(values, asked, floor.or(design.floor));
    let aa = aa_figure(&aa_pair, floor, options);
    let scale = overall_scale(&pairs);
    let model = Model::new(values, scale, options);
    let p_values = model.p_values(&pairs, values.control, options);
    let rearranged = match design.cross_check {
        Some(seed) => cross_check::p_values(values, scale, model.noise(), seed),
        None => vec![None; pairs.len()],
    };
    let signed_rank = holm_over(&pairs, values.control, Pair::signed_rank_p);
    let rival = |cell: usize| cell != values.control;
    let gains: Vec<Option<Gain>> = pairs
        .iter()
        .enumerate()
        .map(|(cell, pair)| {
            let gain = || Gain::new(values.of, pair, &margins, options.level);
            rival(cell).then(gain).flatten()
        })
        .collect();
    let shown: Vec<Option<f64>> = gains
        .iter()
        .enumerate()
        .map(|(cell, gain)| match rival(cell) {
            true => gain.map(|gain| gain.estimate.point),
            false => Some(0.0),
        })
        .collect();
    let groups = tie_groups(
        values,
        scale,
        model.equal_noise(),
        margins.applied,
        options.alpha,
        &shown,
    );
    let cells = pairs
        .iter()
        .enumerate()
        .map(|(cell, pair)| {
            let mut figures = against_control(pair, options);
            figures.value = values.median(cell);
            figures.unit = values.of.unit().to_owned();
            figures.p = p_values[cell];
            figures.p_signed_rank = signed_rank[cell];
            figures.group = groups[cell];
            figures.p_permutation = rearranged[cell];
            let tests = Tests {
                t: figures.p.is_some_and(|p| p <= options.alpha),
                rearranged: rearranged[cell].map(|p| p <= options.alpha),
                agreement: pair.t_p().is_some_and(|p| p <= options.alpha),
            };
            (figures.effect, figures.disputed) = effect(gains[cell].as_ref(), tests);
            if cell == values.control {
                as_control(&mut figures);
            }
            figures
        })
        .collect();
    let pair_deviation = model.pair_deviation(&pairs, values.control);
    let seen = Seen {
        margins,
        aa,
        minimum_detectable: pair_deviation
            .filter(|deviation| *deviation > 0.0)
            .and_then(|deviation| {
                let bar = margins.bar(values.of, Scale::Ratio);
                let design = ClaimDesign {
                    blocks: design.blocks,
                    level: options.level,
                    alpha: options.alpha,
                    comparisons: p_values.iter().flatten().count().max(1),
                    residual_df: model.residual_df(design.blocks),
                    deviation,
                    required: bar.best().abs().max(margins.reach(Scale::Ratio)),
                };
                smallest_claimed(&design, options.power)
            })
            .map(|gain| share_of_gain(values.of, gain)),
        test: model.label(&pairs),
    };
    let comparison = Comparison {
        summary: seen,
        cells,
        gains,
        pair_deviation,
        pairs,
        margins,
    };
    (comparison, scale)
}

/// A gain on the log scale as a share: +12 % of a throughput, or −12 % of a latency.
fn share_of_gain(of: Criterion, gain: f64) -> f64 {
    match of.orientation() > 0.0 {
        true => gain.exp_m1(),
        false => -(-gain).exp_m1(),
    }
}

impl Margins {
    /// The margins over these values: the one asked for, and their noise floor.
    pub(crate) fn of_values(values: &Values, asked: f64, options: &RankOptions) -> Margins {
        let control = &values.cells[values.control];
        let aa_pair = Pair::new(values.of, &values.duplicate, control);
        Margins::new(values, asked, aa_pair.noise_floor(options.level))
    }
}

fn aa_figure(pair: &Pair, floor: Option<NoiseFloor>, options: &RankOptions) -> Option<AaFigure> {
    let point = match floor {
        Some(floor) => floor.floor.estimate.point,
        None => pair.point(options.level)?,
    };
    Some(AaFigure {
        n: pair.n(),
        estimate: pair.shown(point),
        interval: floor.map(|floor| {
            [
                pair.shown(floor.floor.estimate.low),
                pair.shown(floor.floor.estimate.high),
            ]
        }),
        scale: pair.scale,
        floor: floor.map(|floor| match pair.scale {
            Scale::Ratio => floor.reach.exp_m1(),
            Scale::Difference => floor.reach,
        }),
    })
}

fn overall_scale(pairs: &[Pair]) -> Scale {
    if pairs.iter().all(|pair| pair.scale == Scale::Ratio) {
        Scale::Ratio
    } else {
        Scale::Difference
    }
}

fn against_control(pair: &Pair, options: &RankOptions) -> CellObjective {
    let estimate = pair.estimate(options.level);
    let shown = pair.point(options.level).map(|point| pair.shown(point));
    CellObjective {
        value: None,
        unit: String::new(),
        n: pair.n(),
        ratio: shown.filter(|_| pair.scale == Scale::Ratio),
        difference: shown.filter(|_| pair.scale == Scale::Difference),
        interval: estimate.map(|estimate| [pair.shown(estimate.low), pair.shown(estimate.high)]),
        interval_level: estimate.map(|estimate| estimate.attained_level),
        method: estimate.map(|estimate| estimate.method.label().to_owned()),
        p: None,
        p_signed_rank: None,
        p_permutation: None,
        disputed: false,
        effect: Effect::NoData,
        group: None,
    }
}

/// The control is its own measure: ratio 1, nothing to test.
fn as_control(figures: &mut CellObjective) {
    figures.ratio = figures.ratio.map(|_| 1.0);
    figures.difference = figures.difference.map(|_| 0.0);
    figures.interval = None;
    figures.interval_level = None;
    figures.method = None;
    if figures.value.is_some() {
        figures.effect = Effect::Control;
    }
}
