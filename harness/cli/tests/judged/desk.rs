//! A folder with made-up runs in it, and gosweep called there.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use record::run::Run;
use record::store::RunDir;
use record::trial::Trial;
use tempfile::TempDir;

use testing::Lab;

#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

pub(crate) struct Desk {
    folder: TempDir,
}

impl Desk {
    pub(crate) fn new() -> Desk {
        Desk {
            folder: TempDir::new().unwrap(),
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Keeps a laboratory's run in a folder.
    pub(crate) fn keep(&self, name: &str, lab: &Lab) {
        self.keep_trials(name, lab, &lab.trials());
    }

    pub(crate) fn keep_trials(&self, name: &str, lab: &Lab, trials: &[Trial]) {
        self.keep_run(name, &lab.run(), trials);
    }

    pub(crate) fn keep_run(&self, name: &str, run: &Run, trials: &[Trial]) {
        let dir = RunDir::create(&self.path(name)).unwrap();
        dir.write_run(run).unwrap();
        // One write instead of an fsync per trial.
        let lines: Vec<String> = trials
            .iter()
            .map(|trial| serde_json::to_string(trial).unwrap() + "\n")
            .collect();
        fs::write(dir.path().join("trials.jsonl"), lines.concat()).unwrap();
    }

    pub(crate) fn say(&self, words: &[&str]) -> Said {
        self.say_with(words, None)
    }

    /// The same with a file for the step's summary, or with none whatever runs these tests.
    pub(crate) fn say_with(&self, words: &[&str], summary: Option<&Path>) -> Said {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gosweep"));
        command.args(words).current_dir(self.folder.path());
        command.env_remove("GITHUB_STEP_SUMMARY");
        if let Some(summary) = summary {
            command.env("GITHUB_STEP_SUMMARY", summary);
        }
        let output = command.output().unwrap();
        Said {
            code: output.status.code().unwrap(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}
