//! Tables of profiles, and the cross-check of locks.

use documents::analysis::ProfileReport;
use documents::figures::{counted, significant};
use documents::profile::{LockCheck, TopTable};

use crate::layout::{Layout, finished, visible};

/// Locks that are shown.
const MOST_LOCKS: usize = 5;

pub(super) fn profile_text(layout: &Layout, profile: &ProfileReport) -> String {
    let window = profile.window_s.map_or_else(String::new, |seconds| {
        format!(" over {} s", significant(seconds))
    });
    let measure = &profile.functions.measure;
    let mut text = layout.wrapped(
        "",
        &format!(
            "\u{2014} {}{window}: {} {}",
            profile.kind,
            measure.kind,
            measure.text(profile.functions.total)
        ),
    );
    for note in &profile.notes {
        text.push_str(&layout.wrapped("  ", note));
    }
    match &profile.places {
        Some(places) => text.push_str(&places_table(layout, places)),
        None => text.push_str(&functions_table(layout, &profile.functions)),
    }
    text
}

fn functions_table(layout: &Layout, top: &TopTable) -> String {
    if top.lines.is_empty() {
        return String::new();
    }
    let mut table = layout.table();
    table.set_header(["itself", "share", "with calls", "share", "function"]);
    for line in &top.lines {
        table.add_row([
            top.measure.text(line.flat),
            percent(line.flat_share),
            top.measure.text(line.cum),
            percent(line.cum_share),
            visible(&line.function),
        ]);
    }
    finished(&table) + &left_out(top.left_out, "function")
}

fn places_table(layout: &Layout, places: &TopTable) -> String {
    if places.lines.is_empty() {
        return String::new();
    }
    let mut table = layout.table();
    table.set_header([places.measure.kind.as_str(), "share", "where"]);
    for line in &places.lines {
        table.add_row([
            places.measure.text(line.flat),
            percent(line.flat_share),
            visible(&line.function),
        ]);
    }
    finished(&table) + &left_out(places.left_out, "place")
}

fn left_out(count: usize, noun: &str) -> String {
    match count {
        0 => String::new(),
        count => format!("  {} more\n", counted(count, noun)),
    }
}

pub(crate) fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0).replace('-', "−")
}

pub(super) fn locks_text(layout: &Layout, locks: &LockCheck) -> String {
    let mut text = "LOCKS    four profiles held against each other\n".to_owned();
    if locks.suspects.is_empty() {
        text.push_str("  no profile shows a mutex\n");
    }
    for suspect in locks.suspects.iter().take(MOST_LOCKS) {
        text.push_str(&layout.wrapped(
            "  ",
            &format!("{}: {}", suspect.verdict.word(), suspect.site),
        ));
        for signal in &suspect.signals {
            let mark = match signal.shown {
                Some(true) => "+",
                Some(false) => "−",
                None => "?",
            };
            text.push_str(
                &layout.wrapped(&format!("    {mark} {:<10}", signal.profile), &signal.text),
            );
        }
    }
    text.push_str(&left_out(
        locks.suspects.len().saturating_sub(MOST_LOCKS),
        "lock",
    ));
    for missing in &locks.missing {
        text.push_str(&layout.wrapped("  to add: ", missing));
    }
    text
}
