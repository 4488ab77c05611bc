//! The self-test of real runs, on laboratories that keep what is known of them and on ones that do not.

use documents::proof::{Check, Outcome, Proof};
use judging::RankOptions;
use judging::proof::prove;
use report::{TerminalOptions, terminal};
use testing::{Lab, Service, burning};

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
    assert_eq!(proof.verdict, Outcome::Holds);
    insta::assert_snapshot!(terminal(&proof, TerminalOptions::default()));
}

/// What came of the checks of this name.
fn of(proof: &Proof, name: &str) -> Vec<Outcome> {
    let own = proof.checks.iter().filter(|check| check.name == name);
    own.map(|check| check.outcome).collect()
}

fn text(proof: &Proof) -> String {
    terminal(proof, TerminalOptions::default())
}

#[test]
fn a_slowdown_out_of_proportion_fails() {
    let proof = proved(&burning([9.2, 4.6, 1.8]));
    assert_eq!(proof.verdict, Outcome::Fails);
}

#[test]
fn a_slowdown_out_of_proportion_fails_in_the_blocks_of_a_short_proof_too() {
    let mut lab = burning([1.8, 4.6, 9.2]);
    (lab.blocks, lab.noise) = (12, 0.05);
    let mut trials = lab.trials();
    for (cell, times) in [(1, 1.5), (2, 1.2)] {
        let own = lab.id(cell);
        for trial in trials.iter_mut().filter(|trial| trial.cell == own) {
            let process = trial.constant.as_mut().unwrap().process.as_mut().unwrap();
            process.user_seconds *= times;
        }
    }
    let proof = prove(&lab.run(), &trials, &RankOptions::default()).unwrap();
    assert_eq!(proof.verdict, Outcome::Fails);
    assert!(of(&proof, "injection_size").contains(&Outcome::Fails));
}

#[test]
fn a_burn_that_burns_nothing_fails() {
    let proof = proved(&burning([0.0; 3]));
    assert_eq!(of(&proof, "injection_slope"), [Outcome::Fails]);
    let outcomes = outcomes(&proof).into_iter();
    assert_eq!(outcomes.filter(|own| own.1 == Outcome::Holds).count(), 0);
}

#[test]
fn a_slowdown_told_from_nothing_by_no_interval_never_holds() {
    let mut lab = burning([1.8, 4.6, 9.2]);
    (lab.blocks, lab.noise) = (6, 0.6);
    let proof = proved(&lab);
    assert_eq!(proof.verdict, Outcome::Inconclusive, "{proof:#?}");
    assert!(!of(&proof, "injection_slope").contains(&Outcome::Holds));
    assert!(!text(&proof).contains("HOLDS"), "{}", text(&proof));
}

#[test]
fn too_few_blocks_prove_nothing_and_say_how_many_would() {
    for blocks in 0..6 {
        let mut lab = burning([1.8, 4.6, 9.2]);
        (lab.blocks, lab.noise) = (6, 0.1);
        let mut trials = lab.trials();
        trials.retain(|trial| trial.block < blocks);
        let proof = prove(&lab.run(), &trials, &RankOptions::default()).unwrap();
        assert_eq!(proof.verdict, Outcome::Inconclusive, "{blocks} blocks");
        for unsaid in ["NaN", "inf", "∞"] {
            assert!(!text(&proof).contains(unsaid), "{}", text(&proof));
        }
    }
    let mut lab = alias(Service::default());
    lab.blocks = 6;
    insta::assert_snapshot!(text(&proved(&lab)));
    lab.blocks = 12;
    assert_eq!(proved(&lab).verdict, Outcome::Holds);
}

/// Of two runs of six blocks not one would show so small a step, by what size and noise predict: that proves nothing.
#[test]
fn power_too_small_to_be_missed_proves_nothing() {
    let mut lab = burning([1.8, 4.6, 9.2]);
    lab.noise = 0.08;
    let proof = proved(&lab);
    let power = proof
        .checks
        .iter()
        .find(|own| own.name == "injection_power");
    let power = power.unwrap();
    assert_eq!(power.outcome, Outcome::Inconclusive, "{power:?}");
    assert!(
        power.needed.as_ref().unwrap().contains("blocks"),
        "{power:?}"
    );
}

