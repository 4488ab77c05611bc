//! What must hold for any input: symmetry, invariance, monotonicity, and no panic on anything.

#![expect(clippy::unwrap_used, reason = "a refused valid input is a failed test")]

mod comparisons;
mod degenerate;
mod tables;
