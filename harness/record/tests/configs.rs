//! Every file under `tests/configs` as a person would see it: a good one as its cells or its target, a bad one as its
//! errors. The file names say what each is about; `matrix-` and `target-` say how it is read.

use std::fs;
use std::path::{Path, PathBuf};

use record::diagnostic::Diagnostics;
use record::matrix::Matrix;
use record::target_file::Target;

struct Config {
    name: String,
    text: String,
}

fn configs(folder: &str) -> Vec<Config> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/configs")
        .join(folder);
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .expect("the folder is part of the repository")
        .map(|entry| entry.expect("it is readable").path())
        .collect();
    paths.sort();
    assert!(paths.len() > 10, "the configs are not where they were");
    paths
        .into_iter()
        .map(|path| Config {
            name: path
                .file_stem()
                .and_then(|stem| stem.to_str())
                .expect("names are plain")
                .to_owned(),
            text: fs::read_to_string(&path).expect("configs are UTF-8"),
        })
        .collect()
}

/// What a file was read as, in a form for a snapshot.
fn read(config: &Config) -> Result<String, Diagnostics> {
    let file = format!("{}.yaml", config.name);
    match config.name.split_once('-') {
        Some(("matrix", _)) => Matrix::parse(&file, &config.text).map(|matrix| describe(&matrix)),
        Some(("target", _)) => Target::parse(&file, &config.text).map(|mut target| {
            target.text.clear();
            format!("{target:#?}")
        }),
        _ => panic!("{file}: the name starts with neither `matrix-` nor `target-`"),
    }
}

fn describe(matrix: &Matrix) -> String {
    let expansion = matrix.expand();
    let cells = expansion
        .cells
        .iter()
        .map(|cell| format!("run   {} {}\n", cell.target, cell.settings));
    let dropped = expansion.dropped.iter().map(|dropped| {
        let cell = &dropped.cell;
        format!(
            "drop  {} {} ({})\n",
            cell.target, cell.settings, dropped.reason
        )
    });
    let lines: String = cells.chain(dropped).collect();
    format!(
        "{lines}load {:#?}\n{:?} precision {:?} race {} confirm {} seed {} {:?}\nrank by {:?} {:?}\nconstraints {:?}\noptions {:?}\nsources {:?} bind_memory {}\nwhy {:?}{}",
        matrix.load,
        matrix.blocks,
        matrix.precision,
        matrix.race,
        matrix.confirm,
        matrix.seed_in_force(),
        matrix.warmup,
        matrix.rank_by,
        matrix.weights,
        matrix.constraints,
        matrix.options,
        matrix.toolchain_sources,
        matrix.bind_memory,
        matrix.why,
        match &matrix.diagnose {
            Some(wanted) => format!("\ndiagnose {wanted:?}"),
            None => String::new(),
        },
    )
}

#[test]
fn good_files_are_read() {
    for config in configs("valid") {
        match read(&config) {
            Ok(description) => {
                insta::assert_snapshot!(format!("valid-{}", config.name), description);
            }
            Err(errors) => panic!("{errors}"),
        }
    }
}

#[test]
fn bad_files_say_what_is_wrong_and_where() {
    for config in configs("invalid") {
        match read(&config) {
            Ok(description) => panic!("{} was read without error:\n{description}", config.name),
            Err(errors) => {
                check_form(&errors);
                insta::assert_snapshot!(format!("invalid-{}", config.name), errors.render());
            }
        }
    }
}

/// What holds for every finding, whatever it says.
fn check_form(errors: &Diagnostics) {
    assert!(!errors.findings.is_empty(), "{}", errors.file);
    for finding in &errors.findings {
        let message = &finding.message;
        let starts_lower = !message.starts_with(char::is_uppercase);
        assert!(starts_lower, "not a lower-case fragment: {message}");
        assert!(!message.ends_with('.'), "not a fragment: {message}");
        assert!(message.len() < 250, "too long to read: {message}");
        let covered = errors.text.get(finding.span.clone());
        assert!(
            covered.is_some(),
            "{message}: no such place {:?}",
            finding.span
        );
    }
    let starts: Vec<_> = errors.findings.iter().map(|f| f.span.start).collect();
    assert!(starts.is_sorted(), "{}: not in file order", errors.file);
}
