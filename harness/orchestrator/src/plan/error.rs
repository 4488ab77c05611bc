//! Why there is no plan.

use record::diagnostic::Diagnostics;
use topology::GroupError;

use super::limits::GROUPS_WANTED;

/// Why there is no plan.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// The matrix, target files or both are wrong; one entry per file.
    #[error("{}", rendered(.0))]
    Invalid(Vec<Diagnostics>),
    /// This host lets us make no cgroup for the cells that want one.
    #[error("{GROUPS_WANTED}{0}")]
    Cgroups(#[from] GroupError),
    /// A file could not be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: std::path::PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

/// Every file's findings, one after another.
fn rendered(files: &[Diagnostics]) -> String {
    let files: Vec<String> = files.iter().map(Diagnostics::render).collect();
    files.join("\n\n")
}
