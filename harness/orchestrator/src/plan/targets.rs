//! Finds the target files that a matrix names.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use record::diagnostic::{Diagnostic, closest};
use record::matrix::Matrix;
use record::target::Target;

use super::PlanError;

/// Where target names are looked up.
#[derive(Debug, Clone)]
pub struct TargetSearch {
    /// Folders that hold one folder per target, in order.
    pub folders: Vec<PathBuf>,
    /// The folder of the matrix file: paths in it are relative to this.
    pub matrix_folder: PathBuf,
}

impl TargetSearch {
    /// The `targets` folders beside and above the matrix file, and the one in
    /// the current folder.
    pub fn around(matrix_file: &Path) -> TargetSearch {
        let folder = match matrix_file.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
            _ => PathBuf::from("."),
        };
        TargetSearch {
            folders: vec![
                folder.join("targets"),
                folder.join("../targets"),
                PathBuf::from("targets"),
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

/// Reads every target of a matrix, by the name that the matrix uses.
///
/// # Errors
/// A name without a file, at its place in the matrix, or what is wrong with a
/// target file.
pub fn find_targets(
    matrix: &Matrix,
    search: &TargetSearch,
) -> Result<BTreeMap<String, Target>, PlanError> {
    let mut targets = BTreeMap::new();
    let mut missing = Vec::new();
    for name in &matrix.targets {
        let Some(path) = search.file(&name.value) else {
            let names = search.names();
            let cure = match closest(&name.value, names.iter().map(String::as_str)) {
                Some(near) => format!("did you mean `{near}`?"),
                None if names.is_empty() => {
                    "no targets/ folder was found; give the path of a target.yaml".to_owned()
                }
                None => format!(
                    "known targets: {}; or give the path of a target.yaml",
                    names.join(", ")
                ),
            };
            let message = format!("no target `{}`", name.value);
            missing.push(Diagnostic::new(name.span.clone(), message).help(cure));
            continue;
        };
        let text = fs::read_to_string(&path).map_err(|source| PlanError::Read {
            path: path.clone(),
            source,
        })?;
        let target = Target::parse(&path.display().to_string(), &text)?;
        targets.insert(name.value.clone(), target);
    }
    if missing.is_empty() {
        Ok(targets)
    } else {
        Err(matrix.diagnostics(missing).into())
    }
}
