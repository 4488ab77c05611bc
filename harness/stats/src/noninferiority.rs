//! Losses judged as strictly as gains: whether an objective is shown to be no worse than the control by more than its
//! margin, shown to be worse by more, or neither.
//!
//! "Cannot tell" is not "the same". A change is recommended for one objective only where every other that must not
//! suffer is [`Outcome::Shown`], in blocks that did not choose the change. Main function: [`judge`].
//!
//! The total level. A change that loses at least its margin on one of the requirements passes all of them with chance
//! α at most, however many there are, since it has to pass that one (intersection-union test, Berger 1982): no
//! correction is needed. That some requirement is called [`Outcome::Refuted`] though all losses are within their margins
//! has chance α at most by Holm's correction over all requirements of the call: hand over those of every stage at once.

use crate::correction::holm;
use crate::error::{StatsError, check_probability, check_values};
use crate::estimate::{Alternative, Estimate};
use crate::paired::{self, signs_only_p};
use crate::power::{PairedDesign, PairedTest, blocks_needed};
use crate::summary::deviation_of;
use crate::verdict::Margin;

/// One objective that must not be worse by more than its margin.
#[derive(Debug, Clone, Copy)]
pub struct Requirement<'a> {
    /// Change against control, one value per block, on the scale of the margin.
    pub differences: &'a [f64],
    /// The loss that would count.
    pub margin: Margin,
}

/// How requirements are judged.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rule {
    /// The total level, one-sided; 0.05 is usual.
    pub alpha: f64,
    /// With what chance the blocks that an open requirement names would decide it; 0.8 is usual.
    pub chance: f64,
    /// The most blocks in all that are worth naming.
    pub at_most_blocks: usize,
}

impl Default for Rule {
    fn default() -> Self {
        Rule {
            alpha: 0.05,
            chance: 0.8,
            at_most_blocks: 1_000,
        }
    }
}

/// What the blocks say about a requirement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// No worse than the control by as much as the margin.
    Shown,
    /// Worse by more than the margin.
    Refuted,
    /// Neither.
    Open {
        /// So many more blocks would decide it with the rule's chance, if effect and noise are what they look like;
        /// `None` where none up to the rule's most would: the effect lies on the margin, or the host is too noisy.
        more_blocks: Option<usize>,
    },
}

/// A requirement, judged.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Judgement {
    /// What the blocks say.
    pub outcome: Outcome,
    /// The difference with the interval of level 1 − 2α: each end is a one-sided bound at α.
    pub estimate: Estimate,
    /// The end of that interval on the bad side, in the sign of the differences: the worst that is not ruled out.
    pub worst: f64,
    /// p of "the loss is no larger than the margin", one-sided, after Holm over all requirements.
    pub p_loss: f64,
}

