//! What Go makes of the settings of a matrix: checked before anything is
//! built, because Go ignores most mistakes silently.

use std::collections::BTreeMap;
use std::ops::Range;

use gotrace::GoVersion;
use gotrace::environment::{self, Problem, ProblemKind};
use record::axis::{Axis, DEFAULT};
use record::diagnostic::{Diagnostic, closest};
use record::matrix::{CellSpec, Located, Matrix};
use record::target_file::{Program, Target};
use topology::Placement;

use super::limits;
use super::targets::Found;

/// Everything that is wrong with the matrix's values, each at its place.
pub(super) fn check(matrix: &Matrix, found: &Found) -> Vec<Diagnostic> {
    let targets = &found.targets;
    let mut findings = Vec::new();
    let on_axes = matrix
        .axes
        .iter()
        .flat_map(|axis| axis.values.iter().map(|value| (&axis.axis, value)));
    let on_control = matrix.control.iter().map(|(axis, value)| (axis, value));
    for (axis, value) in on_axes.chain(on_control) {
        findings.extend(check_value(axis, value));
        // An option may be of a target that could not be read.
        if let Axis::Option(name) = axis
            && found.is_complete()
        {
            let owners = targets
                .values()
                .filter(|target| target.options.contains_key(name));
            if owners.count() == 0 {
                findings.push(unknown_option(name, &value.span, targets.values()));
            }
        }
    }
    for (target_name, options) in &matrix.options {
        let Some(target) = targets.get(target_name) else {
            continue;
        };
        for (name, value) in options {
            if !target.options.contains_key(name) {
                findings.push(unknown_option(name, &value.span, [target]));
            }
        }
    }
    for source in &matrix.toolchain_sources {
        if let Err(cure) = source.value.parse::<crate::toolchain::SourceOrder>() {
            let message = format!("unknown toolchain source `{}`", source.value);
            findings.push(Diagnostic::new(source.span.clone(), message).help(cure));
        }
    }
    findings.extend(check_binaries(matrix, targets));
    findings
}

fn check_value(axis: &Axis, value: &Located<String>) -> Option<Diagnostic> {
    let at = |message: String, cure: String| {
        Some(Diagnostic::new(value.span.clone(), message).help(cure))
    };
    if value.value == DEFAULT {
        return None;
    }
    match axis {
        Axis::Toolchain => match value.value.parse::<crate::toolchain::ToolchainSpec>() {
            Ok(_) => None,
            Err(error) => at(
                error.to_string(),
                "use `path`, a version like \"1.25.5\", or the absolute path of a GOROOT"
                    .to_owned(),
            ),
        },
        Axis::Placement => match value.value.parse::<topology::Policy>() {
            Ok(_) => None,
            Err(error) => at(
                error.to_string(),
                "policies: none, split, compact, spread, no-smt, node:N, llc:N, cpus:LIST"
                    .to_owned(),
            ),
        },
        _ => {
            let problem = go_check(axis, &value.value, None)?;
            let cure = match problem.suggestion {
                Some(near) => format!("did you mean `{near}`? {}", problem.cure),
                None => problem.cure,
            };
            at(problem.message, cure)
        }
    }
}

/// What Go says to a value of an axis; `None` where it accepts it.
fn go_check(axis: &Axis, value: &str, version: Option<&GoVersion>) -> Option<Problem> {
    let name = match axis {
        // What the matrix says of these was checked where it was read.
        Axis::CpuQuota | Axis::MemoryCap => return None,
        Axis::Toolchain | Axis::Placement | Axis::Option(_) => return None,
        Axis::Env(name) => name.clone(),
        plain => plain.to_string().to_uppercase(),
    };
    environment::check_variable(&name, value, version).err()
}

/// Why a cell cannot run under this Go version, if it cannot. Called once the
/// toolchains are known; such cells are dropped with the reason.
pub fn check_versions(spec: &CellSpec, version: &GoVersion) -> Option<String> {
    spec.settings
        .iter()
        .filter(|(_, value)| *value != DEFAULT)
        .find_map(|(axis, value)| {
            let problem = go_check(axis, value, Some(version))?;
            let silent = problem.kind == ProblemKind::SilentlyIgnored;
            let note = if silent {
                " (Go would ignore it without a word)"
            } else {
                ""
            };
            Some(format!("{}{note}", problem.message))
        })
}

fn unknown_option<'a>(
    name: &str,
    span: &Range<usize>,
    targets: impl IntoIterator<Item = &'a Target>,
) -> Diagnostic {
    let known: Vec<&str> = targets
        .into_iter()
        .flat_map(|target| target.options.keys().map(String::as_str))
        .collect();
    let cure = match closest(name, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if known.is_empty() => "it has no options".to_owned(),
        None => format!("options: {}", known.join(", ")),
    };
    Diagnostic::new(span.clone(), format!("no target has an option `{name}`")).help(cure)
}

/// A ready-made binary cannot be built by several toolchains.
fn check_binaries(matrix: &Matrix, targets: &BTreeMap<String, Target>) -> Vec<Diagnostic> {
    let build_axes = [Axis::Toolchain, Axis::Goamd64, Axis::Goexperiment];
    let named = matrix
        .axes
        .iter()
        .filter(|axis| build_axes.contains(&axis.axis) && axis.values.len() > 1);
    named
        .flat_map(|axis| {
            let given = targets
                .iter()
                .filter(|(_, target)| matches!(target.program, Program::Binary(_)));
            given.map(|(name, _)| {
                let message = format!(
                    "`{}` cannot change for target `{name}`, which is a ready-made binary",
                    axis.axis
                );
                Diagnostic::new(axis.span.clone(), message)
                    .help("give the target a `build:` section, or one target per binary")
            })
        })
        .collect()
}

/// Remarks on a cell that is run all the same.
pub(super) fn notes(
    spec: &CellSpec,
    targets: &BTreeMap<String, Target>,
    placement: &Placement,
) -> Vec<String> {
    let mut notes = placement.notes.clone();
    for (axis, value) in spec.settings.iter().filter(|(_, value)| *value != DEFAULT) {
        let name = axis.to_string().to_uppercase();
        if !matches!(
            axis,
            Axis::Toolchain
                | Axis::Placement
                | Axis::CpuQuota
                | Axis::MemoryCap
                | Axis::Option(_)
                | Axis::Env(_)
        ) && let Ok(verdict) = environment::check_variable(&name, value, None)
        {
            notes.extend(verdict.notes);
        }
    }
    let cpus = placement.target.len();
    if let Ok(procs) = spec.settings.get(&Axis::Gomaxprocs).parse::<usize>()
        && procs > cpus
    {
        notes.push(format!(
            "GOMAXPROCS={procs} is more than the {cpus} CPU(s) that the target gets"
        ));
    }
    notes.extend(limits::notes(&spec.settings, placement));
    if !targets[&spec.target].probe {
        notes.push("no probe: GOGC, GOMEMLIMIT, GODEBUG and the Go version cannot be read back, and heap and GC figures come from gctrace alone".to_owned());
    }
    notes
}
