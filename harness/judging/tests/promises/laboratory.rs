//! Synthetic runs whose truth is known, taken the whole way: the search, the choice of a finalist, fresh blocks, the verdict.

use documents::ranking::{Ranking, VerdictKind};
use judging::{RankOptions, rank, steering};
use record::cell::CellId;
use record::decision::{Decision, Stop, StopReason};
use record::run::Run;
use record::trial::{Role, Stage, Trial};
use testing::{Lab, Service};

/// What a trial measures of a cell, as ratios to the control's.
#[derive(Clone, Copy)]
pub(crate) struct Truth {
    pub(crate) qps: f64,
    pub(crate) p99: f64,
    pub(crate) gc: f64,
    pub(crate) cpu: f64,
    pub(crate) rss: f64,
    /// How much noisier its throughput is than the others'.
    pub(crate) wild: f64,
}

impl Truth {
    /// As the control.
    pub(crate) const SAME: Truth = Truth {
        qps: 1.0,
        p99: 1.0,
        gc: 1.0,
        cpu: 1.0,
        rss: 1.0,
        wild: 1.0,
    };
}

/// Noise of a trial on the log scale.
#[derive(Clone, Copy)]
pub(crate) struct Noise {
    pub(crate) qps: f64,
    pub(crate) p99: f64,
    pub(crate) others: f64,
}

/// A kind of runs.
#[derive(Clone)]
pub(crate) struct Design {
    pub(crate) cells: Vec<Truth>,
    pub(crate) noise: Noise,
    pub(crate) blocks: u32,
    /// Fresh blocks of a finalist.
    pub(crate) confirm: u32,
    pub(crate) rank_by: &'static str,
    pub(crate) constraints: &'static str,
    /// P99 of the control in milliseconds.
    pub(crate) p99_ms: f64,
    /// Share of the trials that are missing.
    pub(crate) missing: f64,
}

impl Design {
    /// Ten quiet blocks of a control and these cells, six fresh ones.
    pub(crate) fn of(cells: &[Truth]) -> Design {
        Design {
            cells: cells.to_vec(),
            noise: Noise {
                qps: 0.01,
                p99: 0.03,
                others: 0.01,
            },
            blocks: 10,
            confirm: 6,
            rank_by: "[qps, p99, gc_per_kreq]",
            constraints: "{}",
            p99_ms: 4.0,
            missing: 0.0,
        }
    }
}

