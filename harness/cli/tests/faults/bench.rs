//! A folder to break things in.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// Trials of two tests at once would only disturb each other.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
/// How long a call may take before it counts as a hang; no bound on what is measured.
const HANG: Duration = Duration::from_secs(120);
/// Calls after which a host that invalidates every trial is given up.
const MOST_CALLS: usize = 4;

pub(crate) struct Bench {
    folder: TempDir,
    _turn: MutexGuard<'static, ()>,
}

pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl From<Output> for Said {
    fn from(output: Output) -> Said {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Said {
            code: output.status.code(),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
        }
    }
}

impl Bench {
    pub(crate) fn new() -> Bench {
        let turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        let bench = Bench {
            folder: tempfile::tempdir().unwrap(),
            _turn: turn,
        };
        let program = std::env::current_exe().unwrap();
        bench.put(
            "service.yaml",
            format!(
                "name: service\nbinary: {}\ncommand: [\"service::serves\", \"--ignored\", \"{{addr}}\"]\n\
                 ready: {{path: /, within: 10s}}\n\
                 requests: [{{name: hello, path: /, expect: {{status: 200, length: 5}}}}]\n",
                program.display()
            ),
        );
        bench.put(
            "matrix.yaml",
            "name: faults\ntargets: [./service.yaml]\n\
             axes:\n  env.MODE: [one, two]\n  placement: [none]\n\
             control: {env.MODE: one}\n\
             load: {connections: 2, saturate: 200ms}\nblocks: 2\n\
             warmup: {for: 50ms, gc_cycles: 0}\n",
        );
        bench
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn put(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
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
            .env("GOSWEEP_TEST_HOST", self.folder.path())
            .env("GOSWEEP_CACHE", self.path("cache"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Calls gosweep; one that does not end is killed and is a failed test.
    pub(crate) fn say(&self, args: &[&str]) -> Said {
        self.ended(self.command(args).spawn().unwrap(), args)
    }

    pub(crate) fn ended(&self, mut child: Child, args: &[&str]) -> Said {
        // Read alongside the wait: a full pipe would hold the child up.
        let mut pipes = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let out = std::thread::spawn(move || std::io::read_to_string(&mut pipes.0).unwrap());
        let err = std::thread::spawn(move || std::io::read_to_string(&mut pipes.1).unwrap());
        let begun = Instant::now();
        let status = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            if begun.elapsed() > HANG {
                child.kill().unwrap();
                panic!("`gosweep {}` hangs", args.join(" "));
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        Said {
            code: status.code(),
            stdout: out.join().unwrap(),
            stderr: err.join().unwrap(),
        }
    }

    /// Calls until the run is complete; a busy host may invalidate whole blocks.
    pub(crate) fn complete(&self, args: &[&str]) -> Said {
        let mut said = self.say(args);
        for _ in 1..MOST_CALLS {
            if !(said.code == Some(4) && said.stderr.contains("not fit for measuring")) {
                break;
            }
            said = self.say(args);
        }
        said
    }

    /// A complete run in `out`; `None` where the host invalidates every trial, which is told.
    pub(crate) fn run(&self) -> Option<PathBuf> {
        let said = self.complete(&["run", "matrix.yaml", "--out", "out"]);
        if said.stderr.contains("not fit for measuring") {
            println!("SKIPPED a fault: this host invalidates every trial");
            return None;
        }
        assert_eq!(said.code, Some(0), "{}", said.stderr);
        Some(self.path("out"))
    }
}

/// A copy of a run's folder, with the files' own modes.
pub(crate) fn copy(from: &Path, to: &Path) {
    let done = Command::new("cp").arg("-R").arg(from).arg(to).status();
    assert!(done.unwrap().success());
}

/// A row of the table.
pub(crate) fn row(fault: &str, said: &Said) {
    let code = said
        .code
        .map_or("killed".to_owned(), |code| code.to_string());
    let words = said.stderr.lines().next().unwrap_or_default();
    let words: String = words.chars().take(110).collect();
    println!("FAULT | {fault} | {code} | {words}");
}

/// Whoever may not give files away or mount says so and passes.
pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}
