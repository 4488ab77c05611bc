//! What is seen of a trial from outside the load: the process and the host by /proc, the runtime by the target's probe,
//! the clock by a spin loop.

mod clock_probe;
mod host;
mod listener;
mod metrics_page;
mod pprof;
mod probe;
mod process;
mod window;

pub use clock_probe::clock_probe_ns;
pub use host::HostSample;
pub use listener::{Holder, Listening, who_listens};
pub use metrics_page::{PageSource, RuntimePage};
pub use pprof::Pprof;
pub use probe::{Answer, Info, Probe, ProbeError, Token, Trust};
pub use process::ProcessSample;
pub use window::{Taken, WindowOptions, take_window};
