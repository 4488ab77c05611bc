//! Holds evidence against the catalogue: which rules fire, which are quiet, and which could not be judged.
//!
//! Main function: [`judge`]. A rule fires only if it holds in three samples of one trial (or file), or in two trials:
//! one odd window is chance. A finding whose figures another cause explains gives way to the rule of that cause
//! ([`Rival`]). Both live here and nowhere else; a sign that needs no second says so itself
//! ([`Sign::suffices`]).

use std::collections::{BTreeMap, BTreeSet};

use documents::finding::{
    Explained, Family, Finding, Held, Judgement, NotJudged, Once, Seen, Severity,
};
use record::threshold::Thresholds;

use crate::catalogue;
use crate::defects;
use crate::evidence::{RuleEvidence, Sample};
use crate::rule::{Check, Look, Reading, Rival, Rule, Series, Sign, Whole};
use crate::signal::Signal;

/// Samples of one origin in which a rule must hold, where no second origin shows it.
const SAMPLES_OF_ONE: usize = 3;
/// Origins in which a rule must hold.
const ORIGINS: usize = 2;
/// The most samples that a finding lists.
const MOST_SEEN: usize = 8;

/// Judges a subject by the whole catalogue.
#[must_use]
pub fn judge(evidence: &RuleEvidence, thresholds: &Thresholds) -> Judgement {
    let mut judgement = Judgement {
        subject: evidence.subject.name.clone(),
        valid: true,
        findings: Vec::new(),
        quiet: Vec::new(),
        once: Vec::new(),
        not_judged: Vec::new(),
        explained: Vec::new(),
    };
    for rule in catalogue::rules() {
        match outcome(rule, evidence, thresholds) {
            Outcome::Fires(finding) => judgement.findings.push(*finding),
            Outcome::Once(shown) => judgement.once.push(Once {
                rule: rule.id.to_owned(),
                title: rule.title.to_owned(),
                severity: shown.iter().map(|own| own.sign.severity).max(),
                evidence: worst_first(shown),
            }),
            Outcome::Quiet => judgement.quiet.push(rule.id.to_owned()),
            Outcome::NotJudged(missing) => judgement.not_judged.push(NotJudged {
                rule: rule.id.to_owned(),
                title: rule.title.to_owned(),
                missing,
            }),
        }
    }
    give_way(&mut judgement);
    defects::add(&evidence.subject, &mut judgement);
    let invalidates = |finding: &Finding| {
        finding.family == Family::Validity && finding.severity == Severity::Critical
    };
    judgement.valid = !judgement.findings.iter().any(invalidates);
    // A stable sort: within a severity the catalogue's order stays.
    judgement.findings.sort_by_key(|finding| {
        let validity = finding.family == Family::Validity;
        (!validity, std::cmp::Reverse(finding.severity))
    });
    judgement
}

/// Takes out findings whose figures a rival cause explains, and names that.
fn give_way(judgement: &mut Judgement) {
    let holds = |rule: &str| {
        let mut fired = judgement.findings.iter();
        fired.any(|own| own.rule == rule && own.severity >= Severity::Warn)
    };
    let explained_by: BTreeMap<&str, &str> = catalogue::rules()
        .filter_map(|rule| {
            let mut rivals = rule.rivals.iter().filter_map(|own| own.rule);
            Some((rule.id, rivals.find(|rival| holds(rival))?))
        })
        .collect();
    let findings = std::mem::take(&mut judgement.findings);
    for finding in findings {
        match explained_by.get(finding.rule.as_str()) {
            Some(by) => judgement.explained.push(Explained {
                rule: finding.rule,
                title: finding.title,
                shows: finding.signal,
                by: (*by).to_owned(),
            }),
            None => judgement.findings.push(finding),
        }
    }
    // What held too seldom to tell is explained as well.
    let once = std::mem::take(&mut judgement.once);
    for own in once {
        match explained_by.get(own.rule.as_str()) {
            Some(by) => judgement.explained.push(Explained {
                shows: own
                    .evidence
                    .first()
                    .map_or_else(String::new, |seen| seen.shows.clone()),
                rule: own.rule,
                title: own.title,
                by: (*by).to_owned(),
            }),
            None => judgement.once.push(own),
        }
    }
}

