//! The promise of attribution, on simulated trials: a planted cause is named, and without one nothing is.

use record::objective::{Figure, Objective};
use testing::{Lab, Service};

use super::*;
use crate::evidence::TargetTrials;

const SWITCHES: [&str; 7] = [
    "nogreenteagc",
    "nojsonv2",
    "nosizespecializedmalloc",
    "norandomizedheapbase64",
    "nodwarf5",
    "noregabiargs",
    "noregabiwrappers",
];

/// What the first run has shown: CPU per request rose from 60 to 66 us in user mode, beside 20 in the kernel, and memory
/// by as much.
fn asked() -> [Asked; 2] {
    let up = |figure| {
        let values: Vec<f64> = (0..10)
            .map(|at| 0.0713 + 0.001 * f64::from(at % 3))
            .collect();
        Asked {
            figure: Figure::Objective(figure),
            effect: stats::paired::estimate(&values, 0.95).unwrap(),
        }
    };
    [up(Objective::CpuPerReq), up(Objective::Rss)]
}

/// One run of the switches, in which `planted` takes the 6 us of CPU per request away again.
fn names(seed: u64, planted: Option<usize>) -> Vec<String> {
    let slow = Service {
        cpu_us_per_request: 66.0,
        ..Service::default()
    };
    let mut lab = Lab::new().cell(&[("goexperiment", "none")], slow);
    for (at, switch) in SWITCHES.iter().enumerate() {
        let service = match planted {
            Some(planted) if planted == at => Service::default(),
            _ => slow,
        };
        lab = lab.cell(&[("goexperiment", switch)], service);
    }
    (lab.seed, lab.noise, lab.blocks) = (seed, 0.05, 10);
    let (run, trials) = (lab.run(), lab.trials());
    let evidence = TargetTrials::of_target(&run, "httpjson", &trials).unwrap();
    let name = |cell: usize| evidence.cells[cell].cell.axes["goexperiment"].clone();
    let (named, tried) = attribute(&evidence, &asked(), &name);
    assert_eq!(tried.len(), SWITCHES.len() * 2);
    named.into_iter().map(|own| own.switch).collect()
}

#[test]
fn a_planted_cause_is_named_in_nine_of_ten_runs() {
    let runs = 60;
    let right = (0..runs).filter(|&seed| {
        let planted = seed as usize % SWITCHES.len();
        names(1000 + seed, Some(planted)) == [SWITCHES[planted]]
    });
    let right = right.count();
    assert!(right as f64 >= 0.9 * runs as f64, "{right} of {runs}");
}

#[test]
fn without_a_cause_nothing_is_named_in_nineteen_of_twenty_runs() {
    let runs = 100;
    let silent = (0..runs)
        .filter(|&seed| names(5000 + seed, None).is_empty())
        .count();
    assert!(silent as f64 >= 0.95 * runs as f64, "{silent} of {runs}");
}

#[test]
fn the_share_of_a_whole_cause_is_about_one() {
    let slow = Service {
        cpu_us_per_request: 66.0,
        ..Service::default()
    };
    let lab = Lab::new()
        .cell(&[("goexperiment", "none")], slow)
        .cell(&[("goexperiment", "nogreenteagc")], Service::default());
    let (run, trials) = (lab.run(), lab.trials());
    let evidence = TargetTrials::of_target(&run, "httpjson", &trials).unwrap();
    let (named, _) = attribute(&evidence, &asked()[..1], &|_| "nogreenteagc".to_owned());
    assert!((named[0].share - 1.0).abs() < 0.2, "{named:?}");
    assert!(
        named[0].interval[0] < 1.0 && named[0].interval[1] > 0.8,
        "{named:?}"
    );
}
