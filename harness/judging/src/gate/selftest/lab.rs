//! A made-up run of a control and one candidate. The templates alongside this file are a run and a trial as gosweep
//! stores them; the numbers that a gate looks at are replaced.

use record::run::Run;
use record::trial::{Failure, FailureCause, Outcome, Phase, Reason, Role, RuleId, Trial};

/// How the candidate differs from the control: factors, shares and mishaps.
#[derive(Debug, Clone, Copy)]
pub(super) struct Candidate {
    pub(super) qps: f64,
    pub(super) p99: f64,
    /// GC cycles; NaN where nobody counts them.
    pub(super) gc: f64,
    /// Share of requests that fail.
    pub(super) errors: f64,
    /// How many of its trials crash.
    pub(super) crashes: u32,
    pub(super) is_invalid: bool,
}

impl Default for Candidate {
    fn default() -> Self {
        Candidate {
            qps: 1.0,
            p99: 1.0,
            gc: 1.0,
            errors: 0.0,
            crashes: 0,
            is_invalid: false,
        }
    }
}

pub(super) struct Lab {
    pub(super) candidate: Candidate,
    /// Standard deviation of a trial, as a share.
    pub(super) noise: f64,
    pub(super) seed: u64,
}

/// The control's figures.
const QPS: f64 = 20_000.0;
const P99_MS: f64 = 4.0;
const GC_CYCLES: f64 = 500.0;
const REQUESTS: f64 = 12_000.0;
/// How far a block as a whole is off, both cells alike: what pairing takes out.
const DRIFT: f64 = 0.05;

impl Lab {
    pub(super) fn run(&self) -> Run {
        serde_json::from_str(include_str!("run.json")).expect("the template is a run")
    }

    pub(super) fn trials(&self) -> Vec<Trial> {
        let template: Trial =
            serde_json::from_str(include_str!("trial.json")).expect("the template is a trial");
        let run = self.run();
        let slots = [
            (0, Role::Measured, Candidate::default()),
            (1, Role::Measured, self.candidate),
            (0, Role::ControlDuplicate, Candidate::default()),
        ];
        let mut trials = Vec::new();
        for block in 0..run.blocks {
            for (position, (cell, role, truth)) in (0..).zip(slots) {
                let mut trial = Trial {
                    id: format!("b{block:02}-{position:02}"),
                    cell: run.cells[cell].id.clone(),
                    block,
                    position,
                    role,
                    ..template.clone()
                };
                self.measure(&mut trial, &truth);
                trials.push(trial);
            }
        }
        trials
    }

    fn measure(&self, trial: &mut Trial, truth: &Candidate) {
        let place = u64::from(trial.block) << 16 | u64::from(trial.position) << 8;
        let drift = (DRIFT * normal(self.seed ^ mix(u64::from(trial.block)))).exp();
        let noise = |figure: u64| (self.noise * normal(mix(self.seed) ^ mix(place | figure))).exp();
        if let Some(closed) = &mut trial.saturate {
            answer(
                closed,
                QPS * truth.qps * drift * noise(1) * closed.seconds,
                truth.errors,
            );
        }
        if let Some(constant) = &mut trial.constant {
            answer(constant, REQUESTS, truth.errors);
            constant.response_ms.p99 = P99_MS * truth.p99 / drift * noise(2);
            match &mut constant.runtime {
                Some(runtime) if truth.gc.is_finite() => {
                    runtime.gc_cycles = whole(GC_CYCLES * truth.gc * noise(3));
                }
                runtime => *runtime = None,
            }
        }
        if trial.block < truth.crashes {
            trial.outcome = crashed();
        } else if truth.is_invalid {
            trial.outcome = Outcome::Invalid(vec![Reason {
                rule: RuleId::V4,
                message: "made-up steal".to_owned(),
            }]);
        }
    }
}

fn answer(phase: &mut Phase, requests: f64, errors: f64) {
    phase.ledger.scheduled = whole(requests);
    phase.ledger.failed = whole(requests * errors);
    phase.ledger.completed = phase.ledger.scheduled - phase.ledger.failed;
    phase.response_ms.count = phase.ledger.scheduled;
}

fn crashed() -> Outcome {
    Outcome::Failed(Failure {
        cause: FailureCause::Crashed,
        message: "made-up crash".to_owned(),
        exit_code: Some(2),
        signal: None,
        panic: None,
        stderr_tail: Vec::new(),
    })
}

/// A count.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts here are small and never negative"
)]
fn whole(count: f64) -> u64 {
    count.round() as u64
}

/// SplitMix64's finaliser (Steele, Lea & Flood 2014).
fn mix(value: u64) -> u64 {
    let z = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// About a standard normal: the sum of twelve uniforms less six (variance 12 · 1/12).
fn normal(seed: u64) -> f64 {
    let uniform = |at: u64| (mix(seed ^ mix(at)) >> 11) as f64 / (1u64 << 53) as f64;
    (0..12).map(uniform).sum::<f64>() - 6.0
}
