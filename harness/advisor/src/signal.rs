//! What rules need to see, by name, so that a rule without it can say so.

use crate::evidence::{Beside, Drive, RuleEvidence, Sample, Subject};

/// Something that a rule needs. A sample that lacks it is passed over; without any sample the rule is not judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Signal {
    /// gctrace lines.
    Gctrace,
    /// schedtrace lines, or the heads of scheddetail blocks, which have the same counters.
    Schedtrace,
    /// GC cycles, by either.
    GcCycles,
    /// runtime/metrics.
    Metrics,
    /// Two metrics of Go 1.22 and later: how long stopping takes.
    StoppingTime,
    /// The 99.9th percentile of scheduling latency.
    SchedLatencyTail,
    /// Memory by class.
    MemoryClasses,
    /// Goroutines at both ends.
    Goroutines,
    /// P states in scheddetail.
    Syscalls,
    /// Scheduling rounds of the Ps: `schedticks` in schedtrace lines from Go 1.25 on, or scheddetail.
    Schedticks,
    /// The process by /proc.
    Process,
    /// The host.
    Host,
    /// Throttled periods of a CPU quota.
    Throttling,
    /// The load, as the generator saw it.
    Load,
    /// A window that is not a closed loop.
    OwnPace,
    /// The length of the sample.
    Length,
    /// A CPU profile.
    CpuProfile,
    /// Block, mutex or goroutine profiles.
    LockProfiles,
    /// Goroutine profiles.
    GoroutineProfiles,
    /// A heap profile.
    HeapProfile,
    /// The live heap over time.
    LiveHeap,
    /// Finalizers and cleanups that wait, or the goroutine that runs them.
    Finalizers,
    /// CPU time of GC workers that would be idle otherwise.
    IdleMarking,
    /// Settings and what the process says of them.
    Readback,
    /// GOMAXPROCS.
    Gomaxprocs,
    /// A limit on the 99th percentile.
    LatencyObjective,
    /// A CPU quota.
    Quota,
    /// Where generator and target ran.
    Placement,
    /// The control's trials.
    Control,
    /// Three numbers of GOMAXPROCS with all else equal.
    Scaling,
    /// Cells that vary two axes at once.
    Interactions,
    /// The same cell under another Go.
    OlderGo,
}

