//! What is exported and reported, read by the programs that it is for; and exports that must be refused.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod accepted;
mod clusters;
mod consumer;
mod given;
mod refused;
mod reports;
