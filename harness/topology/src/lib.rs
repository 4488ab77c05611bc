//! What the host is, which of its CPUs the target and the load generator get, and the system calls that make it so.
//!
//! * [`read`] turns a folder that holds a machine's `sys/` and `proc/` (`/` for
//!   this host) into a [`Topology`]: CPUs, cores, caches, NUMA nodes, and what
//!   our affinity mask and cgroup leave us of them.
//! * [`place`] is a pure function from a topology, a [`Policy`] and a
//!   [`Request`] to a [`Placement`], or to the reason why this host cannot do
//!   it; [`draw`] shows one as text.
//! * [`pin_current_thread`], [`set_process_affinity`] and [`ChildPinning`] set
//!   affinity and read back what the kernel made of it.
//! * [`GroupParent`] makes cgroups for targets, with a CPU quota and a
//!   memory cap, and says why where it may not.
//! * [`readiness`] says what on this host would disturb a measurement.
//! * [`throttling`] and [`mean_mhz`] are the figures below `/sys` that change
//!   while a trial runs.
//!
//! This crate alone reads and writes `/sys`, reads `/proc/cpuinfo` and sets affinity. Deliberately absent: changing the
//! host (governors, turbo, SMT) beyond groups of our own, deciding when to look during a trial, and stored formats; the
//! `Serialize` derives here serve the screen output of `gosweep host --json`.

mod affinity;
mod arm;
mod cgroup;
mod core_types;
mod cpuinfo;
mod cpulist;
mod cpuset;
mod draw;
mod error;
mod limits;
mod mask;
mod model;
mod owner;
mod placement;
mod read;
mod readiness;
mod readings;
mod source;
mod summary;

pub use affinity::{
    ChildPinning, affinity_of, current_affinity, pin_current_thread, reset_current_thread,
    set_process_affinity,
};
pub use cgroup::{Cgroup, CgroupVersion, CpuQuota, MemoryLimit};
pub use cpuset::{CpuSet, MAX_CPU_ID};
pub use draw::draw;
pub use error::{Error, GroupError, PlacementError};
pub use limits::{
    ChildGroup, Controller, CpuTime, GroupCounter, GroupCounts, GroupParent, Limits, TargetGroup,
};
pub use model::{
    Cache, CacheKind, Core, CoreType, Cpu, CpuModel, CpuSets, LastLevelCache, Node, NodeDistance,
    Package, Topology,
};
pub use owner::Owner;
pub use placement::{Placement, Policy, Request, place};
pub use read::read;
pub use readiness::{Check, State, readiness};
pub use readings::{CpuTicks, Throttling, cpu_pressure_us, cpu_ticks, mean_mhz, throttling};
pub use summary::Summary;
