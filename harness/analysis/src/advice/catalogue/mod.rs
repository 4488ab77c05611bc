//! The catalogue: one file or folder per family, validity first.

mod gc;
mod scaling;
mod scheduler;

use super::rule::Rule;

/// Every rule, in the order in which they are judged.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    (scheduler::rules().chain(gc::RULES)).chain(scaling::RULES)
}
