//! Reads the standard error of a Go program, in which the runtime's traces, application output
//! and a final panic are mixed.
//!
//! Main type: [`Reader`]. Feed it bytes as they arrive; it hands [`Event`]s to a closure and
//! counts what it could not read. What it reports does not depend on how the bytes were cut into
//! chunks, and its memory is bounded by one line and one pending block.
//!
//! The runtime prints a gctrace line in some 35 separate write calls, so another thread's output
//! can land inside it. Such a line cannot be put together again with certainty (a number may
//! have been cut anywhere), so it is reported as [`Event::Torn`] with its sequence number where
//! that survived. A runtime line that follows other text on the same line is read from where it
//! begins. Wrappers of container runtimes and journald come off, records are taken apart ([`crate::logprefix`]), and
//! replicas that share a stream are told apart by what stands before their lines ([`Event::Writer`]).
//!
//! Deliberately absent: any interpretation ([`crate::summary`]).

mod crashes;
mod event;
mod hints;
mod reader;
mod start;

pub use event::{Counts, Event, Torn, TornKind};
pub use reader::{Reader, gc_cycles, read, sched_samples};
