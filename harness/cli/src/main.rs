//! The command `gosweep`.
fn main() {}
