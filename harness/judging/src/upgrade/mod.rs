//! Whether a service loses by a newer Go, and which of its changes carries what it loses.
//!
//! [`UpgradeTrials`] finds the cells of a run that an upgrade is about: the old toolchain, the new one under the same go
//! line, the new one with its own. [`compare`] judges figure by figure, the surest first, against the old toolchain of the
//! same block and its duplicate; [`verdict`] says what follows. [`attribute()`] asks of a second run, in which the new
//! toolchain is the control and every other cell has one switch back, which switch takes a difference away.
//!
//! Everything is within one run: what was measured on two days is no evidence on a toolchain.

mod attribution;
mod cells;
mod figures;
mod verdict;

pub use attribution::{Asked, attribute};
pub use cells::{Candidate, UpgradeTrials};
pub use figures::{Judged, compare};
pub use verdict::{Finding, verdict};

#[cfg(test)]
mod attribution_tests;
#[cfg(test)]
mod tests;
