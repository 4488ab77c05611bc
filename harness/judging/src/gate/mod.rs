//! Rules that a candidate must keep, for CI: does this change pass?
//!
//! [`Rules::parse`] reads a rules file, [`gate`] judges a run by it and answers a [`documents::gate::GateReport`],
//! which crate `report` prints. [`selftest()`] proves on made-up runs that a gate can fail.
//!
//! A rule is judged three ways, by an interval. A rule fails only where its interval lies wholly beyond the limit *and*
//! a one-sided t test says so after Holm's correction over all rules: each rule is one more chance to cry wolf (Holm
//! 1979). Passing needs no correction: the gate passes only if every rule does, which no single lucky rule can bring
//! about (intersection-union test, Berger 1982, Technometrics 24:295-300). Sides that are several cells are judged
//! together and pair by pair, as [`crate::comparison`] does: a pair that is worse by itself breaks the rule.
//!
//! Deliberately absent: two runs. A gate over runs of different days fails because of host conditions (METHODOLOGY,
//! design of an experiment); put baseline and candidate into one matrix.

mod evaluate;
mod judge;
mod rules;
mod selftest;

pub use evaluate::{GateRequest, gate};
pub use rules::{Demand, Relation, Rule, Rules};
pub use selftest::selftest;
