//! Writing and reading the kernel's files of a group.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use super::{Controller, CpuTime, Limits, Place};
use crate::cgroup::Generation;
use crate::error::GroupError;

/// Writes a value in one call, as the kernel wants it. The file must be there: a group's folder holds what the kernel
/// put in and nothing else.
pub(super) fn write(file: &Path, value: &str) -> io::Result<()> {
    OpenOptions::new()
        .write(true)
        .open(file)?
        .write_all(value.as_bytes())
}

/// Sets those limits that the place is there for.
pub(super) fn set_limits(place: &Place, limits: &Limits) -> Result<(), GroupError> {
    for controller in &place.controllers {
        for (name, value) in settings(*controller, place.generation, limits) {
            let file = place.folder.join(name);
            write(&file, &value).map_err(|source| GroupError::Limit {
                file,
                value,
                source,
            })?;
        }
        if let (Controller::Memory, Some(bytes)) = (controller, limits.memory_bytes) {
            close_swap(place, bytes);
        }
    }
    Ok(())
}

/// The files of a controller and what to write, in the order that the kernel needs: version 1 checks quota and period
/// against each other.
fn settings(
    controller: Controller,
    generation: Generation,
    limits: &Limits,
) -> Vec<(&'static str, String)> {
    match (controller, generation) {
        (Controller::Cpu, Generation::V1) => limits.cpu.map_or_else(Vec::new, |cpu| {
            vec![
                ("cpu.cfs_period_us", cpu.period_us.to_string()),
                ("cpu.cfs_quota_us", cpu.quota_us.to_string()),
            ]
        }),
        (Controller::Cpu, Generation::V2) => limits.cpu.map_or_else(Vec::new, |cpu| {
            vec![("cpu.max", format!("{} {}", cpu.quota_us, cpu.period_us))]
        }),
        (Controller::Memory, generation) => limits.memory_bytes.map_or_else(Vec::new, |bytes| {
            let file = match generation {
                Generation::V1 => "memory.limit_in_bytes",
                Generation::V2 => "memory.max",
            };
            vec![(file, bytes.to_string())]
        }),
    }
}

/// A cap that pages out to disk would be none. Where the kernel has no account of swap there is no such file, and
/// nothing to close.
fn close_swap(place: &Place, bytes: u64) {
    let _ = match place.generation {
        // Memory and swap together, so it cannot lie below the memory limit.
        Generation::V1 => write(
            &place.folder.join("memory.memsw.limit_in_bytes"),
            &bytes.to_string(),
        ),
        Generation::V2 => write(&place.folder.join("memory.swap.max"), "0"),
    };
}

/// The limits as the kernel holds them.
pub(super) fn read_limits(places: &[Place]) -> Limits {
    let mut limits = Limits::default();
    for place in places {
        for controller in &place.controllers {
            match controller {
                Controller::Cpu => limits.cpu = read_cpu_time(place),
                Controller::Memory => limits.memory_bytes = read_memory(place),
            }
        }
    }
    limits
}

fn read_cpu_time(place: &Place) -> Option<CpuTime> {
    let text = match place.generation {
        Generation::V1 => format!(
            "{} {}",
            word(&place.folder.join("cpu.cfs_quota_us"))?,
            word(&place.folder.join("cpu.cfs_period_us"))?
        ),
        Generation::V2 => word(&place.folder.join("cpu.max"))?,
    };
    // "-1" and "max" are no numbers of this kind: no quota.
    let (quota, period) = text.split_once(' ')?;
    Some(CpuTime {
        quota_us: quota.parse().ok()?,
        period_us: period.parse().ok()?,
    })
}

fn read_memory(place: &Place) -> Option<u64> {
    let file = match place.generation {
        Generation::V1 => "memory.limit_in_bytes",
        Generation::V2 => "memory.max",
    };
    word(&place.folder.join(file))?.parse().ok()
}

/// The trimmed content of a small file.
pub(super) fn word(file: &Path) -> Option<String> {
    Some(fs::read_to_string(file).ok()?.trim().to_owned())
}
