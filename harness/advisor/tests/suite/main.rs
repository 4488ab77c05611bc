//! The advisor as its users see it: runs, logs and profiles in, findings out.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod advice;
mod analyze;
mod analyze_verdict;
mod caveats;
mod planted;
mod profiles;
mod public_inputs;
mod reference;
mod wrapped_logs;

use advisor::rank;
use documents::ranking::Ranking;
use judging::RankOptions;
use record::trial::Trial;
use testing::Lab;

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
