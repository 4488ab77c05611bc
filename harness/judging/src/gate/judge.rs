//! One rule on one target: kept, broken, or not to be told.
//!
//! Main type: [`Judge`]. Deliberately absent: the correction over all rules ([`super::evaluate`]).

use documents::comparison::Judgement;
use documents::figures::{NOT_OBSERVED, on_scale_text, value_text};
use documents::gate::{Check, GateOutcome};
use record::objective::Objective;
use stats::{Alternative, paired};

use super::rules::{Demand, Relation, Rule};
use crate::comparison::{
    CompareOptions, Detectable, Matched, Question, change, level_of_each, outcomes,
};
use crate::pair::Column;

/// A check and the p-value of "it is broken", not yet corrected.
pub(super) struct Finding {
    pub(super) check: Check,
    pub(super) p: Option<f64>,
    /// Whether it is one of several pairs of cells, judged alongside all of them together.
    pub(super) is_pair: bool,
}

/// One target under the rules.
pub(super) struct Judge<'j> {
    pub(super) matched: &'j Matched<'j>,
    pub(super) options: &'j CompareOptions,
    pub(super) detectable: &'j Detectable,
}

impl Judge<'_> {
    /// The rule that every gate has: the candidate answers where the baseline does.
    pub(super) fn does_its_job(&self) -> Finding {
        let trials = outcomes(self.matched);
        let (outcome, measured) = match trials.judgement((1.0 - self.options.level) / 2.0) {
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

    pub(super) fn rule(&self, rule: &Rule) -> Vec<Finding> {
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
            tests: 1,
            advise: level == self.options.level,
        };
        let change = change(self.matched, &question, self.options, self.detectable);
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
            p: change.p,
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
