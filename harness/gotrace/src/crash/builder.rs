//! Puts a crash together, line by line.

use super::dump::{Dump, is_dump_noise};
use super::goroutine::Goroutine;
use super::race::Race;
use super::report::{Cause, Crash, MOST_MESSAGE_BYTES, Signal};
use super::start::{Opening, is_signal_name, opening};
use crate::scan::{Cursor, find};

/// Lines of a message before a dump; longer ones are cut.
const MOST_HEAD_LINES: usize = 1_000;
/// The same, where it is not certain that this is a crash at all.
const MOST_CAVEATFUL_LINES: usize = 12;
/// Longest message taken from the line before a recovered panic's stack.
const LONGEST_ANNOUNCEMENT_BYTES: usize = 4 << 10;

/// Puts one crash together.
#[derive(Debug)]
pub(crate) struct Builder {
    crash: Crash,
    dump: Dump,
    race: Option<Race>,
    head: Head,
    head_lines: usize,
    uncertain: bool,
    /// Behind the line that GOTRACEBACK=crash draws before each further thread.
    threads: bool,
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
    /// Begins with a line that only a crash begins with. In caveat, as behind a prefix that applications write
    /// themselves, it becomes one only with a stack ([`Builder::is_certain`]).
    pub(crate) fn start(line: &[u8], uncertain: bool) -> Option<Self> {
        let (cause, message) = match opening(line)? {
            Opening::Cause(cause, message) => (cause, text(message)),
            Opening::Goroutine => (Cause::Dump, String::new()),
        };
        let signal = (cause == Cause::Signal).then(|| Signal {
            name: message.clone(),
            ..Signal::default()
        });
        let mut dump = Dump::default();
        if cause == Cause::Dump {
            dump.take(line);
        }
        Some(Self {
            crash: Crash {
                cause,
                message: match cause {
                    Cause::Exception => exception(line),
                    _ => message,
                },
                earlier: Vec::new(),
                signal,
                runtime_stack: Vec::new(),
                goroutines: Vec::new(),
                goroutines_dropped: 0,
                exit_status: None,
                outside_go: false,
                garbled_lines: 0,
            },
            dump,
            race: (cause == Cause::DataRace).then(Race::default),
            head: match cause {
                Cause::Dump => Head::Past,
                _ => Head::Message,
            },
            head_lines: 0,
            uncertain,
            threads: false,
        })
    }

    /// Takes the next line. False if it is no part of this crash, which is then complete.
    pub(crate) fn take(&mut self, line: &[u8]) -> bool {
        if self.crash.exit_status.is_some() {
            return false;
        }
        if let Some(race) = &mut self.race {
            return race.take(line, &mut self.dump);
        }
        if let Some(status) = exit_status(line) {
            self.crash.exit_status = Some(status);
            return true;
        }
        self.threads |= line == b"-----";
        if self.crash.cause == Cause::Dump && self.dump.has_goroutine_of(line) {
            return false;
        }
        if self.dump.take(line) {
            self.head = Head::Past;
            self.note_outside(line);
            return true;
        }
        match self.head {
            Head::Past => self.other_thread(line),
            Head::Message | Head::Ended => self.head_line(line),
        }
    }

    /// Whether this is a crash for certain: it began as only the runtime begins one, or stacks followed.
    pub(crate) fn is_certain(&self) -> bool {
        let has_frames = || self.dump.goroutines.iter().any(|it| !it.frames.is_empty());
        match self.crash.cause {
            Cause::Dump => has_frames(),
            _ => !self.uncertain || !self.dump.is_empty() || self.crash.signal_is_placed(),
        }
    }

    /// Whether stacks have begun, so that the lines before can no longer belong to something else.
    pub(crate) fn has_stacks(&self) -> bool {
        !self.dump.is_empty()
    }

    /// Whether more than the header of a goroutine has arrived.
    pub(crate) fn has_several_lines_of_stack(&self) -> bool {
        let frames = |it: &Goroutine| !it.frames.is_empty();
        self.dump.goroutines.iter().any(frames) || !self.dump.runtime_stack.is_empty()
    }

    /// Ends the crash. `announced` is the last line before it that speaks of a panic.
    pub(crate) fn finish(mut self, announced: Option<&[u8]>) -> Crash {
        if let Some(race) = &self.race {
            self.crash.message = race.message();
        }
        let Self {
            mut crash, dump, ..
        } = self;
        crash.goroutines = dump.goroutines;
        crash.goroutines_dropped = dump.dropped;
        crash.runtime_stack = dump.runtime_stack;
        crash.garbled_lines += dump.garbled;
        for message in crash.earlier.iter_mut().chain([&mut crash.message]) {
            for note in [" [recovered, repanicked]", " [recovered]"] {
                if let Some(kept) = message.strip_suffix(note) {
                    message.truncate(kept.len());
                }
            }
        }
        if crash.cause == Cause::Dump {
            became_recovered(&mut crash, announced);
        }
        crash
    }

