//! What of a target's module can be read without running anything.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use advisor::upgrade::{ModuleSources, SourceLine};
use record::run::Run;
use record::target_file::{Program, Target};

/// Longer files of a module are no source that anybody wrote.
const LONGEST: u64 = 4 << 20;
/// A module with more files is looked at in part.
const MOST_FILES: usize = 20_000;
const DEEPEST: usize = 32;

/// By target, as far as the modules of a run are still there.
pub(super) fn of_run(run: &Run) -> BTreeMap<String, ModuleSources> {
    let targets = run.targets.iter().filter_map(|(name, file)| {
        let target = Target::parse(&file.path, &file.text).ok()?;
        Some((name.clone(), of_target(&target)))
    });
    targets.collect()
}

/// What one target's module says.
pub(super) fn of_target(target: &Target) -> ModuleSources {
    let mut sources = ModuleSources {
        environment: target.env.clone().into_iter().collect(),
        ..ModuleSources::default()
    };
    if let Ok(topology) = topology::read(Path::new("/")) {
        sources.cpus = u32::try_from(topology.cpus.len()).ok();
        sources.cpu_quota = topology.cgroup.quota.as_ref().map(|quota| quota.cpus());
    }
    let Program::Build { module, .. } = &target.program else {
        return sources;
    };
    let module = target.folder().join(module);
    let file = module.join("go.mod");
    sources.go_mod = read(&file)
        .ok()
        .map(|text| (file.display().to_string(), text));
    let mut left = MOST_FILES;
    lines(&module, &mut sources.lines, &mut left, 0);
    sources
}

/// Gathers the lines that direct the go command from every Go file of a module; other modules below are not ours.
fn lines(folder: &Path, found: &mut Vec<SourceLine>, left: &mut usize, depth: usize) {
    let Ok(mut names) = safefile::Folder::open(folder).and_then(|own| own.names()) else {
        return;
    };
    names.sort();
    let paths: Vec<PathBuf> = names.iter().map(|name| folder.join(name)).collect();
    for path in paths {
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let Ok(meta) = fs::symlink_metadata(&path) else {
            continue;
        };
        if *left == 0 {
            return;
        }
        if meta.is_dir() {
            let passed_over =
                name.starts_with(['.', '_']) || name == "testdata" || name == "vendor";
            if depth < DEEPEST && !passed_over && !path.join("go.mod").exists() {
                lines(&path, found, left, depth + 1);
            }
        } else if meta.is_file() && name.ends_with(".go") && !name.ends_with("_test.go") {
            *left -= 1;
            directives(&path, found);
        }
    }
}

fn directives(path: &Path, found: &mut Vec<SourceLine>) {
    let Ok(text) = read(path) else {
        return;
    };
    for (at, line) in text.lines().enumerate() {
        if line.starts_with("//go:debug ") || line.starts_with("//go:build ") {
            found.push(SourceLine {
                file: path.display().to_string(),
                line: at + 1,
                text: line.trim_end().to_owned(),
            });
        }
        // Both stand before the package clause.
        if line.starts_with("package ") {
            return;
        }
    }
}

fn read(path: &Path) -> io::Result<String> {
    safefile::read_named_text(path, LONGEST)
}
