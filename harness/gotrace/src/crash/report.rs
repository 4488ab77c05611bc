//! A crash as a whole, put together line by line.

use crate::scan::{Cursor, find};

use super::goroutine::{CreatedBy, Frame, Goroutine};

/// Longest message kept.
pub const MOST_MESSAGE_BYTES: usize = 64 << 10;
/// Most goroutines kept; the others are counted.
pub const MOST_GOROUTINES: usize = 100_000;
/// Most frames kept of all goroutines together.
pub const MOST_FRAMES: usize = 1_000_000;
/// Lines of a message before a dump; longer ones are cut.
const MOST_HEAD_LINES: usize = 1_000;

/// The end of a Go program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crash {
    /// What kind of end.
    pub cause: Cause,
    /// The value of the panic that was not recovered, the fatal error, or the signal's name;
    /// several lines if the program printed several.
    pub message: String,
    /// Panics that came before and were recovered or replaced, first one first.
    pub earlier: Vec<String>,
    /// The signal behind it.
    pub signal: Option<Signal>,
    /// The runtime's own stack, where it was printed.
    pub runtime_stack: Vec<Frame>,
    /// Goroutines in the order printed: the one that failed comes first.
    pub goroutines: Vec<Goroutine>,
    /// Goroutines beyond [`MOST_GOROUTINES`].
    pub goroutines_dropped: u64,
    /// The number in a final `exit status N`, which `go run` and `go test` print.
    pub exit_status: Option<i32>,
}

/// What kind of end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cause {
    /// `panic: ...`
    Panic,
    /// `fatal error: ...`: the runtime gave up (deadlock, concurrent map writes, out of memory).
    FatalError,
    /// A signal outside Go code, or one sent to ask for a dump (SIGQUIT, SIGABRT).
    Signal,
}

/// A signal as the runtime reports it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Signal {
    /// E.g. `SIGSEGV: segmentation violation`.
    pub name: String,
    /// Its code; hexadecimal in panics, decimal otherwise.
    pub code: Option<u64>,
    /// The address that was accessed.
    pub address: Option<u64>,
    /// The program counter.
    pub pc: Option<u64>,
}

impl Crash {
    /// The goroutine that failed, if stacks were printed.
    #[must_use]
    pub fn failing(&self) -> Option<&Goroutine> {
        self.goroutines.first()
    }
}

/// Goroutines and frames as they come.
#[derive(Debug, Default)]
pub(super) struct Dump {
    pub(super) goroutines: Vec<Goroutine>,
    pub(super) runtime_stack: Vec<Frame>,
    pub(super) dropped: u64,
    frames: usize,
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

    fn begin(&mut self, goroutine: Goroutine) {
        self.awaiting_position = Awaiting::Nothing;
        if self.goroutines.len() < MOST_GOROUTINES {
            self.goroutines.push(goroutine);
            self.place = Place::Goroutine;
        } else {
            self.dropped += 1;
            self.place = Place::Ignored;
        }
    }

    fn inside(&mut self, line: &[u8]) -> bool {
        if line.is_empty() {
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
        is_dump_noise(line)
    }

    fn add_frame(&mut self, frame: Frame) {
        self.awaiting_position = Awaiting::Nothing;
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
            (Awaiting::Call, Place::RuntimeStack, _) => self.runtime_stack.last_mut(),
            (Awaiting::Call, Place::Goroutine, Some(goroutine)) => goroutine.frames.last_mut(),
            (Awaiting::CreatedBy, Place::Goroutine, Some(goroutine)) => {
                goroutine.created_by.as_mut().map(|by| &mut by.frame)
            }
            _ => None,
        };
        self.awaiting_position = Awaiting::Nothing;
        match frame {
            Some(frame) => frame.add_position(line) || is_dump_noise(line),
            None => Frame::default().add_position(line) || is_dump_noise(line),
        }
    }
}

