//! The sources of a target as they were at a commit, in a folder of their own.
//!
//! Main function: [`check_out`]. The user's work tree, index and branches stay as they are: the tree is read into an
//! index of ours and written from there, so that, other than with `git archive`, no file is left out or altered by
//! `export-ignore`, and, other than with `git worktree`, nothing is left behind in the repository.
//!
//! Deliberately absent: submodules, whose folders stay empty.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use supervise::child::{self, ChildError};
use toolchain::{Store, Watch};

/// Longer than any checkout takes, unless a filter of the repository hangs.
const LIMIT: Duration = Duration::from_secs(300);

/// A commit's files. They go with this.
#[derive(Debug)]
pub struct Checkout {
    /// Where the module is in them.
    pub module_dir: PathBuf,
    /// The commit, 40 or 64 hexadecimal digits.
    pub commit: String,
    _folder: tempfile::TempDir,
}

/// Why a commit could not be had.
#[derive(Debug, thiserror::Error)]
pub enum CheckoutError {
    /// The run was stopped.
    #[error("stopped")]
    Cancelled,
    /// What is wrong, in words.
    #[error("{0}")]
    Failed(String),
}

/// Writes the files of `reference` (a branch, tag or commit) of the repository that holds `module_dir`.
///
/// # Errors
/// There is no repository or no such commit, or the files cannot be written.
pub fn check_out(
    module_dir: &Path,
    reference: &str,
    store: &Store,
    watch: Watch<'_>,
) -> Result<Checkout, CheckoutError> {
    let failed = |why: String| CheckoutError::Failed(why);
    let git = |words: &[&str], index: Option<&Path>| git(module_dir, words, index, watch);
    let top = git(&["rev-parse", "--show-toplevel"], None)?;
    let prefix = git(&["rev-parse", "--show-prefix"], None)?;
    let wanted = format!("{reference}^{{commit}}");
    let commit = git(
        &["rev-parse", "--verify", "--quiet", "--end-of-options", &wanted],
        None,
    )
    .map_err(|error| match error {
        CheckoutError::Failed(_) => failed(format!(
            "the repository {top} has no commit `{reference}`: see `git branch --all` and `git tag`, or fetch it"
        )),
        other => other,
    })?;
    std::fs::create_dir_all(store.root())
        .map_err(|error| failed(format!("{}: {error}", store.root().display())))?;
    let folder = tempfile::Builder::new()
        .prefix("sources-")
        .tempdir_in(store.root())
        .map_err(|error| failed(format!("no folder for the sources: {error}")))?;
    let index = folder.path().join("index");
    let tree = folder.path().join("tree");
    // A prefix that ends with a slash is a folder.
    let into = format!("--prefix={}/", tree.display());
    let at_top = |words: &[&str]| self::git(Path::new(&top), words, Some(&index), watch);
    at_top(&["read-tree", &commit])?;
    at_top(&["checkout-index", "--all", "--quiet", &into])?;
    Ok(Checkout {
        module_dir: tree.join(prefix.trim_end_matches('/')),
        commit,
        _folder: folder,
    })
}

/// Runs git and gives its one line of output.
fn git(
    folder: &Path,
    words: &[&str],
    index: Option<&Path>,
    watch: Watch<'_>,
) -> Result<String, CheckoutError> {
    let mut command = Command::new("git");
    command.env_clear();
    for name in ["PATH", "HOME"] {
        command.envs(std::env::var_os(name).map(|value| (name, value)));
    }
    if let Some(index) = index {
        command.env("GIT_INDEX_FILE", index);
    }
    // Nothing of the repository's own is to be run for a look at it.
    command.args([
        "-c",
        "core.fsmonitor=false",
        "-c",
        "core.hooksPath=/dev/null",
    ]);
    command.arg("-C").arg(folder).args(words);
    let done = child::run(command, LIMIT, watch.stop(), &|| {}).map_err(|error| match error {
        ChildError::Cancelled { .. } => CheckoutError::Cancelled,
        other => CheckoutError::Failed(format!("{other}; `ref` needs git")),
    })?;
    match done.status.code {
        Some(0) => Ok(done.stdout.trim_end_matches('\n').to_owned()),
        _ => Err(CheckoutError::Failed(format!(
            "`git {}` in {}: {}",
            words.join(" "),
            folder.display(),
            done.stderr.trim()
        ))),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn run(folder: &Path, words: &[&str]) {
        let mut command = Command::new("git");
        command.current_dir(folder).args(words).env_clear();
        command.envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
        for name in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{name}_NAME"), "a");
            command.env(format!("GIT_{name}_EMAIL"), "a@localhost");
        }
        assert!(command.output().unwrap().status.success(), "git {words:?}");
    }

    #[test]
    fn a_commit_is_written_and_the_work_tree_is_left_alone() {
        let place = tempfile::tempdir().unwrap();
        let (repository, store) = (place.path().join("r"), Store::at(place.path().join("s")));
        let module = repository.join("shop");
        fs::create_dir_all(&module).unwrap();
        run(&repository, &["init", "--quiet"]);
        fs::write(repository.join(".gitattributes"), "*.go export-ignore\n").unwrap();
        for version in ["one", "two"] {
            fs::write(module.join("main.go"), version).unwrap();
            run(&repository, &["add", "."]);
            run(&repository, &["commit", "--quiet", "-m", version]);
            run(&repository, &["tag", version]);
        }
        fs::write(module.join("main.go"), "not committed").unwrap();
        let before = fs::read(repository.join(".git/index")).unwrap();
        let first = check_out(&module, "one", &store, Watch::silent()).unwrap();
        let second = check_out(&module, "two", &store, Watch::silent()).unwrap();
        let text = |checkout: &Checkout| fs::read_to_string(checkout.module_dir.join("main.go"));
        assert_eq!(text(&first).unwrap(), "one");
        assert_eq!(text(&second).unwrap(), "two");
        assert_ne!(first.commit, second.commit);
        assert_eq!(
            fs::read_to_string(module.join("main.go")).unwrap(),
            "not committed"
        );
        assert_eq!(fs::read(repository.join(".git/index")).unwrap(), before);
        assert!(!repository.join(".git/worktrees").exists());
        let gone = first.module_dir.clone();
        drop(first);
        assert!(!gone.exists());
    }

    #[test]
    fn what_is_not_there_is_named() {
        let place = tempfile::tempdir().unwrap();
        let store = Store::at(place.path().join("s"));
        let of = |folder: &Path, reference: &str| {
            let error = check_out(folder, reference, &store, Watch::silent()).unwrap_err();
            error.to_string()
        };
        let repository = place.path().join("r");
        fs::create_dir(&repository).unwrap();
        run(&repository, &["init", "--quiet"]);
        assert!(of(&repository, "v9").contains("no commit `v9`"));
        assert!(of(Path::new("/proc"), "v9").contains("git rev-parse"));
    }
}
