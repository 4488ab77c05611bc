//! The paths that a module's code uses: in `use` lines with their groups, and wherever else they stand.

use crate::source::{Placed, Token, tokens};

/// One path that begins with `crate`, `self` or `super`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UsedPath {
    /// The module that uses it, from the crate's root.
    pub(crate) from: Vec<String>,
    /// What is used, from the crate's root; the last segment may be an item or `*`.
    pub(crate) to: Vec<String>,
    /// The line in the file.
    pub(crate) line: usize,
}

/// A name that a module gives out and that stands elsewhere: `pub use child::Name`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ReExport {
    pub(crate) module: Vec<String>,
    pub(crate) name: String,
    /// Where it stands, from the crate's root.
    pub(crate) to: Vec<String>,
}

/// What a source uses and gives out.
#[derive(Debug, Default)]
pub(crate) struct Uses {
    pub(crate) paths: Vec<UsedPath>,
    pub(crate) re_exports: Vec<ReExport>,
}

/// Reads the source of a module.
pub(crate) fn uses(module: &[String], text: &str) -> Uses {
    let tokens = tokens(text);
    let mut reader = Reader {
        tokens: &tokens,
        at: 0,
        modules: vec![module.to_vec()],
        blocks: Vec::new(),
        found: Uses::default(),
    };
    reader.read();
    reader.found
}

struct Reader<'a> {
    tokens: &'a [Placed],
    at: usize,
    /// The module of the file and the modules written out within it, the innermost last.
    modules: Vec<Vec<String>>,
    /// For each open brace, whether it is a module's.
    blocks: Vec<bool>,
    found: Uses,
}

impl Reader<'_> {
    fn read(&mut self) {
        while self.at < self.tokens.len() {
            match self.name(0) {
                Some("pub") if self.is(1, '(') => self.skip_visibility(),
                Some("use") => self.use_line(),
                Some("mod") if self.is(2, '{') => self.open_module(),
                Some("crate" | "self" | "super") if self.is_colons(1) => self.path_in_code(),
                _ => self.other(),
            }
        }
    }

    fn token(&self, ahead: usize) -> Option<&Placed> {
        self.tokens.get(self.at + ahead)
    }

    fn name(&self, ahead: usize) -> Option<&str> {
        self.token(ahead)?.name()
    }

    fn is(&self, ahead: usize, other: char) -> bool {
        self.token(ahead).is_some_and(|token| token.is(other))
    }

    fn is_colons(&self, ahead: usize) -> bool {
        self.token(ahead)
            .is_some_and(|token| token.token == Token::Colons)
    }

    fn module(&self) -> Vec<String> {
        self.modules.last().cloned().unwrap_or_default()
    }

    /// `pub(in crate::x)` says who may use, and uses nothing.
    fn skip_visibility(&mut self) {
        while self.at < self.tokens.len() && !self.is(0, ')') {
            self.at += 1;
        }
        // Stays on the parenthesis, so that a `use` behind it is known to be given out.
    }

    fn open_module(&mut self) {
        let name = self.name(1).unwrap_or_default().to_owned();
        let mut inner = self.module();
        inner.push(name);
        self.modules.push(inner);
        self.blocks.push(true);
        self.at += 3;
    }

    fn other(&mut self) {
        if self.is(0, '{') {
            self.blocks.push(false);
        } else if self.is(0, '}') && self.blocks.pop() == Some(true) {
            self.modules.pop();
        }
        self.at += 1;
    }

    fn path_in_code(&mut self) {
        let line = self.tokens[self.at].line;
        let mut path = Vec::new();
        while let Some(name) = self.name(0) {
            path.push(name.to_owned());
            self.at += 1;
            if !self.is_colons(0) {
                break;
            }
            self.at += 1;
        }
        self.take(&path, line);
    }

    fn use_line(&mut self) {
        let is_given_out = self.at > 0
            && (self.tokens[self.at - 1].is(')') || self.tokens[self.at - 1].name() == Some("pub"));
        self.at += 1;
        let mut leaves = Vec::new();
        self.tree(&[], &mut leaves);
        for (path, alias, line) in leaves {
            let is_ours = matches!(path[0].as_str(), "crate" | "self" | "super");
            if is_given_out {
                let name = alias.or(path.last().cloned()).unwrap_or_default();
                // `pub use child::Name` begins at the module itself.
                let to = if is_ours {
                    absolute(&self.module(), &path)
                } else {
                    Some([self.module(), path.clone()].concat())
                };
                self.found.re_exports.extend(to.map(|to| ReExport {
                    module: self.module(),
                    name,
                    to,
                }));
            }
            if is_ours {
                self.take(&path, line);
            }
        }
    }

    /// One tree of a `use` line: a path that may end in a group.
    fn tree(&mut self, stem: &[String], leaves: &mut Vec<(Vec<String>, Option<String>, usize)>) {
        let mut path = stem.to_vec();
        let mut line = self.token(0).map_or(0, |token| token.line);
        loop {
            if self.is(0, '{') {
                self.at += 1;
                while self.at < self.tokens.len() && !self.is(0, '}') {
                    self.tree(&path, leaves);
                    self.at += usize::from(self.is(0, ','));
                }
                self.at += 1;
                return;
            }
            let Some(token) = self.token(0) else { return };
            line = line.max(token.line);
            match &token.token {
                Token::Colons => {
                    self.at += 1;
                    continue;
                }
                Token::Name(name) => {
                    path.push(name.clone());
                    self.at += 1;
                }
                Token::Other('*') => {
                    path.push("*".to_owned());
                    self.at += 1;
                }
                Token::Other(_) => return,
            }
            if self.is_colons(0) {
                continue;
            }
            let mut alias = None;
            if self.name(0) == Some("as") {
                alias = self.name(1).map(str::to_owned);
                self.at += 2;
            }
            // `{self}` is the module before it.
            if path.len() > 1 && path.last().is_some_and(|last| last == "self") {
                path.pop();
            }
            if !path.is_empty() {
                leaves.push((path, alias, line));
            }
            return;
        }
    }

    fn take(&mut self, path: &[String], line: usize) {
        let from = self.module();
        let to = absolute(&from, path);
        self.found
            .paths
            .extend(to.map(|to| UsedPath { from, to, line }));
    }
}

