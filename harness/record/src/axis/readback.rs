//! What a cell asks for alongside what its process and binary show: rule V2.

use super::settings::Settings;
pub use super::shown::Shown;
use super::shown::ShownValue;
use super::table::{Applied, Axis};
use super::value::AxisValue;
use crate::trial::Readback;

/// No GOMEMLIMIT as `/gc/gomemlimit:bytes` reports it (runtime/metrics).
const NO_LIMIT: u64 = i64::MAX as u64;

impl Shown<'_> {
    /// Whether a value on an axis is shown at all.
    pub fn shows(&self, axis: &Axis) -> bool {
        axis.shown(self).is_some()
    }
}

/// A setting and its readback.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// Its name, e.g. `GOMAXPROCS`.
    pub name: String,
    /// What was asked for.
    pub asked: String,
    /// What the process has; in the words of `asked` where it is that.
    pub got: String,
}

impl Setting {
    /// In words, where the process has something else.
    pub fn mismatch(&self) -> Option<String> {
        let Setting { name, asked, got } = self;
        (asked != got).then(|| format!("{name} was asked to be {asked}, the process has {got}"))
    }
}

/// What a cell asks for.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// Its settings.
    pub settings: &'a Settings,
    /// The Go version that its toolchain came to, e.g. `go1.26.8`.
    pub go_version: Option<&'a str>,
    /// The CPUs that its placement came to.
    pub target_cpus: Option<&'a str>,
}

/// Every setting that was asked for and can be read back. What a toolchain and a placement came to is asked for even
/// where the axes are at their defaults.
pub fn compared(asked: Asked<'_>, shown: &Shown<'_>) -> Vec<Setting> {
    let readback = shown.readback;
    Axis::PLAIN
        .iter()
        .filter_map(|axis| match axis.applied() {
            Applied::Toolchain => texts(
                axis,
                asked.go_version.and_then(first_word),
                readback.go_version.as_deref().and_then(first_word),
            ),
            Applied::Placement => texts(
                axis,
                asked.target_cpus.filter(|cpus| !cpus.is_empty()),
                readback.target_cpus.as_deref(),
            ),
            _ => values(axis, asked.settings.set_value(axis)?, shown),
        })
        .collect()
}

/// `go1.25.5 X:nogreenteagc` is 1.25.5 with an experiment, and from 1.26 on `go1.26.6-X:nogreenteagc` is 1.26.6.
fn first_word(text: &str) -> Option<&str> {
    let word = text.split_whitespace().next()?;
    word.split("-X:").next()
}

fn texts(axis: &Axis, asked: Option<&str>, got: Option<&str>) -> Option<Setting> {
    Some(Setting {
        name: axis.label().to_owned(),
        asked: asked?.to_owned(),
        got: got?.to_owned(),
    })
}

fn values(axis: &Axis, asked: &str, shown: &Shown<'_>) -> Option<Setting> {
    // What Go would not take is never measured.
    let value = axis.parse_value(asked).ok()??;
    let ShownValue(got) = axis.shown(shown)?;
    let got = match got {
        Some(got) if axis.agree(&value, &got) => asked.to_owned(),
        Some(AxisValue::Bytes(NO_LIMIT)) => "no limit".to_owned(),
        Some(got) => got.to_string(),
        None => "none".to_owned(),
    };
    Some(Setting {
        name: axis.label().to_owned(),
        asked: asked.to_owned(),
        got,
    })
}

