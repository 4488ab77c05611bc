//! Goroutines and frames of a dump, line by line.

use std::collections::HashSet;

use super::goroutine::{CreatedBy, Frame, Goroutine};
use super::report::{MOST_FRAMES, MOST_GOROUTINES};
use super::start::start_within;
use crate::lines::{Line, LineSplitter};
use crate::scan::contains;

/// Reads a goroutine dump that stands by itself. Lines that are no part of one are skipped.
#[must_use]
pub fn goroutines(bytes: &[u8]) -> Vec<Goroutine> {
    let mut dump = Dump::default();
    let mut lines = LineSplitter::default();
    let mut take = |line: Line<'_>| {
        dump.take(line.bytes);
    };
    lines.feed(bytes, &mut take);
    lines.finish(&mut take);
    dump.goroutines
}

/// Goroutines and frames as they come.
#[derive(Debug, Default)]
pub(super) struct Dump {
    pub(super) goroutines: Vec<Goroutine>,
    pub(super) runtime_stack: Vec<Frame>,
    pub(super) dropped: u64,
    /// Lines into which a second report was written.
    pub(super) garbled: u64,
    frames: usize,
    /// Goroutines seen: with GOTRACEBACK=crash every thread prints those that it runs once more.
    seen: HashSet<u64>,
    place: Place,
    awaiting_position: Awaiting,
}

/// To what the next frame belongs.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Place {
    #[default]
    Nowhere,
    RuntimeStack,
    Goroutine,
    /// An ancestor's stack, or a goroutine beyond the bound: read past it.
    Ignored,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Awaiting {
    #[default]
    Nothing,
    Call,
    /// A call of gccgo's, a bare name: it is one only if a position follows.
    BareCall,
    CreatedBy,
}

impl Dump {
    /// Takes a line of a dump. False if it is none.
    pub(super) fn take(&mut self, line: &[u8]) -> bool {
        if line.starts_with(b"goroutine ")
            && let Some(goroutine) = Goroutine::parse_header(line)
        {
            self.begin(goroutine);
            return true;
        }
        if line == b"runtime stack:" {
            self.place = Place::RuntimeStack;
            return true;
        }
        // Nothing below can be told from other text before a first header.
        if self.place == Place::Nowhere {
            return false;
        }
        self.inside(line)
    }

    /// Whether a line is the header of a goroutine that has been seen: by itself, that begins another dump.
    pub(super) fn has_goroutine_of(&self, line: &[u8]) -> bool {
        line.starts_with(b"goroutine ")
            && Goroutine::parse_header(line).is_some_and(|it| self.seen.contains(&it.id))
    }

    /// Whether nothing of a stack has been printed yet.
    pub(super) fn is_empty(&self) -> bool {
        self.goroutines.is_empty() && self.runtime_stack.is_empty()
    }

    /// Reads past what follows, up to the next header.
    pub(super) fn ignore(&mut self) {
        self.settle();
        self.place = Place::Ignored;
    }

    pub(super) fn begin(&mut self, goroutine: Goroutine) {
        self.settle();
        let again = goroutine.id != 0 && !self.seen.insert(goroutine.id);
        let stackless = |it: &Goroutine| it.id == goroutine.id && it.frames.is_empty();
        if let Some(at) = self.goroutines.iter().position(stackless).filter(|_| again) {
            // Its thread was running, and prints the stack behind all others.
            self.goroutines.remove(at);
            self.goroutines.push(goroutine);
            self.place = Place::Goroutine;
        } else if again {
            self.place = Place::Ignored;
        } else if self.goroutines.len() < MOST_GOROUTINES {
            self.goroutines.push(goroutine);
            self.place = Place::Goroutine;
        } else {
            self.dropped += 1;
            self.place = Place::Ignored;
        }
    }

    /// A bare name without a position was none.
    fn settle(&mut self) {
        if self.awaiting_position == Awaiting::BareCall
            && let (Place::Goroutine, Some(goroutine)) = (self.place, self.goroutines.last_mut())
        {
            goroutine.frames.pop();
            self.frames -= 1;
        }
        self.awaiting_position = Awaiting::Nothing;
    }

