//! The placement policies by name.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use crate::cpuset::CpuSet;
use crate::error::Error;

/// How to choose CPUs. Parses from and prints as the words in each variant.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub enum Policy {
    /// `none`: no pinning; target and generator share every usable CPU.
    None,
    /// `split`: target and generator on disjoint cores of one NUMA node where it has room, never on SMT siblings of
    /// each other. A target count takes one thread per core first.
    #[default]
    Split,
    /// `compact`: the target on as few cores as possible, siblings filled first, within one last-level cache where it
    /// fits; the generator outside that cache where there is room.
    Compact,
    /// `spread`: one thread per core, dealt out over nodes and last-level caches.
    Spread,
    /// `no-smt`: as split, with one thread per core for target and generator.
    NoSmt,
    /// `node:N`: split within NUMA node N.
    Node(u32),
    /// `llc:N`: the target on last-level cache group N, the generator outside it, on the same node where it has room;
    /// within N on hosts with one group.
    Llc(u32),
    /// `cpus:LIST` or `cpus:LIST/LIST`: exactly these CPUs for the target and, after the slash, for the generator.
    Cpus {
        /// The target's CPUs.
        target: CpuSet,
        /// The generator's; `None` takes cores that the target leaves free.
        generator: Option<CpuSet>,
    },
}

const KNOWN: &str = "none, split, compact, spread, no-smt, node:N, llc:N, cpus:0-3 or cpus:0-3/4-5";

impl FromStr for Policy {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let text = text.trim();
        let (name, argument) = match text.split_once(':') {
            Some((name, argument)) => (name, Some(argument)),
            None => (text, None),
        };
        match (name, argument) {
            ("none", None) => Ok(Self::None),
            ("split", None) => Ok(Self::Split),
            ("compact", None) => Ok(Self::Compact),
            ("spread", None) => Ok(Self::Spread),
            ("no-smt", None) => Ok(Self::NoSmt),
            ("node", Some(number)) => Ok(Self::Node(parse_number(text, name, number)?)),
            ("llc", Some(number)) => Ok(Self::Llc(parse_number(text, name, number)?)),
            ("cpus", Some(lists)) => parse_lists(text, lists),
            _ => Err(Error::policy(text, complaint(text, name, argument))),
        }
    }
}

fn parse_number(text: &str, kind: &str, number: &str) -> Result<u32, Error> {
    number.parse().map_err(|_| {
        Error::policy(
            text,
            format!("{number:?} is not a number; write it like {kind}:0"),
        )
    })
}

fn parse_lists(text: &str, lists: &str) -> Result<Policy, Error> {
    let parse = |list: &str, role: &str| match list.parse::<CpuSet>() {
        Ok(set) if set.is_empty() => Err(Error::policy(text, format!("no {role} CPUs named"))),
        Ok(set) => Ok(set),
        Err(error) => Err(Error::policy(text, error.to_string())),
    };
    // The first slash parts the lists, so the kernel's `0-31:2/4` cannot be used here; the stride form `0-31:4` can.
    match lists.split_once('/') {
        Some((target, generator)) => Ok(Policy::Cpus {
            target: parse(target, "target")?,
            generator: Some(parse(generator, "generator")?),
        }),
        None => Ok(Policy::Cpus {
            target: parse(lists, "target")?,
            generator: None,
        }),
    }
}

fn complaint(text: &str, name: &str, argument: Option<&str>) -> String {
    let bare_list = text
        .split('/')
        .all(|list| list.parse::<CpuSet>().is_ok_and(|set| !set.is_empty()));
    if bare_list {
        return format!("a list of CPUs is written cpus:{text}");
    }
    let normal = name.to_ascii_lowercase().replace(['_', ' '], "-");
    match (normal.as_str(), argument) {
        ("node" | "llc", None) => format!("needs a number, as in {normal}:0"),
        ("cpus" | "cpu", None) => "needs a list, as in cpus:0-3".to_owned(),
        ("none" | "split" | "compact" | "spread" | "no-smt", Some(_)) => {
            format!("{normal} takes nothing after it")
        }
        ("none" | "split" | "compact" | "spread" | "no-smt", None) => {
            format!("did you mean {normal}?")
        }
        ("nosmt", None) => "did you mean no-smt?".to_owned(),
        _ => format!("not a policy; there are {KNOWN}"),
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::None => "none".to_owned(),
            Self::Split => "split".to_owned(),
            Self::Compact => "compact".to_owned(),
            Self::Spread => "spread".to_owned(),
            Self::NoSmt => "no-smt".to_owned(),
            Self::Node(node) => format!("node:{node}"),
            Self::Llc(llc) => format!("llc:{llc}"),
            Self::Cpus {
                target,
                generator: None,
            } => format!("cpus:{target}"),
            Self::Cpus {
                target,
                generator: Some(generator),
            } => {
                format!("cpus:{target}/{generator}")
            }
        };
        formatter.pad(&text)
    }
}

impl Serialize for Policy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
