//! What stands out, and what to do about it.

use std::collections::BTreeMap;

use gotrace::profile::ProfileKind;

use super::document::{Analysis, Severity};
use super::profiles;
use crate::advice;
use crate::figures::{count_text, counted};
use crate::profile::LockVerdict;

/// What stands out, the gravest first.
pub(super) fn verdict(analysis: &Analysis) -> (Severity, String, String) {
    let mut points: Vec<(Severity, String, String)> = Vec::new();
    points.extend(crash_point(analysis));
    points.extend(change_point(analysis));
    points.extend(leak_point(analysis));
    points.extend(finding_point(analysis));
    points.extend(lock_point(analysis));
    // The gravest speaks; among equals the first of the above.
    points.sort_by_key(|(severity, ..)| std::cmp::Reverse(*severity));
    let more = points.len().saturating_sub(1);
    let Some((severity, mut sentence, next)) = points.into_iter().next() else {
        return (
            Severity::Calm,
            calm_sentence(analysis),
            calm_next_step(analysis),
        );
    };
    if more > 0 {
        sentence.push_str(&format!("; {} below", counted(more, "further point")));
    }
    (severity, sentence, next)
}

fn crash_point(analysis: &Analysis) -> Option<(Severity, String, String)> {
    let input = analysis
        .inputs
        .iter()
        .find(|input| input.crashes.iter().any(|it| it.cause != "goroutine dump"))?;
    let crash = input.crashes.last()?;
    let first_line = crash.message.lines().next().unwrap_or_default();
    let at = crash
        .stack
        .iter()
        .find(|frame| !crate::profile::is_waiting_machinery(frame))
        .map(|frame| format!(", in {frame}"))
        .unwrap_or_default();
    let asked = ["SIGQUIT", "SIGABRT"]
        .iter()
        .any(|signal| crash.message.starts_with(signal));
    if asked {
        return Some((
            Severity::Info,
            format!("the process was told to dump its goroutines ({first_line})"),
            "see below what the goroutines wait for; a group that is large and old is the one to look at".to_owned(),
        ));
    }
    Some((
        Severity::Critical,
        format!("the process ended by a {}: {first_line}{at}", crash.cause),
        "fix this first: every figure below is of a process that died of it".to_owned(),
    ))
}

/// Of a difference: where most of it is.
fn change_point(analysis: &Analysis) -> Option<(Severity, String, String)> {
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
    Some((
        Severity::Info,
        sentence,
        "look at the flame graph of the difference (--html FILE): grey is what sampling explains"
            .to_owned(),
    ))
}

fn leak_point(analysis: &Analysis) -> Option<(Severity, String, String)> {
    let profiles = analysis.inputs.iter().flat_map(|input| &input.profiles);
    let leak = profiles
        .filter(|profile| profile.kind == profiles::word(ProfileKind::GoroutineLeak))
        .find(|profile| profile.functions.total > 0.0)?;
    let place = leak.places.as_ref().and_then(|places| places.lines.first());
    let place = place.map(|line| format!(", most of them at {}", line.function));
    Some((
        Severity::Warn,
        format!(
            "{} goroutines are leaked: nothing can ever wake them{}",
            count_text(leak.functions.total),
            place.unwrap_or_default()
        ),
        "let them end: give the channel a buffer or a reader, or wait on a context as well"
            .to_owned(),
    ))
}

fn finding_point(analysis: &Analysis) -> Option<(Severity, String, String)> {
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
    let severity = match worst.severity {
        advice::Severity::Critical => Severity::Critical,
        advice::Severity::Warn => Severity::Warn,
        advice::Severity::Info => Severity::Info,
    };
    let next = worst.tries.first().map_or_else(
        || "read the findings below".to_owned(),
        |own| own.what.clone(),
    );
    Some((
        severity,
        format!("{} ({}): {}{others}", worst.title, worst.rule, worst.signal),
        next,
    ))
}

fn lock_point(analysis: &Analysis) -> Option<(Severity, String, String)> {
    let worst = analysis.locks.as_ref()?.suspects.first()?;
    let (severity, shown) = match worst.verdict {
        LockVerdict::Confirmed => (Severity::Critical, "4 of 4 profiles show it"),
        LockVerdict::Likely => (Severity::Warn, "3 profiles show it"),
        _ => return None,
    };
    Some((
        severity,
        format!("{} waits for a contended lock: {shown}", worst.site),
        "hold it for less, or split it; no runtime setting cures a lock".to_owned(),
    ))
}

fn calm_sentence(analysis: &Analysis) -> String {
    let judged: usize = analysis.judgements.iter().map(|own| own.quiet.len()).sum();
    let once: usize = analysis.judgements.iter().map(|own| own.once.len()).sum();
    let tried = match judged + once {
        0 => "no rule of the advisor reads input of this kind".to_owned(),
        rules => format!("{} looked, none fired", counted(rules, "rule")),
    };
    match once {
        0 => format!("nothing stands out; {tried}"),
        count => format!(
            "nothing stands out for sure; {tried}, {} in too few samples",
            counted(count, "sign")
        ),
    }
}

fn calm_next_step(analysis: &Analysis) -> String {
    let mut lacking: BTreeMap<&str, usize> = BTreeMap::new();
    for judgement in &analysis.judgements {
        for missing in judgement.not_judged.iter().flat_map(|own| &own.missing) {
            *lacking.entry(missing).or_default() += 1;
        }
    }
    // Only what a person can add to a service that is not ours.
    let addable = |name: &&str| {
        ["gctrace", "schedtrace", "profile"]
            .iter()
            .any(|word| name.contains(word))
    };
    let most = lacking
        .iter()
        .filter(|(name, _)| addable(name))
        .max_by_key(|(_, count)| **count);
    match most {
        Some((name, count)) => format!(
            "add {name}: {} could then judge as well",
            counted(*count, "rule")
        ),
        None => {
            "put the service into a matrix and measure: `gosweep run` tells what a setting is worth"
                .to_owned()
        }
    }
}
