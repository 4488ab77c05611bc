//! An analysis for the terminal: the verdict first, then what it rests on.

use super::TerminalOptions;
use super::layout::{Layout, finished, visible};
use crate::advice::{Finding, Judgement};
use crate::analyze::{
    Analysis, CrashReport, GcFigures, InputReport, Plot, Point, ProcessReport, ProfileReport,
    SchedFigures,
};
use crate::figures::{count_text, counted, significant};
use crate::profile::{LockCheck, TopTable};

/// Columns of a small chart.
const CHART_COLUMNS: usize = 60;
/// Locks that are shown.
const MOST_LOCKS: usize = 5;
/// Samples named with a finding.
const MOST_SEEN: usize = 3;

/// The text of `gosweep analyze`.
#[must_use]
pub fn analysis_text(analysis: &Analysis, options: TerminalOptions) -> String {
    let layout = Layout { options };
    let mut text = layout.wrapped("VERDICT  ", &analysis.verdict);
    text.push_str(&layout.wrapped("NEXT     ", &analysis.next_step));
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

fn process_text(layout: &Layout, process: &ProcessReport, numbered: bool) -> String {
    let number = if numbered {
        format!("process {}, ", process.number)
    } else {
        String::new()
    };
    let procs = process
        .gomaxprocs
        .map(|procs| format!(", GOMAXPROCS {procs}"));
    let mut text = layout.wrapped(
        "",
        &format!(
            "\u{2014} {number}{} s to {} s of its clock{}",
            significant(process.from_s),
            significant(process.to_s),
            procs.unwrap_or_default()
        ),
    );
    for plot in &process.plots {
        text.push_str(&plot_line(plot, process.from_s, process.to_s));
    }
    if let Some(gc) = &process.gc {
        text.push_str(&layout.wrapped("  GC       ", &gc_sentence(gc)));
    }
    if let Some(sched) = &process.sched {
        text.push_str(&layout.wrapped("  queues   ", &sched_sentence(sched)));
    }
    if process.lines_let_go > 0 {
        text.push_str(&layout.wrapped(
            "  ",
            &format!(
                "the figures are of the last lines; {} before them are in the charts only",
                count_text(process.lines_let_go as f64)
            ),
        ));
    }
    text
}

pub(super) fn gc_sentence(gc: &GcFigures) -> String {
    let mut parts = vec![format!(
        "{} {}{}{}",
        count_text(gc.collections as f64),
        if gc.collections == 1 {
            "collection"
        } else {
            "collections"
        },
        gc.per_s
            .map(|rate| format!(", {}/s", significant(rate)))
            .unwrap_or_default(),
        if gc.forced > 0 {
            format!(", {} forced", gc.forced)
        } else {
            String::new()
        }
    )];
    if let Some(share) = gc.cpu_share {
        let assists = gc.assist_share.unwrap_or_default();
        parts.push(format!(
            "CPU {} % of GOMAXPROCS, assists {} %",
            significant(share * 100.0),
            significant(assists * 100.0)
        ));
    }
    let stopped = gc
        .stopped_ms_per_s
        .map(|ms| format!("stopped {} ms per s, ", significant(ms)));
    parts.push(format!(
        "{}longest stop {} ms",
        stopped.unwrap_or_default(),
        significant(gc.longest_stop_ms)
    ));
    parts.push(format!(
        "live {} MiB, goal {}",
        spread(gc.live_mib),
        // GOGC=off prints a goal near 2^63 bytes.
        if gc.goal_mib[1] > 1e12 {
            "none (GOGC=off)".to_owned()
        } else {
            format!("{} MiB", spread(gc.goal_mib))
        }
    ));
    if gc.lines < gc.collections {
        parts.push(format!("{} lines lost", gc.collections - gc.lines));
    }
    parts.join("; ")
}

pub(super) fn sched_sentence(sched: &SchedFigures) -> String {
    let [mean, middle, high, higher, most] = sched.queued;
    let steady = if sched.gomaxprocs_steady {
        ""
    } else {
        "; GOMAXPROCS changed"
    };
    format!(
        "{} {}; queued {} on average, median {}, P90 {}, P99 {}, most {}; {} Ps idle on average; {} % of lines saturated, \
         {} % with idle Ps beside a queue; threads {}{steady}",
        count_text(sched.lines as f64),
        if sched.lines == 1 { "line" } else { "lines" },
        significant(mean),
        count_text(middle),
        count_text(high),
        count_text(higher),
        count_text(most),
        significant(sched.idle_ps_mean),
        significant(sched.saturated_share * 100.0),
        significant(sched.idle_while_queued_share * 100.0),
        spread(sched.threads),
    )
}

/// `8`, or `8 to 12, median 9`.
fn spread([low, middle, high]: [f64; 3]) -> String {
    if low == high {
        count_text(low)
    } else {
        format!(
            "{} to {}, median {}",
            count_text(low),
            count_text(high),
            count_text(middle)
        )
    }
}

/// A chart of one line: the name, blocks of eight heights, and the range.
fn plot_line(plot: &Plot, from_s: f64, to_s: f64) -> String {
    const HEIGHTS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let mut columns: Vec<Option<f64>> = vec![None; CHART_COLUMNS];
    let length = (to_s - from_s).max(f64::MIN_POSITIVE);
    let column = |at_s: f64| {
        let share = ((at_s - from_s) / length).clamp(0.0, 1.0);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 0 and the number of columns"
        )]
        let at = (share * CHART_COLUMNS as f64) as usize;
        at.min(CHART_COLUMNS - 1)
    };
    for Point { at_s, max, .. } in &plot.points {
        // A point fills what it stands for, and always its own column.
        let half_s = plot.width_s / 2.0 * 0.999;
        for own in &mut columns[column(at_s - half_s)..=column(at_s + half_s)] {
            *own = Some(own.map_or(*max, |value: f64| value.max(*max)));
        }
    }
    let low = plot
        .points
        .iter()
        .map(|it| it.mean)
        .fold(f64::INFINITY, f64::min);
    let high = plot.points.iter().map(|it| it.max).fold(0.0, f64::max);
    let chart: String = columns
        .iter()
        .map(|value| match value {
            None => ' ',
            // From zero up, so that a small change of a large value looks small.
            Some(value) if high > 0.0 => {
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "a share of seven"
                )]
                let height = (value / high * 7.0).round().clamp(0.0, 7.0) as usize;
                HEIGHTS[height]
            }
            Some(_) => HEIGHTS[0],
        })
        .collect();
    let unit = if plot.unit.is_empty() {
        String::new()
    } else {
        format!(" {}", plot.unit)
    };
    let (low, high) = (count_text(low), count_text(high));
    let range = if low == high {
        high
    } else {
        format!("{low} to {high}")
    };
    format!("  {:<17} {chart} {range}{unit}\n", plot.name)
}