/// Lines inside dumps that carry nothing kept here: registers, hex words, notes of the runtime.
fn is_dump_noise(line: &[u8]) -> bool {
    let body = line.trim_ascii_start();
    if body.starts_with(b"goroutine running on other thread")
        || body.starts_with(b"runtime: ")
        || body.starts_with(b"stack: frame=")
        || body.starts_with(b"PC=")
        || body.starts_with(b"non-Go function at pc=")
        || body.starts_with(b"instruction bytes:")
        || body.starts_with(b"signal arrived during cgo execution")
        || body == b"-----"
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

/// Puts one crash together.
#[derive(Debug)]
pub(crate) struct Builder {
    crash: Crash,
    dump: Dump,
    head: Head,
    head_lines: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Head {
    /// Lines go on with the message.
    Message,
    /// The message has ended; a dump may follow.
    Ended,
    /// Inside the dump.
    Past,
}

impl Builder {
    /// Begins with a line that only a crash begins with.
    pub(crate) fn start(line: &[u8]) -> Option<Self> {
        let (cause, body) = if let Some(body) = line.strip_prefix(b"panic: ") {
            (Cause::Panic, body)
        } else if let Some(body) = line.strip_prefix(b"fatal error: ") {
            (Cause::FatalError, body)
        } else if is_signal_name(line) {
            (Cause::Signal, line)
        } else {
            return None;
        };
        let message = text(body);
        let signal = (cause == Cause::Signal).then(|| Signal {
            name: message.clone(),
            ..Signal::default()
        });
        Some(Self {
            crash: Crash {
                cause,
                message,
                earlier: Vec::new(),
                signal,
                runtime_stack: Vec::new(),
                goroutines: Vec::new(),
                goroutines_dropped: 0,
                exit_status: None,
            },
            dump: Dump::default(),
            head: Head::Message,
            head_lines: 0,
        })
    }

    /// Takes the next line. False if it is no part of this crash, which is then complete.
    pub(crate) fn take(&mut self, line: &[u8]) -> bool {
        if self.crash.exit_status.is_some() {
            return false;
        }
        if let Some(status) = exit_status(line) {
            self.crash.exit_status = Some(status);
            return true;
        }
        if self.dump.take(line) {
            self.head = Head::Past;
            return true;
        }
        match self.head {
            Head::Past => false,
            Head::Message | Head::Ended => self.head_line(line),
        }
    }

    pub(crate) fn finish(self) -> Crash {
        let Self {
            mut crash, dump, ..
        } = self;
        crash.goroutines = dump.goroutines;
        crash.goroutines_dropped = dump.dropped;
        crash.runtime_stack = dump.runtime_stack;
        for message in crash.earlier.iter_mut().chain([&mut crash.message]) {
            for note in [" [recovered, repanicked]", " [recovered]"] {
                if let Some(kept) = message.strip_suffix(note) {
                    message.truncate(kept.len());
                }
            }
        }
        crash
    }

    fn head_line(&mut self, line: &[u8]) -> bool {
        self.head_lines += 1;
        if self.head_lines > MOST_HEAD_LINES {
            return false;
        }
        if line.is_empty() {
            self.head = Head::Ended;
            return true;
        }
        if let Some(signal) = parse_signal(line) {
            self.crash.signal = Some(signal);
            self.head = Head::Ended;
            return true;
        }
        if line.starts_with(b"PC=") {
            self.add_signal_place(line);
            return true;
        }
        // A tab marks a panic that came while another unwound.
        if let Some(body) = line.strip_prefix(b"\tpanic: ") {
            let earlier = std::mem::replace(&mut self.crash.message, text(body));
            self.crash.earlier.push(earlier);
            self.head = Head::Message;
            return true;
        }
        if let Some(body) = line.strip_prefix(b"fatal error: ") {
            let earlier = std::mem::replace(&mut self.crash.message, text(body));
            self.crash.earlier.push(earlier);
            self.crash.cause = Cause::FatalError;
            return true;
        }
        if self.head == Head::Ended {
            return is_dump_noise(line);
        }
        let room = MOST_MESSAGE_BYTES.saturating_sub(self.crash.message.len());
        if room > line.len() {
            self.crash.message.push('\n');
            // The runtime indents the further lines of a message by a tab.
            let body = line.strip_prefix(b"\t").unwrap_or(line);
            self.crash.message.push_str(&String::from_utf8_lossy(body));
        }
        true
    }

    fn add_signal_place(&mut self, line: &[u8]) {
        let signal = self.crash.signal.get_or_insert_default();
        signal.pc = hex_after(line, b"PC=0x");
        signal.address = hex_after(line, b" addr=0x");
        signal.code = find(line, b" sigcode=")
            .and_then(|at| Cursor::new(&line[at + b" sigcode=".len()..]).unsigned());
        self.head = Head::Ended;
    }
}

/// `SIGSEGV: segmentation violation`, as `fatalsignal` prints it alone on a line.
fn is_signal_name(line: &[u8]) -> bool {
    let Some(colon) = find(line, b": ") else {
        return false;
    };
    let name = &line[..colon];
    name.len() > 3
        && name.starts_with(b"SIG")
        && name
            .iter()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

/// `[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x47d2a4]`.
fn parse_signal(line: &[u8]) -> Option<Signal> {
    let body = line.strip_prefix(b"[signal ")?;
    let end = find(body, b" code=").unwrap_or(body.len());
    Some(Signal {
        name: text(&body[..end]),
        code: hex_after(body, b" code=0x"),
        address: hex_after(body, b" addr=0x"),
        pc: hex_after(body, b" pc=0x"),
    })
}

fn hex_after(line: &[u8], mark: &[u8]) -> Option<u64> {
    let at = find(line, mark)? + mark.len();
    let digits = line[at..]
        .iter()
        .take_while(|byte| byte.is_ascii_hexdigit())
        .count();
    u64::from_str_radix(std::str::from_utf8(&line[at..at + digits]).ok()?, 16).ok()
}

fn exit_status(line: &[u8]) -> Option<i32> {
    let digits = line.strip_prefix(b"exit status ")?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
