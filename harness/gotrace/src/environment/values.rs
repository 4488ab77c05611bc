//! GOMAXPROCS, GOGC, GOMEMLIMIT, GOTRACEBACK and GOAMD64, parsed as Go parses them.

use super::godebug::check_godebug_string;
use super::problem::{Problem, ProblemKind, SettingVerdict, nearest};
use super::{check_goexperiment, goexperiment_names};
use crate::GoVersion;

/// A GOGC value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gogc {
    /// `off`, or any negative number, which the runtime treats alike (`readGOGC`).
    Off,
    /// Percent of the live heap; 0 collects without pause.
    Percent(u32),
}

/// A GOMEMLIMIT value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gomemlimit {
    /// `off`: no limit.
    Off,
    /// Bytes.
    Bytes(u64),
}

/// A GOTRACEBACK value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Traceback {
    /// No goroutine stacks.
    None,
    /// The failing goroutine (default).
    Single,
    /// All user goroutines.
    All,
    /// Also the runtime's frames and goroutines.
    System,
    /// As `System`, then SIGABRT and perhaps a core file.
    Crash,
}

/// A GOAMD64 level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum MicroArchitecture {
    /// The x86-64 baseline.
    #[default]
    V1,
    /// Up to SSE4.2 and POPCNT.
    V2,
    /// Up to AVX2 and BMI2.
    V3,
    /// Up to AVX-512 F, BW, CD, DQ, VL.
    V4,
}

impl MicroArchitecture {
    /// The value as Go wants it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::V1 => "v1",
            Self::V2 => "v2",
            Self::V3 => "v3",
            Self::V4 => "v4",
        }
    }
}

/// The most Ps that a program was seen to start with (Go 1.21 to 1.27, 23 GiB of memory).
const MOST_PS: i64 = 1_000_000;

/// GOMAXPROCS as the runtime reads it: a positive 32-bit decimal; everything else is ignored
/// silently (`schedinit` in runtime/proc.go).
///
/// # Errors
/// [`ProblemKind::SilentlyIgnored`] for `0`, negatives, `500m`, `2.5`, spaces and the empty text;
/// [`ProblemKind::AbortsAtStart`] for more than a million.
pub fn gomaxprocs(text: &str) -> Result<u32, Problem> {
    refuse_plus_sign("GOMAXPROCS", text, ProblemKind::SilentlyIgnored)?;
    let ignored = |why: &str, cure: &str| {
        Problem::new(
            ProblemKind::SilentlyIgnored,
            format!("GOMAXPROCS=\"{text}\" {why}; Go would silently use its default"),
            cure,
        )
    };
    match plain_integer(text) {
        Some(count) if count > i64::from(i32::MAX) => Err(ignored(
            "does not fit 32 bits",
            "give the number of Ps wanted",
        )),
        // The runtime makes all Ps at start: a million take some 10 GB of addresses, 100 million ended every version
        // tried, and for the largest number it makes a slice out of bounds.
        Some(count) if count > MOST_PS => Err(Problem::new(
            ProblemKind::AbortsAtStart,
            format!("GOMAXPROCS={text} ends the process at start: no memory holds that many Ps"),
            "give the number of CPUs that the program may use",
        )),
        Some(count) if count > 0 => Ok(u32::try_from(count).expect("positive and within i32")),
        Some(_) => Err(ignored(
            "is not positive",
            "give a whole number of at least 1, or leave it unset for the default",
        )),
        None => {
            let problem = ignored("is not a whole number", "give a plain number such as 2");
            Err(match whole_cpus(text) {
                Some(cpus) => problem.suggesting(cpus),
                None => problem,
            })
        }
    }
}

