//! Reads the values of a command line. Every error says what to write instead; the command line names flag and value.
//!
//! # Errors
//! All of these functions give the fix in words, such as "write 10ms or more".

use std::fs::File;
use std::io::{self, Read};
use std::time::Duration;

use loadgen::{LatencyTarget, Stage, StatusExpectation};
use record::quantity::{Rate, parse_positive_duration, parse_rate};
use topology::CpuSet;

use crate::options::{Digest, Headers, Stages};
use crate::threshold::{self, FailIf};

/// A duration above zero, with its unit.
pub fn duration(text: &str) -> Result<Duration, String> {
    const MOST: Duration = Duration::from_secs(720 * 3600);
    match parse_positive_duration(text)? {
        duration if duration <= MOST => Ok(duration),
        _ => Err("at most 720h, which is 30 days".to_owned()),
    }
}

/// A whole number from 1 to a million: connections, streams, threads and probes take memory.
pub fn count(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(count) if (1..=1_000_000).contains(&count) => Ok(count),
        _ => Err("write a whole number from 1 to 1000000".to_owned()),
    }
}

/// Generator threads.
pub fn threads(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(count) if (1..=1024).contains(&count) => Ok(count),
        _ => {
            Err("write a whole number from 1 to 1024, one for each CPU of the generator".to_owned())
        }
    }
}

/// A seed.
pub fn seed(text: &str) -> Result<u64, String> {
    text.parse()
        .map_err(|_| "write any whole number from 0".to_owned())
}

/// A length in bytes.
pub fn length(text: &str) -> Result<u64, String> {
    text.parse()
        .map_err(|_| "write the number of bytes, e.g. `1024`".to_owned())
}

/// The length of an interval: each costs a row and an entry of the log.
pub fn interval(text: &str) -> Result<Duration, String> {
    match parse_positive_duration(text)? {
        short if short < Duration::from_millis(10) => Err("write 10ms or more".to_owned()),
        duration => Ok(duration),
    }
}

/// A whole number from 1.
pub fn count_u64(text: &str) -> Result<u64, String> {
    match text.parse() {
        Ok(count) if (1..=1_000_000_000_000).contains(&count) => Ok(count),
        _ => Err("write a whole number from 1".to_owned()),
    }
}

/// Requests per second.
pub fn rate(text: &str) -> Result<f64, String> {
    match parse_rate(text) {
        Ok(Rate::PerSecond(rate)) => Ok(rate),
        Ok(Rate::ShareOfControl(_)) => Err(
            "a share needs the capacity, which only `gosweep run` knows; write requests per \
             second, e.g. `5000`"
                .to_owned(),
        ),
        Err(_) => Err("write requests per second above 0, e.g. `5000` or `0.5`".to_owned()),
    }
}

/// `RATE:D` and `FROM-TO:D`, separated by commas.
pub fn stages(text: &str) -> Result<Stages, String> {
    text.split(',')
        .map(|part| stage(part.trim()))
        .collect::<Result<_, _>>()
        .map(Stages)
}

fn stage(text: &str) -> Result<Stage, String> {
    let fix = || {
        format!(
            "stage `{text}`: write RATE:D to hold a rate or FROM-TO:D to ramp, e.g. `0-5000:30s`"
        )
    };
    let (rates, length) = text.split_once(':').ok_or_else(fix)?;
    let (from, to) = rates.split_once('-').unwrap_or((rates, rates));
    let rate = |text: &str| {
        let rate = text.trim().parse::<f64>().ok()?;
        (0.0..=1e8).contains(&rate).then_some(rate)
    };
    let length = parse_positive_duration(length.trim());
    let duration = length.map_err(|why| format!("stage `{text}`: {why}"))?;
    Ok(Stage {
        from_per_s: rate(from).ok_or_else(fix)?,
        to_per_s: rate(to).ok_or_else(fix)?,
        duration,
    })
}

/// An objective of a search.
pub fn objective(text: &str) -> Result<LatencyTarget, String> {
    threshold::objective(text)
}

/// A threshold of `--fail-if`.
pub fn threshold(text: &str) -> Result<FailIf, String> {
    text.parse()
}

/// A list of CPUs.
pub fn cpus(text: &str) -> Result<CpuSet, String> {
    let set: CpuSet = text
        .parse()
        .map_err(|error: topology::Error| error.to_string())?;
    if set.is_empty() {
        return Err("name at least one CPU, e.g. `2` or `2-3`".to_owned());
    }
    Ok(set)
}

/// A method: a token (RFC 9110, section 9.1).
pub fn method(text: &str) -> Result<String, String> {
    if is_token(text) {
        return Ok(text.to_owned());
    }
    Err("a method is one word, e.g. `POST`".to_owned())
}

