//! E7: a known capacity found again; and the rate that one core of generator is good for.

use std::time::Duration;

use loadgen::{LoadOutcome, LoadVerdict, SearchOptions};

use super::findings::Findings;
use super::lab::Lab;
use super::server::ServerSpec;
use super::table::Row;
use crate::failure::Failure;

const CAPACITY: f64 = 2_000.0;
const FIRST_RATE: f64 = 10_000.0;
const STEP: f64 = 1.5;
const MOST_STEPS: i32 = 9;

/// E7: the knee of a server whose capacity is known.
pub(super) fn knee(lab: &Lab, findings: &mut Findings) -> Result<(), Failure> {
    let server = lab.server(ServerSpec {
        capacity: Some(CAPACITY),
        ..ServerSpec::default()
    })?;
    let spec = lab.spec(&server, CAPACITY)?;
    let options = SearchOptions {
        probe: lab.length(1_500, 1_000),
        ..SearchOptions::default()
    };
    let found = lab.knee(&spec, &options)?;
    let error = found
        .rate_per_s()
        .map(|rate| (rate / CAPACITY - 1.0) * 100.0);
    findings.add(Row::judged(
        "E7",
        "knee of a server of 2000/s",
        match (found.rate_per_s(), error) {
            (Some(rate), Some(error)) => {
                format!("{rate:.0}/s ({error:+.2} %), {} probes", found.probes.len())
            }
            _ => "not found".to_owned(),
        },
        "within 3 %, <= 10 probes",
        error.is_some_and(|error| error.abs() <= 3.0) && found.probes.len() <= 10,
    ));
    Ok(())
}

/// A run at a rate. What is not VALID is run once more: a stall of the machine is no limit of the generator.
fn tried_at(lab: &Lab, rate: f64) -> Result<LoadOutcome, Failure> {
    let run = || {
        let server = lab.server(ServerSpec::default())?;
        let mut spec = lab.spec(&server, rate)?;
        spec.duration = lab.length(1_000, 500);
        spec.interval = Duration::from_millis(250);
        lab.run(&spec)
    };
    match run()? {
        outcome if outcome.verdict == LoadVerdict::Valid => Ok(outcome),
        _ => run(),
    }
}

/// The highest rate in steps of a half at which the verdict is still VALID.
pub(super) fn trusted_rate(lab: &Lab, findings: &mut Findings) -> Result<(), Failure> {
    let mut trusted = None;
    let mut limit = "nothing higher was tried".to_owned();
    for step in 0..MOST_STEPS {
        let rate = FIRST_RATE * STEP.powi(step);
        let outcome = tried_at(lab, rate)?;
        match &outcome.verdict {
            LoadVerdict::Valid => trusted = Some((rate, outcome.generator.busiest_thread_share)),
            LoadVerdict::Overloaded { .. } => {
                limit = format!("at {rate:.0}/s the reference server is the limit");
                break;
            }
            LoadVerdict::GeneratorBound { .. } => {
                limit = format!("at {rate:.0}/s the generator is late");
                break;
            }
            LoadVerdict::Failed { .. } => {
                limit = format!("at {rate:.0}/s the reference server does not answer");
                break;
            }
            LoadVerdict::Noisy { .. } => {
                limit = format!("at {rate:.0}/s other programs disturb");
                break;
            }
        }
    }
    let figure = match trusted {
        Some((rate, share)) => format!("{rate:.0}/s at {:.0} % of a CPU; {limit}", share * 100.0),
        None => format!("none: {limit}"),
    };
    findings.add(Row::shown("trusted rate per core", figure));
    Ok(())
}
