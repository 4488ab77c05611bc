//! Toolchains and programs of a run: every cell gets the path of what it starts, and the record gets what proves it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::time::Duration;

use gotrace::GoVersion;
use gotrace::buildinfo::{BuildInfo, embedded_version};
use record::axis::{Applied, Axis, OF_CONTROL};
use record::cell::CellId;
use record::target_file::{Program as Source, Target};
use supervise::child;
use toolchain::{Progress, Toolchain, ToolchainSpec, Watch, environment, install};

use super::error::RunError;
use super::pgo;
use super::request::RunRequest;
use crate::build::{
    BuildError, BuildRequest, CheckoutError, Network, Pgo, ask_for, build, check_out, pin,
    place_of_binary,
};
use crate::events::{Event, Listener};
use crate::plan::{
    Plan, PlannedCell, ReadyCell, check_versions, folder_of, option_values, toolchain_spec,
};

/// What makes two cells share a program: target, toolchain, build settings.
type Key = (String, String, BTreeMap<String, String>);

/// A program that can be started.
#[derive(Debug, Clone)]
pub(super) struct Program {
    pub(super) path: PathBuf,
    pub(super) sha256: String,
    pub(super) go_version: Option<GoVersion>,
    record: record::run::Artifact,
}

/// Every program of a run.
#[derive(Debug)]
pub(super) struct Programs {
    toolchains: BTreeMap<String, Toolchain>,
    programs: BTreeMap<Key, Program>,
}

impl Programs {
    /// The program of a cell; `None` where its Go cannot build it.
    pub(super) fn of(&self, plan: &Plan, cell: &PlannedCell) -> Option<&Program> {
        self.programs.get(&key(plan, cell, 0))
    }

    /// The Go version of a cell's program, built or not, where known.
    pub(super) fn go_version(&self, plan: &Plan, cell: &PlannedCell) -> Option<&GoVersion> {
        let key = key(plan, cell, 0);
        match self.toolchains.get(&key.1) {
            Some(toolchain) => Some(&toolchain.version),
            None => self.programs.get(&key)?.go_version.as_ref(),
        }
    }

    /// The program that a cell has in a block, built now if need be; `None` when asked to stop.
    pub(super) fn for_block(
        &self,
        request: &RunRequest<'_>,
        cell: &PlannedCell,
        block: u32,
        listener: &Listener<'_>,
    ) -> Result<Option<Program>, RunError> {
        let progress = |progress: Progress| listener(Event::Toolchain(progress));
        let cancelled = || request.cancel.load(Ordering::Relaxed);
        let watch = Watch::new(&progress).cancelled_by(&cancelled);
        let key = key(request.plan, cell, block);
        match (self.programs.get(&key), self.toolchains.get(&key.1)) {
            (Some(program), _) => Ok(Some(program.clone())),
            (None, Some(toolchain)) => {
                built(request, request.plan.target(cell), toolchain, &key, watch)
            }
            (None, None) => Ok(None),
        }
    }

    /// The GOROOT of every toolchain, by the name that the matrix gives it.
    pub(super) fn goroots(&self) -> BTreeMap<String, PathBuf> {
        let named = self.toolchains.iter();
        named
            .map(|(spec, toolchain)| (spec.clone(), toolchain.goroot.clone()))
            .collect()
    }

    pub(super) fn toolchains(&self) -> Vec<record::run::Toolchain> {
        let record = |(spec, toolchain): (&String, &Toolchain)| record::run::Toolchain {
            spec: spec.clone(),
            version: toolchain.version.to_string(),
            goroot: toolchain.goroot.display().to_string(),
            source: toolchain.resolution(),
            sha256: toolchain
                .archive_sha256
                .clone()
                .or_else(|| Some(toolchain.tools.go.clone())),
            verified_by: toolchain.verified_by.clone(),
        };
        self.toolchains.iter().map(record).collect()
    }

    pub(super) fn artifacts(&self) -> Vec<record::run::Artifact> {
        self.programs
            .values()
            .map(|program| program.record.clone())
            .collect()
    }
}

