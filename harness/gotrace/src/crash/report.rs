//! A crash as a whole.

use super::goroutine::{Frame, Goroutine};

/// Longest message kept.
pub const MOST_MESSAGE_BYTES: usize = 64 << 10;
/// Most goroutines kept; the others are counted.
pub const MOST_GOROUTINES: usize = 100_000;
/// Most frames kept of all goroutines together.
pub const MOST_FRAMES: usize = 1_000_000;

/// The end of a Go program, or another report of it that comes with stacks ([`Cause::ends_process`]).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crash {
    /// What kind of end.
    pub cause: Cause,
    /// The value of the panic that was not recovered, the fatal error, or the signal's name;
    /// several lines if the program printed several.
    pub message: String,
    /// Panics that came before and were recovered or replaced, first one first.
    pub earlier: Vec<String>,
    /// The signal behind it.
    pub signal: Option<Signal>,
    /// The runtime's own stack, where it was printed.
    pub runtime_stack: Vec<Frame>,
    /// Goroutines in the order printed: the one that failed comes first.
    pub goroutines: Vec<Goroutine>,
    /// Goroutines beyond [`MOST_GOROUTINES`].
    pub goroutines_dropped: u64,
    /// The number in a final `exit status N`, which `go run` and `go test` print.
    pub exit_status: Option<i32>,
    /// The signal or exception arrived while C or other foreign code ran.
    pub outside_go: bool,
    /// Lines that another report was written into, as happens where two processes share one stream.
    pub garbled_lines: u64,
}

/// What kind of end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cause {
    /// `panic: ...`
    Panic,
    /// `fatal error: ...`: the runtime gave up (deadlock, concurrent map writes, out of memory).
    FatalError,
    /// A signal outside Go code, or one sent to ask for a dump (SIGQUIT, SIGABRT).
    Signal,
    /// `Exception 0xc0000005 ...`: an exception of Windows.
    Exception,
    /// A panic that was recovered and whose stack was printed; the process goes on.
    Recovered,
    /// Goroutines by themselves.
    Dump,
    /// A report of the race detector; the process goes on.
    DataRace,
}

impl Cause {
    /// Whether the process ends with it.
    #[must_use]
    pub const fn ends_process(self) -> bool {
        match self {
            Self::Panic | Self::FatalError | Self::Signal | Self::Exception => true,
            Self::Recovered | Self::Dump | Self::DataRace => false,
        }
    }
}

/// A signal as the runtime reports it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Signal {
    /// E.g. `SIGSEGV: segmentation violation`.
    pub name: String,
    /// Its code; hexadecimal in panics, decimal otherwise.
    pub code: Option<u64>,
    /// The address that was accessed.
    pub address: Option<u64>,
    /// The program counter.
    pub pc: Option<u64>,
}
