//! What is seen of a trial from outside the load: the process and the host by
//! /proc, the runtime by the target's probe.

mod host;
mod pprof;
mod probe;
mod process;
mod window;

pub use host::HostSample;
pub use pprof::Pprof;
pub use probe::{Info, Probe, ProbeError};
pub use process::ProcessSample;
pub use window::{Taken, WindowOptions, take_window};
