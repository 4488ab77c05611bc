//! Documents of one instant: runtime/metrics, MemStats, build information.

use std::collections::BTreeMap;

use documents::analysis::Fact;
use documents::figures::{count_text, duration_text, significant};
use gotrace::buildinfo::{BuildInfo, Pgo};
use gotrace::memstats::MemStats;
use gotrace::metrics::Snapshot;
use gotrace::prometheus::Scrape;
use gotrace::summary;
use record::quantity::format_bytes;

use super::log::{Paced, Scavenged};

fn fact(name: &str, value: String) -> Fact {
    Fact {
        name: name.to_owned(),
        value,
    }
}

/// Metrics of a process, since its start where they count up.
pub(super) fn metrics(snapshot: &Snapshot) -> Vec<Fact> {
    let mut facts = numbers(|name| snapshot.number(name));
    facts.extend(distributions(snapshot));
    facts
}

/// What a program printed of its metrics: the figures that are known, and the names of the others.
pub(super) fn metrics_text(found: &BTreeMap<String, f64>) -> Vec<Fact> {
    let mut facts = numbers(|name| found.get(name).copied());
    if facts.is_empty() {
        facts.extend(
            found
                .iter()
                .take(12)
                .map(|(name, value)| fact(name, significant(*value))),
        );
    }
    facts.push(fact("metrics read", count_text(found.len() as f64)));
    facts
}

fn numbers(number: impl Fn(&str) -> Option<f64>) -> Vec<Fact> {
    let mut facts = Vec::new();
    let mut add = |name: &str, value: Option<String>| {
        facts.extend(value.map(|value| fact(name, value)));
    };
    add(
        "GOMAXPROCS",
        number("/sched/gomaxprocs:threads").map(count_text),
    );
    add("GOGC", number("/gc/gogc:percent").map(gogc_text));
    add("GOMEMLIMIT", number("/gc/gomemlimit:bytes").map(limit_text));
    add(
        "goroutines",
        number("/sched/goroutines:goroutines").map(count_text),
    );
    add(
        "GC cycles since the start",
        number("/gc/cycles/total:gc-cycles").map(count_text),
    );
    add("live heap", number("/gc/heap/live:bytes").map(format_bytes));
    add("heap goal", number("/gc/heap/goal:bytes").map(format_bytes));
    add(
        "allocated since the start",
        number("/gc/heap/allocs:bytes").map(format_bytes),
    );
    add(
        "mapped by the runtime",
        number("/memory/classes/total:bytes").map(format_bytes),
    );
    let cpu = |name: &str| number(&format!("/cpu/classes/{name}:cpu-seconds"));
    let gc = cpu("gc/total").zip(cpu("gc/mark/idle"));
    let share = gc
        .zip(cpu("total"))
        .filter(|(_, total)| *total > 0.0)
        .map(|((gc, idle), total)| (gc - idle).max(0.0) / total);
    add(
        "GC share of GOMAXPROCS since the start",
        share.map(|share| format!("{} %", significant(share * 100.0))),
    );
    add(
        "waited for mutexes since the start",
        number("/sync/mutex/wait/total:seconds").map(|seconds| duration_text(seconds * 1e9)),
    );
    facts
}

fn distributions(snapshot: &Snapshot) -> Vec<Fact> {
    let mut facts = Vec::new();
    for (name, metric) in [
        (
            "scheduling latency since the start, P99 at most",
            "/sched/latencies:seconds",
        ),
        (
            "pauses for GC since the start, P99 at most",
            "/sched/pauses/total/gc:seconds",
        ),
    ] {
        let quantile = snapshot
            .histogram(metric)
            .and_then(|histogram| histogram.quantile(0.99));
        facts.extend(quantile.map(|it| fact(name, duration_text(it.conservative() * 1e9))));
    }
    facts
}

