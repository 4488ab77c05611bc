//! The rules applied to a run.

use documents::figures::{counted, listed};
use documents::gate::{Check, GATE_FORMAT, GateOutcome, GateReport, TargetGate};
use documents::warning;

use super::judge::{Finding, Judge};
use super::rules::Rules;
use crate::comparison;
use crate::comparison::{
    CompareOptions, Detectable, Matched, Measured, Selector, caveats, cell_pairs, corrected,
    match_within_run, not_borne_out, side,
};
use crate::error::JudgingError;

/// What a gate is made of.
#[derive(Clone, Copy)]
pub struct GateRequest<'a> {
    /// The run.
    pub measured: &'a Measured<'a>,
    /// The rules.
    pub rules: &'a Rules,
    /// What to compare against.
    pub baseline: &'a Selector,
    /// What to judge; the only cell besides the control where it is `None`.
    pub candidate: Option<&'a Selector>,
    /// Level, power, target and tool; margins come from the rules.
    pub options: &'a CompareOptions,
}

/// Judges a run.
///
/// # Errors
/// [`JudgingError`]: a side that names nothing or too much, or a record that contradicts itself.
pub fn gate(request: &GateRequest<'_>) -> Result<GateReport, JudgingError> {
    comparison::check(request.options)?;
    let measured = request.measured;
    let matched = matched(measured, request)?;
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
                outcome: most_severe(&checks),
                checks,
                cells: cell_pairs(own),
            }
        })
        .collect();
    let outcome = targets.iter().map(|target| target.outcome).max();
    let mut warnings = caveats(measured, &matched);
    warning::sort(&mut warnings);
    Ok(GateReport {
        format: GATE_FORMAT,
        outcome: outcome.unwrap_or(GateOutcome::Invalid),
        headline: headline(&targets),
        rules: request.rules.file.clone(),
        why: request.rules.why.clone(),
        run: side(request.baseline.to_string(), measured.run),
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
) -> Result<Vec<Matched<'a>>, JudgingError> {
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
            return Err(JudgingError::Side {
                side: "--candidate".to_owned(),
                reason: format!(
                    "must say which cell is judged: {} has {} besides its control ({})",
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

/// Writes the Holm-adjusted p-values into the checks, and takes back failures that they do not bear out. Answers how
/// many tests there were.
fn correct(found: &mut [(usize, Finding)], alpha: f64) -> usize {
    let p_values: Vec<Option<f64>> = found.iter().map(|(_, own)| own.p).collect();
    let corrected = corrected(&p_values);
    let tests = corrected.iter().flatten().count();
    for ((_, own), p) in found.iter_mut().zip(corrected) {
        let Some(p) = p else { continue };
        let check = &mut own.check;
        check.p = Some(p);
        if check.outcome == GateOutcome::Failed && p > alpha {
            check.outcome = GateOutcome::Inconclusive;
            check.reason = Some(not_borne_out(tests, p));
        }
    }
    tests
}

fn most_severe(checks: &[Check]) -> GateOutcome {
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
