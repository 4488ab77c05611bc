//! How a Go program died, and what else it says with stacks: panics, fatal errors, signals, exceptions of Windows,
//! recovered panics, dumps of goroutines and reports of the race detector.
//!
//! Main types: [`Crash`] and [`Goroutine`]. In a stream, [`crate::stderr::Reader`] recognises
//! crashes and hands them over; [`goroutines`] reads a dump by itself, such as
//! `/debug/pprof/goroutine?debug=2` serves or SIGQUIT prints.
//!
//! Source of the grammar: `printpanics`, `dopanic_m`, `throw` in runtime/panic.go, `sighandler`
//! and `fatalsignal` in runtime/signal_unix.go, `winthrow` in runtime/signal_windows.go, `goroutineheader` and
//! `traceback2` in runtime/traceback.go, of Go 1.21 to 1.27; `printreport` in internal/race of ThreadSanitizer. Older
//! dumps differ in lacking `in goroutine N`, gccgo's in having no arguments. Tabs may be lost, as collectors lose them.
//!
//! Deliberately absent: argument words and registers (they need the binary to mean anything).

mod builder;
mod dump;
mod goroutine;
mod place;
mod race;
mod report;
mod start;

pub(crate) use builder::Builder;
pub use dump::goroutines;
pub use goroutine::{CreatedBy, Frame, Goroutine};
pub use report::{Cause, Crash, MOST_FRAMES, MOST_GOROUTINES, MOST_MESSAGE_BYTES, Signal};
pub(crate) use start::{begins_dump, goroutine_header_at, start_within};
