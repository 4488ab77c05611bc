//! The wrappers that are known by name, taken off a line.

use std::borrow::Cow;

use crate::scan::Cursor;

/// A line without what was put around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unwrapped<'a> {
    /// The line as the process wrote it.
    pub payload: Cow<'a, [u8]>,
    /// Which stream it came from, where the wrapper tells.
    pub stream: Option<Stream>,
    /// The process had not ended the line here: the next payload of the stream continues it.
    pub continues: bool,
    /// What came off is a stamp that applications write themselves (Go `log`, klog), not
    /// something put around their output.
    pub application_stamp: bool,
}

/// An output stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// Removes a wrapper, and colour codes, if there are any. `None` if the line has none.
///
/// Wrappers may be stacked two deep (a compose prefix around RFC 3339 stamps).
#[must_use]
pub fn unwrap(line: &[u8]) -> Option<Unwrapped<'_>> {
    if line.starts_with(b"{") {
        return docker_json(line).or_else(|| collector_json(line));
    }
    match without_colour(line) {
        Cow::Borrowed(bytes) => {
            let stripped = strip_twice(bytes)?;
            Some(stripped.into_unwrapped(Cow::Borrowed(stripped.body)))
        }
        Cow::Owned(bytes) => {
            let stripped = strip_twice(&bytes).unwrap_or(Stripped::plain(&bytes));
            Some(stripped.into_unwrapped(Cow::Owned(stripped.body.to_vec())))
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Stripped<'a> {
    body: &'a [u8],
    stream: Option<Stream>,
    continues: bool,
    application_stamp: bool,
}

impl<'a> Stripped<'a> {
    const fn plain(body: &'a [u8]) -> Self {
        Self {
            body,
            stream: None,
            continues: false,
            application_stamp: false,
        }
    }

    const fn stamp(body: &'a [u8]) -> Self {
        Self {
            application_stamp: true,
            ..Self::plain(body)
        }
    }

    const fn into_unwrapped<'b>(self, payload: Cow<'b, [u8]>) -> Unwrapped<'b> {
        Unwrapped {
            payload,
            stream: self.stream,
            continues: self.continues,
            application_stamp: self.application_stamp,
        }
    }
}

fn strip_twice(line: &[u8]) -> Option<Stripped<'_>> {
    let outer = strip_once(line)?;
    Some(match strip_once(outer.body) {
        Some(inner) => Stripped {
            stream: inner.stream.or(outer.stream),
            continues: outer.continues || inner.continues,
            ..inner
        },
        None => outer,
    })
}

fn strip_once(line: &[u8]) -> Option<Stripped<'_>> {
    let around = || {
        rfc3339(line)
            .and_then(|rest| one_space(rest).map(|rest| syslog_identity(rest).unwrap_or(rest)))
            .or_else(|| syslog(line))
            .or_else(|| bracketed(line))
            .or_else(|| compose(line))
    };
    cri(line)
        .or_else(|| around().map(Stripped::plain))
        .or_else(|| go_log(line).or_else(|| klog(line)).map(Stripped::stamp))
}

/// `{"log":"...\n","stream":"stderr","time":"..."}`, with `>` written as `\u003e`.
fn docker_json(line: &[u8]) -> Option<Unwrapped<'_>> {
    #[derive(serde::Deserialize)]
    struct Entry {
        log: String,
        stream: String,
        // Not used, but a JSON line without it is an application's own.
        #[serde(rename = "time")]
        _time: String,
    }
    let entry: Entry = serde_json::from_slice(line).ok()?;
    let stream = stream_named(Some(&entry.stream));
    let mut payload = entry.log.into_bytes();
    let continues = payload.last() != Some(&b'\n');
    while matches!(payload.last(), Some(b'\n' | b'\r')) {
        payload.pop();
    }
    Some(Unwrapped {
        payload: Cow::Owned(payload),
        stream,
        continues,
        application_stamp: false,
    })
}

