//! A folder to measure in, one test at a time, and a look at processes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Mutex, MutexGuard, OnceLock};
use std::time::{Duration, Instant};

use record::run::Run;
use record::store::RunDir;
use record::trial::{Outcome, Role, Stage, Trial};
use tempfile::TempDir;

/// Two measurements at once would disturb each other.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// How long anything here may take before the test gives up on it: a hang, not a bound on what is measured.
const HANG: Duration = Duration::from_secs(300);

/// Calls after which a host that invalidates every trial is given up.
const MOST_CALLS: usize = 4;

/// A folder to measure in. Its own name for the host keeps the host lock of other
/// gosweeps on this machine out of it.
pub(crate) struct Lab {
    folder: TempDir,
    _turn: MutexGuard<'static, ()>,
}

/// How a call ended.
pub(crate) struct Done {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl From<Output> for Done {
    fn from(output: Output) -> Done {
        Done {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// Writes past the capture of the test runner.
pub(crate) fn say_loudly(text: &str) {
    let _ = writeln!(std::io::stderr(), "\n{text}\n");
}

/// Toolchains, programs and Go's own build cache, kept from test to test.
pub(crate) fn cache() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("gosweep-cache")
}

/// The GOROOT that gosweep finds, looked for once.
pub(crate) fn goroot() -> Option<&'static Path> {
    static GOROOT: OnceLock<Option<PathBuf>> = OnceLock::new();
    let found = GOROOT.get_or_init(|| {
        let output = Command::new(env!("CARGO_BIN_EXE_gosweep"))
            .args(["toolchain", "install", "default"])
            .env("GOSWEEP_CACHE", cache())
            .stdin(Stdio::null())
            .output();
        let done = Done::from(output.unwrap());
        if done.code == Some(0) {
            return Some(PathBuf::from(done.stdout.lines().nth(1).unwrap()));
        }
        say_loudly(&format!(
            "SKIPPED: every end-to-end test on real Go, since no Go toolchain can be obtained here:\n{}",
            done.stderr
        ));
        None
    });
    found.as_deref()
}

impl Lab {
    /// A lab, once no other test measures; `None` where there is no Go.
    pub(crate) fn open() -> Option<Lab> {
        let turn = ONE_AT_A_TIME
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        goroot()?;
        let folder = TempDir::new().unwrap();
        fs::create_dir(folder.path().join("tmp")).unwrap();
        Some(Lab {
            folder,
            _turn: turn,
        })
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn put(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gosweep"));
        command
            .args(args)
            .current_dir(self.folder.path())
            .env("TMPDIR", self.path("tmp"))
            .env("GOSWEEP_TEST_HOST", self.path("."))
            .env("GOSWEEP_CACHE", cache())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub(crate) fn say(&self, args: &[&str]) -> Done {
        self.command(args).output().unwrap().into()
    }

    /// Runs to the end, going on where the host invalidated a whole block; `None` where it invalidates everything,
    /// which is told loudly.
    pub(crate) fn run(&self, args: &[&str]) -> Option<Done> {
        for _ in 0..MOST_CALLS {
            let done = self.say(args);
            if !(done.code == Some(4) && done.stderr.contains("not fit for measuring")) {
                return Some(done);
            }
        }
        say_loudly(
            "SKIPPED: the rest of an end-to-end test, since this host invalidates every trial",
        );
        None
    }

    /// Starts a run and waits until it has put a trial on disk.
    pub(crate) fn start(&self, args: &[&str], run: &str) -> Child {
        let child = self.command(args).spawn().unwrap();
        let trials = self.path(run).join("trials.jsonl");
        wait_until("a trial is on disk", || {
            fs::read_to_string(&trials).is_ok_and(|text| text.contains('\n'))
        });
        child
    }

    /// What is left in our TMPDIR.
    pub(crate) fn temporary(&self) -> Vec<String> {
        let entries = fs::read_dir(self.path("tmp")).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
        names.collect()
    }

    /// Builds the module in `service` to `service/made`, as somebody else would have; `None` without Go.
    pub(crate) fn build_service(&self) -> Option<()> {
        let built = Command::new(goroot()?.join("bin/go"))
            .args(["build", "-o", "made", "."])
            .current_dir(self.path("service"))
            .env("GOFLAGS", "")
            .env("GOTOOLCHAIN", "local")
            .env("GOCACHE", cache().join("go-build"))
            .status()
            .unwrap();
        assert!(built.success());
        Some(())
    }

    /// Processes at work in this folder: targets and what they started.
    pub(crate) fn at_work(&self) -> Vec<String> {
        let folder = self.folder.path().canonicalize().unwrap();
        processes()
            .into_values()
            .filter(|process| {
                process
                    .folder
                    .as_ref()
                    .is_some_and(|at| at.starts_with(&folder))
            })
            .map(|process| format!("{} {}", process.pid, process.command))
            .collect()
    }
}

/// A run as it stands on disk.
pub(crate) fn stored(folder: &Path) -> (Run, Vec<Trial>) {
    let dir = RunDir::open(folder).unwrap();
    (dir.read_run().unwrap(), dir.read_trials().unwrap())
}

/// Every slot of every search block has its trial: one that counts, or else invalid ones only; and the first tries came
/// in the order of the plan.
pub(crate) fn assert_complete(run: &Run, trials: &[Trial]) {
    let searched = |trial: &&Trial| trial.stage == Stage::Search;
    let trials: Vec<&Trial> = trials.iter().filter(searched).collect();
    let mut slots: BTreeMap<(u32, String, Role), Vec<&Trial>> = BTreeMap::new();
    for &trial in &trials {
        let key = (trial.block, trial.cell.to_string(), trial.role);
        slots.entry(key).or_default().push(trial);
    }
    let controls = run.cells.iter().filter(|cell| cell.control).count();
    let per_block = run.cells.len() + controls;
    assert_eq!(slots.len(), per_block * run.blocks as usize);
    for (slot, trials) in &slots {
        let counting = trials
            .iter()
            .filter(|trial| !matches!(trial.outcome, Outcome::Invalid(_)));
        assert!(counting.count() <= 1, "{slot:?} was measured twice");
        for (number, trial) in trials.iter().enumerate() {
            assert_eq!(trial.attempt as usize, number, "{slot:?}");
            assert_eq!(trial.position, trials[0].position, "{slot:?}");
        }
    }
    let mut ids: Vec<_> = trials.iter().map(|trial| trial.id.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), trials.len(), "ids are unique");
    let first: Vec<(u32, u32)> = trials
        .iter()
        .filter(|trial| trial.attempt == 0)
        .map(|trial| (trial.block, trial.position))
        .collect();
    // A run that was extended after fresh blocks goes on behind them.
    let blocks: BTreeSet<u32> = trials.iter().map(|trial| trial.block).collect();
    assert_eq!(blocks.len(), run.blocks as usize);
    let planned: Vec<(u32, u32)> = blocks
        .into_iter()
        .flat_map(|block| (0..per_block).map(move |at| (block, u32::try_from(at).unwrap())))
        .collect();
    assert_eq!(first, planned, "the order of the plan");
}

pub(crate) fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < HANG, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A process as /proc shows it.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) pid: u32,
    pub(crate) command: String,
    parent: u32,
    /// Tells a process from a later one with the same pid.
    started: u64,
    folder: Option<PathBuf>,
}

fn processes() -> BTreeMap<u32, Seen> {
    let entries = fs::read_dir("/proc").unwrap().flatten();
    entries
        .filter_map(|entry| seen(entry.file_name().to_str()?.parse().ok()?))
        .map(|seen| (seen.pid, seen))
        .collect()
}

/// `None` when it is gone, and for one that is dead and not yet reaped.
fn seen(pid: u32) -> Option<Seen> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in parentheses may hold blanks: proc_pid_stat(5).
    let (_, rest) = stat.rsplit_once(')')?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    if matches!(fields[0], "Z" | "X") {
        return None;
    }
    let command = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    Some(Seen {
        pid,
        command: String::from_utf8_lossy(&command).replace('\0', " "),
        parent: fields[1].parse().ok()?,
        started: fields[19].parse().ok()?,
        folder: fs::read_link(format!("/proc/{pid}/cwd")).ok(),
    })
}

/// Everything that a process started, and what that started.
pub(crate) fn descendants(ancestor: u32) -> Vec<Seen> {
    let all = processes();
    let mut found: Vec<Seen> = Vec::new();
    let mut parents = vec![ancestor];
    while let Some(parent) = parents.pop() {
        for process in all.values().filter(|process| process.parent == parent) {
            parents.push(process.pid);
            found.push(process.clone());
        }
    }
    found
}

/// Waits until none of them runs any more.
pub(crate) fn wait_until_gone(processes: &[Seen]) {
    for process in processes {
        wait_until(
            &format!("{} {} has ended", process.pid, process.command),
            || seen(process.pid).is_none_or(|now| now.started != process.started),
        );
    }
}
