//! The formats of a report, with the files that they are written to.

use clap::ValueEnum;
use documents::ranking::Ranking;
use record::objective::Direction;
use report::{
    Bencher, Benchfmt, Csv, Format, GithubBenchmark, Junit, MarkdownWithin, OpenMetrics,
    ReportError,
};

/// The formats of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    /// Markdown
    Md,
    /// JSON, by the schema that `gosweep schema ranking` prints
    Json,
    /// One self-contained page
    Html,
    /// Markdown with the verdict first, for the summary of a CI step (1 MiB at most)
    Summary,
    /// The same in brief, for a comment on a pull request (64 KiB at most)
    Comment,
    /// One row per figure of a trial
    Csv,
    /// Go's benchmark format, for benchstat
    Benchfmt,
    /// github-action-benchmark, figures where more is better (customBiggerIsBetter)
    GithubBigger,
    /// github-action-benchmark, figures where less is better (customSmallerIsBetter)
    GithubSmaller,
    /// Bencher Metric Format
    Bencher,
    /// Verdict, cells and limits as tests
    Junit,
    /// Metrics for a textfile collector
    Openmetrics,
    /// The profiles of diagnoses, labelled by cell
    Pprof,
    /// Every format
    All,
}

impl ReportFormat {
    /// Every format that is asked for, once.
    pub(super) fn each(asked: &[ReportFormat]) -> Vec<ReportFormat> {
        let all = asked.contains(&ReportFormat::All);
        let formats = ReportFormat::value_variants().iter().copied();
        formats
            .filter(|own| *own != ReportFormat::All && (all || asked.contains(own)))
            .collect()
    }

    /// Its name on the command line.
    pub(super) fn name(self) -> &'static str {
        match self {
            ReportFormat::Md => "md",
            ReportFormat::Json => "json",
            ReportFormat::Html => "html",
            ReportFormat::Summary => "summary",
            ReportFormat::Comment => "comment",
            ReportFormat::Csv => "csv",
            ReportFormat::Benchfmt => "benchfmt",
            ReportFormat::GithubBigger => "github-bigger",
            ReportFormat::GithubSmaller => "github-smaller",
            ReportFormat::Bencher => "bencher",
            ReportFormat::Junit => "junit",
            ReportFormat::Openmetrics => "openmetrics",
            ReportFormat::Pprof => "pprof",
            ReportFormat::All => "all",
        }
    }

    /// The file that it is written to, within a folder.
    pub(crate) fn file(self) -> &'static str {
        match self {
            ReportFormat::Md => "report.md",
            ReportFormat::Json => "report.json",
            ReportFormat::Html => "report.html",
            ReportFormat::Summary => "summary.md",
            ReportFormat::Comment => "comment.md",
            ReportFormat::Csv => "report.csv",
            ReportFormat::Benchfmt => "benchmarks.txt",
            ReportFormat::GithubBigger => "github-bigger-is-better.json",
            ReportFormat::GithubSmaller => "github-smaller-is-better.json",
            ReportFormat::Bencher => "bencher.json",
            ReportFormat::Junit => "junit.xml",
            ReportFormat::Openmetrics => "gosweep.prom",
            ReportFormat::Pprof | ReportFormat::All => "",
        }
    }

    /// Whether its text is JSON.
    pub(super) fn is_json(self) -> bool {
        matches!(
            self,
            ReportFormat::Json
                | ReportFormat::GithubBigger
                | ReportFormat::GithubSmaller
                | ReportFormat::Bencher
        )
    }

    /// A ranking in this format; nothing for the formats that are several files.
    pub(super) fn write(self, ranking: &Ranking) -> Result<String, ReportError> {
        match self {
            ReportFormat::Md => report::markdown(ranking),
            ReportFormat::Json => report::json(ranking),
            ReportFormat::Html => report::html(ranking),
            ReportFormat::Summary => MarkdownWithin::SUMMARY.write(ranking),
            ReportFormat::Comment => MarkdownWithin::COMMENT.write(ranking),
            ReportFormat::Csv => Csv.write(ranking),
            ReportFormat::Benchfmt => Benchfmt.write(ranking),
            ReportFormat::GithubBigger => GithubBenchmark(Direction::HigherIsBetter).write(ranking),
            ReportFormat::GithubSmaller => GithubBenchmark(Direction::LowerIsBetter).write(ranking),
            ReportFormat::Bencher => Bencher.write(ranking),
            ReportFormat::Junit => Junit.write(ranking),
            ReportFormat::Openmetrics => OpenMetrics {
                written_at_s: now_s(),
            }
            .write(ranking),
            ReportFormat::Pprof | ReportFormat::All => Ok(String::new()),
        }
    }
}

/// Seconds since the Unix epoch; SOURCE_DATE_EPOCH where that is set (reproducible-builds.org).
fn now_s() -> i64 {
    let set = std::env::var("SOURCE_DATE_EPOCH").ok();
    let set = set.and_then(|text| text.parse::<i64>().ok());
    set.unwrap_or_else(|| jiff::Timestamp::now().as_second())
}