/// SplitMix64 (Steele, Lea & Flood 2014), and normal numbers by Box and Muller.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64, run: u64) -> Random {
        let mut random = Random(seed.wrapping_mul(0x2545_f491_4f6c_dd1d) ^ run << 20);
        random.bits();
        random
    }

    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn uniform(&mut self) -> f64 {
        ((self.bits() >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    }

    pub(crate) fn normal(&mut self) -> f64 {
        let (radius, turn) = (self.uniform(), self.uniform());
        (-2.0 * radius.ln()).sqrt() * (std::f64::consts::TAU * turn).cos()
    }
}

/// What every run of a design has in common.
pub(crate) struct Laboratory {
    design: Design,
    run: Run,
    template: Trial,
    options: RankOptions,
}

impl Laboratory {
    pub(crate) fn new(design: Design) -> Laboratory {
        let mut lab = Lab::new();
        (lab.blocks, lab.noise) = (design.blocks, 0.0);
        (lab.rank_by, lab.constraints) = (design.rank_by, design.constraints);
        for cell in 0..=design.cells.len() {
            let value = (100 + cell).to_string();
            lab = lab.cell(&[("gogc", &value)], Service::default());
        }
        let mut template = lab.trials().swap_remove(0);
        // What the process reports would name the control's settings for every cell.
        template.readback = None;
        Laboratory {
            design,
            run: lab.run(),
            template,
            options: RankOptions {
                explore: false,
                ..RankOptions::default()
            },
        }
    }

    /// The id of a cell; the control is 0.
    pub(crate) fn id(&self, cell: usize) -> &CellId {
        &self.run.cells[cell].id
    }

    /// A run of the search alone.
    pub(crate) fn searched(&self, random: &mut Random) -> (Run, Vec<Trial>) {
        let cells: Vec<usize> = (0..self.run.cells.len()).collect();
        let mut run = self.run.clone();
        run.seed = random.bits() >> 1;
        let trials = self.trials(random, Stage::Search, 0, self.design.blocks, &cells);
        (run, trials)
    }

    /// A whole run: the search, and fresh blocks of its finalist where it has one.
    pub(crate) fn whole(&self, random: &mut Random) -> (Run, Vec<Trial>) {
        let (mut run, mut trials) = self.searched(random);
        let finalists = steering::finalists(&run, &trials, &self.options).expect("a sound record");
        let chosen = finalists.first().map(|own| own.cell.clone());
        run.decisions = vec![Decision {
            stop: Some(Stop {
                reason: StopReason::Blocks,
                words: "made up".to_owned(),
            }),
            finalists,
            ..Decision::nothing(self.design.blocks)
        }];
        if let Some(chosen) = chosen.filter(|_| self.design.confirm > 0) {
            let at = self.run.cells.iter().position(|cell| cell.id == chosen);
            let (from, to) = (self.design.blocks, self.design.blocks + self.design.confirm);
            let cells = [0, at.expect("a finalist is a cell of the run")];
            trials.extend(self.trials(random, Stage::Confirm, from, to, &cells));
        }
        (run, trials)
    }

    pub(crate) fn ranking(&self, run: &Run, trials: &[Trial]) -> Ranking {
        rank(run, trials, &self.options).expect("a sound record")
    }

    /// The ranking of a whole run.
    pub(crate) fn ranked(&self, random: &mut Random) -> Ranking {
        let (run, trials) = self.whole(random);
        self.ranking(&run, &trials)
    }

    fn trials(
        &self,
        random: &mut Random,
        stage: Stage,
        from: u32,
        to: u32,
        cells: &[usize],
    ) -> Vec<Trial> {
        let mut trials = Vec::new();
        for block in from..to {
            let drift = (0.05 * random.normal()).exp();
            let measured = cells.iter().map(|&cell| (cell, Role::Measured));
            for (position, (cell, role)) in
                measured.chain([(0, Role::ControlDuplicate)]).enumerate()
            {
                let trial = self.trial(random, drift, cell);
                if stage == Stage::Search && random.uniform() < self.design.missing {
                    trials.push(Trial {
                        outcome: testing::invalid(),
                        ..self.placed(trial, stage, block, position, (cell, role))
                    });
                    continue;
                }
                trials.push(self.placed(trial, stage, block, position, (cell, role)));
            }
        }
        trials
    }

    fn placed(
        &self,
        trial: Trial,
        stage: Stage,
        block: u32,
        position: usize,
        (cell, role): (usize, Role),
    ) -> Trial {
        Trial {
            id: format!("b{block:02}-{position:04}"),
            cell: self.id(cell).clone(),
            block,
            position: u32::try_from(position).expect("few cells"),
            role,
            stage,
            ..trial
        }
    }

    fn trial(&self, random: &mut Random, drift: f64, cell: usize) -> Trial {
        let truth = match cell {
            0 => Truth::SAME,
            rival => self.design.cells[rival - 1],
        };
        let noise = self.design.noise;
        let mut times = |ratio: f64, noise: f64| ratio * (noise * random.normal()).exp();
        let mut trial = self.template.clone();
        let saturate = trial.saturate.as_mut().expect("laboratories saturate");
        let qps = 20_000.0 * drift * times(truth.qps, noise.qps * truth.wild);
        saturate.ledger.completed = whole(qps * saturate.seconds);
        saturate.ledger.scheduled = saturate.ledger.completed;
        let constant = trial.constant.as_mut().expect("laboratories have a rate");
        constant.response_ms.p99 = self.design.p99_ms / drift * times(truth.p99, noise.p99);
        let runtime = constant
            .runtime
            .as_mut()
            .expect("laboratories have the probe");
        let collections = times(truth.gc, noise.others);
        runtime.gc_cycles = whole(30_000.0 * collections);
        runtime.gc_cpu_seconds = 0.6 * collections;
        runtime.gc_idle_cpu_seconds = 0.0;
        let process = constant.process.as_mut().expect("laboratories have /proc");
        process.user_seconds = 3.6 * times(truth.cpu, noise.others);
        let life = trial.process.as_mut().expect("laboratories have /proc");
        life.peak_rss_bytes = whole(40e6 * times(truth.rss, noise.others));
        trial
    }
}

/// Whether a ranking recommends a change.
pub(crate) fn recommends(ranking: &Ranking) -> bool {
    ranking.targets[0].verdict.kind == VerdictKind::Recommend
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts here are far from the ends of u64 and never negative"
)]
fn whole(count: f64) -> u64 {
    count.round() as u64
}
