//! What is said of each input.

use documents::analysis::InputReport;
use documents::figures::{count_text, counted};
use gotrace::crash::Cause;
use gotrace::profile::ProfileKind;

use super::log::Log;
use super::material::{Material, Part, TraceView};
use super::process::Process;
use super::{crash, profiles, snapshot};

pub(super) fn input_report(material: &Material) -> InputReport {
    let mut report = InputReport {
        name: material.name.clone(),
        kind: String::new(),
        go: None,
        facts: Vec::new(),
        notes: Vec::new(),
        problem: None,
        resembling: None,
        processes: Vec::new(),
        crashes: Vec::new(),
        profiles: Vec::new(),
    };
    match &material.part {
        Part::Log(log) => log_report(log, &mut report),
        Part::Profile(profile, kind) => {
            let title = profiles::word(*kind);
            title.clone_into(&mut report.kind);
            report.go = profiles::go_of(profile);
            report
                .profiles
                .push(profiles::report(profile, *kind, title));
        }
        Part::Metrics(it) => {
            "snapshot of runtime/metrics".clone_into(&mut report.kind);
            report.go = it.last().map(|last| last.go_version.to_string());
            report.facts = it.last().map(snapshot::metrics).unwrap_or_default();
            if it.len() > 1 {
                report.notes.push(format!(
                    "{}; the figures are of the last one, the findings of what changed between them",
                    counted(it.len(), "snapshot")
                ));
            }
        }
        Part::MemStats(series, records) => {
            // heap?debug=1 prints more than is read by name.
            let of_expvar = series.iter().all(|it| it.others.is_empty());
            let origin = if of_expvar { "expvar" } else { "heap?debug=1" };
            report.kind = format!("memory statistics ({origin})");
            report.facts = series.last().map(snapshot::memstats).unwrap_or_default();
            if let [first, .., last] = series.as_slice() {
                report
                    .facts
                    .extend(snapshot::memstats_between(first, last, series.len()));
            }
            if let Some(profile) = records {
                let title = "records of allocations (heap?debug=1)";
                report.go = profiles::go_of(profile);
                report
                    .profiles
                    .push(profiles::report(profile, ProfileKind::Heap, title));
            }
        }
        Part::Prometheus(scrapes) => {
            "metrics for Prometheus".clone_into(&mut report.kind);
            report.go = scrapes
                .last()
                .and_then(|it| it.go_version())
                .map(str::to_owned);
            report.facts = snapshot::prometheus(scrapes);
        }
        Part::MetricsText(numbers) => {
            "numbers of runtime/metrics in text".clone_into(&mut report.kind);
            report.facts = snapshot::metrics_text(numbers);
            report
                .notes
                .push("distributions are not read from text".to_owned());
        }
        Part::Goroutines(goroutines) => {
            "goroutine dump".clone_into(&mut report.kind);
            report.crashes.push(crash::dump(goroutines));
        }
        Part::Build(builds, problems) => {
            "build information (go version -m)".clone_into(&mut report.kind);
            report.notes = problems
                .iter()
                .map(|problem| format!("not read: {problem}"))
                .collect();
            report.go = builds.first().map(|build| build.go_version.to_string());
            report.facts = snapshot::build(builds);
        }
        Part::Trace {
            header,
            views,
            problem,
            ..
        } => {
            report.kind = format!("execution trace, format 1.{}", header.format_minor);
            report.go = writers(header.written_by());
            report.problem.clone_from(problem);
            for TraceView { kind, profile } in views {
                let title = trace_title(kind);
                report
                    .profiles
                    .push(profiles::report(profile, ProfileKind::TraceDelay, &title));
            }
        }
    }
    report
}

fn writers(minors: &[u32]) -> Option<String> {
    let names: Vec<String> = minors.iter().map(|minor| format!("1.{minor}")).collect();
    (!names.is_empty()).then(|| format!("Go {} (by the trace's format)", names.join(" or ")))
}

pub(super) fn trace_title(kind: &str) -> String {
    let what = match kind {
        "net" => "waiting for the network",
        "sync" => "waiting for locks, channels and the like",
        "syscall" => "in system calls",
        _ => "runnable, waiting to run",
    };
    format!("trace, {kind}: {what}")
}

