//! One process of a log: its last lines in full, everything before in a timeline.

use std::collections::VecDeque;

use documents::analysis::{GcFigures, LongestStop, ProcessReport, SchedFigures};
use documents::figures::significant;
use gotrace::gctrace::GcCycle;
use gotrace::scheddetail::SchedDetail;
use gotrace::schedtrace::SchedSample;
use gotrace::summary::{self, Spread, Window};

use super::series::Series;

/// gctrace lines, and schedtrace lines, that are kept of a process in full: statistics and rules are over these.
pub const KEPT_LINES: usize = 20_000;
/// Numbers in the queue lists of all kept schedtrace lines together: bounds lines of very many Ps.
const KEPT_QUEUE_NUMBERS: usize = 2 << 20;
/// scheddetail blocks that are kept.
const KEPT_BLOCKS: usize = 64;
/// Goroutines of all kept blocks together.
const KEPT_GOROUTINES: usize = 400_000;
/// The shortest stretch of which GC's share of the CPU is drawn.
const SHARE_STRETCH_S: f64 = 1.0;
/// With GOGC=off the goal is some 2^63 bytes: no figure to draw.
const NO_GOAL_MIB: u64 = 1 << 40;

/// A process while its lines arrive.
#[derive(Debug, Clone)]
pub(super) struct Process {
    /// Who writes its lines, by what stands before them; empty where nothing tells.
    pub(super) writer: Vec<u8>,
    pub(super) cycles: VecDeque<GcCycle>,
    pub(super) samples: VecDeque<SchedSample>,
    pub(super) blocks: VecDeque<SchedDetail>,
    queue_numbers: usize,
    block_goroutines: usize,
    let_go: u64,
    first_s: Option<f64>,
    last_s: f64,
    /// Start of the stretch whose GC share is being summed, and the CPU time in it, ms.
    share: Option<(f64, f64)>,
    longest_stop: Option<LongestStop>,
    live: Series,
    goal: Series,
    gc_share: Series,
    stop: Series,
    queued: Series,
    idle: Series,
    threads: Series,
}

impl Process {
    /// A process whose first line was written at a time of its own clock.
    fn from(start_s: f64) -> Process {
        let series = Series::from(start_s);
        Process {
            writer: Vec::new(),
            cycles: VecDeque::new(),
            samples: VecDeque::new(),
            blocks: VecDeque::new(),
            queue_numbers: 0,
            block_goroutines: 0,
            let_go: 0,
            first_s: None,
            last_s: start_s,
            share: None,
            longest_stop: None,
            live: series.clone(),
            goal: series.clone(),
            gc_share: series.clone(),
            stop: series.clone(),
            queued: series.clone(),
            idle: series.clone(),
            threads: series,
        }
    }

    /// A process that begins with a collection.
    pub(super) fn of_gc(cycle: &GcCycle) -> Process {
        Process::from(cycle.at_s)
    }

    /// A process that begins with a scheduler line.
    pub(super) fn of_sched(at_ms: u64) -> Process {
        Process::from(at_ms as f64 / 1e3)
    }

    /// Whether a writer's lines are of this process. Most logs name none, and comparing nothing with nothing is slow:
    /// empty vectors point nowhere, at which vector instructions stumble.
    pub(super) fn is_of(&self, writer: &[u8]) -> bool {
        match (self.writer.is_empty(), writer.is_empty()) {
            (false, false) => self.writer == writer,
            (own, other) => own && other,
        }
    }

    /// Whether a single line is all that there is of it.
    pub(super) fn has_one_line(&self) -> bool {
        self.let_go == 0 && self.cycles.len() + self.samples.len() + self.blocks.len() == 1
    }

    /// Whether a collection can follow: number and clock of one process only rise.
    pub(super) fn goes_on_with_gc(&self, cycle: &GcCycle) -> bool {
        self.cycles
            .back()
            .is_none_or(|last| cycle.seq > last.seq && cycle.at_s >= last.at_s)
    }

    /// Whether a collection is the very next one.
    pub(super) fn awaits_gc(&self, cycle: &GcCycle) -> bool {
        self.cycles
            .back()
            .is_some_and(|last| cycle.seq == last.seq + 1 && cycle.at_s >= last.at_s)
    }

    /// Whether a collection has been read already, as exports that overlap repeat it.
    pub(super) fn has_gc(&self, cycle: &GcCycle) -> bool {
        if self.cycles.back().is_none_or(|last| cycle.seq > last.seq) {
            return false;
        }
        let at = self.cycles.binary_search_by_key(&cycle.seq, |own| own.seq);
        at.is_ok_and(|at| self.cycles[at] == *cycle)
    }

    /// Whether a scheduler line has been read already. The first one of a process looks like that of any other.
    pub(super) fn has_sched(&self, sample: &SchedSample) -> bool {
        let last_ms = self.samples.back().map(|last| last.head.at_ms);
        if last_ms.is_none_or(|last| sample.head.at_ms > last) {
            return false;
        }
        let at = self
            .samples
            .binary_search_by_key(&sample.head.at_ms, |own| own.head.at_ms);
        sample.head.at_ms > 0 && at.is_ok_and(|at| self.samples[at] == *sample)
    }

