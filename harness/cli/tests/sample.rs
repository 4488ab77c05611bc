//! The committed sample of every report format is what this gosweep makes of the committed record, a real run of
//! `matrices/quickstart.yaml`.
//!
//! After a change of the reports: `GOSWEEP_UPDATE_SAMPLE=1 cargo test -p cli
//! --test sample`, then read the diff.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn sample() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../reports/sample")
}

/// What a verb prints for the sample's record.
fn printed(args: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_gosweep"))
        .args(args)
        .current_dir(sample())
        .env("NO_COLOR", "1")
        .env("SOURCE_DATE_EPOCH", "0")
        .output()
        .expect("the program starts");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("results are UTF-8")
}

/// The program that ranks tells its own revision, which changes with every commit; the one that measured stays.
fn without_revision(text: &str) -> String {
    let version = printed(&["--version"]);
    text.replace(version.trim(), "gosweep REVISION")
}

/// The reports, by file and format.
const REPORTS: [(&str, &str); 12] = [
    ("report.md", "md"),
    ("report.json", "json"),
    ("report.html", "html"),
    ("summary.md", "summary"),
    ("comment.md", "comment"),
    ("report.csv", "csv"),
    ("benchmarks.txt", "benchfmt"),
    ("github-bigger-is-better.json", "github-bigger"),
    ("github-smaller-is-better.json", "github-smaller"),
    ("bencher.json", "bencher"),
    ("junit.xml", "junit"),
    ("gosweep.prom", "openmetrics"),
];

/// The exports, likewise. `godebug` is refused here: it takes no GOGC.
const EXPORTS: [(&str, &str); 9] = [
    ("export/gosweep.env.sh", "env"),
    ("export/50-gosweep.conf", "systemd"),
    ("export/Dockerfile.gosweep", "dockerfile"),
    ("export/gosweep-patch.yaml", "k8s"),
    ("export/kustomize.txt", "kustomize"),
    ("export/gosweep-values.yaml", "helm"),
    ("export/compose.gosweep.yaml", "compose"),
    ("export/gosweep.nomad.hcl", "nomad"),
    ("export/gosweep-gate.yaml", "gate"),
];

#[test]
fn every_format_is_what_the_record_gives() {
    let printed_by_others = [
        ("ranking.txt", ["rank", "."]),
        ("advice.txt", ["advise", "."]),
    ];
    let reports = REPORTS.map(|(file, format)| (file, vec!["report", ".", "--format", format]));
    let exports =
        EXPORTS.map(|(file, format)| (file, vec!["export", ".", "--as", format, "--accept-open"]));
    let all = printed_by_others.map(|(file, args)| (file, args.to_vec()));
    for (file, args) in all.into_iter().chain(reports).chain(exports) {
        let args = &args;
        let now = without_revision(&printed(args));
        let path = sample().join(file);
        if std::env::var_os("GOSWEEP_UPDATE_SAMPLE").is_some() {
            fs::write(&path, now).unwrap();
            continue;
        }
        let committed = fs::read_to_string(&path).unwrap();
        assert!(
            committed == now,
            "{} is not what the record gives any more; see the head of this test",
            path.display()
        );
    }
}

#[test]
fn the_readme_shows_the_sample() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let ranking = fs::read_to_string(sample().join("ranking.txt")).unwrap();
    let shown = readme
        .split_once("<!-- quickstart output -->")
        .and_then(|(_, rest)| rest.split_once("<!-- end -->"))
        .map(|(block, _)| {
            block
                .trim()
                .trim_start_matches("```text")
                .trim_matches('`')
                .trim()
        })
        .expect("the README has the block of the quickstart's output");
    assert!(
        shown.lines().count() > 10 && ranking.contains(shown),
        "the README shows something else than reports/sample/ranking.txt"
    );
}