/// Finds the toolchains and builds what the cells start; `None` when asked to stop.
pub(super) fn provide(
    request: &RunRequest<'_>,
    listener: &Listener<'_>,
) -> Result<Option<Programs>, RunError> {
    let progress = |progress: Progress| listener(Event::Toolchain(progress));
    let cancelled = || request.cancel.load(Ordering::Relaxed);
    let watch = Watch::new(&progress).cancelled_by(&cancelled);
    let mut programs = Programs {
        toolchains: BTreeMap::new(),
        programs: BTreeMap::new(),
    };
    for name in request.plan.toolchain_specs() {
        let spec: ToolchainSpec = name
            .parse()
            .map_err(|error: toolchain::SpecError| RunError::Nothing(error.to_string()))?;
        match install(&spec, request.toolbox, watch) {
            Ok(toolchain) => programs.toolchains.insert(name, toolchain),
            Err(error) if error.is_cancelled() => return Ok(None),
            Err(error) => return Err(error.into()),
        };
    }
    let cells = request.plan.cells.iter();
    let now = cells.filter(|cell| !pgo::is_wanted(cell));
    let all = programs.build_all(request, now, watch)?;
    Ok(all.then_some(programs))
}

impl Programs {
    /// Builds what needed a profile of a control, which is there now; false when asked to stop.
    pub(super) fn complete(
        &mut self,
        request: &RunRequest<'_>,
        listener: &Listener<'_>,
    ) -> Result<bool, RunError> {
        let progress = |progress: Progress| listener(Event::Toolchain(progress));
        let cancelled = || request.cancel.load(Ordering::Relaxed);
        let watch = Watch::new(&progress).cancelled_by(&cancelled);
        let cells = request.plan.cells.iter();
        self.build_all(request, cells.filter(|cell| pgo::is_wanted(cell)), watch)
    }

    fn build_all<'a>(
        &mut self,
        request: &RunRequest<'_>,
        cells: impl Iterator<Item = &'a PlannedCell>,
        watch: Watch<'_>,
    ) -> Result<bool, RunError> {
        for cell in cells {
            let key = key(request.plan, cell, 0);
            if self.programs.contains_key(&key) {
                continue;
            }
            let target = request.plan.target(cell);
            let program = match binary_of(request.plan, cell) {
                Some(path) => given(request, target, &path, &key, watch)?,
                None => {
                    let toolchain = &self.toolchains[&key.1];
                    // Dropped with the reason, and no failed build.
                    if check_versions(&cell.spec, &toolchain.version).is_some() {
                        continue;
                    }
                    built(request, target, toolchain, &key, watch)?
                }
            };
            let Some(program) = program else {
                return Ok(false);
            };
            self.programs.insert(key, program);
        }
        Ok(true)
    }
}

/// A cell with its program, under the id that everything about it gives it.
pub(super) fn ready_cell(plan: &Plan, planned: &PlannedCell, program: &Program) -> ReadyCell {
    let target = plan.target(planned);
    let load = format!("{:?} {:?}", plan.matrix.load, plan.matrix.warmup);
    let options = format!("{:?}", option_values(plan, planned));
    let placement = format!(
        "{} {}",
        planned.placement.target, planned.placement.generator
    );
    let settings = planned.spec.settings.identity();
    let mut parts = vec![
        target.text.as_str(),
        &program.sha256,
        &settings,
        &placement,
        &load,
        &options,
    ];
    parts.extend(target.template_texts());
    ReadyCell {
        id: CellId::of(parts),
        planned: planned.clone(),
        program: program.path.clone(),
        program_sha256: program.sha256.clone(),
        go_version: program.go_version.clone(),
    }
}

/// Whether a cell has another program in every block.
pub(super) fn changes_by_block(cell: &PlannedCell) -> bool {
    let mut settings = cell.spec.settings.iter();
    settings.any(|(axis, value)| axis.is_build() && axis.changes_by_block(value))
}

