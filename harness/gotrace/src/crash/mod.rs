//! How a Go program died: panics, fatal errors and signals, with their goroutine dumps.
//!
//! Main types: [`Crash`] and [`Goroutine`]. In a stream, [`crate::stderr::Reader`] recognises
//! crashes and hands them over; [`goroutines`] reads a dump by itself, such as
//! `/debug/pprof/goroutine?debug=2` serves or SIGQUIT prints.
//!
//! Source of the grammar: `printpanics`, `dopanic_m`, `throw` in runtime/panic.go, `sighandler`
//! and `fatalsignal` in runtime/signal_unix.go, `goroutineheader` and `traceback2` in
//! runtime/traceback.go, of Go 1.21 to 1.27; older dumps differ only in lacking `in goroutine N`.
//!
//! Deliberately absent: argument words and registers (they need the binary to mean anything).

mod dump;
mod goroutine;
mod report;

pub use dump::goroutines;
pub use goroutine::{CreatedBy, Frame, Goroutine};
pub(crate) use report::Builder;
pub use report::{Cause, Crash, MOST_FRAMES, MOST_GOROUTINES, MOST_MESSAGE_BYTES, Signal};
