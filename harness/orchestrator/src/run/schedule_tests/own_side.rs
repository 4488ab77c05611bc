//! Trials that our own side invalidates.

use super::*;
use crate::run::RunError;

#[test]
fn what_our_own_side_lacks_drops_the_trial_and_the_same_call_goes_on() {
    let whole = Lab::new(3, Design::default());
    whole.complete(&Rules::default());
    let lab = Lab::new(3, Design::default());
    let runner = FakeTrials {
        disk_full_at: Some(2),
        ..FakeTrials::default()
    };
    let error = lab.call(&runner, &Rules::default()).unwrap_err();
    assert!(matches!(error, RunError::OwnSide(_)), "{error}");
    assert!(error.to_string().contains("goes on where it stopped"));
    assert_eq!(lab.trials().len(), 2);
    let left = std::fs::read_dir(lab.dir().raw()).unwrap().flatten();
    assert!(left.into_iter().all(|entry| {
        !entry
            .file_name()
            .to_string_lossy()
            .starts_with("unfinished")
    }));
    lab.complete(&Rules::default());
    assert_eq!(lab.trials().len(), whole.trials().len());
}