/// A path from the crate's root; none where it leads out of the crate.
fn absolute(module: &[String], path: &[String]) -> Option<Vec<String>> {
    let mut base = match path.first()?.as_str() {
        "crate" => Vec::new(),
        _ => module.to_vec(),
    };
    for segment in path {
        match segment.as_str() {
            "crate" | "self" => {}
            "super" => _ = base.pop()?,
            name => base.push(name.to_owned()),
        }
    }
    Some(base)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Vec<String> {
        let module = ["a".to_owned(), "b".to_owned()];
        let uses = uses(&module, text).paths;
        uses.iter()
            .map(|used| format!("{} -> {}", used.from.join("::"), used.to.join("::")))
            .collect()
    }

    #[test]
    fn use_lines_and_groups_are_read() {
        assert_eq!(shown("use crate::x::Y;"), ["a::b -> x::Y"]);
        assert_eq!(
            shown("use crate::{x::{self, Y as Z}, y::*};\nuse super::c;\nuse std::fs;"),
            ["a::b -> x", "a::b -> x::Y", "a::b -> y::*", "a::b -> a::c"]
        );
        assert_eq!(
            shown("use {super::super::top, self::child::C};"),
            ["a::b -> top", "a::b -> a::b::child::C"]
        );
    }

    #[test]
    fn paths_in_code_are_read_and_visibility_is_not() {
        assert_eq!(
            shown(
                "pub(in crate::q) fn f(x: &crate::t::T) { super::c::g(self::h::I::new(self.x)) }"
            ),
            ["a::b -> t::T", "a::b -> a::c::g", "a::b -> a::b::h::I::new"]
        );
        assert_eq!(shown("// use crate::x;\nlet s = \"crate::y\";"), [""; 0]);
    }

    #[test]
    fn modules_within_a_file_have_paths_of_their_own() {
        assert_eq!(
            shown("mod inner { use super::x::Y; fn f() { if a { b } } }\nuse super::z;"),
            ["a::b::inner -> a::b::x::Y", "a::b -> a::z"]
        );
    }

    #[test]
    fn what_is_given_out_is_known() {
        let found = uses(
            &[],
            "pub use spec::{LoadSpec, Other as Own};\npub(crate) use crate::t::U;\nuse v::W;",
        );
        let shown: Vec<_> = found
            .re_exports
            .iter()
            .map(|own| format!("{} = {}", own.name, own.to.join("::")))
            .collect();
        assert_eq!(
            shown,
            ["LoadSpec = spec::LoadSpec", "Own = spec::Other", "U = t::U"]
        );
    }
}
