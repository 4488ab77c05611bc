//! Which module uses which, and where that goes round in a circle.

use std::collections::{BTreeMap, BTreeSet};

use crate::paths::{ReExport, UsedPath, uses};

/// A source file: its module, from the crate's root, and its text.
pub(crate) struct Source {
    pub(crate) module: Vec<String>,
    pub(crate) file: String,
    pub(crate) text: String,
}

/// Children of one module that use each other in a circle.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Cycle {
    /// The parent, from the crate's root; empty for the crate itself.
    pub(crate) parent: String,
    pub(crate) members: Vec<String>,
    /// Each use within the circle, with a place.
    pub(crate) edges: Vec<String>,
}

/// Who uses whom among the children of each module, with a place for each.
type Edges = BTreeMap<Vec<String>, BTreeMap<(String, String), Vec<String>>>;

/// Every cycle of a crate: among its top modules, and among the children of each module.
///
/// A use leads from the module that it stands in to the module that holds the item, through re-exports. Both are
/// collapsed to where their ways part: `a::x` that uses `b::y` is `a` using `b`, and `a::x` that uses `a::y` is `x`
/// using `y` within `a`. A child that uses its parent's own items, or a parent its children's, is no edge.
pub(crate) fn cycles(sources: &[Source]) -> Vec<Cycle> {
    let modules: BTreeSet<&[String]> = sources.iter().map(|own| own.module.as_slice()).collect();
    let mut re_exports = BTreeMap::new();
    let mut paths: Vec<(&Source, UsedPath)> = Vec::new();
    for source in sources {
        let found = uses(&source.module, &source.text);
        for ReExport { module, name, to } in found.re_exports {
            re_exports.insert((module, name), to);
        }
        paths.extend(found.paths.into_iter().map(|path| (source, path)));
    }
    let mut edges = Edges::new();
    for (source, used) in &paths {
        let holder = holder(&used.to, &modules, &re_exports);
        let common = used
            .from
            .iter()
            .zip(&holder)
            .take_while(|(a, b)| a == b)
            .count();
        if let (Some(from), Some(to)) = (used.from.get(common), holder.get(common)) {
            let place = format!("{}:{}", source.file, used.line);
            let of_parent = edges.entry(used.from[..common].to_vec()).or_default();
            of_parent
                .entry((from.clone(), to.clone()))
                .or_default()
                .push(place);
        }
    }
    edges
        .iter()
        .flat_map(|(parent, edges)| circles(parent, edges))
        .collect()
}

/// The module that holds what a path names.
fn holder(
    path: &[String],
    modules: &BTreeSet<&[String]>,
    re_exports: &BTreeMap<(Vec<String>, String), Vec<String>>,
) -> Vec<String> {
    let mut path = path.to_vec();
    // Re-exports of re-exports end; a circle of them would not compile, but must not hang either.
    for _ in 0..16 {
        let length = (0..=path.len())
            .rev()
            .find(|length| modules.contains(&path[..*length]))
            .unwrap_or(0);
        let Some(name) = path.get(length) else {
            return path;
        };
        match re_exports.get(&(path[..length].to_vec(), name.clone())) {
            Some(to) if to[..] != path[..=length] => {
                path = [to, &path[length + 1..]].concat();
            }
            _ => return path[..length].to_vec(),
        }
    }
    path
}

