//! Builds Go from its sources: `src/make.bash` in a copy, with a Go that is fit to build it.
//!
//! Which Go that is, make.bash itself says (`bootgo=1.24.6`). The copy leaves out `.git`; a tree without a VERSION file
//! gets one that names the development version of `src/internal/goversion` and the sources' digest, since cmd/dist
//! would otherwise ask git.

use std::fs;
use std::path::Path;
use std::time::Duration;

use gotrace::version::GoVersion;

use crate::copy::copy_tree;
use crate::digest;
use crate::discover;
use crate::environment;
use crate::error::{ToolchainError, one_line};
use crate::files::{make_folder, read_text};
use crate::goroot::Toolchain;
use crate::offer::Fetched;
use crate::toolbox::Toolbox;
use crate::unpack::Limits;
use crate::watch::{Progress, Watch};
use supervise::child;

/// Two slow CPUs need ten minutes.
const LIMIT: Duration = Duration::from_secs(60 * 60);
const LONGEST_SCRIPT: u64 = 1 << 20;
/// What a build makes: the copy starts without it.
const MADE: [&str; 3] = [".git", "bin", "pkg"];
/// What a build leaves behind that no toolchain needs.
const LEFT_OVER: [&str; 2] = ["pkg/bootstrap", "pkg/obj"];

/// Builds the sources in `from` into `goroot`, a new folder in a staging folder.
pub(crate) fn build(
    from: &Path,
    goroot: &Path,
    toolbox: &Toolbox,
    watch: Watch<'_>,
) -> Result<Fetched, ToolchainError> {
    copy_tree(from, goroot, &MADE, Limits::TOOLCHAIN, watch)?;
    let sources =
        digest::of_named_tree(goroot).map_err(|e| ToolchainError::io("hash", goroot, e))?;
    name_version(goroot, &sources)?;
    let least = least_bootstrap(goroot)?;
    let bootstrap = bootstrap(least.as_ref(), toolbox, watch)?;
    make(goroot, &bootstrap, toolbox, watch)?;
    Ok(Fetched {
        archive: from.display().to_string(),
        archive_sha256: sources.clone(),
        verified_by: format!(
            "built by make.bash with {} from {} (SHA-256 over its files {sources})",
            bootstrap.version,
            from.display()
        ),
    })
}

/// A VERSION file where the tree has none.
fn name_version(goroot: &Path, sources: &str) -> Result<(), ToolchainError> {
    let path = goroot.join("VERSION");
    if path.is_file() {
        return Ok(());
    }
    let file = goroot.join("src/internal/goversion/goversion.go");
    let text = read_text(&file, LONGEST_SCRIPT)?;
    let minor = text
        .lines()
        .find_map(|line| line.trim().strip_prefix("const Version = "))
        .and_then(|number| number.trim().parse::<u32>().ok())
        .ok_or_else(|| ToolchainError::refused(file.display(), "it names no `const Version`"))?;
    let words = format!("devel go1.{minor}-{}\n", &sources[..10]);
    fs::write(&path, words).map_err(|e| ToolchainError::io("write", &path, e))
}

/// The oldest Go that make.bash accepts; `None` where it names none, as up to Go 1.19.
fn least_bootstrap(goroot: &Path) -> Result<Option<GoVersion>, ToolchainError> {
    let script = goroot.join("src/make.bash");
    let text = read_text(&script, LONGEST_SCRIPT)?;
    let named = text.lines().find_map(|line| line.strip_prefix("bootgo="));
    Ok(named.and_then(|version| GoVersion::parse(version.trim_matches('"')).ok()))
}

/// The oldest Go at hand that will do: it is nearest to what the sources were tried with.
fn bootstrap(
    least: Option<&GoVersion>,
    toolbox: &Toolbox,
    watch: Watch<'_>,
) -> Result<Toolchain, ToolchainError> {
    let fits = |version: &GoVersion| {
        least.is_none_or(|least| version.cmp_release(least) != std::cmp::Ordering::Less)
    };
    let versions = toolbox.store.versions()?;
    for version in versions.iter().filter(|version| fits(version)) {
        if let Ok(toolchain) = toolbox.store.open(version) {
            return Ok(toolchain);
        }
    }
    match discover::on_path(toolbox, watch) {
        Ok(toolchain) if fits(&toolchain.version) => return Ok(toolchain),
        Err(error) if error.is_cancelled() => return Err(error),
        _ => {}
    }
    let what = least.map_or("a Go".to_owned(), |least| {
        format!("Go {} or newer", least.number())
    });
    Err(ToolchainError::Unavailable(format!(
        "building Go from source needs {what} to start with, and neither the store nor PATH has it; \
         fix: gosweep toolchain install {}",
        least.map_or("1.26".to_owned(), GoVersion::number)
    )))
}

