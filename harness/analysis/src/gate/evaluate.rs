//! The rules applied to a run.

use record::objective::Objective;
use record::run::Run;
use record::trial::Trial;
use stats::{Alternative, correction, paired};

use super::document::{Check, GATE_FORMAT, GateOutcome, GateReport, TargetGate};
use super::rules::{Demand, Relation, Rule, Rules};
use crate::comparison::{
    self, CompareOptions, Detectable, Judgement, Matched, Measured, Question, Selector, cell_pairs,
    change, doubts, level_of_each, match_within_run, outcomes, side,
};
use crate::error::AnalysisError;
use crate::figures::{NOT_OBSERVED, counted, listed, on_scale_text, p_text, value_text};
use crate::rank::Column;

/// What a gate is made of.
#[derive(Debug, Clone, Copy)]
pub struct GateRequest<'a> {
    /// The run.
    pub run: &'a Run,
    /// Its trials, in any order.
    pub trials: &'a [Trial],
    /// The rules.
    pub rules: &'a Rules,
    /// What to compare against.
    pub baseline: &'a Selector,
    /// What to judge; the only cell beside the control where it is `None`.
    pub candidate: Option<&'a Selector>,
    /// Level, power, target and tool; margins come from the rules.
    pub options: &'a CompareOptions,
}

/// Judges a run.
///
/// # Errors
/// [`AnalysisError`]: a side that names nothing or too much, or a record that contradicts itself.
pub fn gate(request: &GateRequest<'_>) -> Result<GateReport, AnalysisError> {
    comparison::check(request.options)?;
    let measured = Measured::new(request.run, request.trials)?;
    let matched = matched(&measured, request)?;
    let mut found: Vec<(usize, Finding)> = Vec::new();
    let detectable = Detectable::new(request.options.power);
    for (at, own) in matched.iter().enumerate() {
        let judge = Judge {
            matched: own,
            options: request.options,
            detectable: &detectable,
        };
        found.push((at, judge.does_its_job()));
        let by_rules = request.rules.rules.iter().flat_map(|rule| judge.rule(rule));
        found.extend(by_rules.map(|finding| (at, finding)));
    }
    let alpha = (1.0 - request.options.level) / 2.0;
    let tests = correct(&mut found, alpha);
    // A pair by itself is too little to pass anything by; what speaks against it is told.
    found.retain(|(_, own)| !own.is_pair || own.check.outcome != GateOutcome::Passed);
    let targets: Vec<TargetGate> = matched
        .iter()
        .enumerate()
        .map(|(at, own)| {
            let checks: Vec<Check> = found
                .iter()
                .filter(|(target, _)| *target == at)
                .map(|(_, finding)| finding.check.clone())
                .collect();
            TargetGate {
                target: own.target().to_owned(),
                baseline: own.baseline_text.clone(),
                candidate: own.candidate_text.clone(),
                outcome: gravest(&checks),
                checks,
                cells: cell_pairs(own),
            }
        })
        .collect();
    let outcome = targets.iter().map(|target| target.outcome).max();
    let mut warnings = doubts(&measured, &matched);
    crate::warnings::sort(&mut warnings);
    Ok(GateReport {
        format: GATE_FORMAT,
        outcome: outcome.unwrap_or(GateOutcome::Invalid),
        headline: headline(&targets),
        rules: request.rules.file.clone(),
        why: request.rules.why.clone(),
        run: side(request.baseline.to_string(), request.run),
        targets,
        tests,
        warnings,
        tool: request.options.tool.clone(),
    })
}

/// The sides, target by target.
fn matched<'a>(
    measured: &'a Measured<'a>,
    request: &GateRequest<'_>,
) -> Result<Vec<Matched<'a>>, AnalysisError> {
    let only = request.options.target.as_deref();
    if let Some(candidate) = request.candidate {
        return match_within_run(measured, request.baseline, candidate, only);
    }
    let mut all = Vec::new();
    for evidence in &measured.evidences {
        if only.is_some_and(|only| only != evidence.target) {
            continue;
        }
        let beside: Vec<String> = evidence
            .cells
            .iter()
            .filter(|cell| !cell.cell.control)
            .map(|cell| cell.cell.id.to_string())
            .collect();
        let [only_one] = beside.as_slice() else {
            return Err(AnalysisError::Side {
                side: "--candidate".to_owned(),
                reason: format!(
                    "must say which cell is judged: {} has {} beside its control ({})",
                    evidence.target,
                    counted(beside.len(), "cell"),
                    listed(&beside)
                ),
            });
        };
        let candidate = Selector::Id(only_one.clone());
        let target = Some(evidence.target);
        all.extend(match_within_run(
            measured,
            request.baseline,
            &candidate,
            target,
        )?);
    }
    if all.is_empty() {
        // The target that was asked for does not exist; the matching says so.
        return match_within_run(measured, request.baseline, &Selector::Control, only);
    }
    Ok(all)
}

