//! Everything that decides an artifact's bytes.
//!
//! `go list -deps -json`, run with the very environment and flags of the build, names the packages and files that the
//! build will read: tags, file name suffixes, embed patterns, vendoring and `replace` are thereby evaluated by Go
//! itself. We hash the content of every file of every package outside the standard library, the go.mod and go.sum of
//! the main module and the go.mod of local ones, vendor/modules.txt and the profile; the standard library and the
//! compilers are covered by the toolchain's identity.
//!
//! "Every file below the module's folder" would be simpler and wrong in both directions: a result file written into the
//! folder would force a rebuild, and a module replaced by `../other` would be missed.
//!
//! What `go list` does not see is what assembly and C files include. Builds with such files in a local module, and all
//! cgo builds, are therefore not reused: the go command's own cache decides for them every time. (Modules from the
//! module cache never change, so theirs do no harm.)

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::command::{self, Settings};
use super::error::BuildError;
use super::request::{BuildRequest, Pgo};
use toolchain::{Toolchain, ToolchainError, Watch, digest};

/// Goes into every key: a new gosweep that hashes otherwise starts afresh.
const KEY_FORMAT: &str = "gosweep artifact 1";

/// What a build will read.
#[derive(Debug)]
pub(super) struct Inputs {
    /// Import path of the main package.
    pub(super) import_path: String,
    /// The profile that `-pgo` will use.
    pub(super) profile: Option<PathBuf>,
    /// Two builds with the same key give the same bytes.
    pub(super) reusable: bool,
    /// What is hashed, line by line: kept alongside the artifact so that a person can see why something was built
    /// again.
    pub(super) text: String,
    /// What tells the toolchain from any other, before the build.
    pub(super) toolchain: String,
    files: BTreeMap<String, (PathBuf, String)>,
}

/// A package as `go list -json` tells it; the fields that matter here.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Package {
    dir: PathBuf,
    import_path: String,
    name: String,
    standard: bool,
    dep_only: bool,
    module: Option<Module>,
    go_files: Vec<String>,
    cgo_files: Vec<String>,
    c_files: Vec<String>,
    #[serde(rename = "CXXFiles")]
    cxx_files: Vec<String>,
    m_files: Vec<String>,
    h_files: Vec<String>,
    f_files: Vec<String>,
    s_files: Vec<String>,
    swig_files: Vec<String>,
    #[serde(rename = "SwigCXXFiles")]
    swig_cxx_files: Vec<String>,
    syso_files: Vec<String>,
    embed_files: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Module {
    path: String,
    version: String,
    main: bool,
    dir: PathBuf,
    go_mod: PathBuf,
    replace: Option<Box<Module>>,
}

impl Module {
    /// In the module cache, where nothing changes.
    fn is_fixed(&self) -> bool {
        let from = self.replace.as_deref().unwrap_or(self);
        !self.main && !from.version.is_empty()
    }
}

const FIELDS: &str = "-json=Dir,ImportPath,Name,Standard,DepOnly,Module,GoFiles,CgoFiles,CFiles,\
    CXXFiles,MFiles,HFiles,FFiles,SFiles,SwigFiles,SwigCXXFiles,SysoFiles,EmbedFiles";

