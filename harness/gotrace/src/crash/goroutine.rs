//! Goroutine headers and stack frames of a dump.

use crate::scan::{Cursor, find};

/// One goroutine of a dump.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Goroutine {
    /// Its number.
    pub id: u64,
    /// What it does or waits for: `running`, `chan receive`, `sync.Mutex.Lock`, `IO wait`.
    pub state: String,
    /// Whole minutes that it has waited; printed from one minute on.
    pub wait_minutes: Option<u64>,
    /// Locked to its thread.
    pub locked_to_thread: bool,
    /// Found to be leaked (Go 1.26 on).
    pub leaked: bool,
    /// Text between braces after the state: profiling labels (`tracebacklabels=1`).
    pub labels: Option<String>,
    /// Its stack, innermost call first.
    pub frames: Vec<Frame>,
    /// Frames were left out by the runtime or by this parser's bound.
    pub frames_elided: bool,
    /// Which call started it; absent for the main goroutine.
    pub created_by: Option<CreatedBy>,
}

/// One call of a stack.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frame {
    /// Function name with its package path, e.g. `net/http.(*conn).serve`.
    pub function: String,
    /// Source file as compiled in; empty if the dump does not tell.
    pub file: String,
    /// Line in it; 0 if the dump does not tell.
    pub line: u64,
}

/// The `go` statement that started a goroutine.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CreatedBy {
    /// The function that holds it, and where.
    pub frame: Frame,
    /// The goroutine that ran it (Go 1.21 on).
    pub goroutine: Option<u64>,
}

impl Goroutine {
    /// Reads a header: `goroutine 18 gp=0xc000 m=3 mp=0xc1 [chan receive, 5 minutes]:`.
    pub(super) fn parse_header(line: &[u8]) -> Option<Self> {
        let mut cursor = Cursor::new(line);
        cursor.literal(b"goroutine ")?;
        let id = cursor.unsigned()?;
        // Between the number and the state only words like `gp=0xc000002380 m=nil` may stand.
        let between = cursor.until(b"[")?;
        if between.first() != Some(&b' ') || between.contains(&b']') {
            return None;
        }
        let inside = cursor.until(b"]")?;
        let labels = if cursor.optional(b" {") {
            let body = cursor.rest().strip_suffix(b":").unwrap_or(cursor.rest());
            Some(text(body.strip_suffix(b"}").unwrap_or(body)))
        } else {
            cursor.literal(b":")?;
            None
        };
        let mut goroutine = Self {
            id,
            labels,
            ..Self::default()
        };
        goroutine.read_state(&text(inside));
        Some(goroutine)
    }

    fn read_state(&mut self, inside: &str) {
        let mut parts = inside.split(", ");
        let state = parts.next().unwrap_or_default();
        let state = state.strip_suffix(" (scan)").unwrap_or(state);
        self.leaked = state.ends_with(" (leaked)");
        state
            .strip_suffix(" (leaked)")
            .unwrap_or(state)
            .clone_into(&mut self.state);
        for part in parts {
            if part == "locked to thread" {
                self.locked_to_thread = true;
            } else if let Some(minutes) = part.strip_suffix(" minutes") {
                self.wait_minutes = minutes.parse().ok();
            }
        }
    }
}

impl Frame {
    /// Reads `main.(*T).f(0x1, {0x2, 0x3})`; the arguments are dropped.
    pub(super) fn parse_call(line: &[u8]) -> Option<Self> {
        if line.first().is_none_or(u8::is_ascii_whitespace) || line.last() != Some(&b')') {
            return None;
        }
        let mut depth = 0_usize;
        let open = line.iter().rposition(|byte| {
            match byte {
                b')' => depth += 1,
                b'(' => depth -= 1,
                _ => {}
            }
            depth == 0
        })?;
        let name = &line[..open];
        // Names of methods of unnamed structs hold spaces, within braces.
        let plain = !name.contains(&b' ') || name.contains(&b'{');
        (!name.is_empty() && plain).then(|| Self {
            function: text(name),
            ..Self::default()
        })
    }

    /// Reads `runtime.throw` alone on its line, as gccgo prints calls.
    pub(super) fn parse_bare_call(line: &[u8]) -> Option<Self> {
        const LONGEST_NAME_BYTES: usize = 512;
        let in_name = |byte: &u8| {
            byte.is_ascii_alphanumeric()
                || byte.is_ascii_punctuation() && !b"\"',;:!?=".contains(byte)
        };
        let dot = line.iter().rposition(|byte| *byte == b'.')?;
        let fits = dot > 0
            && dot + 1 < line.len()
            && line.len() <= LONGEST_NAME_BYTES
            && line.iter().all(in_name)
            && (line[0].is_ascii_alphabetic() || line[0] == b'_');
        fits.then(|| Self {
            function: text(line),
            ..Self::default()
        })
    }

    /// Adds `/src/main.go:12 +0x1d fp=0x1 sp=0x2 pc=0x3`, indented by a tab, or by spaces where
    /// an issue tracker has replaced it. False if the line is none.
    pub(super) fn add_position(&mut self, line: &[u8]) -> bool {
        let Some((file, number)) = position(line) else {
            return false;
        };
        self.file = file;
        self.line = number;
        true
    }