/// What collectors make of a line: fluent-bit's CRI parser (`message` alongside `stream` and
/// `logtag`), Google Cloud Logging (`textPayload`), `journalctl -o json` (`MESSAGE`), Loki's
/// `logcli -o jsonl` (`line` alongside `labels`).
fn collector_json(line: &[u8]) -> Option<Unwrapped<'_>> {
    #[derive(serde::Deserialize)]
    struct Entry {
        message: Option<String>,
        stream: Option<String>,
        logtag: Option<String>,
        #[serde(rename = "textPayload")]
        text_payload: Option<String>,
        #[serde(rename = "MESSAGE")]
        journal: Option<String>,
        line: Option<String>,
        labels: Option<serde::de::IgnoredAny>,
    }
    let entry: Entry = serde_json::from_slice(line).ok()?;
    let of_cri = entry.message.filter(|_| entry.stream.is_some());
    let of_loki = entry.line.filter(|_| entry.labels.is_some());
    let text = of_cri
        .or(entry.text_payload)
        .or(entry.journal)
        .or(of_loki)?;
    let mut payload = text.into_bytes();
    while matches!(payload.last(), Some(b'\n' | b'\r')) {
        payload.pop();
    }
    Some(Unwrapped {
        payload: Cow::Owned(payload),
        stream: stream_named(entry.stream.as_deref()),
        continues: entry.logtag.as_deref() == Some("P"),
        application_stamp: false,
    })
}

fn stream_named(name: Option<&str>) -> Option<Stream> {
    match name? {
        "stderr" => Some(Stream::Stderr),
        "stdout" => Some(Stream::Stdout),
        _ => None,
    }
}

/// `2026-11-21T09:35:34.123456789Z stderr F payload`; `P` for a part of a line.
fn cri(line: &[u8]) -> Option<Stripped<'_>> {
    let rest = one_space(rfc3339(line)?)?;
    let (stream, rest) = if let Some(rest) = rest.strip_prefix(b"stderr ") {
        (Stream::Stderr, rest)
    } else {
        (Stream::Stdout, rest.strip_prefix(b"stdout ")?)
    };
    // Tags are joined by colons; the first tells full from partial (CRI log format of kubelet).
    let space = rest
        .iter()
        .position(|byte| *byte == b' ')
        .unwrap_or(rest.len());
    let continues = match rest[..space].split(|byte| *byte == b':').next()? {
        b"F" => false,
        b"P" => true,
        _ => return None,
    };
    Some(Stripped {
        stream: Some(stream),
        continues,
        ..Stripped::plain(rest.get(space + 1..).unwrap_or_default())
    })
}

/// `2026-11-21T09:35:34`, fraction and zone optional; answers with what follows.
fn rfc3339(line: &[u8]) -> Option<&[u8]> {
    let rest = date(line, b'-')?;
    let rest = rest
        .strip_prefix(b"T")
        .or_else(|| rest.strip_prefix(b" "))?;
    let rest = fraction(time(rest)?);
    if let Some(rest) = rest.strip_prefix(b"Z") {
        return Some(rest);
    }
    match rest.first() {
        Some(b'+' | b'-') => {
            let zone = rest[1..]
                .iter()
                .take_while(|byte| byte.is_ascii_digit() || **byte == b':')
                .count();
            (zone >= 2).then(|| &rest[1 + zone..])
        }
        _ => Some(rest),
    }
}

/// `Nov 21 09:35:34 host unit[12]: payload`; also without host and unit, as `ts` prints.
fn syslog(line: &[u8]) -> Option<&[u8]> {
    const MONTHS: [&[u8]; 12] = [
        b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov",
        b"Dec",
    ];
    let rest = MONTHS.iter().find_map(|month| line.strip_prefix(*month))?;
    let rest = rest.strip_prefix(b" ")?;
    let rest = rest.strip_prefix(b" ").unwrap_or(rest);
    let mut cursor = Cursor::new(rest);
    cursor.unsigned()?;
    cursor.literal(b" ")?;
    let rest = one_space(fraction(time(cursor.rest())?))?;
    Some(syslog_identity(rest).unwrap_or(rest))
}

/// `host unit[12]: `, also without the host (`journalctl -o short` of some versions, Heroku's
/// `app[web.1]: `).
fn syslog_identity(line: &[u8]) -> Option<&[u8]> {
    let mut words = line.splitn(3, |byte| *byte == b' ');
    let (first, second) = (words.next()?, words.next().unwrap_or_default());
    if is_identity(first, |byte| byte.is_ascii_alphanumeric() || *byte == b'.') {
        return Some(line.get(first.len() + 1..).unwrap_or_default());
    }
    let body = words.next().unwrap_or_default();
    is_identity(second, u8::is_ascii_digit).then_some(body)
}

