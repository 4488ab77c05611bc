//! A diagnosis as a sample: its profiles and scheduler blocks. It is never ranked, but it explains.

use std::time::Duration;

use gotrace::profile::Profile;
use gotrace::scheddetail::SchedDetail;
use record::run::Cell;
use record::threshold::Thresholds;

use super::sample::{drive, load};
use crate::diagnosis::{Kept, read};
use crate::evidence::{Profiles, Sample};
use crate::profile::{LockEvidence, LockLimits};
use crate::profiles::ProfileEvidence;

/// What a diagnosis shows of its cell.
pub(super) fn sample(cell: &Cell, kept: &Kept, thresholds: &Thresholds) -> Sample {
    let evidence = read(kept);
    let of = |kind: &str| -> Option<&Profile> {
        let found = evidence.profiles.iter().find(|(own, _)| own == kind);
        found.map(|(_, profile)| profile)
    };
    let name = format!("diagnosis of {}", cell.id);
    let seconds = kept.diagnosis.profiled_seconds;
    let locks = LockEvidence {
        cpu: of("cpu"),
        block: of("block"),
        mutex: of("mutex"),
        goroutine: of("goroutine"),
        window: Duration::try_from_secs_f64(seconds).ok(),
        mutex_fraction: None,
    };
    let goroutines: Vec<&Profile> = of("goroutine").into_iter().collect();
    let phase = kept.diagnosis.load.as_ref();
    let blocks = under_load(evidence.blocks, phase.map(|phase| phase.seconds));
    Sample {
        name: name.clone(),
        origin: name.clone(),
        drive: phase.map(drive).unwrap_or_default(),
        seconds: Some(seconds),
        sched: (!blocks.is_empty()).then(|| blocks.iter().map(SchedDetail::sample).collect()),
        detail: (!blocks.is_empty()).then_some(blocks),
        load: phase.map(|phase| load(cell, phase)),
        profiles: Some(Profiles::of(
            &name,
            &ProfileEvidence {
                locks,
                goroutines: &goroutines,
                heap: None,
                limits: LockLimits::of(thresholds),
            },
        )),
        ..Sample::default()
    }
}

/// The blocks of the loaded window, without start-up and warm-up: the process is ended right after it, so it is the
/// last `seconds` of the log.
fn under_load(mut blocks: Vec<SchedDetail>, seconds: Option<f64>) -> Vec<SchedDetail> {
    if let (Some(last), Some(seconds)) = (blocks.last().map(|own| own.head.at_ms), seconds) {
        let from_ms = last as f64 - seconds * 1e3;
        blocks.retain(|own| own.head.at_ms as f64 > from_ms);
    }
    blocks
}