impl Signal {
    /// What a reader would have to add.
    pub fn describe(self) -> &'static str {
        match self {
            Signal::Gctrace => "gctrace lines (GODEBUG=gctrace=1)",
            Signal::Schedtrace => "schedtrace lines (GODEBUG=schedtrace=100)",
            Signal::GcCycles => "GC cycles (gctrace or runtime/metrics)",
            Signal::Metrics => "runtime/metrics at both ends",
            Signal::StoppingTime => "/sched/pauses/stopping/gc (runtime/metrics, Go 1.22 on)",
            Signal::SchedLatencyTail => "/sched/latencies (runtime/metrics at both ends)",
            Signal::MemoryClasses => "/memory/classes (runtime/metrics)",
            Signal::Goroutines => "/sched/goroutines at both ends (runtime/metrics)",
            Signal::Syscalls => "scheddetail of a Go up to 1.25",
            Signal::Schedticks => "schedticks (schedtrace from Go 1.25 on, or scheddetail)",
            Signal::Process => "the process by /proc",
            Signal::Host => "the host by /proc",
            Signal::Throttling => "throttled periods of a CPU quota",
            Signal::Load => "the load as its generator saw it",
            Signal::OwnPace => "a window at a rate, not a closed loop",
            Signal::Length => "the length of the window",
            Signal::CpuProfile => "a CPU profile",
            Signal::LockProfiles => "a block, mutex or goroutine profile",
            Signal::GoroutineProfiles => "a goroutine profile",
            Signal::HeapProfile => "a heap profile",
            Signal::LiveHeap => "the live heap over time (gctrace)",
            Signal::Finalizers => {
                "two goroutine profiles, or /gc/finalizers (runtime/metrics, Go 1.26 on)"
            }
            Signal::IdleMarking => "CPU time of idle GC workers (gctrace or runtime/metrics)",
            Signal::Readback => "what the process says of its settings",
            Signal::Gomaxprocs => "GOMAXPROCS",
            Signal::LatencyObjective => "a limit for P99 (`constraints: {p99: …}`)",
            Signal::Quota => "a CPU quota",
            Signal::Placement => "the CPUs of generator and target",
            Signal::Control => "the control's trials in three blocks or more",
            Signal::Scaling => "three values of gomaxprocs with all else equal",
            Signal::Interactions => "cells that vary two axes at once",
            Signal::OlderGo => "the same cell under two toolchains",
        }
    }

    /// Whether it is there: in this sample, its subject, or alongside it.
    pub(super) fn is_there(self, evidence: &RuleEvidence, sample: &Sample) -> bool {
        match self {
            Signal::Quota | Signal::LatencyObjective | Signal::Placement | Signal::Gomaxprocs => {
                self.of_subject(&evidence.subject, sample)
            }
            Signal::Control | Signal::Scaling | Signal::Interactions | Signal::OlderGo => {
                evidence.beside.as_ref().is_some_and(|own| self.beside(own))
            }
            _ => self.in_sample(sample),
        }
    }

    fn of_subject(self, subject: &Subject, sample: &Sample) -> bool {
        match self {
            Signal::Quota => subject.quota_cpus.is_some(),
            Signal::LatencyObjective => subject.objective_p99_ms.is_some(),
            Signal::Placement => subject.shared_cpus.is_some(),
            _ => crate::physics::gomaxprocs(subject, sample).is_some(),
        }
    }

    fn beside(self, beside: &Beside) -> bool {
        match self {
            Signal::Control => beside.control.len() >= 3,
            Signal::Scaling => beside.scaling.is_some(),
            Signal::Interactions => !beside.interactions.is_empty(),
            _ => beside.older.is_some(),
        }
    }

    fn in_sample(self, sample: &Sample) -> bool {
        let runtime = sample.runtime.as_ref();
        let has_lines = sample.sched.as_ref().is_some_and(|own| !own.is_empty());
        match self {
            Signal::Gctrace => sample.gc.is_some(),
            Signal::Schedtrace => has_lines,
            Signal::GcCycles => {
                sample.gc.is_some() || runtime.is_some_and(|own| own.gc_cycles.is_some())
            }
            Signal::Metrics => runtime.is_some(),
            Signal::StoppingTime => runtime.is_some_and(|own| own.stopping_p99_ms.is_some()),
            Signal::SchedLatencyTail => runtime.is_some_and(|own| own.sched_p999_ms.is_some()),
            Signal::MemoryClasses => runtime.is_some_and(|own| own.memory.is_some()),
            Signal::Goroutines => runtime.is_some_and(|own| own.goroutines.is_some()),
            Signal::Syscalls => sample.detail.as_ref().is_some_and(|own| !own.is_empty()),
            Signal::Schedticks => {
                let lines = sample.sched.iter().flatten();
                lines.filter(|line| line.schedticks.is_some()).count() >= 2
            }
            Signal::Process => sample.process.is_some(),
            Signal::Host => sample.host.is_some(),
            Signal::Throttling => {
                let host = sample.host.as_ref();
                host.is_some_and(|host| host.throttled.is_some())
            }
            Signal::Load => sample.load.is_some(),
            Signal::OwnPace => sample.drive != Drive::Closed,
            Signal::Length => sample.seconds.is_some_and(|seconds| seconds > 0.0),
            Signal::CpuProfile => {
                let profiles = sample.profiles.as_ref();
                profiles.is_some_and(|own| own.cpu.is_some())
            }
            Signal::LockProfiles => {
                let profiles = sample.profiles.as_ref();
                profiles.is_some_and(|own| own.locks.is_some())
            }
            Signal::GoroutineProfiles => {
                let profiles = sample.profiles.as_ref();
                profiles.is_some_and(|own| own.goroutines.is_some())
            }
            Signal::HeapProfile => {
                let profiles = sample.profiles.as_ref();
                profiles.is_some_and(|own| own.heap.is_some())
            }
            Signal::LiveHeap => sample.gc.as_ref().is_some_and(|own| !own.is_empty()),
            Signal::Finalizers => {
                let groups = sample
                    .profiles
                    .as_ref()
                    .and_then(|own| own.goroutines.as_ref());
                let several = groups.is_some_and(|own| own.totals.len() > 1);
                several || runtime.is_some_and(|own| own.finalizers_waiting.is_some())
            }
            Signal::IdleMarking => {
                sample.gc.is_some() || runtime.is_some_and(|own| own.gc_idle_cpu_s.is_some())
            }
            Signal::Readback => {
                let told = sample
                    .invalid
                    .iter()
                    .any(|own| own.rule == record::trial::RuleId::V2);
                told || sample.settings.is_some()
            }
            _ => false,
        }
    }
}
