//! What Go makes of the settings of a matrix: checked before anything is built, because Go ignores most mistakes
//! silently.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use gotrace::GoVersion;
use gotrace::environment::{self, Problem, ProblemKind};
use record::axis::{Applied, Axis, AxisValue, DEFAULT, OF_CONTROL};
use record::diagnostic::{Diagnostic, closest};
use record::matrix::{CellSpec, Located, Matrix};
use record::target_file::{Program, Target};
use topology::Placement;

use super::limits;
use super::targets::Found;
use crate::build::{BuildRequest, ask_for, place_of_binary};

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
        findings.extend(check_value(axis, value, folder_of(matrix)));
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
        if let Err(fix) = source.value.parse::<toolchain::SourceOrder>() {
            let message = format!("unknown toolchain source `{}`", source.value);
            findings.push(Diagnostic::new(source.span.clone(), message).help(fix));
        }
    }
    findings.extend(check_binaries(matrix, targets));
    findings.extend(check_profile_of_control(matrix));
    findings
}

/// The folder that paths of the matrix are relative to.
pub(crate) fn folder_of(matrix: &Matrix) -> &Path {
    Path::new(&matrix.file).parent().unwrap_or(Path::new(""))
}

/// The control is built before its profile is taken.
fn check_profile_of_control(matrix: &Matrix) -> Option<Diagnostic> {
    if matrix.control_settings().get(&Axis::Pgo) != OF_CONTROL {
        return None;
    }
    let named = matrix.control.iter().find(|(axis, _)| *axis == Axis::Pgo);
    let axis = matrix.axes.iter().find(|axis| axis.axis == Axis::Pgo);
    let span = named
        .map(|(_, value)| value.span.clone())
        .or_else(|| axis.map(|axis| axis.span.clone()));
    let message = "the control cannot be built with a profile of itself";
    let finding = Diagnostic::new(span.unwrap_or(0..0), message);
    Some(finding.help("give the control another value, e.g. `control: {pgo: \"off\"}`"))
}

fn check_value(axis: &Axis, value: &Located<String>, folder: &Path) -> Option<Diagnostic> {
    let at =
        |message: String, fix: String| Some(Diagnostic::new(value.span.clone(), message).help(fix));
    if value.value == DEFAULT || value.value == axis.default_value() {
        return None;
    }
    match axis.applied() {
        Applied::Toolchain => match value.value.parse::<toolchain::ToolchainSpec>() {
            Ok(_) => None,
            Err(error) => at(
                error.to_string(),
                "use `path`, a version like \"1.25.5\", or the absolute path of a GOROOT"
                    .to_owned(),
            ),
        },
        Applied::Placement => match value.value.parse::<topology::Policy>() {
            Ok(_) => None,
            Err(error) => at(
                error.to_string(),
                "policies: none, split, compact, spread, no-smt, node:N, llc:N, cpus:LIST"
                    .to_owned(),
            ),
        },
        Applied::Source("binary") => {
            let file = place_of_binary(folder, &value.value);
            match file.is_file() {
                true => None,
                false => at(
                    format!("there is no program {}", file.display()),
                    "paths are relative to the matrix file; build it first".to_owned(),
                ),
            }
        }
        Applied::BuildFlag(flag) => {
            let mut request = BuildRequest::new("target", folder, ".");
            let error = ask_for(&mut request, flag, &value.value, folder).err()?;
            at(error, format!("{axis} takes: {}", axis.reference().0))
        }
        _ => {
            let problem = go_check(axis, &value.value, None)?;
            let fix = match problem.suggestion {
                Some(near) => format!("did you mean `{near}`? {}", problem.cure),
                None => problem.cure,
            };
            at(problem.message, fix)
        }
    }
}

/// What Go says to a value of an axis; `None` where it accepts it.
fn go_check(axis: &Axis, value: &str, version: Option<&GoVersion>) -> Option<Problem> {
    environment::check_variable(axis.go_variable()?, value, version).err()
}

/// Why a cell cannot run under this Go version, if it cannot. Called once the toolchains are known; such cells are
/// dropped with the reason.
pub fn check_versions(spec: &CellSpec, version: &GoVersion) -> Option<String> {
    spec.settings
        .iter()
        .filter(|(axis, value)| *value != DEFAULT && *value != axis.default_value())
        .find_map(|(axis, value)| {
            if let Some(since) = axis.since_minor()
                && !version.at_least(since)
            {
                return Some(format!(
                    "{axis} is known to Go from 1.{since} on, this is {version}"
                ));
            }
            let problem = go_check(axis, value, Some(version))?;
            let silent = problem.kind == ProblemKind::SilentlyIgnored;
            let note = if silent {
                " (Go would silently ignore it)"
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
    let fix = match closest(name, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if known.is_empty() => "it has no options".to_owned(),
        None => format!("options: {}", known.join(", ")),
    };
    Diagnostic::new(span.clone(), format!("no target has an option `{name}`")).help(fix)
}

/// A ready-made binary cannot be built by several toolchains.
fn check_binaries(matrix: &Matrix, targets: &BTreeMap<String, Target>) -> Vec<Diagnostic> {
    let named = matrix
        .axes
        .iter()
        .filter(|axis| axis.axis.is_build() && axis.axis != Axis::Binary && axis.values.len() > 1);
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
                Diagnostic::new(axis.span.clone(), message).help(
                    "give the target a `build:` section, or compare programs by the axis `binary`",
                )
            })
        })
        .collect()
}

