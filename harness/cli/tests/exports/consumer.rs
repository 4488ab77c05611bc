//! The programs that exports and reports are for.
//!
//! `scripts/consumers` installs them into `$GOSWEEP_CONSUMERS`, by default `~/.cache/gosweep-consumers`. What is neither
//! there nor on PATH is named by a `SKIPPED` line; where GOSWEEP_CONSUMERS_REQUIRED is set, as in CI, it fails the test
//! unless `scripts/consumers` said in the file `absent` that it cannot be had.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// Where `scripts/consumers` puts them.
pub(crate) fn folder() -> PathBuf {
    let set = env::var_os("GOSWEEP_CONSUMERS").map(PathBuf::from);
    let home = || PathBuf::from(env::var_os("HOME").unwrap_or_default());
    set.unwrap_or_else(|| home().join(".cache/gosweep-consumers"))
}

/// A program; `None` where it is not to be had, which is told.
pub(crate) fn program(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let places = env::split_paths(&path).chain([folder().join("bin")]);
    let found = places.map(|own| own.join(name)).find(|own| own.is_file());
    found.or_else(|| absent(name))
}

/// A file that `scripts/consumers` keeps, such as a schema.
pub(crate) fn share(name: &str) -> Option<PathBuf> {
    let file = folder().join("share").join(name);
    if file.is_file() {
        return Some(file);
    }
    absent(name)
}

/// Python with packages that it keeps; `None` where a module is not there.
pub(crate) fn python(module: &str) -> Option<Command> {
    let python = program("python3")?;
    let packages = folder().join("python");
    let command = || {
        let mut command = Command::new(&python);
        command.env("PYTHONPATH", &packages);
        command
    };
    let mut import = command();
    import.args(["-c", &format!("import {module}")]);
    let found = import
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|own| own.success());
    match found {
        true => Some(command()),
        false => absent(module),
    }
}

fn absent<T>(name: &str) -> Option<T> {
    let known = fs::read_to_string(folder().join("absent")).unwrap_or_default();
    let excused = known.lines().any(|line| line == name);
    assert!(
        excused || env::var_os("GOSWEEP_CONSUMERS_REQUIRED").is_none(),
        "{name} is not installed, and scripts/consumers does not say that it cannot be had"
    );
    eprintln!("SKIPPED: {name} is not here; scripts/consumers installs it");
    None
}

/// Runs a consumer, which must accept what it is given; what it printed.
pub(crate) fn accepted(command: &mut Command) -> String {
    let output = run(command);
    let errors = String::from_utf8_lossy(&output.stderr);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{command:?}: {errors}{text}");
    text
}

/// Runs a consumer to its end.
pub(crate) fn run(command: &mut Command) -> Output {
    command.output().expect("the consumer starts")
}

/// Writes a file below a folder, with the folders on the way.
pub(crate) fn put(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, text).unwrap();
    path
}