fn log_report(log: &Log, report: &mut InputReport) {
    let seen = &log.seen;
    let kinds = [
        (seen.gc, "gctrace"),
        (seen.sched, "schedtrace"),
        (seen.blocks, "scheddetail"),
        (seen.scavenge, "scavtrace"),
        (seen.pacer, "gcpacertrace"),
        (having(log, |cause| cause.ends_process()), "a crash"),
        (
            having(log, |cause| cause == Cause::Recovered),
            "a recovered panic",
        ),
        (having(log, |cause| cause == Cause::DataRace), "a data race"),
        (
            having(log, |cause| cause == Cause::Dump),
            "a dump of goroutines",
        ),
    ];
    let there: Vec<&str> = kinds
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(_, name)| *name)
        .collect();
    report.kind = if there.is_empty() {
        "text without a line of the Go runtime".to_owned()
    } else {
        format!(
            "log of a Go program: {}",
            documents::figures::listed(&there)
        )
    };
    report.go = log.go.text();
    let first = log.processes_let_go + 1;
    report.processes = (first..)
        .zip(&log.processes)
        .map(|(number, process)| process.report(number))
        .collect();
    report.resembling = Some(log.counts.resembling).filter(|count| *count > 0);
    report.crashes = crash::reports(&log.crashes);
    let scavenged = log.scavenged.map(snapshot::scavenged);
    let paced = log.paced.map(snapshot::paced);
    report.facts = [scavenged, paced].into_iter().flatten().flatten().collect();
    report.notes = log_notes(log);
}

/// How many crashes and incidents are of a kind.
fn having(log: &Log, is: impl Fn(Cause) -> bool) -> u64 {
    log.crashes.iter().filter(|crash| is(crash.cause)).count() as u64
}

fn log_notes(log: &Log) -> Vec<String> {
    let counts = &log.counts;
    let lines = |count: u64| {
        let noun = if count == 1 { "line" } else { "lines" };
        format!("{} {noun}", count_text(count as f64))
    };
    let mut notes = vec![format!(
        "{}, {} of them of the runtime",
        lines(counts.lines),
        count_text((counts.parsed + counts.crash) as f64)
    )];
    let mut add = |count: u64, text: &str| {
        if count > 0 {
            notes.push(format!("{} {text}", lines(count)));
        }
    };
    add(
        counts.torn,
        "of the runtime could not be read: other output was written into them, or they were cut",
    );
    add(
        counts.wrapped,
        "came wrapped by a container runtime or log collector",
    );
    add(counts.overlong, "were cut because of their length");
    add(
        log.seen.periodic,
        "announce a collection after two minutes without one",
    );
    add(
        counts.resembling,
        "begin like a panic or a dump, and no stack that can be read follows",
    );
    add(
        log.repeated,
        "were there twice, as in exports that overlap; each counts once",
    );
    if log.newest_first {
        notes.push("the newest lines came first; it was read from its end".to_owned());
    }
    let mut writers: Vec<&[u8]> = log
        .processes
        .iter()
        .map(|it| it.writer.as_slice())
        .collect();
    writers.sort_unstable();
    writers.dedup();
    match (log.processes.len(), writers.len()) {
        (0 | 1, _) => {}
        (processes, writers) if writers == processes => notes.push(format!(
            "{processes} processes share it; what stands before their lines tells them apart"
        )),
        (processes, 1) => notes.push(format!(
            "{processes} processes wrote it one after the other: sequence numbers or clocks begin again"
        )),
        (processes, writers) => notes.push(format!(
            "{processes} processes of {writers} writers share it; what stands before their lines tells the writers apart"
        )),
    }
    for (number, process) in (log.processes_let_go + 1..).zip(&log.processes) {
        if let Some(change) = process.change_of_procs() {
            let which = if log.processes.len() > 1 {
                format!("process {number}: ")
            } else {
                String::new()
            };
            notes.push(format!("{which}{change}"));
        }
    }
    if log.processes.iter().any(Process::prints_blocks) {
        notes.push(
            "scheddetail=1 prints every goroutine under the scheduler's lock: stops in this log may be its own, and are not \
             judged"
                .to_owned(),
        );
    }
    if log.processes_let_go > 0 {
        notes.push(format!(
            "{} earlier processes are not shown",
            count_text(log.processes_let_go as f64)
        ));
    }
    notes
}
