//! What became of both sides' trials, and what that alone decides.

use documents::comparison::Judgement;
use documents::figures::{counted, p_text};
use record::trial::Outcome;
use stats::proportion::{Count, fisher_more_often};

use super::matched::Matched;
use crate::evidence::TargetTrials;

/// What became of the trials of both sides.
pub(crate) struct Outcomes {
    pub(crate) baseline: SideOutcomes,
    pub(crate) candidate: SideOutcomes,
}

/// What became of one side's trials.
#[derive(Default)]
pub(crate) struct SideOutcomes {
    pub(crate) valid: usize,
    /// Valid second trials of a control.
    duplicates: usize,
    pub(crate) failed: usize,
    pub(crate) invalid: usize,
    /// How the first failed trial failed.
    pub(crate) failure: Option<String>,
}

impl SideOutcomes {
    fn tried(&self) -> usize {
        self.valid + self.duplicates + self.failed
    }

    fn count(&self) -> Count {
        Count {
            hits: self.failed,
            runs: self.tried(),
        }
    }
}

impl Outcomes {
    /// What the outcomes alone decide, with the reason: a service that fails where its baseline does not has regressed,
    /// whatever its other trials measured; without valid trials there is nothing to judge.
    /// A crash may happen to either side: that the candidate fails more often has to be shown (Fisher's exact test).
    pub(crate) fn judgement(&self, alpha: f64) -> Option<(Judgement, String)> {
        let (b, c) = (&self.baseline, &self.candidate);
        let p = fisher_more_often(c.count(), b.count()).unwrap_or(1.0);
        let how = c.failure.as_deref().unwrap_or("it did not do its job");
        if c.failed > 0 && p <= alpha {
            let reason = format!(
                "the candidate failed in {} of {} ({how}), the baseline in {} of {}",
                c.failed,
                counted(c.tried(), "trial"),
                b.failed,
                b.tried()
            );
            return Some((Judgement::Regressed, reason));
        }
        for (name, side) in [("baseline", b), ("candidate", c)] {
            if side.valid == 0 {
                let reason = format!(
                    "the {name} has no valid trial in a complete block ({} invalid, {} failed)",
                    side.invalid, side.failed
                );
                return Some((Judgement::Invalid, reason));
            }
        }
        (c.failed > 0).then(|| {
            let reason = format!(
                "the candidate failed in {} of {} ({how}), the baseline in {} of {}, which may be chance (Fisher's exact \
                 p {})",
                c.failed,
                counted(c.tried(), "trial"),
                b.failed,
                b.tried(),
                p_text(p)
            );
            (Judgement::Inconclusive, reason)
        })
    }
}

pub(crate) fn outcomes(matched: &Matched<'_>) -> Outcomes {
    let side = |evidence: &TargetTrials<'_>, cells: &mut dyn Iterator<Item = usize>| {
        let mut all = SideOutcomes::default();
        for at in cells {
            let cell = &evidence.cells[at];
            all.valid += cell.valid.len();
            all.failed += cell.failed.len();
            all.invalid += cell.invalid.len();
            if at == evidence.control {
                all.duplicates += evidence.duplicates.len();
            }
            let failure = cell.failed.iter().find_map(|trial| match &trial.outcome {
                Outcome::Failed(failure) => Some(failure.message.clone()),
                Outcome::Ok | Outcome::Invalid(_) => None,
            });
            all.failure = all.failure.or(failure);
        }
        all
    };
    let pairs = || matched.pairs.iter();
    Outcomes {
        baseline: side(matched.baseline, &mut pairs().map(|pair| pair.0)),
        candidate: side(matched.candidate, &mut pairs().map(|pair| pair.1)),
    }
}
