//! `gosweep report`: the report of a run, made again from its record.

use std::path::{Path, PathBuf};

use clap::{Args as ClapArgs, ValueEnum};
use documents::ranking::Ranking;

use super::{advise, run_folder};
use crate::exit::{Ending, Failure};
use crate::output;

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
    /// Write into the run's folder even if another user or another machine made it
    #[arg(long)]
    pub(crate) trust: bool,
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

/// Writes a report.
pub(crate) fn report(args: &ReportArgs) -> Result<Ending, Failure> {
    if let Some(file) = &args.output
        && is_inside(file, &args.run)
    {
        run_folder::check_trusted(&args.run, args.trust)?;
    }
    let text = render(&advise::load(&args.run)?, args.format)?;
    match &args.output {
        Some(file) => output::write_file(file, &text)?,
        None if args.format == ReportFormat::Json => output::print_document(&text)?,
        None => output::print(&text)?,
    }
    Ok(Ending::Pass)
}

fn is_inside(file: &Path, folder: &Path) -> bool {
    let parent = file
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    let parent = parent.unwrap_or(Path::new(".")).canonicalize();
    matches!((parent, folder.canonicalize()), (Ok(parent), Ok(folder)) if parent.starts_with(&folder))
}

/// The report in a format.
pub(super) fn render(ranking: &Ranking, format: ReportFormat) -> Result<String, Failure> {
    match format {
        ReportFormat::Md => report::markdown(ranking),
        ReportFormat::Json => report::json(ranking),
        ReportFormat::Html => report::html(ranking),
    }
    .map_err(Failure::internal)
}
