//! Finds the target files that a matrix names.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use loadgen::LARGEST_BODY_BYTES;
use record::diagnostic::{Diagnostic, Diagnostics, closest};
use record::matrix::{Located, Matrix};
use record::target_file::{RequestBody, Target};
use safefile::{read_named, read_named_text};

use super::error::PlanError;

/// Of a matrix or target file; people write them, so they are short.
pub const LARGEST_FILE_BYTES: u64 = 16 << 20;

/// Where target names are looked up.
#[derive(Debug, Clone)]
pub struct TargetSearch {
    /// Folders that hold one folder per target, in order.
    pub folders: Vec<PathBuf>,
    /// The folder of the matrix file: paths in it are relative to this.
    pub matrix_folder: PathBuf,
}

impl TargetSearch {
    /// The `targets` folders alongside and above the matrix file, and the one in the current folder.
    pub fn around(matrix_file: &Path) -> TargetSearch {
        TargetSearch::around_in(matrix_file, Path::new(""))
    }

    /// The same for a command that was given in `working_folder`.
    pub fn around_in(matrix_file: &Path, working_folder: &Path) -> TargetSearch {
        let matrix_file = working_folder.join(matrix_file);
        let folder = matrix_file.parent().map(Path::to_owned).unwrap_or_default();
        TargetSearch {
            folders: vec![
                folder.join("targets"),
                folder.join("../targets"),
                working_folder.join("targets"),
            ],
            matrix_folder: folder,
        }
    }

    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self
            .folders
            .iter()
            .filter_map(|folder| fs::read_dir(folder).ok())
            .flat_map(|entries| entries.flatten())
            .filter(|entry| entry.path().join("target.yaml").is_file())
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names.dedup();
        names
    }

    /// The file that a name or path stands for, if it exists.
    fn file(&self, name: &str) -> Option<PathBuf> {
        if name.contains('/') || name.ends_with(".yaml") {
            let path = self.matrix_folder.join(name);
            let inside = path.join("target.yaml");
            return [path, inside].into_iter().find(|path| path.is_file());
        }
        self.folders
            .iter()
            .map(|folder| folder.join(name).join("target.yaml"))
            .find(|path| path.is_file())
    }
}

/// The targets of a matrix, as far as they could be found and read.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// By the name that the matrix uses.
    pub(super) targets: BTreeMap<String, Target>,
    /// Names without a file, at their place in the matrix.
    pub(super) missing: Vec<Diagnostic>,
    /// What is wrong with target files, one entry per file.
    pub(super) broken: Vec<Diagnostics>,
}

impl Found {
    /// Whether every target that the matrix names is known.
    pub(super) fn is_complete(&self) -> bool {
        self.missing.is_empty() && self.broken.is_empty()
    }
}

/// Reads every target of a matrix.
///
/// # Errors
/// [`PlanError::Read`] for a file that is there and cannot be read.
pub(super) fn find_targets(matrix: &Matrix, search: &TargetSearch) -> Result<Found, PlanError> {
    let mut found = Found::default();
    for name in &matrix.targets {
        let Some(path) = search.file(&name.value) else {
            found.missing.push(no_target(name, search));
            continue;
        };
        let text =
            read_named_text(&path, LARGEST_FILE_BYTES).map_err(|source| PlanError::Read {
                path: path.clone(),
                source,
            })?;
        match Target::parse(&path.display().to_string(), &text) {
            Ok(target) => {
                check_body_files(&target)?;
                match read_templates(target)? {
                    Ok(target) => {
                        found.targets.insert(name.value.clone(), target);
                    }
                    Err(broken) => found.broken.push(broken),
                }
            }
            Err(broken) => found.broken.push(broken),
        }
    }
    Ok(found)
}

/// The target with its config files.
fn read_templates(target: Target) -> Result<Result<Target, Diagnostics>, PlanError> {
    let folder = target.folder().to_owned();
    let read = |template: &str| read_named_text(&folder.join(template), LARGEST_FILE_BYTES);
    target
        .with_templates(read)
        .map_err(|unread| PlanError::Read {
            path: folder.join(unread.template),
            source: unread.source,
        })
}

/// Before anything is built, and not at the first trial.
fn check_body_files(target: &Target) -> Result<(), PlanError> {
    for request in &target.requests {
        if let Some(RequestBody::File(file)) = &request.body {
            let path = target.folder().join(file);
            read_named(&path, LARGEST_BODY_BYTES)
                .map_err(|source| PlanError::Read { path, source })?;
        }
    }
    Ok(())
}

fn no_target(name: &Located<String>, search: &TargetSearch) -> Diagnostic {
    let names = search.names();
    let fix = match closest(&name.value, names.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None if names.is_empty() => {
            "no targets/ folder was found; give the path of a target.yaml".to_owned()
        }
        None => format!(
            "known targets: {}; or give the path of a target.yaml",
            names.join(", ")
        ),
    };
    Diagnostic::new(name.span.clone(), format!("no target `{}`", name.value)).help(fix)
}
