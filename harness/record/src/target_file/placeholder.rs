//! The names in braces that a trial fills in: `{addr}`, `{port}`, `{addr.NAME}`, `{tmp}` and the like.
//!
//! In `command` and `before` a name that nobody knows is a mistake. In `env` and in files it is left as it stands, since
//! config files have braces of their own.

use std::collections::BTreeSet;

use super::Target;
use crate::word::PLACEHOLDERS;

/// Where the service listens, `host:port`.
pub const ADDR: &str = "addr";
/// Where its admin listener does.
pub const ADMIN: &str = "admin";
/// The port of [`ADDR`]; `port.NAME` is that of `addr.NAME`.
pub const PORT: &str = "port";
/// A folder that is empty when a trial begins and gone when it has ended.
pub const TMP: &str = "tmp";
/// The folder of the target file.
pub const FOLDER: &str = "folder";

/// The names in braces of a text, e.g. `-n={items}` has `items`. `${NAME}` is a shell's or a service's own, and none.
pub fn placeholders(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices('{').filter_map(|(at, _)| {
        let (name, _) = text[at + 1..].split_once('}')?;
        (is_name(name) && !text[..at].ends_with('$')).then_some(name)
    })
}

fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
}

/// The text with every name that `value` knows replaced; others stay as they stand. What was filled in is not looked at
/// again.
pub fn filled(text: &str, value: impl Fn(&str) -> Option<String>) -> String {
    let mut done = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('{') {
        let of_another = rest[..at].ends_with('$');
        done.push_str(&rest[..at]);
        rest = &rest[at..];
        let known = rest[1..]
            .split_once('}')
            .filter(|(name, _)| is_name(name) && !of_another)
            .and_then(|(name, after)| Some((value(name)?, after)));
        match known {
            Some((value, after)) => {
                done.push_str(&value);
                rest = after;
            }
            None => {
                done.push('{');
                rest = &rest[1..];
            }
        }
    }
    done.push_str(rest);
    done
}

/// The NAME of `addr.NAME` or `port.NAME`.
pub fn address_name(placeholder: &str) -> Option<&str> {
    let (kind, name) = placeholder.split_once('.')?;
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let is_address = kind == ADDR || kind == PORT;
    (is_address && !name.is_empty() && name.chars().all(plain)).then_some(name)
}

/// Whether gosweep fills it in itself.
pub(crate) fn is_own(placeholder: &str) -> bool {
    PLACEHOLDERS.contains(&placeholder) || address_name(placeholder).is_some()
}

/// The names of the further addresses that a target asks for.
pub fn addresses(target: &Target) -> BTreeSet<String> {
    let texts = texts(target);
    let names = texts.flat_map(placeholders).filter_map(address_name);
    names.map(str::to_owned).collect()
}

impl Target {
    /// Whether one of its texts has a placeholder that `wanted` is looking for.
    pub fn says(&self, wanted: impl Fn(&str) -> bool) -> bool {
        texts(self).flat_map(placeholders).any(wanted)
    }
}

/// Everything that reaches the service: its command, variables and files. What `before` gets is not among it.
fn texts(target: &Target) -> impl Iterator<Item = &str> {
    let files = target.files.iter().map(|file| file.text.as_str());
    let command = target.command.iter().map(String::as_str);
    command
        .chain(target.env.values().map(String::as_str))
        .chain(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_found_inside_arguments() {
        let names: Vec<_> =
            placeholders("-x={a}:{b-c} {} {not this} ${shell} {addr.peer}").collect();
        assert_eq!(names, ["a", "b-c", "addr.peer"]);
    }

    #[test]
    fn what_nobody_knows_stays_and_what_was_filled_in_is_not_filled_again() {
        let value = |name: &str| match name {
            "addr" => Some("{port}".to_owned()),
            "port" => Some("1".to_owned()),
            _ => None,
        };
        let text = "a {{addr}} {x} ${port} {port}{ {port";
        assert_eq!(filled(text, value), "a {{port}} {x} ${port} 1{ {port");
    }

    #[test]
    fn further_addresses_have_plain_names() {
        assert_eq!(address_name("addr.peer"), Some("peer"));
        assert_eq!(address_name("port.peer-2"), Some("peer-2"));
        for other in ["addr", "addr.", "admin.x", "addr.a.b", "peer"] {
            assert_eq!(address_name(other), None, "{other}");
        }
    }
}
