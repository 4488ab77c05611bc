//! What must not suffer for a gain, in which order, and whether it does: the one judgement of losses that a ranking, a
//! confirmation and a comparison share.
//!
//! Of a cell that gains on one objective, everything that counts for more must be shown not to lose by as much as its
//! margin ([`stats::noninferiority`]). "Cannot tell" is not "the same".

use documents::effect::{Criterion, Scale};
use documents::figures::ratio_text;
use record::objective::Objective;
use stats::noninferiority::{self, Outcome, Requirement, Rule};
use stats::verdict::Margin;

use crate::pair::{Pair, shown};

/// CPU that a change costs counts although nobody ranked it: only a gain on the most important objective pays for it.
const CPU: [Objective; 2] = [Objective::CpuPerReq, Objective::GcCpu];

/// Something that counts, in the order of importance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Priority {
    pub(crate) of: Criterion,
    /// What is not ranked need not be shown to hold: it is enough that it does not look worse by its margin.
    pub(crate) ranked: bool,
}

/// Everything that a gain may have to be paid with, the most important first: that requests are answered at all, the
/// first of `criteria`, the CPU, the other criteria. `ranked` are the objectives behind the criteria.
pub(crate) fn priorities(criteria: &[Criterion], ranked: &[Objective]) -> Vec<Priority> {
    let guard = |objective: &Objective| !ranked.contains(objective);
    let guarded = |objective: Objective| Priority {
        of: Criterion::Objective(objective),
        ranked: false,
    };
    let mut own = criteria.iter().map(|&of| Priority { of, ranked: true });
    let errors = Some(Objective::ErrorRate).filter(guard).map(guarded);
    let mut all: Vec<Priority> = errors.into_iter().chain(own.next()).collect();
    all.extend(CPU.into_iter().filter(guard).map(guarded));
    all.extend(own);
    all
}

/// A priority with the blocks that it is judged by.
pub(crate) struct Watched<'a> {
    pub(crate) priority: Priority,
    pub(crate) pair: &'a Pair,
    pub(crate) margin: Margin,
    /// What the control may differ from its own duplicate by.
    pub(crate) floor: f64,
}

/// At which levels losses are judged.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Levels {
    /// One-sided level at which it is shown that nothing is lost.
    pub(crate) kept: f64,
    /// One-sided total level over all that is judged together at which a loss is shown.
    pub(crate) lost: f64,
    /// The most blocks in all that are worth naming.
    pub(crate) most_blocks: usize,
}

/// Whether something suffers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// No worse by as much as its margin, as far as it has to be shown.
    Kept,
    /// Worse by more than its margin.
    Lost,
    /// Not to be told.
    Open,
}

/// Log ratio beyond which a bound says nothing: a factor of 100.
const TOO_NOISY: f64 = 4.605;

/// One priority, judged.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Loss {
    pub(crate) of: Criterion,
    pub(crate) state: State,
    scale: Scale,
    /// The worst difference that is not ruled out.
    worst: f64,
    /// How many more blocks would decide; `None` where no sensible number would.
    pub(crate) more_blocks: Option<usize>,
}

/// Judges all that is watched together, in its order. What has fewer than two blocks is open.
pub(crate) fn judge(watched: &[Watched<'_>], levels: Levels) -> Vec<Loss> {
    let judged: Vec<&Watched<'_>> = watched.iter().filter(|own| own.pair.n() >= 2).collect();
    let requirements: Vec<Requirement<'_>> = judged
        .iter()
        .map(|own| Requirement {
            differences: &own.pair.differences,
            margin: own.margin,
        })
        .collect();
    let at = |alpha: f64| {
        let rule = Rule {
            alpha,
            at_most_blocks: levels.most_blocks,
            ..Rule::default()
        };
        noninferiority::judge(&requirements, &rule).unwrap_or_default()
    };
    let (kept, lost) = (at(levels.kept), at(levels.lost));
    let mut answers = judged.iter().zip(kept.iter().zip(&lost));
    watched
        .iter()
        .map(
            |own| match (own.pair.n() >= 2).then(|| answers.next()).flatten() {
                Some((_, (kept, lost))) => own.loss(kept, lost),
                None => Loss {
                    of: own.priority.of,
                    state: State::Open,
                    scale: own.pair.scale,
                    worst: f64::NAN,
                    more_blocks: None,
                },
            },
        )
        .collect()
}

impl Watched<'_> {
    fn loss(&self, kept: &noninferiority::Judgement, lost: &noninferiority::Judgement) -> Loss {
        let sign = self.priority.of.orientation();
        let margin = self.margin.worst().abs();
        // Higher is better from here on.
        let estimate = match sign > 0.0 {
            true => lost.estimate,
            false => lost.estimate.negated(),
        };
        let is_lost = lost.outcome == Outcome::Refuted
            && estimate.high < -margin
            && estimate.point < -self.floor;
        let looks_kept = !self.priority.ranked && estimate.point > -margin;
        let (state, more_blocks) = match kept.outcome {
            _ if is_lost => (State::Lost, None),
            Outcome::Shown => (State::Kept, None),
            _ if looks_kept => (State::Kept, None),
            Outcome::Open { more_blocks } => (State::Open, more_blocks),
            Outcome::Refuted => (State::Open, Some(1)),
        };
        Loss {
            of: self.priority.of,
            state,
            scale: self.pair.scale,
            worst: kept.worst,
            more_blocks,
        }
    }
}

impl Loss {
    /// `P99 open up to +88%`: the worst that is not ruled out.
    pub(crate) fn open_text(&self) -> String {
        let heading = self.of.heading();
        let bound = match (self.of, self.scale) {
            _ if self.worst.is_nan() => return format!("{heading} open, with too few blocks"),
            (_, Scale::Ratio) if self.worst.abs() > TOO_NOISY => {
                return format!("{heading} open, too noisy to say");
            }
            (_, Scale::Ratio) => ratio_text(shown(self.scale, self.worst), None),
            (Criterion::Objective(objective), Scale::Difference) => {
                documents::figures::difference_text(objective, self.worst)
            }
            (Criterion::Score, Scale::Difference) => return format!("{heading} open"),
        };
        let way = match self.of.orientation() > 0.0 {
            true => "down",
            false => "up",
        };
        format!("{heading} open {way} to {bound}")
    }
}

/// What it would take to close what is open: the most blocks that any of them needs.
pub(crate) fn more_blocks(open: &[Loss]) -> Option<usize> {
    let needed: Option<Vec<usize>> = open.iter().map(|own| own.more_blocks).collect();
    needed?.into_iter().max()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(criteria: &[Objective]) -> Vec<&'static str> {
        let own: Vec<Criterion> = criteria.iter().copied().map(Criterion::from).collect();
        let all = priorities(&own, criteria);
        all.iter().map(|priority| priority.of.heading()).collect()
    }

    #[test]
    fn cpu_counts_behind_the_first_objective_unless_it_is_ranked() {
        let usual = [Objective::Qps, Objective::P99, Objective::Rss];
        let heading = Objective::heading;
        assert_eq!(
            names(&usual),
            [
                heading(Objective::ErrorRate),
                heading(Objective::Qps),
                heading(Objective::CpuPerReq),
                heading(Objective::GcCpu),
                heading(Objective::P99),
                heading(Objective::Rss),
            ]
        );
        assert_eq!(
            names(&[Objective::GcCpu, Objective::Qps])[1..],
            [
                heading(Objective::GcCpu),
                heading(Objective::CpuPerReq),
                heading(Objective::Qps)
            ]
        );
    }
}