/// `name[inside]:`.
fn is_identity(word: &[u8], inside: impl Fn(&u8) -> bool) -> bool {
    let Some(name) = word.strip_suffix(b"]:") else {
        return false;
    };
    let Some(open) = name.iter().position(|byte| *byte == b'[') else {
        return false;
    };
    let within = &name[open + 1..];
    open > 0 && !within.is_empty() && within.iter().all(inside)
}

/// `[pod/web-5d8/server] payload`.
fn bracketed(line: &[u8]) -> Option<&[u8]> {
    let rest = line.strip_prefix(b"[pod/")?;
    let close = rest.iter().position(|byte| *byte == b']')?;
    one_space(&rest[close + 1..])
}

/// `web-1  | payload`.
fn compose(line: &[u8]) -> Option<&[u8]> {
    let name = line
        .iter()
        .take_while(|byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'@')
        })
        .count();
    let spaces = line[name..]
        .iter()
        .take_while(|byte| **byte == b' ')
        .count();
    let rest = line[name + spaces..].strip_prefix(b"|")?;
    (name > 0 && spaces > 0).then(|| rest.strip_prefix(b" ").unwrap_or(rest))
}

/// `2026/11/21 09:35:34 payload`, with microseconds or not (Go package log).
fn go_log(line: &[u8]) -> Option<&[u8]> {
    let rest = date(line, b'/')?.strip_prefix(b" ")?;
    one_space(fraction(time(rest)?))
}

/// `I1121 09:35:34.123456      12 file.go:34] payload`.
fn klog(line: &[u8]) -> Option<&[u8]> {
    let rest = line
        .strip_prefix(b"I")
        .or_else(|| line.strip_prefix(b"W"))
        .or_else(|| line.strip_prefix(b"E"))?;
    let (day, rest) = rest.split_at_checked(4)?;
    if !day.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let rest = fraction(time(rest.strip_prefix(b" ")?)?);
    let close = rest.iter().take(120).position(|byte| *byte == b']')?;
    one_space(&rest[close + 1..])
}

fn date(line: &[u8], separator: u8) -> Option<&[u8]> {
    let (date, rest) = line.split_at_checked(10)?;
    let shape = date.iter().enumerate().all(|(at, byte)| match at {
        4 | 7 => *byte == separator,
        _ => byte.is_ascii_digit(),
    });
    shape.then_some(rest)
}

fn time(line: &[u8]) -> Option<&[u8]> {
    let (time, rest) = line.split_at_checked(8)?;
    let shape = time.iter().enumerate().all(|(at, byte)| match at {
        2 | 5 => *byte == b':',
        _ => byte.is_ascii_digit(),
    });
    shape.then_some(rest)
}

fn fraction(rest: &[u8]) -> &[u8] {
    match rest.first() {
        Some(b'.' | b',') => {
            let digits = rest[1..]
                .iter()
                .take_while(|byte| byte.is_ascii_digit())
                .count();
            if digits > 0 {
                &rest[1 + digits..]
            } else {
                rest
            }
        }
        _ => rest,
    }
}

fn one_space(rest: &[u8]) -> Option<&[u8]> {
    rest.strip_prefix(b" ")
}

