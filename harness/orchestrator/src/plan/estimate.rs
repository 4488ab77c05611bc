//! How long a plan will take.

use std::time::Duration;

use super::Plan;

/// Starting, becoming ready, reading back and stopping, measured on small
/// targets; large ones take longer.
const OVERHEAD: Duration = Duration::from_millis(350);

/// The time for all trials, without building: an estimate, since readiness
/// and waiting for GC cycles depend on the target.
pub fn estimate(plan: &Plan) -> Duration {
    let load = &plan.matrix.load;
    let windows = load.saturate.unwrap_or_default()
        + load
            .constant
            .map(|constant| constant.duration)
            .unwrap_or_default();
    let trial = OVERHEAD + plan.matrix.warmup.duration + windows;
    let controls = plan.cells.iter().filter(|cell| cell.control).count();
    let trials = (plan.cells.len() + controls) * plan.matrix.blocks as usize;
    // Calibration is one more trial per target.
    trial * u32::try_from(trials + controls).unwrap_or(u32::MAX)
}
