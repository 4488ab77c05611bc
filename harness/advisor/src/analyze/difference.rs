//! Two profiles compared with each other, and the pictures of a page.

use documents::analysis::InputReport;
use documents::figures::counted;
use documents::profile::FlameGraph;
use gotrace::profile::{Profile, ProfileKind};

use super::input::trace_title;
use super::material::{Material, Part, TraceView};
use super::options::AnalyzeOptions;
use super::profiles;
use crate::error::AdvisorError;

/// What changed between two profiles, as a table.
pub(super) fn difference_report(materials: &[Material]) -> Result<InputReport, AdvisorError> {
    let (kind, (before, earlier), (after, later)) = pair(materials)?;
    let change = gotrace::profile::diff(earlier, later)
        .map_err(|error| AdvisorError::Profile(error.to_string()))?;
    Ok(InputReport {
        name: format!("{before} → {after}"),
        kind: format!("difference of two of one kind: {}", profiles::word(kind)),
        go: None,
        facts: Vec::new(),
        notes: vec![
            "values as taken, not divided by the windows; what is negative became less".to_owned(),
        ],
        problem: None,
        resembling: None,
        processes: Vec::new(),
        crashes: Vec::new(),
        profiles: vec![profiles::change_report(&change, kind)],
    })
}

/// Pictures of the profiles, where they are asked for; of a difference always.
pub(super) fn pictures(
    materials: &[Material],
    options: &AnalyzeOptions,
) -> Result<Vec<FlameGraph>, AdvisorError> {
    if options.difference {
        let (kind, before, after) = pair(materials)?;
        let title = format!("{}: {} → {}", profiles::word(kind), before.0, after.0);
        let picture = profiles::difference_picture(kind, before.1, after.1, title)?;
        return Ok(vec![picture]);
    }
    if !options.pictures {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for material in materials {
        match &material.part {
            Part::Profile(profile, kind) => {
                let title = format!("{}: {}", profiles::word(*kind), material.name);
                let id = format!("flame-{}", found.len());
                found.extend(profiles::picture(profile, *kind, id, title));
            }
            Part::Trace { views, .. } => {
                for TraceView { kind, profile } in views {
                    let title = format!("{}: {}", trace_title(kind), material.name);
                    let id = format!("flame-{}", found.len());
                    found.extend(profiles::picture(
                        profile,
                        ProfileKind::TraceDelay,
                        id,
                        title,
                    ));
                }
            }
            _ => {}
        }
    }
    Ok(found)
}

type Named<'a> = (&'a str, &'a Profile);

/// The two profiles of a difference.
fn pair(materials: &[Material]) -> Result<(ProfileKind, Named<'_>, Named<'_>), AdvisorError> {
    let profiles: Vec<_> = materials
        .iter()
        .filter_map(|material| match &material.part {
            Part::Profile(profile, kind) => {
                Some((*kind, (material.name.as_str(), profile.as_ref())))
            }
            _ => None,
        })
        .collect();
    match profiles.as_slice() {
        [(kind, before), (other, after)] if kind == other => Ok((*kind, *before, *after)),
        [(kind, _), (other, _)] => Err(AdvisorError::Profile(format!(
            "cannot compare a {} with a {}; give two of one kind",
            profiles::word(*kind),
            profiles::word(*other)
        ))),
        _ => Err(AdvisorError::Profile(format!(
            "a difference needs two profiles of one kind, the earlier first; {} given",
            counted(profiles.len(), "profile")
        ))),
    }
}