    fn inside(&mut self, line: &[u8]) -> bool {
        if line.is_empty() {
            return true;
        }
        // A position that has lost its tab.
        if self.awaiting_position != Awaiting::Nothing && self.take_position(line) {
            return true;
        }
        if line.starts_with(b"...") && line.ends_with(b"frames elided...") {
            if let (Place::Goroutine, Some(goroutine)) = (self.place, self.goroutines.last_mut()) {
                goroutine.frames_elided = true;
            }
            return true;
        }
        if line.starts_with(b"[originating from goroutine ") {
            self.place = Place::Ignored;
            return true;
        }
        if let Some(created_by) = CreatedBy::parse(line) {
            self.settle();
            if let (Place::Goroutine, Some(goroutine)) = (self.place, self.goroutines.last_mut()) {
                goroutine.created_by = Some(created_by);
                self.awaiting_position = Awaiting::CreatedBy;
            }
            return true;
        }
        if let Some(frame) = Frame::parse_call(line) {
            self.add_frame(frame);
            return true;
        }
        if line.first().is_some_and(u8::is_ascii_whitespace) {
            return self.add_position(line);
        }
        if is_dump_noise(line) {
            return true;
        }
        if let Some(frame) = Frame::parse_bare_call(line) {
            self.add_frame(frame);
            if self.awaiting_position == Awaiting::Call {
                self.awaiting_position = Awaiting::BareCall;
            }
            return true;
        }
        let garbled =
            start_within(line).is_some_and(|at| at > 0) || contains(line, b"SIGQUIT: quit");
        self.garbled += u64::from(garbled);
        garbled
    }

    /// Takes a position without the indentation that it had.
    pub(super) fn take_position(&mut self, line: &[u8]) -> bool {
        Frame::default().add_bare_position(line) && self.add_position(line)
    }

    fn add_frame(&mut self, frame: Frame) {
        self.settle();
        let list = match (self.place, self.goroutines.last_mut()) {
            (Place::RuntimeStack, _) => &mut self.runtime_stack,
            (Place::Goroutine, Some(goroutine)) => {
                if self.frames >= MOST_FRAMES {
                    goroutine.frames_elided = true;
                    return;
                }
                &mut goroutine.frames
            }
            _ => return,
        };
        if self.frames < MOST_FRAMES {
            self.frames += 1;
            list.push(frame);
            self.awaiting_position = Awaiting::Call;
        }
    }

    fn add_position(&mut self, line: &[u8]) -> bool {
        let frame = match (
            self.awaiting_position,
            self.place,
            self.goroutines.last_mut(),
        ) {
            (Awaiting::Call | Awaiting::BareCall, Place::RuntimeStack, _) => {
                self.runtime_stack.last_mut()
            }
            (Awaiting::Call | Awaiting::BareCall, Place::Goroutine, Some(goroutine)) => {
                goroutine.frames.last_mut()
            }
            (Awaiting::CreatedBy, Place::Goroutine, Some(goroutine)) => {
                goroutine.created_by.as_mut().map(|by| &mut by.frame)
            }
            _ => None,
        };
        self.awaiting_position = Awaiting::Nothing;
        let read = match frame {
            Some(frame) => frame.add_position(line) || frame.add_bare_position(line),
            None => Frame::default().add_position(line) || Frame::default().add_bare_position(line),
        };
        read || is_dump_noise(line)
    }
}

/// Lines inside dumps that carry nothing kept here: registers, hex words, notes of the runtime.
pub(super) fn is_dump_noise(line: &[u8]) -> bool {
    let body = line.trim_ascii_start();
    if body.starts_with(b"goroutine running on other thread")
        || body.starts_with(b"runtime: ")
        || body.starts_with(b"stack: frame=")
        || body.starts_with(b"PC=")
        || body.starts_with(b"non-Go function at pc=")
        || body.starts_with(b"instruction bytes:")
        || body.starts_with(b"signal arrived during ")
        || body.starts_with(b"exit hook")
        || body == b"-----"
        || body == b":0"
    {
        return true;
    }
    // `rax    0xca` and `0x000000c0000a55a8:  0x0000000000000000`.
    let mut words = body
        .split(|byte| *byte == b' ')
        .filter(|word| !word.is_empty());
    let (Some(name), Some(value)) = (words.next(), words.next()) else {
        return false;
    };
    let is_hex = |word: &[u8]| {
        word.strip_prefix(b"0x")
            .is_some_and(|digits| !digits.is_empty() && digits.iter().all(u8::is_ascii_hexdigit))
    };
    let is_register = name.len() <= 8
        && name.iter().all(|byte| byte.is_ascii_alphanumeric())
        && words.next().is_none();
    (is_register && is_hex(value)) || name.strip_suffix(b":").is_some_and(is_hex)
}