/// GOGC as the runtime reads it: `off` or a 32-bit decimal; anything else means 100 without a
/// word (`readGOGC` in runtime/mgcpacer.go). Negative numbers mean `off`; the verdict says so.
///
/// # Errors
/// [`ProblemKind::SilentlyIgnored`] for everything else, `Off`, `100%` and the empty text included.
pub fn gogc(text: &str) -> Result<(Gogc, SettingVerdict), Problem> {
    refuse_plus_sign("GOGC", text, ProblemKind::SilentlyIgnored)?;
    if text == "off" {
        return Ok((Gogc::Off, SettingVerdict::default()));
    }
    match plain_integer(text) {
        Some(percent) if percent < 0 && percent >= i64::from(i32::MIN) => Ok((
            Gogc::Off,
            SettingVerdict {
                notes: vec![format!("GOGC={text} is negative, which Go treats as off")],
                discouraged: false,
            },
        )),
        Some(percent @ 0..=0x7fff_ffff) => {
            let notes = if percent == 0 {
                vec!["GOGC=0 collects continuously".to_owned()]
            } else {
                Vec::new()
            };
            let percent = u32::try_from(percent).expect("within 0..=i32::MAX");
            Ok((
                Gogc::Percent(percent),
                SettingVerdict {
                    notes,
                    discouraged: percent == 0,
                },
            ))
        }
        _ => {
            let problem = Problem::new(
                ProblemKind::SilentlyIgnored,
                format!(
                    "GOGC=\"{text}\" is neither \"off\" nor a 32-bit whole number; Go would silently use 100"
                ),
                "give a percentage without a sign or unit, or off",
            );
            let digits: String = text
                .trim()
                .trim_start_matches('+')
                .trim_end_matches('%')
                .to_owned();
            Err(if text.trim().eq_ignore_ascii_case("off") {
                problem.suggesting("off")
            } else if plain_integer(&digits)
                .is_some_and(|percent| (0..=i64::from(i32::MAX)).contains(&percent))
            {
                problem.suggesting(digits)
            } else {
                problem
            })
        }
    }
}

/// GOMEMLIMIT as the runtime reads it: `off`, bytes, or a whole number with B, KiB, MiB, GiB or
/// TiB (`parseByteCount` in internal/runtime/strconv or runtime/string.go).
///
/// # Errors
/// [`ProblemKind::AbortsAtStart`] for everything else: the process dies with
/// `malformed GOMEMLIMIT`. `512Mi`, `512M` and `512MB` get `512MiB` as suggestion.
pub fn gomemlimit(text: &str) -> Result<Gomemlimit, Problem> {
    if text == "off" {
        return Ok(Gomemlimit::Off);
    }
    if let Some(bytes) = byte_count(text) {
        return Ok(Gomemlimit::Bytes(bytes));
    }
    if text.is_empty() {
        return Err(Problem::new(
            ProblemKind::SilentlyIgnored,
            "GOMEMLIMIT is empty; Go would silently run without a limit",
            "leave it unset, or write off",
        ));
    }
    refuse_plus_sign("GOMEMLIMIT", text, ProblemKind::AbortsAtStart)?;
    let problem = Problem::new(
        ProblemKind::AbortsAtStart,
        format!("GOMEMLIMIT=\"{text}\" is malformed; the process would die at start"),
        "write whole bytes, or a whole number with B, KiB, MiB, GiB or TiB and no space, or off",
    );
    Err(match intended_byte_count(text) {
        Some(intended) => problem.suggesting(intended),
        None => problem,
    })
}

/// GOTRACEBACK as the runtime reads it (`setTraceback` in runtime/runtime1.go).
///
/// # Errors
/// [`ProblemKind::SilentlyIgnored`] for words that Go would treat as `none`.
pub fn gotraceback(text: &str) -> Result<Traceback, Problem> {
    match text {
        "none" => Ok(Traceback::None),
        "single" | "" => Ok(Traceback::Single),
        "all" => Ok(Traceback::All),
        "system" => Ok(Traceback::System),
        "crash" => Ok(Traceback::Crash),
        // Any number that fits 32 bits without a sign: the level, and more than 2 is no more than 2.
        _ if plain_integer(text)
            .is_some_and(|level| (0..=i64::from(u32::MAX)).contains(&level)) =>
        {
            Ok(match plain_integer(text) {
                Some(0) => Traceback::None,
                Some(1) => Traceback::All,
                _ => Traceback::System,
            })
        }
        _ => {
            let problem = Problem::new(
                ProblemKind::SilentlyIgnored,
                format!("GOTRACEBACK=\"{text}\" is unknown; Go would print no stacks at a crash"),
                "use none, single, all, system or crash",
            );
            let words = ["none", "single", "all", "system", "crash"];
            let lower = text.trim().to_lowercase();
            Err(match nearest(&lower, words.into_iter()) {
                Some(word) => problem.suggesting(word),
                None => problem,
            })
        }
    }
}

