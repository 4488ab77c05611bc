//! What the Markdown and the HTML report have in common: everything but layout and escaping.

use std::collections::BTreeMap;

use documents::figures::{counted, value_text};
use documents::ranking::{Ranking, TargetRanking, TrialFigures};
use documents::warning::{Warning, severity_word};
use record::objective::Objective;

use crate::chart::{Chart, charts, effect_charts, knee_charts};
use crate::error::ReportError;
use crate::markdown::code_span;
use crate::view;
use crate::view::{LEGEND, TargetView, kind_word};

/// A ranking, ready for a template.
pub(crate) struct Page<'a> {
    pub(crate) ranking: &'a Ranking,
    pub(crate) targets: Vec<Section<'a>>,
    pub(crate) warnings: Vec<Doubt<'a>>,
    pub(crate) conditions: Vec<Condition>,
    pub(crate) dropped: Vec<Dropped<'a>>,
    pub(crate) trials: TrialTable<'a>,
    pub(crate) legend: &'static str,
}

/// One target.
pub(crate) struct Section<'a> {
    pub(crate) view: TargetView<'a>,
    /// A name for links within the page.
    pub(crate) anchor: String,
    pub(crate) kind: &'static str,
    /// The kind as a style's name.
    pub(crate) class: String,
    pub(crate) charts: Vec<Chart>,
    /// What each axis does, one chart per ranked objective.
    pub(crate) effect_charts: Vec<Chart>,
    /// QPS over GOMAXPROCS.
    pub(crate) knee_charts: Vec<Chart>,
    /// Failed and invalid trials by cell.
    pub(crate) troubles: Vec<Trouble<'a>>,
}

/// Trials of a cell that did not count.
pub(crate) struct Trouble<'a> {
    pub(crate) label: &'a str,
    pub(crate) trial: &'a str,
    pub(crate) what: String,
    pub(crate) stderr: &'a [String],
}

/// A warning with its severity in a word.
pub(crate) struct Doubt<'a> {
    pub(crate) severity: &'static str,
    pub(crate) warning: &'a Warning,
    /// The trials that show it; the first few by name.
    pub(crate) trials: String,
}

/// A line of the conditions.
pub(crate) struct Condition {
    pub(crate) name: String,
    pub(crate) value: String,
    /// Whether the value is code.
    pub(crate) code: bool,
}

impl Condition {
    /// The value as a code span, for Markdown.
    pub(crate) fn code_span(&self) -> String {
        code_span(&self.value)
    }
}

/// A cell that was not run.
pub(crate) struct Dropped<'a> {
    pub(crate) target: &'a str,
    pub(crate) settings: String,
    pub(crate) reason: &'a str,
}

/// The appendix of trials.
pub(crate) struct TrialTable<'a> {
    pub(crate) headings: Vec<&'static str>,
    pub(crate) rows: Vec<TrialRow<'a>>,
}

/// One trial.
pub(crate) struct TrialRow<'a> {
    pub(crate) trial: &'a TrialFigures,
    pub(crate) used: &'static str,
    pub(crate) values: Vec<String>,
}

/// Trials named in a warning before it says "and n more".
const TRIALS_NAMED: usize = 6;

impl<'a> Page<'a> {
    /// Prepares a ranking.
    ///
    /// # Errors
    /// [`ReportError::Report`] where a chart's template fails.
    pub(crate) fn new(ranking: &'a Ranking) -> Result<Self, ReportError> {
        let targets = view::targets(ranking)
            .into_iter()
            .enumerate()
            .map(|(number, view)| section(number, view))
            .collect::<Result<_, _>>()?;
        Ok(Page {
            ranking,
            targets,
            warnings: ranking.warnings.iter().map(doubt).collect(),
            conditions: conditions(ranking),
            dropped: ranking
                .dropped
                .iter()
                .map(|cell| Dropped {
                    target: &cell.target,
                    settings: settings(&cell.axes),
                    reason: &cell.reason,
                })
                .collect(),
            trials: trials(&ranking.trials),
            legend: LEGEND,
        })
    }
}

fn section(number: usize, view: TargetView<'_>) -> Result<Section<'_>, ReportError> {
    let kind = kind_word(view.target.verdict.kind);
    Ok(Section {
        // A number and not the target's name: names may hold anything.
        anchor: format!("target-{}", number + 1),
        kind,
        class: kind.replace(' ', "-"),
        charts: charts(number, &view)?,
        effect_charts: effect_charts(number, &view)?,
        knee_charts: knee_charts(number, &view)?,
        troubles: troubles(view.target),
        view,
    })
}

fn troubles(target: &TargetRanking) -> Vec<Trouble<'_>> {
    let failed = target.cells.iter().flat_map(|cell| {
        cell.failures.iter().map(|failed| {
            let panic = failed.failure.panic.as_ref();
            Trouble {
                label: &cell.label,
                trial: &failed.trial,
                what: format!(
                    "failed: {}{}",
                    failed.failure.message,
                    panic.map(|panic| format!(" ({panic})")).unwrap_or_default()
                ),
                stderr: &failed.failure.stderr_tail,
            }
        })
    });
    let invalid = target.cells.iter().flat_map(|cell| {
        cell.invalid.iter().map(|invalid| Trouble {
            label: &cell.label,
            trial: &invalid.trial,
            what: format!("invalid: {}", invalid.reasons.join("; ")),
            stderr: &[],
        })
    });
    failed.chain(invalid).collect()
}

