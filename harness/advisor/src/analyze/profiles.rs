//! Profiles among the inputs: tables, pictures and how to read them.

use documents::analysis::ProfileReport;
use documents::figures::counted;
use documents::profile::{FlameGraph, Measure};
use gotrace::profile::{Profile, ProfileKind};

use super::material::Material;
use super::version::GoRange;
use crate::error::AdvisorError;
use crate::profile::{FlameOptions, Scaling, difference, flame_graph, places, top};

/// Functions in a table.
const MOST_LINES: usize = 10;

/// A kind in words.
pub(super) const fn word(kind: ProfileKind) -> &'static str {
    match kind {
        ProfileKind::Cpu => "CPU profile",
        ProfileKind::Heap => "heap profile",
        ProfileKind::Allocs => "allocation profile",
        ProfileKind::Mutex => "mutex profile",
        ProfileKind::Block => "block profile",
        ProfileKind::Contention => "mutex or block profile",
        ProfileKind::Goroutine => "goroutine profile",
        ProfileKind::GoroutineLeak => "profile of leaked goroutines",
        ProfileKind::ThreadCreate => "profile of created threads",
        ProfileKind::TraceDelay => "delays of an execution trace",
        ProfileKind::Other => "profile",
    }
}

/// Profiles whose innermost functions are all the runtime's: what matters is who called.
const fn is_of_waiting(kind: ProfileKind) -> bool {
    !matches!(
        kind,
        ProfileKind::Cpu | ProfileKind::Heap | ProfileKind::Allocs | ProfileKind::Other
    )
}

/// A profile as a document, with its notes.
pub(super) fn report(profile: &Profile, kind: ProfileKind, title: &str) -> ProfileReport {
    let (seen, mut notes) = cleaned(profile, kind);
    let measure = main_measure(&seen, kind);
    let window_s = (profile.duration_ns > 0).then_some(profile.duration_ns as f64 / 1e9);
    notes.extend(reading_notes(&seen, kind, window_s, &measure));
    ProfileReport {
        kind: title.to_owned(),
        net: net(&seen, &measure),
        window_s,
        functions: top(&seen, &measure, MOST_LINES),
        places: is_of_waiting(kind).then(|| places(&seen, &measure, MOST_LINES)),
        notes,
    }
}

/// The sum of all values with their signs, where some are negative: what a difference comes to.
fn net(profile: &Profile, measure: &Measure) -> Option<f64> {
    let values = || {
        profile
            .samples
            .iter()
            .filter_map(|sample| sample.values.get(measure.index))
    };
    values()
        .any(|value| *value < 0)
        .then(|| values().map(|value| *value as f64).sum::<f64>() + 0.0)
}

/// What changed between two profiles of a kind ([`gotrace::profile::diff`]).
pub(super) fn change_report(change: &Profile, kind: ProfileKind) -> ProfileReport {
    let (seen, notes) = cleaned(change, kind);
    let measure = main_measure(&seen, kind);
    ProfileReport {
        kind: "what changed".to_owned(),
        net: net(&seen, &measure),
        window_s: None,
        functions: top(&seen, &measure, MOST_LINES),
        places: is_of_waiting(kind).then(|| places(&seen, &measure, MOST_LINES)),
        notes,
    }
}

/// Its flame graph; `None` where there is nothing to draw.
pub(super) fn picture(
    profile: &Profile,
    kind: ProfileKind,
    id: String,
    title: String,
) -> Option<FlameGraph> {
    let (seen, _) = cleaned(profile, kind);
    let options = FlameOptions {
        id,
        title,
        measure: Some(main_measure(&seen, kind)),
        ..FlameOptions::default()
    };
    flame_graph(&seen, &options).ok()
}

/// The difference of the first two profiles of one kind.
///
/// # Errors
/// As [`difference`].
pub(super) fn difference_picture(
    kind: ProfileKind,
    before: &Profile,
    after: &Profile,
    title: String,
) -> Result<FlameGraph, AdvisorError> {
    let (before, _) = cleaned(before, kind);
    let (after, _) = cleaned(after, kind);
    let both_windows = before.duration_ns > 0 && after.duration_ns > 0;
    let options = FlameOptions {
        id: "difference".to_owned(),
        title,
        measure: Some(main_measure(&before, kind)),
        ..FlameOptions::default()
    };
    let scaling = if both_windows && kind != ProfileKind::Heap {
        Scaling::PerSecond
    } else {
        Scaling::AsTaken
    };
    difference(&before, &after, scaling, &options)
}

fn main_measure(profile: &Profile, kind: ProfileKind) -> Measure {
    let by_kind = (kind == ProfileKind::Allocs)
        .then(|| profile.value_index("alloc_space"))
        .flatten();
    by_kind
        .and_then(|index| crate::profile::measure_at(profile, index))
        .or_else(|| crate::profile::main_measure(profile))
        .unwrap_or(Measure {
            index: 0,
            kind: String::new(),
            unit: String::new(),
        })
}

