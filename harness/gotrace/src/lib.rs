//! Reads what the Go toolchain and runtime print, and knows what differs between Go versions.
//!
//! Everything here is a pure function of bytes handed in: no file, socket or process is touched,
//! no clock is read. Input is treated as hostile: a parser answers with data, a counted fragment
//! or an [`Error`]; it never panics and its memory is bounded by constants that each module names.
//!
//! | question | module |
//! |---|---|
//! | which Go is this, is it older than that | [`version`] |
//! | how was this binary built | [`buildinfo`] |
//! | will Go accept this environment, and will it do anything | [`environment`] |
//! | what does the target's stderr say | [`stderr`], and the line grammars [`gctrace`], [`schedtrace`], [`scheddetail`], [`scavenge`], [`pacer`], [`scanstats`], [`inittrace`] |
//! | how did it die | [`crash`] |
//! | what do its metrics say | [`metrics`], [`memstats`], [`prometheus`] |
//! | in which encoding is this text | [`encoding`] |
//! | what does its profile say | [`profile`] |
//! | which execution trace is this, and is it whole | [`exectrace`] |
//! | what is this file at all | [`recognise()`] |
//! | what does a window of it amount to | [`summary`] |
//!
//! ```
//! use gotrace::GoVersion;
//! use gotrace::gctrace::GcCycle;
//!
//! let line = "gc 40 @0.936s 2%: 0.10+0.95+0.21 ms clock, 0.20+0.11/0.24/0+0.42 ms cpu, \
//!             16->16->8 MB, 17 MB goal, 0 MB stacks, 0 MB globals, 2 P";
//! let (cycle, rest) = GcCycle::parse(line.as_bytes()).expect("a whole line");
//! assert_eq!((cycle.seq, cycle.heap_start_mib), (40, 16));
//! assert!(rest.is_empty());
//!
//! let version = GoVersion::parse("go1.25.5")?;
//! assert!(version.at_least_patch(25, 0) && !version.at_least_patch(26, 0));
//! # Ok::<(), gotrace::Error>(())
//! ```
//!
//! Deliberately absent: thresholds and advice (that is `advisor`), the events of an execution
//! trace (its wire format belongs to the toolchain: `go tool trace -pprof=...`), and any I/O.

pub mod buildinfo;
pub mod crash;
pub mod encoding;
pub mod environment;
mod error;
pub mod exectrace;
pub mod gctrace;
mod gunzip;
pub mod inittrace;
mod lines;
pub mod logprefix;
pub mod memstats;
pub mod metrics;
pub mod pacer;
pub mod profile;
pub mod prometheus;
mod recognise;
mod scan;
pub mod scanstats;
pub mod scavenge;
pub mod scheddetail;
pub mod schedtrace;
pub mod stderr;
pub mod summary;
pub mod version;

pub use error::Error;
pub use gunzip::gunzip;
pub(crate) use gunzip::gunzip_members;
pub use lines::after_nuls;
pub use recognise::{Kind, recognise};
pub use version::GoVersion;
