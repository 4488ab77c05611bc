//! The values of a line that holds several: JSON whole or in part, logfmt, CSV, YAML.

use std::borrow::Cow;

/// Fields looked at in one line.
const MOST_FIELDS: usize = 20_000;

/// One value with its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field<'a> {
    /// What it is called, or for a column of CSV its number.
    pub key: Key<'a>,
    raw: &'a [u8],
    quoting: Quoting,
}

/// How a value is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Key<'a> {
    /// By a name.
    Named(&'a [u8]),
    /// By its place, from 0.
    Column(usize),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quoting {
    /// `\n`, `\"`, `\u003e`.
    Escapes,
    /// `""`, or `''`, stands for one.
    Doubled(u8),
    Bare,
}

/// The values of a line, in order.
#[derive(Debug, Clone)]
pub struct Fields<'a> {
    line: &'a [u8],
    at: usize,
    key: Option<&'a [u8]>,
    column: usize,
    left: usize,
    csv: bool,
}

impl<'a> Fields<'a> {
    /// Takes a line apart. Lines that hold no such values give none.
    #[must_use]
    pub fn of(line: &'a [u8]) -> Self {
        let json = matches!(line.trim_ascii_start().first(), Some(b'{' | b'['));
        Self {
            line,
            at: 0,
            key: None,
            column: 0,
            left: MOST_FIELDS,
            csv: !json,
        }
    }

    /// A string that begins behind the quote at `open`: its content, and where it ends.
    fn quoted(&self, open: usize) -> (&'a [u8], usize, bool) {
        let quote = self.line[open];
        let start = open + 1;
        let mut at = start;
        while let Some(step) =
            memchr::memchr2(quote, b'\\', self.line.get(at..).unwrap_or_default())
        {
            let found = at + step;
            let byte = self.line[found];
            let escape = byte == b'\\' && quote == b'"';
            let doubled =
                byte == quote && self.line.get(found + 1) == Some(&quote) && found > start;
            if escape || doubled {
                at = found + 2;
            } else if byte == quote {
                return (&self.line[start..found], found + 1, true);
            } else {
                at = found + 1;
            }
        }
        (&self.line[start..], self.line.len(), false)
    }

