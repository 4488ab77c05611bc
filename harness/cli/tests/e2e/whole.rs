//! A small matrix from its file to its reports.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use record::run::{Cell, Run};
use record::trial::{Outcome, Phase, Role, Stage, Trial};
use serde_json::Value;

use crate::lab::{Lab, assert_complete, stored};

const TARGET: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../targets/httpjson/target.yaml"
);

fn matrix() -> String {
    // One CPU cannot be split between target and generator.
    let cpus = std::thread::available_parallelism().unwrap().get();
    let placement = if cpus > 1 { "split" } else { "none" };
    format!(
        "\
name: small
why: the end-to-end test
targets: [{TARGET}]
axes:
  gogc: [50, 400]
  placement: [{placement}]
control: {{gogc: 50}}
load: {{connections: 4, saturate: 400ms, constant: {{rate: 25%, for: 500ms}}}}
blocks: 2
warmup: {{for: 200ms, gc_cycles: 1}}
seed: 7
rank_by: [qps, p99, gc_per_kreq]
constraints: {{error_rate: 1%}}
"
    )
}

#[test]
fn a_small_matrix_runs_to_its_reports_and_can_be_extended() {
    let Some(lab) = Lab::open() else { return };
    lab.put("small.yaml", &matrix());
    let Some(done) = lab.run(&["run", "small.yaml", "--out", "out", "--json"]) else {
        return;
    };
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    let folder = lab.path("out");
    let (run, trials) = stored(&folder);
    assert_record(&lab, &run);
    assert_complete(&run, &trials);
    assert_order_is_the_plans(&lab, &run, &trials);
    for trial in &trials {
        assert_trial(&run, trial);
        assert_evidence(&folder, trial);
    }
    assert_fewer_collections(&run, &trials);
    let ranking: Value = serde_json::from_str(&done.stdout).unwrap();
    assert_ranking(&run, &ranking);
    assert_reports(&lab, &folder, &ranking);
    assert_eq!(lab.temporary(), Vec::<String>::new());
    assert_eq!(lab.at_work(), Vec::<String>::new());
    changed_matrices_are_refused(&lab);
    more_blocks_extend_it(&lab, &trials);
}

fn assert_record(lab: &Lab, run: &Run) {
    assert_eq!(run.matrix.text, matrix());
    assert_eq!((run.seed, run.blocks), (7, 2));
    assert!(run.tool.starts_with("gosweep "), "{}", run.tool);
    assert_eq!(run.argv[1..4], ["run", "small.yaml", "--out"]);
    assert!(!run.host.fingerprint.is_empty() && run.host.cpus > 0);
    let target = fs::read_to_string(TARGET).unwrap();
    assert_eq!(run.targets.values().next().unwrap().text, target);
    assert_eq!(run.toolchains.len(), 1);
    assert!(run.toolchains[0].version.starts_with("go1."));
    assert!(run.toolchains[0].sha256.is_some());
    let artifact = &run.artifacts[0];
    assert_eq!(run.artifacts.len(), 1);
    assert!(artifact.go_version_m.contains(&run.toolchains[0].version));
    assert!(artifact.go_version_m.contains("gosweep.dev/targets"));
    assert!(
        run.cells
            .iter()
            .all(|cell| cell.artifact == artifact.sha256)
    );
    let calibration = run.calibration.values().next().unwrap();
    let capacity = calibration.control_capacity_per_s.unwrap();
    assert!((calibration.rate_per_s - capacity * 0.25).abs() <= 1.0);
    // The same CPUs as the plan drew.
    let plan = lab.say(&["plan", "small.yaml", "--json"]);
    let plan: Value = serde_json::from_str(&plan.stdout).unwrap();
    for (cell, planned) in run.cells.iter().zip(plan["cells"].as_array().unwrap()) {
        assert_eq!(planned["axes"]["gogc"], cell.axes["gogc"]);
        assert_eq!(planned["target_cpus"], cell.target_cpus);
        assert_eq!(planned["generator_cpus"], cell.generator_cpus);
    }
}

