//! Every threshold of validity, by name: the table of METHODOLOGY, "Which trials count". A caveat travels with the
//! trial; what is invalid is left out and tried again. All are applied to evidence of host and generator, never to what
//! the trial measured. Limits that the advisor uses too come from the matrix's [`Thresholds`], so that both say the
//! same of a trial.

use record::threshold::{Threshold, Thresholds};

/// V3: relative error of Little's law in a closed window from which it is a caveat: the generator's own books do not
/// agree, so its clock or its counts are wrong.
const LITTLES_LAW_CAVEAT: f64 = 0.02;
/// V4: share of the time in which the target's threads wanted a CPU and waited for one (schedstat), where they cannot
/// have waited for each other. On an idle host 0.01 to 0.03 are usual.
pub(super) const RUN_DELAY: Step = Step::new(0.10, 0.25);
/// Throttled periods of our cgroup.
pub(super) const THROTTLING: f64 = 0.01;
/// Involuntary switches per second of the target's CPU time; 100 to 300 are usual where it is alone.
pub(super) const INVOLUNTARY_PER_CPU_SECOND: f64 = 1_000.0;
/// Share of time in which some task of the host waited for a CPU (PSI).
pub(super) const PRESSURE: f64 = 0.25;
/// Relative difference of the clock between the two windows of a trial.
pub(super) const CLOCK_MOVED: f64 = 0.05;
/// V5 needs so many trials before it judges.
pub(super) const CLOCK_PROBE_TRIALS: usize = 5;
/// V5 only adds a caveat where more than this share of the run's trials is off: the clock of such a host never holds
/// still, and no trial would be left.
pub(super) const CLOCK_PROBE_UNSTEADY: f64 = 0.25;

/// A threshold in two steps.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step {
    /// Beyond it a trial carries a caveat.
    pub(super) caveat: f64,
    /// Beyond it a trial is invalid.
    pub(super) invalid: f64,
}

impl Step {
    const fn new(caveat: f64, invalid: f64) -> Step {
        Step { caveat, invalid }
    }

    /// V3 by Little's law.
    pub(super) fn littles_law(thresholds: &Thresholds) -> Step {
        let invalid = thresholds.get(Threshold::V3LittlesLaw);
        Step::new(LITTLES_LAW_CAVEAT.min(invalid), invalid)
    }

    /// V4: share of CPU time that the hypervisor took, on the CPUs in use.
    pub(super) fn steal(thresholds: &Thresholds) -> Step {
        Step::new(
            thresholds.get(Threshold::V4Warn),
            thresholds.get(Threshold::V4Critical),
        )
    }

    /// V5: relative distance of the spin loop from the run's median.
    pub(super) fn clock_probe(thresholds: &Thresholds) -> Step {
        Step::new(
            thresholds.get(Threshold::V5Warn),
            thresholds.get(Threshold::V5Critical),
        )
    }
}
