//! How far is too far: a margin on the scale of the differences, and the verdict against it.

use documents::comparison::Judgement;
use documents::effect::Scale;
use record::objective::Objective;
use stats::Estimate;
use stats::verdict::{self, Margin, MarginVerdict, more_blocks_to_decide};

use crate::margin;

/// A margin on the scale of the differences that it is compared with.
pub(crate) struct Bar {
    margin: Margin,
}

impl Bar {
    /// The bar for changes of an objective. `asked` is a share below 1 (for the error rate, a difference of shares);
    /// `level` is the baseline's, of which a plain difference may make up that share. Beside a baseline of nothing,
    /// nothing is all that is allowed.
    pub(crate) fn new(objective: Objective, scale: Scale, asked: f64, level: f64) -> Bar {
        let allowed = match objective {
            Objective::ErrorRate => asked,
            _ => asked * level.abs(),
        };
        Bar {
            margin: margin::bar(objective.into(), scale, asked, allowed),
        }
    }

    /// The difference at which it is too bad, with its sign, on the scale of the differences.
    pub(crate) fn worst(&self) -> f64 {
        self.margin.worst()
    }

    /// The verdict, by the margin's one meaning (`rank` has the same): a loss is claimed where the whole interval lies
    /// beyond it, a gain where the interval excludes no change and the estimate reaches it. Either is claimed only where
    /// it is also larger than `noise`, what the control shows against its own duplicate: the margin proper stays as it was
    /// asked for, since a noisy host would otherwise pass everything.
    pub(crate) fn judge(&self, estimate: &Estimate, noise: Option<f64>) -> Judgement {
        // No difference in any block is no worse, even where the margin is nothing.
        if estimate.low == 0.0 && estimate.high == 0.0 {
            return Judgement::NoWorse;
        }
        let claimed = noise.is_none_or(|noise| estimate.point.abs() > noise);
        let is_gain = match self.margin.best() < 0.0 || self.margin.worst() > 0.0 {
            true => estimate.high < 0.0 && estimate.point <= self.margin.best(),
            false => estimate.low > 0.0 && estimate.point >= self.margin.best(),
        };
        match verdict::judge(estimate, &self.margin) {
            MarginVerdict::Regressed if claimed => Judgement::Regressed,
            MarginVerdict::Regressed | MarginVerdict::Inconclusive => Judgement::Inconclusive,
            MarginVerdict::Improved | MarginVerdict::NoWorse if claimed && is_gain => {
                Judgement::Improved
            }
            MarginVerdict::Improved | MarginVerdict::NoWorse => Judgement::NoWorse,
        }
    }

    /// How many more blocks would bring these differences to a verdict, `at_most` in all.
    pub(crate) fn more_blocks(
        &self,
        differences: &[f64],
        level: f64,
        chance: f64,
        at_most: usize,
    ) -> Option<usize> {
        more_blocks_to_decide(differences, &self.margin, level, chance, at_most).ok()?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn estimate(low: f64, high: f64) -> Estimate {
        let values = [low, low, low, high, high, high, high];
        Estimate {
            point: (low + high) / 2.0,
            low,
            high,
            ..stats::paired::estimate(&values, 0.95).unwrap()
        }
    }

    #[test]
    fn three_ways_on_either_scale() {
        let qps = Bar::new(Objective::Qps, Scale::Ratio, 0.03, 20_000.0);
        assert_eq!(
            qps.judge(&estimate(-0.09, -0.04), None),
            Judgement::Regressed
        );
        assert_eq!(
            qps.judge(&estimate(-0.04, 0.01), None),
            Judgement::Inconclusive
        );
        assert_eq!(qps.judge(&estimate(-0.02, 0.01), None), Judgement::NoWorse);
        assert_eq!(qps.judge(&estimate(0.04, 0.06), None), Judgement::Improved);
        let gc = Bar::new(Objective::GcPerKreq, Scale::Difference, 0.05, 4.0);
        assert!((gc.worst() - 0.2).abs() < 1e-9);
        assert_eq!(gc.judge(&estimate(0.21, 0.3), None), Judgement::Regressed);
        assert_eq!(gc.judge(&estimate(0.1, 0.19), None), Judgement::NoWorse);
        assert_eq!(gc.judge(&estimate(-0.5, -0.21), None), Judgement::Improved);
    }

    #[test]
    fn noise_silences_claims_and_passes_nothing() {
        let p99 = Bar::new(Objective::P99, Scale::Ratio, 0.1, 4.0);
        let worse = estimate(0.11, 0.15);
        assert_eq!(p99.judge(&worse, Some(0.05)), Judgement::Regressed);
        assert_eq!(p99.judge(&worse, Some(0.2)), Judgement::Inconclusive);
    }

    #[test]
    fn beside_nothing_only_nothing_is_no_worse() {
        let gc = Bar::new(Objective::GcPerKreq, Scale::Difference, 0.05, 0.0);
        assert_eq!(gc.judge(&estimate(0.0, 0.0), None), Judgement::NoWorse);
        assert_eq!(gc.judge(&estimate(1.0, 1.1), None), Judgement::Regressed);
        assert_eq!(
            gc.judge(&estimate(-0.1, 0.1), None),
            Judgement::Inconclusive
        );
    }
}
