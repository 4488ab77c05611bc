//! `gosweep analyze`: what can be said of a service that gosweep did not start.

mod inputs;
mod trace;
mod window;

use std::path::PathBuf;
use std::time::Duration;

use advisor::analyze::{AnalyzeOptions, Material};
use clap::Args as ClapArgs;
use documents::analysis::Unread;

use crate::exit::{Ending, Failure};
use crate::output;
use crate::output::tell;

/// `gosweep analyze`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Inputs: standard error with GODEBUG=gctrace=1, schedtrace=N,
scheddetail=1 or scavtrace=1, panics, goroutine dumps and reports of the race
detector, behind any prefix, in JSON, logfmt, CSV or YAML, of several replicas;
pprof profiles in every form (also debug=1), execution traces, runtime/metrics
snapshots and dumps in text, metrics for Prometheus, expvar, the output of
`go version` with -m or without. What is compressed by xz, zstd or bzip2 is
piped: xzcat FILE | gosweep analyze -

Examples:
  gosweep analyze stderr.log cpu.pb.gz --html page.html
  kubectl logs -f deploy/web | gosweep analyze -
  gosweep analyze --url http://127.0.0.1:6060/debug/pprof --for 30s
  gosweep analyze --diff before.pb.gz after.pb.gz --html difference.html

A file or service that gives nothing readable is named on stderr and in the
report, with the reason; the others are still analysed. With --diff every file is
needed.

The project's MYTHS.md lists trace lines, keys and advice that are often quoted
and do not exist in Go.

Exit codes: 0 analysed, whatever was found, even if some of the files could not
be read; 2 invalid input, or none of it could be read; 5 interrupted;
70 internal error")]
pub(crate) struct AnalyzeArgs {
    /// What the service wrote; `-` reads standard input to its end or to Ctrl-C
    #[arg(value_name = "FILE", required_unless_present = "url")]
    files: Vec<PathBuf>,
    /// Take a window from a running service: the address of its net/http/pprof.
    /// A service of Go 1.27 collects garbage once at its end, for leaked goroutines
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// How long that window is, in whole seconds
    #[arg(long = "for", value_name = "TIME", default_value = "10s", value_parser = record::quantity::parse_positive_duration, requires = "url")]
    window: Duration,
    /// Take an execution trace of one second as well
    #[arg(long, requires = "url")]
    trace: bool,
    /// Accept any certificate of the service
    #[arg(long, requires = "url")]
    insecure: bool,
    /// Compare two profiles of one kind, the earlier first
    #[arg(long, conflicts_with = "url")]
    diff: bool,
    /// What the service gives to runtime.SetMutexProfileFraction, if known
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    mutex_fraction: Option<u32>,
    /// Write a page with charts and flame graphs
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Print as JSON
    #[arg(long)]
    json: bool,
}

/// Reads, analyses and prints.
pub(crate) fn analyze(args: &AnalyzeArgs) -> Result<Ending, Failure> {
    let mut options = AnalyzeOptions {
        tool: output::TOOL.to_owned(),
        pictures: args.html.is_some(),
        difference: args.diff,
        mutex_fraction: args.mutex_fraction,
        ..AnalyzeOptions::default()
    };
    let mut materials: Vec<Material> = Vec::new();
    if let Some(url) = &args.url {
        options.window = Some(args.window);
        let taken = window::take(args, url)?;
        materials.extend(taken.materials);
        options.missing = taken.missing;
        options.mutex_fraction = options.mutex_fraction.or(taken.mutex_fraction);
        options.unread.extend(taken.unread);
    }
    for file in &args.files {
        match inputs::read(file) {
            Ok(material) => materials.push(material),
            Err(unread) => options.unread.push(unread),
        }
    }
    go_on_without(&options.unread, materials.is_empty() || args.diff)?;
    let analysis = advisor::analyze::analyze(&materials, &options).map_err(Failure::usage)?;
    if let Some(file) = &args.html {
        let page = report::html(&analysis).map_err(Failure::internal)?;
        output::write_file(file, &page)?;
        tell!("wrote {}", file.display());
    }
    if args.json {
        output::print_json(&analysis)?;
    } else {
        output::print_page(|options| report::terminal(&analysis, options))?;
    }
    Ok(Ending::Pass)
}

/// Names what could not be read; an error if nothing else is there, or if all of it is needed.
fn go_on_without(unread: &[Unread], needed: bool) -> Result<(), Failure> {
    if needed && let [first, others @ ..] = unread {
        let others: String = others.iter().map(|one| format!("\n{one}")).collect();
        return Err(Failure::usage(format!("{first}{others}")));
    }
    for one in unread {
        tell!("warning: {one}");
    }
    Ok(())
}
