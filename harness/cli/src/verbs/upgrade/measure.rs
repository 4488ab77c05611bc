//! The runs of an upgrade: first the versions side by side, then what is different with its switches back.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use advisor::upgrade::{Unexplained, go_line, unexplained};
use gotrace::GoVersion;
use orchestrator::run::{Ending as RunEnding, RunRequest};
use record::matrix::Matrix;
use toolchain::{Toolbox, ToolchainSpec, Watch};

use super::matrix::{self, Base, Versions};
use super::{ATTRIBUTION, UpgradeArgs, sources, with_given};
use crate::exit::Failure;
use crate::output::{self, tell};
use crate::progress::Progress;
use crate::signals;
use crate::verbs::plan;
use crate::verbs::setup::{RankedSteering, argv, toolbox, with_values};

/// The linker shuffles functions from this minor version on.
const LAYOUT_SINCE: u32 = 23;

/// A matrix is a page of text.
const LARGEST_FILE_BYTES: u64 = 1 << 20;

/// What all runs of one call share.
struct Call<'a> {
    args: &'a UpgradeArgs,
    toolbox: Toolbox,
    base: Base,
    /// Where targets are looked for: the name of the user's matrix, or one in the current folder.
    file: PathBuf,
    started: Instant,
}

/// Measures; `None` where it was interrupted.
pub(super) fn measure(args: &UpgradeArgs) -> Result<Option<PathBuf>, Failure> {
    let (base, file, targets) = base(args)?;
    let mut toolbox = toolbox(args.toolchain_sources.as_deref(), None)?;
    toolbox.offline = args.offline;
    let call = Call {
        args,
        toolbox,
        base,
        file,
        started: Instant::now(),
    };
    let folder = args.out.clone().unwrap_or_else(|| {
        let now = jiff::Zoned::now().strftime("%Y%m%d-%H%M%S").to_string();
        Path::new("results").join(format!("upgrade-{now}"))
    });
    let text = call.versions(&targets)?;
    if !call.run(&text, &folder)? {
        tell!(
            "interrupted; go on with the same command and --out {}",
            folder.display()
        );
        return Ok(None);
    }
    if !args.no_attribution && !call.attribute(&folder)? {
        tell!(
            "interrupted; go on with the same command and --out {}",
            folder.display()
        );
        return Ok(None);
    }
    Ok(Some(folder))
}

/// What the user's matrix gives, and the targets.
fn base(args: &UpgradeArgs) -> Result<(Base, PathBuf, Vec<String>), Failure> {
    let Some(file) = &args.matrix else {
        if args.targets.is_empty() {
            return Err(Failure::usage(
                "name a target, or a matrix with --matrix FILE",
            ));
        }
        return Ok((
            Base::default(),
            PathBuf::from("upgrade.yaml"),
            args.targets.clone(),
        ));
    };
    let failed = |error| Failure::usage(format!("cannot read {}: {error}", file.display()));
    let text = safefile::read_named_text(file, LARGEST_FILE_BYTES).map_err(failed)?;
    let (matrix, findings) = Matrix::examine(&file.display().to_string(), &text);
    let Some(matrix) = matrix.filter(|_| findings.is_empty()) else {
        let name = file.display().to_string();
        return Err(record::diagnostic::Diagnostics::new(&name, &text, findings).into());
    };
    let targets = match args.targets.as_slice() {
        [] => matrix.targets.iter().map(|own| own.value.clone()).collect(),
        named => named.iter().map(|name| from_here(name)).collect(),
    };
    Ok((Base::of(&matrix, &text), file.clone(), targets))
}

/// A path as it is from the current folder, since paths of a matrix are relative to it; names stay.
fn from_here(name: &str) -> String {
    let is_path = name.contains('/') || name.ends_with(".yaml");
    let path = is_path.then(|| std::path::absolute(name).ok()).flatten();
    path.map_or_else(|| name.to_owned(), |path| path.display().to_string())
}

