//! The profiles of diagnoses with the cell as a label, for `go tool pprof` and others that read its format.

use gotrace::profile::{Label, LabelValue};
use record::run::Run;

use super::evidence::{Kept, read};

/// A profile in pprof's protobuf form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelledProfile {
    /// Its target.
    pub target: String,
    /// The cell's id.
    pub cell: String,
    /// `cpu`, `mutex`, …
    pub kind: String,
    /// The file, not compressed, as pprof reads it too.
    pub bytes: Vec<u8>,
}

/// The profiles of a run's diagnoses. Every sample has the labels `run`, `target`, `cell` and `settings`, so that
/// profiles of several cells can be put together and told apart (`go tool pprof -tagfocus`, `-tagroot settings`). What
/// counts since the process started has its begin taken off.
pub fn labelled(run: &Run, kept: &[Kept], label: impl Fn(&str) -> String) -> Vec<LabelledProfile> {
    let of = |own: &Kept| {
        let cell = own.diagnosis.cell.to_string();
        let labels = [
            ("run", run.id.clone()),
            ("target", own.diagnosis.target.clone()),
            ("cell", cell.clone()),
            ("settings", label(&cell)),
        ];
        let labels = labels.map(|(key, value)| Label {
            key: key.to_owned(),
            value: LabelValue::Text(value),
        });
        let profiles = read(own).profiles.into_iter();
        let profiles = profiles.map(|(kind, mut profile)| {
            for sample in &mut profile.samples {
                sample
                    .labels
                    .retain(|own| labels.iter().all(|new| new.key != own.key));
                sample.labels.extend(labels.iter().cloned());
            }
            LabelledProfile {
                target: own.diagnosis.target.clone(),
                cell: cell.clone(),
                kind,
                bytes: profile.encode(),
            }
        });
        profiles.collect::<Vec<_>>()
    };
    kept.iter().flat_map(of).collect()
}
