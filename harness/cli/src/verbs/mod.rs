//! One file per verb.

mod advise;
mod analyze;
mod compare;
mod completions;
mod diagnose;
mod gate;
mod host;
mod plan;
mod preference;
mod rank;
mod report;
mod run;
mod schema;
mod toolchain;

pub(crate) use analyze::AnalyzeArgs;
pub(crate) use compare::CompareArgs;
pub(crate) use diagnose::DiagnoseArgs;
pub(crate) use gate::GateArgs;
pub(crate) use preference::{Limits, Preference, limits, preference};

use crate::args::{Args, Verb};
use crate::exit::{Ending, Failure};

/// Does what was asked for.
pub(crate) fn dispatch(args: Args) -> Result<Ending, Failure> {
    match args.verb {
        Verb::Run(args) => run::run(&args),
        Verb::Plan(args) => plan::plan(&args),
        Verb::Host(args) => host::host(&args),
        Verb::Toolchain(args) => toolchain::toolchain(&args),
        Verb::Load(args) => crate::load::load(*args),
        Verb::Rank(args) => rank::rank(&args),
        Verb::Advise(args) => advise::advise(&args),
        Verb::Compare(args) => compare::compare(&args),
        Verb::Diagnose(args) => diagnose::diagnose(&args),
        Verb::Gate(args) => gate::gate(&args),
        Verb::Report(args) => report::report(&args),
        Verb::Analyze(args) => analyze::analyze(&args),
        Verb::Schema(args) => schema::schema(&args),
        Verb::Completions(args) => completions::completions(&args),
    }
}