    /// The same without indentation, which only a source file's name makes certain.
    pub(super) fn add_bare_position(&mut self, line: &[u8]) -> bool {
        const ENDS: [&str; 12] = [
            ".go",
            ".s",
            ".S",
            ".c",
            ".cc",
            ".cpp",
            ".cxx",
            ".h",
            ".m",
            ".y",
            ".goc",
            "<autogenerated>",
        ];
        let Some((file, number)) = place(line) else {
            return false;
        };
        if !ENDS.iter().any(|end| file.ends_with(end)) {
            return false;
        }
        self.file = file;
        self.line = number;
        true
    }
}

impl CreatedBy {
    /// Reads `created by main.main in goroutine 1`.
    pub(super) fn parse(line: &[u8]) -> Option<Self> {
        let body = line.strip_prefix(b"created by ")?;
        let (name, goroutine) = match find(body, b" in goroutine ") {
            Some(at) => (
                &body[..at],
                Cursor::new(&body[at + b" in goroutine ".len()..]).unsigned(),
            ),
            None => (body, None),
        };
        Some(Self {
            frame: Frame {
                function: text(name),
                ..Frame::default()
            },
            goroutine,
        })
    }
}

fn position(line: &[u8]) -> Option<(String, u64)> {
    let body = line.trim_ascii_start();
    if body.len() == line.len() {
        return None;
    }
    place(body)
}

/// `/src/main.go:12`, with offset and registers behind it or not: Go prints no offset at a function's first
/// instruction.
fn place(body: &[u8]) -> Option<(String, u64)> {
    let end = [&b" +0x"[..], b" fp=0x", b" pc=0x"]
        .iter()
        .filter_map(|mark| find(body, mark))
        .min()
        .unwrap_or(body.len());
    let place = body[..end].trim_ascii_end();
    let colon = place.iter().rposition(|byte| *byte == b':')?;
    let mut cursor = Cursor::new(&place[colon + 1..]);
    let number = cursor.unsigned()?;
    (cursor.at_end() && colon > 0).then(|| (text(&place[..colon]), number))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(line: &str) -> Goroutine {
        Goroutine::parse_header(line.as_bytes()).expect(line)
    }

    #[test]
    fn headers_of_all_forms() {
        let plain = header("goroutine 1 [running]:");
        assert_eq!(
            (plain.id, plain.state.as_str(), plain.wait_minutes),
            (1, "running", None)
        );
        let waiting = header(
            "goroutine 18 gp=0xc000002380 m=nil [chan receive, 5 minutes, locked to thread]:",
        );
        assert_eq!(
            (
                waiting.state.as_str(),
                waiting.wait_minutes,
                waiting.locked_to_thread
            ),
            ("chan receive", Some(5), true)
        );
        let idle = header("goroutine 3 [force gc (idle), 2 minutes]:");
        assert_eq!(idle.state, "force gc (idle)");
        let leaked = header("goroutine 9 [chan send (leaked) (scan)]:");
        assert_eq!((leaked.state.as_str(), leaked.leaked), ("chan send", true));
        let labelled = header("goroutine 7 [sleep] {route: /json, \"a b\": c}:");
        assert_eq!(labelled.labels.as_deref(), Some("route: /json, \"a b\": c"));
        assert!(Goroutine::parse_header(b"goroutine profile: total 5").is_none());
        assert!(Goroutine::parse_header(b"goroutine 5 of many").is_none());
    }

    #[test]
    fn calls_and_positions() {
        for (line, name) in [
            ("main.main()", "main.main"),
            (
                "net/http.(*conn).serve(0xc000, {0x1, 0x2})",
                "net/http.(*conn).serve",
            ),
            ("main.f[...](...)", "main.f[...]"),
            ("main.(*T).g.func1()", "main.(*T).g.func1"),
            ("sync.(*Mutex).Lock(...)", "sync.(*Mutex).Lock"),
        ] {
            assert_eq!(
                Frame::parse_call(line.as_bytes()).expect(line).function,
                name
            );
        }
        for line in [
            "",
            ")",
            "no call here",
            "server started (port 80)",
            "\tmain.go:3",
            "a)b)",
        ] {
            assert!(Frame::parse_call(line.as_bytes()).is_none(), "{line}");
        }
        let mut frame = Frame::default();
        assert!(frame.add_position(b"\tc:/src/main.go:12 +0x1d fp=0x1 sp=0x2 pc=0x3"));
        assert_eq!((frame.file.as_str(), frame.line), ("c:/src/main.go", 12));
        assert!(frame.add_position(b"        /src/other.go:7"));
        assert!(!frame.add_position(b"/src/other.go:7"));
        let by = CreatedBy::parse(b"created by net/http.(*Server).Serve in goroutine 1")
            .expect("created by");
        assert_eq!(
            (by.frame.function.as_str(), by.goroutine),
            ("net/http.(*Server).Serve", Some(1))
        );
        assert_eq!(
            CreatedBy::parse(b"created by main.main")
                .expect("older form")
                .goroutine,
            None
        );
    }
}
