//! The points that a verdict is made of: what by itself deserves to be said first.

use documents::analysis::{Analysis, CrashReport};
use documents::figures::{count_text, counted, listed, milliseconds, significant};
use documents::finding::{Once, Severity};
use documents::profile::LockVerdict;
use gotrace::profile::ProfileKind;
use record::threshold::{Threshold, Thresholds};

use super::profiles;

/// The rule on stops of the collector.
const STOPS: &str = "G5";
/// The rule on contended mutexes.
const LOCKS: &str = "L1";
/// A stop so many times as long as what is critical for their 99th percentile is an outage by itself, however many
/// short ones there were.
const OUTAGE: f64 = 10.0;

/// Something that stands out.
pub(super) struct Point {
    pub(super) severity: Severity,
    /// In a few words, for where something else is said first.
    pub(super) name: String,
    pub(super) sentence: String,
    pub(super) next_step: String,
}

/// All of them; among equally severe ones the earlier speaks.
pub(super) fn points(analysis: &Analysis, thresholds: &Thresholds) -> Vec<Point> {
    let stop = stop_point(analysis, thresholds);
    let signs = signs_point(analysis, stop.is_some());
    let all = [
        crash_point(analysis),
        resemblance_point(analysis),
        change_point(analysis),
        leak_point(analysis),
        finding_point(analysis),
        lock_point(analysis),
        stop,
        signs,
    ];
    all.into_iter().flatten().collect()
}

/// The most severe report with a stack: an end before a recovered panic before a race before a dump, the last of equals.
fn crash_point(analysis: &Analysis) -> Option<Point> {
    let all = || analysis.inputs.iter().flat_map(|input| &input.crashes);
    let crash = all().max_by_key(|crash| rank(crash))?;
    let first_line = crash.message.lines().next().unwrap_or_default();
    let message = if first_line.is_empty() {
        String::new()
    } else {
        format!(": {first_line}")
    };
    let at = crash
        .place
        .as_ref()
        .map(|place| format!(", in {place}"))
        .unwrap_or_default();
    if crash.garbled_lines > 0 && crash.stack.len() < 2 {
        return Some(Point {
            severity: Severity::Info,
            name: "a dump that cannot be read".to_owned(),
            sentence: format!(
                "a dump ({first_line}) cannot be read: several processes wrote into it at once, in {} of its lines",
                count_text(crash.garbled_lines as f64)
            ),
            next_step:
                "give each process a file of its own for standard error, and take the dump again"
                    .to_owned(),
        });
    }
    let times = match crash.times {
        0 | 1 => String::new(),
        times => format!(", {} times", count_text(times as f64)),
    };
    let (severity, name, sentence, next_step) = match crash.cause.as_str() {
        _ if crash.ended == Some(true) => {
            let by = match crash.cause.as_str() {
                "exception" => "an exception".to_owned(),
                cause => format!("a {cause}"),
            };
            (
                Severity::Critical,
                format!("the end of a process by {by}"),
                format!("the process ended by {by}{message}{at}{times}"),
                "fix this first: every figure below is of a process that died of it",
            )
        }
        "recovered panic" => {
            let recovered: u64 = all()
                .filter(|it| it.cause == crash.cause)
                .map(|it| it.times)
                .sum();
            let others = match recovered {
                0 | 1 => String::new(),
                count => format!(" ({} in all)", count_text(count as f64)),
            };
            (
                Severity::Warn,
                "a recovered panic".to_owned(),
                format!("a panic was recovered and the process went on{message}{at}{others}"),
                "find why it panics: what the goroutine held or had half done stays as it is",
            )
        }
        "data race" => (
            Severity::Warn,
            "a data race".to_owned(),
            format!("the race detector reports a data race{message}{at}{times}"),
            "guard the access by a lock, a channel or an atomic; the two stacks are below",
        ),
        "goroutine dump" if all().count() > 0 && crash.ended.is_some() => (
            Severity::Info,
            "a dump of goroutines".to_owned(),
            format!(
                "there is a dump of {}",
                counted(
                    usize::try_from(crash.goroutines).unwrap_or(usize::MAX),
                    "goroutine"
                )
            ),
            "see below what the goroutines wait for; a group that is large and old is the one to look at",
        ),
        "goroutine dump" => return None,
        _ => (
            Severity::Info,
            "a dump of its goroutines".to_owned(),
            format!("the process was told to dump its goroutines ({first_line})"),
            "see below what the goroutines wait for; a group that is large and old is the one to look at",
        ),
    };
    Some(Point {
        severity,
        name,
        sentence,
        next_step: next_step.to_owned(),
    })
}

