//! Gates, rankings, comparisons and upgrades as JUnit XML, which CI systems show as tests: a suite per target, a case per check.
//!
//! A broken rule is a failure; what cannot be told is an error, because a gate that does not know must not pass.

use std::borrow::Cow;
use std::fmt::Write;

use documents::comparison::{Comparison, Judgement, TargetComparison};
use documents::figures::{NOT_OBSERVED, counted, host_text, ratio_text, value_text};
use documents::gate::{Check, GateOutcome, GateReport, TargetGate};
use documents::ranking::{CellRanking, ConstraintState, Ranking, TargetRanking, VerdictKind};
use documents::upgrade::{ObjectiveVerdict, TargetUpgrade, Upgrade, UpgradeObjective};
use record::objective::Direction;

use crate::error::ReportError;
use crate::format::Format;

/// The report as a JUnit XML document.
#[derive(Debug, Clone, Copy)]
pub struct Junit;

impl Format<GateReport> for Junit {
    fn write(&self, report: &GateReport) -> Result<String, ReportError> {
        let suites = report.targets.iter().map(|own| of_gate(report, own));
        Ok(document("gosweep gate", &suites.collect::<Vec<_>>()))
    }
}

impl Format<Ranking> for Junit {
    fn write(&self, ranking: &Ranking) -> Result<String, ReportError> {
        let suites = ranking.targets.iter().map(|own| of_target(ranking, own));
        Ok(document("gosweep rank", &suites.collect::<Vec<_>>()))
    }
}

impl Format<Comparison> for Junit {
    fn write(&self, comparison: &Comparison) -> Result<String, ReportError> {
        let suites = comparison
            .targets
            .iter()
            .map(|own| of_sides(comparison, own));
        Ok(document("gosweep compare", &suites.collect::<Vec<_>>()))
    }
}

impl Format<Upgrade> for Junit {
    fn write(&self, upgrade: &Upgrade) -> Result<String, ReportError> {
        let suites = upgrade.targets.iter().map(|own| of_upgrade(upgrade, own));
        Ok(document("gosweep upgrade", &suites.collect::<Vec<_>>()))
    }
}

/// The tests of one target.
struct Suite<'d> {
    name: Cow<'d, str>,
    /// RFC 3339.
    started: &'d str,
    properties: Vec<(&'static str, String)>,
    cases: Vec<Case>,
}

struct Case {
    name: String,
    outcome: Outcome,
    /// What was measured.
    said: String,
}

