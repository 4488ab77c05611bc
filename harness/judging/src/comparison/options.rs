//! How to compare.

use std::collections::{BTreeMap, BTreeSet};

use record::objective::Objective;

use crate::error::JudgingError;

/// How to compare. The default is what METHODOLOGY describes.
#[derive(Debug, Clone, PartialEq)]
pub struct CompareOptions {
    /// Level of the intervals.
    pub level: f64,
    /// Power of the minimum detectable effect, and chance that the suggested number of blocks decides.
    pub power: f64,
    /// Margins instead of the built-in ones: shares below 1; for the error rate a difference of shares.
    pub margins: BTreeMap<Objective, f64>,
    /// The objectives that decide, instead of the usual ones.
    pub decided_by: Option<BTreeSet<Objective>>,
    /// This target only.
    pub target: Option<String>,
    /// Whether runs of different hosts may be compared.
    pub cross_host: bool,
    /// What to call two runs, baseline first, where both have the same name: their folders.
    pub folders: Option<[String; 2]>,
    /// Version and revision of the gosweep that compares.
    pub tool: String,
}

impl Default for CompareOptions {
    fn default() -> Self {
        CompareOptions {
            level: 0.95,
            power: 0.8,
            margins: BTreeMap::new(),
            decided_by: None,
            target: None,
            cross_host: false,
            folders: None,
            tool: concat!("gosweep ", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }
}

pub(crate) fn check(options: &CompareOptions) -> Result<(), JudgingError> {
    for (what, value, example) in [
        ("the interval level", options.level, "0.95"),
        ("the power", options.power, "0.8"),
    ] {
        if !(value > 0.0 && value < 1.0) {
            return Err(JudgingError::Option {
                what,
                value,
                example,
            });
        }
    }
    match options
        .margins
        .values()
        .find(|margin| !(0.0..1.0).contains(*margin))
    {
        Some(&value) => Err(JudgingError::Option {
            what: "a margin",
            value,
            example: "0.03 for 3%",
        }),
        None => Ok(()),
    }
}
