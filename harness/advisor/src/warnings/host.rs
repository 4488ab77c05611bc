//! What the host did to the trials.

use documents::figures::significant;
use documents::finding::Severity;
use documents::warning::Warning;
use record::run::Run;
use record::threshold::{Threshold, Thresholds};
use record::trial::{HostWindow, Trial};

use super::context::Context;
use crate::validity;

/// What holds for the whole run.
pub(crate) fn warnings_of_run(run: &Run) -> Vec<Warning> {
    let mut findings = run.host.findings.clone();
    if findings.is_empty() {
        return Vec::new();
    }
    findings
        .iter_mut()
        .for_each(|finding| *finding = finding.trim_end_matches('.').to_owned());
    vec![Warning {
        code: "host_findings".to_owned(),
        severity: Severity::Info,
        target: None,
        cells: Vec::new(),
        trials: Vec::new(),
        message: format!(
            "the host is not ideal for measuring: {}.",
            findings.join("; ")
        ),
        next_step: "`gosweep host` explains each finding and what can be done.".to_owned(),
    }]
}

/// A share of a window that should be small.
struct Rule {
    share: fn(&HostWindow) -> Option<f64>,
    /// Whether such a share matters.
    matters: fn(&Thresholds, f64) -> bool,
    code: &'static str,
    what: &'static str,
    next_step: &'static str,
}

pub(super) fn warnings(context: &Context<'_>) -> Vec<Warning> {
    let rules = [
        Rule {
            share: |host| Some(host.steal),
            matters: |thresholds, share| validity::steal(thresholds, share).is_some(),
            code: "steal",
            what: "the hypervisor took CPU time away",
            next_step: "Move to a quieter or dedicated machine; more blocks average some of it out.",
        },
        Rule {
            share: |host| host.throttled,
            matters: |thresholds, share| share > thresholds.get(Threshold::H1Info),
            code: "throttled",
            what: "the CPU quota stopped the processes for part of the window",
            next_step: "Raise the quota, or set GOMAXPROCS to it.",
        },
    ];
    rules
        .into_iter()
        .filter_map(
            |Rule {
                 share,
                 matters,
                 code,
                 what,
                 next_step,
             }| {
                let worst = |trial: &Trial| {
                    [trial.saturate.as_ref(), trial.constant.as_ref()]
                        .into_iter()
                        .flatten()
                        .filter_map(|phase| share(phase.host.as_ref()?))
                        .fold(0.0, f64::max)
                };
                let shown = context
                    .evidence
                    .where_trials(|_, trial| matters(context.thresholds, worst(trial)));
                let most = shown
                    .iter()
                    .flat_map(|(_, trials)| trials)
                    .map(|trial| worst(trial))
                    .fold(0.0, f64::max);
                let message = format!(
                    "{what}: up to {}% in {}.",
                    significant(most * 100.0),
                    context.named(&shown)
                );
                let warning = context.warning(Severity::Warn, code, message, next_step);
                (!shown.is_empty()).then(|| context.about(warning, &shown))
            },
        )
        .collect()
}
