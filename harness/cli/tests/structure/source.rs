//! Takes Rust source apart as far as module paths need it.

/// A token: a name, `::` or one other character.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Token {
    Name(String),
    Colons,
    Other(char),
}

/// A token with its line, counted from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Placed {
    pub(crate) token: Token,
    pub(crate) line: usize,
}

impl Placed {
    pub(crate) fn is(&self, other: char) -> bool {
        self.token == Token::Other(other)
    }

    pub(crate) fn name(&self) -> Option<&str> {
        match &self.token {
            Token::Name(name) => Some(name),
            _ => None,
        }
    }
}

/// The tokens of a source; comments, strings, characters and what stands under `#[cfg(test)]` are left out.
pub(crate) fn tokens(text: &str) -> Vec<Placed> {
    without_tests(all_tokens(text))
}

fn all_tokens(text: &str) -> Vec<Placed> {
    let characters: Vec<char> = text.chars().collect();
    let mut reader = Reader {
        characters: &characters,
        at: 0,
        line: 1,
    };
    let mut tokens = Vec::new();
    while let Some(token) = reader.next() {
        tokens.push(token);
    }
    tokens
}

struct Reader<'a> {
    characters: &'a [char],
    at: usize,
    line: usize,
}

impl Reader<'_> {
    fn peek(&self, ahead: usize) -> char {
        self.characters
            .get(self.at + ahead)
            .copied()
            .unwrap_or('\0')
    }

    fn step(&mut self) {
        self.line += usize::from(self.peek(0) == '\n');
        self.at += 1;
    }

    fn skip_to(&mut self, is_end: impl Fn(&Self) -> bool) {
        while self.at < self.characters.len() && !is_end(self) {
            self.step();
        }
    }

    fn next(&mut self) -> Option<Placed> {
        loop {
            let line = self.line;
            let token = match (self.characters.get(self.at).copied()?, self.peek(1)) {
                ('/', '/') => {
                    self.skip_to(|own| own.peek(0) == '\n');
                    continue;
                }
                ('/', '*') => {
                    self.skip_comment();
                    continue;
                }
                ('"', _) => {
                    self.skip_string();
                    continue;
                }
                ('r', '"' | '#') if self.is_raw_string() => {
                    self.skip_raw_string();
                    continue;
                }
                ('b', '"' | '\'') => {
                    self.step();
                    continue;
                }
                ('\'', _) => {
                    self.skip_character();
                    continue;
                }
                (c, _) if c.is_whitespace() => {
                    self.step();
                    continue;
                }
                (':', ':') => {
                    self.at += 2;
                    Token::Colons
                }
                (c, _) if c.is_alphanumeric() || c == '_' => Token::Name(self.word()),
                (c, _) => {
                    self.step();
                    Token::Other(c)
                }
            };
            return Some(Placed { token, line });
        }
    }

    fn word(&mut self) -> String {
        let start = self.at;
        self.skip_to(|own| !(own.peek(0).is_alphanumeric() || own.peek(0) == '_'));
        self.characters[start..self.at].iter().collect()
    }

    /// Comments may stand within comments.
    fn skip_comment(&mut self) {
        let mut depth = 0;
        while self.at < self.characters.len() {
            match (self.peek(0), self.peek(1)) {
                ('/', '*') => depth += 1,
                ('*', '/') => depth -= 1,
                _ => {
                    self.step();
                    continue;
                }
            }
            self.at += 2;
            if depth == 0 {
                return;
            }
        }
    }

    fn skip_string(&mut self) {
        self.step();
        while self.at < self.characters.len() && self.peek(0) != '"' {
            if self.peek(0) == '\\' {
                self.step();
            }
            self.step();
        }
        self.step();
    }

    fn is_raw_string(&self) -> bool {
        let marks = (1..).take_while(|ahead| self.peek(*ahead) == '#').count();
        self.peek(1 + marks) == '"'
    }

    fn skip_raw_string(&mut self) {
        self.step();
        let marks = (0..).take_while(|ahead| self.peek(*ahead) == '#').count();
        self.at += marks + 1;
        self.skip_to(|own| own.peek(0) == '"' && (1..=marks).all(|ahead| own.peek(ahead) == '#'));
        self.at += marks + 1;
    }

    /// A character, or the mark of a lifetime, whose name then reads as any other.
    fn skip_character(&mut self) {
        if self.peek(1) == '\\' {
            self.at += 3;
            self.skip_to(|own| own.peek(0) == '\'');
        } else if self.peek(2) == '\'' {
            self.at += 2;
        }
        self.step();
    }
}

/// Leaves out the items under `#[cfg(test)]`, up to the end of their block or their semicolon.
fn without_tests(tokens: Vec<Placed>) -> Vec<Placed> {
    let mut kept = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if is_test_mark(&tokens[at..]) {
            at = end_of_item(&tokens, at + 7);
        } else {
            kept.push(tokens[at].clone());
            at += 1;
        }
    }
    kept
}

fn is_test_mark(tokens: &[Placed]) -> bool {
    let mark = ["#", "[", "cfg", "(", "test", ")", "]"];
    tokens.len() >= mark.len()
        && tokens
            .iter()
            .zip(mark)
            .all(|(token, wanted)| match &token.token {
                Token::Name(name) => name == wanted,
                Token::Other(other) => wanted == other.to_string(),
                Token::Colons => false,
            })
}

/// Where the item that begins at `start` ends. Braces within `use` do not end it.
fn end_of_item(tokens: &[Placed], start: usize) -> usize {
    let is_use = tokens
        .get(start)
        .is_some_and(|token| token.name() == Some("use"));
    let mut depth = 0;
    for (at, token) in tokens.iter().enumerate().skip(start) {
        match token.token {
            Token::Other('{' | '(' | '[') => depth += 1,
            Token::Other(')' | ']') => depth -= 1,
            Token::Other('}') => {
                depth -= 1;
                if depth == 0 && !is_use {
                    return at + 1;
                }
            }
            Token::Other(';') if depth == 0 => return at + 1,
            _ => {}
        }
    }
    tokens.len()
}

#[test]
fn only_code_is_left() {
    let text = r###"
        // crate::comment
        /* crate::outer /* crate::inner */ crate::still */
        let text = "crate::string \" crate::more";
        let raw = r#"crate::raw " crate::more"#;
        let quotes = ('"', '\'', b'"', b"crate::bytes");
        fn life<'a>(x: &'a str) {}
        #[cfg(test)]
        use crate::{a::One, b::Two};
        #[cfg(test)]
        mod tests { fn x() { crate::inside(); } }
        crate::code();
    "###;
    let names: Vec<_> = tokens(text)
        .iter()
        .filter_map(|token| token.name().map(str::to_owned))
        .collect();
    let expected = "let text let raw let quotes fn life a x a str crate code";
    assert_eq!(names.join(" "), expected);
    assert_eq!(tokens("a\n\nb::c")[1].line, 3);
}
