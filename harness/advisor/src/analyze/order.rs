//! Logs whose newest lines come first, as exports of consoles give them.

/// Lines looked at.
const MOST_LINES: usize = 20_000;
/// Steps back that tell.
const ENOUGH: usize = 3;

/// Whether times or the numbers of collections fall from line to line, nearly everywhere.
pub(super) fn is_newest_first(text: &[u8]) -> bool {
    let lines = || text.split(|byte| *byte == b'\n').take(MOST_LINES);
    // Times decide; lines without one are told by their collections' numbers.
    let (up, down) = steps(lines().filter_map(stamp));
    if up + down > 0 {
        return down >= ENOUGH && up * 10 <= down;
    }
    let (up, down) = steps(lines().filter_map(collection));
    down >= ENOUGH && up * 10 <= down
}

fn steps<T: PartialOrd>(values: impl Iterator<Item = T>) -> (usize, usize) {
    let (mut up, mut down) = (0, 0);
    let mut last: Option<T> = None;
    for value in values {
        if let Some(before) = &last {
            up += usize::from(value > *before);
            down += usize::from(value < *before);
        }
        last = Some(value);
    }
    (up, down)
}

/// The text from its last entry to its first. Lines without a time of their own stay behind the one before them, if any
/// line has one.
pub(super) fn turned(text: &[u8]) -> Vec<u8> {
    let lines: Vec<&[u8]> = text.split(|byte| *byte == b'\n').collect();
    let stamped = lines.iter().any(|line| stamp(line).is_some());
    let mut entries: Vec<Vec<&[u8]>> = Vec::new();
    for line in lines {
        match entries.last_mut() {
            Some(entry) if stamped && stamp(line).is_none() => entry.push(line),
            _ => entries.push(vec![line]),
        }
    }
    entries.reverse();
    let mut turned = entries.concat().join(&b'\n');
    turned.push(b'\n');
    turned
}

/// A time as text that sorts: the first `2024-05-01T10:00:00` with its fraction among the first bytes of a line.
fn stamp(line: &[u8]) -> Option<&[u8]> {
    const WITHIN_BYTES: usize = 400;
    const LENGTH: usize = 19;
    let head = &line[..line.len().min(WITHIN_BYTES)];
    let is_stamp = |window: &[u8]| {
        window.iter().enumerate().all(|(at, byte)| match at {
            4 | 7 => matches!(byte, b'-' | b'/'),
            10 => matches!(byte, b'T' | b' '),
            13 | 16 => *byte == b':',
            _ => byte.is_ascii_digit(),
        })
    };
    let start = head.windows(LENGTH).position(is_stamp)?;
    let fraction = line[start + LENGTH..]
        .iter()
        .take_while(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b','))
        .count();
    Some(&line[start..start + LENGTH + fraction])
}

/// The number of a collection.
fn collection(line: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(line).ok()?;
    let (_, rest) = text.split_once("gc ")?;
    let (number, rest) = rest.split_once(" @")?;
    rest.contains("ms clock").then(|| number.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_falling_clock_is_turned_with_its_entries() {
        let text = b"2024-05-01T10:00:03Z c\n2024-05-01T10:00:02Z b\n  more of b\n2024-05-01T10:00:01Z a\n2024-05-01T10:00:00Z z";
        assert!(is_newest_first(text));
        let turned = String::from_utf8(turned(text)).unwrap();
        assert!(
            turned.ends_with(
                "10:00:01Z a\n2024-05-01T10:00:02Z b\n  more of b\n2024-05-01T10:00:03Z c\n"
            ),
            "{turned}"
        );
        assert!(!is_newest_first(turned.as_bytes()));
        assert!(!is_newest_first(b"no times\nat all\n"));
    }
}
