//! Which cells are built with a profile of their control, and where it is kept.

use std::path::{Path, PathBuf};

use record::axis::{Axis, OF_CONTROL};

use crate::plan::PlannedCell;

/// Where the profile of a target's control is kept.
pub(super) fn place(run_folder: &Path, target: &str) -> PathBuf {
    let folder = run_folder.canonicalize();
    let folder = folder.unwrap_or_else(|_| run_folder.to_owned());
    folder.join("pgo").join(target).join("control.pb.gz")
}

/// Whether a cell is built with a profile of the control.
pub(super) fn is_wanted(cell: &PlannedCell) -> bool {
    cell.spec.settings.get(&Axis::Pgo) == OF_CONTROL
}

#[cfg(test)]
mod tests {
    use super::place;

    #[test]
    fn a_profile_has_its_place_in_the_run() {
        let folder = tempfile::tempdir().unwrap();
        let place = place(folder.path(), "service");
        assert!(place.is_absolute());
        assert!(place.ends_with("pgo/service/control.pb.gz"), "{place:?}");
    }
}