impl Call<'_> {
    /// The matrix of all versions: the go line is raised where that changes something.
    fn versions(&self, targets: &[String]) -> Result<String, Failure> {
        let from = self.args.from.as_deref().unwrap_or_default();
        let mut to = self.args.to.clone();
        to.dedup();
        if to.iter().any(|own| own == from) {
            return Err(Failure::usage(format!("{from} is both --from and --to")));
        }
        let old = self.version(from)?;
        let new = to
            .iter()
            .map(|own| self.version(own))
            .collect::<Result<Vec<_>, _>>()?;
        if let Some(same) = new.iter().find(|own| own.same_release(&old)) {
            return Err(Failure::usage(format!("--from and --to are both {same}")));
        }
        let mut of = Versions {
            targets,
            from,
            to: &to,
            raise: false,
            layout: std::iter::once(&old)
                .chain(&new)
                .all(|own| own.at_least(LAYOUT_SINCE)),
            blocks: self.args.blocks,
            base: &self.base,
        };
        if !of.layout {
            tell!(
                "note: Go before 1.{LAYOUT_SINCE} cannot shuffle functions, so code placement may move figures by some percent"
            );
        }
        let (plan, _) = plan::make_from_text(&self.file, &matrix::versions(&of))?;
        for target in plan.targets.values() {
            if matches!(target.program, record::target_file::Program::Binary(_)) {
                return Err(Failure::usage(format!(
                    "{} is a ready-made binary: an upgrade builds from source",
                    target.name
                )));
            }
            let own = sources::of_target(target).go_mod;
            let line = own.and_then(|(_, text)| go_line(&text));
            of.raise |= line.is_none_or(|line| {
                new.iter()
                    .any(|own| (line.major(), line.minor()) < (own.major(), own.minor()))
            });
        }
        Ok(matrix::versions(&of))
    }

    fn version(&self, name: &str) -> Result<GoVersion, Failure> {
        let spec: ToolchainSpec = name.parse().map_err(Failure::usage)?;
        let cancel = signals::cancel_flag();
        let cancelled = || cancel.load(std::sync::atomic::Ordering::Relaxed);
        let watch = Watch::silent().cancelled_by(&cancelled);
        let found = toolchain::install(&spec, &self.toolbox, watch);
        found.map(|own| own.version).map_err(Failure::usage)
    }

    /// Runs a matrix in a folder, or goes on with it; false where it was interrupted.
    fn run(&self, text: &str, folder: &Path) -> Result<bool, Failure> {
        let (plan, topology) = plan::make_from_text(&self.file, text)?;
        let plan = with_values(plan)?;
        let request = RunRequest {
            plan: &plan,
            topology: &topology,
            folder: folder.to_owned(),
            blocks: self.args.blocks,
            budget: self.left(),
            wait: Duration::ZERO,
            steering: &RankedSteering,
            toolbox: &self.toolbox,
            argv: argv(),
            tool: output::TOOL.to_owned(),
            user: None,
            cancel: signals::cancel_flag(),
        };
        let progress = Progress::new();
        let ending = orchestrator::run::run(&request, &|event| progress.show(event));
        progress.clear();
        Ok(ending? != RunEnding::Interrupted)
    }

    /// What is left of the budget.
    fn left(&self) -> Option<Duration> {
        let budget = self.args.budget?;
        // Nothing left is still a budget: the run says that it does not do.
        Some(
            budget
                .saturating_sub(self.started.elapsed())
                .max(Duration::from_secs(1)),
        )
    }

    /// Runs every difference with its switches back; false where it was interrupted.
    fn attribute(&self, folder: &Path) -> Result<bool, Failure> {
        let found = with_given(folder, self.args, unexplained)?;
        for own in found.map_err(Failure::usage)? {
            let text = matrix::switches(
                &self.target_name(folder, &own)?,
                &own.cell,
                &own.switches,
                self.args.blocks,
                &self.base,
            );
            let name = format!("{}-{}", own.target, own.toolchain);
            let name = name.replace(|c: char| !(c.is_alphanumeric() || "-._".contains(c)), "_");
            tell!(
                "{}: looking for what carries the difference under {}",
                own.target,
                own.toolchain
            );
            match self.run(&text, &folder.join(ATTRIBUTION).join(name)) {
                Ok(true) => {}
                Ok(false) => return Ok(false),
                // The verdict stands without it.
                Err(failure) => tell!("no attribution for {}: {}", own.target, failure.message),
            }
        }
        Ok(true)
    }

    /// The target as the versions' matrix names it: its path where it is no name.
    fn target_name(&self, folder: &Path, own: &Unexplained) -> Result<String, Failure> {
        let run = record::store::RunDir::open(folder)?.read_run()?;
        let file = run
            .targets
            .get(&own.target)
            .map(|file| from_here(&file.path));
        Ok(file.unwrap_or_else(|| own.target.clone()))
    }
}
