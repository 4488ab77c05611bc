//! Reports of made-up laboratories.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod html;
mod programs;
mod reports;

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
