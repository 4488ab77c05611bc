//! What diagnoses show: which cells get one, and the page that is made of their evidence.
//!
//! Main functions: [`choose`], [`diagnoses`]. A diagnosis explains; nothing of it is ever ranked or compared with a
//! margin.
//!
//! Deliberately absent: taking profiles (`orchestrator`), and what profiles are drawn like ([`crate::profile`]).

mod choose;
mod document;
mod evidence;
mod labelled;
mod scheduler;

pub use choose::{Wanted, choose};
pub use document::diagnoses;
pub(crate) use evidence::read;
pub use evidence::{Kept, files};
pub use labelled::{LabelledProfile, labelled};