/// `gosweep plan` tells the order that is then run.
fn assert_order_is_the_plans(lab: &Lab, run: &Run, trials: &[Trial]) {
    let plan = lab.say(&["plan", "small.yaml", "--json"]);
    let plan: Value = serde_json::from_str(&plan.stdout).unwrap();
    let planned: Vec<(String, bool)> = plan["order"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|block| block.as_array().unwrap())
        .map(|slot| {
            let cell = usize::try_from(slot["cell"].as_u64().unwrap()).unwrap();
            let id = run.cells[cell - 1].id.to_string();
            (id, slot["duplicate"].as_bool().unwrap())
        })
        .collect();
    // What is measured afresh after a cell was chosen follows the plan's blocks.
    let searched = trials.iter().filter(|trial| trial.stage == Stage::Search);
    let first_tries = searched.filter(|trial| trial.attempt == 0);
    let done: Vec<(String, bool)> = first_tries
        .map(|trial| (trial.cell.to_string(), trial.role == Role::ControlDuplicate))
        .collect();
    assert_eq!(done, planned);
}

fn cell<'a>(run: &'a Run, trial: &Trial) -> &'a Cell {
    run.cells.iter().find(|cell| cell.id == trial.cell).unwrap()
}

fn phases(trial: &Trial) -> [&Phase; 2] {
    [&trial.saturate, &trial.constant].map(|phase| phase.as_ref().unwrap())
}

fn assert_trial(run: &Run, trial: &Trial) {
    if let Outcome::Invalid(reasons) = &trial.outcome {
        // Host and generator may invalidate a trial here; settings may not.
        assert!(
            reasons
                .iter()
                .all(|reason| ["V3", "V4", "V5"].contains(&reason.rule.word())),
            "{reasons:?}"
        );
    }
    assert!(
        !matches!(trial.outcome, Outcome::Failed(_)),
        "{:?}",
        trial.outcome
    );
    let cell = cell(run, trial);
    let readback = trial.readback.as_ref().unwrap();
    assert_eq!(readback.gogc.unwrap().to_string(), cell.axes["gogc"]);
    assert_eq!(
        readback.target_cpus.as_deref(),
        Some(cell.target_cpus.as_str())
    );
    assert_eq!(
        readback.go_version.as_ref(),
        Some(&run.toolchains[0].version)
    );
    assert_eq!(
        readback.godebug.as_deref(),
        Some(""),
        "our own keys are left out"
    );
    assert!(readback.gomaxprocs.unwrap() >= 1);
    for phase in phases(trial) {
        let ledger = &phase.ledger;
        let sum = ledger.completed
            + ledger.failed
            + ledger.timed_out
            + ledger.in_flight
            + ledger.never_sent;
        assert_eq!(ledger.scheduled, sum, "{ledger:?}");
        assert!(ledger.completed > 0);
        assert_eq!(phase.statuses.keys().collect::<Vec<_>>(), [&200]);
        assert_eq!(phase.response_ms.count, ledger.scheduled, "{ledger:?}");
        assert!(phase.response_ms.p50 <= phase.response_ms.p99);
        let runtime = phase.runtime.as_ref().unwrap();
        assert!(runtime.alloc_bytes > 0 && runtime.heap_goal_bytes > 0);
        assert!(phase.process.is_some() && phase.host.is_some());
        assert!(phase.gctrace.as_ref().unwrap().torn_lines == 0);
    }
    let [saturate, constant] = phases(trial);
    assert_eq!(
        (saturate.arrival.word(), saturate.offered_per_s),
        ("closed", None)
    );
    let rate = run.calibration.values().next().unwrap().rate_per_s;
    assert_eq!(
        (constant.arrival.word(), constant.offered_per_s),
        ("constant", Some(rate))
    );
    let life = trial.process.as_ref().unwrap();
    assert!(life.peak_rss_bytes > 0 && life.ready_ms > 0.0);
}

/// The raw evidence says the same as the record.
fn assert_evidence(folder: &Path, trial: &Trial) {
    let raw = folder.join(&trial.raw);
    let stderr = fs::read_to_string(raw.join("stderr.log")).unwrap();
    assert!(
        stderr.lines().any(|line| line.starts_with("gc 1 @")),
        "{stderr}"
    );
    assert!(stderr.lines().any(|line| line.starts_with("SCHED ")));
    for window in ["saturate", "constant"] {
        let hlog = fs::read_to_string(raw.join(format!("{window}.hlog"))).unwrap();
        assert!(hlog.lines().any(|line| !line.starts_with(['#', '"'])));
        let metrics = fs::read_to_string(raw.join(format!("metrics-{window}.jsonl"))).unwrap();
        let snapshots: Vec<Value> = metrics
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(snapshots.len(), 2, "before and after");
    }
    for entry in fs::read_dir(folder.join("raw")).unwrap() {
        let name = entry.unwrap().file_name().to_string_lossy().into_owned();
        assert!(!name.starts_with("unfinished"), "{name}");
    }
}