/// How a case came out, with the word for it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Passed,
    Failed(&'static str),
    /// It cannot be told.
    Open(&'static str),
}

fn of_gate<'d>(report: &'d GateReport, target: &'d TargetGate) -> Suite<'d> {
    let cases = target.checks.iter().map(|check| Case {
        name: match check.cell.as_str() {
            "" => check.rule.clone(),
            cell => format!("{} ({cell})", check.rule),
        },
        outcome: match check.outcome {
            GateOutcome::Passed => Outcome::Passed,
            GateOutcome::Failed => Outcome::Failed(check.outcome.label()),
            GateOutcome::Inconclusive | GateOutcome::Invalid => {
                Outcome::Open(check.outcome.label())
            }
        },
        said: said(check),
    });
    Suite {
        name: (&target.target).into(),
        started: &report.run.started,
        properties: vec![
            ("run", report.run.run.clone()),
            ("baseline", target.baseline.clone()),
            ("candidate", target.candidate.clone()),
            ("host", report.run.host_text.clone()),
            ("tool", report.tool.clone()),
        ],
        cases: cases.collect(),
    }
}

/// A ranking as tests: whether the run could tell, and of every cell whether it ran and keeps its limits.
fn of_target<'d>(ranking: &'d Ranking, target: &'d TargetRanking) -> Suite<'d> {
    let verdict = &target.verdict;
    let mut cases = vec![Case {
        name: "verdict".to_owned(),
        outcome: match verdict.kind {
            VerdictKind::Recommend | VerdictKind::NoChange => Outcome::Passed,
            VerdictKind::Infeasible => Outcome::Failed("INFEASIBLE"),
            // Whatever else a verdict is, it does not decide.
            _ => Outcome::Open("INCONCLUSIVE"),
        },
        said: verdict.headline.clone(),
    }];
    cases.extend(target.cells.iter().flat_map(of_cell));
    Suite {
        name: (&target.target).into(),
        started: &ranking.provenance.started,
        properties: vec![
            ("run", ranking.provenance.run.clone()),
            ("host", host_text(&ranking.provenance.host)),
            ("tool", ranking.provenance.tool.clone()),
        ],
        cases,
    }
}

fn of_cell(cell: &CellRanking) -> Vec<Case> {
    let trials = Case {
        name: format!("trials ({})", cell.label),
        outcome: match (cell.failures.is_empty(), cell.n) {
            (false, _) => Outcome::Failed("FAILED"),
            (true, 0) => Outcome::Open("NO DATA"),
            (true, _) => Outcome::Passed,
        },
        said: match cell.failures.first() {
            Some(first) => format!(
                "{} failed, e.g. {}",
                counted(cell.failures.len(), "trial"),
                first.failure.message
            ),
            None => counted(cell.n, "valid trial"),
        },
    };
    let limits = cell.constraints.iter().map(|check| {
        let objective = check.objective;
        let relation = match objective.direction() {
            Direction::HigherIsBetter => ">=",
            Direction::LowerIsBetter => "<=",
        };
        let limit = value_text(objective, check.limit);
        let value = check.value.map(|value| value_text(objective, value));
        Case {
            name: format!("{objective} {relation} {limit} ({})", cell.label),
            outcome: match check.state {
                ConstraintState::Ok => Outcome::Passed,
                ConstraintState::Violated => Outcome::Failed("VIOLATED"),
                ConstraintState::Uncertain => Outcome::Open("UNCERTAIN"),
                ConstraintState::Unknown => Outcome::Open("UNKNOWN"),
            },
            said: value.unwrap_or_else(|| NOT_OBSERVED.to_owned()),
        }
    });
    std::iter::once(trials).chain(limits).collect()
}

/// A comparison as tests: each objective by which it is judged.
fn of_sides<'d>(comparison: &'d Comparison, target: &'d TargetComparison) -> Suite<'d> {
    let deciding = target.objectives.iter().filter(|own| own.decides);
    let cases = deciding.map(|own| {
        let verdict = own.verdict.unwrap_or(Judgement::Invalid);
        let value = |side: Option<f64>| {
            side.map_or_else(
                || NOT_OBSERVED.to_owned(),
                |value| value_text(own.objective, value),
            )
        };
        let mut said = format!("{} → {}", value(own.baseline), value(own.candidate));
        if let Some(reason) = &own.reason {
            said.push_str(&format!("; {reason}"));
        }
        Case {
            name: own.objective.to_string(),
            outcome: match verdict {
                Judgement::Improved | Judgement::NoWorse => Outcome::Passed,
                Judgement::Regressed => Outcome::Failed(verdict.label()),
                Judgement::Inconclusive | Judgement::Invalid => Outcome::Open(verdict.label()),
            },
            said,
        }
    });
    Suite {
        name: (&target.target).into(),
        started: &comparison.candidate.started,
        properties: vec![
            ("baseline", target.baseline.clone()),
            ("candidate", target.candidate.clone()),
            ("host", comparison.candidate.host_text.clone()),
            ("tool", comparison.tool.clone()),
        ],
        cases: cases.collect(),
    }
}

/// A case for each figure that decides.
fn of_upgrade<'d>(upgrade: &'d Upgrade, target: &'d TargetUpgrade) -> Suite<'d> {
    let deciding = target.objectives.iter().filter(|own| own.decides);
    let mut cases: Vec<Case> = deciding.filter_map(of_figure).collect();
    // Without a figure nothing was tested, and a suite without tests passes.
    if cases.is_empty() {
        cases.push(Case {
            name: "verdict".to_owned(),
            outcome: Outcome::Open(target.verdict.label()),
            said: target.reason.clone(),
        });
    }
    Suite {
        name: format!("{} {} to {}", target.target, target.from, target.to).into(),
        started: &upgrade.origin.started,
        properties: vec![
            ("verdict", target.verdict.label().to_owned()),
            ("reason", target.reason.clone()),
        ],
        cases,
    }
}

fn of_figure(own: &UpgradeObjective) -> Option<Case> {
    let verdict = own.verdict?;
    let outcome = match verdict {
        ObjectiveVerdict::Regressed => Outcome::Failed(verdict.label()),
        ObjectiveVerdict::Inconclusive => Outcome::Open(verdict.label()),
        ObjectiveVerdict::Improved | ObjectiveVerdict::NoWorse => Outcome::Passed,
    };
    let change = match own.ratio {
        Some(ratio) => ratio_text(ratio, own.interval),
        None => "no ratio".to_owned(),
    };
    Some(Case {
        name: own.name.clone(),
        outcome,
        said: format!("{} {change}, margin {}", own.heading, own.margin),
    })
}

fn document(name: &str, suites: &[Suite<'_>]) -> String {
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let (tests, failures, errors) = counts(suites.iter().flat_map(|own| &own.cases));
    put(
        &mut xml,
        format_args!(
            "<testsuites name=\"{name}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\">"
        ),
    );
    for own in suites {
        suite(&mut xml, own);
    }
    put(&mut xml, format_args!("</testsuites>"));
    xml
}

fn suite(xml: &mut String, suite: &Suite<'_>) {
    let (tests, failures, errors) = counts(suite.cases.iter());
    put(
        xml,
        format_args!(
            "  <testsuite name=\"{}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\" \
             timestamp=\"{}\">",
            escaped(&suite.name),
            escaped(suite.started)
        ),
    );
    put(xml, format_args!("    <properties>"));
    for (name, value) in &suite.properties {
        let value = escaped(value);
        put(
            xml,
            format_args!("      <property name=\"{name}\" value=\"{value}\"/>"),
        );
    }
    put(xml, format_args!("    </properties>"));
    for own in &suite.cases {
        case(xml, &suite.name, own);
    }
    put(xml, format_args!("  </testsuite>"));
}

fn case(xml: &mut String, target: &str, case: &Case) {
    let (name, target) = (escaped(&case.name), escaped(target));
    let said = escaped(&case.said);
    put(
        xml,
        format_args!("    <testcase classname=\"gosweep.{target}\" name=\"{name}\">"),
    );
    let problem = match case.outcome {
        Outcome::Passed => None,
        Outcome::Failed(label) => Some(("failure", label)),
        Outcome::Open(label) => Some(("error", label)),
    };
    match problem {
        None => put(xml, format_args!("      <system-out>{said}</system-out>")),
        Some((kind, label)) => put(
            xml,
            format_args!(
                "      <{kind} type=\"{label}\" message=\"{label}: {said}\">{said}</{kind}>"
            ),
        ),
    }
    put(xml, format_args!("    </testcase>"));
}

/// What was measured and why that does not decide, in one line.
pub(crate) fn said(check: &Check) -> String {
    let mut said = check.measured.clone();
    if let Some(reason) = &check.reason {
        said.push_str(&format!("; {reason}"));
    }
    if let Some(more) = check.more_blocks {
        said.push_str(&format!("; about {more} more blocks would decide"));
    }
    said
}

fn counts<'c>(cases: impl Iterator<Item = &'c Case>) -> (usize, usize, usize) {
    cases.fold((0, 0, 0), |(all, failed, open), case| match case.outcome {
        Outcome::Passed => (all + 1, failed, open),
        Outcome::Failed(_) => (all + 1, failed + 1, open),
        Outcome::Open(_) => (all + 1, failed, open + 1),
    })
}

fn put(xml: &mut String, line: std::fmt::Arguments<'_>) {
    writeln!(xml, "{line}").expect("a text takes all that is written");
}

/// Text for XML 1.0, inside and outside of attributes. Characters that XML 1.0 has no way to write (section 2.2 of the
/// recommendation: most controls, U+FFFE, U+FFFF) become U+FFFD.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            // Attributes would turn these into spaces.
            '\t' | '\n' | '\r' => out.push_str(&format!("&#{};", u32::from(c))),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn nothing_gets_out_of_its_place() {
        assert_eq!(
            escaped("a<b & \"c\">'d'"),
            "a&lt;b &amp; &quot;c&quot;&gt;&apos;d&apos;"
        );
        assert_eq!(
            escaped("line\nnext\u{1b}[31m\u{0}"),
            "line&#10;next\u{fffd}[31m\u{fffd}"
        );
        assert_eq!(escaped("−3 % ±"), "−3 % ±");
    }
}
