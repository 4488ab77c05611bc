//! What must hold whatever the numbers are.

use documents::effect::Effect;
use documents::ranking::{CellRanking, CellState, VerdictKind};
use proptest::prelude::*;
use testing::{Lab, Service, crashed, invalid, winner};

use crate::{ranked, ranked_with};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_order_of_trials_does_not_matter(order in Just((0..40usize).collect::<Vec<_>>()).prop_shuffle()) {
        let lab = winner();
        let mut trials = lab.trials();
        prop_assert_eq!(trials.len(), order.len());
        trials[7].outcome = invalid();
        trials[12].outcome = crashed();
        let shuffled: Vec<_> = order.iter().map(|&at| trials[at].clone()).collect();
        prop_assert_eq!(ranked_with(&lab, &shuffled), ranked_with(&lab, &trials));
    }

    #[test]
    fn a_recommended_cell_is_fit_for_it(
        seed in any::<u64>(),
        noise in 0.001f64..0.15,
        figures in prop::collection::vec((0.5f64..2.0, 0.5f64..2.0, 0.0f64..2.0), 2..6),
    ) {
        let mut lab = Lab::new().cell(&[("gogc", "100")], Service::default());
        for (number, (qps, p99, gc)) in figures.iter().enumerate() {
            let normal = Service::default();
            let service = Service {
                qps: normal.qps * qps,
                p99_ms: normal.p99_ms * p99,
                gc_per_kreq: normal.gc_per_kreq * gc,
                ..normal
            };
            lab = lab.cell(&[("gogc", &(200 + number).to_string())], service);
        }
        (lab.seed, lab.noise, lab.constraints) = (seed, noise, "{p99: 6ms}");
        let ranking = ranked(&lab);
        let target = &ranking.targets[0];
        let recommended: Vec<_> = target.cells.iter().filter(|cell| cell.recommended).collect();
        prop_assert_eq!(recommended.len(), usize::from(target.verdict.kind == VerdictKind::Recommend));
        for cell in recommended {
            prop_assert!(!cell.control);
            prop_assert_eq!(cell.state, CellState::Feasible);
            prop_assert!(cell.failures.is_empty());
        }
        let mut ranks: Vec<usize> = target.cells.iter().filter_map(|cell| cell.rank).collect();
        ranks.sort_unstable();
        prop_assert!(ranks.iter().copied().eq(1..=target.cells.len()));
    }
}

/// What METHODOLOGY promises of A/A runs, over all ranked objectives together: at most one in twenty flags anything.
/// Noise from far below the margins to far above them.
#[test]
fn identical_cells_are_rarely_flagged() {
    let runs = 100;
    let mut flagged = 0;
    for run in 0..runs {
        let mut lab = Lab::new();
        for gogc in ["100", "110", "120", "130", "140", "150"] {
            lab = lab.cell(&[("gogc", gogc)], Service::default());
        }
        (lab.seed, lab.noise) = (run, 0.001 * 100f64.powf(run as f64 / runs as f64));
        let target = &ranked(&lab).targets[0];
        let claims = |cell: &CellRanking| {
            let claimed = |effect| matches!(effect, Effect::Better | Effect::Worse);
            let mut ranked = target.rank_by.iter().map(|own| &cell.objectives[own]);
            ranked.any(|own| claimed(own.effect))
        };
        flagged += usize::from(target.cells.iter().any(claims));
    }
    assert!(flagged * 20 <= runs as usize, "{flagged} of {runs}");
}
