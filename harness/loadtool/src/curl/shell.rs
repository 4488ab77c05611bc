//! Splits a command as a shell does.

/// The words of a command, and what of the line is not sent anywhere.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) words: Vec<String>,
    /// A pipe or a redirection of the output, which changes nothing of the request.
    pub(super) passed_over: Option<String>,
}

/// Splits as a POSIX shell and bash do: single and double quotes, backslashes, `$'…'`, comments. What the output is
/// piped or written to is passed over.
///
/// # Errors
/// What only a shell can do, by its name: variables, substitutions, further commands, input from elsewhere.
pub(super) fn split(text: &str) -> Result<Line, String> {
    let mut splitter = Splitter {
        characters: text.trim().chars().peekable(),
        line: Line::default(),
        word: None,
    };
    splitter.run()?;
    Ok(splitter.line)
}

struct Splitter<'a> {
    characters: std::iter::Peekable<std::str::Chars<'a>>,
    line: Line,
    word: Option<Vec<u8>>,
}

impl Splitter<'_> {
    fn run(&mut self) -> Result<(), String> {
        while let Some(c) = self.characters.next() {
            match c {
                '\'' => self.single_quoted()?,
                '"' => self.double_quoted()?,
                '$' => self.dollar(false)?,
                '`' => return Err(substitution("`…`")),
                '\\' => match self.next_if_any() {
                    Some('\n') | None => {}
                    Some(next) => self.push(next),
                },
                '\n' => self.line_end()?,
                c if c.is_whitespace() => self.end_word()?,
                '#' if self.word.is_none() => {
                    while self.characters.next_if(|c| *c != '\n').is_some() {}
                }
                '~' if self.word.is_none() => {
                    return Err("`~` is a folder that the shell puts in; write it out".to_owned());
                }
                '{' => self.brace()?,
                '|' | '>' | '&' | ';' | '<' | '(' | ')' => {
                    if self.operator(c)? {
                        return Ok(());
                    }
                }
                c => self.push(c),
            }
        }
        self.end_word()
    }

    fn next_if_any(&mut self) -> Option<char> {
        self.characters.next()
    }

    fn push(&mut self, c: char) {
        let mut bytes = [0; 4];
        let text = c.encode_utf8(&mut bytes).as_bytes();
        self.word.get_or_insert_default().extend_from_slice(text);
    }

    fn end_word(&mut self) -> Result<(), String> {
        if let Some(bytes) = self.word.take() {
            let word = String::from_utf8(bytes).map_err(|_| {
                "the command holds bytes that are not UTF-8; put them into a file and send it with \
                     --data-binary @FILE"
                    .to_owned()
            })?;
            self.line.words.push(word);
        }
        Ok(())
    }

    /// A line's end without a backslash ends the command.
    fn line_end(&mut self) -> Result<(), String> {
        self.end_word()?;
        let rest: String = self.characters.clone().collect();
        let is_empty = rest
            .lines()
            .all(|line| line.trim().is_empty() || line.trim_start().starts_with('#'));
        if is_empty || self.line.words.is_empty() {
            return Ok(());
        }
        Err("a line ends without `\\`, which ends the command; end it with `\\`, or give one command alone".to_owned())
    }

    /// An operator of the shell; true where the rest of the line takes the output and nothing else.
    fn operator(&mut self, c: char) -> Result<bool, String> {
        let next = self.characters.peek().copied();
        match (c, next) {
            ('|', Some('|')) => Err(further_command("||")),
            ('|', _) => {
                self.end_word()?;
                let rest: String = self.characters.by_ref().collect();
                refuse_further(&rest)?;
                self.line.passed_over = Some(format!("| {}", rest.trim()));
                Ok(true)
            }
            ('>', _) => {
                // `2>` is a stream and no word.
                if self.word.as_deref().is_some_and(|word| word.iter().all(u8::is_ascii_digit)) {
                    self.word = None;
                }
                self.end_word()?;
                self.redirection();
                Ok(false)
            }
            ('&', Some('>')) => Ok(false),
            ('&', Some('&')) => Err(further_command("&&")),
            ('&', _) => Err(
                "`&` outside quotes belongs to the shell, which would cut the URL there; put the URL into quotes"
                    .to_owned(),
            ),
            (';', _) if self.characters.clone().all(char::is_whitespace) => Ok(false),
            (';', _) => Err(further_command(";")),
            ('<', Some('<')) => Err(
                "`<<` gives curl its input from the shell; put the text into a file and send it with @FILE".to_owned(),
            ),
            ('<', Some('(')) => Err(substitution("<(…)")),
            ('<', _) => Err("`<` gives curl its input from the shell; send the file with @FILE".to_owned()),
            _ => Err(format!("`{c}` outside quotes belongs to the shell; put the word into quotes")),
        }
    }

    /// Takes `>FILE`, `>>FILE` or `>&1`.
    fn redirection(&mut self) {
        while self
            .characters
            .next_if(|c| matches!(c, '>' | '&' | '|'))
            .is_some()
        {}
        while self
            .characters
            .next_if(|c| *c == ' ' || *c == '\t')
            .is_some()
        {}
        let mut file = String::new();
        while let Some(c) = self
            .characters
            .next_if(|c| !c.is_whitespace() && !"|;&<>".contains(*c))
        {
            file.push(c);
        }
        self.line.passed_over.get_or_insert(format!("> {file}"));
    }

    /// `{a,b}` and `{1..3}` outside quotes become several words in bash.
    fn brace(&mut self) -> Result<(), String> {
        let rest: String = self
            .characters
            .clone()
            .take_while(|c| !c.is_whitespace())
            .collect();
        let inside = rest.split('}').next().unwrap_or_default();
        if rest.contains('}') && (inside.contains(',') || inside.contains("..")) {
            return Err(format!(
                "`{{{inside}}}` outside quotes is taken apart by the shell; put the word into quotes"
            ));
        }
        self.push('{');
        Ok(())
    }

    fn single_quoted(&mut self) -> Result<(), String> {
        self.word.get_or_insert_default();
        loop {
            match self.characters.next() {
                Some('\'') => return Ok(()),
                Some(c) => self.push(c),
                None => return Err(not_closed()),
            }
        }
    }

    fn double_quoted(&mut self) -> Result<(), String> {
        self.word.get_or_insert_default();
        loop {
            match self.characters.next() {
                Some('"') => return Ok(()),
                Some('$') => self.dollar(true)?,
                Some('`') => return Err(substitution("`…`")),
                Some('\\') => match self.characters.next() {
                    Some('\n') => {}
                    Some(next @ ('"' | '\\' | '$' | '`')) => self.push(next),
                    Some(next) => {
                        self.push('\\');
                        self.push(next);
                    }
                    None => return Err(not_closed()),
                },
                Some(c) => self.push(c),
                None => return Err(not_closed()),
            }
        }
    }

    /// A dollar sign outside single quotes: `$'…'`, something that a shell would put in, or itself.
    fn dollar(&mut self, in_quotes: bool) -> Result<(), String> {
        match self.characters.peek().copied() {
            Some('\'') if !in_quotes => {
                self.characters.next();
                self.ansi_quoted()
            }
            // `$"…"` is for translation and else as `"…"`.
            Some('"') if !in_quotes => Ok(()),
            Some('(') => Err(substitution("$(…)")),
            Some(c) if c.is_ascii_alphanumeric() || "_{@*#?$!-".contains(c) => {
                let name: String = self
                    .characters
                    .clone()
                    .take_while(|c| c.is_ascii_alphanumeric() || "_{}".contains(*c))
                    .collect();
                Err(format!(
                    "`${name}` is a variable of the shell, which is not known here: write its value, or give the \
                     command in double quotes so that your shell puts it in"
                ))
            }
            _ => {
                self.push('$');
                Ok(())
            }
        }
    }

    /// `$'…'` with the escapes of bash (bash(1), QUOTING).
    fn ansi_quoted(&mut self) -> Result<(), String> {
        self.word.get_or_insert_default();
        loop {
            match self.characters.next().ok_or_else(not_closed)? {
                '\'' => return Ok(()),
                '\\' => self.escape()?,
                c => self.push(c),
            }
        }
    }

    fn escape(&mut self) -> Result<(), String> {
        let c = self.characters.next().ok_or_else(not_closed)?;
        let byte = match c {
            'n' => b'\n',
            'r' => b'\r',
            't' => b'\t',
            'a' => 0x07,
            'b' => 0x08,
            'e' | 'E' => 0x1b,
            'f' => 0x0c,
            'v' => 0x0b,
            '\\' | '\'' | '"' | '?' => c as u8,
            'x' => match self.digits(16, 2) {
                Some(code) => code as u8,
                None => return self.literally('x'),
            },
            '0'..='7' => {
                let first = c.to_digit(8).unwrap_or_default();
                let more = self.octal(first);
                more as u8
            }
            'c' => match self.characters.next() {
                Some(letter) if letter.is_ascii() => letter as u8 & 0x1f,
                _ => return Err(not_closed()),
            },
            'u' => return self.code_point('u', 4),
            'U' => return self.code_point('U', 8),
            other => return self.literally(other),
        };
        if byte == 0 {
            return Err(
                "`$'\\0'` ends the word in a shell; nothing can be sent behind it".to_owned(),
            );
        }
        self.word.get_or_insert_default().push(byte);
        Ok(())
    }

    fn literally(&mut self, c: char) -> Result<(), String> {
        self.push('\\');
        self.push(c);
        Ok(())
    }

    fn digits(&mut self, radix: u32, most: usize) -> Option<u32> {
        let mut value = None;
        for _ in 0..most {
            let Some(digit) = self.characters.peek().and_then(|c| c.to_digit(radix)) else {
                break;
            };
            self.characters.next();
            value = Some(value.unwrap_or(0) * radix + digit);
        }
        value
    }

    /// Up to three octal digits, of which the first was read.
    fn octal(&mut self, first: u32) -> u32 {
        let mut value = first;
        for _ in 0..2 {
            let Some(digit) = self.characters.peek().and_then(|c| c.to_digit(8)) else {
                break;
            };
            self.characters.next();
            value = value * 8 + digit;
        }
        value
    }

    fn code_point(&mut self, letter: char, most: usize) -> Result<(), String> {
        let Some(code) = self.digits(16, most) else {
            return self.literally(letter);
        };
        let c = char::from_u32(code)
            .ok_or_else(|| format!("`\\{letter}{code:04x}` is no character; browsers write such pairs for emoji: put the text into a file"))?;
        self.push(c);
        Ok(())
    }
}

