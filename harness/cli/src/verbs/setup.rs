//! What verbs that measure set up alike: the plan of a run, its toolchains, and how it is steered.

use std::path::Path;

use orchestrator::plan::{Plan, PlanError};
use orchestrator::run::Steering;
use record::decision::{Finalist, Judgement};
use record::run::Run;
use record::store::RunDir;
use record::trial::Trial;
use toolchain::{SourceOrder, Store, Toolbox};
use topology::Topology;

use super::plan;
use super::run_folder::by_us;
use crate::exit::Failure;

/// Racing, stopping and choosing finalists by the code that ranks the run in the end, with the same options.
#[derive(Debug)]
pub(super) struct RankedSteering;

impl Steering for RankedSteering {
    fn after_block(&self, run: &Run, trials: &[Trial]) -> Result<Judgement, String> {
        judging::steering::judge(run, trials, &by_us(judging::RankOptions::default()))
            .map_err(|error| error.to_string())
    }

    fn finalists(&self, run: &Run, trials: &[Trial]) -> Result<Vec<Finalist>, String> {
        judging::steering::finalists(run, trials, &by_us(judging::RankOptions::default()))
            .map_err(|error| error.to_string())
    }
}

/// The plan of a run that is there.
pub(super) fn plan_of(folder: &Path) -> Result<(Plan, Topology), Failure> {
    let run = RunDir::open(folder)?.read_run()?;
    let (mut plan, topology) = plan::make_from_text_in(
        Path::new(&run.matrix.path),
        &run.matrix.text,
        Path::new(run.working_folder.as_deref().unwrap_or_default()),
    )?;
    plan.matrix.seed = Some(run.seed);
    Ok((with_values(plan)?, topology))
}

/// A plan with the values that its targets take from our environment.
pub(super) fn with_values(plan: Plan) -> Result<Plan, Failure> {
    let filled = plan.with_values(|name| std::env::var(name).ok());
    Ok(filled.map_err(PlanError::Invalid)?)
}

/// Where toolchains come from: the command line, then the matrix, then the default order.
pub(super) fn toolbox(sources: Option<&str>, plan: Option<&Plan>) -> Result<Toolbox, Failure> {
    let root = Store::usual_root(|name| std::env::var_os(name)).ok_or_else(|| {
        Failure::usage("no cache folder: set GOSWEEP_CACHE to an absolute path, or HOME")
    })?;
    let store = Store::at(root);
    store.check_ours().map_err(Failure::usage)?;
    let mut toolbox = Toolbox::new(store);
    let named = plan
        .map(|plan| &plan.matrix.toolchain_sources)
        .filter(|sources| !sources.is_empty());
    let in_matrix = named.map(|sources| {
        let names: Vec<&str> = sources.iter().map(|source| source.value.as_str()).collect();
        names.join(",")
    });
    if let Some(order) = sources.map(str::to_owned).or(in_matrix) {
        toolbox.order = order.parse::<SourceOrder>().map_err(Failure::usage)?;
    }
    Ok(toolbox)
}

/// The command line for the record, without its secrets.
pub(super) fn argv() -> Vec<String> {
    let words = std::env::args_os().map(|word| word.to_string_lossy().into_owned());
    record::secret::arguments(&words.collect::<Vec<_>>())
}

/// Whom targets run as, where it was said.
pub(super) fn target_user(wanted: Option<&str>) -> Result<Option<orchestrator::User>, Failure> {
    let user = wanted.map(orchestrator::User::find);
    user.transpose().map_err(Failure::usage)
}
