//! Axes that act when the target is built.

use std::collections::BTreeSet;
use std::fs;

use record::run::{Artifact, Run};
use record::trial::Trial;

use crate::lab::{Lab, stored};

const TARGET: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../targets/httpjson/target.yaml"
);

fn matrix() -> String {
    format!(
        "\
name: builds
targets: [{TARGET}]
axes: {{pgo: [\"off\", control], layout: [none, fresh]}}
control: {{pgo: \"off\", layout: none, build_tags: \"netgo,osusergo\", placement: none}}
load: {{connections: 4, saturate: 300ms}}
blocks: 2
confirm: 0
warmup: {{for: 100ms, gc_cycles: 0}}
diagnose: {{cells: [control], for: 1s}}
"
    )
}

#[test]
fn a_profile_of_the_control_and_a_layout_for_every_block() {
    let Some(lab) = Lab::open() else { return };
    lab.put("builds.yaml", &matrix());
    let Some(done) = lab.run(&["run", "builds.yaml", "--out", "out"]) else {
        return;
    };
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    let folder = lab.path("out");
    let (run, trials) = stored(&folder);
    assert!(folder.join("pgo/httpjson/control.pb.gz").is_file());
    for artifact in &run.artifacts {
        let says = |setting: &str| artifact.go_version_m.contains(setting);
        assert!(says("-tags=netgo,osusergo"), "{}", artifact.go_version_m);
        assert_eq!(says("control.pb.gz"), artifact.build.contains_key("-pgo"));
        let hash = artifact.build.get("-pgo sha256").map(String::len);
        assert_eq!(hash, artifact.build.contains_key("-pgo").then_some(64));
    }
    // With and without profile, with and without a seed.
    let programs: BTreeSet<&str> = run.artifacts.iter().map(sha256).collect();
    assert_eq!(programs.len(), 4, "{:?}", run.artifacts);
    for cell in run.cells.iter().map(|cell| cell.id.clone()) {
        let own: Vec<&Trial> = trials.iter().filter(|trial| trial.cell == cell).collect();
        assert_programs(&run, &own);
    }
    goes_on_with_the_same_profile(&lab);
    assert_eq!(lab.temporary(), Vec::<String>::new());
}

fn sha256(artifact: &Artifact) -> &str {
    &artifact.sha256
}

/// A fresh layout is another program in each block and the same within one.
fn assert_programs(run: &Run, own: &[&Trial]) {
    let cell = run.cells.iter().find(|cell| cell.id == own[0].cell);
    let fresh = cell.unwrap().axes["layout"] == "fresh";
    let program = |trial: &Trial| trial.readback.as_ref()?.program_sha256.clone();
    let mut programs = BTreeSet::new();
    for trial in own {
        assert_eq!(program(trial).is_some(), fresh, "{trial:?}");
        programs.extend(program(trial).map(|program| (trial.block, program)));
    }
    let blocks: BTreeSet<u32> = programs.iter().map(|(block, _)| *block).collect();
    let different: BTreeSet<&String> = programs.iter().map(|(_, program)| program).collect();
    assert_eq!(
        (blocks.len(), programs.len()),
        (different.len(), different.len())
    );
}

/// A longer run has the programs that it began with.
fn goes_on_with_the_same_profile(lab: &Lab) {
    let place = lab.path("out/pgo/httpjson/control.pb.gz");
    let before = fs::read(&place).unwrap();
    let Some(done) = lab.run(&["run", "builds.yaml", "--out", "out", "--blocks", "3"]) else {
        return;
    };
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    assert_eq!(fs::read(&place).unwrap(), before);
    let (_, trials) = stored(&lab.path("out"));
    assert!(trials.iter().any(|trial| trial.block == 2));
}
