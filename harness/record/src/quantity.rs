//! Durations, rates, shares and sizes as people write and read them.

use std::time::Duration;

/// Parses `1500ms`, `2s`, `1.5m` or `2h`; the unit is required.
///
/// # Errors
/// The fix, naming the units.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let fix = || "write a number and a unit: us, ms, s, m or h, e.g. `1500ms`".to_owned();
    let (number, unit) = split_unit(text).ok_or_else(fix)?;
    let seconds_per_unit = match unit {
        "us" | "µs" => 1e-6,
        "ms" => 1e-3,
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        "" => return Err(format!("add a unit, e.g. `{text}s` or `{text}ms`")),
        _ => return Err(fix()),
    };
    let seconds = number * seconds_per_unit;
    if !(seconds.is_finite() && (0.0..=31_536_000.0).contains(&seconds)) {
        return Err("a duration lies between 0 and a year".to_owned());
    }
    Ok(Duration::from_secs_f64(seconds))
}

/// Like [`parse_duration`], but zero is refused.
///
/// # Errors
/// The fix.
pub fn parse_positive_duration(text: &str) -> Result<Duration, String> {
    match parse_duration(text)? {
        Duration::ZERO => Err("must be longer than zero".to_owned()),
        duration => Ok(duration),
    }
}

/// Prints a duration in the largest unit that keeps it short: `1.5s`, `250ms`.
pub fn format_duration(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    if seconds == 0.0 {
        return "0s".to_owned();
    }
    let (value, unit) = match seconds {
        s if s < 1e-3 => (s * 1e6, "us"),
        s if s < 1.0 => (s * 1e3, "ms"),
        s if s < 120.0 => (s, "s"),
        s if s < 7200.0 => (s / 60.0, "m"),
        s => (s / 3600.0, "h"),
    };
    let rounded = format!("{value:.2}");
    let rounded = rounded.trim_end_matches('0').trim_end_matches('.');
    format!("{rounded}{unit}")
}

/// An offered rate: absolute, or a share of the control cell's capacity.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Rate {
    /// Requests per second.
    PerSecond(f64),
    /// Fraction of the capacity found for the control cell, in (0, 1].
    ShareOfControl(f64),
}

/// Parses `60%` (of the control's capacity), `5000` or `5000/s`.
///
/// # Errors
/// The fix.
pub fn parse_rate(text: &str) -> Result<Rate, String> {
    let fix =
        "write a share of the control's capacity like `60%`, or requests per second like `5000/s`";
    if let Some(percent) = text.strip_suffix('%') {
        let percent: f64 = percent.trim().parse().map_err(|_| fix.to_owned())?;
        if percent > 0.0 && percent <= 100.0 {
            return Ok(Rate::ShareOfControl(percent / 100.0));
        }
        return Err(
            "a share lies above 0% and up to 100%; above it latency only measures the backlog"
                .to_owned(),
        );
    }
    let number = text.strip_suffix("/s").unwrap_or(text).trim();
    match number.parse::<f64>() {
        Ok(rate) if rate > 0.0 && rate <= 1e8 => Ok(Rate::PerSecond(rate)),
        _ => Err(fix.to_owned()),
    }
}

/// Parses a share as `0.1%` or `0.001`, into a fraction in [0, 1].
///
/// # Errors
/// The fix.
pub fn parse_share(text: &str) -> Result<f64, String> {
    let fix = "write a percentage like `0.1%` or a fraction like `0.001`";
    let value = match text.strip_suffix('%') {
        Some(percent) => percent.trim().parse::<f64>().map(|percent| percent / 100.0),
        None => text.parse(),
    };
    match value {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        _ => Err(fix.to_owned()),
    }
}

/// Parses bytes with an optional binary unit: `512MiB`, `1.5GiB`, `1048576`.
///
/// # Errors
/// The fix; decimal and shortened units are refused because Go refuses them.
pub fn parse_bytes(text: &str) -> Result<u64, String> {
    let fix = || "write bytes with B, KiB, MiB, GiB or TiB, e.g. `512MiB`".to_owned();
    let (number, unit) = split_unit(text).ok_or_else(fix)?;
    let factor = match unit {
        "" | "B" => 1.0,
        "KiB" => 1024.0,
        "MiB" => 1024.0 * 1024.0,
        "GiB" => 1024.0 * 1024.0 * 1024.0,
        "TiB" => 1024.0 * 1024.0 * 1024.0 * 1024.0,
        _ => return Err(fix()),
    };
    let bytes = number * factor;
    if bytes.is_finite() && (0.0..9e15).contains(&bytes) {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "range checked above"
        )]
        return Ok(bytes.round() as u64);
    }
    Err(fix())
}

/// Prints bytes with a binary unit and three digits at most: `512 MiB`.
pub fn format_bytes(bytes: f64) -> String {
    let mut value = bytes;
    let mut unit = "B";
    for next in ["KiB", "MiB", "GiB", "TiB"] {
        if value < 1024.0 {
            break;
        }
        value /= 1024.0;
        unit = next;
    }
    let digits = usize::from(value < 100.0 && unit != "B");
    format!("{value:.digits$} {unit}")
}

fn split_unit(text: &str) -> Option<(f64, &str)> {
    let text = text.trim();
    let end = text
        .find(|c: char| !(c.is_ascii_digit() || c == '.'))
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    Some((number.parse().ok()?, unit.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_need_a_unit() {
        assert_eq!(parse_duration("1500ms"), Ok(Duration::from_millis(1500)));
        assert_eq!(parse_duration("1.5m"), Ok(Duration::from_secs(90)));
        assert!(parse_duration("5").unwrap_err().contains("add a unit"));
        assert!(parse_duration("-5s").is_err());
        assert!(parse_duration("5 parsecs").is_err());
        assert!(parse_positive_duration("0s").is_err());
        assert_eq!(format_duration(Duration::from_millis(1500)), "1.5s");
        assert_eq!(format_duration(Duration::from_millis(250)), "250ms");
    }

    #[test]
    fn rates_are_shares_or_absolute() {
        assert_eq!(parse_rate("60%"), Ok(Rate::ShareOfControl(0.6)));
        assert_eq!(parse_rate("5000/s"), Ok(Rate::PerSecond(5000.0)));
        assert_eq!(parse_rate("5000"), Ok(Rate::PerSecond(5000.0)));
        assert!(parse_rate("130%").is_err());
        assert!(parse_rate("0").is_err());
        assert!(parse_rate("fast").is_err());
    }

    #[test]
    fn sizes_are_binary() {
        assert_eq!(parse_bytes("512MiB"), Ok(512 << 20));
        assert!(parse_bytes("512Mi").is_err());
        assert!(parse_bytes("10MB").is_err());
        assert_eq!(format_bytes(1536.0 * 1024.0), "1.5 MiB");
        assert_eq!(parse_share("0.1%"), Ok(0.001));
        assert!(parse_share("120%").is_err());
    }
}
