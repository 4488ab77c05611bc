//! One trial: a fresh process, warm-up, the measured windows, the end.

mod address;
mod bindings;
mod caveats;
mod diagnose;
mod judge;
#[cfg(test)]
mod judge_tests;
mod last_words;
mod launch;
mod launch_error;
mod limits;
mod load;
mod measure;
mod observation;
mod observed;
mod outside;
mod readiness;
mod request;
mod stop;
mod surroundings;
mod thresholds;
mod window;

pub use diagnose::run_diagnosis;
pub use load::request_specs;
pub use measure::run_trial;
pub use observation::Observation;
pub use request::{Observed, TrialRequest};
