//! Captured evidence: trials with the raw evidence alongside them, runtime logs, profiles. Their READMEs say how each
//! was made.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use advisor::{AdviseOptions, Drive, Given, Raw, RuleEvidence, Sample, advise, rank};
use documents::advice::Advice;
use documents::finding::Judgement;
use documents::ranking::Ranking;
use gotrace::profile::Profile;
use gotrace::stderr;
use judging::RankOptions;
use record::run::{Cell, Run, SourceFile};
use record::trial::{Outcome, Trial};
use serde::Deserialize;
use testing::Lab;

/// One cell's trials, as `trials.json` of a scenario has them.
#[derive(Deserialize)]
struct Captured {
    cell: Cell,
    trials: Vec<Trial>,
}

pub(crate) fn folder(scenario: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/advice")
        .join(scenario)
}

/// A run of one cell, the control, with the captured trials. What the harness thought of their validity is set aside:
/// most were captured on a machine too busy for its generator, which the rules under test do not depend on.
pub(crate) fn captured(scenario: &str) -> (Run, Vec<Trial>) {
    let text = fs::read_to_string(folder(scenario).join("trials.json")).unwrap();
    let captured: Captured = serde_json::from_str(&text).unwrap();
    let lab = Lab::new();
    let trials: Vec<Trial> = captured
        .trials
        .into_iter()
        .enumerate()
        .map(|(block, trial)| Trial {
            outcome: Outcome::Ok,
            block: u32::try_from(block).unwrap(),
            attempt: 0,
            ..trial
        })
        .collect();
    let mut run = lab.run();
    run.cells = vec![Cell {
        control: true,
        ..captured.cell
    }];
    run.targets = BTreeMap::new();
    for toolchain in &mut run.toolchains {
        toolchain.version = "go1.26.8".into();
    }
    run.matrix = SourceFile {
        path: format!("{scenario}.yaml"),
        text: format!(
            "name: {scenario}\ntargets: [{}]\nload: {{connections: 8, saturate: 1s, constant: {{rate: 50%, for: 1s}}}}\n\
             constraints: {{p99: 5ms}}\n",
            run.cells[0].target
        ),
    };
    (run, trials)
}

pub(crate) fn ranked(run: &Run, trials: &[Trial]) -> Ranking {
    rank(run, trials, &RankOptions::default()).unwrap()
}

/// The advice on a scenario, with or without its raw evidence.
pub(crate) fn advised(scenario: &str, with_raw: bool) -> Advice {
    let (run, trials) = captured(scenario);
    let raw = |trial: &Trial| match with_raw {
        true => raw(scenario, &trial.id),
        false => Raw::default(),
    };
    advised_of(&run, &trials, &raw)
}

/// The advice on a run.
pub(crate) fn advised_of(run: &Run, trials: &[Trial], raw: &dyn Fn(&Trial) -> Raw) -> Advice {
    let given = Given {
        run,
        trials,
        ranking: &ranked(run, trials),
        diagnoses: &[],
        raw,
    };
    advise(&given, &AdviseOptions::default()).unwrap()
}

pub(crate) fn raw(scenario: &str, trial: &str) -> Raw {
    let file = |end: &str| fs::read(folder(scenario).join(format!("{trial}.{end}"))).ok();
    Raw {
        stderr: file("stderr.log"),
        saturate: file("saturate.jsonl"),
        constant: file("constant.jsonl"),
    }
}

/// What the catalogue says of a scenario's cell.
pub(crate) fn judged(scenario: &str) -> Judgement {
    let advice = advised(scenario, true);
    advice.targets[0].cells[0].judgement.clone()
}

pub(crate) fn gotrace_fixture(path: &str) -> Vec<u8> {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../gotrace/tests/fixtures");
    fs::read(fixtures.join(path)).unwrap()
}

/// A profile of `gotrace`'s `profiles`.
pub(crate) fn profile(name: &str) -> Profile {
    profile_of(&format!("profiles/{name}"))
}

/// A profile of `gotrace`'s fixtures.
pub(crate) fn profile_of(path: &str) -> Profile {
    Profile::parse(&gotrace_fixture(path)).unwrap()
}

/// A runtime log as evidence: five stretches of as many lines each.
pub(crate) fn log(name: &str) -> RuleEvidence {
    const STRETCHES: usize = 5;
    let bytes = gotrace_fixture(&format!("go-logs/{name}"));
    let (cycles, _) = stderr::gc_cycles(&bytes);
    let (lines, _) = stderr::sched_samples(&bytes);
    let cut = |length: usize, at: usize| at * length / STRETCHES..(at + 1) * length / STRETCHES;
    let samples = (0..STRETCHES).map(|at| {
        let gc = cycles[cut(cycles.len(), at)].to_vec();
        let sched = lines[cut(lines.len(), at)].to_vec();
        let by_cycles = gc.first().zip(gc.last()).map(|(a, b)| b.at_s - a.at_s);
        let by_lines = sched
            .first()
            .zip(sched.last())
            .map(|(a, b)| (b.head.at_ms - a.head.at_ms) as f64 / 1e3);
        Sample {
            name: format!("stretch {at}"),
            origin: name.to_owned(),
            drive: Drive::Live,
            seconds: by_cycles.or(by_lines),
            gc: (!gc.is_empty()).then_some(gc),
            sched: (!sched.is_empty()).then_some(sched),
            ..Sample::default()
        }
    });
    RuleEvidence {
        samples: samples.collect(),
        ..RuleEvidence::default()
    }
}

/// The GC lines of one process of this folder's `logs`, as one sample.
pub(crate) fn captured_log(name: &str) -> Sample {
    let bytes = fs::read(folder("logs").join(name)).unwrap();
    let (cycles, _) = stderr::gc_cycles(&bytes);
    let (first, last) = (&cycles[0], &cycles[cycles.len() - 1]);
    Sample {
        name: name.to_owned(),
        origin: name.to_owned(),
        seconds: Some(last.at_s - first.at_s),
        gc: Some(cycles),
        ..Sample::default()
    }
}
