//! Tables of profiles, and the cross-check of locks.

use super::super::layout::{Layout, finished, visible};
use crate::analyze::ProfileReport;
use crate::figures::{counted, significant};
use crate::profile::{LockCheck, TopTable};

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
            total_text(profile)
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

/// The total; of a difference what it comes to, and how much went back and forth.
fn total_text(profile: &ProfileReport) -> String {
    let measure = &profile.functions.measure;
    let size = measure.text(profile.functions.total);
    match profile.net {
        Some(net) => {
            let sign = if net > 0.0 { "+" } else { "" };
            format!("net {sign}{} ({size} of changes)", measure.text(net))
        }
        None => size,
    }
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

pub(in super::super) fn percent(share: f64) -> String {
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