/// Drops `ESC [ ... letter` sequences.
pub(crate) fn without_colour(line: &[u8]) -> Cow<'_, [u8]> {
    if !line.contains(&0x1b) {
        return Cow::Borrowed(line);
    }
    let mut plain = Vec::with_capacity(line.len());
    let mut rest = line;
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        if byte != 0x1b {
            plain.push(byte);
            continue;
        }
        if let Some(sequence) = tail.strip_prefix(b"[") {
            let end = sequence
                .iter()
                .position(|byte| (0x40..=0x7e).contains(byte));
            rest = end.map_or(&[][..], |end| &sequence[end + 1..]);
        }
    }
    Cow::Owned(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payload(line: &str) -> Option<(String, Option<Stream>, bool)> {
        unwrap(line.as_bytes()).map(|it| {
            (
                String::from_utf8_lossy(&it.payload).into_owned(),
                it.stream,
                it.continues,
            )
        })
    }

    #[test]
    fn every_known_wrapper_comes_off() {
        for (line, stream) in [
            (
                r#"{"log":"gc 1 @0.1s\n","stream":"stderr","time":"2026-11-21T09:35:34.123456789Z"}"#,
                Some(Stream::Stderr),
            ),
            (
                "2026-11-21T09:35:34.123456789Z stderr F gc 1 @0.1s",
                Some(Stream::Stderr),
            ),
            (
                "2026-11-21T09:35:34.123456789+01:00 stdout F gc 1 @0.1s",
                Some(Stream::Stdout),
            ),
            ("2026-11-21T09:35:34.123456789Z gc 1 @0.1s", None),
            (
                "2026-11-21T09:35:34+0000 host server[812]: gc 1 @0.1s",
                None,
            ),
            ("Nov 21 09:35:34 host server[812]: gc 1 @0.1s", None),
            ("Nov  1 09:35:34.123456 host server[812]: gc 1 @0.1s", None),
            ("Nov 21 09:35:34 gc 1 @0.1s", None),
            ("Nov 21 09:35:34 server[812]: gc 1 @0.1s", None),
            (
                "2026-11-21T09:35:34.123456+00:00 app[web.1]: gc 1 @0.1s",
                None,
            ),
            (
                r#"{"time":"x","stream":"stderr","logtag":"F","message":"gc 1 @0.1s"}"#,
                Some(Stream::Stderr),
            ),
            (
                r#"{"textPayload":"gc 1 @0.1s\n","timestamp":"x","severity":"ERROR"}"#,
                None,
            ),
            (r#"{"MESSAGE":"gc 1 @0.1s","_PID":"812"}"#, None),
            (
                r#"{"labels":{"app":"web"},"line":"gc 1 @0.1s","timestamp":"x"}"#,
                None,
            ),
            ("web-1  | gc 1 @0.1s", None),
            ("web_1 | 2026-11-21T09:35:34.123Z gc 1 @0.1s", None),
            ("[pod/web-5d8/server] gc 1 @0.1s", None),
            ("2026/11/21 09:35:34 gc 1 @0.1s", None),
            ("2026/11/21 09:35:34.123456 gc 1 @0.1s", None),
            ("I1121 09:35:34.123456      12 main.go:34] gc 1 @0.1s", None),
            ("\u{1b}[36mweb-1  | \u{1b}[0mgc 1 @0.1s", None),
            ("\u{1b}[31mgc 1 @0.1s\u{1b}[0m", None),
        ] {
            assert_eq!(
                payload(line),
                Some(("gc 1 @0.1s".to_owned(), stream, false)),
                "{line}"
            );
        }
    }

    #[test]
    fn parts_of_lines_are_told_apart() {
        assert_eq!(
            payload("2026-11-21T09:35:34.1Z stderr P gc 1 "),
            Some(("gc 1 ".to_owned(), Some(Stream::Stderr), true))
        );
        assert_eq!(
            payload(r#"{"log":"gc 1 ","stream":"stderr","time":"x"}"#),
            Some(("gc 1 ".to_owned(), Some(Stream::Stderr), true))
        );
        assert_eq!(
            payload("2026-11-21T09:35:34.1Z stderr F"),
            Some((String::new(), Some(Stream::Stderr), false))
        );
    }

    #[test]
    fn other_lines_are_left_alone() {
        for line in [
            "",
            "gc 1 @0.1s",
            "hello | world of pipes",
            "{\"msg\":\"json of an application\"}",
            "{\"message\":\"gc 1 @0.1s\",\"level\":\"info\"}",
            "{\"line\":12,\"labels\":{}}",
            "2026-11-21 nothing",
            "Nov nothing",
            "a|b",
            "Info: x",
        ] {
            let found = payload(line);
            assert!(
                found.is_none() || line == "hello | world of pipes",
                "{line}: {found:?}"
            );
        }
    }

    #[test]
    fn indentation_survives() {
        assert_eq!(
            payload("2026-11-21T09:35:34Z stderr F   P0: status=1")
                .map(|it| it.0)
                .as_deref(),
            Some("  P0: status=1")
        );
        assert_eq!(
            payload("2026-11-21T09:35:34Z stderr F \tmain.go:12")
                .map(|it| it.0)
                .as_deref(),
            Some("\tmain.go:12")
        );
    }
}
