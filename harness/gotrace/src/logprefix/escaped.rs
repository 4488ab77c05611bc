//! A dump of goroutines that a logger or collector wrote into one line.

use super::fields::unescape;
use crate::crash::goroutine_header_at;
use crate::scan::find;

/// How the end of a line was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    /// As many backslashes and an `n`: one for each time that it was quoted, and those doubled again.
    Backslashes(usize),
    /// Something else that stands for it.
    Code(&'static [u8]),
}

/// rsyslog's octal code, and what JSON and URLs know.
const CODES: [&[u8]; 6] = [b"#012", b"\\012", b"\\u000a", b"\\u000A", b"\\x0a", b"%0A"];

/// The lines of such a dump with what stands before it in the same value; `None` if the line holds none.
pub(crate) fn dump_in_one_line(line: &[u8]) -> Option<Vec<u8>> {
    let (start, end) = goroutine_header_at(line)?;
    let ending = ending(&line[end..])?;
    let text = match ending {
        Ending::Backslashes(count) => {
            let opened = line[..start]
                .iter()
                .enumerate()
                .rev()
                .find(|(at, byte)| **byte == b'"' && backslashes_before(line, *at) == count - 1)
                .map_or(0, |(at, _)| at + 1);
            let closed = (end..line.len())
                .find(|at| line[*at] == b'"' && backslashes_before(line, *at) == count - 1)
                .map_or(line.len(), |at| at.saturating_sub(count - 1).max(end));
            let mut text = line[opened..closed].to_vec();
            // Every quoting doubles the backslashes.
            let mut left = count;
            while left > 0 {
                text = unescape(&text);
                left /= 2;
            }
            text
        }
        Ending::Code(code) => {
            let mut text = Vec::with_capacity(line.len());
            let mut rest = line;
            while let Some(at) = find(rest, code) {
                text.extend_from_slice(&rest[..at]);
                text.push(b'\n');
                rest = &rest[at + code.len()..];
            }
            text.extend_from_slice(rest);
            text
        }
    };
    // A header alone is one line of a record, whose others follow.
    let (_, header) = goroutine_header_at(&text)?;
    let more = text[header..]
        .iter()
        .any(|byte| !byte.is_ascii_whitespace());
    more.then_some(text)
}

fn ending(rest: &[u8]) -> Option<Ending> {
    if let Some(code) = CODES.iter().find(|code| rest.starts_with(code)) {
        return Some(Ending::Code(code));
    }
    let count = rest.iter().take_while(|byte| **byte == b'\\').count();
    let whole = count > 0 && count.is_power_of_two() && count <= 64;
    (whole && matches!(rest.get(count), Some(b'n' | b'r'))).then_some(Ending::Backslashes(count))
}

fn backslashes_before(line: &[u8], at: usize) -> usize {
    line[..at]
        .iter()
        .rev()
        .take_while(|byte| **byte == b'\\')
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dumps_are_found_however_deep_they_are_quoted() {
        let mut text =
            "panic: \"x\"\n\ngoroutine 1 [running]:\nmain.main()\n\t/src/main.go:9 +0x1".to_owned();
        for _ in 0..3 {
            text = serde_json::to_string(&text).expect("a string");
            let line = format!("level=error msg={text} more=x");
            let found = dump_in_one_line(line.as_bytes()).expect("a dump");
            let found = String::from_utf8_lossy(&found);
            assert_eq!(
                found.lines().last(),
                Some("\t/src/main.go:9 +0x1"),
                "{line}"
            );
            assert!(
                found.contains("\n\ngoroutine 1 [running]:\nmain.main()\n"),
                "{found}"
            );
        }
        let syslog = b"Apr  9 00:05:07 h d[4]: panic: x#012#012goroutine 1 [running]:#012main.main()#012#011/a.go:1";
        let found = dump_in_one_line(syslog).expect("a dump");
        assert!(found.ends_with(b"\nmain.main()\n#011/a.go:1"));
        assert_eq!(dump_in_one_line(b"goroutine 1 [running]:"), None);
        assert_eq!(
            dump_in_one_line(br#"{"log":"goroutine 1 [running]:\n"}"#),
            None
        );
    }
}