    /// Where GOMAXPROCS changed, in words.
    pub(super) fn change_of_procs(&self) -> Option<String> {
        let pairs = self.cycles.iter().zip(self.cycles.iter().skip(1));
        let mut changes = pairs.filter(|(before, after)| before.procs != after.procs);
        let (before, after) = changes.next()?;
        let more = match changes.count() {
            0 => String::new(),
            count => format!(", and {count} more times"),
        };
        Some(format!(
            "GOMAXPROCS changed from {} to {} at {} s{more}; shares of CPU count each line with its own",
            before.procs,
            after.procs,
            significant(after.at_s)
        ))
    }

    /// Lets the oldest lines go beyond a number.
    pub(super) fn keep_at_most(&mut self, lines: usize) {
        while self.cycles.len() > lines {
            self.cycles.pop_front();
            self.let_go += 1;
        }
        while self.samples.len() > lines {
            if let Some(old) = self.samples.pop_front() {
                self.queue_numbers -= numbers(&old);
                self.let_go += 1;
            }
        }
    }

    /// Whether it prints scheddetail blocks, which stops the world for as long as it prints.
    pub(super) fn prints_blocks(&self) -> bool {
        !self.blocks.is_empty()
    }

    /// Whether a scheduler line or block can follow.
    pub(super) fn goes_on_with_sched(&self, at_ms: u64) -> bool {
        let samples = self.samples.back().map(|last| last.head.at_ms);
        let blocks = self.blocks.back().map(|last| last.head.at_ms);
        samples.max(blocks).is_none_or(|last| at_ms >= last)
    }

    pub(super) fn add_gc(&mut self, cycle: GcCycle) {
        let at_s = cycle.at_s;
        self.seen(at_s);
        self.live.add(at_s, cycle.heap_live_mib as f64);
        if cycle.goal_mib < NO_GOAL_MIB {
            self.goal.add(at_s, cycle.goal_mib as f64);
        }
        let stop = stop_of(&cycle);
        self.stop.add(at_s, stop.stop_ms);
        if self
            .longest_stop
            .is_none_or(|longest| stop.stop_ms > longest.stop_ms)
        {
            self.longest_stop = Some(stop);
        }
        self.add_share(&cycle);
        self.cycles.push_back(cycle);
        self.keep_at_most(KEPT_LINES);
    }

    /// The share of a stretch is known when the next collection begins: CPU time of the collections that began in it,
    /// over its length times GOMAXPROCS. Two collections in a row make a short stretch whose share says nothing, so one
    /// lasts for a second at least.
    fn add_share(&mut self, cycle: &GcCycle) {
        let own_ms = cycle.cpu.marking();
        self.share = Some(match self.share {
            Some((from_s, cpu_ms)) if cycle.at_s >= from_s + SHARE_STRETCH_S => {
                let available_ms = (cycle.at_s - from_s) * 1e3 * f64::from(cycle.procs.max(1));
                self.gc_share.add(from_s, 100.0 * cpu_ms / available_ms);
                (cycle.at_s, own_ms)
            }
            Some((from_s, cpu_ms)) => (from_s, cpu_ms + own_ms),
            None => (cycle.at_s, own_ms),
        });
    }

    pub(super) fn add_sched(&mut self, sample: SchedSample) {
        let at_s = sample.head.at_ms as f64 / 1e3;
        self.seen(at_s);
        self.queued.add(at_s, sample.queued() as f64);
        self.idle.add(at_s, f64::from(sample.head.idleprocs));
        self.threads.add(at_s, f64::from(sample.head.threads));
        self.queue_numbers += numbers(&sample);
        self.samples.push_back(sample);
        while self.samples.len() > KEPT_LINES
            || (self.queue_numbers > KEPT_QUEUE_NUMBERS && self.samples.len() > 1)
        {
            if let Some(old) = self.samples.pop_front() {
                self.queue_numbers -= numbers(&old);
                self.let_go += 1;
            }
        }
    }

    pub(super) fn add_block(&mut self, block: SchedDetail) {
        let at_s = block.head.at_ms as f64 / 1e3;
        self.seen(at_s);
        let local: u64 = block
            .processors
            .iter()
            .map(|it| u64::from(it.runqsize))
            .sum();
        self.queued
            .add(at_s, (local + u64::from(block.head.runqueue)) as f64);
        self.idle.add(at_s, f64::from(block.head.idleprocs));
        self.threads.add(at_s, f64::from(block.head.threads));
        self.block_goroutines += block.goroutines.len();
        self.blocks.push_back(block);
        while self.blocks.len() > KEPT_BLOCKS
            || (self.block_goroutines > KEPT_GOROUTINES && self.blocks.len() > 1)
        {
            if let Some(old) = self.blocks.pop_front() {
                self.block_goroutines -= old.goroutines.len();
                self.let_go += 1;
            }
        }
    }

