//! How a trial ends before its time.

use std::time::Duration;

use record::trial::{Failure, FailureCause};

use super::address::NotItsOwn;
use crate::own_side::OwnSide;

/// How long a target may take to end by itself before it is killed.
pub(super) const PATIENCE: Duration = Duration::from_secs(3);

/// Why measuring ended early.
pub(super) enum Stop {
    Cancelled,
    /// Our own side ran out of something.
    OwnSide(OwnSide),
    Failed(Failure),
}

impl Stop {
    /// Load would reach, or has reached, somebody else.
    pub(super) fn not_its_own(error: NotItsOwn) -> Stop {
        Stop::Failed(Failure {
            cause: FailureCause::NotReady,
            message: error.to_string(),
            exit_code: None,
            signal: None,
            panic: None,
            stderr_tail: Vec::new(),
        })
    }

    pub(super) fn crashed(message: String) -> Stop {
        Stop::Failed(Failure {
            cause: FailureCause::Crashed,
            message,
            exit_code: None,
            signal: None,
            panic: None,
            stderr_tail: Vec::new(),
        })
    }
}
