//! Proof that a gate can fail, pass and be inconclusive: made-up runs with a known truth, through the same code as real
//! ones.

mod lab;

use documents::gate::{GateOutcome, SelftestCase};
use lab::{Candidate, Lab};

use super::evaluate::{GateRequest, gate};
use super::rules::Rules;
use crate::comparison::{CompareOptions, Measured, Selector};
use crate::error::JudgingError;

const RULES: &str = "\
rules:
  - qps: no worse than 3%
  - p99: no worse than 10%
  - gc_per_kreq: no worse than 5%
  - p99 <= 5ms
  - error_rate <= 0.1%
";

/// How many runs of two identical cells are judged, and how many of them may fail: 1 in 20, as METHODOLOGY allows.
const IDENTICAL_RUNS: u64 = 20;
const MAY_FAIL: usize = 1;

/// Judges every made-up run.
///
/// # Errors
/// [`JudgingError`]; only a defect of gosweep makes a made-up run unreadable.
pub fn selftest() -> Result<Vec<SelftestCase>, JudgingError> {
    let same = Candidate::default();
    let times =
        |what: &str, candidate: Candidate, expected| (what.to_owned(), candidate, 0.01, expected);
    let cases = [
        times("two identical cells", same, GateOutcome::Passed),
        times(
            "10 % less throughput",
            Candidate { qps: 0.9, ..same },
            GateOutcome::Failed,
        ),
        times(
            "20 % more P99",
            Candidate { p99: 1.2, ..same },
            GateOutcome::Failed,
        ),
        times(
            "40 % more P99, above the limit",
            Candidate { p99: 1.4, ..same },
            GateOutcome::Failed,
        ),
        times(
            "15 % more GC cycles",
            Candidate { gc: 1.15, ..same },
            GateOutcome::Failed,
        ),
        times(
            "1 % of requests fail",
            Candidate {
                errors: 0.01,
                ..same
            },
            GateOutcome::Failed,
        ),
        times(
            "10 % more throughput",
            Candidate { qps: 1.1, ..same },
            GateOutcome::Passed,
        ),
        times(
            "the candidate crashes once",
            Candidate { crashes: 1, ..same },
            GateOutcome::Inconclusive,
        ),
        times(
            "the candidate crashes in most trials",
            Candidate { crashes: 8, ..same },
            GateOutcome::Failed,
        ),
        times(
            "GC is not observed",
            Candidate {
                gc: f64::NAN,
                ..same
            },
            GateOutcome::Inconclusive,
        ),
        times(
            "every trial is invalid",
            Candidate {
                is_invalid: true,
                ..same
            },
            GateOutcome::Invalid,
        ),
        (
            "identical cells, 20 % noise".to_owned(),
            same,
            0.2,
            GateOutcome::Inconclusive,
        ),
        (
            "3 % less throughput, on the margin".to_owned(),
            Candidate { qps: 0.97, ..same },
            0.02,
            GateOutcome::Inconclusive,
        ),
    ];
    let mut found = Vec::new();
    for (what, candidate, noise, expected) in cases {
        let lab = Lab {
            candidate,
            noise,
            seed: 1,
        };
        found.push(case(what, expected, outcome(&lab)?));
    }
    found.push(identical_runs()?);
    Ok(found)
}

/// Many runs in which there is nothing to find: the gate must not cry wolf.
fn identical_runs() -> Result<SelftestCase, JudgingError> {
    let mut failed = 0;
    for seed in 0..IDENTICAL_RUNS {
        let lab = Lab {
            candidate: Candidate::default(),
            noise: 0.05,
            seed,
        };
        failed += usize::from(outcome(&lab)? == GateOutcome::Failed);
    }
    let what = format!("{IDENTICAL_RUNS} runs of identical cells, 5 % noise: {failed} failed");
    let found = if failed <= MAY_FAIL {
        GateOutcome::Passed
    } else {
        GateOutcome::Failed
    };
    Ok(case(what, GateOutcome::Passed, found))
}

fn case(what: String, expected: GateOutcome, found: GateOutcome) -> SelftestCase {
    SelftestCase {
        what,
        expected,
        found,
        exit_code: found.exit_code(),
    }
}

fn outcome(lab: &Lab) -> Result<GateOutcome, JudgingError> {
    let rules = Rules::parse("selftest.yaml", RULES).expect("the rules above are sound");
    let (run, trials) = (lab.run(), lab.trials());
    let report = gate(&GateRequest {
        measured: &Measured::new(&run, &trials)?,
        rules: &rules,
        baseline: &Selector::Control,
        candidate: None,
        options: &CompareOptions::default(),
    })?;
    Ok(report.outcome)
}