    /// A word before `=` or `: `, that begins a line or follows a separator.
    fn name_before(&self, end: usize) -> Option<&'a [u8]> {
        let head = &self.line[..end];
        let start = head
            .iter()
            .rposition(|byte| {
                !(byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'@'))
            })
            .map_or(0, |at| at + 1);
        (start < end).then(|| &head[start..])
    }

    fn string(&mut self, open: usize) -> Option<Field<'a>> {
        let quote = self.line[open];
        let (raw, end, closed) = self.quoted(open);
        let before = self.line[..open].trim_ascii_end();
        let inner = match before.last() {
            Some(b'=') => self.name_before(before.len() - 1),
            Some(b':') if self.key.is_none() => self.name_before(before.len() - 1),
            _ => None,
        };
        self.at = end;
        let after = self.line[end..].trim_ascii_start();
        // Of JSON, and of Ruby as Fluentd and Fluent Bit print it.
        let names = after.first() == Some(&b':') || after.starts_with(b"=>");
        if inner.is_none() && closed && names {
            self.key = Some(raw);
            return None;
        }
        let doubled = quote == b'\'' || (self.csv && inner.is_none() && !raw.contains(&b'\\'));
        let key = match inner.or(self.key.take()) {
            Some(name) => Key::Named(name),
            None => Key::Column(self.column),
        };
        Some(Field {
            key,
            raw,
            quoting: if doubled {
                Quoting::Doubled(quote)
            } else {
                Quoting::Escapes
            },
        })
    }

    fn bare(&self, from: usize, end: usize, key: Key<'a>) -> Field<'a> {
        Field {
            key,
            raw: &self.line[from..end],
            quoting: Quoting::Bare,
        }
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Field<'a>;

    fn next(&mut self) -> Option<Field<'a>> {
        while self.left > 0 {
            let rest = self.line.get(self.at..)?;
            let step = rest
                .iter()
                .position(|byte| matches!(byte, b'"' | b'\'' | b',' | b'=' | b':' | b'{'))?;
            let at = self.at + step;
            self.at = at + 1;
            match self.line[at] {
                b'"' => {
                    self.left -= 1;
                    if let Some(field) = self.string(at) {
                        return Some(field);
                    }
                }
                // An apostrophe within a word is none.
                b'\''
                    if at == 0
                        || matches!(self.line[at - 1], b' ' | b',' | b'[' | b'{' | b'=' | b'(') =>
                {
                    self.left -= 1;
                    if let Some(field) = self.string(at) {
                        return Some(field);
                    }
                }
                b',' => {
                    self.column += 1;
                    let next = self.line.get(at + 1);
                    if self.csv
                        && next.is_some_and(|byte| !matches!(byte, b'"' | b'\'' | b' ' | b'{'))
                    {
                        let end = memchr::memchr(b',', &self.line[at + 1..]);
                        let end = end.map_or(self.line.len(), |length| at + 1 + length);
                        self.left -= 1;
                        return Some(self.bare(at + 1, end, Key::Column(self.column)));
                    }
                }
                b'=' => {
                    let next = self.line.get(at + 1);
                    let is_bare = next.is_none_or(|byte| !matches!(byte, b'"' | b'\''));
                    if is_bare && let Some(name) = self.name_before(at) {
                        let end = memchr::memchr(b' ', &self.line[at + 1..]);
                        let end = end.map_or(self.line.len(), |length| at + 1 + length);
                        self.left -= 1;
                        return Some(self.bare(at + 1, end, Key::Named(name)));
                    }
                }
                // `key: value` of YAML, which takes the rest of the line.
                b':' if self.csv && self.key.is_none() => {
                    let name = self.name_before(at);
                    let indented = self.line[..at].trim_ascii_start();
                    let indented = indented.strip_prefix(b"- ").unwrap_or(indented);
                    let begins = name.is_some_and(|name| name.len() == indented.len());
                    let behind = self.line.get(at + 1..at + 3);
                    let is_bare = behind.is_some_and(|it| {
                        it[0] == b' ' && !matches!(it[1], b'"' | b'\'' | b'|' | b'>')
                    });
                    if begins
                        && is_bare
                        && let Some(name) = name
                    {
                        self.at = self.line.len();
                        self.left -= 1;
                        return Some(self.bare(at + 2, self.line.len(), Key::Named(name)));
                    }
                }
                _ => {}
            }
        }
        None
    }
}

impl<'a> Field<'a> {
    /// The value without its quoting.
    #[must_use]
    pub fn value(&self) -> Cow<'a, [u8]> {
        match self.quoting {
            Quoting::Bare => Cow::Borrowed(self.raw),
            Quoting::Escapes if !self.raw.contains(&b'\\') => Cow::Borrowed(self.raw),
            Quoting::Escapes => Cow::Owned(unescape(self.raw)),
            Quoting::Doubled(quote) if !self.raw.contains(&quote) => Cow::Borrowed(self.raw),
            Quoting::Doubled(quote) => {
                let mut value = Vec::with_capacity(self.raw.len());
                let mut bytes = self.raw.iter();
                while let Some(byte) = bytes.next() {
                    value.push(*byte);
                    if *byte == quote {
                        bytes.next();
                    }
                }
                Cow::Owned(value)
            }
        }
    }
}

/// Takes the escapes of JSON and of Go's `%q` off; unknown ones stay.
pub(super) fn unescape(raw: &[u8]) -> Vec<u8> {
    let mut value = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'\\' {
            value.push(byte);
            continue;
        }
        let Some((&kind, after)) = rest.split_first() else {
            value.push(byte);
            break;
        };
        rest = after;
        match kind {
            b'n' => value.push(b'\n'),
            b't' => value.push(b'\t'),
            b'r' => value.push(b'\r'),
            b'b' => value.push(8),
            b'f' => value.push(12),
            b'u' | b'x' => {
                let digits = if kind == b'u' { 4 } else { 2 };
                let code = rest
                    .get(..digits)
                    .and_then(|text| std::str::from_utf8(text).ok())
                    .and_then(|text| u32::from_str_radix(text, 16).ok());
                if let Some(character) = code.and_then(char::from_u32) {
                    value.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                    rest = &rest[digits..];
                } else {
                    value.extend_from_slice(&[b'\\', kind]);
                }
            }
            other => value.push(other),
        }
    }
    value
}

