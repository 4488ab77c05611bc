//! What a rule is: a pure function from evidence to a reading, with the words of its advice.
//!
//! Main type: [`Rule`]. Whether a reading holds often enough is [`crate::judge`]'s, in one place for all rules.

use documents::finding::{Family, Severity, Try};
use record::threshold::{Threshold, Thresholds};

use crate::evidence::{RuleEvidence, Sample, Subject};
use crate::signal::Signal;

/// One rule of the catalogue.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// Its stable id, e.g. `G1`.
    pub id: &'static str,
    /// What it says when it fires.
    pub title: &'static str,
    /// Its family.
    pub family: Family,
    /// What it needs to see, all of it in one sample.
    pub needs: &'static [Signal],
    /// What else would show the same figures, with what decides.
    pub rivals: &'static [Rival],
    /// Go versions that it holds for.
    pub versions: &'static str,
    /// Where that is known from.
    pub source: &'static str,
    /// How it is judged.
    pub(crate) check: Check,
    /// Its advice, given what was seen.
    pub(crate) remedy: fn(&Subject, &Sign) -> Remedy,
}

/// Another cause of the figures that a rule fires on.
#[derive(Debug, Clone, Copy)]
pub struct Rival {
    /// The other cause.
    pub cause: &'static str,
    /// What tells the two apart, for a reader.
    pub decided_by: &'static str,
    /// The rule that fires where it is the other cause: this one then gives way to it. `None` where the rule itself
    /// looks at what decides.
    pub rule: Option<&'static str>,
    /// Any of these is enough to decide, and without any the finding says that the cause is not ruled out; none where
    /// what the rule needs decides already.
    pub needs: &'static [Signal],
}

impl Rival {
    /// A cause that has a rule of its own, to which this one gives way.
    pub(crate) const fn by(
        rule: &'static str,
        cause: &'static str,
        decided_by: &'static str,
        needs: &'static [Signal],
    ) -> Rival {
        Rival {
            cause,
            decided_by,
            rule: Some(rule),
            needs,
        }
    }

    /// A cause that the rule itself looks for.
    pub(crate) const fn within(
        cause: &'static str,
        decided_by: &'static str,
        needs: &'static [Signal],
    ) -> Rival {
        Rival {
            cause,
            decided_by,
            rule: None,
            needs,
        }
    }
}

/// How a rule is judged.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Check {
    /// Sample by sample.
    Sample(fn(&Look<'_>) -> Reading),
    /// Over the samples of one trial or file, in order; a sign counts for each of them.
    Series(fn(&Series<'_>) -> Reading),
    /// Over all of it, by statistics that know how often is enough.
    Whole(fn(&RuleEvidence, &Thresholds) -> Whole),
}

/// One sample, and what it is judged by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look<'a> {
    pub(crate) subject: &'a Subject,
    pub(crate) sample: &'a Sample,
    /// Everything else of the subject: what another sample shows may decide.
    pub(crate) evidence: &'a RuleEvidence,
    pub(crate) thresholds: &'a Thresholds,
}

/// The samples of one origin.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Series<'a> {
    pub(crate) samples: &'a [&'a Sample],
    /// See [`Look::evidence`].
    pub(crate) evidence: &'a RuleEvidence,
    pub(crate) thresholds: &'a Thresholds,
}

/// What one look shows.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Reading {
    /// The signals are there, the numbers are too few: this many of that would do.
    TooLittle(&'static str),
    /// Nothing.
    Clear,
    /// The rule holds.
    Holds(Sign),
}

/// What a look over everything shows: the trials with their signs.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Whole {
    /// As [`Reading::TooLittle`].
    TooLittle(&'static str),
    /// Signs with the trial or comparison that shows each; empty for none.
    Signs(Vec<(String, Sign)>),
}

