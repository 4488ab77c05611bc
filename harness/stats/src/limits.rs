//! Limits kept or broken by several cells at once, at one total level.
//!
//! Where every one of twelve cells breaks a limit by a hair, one of them looks as if it kept it far more often than a
//! single cell would. So the confidence is that of all statements together: with "kept" at 90 %, the chance that *any*
//! cell is called kept though its typical value breaks the limit is at most 10 % (Holm 1979). The cell that was chosen
//! is then judged again by blocks that did not choose it, alone: [`judge`] with that cell only.

use crate::correction::holm;
use crate::distribution::t_quantile;
use crate::error::{StatsError, check_probability, check_values};
use crate::estimate::Alternative;
use crate::paired::t_test;
use crate::summary::{deviation_of, mean_of};

/// What the trials of a cell say about the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// The typical trial keeps it.
    Kept,
    /// The typical trial breaks it.
    Broken,
    /// Neither is sure.
    Open,
}

/// A cell compared with the limit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Judgement {
    /// What the trials say.
    pub state: State,
    /// Mean room: the distance from the limit, positive inside.
    pub room: f64,
    /// The least room that the cell has with the stated confidence, simultaneously over all cells (Bonferroni). Minus
    /// infinity for fewer than two trials.
    pub least_room: f64,
    /// p of "it breaks the limit", one-sided, after Holm over all cells; small where it keeps it.
    pub p_breaks: f64,
    /// p of "it keeps the limit", likewise.
    pub p_keeps: f64,
}

/// Judges all candidate cells at one confidence, in their order. `rooms` holds one value per trial of each cell: how
/// far it lies inside the limit (log of limit ÷ value for a latency, limit − value where zeros forbid logs).
///
/// A cell with fewer than two trials is open and takes no part in the correction. Trials that are all equal have no
/// noise to be compared with and are judged by their place; on the limit is kept.
///
/// # Errors
/// [`StatsError::NotFinite`], [`StatsError::OutOfRange`] for a confidence outside 0.5..1.
pub fn judge<R: AsRef<[f64]>>(rooms: &[R], confidence: f64) -> Result<Vec<Judgement>, StatsError> {
    let alpha = 1.0 - confidence;
    check_probability("twice one minus the confidence", 2.0 * alpha)?;
    for room in rooms {
        check_values("room below the limit", room.as_ref(), 0)?;
    }
    let breaks = adjusted(rooms, Alternative::Greater)?;
    let keeps = adjusted(rooms, Alternative::Less)?;
    let judged = rooms.iter().filter(|room| room.as_ref().len() >= 2).count();
    Ok(rooms
        .iter()
        .zip(breaks.into_iter().zip(keeps))
        .map(|(room, (p_breaks, p_keeps))| Judgement {
            state: if p_breaks <= alpha {
                State::Kept
            } else if p_keeps <= alpha {
                State::Broken
            } else {
                State::Open
            },
            room: if room.as_ref().is_empty() {
                0.0
            } else {
                mean_of(room.as_ref())
            },
            least_room: least_room(room.as_ref(), alpha / judged.max(1) as f64),
            p_breaks,
            p_keeps,
        })
        .collect())
}

/// One-sided p-values after Holm over the cells that have one; 1 for the others.
fn adjusted<R: AsRef<[f64]>>(rooms: &[R], side: Alternative) -> Result<Vec<f64>, StatsError> {
    let judged: Vec<usize> = (0..rooms.len())
        .filter(|&cell| rooms[cell].as_ref().len() >= 2)
        .collect();
    let plain = judged
        .iter()
        .map(|&cell| one_sided(rooms[cell].as_ref(), side))
        .collect::<Result<Vec<_>, _>>()?;
    let mut p_values = vec![1.0; rooms.len()];
    for (cell, p) in judged.into_iter().zip(holm(&plain)?) {
        p_values[cell] = p;
    }
    Ok(p_values)
}

fn one_sided(room: &[f64], side: Alternative) -> Result<f64, StatsError> {
    if deviation_of(room) > 0.0 {
        return Ok(t_test(room, side)?.p_value);
    }
    let inside = room[0] >= 0.0;
    let agrees = inside == (side == Alternative::Greater);
    Ok(f64::from(u8::from(!agrees)))
}

fn least_room(room: &[f64], alpha: f64) -> f64 {
    if room.len() < 2 {
        return f64::NEG_INFINITY;
    }
    let n = room.len() as f64;
    mean_of(room) - t_quantile(1.0 - alpha, n - 1.0) * deviation_of(room) / n.sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trials_without_noise_are_judged_by_their_place() {
        let state = |value: f64| judge(&[[value; 3]], 0.9).unwrap()[0].state;
        assert_eq!(state(0.1), State::Kept);
        assert_eq!(state(0.0), State::Kept);
        assert_eq!(state(-0.1), State::Broken);
    }

    #[test]
    fn more_candidates_ask_for_more() {
        let clear = vec![0.1, 0.3, 0.25, 0.05, 0.2, 0.15];
        let noise = vec![0.3, -0.3, 0.2, -0.2, 0.1, -0.1];
        let alone = judge(std::slice::from_ref(&clear), 0.9).unwrap()[0];
        let among = judge(&[clear, noise.clone(), noise.clone(), noise], 0.9).unwrap()[0];
        assert!((among.p_breaks - 4.0 * alone.p_breaks).abs() < 1e-12);
        assert!(among.least_room < alone.least_room);
    }

    #[test]
    fn a_single_trial_says_nothing_and_costs_nobody() {
        let clear = vec![0.1, 0.3, 0.25, 0.05];
        let alone = judge(std::slice::from_ref(&clear), 0.9).unwrap()[0];
        let both = judge(&[clear, vec![5.0]], 0.9).unwrap();
        assert_eq!(both[0], alone);
        assert_eq!((both[1].state, both[1].p_breaks), (State::Open, 1.0));
    }
}
