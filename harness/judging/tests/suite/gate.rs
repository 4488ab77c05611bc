//! Rules applied to made-up runs, and every form in which a CI reads the outcome.

use documents::gate::{GateOutcome, GateReport};
use judging::JudgingError;
use judging::comparison::{CompareOptions, Selector};
use judging::gate::{GateRequest, Rules, gate, selftest};
use proptest::prelude::*;
use record::trial::Trial;
use report::{Annotations, Format, Junit, TerminalOptions, markdown, terminal};
use testing::{Lab, Service, crashed, invalid, regressed, slower, two, upgrade, winner};

const RULES: &str = "\
why: what a release must not lose
rules:
  - qps: no worse than 3%
  - p99: no worse than 10%
  - rss: no worse than 5%
  - p99 <= 5ms
  - gc_cpu < 10%
  - qps: \">= 15000\"
  - error_rate: no worse than 0.1pp
";

fn judged(
    lab: &Lab,
    trials: &[Trial],
    rules: &str,
    candidate: Option<&str>,
) -> Result<GateReport, JudgingError> {
    let candidate: Option<Selector> = candidate.map(|text| text.parse().unwrap());
    let options = CompareOptions {
        tool: "gosweep test".into(),
        ..CompareOptions::default()
    };
    gate(&GateRequest {
        measured: &advisor::measured(&lab.run(), trials)?,
        rules: &Rules::parse("rules.yaml", rules).unwrap(),
        baseline: &Selector::Control,
        candidate: candidate.as_ref(),
        options: &options,
    })
}

fn report_of(lab: &Lab) -> GateReport {
    judged(lab, &lab.trials(), RULES, None).unwrap()
}

fn shown(report: &GateReport) -> String {
    let text = terminal(report, TerminalOptions::default());
    for line in text.lines() {
        assert!(
            line.chars().count() <= 100,
            "wider than 100 columns: {line}"
        );
    }
    text
}

fn annotations(report: &GateReport) -> String {
    Annotations.write(report).unwrap()
}

fn junit(report: &GateReport) -> String {
    Junit.write(report).unwrap()
}

fn noisy() -> Lab {
    let mut lab = two(Service::default());
    lab.noise = 0.12;
    lab
}

#[test]
fn rules_that_are_kept() {
    let report = report_of(&two(Service::default()));
    assert_eq!(report.outcome, GateOutcome::Passed);
    assert_eq!(annotations(&report), "");
    insta::assert_snapshot!(shown(&report));
}

#[test]
fn rules_that_are_broken() {
    let report = report_of(&regressed());
    assert_eq!(report.outcome, GateOutcome::Failed);
    insta::assert_snapshot!(shown(&report));
    insta::assert_snapshot!("broken_annotations", annotations(&report));
    insta::assert_snapshot!("broken_summary", markdown(&report).unwrap());
    insta::assert_snapshot!("broken_junit", junit(&report));
}

#[test]
fn rules_that_cannot_be_told() {
    let report = report_of(&noisy());
    assert_eq!(report.outcome, GateOutcome::Inconclusive);
    insta::assert_snapshot!(shown(&report));
    insta::assert_snapshot!("undecided_annotations", annotations(&report));
}

#[test]
fn a_limit_holds_for_every_cell_of_a_group() {
    let normal = Service::default();
    let lab = Lab::new()
        .cell(&[("toolchain", "1.25.5"), ("gogc", "100")], normal)
        .cell(&[("toolchain", "1.25.5"), ("gogc", "400")], normal)
        .cell(&[("toolchain", "1.27.3"), ("gogc", "100")], normal)
        .cell(
            &[("toolchain", "1.27.3"), ("gogc", "400")],
            Service {
                p99_ms: 7.0,
                ..normal
            },
        );
    let report = upgraded(&lab, "rules: [p99 <= 5ms]");
    assert_eq!(
        outcomes(&report),
        [
            ("", GateOutcome::Passed),
            ("gogc=100", GateOutcome::Passed),
            ("gogc=400", GateOutcome::Failed)
        ]
    );
}

/// A gate of the newer toolchain against the older one.
fn upgraded(lab: &Lab, rules: &str) -> GateReport {
    gate(&GateRequest {
        measured: &advisor::measured(&lab.run(), &lab.trials()).unwrap(),
        rules: &Rules::parse("rules.yaml", rules).unwrap(),
        baseline: &"toolchain=1.25.5".parse().unwrap(),
        candidate: Some(&"toolchain=1.27.3".parse().unwrap()),
        options: &CompareOptions::default(),
    })
    .unwrap()
}