/// What a process has on every axis that needs no further name, in comparable form: what is read back, and else what
/// was asked for. Axes of the build and of placement are left out: they end in the artifact and in lists of CPUs.
/// `None` where the process did not report what Go made of its settings.
pub fn effective(settings: &Settings, readback: &Readback) -> Option<Vec<String>> {
    let shown = Shown {
        readback,
        build: None,
    };
    let (gomaxprocs, gogc) = (readback.gomaxprocs, readback.gogc);
    gomaxprocs.and(gogc).and(readback.gomemlimit_bytes)?;
    let at_run_time = |axis: &&Axis| !axis.is_build() && axis.applied() != Applied::Placement;
    let plain = Axis::PLAIN.iter().filter(at_run_time).map(|axis| {
        let value = match axis.shown(&shown) {
            Some(ShownValue(value)) => value.map(|value| value.to_string()),
            None => settings.set_value(axis).map(str::to_owned),
        };
        format!("{axis}={}", value.unwrap_or_default())
    });
    // An artifact stands for what was built, but for one block only.
    let free = settings
        .iter()
        .filter(|(axis, value)| axis.is_free() || axis.changes_by_block(value));
    let free = free.map(|(axis, value)| format!("{axis}={value}"));
    Some(plain.chain(free).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mismatches(axis: Axis, value: &str, readback: &Readback) -> Vec<String> {
        let mut settings = Settings::default();
        settings.insert(axis, value);
        let asked = Asked {
            settings: &settings,
            go_version: None,
            target_cpus: None,
        };
        let shown = Shown {
            readback,
            build: None,
        };
        let all = compared(asked, &shown);
        assert_eq!(all.len(), 1);
        all.iter().filter_map(Setting::mismatch).collect()
    }

    #[test]
    fn a_collector_that_is_off_is_off_however_it_was_written() {
        let off = Readback {
            gogc: Some(u64::MAX),
            ..Readback::default()
        };
        for text in ["off", "-1", "-100", "-2147483648"] {
            assert_eq!(mismatches(Axis::Gogc, text, &off), [""; 0], "{text}");
        }
        assert_eq!(
            mismatches(Axis::Gogc, "100", &off),
            ["GOGC was asked to be 100, the process has off"]
        );
    }

    #[test]
    fn the_kernel_rounds_a_cap_and_go_no_limit() {
        let readback = Readback {
            memory_cap_bytes: Some((64 << 20) - 4096),
            gomemlimit_bytes: Some((64 << 20) - 4096),
            ..Readback::default()
        };
        assert_eq!(mismatches(Axis::MemoryCap, "64MiB", &readback), [""; 0]);
        assert_eq!(
            mismatches(Axis::Gomemlimit, "64MiB", &readback),
            ["GOMEMLIMIT was asked to be 64MiB, the process has 65532KiB"]
        );
        let none = Readback {
            gomemlimit_bytes: Some(i64::MAX as u64),
            ..Readback::default()
        };
        assert_eq!(
            mismatches(Axis::Gomemlimit, "67108864", &none),
            ["GOMEMLIMIT was asked to be 67108864, the process has no limit"]
        );
    }

    #[test]
    fn a_profile_is_shown_by_its_name() {
        let readback = Readback::default();
        for (asked, shown, agree) in [
            ("profiles/cpu.pb.gz", "/build/1/cpu.pb.gz", true),
            ("profiles/cpu.pb.gz", "other.pb.gz", false),
            ("control", "/runs/x/pgo/service/control.pb.gz", true),
            ("auto", "/src/service/default.pgo", true),
        ] {
            let mut settings = Settings::default();
            settings.insert(Axis::Pgo, asked);
            let build = [("-pgo".to_owned(), shown.to_owned())].into();
            let asked = Asked {
                settings: &settings,
                go_version: None,
                target_cpus: None,
            };
            let shown = Shown {
                readback: &readback,
                build: Some(&build),
            };
            let all = compared(asked, &shown);
            assert_eq!(all[0].mismatch().is_none(), agree, "{all:?}");
        }
    }

    #[test]
    fn an_experiment_in_a_version_is_no_other_version() {
        // Up to Go 1.25, and since.
        for (asked, has) in [
            ("go1.25.5", "go1.25.5 X:nogreenteagc"),
            ("go1.27.3", "go1.27.3-X:nogreenteagc"),
        ] {
            let readback = Readback {
                go_version: Some(has.into()),
                target_cpus: Some("0-1".into()),
                ..Readback::default()
            };
            let asked = Asked {
                settings: &Settings::default(),
                go_version: Some(asked),
                target_cpus: Some("0"),
            };
            let shown = Shown {
                readback: &readback,
                build: None,
            };
            let all = compared(asked, &shown);
            let wrong: Vec<String> = all.iter().filter_map(Setting::mismatch).collect();
            assert_eq!(
                wrong,
                ["the CPU set was asked to be 0, the process has 0-1"]
            );
        }
    }

    #[test]
    fn what_was_asked_for_differently_may_be_the_same() {
        let readback = Readback {
            gomaxprocs: Some(2),
            gogc: Some(100),
            gomemlimit_bytes: Some(i64::MAX as u64),
            ..Readback::default()
        };
        let mut asked = Settings::default();
        let plain = effective(&asked, &readback).unwrap();
        asked.insert(Axis::Gogc, "100");
        asked.insert(Axis::Placement, "none");
        assert_eq!(effective(&asked, &readback), Some(plain.clone()));
        asked.insert(Axis::Layout, "7");
        assert_eq!(effective(&asked, &readback), Some(plain.clone()));
        asked.insert(Axis::Layout, "fresh");
        assert_ne!(effective(&asked, &readback), Some(plain.clone()));
        asked.insert(Axis::Layout, "default");
        asked.insert(Axis::Option("shards".into()), "4");
        assert_ne!(effective(&asked, &readback), Some(plain));
        assert_eq!(effective(&asked, &Readback::default()), None);
    }
}
