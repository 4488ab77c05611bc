//! The top of the command line; each verb's arguments are next to the verb. Nothing outside this crate knows clap.

use clap::{Parser, Subcommand};

use crate::verbs::{
    AdviseArgs, AnalyzeArgs, CompareArgs, CompletionsArgs, DiagnoseArgs, ExportArgs, GateArgs,
    HostArgs, LoadArgs, ManArgs, PlanArgs, RankArgs, ReportArgs, RunArgs, SchemaArgs,
    ToolchainArgs, UpgradeArgs,
};

const ABOUT: &str =
    "Measures Go services over a matrix of runtime settings and says what is worth changing";

const AFTER_HELP: &str = "\
First steps:
  gosweep run matrices/quickstart.yaml     measure, rank and report
  gosweep plan matrices/quickstart.yaml    see what would run, without running it
  gosweep host                             see what this machine is and whether it is fit

Exit codes:
  0 pass   1 regressed or gate failed   2 usage or invalid input   3 inconclusive
  4 host not fit or trials invalid   5 incomplete, can be resumed   70 internal error";

/// What the user asked for.
#[derive(Debug, Parser)]
#[command(name = "gosweep", version = crate::output::VERSION, about = ABOUT, after_help = AFTER_HELP)]
pub(crate) struct Args {
    /// What to do.
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Run a matrix, or resume a run; rank it and write its report
    Run(RunArgs),
    /// Show what a matrix would run: cells, CPUs, order, time
    Plan(PlanArgs),
    /// Show this machine's topology and whether it is fit for measuring
    Host(HostArgs),
    /// List, install, verify, remove and compare Go toolchains
    Toolchain(ToolchainArgs),
    /// Drive a URL with load, or measure the driver itself
    Load(Box<LoadArgs>),
    /// Rank the cells of a run
    Rank(RankArgs),
    /// Say what limits the service, why, what to set and what not to bother with
    Advise(AdviseArgs),
    /// Write the recommended settings as files to put in place: shell, systemd, Kubernetes and more
    Export(Box<ExportArgs>),
    /// Say whether one side is worse than the other: cells, toolchains, runs
    Compare(CompareArgs),
    /// Before you upgrade Go: what gets slower or larger, what carries it, what changes by itself
    Upgrade(UpgradeArgs),
    /// Profile cells of a run: flame graphs, locks, differences
    Diagnose(DiagnoseArgs),
    /// Check a run against rules, for CI
    Gate(GateArgs),
    /// Write the report of a run
    Report(ReportArgs),
    /// Read the logs, profiles, metrics or panics of any Go service, and say what stands out
    Analyze(AnalyzeArgs),
    /// Print the JSON Schema of a file format or a document
    Schema(SchemaArgs),
    /// Print shell completions
    Completions(CompletionsArgs),
    /// Print the manual, or install it with the shells' completions
    Man(ManArgs),
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Args::command().debug_assert();
    }

    #[test]
    fn every_verb_has_json() {
        for verb in Args::command().get_subcommands() {
            let has = verb
                .get_arguments()
                .any(|own| own.get_long() == Some("json"));
            assert!(has, "{} has no --json", verb.get_name());
        }
    }
}