/// Judges all requirements at one total level, in their order. [`Outcome::Shown`] goes by the exact signed-rank bound
/// (t below five blocks at α = 0.05), [`Outcome::Refuted`] by Student's t on the distances to the margin after Holm.
///
/// Where all differences are equal there is no noise to compare them with. Then their place decides, if as many blocks
/// could agree by chance in α of cases at most.
///
/// # Errors
/// [`StatsError::TooFew`] below two differences, [`StatsError::NotFinite`], [`StatsError::OutOfRange`] for the rule.
pub fn judge(requirements: &[Requirement<'_>], rule: &Rule) -> Result<Vec<Judgement>, StatsError> {
    check_probability("alpha", 2.0 * rule.alpha)?;
    let seen = requirements
        .iter()
        .map(|requirement| Seen::of(requirement, rule))
        .collect::<Result<Vec<_>, _>>()?;
    let p_values: Vec<f64> = seen.iter().map(|seen| seen.p_loss).collect();
    let adjusted = holm(&p_values)?;
    requirements
        .iter()
        .zip(seen.iter().zip(adjusted))
        .map(|(requirement, (seen, p_loss))| seen.judged(requirement, p_loss, rule))
        .collect()
}

/// The fewest blocks in which a change without any loss is shown with `chance` to lose no more than the margin, if the
/// differences of a block have this standard deviation; `None` where `at_most` are too few. For planning fresh blocks.
///
/// # Errors
/// [`StatsError::OutOfRange`] for a deviation below zero or the rule.
pub fn blocks_to_show(
    deviation: f64,
    margin: &Margin,
    rule: &Rule,
) -> Result<Option<usize>, StatsError> {
    crate::error::check_not_negative("deviation", deviation)?;
    let distance = margin.worst().abs();
    if deviation == 0.0 {
        return Ok((distance > 0.0).then_some(2));
    }
    blocks_needed(
        &design(2, rule),
        distance / deviation,
        rule.chance,
        rule.at_most_blocks,
    )
}

/// A requirement before the correction over all of them.
struct Seen {
    estimate: Estimate,
    worst: f64,
    /// Distance of the estimate to the bad margin, positive on its good side,
    room: f64,
    /// and that of the worst that is not ruled out.
    worst_room: f64,
    p_loss: f64,
    /// No spread at all, in enough blocks that chance does not explain their agreement.
    without_noise: bool,
}

impl Seen {
    fn of(requirement: &Requirement<'_>, rule: &Rule) -> Result<Self, StatsError> {
        let Requirement {
            differences,
            margin,
        } = requirement;
        check_values("differences", differences, 2)?;
        let estimate = paired::estimate(differences, 1.0 - 2.0 * rule.alpha)?;
        let lower_is_worse = margin.worst() < margin.best();
        let room_of = |value: f64| {
            let beyond = value - margin.worst();
            if lower_is_worse { beyond } else { -beyond }
        };
        let rooms: Vec<f64> = differences.iter().map(|value| room_of(*value)).collect();
        let worst = if lower_is_worse {
            estimate.low
        } else {
            estimate.high
        };
        Ok(Seen {
            worst,
            room: room_of(estimate.point),
            worst_room: room_of(worst),
            p_loss: paired::t_test(&rooms, Alternative::Less)?.p_value,
            without_noise: estimate.is_degenerate()
                && signs_only_p(differences.len()) <= rule.alpha,
            estimate,
        })
    }

    fn judged(
        &self,
        requirement: &Requirement<'_>,
        p_loss: f64,
        rule: &Rule,
    ) -> Result<Judgement, StatsError> {
        let decidable = !self.estimate.is_degenerate() || self.without_noise;
        let outcome = if self.worst_room > 0.0 && decidable {
            Outcome::Shown
        } else if p_loss <= rule.alpha || (self.without_noise && self.room < 0.0) {
            Outcome::Refuted
        } else {
            Outcome::Open {
                more_blocks: more_blocks(requirement.differences, self.room, rule)?,
            }
        };
        Ok(Judgement {
            outcome,
            estimate: self.estimate,
            worst: self.worst,
            p_loss,
        })
    }
}

fn more_blocks(differences: &[f64], room: f64, rule: &Rule) -> Result<Option<usize>, StatsError> {
    let n = differences.len();
    let deviation = deviation_of(differences);
    if deviation == 0.0 {
        let enough = (n + 1..=rule.at_most_blocks).find(|&n| signs_only_p(n) <= rule.alpha);
        return Ok(enough.filter(|_| room != 0.0).map(|blocks| blocks - n));
    }
    let needed = blocks_needed(
        &design(n, rule),
        room.abs() / deviation,
        rule.chance,
        rule.at_most_blocks,
    )?;
    Ok(needed.map(|blocks| blocks.saturating_sub(n).max(1)))
}

/// The one-sided design that the bound belongs to.
fn design(blocks: usize, rule: &Rule) -> PairedDesign {
    PairedDesign {
        blocks,
        alpha: rule.alpha,
        alternative: Alternative::Greater,
        test: PairedTest::SignedRank,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::Direction;

    fn outcome(differences: &[f64], direction: Direction, share: f64) -> Outcome {
        let margin = Margin::from_share(direction, share).unwrap();
        let requirement = Requirement {
            differences,
            margin,
        };
        judge(&[requirement], &Rule::default()).unwrap()[0].outcome
    }

    #[test]
    fn a_measure_without_noise_is_decided_by_its_place() {
        let qps = |value: f64| outcome(&[value; 6], Direction::HigherIsBetter, 0.03);
        assert_eq!(qps(0.2_f64.ln()), Outcome::Refuted);
        assert_eq!(qps(0.0), Outcome::Shown);
        let p99 = |value: f64| outcome(&[value; 6], Direction::LowerIsBetter, 0.10);
        assert_eq!(p99(0.0), Outcome::Shown);
        assert_eq!(p99(0.5), Outcome::Refuted);
        // Two blocks that agree may do so by chance; three more would settle it.
        let two = outcome(&[0.0; 2], Direction::LowerIsBetter, 0.10);
        assert_eq!(
            two,
            Outcome::Open {
                more_blocks: Some(3)
            }
        );
    }

    #[test]
    fn noise_leaves_it_open_and_says_how_long() {
        let wild = [0.5, -0.4, 0.3, -0.6, 0.4, -0.1];
        let Outcome::Open { more_blocks } = outcome(&wild, Direction::LowerIsBetter, 0.10) else {
            panic!("six wild blocks decide nothing");
        };
        assert!(more_blocks.is_some_and(|more| more > 20), "{more_blocks:?}");
    }

    #[test]
    fn planning_asks_for_more_blocks_where_noise_is_larger() {
        let margin = Margin::from_share(Direction::HigherIsBetter, 0.03).unwrap();
        let blocks = |deviation| blocks_to_show(deviation, &margin, &Rule::default()).unwrap();
        assert!(blocks(0.01) < blocks(0.03));
        assert_eq!(blocks(10.0), None);
    }
}
