//! `gosweep plan`: what a matrix would run.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Args as ClapArgs;
use orchestrator::plan::{
    Estimate, LARGEST_FILE_BYTES, OrderKey, Plan, TargetSearch, block_order, estimate,
};
use record::quantity::format_duration;
use record::trial::Role;
use serde::Serialize;
use topology::Topology;

use crate::exit::{Ending, Failure};
use crate::output;

/// `gosweep plan`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Exit codes: 0 planned, 2 invalid input, 4 the matrix has cpu_quota or memory_cap
and cgroups may not be created here")]
pub(crate) struct PlanArgs {
    /// The matrix file
    #[arg(value_name = "MATRIX")]
    pub(crate) matrix: PathBuf,
    /// Print the plan as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Reads a matrix and plans it on this host.
pub(super) fn make(file: &Path) -> Result<(Plan, Topology), Failure> {
    let bytes = safefile::read_named(file, LARGEST_FILE_BYTES)
        .map_err(|error| Failure::of_system(format!("cannot read {}", file.display()), &error))?;
    let text = String::from_utf8(bytes)
        .map_err(|_| Failure::usage(format!("{} is not UTF-8 text", file.display())))?;
    make_from_text(file, &text)
}

/// Plans the text of a matrix; `file` is its name and where targets are looked for.
pub(super) fn make_from_text(file: &Path, text: &str) -> Result<(Plan, Topology), Failure> {
    make_from_text_in(file, text, Path::new(""))
}

/// The same for a command that was given in `working_folder`, which may be another one than ours.
pub(super) fn make_from_text_in(
    file: &Path,
    text: &str,
    working_folder: &Path,
) -> Result<(Plan, Topology), Failure> {
    let file = working_folder.join(file);
    let topology = topology::read(Path::new("/")).map_err(Failure::not_fit)?;
    let name = file.display().to_string();
    let plan = orchestrator::plan::plan(
        &name,
        text,
        &TargetSearch::around_in(&file, working_folder),
        &topology,
    )?;
    Ok((plan, topology))
}

#[derive(Serialize)]
struct PlanJson {
    name: String,
    /// At most.
    blocks: u32,
    /// Before so many nothing is judged.
    min_blocks: u32,
    /// Fresh blocks for the best cell and the control.
    confirm_blocks: u32,
    /// Of the search, at most.
    trials: usize,
    /// Where the search stops as soon as it may.
    estimated_seconds_least: f64,
    /// With all blocks and the confirmation.
    estimated_seconds: f64,
    /// By which the orders below are made.
    seed: u64,
    /// Whether a run draws another one: the matrix names none.
    seed_drawn: bool,
    toolchains: Vec<String>,
    cells: Vec<CellJson>,
    dropped: Vec<DroppedJson>,
    order: Vec<Vec<SlotJson>>,
}

#[derive(Serialize)]
struct CellJson {
    number: usize,
    target: String,
    axes: BTreeMap<String, String>,
    control: bool,
    target_cpus: String,
    generator_cpus: String,
    notes: Vec<String>,
}

#[derive(Serialize)]
struct DroppedJson {
    target: String,
    axes: BTreeMap<String, String>,
    reason: String,
}

#[derive(Serialize)]
struct SlotJson {
    cell: usize,
    duplicate: bool,
}

/// Shows the plan.
pub(crate) fn plan(args: &PlanArgs) -> Result<Ending, Failure> {
    let (plan, topology) = make(&args.matrix)?;
    let json = plan_json(&plan);
    if args.json {
        output::print_json(&json)?;
    } else {
        output::print(&plan_text(&plan, &topology, &json))?;
    }
    Ok(Ending::Pass)
}

fn plan_json(plan: &Plan) -> PlanJson {
    let keys: Vec<OrderKey> = plan.cells.iter().map(OrderKey::of).collect();
    let order: Vec<Vec<SlotJson>> = (0..plan.matrix.blocks.max)
        .map(|block| {
            let slots = block_order(&keys, plan.matrix.seed_in_force(), block);
            let slot = |slot: &orchestrator::plan::Slot| SlotJson {
                cell: slot.cell + 1,
                duplicate: slot.role == Role::ControlDuplicate,
            };
            slots.iter().map(slot).collect()
        })
        .collect();
    let time = estimate(plan, plan.matrix.blocks);
    PlanJson {
        name: plan.matrix.name.clone(),
        blocks: plan.matrix.blocks.max,
        min_blocks: plan.matrix.blocks.min,
        confirm_blocks: plan.matrix.confirm,
        trials: order.iter().map(Vec::len).sum(),
        estimated_seconds_least: time.least.as_secs_f64(),
        estimated_seconds: time.most.as_secs_f64(),
        seed: plan.matrix.seed_in_force(),
        seed_drawn: plan.matrix.seed.is_none(),
        toolchains: plan.toolchain_specs(),
        cells: plan
            .cells
            .iter()
            .enumerate()
            .map(|(at, cell)| CellJson {
                number: at + 1,
                target: cell.spec.target.clone(),
                axes: cell.spec.settings.to_names(),
                control: cell.control,
                target_cpus: cell.placement.target.to_string(),
                generator_cpus: cell.placement.generator.to_string(),
                notes: cell.notes.clone(),
            })
            .collect(),
        dropped: plan
            .dropped
            .iter()
            .map(|dropped| DroppedJson {
                target: dropped.cell.target.clone(),
                axes: dropped.cell.settings.to_names(),
                reason: dropped.reason.clone(),
            })
            .collect(),
        order,
    }
}

/// Notes that every cell has.
fn notes_of_all(cells: &[CellJson]) -> Vec<&str> {
    let Some((first, others)) = cells.split_first().filter(|(_, others)| !others.is_empty()) else {
        return Vec::new();
    };
    let in_all = |note: &&String| others.iter().all(|cell| cell.notes.contains(note));
    let notes = first.notes.iter().filter(in_all);
    notes.map(String::as_str).collect()
}

fn plan_text(plan: &Plan, topology: &Topology, json: &PlanJson) -> String {
    let mut text = format!(
        "{}: {} cells, {} blocks, {} trials, {} after building\n",
        json.name,
        json.cells.len(),
        json.blocks,
        json.trials,
        time_text(estimate(plan, plan.matrix.blocks)),
    );
    text.push_str(&design_text(plan));
    if let Some(why) = &plan.matrix.why {
        text.push_str(&format!("{}\n", why.trim()));
    }
    text.push_str("\nCells (each block runs all of them, and the control twice):\n");
    let of_all = notes_of_all(&json.cells);
    for (cell, planned) in json.cells.iter().zip(&plan.cells) {
        let control = if cell.control { "  (control)" } else { "" };
        text.push_str(&format!(
            "  {:>3}  {}  {}{control}\n",
            cell.number, cell.target, planned.spec.settings
        ));
        for note in &cell.notes {
            if !of_all.contains(&note.as_str()) {
                text.push_str(&format!("       note: {note}\n"));
            }
        }
    }
    for dropped in &plan.dropped {
        text.push_str(&format!(
            "    -  {}  {}  left out: {}\n",
            dropped.cell.target, dropped.cell.settings, dropped.reason
        ));
    }
    for note in of_all {
        text.push_str(&format!("  note, of every cell: {note}\n"));
    }
    text.push_str(&placements(plan, topology));
    if let Some(first) = json.order.first() {
        let slots: Vec<String> = first
            .iter()
            .map(|slot| format!("{}{}", slot.cell, if slot.duplicate { "'" } else { "" }))
            .collect();
        let drawn = match json.seed_drawn {
            true => {
                ", as an example: each run draws its own seed unless --seed or the matrix names one"
            }
            false => "",
        };
        text.push_str(&format!(
            "\nOrder of the first block (seed {}{drawn}; ' is the control's duplicate): {}\n",
            json.seed,
            slots.join(" ")
        ));
    }
    text
}

fn time_text(time: Estimate) -> String {
    let (least, most) = (format_duration(time.least), format_duration(time.most));
    if least == most {
        format!("about {most}")
    } else {
        format!("about {least} to {most}")
    }
}

/// What may end the run earlier, and what follows on the search.
fn design_text(plan: &Plan) -> String {
    let matrix = &plan.matrix;
    let mut text = String::new();
    if !matrix.precision.is_empty() {
        let asked: Vec<String> = matrix
            .precision
            .iter()
            .map(|(objective, share)| format!("{} ±{}%", objective.heading(), share * 100.0))
            .collect();
        text.push_str(&format!(
            "From block {} on the search stops as soon as every interval is as narrow as {}.\n",
            matrix.blocks.min,
            asked.join(" and ")
        ));
    }
    if matrix.race {
        text.push_str(&format!(
            "From block {} on cells leave that cannot reach the top group any more.\n",
            matrix.blocks.min
        ));
    }
    if matrix.confirm > 0 && plan.cells.iter().any(|cell| !cell.control) {
        text.push_str(&format!(
            "If a cell is worth a change, {} fresh blocks of it and the control confirm it.\n",
            matrix.confirm
        ));
    }
    text
}

/// Every distinct placement, drawn once.
fn placements(plan: &Plan, topology: &Topology) -> String {
    let mut text = String::new();
    let mut drawn = Vec::new();
    for cell in &plan.cells {
        if drawn.contains(&&cell.placement) {
            continue;
        }
        drawn.push(&cell.placement);
        let policy = cell.spec.settings.get(&record::axis::Axis::Placement);
        text.push_str(&format!(
            "\nPlacement {policy} (T target on {}, G generator on {}):\n{}\n",
            cell.placement.target,
            cell.placement.generator,
            topology::draw(topology, Some(&cell.placement))
        ));
    }
    text
}
