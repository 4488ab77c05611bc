//! `gosweep report`: the reports of a run, made again from its record.

mod format;
mod profiles;

use std::path::{Path, PathBuf};

use clap::Args as ClapArgs;
use documents::ranking::Ranking;
use serde::Serialize;

use super::{advise, run_folder};
use crate::exit::{Ending, Failure};
use crate::output::{self, tell};

pub(super) use format::ReportFormat;

/// `gosweep report`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "\
  gosweep report results/r --format md                 to standard output
  gosweep report results/r --format all --out reports  every format
  gosweep report results/r --format comment,junit,openmetrics --out reports

With --out each file is written under another name and renamed, so a collector or a
watcher never sees half of one. SOURCE_DATE_EPOCH sets the time that OpenMetrics tells.
The README under reports/sample tells what each format is for; samples of all lie there.

Exit codes: 0 written, 2 invalid input or a record that contradicts itself,
70 internal error")]
pub(crate) struct ReportArgs {
    /// The run's folder
    #[arg(value_name = "RUN_DIR")]
    pub(crate) run: PathBuf,
    /// The formats, several with commas, or `all`
    #[arg(
        long,
        value_enum,
        value_name = "LIST",
        value_delimiter = ',',
        required_unless_present = "json"
    )]
    pub(crate) format: Vec<ReportFormat>,
    /// Where to write one format [default: standard output]
    #[arg(short = 'o', long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// The folder to write to, each format under its own name; it is made where there is none
    #[arg(long, value_name = "DIR", conflicts_with = "output")]
    pub(crate) out: Option<PathBuf>,
    /// Without --format: as --format json; with --out: tell as JSON what was written
    #[arg(long)]
    pub(crate) json: bool,
    /// Write into the run's folder even if another user or another machine made it
    #[arg(long)]
    pub(crate) trust: bool,
}

/// A file that was written.
#[derive(Debug, Serialize)]
struct Written {
    format: &'static str,
    path: PathBuf,
    bytes: usize,
}

/// Writes reports.
pub(crate) fn report(args: &ReportArgs) -> Result<Ending, Failure> {
    let formats = match args.format.as_slice() {
        [] => vec![ReportFormat::Json],
        formats => ReportFormat::each(formats),
    };
    for destination in args.output.iter().chain(&args.out) {
        run_folder::check_destination(&args.run, destination, args.trust)?;
    }
    let ranking = advise::load(&args.run)?;
    match (&args.out, formats.as_slice()) {
        (Some(folder), _) => into_folder(args, &ranking, &formats, folder)?,
        (None, [ReportFormat::Pprof]) | (None, [_, _, ..]) => {
            return Err(Failure::usage(
                "several formats, and pprof, make several files: name their folder with --out DIR",
            ));
        }
        (None, [format]) => to_one_place(&ranking, *format, args.output.as_deref())?,
        (None, []) => {}
    }
    Ok(Ending::Pass)
}

fn to_one_place(
    ranking: &Ranking,
    format: ReportFormat,
    file: Option<&Path>,
) -> Result<(), Failure> {
    let text = render(ranking, format)?;
    match file {
        Some(file) => output::write_file(file, &text),
        None if format.is_json() => output::print_document(&text),
        None => output::print(&text),
    }
}

fn into_folder(
    args: &ReportArgs,
    ranking: &Ranking,
    formats: &[ReportFormat],
    folder: &Path,
) -> Result<(), Failure> {
    let mut written = Vec::new();
    for &format in formats {
        if format == ReportFormat::Pprof {
            let profiles = profiles::write(&args.run, ranking, folder)?;
            if profiles.is_empty() {
                tell!(
                    "no pprof files: the run has no diagnosis; take one with: gosweep diagnose {}",
                    args.run.display()
                );
            }
            written.extend(profiles);
            continue;
        }
        let text = render(ranking, format)?;
        let path = folder.join(format.file());
        output::replace_file(&path, text.as_bytes())?;
        written.push(Written {
            format: format.name(),
            path,
            bytes: text.len(),
        });
    }
    if args.json {
        return output::print_json(&written);
    }
    let lines = written
        .iter()
        .map(|own| format!("{}\n", own.path.display()));
    output::print(&lines.collect::<String>())
}

/// The report in a format that is one text.
pub(super) fn render(ranking: &Ranking, format: ReportFormat) -> Result<String, Failure> {
    format.write(ranking).map_err(Failure::internal)
}
