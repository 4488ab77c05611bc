//! What a cell asks for alongside what the process and the kernel say that it has.
//!
//! Main function: [`compared`]. The orchestrator compares both with each other before a trial counts (rule V2); here
//! they are for readers, and for runs of an older one.

use std::collections::BTreeMap;

use gotrace::buildinfo::BuildInfo;
use record::axis::readback::{Asked, Shown};
use record::run::{Cell, Run};
use record::trial::Readback;

use judging::evidence::settings;

pub use record::axis::readback::Setting;

/// Every setting that was asked for and can be read back.
pub(crate) fn compared(run: &Run, cell: &Cell, readback: &Readback) -> Vec<Setting> {
    let settings = settings(cell);
    let asked = Asked {
        settings: &settings,
        go_version: version(run, settings.get(&record::axis::Axis::Toolchain)),
        target_cpus: Some(&cell.target_cpus),
    };
    let build = build_settings(run, cell);
    let shown = Shown {
        readback,
        build: build.as_ref(),
    };
    record::axis::readback::compared(asked, &shown)
}

/// The version that a toolchain builds with.
fn version<'a>(run: &'a Run, spec: &str) -> Option<&'a str> {
    let mut toolchains = run.toolchains.iter();
    let toolchain = toolchains.find(|own| own.spec == spec)?;
    Some(&toolchain.version)
}

/// What `go version -m` says of the cell's binary, where the run has it.
fn build_settings(run: &Run, cell: &Cell) -> Option<BTreeMap<String, String>> {
    let mut artifacts = run.artifacts.iter();
    let artifact = artifacts.find(|own| own.sha256 == cell.artifact)?;
    let info = BuildInfo::parse(&artifact.go_version_m).ok()?;
    Some(info.settings)
}
