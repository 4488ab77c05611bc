//! Reading small files of sysfs and procfs below a root folder.
//!
//! [`Source`] is the main type. A missing file is `None` and quiet, since kernels, architectures and containers differ
//! in what they offer; a file that is there and makes no sense is `None` and leaves a note, so that nothing is silently
//! dropped.

use std::cell::RefCell;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::cpuset::CpuSet;

/// No file that this crate reads is nearly as large (`proc/cpuinfo` takes some 1.5 KiB per CPU); the bound keeps a
/// wrong root from filling memory.
const LARGEST_FILE_BYTES: u64 = 64 << 20;

/// A root folder and the notes taken while reading below it.
pub(crate) struct Source {
    root: PathBuf,
    notes: RefCell<Vec<String>>,
}

impl Source {
    pub(crate) fn new(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
            notes: RefCell::default(),
        }
    }

    /// Whether the root is this running host, so that system calls speak of the same machine as the files.
    pub(crate) fn is_live(&self) -> bool {
        self.root
            .canonicalize()
            .is_ok_and(|root| root == Path::new("/"))
    }

    /// Where an absolute path of the described machine lies here.
    pub(crate) fn path(&self, inner: &str) -> PathBuf {
        self.root.join(inner.trim_start_matches('/'))
    }

    pub(crate) fn note(&self, note: impl Into<String>) {
        let note = note.into();
        let mut notes = self.notes.borrow_mut();
        if !notes.contains(&note) {
            notes.push(note);
        }
    }

    pub(crate) fn into_notes(self) -> Vec<String> {
        self.notes.into_inner()
    }

    /// The trimmed content; invalid UTF-8 is replaced, not refused.
    pub(crate) fn text(&self, inner: &str) -> Option<String> {
        let file = File::open(self.path(inner)).ok()?;
        let mut bytes = Vec::new();
        file.take(LARGEST_FILE_BYTES).read_to_end(&mut bytes).ok()?;
        Some(String::from_utf8_lossy(&bytes).trim().to_owned())
    }

    /// As [`Source::text`], where an empty file says as little as a missing one.
    pub(crate) fn word(&self, inner: &str) -> Option<String> {
        self.text(inner).filter(|text| !text.is_empty())
    }

    pub(crate) fn number<T: FromStr>(&self, inner: &str) -> Option<T> {
        let text = self.word(inner)?;
        let parsed = text.parse().ok();
        if parsed.is_none() {
            self.note(format!(
                "{inner}: {:?} is not a number; ignored",
                excerpt(&text)
            ));
        }
        parsed
    }

    /// A list file; an empty one is the empty set.
    pub(crate) fn list(&self, inner: &str) -> Option<CpuSet> {
        let text = self.text(inner)?;
        // Kernels before 5.9 print "(null)" for an unset nohz_full (drivers/base/cpu.c, print_cpus_nohz_full).
        if text.trim() == "(null)" {
            return Some(CpuSet::new());
        }
        self.understood(inner, text.parse())
    }

    fn mask(&self, inner: &str) -> Option<CpuSet> {
        self.understood(inner, CpuSet::parse_mask(&self.word(inner)?))
    }

    /// The list file or, on kernels that lack it or where it is garbage, the mask file.
    pub(crate) fn list_or_mask(&self, list: &str, mask: &str) -> Option<CpuSet> {
        self.list(list)
            .filter(|set| !set.is_empty())
            .or_else(|| self.mask(mask))
    }

    fn understood(
        &self,
        inner: &str,
        parsed: Result<CpuSet, crate::error::Error>,
    ) -> Option<CpuSet> {
        parsed
            .map_err(|error| self.note(format!("{inner}: {error}; ignored")))
            .ok()
    }

    /// The numbers `N` of the entries `<prefix>N` in a folder, ascending.
    pub(crate) fn numbered(&self, folder: &str, prefix: &str) -> Vec<u32> {
        let mut numbers: Vec<u32> = self
            .entries(folder)
            .iter()
            .filter_map(|name| name.strip_prefix(prefix))
            .filter(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()))
            .filter_map(|rest| rest.parse().ok())
            .filter(|number| *number <= crate::cpuset::MAX_CPU_ID)
            .collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }

    /// The ids of the processes below `proc/`, ascending.
    pub(crate) fn numbered_pids(&self) -> Vec<u32> {
        let mut pids: Vec<u32> = self
            .entries("proc")
            .iter()
            .filter_map(|name| name.parse().ok())
            .collect();
        pids.sort_unstable();
        pids
    }

    /// The names in a folder, sorted; none when there is no such folder.
    pub(crate) fn entries(&self, folder: &str) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(self.path(folder)) else {
            return Vec::new();
        };
        let mut names: Vec<String> = entries
            .filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned()))
            .collect();
        names.sort_unstable();
        names
    }
}

/// The first words of a text, for a message.
pub(crate) fn excerpt(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    line.chars().take(40).collect()
}

/// `<field>_list` of a `/proc/<pid>/status` text, or the mask `<field>` where an old kernel has no list.
pub(crate) fn status_set(status: &str, field: &str) -> Option<CpuSet> {
    let value = |name: String| {
        let line = status.lines().find_map(|line| line.strip_prefix(&name))?;
        Some(line.strip_prefix(':')?.trim())
    };
    let list = value(format!("{field}_list")).and_then(|list| list.parse::<CpuSet>().ok());
    let mask = || value(field.to_owned()).and_then(|mask| CpuSet::parse_mask(mask).ok());
    list.filter(|set| !set.is_empty())
        .or_else(mask)
        .filter(|set| !set.is_empty())
}
