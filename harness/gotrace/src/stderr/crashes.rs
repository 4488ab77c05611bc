//! Follows crashes through a stream in which their lines come wrapped, prefixed, in fields of records, indented, or
//! mixed with the lines of other writers.

use std::borrow::Cow;

use crate::crash::{Builder, Crash, begins_dump, start_within};
use crate::logprefix::{self, Field, Fields, Key, Template, Unwrapped};
use crate::scan::contains;

/// Crashes that are followed at the same time, each of another writer.
const MOST_PENDING: usize = 8;
/// Lines of other writers after which no more of a crash is expected.
const MOST_FOREIGN_LINES: u32 = 256;
/// How far before a stack the line may stand that says what was thrown.
const ANNOUNCED_LINES: u64 = 32;
/// Longest such line that is kept.
const LONGEST_ANNOUNCEMENT_BYTES: usize = 4 << 10;

/// What is followed, and what has ended.
#[derive(Debug, Default)]
pub(super) struct Crashes {
    pending: Vec<Pending>,
    /// The last line that speaks of a panic, and its number.
    announced: Option<(u64, Vec<u8>)>,
    lines: u64,
    /// Ended crashes that nobody has taken yet.
    pub(super) ended: Vec<Crash>,
    /// Lines that looked like the beginning of a crash, and no stack followed.
    pub(super) resembling: u64,
}

#[derive(Debug)]
struct Pending {
    builder: Builder,
    way: Way,
    /// Only the first lines came this way: a logger stamps the message, and the stack follows as it is.
    may_turn_plain: bool,
    foreign: u32,
    announced: Option<Vec<u8>>,
}

/// How the lines of a crash arrive.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Way {
    /// As they are, but for so many bytes of indentation.
    Plain { indent: usize },
    /// In a wrapper that is known, of one writer.
    Known { writer: Vec<u8> },
    /// Behind a prefix of this form.
    Prefixed(Template),
    /// In one field of records.
    Field(OwnedKey),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum OwnedKey {
    Named(Vec<u8>),
    Column(usize),
}

impl OwnedKey {
    fn of(key: Key<'_>) -> Self {
        match key {
            Key::Named(name) => Self::Named(name.to_vec()),
            Key::Column(number) => Self::Column(number),
        }
    }

    fn is(&self, key: Key<'_>) -> bool {
        match (self, key) {
            (Self::Named(own), Key::Named(name)) => own == name,
            (Self::Column(own), Key::Column(number)) => own == &number,
            _ => false,
        }
    }
}

/// One line as the reader sees it.
#[derive(Clone, Copy)]
pub(super) struct Seen<'a> {
    /// Without colour codes.
    pub(super) line: &'a [u8],
    /// Without its known wrapper.
    pub(super) unwrapped: Option<&'a Unwrapped<'a>>,
    /// Who wrote it, by that wrapper.
    pub(super) writer: &'a [u8],
}

impl Crashes {
    /// Whether nothing is being followed.
    pub(super) const fn is_idle(&self) -> bool {
        self.pending.is_empty()
    }

    /// Counts a line and gives it to the crashes that are being followed. True if one takes it.
    pub(super) fn goes_on(&mut self, seen: Seen<'_>) -> bool {
        self.lines += 1;
        let mut at = self.pending.len();
        while at > 0 {
            at -= 1;
            match self.pending[at].takes(seen) {
                Taken::Yes => return true,
                Taken::NotItsOwn => {}
                Taken::Ended => self.end_at(at),
            }
        }
        false
    }

    /// Looks whether a line begins a crash behind a wrapper that is known.
    pub(super) fn begins_wrapped(&mut self, seen: Seen<'_>) -> bool {
        let Some(unwrapped) = seen.unwrapped else {
            return false;
        };
        let stamp = unwrapped.application_stamp;
        let Some(builder) = Builder::start(&normal(&unwrapped.payload), stamp) else {
            return false;
        };
        let way = Way::Known {
            writer: seen.writer.to_vec(),
        };
        self.follow(builder, way, stamp, None);
        true
    }

    /// Notes a line that was of no interest, so that distances hold.
    pub(super) const fn pass(&mut self) {
        self.lines += 1;
    }

    /// One value of a record. True if it is of a crash.
    pub(super) fn take_field(&mut self, field: Field<'_>, record: &[u8]) -> bool {
        let value = field.value();
        let text = value.strip_suffix(b"\n").unwrap_or(&value);
        let several = text.contains(&b'\n');
        let mut taken = false;
        for line in text.split(|byte| *byte == b'\n') {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            taken |= self.field_line(field.key, line, record);
        }
        if !taken {
            self.remember_text(text);
        }
        if several && taken {
            self.end(|way| matches!(way, Way::Field(key) if key.is(field.key)));
        }
        taken
    }

