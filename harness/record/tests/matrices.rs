//! The ready matrices and the targets of the repository are readable, say why they are there, and the reference names
//! every key.

use std::fs;
use std::path::{Path, PathBuf};

use record::matrix::Matrix;
use record::target_file::Target;
use serde_json::Value;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn matrices() -> Vec<Matrix> {
    let mut paths: Vec<PathBuf> = fs::read_dir(repository().join("matrices"))
        .expect("the folder is part of the repository")
        .map(|entry| entry.expect("it is readable").path())
        .filter(|path| path.extension().is_some_and(|end| end == "yaml"))
        .collect();
    paths.sort();
    paths
        .iter()
        .map(|path| {
            let text = fs::read_to_string(path).expect("a matrix is UTF-8");
            Matrix::parse(&path.display().to_string(), &text)
                .unwrap_or_else(|errors| panic!("{errors}"))
        })
        .collect()
}

fn target(name: &str) -> Target {
    let path = match name.contains('/') {
        true => repository().join("matrices").join(name),
        false => repository().join("targets").join(name).join("target.yaml"),
    };
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
    Target::parse(&path.display().to_string(), &text).unwrap_or_else(|errors| panic!("{errors}"))
}

#[test]
fn every_matrix_says_why_and_is_named_like_its_file() {
    let matrices = matrices();
    assert!(matrices.len() >= 13, "the matrices are not where they were");
    for matrix in &matrices {
        let why = matrix.why.as_deref().unwrap_or_default();
        assert!(!why.trim().is_empty(), "{} has no why", matrix.file);
        let stem = Path::new(&matrix.file).file_stem();
        assert_eq!(
            stem.and_then(|stem| stem.to_str()),
            Some(matrix.name.as_str())
        );
    }
}

#[test]
fn every_matrix_names_targets_and_options_that_exist() {
    for matrix in matrices() {
        for name in &matrix.targets {
            let target = target(&name.value);
            let options = matrix.options.get(&name.value).into_iter().flatten();
            for (option, _) in options {
                let known = target.options.contains_key(option);
                assert!(
                    known,
                    "{}: {} has no option {option}",
                    matrix.file, name.value
                );
            }
        }
    }
}

#[test]
fn the_quickstart_is_small() {
    let matrices = matrices();
    let quickstart = matrices.iter().find(|matrix| matrix.name == "quickstart");
    let expansion = quickstart.unwrap().expand();
    // Six combinations; the control is one of them.
    assert_eq!(expansion.cells.len(), 6);
    assert!(expansion.dropped.is_empty());
}

/// The reference has a heading or a row for every key, at every level.
#[test]
fn the_reference_names_every_key() {
    let reference = fs::read_to_string(repository().join("matrices/README.md")).unwrap();
    let schema: Value = serde_json::from_str(record::schema::MATRIX).unwrap();
    let places = [
        "/properties",
        "/properties/axes/properties",
        "/properties/load/properties",
        "/properties/load/properties/constant/properties",
        "/properties/warmup/oneOf/1/properties",
        "/properties/constraints/properties",
    ];
    for place in places {
        let properties = schema.pointer(place).and_then(Value::as_object);
        for name in properties.unwrap().keys() {
            let named = reference.contains(&format!("`{name}`"));
            assert!(
                named,
                "matrices/README.md does not name `{name}` of {place}"
            );
        }
    }
}

/// The examples of the reference are whole matrices, or keys that fit into one.
#[test]
fn the_examples_of_the_reference_are_readable() {
    let reference = fs::read_to_string(repository().join("matrices/README.md")).unwrap();
    let examples: Vec<&str> = reference
        .split("```yaml\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next())
        .collect();
    assert!(examples.len() >= 8, "the examples are not where they were");
    let fill = [
        ("name:", "name: example\n"),
        ("targets:", "targets: [httpjson, cache]\n"),
        (
            "load:",
            "load: {saturate: 1s, constant: {rate: 60%, for: 1s}}\n",
        ),
    ];
    for example in examples {
        let has = |key: &str| example.lines().any(|line| line.starts_with(key));
        let missing = fill.iter().filter(|(key, _)| !has(key));
        let missing: String = missing.map(|(_, text)| *text).collect();
        if let Err(errors) = Matrix::parse("README.md", &format!("{missing}{example}")) {
            panic!("{errors}");
        }
    }
}
