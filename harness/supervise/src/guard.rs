//! A guard process that kills a process group when we are gone.
//!
//! The death signal reaches only the process that we started. A target may have children of its own, so a second
//! process waits on a pipe whose other end only we hold: when we end, however we end, it reads end of file and kills
//! the group, and what is in the target's cgroup, which it removes.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};

/// Kills the group when dropped or when this process dies.
#[derive(Debug)]
pub(crate) struct Guard {
    child: Child,
    pipe: Option<ChildStdin>,
}

/// A constant program; the group's number comes through the pipe, the folders of the target's cgroup as arguments.
/// Written for every POSIX shell: dash knows `--` only behind `-s NAME`. A cgroup can be removed when the kernel has
/// let go of its last process, hence the tries.
const WAIT_AND_KILL: &str = r#"
trap '' INT TERM HUP
read -r group
read -r answer
[ "$answer" != over ] || exit 0
[ -z "$group" ] || kill -s KILL -- "-$group"
for folder do
    tries=0
    while [ -d "$folder" ] && [ $tries -lt 100 ]; do
        while read -r pid; do kill -s KILL "$pid"; done < "$folder/cgroup.procs"
        rmdir "$folder" && break
        tries=$((tries + 1))
        sleep 0.05
    done
done
"#;

impl Guard {
    /// Starts a guard, which must be there before what it watches over. Must be called on the spawner thread.
    /// `control_group` are the folders of the target's cgroup.
    pub(crate) fn start(cgroup: &[PathBuf]) -> std::io::Result<Guard> {
        use std::os::unix::process::CommandExt;
        let mut child = Command::new("/bin/sh")
            .args(["-c", WAIT_AND_KILL, "gosweep-guard"])
            .args(cgroup)
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

    /// From now on the guard watches over this group.
    pub(crate) fn watch(&mut self, group: u32) -> std::io::Result<()> {
        match &mut self.pipe {
            Some(pipe) => writeln!(pipe, "{group}"),
            None => Ok(()),
        }
    }

    /// The group has ended: the guard goes without killing anything, so that a later process with the same number is
    /// safe.
    pub(crate) fn dismiss(mut self) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;
    use std::os::unix::process::{CommandExt, ExitStatusExt};

    #[test]
    fn the_end_of_the_pipe_ends_the_whole_group() {
        let mut guard = Guard::start(&[]).unwrap();
        let mut child = Command::new("/bin/sh")
            .args(["-c", "sleep 60 & echo started; wait"])
            .process_group(0)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        guard.watch(child.id()).unwrap();
        let mut pipe = child.stdout.take().unwrap();
        let mut first = [0; 8];
        pipe.read_exact(&mut first).unwrap();
        assert_eq!(&first, b"started\n");
        drop(guard);
        // Returns once nobody holds the pipe: neither the leader nor its child.
        pipe.read_to_end(&mut Vec::new()).unwrap();
        assert_eq!(child.wait().unwrap().signal(), Some(9));
    }

    #[test]
    fn a_dismissed_guard_kills_nobody() {
        let mut guard = Guard::start(&[]).unwrap();
        let mut child = Command::new("/bin/sh")
            .args(["-c", "read -r line; echo started"])
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        guard.watch(child.id()).unwrap();
        guard.dismiss();
        drop(child.stdin.take());
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{output:?}");
        assert_eq!(output.stdout, b"started\n");
    }

    #[test]
    fn the_end_of_the_pipe_takes_the_cgroup_with_it() {
        // Stands for a cgroup: a folder with a list of its processes, which only the kernel would let go while the list
        // is in it.
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("group");
        let mut child = Command::new("/bin/sh")
            .args(["-c", "sleep 60"])
            .spawn()
            .unwrap();
        std::fs::create_dir(&folder).unwrap();
        let list = folder.join("cgroup.procs");
        std::fs::write(&list, format!("{}\n", child.id())).unwrap();
        let guard = Guard::start(std::slice::from_ref(&folder)).unwrap();
        let end = std::thread::spawn(move || drop(guard));
        assert_eq!(child.wait().unwrap().signal(), Some(9));
        std::fs::remove_file(list).unwrap();
        end.join().unwrap();
        assert!(!folder.exists());
    }

    #[test]
    fn a_guard_without_a_group_goes_quietly() {
        drop(Guard::start(&[]).unwrap());
    }
}