    /// A dump that stands in one line, its ends of lines escaped.
    pub(super) fn take_escaped(&mut self, text: &[u8], record: &[u8]) -> bool {
        let mut builder: Option<Builder> = None;
        let mut said: Option<Vec<u8>> = None;
        for line in text.split(|byte| *byte == b'\n') {
            let line = normal(line.strip_suffix(b"\r").unwrap_or(line));
            if builder.as_mut().is_some_and(|own| own.take(&line)) {
                continue;
            }
            let ended = builder.take();
            if ended.is_some() {
                self.hand_over(ended, said.take(), record);
            }
            let start = start_within(&line).unwrap_or(0);
            builder = Builder::start(&line[start..], true);
            if builder.is_none() && speaks_of_panic(&line) {
                said = Some(line.into_owned());
            }
        }
        let any = builder.is_some() || !self.ended.is_empty();
        self.hand_over(builder, said, record);
        any
    }

    /// Whether some crash takes its lines from records' fields.
    pub(super) fn wants_fields(&self) -> bool {
        self.pending
            .iter()
            .any(|own| matches!(own.way, Way::Field(_)))
    }

    /// Ends everything that is being followed.
    pub(super) fn finish(&mut self) {
        self.end(|_| true);
    }

    fn hand_over(&mut self, builder: Option<Builder>, said: Option<Vec<u8>>, record: &[u8]) {
        let Some(builder) = builder else { return };
        let announced = said
            .or_else(|| logprefix::announced(record, None))
            .or_else(|| self.announcement());
        self.close(builder, announced.as_deref());
    }

    fn field_line(&mut self, key: Key<'_>, line: &[u8], record: &[u8]) -> bool {
        let line = normal(line);
        let own = |pending: &Pending| matches!(&pending.way, Way::Field(own) if own.is(key));
        if let Some(at) = self.pending.iter().position(own) {
            if self.pending[at].builder.take(&line) {
                self.pending[at].foreign = 0;
                return true;
            }
            self.end_at(at);
        }
        let Some(builder) = Builder::start(&line, true) else {
            return false;
        };
        let announced = logprefix::announced(record, Some(key));
        self.follow(builder, Way::Field(OwnedKey::of(key)), true, announced);
        true
    }

    /// Looks whether a line begins a crash as it is, or behind some other text.
    pub(super) fn begins(&mut self, seen: Seen<'_>) -> bool {
        let (indent, plain) = dedented(seen.line);
        if let Some(builder) = Builder::start(plain, indent > 0) {
            self.follow(builder, Way::Plain { indent }, false, None);
            return true;
        }
        let Some(at) = start_within(seen.line).filter(|at| *at > 0) else {
            return false;
        };
        let prefix = &seen.line[..at];
        let quoted = matches!(prefix.last(), Some(b'"' | b'\'' | b'`' | b'\\'));
        let (Some(template), false) = (Template::of(prefix), quoted) else {
            return false;
        };
        let Some(builder) = Builder::start(&seen.line[at..], true) else {
            return false;
        };
        self.follow(builder, Way::Prefixed(template), true, None);
        true
    }

    fn follow(
        &mut self,
        builder: Builder,
        way: Way,
        may_turn_plain: bool,
        announced: Option<Vec<u8>>,
    ) {
        // What begins in a way in which another is still open ends that one.
        self.end(|own| *own == way);
        if self.pending.len() == MOST_PENDING {
            self.end_at(0);
        }
        let announced = announced.or_else(|| self.announcement());
        self.pending.push(Pending {
            builder,
            way,
            may_turn_plain,
            foreign: 0,
            announced,
        });
    }

    fn announcement(&mut self) -> Option<Vec<u8>> {
        let (line, text) = self.announced.take()?;
        (self.lines - line <= ANNOUNCED_LINES).then_some(text)
    }

    /// Keeps a line that may say what was thrown.
    pub(super) fn remember(&mut self, seen: Seen<'_>) {
        let text = seen.unwrapped.map_or(seen.line, |it| it.payload.as_ref());
        // One of its values may say more than the whole record.
        if self
            .announced
            .as_ref()
            .is_none_or(|(line, _)| *line != self.lines)
        {
            self.remember_text(text);
        }
    }

