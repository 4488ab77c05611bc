//! How to rank.

use std::collections::BTreeMap;

use record::objective::Objective;
use record::run::Design;
use stats::verdict::level_after_stopping;

/// How to rank. The default is what METHODOLOGY describes.
#[derive(Debug, Clone, PartialEq)]
pub struct RankOptions {
    /// Level of the intervals.
    pub level: f64,
    /// Chance of a false claim within one objective, over all cells.
    pub alpha: f64,
    /// Power at which the minimum detectable effect is stated.
    pub power: f64,
    /// Confidence from which on a limit counts as kept.
    pub feasible: f64,
    /// Objectives to rank by instead of the matrix's, the most important first.
    pub rank_by: Option<Vec<Objective>>,
    /// Weights of these, where they are to make one score; empty where they are taken in order.
    pub weights: BTreeMap<Objective, f64>,
    /// Limits instead of the matrix's.
    pub constraints: Option<BTreeMap<Objective, f64>>,
    /// Margins instead of the built-in ones: relative, for the error rate absolute.
    pub margins: BTreeMap<Objective, f64>,
    /// Whether to explore too: the front, what each axis does, the knee. It decides nothing, and costs the most.
    pub explore: bool,
    /// Version and revision of the gosweep that ranks.
    pub tool: String,
}

impl RankOptions {
    /// The same for a run of this design: where the number of blocks was left to the width of the intervals, narrow ones
    /// were waited for, and only those of a higher level cover with the level asked for.
    pub(crate) fn of_design(&self, design: Option<&Design>) -> RankOptions {
        let by_precision = design.is_some_and(|design| !design.precision.is_empty());
        let level = Some(self.level)
            .filter(|_| by_precision)
            .and_then(|level| level_after_stopping(level).ok());
        RankOptions {
            level: level.unwrap_or(self.level),
            ..self.clone()
        }
    }
}

impl Default for RankOptions {
    fn default() -> Self {
        RankOptions {
            level: 0.95,
            alpha: 0.05,
            power: 0.8,
            feasible: 0.9,
            rank_by: None,
            weights: BTreeMap::new(),
            constraints: None,
            margins: BTreeMap::new(),
            explore: true,
            tool: concat!("gosweep ", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }
}