/// A rule that holds in one place.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Sign {
    /// How severe.
    pub(crate) severity: Severity,
    /// How far, the larger the worse; orders samples.
    pub(crate) value: f64,
    /// The numbers, e.g. `31.2 GC cycles/s`.
    pub(crate) shows: String,
    /// The bound that they are beyond, e.g. `critical above 25/s`.
    pub(crate) bound: String,
    /// What else the sample says that the advice needs, e.g. how far GOGC may go under the cap.
    pub(crate) hint: Option<String>,
    /// Whether one sample with it is enough: a profile is hundreds of samples by itself, a readback is a fact.
    pub(crate) suffices: bool,
}

/// The words of an advice.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Remedy {
    /// The likely cause.
    pub(crate) cause: String,
    /// What to try, the cheapest first.
    pub(crate) tries: Vec<Try>,
    /// When it does not apply.
    pub(crate) does_not_apply: String,
}

impl RuleEvidence {
    /// What the profiles of the subject show, from the first sample that has what is asked for.
    pub(crate) fn profiled<'a, T>(
        &'a self,
        get: impl Fn(&'a crate::evidence::Profiles) -> Option<T>,
    ) -> Option<T> {
        let mut all = self.samples.iter().filter_map(|own| own.profiles.as_ref());
        all.find_map(get)
    }
}

impl Look<'_> {
    /// The value of a threshold.
    pub(crate) fn bound(&self, threshold: Threshold) -> f64 {
        self.thresholds.get(threshold)
    }

    /// Grades a figure for which more is worse.
    pub(crate) fn above(&self, figure: Figure, bounds: &[(Severity, Threshold)]) -> Reading {
        above(self.thresholds, figure, bounds)
    }
}

/// A figure and its words.
#[derive(Debug, Clone)]
pub(crate) struct Figure {
    pub(crate) value: f64,
    /// The numbers for a person.
    pub(crate) shows: String,
    /// How a bound of this figure is written.
    pub(crate) unit: fn(f64) -> String,
}

/// Grades a figure for which more is worse: the most severe bound that it exceeds.
pub(crate) fn above(
    thresholds: &Thresholds,
    figure: Figure,
    bounds: &[(Severity, Threshold)],
) -> Reading {
    let exceeded = bounds
        .iter()
        .filter(|(_, threshold)| figure.value > thresholds.get(*threshold))
        .max_by_key(|(severity, _)| *severity);
    let Some((severity, threshold)) = exceeded else {
        return Reading::Clear;
    };
    let bound = (figure.unit)(thresholds.get(*threshold));
    Reading::Holds(Sign {
        severity: *severity,
        value: figure.value,
        bound: format!("{} above {bound}", severity.word()),
        shows: figure.shows,
        hint: None,
        suffices: false,
    })
}

impl Reading {
    /// A sign at a severity, with the bound in words.
    pub(crate) fn holds(severity: Severity, value: f64, shows: String, bound: String) -> Reading {
        Reading::Holds(Sign {
            severity,
            value,
            shows,
            bound,
            hint: None,
            suffices: false,
        })
    }

    /// The same reading, of which one is enough.
    pub(crate) fn that_suffices(self) -> Reading {
        match self {
            Reading::Holds(sign) => Reading::Holds(Sign {
                suffices: true,
                ..sign
            }),
            other => other,
        }
    }

    /// The same reading with what else the advice needs.
    pub(crate) fn with_hint(self, hint: impl FnOnce() -> Option<String>) -> Reading {
        match self {
            Reading::Holds(sign) => Reading::Holds(Sign {
                hint: hint(),
                ..sign
            }),
            other => other,
        }
    }
}

impl Remedy {
    /// Cause, tries and where they do not apply.
    pub(crate) fn new(
        cause: impl Into<String>,
        tries: Vec<Try>,
        does_not_apply: impl Into<String>,
    ) -> Remedy {
        Remedy {
            cause: cause.into(),
            tries,
            does_not_apply: does_not_apply.into(),
        }
    }
}

/// Bounds of the two usual severities.
pub(crate) const fn warn_and_critical(
    warn: Threshold,
    critical: Threshold,
) -> [(Severity, Threshold); 2] {
    [(Severity::Warn, warn), (Severity::Critical, critical)]
}