    fn remember_text(&mut self, text: &[u8]) {
        let text = &text[..text.len().min(LONGEST_ANNOUNCEMENT_BYTES)];
        if speaks_of_panic(text) {
            self.announced = Some((self.lines, text.to_vec()));
        }
    }

    fn end(&mut self, which: impl Fn(&Way) -> bool) {
        let mut at = 0;
        while at < self.pending.len() {
            if which(&self.pending[at].way) {
                self.end_at(at);
            } else {
                at += 1;
            }
        }
    }

    fn end_at(&mut self, at: usize) {
        let pending = self.pending.remove(at);
        self.close(pending.builder, pending.announced.as_deref());
    }

    fn close(&mut self, builder: Builder, announced: Option<&[u8]>) {
        if builder.is_certain() {
            self.ended.push(builder.finish(announced));
        } else {
            self.resembling += 1;
        }
    }
}

/// What a pending crash makes of a line.
enum Taken {
    Yes,
    /// Of another writer.
    NotItsOwn,
    /// It was its writer's, and no part of it; or too many others came between.
    Ended,
}

impl Pending {
    fn takes(&mut self, seen: Seen<'_>) -> Taken {
        if let Way::Field(key) = &self.way
            && Fields::of(seen.line).any(|field| key.is(field.key))
        {
            // The values of a record are handed over one by one.
            return Taken::NotItsOwn;
        }
        if let Some(payload) = self.way.payload(seen) {
            if self.builder.take(&normal(&payload)) {
                self.foreign = 0;
                return Taken::Yes;
            }
            return self.turns_plain(seen).unwrap_or(Taken::Ended);
        }
        if let Some(taken) = self.turns_plain(seen) {
            return taken;
        }
        self.foreign += 1;
        if self.foreign > MOST_FOREIGN_LINES {
            Taken::Ended
        } else {
            Taken::NotItsOwn
        }
    }

    fn turns_plain(&mut self, seen: Seen<'_>) -> Option<Taken> {
        if !self.may_turn_plain || self.builder.has_several_lines_of_stack() {
            return None;
        }
        let (indent, plain) = dedented(seen.line);
        let goes_on = plain.is_empty() || begins_dump(plain) || self.builder.has_stacks();
        if !(goes_on && self.builder.take(plain)) {
            return None;
        }
        if !plain.is_empty() {
            self.way = Way::Plain { indent };
            self.may_turn_plain = false;
        }
        self.foreign = 0;
        Some(Taken::Yes)
    }
}

impl Way {
    /// A line without what it comes in; `None` if it does not come this way.
    fn payload<'a>(&self, seen: Seen<'a>) -> Option<Cow<'a, [u8]>> {
        match self {
            Self::Plain { indent } => {
                let line = seen.line;
                let line = line.strip_prefix(b"> ").unwrap_or(line);
                let spaces = line
                    .iter()
                    .take_while(|byte| matches!(byte, b' ' | b'\t'))
                    .count();
                // The rest of a value of CSV that goes over several lines.
                let end = crate::scan::find(line, b"\",")
                    .or(line.len().checked_sub(1).filter(|at| line[*at] == b'"'));
                let line = &line[..end.unwrap_or(line.len())];
                Some(Cow::Borrowed(&line[spaces.min(*indent).min(line.len())..]))
            }
            Self::Known { writer } => {
                let unwrapped = seen.unwrapped.filter(|_| writer == seen.writer)?;
                Some(Cow::Borrowed(&unwrapped.payload))
            }
            Self::Prefixed(template) => template.strip(seen.line).map(Cow::Borrowed),
            Self::Field(_) => None,
        }
    }
}

fn speaks_of_panic(text: &[u8]) -> bool {
    contains(text, b"panic") || contains(text, b"ecover")
}

/// Takes off a mark of quotation and the indentation.
fn dedented(line: &[u8]) -> (usize, &[u8]) {
    let line = line.strip_prefix(b"> ").unwrap_or(line);
    // A terminal shows Ctrl-\ where SIGQUIT was typed.
    let line = line.strip_prefix(b"^\\").unwrap_or(line);
    let body = line.trim_ascii_start();
    (line.len() - body.len(), body)
}

/// Gives a line its tab back, which some write otherwise: rsyslog's `#011`, `cat -A`'s `^I`, an escape left over.
fn normal(line: &[u8]) -> Cow<'_, [u8]> {
    let tab = [&b"#011"[..], b"^I", b"\\t", b"\\011", b"<tab>"]
        .iter()
        .find_map(|form| line.strip_prefix(*form));
    match tab {
        Some(rest) => Cow::Owned([b"\t", rest].concat()),
        None => Cow::Borrowed(line),
    }
}
