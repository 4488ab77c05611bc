//! Execution traces: a Go toolchain that reads their format turns them into profiles. What the toolchain says against a
//! trace is told without the temporary file that it was handed.

use advisor::analyze::{Material, Part, TraceView};
use documents::analysis::Unread;
use gotrace::exectrace::TraceHeader;
use toolchain::{
    self, DelayError, Toolbox, Toolchain, ToolchainSpec, Watch, delay_profiles, has_trace_tool,
};

use crate::output::tell;
use crate::verbs::setup::toolbox;

/// A trace with what a toolchain makes of it; anything else as it is.
///
/// # Errors
/// The trace was cut off so early that a toolchain finds nothing in it.
pub(super) fn viewed(material: Material) -> Result<Material, Unread> {
    let Part::Trace {
        header,
        bytes,
        problem: cut,
        ..
    } = material.part
    else {
        return Ok(material);
    };
    let (views, problem) = match (views(&header, &bytes), cut) {
        (Ok(views), Some(cut)) if !views.is_empty() => (
            views,
            Some(format!("{cut}; what is below is of the part that is there")),
        ),
        (Ok(_) | Err(Unviewed::Refused(_)), Some(cut)) => {
            return Err(Unread {
                name: material.name,
                reason: format!("is an execution trace with nothing to be read in it: {cut}"),
            });
        }
        (Err(Unviewed::NoReader(why)), Some(cut)) => (Vec::new(), Some(format!("{cut}; {why}"))),
        (Ok(views), None) => {
            let empty = views.is_empty();
            let problem = "no goroutine was delayed in it, or it is too short";
            (views, empty.then(|| problem.to_owned()))
        }
        (Err(Unviewed::NoReader(why) | Unviewed::Refused(why)), None) => (Vec::new(), Some(why)),
    };
    Ok(Material {
        name: material.name,
        part: Part::Trace {
            header,
            bytes: Vec::new(),
            views,
            problem,
        },
    })
}

/// Why a toolchain shows nothing of a trace.
enum Unviewed {
    /// There is none, or it could not be run.
    NoReader(String),
    /// It does not read this one.
    Refused(String),
}

fn views(header: &TraceHeader, bytes: &[u8]) -> Result<Vec<TraceView>, Unviewed> {
    let needed = header.readable_since_minor();
    let toolbox = toolbox(None, None).map_err(|failure| Unviewed::NoReader(failure.message))?;
    let reader = reader(&toolbox, needed).ok_or_else(|| {
        Unviewed::NoReader(format!(
            "no Go 1.{needed} or later is available to read it; `gosweep toolchain install 1.{needed}` fetches one"
        ))
    })?;
    let builds = if has_trace_tool(&reader.goroot, &toolbox.store) {
        ""
    } else {
        "; it is built first, which takes up to a minute, and kept for the next time"
    };
    tell!(
        "reading the execution trace with `go tool trace` of Go {}{builds}",
        reader.version
    );
    let found = delay_profiles(&reader.goroot, &toolbox.store, bytes, Watch::silent()).map_err(
        |error| match error {
            DelayError::Refused { words, .. } => Unviewed::Refused(format!(
                "`go tool trace` of Go {} does not read it: {words}",
                reader.version
            )),
            DelayError::NoProfile { .. } => Unviewed::Refused(error.to_string()),
            other => Unviewed::NoReader(other.to_string()),
        },
    )?;
    let views = found.into_iter();
    Ok(views
        .map(|(kind, profile)| TraceView { kind, profile })
        .collect())
}

/// A toolchain that reads the format: an installed one, the newest first, else the `go` on PATH.
fn reader(toolbox: &Toolbox, needed: u32) -> Option<Toolchain> {
    let fits = |own: &Toolchain| own.version.minor() >= needed;
    // The list is oldest first; what was altered since is passed over.
    let installed = toolchain::list(&toolbox.store).ok()?.toolchains;
    let newest_first = installed.into_iter().filter(fits).rev();
    let mut proved = newest_first.filter(|own| toolbox.store.prove(own).is_ok());
    proved.next().or_else(|| {
        toolchain::install(&ToolchainSpec::Path, toolbox, Watch::silent())
            .ok()
            .filter(fits)
    })
}
