//! From a matrix file to a plan.

use std::collections::BTreeMap;

use record::axis::Axis;
use record::diagnostic::{Diagnostic, Diagnostics};
use record::matrix::{CellSpec, Dropped, Matrix};
use record::target_file::Target;
use topology::{Placement, Topology};

use super::cells::{Plan, PlannedCell, target_note};
use super::check;
use super::error::PlanError;
use super::limits::{self, cgroup_parent};
use super::targets::{TargetSearch, find_targets};

/// Reads a matrix file and plans it on a host. `file` is the name shown in findings.
///
/// # Errors
/// Everything that is wrong with the matrix and its targets at once, each at its place; a control cell that this host
/// cannot place is among it. Or that this host lets us set no limits.
pub fn plan(
    file: &str,
    text: &str,
    search: &TargetSearch,
    topology: &Topology,
) -> Result<Plan, PlanError> {
    let (matrix, mut findings) = Matrix::examine(file, text);
    let Some(matrix) = matrix else {
        return Err(PlanError::Invalid(vec![Diagnostics::new(
            file, text, findings,
        )]));
    };
    let found = find_targets(&matrix, search)?;
    findings.extend(check::check(&matrix, &found));
    findings.extend(found.missing);
    let mut wrong = found.broken;
    if !findings.is_empty() {
        wrong.insert(0, matrix.diagnostics(findings));
    }
    if !wrong.is_empty() {
        return Err(PlanError::Invalid(wrong));
    }
    let (matrix, targets) = by_name(matrix, found.targets)?;
    let plan = place_cells(matrix, targets, topology)?;
    // Made and removed again: a plan leaves nothing behind.
    drop(cgroup_parent(&plan)?);
    Ok(plan)
}

/// Calls every target by the name that its file gives it: a matrix may have named a path.
fn by_name(
    mut matrix: Matrix,
    targets: BTreeMap<String, Target>,
) -> Result<(Matrix, BTreeMap<String, Target>), PlanError> {
    let mut named: BTreeMap<String, Target> = BTreeMap::new();
    for (as_written, target) in targets {
        matrix.rename_target(&as_written, &target.name);
        if let Some(other) = named.get(&target.name) {
            let span = matrix
                .targets
                .last()
                .map_or(0..0, |target| target.span.clone());
            let twice = format!(
                "{} and {} have the same name `{}`",
                other.file, target.file, target.name
            );
            let finding = Diagnostic::new(span, twice).help("give one of them another `name:`");
            return Err(PlanError::Invalid(vec![matrix.diagnostics(vec![finding])]));
        }
        named.insert(target.name.clone(), target);
    }
    Ok((matrix, named))
}

fn place_cells(
    matrix: Matrix,
    targets: BTreeMap<String, Target>,
    topology: &Topology,
) -> Result<Plan, PlanError> {
    let expansion = matrix.expand();
    let mut plan = Plan {
        matrix,
        targets,
        cells: Vec::new(),
        dropped: expansion.dropped,
    };
    let mut unplaceable = Vec::new();
    let control = plan.matrix.control_settings();
    for spec in expansion.cells {
        let is_control = spec.settings == control;
        if let Some(reason) = limits::above_our_own(&spec.settings, &topology.cgroup) {
            if !is_control {
                plan.dropped.push(Dropped { cell: spec, reason });
                continue;
            }
            let span = place_of(&plan.matrix, &[Axis::CpuQuota, Axis::MemoryCap]);
            let message = format!("the control cell cannot run on this host: {reason}");
            unplaceable
                .push(Diagnostic::new(span, message).help(
                    "give the control less, or start gosweep where its own limits are wider",
                ));
            continue;
        }
        match place(&plan.matrix, &spec, topology) {
            Ok(placement) => {
                let mut notes = check::notes(&spec, &placement);
                // Once for a target, not for each of its cells.
                if is_control {
                    notes.extend(target_note(&plan.targets[&spec.target]));
                }
                plan.cells.push(PlannedCell {
                    control: is_control,
                    notes,
                    placement,
                    spec,
                });
            }
            Err(reason) if is_control => {
                let span = place_of(&plan.matrix, &[Axis::Placement]);
                let message = format!("the control cell cannot be placed on this host: {reason}");
                unplaceable.push(Diagnostic::new(span, message).help(
                    "choose another placement for the control, e.g. `control: {placement: none}`",
                ));
            }
            Err(reason) => plan.dropped.push(Dropped { cell: spec, reason }),
        }
    }
    if !unplaceable.is_empty() {
        return Err(PlanError::Invalid(vec![
            plan.matrix.diagnostics(unplaceable),
        ]));
    }
    Ok(plan)
}

fn place(matrix: &Matrix, spec: &CellSpec, topology: &Topology) -> Result<Placement, String> {
    let policy = spec.settings.get(&Axis::Placement);
    let policy: topology::Policy = policy
        .parse()
        .map_err(|error: topology::Error| error.to_string())?;
    let request = topology::Request {
        bind_memory: matrix.bind_memory,
        generator_cpus: matrix.load.threads,
        ..topology::Request::default()
    };
    topology::place(topology, &policy, &request).map_err(|error| error.to_string())
}

/// Where the matrix speaks of one of these axes; its start when it does not.
fn place_of(matrix: &Matrix, axes: &[Axis]) -> std::ops::Range<usize> {
    let mut controls = matrix.control.iter();
    let control = controls.find(|(named, _)| axes.contains(named));
    let values = matrix.axes.iter().find(|named| axes.contains(&named.axis));
    control
        .map(|(_, value)| value.span.clone())
        .or_else(|| values.map(|named| named.span.clone()))
        .unwrap_or(0..0)
}
