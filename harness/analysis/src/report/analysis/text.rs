//! The order of the text, inputs and ends of processes.

use super::super::TerminalOptions;
use super::super::layout::{Layout, finished, visible};
use super::findings::findings_text;
use super::process::process_text;
use super::profile::{locks_text, profile_text};
use crate::analyze::{Analysis, CrashReport, InputReport};
use crate::figures::counted;

/// The text of `gosweep analyze`.
#[must_use]
pub fn analysis_text(analysis: &Analysis, options: TerminalOptions) -> String {
    let layout = Layout { options };
    let mut text = layout.wrapped("VERDICT  ", &analysis.verdict);
    text.push_str(&layout.wrapped("NEXT     ", &analysis.next_step));
    for unread in &analysis.unread {
        text.push_str(&layout.wrapped("NOT READ ", &unread.to_string()));
    }
    for input in &analysis.inputs {
        text.push('\n');
        text.push_str(&input_text(&layout, input));
    }
    if let Some(locks) = &analysis.locks {
        text.push('\n');
        text.push_str(&locks_text(&layout, locks));
    }
    text.push_str(&findings_text(&layout, &analysis.judgements));
    if !analysis.missing.is_empty() {
        text.push_str("\nNOT TO BE HAD\n");
        for missing in &analysis.missing {
            text.push_str(&layout.wrapped("  ", missing));
        }
    }
    text
}

fn input_text(layout: &Layout, input: &InputReport) -> String {
    let go = input.go.as_ref().map(|go| format!("; {go}"));
    let mut text = layout.wrapped(
        "INPUT    ",
        &format!("{}: {}{}", input.name, input.kind, go.unwrap_or_default()),
    );
    for note in &input.notes {
        text.push_str(&layout.wrapped("         ", note));
    }
    if let Some(problem) = &input.problem {
        text.push_str(&layout.wrapped("         ", problem));
    }
    if !input.facts.is_empty() {
        let mut table = layout.table();
        for fact in &input.facts {
            table.add_row([visible(&fact.name), visible(&fact.value)]);
        }
        text.push_str(&finished(&table));
    }
    for process in &input.processes {
        text.push_str(&process_text(layout, process, input.processes.len() > 1));
    }
    for crash in &input.crashes {
        text.push_str(&crash_text(layout, crash));
    }
    for profile in &input.profiles {
        text.push_str(&profile_text(layout, profile));
    }
    text
}

fn crash_text(layout: &Layout, crash: &CrashReport) -> String {
    let mut text = layout.wrapped(
        "  ",
        &format!("{}: {}", crash.cause, crash.message)
            .trim_end_matches(": ")
            .replace('\n', " / "),
    );
    if let Some(place) = &crash.place {
        text.push_str(&layout.wrapped("    ", &format!("at {place}")));
    }
    if crash.times > 1 {
        text.push_str(&layout.wrapped("    ", &format!("{} times", crash.times)));
    }
    if crash.garbled_lines > 0 {
        text.push_str(&layout.wrapped(
            "    ",
            &format!(
                "other output was written into {} of its lines",
                crash.garbled_lines
            ),
        ));
    }
    for frame in &crash.stack {
        text.push_str(&layout.wrapped("    ", frame));
    }
    if crash.groups.is_empty() {
        return text;
    }
    let all = usize::try_from(crash.goroutines).unwrap_or(usize::MAX);
    text.push_str(&layout.wrapped("  ", &format!("{}:", counted(all, "goroutine"))));
    let mut table = layout.table();
    table.set_header(["", "state", "in", "started by"]);
    for group in &crash.groups {
        let waited = group
            .longest_minutes
            .map(|minutes| format!(", up to {minutes} min"));
        table.add_row([
            group.count.to_string(),
            visible(&format!("{}{}", group.state, waited.unwrap_or_default())),
            visible(&group.function),
            visible(group.created_by.as_deref().unwrap_or("–")),
        ]);
    }
    text.push_str(&finished(&table));
    if crash.groups_left_out > 0 {
        text.push_str(&format!("  {} more groups\n", crash.groups_left_out));
    }
    text
}