/// One block of every six without the slowdown: enough that no interval excludes nothing, and too little for the noise
/// to explain it.
#[test]
fn a_slowdown_that_too_many_runs_miss_fails() {
    let lab = burning([1.8, 4.6, 9.2]);
    let mut trials = lab.trials();
    let step = lab.id(3);
    for trial in trials
        .iter_mut()
        .filter(|trial| trial.cell == step && trial.block % 6 == 0)
    {
        let process = trial.constant.as_mut().unwrap().process.as_mut().unwrap();
        process.user_seconds *= 0.85;
    }
    let proof = prove(&lab.run(), &trials, &RankOptions::default()).unwrap();
    assert_eq!(
        of(&proof, "injection_power")[2],
        Outcome::Fails,
        "{proof:#?}"
    );
}

/// The long versions of matrices/proof as a busy host gives them: nothing fails, and every line says what it is worth.
#[test]
fn the_long_proofs_of_a_noisy_host_read_well() {
    let mut lab = burning([2.0, 5.0, 10.0]);
    (lab.blocks, lab.noise) = (60, 0.17);
    let proof = proved(&lab);
    assert!(!of(&proof, "injection_slope").contains(&Outcome::Fails));
    insta::assert_snapshot!(text(&proof));
    let mut lab = alias(Service::default());
    (lab.blocks, lab.noise) = (120, 0.1);
    insta::assert_snapshot!(text(&proved(&lab)));
}

/// At 14 % noise a pair, twelve blocks: what is in proportion never fails, what is the same for every step always does.
#[test]
fn noise_fails_no_proof_and_hides_no_fault() {
    let failed = |microseconds: [f64; 3]| {
        let verdicts = (0..20).map(|seed| {
            let mut lab = burning(microseconds);
            (lab.blocks, lab.noise, lab.seed) = (12, 0.17, seed);
            proved(&lab).verdict
        });
        verdicts.filter(|own| *own == Outcome::Fails).count()
    };
    assert_eq!(failed([2.0, 5.0, 10.0]), 0);
    assert_eq!(failed([60.0; 3]), 20);
}

/// One run in twenty may flag something, so one of one is no surprise, two of two are.
#[test]
fn false_alarms_fail_from_two_runs_on() {
    let mut lab = alias(Service::default());
    let verdict = |lab: &Lab| {
        let mut trials = lab.trials();
        let alias = lab.id(1);
        for trial in trials.iter_mut().filter(|trial| trial.cell == alias) {
            trial.saturate.as_mut().unwrap().ledger.completed /= 3;
        }
        let proof = prove(&lab.run(), &trials, &RankOptions::default()).unwrap();
        proof.verdict
    };
    lab.blocks = 6;
    assert_eq!(verdict(&lab), Outcome::Inconclusive);
    lab.blocks = 12;
    assert_eq!(verdict(&lab), Outcome::Fails);
}

#[test]
fn the_control_under_another_name_is_no_level_of_gogc() {
    let mut lab = Lab::new();
    for (gogc, gc_per_kreq) in [("default", 1.0), ("50", 2.0), ("100", 1.0), ("400", 0.25)] {
        let service = Service {
            gc_per_kreq,
            ..Service::default()
        };
        lab = lab.cell(&[("gogc", gogc)], service);
    }
    lab.blocks = 12;
    let proof = proved(&lab);
    assert_eq!(proof.verdict, Outcome::Holds, "{proof:#?}");
    assert_eq!(proof.checks.len(), 3);
}

#[test]
fn the_band_of_collections_is_the_matrix_s() {
    let lab = collecting([1.0, 2.0, 0.3]);
    assert_eq!(of(&proved(&lab), "gogc_ratio"), [Outcome::Holds]);
    let mut run = lab.run();
    run.matrix.text += "thresholds: {V1.low: 0.99, V1.high: 1.01}\n";
    let proof = prove(&run, &lab.trials(), &RankOptions::default()).unwrap();
    assert_eq!(of(&proof, "gogc_ratio"), [Outcome::Fails]);
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
