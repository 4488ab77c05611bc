//! Fresh blocks of a change that other blocks chose: is its gain there again?
//!
//! The change was named before the fresh blocks were measured, and its direction with it. So the question is one-sided,
//! has one answer, and needs no correction for the cells that were searched. What its estimate is compared with must be of
//! the fresh blocks too: [`crate::floor::of_duplicates`] of a duplicate that ran in them, or
//! [`crate::floor::Floor::reach_over`] of the search's.
//!
//! Losses on other objectives are a matter of [`crate::noninferiority`].

use crate::error::{StatsError, check_not_negative, check_probability, check_values};
use crate::estimate::{Alternative, Estimate};
use crate::paired;
use crate::power::{PairedDesign, PairedTest, blocks_needed};
use crate::summary::deviation_of;
use crate::verdict::Margin;

/// What a gain has to pass.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rule {
    /// One-sided size; 0.05 is usual.
    pub alpha: f64,
    /// The change that somebody would act on.
    pub margin: Margin,
    /// The noise floor of an estimate over the fresh blocks; zero where none is known.
    pub floor: f64,
    /// With what chance the blocks that an open confirmation names would decide it.
    pub chance: f64,
    /// The most blocks in all that are worth naming.
    pub at_most_blocks: usize,
}

/// What the fresh blocks say of the gain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// A gain is there, and the estimate passes margin and floor.
    Confirmed,
    /// A gain as large as the margin is ruled out.
    RuledOut,
    /// Neither.
    Open {
        /// So many more blocks would decide it, if effect and noise are what they look like; `None` where none would.
        more_blocks: Option<usize>,
    },
}

/// The answer of the fresh blocks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Confirmation {
    /// What they say.
    pub outcome: Outcome,
    /// The difference, in the sign of the input, with the interval of level 1 − 2α: each end is a one-sided bound. Quote
    /// it whatever the outcome; quoting confirmed figures alone would bring the winner's curse back.
    pub estimate: Estimate,
}

/// Judges the fresh differences, one per block, change against control.
///
/// # Errors
/// [`StatsError::TooFew`] below two blocks, [`StatsError::NotFinite`], [`StatsError::OutOfRange`] for the rule.
pub fn confirm(differences: &[f64], rule: &Rule) -> Result<Confirmation, StatsError> {
    check_values("fresh differences", differences, 2)?;
    check_probability("twice alpha", 2.0 * rule.alpha)?;
    check_not_negative("floor", rule.floor)?;
    let estimate = paired::estimate(differences, 1.0 - 2.0 * rule.alpha)?;
    let gain = if rule.margin.best() < 0.0 || rule.margin.worst() > 0.0 {
        estimate.negated()
    } else {
        estimate
    };
    let margin = rule.margin.best().abs();
    let required = margin.max(rule.floor);
    let outcome = if gain.low > 0.0 && gain.point >= required {
        Outcome::Confirmed
    } else if gain.high < margin {
        Outcome::RuledOut
    } else {
        // What is missing: evidence that there is a gain, or distance from the size that it needs.
        let distance = if gain.point >= required {
            gain.point
        } else {
            (margin - gain.point).abs()
        };
        Outcome::Open {
            more_blocks: more_blocks(differences, distance, rule)?,
        }
    };
    Ok(Confirmation { outcome, estimate })
}

fn more_blocks(
    differences: &[f64],
    distance: f64,
    rule: &Rule,
) -> Result<Option<usize>, StatsError> {
    let deviation = deviation_of(differences);
    if deviation == 0.0 || distance == 0.0 {
        return Ok(None);
    }
    let design = PairedDesign {
        blocks: differences.len(),
        alpha: rule.alpha,
        alternative: Alternative::Greater,
        test: PairedTest::SignedRank,
    };
    let needed = blocks_needed(
        &design,
        distance / deviation,
        rule.chance,
        rule.at_most_blocks,
    )?;
    Ok(needed.map(|blocks| blocks.saturating_sub(differences.len()).max(1)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::Direction;

    fn outcome(differences: &[f64], direction: Direction, floor: f64) -> Outcome {
        let rule = Rule {
            alpha: 0.05,
            margin: Margin::from_share(direction, 0.05).unwrap(),
            floor,
            chance: 0.8,
            at_most_blocks: 1_000,
        };
        confirm(differences, &rule).unwrap().outcome
    }

    const GAIN: [f64; 6] = [0.09, 0.11, 0.10, 0.08, 0.12, 0.10];

    #[test]
    fn a_gain_is_one_in_its_own_direction() {
        assert_eq!(
            outcome(&GAIN, Direction::HigherIsBetter, 0.0),
            Outcome::Confirmed
        );
        assert_eq!(
            outcome(&GAIN, Direction::LowerIsBetter, 0.0),
            Outcome::RuledOut
        );
        let turned = GAIN.map(|value| -value);
        assert_eq!(
            outcome(&turned, Direction::LowerIsBetter, 0.0),
            Outcome::Confirmed
        );
    }

    #[test]
    fn a_floor_above_the_gain_leaves_it_open() {
        assert!(matches!(
            outcome(&GAIN, Direction::HigherIsBetter, 0.2),
            Outcome::Open { .. }
        ));
    }
}
