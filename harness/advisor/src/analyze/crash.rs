//! Ends of processes and goroutine dumps: who failed, and what everybody else was doing.

use std::collections::HashMap;

use documents::analysis::{CrashReport, GoroutineGroup};
use gotrace::crash::{Cause, Crash, Goroutine};

/// Groups that are shown.
const MOST_GROUPS: usize = 12;
/// Frames of the failing goroutine that are shown.
const MOST_FRAMES: usize = 16;

/// A crash as a document.
pub(super) fn report(crash: &Crash) -> CrashReport {
    let cause = match crash.cause {
        Cause::Panic => "panic",
        Cause::FatalError => "fatal error",
        Cause::Signal => "signal",
        Cause::Exception => "exception",
        Cause::Recovered => "recovered panic",
        Cause::DataRace => "data race",
        Cause::Dump => "goroutine dump",
    };
    let stack = match crash.cause {
        Cause::Dump => &[],
        _ => crash.failing_stack(),
    };
    let (groups, groups_left_out) = match crash.cause {
        // Two accesses are no crowd, and the goroutine that recovered is the one above.
        Cause::DataRace | Cause::Recovered => (Vec::new(), 0),
        _ => groups(&crash.goroutines),
    };
    let judged = !matches!(crash.cause, Cause::Dump) && !crash.was_asked_for();
    CrashReport {
        cause: cause.to_owned(),
        message: crash.message.clone(),
        place: crash.place().filter(|_| judged).map(frame_text),
        ended: (!crash.was_asked_for()).then_some(crash.cause.ends_process()),
        garbled_lines: crash.garbled_lines,
        times: 1,
        stack: stack.iter().take(MOST_FRAMES).map(frame_text).collect(),
        groups,
        groups_left_out,
        goroutines: crash.goroutines.len() as u64 + crash.goroutines_dropped,
    }
}

/// All of a log, the same ones as one.
pub(super) fn reports<'a>(crashes: impl IntoIterator<Item = &'a Crash>) -> Vec<CrashReport> {
    let mut found: Vec<CrashReport> = Vec::new();
    for crash in crashes {
        let own = report(crash);
        let same = |it: &&mut CrashReport| {
            own.place.is_some()
                && (&it.cause, &it.message, &it.place) == (&own.cause, &own.message, &own.place)
        };
        match found.iter_mut().find(same) {
            Some(earlier) => earlier.times += 1,
            None => found.push(own),
        }
    }
    found
}

/// A dump that stands by itself.
pub(super) fn dump(goroutines: &[Goroutine]) -> CrashReport {
    let (groups, groups_left_out) = groups(goroutines);
    CrashReport {
        cause: "goroutine dump".to_owned(),
        message: String::new(),
        place: None,
        ended: None,
        garbled_lines: 0,
        times: 1,
        stack: Vec::new(),
        groups,
        groups_left_out,
        goroutines: goroutines.len() as u64,
    }
}

fn frame_text(frame: &gotrace::crash::Frame) -> String {
    if frame.file.is_empty() {
        frame.function.clone()
    } else {
        format!("{} ({}:{})", frame.function, frame.file, frame.line)
    }
}

/// State, place, and which call started it.
type Doing<'a> = (&'a str, &'a str, Option<&'a str>);

/// Goroutines by state and place, the largest group first.
fn groups(goroutines: &[Goroutine]) -> (Vec<GoroutineGroup>, usize) {
    let mut groups: HashMap<Doing<'_>, (u64, Option<u64>)> = HashMap::new();
    for goroutine in goroutines {
        let created_by = goroutine
            .created_by
            .as_ref()
            .map(|by| by.frame.function.as_str());
        let key = (goroutine.state.as_str(), place(goroutine), created_by);
        let (count, longest) = groups.entry(key).or_default();
        *count += 1;
        *longest = (*longest).max(goroutine.wait_minutes);
    }
    let mut groups: Vec<GoroutineGroup> = groups
        .into_iter()
        .map(
            |((state, function, created_by), (count, longest_minutes))| GoroutineGroup {
                count,
                state: state.to_owned(),
                longest_minutes,
                function: function.to_owned(),
                created_by: created_by.map(str::to_owned),
            },
        )
        .collect();
    groups.sort_by(|a, b| {
        (b.count.cmp(&a.count))
            .then_with(|| a.state.cmp(&b.state))
            .then_with(|| a.function.cmp(&b.function))
            .then_with(|| a.created_by.cmp(&b.created_by))
    });
    let left_out = groups.len().saturating_sub(MOST_GROUPS);
    groups.truncate(MOST_GROUPS);
    (groups, left_out)
}

/// The innermost function that is not the runtime's own way of waiting.
fn place(goroutine: &Goroutine) -> &str {
    let own = |function: &str| !crate::profile::is_waiting_machinery(function);
    let frames = &goroutine.frames;
    frames
        .iter()
        .find(|frame| own(&frame.function))
        .or_else(|| frames.first())
        .map_or("", |frame| frame.function.as_str())
}
