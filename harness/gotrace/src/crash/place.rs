//! Where a program failed: the frame that a reader has to look at first.

use super::goroutine::{Frame, Goroutine};
use super::report::{Cause, Crash};

/// Functions with which the runtime raises an error, besides its own code below them.
const RAISING: [&str; 12] = [
    "runtime.throw",
    "runtime.fatal",
    "runtime.fatalthrow",
    "runtime.fatalpanic",
    "runtime.panicCheck1",
    "runtime.panicCheck2",
    "runtime.dopanic",
    "runtime.sigpanic",
    "runtime.sigtramp",
    "runtime.systemstack",
    "runtime.systemstack_switch",
    ".throw",
];

impl Crash {
    /// The goroutine that failed, if stacks were printed: the first one that runs, or is in a call out of Go, and has a
    /// frame of its own.
    #[must_use]
    pub fn failing(&self) -> Option<&Goroutine> {
        let own = |it: &&Goroutine| it.id != 0 && it.frames.iter().any(|frame| !is_end(frame));
        let runs = |it: &&Goroutine| {
            matches!(it.state.as_str(), "running" | "syscall") || it.state.starts_with("running")
        };
        let all = &self.goroutines;
        let first_of_own = || all.iter().find(own);
        match self.cause {
            Cause::Signal | Cause::Exception => {
                let running = all.iter().find(|it| own(it) && runs(it));
                // Without the number of a goroutine: the exception's own stack on Windows.
                let unnamed = all.iter().find(|it| it.id == 0 && has_program_frame(it));
                unnamed.or(running).or_else(first_of_own)
            }
            _ => {
                let running = all.iter().find(|it| own(it) && runs(it));
                let first = all.first().filter(own);
                first.or(running).or_else(|| {
                    // What fails on the runtime's own stack has nothing to do with a goroutine that waits.
                    if self.runtime_stack.is_empty() {
                        first_of_own().or(all.first())
                    } else {
                        None
                    }
                })
            }
        }
    }

    /// The stack on which it failed: of the failing goroutine, else the runtime's own.
    #[must_use]
    pub fn failing_stack(&self) -> &[Frame] {
        match self.failing() {
            Some(goroutine) if !goroutine.frames.is_empty() => &goroutine.frames,
            _ => &self.runtime_stack,
        }
    }

    /// The place of failure: below the last `panic(` of the stack, passing the runtime's own functions; without one the
    /// innermost function that is none of the runtime's.
    #[must_use]
    pub fn place(&self) -> Option<&Frame> {
        place(self.failing_stack()).or_else(|| place(&self.runtime_stack))
    }

    /// Whether someone asked for this dump from outside, by SIGQUIT or by a SIGABRT that another process sent.
    ///
    /// `abort` of C sends SIGABRT to its own thread (SI_TKILL, -6); a user's `kill` has code 0.
    #[must_use]
    pub fn was_asked_for(&self) -> bool {
        let Some(signal) = self.signal.as_ref().filter(|_| self.cause == Cause::Signal) else {
            return false;
        };
        signal.name.starts_with("SIGQUIT")
            || (signal.name.starts_with("SIGABRT") && signal.code == Some(0) && !self.outside_go)
    }
}

fn place(stack: &[Frame]) -> Option<&Frame> {
    let below = stack
        .iter()
        .rposition(|frame| matches!(frame.function.as_str(), "panic" | "runtime.gopanic"))
        .map_or(0, |at| at + 1);
    let candidates = &stack[below..];
    candidates
        .iter()
        .find(|frame| !is_runtime(&frame.function))
        .or_else(|| {
            candidates
                .iter()
                .find(|frame| !RAISING.contains(&frame.function.as_str()) && !is_end(frame))
        })
        .or_else(|| candidates.first())
}

fn has_program_frame(goroutine: &Goroutine) -> bool {
    goroutine
        .frames
        .iter()
        .any(|frame| !is_runtime(&frame.function))
}

/// The functions at the bottom of every stack.
fn is_end(frame: &Frame) -> bool {
    matches!(
        frame.function.as_str(),
        "runtime.goexit"
            | "runtime.main"
            | "runtime.mstart"
            | "runtime.mstart0"
            | "runtime.mstart1"
    )
}

/// The runtime's code and what the standard library raises fatal errors with.
pub(super) fn is_runtime(function: &str) -> bool {
    const STARTS: [&str; 8] = [
        "runtime.",
        "runtime/debug.",
        "runtime/cgo.",
        "internal/runtime/",
        "internal/sync.",
        "sync.",
        "internal/race.",
        ".throw",
    ];
    STARTS.iter().any(|start| function.starts_with(start))
        || matches!(function, "panic" | "panicmem" | "gopanic")
}
