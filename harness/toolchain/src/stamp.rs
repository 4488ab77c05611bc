//! Whether a tree is as it was when it was last hashed, without reading it.
//!
//! A stamp is over name, kind, mode, inode, size, modification and change time of everything below a folder. The change
//! time is the kernel's: who alters a file cannot set it back, as he can the modification time (inode(7)). Equal stamps
//! therefore stand for equal content; different ones mean nothing but that the content must be read.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::digest;

/// Times of files step with the kernel's clock tick, 10 ms at most: what changes within the tick of the last change
/// would go unseen.
const TICK_NS: i128 = 20_000_000;

/// The state of a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stamp {
    digest: String,
    newest_change_ns: i128,
}

impl Stamp {
    /// Looks at everything below `root`; follows no link.
    pub(crate) fn of(root: &Path) -> io::Result<Stamp> {
        let mut lines = Vec::new();
        let mut newest_change_ns = 0;
        let mut folders = vec![root.to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder)? {
                let entry = entry?;
                let path = entry.path();
                // Of a link itself, not of what it points to.
                let meta = entry.metadata()?;
                let changed_ns = ns(meta.ctime(), meta.ctime_nsec());
                newest_change_ns = newest_change_ns.max(changed_ns);
                let what = format!(
                    "{:?} {:o} {}:{} {} {} {changed_ns}",
                    path.strip_prefix(root).unwrap_or(&path),
                    meta.mode(),
                    meta.dev(),
                    meta.ino(),
                    meta.size(),
                    ns(meta.mtime(), meta.mtime_nsec()),
                );
                lines.push(what);
                if meta.is_dir() {
                    folders.push(path);
                }
            }
        }
        lines.sort_unstable();
        Ok(Stamp {
            digest: digest::of_bytes(lines.join("\n").as_bytes()),
            newest_change_ns,
        })
    }

    /// Waits until a further change must show in the times.
    pub(crate) fn settle(&self) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now_ns = now.map_or(i128::MAX, |now| now.as_nanos() as i128);
        if self.newest_change_ns.saturating_add(TICK_NS) > now_ns {
            thread::sleep(Duration::from_nanos(TICK_NS as u64));
        }
    }

    /// The stamp as text, for a file.
    pub(crate) fn text(&self) -> &str {
        &self.digest
    }
}

fn ns(seconds: i64, ns: i64) -> i128 {
    i128::from(seconds) * 1_000_000_000 + i128::from(ns)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::FileTimes;

    #[test]
    fn every_kind_of_change_shows_even_with_the_old_time_set_back() {
        let change = |change: &dyn Fn(&Path)| {
            let folder = tempfile::tempdir().unwrap();
            fs::create_dir(folder.path().join("sub")).unwrap();
            let file = folder.path().join("sub/a");
            fs::write(&file, "abc").unwrap();
            let before = Stamp::of(folder.path()).unwrap();
            before.settle();
            let modified = fs::metadata(&file).unwrap().modified().unwrap();
            change(&file);
            if let Ok(open) = fs::File::options().write(true).open(&file) {
                open.set_times(FileTimes::new().set_modified(modified))
                    .unwrap();
            }
            Stamp::of(folder.path()).unwrap() != before
        };
        assert!(change(&|file| fs::write(file, "abd").unwrap()));
        assert!(change(&|file| fs::remove_file(file).unwrap()));
        assert!(change(
            &|file| fs::write(file.with_extension("go"), "").unwrap()
        ));
        assert!(change(&|file| {
            fs::copy(file, file.with_extension("new")).unwrap();
            fs::rename(file.with_extension("new"), file).unwrap();
        }));
    }

    #[test]
    fn reading_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a"), "abc").unwrap();
        let before = Stamp::of(folder.path()).unwrap();
        fs::read(folder.path().join("a")).unwrap();
        assert_eq!(Stamp::of(folder.path()).unwrap(), before);
    }
}
