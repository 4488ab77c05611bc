//! Targets as shell scripts: what they inherit, and that nothing of them is left.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use supervise::{Exit, Launch, Process, Spawner};
use topology::{CpuSet, Limits};

struct Lab {
    folder: tempfile::TempDir,
    spawner: Spawner,
}

impl Lab {
    fn new() -> Lab {
        Lab {
            folder: tempfile::tempdir().unwrap(),
            spawner: Spawner::start(None, None).unwrap(),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    fn sh(&self, script: &str) -> Process {
        let launch = Launch {
            program: PathBuf::from("/bin/sh"),
            args: vec!["-c".to_owned(), script.to_owned()],
            env: vec![("PATH".to_owned(), "/usr/bin:/bin".into())],
            pinning: None,
            limits: Limits::default(),
            observer_cpus: CpuSet::new(),
            workdir: None,
            logs: self.folder.path().to_owned(),
            secrets: Vec::new(),
        };
        self.spawner.spawn(launch).unwrap()
    }

    fn wait_for(&self, name: &str) -> String {
        let path = self.path(name);
        wait_until(&format!("{name} is written"), || {
            fs::read_to_string(&path).is_ok_and(|text| text.ends_with('\n'))
        });
        self.text(name)
    }
}

/// A hang, not a bound on what is measured.
fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(
            started.elapsed() < Duration::from_secs(60),
            "in vain: {what}"
        );
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn is_gone(pid: &str) -> bool {
    match fs::read_to_string(Path::new("/proc").join(pid.trim()).join("stat")) {
        Err(_) => true,
        Ok(stat) => stat.contains(") Z "),
    }
}

/// Leaves its parent, its process group and its session.
const DAEMON: &str = "setsid sh -c 'echo $$ > daemon; exec sleep 300' & ";

#[test]
fn a_daemon_does_not_outlive_the_target() {
    let lab = Lab::new();
    let mut target = lab.sh(&format!("{DAEMON} sleep 300"));
    let daemon = lab.wait_for("daemon");
    assert!(target.tree().contains(&daemon.trim().parse().unwrap()));
    target.stop(Duration::from_secs(5));
    assert!(is_gone(&daemon), "{daemon}");
    assert_eq!(target.tree(), Vec::<u32>::new());
}

#[test]
fn a_program_that_makes_itself_a_daemon_is_the_target_as_long_as_the_daemon_runs() {
    let lab = Lab::new();
    let script = "setsid sh -c 'trap \"echo term >> daemon; exit 0\" TERM; echo $$ > daemon; \
                  while :; do sleep 0.05; done' & until [ -s daemon ]; do sleep 0.01; done";
    let mut target = lab.sh(script);
    let daemon = lab.wait_for("daemon");
    let program = target.pid().to_string();
    wait_until("the program has ended", || is_gone(&program));
    assert_eq!(target.exited(), None);
    assert!(target.tree().contains(&daemon.trim().parse().unwrap()));
    let exit = target.stop(Duration::from_secs(20));
    assert!(lab.text("daemon").contains("term"), "it was asked to end");
    assert_eq!(exit.code, Some(0));
    assert!(is_gone(&daemon));
}

#[test]
fn a_daemon_that_ends_ends_the_target() {
    let lab = Lab::new();
    let mut target = lab.sh("setsid sh -c 'read -r line < fifo' & exit 0");
    wait_until("it has ended", || target.exited().is_some());
    assert_eq!(target.exited().unwrap().code, Some(0));
}

#[test]
fn a_program_that_fails_takes_what_it_started_with_it() {
    let lab = Lab::new();
    let script = format!("{DAEMON} until [ -s daemon ]; do sleep 0.01; done; exit 3");
    let mut target = lab.sh(&script);
    wait_until("it has ended", || target.exited().is_some());
    let three = Exit {
        code: Some(3),
        signal: None,
    };
    assert_eq!(target.exited(), Some(three));
    assert_eq!(target.stop(Duration::ZERO), three);
    assert!(is_gone(&lab.text("daemon")));
}

#[test]
fn a_target_inherits_no_open_file_and_gains_no_privilege() {
    let lab = Lab::new();
    // Without the flag that closes it at exec, as a parent of ours may leave it.
    let open = fs::File::open("/dev/null").unwrap();
    rustix::io::fcntl_setfd(&open, rustix::io::FdFlags::empty()).unwrap();
    let script = "ls /proc/self/fd > files; grep NoNewPrivs /proc/self/status > privileges";
    let mut target = lab.sh(script);
    wait_until("it has ended", || target.exited().is_some());
    // 3 is the folder that ls looks into.
    assert_eq!(lab.text("files"), "0\n1\n2\n3\n");
    assert_eq!(lab.text("privileges"), "NoNewPrivs:\t1\n");
}

#[test]
fn a_flood_is_bounded_and_counted_and_the_last_words_are_kept() {
    let lab = Lab::new();
    let flood = "head -c 100000000 /dev/zero";
    let mut target = lab.sh(&format!("{flood} >&2; {flood}; echo last words >&2"));
    wait_until("it has ended", || target.exited().is_some());
    target.stop(Duration::ZERO);
    let bounds = target.stderr().bounds();
    for (name, bounds) in [
        ("stdout.log", &bounds.stdout),
        ("stderr.log", &bounds.stderr),
    ] {
        assert!(bounds.error.is_none());
        assert!(bounds.dropped > 30_000_000, "{name}: {bounds:?}");
        let kept = fs::metadata(lab.path(name)).unwrap().len();
        assert!(kept < 70 << 20, "{name}: {kept}");
    }
    let stderr = fs::read(lab.path("stderr.log")).unwrap();
    assert!(stderr.ends_with(b"last words\n"));
}

#[test]
fn what_somebody_else_holds_does_not_hold_us() {
    let lab = Lab::new();
    let mut target = lab.sh("echo words >&2; echo $$ > program; sleep 300");
    let program = lab.wait_for("program");
    // We are that somebody: a process that the target does not know holds its pipes.
    let held = |number: u32| {
        let path = format!("/proc/{}/fd/{number}", program.trim());
        fs::File::options().write(true).open(path).unwrap()
    };
    let _held = (held(1), held(2));
    target.stop(Duration::from_secs(5));
    assert_eq!(lab.text("stderr.log"), "words\n");
}

#[test]
fn a_target_runs_as_another_user_where_we_are_root() {
    use std::os::unix::fs::PermissionsExt;
    if !rustix::process::getuid().is_root() {
        return;
    }
    let lab = Lab::new();
    // A folder that nobody else can get into, and a program in it.
    let program = lab.path("program");
    fs::copy("/usr/bin/id", &program).unwrap();
    fs::set_permissions(lab.folder.path(), fs::Permissions::from_mode(0o700)).unwrap();
    let user = supervise::User::find("65534").unwrap();
    let launch = |program: &Path, args: &[&str]| Launch {
        program: program.to_owned(),
        args: args.iter().map(|&arg| arg.to_owned()).collect(),
        env: vec![("PATH".to_owned(), "/usr/bin:/bin".into())],
        pinning: None,
        limits: Limits::default(),
        observer_cpus: CpuSet::new(),
        workdir: None,
        logs: lab.folder.path().to_owned(),
        secrets: Vec::new(),
    };
    let spawner = Spawner::start(None, Some(user)).unwrap();
    let mut target = spawner.spawn(launch(&program, &[])).unwrap();
    wait_until("it has ended", || target.exited().is_some());
    target.stop(Duration::ZERO);
    let said = lab.text("stdout.log");
    assert!(
        said.contains("uid=65534") && !said.contains("(root)"),
        "{said}"
    );
    let script = "echo mine > file; cat ../stdout.log && echo read; sleep 300";
    let mut target = spawner
        .spawn(launch(Path::new("/bin/sh"), &["-c", script]))
        .unwrap();
    lab.wait_for("work/file");
    target.stop(Duration::from_secs(5));
    let owner = std::os::unix::fs::MetadataExt::uid(&fs::metadata(lab.path("work/file")).unwrap());
    assert_eq!(owner, 65534);
    assert_eq!(lab.text("stdout.log"), "");
}

/// Root is held to no limit of processes: as somebody else it shows.
#[test]
fn a_limit_on_processes_is_an_error_of_the_system_and_leaves_nothing() {
    const VARIABLE: &str = "GOSWEEP_TEST_FEW_PROCESSES";
    use std::os::unix::process::CommandExt;
    if std::env::var_os(VARIABLE).is_none() {
        let mut ourselves = std::process::Command::new(std::env::current_exe().unwrap());
        ourselves
            .args(["--exact", "--nocapture"])
            .arg("a_limit_on_processes_is_an_error_of_the_system_and_leaves_nothing")
            .env(VARIABLE, "1");
        if rustix::process::getuid().is_root() {
            // A number that nobody else here has.
            ourselves.uid(2_000_000_011).gid(2_000_000_011);
        }
        let Ok(done) = ourselves.output() else {
            return;
        };
        let said = String::from_utf8_lossy(&done.stdout);
        assert!(done.status.success(), "{said}");
        return;
    }
    let lab = Lab::new();
    let mut errors = 0;
    for most in 1..40 {
        let limit = rustix::process::Rlimit {
            current: Some(most),
            maximum: Some(40),
        };
        rustix::process::setrlimit(rustix::process::Resource::Nproc, limit).unwrap();
        let launch = Launch {
            program: PathBuf::from("/bin/true"),
            args: Vec::new(),
            env: Vec::new(),
            pinning: None,
            limits: Limits::default(),
            observer_cpus: CpuSet::new(),
            workdir: None,
            logs: lab.folder.path().to_owned(),
            secrets: Vec::new(),
        };
        match lab.spawner.spawn(launch) {
            Ok(mut target) => {
                target.stop(Duration::from_secs(5));
                break;
            }
            Err(error) => {
                let source = error.source_of_system().unwrap();
                assert_eq!(source.kind(), std::io::ErrorKind::WouldBlock, "{error}");
                errors += 1;
            }
        }
        let own = std::process::id();
        assert_eq!(supervise::descendants(own), Vec::<u32>::new());
    }
    assert!(errors > 1, "no limit was felt");
}
