//! What cannot be ranked is refused with its reason.

use advisor::rank;
use judging::{JudgingError, RankOptions};
use testing::winner;

#[test]
fn records_that_contradict_themselves_are_refused() {
    let lab = winner();
    let run = lab.run();
    let options = RankOptions::default();
    let mut trials = lab.trials();
    trials[0].cell = record::cell::CellId::of(["elsewhere"]);
    assert!(matches!(
        rank(&run, &trials, &options),
        Err(JudgingError::UnknownCell { .. })
    ));
    let mut twice = lab.trials();
    twice.push(twice[3].clone());
    let refused = rank(&run, &twice, &options).unwrap_err();
    assert!(
        matches!(refused, JudgingError::TrialTwice { .. }),
        "{refused}"
    );
    let mut impossible = lab.trials();
    impossible[3].constant.as_mut().unwrap().response_ms.p99 = -4.0;
    let refused = rank(&run, &impossible, &options).unwrap_err();
    assert!(
        refused.to_string().contains("a P99 in milliseconds of -4"),
        "{refused}"
    );
    let mut orphan = run.clone();
    orphan
        .cells
        .iter_mut()
        .for_each(|cell| cell.control = false);
    assert!(matches!(
        rank(&orphan, &[], &options),
        Err(JudgingError::NoControl(_))
    ));
    let mut broken = run.clone();
    broken.matrix.text = "name: [".into();
    assert!(matches!(
        rank(&broken, &[], &options),
        Err(JudgingError::Matrix { .. })
    ));
    let wrong = RankOptions {
        level: 95.0,
        ..RankOptions::default()
    };
    assert!(matches!(
        rank(&run, &[], &wrong),
        Err(JudgingError::Option { .. })
    ));
}