/// A check and the p-value of "it is broken", not yet corrected.
struct Finding {
    check: Check,
    p: Option<f64>,
    /// Whether it is one of several pairs of cells, judged beside all of them together.
    is_pair: bool,
}

struct Judge<'j> {
    matched: &'j Matched<'j>,
    options: &'j CompareOptions,
    detectable: &'j Detectable,
}

impl Judge<'_> {
    /// The rule that every gate has: the candidate answers where the baseline does.
    fn does_its_job(&self) -> Finding {
        let trials = outcomes(self.matched);
        let (outcome, measured) = match trials.judgement() {
            None => (
                GateOutcome::Passed,
                format!("{} valid trials, none failed", trials.candidate.valid),
            ),
            Some((Judgement::Regressed, why)) => (GateOutcome::Failed, why),
            Some((Judgement::Invalid, why)) => (GateOutcome::Invalid, why),
            Some((_, why)) => (GateOutcome::Inconclusive, why),
        };
        Finding {
            check: Check {
                outcome,
                measured,
                n: trials.candidate.valid,
                ..empty("no trial fails that the baseline does not", None, None)
            },
            p: None,
            is_pair: false,
        }
    }

    fn rule(&self, rule: &Rule) -> Vec<Finding> {
        let columns = self.matched.columns(rule.objective);
        match rule.demand {
            Demand::NoWorse(margin) => self.no_worse_together_and_alone(rule, &columns, margin),
            Demand::Limit(relation, limit) => columns
                .iter()
                .zip(&self.matched.labels)
                .map(|((_, candidate), label)| {
                    let mut finding = self.limit(rule, candidate, relation, limit);
                    finding.check.cell.clone_from(label);
                    finding
                })
                .collect(),
        }
    }

    /// All pairs of cells together, and each by itself, so that the mean over all does not hide a bad one.
    fn no_worse_together_and_alone(
        &self,
        rule: &Rule,
        columns: &[(Column, Column)],
        margin: f64,
    ) -> Vec<Finding> {
        let mut findings = vec![self.no_worse(rule, columns, margin, self.options.level)];
        let several = columns.len();
        if several > 1 {
            let level = level_of_each(self.options.level, several);
            let pairs = columns.chunks(1).zip(&self.matched.labels);
            findings.extend(pairs.map(|(pair, label)| {
                let mut finding = self.no_worse(rule, pair, margin, level);
                finding.is_pair = true;
                let check = &mut finding.check;
                check.cell.clone_from(label);
                (check.more_blocks, check.reason) = (None, None);
                if check.outcome != GateOutcome::Failed {
                    check.outcome = GateOutcome::Passed;
                }
                finding
            }));
        }
        findings
    }

    fn no_worse(
        &self,
        rule: &Rule,
        columns: &[(Column, Column)],
        margin: f64,
        level: f64,
    ) -> Finding {
        let objective = rule.objective;
        let question = Question {
            objective,
            columns,
            margin,
            level,
            noise: self.matched.noise(objective, self.options.level),
            advise: level == self.options.level,
        };
        let change = change(self.matched, &question, self.options, self.detectable);
        let worst = change.bar.worst();
        let towards_bad = if objective.orientation() > 0.0 {
            Alternative::Less
        } else {
            Alternative::Greater
        };
        let figures = change.figures;
        let measured = figures.effect.map_or_else(
            || NOT_OBSERVED.to_owned(),
            |effect| on_scale_text(objective, figures.scale, effect, figures.interval),
        );
        Finding {
            check: Check {
                outcome: match figures.verdict {
                    Some(Judgement::Regressed) => GateOutcome::Failed,
                    Some(Judgement::NoWorse | Judgement::Improved) => GateOutcome::Passed,
                    _ => GateOutcome::Inconclusive,
                },
                measured,
                estimate: figures.effect,
                interval: figures.interval,
                method: figures.method,
                n: figures.n[1],
                more_blocks: figures.more_blocks,
                reason: figures.reason,
                ..empty(&rule.text, Some(rule.line), Some(objective))
            },
            p: change.sample.beyond_p(worst, towards_bad),
            is_pair: false,
        }
    }

    /// A limit, judged by the interval of the typical trial's value.
    fn limit(&self, rule: &Rule, candidate: &Column, relation: Relation, limit: f64) -> Finding {
        let objective = rule.objective;
        let values: Vec<f64> = candidate.values().copied().collect();
        let by_ratio = limit > 0.0 && values.iter().all(|value| *value > 0.0);
        let on_scale = |value: f64| if by_ratio { value.ln() } else { value };
        let back = |value: f64| if by_ratio { value.exp() } else { value };
        let scaled: Vec<f64> = values.iter().map(|value| on_scale(*value)).collect();
        let beyond: Vec<f64> = scaled.iter().map(|value| value - on_scale(limit)).collect();
        let towards_bad = match relation {
            Relation::Below | Relation::AtMost => Alternative::Greater,
            Relation::Above | Relation::AtLeast => Alternative::Less,
        };
        let p = paired::t_test(&beyond, towards_bad)
            .ok()
            .map(|test| test.p_value);
        let check = empty(&rule.text, Some(rule.line), Some(objective));
        let Ok(estimate) = paired::estimate(&scaled, self.options.level) else {
            let reason = match values.len() {
                0 => "not observed",
                _ => "a single trial has no interval",
            };
            let measured = values.first().map(|value| value_text(objective, *value));
            return Finding {
                check: Check {
                    outcome: GateOutcome::Inconclusive,
                    measured: measured.unwrap_or_else(|| NOT_OBSERVED.to_owned()),
                    n: values.len(),
                    reason: Some(reason.to_owned()),
                    ..check
                },
                p: None,
                is_pair: false,
            };
        };
        let [low, point, high] = [estimate.low, estimate.point, estimate.high].map(back);
        let text = |value| value_text(objective, value);
        Finding {
            check: Check {
                outcome: keeps(relation, limit, low, high),
                measured: format!("{} [{}, {}]", text(point), text(low), text(high)),
                estimate: Some(point),
                interval: Some([low, high]),
                method: Some(estimate.method.label().to_owned()),
                n: values.len(),
                ..check
            },
            p,
            is_pair: false,
        }
    }
}

