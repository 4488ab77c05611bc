//! The profiles of a run's diagnoses as pprof files.

use std::path::Path;

use advisor::diagnosis::{LabelledProfile, labelled};
use documents::ranking::Ranking;

use super::Written;
use crate::exit::Failure;
use crate::output;
use crate::verbs::diagnose;
use crate::verbs::run_folder::read;

/// Where they go, within the folder of the reports.
const FOLDER: &str = "pprof";

/// Writes them, one file for each kind and cell; none where there is no diagnosis.
pub(super) fn write(run: &Path, ranking: &Ranking, folder: &Path) -> Result<Vec<Written>, Failure> {
    let (record, _) = read(run)?;
    let cells = ranking.targets.iter().flat_map(|target| &target.cells);
    let label = |id: &str| {
        let found = cells.clone().find(|cell| cell.id == id);
        found.map_or_else(String::new, |cell| cell.label.clone())
    };
    let profiles = labelled(&record, &diagnose::read(run)?, label);
    if profiles.is_empty() {
        return Ok(Vec::new());
    }
    let folder = folder.join(FOLDER);
    let mut written = Vec::new();
    for own in profiles {
        let path = folder.join(file(&own));
        output::replace_file(&path, &own.bytes)?;
        written.push(Written {
            format: "pprof",
            path,
            bytes: own.bytes.len(),
        });
    }
    Ok(written)
}

/// A name that stays within its folder, whatever the record says.
fn file(of: &LabelledProfile) -> String {
    let plain = |text: &str| -> String {
        let safe = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        text.chars()
            .map(|c| if safe(c) { c } else { '_' })
            .take(80)
            .collect()
    };
    format!(
        "{}-{}-{}.pb",
        plain(&of.target),
        plain(&of.cell),
        plain(&of.kind)
    )
}
