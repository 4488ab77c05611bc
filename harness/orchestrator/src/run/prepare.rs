//! Everything between a plan and the first trial: toolchains, artifacts, cell ids, calibration, `run.json`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::Ordering;

use record::run::{Calibration, Cell, Design, DroppedCell, RUN_FORMAT, Run, SourceFile};
use record::store::{RunDir, StoreError};

use super::artifacts::{self, Programs, ready_cell};
use super::error::RunError;
use super::request::RunRequest;
use super::{calibrate, host, profile};
use crate::events::{Event, Listener};
use crate::plan::{ReadyCell, check_versions};
use supervise::Spawner;

/// A run that only needs its trials.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) run: Run,
    pub(super) cells: Vec<ReadyCell>,
    pub(super) programs: Programs,
    /// The toolchains that this call has proved, by the name in the matrix. What the record of an earlier call says of
    /// them is not run.
    pub(super) goroots: BTreeMap<String, PathBuf>,
}

impl Prepared {
    /// The rate of the constant window, requests per second.
    pub(super) fn rate(&self, target: &str) -> Option<f64> {
        let calibration = self.run.calibration.get(target)?;
        Some(calibration.rate_per_s)
    }
}

/// Prepares a new run or takes up the one in the folder. `None` when asked to stop.
pub(super) fn prepare(
    request: &RunRequest<'_>,
    dir: &RunDir,
    spawner: &Spawner,
    listener: &Listener<'_>,
) -> Result<Option<Prepared>, RunError> {
    let earlier = match RunDir::open(dir.path()) {
        Ok(dir) => {
            let run = dir.read_run()?;
            // Nothing was measured: what was changed meanwhile, such as a target file that did not work, counts.
            let is_begun = !run.calibration.is_empty() || !dir.read_trials()?.is_empty();
            is_begun.then_some(run)
        }
        Err(StoreError::NotARun(_)) => None,
        Err(error) => return Err(error.into()),
    };
    let Some(mut programs) = artifacts::provide(request, listener)? else {
        return Ok(None);
    };
    if !profile::of_controls(request, dir, spawner, &programs, listener)?
        || !programs.complete(request, listener)?
    {
        return Ok(None);
    }
    let (cells, dropped) = ready_cells(request, &programs, listener)?;
    let mut run = describe(request, &programs, &cells, dropped);
    match earlier {
        Some(earlier) => {
            same_run(request, &earlier, &run)?;
            run = earlier;
            if !has_rates(request, &cells, &run) {
                let Some(rates) = rates_for(request, dir, spawner, &cells, listener)? else {
                    return Ok(None);
                };
                run.calibration = rates;
                dir.write_run(&run)?;
            }
            if let Some(blocks) = request.blocks
                && blocks != run.blocks
            {
                run.blocks = blocks;
                if let Some(design) = &mut run.design {
                    design.min_blocks = request.blocks().min;
                }
                dir.write_run(&run)?;
            }
        }
        None => {
            // Whatever stops the run from here on, its folder can be gone on with.
            dir.write_run(&run)?;
            let Some(calibration) = calibrate_all(request, spawner, &cells, listener)? else {
                return Ok(None);
            };
            run.calibration = calibration;
            dir.write_run(&run)?;
        }
    }
    Ok(Some(Prepared {
        run,
        cells,
        goroots: programs.goroots(),
        programs,
    }))
}

fn ready_cells(
    request: &RunRequest<'_>,
    programs: &Programs,
    listener: &Listener<'_>,
) -> Result<(Vec<ReadyCell>, Vec<DroppedCell>), RunError> {
    let plan = request.plan;
    let mut dropped: Vec<DroppedCell> = plan
        .dropped
        .iter()
        .map(|dropped| DroppedCell {
            target: dropped.cell.target.clone(),
            axes: dropped.cell.settings.to_names(),
            reason: dropped.reason.clone(),
        })
        .collect();
    let mut cells = Vec::new();
    for planned in &plan.cells {
        let impossible = programs
            .go_version(plan, planned)
            .and_then(|version| check_versions(&planned.spec, version));
        let reason = match (impossible, programs.of(plan, planned)) {
            (None, Some(program)) => {
                cells.push(ready_cell(plan, planned, program));
                continue;
            }
            (Some(reason), _) => reason,
            (None, None) => "it was not built".to_owned(),
        };
        if planned.control {
            return Err(RunError::Control {
                target: planned.spec.target.clone(),
                reason,
            });
        }
        listener(Event::Dropped {
            cell: planned.spec.settings.to_string(),
            reason: reason.clone(),
        });
        dropped.push(DroppedCell {
            target: planned.spec.target.clone(),
            axes: planned.spec.settings.to_names(),
            reason,
        });
    }
    Ok((cells, dropped))
}