/// `NAME: VALUE`, or curl's `NAME;` for an empty value.
pub fn header(text: &str) -> Result<(String, String), String> {
    let fix = "write it as `Name: value`";
    let (name, value) = match (text.split_once(':'), text.strip_suffix(';')) {
        (Some(pair), _) => pair,
        (None, Some(name)) => (name, ""),
        (None, None) => return Err(format!("there is no colon; {fix}")),
    };
    let (name, value) = (name.trim(), value.trim());
    if !is_token(name) {
        return Err(format!("`{name}` cannot be a header's name; {fix}"));
    }
    if value.chars().any(|c| c.is_control() && c != '\t') {
        return Err("a header's value is one line of text".to_owned());
    }
    Ok((name.to_owned(), value.to_owned()))
}

/// A header, or with `@FILE` those of a file, one a line, as curl reads them.
pub fn headers(text: &str) -> Result<Headers, String> {
    match text.strip_prefix('@') {
        Some(path) => headers_of_file(path),
        None => header(text).map(|one| Headers(vec![one])),
    }
}

fn headers_of_file(path: &str) -> Result<Headers, String> {
    const MOST_BYTES: u64 = 1 << 20;
    let mut text = String::new();
    File::open(path)
        .and_then(|file| match file.metadata()?.is_file() {
            true => file.take(MOST_BYTES + 1).read_to_string(&mut text),
            false => Err(io::Error::other("is no regular file")),
        })
        .map_err(|error| format!("cannot read {path}: {error}"))?;
    if text.len() as u64 > MOST_BYTES {
        return Err(format!(
            "{path} is larger than 1 MiB; headers are some lines of text"
        ));
    }
    let lines = text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(at, line)| {
            // What stands in the line may be secret.
            let one = header(line);
            one.map_err(|_| format!("{path}:{}: no header; write it as `Name: value`", at + 1))
        })
        .collect::<Result<_, _>>()
        .map(Headers)
}

fn is_token(text: &str) -> bool {
    // RFC 9110, section 5.6.2.
    let token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    !text.is_empty() && text.chars().all(token)
}

/// `200,404`, `2xx`, `any`.
pub fn statuses(text: &str) -> Result<StatusExpectation, String> {
    if text == "any" {
        return Ok(StatusExpectation::Any);
    }
    let mut list = Vec::new();
    for part in text.split(',').map(str::trim) {
        match (
            part.strip_suffix("xx").map(str::parse::<u16>),
            part.parse::<u16>(),
        ) {
            (Some(Ok(hundreds @ 1..=5)), _) => list.extend(hundreds * 100..hundreds * 100 + 100),
            (_, Ok(status @ 100..=599)) => list.push(status),
            _ => {
                return Err(
                    "write statuses from 100 to 599, e.g. `200,404`, `2xx` or `any`".to_owned(),
                );
            }
        }
    }
    Ok(StatusExpectation::OneOf(list))
}

/// 64 hexadecimal digits.
pub fn sha256(text: &str) -> Result<Digest, String> {
    let fix = || "write the 64 hexadecimal digits that `sha256sum` prints".to_owned();
    if text.len() != 64 || !text.is_ascii() {
        return Err(fix());
    }
    let mut bytes = [0; 32];
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).map_err(|_| fix())?;
    }
    Ok(Digest(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_hold_and_ramp() {
        let Stages(stages) = stages("0-5000:30s, 5000:1m").unwrap();
        assert_eq!(stages.len(), 2);
        assert_eq!((stages[0].from_per_s, stages[0].to_per_s), (0.0, 5000.0));
        assert_eq!(stages[1].from_per_s, stages[1].to_per_s);
        assert_eq!(stages[1].duration, Duration::from_secs(60));
        for bad in [
            "", "5000", "5000:", "5000:3", "a:3s", "1-b:3s", "-5:3s", "5:3s,", "nan:1s", "1e99:1s",
        ] {
            assert!(super::stages(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn statuses_are_lists_classes_or_any() {
        let accepts = |text: &str, status| statuses(text).unwrap().accepts(status);
        assert!(accepts("200,404", 404) && !accepts("200,404", 201));
        assert!(accepts("2xx", 299) && !accepts("2xx", 300));
        assert!(accepts("any", 599));
        for bad in ["", "99", "6xx", "200,", "abc", "xx"] {
            assert!(statuses(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn headers_and_digests_are_checked() {
        assert_eq!(header("A: b: c"), Ok(("A".into(), "b: c".into())));
        assert_eq!(header("A;"), Ok(("A".into(), String::new())));
        for bad in ["", "a", ": v", "a b: c", "a: b\r\nc: d"] {
            assert!(header(bad).is_err(), "{bad}");
        }
        assert!(sha256(&"0f".repeat(32)).is_ok());
        assert!(sha256(&"é".repeat(32)).is_err());
        assert!(sha256("0f").is_err());
    }

    #[test]
    fn rates_are_absolute() {
        assert_eq!(rate("5000/s"), Ok(5000.0));
        assert!(rate("60%").unwrap_err().contains("gosweep run"));
        for bad in ["0", "-5", "fast", "nan", "inf", ""] {
            assert!(rate(bad).is_err(), "{bad}");
        }
    }
}
