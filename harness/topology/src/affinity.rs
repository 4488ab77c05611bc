//! Setting affinity, and reading back what the kernel made of it.
//!
//! `sched_setaffinity` succeeds as long as one CPU of the mask can be used and silently drops the others
//! (`sched_setaffinity(2)`, NOTES), so every setter here reads back and reports wanted against got. New threads and
//! children inherit a pin: [`reset_current_thread`] before spawning, or pin the child by [`ChildPinning`]; Go takes its
//! default GOMAXPROCS from the inherited mask.

use std::io;

use crate::cpuset::CpuSet;
use crate::error::Error;
use crate::mask::{CpuMask, NodeMask};
use crate::source::status_set;

/// `core_affinity` writes into a fixed `cpu_set_t` and aborts beyond it.
const CORE_AFFINITY_CPUS: u32 = 1024;

/// A process that still has unpinned threads after this many looks makes them faster than they can be pinned.
const SETTLING_PASSES: u32 = 20;

/// Pins the calling thread to a CPU or a set of CPUs, and returns the affinity that the kernel reports afterwards,
/// which is the one asked for.
///
/// # Errors
/// [`Error::EmptySet`], [`Error::IdTooLarge`], [`Error::AffinityCall`] when the kernel refuses,
/// [`Error::AffinityDiffers`] when it gives something else.
pub fn pin_current_thread(cpus: impl Into<CpuSet>) -> Result<CpuSet, Error> {
    let wanted = cpus.into();
    let only = wanted.first().filter(|_| wanted.len() == 1);
    match only.filter(|id| *id < CORE_AFFINITY_CPUS) {
        // core_affinity answers with a bare bool; when it fails, the direct call below fails for the same reason and
        // gives the errno.
        Some(id) if core_affinity::set_for_current(core_affinity::CoreId { id: id as usize }) => {
            read_back("this thread", 0, &wanted)
        }
        _ => set_thread("this thread", 0, &wanted),
    }
}

/// Gives the calling thread back a mask, usually the one that [`current_affinity`] returned before it was pinned.
///
/// # Errors
/// As [`pin_current_thread`].
pub fn reset_current_thread(cpus: &CpuSet) -> Result<(), Error> {
    set_thread("this thread", 0, cpus).map(|_| ())
}

/// The calling thread's affinity.
///
/// # Errors
/// [`Error::AffinityCall`] when the kernel refuses to tell.
pub fn current_affinity() -> Result<CpuSet, Error> {
    get_thread("this thread", 0, &CpuSet::new())
}

/// What `/proc/<pid>/status` says of a process' (its first thread's) affinity: the view of the kernel's own books,
/// independent of the call that set it.
///
/// # Errors
/// [`Error::AffinityCall`] when there is no such process or no mask in its status.
pub fn affinity_of(pid: u32) -> Result<CpuSet, Error> {
    let failed = |source| Error::AffinityCall {
        who: format!("process {pid}"),
        call: "reading /proc/<pid>/status",
        wanted: CpuSet::new(),
        source,
    };
    let status = std::fs::read(format!("/proc/{pid}/status")).map_err(failed)?;
    let status = String::from_utf8_lossy(&status);
    status_set(&status, "Cpus_allowed")
        .ok_or_else(|| failed(io::Error::other("no Cpus_allowed in it")))
}

/// Pins every thread of a running process, those included that it starts meanwhile, and reads each back.
///
/// The system call acts on one thread; a Go program has many. For a process that we start ourselves, [`ChildPinning`]
/// is better: it acts before exec.
///
/// # Errors
/// As [`pin_current_thread`], and [`Error::NeverSettled`].
pub fn set_process_affinity(pid: u32, cpus: &CpuSet) -> Result<(), Error> {
    let who = format!("process {pid}");
    for _ in 0..SETTLING_PASSES {
        let mut all_done = true;
        for thread in threads_of(pid, cpus)? {
            match set_if_other(&who, thread, cpus) {
                Ok(was_right) => all_done &= was_right,
                // A thread that ended since we listed it needs no pin; the process itself must still be there.
                Err(error) if thread != pid && is_gone(&error) => {}
                Err(error) => return Err(error),
            }
        }
        if all_done {
            return Ok(());
        }
    }
    Err(Error::NeverSettled {
        pid,
        passes: SETTLING_PASSES,
    })
}