/// Remarks on a cell that is run all the same.
pub(super) fn notes(spec: &CellSpec, placement: &Placement) -> Vec<String> {
    let mut notes = placement.notes.clone();
    for (axis, value) in spec.settings.iter().filter(|(_, value)| *value != DEFAULT) {
        if let Some(name) = axis.go_variable()
            && let Ok(verdict) = environment::check_variable(name, value, None)
        {
            notes.extend(verdict.notes);
        }
    }
    let cpus = placement.target.len();
    if let Some(AxisValue::Count(procs)) = spec.settings.value(&Axis::Gomaxprocs)
        && procs as usize > cpus
    {
        notes.push(format!(
            "GOMAXPROCS={procs} is more than the {cpus} CPU(s) that the target gets"
        ));
    }
    notes.extend(limits::notes(&spec.settings, placement));
    notes
}

#[cfg(test)]
mod tests {
    use gotrace::environment::{Gogc, Gomemlimit};

    use super::*;

    /// The record's typed values and gotrace's parsers are two readers of one thing: this holds them together.
    #[test]
    fn the_record_reads_values_as_go_does() {
        let numbers = [
            "0",
            "-0",
            "1",
            "-1",
            "07",
            "100",
            "+5",
            "2147483647",
            "2147483648",
            "-2147483648",
            "-2147483649",
            "off",
            "Off",
            "",
            "abc",
            "1.5",
            "100%",
            "9223372036854775807",
            "9223372036854775808",
            "99999999999999999999",
        ];
        let sizes = [
            "B",
            "5B",
            "512MiB",
            "512Mi",
            "1.5GiB",
            "2TiB",
            "16777216TiB",
            "-5KiB",
            "+5MiB",
            "4 KiB",
        ];
        for text in numbers.into_iter().chain(sizes) {
            let value = |axis: &Axis| axis.parse_value(text).ok().flatten();
            let count = environment::gomaxprocs(text).ok().map(AxisValue::Count);
            let gogc = environment::gogc(text).ok().map(|(value, _)| match value {
                Gogc::Off => AxisValue::CollectorOff,
                Gogc::Percent(percent) => AxisValue::Percent(percent),
            });
            let limit = match environment::gomemlimit(text).ok() {
                Some(Gomemlimit::Bytes(bytes)) => Some(AxisValue::Bytes(bytes)),
                Some(Gomemlimit::Off) | None => None,
            };
            for (axis, go) in [
                (Axis::Gomaxprocs, count),
                (Axis::Gogc, gogc),
                (Axis::Gomemlimit, limit),
            ] {
                let read = value(&axis).filter(|value| !matches!(value, AxisValue::Text(_)));
                assert_eq!(read, go, "{axis} {text:?}");
            }
        }
    }

    #[test]
    fn every_axis_that_go_judges_is_known_to_gotrace() {
        for axis in Axis::PLAIN {
            let Some(variable) = axis.go_variable() else {
                continue;
            };
            // What gotrace knows nothing of it accepts silently.
            let refused = environment::check_variable(variable, "no such value!", None);
            assert!(refused.is_err(), "{axis}");
        }
    }

    #[test]
    fn a_control_is_not_built_with_its_own_profile() {
        let text = |control: &str| {
            format!(
                "name: m\ntargets: [x]\naxes: {{pgo: [\"off\", control]}}\n\
                 control: {{pgo: {control}}}\nload: {{saturate: 1s}}\n"
            )
        };
        let of = |control: &str| {
            let matrix = Matrix::parse("m.yaml", &text(control)).unwrap();
            check_profile_of_control(&matrix)
        };
        assert!(of("control").is_some_and(|own| own.message.contains("of itself")));
        assert_eq!(of("\"off\""), None);
    }

    #[test]
    fn a_setting_that_a_version_does_not_have_drops_the_cell() {
        let mut spec = CellSpec {
            target: "service".to_owned(),
            settings: record::axis::Settings::default(),
        };
        spec.settings.insert(Axis::Gomemlimit, "1GiB");
        let (old, new) = (GoVersion::release(18, 0), GoVersion::release(19, 0));
        assert_eq!(
            check_versions(&spec, &old).as_deref(),
            Some("gomemlimit is known to Go from 1.19 on, this is go1.18")
        );
        assert_eq!(check_versions(&spec, &new), None);
    }
}