fn describe(
    request: &RunRequest<'_>,
    programs: &Programs,
    cells: &[ReadyCell],
    dropped: Vec<DroppedCell>,
) -> Run {
    let matrix = &request.plan.matrix;
    let folder = request
        .folder
        .file_name()
        .map(|name| name.to_string_lossy().into_owned());
    let targets = request.plan.targets.iter().map(|(name, target)| {
        let file = SourceFile {
            path: target.file.clone(),
            text: target.text_for_record(),
        };
        (name.clone(), file)
    });
    Run {
        format: RUN_FORMAT,
        id: folder.unwrap_or_else(|| matrix.name.clone()),
        tool: request.tool.clone(),
        argv: request.argv.clone(),
        working_folder: std::env::current_dir()
            .ok()
            .map(|folder| folder.display().to_string()),
        started: jiff::Timestamp::now()
            .strftime("%Y-%m-%dT%H:%M:%SZ")
            .to_string(),
        matrix: SourceFile {
            path: matrix.file.clone(),
            text: matrix.text.clone(),
        },
        targets: targets.collect(),
        seed: matrix.seed_in_force(),
        blocks: request.blocks().max,
        design: Some(Design {
            min_blocks: request.blocks().min,
            precision: matrix.precision.clone(),
            race: matrix.race,
            confirm_blocks: matrix.confirm,
        }),
        host: host::describe(request.topology),
        toolchains: programs.toolchains(),
        artifacts: programs.artifacts(),
        cells: cells.iter().map(record_cell).collect(),
        dropped,
        calibration: BTreeMap::new(),
        decisions: Vec::new(),
    }
}

fn record_cell(cell: &ReadyCell) -> Cell {
    let placement = &cell.planned.placement;
    Cell {
        id: cell.id.clone(),
        target: cell.planned.spec.target.clone(),
        axes: cell.planned.spec.settings.to_names(),
        control: cell.planned.control,
        artifact: cell.program_sha256.clone(),
        target_cpus: placement.target.to_string(),
        generator_cpus: placement.generator.to_string(),
        memory_node: placement.memory_node,
        notes: cell.planned.notes.clone(),
    }
}

/// Refuses to add trials to a run that was measured under other conditions.
fn same_run(request: &RunRequest<'_>, earlier: &Run, now: &Run) -> Result<(), RunError> {
    let ids = |run: &Run| {
        run.cells
            .iter()
            .map(|cell| cell.id.clone())
            .collect::<Vec<_>>()
    };
    let differences = [
        (
            earlier.matrix.text != now.matrix.text,
            "the matrix file has changed",
        ),
        (
            earlier.host.fingerprint != now.host.fingerprint,
            "it was measured on another host",
        ),
        (
            ids(earlier) != ids(now),
            "its cells were built or placed differently",
        ),
    ];
    match differences.iter().find(|(differs, _)| *differs) {
        Some((_, difference)) => Err(RunError::OtherRun {
            folder: request.folder.clone(),
            difference: (*difference).to_owned(),
        }),
        None => Ok(()),
    }
}

/// Whether the record says at which rate every target's constant window runs.
fn has_rates(request: &RunRequest<'_>, cells: &[ReadyCell], run: &Run) -> bool {
    let mut controls = cells.iter().filter(|cell| cell.planned.control);
    request.plan.matrix.load.constant.is_none()
        || controls.all(|own| run.calibration.contains_key(&own.planned.spec.target))
}

/// Rates for a run that has a record without them. Trials that were measured at a rate that is not
/// known any more are not mixed with others.
fn rates_for(
    request: &RunRequest<'_>,
    dir: &RunDir,
    spawner: &Spawner,
    cells: &[ReadyCell],
    listener: &Listener<'_>,
) -> Result<Option<BTreeMap<String, Calibration>>, RunError> {
    if !dir.read_trials()?.is_empty() {
        return Err(RunError::OtherRun {
            folder: request.folder.clone(),
            difference: "its run.json does not say at which rate its constant windows ran \
                         (`calibration`)"
                .to_owned(),
        });
    }
    calibrate_all(request, spawner, cells, listener)
}

fn calibrate_all(
    request: &RunRequest<'_>,
    spawner: &Spawner,
    cells: &[ReadyCell],
    listener: &Listener<'_>,
) -> Result<Option<BTreeMap<String, Calibration>>, RunError> {
    let mut rates = BTreeMap::new();
    let Some(constant) = request.plan.matrix.load.constant else {
        return Ok(Some(rates));
    };
    for control in cells.iter().filter(|cell| cell.planned.control) {
        let target = control.planned.spec.target.clone();
        if request.cancel.load(Ordering::Relaxed) {
            return Ok(None);
        }
        let found = calibrate::calibrate(request, spawner, control, constant.rate, listener)?;
        let Some(calibration) = found else {
            return Ok(None);
        };
        listener(Event::Calibrated {
            target: target.clone(),
            capacity_per_s: calibration.control_capacity_per_s,
            rate_per_s: calibration.rate_per_s,
        });
        rates.insert(target, calibration);
    }
    Ok(Some(rates))
}