/// Behind a pipe stands what reads the answer; a further command could send more.
fn refuse_further(rest: &str) -> Result<(), String> {
    match ["&&", "||", ";"].iter().find(|mark| rest.contains(**mark)) {
        Some(mark) if !rest.contains(['\'', '"']) => Err(further_command(mark)),
        _ => Ok(()),
    }
}

fn further_command(mark: &str) -> String {
    format!(
        "`{mark}` begins a further command of the shell; give the curl command alone, in quotes"
    )
}

fn substitution(what: &str) -> String {
    format!("`{what}` is a substitution of the shell, which is not run here: write its result")
}

fn not_closed() -> String {
    "a quote is not closed".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        split(text).unwrap().words
    }

    #[test]
    fn words_are_those_of_a_shell() {
        let text = "a 'b c'd \"e\\\"f\\n\" $'g\\'h' i\\ j '' \\\n k # l 'm\n";
        assert_eq!(words(text), ["a", "b cd", "e\"f\\n", "g'h", "i j", "", "k"]);
        assert_eq!(
            words("a '$b' \"c $ d\" e$ f\\$g"),
            ["a", "$b", "c $ d", "e$", "f$g"]
        );
        assert_eq!(words("a#b {} $\"c\""), ["a#b", "{}", "c"]);
    }

    #[test]
    fn escapes_are_those_of_bash() {
        let text = r"$'\x21\041\u00e9\U0001F600\n\t\\\q\xc3\xa9\cA'";
        assert_eq!(words(text), ["!!é😀\n\t\\\\qé\u{1}"]);
        assert!(split(r"$'\xff'").unwrap_err().contains("UTF-8"));
    }

    #[test]
    fn what_takes_the_output_is_passed_over() {
        for (text, passed) in [
            ("a b | jq '.x; .y'", "| jq '.x; .y'"),
            ("a > file b", "> file"),
            ("a b 2>/dev/null", "> /dev/null"),
            ("a b 2>&1", "> 1"),
        ] {
            let line = split(text).unwrap();
            assert_eq!(
                (line.words, line.passed_over.as_deref()),
                (vec!["a".to_owned(), "b".to_owned()], Some(passed)).clone(),
                "{text}"
            );
        }
    }

    #[test]
    fn what_only_a_shell_can_do_is_refused_by_name() {
        for (text, name) in [
            ("a && b", "`&&`"),
            ("a || b", "`||`"),
            ("a; b", "`;`"),
            ("a | b && c", "`&&`"),
            ("a http://h/?b=1&c=2", "`&`"),
            ("a <<EOF", "`<<`"),
            ("a < f", "`<`"),
            ("a\nb", "line ends"),
            ("`a`", "`…`"),
            ("\"`a`\"", "`…`"),
            ("$(a)", "`$(…)`"),
            ("a \"b $(c)\"", "`$(…)`"),
            ("a $TOKEN", "`$TOKEN`"),
            ("a \"x: ${TOKEN}\"", "`${TOKEN}`"),
            ("a {\"b\":1,\"c\":2}", "quotes"),
            ("a ~/f", "`~`"),
            ("'a", "quote"),
            ("\"a", "quote"),
            ("\"a\\", "quote"),
            ("$'\\ud800'", "no character"),
        ] {
            let error = split(text).unwrap_err();
            assert!(error.contains(name), "{text}: {error}");
        }
    }
}
