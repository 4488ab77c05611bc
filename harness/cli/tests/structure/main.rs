//! Holds the shape of the project: which crate may use which, what only one of them may touch, that modules form no
//! cycle, and what holds for every file. The rules are those of ARCHITECTURE.md.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod arrows;
mod cycles;
mod graph;
mod habits;
mod paths;
mod source;
mod supply;
mod workspace;
