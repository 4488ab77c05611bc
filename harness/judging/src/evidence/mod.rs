//! What judging goes by: the trials of a run that count, by target, cell and block.
//!
//! Main type: [`TargetTrials`].

mod cpus;
mod labels;
mod record;
mod trials;

pub use cpus::{cpu_count, cpus};
pub use labels::{label, settings, varying_axes};
pub use record::{check_trials, end_of_search, matrix_of, targets};
pub use trials::{CellTrials, Left, TargetTrials, Values};
