//! Does `stats` keep its promises? Simulates what each method claims and prints what was observed, as Markdown.
//!
//!     cargo run --release -p stats --example coverage -- [RUNS] [SEED]
//!
//! The table in METHODOLOGY.md is this output with the default 20,000 runs and seed 1. `tests/promises` runs the same
//! scenarios (`simulation.rs`) at small scale with binomial bounds.

use simulation::{Promise, Size};

#[path = "../tests/promises/floors.rs"]
mod floors;
#[path = "../tests/promises/simulation.rs"]
mod simulation;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let mut number = |default: u64| match arguments.next() {
        None => default,
        Some(text) => text.parse().unwrap_or_else(|_| {
            eprintln!("{text:?} is not a whole number; usage: coverage [RUNS] [SEED]");
            std::process::exit(2);
        }),
    };
    let runs = usize::try_from(number(20_000)).unwrap_or(usize::MAX).max(1);
    let size = Size {
        runs,
        seed: number(1),
    };
    println!(
        "`cargo run --release -p stats --example coverage -- {} {}`\n",
        size.runs, size.seed
    );
    println!("| what | promised | observed | ± | runs |");
    println!("|---|---|---:|---:|---:|");
    for Promise {
        what,
        promised,
        share,
        runs,
    } in simulation::all(size)
    {
        let error = 1.96 * (share * (1.0 - share) / runs as f64).sqrt();
        println!(
            "| {what} | {promised} | {:.2} % | {:.2} | {runs} |",
            100.0 * share,
            100.0 * error
        );
    }
}
