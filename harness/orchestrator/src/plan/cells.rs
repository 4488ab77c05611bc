//! What a plan is made of.

use std::collections::BTreeMap;

use record::axis::{Axis, DEFAULT};
use record::diagnostic::Diagnostics;
use record::matrix::{CellSpec, Dropped, Matrix};
use record::target_file::Target;
use topology::Placement;

/// What a matrix would run on this host.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The matrix.
    pub matrix: Matrix,
    /// The targets, by the name that the matrix uses.
    pub targets: BTreeMap<String, Target>,
    /// The cells to run; per target the control first.
    pub cells: Vec<PlannedCell>,
    /// The cells that are not run, with the reason.
    pub dropped: Vec<Dropped>,
}

/// A cell with its CPUs.
#[derive(Debug, Clone)]
pub struct PlannedCell {
    /// Target and settings.
    pub spec: CellSpec,
    /// Whether it is the control of its target.
    pub control: bool,
    /// Which CPUs the target and the generator get.
    pub placement: Placement,
    /// Remarks for a person.
    pub notes: Vec<String>,
}

/// What cannot be seen of a target, whatever the cell.
pub(super) fn target_note(target: &Target) -> Option<String> {
    let more = match target.metrics {
        Some(_) => {
            "GODEBUG and what its `metrics` do not tell of GOGC, GOMEMLIMIT and the Go version cannot be read back"
        }
        None => {
            "GOGC, GOMEMLIMIT, GODEBUG and the Go version cannot be read back, and heap and GC figures come from \
             gctrace alone; `metrics:` in its target file adds allocations"
        }
    };
    (!target.probe).then(|| format!("{}, no probe: {more}", target.name))
}

impl Plan {
    /// The target of a cell.
    pub fn target(&self, cell: &PlannedCell) -> &Target {
        &self.targets[&cell.spec.target]
    }

    /// The plan with the values that its targets take from the environment, as it is run. Nothing of them is recorded.
    ///
    /// # Errors
    /// Every variable that is not set, or whose value cannot stand where it is named, one entry per file.
    pub fn with_values(
        mut self,
        lookup: impl Fn(&str) -> Option<String>,
    ) -> Result<Plan, Vec<Diagnostics>> {
        let mut wrong = Vec::new();
        for target in self.targets.values_mut() {
            match target.clone().with_values(&lookup) {
                Ok(filled) => *target = filled,
                Err(findings) => wrong.push(findings),
            }
        }
        if wrong.is_empty() {
            Ok(self)
        } else {
            Err(wrong)
        }
    }

    /// The toolchains that the cells ask for, as the matrix names them.
    pub fn toolchain_specs(&self) -> Vec<String> {
        let mut specs: Vec<String> = self
            .cells
            .iter()
            .filter(|cell| {
                cell.spec.settings.set_value(&Axis::Binary).is_none()
                    && matches!(
                        self.target(cell).program,
                        record::target_file::Program::Build { .. }
                    )
            })
            .map(|cell| toolchain_spec(&cell.spec).to_owned())
            .collect();
        specs.sort();
        specs.dedup();
        specs
    }
}

/// The toolchain of a cell; `default` means whatever `go` can be obtained.
pub fn toolchain_spec(spec: &CellSpec) -> &str {
    match spec.settings.get(&Axis::Toolchain) {
        DEFAULT => "default",
        named => named,
    }
}
