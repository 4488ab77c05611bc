//! An analysis for the terminal: the verdict first, then what it rests on.

mod findings;
mod process;
mod profile;
mod text;

pub(super) use process::{gc_sentence, sched_sentence};
pub(super) use profile::percent;
pub use text::analysis_text;
