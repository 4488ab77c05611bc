//! Decisions of whole runs: how often a synthetic run of known truth ends as it should. Shared by `examples/decisions.rs`
//! (many runs, a table) and `tests/promises` (few runs, bounds).

use documents::effect::Effect;
use documents::ranking::{ConfirmationOutcome, Ranking, VerdictKind};
use judging::comparison::{CompareOptions, Measured, Selector, within_run};
use record::objective::Objective;
use record::trial::Trial;

use super::laboratory::{Design, Laboratory, Noise, Random, Truth, recommends};

/// How much to simulate.
#[derive(Clone, Copy)]
pub(crate) struct Size {
    pub(crate) runs: usize,
    pub(crate) seed: u64,
}

/// What was promised, and in how many runs it was observed.
pub(crate) struct Promise {
    pub(crate) what: String,
    pub(crate) promised: &'static str,
    pub(crate) hits: usize,
    pub(crate) runs: usize,
}

impl Promise {
    pub(crate) fn share(&self) -> f64 {
        self.hits as f64 / self.runs.max(1) as f64
    }
}

/// Every scenario, in the order of the table, handed over as it ends: the whole takes a while.
pub(crate) fn each(size: Size, mut show: impl FnMut(Promise)) {
    for noise in [0.2, 0.5, 0.8, 1.2] {
        show(slow_gain(size, 2.0, noise));
        show(slow_gain(size, 1.2, noise));
    }
    for noise in [0.02, 0.1, 0.3] {
        show(lost_throughput(size, 0.9, noise));
        show(lost_throughput(size, 0.94, noise));
    }
    show(clean_gain(size));
    for truth in [5.1, 5.25] {
        show(limits_broken(size, truth, 6));
        show(limits_broken(size, truth, 0));
    }
    for blocks in [6, 10, 15] {
        show(power(size, blocks, 1));
        show(power(size, blocks, 6));
    }
    show(noisy_best(size, 0.0));
    show(noisy_best(size, 0.05));
    for fresh in [6, 12, 24] {
        show(confirmed(size, fresh));
    }
    show(identical(size, 24));
    show(contradicted(size));
    show(gate_of_crashes(size, 0.01));
    show(gate_of_crashes(size, 0.05));
    show(several_pairs(size));
}

/// Counts the runs in which something is so; `None` is a run that says nothing of it.
fn count(
    size: Size,
    what: String,
    promised: &'static str,
    holds: impl Fn(&mut Random) -> Option<bool>,
) -> Promise {
    let salt = what.bytes().fold(size.seed, |all, byte| {
        all.wrapping_mul(31) ^ u64::from(byte)
    });
    let outcomes: Vec<bool> = (0..size.runs as u64)
        .filter_map(|run| holds(&mut Random::new(salt, run)))
        .collect();
    Promise {
        what,
        promised,
        hits: outcomes.iter().filter(|held| **held).count(),
        runs: outcomes.len(),
    }
}

/// GC −80 % with a P99 that is worse in truth.
pub(crate) fn slow_gain(size: Size, p99: f64, noise: f64) -> Promise {
    let design = Design::of(&[Truth {
        gc: 0.2,
        p99,
        ..Truth::SAME
    }]);
    let lab = Laboratory::new(Design {
        noise: Noise {
            p99: noise,
            ..design.noise
        },
        ..design
    });
    let what = format!("GC −80 %, true P99 x{p99}, noise {noise} (log sd): recommended");
    count(size, what, "≤ 5 %", |random| {
        Some(recommends(&lab.ranked(random)))
    })
}

/// GC −80 % with less throughput in truth.
pub(crate) fn lost_throughput(size: Size, qps: f64, noise: f64) -> Promise {
    let design = Design::of(&[Truth {
        gc: 0.2,
        qps,
        ..Truth::SAME
    }]);
    let lab = Laboratory::new(Design {
        noise: Noise {
            qps: noise,
            ..design.noise
        },
        ..design
    });
    let what = format!("GC −80 %, true QPS x{qps}, noise {noise}: recommended");
    count(size, what, "≤ 5 %", |random| {
        Some(recommends(&lab.ranked(random)))
    })
}

/// GC −80 % and all else equal.
pub(crate) fn clean_gain(size: Size) -> Promise {
    let lab = Laboratory::new(Design::of(&[Truth {
        gc: 0.2,
        ..Truth::SAME
    }]));
    let what = "GC −80 %, all else equal, noise QPS 1 %, P99 3 %: recommended".to_owned();
    count(size, what, "≥ 90 %", |random| {
        Some(recommends(&lab.ranked(random)))
    })
}

