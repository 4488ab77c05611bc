//! Values on axes, read once and as Go reads them.

use std::collections::BTreeMap;
use std::fmt;

use crate::limit::{CpuQuota, parse_memory_cap};

/// A value on an axis other than its default. Its text is the canonical form: what means the same reads the same.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AxisValue {
    /// A word, path or text that stands for itself. Also what Go would not take: `gotrace::environment` says so, with
    /// the fix for each version.
    Text(String),
    /// GOMAXPROCS.
    Count(u32),
    /// GOGC off: `off` or any negative number (`readGOGC` in runtime/mgcpacer.go).
    CollectorOff,
    /// GOGC in percent of the live heap.
    Percent(u32),
    /// Bytes.
    Bytes(u64),
    /// `key=value` pairs of GODEBUG.
    Pairs(BTreeMap<String, String>),
    /// CPU time per period.
    Quota(CpuQuota),
}

impl fmt::Display for AxisValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AxisValue::Text(text) => f.write_str(text),
            AxisValue::Count(number) | AxisValue::Percent(number) => write!(f, "{number}"),
            AxisValue::CollectorOff => f.write_str("off"),
            AxisValue::Bytes(bytes) => f.write_str(&exact_bytes(*bytes)),
            AxisValue::Pairs(pairs) => {
                let pairs: Vec<String> = pairs
                    .iter()
                    .map(|(key, value)| format!("{key}={value}"))
                    .collect();
                f.write_str(&pairs.join(","))
            }
            AxisValue::Quota(quota) => write!(f, "{quota}"),
        }
    }
}

/// In the largest unit that needs no fraction, as GOMEMLIMIT takes it.
fn exact_bytes(bytes: u64) -> String {
    let units = [(40, "TiB"), (30, "GiB"), (20, "MiB"), (10, "KiB")];
    let whole = units
        .iter()
        .find(|(power, _)| bytes > 0 && bytes.trailing_zeros() >= *power);
    match whole {
        Some((power, unit)) => format!("{}{unit}", bytes >> power),
        None => bytes.to_string(),
    }
}

/// Reads the text of a value; the error is the fix.
pub(super) type Parse = fn(&str) -> Result<AxisValue, String>;

/// Text that is not ours to judge.
#[expect(clippy::unnecessary_wraps, reason = "one signature for every row")]
pub(super) fn text(text: &str) -> Result<AxisValue, String> {
    Ok(AxisValue::Text(text.to_owned()))
}

/// A value that only Go judges: what it would not take stays as it was written.
fn or_text(read: Option<AxisValue>, text: &str) -> AxisValue {
    read.unwrap_or_else(|| AxisValue::Text(text.to_owned()))
}

/// GOMAXPROCS: a positive 32-bit decimal (`schedinit` in runtime/proc.go), of no more Ps than there is memory for.
#[expect(clippy::unnecessary_wraps, reason = "one signature for every row")]
pub(super) fn go_count(text: &str) -> Result<AxisValue, String> {
    let count = decimal(text).filter(|count| (1..=1_000_000).contains(count));
    let count = count.and_then(|count| u32::try_from(count).ok());
    Ok(or_text(count.map(AxisValue::Count), text))
}

/// GOGC: `off` or a 32-bit decimal, a negative one being off.
#[expect(clippy::unnecessary_wraps, reason = "one signature for every row")]
pub(super) fn go_percent(text: &str) -> Result<AxisValue, String> {
    let read = match decimal(text) {
        None => (text == "off").then_some(AxisValue::CollectorOff),
        Some(number) if number < i64::from(i32::MIN) || number > i64::from(i32::MAX) => None,
        Some(number) => Some(match u32::try_from(number) {
            Ok(percent) => AxisValue::Percent(percent),
            Err(_) => AxisValue::CollectorOff,
        }),
    };
    Ok(or_text(read, text))
}

/// GOMEMLIMIT: whole bytes, or a whole number with B, KiB, MiB, GiB or TiB (`parseByteCount` in runtime/string.go).
#[expect(clippy::unnecessary_wraps, reason = "one signature for every row")]
pub(super) fn go_bytes(text: &str) -> Result<AxisValue, String> {
    let units = [("KiB", 10), ("MiB", 20), ("GiB", 30), ("TiB", 40), ("B", 0)];
    let (digits, power) = units
        .iter()
        .find_map(|(unit, power)| Some((text.strip_suffix(unit)?, *power)))
        .unwrap_or((text, 0));
    let number = decimal(digits).and_then(|number| u64::try_from(number).ok());
    let bytes = number.and_then(|number| number.checked_mul(1 << power));
    let bytes = bytes.filter(|bytes| i64::try_from(*bytes).is_ok());
    Ok(or_text(bytes.map(AxisValue::Bytes), text))
}