fn threads_of(pid: u32, wanted: &CpuSet) -> Result<Vec<u32>, Error> {
    let failed = |source| Error::AffinityCall {
        who: format!("process {pid}"),
        call: "listing /proc/<pid>/task",
        wanted: wanted.clone(),
        source,
    };
    let entries = std::fs::read_dir(format!("/proc/{pid}/task")).map_err(failed)?;
    Ok(entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .collect())
}

/// Whether the thread already had the mask; sets it otherwise.
fn set_if_other(who: &str, thread: u32, wanted: &CpuSet) -> Result<bool, Error> {
    if get_thread(who, thread, wanted)? == *wanted {
        return Ok(true);
    }
    set_thread(who, thread, wanted)?;
    Ok(false)
}

fn is_gone(error: &Error) -> bool {
    matches!(error, Error::AffinityCall { source, .. } if source.raw_os_error() == Some(libc::ESRCH))
}

fn set_thread(who: &str, thread: u32, wanted: &CpuSet) -> Result<CpuSet, Error> {
    if wanted.is_empty() {
        return Err(Error::EmptySet {
            who: who.to_owned(),
        });
    }
    CpuMask::new(wanted)?
        .set_affinity(thread)
        .map_err(|source| Error::AffinityCall {
            who: who.to_owned(),
            call: "sched_setaffinity",
            wanted: wanted.clone(),
            source,
        })?;
    read_back(who, thread, wanted)
}

fn read_back(who: &str, thread: u32, wanted: &CpuSet) -> Result<CpuSet, Error> {
    let got = get_thread(who, thread, wanted)?;
    if got == *wanted {
        return Ok(got);
    }
    Err(Error::AffinityDiffers {
        who: who.to_owned(),
        wanted: wanted.clone(),
        got,
    })
}

fn get_thread(who: &str, thread: u32, wanted: &CpuSet) -> Result<CpuSet, Error> {
    let mask = CpuMask::of_thread(thread).map_err(|source| Error::AffinityCall {
        who: who.to_owned(),
        call: "sched_getaffinity",
        wanted: wanted.clone(),
        source,
    })?;
    Ok(mask.to_set())
}

/// An affinity and a memory policy, ready to be applied between fork and exec.
///
/// [`ChildPinning::prepare`] does all that allocates or may fail on its input; [`ChildPinning::apply`] is then safe to
/// call from `pre_exec`.
#[derive(Clone)]
pub struct ChildPinning {
    cpus: CpuMask,
    node: Option<NodeMask>,
}

impl ChildPinning {
    /// Prepares pinning to `cpus` and, where a node is given, binding memory to it (`MPOL_BIND`: allocation fails
    /// rather than spill to another node).
    ///
    /// # Errors
    /// [`Error::EmptySet`] and [`Error::IdTooLarge`].
    pub fn prepare(cpus: &CpuSet, memory_node: Option<u32>) -> Result<Self, Error> {
        if cpus.is_empty() {
            return Err(Error::EmptySet {
                who: "the target".to_owned(),
            });
        }
        Ok(Self {
            cpus: CpuMask::new(cpus)?,
            node: memory_node.map(NodeMask::new).transpose()?,
        })
    }

    /// Pins the calling thread, reads the mask back and binds its memory.
    ///
    /// Async-signal-safe: at most three system calls, no allocation, no lock.
    ///
    /// # Errors
    /// The errno of the call that failed; EINVAL as well when the kernel applied another mask than the one asked for,
    /// since `pre_exec` carries nothing but an errno to the parent.
    pub fn apply(&self) -> io::Result<()> {
        self.cpus.set_affinity(0)?;
        if CpuMask::of_thread(0)? != self.cpus {
            return Err(io::Error::from_raw_os_error(libc::EINVAL));
        }
        match &self.node {
            Some(node) => node.bind_memory(),
            None => Ok(()),
        }
    }
}

impl std::fmt::Debug for ChildPinning {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("ChildPinning")
            .field("cpus", &self.cpus.to_set())
            .field("binds_memory", &self.node.is_some())
            .finish()
    }
}