fn outcomes(report: &GateReport) -> Vec<(&str, GateOutcome)> {
    let checks = report.checks();
    checks
        .map(|(_, check)| (check.cell.as_str(), check.outcome))
        .collect()
}

#[test]
fn one_bad_pair_is_not_averaged_away() {
    let mut lab = upgrade(1.0);
    lab.cells[5].2 = slower(1.07);
    let report = upgraded(&lab, "rules: [{qps: no worse than 4%}]");
    // The built-in rule, all pairs together, and the pair that is worse by itself; the others are not listed.
    assert_eq!(
        outcomes(&report),
        [
            ("", GateOutcome::Passed),
            ("", GateOutcome::Passed),
            ("gogc=400", GateOutcome::Failed)
        ]
    );
    assert_eq!(report.outcome, GateOutcome::Failed);
    assert_eq!(report.tests, 4);
    insta::assert_snapshot!(shown(&report));
}

#[test]
fn crashes_fail_and_invalid_trials_do_not_pass() {
    let lab = two(Service::default());
    let with = |outcome: fn() -> record::trial::Outcome, many: usize| {
        let mut trials = lab.trials();
        let id = lab.id(1);
        let own = trials.iter_mut().filter(|trial| trial.cell == id);
        own.take(many).for_each(|trial| trial.outcome = outcome());
        judged(&lab, &trials, RULES, None).unwrap()
    };
    // One crash of eight against none of sixteen has p = 1/3.
    assert_eq!(with(crashed, 1).outcome, GateOutcome::Inconclusive);
    assert_eq!(with(crashed, 4).outcome, GateOutcome::Failed);
    assert_eq!(with(crashed, 8).outcome, GateOutcome::Failed);
    assert_eq!(with(invalid, 1).outcome, GateOutcome::Passed);
    assert_eq!(with(invalid, 8).outcome, GateOutcome::Invalid);
}

#[test]
fn the_candidate_must_be_clear() {
    let lab = winner();
    let refused = judged(&lab, &lab.trials(), RULES, None).unwrap_err();
    insta::assert_snapshot!(refused);
    let named = judged(&lab, &lab.trials(), RULES, Some("gogc=50"));
    assert_eq!(named.unwrap().outcome, GateOutcome::Failed);
}

#[test]
fn many_rules_do_not_make_a_failure_of_chance() {
    let alone = "rules: [{qps: no worse than 3%}]";
    let mut taken_back = 0;
    for seed in 0..12 {
        let normal = Service::default();
        let mut lab = two(Service {
            qps: normal.qps * 0.94,
            ..normal
        });
        (lab.seed, lab.noise) = (seed, 0.035);
        let trials = lab.trials();
        let qps = |rules: &str| {
            let report = judged(&lab, &trials, rules, None).unwrap();
            let check = report.targets[0].checks[1].clone();
            (check.outcome, check.p.unwrap())
        };
        let ((one, p_one), (many, p_many)) = (qps(alone), qps(RULES));
        assert!(p_many >= p_one);
        assert!(many != GateOutcome::Failed || one == GateOutcome::Failed);
        taken_back += usize::from(one == GateOutcome::Failed && many == GateOutcome::Inconclusive);
    }
    assert!(taken_back > 0, "the correction never mattered");
}

#[test]
fn mistakes_are_reported_all_at_once_at_their_places() {
    let wrong = "\
whi: typo
rules:
  - qps: no worse then 3%
  - pp99 <= 5ms
  - p99 >= 5ms
  - p99: 5ms
  - error_rate: no worse than 3%
  - gc_cpu < many
  - qps: no worse than 120%
  - {qps: no worse than 3%, p99: no worse than 3%}
  - rss: no worse than 5%
  - rss: no worse than 6%
  - [p50]
  - qps:
";
    insta::assert_snapshot!(Rules::parse("rules.yaml", wrong).unwrap_err());
    for empty in ["", "rules: []", "rules:", "[]", "rules: {}"] {
        assert!(Rules::parse("rules.yaml", empty).is_err(), "{empty}");
    }
}

#[test]
fn the_example_is_sound() {
    let text = include_str!("../../../../matrices/gates/example.yaml");
    assert!(Rules::parse("example.yaml", text).unwrap().rules.len() >= 5);
}

#[test]
fn the_selftest_holds() {
    let cases = selftest().unwrap();
    assert!(cases.iter().all(|case| case.held()), "{cases:?}");
    insta::assert_snapshot!(terminal(cases.as_slice(), TerminalOptions::default()));
}

