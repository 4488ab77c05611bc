//! Tells the program which revision it was built from, for the record of every run. Outside a git checkout the revision
//! is `unknown`.

use std::process::Command;

fn main() {
    let git = |args: &[&str]| {
        let output = Command::new("git").args(args).output().ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        output.status.success().then(|| text.trim().to_owned())
    };
    let revision = git(&["rev-parse", "--short=12", "HEAD"]);
    // Else git would write what it learned into the index, which is watched below: every first build would be made
    // twice.
    let changed = git(&[
        "--no-optional-locks",
        "status",
        "--porcelain",
        "--untracked-files=no",
    ]);
    let revision = match (revision, changed.as_deref()) {
        (Some(revision), Some("")) => revision,
        (Some(revision), _) => format!("{revision}+changes"),
        (None, _) => "unknown".to_owned(),
    };
    println!("cargo:rustc-env=GOSWEEP_REVISION={revision}");
    println!("cargo:rerun-if-changed=src");
    if let Some(folder) = git(&["rev-parse", "--git-dir"]) {
        println!("cargo:rerun-if-changed={folder}/HEAD");
        println!("cargo:rerun-if-changed={folder}/index");
    }
}