/// GOAMD64. Go 1.24 to 1.27 accept any text here silently (go1.21.13 refuses it), so the
/// harness must know the levels itself.
///
/// # Errors
/// [`ProblemKind::SilentlyIgnored`] for anything but v1 to v4.
pub fn goamd64(text: &str) -> Result<MicroArchitecture, Problem> {
    match text {
        "v1" => Ok(MicroArchitecture::V1),
        "v2" => Ok(MicroArchitecture::V2),
        "v3" => Ok(MicroArchitecture::V3),
        "v4" => Ok(MicroArchitecture::V4),
        _ => {
            let problem = Problem::new(
                ProblemKind::SilentlyIgnored,
                format!(
                    "GOAMD64=\"{text}\" is no level; recent toolchains would silently build without it"
                ),
                "use v1, v2, v3 or v4",
            );
            let level = text.trim().trim_start_matches(['v', 'V']);
            Err(if matches!(level, "1" | "2" | "3" | "4") {
                problem.suggesting(format!("v{level}"))
            } else {
                problem
            })
        }
    }
}

/// Checks one environment or build variable by its name, for the Go version given.
/// Names that this crate knows nothing of are accepted with no notes.
///
/// # Errors
/// The problem that the variable's own function reports.
pub fn check_variable(
    name: &str,
    value: &str,
    version: Option<&GoVersion>,
) -> Result<SettingVerdict, Problem> {
    match name {
        "GOMAXPROCS" => gomaxprocs(value).map(|_| SettingVerdict::default()),
        "GOGC" => gogc(value).map(|(_, verdict)| verdict),
        "GOMEMLIMIT" => {
            gomemlimit(value)?;
            let mut verdict = SettingVerdict::default();
            if version.is_some_and(|version| !version.at_least(19)) {
                return Err(Problem::new(
                    ProblemKind::AbsentInVersion,
                    "GOMEMLIMIT does not exist before Go 1.19",
                    "drop it for this toolchain",
                ));
            }
            if let Ok(Gomemlimit::Bytes(bytes)) = gomemlimit(value)
                && bytes < 4 << 20
            {
                verdict.notes.push(format!(
                    "GOMEMLIMIT={value} is below the 4 MiB minimum heap: the collector will run without pause"
                ));
            }
            Ok(verdict)
        }
        "GOTRACEBACK" => gotraceback(value).map(|_| SettingVerdict::default()),
        "GOAMD64" => goamd64(value).map(|_| SettingVerdict::default()),
        "GODEBUG" => check_godebug_string(value, version),
        "GOEXPERIMENT" => {
            let mut verdict = SettingVerdict::default();
            for experiment in goexperiment_names(value) {
                verdict
                    .notes
                    .extend(check_goexperiment(experiment, version)?.notes);
            }
            Ok(verdict)
        }
        _ => Ok(SettingVerdict::default()),
    }
}

/// From Go 1.26 on the runtime parses these with strconv.ParseInt, which takes a plus sign; before
/// it did not (go1.21.13 and go1.27.3 run with `GOMAXPROCS=+7`, `GOGC=+200`, `GOMEMLIMIT=+5MiB`).
fn refuse_plus_sign(name: &str, text: &str, kind: ProblemKind) -> Result<(), Problem> {
    match text.strip_prefix('+') {
        Some(rest) if rest.starts_with(|first: char| first.is_ascii_digit()) => Err(Problem::new(
            kind,
            format!("{name}=\"{text}\" has a plus sign, which Go takes only from 1.26 on"),
            "write the number without a sign",
        )
        .suggesting(rest)),
        _ => Ok(()),
    }
}