fn empty(rule: &str, line: Option<usize>, objective: Option<Objective>) -> Check {
    Check {
        rule: rule.to_owned(),
        line,
        objective,
        cell: String::new(),
        outcome: GateOutcome::Passed,
        measured: String::new(),
        estimate: None,
        interval: None,
        method: None,
        n: 0,
        p: None,
        more_blocks: None,
        reason: None,
    }
}

/// Whether an interval lies on the right side of a limit, on the wrong one, or on both.
fn keeps(relation: Relation, limit: f64, low: f64, high: f64) -> GateOutcome {
    let (kept, broken) = match relation {
        Relation::Below => (high < limit, low >= limit),
        Relation::AtMost => (high <= limit, low > limit),
        Relation::Above => (low > limit, high <= limit),
        Relation::AtLeast => (low >= limit, high < limit),
    };
    match (kept, broken) {
        (true, _) => GateOutcome::Passed,
        (_, true) => GateOutcome::Failed,
        _ => GateOutcome::Inconclusive,
    }
}

/// Writes the Holm-adjusted p-values into the checks, and takes back failures that they do not bear out. Answers how
/// many tests there were.
fn correct(found: &mut [(usize, Finding)], alpha: f64) -> usize {
    let family: Vec<f64> = found.iter().filter_map(|(_, own)| own.p).collect();
    let adjusted = correction::holm(&family).unwrap_or_default();
    let tests = found.iter_mut().filter(|(_, own)| own.p.is_some());
    for ((_, own), p) in tests.zip(adjusted) {
        let check = &mut own.check;
        check.p = Some(p);
        if check.outcome == GateOutcome::Failed && p > alpha {
            check.outcome = GateOutcome::Inconclusive;
            check.reason = Some(format!(
                "the interval lies beyond the limit, but over {} p is {}",
                counted(family.len(), "test"),
                p_text(p)
            ));
        }
    }
    family.len()
}

fn gravest(checks: &[Check]) -> GateOutcome {
    let outcomes = checks.iter().map(|check| check.outcome);
    outcomes.max().unwrap_or(GateOutcome::Invalid)
}

fn headline(targets: &[TargetGate]) -> String {
    let lines: Vec<(String, String)> = targets
        .iter()
        .map(|target| {
            let with = |outcome| {
                let own = target
                    .checks
                    .iter()
                    .filter(move |own| own.outcome == outcome);
                own.count()
            };
            let mut parts = vec![format!(
                "{} of {} kept",
                with(GateOutcome::Passed),
                counted(target.checks.len(), "rule")
            )];
            for (outcome, word) in [
                (GateOutcome::Failed, "broken"),
                (GateOutcome::Inconclusive, "undecided"),
                (GateOutcome::Invalid, "without valid trials"),
            ] {
                if with(outcome) > 0 {
                    parts.push(format!("{} {word}", with(outcome)));
                }
            }
            let text = format!(
                "{} against {}: {}",
                target.candidate,
                target.baseline,
                parts.join(", ")
            );
            (target.target.clone(), text)
        })
        .collect();
    comparison::pooled_over_targets(lines.iter().map(|(a, b)| (a.as_str(), b.as_str())))
}