#[test]
fn a_case_that_does_not_hold_is_shown() {
    let mut cases = selftest().unwrap();
    cases[0].found = GateOutcome::Failed;
    assert!(terminal(cases.as_slice(), TerminalOptions::default()).contains("NOT HELD"));
}

/// Whether every tag is closed in its order, and nothing but our entities is written with an ampersand.
fn is_well_formed(xml: &str) -> bool {
    let Some(body) = xml.strip_prefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n") else {
        return false;
    };
    let allowed = |c: char| c == '\n' || (c >= ' ' && c != '\u{fffe}' && c != '\u{ffff}');
    let entity = |rest: &str| {
        let known = [
            "amp;", "lt;", "gt;", "quot;", "apos;", "#9;", "#10;", "#13;",
        ];
        known.iter().any(|own| rest.starts_with(own))
    };
    let mut open: Vec<&str> = Vec::new();
    let mut rest = body;
    let mut roots = 0;
    while let Some(at) = rest.find('<') {
        let (text, tail) = rest.split_at(at);
        let Some(end) = tail.find('>') else {
            return false;
        };
        let (tag, behind) = (&tail[1..end], &tail[end + 1..]);
        let quotes = tag.matches('"').count();
        let sound = |part: &str| {
            part.chars().all(allowed) && part.split('&').skip(1).all(entity) && !part.contains('<')
        };
        if !sound(text) || !sound(tag) || quotes % 2 != 0 || text.contains('>') {
            return false;
        }
        if let Some(name) = tag.strip_prefix('/') {
            if open.pop() != Some(name) {
                return false;
            }
        } else if !tag.ends_with('/') {
            roots += usize::from(open.is_empty());
            open.push(tag.split(' ').next().unwrap_or_default());
        }
        rest = behind;
    }
    open.is_empty() && roots == 1 && rest.trim().is_empty()
}

#[test]
fn the_check_of_xml_can_fail() {
    let head = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
    for (body, sound) in [
        ("<a><b c=\"d\"/></a>", true),
        ("<a><b></a></b>", false),
        ("<a>&nbsp;</a>", false),
        ("<a></a><a></a>", false),
        ("<a b=\"c></a>", false),
        ("<a>\u{1b}</a>", false),
    ] {
        assert_eq!(is_well_formed(&format!("{head}{body}")), sound, "{body}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_text_breaks_out_of_any_form(hostile in "\\PC{0,20}|[<>&\"'%:,|\r\n\t\u{0}\u{1b}`*]{0,12}") {
        let mut report = crate::gate::sample();
        report.headline.clone_from(&hostile);
        report.rules.clone_from(&hostile);
        report.run.run.clone_from(&hostile);
        for target in &mut report.targets {
            target.target.clone_from(&hostile);
            target.candidate.clone_from(&hostile);
            for check in &mut target.checks {
                check.rule.clone_from(&hostile);
                check.measured.clone_from(&hostile);
                check.cell.clone_from(&hostile);
                check.outcome = GateOutcome::Failed;
            }
        }
        prop_assert!(is_well_formed(&junit(&report)), "{}", junit(&report));
        let commands = annotations(&report);
        prop_assert_eq!(commands.lines().count(), report.checks().count());
        prop_assert!(commands.lines().all(|line| line.starts_with("::error ")));
        prop_assert!(!commands.contains('\r'));
        let table = markdown(&report).unwrap();
        let rows: Vec<&str> = table.lines().filter(|line| line.ends_with("| FAILED |")).collect();
        prop_assert_eq!(rows.len(), report.checks().count());
        for row in rows {
            let unescaped = row.replace("\\\\", "").replace("\\|", "");
            prop_assert_eq!(unescaped.matches('|').count(), 6, "{}", row);
        }
    }

    #[test]
    fn no_file_makes_the_decoder_panic(text in "[ -~\n]{0,80}|rules:\n(  - [a-z0-9]{1,5}:? ?(<=|no worse than|>)? ?[0-9a-z%.]{0,5}\n){0,4}") {
        if let Err(findings) = Rules::parse("rules.yaml", &text) {
            prop_assert!(!findings.render().is_empty());
        }
    }
}

/// A report, made once: proptest asks often.
fn sample() -> GateReport {
    use std::sync::OnceLock;
    static SAMPLE: OnceLock<GateReport> = OnceLock::new();
    SAMPLE.get_or_init(|| report_of(&regressed())).clone()
}