fn crash_text(layout: &Layout, crash: &CrashReport) -> String {
    let mut text = layout.wrapped(
        "  ",
        &format!("{}: {}", crash.cause, crash.message)
            .trim_end_matches(": ")
            .replace('\n', " / "),
    );
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

fn profile_text(layout: &Layout, profile: &ProfileReport) -> String {
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

pub(super) fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0).replace('-', "−")
}

fn locks_text(layout: &Layout, locks: &LockCheck) -> String {
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

fn findings_text(layout: &Layout, judgements: &[Judgement]) -> String {
    let mut text = String::new();
    for judgement in judgements {
        let looked = judgement.findings.len() + judgement.quiet.len() + judgement.once.len();
        if judgement.findings.is_empty() && judgement.once.is_empty() {
            continue;
        }
        text.push('\n');
        text.push_str(&layout.wrapped(
            "FINDINGS ",
            &format!(
                "{}: {} of {} that could be judged fired",
                judgement.subject,
                judgement.findings.len(),
                counted(looked, "rule")
            ),
        ));
        for finding in &judgement.findings {
            text.push_str(&finding_text(layout, finding));
        }
        for once in &judgement.once {
            let shown = once.evidence.first();
            let shown = shown.map(|seen| format!(": {} ({})", seen.shows, seen.sample));
            text.push_str(&layout.wrapped(
                "  once     ",
                &format!(
                    "{} ({}) in too few samples to tell it from chance{}",
                    once.title,
                    once.rule,
                    shown.unwrap_or_default()
                ),
            ));
        }
    }
    text
}

fn finding_text(layout: &Layout, finding: &Finding) -> String {
    let mut text = layout.wrapped(
        &format!("  {:<9}", finding.severity.word()),
        &format!(
            "{} ({}): {}, in {} of {}",
            finding.title,
            finding.rule,
            finding.signal,
            finding.held.samples,
            counted(finding.held.of, "sample")
        ),
    );
    text.push_str(&layout.wrapped("           ", &finding.cause));
    for own in &finding.tries {
        text.push_str(&layout.wrapped("           → ", &own.what));
    }
    if !finding.does_not_apply.is_empty() {
        text.push_str(&layout.wrapped("           not if: ", &finding.does_not_apply));
    }
    for seen in finding.evidence.iter().take(MOST_SEEN) {
        text.push_str(
            &layout.wrapped("           · ", &format!("{}: {}", seen.sample, seen.shows)),
        );
    }
    text
}
