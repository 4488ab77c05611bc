//! The catalogue: one file or folder per family, validity first.

mod gc;
mod host;
mod locks;
mod memory;
mod scaling;
mod scheduler;
mod validity;

use super::rule::Rule;

/// Every rule, in the order in which they are judged.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    let families = [
        locks::RULES,
        gc::RULES,
        memory::RULES,
        host::RULES,
        scaling::RULES,
    ];
    let rest = families.into_iter().flatten();
    validity::RULES.iter().chain(scheduler::rules()).chain(rest)
}
