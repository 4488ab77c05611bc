//! Why a trial has no target.

use record::trial::{CgroupUse, Failure};

use crate::own_side::OwnSide;

/// Why there is no target.
#[derive(Debug)]
pub(super) enum LaunchError {
    /// We were asked to stop.
    Cancelled,
    /// We could not give what starting it takes.
    OwnSide(OwnSide),
    /// The target did not come up; with what its cgroup counted.
    Failed(Box<Failure>, Option<CgroupUse>),
}
