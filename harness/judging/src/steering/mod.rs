//! What a run should do next, judged by the code that ranks it afterwards: which cells leave the race, whether the
//! search is precise enough, who is measured afresh.
//!
//! Pure functions of the record like everything here. The measuring half asks through a trait of its own, and the
//! command line puts the two together. Only the design that was stored with the run counts, and only its search blocks:
//! neither function looks at what a confirmation showed.

mod course;
mod precision;
mod race;
mod whole;

pub use whole::{finalists, judge};
