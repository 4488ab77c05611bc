//! The page of advice: in every report, about any cell, and silent where the figures cannot carry it.

use analysis::advice::{Advice, AdviseOptions, Given, LimitedBy, Raw, advise};
use analysis::report::{self, TerminalOptions};
use record::run::Run;
use record::trial::{Outcome, Reason, Trial};

use super::fixtures::{advised, captured, ranked};
use crate::lab::{Lab, Service};

/// Two cells, the second clearly better.
fn winner() -> Lab {
    Lab::new()
        .cell(&[("gogc", "100")], Service::default())
        .cell(
            &[("gogc", "400")],
            Service {
                qps: 24_000.0,
                gc_per_kreq: 1.2,
                rss_bytes: 60e6,
                ..Service::default()
            },
        )
}

fn advice(run: &Run, trials: &[Trial], cell: Option<&str>) -> Advice {
    let given = Given {
        run,
        trials,
        ranking: &ranked(run, trials),
        diagnoses: &[],
        raw: &|_| Raw::default(),
    };
    let options = AdviseOptions {
        cell: cell.map(str::to_owned),
        ..AdviseOptions::default()
    };
    advise(&given, &options).unwrap()
}

#[test]
fn a_recommendation_says_how_to_set_it_and_how_to_take_it_back() {
    let lab = winner();
    let advice = advice(&lab.run(), &lab.trials(), None);
    let setting = &advice.targets[0].setting;
    let change = setting.change.as_ref().unwrap();
    assert_eq!(change.set, ["export GOGC=400"]);
    assert_eq!(change.undo, ["export GOGC=100"]);
    assert!(
        change.worse.iter().any(|own| own.contains("RSS")),
        "{change:?}"
    );
    insta::assert_snapshot!(report::advice_text(&advice, TerminalOptions::default()));
}

#[test]
fn figures_that_cannot_be_believed_carry_no_recommendation() {
    let lab = winner();
    let mut trials = lab.trials();
    let phases = trials
        .iter_mut()
        .flat_map(|trial| [&mut trial.saturate, &mut trial.constant]);
    for phase in phases.flatten() {
        phase.host.get_or_insert_default().steal = 0.2;
    }
    let advice = advice(&lab.run(), &trials, None);
    let setting = &advice.targets[0].setting;
    assert!(setting.change.is_none());
    let refused = setting.refused.as_deref().unwrap();
    assert!(
        refused.contains("(V4)") && refused.contains("20.0%"),
        "{refused}"
    );
}

#[test]
fn any_cell_can_be_asked_for_and_an_unknown_one_is_refused() {
    let lab = winner();
    let (run, trials) = (lab.run(), lab.trials());
    let about = advice(&run, &trials, Some("gogc=400"));
    assert_eq!(about.targets[0].about.label, "gogc=400");
    let given = Given {
        run: &run,
        trials: &trials,
        ranking: &ranked(&run, &trials),
        diagnoses: &[],
        raw: &|_| Raw::default(),
    };
    let options = AdviseOptions {
        cell: Some("gogc=3".into()),
        ..AdviseOptions::default()
    };
    let error = advise(&given, &options).unwrap_err().to_string();
    assert!(
        error.contains("names no cell") && error.contains("gogc=400"),
        "{error}"
    );
}

#[test]
fn without_a_valid_trial_nothing_is_said_of_the_service() {
    let lab = winner();
    let mut trials = lab.trials();
    for trial in &mut trials {
        trial.outcome = Outcome::Invalid(vec![Reason {
            rule: "V4".into(),
            message: "stolen".into(),
        }]);
    }
    let advice = advice(&lab.run(), &trials, None);
    assert!(advice.targets[0].limits.is_empty());
    let text = report::advice_text(&advice, TerminalOptions::default());
    assert!(text.contains("no valid trial to judge"), "{text}");
}

#[test]
fn every_report_carries_it() {
    let (run, trials) = captured("quota");
    let mut ranking = ranked(&run, &trials);
    let advice = advised("quota", true);
    assert_eq!(advice.targets[0].limits[0].by, LimitedBy::Host);
    ranking.advice = Some(advice);
    let terminal = report::terminal(&ranking, TerminalOptions::default());
    assert!(terminal.contains("WHY  ("), "{terminal}");
    assert!(
        terminal.contains("the CPU quota throttles the process"),
        "{terminal}"
    );
    let markdown = report::markdown(&ranking).unwrap();
    assert!(markdown.contains("## Advice: httpjson"), "{markdown}");
    let html = report::html(&ranking).unwrap();
    assert!(html.contains("<section class=\"advice\">"), "{html}");
    assert!(report::json(&ranking).unwrap().contains("\"advice\""));
}
