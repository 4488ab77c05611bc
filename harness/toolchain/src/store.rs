//! Our cache folder: installed toolchains, Go build caches, artifacts.
//!
//! ```text
//! <root>/toolchains/go1.25.5.linux-amd64/
//!     go/              the GOROOT
//!     files.sha256     checksum of every file, as sha256sum writes it
//!     toolchain.json   the manifest, written last
//! <root>/go-build/     GOCACHE per toolchain
//! <root>/artifacts/    built targets by content hash
//! <root>/scratch/      temporary homes
//! <root>/downloads/    parts of archives, to go on from
//! <root>/stamps/       what files looked like when they were last hashed
//! ```
//! A toolchain is made in a `.staging-` folder next to its destination and renamed when complete, under a lock that
//! dies with its holder: a folder with its final name is whole, whatever happened to whoever made it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use gotrace::version::GoVersion;
use safefile::{Folder, Locked, take_lock};
use serde::{Deserialize, Serialize};

use crate::digest;
use crate::environment::{furnish_home, goarch};
use crate::error::ToolchainError;
use crate::files::{
    make_folder, names_in, read_text, rename_into_place, sweep, temporary_in, write_synced,
};
use crate::goroot::{Origin, ToolDigests, Toolchain};
use crate::spec::ToolchainSpec;
use crate::watch::{Progress, Watch};

const MANIFEST: &str = "toolchain.json";
const FILES: &str = "files.sha256";
const MANIFEST_FORMAT: u32 = 1;
const LONGEST_MANIFEST: u64 = 1 << 20;
/// Go 1.27 has a list of 1.5 MB.
const LONGEST_LIST: u64 = 32 << 20;
/// No build takes this long. For folders that do not say whose they are.
const FORGOTTEN: Duration = Duration::from_secs(24 * 60 * 60);

/// gosweep's cache folder. Made on first use; all of it may be deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Store {
    root: PathBuf,
}

/// What `toolchain.json` says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Manifest {
    pub(crate) format_version: u32,
    pub(crate) version: String,
    pub(crate) origin: String,
    pub(crate) archive: String,
    pub(crate) archive_sha256: String,
    pub(crate) verified_by: String,
    pub(crate) installed_at: String,
    pub(crate) files_sha256: String,
    pub(crate) tools: ToolDigests,
}

