//! The build, from request to proved artifact.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use gotrace::buildinfo::BuildInfo;

use super::cache::{self, Entry};
use super::command::{self, Settings};
use super::error::BuildError;
use super::go_line;
use super::inputs::Inputs;
use super::prove;
use super::request::BuildRequest;
use supervise::child::command_line;
use toolchain::{Progress, Store, Toolchain, ToolchainError, Watch, digest};

/// A target's binary, and how it came to be.
#[derive(Debug, Clone, PartialEq)]
pub struct Artifact {
    /// The target's name.
    pub target: String,
    /// The binary, in our cache; never changed once there.
    pub path: PathBuf,
    /// SHA-256 of the binary.
    pub sha256: String,
    /// Size of the binary.
    pub size_bytes: u64,
    /// What `go version -m` says of it, word for word.
    pub go_version_m: String,
    /// The same, read.
    pub build_info: BuildInfo,
    /// It was in the cache; nothing was compiled.
    pub cached: bool,
    /// How long `go build` took, now or when the cached one was made.
    pub build_time: Duration,
    /// The command line that made it (the output path is a staging folder's).
    pub command: String,
    /// The Go variables of that command that decide its bytes.
    pub environment: Vec<(String, String)>,
    /// Hash of everything that decided its bytes; its folder's name.
    pub key: String,
    /// How many files of its sources went into the key.
    pub source_files: usize,
}

/// Builds one target with one toolchain, or finds it built already, and proves by `go version -m` that the binary is
/// what was asked for.
///
/// Blocks, for a minute when the standard library must be compiled first. Safe to call from several processes at once;
/// equal builds wait for each other and are made once.
///
/// # Errors
/// [`BuildError::Go`] with the compiler's words, or what else is in the way.
pub fn build(
    toolchain: &Toolchain,
    request: &BuildRequest,
    store: &Store,
    watch: Watch<'_>,
) -> Result<Artifact, BuildError> {
    request.check(toolchain)?;
    // Before anything of it is run.
    store.prove(toolchain)?;
    let scratch = store.scratch()?;
    let mut settings = Settings::of(request, toolchain, store, watch)?;
    settings.mod_file = go_line::raise(request, toolchain, scratch.path(), watch)?;
    let inputs = Inputs::gather(request, toolchain, &settings, scratch.path(), watch)?;
    let job = Job {
        toolchain,
        request,
        store,
        settings: &settings,
        inputs: &inputs,
        scratch: scratch.path(),
        watch,
    };
    let key = inputs.key();
    let _lock = store.lock(&format!("artifact-{key}"), watch)?;
    if inputs.reusable
        && let Some(entry) = cache::read(&cache::folder(store, &key), &request.target)
    {
        return job.reuse(key, entry);
    }
    job.compile(key)
}

/// One build under way.
struct Job<'a> {
    toolchain: &'a Toolchain,
    request: &'a BuildRequest,
    store: &'a Store,
    settings: &'a Settings,
    inputs: &'a Inputs,
    scratch: &'a Path,
    watch: Watch<'a>,
}

impl Job<'_> {
    /// The binary is read again: the proof is of what will run.
    fn reuse(&self, key: String, entry: Entry) -> Result<Artifact, BuildError> {
        let folder = cache::folder(self.store, &key);
        let (_, info) = self.proved(&folder)?;
        Ok(self.artifact(&folder, key, entry, info, true))
    }

    fn compile(&self, key: String) -> Result<Artifact, BuildError> {
        let Self {
            request, toolchain, ..
        } = self;
        self.watch.tell(Progress::Building {
            target: request.target.clone(),
        });
        let staging = cache::staging(self.store, &key)?;
        let binary = staging.path().join(&request.target);
        let mut command = self
            .settings
            .command("build", request, toolchain, self.scratch);
        command
            .arg("-o")
            .arg(&binary)
            .arg("--")
            .arg(&request.package);
        let line = command_line(&command);
        let done = command::run(command, request, toolchain, self.watch)?;
        if let Some(file) = self.inputs.changed() {
            return Err(BuildError::SourcesChanged {
                target: request.target.clone(),
                file,
            });
        }
        // And nobody put another compiler or library in its place meanwhile.
        self.store.prove(toolchain)?;
        if toolchain.identity()? != self.inputs.toolchain {
            return Err(BuildError::SourcesChanged {
                target: request.target.clone(),
                file: toolchain.goroot.display().to_string(),
            });
        }
        let (text, info) = self.proved(staging.path())?;
        let failed = |action| {
            let binary = binary.clone();
            move |e| ToolchainError::io(action, &binary, e)
        };
        let entry = Entry {
            format_version: Entry::FORMAT,
            target: request.target.clone(),
            toolchain: toolchain.version.to_string(),
            sha256: digest::of_file(&binary).map_err(failed("hash"))?,
            size_bytes: fs::metadata(&binary).map_err(failed("measure"))?.len(),
            command: line,
            environment: self.settings.deciding.clone(),
            build_ns: u64::try_from(done.elapsed.as_nanos()).unwrap_or(u64::MAX),
            built_at: jiff::Timestamp::now().to_string(),
            go_version_m: text,
        };
        let key = self.final_key(key, &entry);
        let folder = cache::folder(self.store, &key);
        // Somebody may be running the same bytes from there.
        let there = !self.inputs.reusable && cache::read(&folder, &request.target).is_some();
        if !there {
            cache::commit(staging, &folder, &entry, &self.inputs.text)?;
        }
        Ok(self.artifact(&folder, key, entry, info, false))
    }

    /// Where the inputs do not decide the bytes, the bytes are in the key.
    fn final_key(&self, key: String, entry: &Entry) -> String {
        if self.inputs.reusable {
            return key;
        }
        digest::of_bytes(format!("{key} {}", entry.sha256).as_bytes())
    }

    fn proved(&self, folder: &Path) -> Result<(String, BuildInfo), BuildError> {
        let Self {
            request,
            toolchain,
            scratch,
            watch,
            ..
        } = self;
        let (text, info) = prove::ask(folder, request, toolchain, scratch, *watch)?;
        prove::prove(&info, request, toolchain, self.inputs)?;
        Ok((text, info))
    }

    fn artifact(
        &self,
        folder: &Path,
        key: String,
        entry: Entry,
        info: BuildInfo,
        cached: bool,
    ) -> Artifact {
        Artifact {
            path: folder.join(&entry.target),
            target: entry.target,
            sha256: entry.sha256,
            size_bytes: entry.size_bytes,
            go_version_m: entry.go_version_m,
            build_info: info,
            cached,
            build_time: Duration::from_nanos(entry.build_ns),
            command: entry.command,
            environment: entry.environment,
            key,
            source_files: self.inputs.count(),
        }
    }
}

#[cfg(test)]
#[path = "build_tests.rs"]
mod tests;
