//! Decisions between blocks: on disk before the next trial, and never taken anew.

use super::*;

#[test]
fn killed_between_a_block_and_its_decision_it_is_decided_then() {
    let rules = || Rules {
        leave: [(3, vec!["50"])].into(),
        finalist: Some("400"),
        ..Rules::default()
    };
    let whole = Lab::new(4, raced());
    whole.complete(&rules());
    let decisions = whole.decisions();
    for kept in 0..decisions.len() {
        let lab = Lab::new(4, raced());
        let mut writer = lab.dir().append().unwrap();
        for trial in whole.trials() {
            // Everything up to the block whose decision is missing.
            if (trial.block as usize) <= kept {
                writer.write(&trial).unwrap();
            }
        }
        let mut writer = lab.dir().append_decisions().unwrap();
        for decision in &decisions[..kept] {
            writer.write(decision).unwrap();
        }
        lab.complete(&rules());
        assert_eq!(lab.decisions(), decisions);
        assert_eq!(lab.trials().len(), whole.trials().len());
    }
}

#[test]
fn a_decision_is_not_taken_anew() {
    let lab = Lab::new(5, raced());
    let leaves = Rules {
        leave: [(3, vec!["50"])].into(),
        ..Rules::default()
    };
    let runner = FakeTrials {
        stop_at: Some(17),
        ..FakeTrials::default()
    };
    assert_eq!(lab.call(&runner, &leaves).unwrap(), Ending::Interrupted);
    // Whoever answers now would keep everybody.
    lab.complete(&Rules::default());
    assert!(!lab.block(3).contains(&"50".to_owned()));
    assert!(!lab.block(4).contains(&"50".to_owned()));
}

#[test]
fn what_cannot_be_judged_does_not_end_a_run() {
    let lab = Lab::new(5, raced());
    lab.complete(&Rules {
        broken: true,
        ..Rules::default()
    });
    assert_eq!(lab.blocks_of(Stage::Search).len(), 5);
}
