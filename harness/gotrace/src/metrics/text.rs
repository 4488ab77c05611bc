//! runtime/metrics as programs print them in text: a name of that package and a number on a line, in whatever form.

use std::collections::BTreeMap;

/// Most metrics kept; Go 1.27 has about 120.
pub const MOST_METRICS: usize = 2_048;

/// Reads `/gc/heap/live:bytes: 123`, `"/gc/heap/live:bytes": 123,`, `Name: /gc/heap/live:bytes Value: 123` and the like;
/// of a name that comes again the last value counts. Other lines are passed over.
#[must_use]
pub fn numbers(text: &[u8]) -> BTreeMap<String, f64> {
    let mut found = BTreeMap::new();
    for line in text.split(|byte| *byte == b'\n') {
        let Ok(line) = std::str::from_utf8(line) else {
            continue;
        };
        if let Some((name, value)) = pair(line)
            && (found.len() < MOST_METRICS || found.contains_key(name))
        {
            found.insert(name.to_owned(), value);
        }
    }
    found
}

fn pair(line: &str) -> Option<(&str, f64)> {
    line.match_indices('/')
        .find_map(|(start, _)| pair_at(line, start))
}

fn pair_at(line: &str, start: usize) -> Option<(&str, f64)> {
    let stands_alone = line[..start]
        .chars()
        .next_back()
        .is_none_or(|c| " \t\"'`{[(=,".contains(c));
    let body = &line[start..];
    let of_name = |c: char| c.is_ascii_alphanumeric() || "/-:*_.".contains(c);
    let end = body.find(|c| !of_name(c)).unwrap_or(body.len());
    // A colon may follow the name as well as part its unit off.
    let name = body[..end].trim_end_matches(':');
    let (path, unit) = name.split_once(':')?;
    let known = [
        "/gc/",
        "/cpu/",
        "/memory/",
        "/sched/",
        "/sync/",
        "/cgo/",
        "/godebug/",
    ];
    if !stands_alone
        || unit.is_empty()
        || unit.contains(':')
        || !known.iter().any(|own| path.starts_with(own))
    {
        return None;
    }
    let rest = &body[name.len()..];
    let at = rest.find(|c: char| c.is_ascii_digit())?;
    let between = &rest[..at];
    // A histogram printed in full is no number, nor is the name of a type.
    let words = between
        .trim_matches(|c: char| " \t:=,\"'`-".contains(c))
        .trim_end_matches(':');
    if !matches!(words, "" | "Value" | "value" | "val" | "v") {
        return None;
    }
    let digits = &rest[at..];
    let end = digits
        .find(|c: char| !(c.is_ascii_digit() || ".eE+-".contains(c)))
        .unwrap_or(digits.len());
    Some((
        name,
        digits[..end]
            .trim_end_matches(['.', '+', '-', 'e', 'E'])
            .parse()
            .ok()?,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_form_of_a_line() {
        for line in [
            "/gc/heap/live:bytes: 4194304",
            "/gc/heap/live:bytes 4194304",
            "/gc/heap/live:bytes = 4194304.0",
            "\t\"/gc/heap/live:bytes\": 4194304,",
            "Name: /gc/heap/live:bytes Value: 4194304",
            "2024/05/01 10:00:00 /gc/heap/live:bytes\t4.194304e+06",
        ] {
            assert_eq!(
                numbers(line.as_bytes()).get("/gc/heap/live:bytes"),
                Some(&4_194_304.0),
                "{line}"
            );
        }
        for line in [
            "/usr/local/go/src/runtime/proc.go:12 +0x1",
            "/sched/latencies:seconds: {[1 2] [3]}",
            "a/gc/x:y 1",
            "/gc/",
            "/gc/heap/live:bytes\tuint64",
        ] {
            assert!(numbers(line.as_bytes()).is_empty(), "{line}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            prop_assert!(numbers(&bytes).len() <= bytes.len());
        }
    }
}
