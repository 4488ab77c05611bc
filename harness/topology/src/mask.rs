//! The kernel's fixed-size bit masks and the three system calls that take them.
//!
//! rustix and glibc's `cpu_set_t` stop at 1024 CPUs, and `sched_getaffinity` fails with EINVAL when the kernel's mask
//! is larger than the buffer (`sched_setaffinity(2)`, "Handling systems with more than 1024 CPUs"), so that on such a
//! host not even CPU 0 could be read back. [`CpuMask`] holds as many CPUs as Linux can be built for and works on all
//! hosts alike. Everything here is free of allocation and locks, so a child may call it between fork and exec.

use std::io;

use libc::c_ulong;

use crate::cpuset::CpuSet;
use crate::error::Error;

const WORD_BITS: usize = c_ulong::BITS as usize;

/// The most CPUs that Linux can be built for (`NR_CPUS` under `MAXSMP`, arch/x86/Kconfig).
const MAX_CPUS: usize = 8192;

/// The most NUMA nodes that Linux can be built for (`NODES_SHIFT` up to 10).
const MAX_NODES: usize = 1024;

/// CPUs as `sched_setaffinity` takes them.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct CpuMask([c_ulong; MAX_CPUS / WORD_BITS]);

/// NUMA nodes as `set_mempolicy` takes them.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct NodeMask([c_ulong; MAX_NODES / WORD_BITS]);

impl CpuMask {
    const fn empty() -> Self {
        Self([0; MAX_CPUS / WORD_BITS])
    }

    pub(crate) fn new(set: &CpuSet) -> Result<Self, Error> {
        let mut mask = Self::empty();
        fill(&mut mask.0, "cpu", set)?;
        Ok(mask)
    }

    pub(crate) fn to_set(&self) -> CpuSet {
        let is_set = |id: &usize| self.0[id / WORD_BITS] >> (id % WORD_BITS) & 1 == 1;
        (0..MAX_CPUS).filter(is_set).map(|id| id as u32).collect()
    }

    /// Sets the affinity of a thread (0 is the caller).
    #[expect(
        unsafe_code,
        reason = "no safe wrapper takes a mask of more than 1024 CPUs"
    )]
    pub(crate) fn set_affinity(&self, thread: u32) -> io::Result<()> {
        // SAFETY: the kernel reads exactly `size_of_val` bytes from the pointer,
        // which is the array's own size, and keeps nothing.
        let result = unsafe {
            libc::syscall(
                libc::SYS_sched_setaffinity,
                thread as libc::c_long,
                size_of_val(&self.0),
                self.0.as_ptr(),
            )
        };
        outcome(result)
    }

    /// The affinity of a thread (0 is the caller).
    #[expect(
        unsafe_code,
        reason = "no safe wrapper takes a mask of more than 1024 CPUs"
    )]
    pub(crate) fn of_thread(thread: u32) -> io::Result<Self> {
        let mut mask = Self::empty();
        // SAFETY: the kernel writes at most `size_of_val` bytes to the pointer,
        // which is the array's own size; any bytes are valid integers, and those that it does not write stay zero.
        let result = unsafe {
            libc::syscall(
                libc::SYS_sched_getaffinity,
                thread as libc::c_long,
                size_of_val(&mask.0),
                mask.0.as_mut_ptr(),
            )
        };
        outcome(result)?;
        Ok(mask)
    }
}

impl NodeMask {
    pub(crate) fn new(node: u32) -> Result<Self, Error> {
        let mut mask = Self([0; MAX_NODES / WORD_BITS]);
        let node = CpuSet::from(node.min(crate::cpuset::MAX_CPU_ID));
        fill(&mut mask.0, "node", &node)?;
        Ok(mask)
    }

    /// Binds the memory that the calling thread allocates from now on; threads and programs that it starts inherit the
    /// policy (`set_mempolicy(2)`).
    #[expect(
        unsafe_code,
        reason = "set_mempolicy has no wrapper in rustix, std or glibc"
    )]
    pub(crate) fn bind_memory(&self) -> io::Result<()> {
        // The kernel looks at one bit less than it is told (mm/mempolicy.c, get_nodes: `--maxnode`); without the 1 the
        // last node would be cut off.
        let bits = MAX_NODES + 1;
        // SAFETY: the kernel reads MAX_NODES bits from the pointer, which is the
        // array's own size, and keeps nothing.
        let result = unsafe {
            libc::syscall(
                libc::SYS_set_mempolicy,
                libc::c_long::from(libc::MPOL_BIND),
                self.0.as_ptr(),
                bits,
            )
        };
        outcome(result)
    }
}

fn fill(words: &mut [c_ulong], what: &'static str, set: &CpuSet) -> Result<(), Error> {
    let limit = (words.len() * WORD_BITS - 1) as u32;
    for id in set.iter() {
        let word = words.get_mut(id as usize / WORD_BITS);
        let word = word.ok_or(Error::IdTooLarge { what, id, limit })?;
        *word |= 1 << (id as usize % WORD_BITS);
    }
    Ok(())
}

fn outcome(result: libc::c_long) -> io::Result<()> {
    if result < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_keep_large_ids_and_refuse_larger_ones() {
        let set: CpuSet = "0,63-64,1500,8191".parse().unwrap();
        assert_eq!(CpuMask::new(&set).unwrap().to_set(), set);
        let error = CpuMask::new(&CpuSet::from(8192)).err().unwrap();
        assert_eq!(
            error.to_string(),
            "cpu 8192 is beyond the largest that can be pinned (8191)"
        );
        assert!(NodeMask::new(1023).is_ok());
        assert!(NodeMask::new(1024).is_err());
        assert!(NodeMask::new(u32::MAX).is_err());
    }
}
