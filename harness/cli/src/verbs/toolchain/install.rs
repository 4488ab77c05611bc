//! `gosweep toolchain install`: several at once, each with its own line of progress.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use ::toolchain::{
    Local, Progress, Toolbox, Toolchain, ToolchainError, ToolchainSpec, Watch, install_local,
};

use super::Shown;
use crate::exit::{Ending, Failure};
use crate::output::{self, tell, tell_over};

/// More downloads at once than this only share the same line.
const AT_ONCE: usize = 4;

/// What one word on the command line names.
enum Wanted {
    Named(ToolchainSpec),
    Here(Local),
}

/// What all installers share.
struct Board<'a> {
    terminal: bool,
    cancel: &'a AtomicBool,
    /// What each is doing, by its word.
    doing: Mutex<BTreeMap<usize, String>>,
}

/// Installs every word, in parallel. What can be installed is, whatever becomes of the others.
pub(super) fn install(
    words: &[String],
    sha256: Option<&str>,
    toolbox: &Toolbox,
    json: bool,
) -> Result<Ending, Failure> {
    if sha256.is_some() && words.len() != 1 {
        return Err(Failure::usage("--sha256 is of one archive: name one"));
    }
    let wanted = words
        .iter()
        .map(|word| read(word))
        .collect::<Result<Vec<_>, _>>()?;
    let board = Board {
        terminal: std::io::stderr().is_terminal(),
        cancel: crate::signals::cancel_flag(),
        doing: Mutex::default(),
    };
    let next = AtomicUsize::new(0);
    let done: Mutex<BTreeMap<usize, Result<Toolchain, ToolchainError>>> = Mutex::default();
    thread::scope(|scope| {
        for _ in 0..AT_ONCE.min(wanted.len()) {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(own) = wanted.get(at) else { return };
                    let found = board.install(at, &words[at], own, sha256, toolbox);
                    let mut done = done.lock().unwrap_or_else(|held| held.into_inner());
                    done.insert(at, found);
                }
            });
        }
    });
    if board.terminal {
        tell_over("");
    }
    let done = done.into_inner().unwrap_or_else(|held| held.into_inner());
    conclude(words, done, json)
}

fn read(word: &str) -> Result<Wanted, Failure> {
    let is_path =
        word.starts_with(['/', '.']) || word.ends_with(".tar.gz") || word.ends_with(".tgz");
    if is_path {
        let local = Local::at(Path::new(word)).map_err(Failure::usage)?;
        return Ok(Wanted::Here(local));
    }
    word.parse().map(Wanted::Named).map_err(Failure::usage)
}

impl Board<'_> {
    fn install(
        &self,
        at: usize,
        word: &str,
        wanted: &Wanted,
        sha256: Option<&str>,
        toolbox: &Toolbox,
    ) -> Result<Toolchain, ToolchainError> {
        let show = |progress: Progress| self.show(at, format!("{word}: {progress}"));
        let cancelled = || self.cancel.load(Ordering::Relaxed);
        let watch = Watch::new(&show).cancelled_by(&cancelled);
        let found = match wanted {
            Wanted::Named(spec) => ::toolchain::install(spec, toolbox, watch),
            Wanted::Here(local) => install_local(local, sha256, toolbox, watch),
        };
        let mut doing = self.doing.lock().unwrap_or_else(|held| held.into_inner());
        doing.remove(&at);
        found
    }

    fn show(&self, at: usize, line: String) {
        if !self.terminal {
            return;
        }
        let mut doing = self.doing.lock().unwrap_or_else(|held| held.into_inner());
        doing.insert(at, line);
        let lines: Vec<&str> = doing.values().map(String::as_str).collect();
        tell_over(&lines.join(" · "));
    }
}

fn conclude(
    words: &[String],
    done: BTreeMap<usize, Result<Toolchain, ToolchainError>>,
    json: bool,
) -> Result<Ending, Failure> {
    let mut failures = Vec::new();
    let mut shown = Vec::new();
    for (at, found) in done {
        match found {
            Ok(found) => {
                for attempt in &found.passed_over {
                    tell!("passed over {attempt}");
                }
                if json {
                    shown.push(Shown::new("resolved", &found));
                    continue;
                }
                output::print(&format!(
                    "{}\n{}\n{}",
                    found.resolution(),
                    found.goroot.display(),
                    found.verified_by
                ))?;
            }
            Err(error) if error.is_cancelled() => {
                return Err(Failure {
                    ending: Ending::Incomplete,
                    message: "interrupted".to_owned(),
                });
            }
            Err(error) if words.len() == 1 => failures.push(error.to_string()),
            Err(error) => failures.push(format!("{}: {error}", words[at])),
        }
    }
    match shown.as_slice() {
        [] => {}
        [only] if words.len() == 1 => output::print_json(only)?,
        several => output::print_json(&several)?,
    }
    if failures.is_empty() {
        return Ok(Ending::Pass);
    }
    Err(Failure::usage(failures.join("\n")))
}
