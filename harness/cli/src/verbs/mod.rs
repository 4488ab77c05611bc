//! One file for each verb: its arguments, and what it does. What several verbs do alike stands in `run_folder`, `setup`
//! and `preference`.

mod advise;
mod analyze;
mod compare;
mod completions;
mod diagnose;
mod export;
mod gate;
mod host;
mod load;
mod man;
mod plan;
mod preference;
mod rank;
mod report;
mod run;
mod run_folder;
mod schema;
mod setup;
mod toolchain;
mod upgrade;

pub(crate) use advise::{AdviseArgs, advise};
pub(crate) use analyze::{AnalyzeArgs, analyze};
pub(crate) use compare::{CompareArgs, compare};
pub(crate) use completions::{CompletionsArgs, completions};
pub(crate) use diagnose::{DiagnoseArgs, diagnose};
pub(crate) use export::{ExportArgs, export};
pub(crate) use gate::{GateArgs, gate};
pub(crate) use host::{HostArgs, host};
pub(crate) use load::{LoadArgs, load};
pub(crate) use man::{ManArgs, man};
pub(crate) use plan::{PlanArgs, plan};
pub(crate) use rank::{RankArgs, rank};
pub(crate) use report::{ReportArgs, report};
pub(crate) use run::{RunArgs, run};
pub(crate) use schema::{SchemaArgs, schema};
pub(crate) use toolchain::{ToolchainArgs, toolchain};
pub(crate) use upgrade::{UpgradeArgs, upgrade};
