//! What people write, and the folder of a run.

use std::fs;
use std::path::Path;

use judging::gate::Rules;
use record::matrix::Matrix;
use record::store::RunDir;
use record::target_file::Target;

pub(crate) fn matrix(bytes: &[u8]) {
    match Matrix::parse("matrix.yaml", &String::from_utf8_lossy(bytes)) {
        Ok(matrix) => _ = (matrix.expand(), matrix.control_settings()),
        Err(findings) => _ = findings.render(),
    }
}

pub(crate) fn gate_rules(bytes: &[u8]) {
    if let Err(findings) = Rules::parse("rules.yaml", &String::from_utf8_lossy(bytes)) {
        let _ = findings.render();
    }
}

/// What is recorded of a target can be read again, and does not hold what came from the environment.
pub(crate) fn target(bytes: &[u8]) {
    const VALUE: &str = "value-of-the-environment";
    let text = String::from_utf8_lossy(bytes);
    let target = match Target::parse("target.yaml", &text) {
        Ok(target) => target,
        Err(findings) => {
            let _ = findings.render();
            return;
        }
    };
    let Ok(target) = target.with_values(|_| Some(VALUE.to_owned())) else {
        return;
    };
    let recorded = target.text_for_record();
    assert!(text.contains(VALUE) || !recorded.contains(VALUE));
    if let Err(findings) = Target::parse("target.yaml", &recorded) {
        panic!(
            "the record of a target is no target:\n{}",
            findings.render()
        );
    }
}

/// A run is written as it was read.
pub(crate) fn run(bytes: &[u8]) {
    in_folder(bytes, "run.json", |dir| {
        let Ok(run) = dir.read_run() else {
            return;
        };
        dir.write_run(&run).expect("what was read can be written");
        assert_eq!(dir.read_run().expect("what was written can be read"), run);
    });
}

pub(crate) fn trials(bytes: &[u8]) {
    in_folder(bytes, "trials.jsonl", |dir| {
        let before = dir.read_trials();
        // What a killed process left half written goes.
        drop(dir.append());
        let after = dir.read_trials();
        assert_eq!(before.ok(), after.ok());
    });
}

pub(crate) fn decisions(bytes: &[u8]) {
    const RUN: &[u8] = include_bytes!("../../record/tests/fixtures/format-1/run.json");
    in_folder(bytes, "decisions.jsonl", |dir| {
        fs::write(dir.path().join("run.json"), RUN).expect("a temporary file");
        let _ = dir.read_run();
    });
}

pub(crate) fn diagnosis(bytes: &[u8]) {
    in_folder(bytes, "diagnosis/cell/diagnosis.json", |dir| {
        let Ok(diagnoses) = dir.read_diagnoses() else {
            return;
        };
        assert_eq!(diagnoses.len(), 1);
        for (place, diagnosis) in &diagnoses {
            for profile in &diagnosis.profiles {
                let _ = dir.diagnosis_file(place, &profile.file, 1 << 20);
            }
        }
    });
}

/// A run's folder with one file in it.
fn in_folder(bytes: &[u8], name: &str, check: impl FnOnce(&RunDir)) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join(name);
    fs::create_dir_all(file.parent().unwrap_or(Path::new(""))).expect("a temporary folder");
    let run = folder.path().join("run.json");
    fs::write(run, "{}").expect("a temporary file");
    fs::write(file, bytes).expect("a temporary file");
    check(&RunDir::open(folder.path()).expect("a folder with a run.json"));
}
