//! Cgroups for targets: a CPU quota and a memory cap that the kernel keeps, as a container has them.
//!
//! [`GroupParent`] is where groups can be made, below our own; [`TargetGroup`] is one of them, with its limits, read
//! back, and what the kernel counted in it; [`ChildGroup`] lets a child join before exec. Versions 1 and 2 and hybrid
//! hosts are written alike: each controller where it is mounted.
//!
//! A process has to be inside before it runs Go: the runtime takes its default GOMAXPROCS from the quota at start (Go
//! 1.25 and later, internal/runtime/cgroup).
//!
//! Deliberately absent: changing our own limits, groups that outlast a trial, and killing what is left in a group,
//! which belongs to whoever started it.

mod counts;
mod group;
mod parent;
mod write;

pub use counts::{GroupCounter, GroupCounts};
pub use group::{ChildGroup, TargetGroup};
pub use parent::GroupParent;

use crate::cgroup::Generation;

/// What a group holds its processes to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Limits {
    /// CPU time per period.
    pub cpu: Option<CpuTime>,
    /// Memory, bytes; swap is closed, so that it is a limit.
    pub memory_bytes: Option<u64>,
}

impl Limits {
    /// The controllers that these limits need.
    pub fn controllers(&self) -> Vec<Controller> {
        let cpu = self.cpu.map(|_| Controller::Cpu);
        let memory = self.memory_bytes.map(|_| Controller::Memory);
        cpu.into_iter().chain(memory).collect()
    }
}

/// CPU time that a group gets in each period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CpuTime {
    /// CPU time per period, microseconds.
    pub quota_us: u64,
    /// The period, microseconds.
    pub period_us: u64,
}

/// A part of the kernel that keeps a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Controller {
    /// CPU time.
    Cpu,
    /// Memory.
    Memory,
}

impl Controller {
    /// Its name in the kernel.
    pub fn name(self) -> &'static str {
        match self {
            Controller::Cpu => "cpu",
            Controller::Memory => "memory",
        }
    }
}

/// A folder of the kernel's that stands for a group, and what it is there for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) folder: std::path::PathBuf,
    pub(crate) generation: Generation,
    pub(crate) controllers: Vec<Controller>,
}
