//! Verdicts on made-up runs with a known truth.

use documents::upgrade::{ObjectiveVerdict, UpgradeVerdict};
use record::objective::{Figure, Objective};
use testing::{Lab, Service};

use super::*;

const OLD: &[(&str, &str)] = &[("toolchain", "1.25.5")];

fn lab(service: Service) -> Lab {
    Lab::new()
        .cell(OLD, Service::default())
        .cell(&[("toolchain", "1.27.3")], Service::default())
        .cell(
            &[("toolchain", "1.27.3"), ("go_line", "toolchain")],
            service,
        )
}

fn judged(lab: &Lab, full: bool) -> (Vec<Judged>, Finding) {
    let (run, trials) = (lab.run(), lab.trials());
    let found = UpgradeTrials::of_target(&run, "httpjson", &trials, None, &[]);
    let upgrade = found.unwrap().unwrap();
    let candidate = upgrade
        .candidates
        .iter()
        .find(|own| own.full == full)
        .unwrap();
    let judged = compare(&upgrade, candidate.cell);
    let finding = verdict(&judged);
    (judged, finding)
}

#[test]
fn memory_that_grows_with_the_go_line_is_told_apart_from_the_toolchain() {
    let normal = Service::default();
    let lab = lab(Service {
        rss_bytes: normal.rss_bytes * 1.3,
        ..normal
    });
    let (figures, finding) = judged(&lab, true);
    assert_eq!(finding.verdict, UpgradeVerdict::Regressed);
    assert!(
        finding.reason.starts_with("RSS peak +30%"),
        "{}",
        finding.reason
    );
    let rss = figures
        .iter()
        .find(|own| own.figure == Figure::Objective(Objective::Rss));
    let rss = &rss.unwrap().shown;
    let [low, high] = rss.interval.unwrap();
    assert!(low < 1.3 && 1.3 < high, "{rss:?}");
    assert_eq!(rss.verdict, Some(ObjectiveVerdict::Regressed));
    assert_eq!(judged(&lab, false).1.verdict, UpgradeVerdict::Safe);
}

#[test]
fn a_gain_without_a_loss_is_an_improvement() {
    let normal = Service::default();
    let (_, finding) = judged(
        &lab(Service {
            cpu_us_per_request: normal.cpu_us_per_request * 0.8,
            ..normal
        }),
        true,
    );
    assert_eq!(finding.verdict, UpgradeVerdict::Improved);
    assert!(finding.reason.contains("CPU/req"), "{}", finding.reason);
}

#[test]
fn noise_is_inconclusive_and_says_what_would_decide() {
    let normal = Service::default();
    let mut noisy = lab(Service {
        qps: normal.qps * 0.98,
        ..normal
    });
    noisy.noise = 0.12;
    noisy.blocks = 6;
    let (_, finding) = judged(&noisy, true);
    assert_eq!(finding.verdict, UpgradeVerdict::Inconclusive);
    assert!(!finding.next.is_empty());
}

#[test]
fn without_trials_nothing_is_judged() {
    let lab = lab(Service::default());
    let run = lab.run();
    let found = UpgradeTrials::of_target(&run, "httpjson", &[], None, &[]);
    let upgrade = found.unwrap().unwrap();
    let finding = verdict(&compare(&upgrade, upgrade.candidates[0].cell));
    assert_eq!(finding.verdict, UpgradeVerdict::Invalid);
}

#[test]
fn only_the_versions_asked_for_are_compared() {
    let lab = lab(Service::default()).cell(&[("toolchain", "1.26.6")], Service::default());
    let (run, trials) = (lab.run(), lab.trials());
    let of = |from: Option<&str>, to: &[String]| {
        let found = UpgradeTrials::of_target(&run, "httpjson", &trials, from, to).unwrap();
        found.map(|own| own.candidates.len())
    };
    assert_eq!(of(None, &[]), Some(3));
    assert_eq!(of(None, &["1.26.6".to_owned()]), Some(1));
    assert_eq!(of(Some("1.26.6"), &["1.27.3".to_owned()]), Some(2));
    assert_eq!(of(Some("1.24.1"), &[]), None);
}