/// An optional minus and digits, which every version's parser takes.
fn decimal(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

/// GODEBUG. Go ignores a malformed pair silently and lets the last of two equal keys win (`parsegodebug` in
/// runtime/runtime1.go), so neither may pass here.
pub(super) fn pairs(text: &str) -> Result<AxisValue, String> {
    let mut pairs = BTreeMap::new();
    for pair in text.split(',').map(str::trim) {
        let (key, value) = pair
            .split_once('=')
            .filter(|(key, value)| !key.is_empty() && !value.is_empty() && !pair.contains(';'))
            .ok_or("write `key=value` pairs separated by commas, e.g. `madvdontneed=0`")?;
        if pairs.insert(key.to_owned(), value.to_owned()).is_some() {
            return Err(format!("`{key}` is set twice: keep one of the two"));
        }
    }
    Ok(AxisValue::Pairs(pairs))
}

/// The value of `go_line` that means that of the Go that builds.
pub const OF_TOOLCHAIN: &str = "toolchain";

/// What git takes for a commit and not for an option.
pub(super) fn reference(text: &str) -> Result<AxisValue, String> {
    let bad = |c: char| c.is_whitespace() || c.is_control();
    match text.is_empty() || text.starts_with('-') || text.contains(bad) {
        true => Err("write a branch, a tag or a commit, e.g. `main` or `v1.2`".to_owned()),
        false => Ok(AxisValue::Text(text.to_owned())),
    }
}

/// A go line: a minor version, or that of the Go that builds.
pub(super) fn go_line(text: &str) -> Result<AxisValue, String> {
    let minor = text.strip_prefix("1.").and_then(decimal);
    if text == OF_TOOLCHAIN || minor.is_some_and(|minor| (0..1000).contains(&minor)) {
        return Ok(AxisValue::Text(text.to_owned()));
    }
    Err(format!(
        "write a minor version such as \"1.27\", `{OF_TOOLCHAIN}` or `module`"
    ))
}

/// Another seed in every block.
pub(super) const FRESH: &str = "fresh";

/// A seed of the linker, which takes 0 for none (`-randlayout` in cmd/link/internal/ld/main.go).
pub(super) fn seed(text: &str) -> Result<AxisValue, String> {
    if text == FRESH {
        return Ok(AxisValue::Text(FRESH.to_owned()));
    }
    let seed = decimal(text).filter(|seed| (1..=i64::from(i32::MAX)).contains(seed));
    let seed = seed.and_then(|seed| u32::try_from(seed).ok());
    seed.map(AxisValue::Count)
        .ok_or_else(|| format!("write a seed from 1 to {}, `{FRESH}` or `none`", i32::MAX))
}

/// Names separated by commas, in any order.
pub(super) fn names(text: &str) -> Result<AxisValue, String> {
    let mut names: Vec<&str> = text.split(',').map(str::trim).collect();
    let is_name = |name: &&str| {
        let plain = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
        !name.is_empty() && name.chars().all(plain)
    };
    if !names.iter().all(is_name) {
        return Err("write names of letters, digits, `_` and `.`, separated by commas".to_owned());
    }
    names.sort_unstable();
    names.dedup();
    Ok(AxisValue::Text(names.join(",")))
}

/// CPU time per period.
pub(super) fn quota(text: &str) -> Result<AxisValue, String> {
    text.parse().map(AxisValue::Quota)
}

/// A memory cap.
pub(super) fn cap(text: &str) -> Result<AxisValue, String> {
    parse_memory_cap(text).map(AxisValue::Bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(parse: Parse, text: &str) -> String {
        parse(text).unwrap().to_string()
    }

    #[test]
    fn what_means_the_same_to_go_reads_the_same() {
        for (parse, text, canonical) in [
            (go_percent as Parse, "-1", "off"),
            (go_percent, "-2147483648", "off"),
            (go_percent, "off", "off"),
            (go_percent, "-0", "0"),
            (go_percent, "0100", "100"),
            (go_count, "04", "4"),
            (go_bytes, "536870912", "512MiB"),
            (go_bytes, "1024MiB", "1GiB"),
            (go_bytes, "5B", "5"),
            (go_bytes, "0", "0"),
            (go_bytes, "-0B", "0"),
            (cap, "65536KiB", "64MiB"),
            (pairs, "b=2, a=1", "a=1,b=2"),
            (quota, "0.50", "0.5"),
            (seed, "007", "7"),
            (seed, "fresh", "fresh"),
            (names, "osusergo, netgo,netgo", "netgo,osusergo"),
        ] {
            assert_eq!(shown(parse, text), canonical, "{text}");
        }
    }

    #[test]
    fn what_go_would_not_take_stays_as_it_was_written() {
        for (parse, text) in [
            (go_percent as Parse, "abc"),
            (go_percent, "100%"),
            (go_percent, "+5"),
            (go_percent, "-2147483649"),
            (go_count, "0"),
            (go_count, "-1"),
            (go_count, "2.5"),
            (go_bytes, "512Mi"),
            (go_bytes, "-5"),
            (go_bytes, "16777216TiB"),
        ] {
            assert_eq!(parse(text), Ok(AxisValue::Text(text.to_owned())));
        }
    }

    #[test]
    fn the_linker_takes_no_seed_of_zero() {
        for text in ["0", "-1", "stale", "2147483648"] {
            assert!(seed(text).unwrap_err().contains("from 1"), "{text}");
        }
    }

    #[test]
    fn a_name_is_whole() {
        for text in ["a b", "a,", "!race", "-x", "a,,b"] {
            assert!(names(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_pair_stands_once_and_whole() {
        for text in ["a=1,a=2", "a", "=1", "a=", "a=1;b=2", "a=1,"] {
            assert!(pairs(text).is_err(), "{text}");
        }
    }
}