fn rank(crash: &CrashReport) -> u8 {
    match (crash.ended, crash.cause.as_str()) {
        (Some(true), _) => 4,
        (_, "recovered panic") => 3,
        (_, "data race") => 2,
        (None, "signal") => 1,
        _ => 0,
    }
}

/// Lines that begin like a crash and are none that can be read: they are named, so that silence means silence.
fn resemblance_point(analysis: &Analysis) -> Option<Point> {
    let resembling: u64 = analysis
        .inputs
        .iter()
        .filter_map(|input| input.resembling)
        .sum();
    (resembling > 0).then(|| Point {
        severity: Severity::Info,
        name: "lines that resemble a panic".to_owned(),
        sentence: format!(
            "{} begin like a panic or a dump, but no stack that can be read follows",
            counted(usize::try_from(resembling).unwrap_or(usize::MAX), "line")
        ),
        next_step: "look for `panic` in the log; if it is one, give the log as the process wrote it, without filters"
            .to_owned(),
    })
}

/// Of a difference: where most of it is.
fn change_point(analysis: &Analysis) -> Option<Point> {
    let change = analysis
        .inputs
        .iter()
        .flat_map(|input| &input.profiles)
        .find(|profile| profile.kind == "what changed")?;
    let table = change.places.as_ref().unwrap_or(&change.functions);
    let sentence = match table.lines.first() {
        Some(line) => {
            let sign = if line.flat > 0.0 { "+" } else { "" };
            format!(
                "the largest change is {sign}{} of {} in {}",
                table.measure.text(line.flat),
                table.measure.kind,
                line.function
            )
        }
        None => "nothing changed".to_owned(),
    };
    Some(Point {
        severity: Severity::Info,
        name: "what changed".to_owned(),
        sentence,
        next_step: "look at the flame graph of the difference (--html FILE): grey is what sampling explains"
            .to_owned(),
    })
}

fn leak_point(analysis: &Analysis) -> Option<Point> {
    let profiles = analysis.inputs.iter().flat_map(|input| &input.profiles);
    let leak = profiles
        .filter(|profile| profile.kind == profiles::word(ProfileKind::GoroutineLeak))
        .find(|profile| profile.functions.total > 0.0)?;
    let place = leak.places.as_ref().and_then(|places| places.lines.first());
    let place = place.map(|line| format!(", most of them at {}", line.function));
    Some(Point {
        severity: Severity::Warn,
        name: "leaked goroutines".to_owned(),
        sentence: format!(
            "{} goroutines are leaked: nothing can ever wake them{}",
            count_text(leak.functions.total),
            place.unwrap_or_default()
        ),
        next_step:
            "let them end: give the channel a buffer or a reader, or wait on a context as well"
                .to_owned(),
    })
}

fn finding_point(analysis: &Analysis) -> Option<Point> {
    let findings: Vec<_> = analysis
        .judgements
        .iter()
        .flat_map(|judgement| &judgement.findings)
        .collect();
    let worst = findings.iter().max_by_key(|finding| {
        (
            finding.severity,
            std::cmp::Reverse(
                findings
                    .iter()
                    .position(|other| std::ptr::eq(*other, **finding)),
            ),
        )
    })?;
    let others = match findings.len() - 1 {
        0 => String::new(),
        count => format!(", and {}", counted(count, "further finding")),
    };
    let next_step = worst.tries.first().map_or_else(
        || "read the findings below".to_owned(),
        |own| own.what.clone(),
    );
    Some(Point {
        severity: worst.severity,
        name: counted(findings.len(), "finding"),
        sentence: format!("{} ({}): {}{others}", worst.title, worst.rule, worst.signal),
        next_step,
    })
}

