//! The line that `GODEBUG=scavtrace=1` prints about memory returned to the operating system.
//!
//! Main type: [`Scavenge`]. Source of the grammar: `printScavTrace` in runtime/mgcscavenge.go.
//! Go 1.21 split the work into background and eager; before (1.16 to 1.20) the line was
//! `scav 8 KiB work, 1024 KiB total, 56% util`.

use std::fmt;

use crate::scan::Cursor;

/// What the scavenger did since its last line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scavenge {
    /// Returned in the background, KiB; before Go 1.21 all work.
    pub background_kib: u64,
    /// Returned eagerly while allocating under a memory limit, KiB; `None` before Go 1.21.
    pub eager_kib: Option<u64>,
    /// Address space in the returned state now, KiB.
    pub released_kib: u64,
    /// Share of retained heap memory that is in use, percent.
    pub utilisation_percent: u64,
    /// Asked for by `debug.FreeOSMemory`.
    pub forced: bool,
    /// The controller was reset.
    pub controller_reset: bool,
}

impl Scavenge {
    /// Reads a line that begins with `scav `, and the bytes after it.
    #[must_use]
    pub fn parse(line: &[u8]) -> Option<(Self, &[u8])> {
        let mut cursor = Cursor::new(line);
        cursor.literal(b"scav ")?;
        let background_kib = cursor.unsigned()?;
        cursor.literal(b" KiB work")?;
        let (eager_kib, total) = if cursor.optional(b" (bg), ") {
            let eager = cursor.unsigned()?;
            cursor.literal(b" KiB work (eager), ")?;
            (Some(eager), &b" KiB now, "[..])
        } else {
            cursor.literal(b", ")?;
            (None, &b" KiB total, "[..])
        };
        let released_kib = cursor.unsigned()?;
        cursor.literal(total)?;
        let utilisation_percent = cursor.unsigned()?;
        cursor.literal(b"% util")?;
        let forced = cursor.optional(b" (forced)");
        let controller_reset = !forced && cursor.optional(b" [controller reset]");
        Some((
            Self {
                background_kib,
                eager_kib,
                released_kib,
                utilisation_percent,
                forced,
                controller_reset,
            },
            cursor.rest(),
        ))
    }
}

/// Whether a line begins as scavtrace lines do.
pub(crate) fn starts_here(line: &[u8]) -> bool {
    let mut cursor = Cursor::new(line);
    cursor.literal(b"scav ").is_some()
        && cursor.unsigned().is_some()
        && cursor.literal(b" KiB work").is_some()
}

/// Prints the line as the runtime does.
impl fmt::Display for Scavenge {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.eager_kib {
            Some(eager) => write!(
                formatter,
                "scav {} KiB work (bg), {eager} KiB work (eager), {} KiB now, {}% util",
                self.background_kib, self.released_kib, self.utilisation_percent
            )?,
            None => write!(
                formatter,
                "scav {} KiB work, {} KiB total, {}% util",
                self.background_kib, self.released_kib, self.utilisation_percent
            )?,
        }
        if self.forced {
            formatter.write_str(" (forced)")?;
        } else if self.controller_reset {
            formatter.write_str(" [controller reset]")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_all_forms_and_prints_them_back() {
        for line in [
            "scav 384 KiB work (bg), 0 KiB work (eager), 1480 KiB now, 56% util",
            "scav 0 KiB work (bg), 4072 KiB work (eager), 5704 KiB now, 95% util (forced)",
            "scav 0 KiB work (bg), 12 KiB work (eager), 5704 KiB now, 95% util [controller reset]",
            "scav 8 KiB work, 1024 KiB total, 56% util",
        ] {
            let (scavenge, rest) = Scavenge::parse(line.as_bytes()).expect(line);
            assert!(rest.is_empty());
            assert_eq!(scavenge.to_string(), line);
        }
        assert!(Scavenge::parse(b"scav 8 KiB work, 1024 KiB").is_none());
        // The scvg lines of Go 1.15 and older are another thing.
        assert!(
            Scavenge::parse(b"scvg0: inuse: 1, idle: 2, sys: 3, released: 4, consumed: 5 (MB)")
                .is_none()
        );
    }
}
