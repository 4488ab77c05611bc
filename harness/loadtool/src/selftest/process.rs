//! A client as a process: pinned, watched, ended, and what it cost.

use std::fs;
use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};

use super::lab::Lab;
use crate::failure::Failure;

/// Kernel clock ticks per second in /proc, which is 100 towards user space whatever the kernel
/// uses itself (`USER_HZ`, include/asm-generic/param.h).
const TICKS_PER_SECOND: f64 = 100.0;

/// A running child. Dropping it ends it.
pub(super) struct Running {
    child: Child,
}

/// What a process cost.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cost {
    /// CPU time, user and system, of all its threads.
    pub(super) cpu_seconds: f64,
    /// The most memory that it had resident, in bytes, as last seen.
    pub(super) peak_bytes: u64,
}

impl Running {
    pub(super) fn start(command: &mut Command) -> Result<Self, Failure> {
        let program = command.get_program().to_string_lossy().into_owned();
        supervise::die_with_us(command);
        let child = command.stdin(Stdio::null()).stderr(Stdio::null()).spawn();
        let child =
            child.map_err(|error| Failure::of_system(&format!("start {program}"), &error))?;
        Ok(Self { child })
    }

    pub(super) fn signal(&self, signal: Signal) -> Result<(), Failure> {
        kill_process(self.pid(), signal)
            .map_err(|error| Failure::internal(format!("cannot signal a client: {error}")))
    }

    /// Everything that it writes until it ends.
    pub(super) fn output(mut self) -> Result<String, Failure> {
        let mut text = String::new();
        if let Some(mut stdout) = self.child.stdout.take() {
            stdout
                .read_to_string(&mut text)
                .map_err(Failure::internal)?;
        }
        Ok(text)
    }

    /// Waits for its end and gives its cost, or none when it had to be ended after `limit` or
    /// ended badly.
    fn cost(mut self, limit: Duration) -> Option<Cost> {
        let give_up = Instant::now() + limit;
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
        let mut peak_bytes = 0;
        // Left unreaped, a process that has ended still shows what it used.
        while !matches!(waitid(WaitId::Pid(self.pid()), options), Ok(Some(_))) {
            peak_bytes = self.peak_bytes().unwrap_or(peak_bytes);
            if Instant::now() > give_up {
                return None;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let cpu_seconds = self.cpu_seconds()?;
        let ended_well = self.child.wait().is_ok_and(|status| status.success());
        ended_well.then_some(Cost {
            cpu_seconds,
            peak_bytes,
        })
    }

    /// Fields 14 and 15 of /proc/PID/stat (proc_pid_stat(5)); the name in field 2 may hold
    /// anything but ends with the last parenthesis.
    fn cpu_seconds(&self) -> Option<f64> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id())).ok()?;
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        let ticks = |index: usize| fields.get(index)?.parse::<f64>().ok();
        Some((ticks(11)? + ticks(12)?) / TICKS_PER_SECOND)
    }

    fn peak_bytes(&self) -> Option<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:"))?;
        let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
        Some(kib * 1024)
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Killing works on a stopped process too, and waiting reaps it; both fail only when it
        // is gone.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs `command` to its end on the generator's CPU, and gives its cost or none when it fails.
pub(super) fn measured(
    lab: &Lab,
    mut command: Command,
    limit: Duration,
) -> Result<Option<Cost>, Failure> {
    // Children inherit the mask of the thread that starts them; this one ends with them.
    let run = || {
        lab.pin().map_err(Failure::internal)?;
        let child = Running::start(command.stdout(Stdio::null()))?;
        Ok(child.cost(limit))
    };
    std::thread::scope(|scope| {
        std::thread::Builder::new()
            .spawn_scoped(scope, run)
            .map_err(|error| Failure::of_system("start a thread for a client", &error))?
            .join()
            .map_err(|_| Failure::internal("a client's thread panicked"))?
    })
}
