//! The form of what stands before a line of the runtime's, so that the same can be taken off the lines that follow.

use std::borrow::Cow;

/// Longest prefix that is remembered.
const LONGEST_PREFIX_BYTES: usize = 512;
/// Longest name of a writer.
const LONGEST_WRITER_BYTES: usize = 160;

/// A prefix with its variable parts (times, counters, levels) left open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Template {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    /// A word or a separator that has to be the same.
    Same(Vec<u8>),
    /// A word that may differ.
    Varying,
    /// At least one space.
    Spaces,
    /// Exactly so many spaces: the last ones, behind which the line may be indented.
    LastSpaces(usize),
}

impl Template {
    /// The form of a prefix; `None` if it is empty or too long to be one.
    pub(crate) fn of(prefix: &[u8]) -> Option<Self> {
        if prefix.is_empty() || prefix.len() > LONGEST_PREFIX_BYTES {
            return None;
        }
        let mut parts = Vec::new();
        let mut rest = prefix;
        while let Some((token, after)) = token(rest) {
            parts.push(match token {
                Token::Spaces(count) if after.is_empty() => Part::LastSpaces(count),
                Token::Spaces(_) => Part::Spaces,
                Token::Word(word) if varies(word, &prefix[..prefix.len() - rest.len()]) => {
                    Part::Varying
                }
                Token::Word(text) | Token::Mark(text) => Part::Same(text.to_vec()),
            });
            rest = after;
        }
        Some(Self { parts })
    }

    /// The line behind the prefix; `None` if it begins otherwise.
    pub(crate) fn strip<'a>(&self, line: &'a [u8]) -> Option<&'a [u8]> {
        let mut rest = line;
        for (at, part) in self.parts.iter().enumerate() {
            // Collectors cut the spaces off a line that holds nothing else.
            if rest.is_empty() && at + 1 == self.parts.len() && at > 0 {
                return matches!(part, Part::LastSpaces(_)).then_some(rest);
            }
            if let Part::LastSpaces(count) = part {
                let there = rest.iter().take_while(|byte| **byte == b' ').count();
                return (there > 0).then(|| &rest[there.min(*count)..]);
            }
            let (token, after) = token(rest)?;
            let fits = match (part, token) {
                (Part::Same(text), Token::Word(other) | Token::Mark(other)) => text == other,
                (Part::Varying, Token::Word(word)) => {
                    varies(word, &line[..line.len() - rest.len()])
                }
                (Part::Spaces, Token::Spaces(_)) => true,
                _ => false,
            };
            if !fits {
                return None;
            }
            rest = after;
        }
        Some(rest)
    }
}

/// Who wrote a line, by what stands before its content: the words that do not vary. Empty if nothing tells.
pub(crate) fn writer(prefix: &[u8]) -> Vec<u8> {
    let mut name = Vec::new();
    let mut rest = &prefix[..prefix.len().min(LONGEST_PREFIX_BYTES)];
    let whole = rest;
    let mut has_word = false;
    while let Some((token, after)) = token(rest) {
        let before = &whole[..whole.len() - rest.len()];
        match token {
            Token::Spaces(_) => {}
            Token::Word(word) if varies(word, before) => {}
            Token::Word(word) => {
                has_word = true;
                name.push(b' ');
                name.extend_from_slice(word);
            }
            Token::Mark(mark) => name.extend_from_slice(mark),
        }
        rest = after;
    }
    name.truncate(LONGEST_WRITER_BYTES);
    if has_word { name } else { Vec::new() }
}

enum Token<'a> {
    Word(&'a [u8]),
    /// A separator.
    Mark(&'a [u8]),
    Spaces(usize),
}

fn token(rest: &[u8]) -> Option<(Token<'_>, &[u8])> {
    let first = *rest.first()?;
    if first == b' ' {
        let count = rest.iter().take_while(|byte| **byte == b' ').count();
        return Some((Token::Spaces(count), &rest[count..]));
    }
    let length = rest.iter().take_while(|byte| in_word(**byte)).count();
    Some(if length == 0 {
        (Token::Mark(&rest[..1]), &rest[1..])
    } else {
        (Token::Word(&rest[..length]), &rest[length..])
    })
}

const fn in_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'_' | b'.' | b':' | b'+' | b'/' | b'@' | b'-' | b',')
        || byte >= 0x80
}