/// Twelve cells with a gain that all break the limit.
pub(crate) fn limits_broken(size: Size, truth_ms: f64, confirm: u32) -> Promise {
    let design = Design::of(
        &[Truth {
            qps: 1.2,
            p99: truth_ms / 4.0,
            ..Truth::SAME
        }; 12],
    );
    let lab = Laboratory::new(Design {
        confirm,
        constraints: "{p99: 5ms}",
        noise: Noise {
            p99: 0.3,
            ..design.noise
        },
        ..design
    });
    let what = format!(
        "12 cells of true P99 {truth_ms} ms against 5 ms, noise 30 %, {confirm} fresh blocks: one recommended"
    );
    let promised = if truth_ms > 5.2 && confirm > 0 {
        "≤ 5 %"
    } else {
        "≤ 10 %"
    };
    count(size, what, promised, |random| {
        Some(recommends(&lab.ranked(random)))
    })
}

/// A true gain as large as the smallest that the run says it would claim 4 times in 5; the others are as the control.
pub(crate) fn power(size: Size, blocks: u32, cells: usize) -> Promise {
    let design = |gain: f64| {
        let mut truths = vec![Truth::SAME; cells];
        truths[0].qps = gain;
        let design = Design::of(&truths);
        Laboratory::new(Design {
            blocks,
            noise: Noise {
                qps: 0.02,
                ..design.noise
            },
            ..design
        })
    };
    let still = design(1.0);
    let what =
        format!("{cells} cells, {blocks} blocks, noise 2 %, a gain of the stated MDE: claimed");
    count(size, what, "75 to 85 %", |random| {
        let (run, trials) = still.searched(random);
        let stated = still.ranking(&run, &trials);
        let mut summaries = stated.targets[0].objectives.iter();
        let stated = summaries
            .find(|own| own.objective == Objective::Qps)?
            .minimum_detectable?;
        // The same noise, floor and all, with the gain that was stated for it.
        let id = still.id(1).clone();
        let raised: Vec<Trial> = trials
            .into_iter()
            .map(|mut trial| {
                if trial.cell == id
                    && let Some(closed) = &mut trial.saturate
                {
                    let raised = closed.ledger.completed as f64 * (1.0 + stated);
                    closed.ledger.completed = raised as u64;
                    closed.ledger.scheduled = closed.ledger.completed;
                }
                trial
            })
            .collect();
        let ranking = still.ranking(&run, &raised);
        Some(effect(&ranking, id.as_str(), Objective::Qps) == Effect::Better)
    })
}

fn effect(ranking: &Ranking, id: &str, objective: Objective) -> Effect {
    let mut cells = ranking.targets[0].cells.iter();
    let cell = cells.find(|cell| cell.id == id);
    cell.map_or(Effect::NoData, |cell| cell.objectives[&objective].effect)
}

/// The best of twelve is five times noisier: whether the top group holds it.
pub(crate) fn noisy_best(size: Size, missing: f64) -> Promise {
    let mut truths: Vec<Truth> = (0..12)
        .map(|cell| Truth {
            qps: 1.0 + 0.005 * f64::from(cell),
            ..Truth::SAME
        })
        .collect();
    truths[11] = Truth {
        qps: 1.06,
        wild: 5.0,
        ..Truth::SAME
    };
    let design = Design::of(&truths);
    let lab = Laboratory::new(Design {
        missing,
        noise: Noise {
            qps: 0.02,
            ..design.noise
        },
        ..design
    });
    let best = lab.id(12).to_string();
    let what = format!(
        "12 cells, the best 5x noisier, {:.0} % of trials missing: in the top group",
        missing * 100.0
    );
    count(size, what, "≥ 95 %", |random| {
        let (run, trials) = lab.searched(random);
        let ranking = lab.ranking(&run, &trials);
        let mut cells = ranking.targets[0].cells.iter();
        let group = cells.find(|cell| cell.id == best)?.objectives[&Objective::Qps].group;
        Some(group == Some(1))
    })
}

/// A true gain of 5 % that the search found: whether the fresh blocks confirm it.
pub(crate) fn confirmed(size: Size, fresh: u32) -> Promise {
    let design = Design::of(&[Truth {
        qps: 1.05,
        ..Truth::SAME
    }]);
    let lab = Laboratory::new(Design {
        confirm: fresh,
        noise: Noise {
            qps: 0.02,
            ..design.noise
        },
        ..design
    });
    let what = format!("true QPS +5 %, noise 2 %, {fresh} fresh blocks: confirmed, once chosen");
    count(size, what, "more with more blocks", |random| {
        let ranking = lab.ranked(random);
        let confirmation = ranking.targets[0].confirmation.as_ref()?;
        Some(confirmation.outcome == ConfirmationOutcome::Confirmed)
    })
}

