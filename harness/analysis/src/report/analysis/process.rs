//! One process of a log: small charts and sentences of figures.

use super::super::layout::Layout;
use crate::analyze::{GcFigures, Plot, Point, ProcessReport, SchedFigures};
use crate::figures::{count_text, significant};

/// Columns of a small chart.
const CHART_COLUMNS: usize = 60;

pub(super) fn process_text(layout: &Layout, process: &ProcessReport, numbered: bool) -> String {
    let number = match (&process.writer, numbered) {
        (Some(writer), _) => format!("process {} ({writer}), ", process.number),
        (None, true) => format!("process {}, ", process.number),
        (None, false) => String::new(),
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

pub(in super::super) fn gc_sentence(gc: &GcFigures) -> String {
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
    if let Some([least, most]) = gc.gomaxprocs_range.filter(|[least, most]| least != most) {
        parts.push(format!("GOMAXPROCS {least} to {most}"));
    }
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

pub(in super::super) fn sched_sentence(sched: &SchedFigures) -> String {
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
        significant(middle),
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
