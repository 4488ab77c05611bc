//! Do decisions hold? Simulates what is recommended, kept, claimed and confirmed where the truth is known, and prints how
//! often, as Markdown.
//!
//!     cargo run --release -p stats --example decisions -- [RUNS] [SEED]
//!
//! The second table in METHODOLOGY.md is this output with the default 20,000 runs and seed 1. `tests/promises` runs the
//! same scenarios (`decisions.rs`) at small scale with binomial bounds.

#![expect(
    dead_code,
    reason = "the scenarios of the other example come with what they share"
)]

#[path = "../tests/promises/decisions.rs"]
mod decisions;
#[path = "../tests/promises/floors.rs"]
mod floors;
#[path = "../tests/promises/simulation.rs"]
mod simulation;
#[path = "../tests/promises/table.rs"]
mod table;

fn main() {
    table::print("decisions", decisions::all);
}
