//! Does `stats` keep its promises? Simulates what each method claims and prints what was observed, as Markdown.
//!
//!     cargo run --release -p stats --example coverage -- [RUNS] [SEED]
//!
//! The table in METHODOLOGY.md is this output with the default 20,000 runs and seed 1. `tests/promises` runs the same
//! scenarios (`simulation.rs`) at small scale with binomial bounds.

#[path = "../tests/promises/floors.rs"]
mod floors;
#[path = "../tests/promises/simulation.rs"]
mod simulation;
#[path = "../tests/promises/table.rs"]
mod table;

fn main() {
    table::print("coverage", simulation::all);
}