/// GOGC=400 collects less often than GOGC=50 for the same requests: counters of the runtime, which no noise can turn
/// round.
fn assert_fewer_collections(run: &Run, trials: &[Trial]) {
    let per_kreq = |gogc: &str| {
        let windows = trials
            .iter()
            .filter(|trial| cell(run, trial).axes["gogc"] == gogc)
            .flat_map(phases);
        let (cycles, requests) = windows.fold((0, 0), |(cycles, requests), phase| {
            let runtime = phase.runtime.as_ref().unwrap();
            (
                cycles + runtime.gc_cycles,
                requests + phase.ledger.completed,
            )
        });
        cycles as f64 * 1e3 / requests as f64
    };
    let (often, seldom) = (per_kreq("50"), per_kreq("400"));
    assert!(often > seldom && seldom > 0.0, "{often} and {seldom}");
}

fn assert_ranking(run: &Run, ranking: &Value) {
    assert_eq!(ranking["format"], 1);
    assert!(!ranking["verdict"].as_str().unwrap().is_empty());
    let target = &ranking["targets"][0];
    assert!(target["verdict"]["kind"].is_string());
    assert_eq!(target["blocks_planned"], 2);
    let cells = target["cells"].as_array().unwrap();
    let ids: BTreeSet<&str> = cells
        .iter()
        .map(|cell| cell["id"].as_str().unwrap())
        .collect();
    let stored: BTreeSet<&str> = run.cells.iter().map(|cell| cell.id.as_str()).collect();
    assert_eq!(ids, stored);
    for cell in cells {
        assert!(cell["axes"]["gogc"].is_string());
        assert!(cell["n"].is_u64());
        for objective in ["qps", "p99", "gc_per_kreq"] {
            let figures = cell["objectives"][objective].as_object().unwrap();
            for field in ["value", "ratio", "interval", "group"] {
                assert!(figures.contains_key(field), "{objective} has {field}");
            }
            if cell["n"].as_u64() > Some(0) {
                assert!(figures["value"].as_f64().unwrap() > 0.0);
            }
        }
    }
    let warnings = ranking["warnings"].as_array().unwrap();
    let codes: Vec<&str> = warnings
        .iter()
        .map(|one| one["code"].as_str().unwrap())
        .collect();
    assert!(codes.contains(&"few_blocks"), "{codes:?}");
    assert!(warnings.iter().all(|one| one["message"].is_string()));
}

/// The reports alongside the run are those that the verbs make again.
fn assert_reports(lab: &Lab, folder: &Path, ranking: &Value) {
    let again = lab.say(&["rank", "out", "--json"]);
    // `rank` reads the trials only; the advice needs their raw evidence.
    let without_advice = |mut document: Value| {
        document.as_object_mut().unwrap().remove("advice");
        document
    };
    let again = serde_json::from_str::<Value>(&again.stdout).unwrap();
    assert_eq!(without_advice(again), without_advice(ranking.clone()));
    for format in ["md", "json", "html"] {
        let printed = lab.say(&["report", "out", "--format", format]);
        assert_eq!(printed.code, Some(0), "{}", printed.stderr);
        let written = fs::read_to_string(folder.join(format!("report.{format}"))).unwrap();
        assert_eq!(printed.stdout.trim_end(), written.trim_end(), "{format}");
        assert!(written.contains("gogc"), "{format}");
    }
    let html = fs::read_to_string(folder.join("report.html")).unwrap();
    for outside in ["src=\"http", "href=\"http", "@import", "url(http"] {
        assert!(!html.contains(outside), "self-contained: {outside}");
    }
}

fn changed_matrices_are_refused(lab: &Lab) {
    let before = fs::read(lab.path("out/trials.jsonl")).unwrap();
    lab.put("small.yaml", &matrix().replace("[50, 400]", "[50, 200]"));
    let refused = lab.say(&["run", "small.yaml", "--out", "out"]);
    assert_eq!(refused.code, Some(2), "{}", refused.stderr);
    assert!(
        refused.stderr.contains("matrix file has changed"),
        "{}",
        refused.stderr
    );
    assert_eq!(fs::read(lab.path("out/trials.jsonl")).unwrap(), before);
}

/// The folder holds its matrix: the file may meanwhile say something else.
fn more_blocks_extend_it(lab: &Lab, earlier: &[Trial]) {
    let Some(done) = lab.run(&["run", "out", "--blocks", "3"]) else {
        return;
    };
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    let (run, trials) = stored(&lab.path("out"));
    assert_eq!(run.blocks, 3);
    assert_eq!(trials[..earlier.len()], *earlier, "what was measured stays");
    assert_complete(&run, &trials);
}
