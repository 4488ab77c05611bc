//! Two sides against each other: is the candidate worse than the baseline by more than somebody would act on?
//!
//! [`within_run`] compares cells of one run, block by block; [`between_runs`] the matching cells of two runs, which is
//! weaker, because whatever changed on the host between them counts as a difference (METHODOLOGY, design of an
//! experiment). Both answer a [`Comparison`], a document that [`crate::report`] prints.
//!
//! A verdict has three ways (METHODOLOGY, estimates and tests): REGRESSED where the whole interval lies beyond the
//! margin on the bad side, NO WORSE (or IMPROVED) where it lies wholly on the good side of it, INCONCLUSIVE otherwise.
//! A change that the control shows against its own duplicate too is not claimed; the noise never widens what passes.
//! What two sides measured at constant rates that differ is of two loads, and stays INCONCLUSIVE.
//!
//! Deliberately absent: the order among many cells ([`crate::rank()`]), rules ([`crate::gate`]).

mod bar;
mod document;
mod doubts;
mod matched;
mod noise;
mod objective;
mod outcomes;
mod sample;
mod select;
mod target;

use std::collections::{BTreeMap, BTreeSet};

use record::objective::Objective;
use record::run::Run;
use record::trial::Trial;

pub use document::{
    COMPARISON_FORMAT, CellComparison, CellSide, Comparison, Design, Judgement,
    ObjectiveComparison, Side, TargetComparison,
};
pub(crate) use doubts::{doubts, pooled_over_targets};
pub(crate) use matched::within_run as match_within_run;
pub(crate) use matched::{Matched, Measured};
pub(crate) use objective::{Question, change};
pub(crate) use outcomes::outcomes;
pub(crate) use sample::Detectable;
pub use select::{Selector, Setting};
pub(crate) use target::{cell_pairs, level_of_each};

use crate::error::AnalysisError;

/// How to compare. The default is what METHODOLOGY describes.
#[derive(Debug, Clone, PartialEq)]
pub struct CompareOptions {
    /// Level of the intervals.
    pub level: f64,
    /// Power of the minimum detectable effect, and chance that the suggested number of blocks decides.
    pub power: f64,
    /// Margins instead of the built-in ones: shares below 1; for the error rate a difference of shares.
    pub margins: BTreeMap<Objective, f64>,
    /// The objectives that decide, instead of the usual ones.
    pub decided_by: Option<BTreeSet<Objective>>,
    /// This target only.
    pub target: Option<String>,
    /// Whether runs of different hosts may be compared.
    pub cross_host: bool,
    /// What to call two runs, baseline first, where both have the same name: their folders.
    pub folders: Option<[String; 2]>,
    /// Version and revision of the gosweep that compares.
    pub tool: String,
}

impl Default for CompareOptions {
    fn default() -> Self {
        CompareOptions {
            level: 0.95,
            power: 0.8,
            margins: BTreeMap::new(),
            decided_by: None,
            target: None,
            cross_host: false,
            folders: None,
            tool: concat!("gosweep ", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }
}

/// Compares two sides of one run, block by block. Where a side means several cells, each is matched with the cell of
/// the other side that differs only in the axes that the two sides name, and all pairs are judged together. The order
/// of `trials` does not matter.
///
/// # Errors
/// [`AnalysisError`]: a side that names nothing or too much, or a record that contradicts itself.
pub fn within_run(
    run: &Run,
    trials: &[Trial],
    baseline: &Selector,
    candidate: &Selector,
    options: &CompareOptions,
) -> Result<Comparison, AnalysisError> {
    check(options)?;
    let measured = Measured::new(run, trials)?;
    let matched = matched::within_run(&measured, baseline, candidate, options.target.as_deref())?;
    let sides = [
        side(baseline.to_string(), run),
        side(candidate.to_string(), run),
    ];
    let mut warnings = doubts(&measured, &matched);
    warnings.extend(doubts::picked_by_rank([baseline, candidate]));
    Ok(document(sides, Design::Paired, &matched, warnings, options))
}

/// Compares the cells that two runs have in common: two samples, no pairs.
///
/// # Errors
/// [`AnalysisError`]: no cell in common, different hosts without [`CompareOptions::cross_host`], or a record that
/// contradicts itself.
pub fn between_runs(
    baseline: (&Run, &[Trial]),
    candidate: (&Run, &[Trial]),
    options: &CompareOptions,
) -> Result<Comparison, AnalysisError> {
    check(options)?;
    let hosts = (&baseline.0.host, &candidate.0.host);
    if hosts.0.fingerprint != hosts.1.fingerprint && !options.cross_host {
        return Err(AnalysisError::OtherHost {
            baseline: hosts.0.cpu.clone() + ", " + &hosts.0.fingerprint,
            candidate: hosts.1.cpu.clone() + ", " + &hosts.1.fingerprint,
        });
    }
    let measured = (
        Measured::new(baseline.0, baseline.1)?,
        Measured::new(candidate.0, candidate.1)?,
    );
    let names = names([baseline.0, candidate.0], options);
    let only = options.target.as_deref();
    let matched = matched::between_runs(&measured.0, &measured.1, &names, only)?;
    let [baseline_name, candidate_name] = names;
    let sides = [
        side(baseline_name, baseline.0),
        side(candidate_name, candidate.0),
    ];
    let warnings = doubts::between_runs(&measured.0, &measured.1, &matched);
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
    mut warnings: Vec<crate::ranking::Warning>,
    options: &CompareOptions,
) -> Comparison {
    let targets: Vec<TargetComparison> = matched
        .iter()
        .map(|matched| target::compare(matched, options))
        .collect();
    let verdict = targets.iter().map(|target| target.verdict).max();
    crate::warnings::sort(&mut warnings);
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
        .map(|word| crate::rank::shell_quoted(word))
        .collect();
    Side {
        asked,
        run: run.id.clone(),
        started: run.started.clone(),
        tool: run.tool.clone(),
        command: words.join(" "),
        seed: run.seed,
        host: run.host.fingerprint.clone(),
        host_text: crate::report::host_text(&run.host),
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
        "REGRESSED: the whole interval lies beyond the margin on the bad side, and the change is larger than what the \
         control may differ from its own duplicate; NO WORSE: it lies wholly on the good side of the bad margin; \
         IMPROVED: wholly beyond the margin on the good side; INCONCLUSIVE: none of these."
            .to_owned(),
        format!(
            "Pairs of cells on their own are judged by intervals that hold together with {level:.0}% (Bonferroni)."
        ),
    ]
}

pub(crate) fn check(options: &CompareOptions) -> Result<(), AnalysisError> {
    for (what, value, example) in [
        ("the interval level", options.level, "0.95"),
        ("the power", options.power, "0.8"),
    ] {
        if !(value > 0.0 && value < 1.0) {
            return Err(AnalysisError::Option {
                what,
                value,
                example,
            });
        }
    }
    match options
        .margins
        .values()
        .find(|margin| !(0.0..1.0).contains(*margin))
    {
        Some(&value) => Err(AnalysisError::Option {
            what: "a margin",
            value,
            example: "0.03 for 3%",
        }),
        None => Ok(()),
    }
}
