//! Splits a command as a shell does.

/// Splits as a POSIX shell does: single and double quotes, backslashes, `$'…'` as browsers
/// write it. Variables and substitutions are refused, since nobody expands them here.
pub(crate) fn split(text: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '\'' => quoted(&mut characters, word.get_or_insert_default(), Quote::Single)?,
            '"' => quoted(&mut characters, word.get_or_insert_default(), Quote::Double)?,
            '$' if characters.peek() == Some(&'\'') => {
                characters.next();
                quoted(&mut characters, word.get_or_insert_default(), Quote::Ansi)?;
            }
            '\\' => match characters.next() {
                Some('\n') | None => {}
                Some(next) => word.get_or_insert_default().push(next),
            },
            c if c.is_whitespace() => words.extend(word.take()),
            '|' | ';' | '>' | '<' | '`' => {
                return Err(format!(
                    "`{c}` belongs to the shell; give the curl command alone, in quotes"
                ));
            }
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Ok(words)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Quote {
    Single,
    Double,
    Ansi,
}

fn quoted(
    characters: &mut std::iter::Peekable<std::str::Chars<'_>>,
    word: &mut String,
    quote: Quote,
) -> Result<(), String> {
    let end = if quote == Quote::Double { '"' } else { '\'' };
    while let Some(c) = characters.next() {
        match (c, quote) {
            (c, _) if c == end => return Ok(()),
            ('\\', Quote::Double) => match characters.next() {
                Some('\n') => {}
                Some(next @ ('"' | '\\' | '$' | '`')) => word.push(next),
                Some(next) => word.extend(['\\', next]),
                None => break,
            },
            ('\\', Quote::Ansi) => match characters.next() {
                Some('n') => word.push('\n'),
                Some('r') => word.push('\r'),
                Some('t') => word.push('\t'),
                Some('u') => word.push(code_point(characters)?),
                Some(next) => word.push(next),
                None => break,
            },
            (c, _) => word.push(c),
        }
    }
    Err("a quote is not closed".to_owned())
}

fn code_point(characters: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Result<char, String> {
    let digits: String = characters.by_ref().take(4).collect();
    let code = u32::from_str_radix(&digits, 16)
        .ok()
        .and_then(char::from_u32);
    code.ok_or_else(|| format!("`\\u{digits}` is no character"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_a_shell() {
        let words = split("a 'b c'd \"e\\\"f\\n\" $'g\\'h' i\\ j '' \\\n k").unwrap();
        assert_eq!(words, ["a", "b cd", "e\"f\\n", "g'h", "i j", "", "k"]);
    }

    #[test]
    fn what_a_shell_would_do_more_is_refused() {
        for text in [
            "a | b",
            "a > b",
            "a; b",
            "`a`",
            "'a",
            "\"a",
            "\"a\\",
            "$'\\ud800'",
        ] {
            assert!(split(text).is_err(), "{text}");
        }
    }
}