/// Without what the server does between requests and what taking profiles costs, where waiting is counted.
fn cleaned(profile: &Profile, kind: ProfileKind) -> (Profile, Vec<String>) {
    if kind != ProfileKind::Block {
        return (profile.clone(), Vec::new());
    }
    let measure = main_measure(profile, kind);
    let kept = profile
        .without_idle_connections()
        .without(|frame| frame.function.starts_with("net/http/pprof."));
    let gone = profile.total(measure.index) - kept.total(measure.index);
    let note = format!(
        "{} of idle connections (abortPendingRead) and of taking profiles left out",
        measure.text(gone as f64)
    );
    (kept, if gone > 0 { vec![note] } else { Vec::new() })
}

fn reading_notes(
    profile: &Profile,
    kind: ProfileKind,
    window_s: Option<f64>,
    measure: &Measure,
) -> Vec<String> {
    let mut notes = Vec::new();
    let since_start = window_s.is_none();
    match kind {
        ProfileKind::Mutex => notes.push(
            "blames who unlocks; from Go 1.22 on the delay counts once for every waiter, so it does not compare with \
             Go 1.21"
                .to_owned(),
        ),
        ProfileKind::Block => notes.push("blames who waits; sleep, network and system calls are not in it".to_owned()),
        ProfileKind::Contention => notes.push(
            "nothing in it tells whether it is of mutexes or of blocking; name the file so (mutex, block)".to_owned(),
        ),
        ProfileKind::GoroutineLeak => notes.push(
            "goroutines that wait for what nobody can reach any more: they never end, and all that they hold stays"
                .to_owned(),
        ),
        _ => {}
    }
    let counts_up = matches!(
        kind,
        ProfileKind::Allocs | ProfileKind::Mutex | ProfileKind::Block | ProfileKind::Contention
    );
    if counts_up && since_start {
        notes.push(
            "counts from the start of the process (or says no window); ?seconds=30 gives what happens now".to_owned(),
        );
    }
    let empty = profile.samples.iter().all(|sample| {
        sample
            .values
            .get(measure.index)
            .is_none_or(|value| *value == 0)
    });
    if empty {
        notes.push(match kind {
            ProfileKind::Mutex => {
                "is empty: nothing contended, or runtime.SetMutexProfileFraction was not called"
                    .to_owned()
            }
            ProfileKind::Block => {
                "is empty: nothing waited, or runtime.SetBlockProfileRate was not called".to_owned()
            }
            _ => "is empty".to_owned(),
        });
    }
    if kind == ProfileKind::Cpu {
        let samples = profile
            .value_index("samples")
            .map_or_else(|| samples_by_period(profile), |at| profile.total(at));
        if samples < 100 {
            notes.push(format!(
                "rests on {}: shares are rough; take a longer window or more load",
                counted(usize::try_from(samples).unwrap_or(0), "sample")
            ));
        }
    }
    notes
}

/// Samples of a CPU profile that counts nanoseconds only.
fn samples_by_period(profile: &Profile) -> i64 {
    let total = profile.value_index("cpu").map_or(0, |at| profile.total(at));
    match profile.period {
        period if period > 0 => total / period,
        // Without a period the smallest value is at least one of them.
        _ => {
            let values = profile
                .samples
                .iter()
                .filter_map(|sample| sample.values.first());
            let least = values.copied().filter(|value| *value > 0).min();
            least.map_or(0, |least| total / least)
        }
    }
}

/// The Go version by the paths of the runtime's sources.
pub(super) fn go_of(profile: &Profile) -> Option<String> {
    let mut range = GoRange::default();
    for frame in &profile.frames {
        range.saw_path(&frame.file);
    }
    range.text()
}

/// The first profile of a kind among the inputs.
pub(super) fn first(materials: &[Material], wanted: ProfileKind) -> Option<&Profile> {
    materials.iter().find_map(|material| match &material.part {
        super::material::Part::Profile(profile, kind) if *kind == wanted => Some(profile.as_ref()),
        _ => None,
    })
}

/// All profiles of a kind among the inputs, in the order of time; those that do not say when they were taken as given.
pub(super) fn all(materials: &[Material], wanted: ProfileKind) -> Vec<&Profile> {
    let of_kind = materials
        .iter()
        .filter_map(|material| match &material.part {
            super::material::Part::Profile(profile, kind) if *kind == wanted => {
                Some(profile.as_ref())
            }
            _ => None,
        });
    let mut found: Vec<&Profile> = of_kind.collect();
    found.sort_by_key(|profile| profile.time_unix_ns);
    found
}
