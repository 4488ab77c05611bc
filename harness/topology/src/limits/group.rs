//! The group of one target.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::counts::{GroupCounter, GroupCounts};
use super::write::{read_limits, set_limits, word};
use super::{Limits, Place};
use crate::error::GroupError;

/// A group can be removed once its last process is reaped and the kernel has let go of it, which takes a moment after a
/// kill.
const REMOVAL_TRIES: u32 = 200;
const REMOVAL_PAUSE: Duration = Duration::from_millis(10);

/// A cgroup made for one target; removed when dropped.
#[derive(Debug, Default)]
pub struct TargetGroup {
    places: Vec<Place>,
}

impl TargetGroup {
    /// Takes over a folder that was just made.
    pub(super) fn add(&mut self, place: Place) {
        self.places.push(place);
    }

    pub(super) fn set_limits(&self, limits: &Limits) -> Result<(), GroupError> {
        let mut places = self.places.iter();
        places.try_for_each(|place| set_limits(place, limits))
    }

    /// The kernel's folders that stand for it, absolute.
    pub fn folders(&self) -> Vec<PathBuf> {
        let folders = self.places.iter().map(|place| place.folder.clone());
        folders.collect()
    }

    /// What a child needs to join it before exec.
    ///
    /// # Errors
    /// The system's, where the files that take members cannot be opened.
    pub fn child(&self) -> io::Result<ChildGroup> {
        let open = |place: &Place| {
            let file = place.folder.join("cgroup.procs");
            OpenOptions::new().write(true).open(file)
        };
        let members = self.places.iter().map(open).collect::<Result<_, _>>()?;
        Ok(ChildGroup { members })
    }

    /// The limits as the kernel holds them.
    pub fn limits(&self) -> Limits {
        read_limits(&self.places)
    }

    /// What the kernel counted in it so far.
    pub fn counts(&self) -> GroupCounts {
        self.counter().counts()
    }

    /// The same for a thread that does not have the group.
    pub fn counter(&self) -> GroupCounter {
        GroupCounter {
            places: self.places.clone(),
        }
    }

    /// The processes in it.
    pub fn processes(&self) -> Vec<u32> {
        let mut processes: Vec<u32> = self
            .places
            .iter()
            .filter_map(|place| word(&place.folder.join("cgroup.procs")))
            .flat_map(|text| text.lines().flat_map(str::parse).collect::<Vec<u32>>())
            .collect();
        processes.sort_unstable();
        processes.dedup();
        processes
    }
}

impl Drop for TargetGroup {
    fn drop(&mut self) {
        for place in &self.places {
            remove(&place.folder);
        }
    }
}

/// Removes a group, waiting a moment for its last process to be gone. One that stays is swept away by the next run.
fn remove(folder: &Path) {
    for _ in 0..REMOVAL_TRIES {
        match fs::remove_dir(folder) {
            // EBUSY: a process of the group is still on its way out.
            Err(error) if error.raw_os_error() == Some(libc::EBUSY) => {
                std::thread::sleep(REMOVAL_PAUSE);
            }
            _ => return,
        }
    }
}

/// The way into a group for a child between fork and exec.
#[derive(Debug)]
pub struct ChildGroup {
    members: Vec<File>,
}

impl ChildGroup {
    /// Moves the calling process into the group. "0" is the writer itself (Linux: kernel/cgroup/cgroup.c,
    /// `cgroup_procs_write_start`).
    ///
    /// Async-signal-safe: one write(2) for each controller, no allocation, no lock.
    ///
    /// # Errors
    /// The errno of the write that failed.
    pub fn join(&self) -> io::Result<()> {
        for mut file in &self.members {
            file.write_all(b"0")?;
        }
        Ok(())
    }
}