/// Metrics of client_golang's collectors: of the last scrape, and what changed since the first.
pub(super) fn prometheus(scrapes: &[Scrape]) -> Vec<Fact> {
    let (Some(first), Some(last)) = (scrapes.first(), scrapes.last()) else {
        return Vec::new();
    };
    let mut facts = Vec::new();
    let mut add =
        |name: &str, value: Option<String>| facts.extend(value.map(|value| fact(name, value)));
    let value = |name: &str| last.value(name);
    let bytes = |name: &str| value(name).map(format_bytes);
    let count = |name: &str| value(name).map(count_text);
    let cycles = "go_gc_duration_seconds_count";
    add("GOMAXPROCS", count("go_sched_gomaxprocs_threads"));
    add("GOGC", value("go_gc_gogc_percent").map(gogc_text));
    add(
        "GOMEMLIMIT",
        value("go_gc_gomemlimit_bytes").map(limit_text),
    );
    add("goroutines", count("go_goroutines"));
    add("threads", count("go_threads"));
    add(
        "heap objects, unswept ones included",
        bytes("go_memstats_alloc_bytes"),
    );
    add("next collection at", bytes("go_memstats_next_gc_bytes"));
    add("heap in use", bytes("go_memstats_heap_inuse_bytes"));
    add("from the system", bytes("go_memstats_sys_bytes"));
    add("resident set", bytes("process_resident_memory_bytes"));
    add(
        "allocated since the start",
        bytes("go_memstats_alloc_bytes_total"),
    );
    add("collections since the start", count(cycles));
    add(
        "mean time stopped per collection",
        value("go_gc_duration_seconds_sum")
            .zip(value(cycles).filter(|count| *count > 0.0))
            .map(|(sum, count)| duration_text(sum / count * 1e9)),
    );
    add(
        "longest stop of late",
        value("go_gc_duration_seconds{quantile=\"1\"}").map(|seconds| duration_text(seconds * 1e9)),
    );
    add("open files", count("process_open_fds"));
    if scrapes.len() < 2 {
        return facts;
    }
    add("scrapes", Some(count_text(scrapes.len() as f64)));
    let seconds = first
        .taken_unix_ms
        .zip(last.taken_unix_ms)
        .map(|(from, to)| (to - from) as f64 / 1e3)
        .filter(|seconds| *seconds > 0.0);
    let change = |name: &str| Some(last.value(name)? - first.value(name)?);
    let rate = |amount: f64, text: &dyn Fn(f64) -> String| match seconds {
        Some(seconds) => format!("{}, {}/s", text(amount), text(amount / seconds)),
        None => text(amount),
    };
    let risen = |name: &str| change(name).filter(|amount| *amount >= 0.0);
    add(
        "collections between the first and the last",
        risen(cycles).map(|it| rate(it, &|it| significant(it))),
    );
    add(
        "allocated between them",
        risen("go_memstats_alloc_bytes_total").map(|it| rate(it, &format_bytes)),
    );
    add(
        "CPU between them",
        risen("process_cpu_seconds_total")
            .map(|it| rate(it, &|it| format!("{} s", significant(it)))),
    );
    for (name, title, in_bytes) in [
        (
            "go_goroutines",
            "goroutines, smallest, median and largest",
            false,
        ),
        (
            "go_memstats_alloc_bytes",
            "heap objects, smallest, median and largest",
            true,
        ),
    ] {
        let values: Vec<f64> = scrapes.iter().filter_map(|it| it.value(name)).collect();
        let text = |value: f64| {
            if in_bytes {
                format_bytes(value)
            } else {
                count_text(value)
            }
        };
        let least = values.iter().copied().reduce(f64::min);
        let most = values.iter().copied().reduce(f64::max);
        let middle = summary::median(values.iter().copied());
        add(
            title,
            least
                .zip(most)
                .map(|(least, most)| format!("{}, {}, {}", text(least), text(middle), text(most))),
        );
    }
    facts
}

/// What changed in a series of memory statistics.
pub(super) fn memstats_between(first: &MemStats, last: &MemStats, count: usize) -> Vec<Fact> {
    let collections = last.num_gc.checked_sub(first.num_gc);
    let allocated = last.total_alloc_bytes.checked_sub(first.total_alloc_bytes);
    let (Some(collections), Some(allocated)) = (collections, allocated) else {
        return vec![fact(
            "documents, of several processes",
            count_text(count as f64),
        )];
    };
    vec![
        fact("documents", count_text(count as f64)),
        fact(
            "collections between the first and the last",
            count_text(collections as f64),
        ),
        fact("allocated between them", format_bytes(allocated as f64)),
    ]
}

fn gogc_text(percent: f64) -> String {
    // GOGC=off reads as 2^64-1 (runtime/metrics, /gc/gogc:percent).
    if percent > 1e18 {
        "off".to_owned()
    } else {
        count_text(percent)
    }
}

fn limit_text(bytes: f64) -> String {
    // No limit reads as 2^63-1 (runtime/metrics, /gc/gomemlimit:bytes).
    if bytes > 1e18 {
        "none".to_owned()
    } else {
        format_bytes(bytes)
    }
}

