//! Unit tests of [`super`].

use record::threshold::Threshold;
use record::trial::{ProcessWindow, Reason};

use super::*;
use crate::evidence::{Setting, Subject};
use crate::runtime::Runtime;

fn sample(origin: &str, window: usize, cycles: f64) -> Sample {
    Sample {
        name: format!("{origin} {window}"),
        origin: origin.to_owned(),
        seconds: Some(1.0),
        runtime: Some(Runtime {
            gc_cycles: Some(cycles),
            gc_cpu_s: Some(0.08),
            gc_assist_cpu_s: Some(0.0),
            ..Runtime::default()
        }),
        process: Some(ProcessWindow {
            user_seconds: 1.0,
            ..ProcessWindow::default()
        }),
        ..Sample::default()
    }
}

fn judged(samples: Vec<Sample>, thresholds: &Thresholds) -> Judgement {
    let evidence = RuleEvidence {
        subject: Subject::default(),
        samples,
        ..RuleEvidence::default()
    };
    judge(&evidence, thresholds)
}

fn severity(judgement: &Judgement, rule: &str) -> Option<Severity> {
    let finding = judgement.findings.iter().find(|own| own.rule == rule)?;
    Some(finding.severity)
}

#[test]
fn one_window_is_chance_and_two_trials_are_not() {
    let usual = Thresholds::default();
    let one = judged(vec![sample("a", 1, 12.0), sample("b", 1, 3.0)], &usual);
    assert_eq!(severity(&one, "G1"), None);
    assert_eq!(one.once.len(), 1, "{:?}", one.once);
    let two = judged(vec![sample("a", 1, 12.0), sample("b", 1, 13.0)], &usual);
    assert_eq!(severity(&two, "G1"), Some(Severity::Warn));
    let windows = (1..=3).map(|window| sample("a", window, 12.0)).collect();
    assert_eq!(
        severity(&judged(windows, &usual), "G1"),
        Some(Severity::Warn)
    );
}

#[test]
fn the_severity_is_the_most_severe_that_lasts() {
    let samples = [("a", 12.0), ("b", 40.0), ("c", 14.0)];
    let samples = samples.map(|(origin, cycles)| sample(origin, 1, cycles));
    let judgement = judged(samples.to_vec(), &Thresholds::default());
    assert_eq!(severity(&judgement, "G1"), Some(Severity::Warn));
    assert_eq!(judgement.findings[0].evidence[0].sample, "b 1");
    assert_eq!(
        judgement.findings[0].signal,
        "14.0 GC cycles/s at 8.00% of the process's CPU time (warn above 10.0/s)"
    );
}

#[test]
fn a_threshold_that_is_set_counts() {
    let mut thresholds = Thresholds::default();
    thresholds.set(Threshold::G1Warn, 50.0);
    thresholds.set(Threshold::G1Critical, 60.0);
    let judgement = judged(
        vec![sample("a", 1, 12.0), sample("b", 1, 13.0)],
        &thresholds,
    );
    assert_eq!(severity(&judgement, "G1"), None);
    assert!(judgement.quiet.contains(&"G1".to_owned()));
}

#[test]
fn without_its_signals_a_rule_is_not_judged_and_says_what_it_misses() {
    let judgement = judged(Vec::new(), &Thresholds::default());
    assert_eq!(judgement.findings, []);
    assert_eq!(judgement.quiet, Vec::<String>::new());
    let judged = catalogue::rules().count();
    assert_eq!(judgement.not_judged.len(), judged);
    let g1 = judgement.not_judged.iter().find(|own| own.rule == "G1");
    let missing = &g1.unwrap().missing;
    assert_eq!(missing[0], Signal::GcCycles.describe());
}

#[test]
fn invalid_windows_speak_to_validity_rules_alone() {
    let invalid = |window| Sample {
        settings: Some(vec![Setting {
            name: "GOGC".to_owned(),
            asked: "400".to_owned(),
            got: "100".to_owned(),
        }]),
        ..sample("a", window, 12.0)
    };
    let invalid: Vec<Sample> = (1..=3).map(invalid).collect();
    let evidence = |samples| RuleEvidence {
        invalid: invalid.clone(),
        samples,
        ..RuleEvidence::default()
    };
    let judgement = judge(&evidence(Vec::new()), &Thresholds::default());
    assert_eq!(severity(&judgement, "V2"), Some(Severity::Critical));
    assert!(!judgement.valid);
    assert_eq!(severity(&judgement, "G1"), None);
    // A diagnosis may be all that counts, and knows nothing of settings.
    let beside = judge(
        &evidence(vec![sample("diagnosis", 1, 3.0)]),
        &Thresholds::default(),
    );
    assert_eq!(severity(&beside, "V2"), Some(Severity::Critical));
    assert!(beside.quiet.contains(&"G8".to_owned()), "{beside:?}");
}

#[test]
fn why_the_harness_threw_a_trial_away_is_told_in_its_words() {
    let invalid = |rule: &str, message: &str| Sample {
        settings: Some(Vec::new()),
        invalid: vec![Reason {
            rule: rule.into(),
            message: message.to_owned(),
        }],
        ..sample("a", 1, 12.0)
    };
    let judged = |own: Sample| {
        let evidence = RuleEvidence {
            invalid: vec![own],
            ..RuleEvidence::default()
        };
        judge(&evidence, &Thresholds::default())
    };
    // One window is enough: a setting is applied or it is not.
    let words = "GOMEMLIMIT was asked to be 67108864, the process has 9223372036854775807";
    let judgement = judged(invalid("V2", words));
    assert_eq!(severity(&judgement, "V2"), Some(Severity::Critical));
    assert_eq!(
        judgement.findings[0].signal,
        format!("{words} (critical where they differ)")
    );
    let stolen = judged(invalid("V4", "stolen"));
    assert_eq!(severity(&stolen, "V2"), None);
    assert!(stolen.quiet.contains(&"V2".to_owned()), "{stolen:?}");
    // Nothing was read back: whether it was applied is not known.
    let unread = judged(Sample {
        settings: None,
        ..invalid("V4", "stolen")
    });
    assert!(unread.not_judged.iter().any(|own| own.rule == "V2"));
}

#[test]
fn ids_are_unique_and_every_rule_names_what_it_needs() {
    let mut seen = BTreeSet::new();
    for rule in catalogue::rules() {
        assert!(seen.insert(rule.id), "{} twice", rule.id);
        assert!(!rule.needs.is_empty(), "{}", rule.id);
    }
}
