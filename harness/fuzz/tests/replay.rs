//! Every target over its seeds and over what was found before, under the limit of memory.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use fuzz::{TARGETS, limit_memory};

#[test]
fn every_target_takes_its_seeds_and_regressions() {
    limit_memory();
    for target in TARGETS {
        let files = target.seed_files();
        assert!(!files.is_empty(), "{}: nothing to start from", target.name);
        for file in files {
            let input = fs::read(&file).unwrap();
            eprintln!("{}: {}", target.name, file.display());
            (target.run)(&input);
        }
    }
}

#[test]
fn every_regression_belongs_to_a_target() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("regressions");
    let names: BTreeSet<&str> = TARGETS.iter().map(|target| target.name).collect();
    assert_eq!(names.len(), TARGETS.len(), "two targets of one name");
    for entry in fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(
            names.contains(name.as_str()),
            "regressions/{name}: no such target"
        );
    }
}
