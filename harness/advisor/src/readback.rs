//! What a cell asks for beside what the process and the kernel say that it has.
//!
//! Main function: [`compared`]. The orchestrator holds both against each other before a trial counts (rule V2); here
//! they are for readers, and for runs of an older one.

use judging::evidence::settings;
use record::axis::Axis;
use record::limit::{is_applied_cap, parse_memory_cap};
use record::quantity::parse_bytes;
use record::run::{Cell, Run};
use record::trial::Readback;

/// GOGC=off as `/gc/gogc:percent` reports it (runtime/metrics).
const GOGC_OFF: u64 = u64::MAX;

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
    pub(crate) fn mismatch(&self) -> Option<String> {
        let Setting { name, asked, got } = self;
        (asked != got).then(|| format!("{name} was asked to be {asked}, the process has {got}"))
    }
}

/// Every setting that was asked for and can be read back.
pub(crate) fn compared(run: &Run, cell: &Cell, readback: &Readback) -> Vec<Setting> {
    let settings = settings(cell);
    let asked = |axis: &Axis| settings.set_value(axis);
    let cpus = Some(cell.target_cpus.as_str()).filter(|cpus| !cpus.is_empty());
    let found = [
        setting(
            "GOMAXPROCS",
            asked(&Axis::Gomaxprocs),
            readback.gomaxprocs,
            |asked, got| asked.parse() == Ok(got),
            |got| got.to_string(),
        ),
        setting("GOGC", asked(&Axis::Gogc), readback.gogc, is_gogc, gogc),
        setting(
            "GOMEMLIMIT",
            asked(&Axis::Gomemlimit).filter(|limit| *limit != "off"),
            readback.gomemlimit_bytes,
            |asked, got| parse_bytes(asked) == Ok(got),
            bytes,
        ),
        setting(
            "GODEBUG",
            asked(&Axis::Godebug),
            readback.godebug.as_deref(),
            |asked, got| asked == got,
            str::to_owned,
        ),
        setting(
            "the CPU quota",
            asked(&Axis::CpuQuota),
            readback.cpu_quota.as_deref(),
            |asked, got| asked == got,
            str::to_owned,
        ),
        setting(
            "the memory cap",
            asked(&Axis::MemoryCap),
            readback.memory_cap_bytes,
            // Pages are what the kernel counts in.
            |asked, got| parse_memory_cap(asked).is_ok_and(|cap| is_applied_cap(cap, got)),
            bytes,
        ),
        setting(
            "the Go version",
            version(run, settings.get(&Axis::Toolchain)),
            readback.go_version.as_deref().and_then(first_word),
            |asked, got| asked == got,
            str::to_owned,
        ),
        setting(
            "the CPU set",
            cpus,
            readback.target_cpus.as_deref(),
            |asked, got| asked == got,
            str::to_owned,
        ),
    ];
    found.into_iter().flatten().collect()
}

fn setting<T: Copy>(
    name: &str,
    asked: Option<&str>,
    got: Option<T>,
    is_it: fn(&str, T) -> bool,
    words: fn(T) -> String,
) -> Option<Setting> {
    let (asked, got) = (asked?, got?);
    let got = match is_it(asked, got) {
        true => asked.to_owned(),
        false => words(got),
    };
    Some(Setting {
        name: name.to_owned(),
        asked: asked.to_owned(),
        got,
    })
}

fn is_gogc(asked: &str, got: u64) -> bool {
    match asked {
        "off" => got == GOGC_OFF,
        percent => percent.parse() == Ok(got),
    }
}

fn gogc(got: u64) -> String {
    match got {
        GOGC_OFF => "off".to_owned(),
        percent => percent.to_string(),
    }
}

fn bytes(got: u64) -> String {
    format!("{got} bytes")
}

/// The version that a toolchain builds with: `go1.25.5 X:nogreenteagc` is 1.25.5 with an experiment.
fn version<'a>(run: &'a Run, spec: &str) -> Option<&'a str> {
    let mut toolchains = run.toolchains.iter();
    let toolchain = toolchains.find(|own| own.spec == spec)?;
    first_word(&toolchain.version)
}

fn first_word(text: &str) -> Option<&str> {
    text.split_whitespace().next()
}