impl Inputs {
    /// Asks Go what the build will read, and hashes it.
    pub(super) fn gather(
        request: &BuildRequest,
        toolchain: &Toolchain,
        settings: &Settings,
        scratch: &Path,
        watch: Watch<'_>,
    ) -> Result<Self, BuildError> {
        let mut command = settings.command("list", request, toolchain, scratch);
        // Since 1.19 fields can be chosen; before, all of them come.
        let json = if toolchain.version.at_least(19) {
            FIELDS
        } else {
            "-json"
        };
        command.args(["-deps", json, "--"]).arg(&request.package);
        let listed = command::run(command, request, toolchain, watch)?;
        let packages = serde_json::Deserializer::from_str(&listed.stdout)
            .into_iter::<Package>()
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| refuse(request, format!("`go list -json` cannot be read: {error}")))?;
        let main = main_package(request, &packages)?;
        let profile = profile(request, &main.dir);
        let mut paths = BTreeMap::new();
        for package in packages.iter().filter(|package| !package.standard) {
            for name in package.files() {
                paths.insert(
                    format!("{} {name}", package.import_path),
                    package.dir.join(name),
                );
            }
            if let Some(module) = &package.module {
                module_files(module, &mut paths);
            }
        }
        if let Some(profile) = &profile {
            paths.insert("profile".to_owned(), profile.clone());
        }
        let mut inputs = Self {
            import_path: main.import_path.clone(),
            profile,
            reusable: !request.cgo && packages.iter().all(Package::is_reproducible),
            text: String::new(),
            toolchain: toolchain.identity()?,
            files: BTreeMap::new(),
        };
        if let Some(copy) = &settings.mod_file {
            paths.insert("go.mod with another go line".to_owned(), copy.clone());
        }
        for (name, path) in paths {
            let sum = hash(&path)?;
            inputs.files.insert(name, (path, sum));
        }
        inputs.text = inputs.lines(toolchain, settings);
        Ok(inputs)
    }

    /// The artifact's name in the cache, as far as the inputs decide it.
    pub(super) fn key(&self) -> String {
        digest::of_bytes(self.text.as_bytes())
    }

    pub(super) fn count(&self) -> usize {
        self.files.len()
    }

    /// The first file that is not as it was when it was hashed.
    pub(super) fn changed(&self) -> Option<String> {
        self.files
            .values()
            .find(|(path, sum)| digest::of_file(path).ok().as_ref() != Some(sum))
            .map(|(path, _)| path.display().to_string())
    }

    fn lines(&self, toolchain: &Toolchain, settings: &Settings) -> String {
        let mut text = format!(
            "{KEY_FORMAT}\ntoolchain {} {}\n",
            toolchain.version, self.toolchain
        );
        text += &format!("package {}\n", self.import_path);
        for (name, value) in &settings.deciding {
            text += &format!("env {name}={value}\n");
        }
        for flag in &settings.flags {
            text += &format!("flag {flag:?}\n");
        }
        for (name, (_, sum)) in &self.files {
            text += &format!("file {sum} {name}\n");
        }
        text
    }
}

impl Package {
    fn files(&self) -> impl Iterator<Item = &String> {
        [&self.go_files, &self.embed_files, &self.h_files]
            .into_iter()
            .chain(self.foreign())
            .flatten()
    }

    /// Files that can include others, or that are no source at all.
    fn foreign(&self) -> [&Vec<String>; 9] {
        [
            &self.cgo_files,
            &self.c_files,
            &self.cxx_files,
            &self.m_files,
            &self.f_files,
            &self.s_files,
            &self.swig_files,
            &self.swig_cxx_files,
            &self.syso_files,
        ]
    }

    fn is_reproducible(&self) -> bool {
        let fixed = self.module.as_ref().is_some_and(Module::is_fixed);
        self.standard || fixed || self.foreign().iter().all(|files| files.is_empty())
    }
}

fn main_package<'a>(
    request: &BuildRequest,
    packages: &'a [Package],
) -> Result<&'a Package, BuildError> {
    let mut named = packages.iter().filter(|package| !package.dep_only);
    match (named.next(), named.next()) {
        (Some(package), None) if package.name == "main" => Ok(package),
        (Some(package), None) => {
            let reason = format!(
                "{} is package {}, not main",
                package.import_path, package.name
            );
            Err(refuse(request, reason))
        }
        _ => Err(refuse(
            request,
            format!("`{}` is not exactly one package", request.package),
        )),
    }
}

/// The files besides the packages' own that decide what is built: versions, the language version, DefaultGODEBUG.
fn module_files(module: &Module, paths: &mut BTreeMap<String, PathBuf>) {
    if module.is_fixed() {
        return;
    }
    let at = module.replace.as_deref().unwrap_or(module);
    let mut names = vec![("go.mod", at.go_mod.clone())];
    if module.main {
        names.push(("go.sum", at.dir.join("go.sum")));
        names.push(("vendor/modules.txt", at.dir.join("vendor/modules.txt")));
    }
    for (name, path) in names {
        if fs::exists(&path).unwrap_or(false) {
            paths.insert(format!("module {} {name}", module.path), path);
        }
    }
}

fn profile(request: &BuildRequest, main_dir: &Path) -> Option<PathBuf> {
    match &request.pgo {
        Pgo::Off => None,
        Pgo::Auto => Some(main_dir.join("default.pgo")).filter(|path| path.is_file()),
        Pgo::Profile(path) => Some(path.clone()),
    }
}

fn hash(path: &Path) -> Result<String, ToolchainError> {
    digest::of_file(path).map_err(|e| ToolchainError::io("hash", path, e))
}

fn refuse(request: &BuildRequest, reason: String) -> BuildError {
    BuildError::Request {
        target: request.target.clone(),
        reason,
    }
}
