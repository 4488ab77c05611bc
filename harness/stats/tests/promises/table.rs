//! The table that the examples print.

use super::simulation::{Promise, Size};

/// Reads RUNS and SEED from the command line, runs the scenarios and prints promised and observed.
pub(crate) fn print(example: &str, scenarios: fn(Size) -> Vec<Promise>) {
    let mut arguments = std::env::args().skip(1);
    let mut number = |default: u64| match arguments.next() {
        None => default,
        Some(text) => text.parse().unwrap_or_else(|_| {
            eprintln!("{text:?} is not a whole number; usage: {example} [RUNS] [SEED]");
            std::process::exit(2);
        }),
    };
    let runs = usize::try_from(number(20_000)).unwrap_or(usize::MAX).max(1);
    let size = Size {
        runs,
        seed: number(1),
    };
    println!(
        "`cargo run --release -p stats --example {example} -- {} {}`\n",
        size.runs, size.seed
    );
    println!("| what | promised | observed | ± | runs |");
    println!("|---|---|---:|---:|---:|");
    for Promise {
        what,
        promised,
        share,
        runs,
    } in scenarios(size)
    {
        let error = 1.96 * (share * (1.0 - share) / runs as f64).sqrt();
        println!(
            "| {what} | {promised} | {:.2} % | {:.2} | {runs} |",
            100.0 * share,
            100.0 * error
        );
    }
}
