//! Which profile is it?

use super::model::{Frame, Profile, Sample};

/// The profiles of net/http/pprof.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProfileKind {
    /// Samples of running code.
    Cpu,
    /// What is on the heap.
    Heap,
    /// What was allocated since the start.
    Allocs,
    /// Who held locks that others waited for; the stack is the unlocker's.
    Mutex,
    /// Who waited; the stack is the waiter's.
    Block,
    /// Contentions of which nothing tells whether they are of the mutex or the block profile.
    Contention,
    /// All goroutines.
    Goroutine,
    /// Goroutines that can never run again (Go 1.26 on).
    GoroutineLeak,
    /// Calls that created threads.
    ThreadCreate,
    /// Delays, as `go tool trace -pprof=...` writes them.
    TraceDelay,
    /// None of these.
    Other,
}

impl Profile {
    /// Tells the kind by the value types; heap from allocs by the default type, mutex from block
    /// by the innermost frames of its samples.
    #[must_use]
    pub fn kind(&self) -> ProfileKind {
        let has = |kind: &str| self.value_index(kind).is_some();
        if has("cpu") {
            ProfileKind::Cpu
        } else if has("inuse_space") {
            match self.default_sample_type.as_deref() {
                Some("alloc_space") => ProfileKind::Allocs,
                _ => ProfileKind::Heap,
            }
        } else if has("contentions") && has("delay") {
            // internal/trace/traceviewer/pprof.go writes the period type trace/count.
            if self
                .period_type
                .as_ref()
                .is_some_and(|it| it.kind == "trace")
            {
                ProfileKind::TraceDelay
            } else {
                self.contention_kind()
            }
        } else if has("goroutine") {
            ProfileKind::Goroutine
        } else if has("goroutineleak") {
            ProfileKind::GoroutineLeak
        } else if has("threadcreate") {
            ProfileKind::ThreadCreate
        } else {
            ProfileKind::Other
        }
    }

    fn contention_kind(&self) -> ProfileKind {
        let votes = |test: fn(&str) -> bool| {
            self.samples
                .iter()
                .filter(|sample| self.leaves(sample).any(|frame| test(&frame.function)))
                .count()
        };
        let (unlocks, waits) = (votes(is_unlock), votes(is_wait));
        match unlocks.cmp(&waits) {
            std::cmp::Ordering::Greater => ProfileKind::Mutex,
            std::cmp::Ordering::Less => ProfileKind::Block,
            std::cmp::Ordering::Equal => ProfileKind::Contention,
        }
    }

    /// The innermost frames: enough to pass inlined fast paths such as `RWMutex.RUnlock`.
    fn leaves<'a>(&'a self, sample: &'a Sample) -> impl Iterator<Item = &'a Frame> {
        const INNERMOST: usize = 2;
        self.stack(sample).take(INNERMOST)
    }
}

fn is_unlock(function: &str) -> bool {
    matches!(
        function,
        "sync.(*Mutex).Unlock"
            | "sync.(*RWMutex).Unlock"
            | "sync.(*RWMutex).RUnlock"
            | "internal/sync.(*Mutex).Unlock"
            | "runtime.unlock"
            | "runtime._LostContendedRuntimeLock"
    )
}

fn is_wait(function: &str) -> bool {
    matches!(
        function,
        "sync.(*Mutex).Lock"
            | "sync.(*RWMutex).Lock"
            | "sync.(*RWMutex).RLock"
            | "internal/sync.(*Mutex).Lock"
            | "sync.(*Cond).Wait"
            | "sync.(*WaitGroup).Wait"
            | "runtime.chanrecv1"
            | "runtime.chanrecv2"
            | "runtime.chansend1"
            | "runtime.selectgo"
            | "runtime.block"
    )
}
