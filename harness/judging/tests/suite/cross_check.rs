//! Where the t test and the rearrangement of the same blocks contradict each other, nothing is claimed, and that is
//! said.

use documents::effect::{CellObjective, Effect};
use documents::ranking::{Ranking, VerdictKind};
use record::objective::Objective;
use record::trial::{Role, Trial};
use testing::{Lab, Service};

use crate::ranked_with;

const GOGC: [&str; 6] = ["100", "200", "400", "800", "1600", "3200"];

/// Six blocks of a control at 20,000/s, and cells that differ from it by these log ratios, block by block.
fn differing(by: &[[f64; 6]]) -> (Lab, Vec<Trial>) {
    let mut lab = Lab::new();
    lab.blocks = 6;
    lab.rank_by = "[qps]";
    for gogc in &GOGC[..=by.len()] {
        lab = lab.cell(&[("gogc", gogc)], Service::default());
    }
    let mut trials = lab.trials();
    for trial in &mut trials {
        let cell = (0..=by.len()).find(|&cell| lab.id(cell) == trial.cell);
        let block = trial.block as usize;
        // The duplicate differs by a hair, so that the noise floor is none.
        let log_ratio = match (cell.unwrap(), trial.role) {
            (0, Role::ControlDuplicate) => [1e-4, -1e-4][block % 2],
            (0, _) => 0.0,
            (cell, _) => by[cell - 1][block],
        };
        let window = trial.saturate.as_mut().unwrap();
        let answered = (20_000.0 * window.seconds * f64::exp(log_ratio)).round() as u64;
        window.ledger.scheduled = answered;
        window.ledger.completed = answered;
    }
    (lab, trials)
}

fn qps<'a>(lab: &Lab, ranking: &'a Ranking, cell: usize) -> &'a CellObjective {
    let mut cells = ranking.targets[0].cells.iter();
    let id = lab.id(cell);
    let own = cells.find(|own| own.id == id.as_str()).unwrap();
    &own.objectives[&Objective::Qps]
}

/// That the cell's change is disputed, and the ranking says so in these words.
#[track_caller]
fn is_disputed(lab: &Lab, trials: &[Trial], cell: usize, said: &str) {
    let ranking = ranked_with(lab, trials);
    let figures = qps(lab, &ranking, cell);
    assert!(figures.interval.unwrap()[0] > 1.0, "{figures:?}");
    assert_eq!(
        (figures.effect, figures.disputed),
        (Effect::Unclear, true),
        "{figures:?}"
    );
    let verdict = &ranking.targets[0].verdict;
    assert_eq!(verdict.kind, VerdictKind::Inconclusive);
    assert!(verdict.reasons[0].starts_with(said), "{verdict:?}");
}

/// Better in every block, by ten times more in one of them: by the t test's formula that one makes the mean uncertain,
/// though no rearrangement but the mirror image is as extreme.
#[test]
fn a_change_that_only_rearrangement_sees_is_disputed() {
    let (lab, trials) = differing(&[[0.1, 0.1, 0.1, 0.1, 0.1, 1.0]]);
    let said = "The corrected t test (p 0.156) and the permutation of the same blocks (p 0.042) disagree on it";
    is_disputed(&lab, &trials, 1, said);
}

/// A cell far above its own noise among others, one of them a hundred times noisier: each is rearranged in units of its own
/// noise, so that the neighbour takes up no chance of the steady one.
#[test]
fn a_noisy_neighbour_does_not_hide_a_steady_gain() {
    let steady = [0.1, 0.1, 0.1, 0.1, 0.1, 0.13];
    let wild = [0.7, -0.7, 0.7, -0.7, 0.7, -0.7];
    let calm = wild.map(|log_ratio| log_ratio / 1e3);
    let (lab, trials) = differing(&[steady, wild, calm, calm, calm]);
    let ranking = ranked_with(&lab, &trials);
    let figures = qps(&lab, &ranking, 1);
    assert_eq!((figures.effect, figures.disputed), (Effect::Better, false));
    assert!(figures.p_permutation.unwrap() <= 0.05, "{figures:?}");
}

/// The same cell without its neighbours is claimed: their share of the chances was in the way.
#[test]
fn a_change_that_both_see_is_claimed() {
    let (lab, trials) = differing(&[[0.1, 0.1, 0.1, 0.1, 0.1, 0.13]]);
    let ranking = ranked_with(&lab, &trials);
    let figures = qps(&lab, &ranking, 1);
    assert_eq!((figures.effect, figures.disputed), (Effect::Better, false));
    assert_eq!(ranking.targets[0].verdict.kind, VerdictKind::Recommend);
}
