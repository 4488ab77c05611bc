//! One process of a log: values over time and sentences of figures.

use documents::analysis::{GcFigures, ProcessReport, SchedFigures};
use documents::figures::{count_text, significant};

use crate::block::{Block, Lead, Section, Title};
use crate::chart::{Chart, Drawing, Timeline};

/// A process as a section; `id` makes the ids of its charts unique within the page.
pub(super) fn process(id: &str, process: &ProcessReport, numbered: bool) -> Block {
    let number = match (&process.writer, numbered) {
        (Some(writer), _) => format!("process {} ({writer}), ", process.number),
        (None, true) => format!("process {}, ", process.number),
        (None, false) => String::new(),
    };
    let procs = process
        .gomaxprocs
        .map(|procs| format!(", GOMAXPROCS {procs}"));
    let title = format!(
        "{number}{} s to {} s of its clock{}",
        significant(process.from_s),
        significant(process.to_s),
        procs.unwrap_or_default()
    );
    let mut blocks = Vec::new();
    if !process.plots.is_empty() {
        blocks.push(Block::Charts(charts(id, process)));
        let legend = "Lines: the mean of each stretch; dotted: its largest value.";
        blocks.push(Block::Full(vec![Block::Note(legend.into())]));
    }
    let mut leads = Vec::new();
    leads.extend(
        process
            .gc
            .as_ref()
            .map(|gc| Lead::new("GC", gc_sentence(gc))),
    );
    leads.extend(
        process
            .sched
            .as_ref()
            .map(|own| Lead::new("queues", sched_sentence(own))),
    );
    if process.lines_let_go > 0 {
        let note = format!(
            "the figures are of the last lines; {} before them are in the charts only",
            count_text(process.lines_let_go as f64)
        );
        leads.push(Lead::new("", note));
    }
    if !leads.is_empty() {
        blocks.push(Block::Leads(leads));
    }
    Section::block(Title::name(title), vec![Block::Group(blocks)])
}

fn charts(id: &str, process: &ProcessReport) -> Vec<Chart> {
    let plots = process.plots.iter().enumerate();
    let charts = plots.map(|(at, plot)| Chart {
        id: format!("{id}-{at}"),
        title: match plot.unit {
            "" => plot.name.to_owned(),
            unit => format!("{}, {unit}", plot.name),
        },
        caption: String::new(),
        drawing: Drawing::Timeline(Timeline {
            plot: plot.clone(),
            from_s: process.from_s,
            to_s: process.to_s,
        }),
    });
    charts.collect()
}

fn gc_sentence(gc: &GcFigures) -> String {
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

fn sched_sentence(sched: &SchedFigures) -> String {
    let [mean, middle, high, higher, most] = sched.queued;
    let steady = if sched.gomaxprocs_steady {
        ""
    } else {
        "; GOMAXPROCS changed"
    };
    format!(
        "{} {}; queued {} on average, median {}, P90 {}, P99 {}, most {}; {} Ps idle on average; {} % of lines saturated, \
         {} % with idle Ps while work was queued; threads {}{steady}",
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
