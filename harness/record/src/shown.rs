//! Text that others wrote, made safe to show: characters that steer a terminal, turn the direction of text or cannot be
//! seen become visible escapes such as `\u{1b}`.
//!
//! These functions are pure; who writes to a terminal decides which one it needs.

use std::borrow::Cow;
use std::fmt::Write;

/// Text of several lines: line ends and tabs stay, everything else that cannot be seen is escaped.
pub fn text(text: &str) -> Cow<'_, str> {
    escaped(text, |c| matches!(c, '\n' | '\t'), visible)
}

/// Text that must stay on one line: as [`text`], with line ends and tabs escaped too.
pub fn line(text: &str) -> Cow<'_, str> {
    escaped(text, |_| false, visible)
}

/// Bytes that may not be UTF-8, on one line; what is no character is shown as `\xff`.
pub fn bytes(bytes: &[u8]) -> String {
    let mut shown = String::new();
    for chunk in bytes.utf8_chunks() {
        shown.push_str(&line(chunk.valid()));
        for byte in chunk.invalid() {
            write!(shown, "\\x{byte:02x}").expect("writing to a string cannot fail");
        }
    }
    shown
}

/// A JSON document that means the same: what cannot be seen within its strings becomes `\u001b`.
pub fn json(document: &str) -> Cow<'_, str> {
    escaped(
        document,
        |c| matches!(c, '\n' | '\t' | '\r'),
        |c, shown| {
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(shown, "\\u{unit:04x}").expect("writing to a string cannot fail");
            }
        },
    )
}

/// As [`text`], but colours and other styles (`ESC [ … m`) stay. Only for text in which every one of them is ours.
pub fn styled(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\u{1b}') {
        shown.push_str(&self::text(&rest[..at]));
        let length = style_length(&rest[at..]).unwrap_or(0);
        shown.push_str(&rest[at..at + length]);
        if length == 0 {
            visible('\u{1b}', &mut shown);
        }
        rest = &rest[at + length.max(1)..];
    }
    shown.push_str(&self::text(rest));
    shown
}

/// The bytes of the style that text begins with.
fn style_length(text: &str) -> Option<usize> {
    let codes = text.strip_prefix("\u{1b}[")?;
    let end = codes.find(|c: char| !c.is_ascii_digit() && c != ';')?;
    codes[end..].starts_with('m').then_some(2 + end + 1)
}

fn escaped(text: &str, stays: fn(char) -> bool, escape: fn(char, &mut String)) -> Cow<'_, str> {
    let is_unsafe = |c: char| is_unseen(c) && !stays(c);
    if !text.contains(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_unsafe(c) {
            escape(c, &mut shown);
        } else {
            shown.push(c);
        }
    }
    Cow::Owned(shown)
}

fn visible(c: char, shown: &mut String) {
    match c {
        '\n' => shown.push_str("\\n"),
        '\r' => shown.push_str("\\r"),
        '\t' => shown.push_str("\\t"),
        other => shown.extend(other.escape_unicode()),
    }
}

/// Whether a character has no picture of its own: controls (C0, DEL, C1), and what Unicode 16 calls format characters
/// (general category Cf) or ignorable by default (DerivedCoreProperties.txt, Default_Ignorable_Code_Point), line and
/// paragraph separators among them.
pub fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}' | '\u{890}'..='\u{891}'
            | '\u{8e2}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{110bd}' | '\u{110cd}'
            | '\u{13430}'..='\u{1343f}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}')
}

/// Text in which GitHub's runner finds no workflow command: it takes a line that begins with `::` behind white space,
/// and `##[` anywhere (actions/runner, `ActionCommand.cs`). A backslash before the second character ends that, and is
/// seen. Expects text that went through one of the functions above, so that only `\n` ends a line.
pub fn without_commands(text: &str) -> Cow<'_, str> {
    if !text.contains("::") && !text.contains("##[") {
        return Cow::Borrowed(text);
    }
    let lines = text.split_inclusive('\n').map(|line| {
        let line = line.replace("##[", "##\\[");
        let start = line.len() - line.trim_start().len();
        if line[start..].starts_with("::") {
            format!("{}\\{}", &line[..start], &line[start..])
        } else {
            line
        }
    });
    Cow::Owned(lines.collect())
}

/// As [`without_commands`], for a JSON document, which means the same afterwards.
pub fn json_without_commands(document: &str) -> Cow<'_, str> {
    if document.contains("##[") {
        Cow::Owned(document.replace("##[", "##\\u005b"))
    } else {
        Cow::Borrowed(document)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_a_terminal_is_shown() {
        let hostile = "a\u{1b}]0;title\u{7}b\u{9b}2Jc\r\u{7f}\u{8}d\u{202e}e\u{200b}f\u{e0041}";
        assert_eq!(
            text(hostile),
            r"a\u{1b}]0;title\u{7}b\u{9b}2Jc\r\u{7f}\u{8}d\u{202e}e\u{200b}f\u{e0041}"
        );
        assert_eq!(text("a\tb\nc"), "a\tb\nc");
        assert_eq!(line("a\tb\nc"), r"a\tb\nc");
        assert!(matches!(text("größer · 95 % ±1 日本"), Cow::Borrowed(_)));
    }

    #[test]
    fn every_control_and_bidirectional_character_is_escaped() {
        let controls = (0..0xa0)
            .filter_map(char::from_u32)
            .filter(|c| c.is_control());
        let turning = "\u{61c}\u{200e}\u{200f}\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\u{2066}\u{2067}\u{2068}\u{2069}";
        for c in controls.chain(turning.chars()) {
            let shown = line(c.encode_utf8(&mut [0; 4])).into_owned();
            assert!(
                shown.starts_with('\\') && shown.is_ascii(),
                "{c:?}: {shown}"
            );
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_shown() {
        assert_eq!(bytes(b"a\xff\x1b[b\xc3"), r"a\xff\u{1b}[b\xc3");
    }

    #[test]
    fn json_means_the_same() {
        let values = ["\u{7f}\u{9b}\u{202e}\u{e0041}", "##[error]", "::error::x"];
        let document = serde_json::to_string_pretty(&values).unwrap();
        let safe = json_without_commands(&json(&document)).into_owned();
        assert!(!safe.chars().any(|c| is_unseen(c) && c != '\n') && !safe.contains("##["));
        assert_eq!(serde_json::from_str::<Vec<String>>(&safe).unwrap(), values);
    }

    #[test]
    fn only_styles_stay_in_styled_text() {
        assert_eq!(
            styled("\u{1b}[1;31mred\u{1b}[0m \u{1b}[2J\u{1b}]0;x\u{7}\u{1b}"),
            "\u{1b}[1;31mred\u{1b}[0m \\u{1b}[2J\\u{1b}]0;x\\u{7}\\u{1b}"
        );
    }

    #[test]
    fn no_line_can_be_a_workflow_command() {
        assert_eq!(
            without_commands("::error::x\n  ::debug::\na ::b\n\t##[group]x ##[[error]\n"),
            "\\::error::x\n  \\::debug::\na ::b\n\t##\\[group]x ##\\[[error]\n"
        );
        let wide = without_commands("\u{a0}\u{3000}::error::x").into_owned();
        assert_eq!(wide, "\u{a0}\u{3000}\\::error::x");
    }
}