/// The other causes that nothing of the subject decides about.
fn undecided(rule: &Rule, evidence: &RuleEvidence) -> Vec<&'static Rival> {
    let there = |signal: &Signal| {
        let mut samples = evidence.samples.iter();
        samples.any(|sample| signal.is_there(evidence, sample))
    };
    let rivals = rule.rivals.iter();
    let open = rivals.filter(|own| !own.needs.is_empty());
    open.filter(|own| !own.needs.iter().any(there)).collect()
}

enum Outcome {
    Fires(Box<Finding>),
    Once(Vec<Shown>),
    Quiet,
    NotJudged(Vec<String>),
}

/// A sign and where it was seen.
struct Shown {
    sample: String,
    origin: String,
    sign: Sign,
}

/// What was read of a rule's signals.
struct Readings {
    shown: Vec<Shown>,
    judged: usize,
    /// Whether the rule knows by itself how often is enough.
    conclusive: bool,
}

fn outcome(rule: &Rule, evidence: &RuleEvidence, thresholds: &Thresholds) -> Outcome {
    let readings = match read(rule, evidence, thresholds) {
        Ok(readings) => readings,
        Err(missing) => return Outcome::NotJudged(missing),
    };
    if readings.shown.is_empty() {
        return Outcome::Quiet;
    }
    let lasting = |least: Severity| {
        let severe = readings.shown.iter();
        let severe: Vec<&Shown> = severe.filter(|own| own.sign.severity >= least).collect();
        let suffices = readings.conclusive || severe.iter().any(|own| own.sign.suffices);
        !severe.is_empty() && (suffices || lasts(&severe))
    };
    let severity = [Severity::Critical, Severity::Warn, Severity::Info]
        .into_iter()
        .find(|severity| lasting(*severity));
    match severity {
        Some(severity) => Outcome::Fires(Box::new(finding(rule, evidence, readings, severity))),
        None => Outcome::Once(readings.shown),
    }
}

/// The rule of three samples or two trials.
fn lasts(shown: &[&Shown]) -> bool {
    let mut by_origin: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for own in shown {
        by_origin
            .entry(&own.origin)
            .or_default()
            .insert(&own.sample);
    }
    by_origin.len() >= ORIGINS || by_origin.values().any(|own| own.len() >= SAMPLES_OF_ONE)
}

/// Reads a rule's signals, or says what is missing.
fn read(
    rule: &Rule,
    evidence: &RuleEvidence,
    thresholds: &Thresholds,
) -> Result<Readings, Vec<String>> {
    // What needs no sample is judged alongside an empty one.
    let nothing = Sample::default();
    let mut samples: Vec<&Sample> = evidence.samples.iter().collect();
    // Beside a diagnosis too, which may be all that a subject without a valid trial has.
    if rule.family == Family::Validity {
        samples.extend(&evidence.invalid);
    }
    if samples.is_empty() {
        samples.push(&nothing);
    }
    let is_there = |signal: &Signal, sample: &Sample| signal.is_there(evidence, sample);
    let usable: Vec<&Sample> = samples
        .iter()
        .copied()
        .filter(|sample| rule.needs.iter().all(|signal| is_there(signal, sample)))
        .collect();
    if usable.is_empty() {
        let nowhere = |signal: &&Signal| !samples.iter().any(|own| is_there(signal, own));
        let missing: Vec<&Signal> = rule.needs.iter().filter(nowhere).collect();
        // Each is there somewhere, but nowhere all at once.
        let missing = if missing.is_empty() {
            rule.needs.iter().collect()
        } else {
            missing
        };
        let words = missing.into_iter().map(|signal| signal.describe());
        return Err(words.map(str::to_owned).collect());
    }
    match rule.check {
        Check::Sample(check) => by_sample(evidence, thresholds, &usable, check),
        Check::Series(check) => by_origin(evidence, thresholds, &usable, check),
        Check::Whole(check) => match check(evidence, thresholds) {
            Whole::TooLittle(what) => Err(vec![what.to_owned()]),
            Whole::Signs(signs) => {
                let shown = signs.into_iter().map(|(sample, sign)| Shown {
                    origin: sample.clone(),
                    sample,
                    sign,
                });
                let shown: Vec<Shown> = shown.collect();
                Ok(Readings {
                    judged: shown.len(),
                    shown,
                    conclusive: true,
                })
            }
        },
    }
}