/// Cells that are all as the control: whether any is recommended, with its gain or with a loss open.
pub(crate) fn identical(size: Size, cells: usize) -> Promise {
    let lab = Laboratory::new(Design::of(&vec![Truth::SAME; cells]));
    let what = format!("{cells} identical cells: a gain shown");
    count(size, what, "≤ 5 %", |random| {
        let kind = lab.ranked(random).targets[0].verdict.kind;
        Some(matches!(
            kind,
            VerdictKind::Recommend | VerdictKind::LossOpen
        ))
    })
}

/// Less memory for more CPU at noisy latencies, as `gogc=50` has it on real servers: whether a recommended cell is a
/// regression by `compare` of the same run.
pub(crate) fn contradicted(size: Size) -> Promise {
    let design = Design::of(&[
        Truth {
            rss: 0.9,
            cpu: 1.08,
            gc: 1.6,
            ..Truth::SAME
        },
        Truth {
            qps: 1.05,
            p99: 1.2,
            ..Truth::SAME
        },
    ]);
    let lab = Laboratory::new(Design {
        rank_by: "[qps, p99, rss]",
        noise: Noise {
            qps: 0.02,
            p99: 0.2,
            others: 0.03,
        },
        ..design
    });
    let what = "less memory for more CPU, or more QPS for a longer P99: recommended, and REGRESSED by compare".to_owned();
    count(size, what, "0 %", |random| {
        let (run, trials) = lab.whole(random);
        let ranking = lab.ranking(&run, &trials);
        let chosen = ranking.targets[0].verdict.cell.clone();
        let Some(chosen) = chosen.filter(|_| recommends(&ranking)) else {
            return Some(false);
        };
        let measured = Measured::new(&run, &trials).ok()?;
        let sides = (Selector::Control, Selector::Id(chosen));
        let compared =
            within_run(&measured, &sides.0, &sides.1, &CompareOptions::default()).ok()?;
        Some(compared.verdict == documents::comparison::Judgement::Regressed)
    })
}

/// Both sides crash as often: whether a gate fails.
pub(crate) fn gate_of_crashes(size: Size, rate: f64) -> Promise {
    let lab = Laboratory::new(Design::of(&[Truth::SAME]));
    let rules = judging::gate::Rules::parse("rules.yaml", "rules: [{qps: no worse than 5%}]")
        .expect("rules that parse");
    let what = format!(
        "both sides crash in {:.0} % of their trials: the gate fails",
        rate * 100.0
    );
    count(size, what, "≤ 5 %", |random| {
        let (run, mut trials) = lab.searched(random);
        for trial in &mut trials {
            if random.uniform() < rate {
                trial.outcome = testing::crashed();
            }
        }
        let measured = Measured::new(&run, &trials).ok()?;
        let request = judging::gate::GateRequest {
            measured: &measured,
            rules: &rules,
            baseline: &Selector::Control,
            candidate: None,
            options: &CompareOptions::default(),
        };
        let report = judging::gate::gate(&request).ok()?;
        Some(report.outcome == documents::gate::GateOutcome::Failed)
    })
}

/// Six cells that all lose the same against their counterparts: whether `compare` over the six pairs says so.
pub(crate) fn several_pairs(size: Size) -> Promise {
    let loss = Truth {
        qps: 0.955,
        ..Truth::SAME
    };
    let lab = Laboratory::new(Design {
        blocks: 6,
        ..Design::of(&[loss])
    });
    let what = "QPS −4.5 % over 6 blocks, noise 1 %: REGRESSED or open, never IMPROVED or NO WORSE"
        .to_owned();
    count(size, what, "≥ 97.5 %", |random| {
        let (run, trials) = lab.searched(random);
        let measured = Measured::new(&run, &trials).ok()?;
        let candidate = Selector::Id(lab.id(1).to_string());
        let options = CompareOptions::default();
        let compared = within_run(&measured, &Selector::Control, &candidate, &options).ok()?;
        Some(matches!(
            compared.verdict,
            documents::comparison::Judgement::Regressed
                | documents::comparison::Judgement::Inconclusive
        ))
    })
}
