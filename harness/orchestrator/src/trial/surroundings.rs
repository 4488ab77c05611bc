//! What a trial makes around its target: a fresh folder, config files, and the commands of `before`.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::fs::{PermissionsExt, lchown};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use record::quantity::format_duration;
use record::target_file::{ConfigFile, Step, StepTime};
use record::trial::{Failure, FailureCause};
use supervise::{Exit, Launch, User};
use topology::Limits;

use super::bindings::Bindings;
use super::last_words::last_words;
use super::launch_error::LaunchError;
use super::request::TrialRequest;
use crate::own_side::OwnSide;

/// How often a command of `before` is looked at.
const LOOK: Duration = Duration::from_millis(5);

/// The folder `{tmp}` of one start: empty when it begins, and gone with this.
#[derive(Debug)]
pub(super) struct Scratch {
    path: PathBuf,
}

impl Scratch {
    /// Makes it among the trial's evidence, which the next run sweeps after `kill -9`; for another user, who does not
    /// get there, among the system's temporary files.
    pub(super) fn make(evidence: &Path, user: Option<&User>) -> io::Result<Scratch> {
        let path = match user {
            None => {
                let path = std::path::absolute(evidence)?.join("tmp");
                fs::create_dir(&path)?;
                path
            }
            Some(_) => {
                let folder = tempfile::Builder::new()
                    .prefix("gosweep-trial-")
                    .tempdir()?;
                folder.keep()
            }
        };
        let scratch = Scratch { path };
        fs::set_permissions(&scratch.path, fs::Permissions::from_mode(0o700))?;
        scratch.give(&scratch.path, user)?;
        Ok(scratch)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes config files with their placeholders filled in.
    pub(super) fn write(
        &self,
        files: &[ConfigFile],
        bindings: &Bindings,
        user: Option<&User>,
    ) -> io::Result<()> {
        for file in files {
            let mut folder = self.path.clone();
            let parts: Vec<_> = Path::new(&file.path).components().collect();
            for part in parts.iter().take(parts.len().saturating_sub(1)) {
                folder.push(part);
                if !folder.is_dir() {
                    fs::create_dir(&folder)?;
                    self.give(&folder, user)?;
                }
            }
            let path = self.path.join(&file.path);
            fs::write(&path, bindings.fill(&file.text))?;
            self.give(&path, user)?;
        }
        Ok(())
    }

    fn give(&self, path: &Path, user: Option<&User>) -> io::Result<()> {
        user.map_or(Ok(()), |user| lchown(path, Some(user.uid), Some(user.gid)))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What cannot be removed here is swept with its trial's folder.
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// Runs the commands of one time, one after the other.
pub(super) fn run_steps(
    request: &TrialRequest<'_>,
    bindings: &Bindings,
    env: &[(String, OsString)],
    when: StepTime,
) -> Result<(), LaunchError> {
    let target = request.plan.target(&request.cell.planned);
    let numbered = target.before.iter().enumerate();
    for (at, step) in numbered.filter(|(_, step)| step.when == when) {
        let name = format!("before-{}", at + 1);
        run_step(request, bindings, env, step, &name)?;
    }
    Ok(())
}

fn run_step(
    request: &TrialRequest<'_>,
    bindings: &Bindings,
    env: &[(String, OsString)],
    step: &Step,
    name: &str,
) -> Result<(), LaunchError> {
    let target = request.plan.target(&request.cell.planned);
    let words: Vec<String> = step.run.iter().map(|word| bindings.fill(word)).collect();
    let Some((program, args)) = words.split_first() else {
        return Ok(());
    };
    let shown = record::shown::line(&words.join(" ")).into_owned();
    let failed = |message: String, exit: Exit, stderr_tail| {
        let failure = Failure {
            cause: FailureCause::NotStarted,
            message: format!("`before` command `{shown}` {message}"),
            exit_code: exit.code,
            signal: exit.signal,
            panic: None,
            stderr_tail,
        };
        LaunchError::Failed(Box::new(failure), None)
    };
    let not_run = |error: io::Error| {
        let message = format!("could not be run: {error}");
        failed(message, Exit::default(), Vec::new())
    };
    let logs = request.evidence.join(name);
    fs::create_dir_all(&logs).map_err(not_run)?;
    let launch = Launch {
        program: found(program, bindings, env).map_err(not_run)?,
        args: args.to_vec(),
        env: env.to_vec(),
        pinning: None,
        limits: Limits::default(),
        observer_cpus: request.topology.usable.clone(),
        workdir: target.workdir.as_deref().map(|dir| bindings.path(dir)),
        logs: logs.clone(),
        secrets: target.secrets.clone(),
    };
    let begun = Instant::now();
    let started = request.spawner.spawn(launch);
    let mut process = started.map_err(|error| match error.source_of_system() {
        Some(source) if safefile::is_shortage(source) => {
            LaunchError::OwnSide(OwnSide(error.to_string()))
        }
        _ => failed(
            format!("could not be run: {error}"),
            Exit::default(),
            Vec::new(),
        ),
    })?;
    loop {
        if request.cancel.load(Ordering::Relaxed) {
            return Err(LaunchError::Cancelled);
        }
        let ended = process.exited();
        let is_late = begun.elapsed() > step.within;
        if ended.is_none() && !is_late {
            std::thread::sleep(LOOK);
            continue;
        }
        // The rest of its output is still in the pipe.
        process.stop(Duration::ZERO);
        let tail = || last_words(&logs.join("stderr.log"));
        return match ended {
            Some(exit) if exit.code == Some(0) => Ok(()),
            Some(exit) => {
                let how = match (exit.code, exit.signal) {
                    (Some(code), _) => format!("failed with exit code {code}"),
                    (_, Some(signal)) => format!("was ended by signal {signal}"),
                    _ => "failed".to_owned(),
                };
                Err(failed(how, exit, tail()))
            }
            None => {
                let within = format_duration(step.within);
                let message = format!(
                    "had not ended, or had left processes behind, after {within} (see its `within:`)"
                );
                Err(failed(message, Exit::default(), tail()))
            }
        };
    }
}

/// The file of a program: by PATH where it has no slash, else relative to the target file.
fn found(program: &str, bindings: &Bindings, env: &[(String, OsString)]) -> io::Result<PathBuf> {
    if program.contains('/') {
        return bindings.path(program).canonicalize();
    }
    let path = env.iter().find(|(name, _)| name == "PATH");
    let folders = path.map(|(_, value)| std::env::split_paths(value));
    let is_program = |path: &PathBuf| {
        fs::metadata(path)
            .is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
    };
    let mut candidates = folders
        .into_iter()
        .flatten()
        .map(|folder| folder.join(program));
    candidates.find(is_program).ok_or_else(|| {
        let words = format!("no program `{program}` in PATH");
        io::Error::new(io::ErrorKind::NotFound, words)
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use record::target_file::Target;

    use super::*;

    #[test]
    fn a_scratch_folder_is_fresh_holds_the_files_and_is_gone_at_the_end() {
        let evidence = tempfile::tempdir().unwrap();
        let text = "name: s\nbinary: ./s\ncommand: [\"{addr}\"]\nfiles:\n  \
                    conf/a/app.yml: \"listen: {addr} in {tmp}, {kept}\"\nrequests: [{path: /}]\n";
        let target = Target::parse("target.yaml", text).unwrap();
        let scratch = Scratch::make(evidence.path(), None).unwrap();
        let path = scratch.path().to_owned();
        let bindings = Bindings::choose(&target, BTreeMap::new(), Some(&path)).unwrap();
        scratch.write(&target.files, &bindings, None).unwrap();
        let written = fs::read_to_string(path.join("conf/a/app.yml")).unwrap();
        let address = &bindings.address;
        assert_eq!(
            written,
            format!("listen: {address} in {}, {{kept}}", path.display())
        );
        drop(scratch);
        assert!(!path.exists());
        let again = Scratch::make(evidence.path(), None).unwrap();
        assert_eq!(fs::read_dir(again.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_program_is_looked_for_in_path_or_beside_the_target_file() {
        let text = "name: s\nbinary: ./s\ncommand: [\"{addr}\"]\nrequests: [{path: /}]\n";
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("target.yaml").display().to_string();
        let target = Target::parse(&file, text).unwrap();
        let bindings = Bindings::choose(&target, BTreeMap::new(), None).unwrap();
        let tool = place.path().join("load");
        fs::write(&tool, "#!/bin/sh\n").unwrap();
        let env = vec![("PATH".to_owned(), place.path().as_os_str().to_owned())];
        let of_path = |program: &str| found(program, &bindings, &env);
        assert!(of_path("load").is_err(), "it is not executable");
        fs::set_permissions(&tool, fs::Permissions::from_mode(0o755)).unwrap();
        assert_eq!(of_path("load").unwrap(), tool);
        assert_eq!(of_path("./load").unwrap(), tool.canonicalize().unwrap());
        assert!(
            of_path("other")
                .unwrap_err()
                .to_string()
                .contains("in PATH")
        );
    }
}
