//! From two sides to the document.

use documents::comparison::{
    COMPARISON_FORMAT, Comparison, Design, Judgement, Side, TargetComparison,
};
use documents::figures::host_text;
use documents::warning::{self, Warning};
use record::run::Run;

use super::caveats::pooled_over_targets;
use super::matched::{Matched, Measured};
use super::options::{CompareOptions, check};
use super::select::Selector;
use super::{caveats, matched, target};
use crate::error::JudgingError;

/// Compares two sides of one run, block by block. Where a side means several cells, each is matched with the cell of
/// the other side that differs only in the axes that the two sides name, and all pairs are judged together.
///
/// # Errors
/// [`JudgingError`]: a side that names nothing or too much, or a record that contradicts itself.
pub fn within_run(
    measured: &Measured<'_>,
    baseline: &Selector,
    candidate: &Selector,
    options: &CompareOptions,
) -> Result<Comparison, JudgingError> {
    check(options)?;
    let run = measured.run;
    let matched = matched::within_run(measured, baseline, candidate, options.target.as_deref())?;
    let sides = [
        side(baseline.to_string(), run),
        side(candidate.to_string(), run),
    ];
    let mut warnings = caveats::caveats(measured, &matched);
    warnings.extend(caveats::picked_by_rank([baseline, candidate]));
    Ok(document(sides, Design::Paired, &matched, warnings, options))
}

/// Compares the cells that two runs have in common: two samples, no pairs. What days differ by is known from `history`
/// alone, earlier runs of the baseline's configuration on its host, one a day; without three of them two runs support no
/// verdict but INCONCLUSIVE.
///
/// # Errors
/// [`JudgingError`]: no cell in common, different hosts without [`CompareOptions::cross_host`], or a record that
/// contradicts itself.
pub fn between_runs(
    baseline: &Measured<'_>,
    candidate: &Measured<'_>,
    history: &[Measured<'_>],
    options: &CompareOptions,
) -> Result<Comparison, JudgingError> {
    check(options)?;
    for earlier in history {
        let (own, other) = (&baseline.run.host, &earlier.run.host);
        if own.fingerprint != other.fingerprint {
            return Err(JudgingError::OtherHost {
                baseline: own.cpu.clone() + ", " + &own.fingerprint,
                candidate: other.cpu.clone() + ", " + &other.fingerprint,
            });
        }
    }
    let hosts = (&baseline.run.host, &candidate.run.host);
    if hosts.0.fingerprint != hosts.1.fingerprint && !options.cross_host {
        return Err(JudgingError::OtherHost {
            baseline: hosts.0.cpu.clone() + ", " + &hosts.0.fingerprint,
            candidate: hosts.1.cpu.clone() + ", " + &hosts.1.fingerprint,
        });
    }
    let names = names([baseline.run, candidate.run], options);
    let only = options.target.as_deref();
    let matched = matched::between_runs(baseline, candidate, history, &names, only)?;
    let [baseline_name, candidate_name] = names;
    let sides = [
        side(baseline_name, baseline.run),
        side(candidate_name, candidate.run),
    ];
    let warnings = caveats::between_runs(baseline, candidate, &matched);
    Ok(document(
        sides,
        Design::Unpaired,
        &matched,
        warnings,
        options,
    ))
}

/// What two runs are called: by their names, or by their folders where the names are the same.
fn names(runs: [&Run; 2], options: &CompareOptions) -> [String; 2] {
    match &options.folders {
        Some(folders) if runs[0].id == runs[1].id => folders.clone(),
        _ => runs.map(|run| run.id.clone()),
    }
}

fn document(
    [baseline, candidate]: [Side; 2],
    design: Design,
    matched: &[Matched<'_>],
    mut warnings: Vec<Warning>,
    options: &CompareOptions,
) -> Comparison {
    let targets: Vec<TargetComparison> = target::compare_all(matched, options);
    let verdict = targets.iter().map(|target| target.verdict).max();
    warning::sort(&mut warnings);
    Comparison {
        format: COMPARISON_FORMAT,
        verdict: verdict.unwrap_or(Judgement::Invalid),
        headline: pooled_over_targets(
            targets
                .iter()
                .map(|target| (target.target.as_str(), target.headline.as_str())),
        ),
        design,
        baseline,
        candidate,
        targets,
        warnings,
        method: method(design, options),
        tool: options.tool.clone(),
    }
}

/// Where a side's numbers come from.
pub(crate) fn side(asked: String, run: &Run) -> Side {
    let words: Vec<String> = run
        .argv
        .iter()
        .map(|word| record::shell::quoted(word))
        .collect();
    Side {
        asked,
        run: run.id.clone(),
        started: run.started.clone(),
        tool: run.tool.clone(),
        command: words.join(" "),
        seed: run.seed,
        host: run.host.fingerprint.clone(),
        host_text: host_text(&run.host),
        toolchains: run
            .toolchains
            .iter()
            .map(|toolchain| toolchain.version.clone())
            .collect(),
    }
}

fn method(design: Design, options: &CompareOptions) -> Vec<String> {
    let level = options.level * 100.0;
    let estimates = match design {
        Design::Paired => format!(
            "Changes are Hodges-Lehmann medians of the blockwise log ratios, candidate to baseline, with exact \
             {level:.0}% signed-rank intervals (below 6 blocks mean and paired t interval); where zeros forbid logs, \
             of differences. Several pairs of cells are averaged within each block first."
        ),
        Design::Unpaired => format!(
            "Changes are Hodges-Lehmann shifts between the two runs' log values, one value per block, with exact \
             {level:.0}% Mann-Whitney intervals (below 4 blocks a side, Welch's t)."
        ),
    };
    vec![
        estimates,
        format!(
            "REGRESSED: the whole interval lies beyond the margin on the bad side, the change is larger than what the \
             control may differ from its own duplicate, and its one-sided t test holds at {:.1}% after Holm over all \
             that decides; NO WORSE: the interval lies wholly on the good side of the bad margin; IMPROVED: it excludes \
             no change, and the estimate reaches the margin on the good side; INCONCLUSIVE: none of these, and always \
             where two runs are compared without a history that shows what days differ by.",
            (1.0 - options.level) * 50.0
        ),
        format!(
            "Pairs of cells on their own are judged by intervals that hold together with {level:.0}% (Bonferroni)."
        ),
    ]
}