    fn seen(&mut self, at_s: f64) {
        self.first_s.get_or_insert(at_s);
        self.last_s = self.last_s.max(at_s);
    }

    /// GOMAXPROCS by the latest line of either kind.
    pub(super) fn gomaxprocs(&self) -> Option<u32> {
        let sched = self.samples.back().map(|it| it.head.gomaxprocs);
        let block = self.blocks.back().map(|it| it.head.gomaxprocs);
        sched
            .or(block)
            .or_else(|| self.cycles.back().map(|it| it.procs))
    }

    /// The process as a document.
    pub(super) fn report(&self, number: u64) -> ProcessReport {
        let cycles: Vec<GcCycle> = self.cycles.iter().cloned().collect();
        // With scheddetail=1 the counters stand at the heads of blocks.
        let samples: Vec<SchedSample> = match self.samples.is_empty() {
            true => self.blocks.iter().map(SchedDetail::sample).collect(),
            false => self.samples.iter().cloned().collect(),
        };
        let plots = [
            self.live.plot("heap live", "MiB"),
            self.goal.plot("heap goal", "MiB"),
            self.gc_share.plot("GC share of CPU", "%"),
            self.stop.plot("longest stop", "ms"),
            self.queued.plot("queued goroutines", ""),
            self.idle.plot("idle Ps", ""),
            self.threads.plot("threads", ""),
        ];
        ProcessReport {
            number,
            writer: (!self.writer.is_empty()).then(|| {
                let name = String::from_utf8_lossy(&self.writer);
                name.trim_matches(|c: char| !c.is_alphanumeric()).to_owned()
            }),
            from_s: self.first_s.unwrap_or(self.last_s),
            to_s: self.last_s,
            gomaxprocs: self.gomaxprocs(),
            gc: summary::gc(&cycles, Window::ALL).map(gc_figures),
            longest_stop: self.longest_stop.filter(|_| !self.prints_blocks()),
            sched: summary::sched(&samples, Window::ALL).map(sched_figures),
            plots: plots.into_iter().flatten().collect(),
            lines_let_go: self.let_go,
        }
    }

    /// Where it stands now, for someone who watches.
    pub(super) fn now(&self) -> String {
        let mut parts = Vec::new();
        if let Some(last) = self.cycles.back() {
            parts.push(format!("GC {}", last.seq));
            let recent = self.cycles.iter().rev().take(20).next_back();
            if let Some(first) = recent.filter(|first| first.at_s < last.at_s) {
                let rate = (last.seq - first.seq) as f64 / (last.at_s - first.at_s);
                parts.push(format!("{}/s", significant(rate)));
            }
            parts.push(format!("live {} MiB", last.heap_live_mib));
            if last.goal_mib < NO_GOAL_MIB {
                parts.push(format!("goal {} MiB", last.goal_mib));
            }
        }
        if let Some(last) = self.samples.back() {
            parts.push(format!("queued {}", last.queued()));
            parts.push(format!(
                "idle Ps {}/{}",
                last.head.idleprocs, last.head.gomaxprocs
            ));
            parts.push(format!("threads {}", last.head.threads));
        }
        parts.join(", ")
    }
}

fn stop_of(cycle: &GcCycle) -> LongestStop {
    let (start_ms, end_ms) = (cycle.clock.sweep_term, cycle.clock.mark_term);
    LongestStop {
        collection: cycle.seq,
        at_s: cycle.at_s,
        stop_ms: start_ms.max(end_ms),
        at_start: start_ms >= end_ms,
    }
}

fn numbers(sample: &SchedSample) -> usize {
    sample.local_queues.len() + sample.schedticks.as_ref().map_or(0, Vec::len)
}

fn gc_figures(it: summary::GcSummary) -> GcFigures {
    let seconds = (it.span_s > 0.0).then_some(it.span_s);
    GcFigures {
        collections: it.collections,
        lines: it.lines,
        forced: it.forced,
        span_s: it.span_s,
        per_s: seconds.map(|_| it.cycles_per_s),
        cpu_share: it.cpu_share,
        assist_share: it.assist_share,
        stopped_ms_per_s: seconds.map(|seconds| it.stopped_ms / seconds),
        longest_stop_ms: it.longest_stop_ms,
        live_mib: three(it.live_mib),
        goal_mib: three(it.goal_mib),
        gomaxprocs_range: Some(it.procs_range),
    }
}

fn sched_figures(it: summary::SchedSummary) -> SchedFigures {
    SchedFigures {
        lines: it.samples,
        gomaxprocs_steady: it.gomaxprocs_steady,
        idle_ps_mean: it.idleprocs_mean,
        queued: [
            it.queued_mean,
            it.queued_median,
            it.queued_p90 as f64,
            it.queued_p99 as f64,
            it.queued_max as f64,
        ],
        saturated_share: it.saturated_share,
        idle_while_queued_share: it.idle_while_queued_share,
        threads: three(it.threads),
    }
}

fn three(it: Spread) -> [f64; 3] {
    [it.min, it.median, it.max]
}