/// An optional minus and digits, as all versions' integer parsers accept.
fn plain_integer(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

/// What a CPU quantity in Kubernetes notation means in whole Ps (`500m` is 1, `2.5` is 3).
fn whole_cpus(text: &str) -> Option<String> {
    let trimmed = text.trim();
    let cpus = match trimmed.strip_suffix('m') {
        Some(milli) => milli
            .parse::<u32>()
            .ok()
            .map(|milli| f64::from(milli) / 1000.0)?,
        None => trimmed.trim_start_matches('+').parse::<f64>().ok()?,
    };
    (cpus.is_finite() && cpus > 0.0 && cpus <= 65_536.0).then(|| format!("{:.0}", cpus.ceil()))
}

fn byte_count(text: &str) -> Option<u64> {
    let (digits, unit_bytes) = ["KiB", "MiB", "GiB", "TiB"]
        .iter()
        .zip([1_u64 << 10, 1 << 20, 1 << 30, 1 << 40])
        .find_map(|(unit, bytes)| Some((text.strip_suffix(unit)?, bytes)))
        .or_else(|| Some((text.strip_suffix('B')?, 1)))
        .unwrap_or((text, 1));
    // The runtime refuses what is below nothing, and so takes `-0`; a plus sign has its own message.
    let digits = match digits.strip_prefix('-') {
        Some(zeros) if zeros.bytes().all(|byte| byte == b'0') => zeros,
        _ => digits,
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let bytes = digits.parse::<u64>().ok()?.checked_mul(unit_bytes)?;
    (bytes <= i64::MAX as u64).then_some(bytes)
}

/// `512Mi`, `512M`, `512mb`, `512 MiB` all mean `512MiB` to whoever wrote them; a decimal point
/// is resolved into the next smaller unit where that is exact.
fn intended_byte_count(text: &str) -> Option<String> {
    let compact: String = text
        .chars()
        .filter(|character| !character.is_whitespace())
        .collect();
    let split = compact.find(|character: char| !character.is_ascii_digit() && character != '.')?;
    let (number, unit) = compact.split_at(split);
    let power = match unit.to_ascii_lowercase().as_str() {
        "b" => 0,
        "k" | "kb" | "ki" | "kib" => 1,
        "m" | "mb" | "mi" | "mib" => 2,
        "g" | "gb" | "gi" | "gib" => 3,
        "t" | "tb" | "ti" | "tib" => 4,
        _ => return None,
    };
    let names = ["B", "KiB", "MiB", "GiB", "TiB"];
    let candidate = if let Ok(whole) = number.parse::<u64>() {
        format!("{whole}{}", names[power])
    } else {
        let smaller = number.parse::<f64>().ok()? * 1024.0;
        (power > 0 && smaller.fract() == 0.0 && smaller < 1e12)
            .then(|| format!("{smaller:.0}{}", names[power - 1]))?
    };
    byte_count(&candidate).map(|_| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn suggestion<T: std::fmt::Debug>(answer: Result<T, Problem>) -> Option<String> {
        answer.expect_err("should be refused").suggestion
    }

    #[test]
    fn gomaxprocs_accepts_only_what_go_acts_upon() {
        assert_eq!(gomaxprocs("2"), Ok(2));
        assert_eq!(gomaxprocs("1000"), Ok(1000));
        assert_eq!(suggestion(gomaxprocs("500m")).as_deref(), Some("1"));
        assert_eq!(suggestion(gomaxprocs("2500m")).as_deref(), Some("3"));
        assert_eq!(suggestion(gomaxprocs("2.5")).as_deref(), Some("3"));
        assert_eq!(suggestion(gomaxprocs(" 4")).as_deref(), Some("4"));
        assert_eq!(suggestion(gomaxprocs("+4")).as_deref(), Some("4"));
        for text in ["0", "-1", "", "abc", "99999999999", "2147483648"] {
            let problem = gomaxprocs(text).expect_err(text);
            assert_eq!(problem.kind, ProblemKind::SilentlyIgnored);
        }
        for text in ["2147483647", "100000000"] {
            let problem = gomaxprocs(text).expect_err(text);
            assert_eq!(problem.kind, ProblemKind::AbortsAtStart, "{text}");
        }
    }

    #[test]
    fn gogc_knows_off_and_negatives() {
        assert_eq!(gogc("off").map(|(value, _)| value), Ok(Gogc::Off));
        assert_eq!(gogc("100").map(|(value, _)| value), Ok(Gogc::Percent(100)));
        let (value, verdict) = gogc("-1").expect("negative is accepted");
        assert_eq!(value, Gogc::Off);
        assert_eq!(
            verdict.notes,
            ["GOGC=-1 is negative, which Go treats as off"]
        );
        assert_eq!(suggestion(gogc("Off")).as_deref(), Some("off"));
        assert_eq!(suggestion(gogc("200%")).as_deref(), Some("200"));
        assert_eq!(suggestion(gogc("+200")).as_deref(), Some("200"));
        assert_eq!(suggestion(gogc("abc")), None);
        assert!(gogc("").is_err());
        assert!(gogc("2147483648").is_err());
    }

    #[test]
    fn gomemlimit_follows_the_runtime_and_mends_common_slips() {
        assert_eq!(gomemlimit("off"), Ok(Gomemlimit::Off));
        for nothing in ["0", "-0", "-0B", "-00KiB"] {
            assert_eq!(gomemlimit(nothing), Ok(Gomemlimit::Bytes(0)), "{nothing}");
        }
        assert_eq!(gomemlimit("1024"), Ok(Gomemlimit::Bytes(1024)));
        assert_eq!(gomemlimit("1024B"), Ok(Gomemlimit::Bytes(1024)));
        assert_eq!(gomemlimit("512MiB"), Ok(Gomemlimit::Bytes(512 << 20)));
        assert_eq!(gomemlimit("2TiB"), Ok(Gomemlimit::Bytes(2 << 40)));
        assert_eq!(
            gomemlimit("9223372036854775807"),
            Ok(Gomemlimit::Bytes(i64::MAX as u64))
        );
        for (given, meant) in [
            ("512Mi", "512MiB"),
            ("10MB", "10MiB"),
            ("512m", "512MiB"),
            ("1 GiB", "1GiB"),
            ("1.5GiB", "1536MiB"),
            ("4kb", "4KiB"),
        ] {
            let problem = gomemlimit(given).expect_err(given);
            assert_eq!(problem.kind, ProblemKind::AbortsAtStart);
            assert_eq!(problem.suggestion.as_deref(), Some(meant), "{given}");
        }
        for text in [
            "",
            "B",
            "iB",
            "KiB",
            "-5",
            "+5",
            "1e9",
            "9223372036854775808",
            "16777216TiB",
            "0x10",
            "1.3B",
        ] {
            assert!(gomemlimit(text).is_err(), "{text:?} was accepted");
        }
    }

    #[test]
    fn levels_and_words() {
        assert_eq!(goamd64("v3"), Ok(MicroArchitecture::V3));
        assert!(goamd64("v5").is_err());
        assert_eq!(suggestion(goamd64("V3")).as_deref(), Some("v3"));
        assert_eq!(suggestion(goamd64("2")).as_deref(), Some("v2"));
        for (text, level) in [
            ("all", Traceback::All),
            ("", Traceback::Single),
            ("0", Traceback::None),
            ("1", Traceback::All),
            ("2", Traceback::System),
            ("3", Traceback::System),
            ("99", Traceback::System),
        ] {
            assert_eq!(gotraceback(text), Ok(level), "{text:?}");
        }
        assert!(gotraceback("-1").is_err() && gotraceback("wer").is_err());
        assert_eq!(suggestion(gotraceback("al")).as_deref(), Some("all"));
    }

    #[test]
    fn variables_are_found_by_name() {
        let old = GoVersion::release(18, 0);
        assert!(check_variable("GOMEMLIMIT", "1GiB", Some(&old)).is_err());
        assert!(check_variable("GOMEMLIMIT", "1GiB", None).is_ok());
        assert_eq!(
            check_variable("GOMEMLIMIT", "1MiB", None).map(|v| v.notes.len()),
            Ok(1)
        );
        assert!(check_variable("GODEBUG", "madvdontneed=0,nonsense=1", None).is_err());
        assert!(
            check_variable(
                "GOEXPERIMENT",
                "nogreenteagc,jsonv2",
                Some(&GoVersion::release(26, 6))
            )
            .is_ok()
        );
        assert!(check_variable("PATH", "anything", None).is_ok());
    }
}
