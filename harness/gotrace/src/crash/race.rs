//! Reports of the race detector: two accesses and who started their goroutines.

use super::dump::Dump;
use super::goroutine::Goroutine;
use crate::scan::{Cursor, find};

/// Reads a report line by line; the accesses become goroutines whose state is the access.
#[derive(Debug, Default)]
pub(super) struct Race {
    accesses: Vec<String>,
    ended: bool,
}

impl Race {
    /// Takes a line. False if the report has ended or this is none of its lines.
    pub(super) fn take(&mut self, line: &[u8], dump: &mut Dump) -> bool {
        if self.ended {
            return false;
        }
        if is_rule(line) {
            self.ended = true;
            return true;
        }
        if let Some((access, goroutine)) = access(line) {
            self.accesses.push(access);
            dump.begin(goroutine);
            return true;
        }
        if started(line) {
            dump.ignore();
            return true;
        }
        let body = line.trim_ascii_start();
        body.is_empty()
            || body == b"[failed to restore the stack]"
            || dump.take(body)
            || dump.take_position(body)
    }

    /// What races with what.
    pub(super) fn message(&self) -> String {
        self.accesses.join(", ")
    }
}

/// `==================`.
pub(super) fn is_rule(line: &[u8]) -> bool {
    line.len() >= 10 && line.iter().all(|byte| *byte == b'=')
}

/// `Write at 0x00c000 by goroutine 120:`, `Previous read at 0x00c000 by main goroutine:`.
fn access(line: &[u8]) -> Option<(String, Goroutine)> {
    let body = line.trim_ascii_start();
    let by = find(body, b" by ")?;
    let at = find(&body[..by], b" at 0x")?;
    let what = std::str::from_utf8(&body[..at]).ok()?.to_lowercase();
    let known = ["read", "write"].iter().any(|end| what.ends_with(end));
    let who = body[by + 4..].strip_suffix(b":")?;
    let id = match who.strip_prefix(b"goroutine ") {
        Some(number) => Cursor::new(number).unsigned()?,
        None if who == b"main goroutine" => 1,
        None => return None,
    };
    let access = format!("{what} by goroutine {id}");
    known.then(|| {
        let goroutine = Goroutine {
            id,
            state: what,
            ..Goroutine::default()
        };
        (access, goroutine)
    })
}

/// `Goroutine 120 (running) created at:`.
fn started(line: &[u8]) -> bool {
    let body = line.trim_ascii_start();
    body.starts_with(b"Goroutine ") && body.ends_with(b" created at:")
}