fn make(
    goroot: &Path,
    bootstrap: &Toolchain,
    toolbox: &Toolbox,
    watch: Watch<'_>,
) -> Result<(), ToolchainError> {
    let scratch = toolbox.store.scratch()?;
    // cmd/dist wants to write where the standard library's tools go.
    make_folder(&goroot.join("bin"))?;
    let mut command = environment::clean(Path::new("/bin/bash"), scratch.path());
    command
        .env("GOROOT_BOOTSTRAP", &bootstrap.goroot)
        .env_remove("GOFLAGS")
        .current_dir(goroot.join("src"))
        .arg("make.bash")
        .arg("--no-banner");
    let tick = || {
        watch.tell(Progress::Building {
            target: format!("Go with {}", bootstrap.version),
        });
    };
    let done = child::run(command, LIMIT, watch.stop(), &tick)?;
    if !done.success() {
        let told: Vec<&str> = done.stderr.lines().rev().take(12).collect();
        let told: Vec<&str> = told.into_iter().rev().collect();
        return Err(ToolchainError::refused(
            goroot.join("src/make.bash").display(),
            one_line(&told.join("\n")),
        ));
    }
    for left in LEFT_OVER {
        let path = goroot.join(left);
        if path.exists() {
            remove(&path)?;
        }
    }
    Ok(())
}

fn remove(path: &Path) -> Result<(), ToolchainError> {
    fs::remove_dir_all(path).map_err(|e| ToolchainError::io("remove", path, e))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::local::{Local, install_local};
    use crate::store::Store;
    use crate::testing::write_fake_goroot;

    fn write(path: &Path, text: &str) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn toolbox(folder: &Path, bootstrap: Option<&str>) -> Toolbox {
        let search_path = bootstrap.map(|version| {
            write_fake_goroot(&folder.join("boot"), version);
            let bin = folder.join("boot/go/bin");
            let go = format!(
                "#!/bin/sh\nif [ \"$1\" = env ]; then echo {}; else echo 'go version go{version} linux/amd64'; fi\n",
                folder.join("boot/go").display()
            );
            fs::write(bin.join("go"), go).unwrap();
            bin.into_os_string()
        });
        Toolbox {
            store: Store::at(folder.join("cache")),
            order: "cache,path".parse().unwrap(),
            search_path,
            godev: "http://127.0.0.1:1/dl/".to_owned(),
            offline: true,
            locked: false,
        }
    }

    /// A tree whose make.bash makes the stand-in toolchain of the tests.
    fn tree(folder: &Path, least: &str, script: &str) -> Local {
        let root = folder.join("tree");
        let made = folder.join("made");
        write_fake_goroot(&made, "1.99.0");
        let go = "#!/bin/sh\necho 'go version devel go1.99-abc linux/amd64'\n";
        fs::write(made.join("go/bin/go"), go).unwrap();
        write(
            &root.join("src/internal/goversion/goversion.go"),
            "package goversion\n\nconst Version = 99\n",
        );
        write(
            &root.join("src/make.bash"),
            &format!("bootgo={least}\n{script}\n"),
        );
        write(&root.join("bin/stale"), "x");
        fs::remove_file(root.join("bin/stale")).unwrap();
        Local::at(&root).unwrap()
    }

    #[test]
    fn a_tree_without_a_version_is_built_as_a_development_version() {
        let folder = tempfile::tempdir().unwrap();
        let script = format!(
            "test -x \"$GOROOT_BOOTSTRAP/bin/go\" || exit 1\ncp -r {}/go/bin {}/go/pkg ..\nmkdir -p ../pkg/obj/x",
            folder.path().join("made").display(),
            folder.path().join("made").display()
        );
        let local = tree(folder.path(), "1.24.6", &script);
        let toolbox = toolbox(folder.path(), Some("1.26.8"));
        let found = install_local(&local, None, &toolbox, Watch::silent()).unwrap();
        assert_eq!(found.version.number(), "1.99-devel");
        assert!(found.verified_by.contains("make.bash with go1.26.8"));
        assert!(!found.goroot.join("pkg/obj").exists());
        // What was built is a toolchain like any other.
        let version = GoVersion::parse("1.99-devel").unwrap();
        assert_eq!(toolbox.store.open(&version).unwrap().goroot, found.goroot);
    }

    #[test]
    fn a_bootstrap_that_is_too_old_and_a_build_that_fails_leave_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let local = tree(folder.path(), "1.24.6", "echo no luck >&2; exit 3");
        let old = toolbox(folder.path(), Some("1.22.12"));
        let error = install_local(&local, None, &old, Watch::silent()).unwrap_err();
        assert!(
            error.to_string().contains("needs Go 1.24.6 or newer"),
            "{error}"
        );
        let new = toolbox(folder.path(), Some("1.24.6"));
        let error = install_local(&local, None, &new, Watch::silent()).unwrap_err();
        assert!(error.to_string().contains("no luck"), "{error}");
        let left = fs::read_dir(folder.path().join("cache/toolchains")).unwrap();
        assert_eq!(left.count(), 0);
    }
}
