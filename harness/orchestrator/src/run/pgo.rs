//! Which cells are built with a profile of their control, and where it is kept.

use std::path::{Path, PathBuf};

use record::axis::{Axis, OF_CONTROL};
use record::cell::CellId;

use crate::plan::PlannedCell;

/// Where the profile of a target's control is kept.
pub(super) fn place(run_folder: &Path, target: &str) -> PathBuf {
    let folder = run_folder.canonicalize();
    let folder = folder.unwrap_or_else(|_| run_folder.to_owned());
    folder.join(name(target))
}

/// Its name in the run's folder. A target may be named by a path, which is none.
pub(super) fn name(target: &str) -> String {
    let plain = !target.contains('/') && safefile::check_name(target).is_ok();
    let folder = match plain {
        true => target.to_owned(),
        false => CellId::of([target]).to_string(),
    };
    format!("pgo/{folder}/control.pb.gz")
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
        let by_path = super::place(folder.path(), "../elsewhere/target.yaml");
        assert!(by_path.starts_with(folder.path().canonicalize().unwrap().join("pgo")));
        assert_eq!(by_path.components().count(), place.components().count());
    }
}