/// The circles among siblings.
fn circles(parent: &[String], edges: &BTreeMap<(String, String), Vec<String>>) -> Vec<Cycle> {
    let reach = |start: &str| {
        let mut seen = BTreeSet::new();
        let mut open = vec![start.to_owned()];
        while let Some(at) = open.pop() {
            for (_, to) in edges.keys().filter(|(from, _)| *from == at) {
                if seen.insert(to.clone()) {
                    open.push(to.clone());
                }
            }
        }
        seen
    };
    let names: BTreeSet<&String> = edges.keys().map(|(from, _)| from).collect();
    let reaches: BTreeMap<&String, BTreeSet<String>> =
        names.into_iter().map(|name| (name, reach(name))).collect();
    let mut done = BTreeSet::new();
    let mut found = Vec::new();
    for (name, reached) in &reaches {
        if !reached.contains(*name) || !done.insert((*name).clone()) {
            continue;
        }
        let is_member = |other: &String| {
            reached.contains(other) && reaches.get(other).is_some_and(|back| back.contains(*name))
        };
        let members: Vec<String> = reached
            .iter()
            .filter(|other| is_member(other))
            .cloned()
            .collect();
        done.extend(members.iter().cloned());
        let within = edges
            .iter()
            .filter(|((from, to), _)| is_member(from) && is_member(to));
        found.push(Cycle {
            parent: parent.join("::"),
            edges: within
                .map(|((from, to), places)| {
                    let more = match places.len() {
                        1 => String::new(),
                        several => format!(" and {} more", several - 1),
                    };
                    format!("{from} -> {to}: {}{more}", places[0])
                })
                .collect(),
            members,
        });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(sources: &[(&str, &str)]) -> Vec<String> {
        let sources: Vec<Source> = sources
            .iter()
            .map(|(module, text)| Source {
                module: module
                    .split("::")
                    .filter(|part| !part.is_empty())
                    .map(str::to_owned)
                    .collect(),
                file: format!("{module}.rs"),
                text: (*text).to_owned(),
            })
            .collect();
        let cycles = cycles(&sources);
        cycles
            .iter()
            .map(|cycle| format!("{}: {}", cycle.parent, cycle.members.join(" ")))
            .collect()
    }

    #[test]
    fn a_circle_of_two_or_more_is_found_with_its_places() {
        let two = [
            ("", ""),
            ("a", "use crate::b::B;"),
            ("b", "fn f() { crate::a::g() }"),
        ];
        assert_eq!(found(&two), [": a b"]);
        let three = [
            ("", ""),
            ("a", "use crate::b::B;"),
            ("b", "use crate::{c::C, d::D};"),
            ("c", "use super::a;"),
            ("d", ""),
        ];
        assert_eq!(found(&three), [": a b c"]);
        let sources = [
            Source {
                module: vec!["a".into()],
                file: "a.rs".into(),
                text: "\nuse crate::b;".into(),
            },
            Source {
                module: vec!["b".into()],
                file: "b.rs".into(),
                text: "use crate::a;".into(),
            },
        ];
        assert_eq!(
            cycles(&sources)[0].edges,
            ["a -> b: a.rs:2", "b -> a: b.rs:1"]
        );
    }

    #[test]
    fn a_line_of_modules_is_no_circle() {
        let line = [
            ("", "pub use a::A;"),
            ("a", "use crate::b::B;"),
            ("b", "use crate::c::C;"),
            ("c", ""),
        ];
        assert_eq!(found(&line), [""; 0]);
    }

    #[test]
    fn modules_count_as_what_they_part_by() {
        let deep = [
            ("", ""),
            ("a", ""),
            ("a::x", "use crate::b::y::Y;"),
            ("b", ""),
            ("b::y", "use crate::a::x::X;"),
        ];
        assert_eq!(found(&deep), [": a b"]);
        let siblings = [
            ("", ""),
            ("a", ""),
            ("a::x", "use super::y::Y;"),
            ("a::y", "use crate::a::x::X;"),
        ];
        assert_eq!(found(&siblings), ["a: x y"]);
    }

    #[test]
    fn parent_and_child_may_use_each_other_and_re_exports_are_seen_through() {
        let family = [
            ("", ""),
            ("a", "use self::x::X; pub struct P;"),
            ("a::x", "use super::P;"),
        ];
        assert_eq!(found(&family), [""; 0]);
        let hidden = [
            ("", "pub use b::B;"),
            ("a", "use crate::B;"),
            ("b", "use crate::a::A;"),
        ];
        assert_eq!(found(&hidden), [": a b"]);
        let hidden = [
            ("", ""),
            ("a", "pub(crate) use y::Y;"),
            ("a::x", "use super::Y;"),
            ("a::y", "use super::x::X;"),
        ];
        assert_eq!(found(&hidden), ["a: x y"]);
    }
}