/// The contended lock, unless the finding of the rule says it already.
fn lock_point(analysis: &Analysis) -> Option<Point> {
    let mut findings = analysis.judgements.iter().flat_map(|own| &own.findings);
    if findings.any(|own| own.rule == LOCKS) {
        return None;
    }
    let worst = analysis.locks.as_ref()?.suspects.first()?;
    let (severity, shown) = match worst.verdict {
        LockVerdict::Confirmed => (Severity::Critical, "4 of 4 profiles show it"),
        LockVerdict::Likely => (Severity::Warn, "3 profiles show it"),
        _ => return None,
    };
    Some(Point {
        severity,
        name: "a contended lock".to_owned(),
        sentence: format!("{} waits for a contended lock: {shown}", worst.site),
        next_step: "hold it for less, or split it; no runtime setting fixes a lock".to_owned(),
    })
}

/// The longest stop, if it is beyond what is critical. A percentile needs many collections; one stop of seconds is a
/// fact after the first.
fn stop_point(analysis: &Analysis, thresholds: &Thresholds) -> Option<Point> {
    let mut findings = analysis.judgements.iter().flat_map(|own| &own.findings);
    if findings.any(|finding| finding.rule == STOPS && finding.severity == Severity::Critical) {
        return None;
    }
    let several_inputs = analysis.inputs.len() > 1;
    let processes = analysis.inputs.iter().flat_map(|input| {
        let several = input.processes.len() > 1;
        input.processes.iter().map(move |process| {
            let file = several_inputs.then(|| format!(" of {}", input.name));
            let number = several.then(|| format!(", process {}", process.number));
            let place = format!("{}{}", file.unwrap_or_default(), number.unwrap_or_default());
            (process, place)
        })
    });
    let (stop, place) = processes
        .filter_map(|(process, place)| Some((process.longest_stop?, place)))
        .max_by(|(a, _), (b, _)| a.stop_ms.total_cmp(&b.stop_ms))?;
    let critical_ms = thresholds.get(Threshold::G5Critical);
    if stop.stop_ms <= critical_ms {
        return None;
    }
    let phase = if stop.at_start {
        "before marking, which includes waiting for every P to stop"
    } else {
        "at the end of marking"
    };
    let length = milliseconds(stop.stop_ms);
    Some(Point {
        severity: if stop.stop_ms >= OUTAGE * critical_ms {
            Severity::Critical
        } else {
            // One stop of some ms is what a host makes that runs others meanwhile.
            Severity::Info
        },
        name: format!("a stop of the world of {length}"),
        sentence: format!(
            "GC {}{place} at {} s stopped the world for {length} {phase} ({STOPS} calls {} ms critical)",
            stop.collection,
            significant(stop.at_s),
            significant(critical_ms)
        ),
        next_step: "look first for GODEBUG=asyncpreemptoff=1, then for a CPU that is throttled (cpu.stat of its cgroup) \
                    or shared; schedtrace=100 together with gctrace shows what ran meanwhile"
            .to_owned(),
    })
}

/// Rules that were critical in too few samples for a finding: worth knowing, and no more for certain.
fn signs_point(analysis: &Analysis, stop_is_named: bool) -> Option<Point> {
    let severe = |sign: &&Once| {
        let named = stop_is_named && sign.rule == STOPS;
        sign.severity == Some(Severity::Critical) && !named
    };
    let signs = analysis.judgements.iter().flat_map(|own| &own.once);
    let signs: Vec<&Once> = signs.filter(severe).collect();
    let first = signs.first()?;
    let seen = first.evidence.first();
    let seen = seen.map_or_else(String::new, |seen| {
        format!(": {} ({})", seen.shows, seen.sample)
    });
    let others = match signs.len() - 1 {
        0 => String::new(),
        count => format!(", and {}", counted(count, "further critical sign")),
    };
    let mut rules: Vec<&str> = signs.iter().map(|sign| sign.rule.as_str()).collect();
    rules.dedup();
    Some(Point {
        severity: Severity::Info,
        name: format!("critical signs of {} in too few samples", listed(&rules)),
        sentence: format!(
            "{} ({}), critical but in too few samples to tell it from chance{seen}{others}",
            first.title, first.rule
        ),
        next_step: "observe it for longer: a finding needs the sign in three stretches of one log, or in two logs"
            .to_owned(),
    })
}
