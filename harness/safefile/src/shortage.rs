//! What the machine is short of: room on a disk, descriptors, processes, memory, ports.
//!
//! It says nothing of what is measured or read, and the same command works when there is enough
//! again. So it is told apart from every other error.

use std::io;

use rustix::io::Errno;

/// What can run out, with what to do about it.
const SHORTAGES: [(Errno, &str); 10] = [
    (Errno::NOSPC, ROOM),
    (
        Errno::DQUOT,
        "free room in your disk quota, or use another disk",
    ),
    (
        Errno::FBIG,
        "raise the limit on the size of files (`ulimit -f`)",
    ),
    (Errno::MFILE, "raise the limit on open files (`ulimit -n`)"),
    (
        Errno::NFILE,
        "end other programs: the machine's open files are used up (fs.file-max)",
    ),
    (
        Errno::AGAIN,
        "raise the limit on processes and threads (`ulimit -u`, or pids.max of the cgroup)",
    ),
    (Errno::NOMEM, "free memory, or raise the cgroup's limit"),
    (
        Errno::NOBUFS,
        "free memory: the kernel has no room for network buffers",
    ),
    (
        Errno::ADDRNOTAVAIL,
        "wait for closed connections to leave, or widen net.ipv4.ip_local_port_range",
    ),
    (Errno::USERS, "end other programs of this user"),
];

const ROOM: &str = "free room on the disk (`df -h`, `df -i`)";

/// What a program in another language says of the same, as Go and the C library word it.
const WORDS: [(&str, Errno); 5] = [
    ("no space left on device", Errno::NOSPC),
    ("disk quota exceeded", Errno::DQUOT),
    ("too many open files", Errno::MFILE),
    ("resource temporarily unavailable", Errno::AGAIN),
    ("cannot allocate memory", Errno::NOMEM),
];

/// Whether an error tells that the machine is short of something.
pub fn is_shortage(error: &io::Error) -> bool {
    fix_of(error).is_some()
}

/// What to free or to raise; `None` where nothing is short.
pub fn fix_of(error: &io::Error) -> Option<&'static str> {
    // A write that took nothing is how the standard library tells of a full device.
    let errno = match (Errno::from_io_error(error), error.kind()) {
        (Some(errno), _) => errno,
        (None, io::ErrorKind::WriteZero | io::ErrorKind::StorageFull) => Errno::NOSPC,
        (None, io::ErrorKind::OutOfMemory) => Errno::NOMEM,
        (None, _) => return None,
    };
    fix(errno)
}

/// What to free or to raise by the words of a tool that failed, such as a compiler.
pub fn shortage_in_words(words: &str) -> Option<&'static str> {
    let words = words.to_lowercase();
    let found = WORDS.iter().find(|(text, _)| words.contains(text));
    found.and_then(|(_, errno)| fix(*errno))
}

fn fix(errno: Errno) -> Option<&'static str> {
    let found = SHORTAGES.iter().find(|(own, _)| *own == errno);
    found.map(|(_, fix)| *fix)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_a_shortage_and_a_missing_file_is_none() {
        for errno in [
            Errno::NOSPC,
            Errno::DQUOT,
            Errno::MFILE,
            Errno::NFILE,
            Errno::AGAIN,
        ] {
            assert!(is_shortage(&errno.into()), "{errno}");
        }
        for errno in [Errno::NOENT, Errno::ACCESS, Errno::CONNREFUSED, Errno::IO] {
            assert!(!is_shortage(&errno.into()), "{errno}");
        }
        assert_eq!(fix_of(&Errno::NOSPC.into()), Some(ROOM));
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full");
        let error = io::Write::write_all(&mut full.unwrap(), b"x").unwrap_err();
        assert!(is_shortage(&error));
    }

    #[test]
    fn a_compiler_tells_of_a_full_disk_in_words() {
        let words = "go build x: copying /tmp/a: write /c/b: no space left on device";
        assert_eq!(shortage_in_words(words), Some(ROOM));
        assert_eq!(shortage_in_words("undefined: x"), None);
    }
}