impl Store {
    /// The store in `root`. A relative path counts from the current folder of now: the go commands run elsewhere.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        let root = root.into();
        Self {
            root: std::path::absolute(&root).unwrap_or(root),
        }
    }

    /// Where the store is unless the user says otherwise: `GOSWEEP_CACHE`, else `gosweep` in `XDG_CACHE_HOME`, else in
    /// `~/.cache`. Relative values are ignored, as the XDG specification asks. `None` without a home.
    pub fn usual_root(variable: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
        let absolute = |name| {
            variable(name)
                .map(PathBuf::from)
                .filter(|path| path.is_absolute())
        };
        absolute("GOSWEEP_CACHE")
            .or_else(|| absolute("XDG_CACHE_HOME").map(|cache| cache.join("gosweep")))
            .or_else(|| absolute("HOME").map(|home| home.join(".cache/gosweep")))
    }

    /// The folder that holds everything.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Refuses a cache that somebody else may have put something into, since what is in it is run.
    /// One that is not there yet is made by us.
    ///
    /// # Errors
    /// [`ToolchainError::Refused`], or it is there and cannot be looked into.
    pub fn check_ours(&self) -> Result<(), ToolchainError> {
        let folder = match Folder::open(&self.root) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            other => other.map_err(|error| ToolchainError::io("look into", &self.root, error))?,
        };
        folder.check_ours().map_err(|why| {
            let fix = "what is in the cache is run; or set GOSWEEP_CACHE to a folder of your own";
            ToolchainError::refused(
                format_args!("the cache {}", self.root.display()),
                format_args!("{why}: {fix}"),
            )
        })
    }

    /// Whether an error tells that this cache cannot be used: no other source would help then.
    pub(crate) fn is_unusable(&self, error: &ToolchainError) -> bool {
        use std::io::ErrorKind::{PermissionDenied, ReadOnlyFilesystem};
        let ToolchainError::Io { path, source, .. } = error else {
            return false;
        };
        let denied = matches!(source.kind(), PermissionDenied | ReadOnlyFilesystem);
        path.starts_with(&self.root) && (denied || safefile::is_shortage(source))
    }

    /// Go's build caches, one folder per toolchain.
    pub fn go_build(&self) -> PathBuf {
        self.root.join("go-build")
    }

    /// Built targets, by content hash.
    pub fn artifacts(&self) -> PathBuf {
        self.root.join("artifacts")
    }

    /// A home for go commands that is removed when dropped. What a gosweep that runs no more has left is removed too.
    ///
    /// # Errors
    /// [`ToolchainError::Io`], with the folder.
    pub fn scratch(&self) -> Result<tempfile::TempDir, ToolchainError> {
        let folder = self.root.join("scratch");
        // Somebody else may be removing it too.
        let _ = sweep(&folder, "home-", FORGOTTEN);
        let home = temporary_in(&folder, "home-")?;
        furnish_home(home.path()).map_err(|e| ToolchainError::io("furnish", home.path(), e))?;
        Ok(home)
    }

    /// Archives of which a part has come, by the checksum that the whole must have.
    pub(crate) fn downloads(&self) -> PathBuf {
        self.root.join("downloads")
    }

    pub(crate) fn toolchains(&self) -> PathBuf {
        self.root.join("toolchains")
    }

    /// Where a release is, or would be.
    pub fn folder_of(&self, version: &GoVersion) -> PathBuf {
        self.toolchains().join(folder_name(version))
    }

    pub(crate) fn staging(&self, version: &GoVersion) -> Result<tempfile::TempDir, ToolchainError> {
        temporary_in(&self.toolchains(), &staging_prefix(version))
    }

    /// Removes what an installer that runs no more has left. Only under the lock.
    pub(crate) fn sweep_staging(&self, version: &GoVersion) -> Result<(), ToolchainError> {
        sweep(&self.toolchains(), &staging_prefix(version), Duration::ZERO)
    }

    /// Waits for the lock on `name`, which the system takes from a dead holder.
    ///
    /// # Errors
    /// [`ToolchainError::Cancelled`], or the lock file cannot be obtained.
    pub fn lock(&self, name: &str, watch: Watch<'_>) -> Result<Lock, ToolchainError> {
        let path = self.root.join("locks").join(name);
        let failed = |error| ToolchainError::io("lock", &path, error);
        make_folder(&self.root)?;
        let folder = Folder::open(&self.root)
            .and_then(|root| root.make_folder("locks"))
            .map_err(failed)?;
        let mut told = false;
        loop {
            match take_lock(&folder, name).map_err(failed)? {
                Locked::Taken(lock) => return Ok(Lock { _lock: lock }),
                Locked::Held(_) => {}
            }
            if watch.is_cancelled() {
                return Err(ToolchainError::Cancelled);
            }
            if !told {
                watch.tell(Progress::Waiting {
                    what: name.to_owned(),
                });
                told = true;
            }
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// The releases whose folder is there, whole or not, oldest first.
    pub(crate) fn versions(&self) -> Result<Vec<GoVersion>, ToolchainError> {
        let mut versions: Vec<_> = names_in(&self.toolchains())?
            .iter()
            .filter_map(|name| {
                let version = GoVersion::parse(name.strip_suffix(&platform_suffix())?).ok()?;
                (folder_name(&version) == *name).then_some(version)
            })
            .collect();
        versions.sort();
        Ok(versions)
    }

    /// An installed release as its manifest tells it; nothing is hashed, so nothing of it may be run: that is
    /// [`Store::open`].
    pub(crate) fn read(&self, version: &GoVersion) -> Result<Toolchain, ToolchainError> {
        let folder = self.folder_of(version);
        let manifest = self.manifest(version)?;
        let origin = Origin::from_name(&manifest.origin).ok_or_else(|| {
            ToolchainError::refused(
                folder.join(MANIFEST).display(),
                format_args!("unknown origin `{}`", manifest.origin),
            )
        })?;
        Ok(Toolchain {
            spec: ToolchainSpec::Version(version.clone()),
            version: version.clone(),
            goroot: folder.join("go"),
            origin,
            from_cache: true,
            archive_sha256: Some(manifest.archive_sha256),
            files_sha256: Some(manifest.files_sha256),
            verified_by: manifest.verified_by,
            tools: manifest.tools,
            passed_over: Vec::new(),
        })
    }

    fn manifest(&self, version: &GoVersion) -> Result<Manifest, ToolchainError> {
        let path = self.folder_of(version).join(MANIFEST);
        let text = read_text(&path, LONGEST_MANIFEST)?;
        let manifest: Manifest =
            serde_json::from_str(&text).map_err(|e| ToolchainError::refused(path.display(), e))?;
        if manifest.format_version != MANIFEST_FORMAT {
            let reason = format!(
                "format {} (this gosweep reads {MANIFEST_FORMAT})",
                manifest.format_version
            );
            return Err(ToolchainError::refused(path.display(), reason));
        }
        if manifest.version != version.number() {
            let reason = format!("it speaks of go{}", manifest.version);
            return Err(ToolchainError::refused(path.display(), reason));
        }
        Ok(manifest)
    }

    /// The recorded checksums of every file, themselves checked first.
    pub(crate) fn recorded_files(
        &self,
        version: &GoVersion,
    ) -> Result<BTreeMap<String, String>, ToolchainError> {
        let path = self.folder_of(version).join(FILES);
        let text = read_text(&path, LONGEST_LIST)?;
        if digest::of_bytes(text.as_bytes()) != self.manifest(version)?.files_sha256 {
            return Err(ToolchainError::refused(
                path.display(),
                "it is not the list that was written at the installation",
            ));
        }
        text.lines()
            .map(|line| {
                line.split_once("  ")
                    .map(|(sum, name)| (name.to_owned(), sum.to_owned()))
            })
            .collect::<Option<_>>()
            .ok_or_else(|| ToolchainError::refused(path.display(), "a line is not `sha256  name`"))
    }

    /// Completes a staging folder that holds `go/` and gives it its final name. Only under the lock of that version.
    pub(crate) fn commit(
        &self,
        version: &GoVersion,
        staging: tempfile::TempDir,
        mut manifest: Manifest,
        files: &BTreeMap<String, String>,
    ) -> Result<(), ToolchainError> {
        let list: String = files
            .iter()
            .map(|(name, sum)| format!("{sum}  {name}\n"))
            .collect();
        manifest.format_version = MANIFEST_FORMAT;
        manifest.files_sha256 = digest::of_bytes(list.as_bytes());
        write_synced(&staging.path().join(FILES), list.as_bytes())?;
        let text = serde_json::to_vec_pretty(&manifest)
            .map_err(|e| ToolchainError::refused("the manifest", e))?;
        write_synced(&staging.path().join(MANIFEST), &text)?;
        let destination = self.folder_of(version);
        rename_into_place(staging, &destination)
    }
}

/// A held lock; dropping it, or dying, lets it go.
#[derive(Debug)]
pub struct Lock {
    _lock: safefile::Lock,
}

fn platform_suffix() -> String {
    format!(".linux-{}", goarch().unwrap_or("unknown"))
}

fn folder_name(version: &GoVersion) -> String {
    format!("go{}{}", version.number(), platform_suffix())
}

fn staging_prefix(version: &GoVersion) -> String {
    format!(".staging-{}-", folder_name(version))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn the_usual_root_follows_the_environment() {
        let root = |pairs: &[(&str, &str)]| {
            let pairs: BTreeMap<_, _> = pairs
                .iter()
                .map(|(k, v)| (k.to_string(), OsString::from(v)))
                .collect();
            Store::usual_root(|name| pairs.get(name).cloned())
        };
        assert_eq!(
            root(&[("GOSWEEP_CACHE", "/c"), ("HOME", "/h")]),
            Some("/c".into())
        );
        assert_eq!(
            root(&[("XDG_CACHE_HOME", "/x"), ("HOME", "/h")]),
            Some("/x/gosweep".into())
        );
        assert_eq!(
            root(&[("XDG_CACHE_HOME", "x"), ("HOME", "/h")]),
            Some("/h/.cache/gosweep".into())
        );
        assert_eq!(root(&[]), None);
    }

    #[test]
    fn a_cache_that_cannot_be_written_is_told_from_a_source_without_go() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::at(folder.path());
        let io = |path: &Path, kind: std::io::ErrorKind| {
            store.is_unusable(&ToolchainError::io("make", path, kind.into()))
        };
        use std::io::ErrorKind::{NotFound, PermissionDenied, ReadOnlyFilesystem, StorageFull};
        let inside = folder.path().join("toolchains");
        for kind in [PermissionDenied, ReadOnlyFilesystem, StorageFull] {
            assert!(io(&inside, kind), "{kind}");
            assert!(!io(Path::new("/opt/go"), kind), "{kind}");
        }
        assert!(!io(&inside, NotFound));
    }

    #[test]
    fn a_planted_lock_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::at(folder.path().join("cache"));
        let locks = store.root().join("locks");
        make_folder(&locks).unwrap();
        fs::write(folder.path().join("secret"), "secret").unwrap();
        std::os::unix::fs::symlink(folder.path().join("secret"), locks.join("one")).unwrap();
        let error = store.lock("one", Watch::silent()).unwrap_err().to_string();
        assert!(error.contains("symbolic link"), "{error}");
        let secret = fs::read_to_string(folder.path().join("secret")).unwrap();
        assert_eq!(secret, "secret");
    }

    #[test]
    fn a_second_taker_of_a_lock_waits_and_can_give_up() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::at(folder.path());
        let first = store.lock("one", Watch::silent()).unwrap();
        let given_up = store
            .lock("one", Watch::silent().cancelled_by(&|| true))
            .unwrap_err();
        assert!(given_up.is_cancelled());
        drop(first);
        store.lock("one", Watch::silent()).unwrap();
    }

    #[test]
    fn a_staging_folder_is_no_toolchain_and_is_swept() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::at(folder.path());
        let version = GoVersion::parse("1.25.5").unwrap();
        let mut child = std::process::Command::new("/bin/true").spawn().unwrap();
        let pid = child.id();
        child.wait().unwrap();
        let prefix = staging_prefix(&version);
        let dead = store.toolchains().join(format!("{prefix}{pid}-1-abcdef"));
        let nameless = store.toolchains().join(format!("{prefix}abcdef"));
        fs::create_dir_all(dead.join("go")).unwrap();
        fs::create_dir_all(nameless.join("go")).unwrap();
        let under_way = store.staging(&version).unwrap();
        assert!(store.versions().unwrap().is_empty());
        store.sweep_staging(&version).unwrap();
        assert!(!dead.exists() && !nameless.exists());
        assert!(under_way.path().exists(), "its owner lives");
    }

    #[test]
    fn a_folder_without_a_manifest_is_no_toolchain() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::at(folder.path());
        let version = GoVersion::parse("1.25.5").unwrap();
        fs::create_dir_all(store.folder_of(&version).join("go/bin")).unwrap();
        assert!(store.open(&version).is_err());
        assert_eq!(store.versions().unwrap(), [version]);
    }
}
