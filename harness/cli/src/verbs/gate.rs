//! `gosweep gate`: does a run keep the rules?

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args as ClapArgs;
use documents::gate::{GateOutcome, GateReport};
use judging::comparison::{CompareOptions, Selector};
use judging::gate;
use judging::gate::{GateRequest, Rules};
use report::{Annotations, Format, Junit};

use super::compare::selector;
use super::run_folder::read;
use crate::exit::{Ending, Failure};
use crate::output;

const AFTER_HELP: &str = "\
Rules are a YAML file; matrices/gates/example.yaml explains all of it:
  rules:
    - qps: no worse than 3%      against the baseline, in the same blocks
    - p99 <= 5ms                 absolute; limits are written as in a matrix
    - gc_cpu < 10%
A rule passes or fails only where its whole 95% interval lies on one side. A failure
must also hold after Holm's correction over all rules. A trial of the candidate that
fails (crash, not ready, mostly errors) where none of the baseline does fails the gate.
Cells are named as in `gosweep compare`; baseline and candidate are cells of one run,
because runs of different days differ by host conditions.

  gosweep gate results/r --rules matrices/gates/example.yaml
  gosweep gate results/r --rules rules.yaml --baseline toolchain=1.25.5 --candidate toolchain=1.27.3

--github writes annotations to standard error and, where $GITHUB_STEP_SUMMARY names a
file, appends a summary to it.

Exit codes: 0 passed   1 failed   2 usage or invalid input   3 inconclusive
4 no valid trials to judge by   70 internal error, or the self-test does not hold";

/// `gosweep gate`.
#[derive(Debug, ClapArgs)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct GateArgs {
    /// The run's folder
    #[arg(value_name = "RUN_DIR", required_unless_present = "selftest")]
    pub(crate) run: Option<PathBuf>,
    /// The rules
    #[arg(long, value_name = "FILE", required_unless_present = "selftest")]
    pub(crate) rules: Option<PathBuf>,
    /// What to judge [default: the only cell besides the control]
    #[arg(long, value_name = "CELL")]
    pub(crate) candidate: Option<String>,
    /// What to compare against
    #[arg(long, value_name = "CELL", default_value = "control")]
    pub(crate) baseline: String,
    /// This target only
    #[arg(long, value_name = "NAME")]
    pub(crate) target: Option<String>,
    /// Write the checks as JUnit XML
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<PathBuf>,
    /// Write annotations and the step's summary for GitHub Actions
    #[arg(long)]
    pub(crate) github: bool,
    /// Print as JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Judge made-up runs with a known truth: proves that the gate can fail, pass and be inconclusive
    #[arg(long, conflicts_with_all = ["run", "rules", "candidate", "junit", "github", "json", "target"])]
    pub(crate) selftest: bool,
}

/// Judges a run, or the gate itself.
pub(crate) fn gate(args: &GateArgs) -> Result<Ending, Failure> {
    let (Some(run), Some(rules)) = (&args.run, &args.rules) else {
        return selftest();
    };
    let report = judged(args, run, rules)?;
    // Files first: a closed pipe on standard output must not keep them from a CI.
    if let Some(file) = &args.junit {
        let suites = Junit.write(&report).map_err(Failure::internal)?;
        output::write_file(file, &suites)?;
    }
    if args.github {
        // GitHub's runner reads workflow commands from either stream, and --json keeps its own.
        let annotations = Annotations.write(&report).map_err(Failure::internal)?;
        output::tell_annotations(&annotations);
        append_summary(&report)?;
    }
    if args.json {
        output::print_json(&report)?;
    } else {
        output::print_page(|options| report::terminal(&report, options))?;
    }
    Ok(ending(report.outcome))
}

/// People write them, so they are short.
const LARGEST_RULES_BYTES: u64 = 4 << 20;

fn judged(args: &GateArgs, run: &Path, rules: &Path) -> Result<GateReport, Failure> {
    let name = rules.display().to_string();
    let text = safefile::read_named_text(rules, LARGEST_RULES_BYTES)
        .map_err(|error| Failure::usage(format!("cannot read {name}: {error}")))?;
    let rules = Rules::parse(&name, &text)?;
    let baseline = selector(&args.baseline)?;
    let candidate: Option<Selector> = args.candidate.as_deref().map(selector).transpose()?;
    let (run, trials) = read(run)?;
    let options = CompareOptions {
        target: args.target.clone(),
        tool: output::TOOL.to_owned(),
        ..CompareOptions::default()
    };
    gate::gate(&GateRequest {
        measured: &advisor::measured(&run, &trials).map_err(Failure::usage)?,
        rules: &rules,
        baseline: &baseline,
        candidate: candidate.as_ref(),
        options: &options,
    })
    .map_err(Failure::usage)
}

fn append_summary(report: &GateReport) -> Result<(), Failure> {
    let Some(path) = std::env::var_os("GITHUB_STEP_SUMMARY").filter(|path| !path.is_empty()) else {
        return Ok(());
    };
    let summary = report::markdown(report).map_err(Failure::internal)?;
    let written = OpenOptions::new()
        .create(true)
        .append(true)
        .open(&path)
        .and_then(|mut file| file.write_all(summary.as_bytes()));
    written.map_err(|error| {
        Failure::usage(format!(
            "cannot append to {} ($GITHUB_STEP_SUMMARY): {error}",
            Path::new(&path).display()
        ))
    })
}

fn selftest() -> Result<Ending, Failure> {
    let cases = gate::selftest().map_err(Failure::internal)?;
    output::print_page(|options| report::terminal(cases.as_slice(), options))?;
    if cases.iter().all(documents::gate::SelftestCase::held) {
        Ok(Ending::Pass)
    } else {
        Err(Failure::internal("the gate's self-test does not hold"))
    }
}

fn ending(outcome: GateOutcome) -> Ending {
    match outcome {
        GateOutcome::Passed => Ending::Pass,
        GateOutcome::Failed => Ending::GateFailed,
        GateOutcome::Inconclusive => Ending::Inconclusive,
        GateOutcome::Invalid => Ending::NotFit,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_codes_are_those_of_the_self_test() {
        for outcome in [
            GateOutcome::Passed,
            GateOutcome::Failed,
            GateOutcome::Inconclusive,
            GateOutcome::Invalid,
        ] {
            assert_eq!(ending(outcome).code(), outcome.exit_code());
        }
    }
}
