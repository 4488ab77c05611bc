//! One tool, one judgement: over stored runs and laboratories, what `rank` recommends is no regression by `compare`, and
//! `gate` says of the same objectives what `compare` says. What `run` confirms and `advise` prints is `rank`'s verdict.

use std::path::Path;

use advisor::{AdviseOptions, Given, Raw, advise};
use documents::comparison::{Comparison, Judgement};
use documents::gate::GateOutcome;
use documents::ranking::VerdictKind;
use judging::comparison::{CompareOptions, Measured, Selector, within_run};
use judging::gate::{GateRequest, Rules, gate};
use judging::{RankOptions, steering};
use record::objective::Objective;
use record::run::Run;
use record::store::RunDir;
use record::trial::Trial;
use testing::{Lab, Service, regressed, slower, trade_off, two, upgrade, winner};

/// Every run that the tests may judge: those stored in the repository, and laboratories.
fn runs() -> Vec<(String, Run, Vec<Trial>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let stored = ["../record/tests/fixtures/format-1", "../../reports/sample"];
    let mut runs: Vec<(String, Run, Vec<Trial>)> = stored
        .iter()
        .map(|folder| {
            let dir = RunDir::open(&root.join(folder)).unwrap();
            let (run, trials) = (dir.read_run().unwrap(), dir.read_trials().unwrap());
            (folder.to_string(), run, trials)
        })
        .collect();
    let normal = Service::default();
    let memory_for_cpu = Service {
        rss_bytes: 36e6,
        cpu_us_per_request: 75.0,
        gc_per_kreq: 11.0,
        ..normal
    };
    let labs = [
        ("winner", winner()),
        ("trade_off", trade_off()),
        ("upgrade", upgrade(1.1)),
        ("regressed", regressed()),
        ("slower", two(slower(1.02))),
        ("memory for CPU", two(memory_for_cpu)),
    ];
    for (name, lab) in labs {
        for (noise, rank_by) in [
            (0.01, "[qps, p99, gc_per_kreq]"),
            (0.03, "[qps, p99, rss]"),
            (0.15, "[p99, gc_per_kreq, rss]"),
        ] {
            let lab = Lab {
                noise,
                rank_by,
                ..lab.clone()
            };
            runs.push((format!("{name} {noise} {rank_by}"), lab.run(), lab.trials()));
        }
    }
    runs
}

fn compared(measured: &Measured<'_>, candidate: &str) -> Comparison {
    let candidate = Selector::Id(candidate.to_owned());
    let options = CompareOptions::default();
    within_run(measured, &Selector::Control, &candidate, &options).unwrap()
}

#[test]
fn what_is_recommended_is_no_regression() {
    let mut recommended = 0;
    for (name, run, trials) in runs() {
        let measured = Measured::new(&run, &trials).unwrap();
        let targets = measured.ranking.targets.iter();
        let chosen = targets.filter(|target| target.verdict.kind == VerdictKind::Recommend);
        for target in chosen {
            recommended += 1;
            let cell = target.verdict.cell.as_ref().unwrap();
            let comparison = compared(&measured, cell);
            assert_ne!(
                comparison.verdict,
                Judgement::Regressed,
                "{name}: {}\n{}",
                target.verdict.headline,
                comparison.headline
            );
        }
    }
    assert!(
        recommended >= 5,
        "only {recommended} runs recommend anything"
    );
}

#[test]
fn a_gate_agrees_with_a_comparison() {
    for (name, run, trials) in runs() {
        let measured = Measured::new(&run, &trials).unwrap();
        let cells = run.cells.iter().filter(|cell| !cell.control);
        for cell in cells.take(3) {
            let comparison = compared(&measured, cell.id.as_str());
            let target = &comparison.targets[0];
            let deciding: Vec<(Objective, Judgement)> = target
                .objectives
                .iter()
                .filter(|own| own.decides)
                .filter_map(|own| Some((own.objective, own.verdict?)))
                .collect();
            let lines: Vec<String> = target
                .objectives
                .iter()
                .filter(|own| own.decides && own.verdict.is_some())
                .map(|own| match own.objective {
                    Objective::ErrorRate => "  - error_rate: no worse than 0.1pp\n".to_owned(),
                    other => format!("  - {other}: no worse than {}%\n", own.margin * 100.0),
                })
                .collect();
            let rules = Rules::parse("rules.yaml", &format!("rules:\n{}", lines.concat())).unwrap();
            let candidate = Selector::Id(cell.id.to_string());
            let report = gate(&GateRequest {
                measured: &measured,
                rules: &rules,
                baseline: &Selector::Control,
                candidate: Some(&candidate),
                options: &CompareOptions::default(),
            })
            .unwrap();
            for (objective, judgement) in deciding {
                let expected = match judgement {
                    Judgement::Regressed => GateOutcome::Failed,
                    Judgement::NoWorse | Judgement::Improved => GateOutcome::Passed,
                    Judgement::Inconclusive | Judgement::Invalid => GateOutcome::Inconclusive,
                };
                let mut checks = report.targets[0].checks.iter();
                let check = checks
                    .find(|check| check.objective == Some(objective))
                    .unwrap();
                assert_eq!(check.outcome, expected, "{name}: {objective} {judgement:?}");
            }
        }
    }
}

#[test]
fn a_run_confirms_and_advice_prints_what_the_ranking_says() {
    let options = RankOptions::default();
    for (name, run, trials) in runs() {
        let ranking = advisor::rank(&run, &trials, &options).unwrap();
        let finalists = steering::finalists(&run, &trials, &options).unwrap();
        let given = Given {
            run: &run,
            trials: &trials,
            ranking: &ranking,
            diagnoses: &[],
            raw: &|_: &Trial| Raw::default(),
        };
        let advice = advise(&given, &AdviseOptions::default()).unwrap();
        for (target, advised) in ranking.targets.iter().zip(&advice.targets) {
            let gains = matches!(
                target.verdict.kind,
                VerdictKind::Recommend | VerdictKind::LossOpen
            );
            let chosen = target.verdict.cell.as_deref().filter(|_| gains);
            // A confirmation may have taken back what the search chose; nobody else is confirmed.
            if target.confirmation.is_none() {
                let of_target = finalists.iter().map(|own| own.cell.as_str());
                let mut own = of_target.filter(|id| target.cells.iter().any(|cell| cell.id == *id));
                assert_eq!(own.next(), chosen, "{name}");
            }
            let is_recommended = target.verdict.kind == VerdictKind::Recommend;
            assert!(
                advised.setting.change.is_none() || is_recommended,
                "{name}: {}",
                advised.setting.action
            );
            if advised.setting.refused.is_none() {
                assert_eq!(advised.setting.action, target.verdict.action, "{name}");
            }
        }
    }
}
