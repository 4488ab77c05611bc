//! Whether rankings of a real run keep what the method promises: what `gosweep rank --selftest` prints.
//!
//! [`prove`] looks for cells whose truth is known beforehand and checks what the ranking says of them:
//! - a cell that is the control under another name (its effective settings are the same): any claim is a false alarm;
//! - a cell that only burns more iterations per request (`option.burn`): its CPU per request grows in proportion, and
//!   its interval shows it as often as size and noise predict;
//! - cells that differ in GOGC only: their collections per 1,000 requests fall in a known order, in a predicted ratio.
//!
//! A check that could not have failed proves nothing. So each says what would have been FAILS, and HOLDS only where as
//! many blocks could have come out either way; else it is inconclusive, with the number that would do.
//!
//! False alarms and power are shares of runs. A run of many blocks is therefore taken apart into runs of six blocks,
//! each ranked by itself, in the order of time and without overlap, so that they are as independent as runs are.
//!
//! Deliberately absent: synthetic data (`stats/tests/promises` and `gate --selftest` have that).

mod alarms;
mod gogc;
mod injection;
mod known;
mod whole;

pub use whole::prove;
