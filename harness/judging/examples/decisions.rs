//! Do decisions of whole runs hold? Simulates runs of known truth through the public entries of this crate, from the search
//! over the choice of a finalist to the verdict, and prints how often each ends as promised, as Markdown.
//!
//!     cargo run --release -p judging --example decisions -- [RUNS] [SEED]
//!
//! The table of whole decisions in METHODOLOGY.md is this output with the runs and the seed that it names. `tests/promises` runs the same scenarios at small
//! scale with binomial bounds.

#![expect(
    clippy::expect_used,
    reason = "a made-up record that is not sound is a defect of this program"
)]

#[path = "../tests/promises/laboratory.rs"]
mod laboratory;
#[path = "../tests/promises/scenarios.rs"]
mod scenarios;

use scenarios::Size;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let mut number = |default: u64| match arguments.next() {
        None => default,
        Some(text) => text.parse().unwrap_or_else(|_| {
            eprintln!("{text:?} is not a whole number; usage: decisions [RUNS] [SEED]");
            std::process::exit(2);
        }),
    };
    let runs = usize::try_from(number(2_000)).unwrap_or(usize::MAX).max(1);
    let size = Size {
        runs,
        seed: number(1),
    };
    println!(
        "`cargo run --release -p judging --example decisions -- {} {}`\n",
        size.runs, size.seed
    );
    println!("| what | promised | observed | ± | runs |");
    println!("|---|---|---:|---:|---:|");
    scenarios::each(size, |promise| {
        let share = promise.share();
        let error = 1.96 * (share * (1.0 - share) / promise.runs.max(1) as f64).sqrt();
        println!(
            "| {} | {} | {:.2} % | {:.2} | {} |",
            promise.what,
            promise.promised,
            100.0 * share,
            100.0 * error,
            promise.runs
        );
    });
}
