//! How long a plan will take.

use std::time::Duration;

use record::matrix::Blocks;

use super::cells::Plan;

/// Starting, becoming ready, reading back and stopping, measured on small targets; large ones take longer.
const OVERHEAD: Duration = Duration::from_millis(350);

/// The time for all trials, without building: estimates, since readiness and waiting for GC cycles depend on the
/// target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Estimate {
    /// The soonest end: the search stops on precision as early as it may and no cell is worth a confirmation. What a
    /// race saves is not foreseen.
    pub least: Duration,
    /// Everything: all blocks of all cells, and the confirmation.
    pub most: Duration,
    /// The blocks before which nothing is judged, with the confirmation: what a time budget must have room for.
    pub least_to_judge: Duration,
}

/// The time of a plan with so many blocks.
pub fn estimate(plan: &Plan, blocks: Blocks) -> Estimate {
    let matrix = &plan.matrix;
    let controls = plan.cells.iter().filter(|cell| cell.control).count();
    let rivals = plan.cells.len() > controls;
    // Calibration is one more trial per target.
    let searched = |blocks: u32| (plan.cells.len() + controls) * blocks as usize + controls;
    let confirmed = if rivals {
        matrix.confirm as usize * 3 * controls
    } else {
        0
    };
    let soonest = if matrix.precision.is_empty() {
        blocks.max
    } else {
        blocks.min
    };
    let time = |trials: usize| trial_time(plan) * u32::try_from(trials).unwrap_or(u32::MAX);
    Estimate {
        least: time(searched(soonest)),
        most: time(searched(blocks.max) + confirmed),
        least_to_judge: time(searched(blocks.min) + confirmed),
    }
}

/// The time of one trial.
pub fn trial_time(plan: &Plan) -> Duration {
    let load = &plan.matrix.load;
    let constant = load.constant.map(|constant| constant.duration);
    OVERHEAD
        + plan.matrix.warmup.duration
        + load.saturate.unwrap_or_default()
        + constant.unwrap_or_default()
}
