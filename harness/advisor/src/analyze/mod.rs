//! What can be said of a service that gosweep did not start: its log, its profiles, its metrics, how it died.
//!
//! Main function: [`analyze`], from [`Material`] to an [`documents::analysis::Analysis`], the document behind `gosweep
//! analyze`. Material is made of bytes by [`read`], or of a stream by [`LogReader`], whose memory does not grow with
//! the length of the stream: a timeline of a fixed number of points over everything, and the last lines in full
//! ([`KEPT_LINES`]).
//!
//! Findings come from the advisor's rules ([`crate`]), as far as such input can support them: the kept lines are cut
//! into stretches, and each is a sample. What no rule can see for want of input is named with what to add.
//!
//! Deliberately absent: reading files, sockets and terminals (`cli`, `orchestrator`); rules of its own.

mod arriving;
mod calm;
mod crash;
mod difference;
mod evidence;
mod input;
mod judged;
mod log;
mod material;
mod options;
mod order;
mod point;
mod process;
mod profiles;
mod series;
mod snapshot;
mod verdict;
mod version;

pub use arriving::Arriving;
pub use judged::analyze;
pub use log::{Log, LogReader};
pub use material::{Hint, LARGEST_INPUT_BYTES, Material, Part, TraceView, read};
pub use options::AnalyzeOptions;
pub use process::KEPT_LINES;