/// A seed for the linker, the same for all cells of a block, so that cells that differ at run time only share their
/// program.
fn seed_of_block(seed: u64, block: u32) -> u32 {
    let digest = toolchain::digest::of_bytes(format!("layout {seed} {block}").as_bytes());
    let bits = digest
        .get(..8)
        .and_then(|digits| u32::from_str_radix(digits, 16).ok());
    // From 1 to i32::MAX, as the axis takes it.
    (bits.unwrap_or_default() >> 1).max(1)
}

/// What a program is known by, as it is in a block: some have another one in each.
fn key(plan: &Plan, cell: &PlannedCell, block: u32) -> Key {
    let toolchain = match binary_of(plan, cell) {
        None => toolchain_spec(&cell.spec).to_owned(),
        Some(_) => String::new(),
    };
    let settings = Axis::PLAIN.iter().filter_map(|axis| {
        let (Applied::BuildVariable(name) | Applied::BuildFlag(name) | Applied::Source(name)) =
            axis.applied()
        else {
            return None;
        };
        let value = cell.spec.settings.set_value(axis)?;
        let value = match axis.changes_by_block(value) {
            true => seed_of_block(plan.matrix.seed_in_force(), block).to_string(),
            false => value.to_owned(),
        };
        Some((name.to_owned(), value))
    });
    (cell.spec.target.clone(), toolchain, settings.collect())
}

/// The ready-made program of a cell: its own, or that of its target; `None` where one is built.
fn binary_of(plan: &Plan, cell: &PlannedCell) -> Option<PathBuf> {
    if let Some(path) = cell.spec.settings.set_value(&Axis::Binary) {
        return Some(place_of_binary(folder_of(&plan.matrix), path));
    }
    let target = plan.target(cell);
    match &target.program {
        Source::Binary(path) => Some(place_of_binary(folder(target), path)),
        Source::Build { .. } => None,
    }
}

/// The folder that paths of a target file are relative to.
fn folder(target: &Target) -> &Path {
    Path::new(&target.file).parent().unwrap_or(Path::new("."))
}

fn built(
    request: &RunRequest<'_>,
    target: &Target,
    toolchain: &Toolchain,
    key: &Key,
    watch: Watch<'_>,
) -> Result<Option<Program>, RunError> {
    let Source::Build {
        package,
        module,
        fetch,
        cgo,
    } = &target.program
    else {
        return Ok(None);
    };
    let failed = |reason: String| RunError::Build {
        target: target.name.clone(),
        toolchain: toolchain.version.to_string(),
        reason,
    };
    let module_dir = folder(target).join(module);
    let module_dir = module_dir
        .canonicalize()
        .map_err(|error| failed(format!("{}: {error}", module_dir.display())))?;
    let checkout = match key.2.get("ref") {
        None => None,
        Some(reference) => match check_out(&module_dir, reference, &request.toolbox.store, watch) {
            Ok(checkout) => Some(checkout),
            Err(CheckoutError::Cancelled) => return Ok(None),
            Err(CheckoutError::Failed(why)) => return Err(failed(why)),
        },
    };
    let module_dir = match &checkout {
        Some(checkout) => checkout.module_dir.clone(),
        None => module_dir,
    };
    let mut build_request = BuildRequest::new(target.name.as_str(), module_dir, package.as_str());
    build_request.cgo = *cgo;
    if *fetch {
        build_request.network = if request.toolbox.offline {
            Network::Cached
        } else {
            Network::Inherit
        };
    }
    let of_request = key.2.iter().filter(|(setting, _)| *setting != "ref");
    for (setting, value) in of_request {
        let profile = pgo::place(&request.folder, &target.name);
        let value = match setting == "-pgo" && value == OF_CONTROL {
            true => &profile.display().to_string(),
            false => value,
        };
        ask_for(
            &mut build_request,
            setting,
            value,
            folder_of(&request.plan.matrix),
        )
        .map_err(failed)?;
    }
    let mut settings = key.2.clone();
    settings.extend(
        checkout
            .iter()
            .map(|own| ("commit".to_owned(), own.commit.clone())),
    );
    if let Pgo::Profile(file) = &build_request.pgo {
        let sha256 = toolchain::digest::of_file(file)
            .map_err(|error| failed(format!("{}: {error}", file.display())))?;
        settings.insert("-pgo sha256".to_owned(), sha256);
    }
    let artifact = match build(toolchain, &build_request, &request.toolbox.store, watch) {
        Ok(artifact) => artifact,
        Err(BuildError::Toolchain(error)) if error.is_cancelled() => return Ok(None),
        Err(error) => return Err(failed(error.to_string())),
    };
    Ok(Some(Program {
        sha256: artifact.sha256.clone(),
        go_version: Some(toolchain.version.clone()),
        record: record::run::Artifact {
            target: key.0.clone(),
            toolchain: Some(key.1.clone()),
            build: settings,
            sha256: artifact.sha256,
            size_bytes: artifact.size_bytes,
            go_version_m: artifact.go_version_m,
            command: artifact.command.clone(),
        },
        path: artifact.path,
    }))
}

