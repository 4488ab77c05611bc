//! The catalogue: one file or folder per family, validity first.

mod gc;
mod host;
mod locks;
mod memory;
mod retention;
mod scaling;
mod scheduler;
mod validity;

use crate::rule::Rule;

/// Every rule, in the order in which they are judged.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    let rest = [memory::RULES, retention::RULES, host::RULES, scaling::RULES];
    (validity::RULES.iter())
        .chain(scheduler::rules())
        .chain(locks::rules())
        .chain(gc::rules())
        .chain(rest.into_iter().flatten())
}

/// The rules of several files of one family, by the number in their ids.
fn by_number<const N: usize>(files: [&'static [Rule]; N]) -> impl Iterator<Item = &'static Rule> {
    let mut all: Vec<&Rule> = files.into_iter().flatten().collect();
    all.sort_by_key(|rule| rule.id[1..].parse::<u32>().unwrap_or(u32::MAX));
    all.into_iter()
}
