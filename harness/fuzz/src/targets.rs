//! The list of targets.

use std::path::{Path, PathBuf};

use crate::{archives, go, records, requests};

/// A decoder under test.
#[derive(Debug)]
pub struct Target {
    /// Its name, and that of its folders of regressions.
    pub name: &'static str,
    /// Decodes an input; panics where a property does not hold.
    pub run: fn(&[u8]),
    /// Files and folders to start from, below the repository's root. Those in `harness/fuzz/regressions` come on top.
    seeds: &'static [&'static str],
}

const LOGS: &[&str] = &[
    "harness/gotrace/tests/fixtures/go-logs",
    "harness/gotrace/tests/fixtures/foreign",
];
const CRASHES: &[&str] = &["harness/gotrace/tests/fixtures/crashes"];
const PROFILES: &[&str] = &[
    "harness/gotrace/tests/fixtures/profiles",
    "harness/fuzz/seeds/profile",
    "harness/gotrace/tests/fixtures/go-logs",
];
const TARGET_FILES: &[&str] = &["targets", "harness/fuzz/seeds/target"];

/// Every target.
pub const TARGETS: &[Target] = &[
    // What Go prints.
    target("stderr", go::stderr, LOGS),
    target("recognise", go::recognise, LOGS),
    target("gctrace", go::gctrace, LOGS),
    target("schedtrace", go::schedtrace, LOGS),
    target("scheddetail", go::scheddetail, LOGS),
    target("small_lines", go::small_lines, LOGS),
    target("log_prefix", go::log_prefix, LOGS),
    target("crash", go::crash, CRASHES),
    target("metrics", go::metrics, LOGS),
    target("text_documents", go::text_documents, PROFILES),
    target("profile", go::profile, PROFILES),
    target(
        "execution_trace",
        go::execution_trace,
        &["harness/fuzz/seeds/execution_trace"],
    ),
    target(
        "build_info",
        go::build_info,
        &["harness/gotrace/tests/fixtures/buildinfo"],
    ),
    target(
        "environment",
        go::environment,
        &["harness/fuzz/seeds/environment"],
    ),
    // Toolchains.
    target("tar", archives::tar, &["harness/fuzz/seeds/tar"]),
    target("zip", archives::zip, &["harness/fuzz/seeds/zip"]),
    // Requests.
    target("har", requests::har, &["harness/fuzz/seeds/har"]),
    target("curl", requests::curl, &["harness/fuzz/seeds/curl"]),
    target("mix", requests::mix, TARGET_FILES),
    target(
        "csv",
        requests::csv,
        &["harness/loadtool/tests/fixtures/curl/files/rows.csv"],
    ),
    target(
        "template",
        requests::template,
        &["harness/fuzz/seeds/template"],
    ),
    // What people write and what is stored.
    target("target", records::target, TARGET_FILES),
    target("matrix", records::matrix, &["matrices"]),
    target("gate_rules", records::gate_rules, &["matrices/gates"]),
    target(
        "run",
        records::run,
        &[
            "harness/record/tests/fixtures/format-1/run.json",
            "reports/sample/run.json",
        ],
    ),
    target(
        "trials",
        records::trials,
        &[
            "harness/record/tests/fixtures/format-1/trials.jsonl",
            "reports/sample/trials.jsonl",
        ],
    ),
    target(
        "decisions",
        records::decisions,
        &["reports/sample/decisions.jsonl"],
    ),
    target(
        "diagnosis",
        records::diagnosis,
        &["harness/fuzz/seeds/diagnosis"],
    ),
];

const fn target(name: &'static str, run: fn(&[u8]), seeds: &'static [&'static str]) -> Target {
    Target { name, run, seeds }
}

/// Formats that no target reads, in folders that hold others besides.
const NO_SEEDS: &[&str] = &["go", "md", "mod", "rs", "png"];

impl Target {
    /// The files to start from.
    pub fn seed_files(&self) -> Vec<PathBuf> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let mut files = Vec::new();
        for seed in self.seeds {
            gather(&root.join(seed), &mut files);
        }
        gather(
            &root.join("harness/fuzz/regressions").join(self.name),
            &mut files,
        );
        files.retain(|file| {
            let extension = file.extension().unwrap_or_default().to_string_lossy();
            !NO_SEEDS.contains(&extension.as_ref())
        });
        files.sort();
        files
    }
}

fn gather(path: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = path.read_dir() else {
        files.extend(path.is_file().then(|| path.to_owned()));
        return;
    };
    for entry in entries.flatten() {
        gather(&entry.path(), files);
    }
}
