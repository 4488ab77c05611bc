//! `gosweep report`: the report of a run, made again from its record.

use documents::ranking::Ranking;

use super::advise;
use crate::args::{ReportArgs, ReportFormat};
use crate::exit::{Ending, Failure};
use crate::output;

/// Writes a report.
pub(crate) fn report(args: &ReportArgs) -> Result<Ending, Failure> {
    let text = render(&advise::load(&args.run)?, args.format)?;
    match &args.output {
        Some(file) => output::write_file(file, &text)?,
        None => output::print(&text)?,
    }
    Ok(Ending::Pass)
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
