//! A guard process that kills a process group when we are gone.
//!
//! The death signal reaches only the process that we started. A target may
//! have children of its own, so a second process waits on a pipe whose other
//! end only we hold: when we end, however we end, it reads end of file and
//! kills the group.

use std::process::{Child, ChildStdin, Command, Stdio};

/// Kills the group when dropped or when this process dies.
#[derive(Debug)]
pub(super) struct Guard {
    child: Child,
    pipe: Option<ChildStdin>,
}

/// A constant program; the group's number is passed as an argument.
const WAIT_AND_KILL: &str =
    "trap '' INT TERM HUP; read -r answer; [ \"$answer\" = over ] || kill -KILL -- \"-$1\"";

impl Guard {
    /// Watches over the group. Must be called on the spawner thread.
    pub(super) fn over(group: u32) -> std::io::Result<Guard> {
        use std::os::unix::process::CommandExt;
        let mut child = Command::new("/bin/sh")
            .args(["-c", WAIT_AND_KILL, "gosweep-guard", &group.to_string()])
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()?;
        let pipe = child.stdin.take();
        Ok(Guard { child, pipe })
    }

    /// The group has ended: the guard goes without killing anything, so that a
    /// later process with the same number is safe.
    pub(super) fn dismiss(mut self) {
        use std::io::Write;
        if let Some(mut pipe) = self.pipe.take() {
            let _ = pipe.write_all(b"over\n");
        }
        let _ = self.child.wait();
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        drop(self.pipe.take());
        let _ = self.child.wait();
    }
}
