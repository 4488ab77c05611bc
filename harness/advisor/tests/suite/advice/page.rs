//! The page of advice: in every report, about any cell, and silent where the figures cannot carry it.

use advisor::{AdviseOptions, Given, Raw, advise};
use documents::advice::{Advice, LimitedBy};
use documents::finding::Severity;
use record::run::Run;
use record::trial::{Outcome, Reason, Trial};
use report::TerminalOptions;
use testing::{Lab, Service};

use super::fixtures::{advised, captured, ranked};
use super::severity;

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
    insta::assert_snapshot!(report::terminal(&advice, TerminalOptions::default()));
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
    let stolen = invalid(|_| vec![("V4", "stolen")]);
    assert!(stolen.targets[0].limits.is_empty());
    let text = text(&stolen);
    assert!(
        text.contains("no valid trial: V4 in 16 trials, e.g. stolen. Run it on a calmer host"),
        "{text}"
    );
    assert!(
        text.contains("nothing can be said of the service without a valid trial"),
        "{text}"
    );
}

/// The advice on a run of which every trial is invalid, for these reasons.
fn invalid(reasons: impl Fn(usize) -> Vec<(&'static str, &'static str)>) -> Advice {
    let lab = winner();
    let mut trials = lab.trials();
    for (at, trial) in trials.iter_mut().enumerate() {
        let reasons = reasons(at).into_iter().map(|(rule, message)| Reason {
            rule: rule.into(),
            message: message.into(),
        });
        trial.outcome = Outcome::Invalid(reasons.collect());
    }
    advice(&lab.run(), &trials, None)
}

/// The page on lines of no particular width.
fn text(advice: &Advice) -> String {
    let text = report::terminal(advice, TerminalOptions::default());
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn settings_that_do_not_reach_the_service_are_not_the_host_s_doing() {
    const LIMIT: &str = "GOMEMLIMIT was asked to be 67108864, the process has 9223372036854775807";
    let advice = invalid(|_| vec![("V2", LIMIT)]);
    let judgement = &advice.targets[0].cells[0].judgement;
    assert_eq!(severity(judgement, "V2"), Some(Severity::Critical));
    let page = text(&advice);
    assert!(
        page.contains(&format!(
            "no valid trial: V2 in 16 trials, e.g. {LIMIT}. Let the"
        )),
        "{page}"
    );
    assert!(!page.contains("calmer host"), "{page}");
    let both = text(&invalid(|at| match at {
        0 => vec![("V2", LIMIT), ("V5", "the clock probe ran 7 % off")],
        _ => vec![("V2", LIMIT)],
    }));
    assert!(
        both.contains("V2 in 16 trials") && both.contains("V5 in 1 trial, e.g. the clock probe"),
        "{both}"
    );
    assert!(both.contains("calmer host"), "{both}");
}

#[test]
fn a_caveat_about_the_figures_is_not_nothing() {
    let lab = winner();
    let mut trials = lab.trials();
    for phase in trials
        .iter_mut()
        .filter_map(|trial| trial.constant.as_mut())
    {
        phase.runtime = None;
        phase.host.get_or_insert_default().steal = 0.03;
    }
    for phase in trials
        .iter_mut()
        .filter_map(|trial| trial.saturate.as_mut())
    {
        phase.runtime = None;
    }
    let page = text(&advice(&lab.run(), &trials, None));
    assert!(
        page.contains(
            "nothing of the service itself: what fired is a caveat about the figures also V4"
        ),
        "{page}"
    );
    assert!(!page.contains("no rule fired"), "{page}");
}

#[test]
fn what_ran_out_on_the_generator_s_side_is_not_the_service_s_error() {
    let judged = |failed: [u64; 2]| {
        let lab = winner();
        let mut trials = lab.trials();
        for phase in trials
            .iter_mut()
            .filter_map(|trial| trial.constant.as_mut())
        {
            let classes = ["fd_exhausted", "ports_exhausted"].map(str::to_owned);
            phase.errors = classes.into_iter().zip(failed).collect();
            phase.errors.insert("reset".into(), phase.ledger.scheduled);
        }
        let advice = advice(&lab.run(), &trials, None);
        advice.targets[0].cells[0].judgement.clone()
    };
    let scheduled = winner().trials()[0]
        .constant
        .as_ref()
        .unwrap()
        .ledger
        .scheduled;
    let bound = judged([scheduled / 1000, scheduled / 1000]);
    assert_eq!(severity(&bound, "V3"), Some(Severity::Critical));
    assert!(
        bound.findings[0]
            .signal
            .starts_with("0.20% of requests failed on the generator's side"),
        "{bound:?}"
    );
    assert_eq!(severity(&judged([0, 1]), "V3"), None);
}

#[test]
fn every_report_carries_it() {
    let (run, trials) = captured("quota");
    let mut ranking = ranked(&run, &trials);
    let advice = advised("quota", true);
    assert_eq!(advice.targets[0].limits[0].by, LimitedBy::Host);
    ranking.advice = Some(advice);
    let terminal = report::terminal(&ranking, TerminalOptions::default());
    assert!(terminal.contains("WHY      ("), "{terminal}");
    assert!(
        terminal.contains("the CPU quota throttles the process"),
        "{terminal}"
    );
    let markdown = report::markdown(&ranking).unwrap();
    assert!(markdown.contains("## Advice: httpjson"), "{markdown}");
    let html = report::html(&ranking).unwrap();
    assert!(html.contains("<h2>Advice: httpjson"), "{html}");
    assert!(report::json(&ranking).unwrap().contains("\"advice\""));
}
