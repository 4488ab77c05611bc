//! The self-test of real runs, on laboratories that keep what is known of them and on ones that do not.

use analysis::RankOptions;
use analysis::proof::{Check, Outcome, Proof, prove};
use analysis::report::{TerminalOptions, proof_text};

use crate::lab::{Lab, Service};

fn proved(lab: &Lab) -> Proof {
    prove(&lab.run(), &lab.trials(), &RankOptions::default()).unwrap()
}

fn outcomes(proof: &Proof) -> Vec<(&str, Outcome)> {
    let named = |check: &Check| (check.name.clone(), check.outcome);
    let all = proof.checks.iter().map(named);
    all.map(|(name, outcome)| (&*name.leak(), outcome))
        .collect()
}

/// The control under another name, which this service makes no difference to.
fn alias(service: Service) -> Lab {
    let mut lab = Lab::new()
        .cell(&[("gogc", "default")], Service::default())
        .cell(&[("gogc", "100")], service);
    lab.blocks = 24;
    lab
}

fn burning(microseconds: [f64; 3]) -> Lab {
    let normal = Service::default();
    let mut lab = Lab::new().cell(&[("option.burn", "0")], normal);
    for (burn, more) in ["900", "2300", "4600"].into_iter().zip(microseconds) {
        let service = Service {
            cpu_us_per_request: normal.cpu_us_per_request + more,
            ..normal
        };
        lab = lab.cell(&[("option.burn", burn)], service);
    }
    lab.blocks = 24;
    lab
}

/// By the formula, with nothing live: 4096 bytes a request into a heap of 4 MiB x GOGC/100.
fn collecting(cycles: [f64; 3]) -> Lab {
    let mut lab = Lab::new();
    for (gogc, gc_per_kreq) in ["100", "50", "400"].into_iter().zip(cycles) {
        let service = Service {
            gc_per_kreq,
            ..Service::default()
        };
        lab = lab.cell(&[("gogc", gogc)], service);
    }
    lab
}

#[test]
fn one_cell_under_two_names_raises_no_alarm() {
    let proof = proved(&alias(Service::default()));
    assert_eq!(outcomes(&proof), [("false_alarms", Outcome::Holds)]);
    assert_eq!(proof.checks[0].n, 4);
}

#[test]
fn a_difference_where_there_can_be_none_fails() {
    let proof = proved(&alias(Service {
        qps: 25_000.0,
        ..Service::default()
    }));
    assert_eq!(outcomes(&proof), [("false_alarms", Outcome::Fails)]);
}

#[test]
fn a_known_slowdown_is_found_in_proportion() {
    let proof = proved(&burning([1.8, 4.6, 9.2]));
    let holds = outcomes(&proof)
        .into_iter()
        .filter(|(_, outcome)| *outcome == Outcome::Holds);
    assert_eq!(holds.count(), 6, "{proof:#?}");
    insta::assert_snapshot!(proof_text(&proof, TerminalOptions::default()));
}

#[test]
fn a_slowdown_out_of_proportion_fails() {
    let proof = proved(&burning([9.2, 4.6, 1.8]));
    assert_eq!(proof.verdict, Outcome::Fails);
}

#[test]
fn collections_follow_the_formula_or_fail() {
    let kept = proved(&collecting([1.0, 2.0, 0.25]));
    let known = [
        ("gogc_order", Outcome::Holds),
        ("gogc_ratio", Outcome::Holds),
    ];
    assert_eq!(outcomes(&kept), known, "{kept:#?}");
    let off = proved(&collecting([1.0, 2.0, 0.6]));
    let known = [
        ("gogc_order", Outcome::Holds),
        ("gogc_ratio", Outcome::Fails),
    ];
    assert_eq!(outcomes(&off), known, "{off:#?}");
    assert_eq!(proved(&collecting([1.0, 2.0, 3.0])).verdict, Outcome::Fails);
}

#[test]
fn a_run_without_a_known_truth_is_refused() {
    let normal = Service::default();
    let lab = Lab::new()
        .cell(&[("gomaxprocs", "1")], normal)
        .cell(&[("gomaxprocs", "2")], normal);
    let refused = prove(&lab.run(), &lab.trials(), &RankOptions::default());
    assert!(refused.unwrap_err().to_string().contains("matrices/proof"));
}
