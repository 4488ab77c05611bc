//! What every child does between fork and exec.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;

use rustix::process::{Signal, getpid, getppid, set_parent_process_death_signal};

/// The child leads a process group of its own and dies with the thread that forks it; then it does what else is asked,
/// which must be system calls only.
#[expect(unsafe_code, reason = "pre_exec has no safe form")]
pub(crate) fn die_with_us(
    command: &mut Command,
    then: impl Fn() -> io::Result<()> + Send + Sync + 'static,
) {
    command.process_group(0);
    let parent = getpid();
    // SAFETY: the closure only makes system calls that are async-signal-safe
    // and allocates nothing; so does what the two callers hand in.
    unsafe {
        command.pre_exec(move || {
            set_parent_process_death_signal(Some(Signal::KILL))?;
            // The parent may have died before the death signal was set.
            if getppid() != Some(parent) {
                return Err(io::Error::from_raw_os_error(libc::ESRCH));
            }
            then()
        });
    }
}