    /// With GOTRACEBACK=crash every other thread prints what it runs, behind a signal that the runtime sent it.
    fn other_thread(&mut self, line: &[u8]) -> bool {
        if line.starts_with(b"PC=") || is_dump_noise(line) {
            return true;
        }
        let by_runtime =
            self.threads && (line.starts_with(b"SIGQUIT: ") || line.starts_with(b"SIGABRT: "));
        if by_runtime && self.head_lines < MOST_HEAD_LINES {
            self.head_lines += 1;
            return true;
        }
        false
    }

    fn note_outside(&mut self, line: &[u8]) {
        self.crash.outside_go |= line.starts_with(b"signal arrived during ");
    }

    fn head_line(&mut self, line: &[u8]) -> bool {
        self.head_lines += 1;
        let most = if self.uncertain {
            MOST_CAVEATFUL_LINES
        } else {
            MOST_HEAD_LINES
        };
        if self.head_lines > most {
            return false;
        }
        self.note_outside(line);
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
        // What C says before it aborts is the message; the signal tells how the process ended.
        if is_signal_name(line) && self.crash.signal.is_none() {
            self.crash.signal = Some(Signal {
                name: text(line),
                ..Signal::default()
            });
            self.head = Head::Ended;
            return true;
        }
        if self.crash.cause == Cause::Exception && self.head == Head::Ended {
            return self.stack_of_exception(line);
        }
        // A panic that came while another unwound; the tab before it may be lost.
        let nested = line.strip_prefix(b"\t").unwrap_or(line);
        if let Some(body) = nested.strip_prefix(b"panic: ") {
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
        if matches!(self.crash.cause, Cause::Signal | Cause::Exception) {
            // Nothing but the place of a signal follows it.
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

    /// Windows prints the stack of the goroutine that an exception met without its header.
    fn stack_of_exception(&mut self, line: &[u8]) -> bool {
        let first = !line.is_empty() && !is_dump_noise(line);
        if first {
            self.dump.begin(Goroutine {
                state: "running".to_owned(),
                ..Goroutine::default()
            });
            self.head = Head::Past;
        }
        !first || self.dump.take(line)
    }

    fn add_signal_place(&mut self, line: &[u8]) {
        let garbled = find(line, b"SIG").is_some() || find(line, b"PC=").is_some_and(|at| at > 0);
        self.crash.garbled_lines += u64::from(garbled);
        let signal = self.crash.signal.get_or_insert_default();
        signal.pc = hex_after(line, b"PC=0x");
        signal.address = hex_after(line, b" addr=0x");
        signal.code = find(line, b" sigcode=")
            .and_then(|at| Cursor::new(&line[at + b" sigcode=".len()..]).unsigned())
            .or(signal.code);
        self.head = Head::Ended;
    }
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

impl Crash {
    fn signal_is_placed(&self) -> bool {
        self.signal
            .as_ref()
            .is_some_and(|signal| signal.pc.is_some())
    }
}

/// A dump that holds a call of `panic` is of a panic that was recovered.
fn became_recovered(crash: &mut Crash, announced: Option<&[u8]>) {
    let panicked = crash.goroutines.len() == 1
        && crash.goroutines[0]
            .frames
            .iter()
            .any(|frame| matches!(frame.function.as_str(), "panic" | "runtime.gopanic"));
    if !panicked {
        return;
    }
    crash.cause = Cause::Recovered;
    if let Some(line) = announced {
        crash.message = announcement(line);
    }
}

/// What was thrown, by the line that announces a recovered panic: `http: panic serving 1.2.3.4:5: boom`,
/// `panic recovered: boom`.
fn announcement(line: &[u8]) -> String {
    let line = &line[..line.len().min(LONGEST_ANNOUNCEMENT_BYTES)];
    let whole = text(line);
    if let Some((_, rest)) = whole.split_once("panic serving ") {
        // The address may be of IPv6, whose colons are within brackets.
        let from = rest.find(']').unwrap_or(0);
        if let Some(colon) = rest[from..].find(": ") {
            return rest[from + colon + 2..].trim().to_owned();
        }
    }
    for mark in [
        "panic recovered: ",
        "recovered panic: ",
        "panic: ",
        "Recovered: ",
        "recovered: ",
    ] {
        if let Some((_, rest)) = whole.split_once(mark) {
            return rest.trim().to_owned();
        }
    }
    whole.trim().to_owned()
}

/// `0xc0000005 (access violation)`; names by winnt.h.
fn exception(line: &[u8]) -> String {
    let words = text(line);
    let code = words.split(' ').nth(1).unwrap_or_default();
    let name = match code {
        "0xc0000005" => "access violation",
        "0xc0000006" => "in-page error",
        "0xc000001d" => "illegal instruction",
        "0xc0000094" => "integer division by zero",
        "0xc00000fd" => "stack overflow",
        "0xc0000374" => "heap corruption",
        "0xc0000409" => "stack buffer overrun",
        "0x80000003" => "breakpoint",
        "0xe06d7363" => "exception of C++",
        _ => return code.to_owned(),
    };
    format!("{code} ({name})")
}