fn doubt(warning: &Warning) -> Doubt<'_> {
    let named: Vec<&str> = warning
        .trials
        .iter()
        .take(TRIALS_NAMED)
        .map(String::as_str)
        .collect();
    let more = warning.trials.len().saturating_sub(TRIALS_NAMED);
    let mut trials = named.join(", ");
    if more > 0 {
        trials.push_str(&format!(" and {more} more"));
    }
    Doubt {
        severity: severity_word(warning.severity),
        warning,
        trials,
    }
}

fn conditions(ranking: &Ranking) -> Vec<Condition> {
    let from = &ranking.provenance;
    let host = &from.host;
    let mut conditions = Vec::new();
    let mut add = |name: &str, value: String, code: bool| {
        if !value.is_empty() {
            conditions.push(Condition {
                name: name.to_owned(),
                value,
                code,
            });
        }
    };
    add("command", from.command.clone(), true);
    add(
        "run",
        format!("{}, started {}", from.run, from.started),
        false,
    );
    add("measured by", from.tool.clone(), false);
    add("ranked by", from.ranked_by.clone(), false);
    add(
        "matrix",
        format!("{} ({})", from.matrix, from.matrix_path),
        false,
    );
    add("seed of the order", from.seed.to_string(), false);
    add("host", view::host_line(ranking), false);
    add("topology", host.topology.clone(), false);
    add("host fingerprint", host.fingerprint.clone(), true);
    for (target, calibration) in &from.calibration {
        let found = calibration.control_capacity_per_s.map_or_else(
            || " (given by the matrix)".to_owned(),
            |capacity| {
                format!(
                    " (the control's capacity was {})",
                    value_text(Objective::Qps, capacity)
                )
            },
        );
        let rate = value_text(Objective::Qps, calibration.rate_per_s);
        add(
            &format!("constant rate of {target}"),
            format!("{rate}{found}"),
            false,
        );
    }
    for toolchain in &from.toolchains {
        let hash = toolchain
            .sha256
            .as_ref()
            .map(|hash| format!(", SHA-256 {hash}"))
            .unwrap_or_default();
        add(
            &format!("toolchain {}", toolchain.spec),
            format!(
                "{} from {}{hash}, verified by {}",
                toolchain.version, toolchain.source, toolchain.verified_by
            ),
            false,
        );
    }
    for artifact in &from.artifacts {
        let name = match &artifact.toolchain {
            Some(toolchain) => format!("artifact {} by {toolchain}", artifact.target),
            None => format!("given binary {}", artifact.target),
        };
        let build: Vec<String> = artifact
            .build
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let build = if build.is_empty() {
            String::new()
        } else {
            format!(", {}", build.join(" "))
        };
        add(
            &name,
            format!(
                "SHA-256 {}, {} bytes{build}",
                artifact.sha256, artifact.size_bytes
            ),
            false,
        );
    }
    for sentence in &from.method {
        add("method", sentence.clone(), false);
    }
    conditions
}

fn settings(axes: &BTreeMap<String, String>) -> String {
    let parts: Vec<String> = axes
        .iter()
        .map(|(axis, value)| format!("{axis}={value}"))
        .collect();
    parts.join(" ")
}

/// The trials with a column for every objective that any of them has.
fn trials(trials: &[TrialFigures]) -> TrialTable<'_> {
    let objectives: Vec<Objective> = Objective::ALL
        .into_iter()
        .filter(|objective| {
            trials
                .iter()
                .any(|trial| trial.values.contains_key(objective))
        })
        .collect();
    TrialTable {
        headings: objectives
            .iter()
            .map(|objective| objective.heading())
            .collect(),
        rows: trials
            .iter()
            .map(|trial| TrialRow {
                trial,
                used: if trial.used { "yes" } else { "no" },
                values: objectives
                    .iter()
                    .map(|objective| match trial.values.get(objective) {
                        Some(value) => value_text(*objective, *value),
                        None => documents::figures::NOT_OBSERVED.to_owned(),
                    })
                    .collect(),
            })
            .collect(),
    }
}

/// `12 trials`, for the heading of the appendix.
impl TrialTable<'_> {
    pub(crate) fn count(&self) -> String {
        counted(self.rows.len(), "trial")
    }
}
