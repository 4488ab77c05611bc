//! What became of both sides' trials, and what that alone decides.

use documents::comparison::Judgement;
use documents::figures::counted;
use record::trial::Outcome;

use super::matched::Matched;
use crate::evidence::CellTrials;

/// What became of the trials of both sides.
pub(crate) struct Outcomes {
    pub(crate) baseline: SideOutcomes,
    pub(crate) candidate: SideOutcomes,
}

/// What became of one side's trials.
#[derive(Default)]
pub(crate) struct SideOutcomes {
    pub(crate) valid: usize,
    pub(crate) failed: usize,
    pub(crate) invalid: usize,
    /// How the first failed trial failed.
    pub(crate) failure: Option<String>,
}

impl Outcomes {
    /// What the outcomes alone decide, with the reason: a service that fails where its baseline does not has regressed,
    /// whatever its other trials measured; without valid trials there is nothing to judge.
    pub(crate) fn judgement(&self) -> Option<(Judgement, String)> {
        let (b, c) = (&self.baseline, &self.candidate);
        if c.failed > 0 && b.failed == 0 {
            let how = c.failure.as_deref().unwrap_or("it did not do its job");
            let reason = format!(
                "the candidate failed in {} ({how}), the baseline in none",
                counted(c.failed, "trial")
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
                "both sides failed in some trials (baseline {}, candidate {})",
                b.failed, c.failed
            );
            (Judgement::Inconclusive, reason)
        })
    }
}

pub(crate) fn outcomes(matched: &Matched<'_>) -> Outcomes {
    let side = |cells: Vec<&CellTrials<'_>>| {
        let mut all = SideOutcomes::default();
        for cell in cells {
            all.valid += cell.valid.len();
            all.failed += cell.failed.len();
            all.invalid += cell.invalid.len();
            let failure = cell.failed.iter().find_map(|trial| match &trial.outcome {
                Outcome::Failed(failure) => Some(failure.message.clone()),
                Outcome::Ok | Outcome::Invalid(_) => None,
            });
            all.failure = all.failure.or(failure);
        }
        all
    };
    Outcomes {
        baseline: side(
            matched
                .pairs
                .iter()
                .map(|pair| &matched.baseline.cells[pair.0])
                .collect(),
        ),
        candidate: side(
            matched
                .pairs
                .iter()
                .map(|pair| &matched.candidate.cells[pair.1])
                .collect(),
        ),
    }
}