/// In larger programs no version is looked for.
const LARGEST_BINARY_BYTES: u64 = 1 << 30;

/// A copy of a ready-made binary: what it says of itself is all that is known of it.
fn given(
    request: &RunRequest<'_>,
    target: &Target,
    path: &Path,
    key: &Key,
    watch: Watch<'_>,
) -> Result<Option<Program>, RunError> {
    let failed = |reason: String| RunError::Build {
        target: target.name.clone(),
        toolchain: "no toolchain (ready-made binary)".to_owned(),
        reason,
    };
    let path = path
        .canonicalize()
        .map_err(|error| failed(format!("{}: {error}", path.display())))?;
    let pinned = match pin(&path, &request.toolbox.store, watch) {
        Ok(pinned) => pinned,
        Err(error) if error.is_cancelled() => return Ok(None),
        Err(error) => return Err(failed(error.to_string())),
    };
    let told = go_version_m(request, &pinned.path, watch);
    let version = told.as_deref().and_then(|text| BuildInfo::parse(text).ok());
    // Without a `go` the binary still says it.
    let version = version.map(|info| info.go_version).or_else(|| {
        embedded_version(&safefile::read_named(&pinned.path, LARGEST_BINARY_BYTES).ok()?)
    });
    Ok(Some(Program {
        go_version: version,
        record: record::run::Artifact {
            target: target.name.clone(),
            toolchain: None,
            build: key.2.clone(),
            sha256: pinned.sha256.clone(),
            size_bytes: pinned.size_bytes,
            go_version_m: told.unwrap_or_default(),
            command: String::new(),
        },
        sha256: pinned.sha256,
        path: pinned.path,
    }))
}

/// What `go version -m` says of a ready-made binary, where there is a `go`.
fn go_version_m(request: &RunRequest<'_>, binary: &Path, watch: Watch<'_>) -> Option<String> {
    let toolchain = install(&ToolchainSpec::Path, request.toolbox, Watch::silent()).ok()?;
    let scratch = tempfile::tempdir().ok()?;
    let mut command = environment::clean(&toolchain.go(), scratch.path());
    command.arg("version").arg("-m").arg(binary);
    let done = child::run(command, Duration::from_secs(60), watch.stop(), &|| {}).ok()?;
    Some(done.stdout)
}

#[cfg(test)]
mod tests {
    use super::seed_of_block;

    #[test]
    fn every_block_has_a_seed_of_its_own_and_keeps_it() {
        let seeds: std::collections::BTreeSet<u32> =
            (0..1000).map(|block| seed_of_block(1, block)).collect();
        assert_eq!(seeds.len(), 1000);
        assert!(seeds.iter().all(|seed| (1..1 << 31).contains(seed)));
        assert_eq!(seed_of_block(1, 7), seed_of_block(1, 7));
        assert_ne!(seed_of_block(1, 7), seed_of_block(2, 7));
    }
}
