//! The live view: one line on a terminal, nothing elsewhere.
//!
//! It is drawn on the calling thread after each interval; the generator's threads never wait
//! for it.

use std::cell::Cell;
use std::io::IsTerminal;

use loadgen::Progress;
use record::quantity::format_duration;

use crate::job::{Aim, Job};
use crate::report::{milliseconds, per_second};

/// Draws how a run goes.
pub(crate) struct Live {
    draw: fn(&str),
    is_shown: bool,
    is_search: bool,
    probe: Cell<usize>,
    last_elapsed: Cell<std::time::Duration>,
}

impl Live {
    pub(crate) fn new(job: &Job, draw: fn(&str)) -> Self {
        Self {
            draw,
            is_shown: !job.quiet && std::io::stderr().is_terminal(),
            is_search: !matches!(job.aim, Aim::Measure),
            probe: Cell::new(1),
            last_elapsed: Cell::default(),
        }
    }

    pub(crate) fn show(&self, progress: &Progress<'_>) {
        // Time that goes back is the next probe of a search.
        if progress.elapsed < self.last_elapsed.replace(progress.elapsed) {
            self.probe.set(self.probe.get() + 1);
        }
        if self.is_shown {
            (self.draw)(&line(progress, self.is_search.then_some(self.probe.get())));
        }
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        if self.is_shown {
            (self.draw)("");
        }
    }
}

fn line(progress: &Progress<'_>, probe: Option<usize>) -> String {
    let interval = progress.interval;
    let ms = |ns: u64| milliseconds(ns as f64 / 1e6);
    let probe = probe
        .map(|probe| format!("probe {probe}  "))
        .unwrap_or_default();
    format!(
        "{probe}{} of {}  {}/s  P50 {} ms  P99 {} ms  errors {}  lag P99 {} ms",
        format_duration(progress.elapsed),
        format_duration(progress.duration),
        per_second(interval.rate_per_s),
        ms(interval.response_p50_ns),
        ms(interval.response_p99_ns),
        progress.errors,
        ms(interval.send_lag_p99_ns),
    )
}
