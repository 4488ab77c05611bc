//! The analysis as its users see it: made-up laboratories with known truth in, rankings and reports out.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod advice;
mod analyze;
mod analyze_verdict;
mod comparison;
mod course;
mod cross_check;
mod doubts;
mod exploration;
mod gate;
mod html;
mod judgement;
mod lab;
mod objective;
mod preference;
mod profiles;
mod proof;
mod properties;
mod public_inputs;
mod refusals;
mod reports;
mod wrapped_logs;

use analysis::ranking::Ranking;
use analysis::{RankOptions, rank};
use record::trial::Trial;

use crate::lab::Lab;

/// The ranking of a laboratory's own trials.
fn ranked(lab: &Lab) -> Ranking {
    ranked_with(lab, &lab.trials())
}

/// The ranking of trials that a test has changed.
fn ranked_with(lab: &Lab, trials: &[Trial]) -> Ranking {
    let options = RankOptions {
        tool: "gosweep test".into(),
        ..RankOptions::default()
    };
    rank(&lab.run(), trials, &options).expect("the laboratory keeps a sound record")
}
