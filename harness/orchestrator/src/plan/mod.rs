//! From a matrix to cells with their CPUs and an order of trials, without running anything.

mod cells;
mod check;
mod error;
mod estimate;
mod limits;
mod making;
mod order;
mod ready;
mod targets;

pub use cells::{Plan, PlannedCell, toolchain_spec};
pub use check::check_versions;
pub(crate) use check::folder_of;
pub use error::PlanError;
pub use estimate::{Estimate, estimate, trial_time};
pub(crate) use limits::{GROUPS_WANTED, cgroup_parent, limits_of};
pub use making::plan;
pub use order::{OrderKey, Slot, block_order};
pub use ready::{ReadyCell, option_values};
pub use targets::{LARGEST_FILE_BYTES, TargetSearch};