fn by_sample(
    evidence: &RuleEvidence,
    thresholds: &Thresholds,
    usable: &[&Sample],
    check: fn(&Look<'_>) -> Reading,
) -> Result<Readings, Vec<String>> {
    let readings = usable.iter().map(|sample| {
        let reading = check(&Look {
            subject: &evidence.subject,
            sample,
            evidence,
            thresholds,
        });
        (vec![*sample], reading)
    });
    gathered(readings)
}

fn by_origin(
    evidence: &RuleEvidence,
    thresholds: &Thresholds,
    usable: &[&Sample],
    check: fn(&Series<'_>) -> Reading,
) -> Result<Readings, Vec<String>> {
    let mut origins: Vec<(&str, Vec<&Sample>)> = Vec::new();
    for &sample in usable {
        match origins.iter_mut().find(|(name, _)| *name == sample.origin) {
            Some((_, own)) => own.push(sample),
            None => origins.push((&sample.origin, vec![sample])),
        }
    }
    let readings = origins.into_iter().map(|(_, samples)| {
        let reading = check(&Series {
            samples: &samples,
            evidence,
            thresholds,
        });
        (samples, reading)
    });
    gathered(readings)
}

/// Signs with the samples that they count for; what there was too little of, where that holds for all.
fn gathered<'a>(
    readings: impl Iterator<Item = (Vec<&'a Sample>, Reading)>,
) -> Result<Readings, Vec<String>> {
    let mut shown = Vec::new();
    let mut judged = 0;
    let mut wanting = BTreeSet::new();
    for (samples, reading) in readings {
        match reading {
            Reading::TooLittle(what) => {
                wanting.insert(what);
                continue;
            }
            Reading::Clear => {}
            Reading::Holds(sign) => shown.extend(samples.iter().map(|sample| Shown {
                sample: sample.name.clone(),
                origin: sample.origin.clone(),
                sign: sign.clone(),
            })),
        }
        judged += samples.len();
    }
    if judged == 0 {
        return Err(wanting.into_iter().map(str::to_owned).collect());
    }
    Ok(Readings {
        shown,
        judged,
        conclusive: false,
    })
}

fn finding(
    rule: &Rule,
    evidence: &RuleEvidence,
    readings: Readings,
    severity: Severity,
) -> Finding {
    let mut shown = readings.shown;
    shown.sort_by(|a, b| b.sign.value.total_cmp(&a.sign.value));
    // The middle sample of those that are as severe as the finding speaks for them.
    let severe: Vec<&Shown> = shown
        .iter()
        .filter(|own| own.sign.severity >= severity)
        .collect();
    let typical = &severe[severe.len() / 2].sign;
    let origins: BTreeSet<&str> = shown.iter().map(|own| own.origin.as_str()).collect();
    let remedy = (rule.remedy)(&evidence.subject, typical);
    Finding {
        rule: rule.id.to_owned(),
        family: rule.family,
        title: rule.title.to_owned(),
        severity,
        signal: format!("{} ({})", typical.shows, typical.bound),
        held: Held {
            samples: shown.len(),
            of: readings.judged,
            origins: origins.len(),
        },
        cause: remedy.cause,
        tries: remedy.tries,
        does_not_apply: remedy.does_not_apply,
        not_ruled_out: undecided(rule, evidence)
            .into_iter()
            .map(|rival| {
                let needs: Vec<&str> = rival.needs.iter().map(|own| own.describe()).collect();
                format!(
                    "{}: {}; needs {}",
                    rival.cause,
                    rival.decided_by,
                    needs.join(" or ")
                )
            })
            .collect(),
        versions: rule.versions.to_owned(),
        source: rule.source.to_owned(),
        evidence: worst_first(shown),
    }
}

fn worst_first(mut shown: Vec<Shown>) -> Vec<Seen> {
    shown.sort_by(|a, b| b.sign.value.total_cmp(&a.sign.value));
    shown.truncate(MOST_SEEN);
    let seen = shown.into_iter().map(|own| Seen {
        sample: own.sample,
        shows: own.sign.shows,
    });
    seen.collect()
}

#[cfg(test)]
#[path = "judge_tests.rs"]
mod tests;
