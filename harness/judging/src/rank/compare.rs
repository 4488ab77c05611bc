//! One objective over all cells of a target: each cell against the control, the A/A pair, the margin, the tie groups.

use documents::effect::{CellObjective, Criterion, Effect, Scale};
use documents::ranking::{AaFigure, ObjectiveSummary, ScoreSummary};
use record::objective::Objective;
use stats::power::{PairedDesign, minimum_detectable};

use super::claim::{Gain, Tests, effect};
use super::cross_check;
use super::groups::tie_groups;
use super::model::{Model, holm_over};
use crate::evidence::Values;
use crate::margin::{Margins, default_margin};
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

    pub(crate) fn pair_deviation(&self, criterion: Criterion) -> Option<f64> {
        match criterion {
            Criterion::Objective(objective) => self.objective(objective)?.pair_deviation,
            Criterion::Score => self.score.as_ref()?.pair_deviation,
        }
    }

    /// The margin asked for, the one applied, and the smallest effect found 4 times in 5.
    pub(crate) fn sight(&self, criterion: Criterion) -> Option<(f64, f64, f64)> {
        let (asked, applied, detectable) = match criterion {
            Criterion::Objective(objective) => {
                let own = &self.objective(objective)?.summary;
                (own.default_margin, own.margin, own.minimum_detectable)
            }
            Criterion::Score => {
                let own = &self.score.as_ref()?.summary;
                (own.default_margin, own.margin, own.minimum_detectable)
            }
        };
        Some((asked, applied, detectable?))
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
    /// [`detectable_deviations`].
    pub(crate) detectable: Option<f64>,
    /// Seed of the cross-check by rearrangement; `None` for an objective that no verdict goes by.
    pub(crate) cross_check: Option<u64>,
    /// Margins of other blocks: a confirmation has no A/A pairs of its own.
    pub(crate) margins: Option<Margins>,
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
    let pairs: Vec<Pair> = values
        .cells
        .iter()
        .map(|cell| Pair::new(values.of, cell, control))
        .collect();
    let aa = aa_figure(&Pair::new(values.of, &values.duplicate, control), options);
    let margins = design
        .margins
        .unwrap_or_else(|| Margins::new(values, asked, aa.as_ref()));
    let scale = overall_scale(&pairs);
    let model = Model::new(values, scale, options);
    let p_values = model.p_values(&pairs, values.control, options);
    let rearranged = match design.cross_check {
        Some(seed) => cross_check::p_values(values, scale, model.noise(), seed),
        None => vec![None; pairs.len()],
    };
    let signed_rank = holm_over(&pairs, values.control, Pair::signed_rank_p);
    let groups = tie_groups(
        values,
        scale,
        model.equal_noise(),
        margins.applied,
        options.alpha,
    );
    let gains: Vec<Option<Gain>> = pairs
        .iter()
        .enumerate()
        .map(|(cell, pair)| {
            (cell != values.control)
                .then(|| gain(values.of, pair, &margins, options))
                .flatten()
        })
        .collect();
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
        minimum_detectable: design
            .detectable
            .zip(pair_deviation.filter(|deviation| *deviation > 0.0))
            .map(|(deviations, deviation)| (deviations * deviation).exp_m1()),
        test: model.label(&pairs),
    };
    let comparison = Comparison {
        summary: seen,
        cells,
        gains,
        pair_deviation,
    };
    (comparison, scale)
}

impl Margins {
    /// The margins over these values: the one asked for, and their noise floor.
    pub(crate) fn of_values(values: &Values, asked: f64, options: &RankOptions) -> Margins {
        let control = &values.cells[values.control];
        let aa_pair = Pair::new(values.of, &values.duplicate, control);
        Margins::new(values, asked, aa_figure(&aa_pair, options).as_ref())
    }
}

fn aa_figure(pair: &Pair, options: &RankOptions) -> Option<AaFigure> {
    let point = pair.point(options.level)?;
    let floor = pair.noise_floor(options.level);
    Some(AaFigure {
        n: pair.n(),
        estimate: pair.shown(point),
        interval: floor.map(|floor| {
            [
                pair.shown(floor.estimate.low),
                pair.shown(floor.estimate.high),
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

fn gain(of: Criterion, pair: &Pair, margins: &Margins, options: &RankOptions) -> Option<Gain> {
    let estimate = pair.estimate(options.level)?;
    Some(Gain {
        estimate: if of.orientation() > 0.0 {
            estimate
        } else {
            estimate.negated()
        },
        margin: margins.applied.on(pair.scale),
        asked: margins.asked.on(pair.scale),
    })
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

/// The smallest effect that the design finds with the wanted power, in deviations of one block's difference. It depends
/// on the number of blocks alone and is dear to compute, so it is done once for all objectives.
pub(crate) fn detectable_deviations(blocks: usize, options: &RankOptions) -> Option<f64> {
    let design = PairedDesign::of_estimate(blocks, options.level);
    minimum_detectable(&design, options.power).ok()?
}