/// MemStats of a process.
pub(super) fn memstats(stats: &MemStats) -> Vec<Fact> {
    let bytes = |name: &str, value: u64| fact(name, format_bytes(value as f64));
    let count = |name: &str, value: u64| fact(name, count_text(value as f64));
    let mut facts = vec![
        bytes(
            "heap objects, unswept ones included",
            stats.heap_alloc_bytes,
        ),
        bytes("next collection at", stats.next_gc_bytes),
        bytes("heap in use", stats.heap_inuse_bytes),
        bytes("heap idle", stats.heap_idle_bytes),
        bytes("of it given back", stats.heap_released_bytes),
        bytes("stacks", stats.stack_inuse_bytes),
        bytes("from the system", stats.sys_bytes),
    ];
    facts.extend(
        stats
            .max_rss_bytes
            .map(|rss| bytes("largest resident set", rss)),
    );
    facts.extend([
        bytes("allocated since the start", stats.total_alloc_bytes),
        count("objects allocated since the start", stats.mallocs),
        count("collections", stats.num_gc),
    ]);
    facts.extend(
        stats
            .num_forced_gc
            .map(|forced| count("of them forced", forced)),
    );
    facts.extend(stats.gc_cpu_fraction.map(|share| {
        fact(
            "GC share of CPU since the start",
            format!("{} %", significant(share * 100.0)),
        )
    }));
    let pauses: Vec<u64> = stats.recent_pauses_ns().collect();
    if let Some(longest) = pauses.iter().max() {
        let middle = summary::median(pauses.iter().map(|pause| *pause as f64));
        facts.push(fact(
            &format!("last {} pauses", pauses.len()),
            format!(
                "median {}, longest {}",
                duration_text(middle),
                duration_text(*longest as f64)
            ),
        ));
    }
    facts
}

/// What the scavenger did.
pub(super) fn scavenged(it: Scavenged) -> Vec<Fact> {
    let kib = |value: u64| format_bytes(value as f64 * 1024.0);
    vec![
        fact("given back in the background", kib(it.background_kib)),
        fact(
            "given back at once, under a memory limit or on request",
            kib(it.eager_kib),
        ),
        fact(
            "given back and not taken again, at the end",
            kib(it.released_kib),
        ),
        fact(
            "heap in use at the end",
            format!("{} %", it.utilisation_percent),
        ),
    ]
}

/// What the pacer aimed at and what became of it. The CPU share is no measurement of background workers: the runtime
/// takes them at their goal of 25 % and adds the assists (`endCycle` in runtime/mgcpacer.go), so what is beyond the
/// goal is assists.
pub(super) fn paced(it: Paced) -> Vec<Fact> {
    let cycles = it.cycles as f64;
    let mut facts = vec![
        fact("cycles that the pacer tells of", count_text(cycles)),
        fact(
            "CPU while marking, background workers at their goal and assists",
            format!(
                "{} % on average, {} % at most; goal {} %",
                significant(it.cpu_percent_sum / cycles),
                it.cpu_percent_most,
                it.cpu_goal_percent
            ),
        ),
    ];
    if it.expected_bytes > 0.0 {
        facts.push(fact(
            "scan work against what was expected",
            format!(
                "{} of {}, {} %",
                format_bytes(it.work_bytes),
                format_bytes(it.expected_bytes),
                significant(it.work_bytes / it.expected_bytes * 100.0)
            ),
        ));
    }
    let most = match it.most_over_bytes {
        ..=0 => String::new(),
        bytes => format!(", by {} at most", format_bytes(bytes as f64)),
    };
    facts.push(fact(
        "cycles that ended above the heap goal",
        format!("{} of {}{most}", it.over_goal, count_text(cycles)),
    ));
    facts
}

/// How a binary was built.
pub(super) fn build(builds: &[BuildInfo]) -> Vec<Fact> {
    let mut facts = Vec::new();
    for build in builds {
        let path = build.path.clone().unwrap_or_default();
        facts.push(fact(&build.file, format!("{} {path}", build.go_version)));
        let pgo = match build.pgo() {
            Pgo::Off => "no profile".to_owned(),
            Pgo::Profile(path) => format!("profile {path}"),
        };
        facts.push(fact("profile-guided optimisation", pgo));
        for key in [
            "GOAMD64",
            "GOARM64",
            "GOEXPERIMENT",
            "CGO_ENABLED",
            "-race",
            "-gcflags",
        ] {
            if let Some(value) = build.setting(key) {
                facts.push(fact(key, value.to_owned()));
            }
        }
        let godebug = build.setting("DefaultGODEBUG");
        facts.push(fact(
            "GODEBUG that differs from this Go's own",
            godebug.unwrap_or("none").to_owned(),
        ));
    }
    facts
}
