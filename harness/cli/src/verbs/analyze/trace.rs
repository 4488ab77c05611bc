//! Execution traces: a Go toolchain that reads their format turns them into profiles.

use analysis::analyze::{Material, Part, TraceView};
use gotrace::exectrace::TraceHeader;
use orchestrator::toolchain::{self, Toolbox, Toolchain, ToolchainSpec, Watch, delay_profiles};

use crate::verbs::run::toolbox;

/// A trace with what a toolchain makes of it; anything else as it is.
pub(super) fn viewed(material: Material) -> Material {
    let Part::Trace { header, bytes, .. } = material.part else {
        return material;
    };
    let (views, problem) = match views(&header, &bytes) {
        Ok(views) if views.is_empty() => (
            views,
            Some("no goroutine was delayed in it, or it is too short".to_owned()),
        ),
        Ok(views) => (views, None),
        Err(problem) => (Vec::new(), Some(problem)),
    };
    Material {
        name: material.name,
        part: Part::Trace {
            header,
            bytes: Vec::new(),
            views,
            problem,
        },
    }
}

fn views(header: &TraceHeader, bytes: &[u8]) -> Result<Vec<TraceView>, String> {
    let needed = header.readable_since_minor();
    let toolbox = toolbox(None, None).map_err(|failure| failure.message)?;
    let reader = reader(&toolbox, needed).ok_or_else(|| {
        format!("no Go 1.{needed} or later is at hand to read it; `gosweep toolchain install 1.{needed}` fetches one")
    })?;
    let found = delay_profiles(&reader.goroot, &toolbox.store, bytes, Watch::silent())
        .map_err(|error| error.to_string())?;
    let views = found.into_iter();
    Ok(views
        .map(|(kind, profile)| TraceView { kind, profile })
        .collect())
}

/// A toolchain that reads the format: an installed one, the newest first, else the `go` on PATH.
fn reader(toolbox: &Toolbox, needed: u32) -> Option<Toolchain> {
    let fits = |own: &Toolchain| own.version.minor() >= needed;
    let installed = toolchain::list(&toolbox.store).ok()?.toolchains;
    let mut installed: Vec<Toolchain> = installed.into_iter().filter(fits).collect();
    installed.sort_by(|a, b| a.version.cmp(&b.version));
    installed.pop().or_else(|| {
        toolchain::install(&ToolchainSpec::Path, toolbox, Watch::silent())
            .ok()
            .filter(fits)
    })
}