/// Whether a word differs from line to line: a time, a counter, a level.
fn varies(word: &[u8], before: &[u8]) -> bool {
    const WORDS: [&str; 38] = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec", "mon",
        "tue", "wed", "thu", "fri", "sat", "sun", "utc", "am", "pm", "info", "warn", "warning",
        "error", "err", "debug", "trace", "fatal", "panic", "critical", "erro", "debu", "trac",
        "fata", "notice", "pani",
    ];
    let trimmed: Cow<'_, [u8]> = Cow::Borrowed(word.strip_prefix(b"@").unwrap_or(word));
    let lower = trimmed.to_ascii_lowercase();
    let bare = lower
        .strip_suffix(b":")
        .or(lower.strip_suffix(b","))
        .unwrap_or(&lower);
    if WORDS.iter().any(|own| own.as_bytes() == bare) {
        return true;
    }
    let digits = word.iter().filter(|byte| byte.is_ascii_digit()).count();
    if digits == 0 {
        return false;
    }
    let hexadecimal = trimmed.len() >= 16 && trimmed.iter().all(u8::is_ascii_hexdigit);
    let klog = word.len() == 5 && b"IWEF".contains(&word[0]) && digits == 4;
    let dots = word.iter().filter(|byte| **byte == b'.').count();
    let address = dots == 3
        && word
            .iter()
            .all(|byte| byte.is_ascii_digit() || *byte == b'.');
    // `unit[123]` is a process; `INFO[0012]` is a time.
    let process = before.last() == Some(&b'[') && {
        let name = &before[..before.len() - 1];
        let start = name.iter().rposition(|byte| !byte.is_ascii_alphanumeric());
        let name = &name[start.map_or(0, |at| at + 1)..];
        !name.is_empty() && !varies(name, b"")
    };
    let like_time = word
        .iter()
        .all(|byte| !byte.is_ascii_alphabetic() || matches!(byte, b'T' | b'Z'))
        && word[0] != b'_';
    !address && !process && (like_time || hexadecimal || klog)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_comes_off_the_lines_that_follow() {
        for (prefix, next, payload) in [
            (
                "2024-05-01T10:00:00.000Z\tINFO\truntime/x.go:1\t",
                "2024-05-01T10:00:07.5Z\tERROR\truntime/x.go:1\t\t/src/main.go:9",
                Some("\t/src/main.go:9"),
            ),
            (
                "web-6d9f7c api ",
                "web-6d9f7c api   P0: status=1",
                Some("  P0: status=1"),
            ),
            ("web-6d9f7c api ", "web-6d9f7c api", Some("")),
            ("web-6d9f7c api ", "web-77777c api x", None),
            (
                "@4000000066321b8a0c6c6d5c ",
                "@4000000066321b8b0c6c6d5d main.main()",
                Some("main.main()"),
            ),
            ("INFO[0000] ", "INFO[0012] main.main()", Some("main.main()")),
            (
                "build\tRun tests\t2024-05-01T10:00:00.1234567Z ",
                "build\tRun tests\t2024-05-01T10:00:01.1Z x",
                Some("x"),
            ),
            (
                "May  1 10:00:00 host1 api: ",
                "May 10 10:00:03 host1 api: x",
                Some("x"),
            ),
            ("api[123]: ", "api[124]: x", None),
        ] {
            let template = Template::of(prefix.as_bytes()).expect("short enough");
            let found = template.strip(next.as_bytes());
            assert_eq!(found, payload.map(str::as_bytes), "{prefix}");
        }
    }

    #[test]
    fn writers_are_told_apart_and_times_are_not() {
        let of = |prefix: &str| String::from_utf8(writer(prefix.as_bytes())).unwrap();
        assert_eq!(
            of("2024-05-01T10:00:00Z host1 api[12]: "),
            of("2025-06-02T11:00:00Z host1 api[12]: ")
        );
        assert_ne!(of("[pod/web-a/api] "), of("[pod/web-b/api] "));
        assert_ne!(
            of("May  1 10:00:00 10.0.0.1 api: "),
            of("May  1 10:00:00 10.0.0.2 api: ")
        );
        assert_eq!(of("2024/05/01 10:00:00 "), "");
    }
}