/// Names of the process, pod or host that wrote a record, by the fields that collectors call so.
pub(crate) fn identity(line: &[u8]) -> Vec<u8> {
    const KEYS: [&str; 24] = [
        "pod",
        "pod_name",
        "podName",
        "k8s.pod.name",
        "kubernetes.pod_name",
        "container_id",
        "container_name",
        "containerName",
        "host",
        "hostname",
        "_HOSTNAME",
        "_PID",
        "instance",
        "instance_id",
        "logStreamName",
        "log_stream",
        "logStream",
        "service.instance.id",
        "task_id",
        "dyno",
        "source_id",
        "roleInstance",
        "node_name",
        "ContainerID",
    ];
    const LONGEST_BYTES: usize = 160;
    let mut name = Vec::new();
    for field in Fields::of(line) {
        if let Key::Named(key) = field.key
            && KEYS.iter().any(|own| own.as_bytes() == key)
            && name.len() < LONGEST_BYTES
        {
            name.push(b' ');
            name.extend_from_slice(&field.raw[..field.raw.len().min(LONGEST_BYTES)]);
        }
    }
    name
}

/// What was thrown, by the fields that loggers put alongside a stack, which is in the field `stack`.
pub(crate) fn announced(line: &[u8], stack: Option<Key<'_>>) -> Option<Vec<u8>> {
    const KEYS: [&str; 10] = [
        "panic",
        "recover",
        "recovered",
        "panicValue",
        "error",
        "err",
        "reason",
        "exception",
        "message",
        "msg",
    ];
    let found = |wanted: &str| {
        let key = Key::Named(wanted.as_bytes());
        let fits = |field: &Field<'_>| {
            field.key == key && !field.raw.is_empty() && !field.raw.starts_with(b"goroutine ")
        };
        Fields::of(line).find(fits).filter(|_| stack != Some(key))
    };
    let field = KEYS.iter().find_map(|key| found(key))?;
    let value = field.value();
    let first = value.split(|byte| *byte == b'\n').next();
    Some(first.unwrap_or_default().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(line: &str) -> Vec<(String, String)> {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Fields::of(line.as_bytes())
            .map(|field| {
                let key = match field.key {
                    Key::Named(name) => text(name),
                    Key::Column(number) => number.to_string(),
                };
                (key, text(&field.value()))
            })
            .collect()
    }

    #[test]
    fn every_form_gives_its_values() {
        for (line, key, value) in [
            (
                r#"{"level":"info","message":"a \u003e \"b\"\n"}"#,
                "message",
                "a > \"b\"\n",
            ),
            (
                r#"[{"textPayload": "main.main()"}, {"x": 1}]"#,
                "textPayload",
                "main.main()",
            ),
            (
                r#"            "message": "\t/src/main.go:9","#,
                "message",
                "\t/src/main.go:9",
            ),
            (
                r#"[0] kube.web: [[1714550400.1, {}], {"log": "main.f(...)", "stream": "stderr"}]"#,
                "log",
                "main.f(...)",
            ),
            (
                r#"ts=2024-05-01T10:00:00Z app=web line="\t/src/main.go:9""#,
                "line",
                "\t/src/main.go:9",
            ),
            (
                r"ts=2024-05-01T10:00:00Z app=web line=main.main()",
                "line",
                "main.main()",
            ),
            (
                r#""May 1, 2024 @ 10:00:00.000","say ""x"" now""#,
                "1",
                "say \"x\" now",
            ),
            (
                "2024-05-01T10:00:00.1Z,host1,web,main.main()",
                "3",
                "main.main()",
            ),
            (
                r#"textPayload: "\t/src/main.go:9""#,
                "textPayload",
                "\t/src/main.go:9",
            ),
            ("textPayload: main.main()", "textPayload", "main.main()"),
            (
                "- textPayload: 'goroutine 1 [running]:'",
                "textPayload",
                "goroutine 1 [running]:",
            ),
        ] {
            let found = of(line);
            assert!(
                found.contains(&(key.to_owned(), value.to_owned())),
                "{line}: {found:?}"
            );
        }
    }

    #[test]
    fn plain_text_gives_none() {
        for line in [
            "",
            "hello, world",
            "it's fine",
            "goroutine 1 [running]:",
            "\t/src/main.go:9 +0x1d",
        ] {
            assert!(
                of(line).iter().all(|(_, value)| value.trim().len() < 8),
                "{line}: {:?}",
                of(line)
            );
        }
    }
}
