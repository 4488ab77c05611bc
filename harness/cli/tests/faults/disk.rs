//! Full disks, small limits and folders that cannot be used: no defect of gosweep, no crash of the
//! service, and gone on with when there is room again.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use record::store::RunDir;
use record::trial::Outcome;

use crate::bench::{Bench, is_root, row};

/// A small disk, unmounted in the end.
struct Disk(PathBuf);

impl Disk {
    /// `None`, and told, where nothing can be mounted.
    fn of(at: PathBuf, megabytes: u32) -> Option<Disk> {
        fs::create_dir_all(&at).unwrap();
        let size = format!("size={megabytes}m,mode=755");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &size, "tmpfs"])
            .arg(&at)
            .output();
        if mounted.is_ok_and(|output| output.status.success()) {
            return Some(Disk(at));
        }
        println!("SKIPPED a full disk: nothing can be mounted here");
        None
    }

    /// Leaves no byte.
    fn fill(&self) -> PathBuf {
        let file = self.0.join("filler");
        let _ = Command::new("dd")
            .args(["if=/dev/zero", "bs=64k"])
            .arg(format!("of={}", file.display()))
            .output();
        let mut bytes = fs::OpenOptions::new().append(true).open(&file).unwrap();
        while std::io::Write::write_all(&mut bytes, &[0; 512]).is_ok() {}
        file
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

fn no_defect(fault: &str, stderr: &str) {
    assert!(!stderr.contains("defect of gosweep"), "{fault}: {stderr}");
}

#[test]
fn too_little_room_is_told_before_anything_is_measured() {
    let bench = Bench::new();
    for megabytes in [1, 8, 30] {
        let Some(_disk) = Disk::of(bench.path("small"), megabytes) else {
            return;
        };
        let said = bench.say(&["run", "matrix.yaml", "--out", "small/out"]);
        let fault = format!("a disk of {megabytes} MB");
        row(&fault, &said);
        no_defect(&fault, &said.stderr);
        assert_eq!(said.code, Some(5), "{}", said.stderr);
        assert!(
            said.stderr.contains("free room on the disk"),
            "{}",
            said.stderr
        );
        assert!(!bench.path("small/out/trials.jsonl").exists());
    }
}

#[test]
fn a_disk_that_fills_up_stores_no_failure_and_the_run_goes_on() {
    let bench = Bench::new();
    let Some(disk) = Disk::of(bench.path("disk"), 64) else {
        return;
    };
    let args = ["run", "matrix.yaml", "--out", "disk/out", "--blocks", "40"];
    let mut child = bench.command(&args).spawn().unwrap();
    let trials = bench.path("disk/out/trials.jsonl");
    while !fs::read_to_string(&trials).is_ok_and(|text| text.contains('\n')) {
        if child.try_wait().unwrap().is_some() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let filler = disk.fill();
    let said = bench.ended(child, &args);
    row("the disk fills up during a run", &said);
    if said.stderr.contains("not fit for measuring") {
        println!("SKIPPED a disk that fills up: this host invalidates every trial");
        return;
    }
    no_defect("full", &said.stderr);
    assert_eq!(said.code, Some(5), "{}", said.stderr);
    assert!(
        said.stderr.contains("free room on the disk"),
        "{}",
        said.stderr
    );
    let dir = RunDir::open(&bench.path("disk/out")).unwrap();
    let kept = dir.read_trials().unwrap();
    let failed = |outcome: &Outcome| matches!(outcome, Outcome::Failed(_));
    assert!(kept.iter().all(|trial| !failed(&trial.outcome)), "{kept:?}");
    fs::remove_file(filler).unwrap();
    let blocks = kept.len() / 3 + 2;
    let blocks = blocks.to_string();
    let said = bench.complete(&[
        "run",
        "matrix.yaml",
        "--out",
        "disk/out",
        "--blocks",
        &blocks,
    ]);
    row("there is room again", &said);
    assert!(matches!(said.code, Some(0 | 4)), "{}", said.stderr);
    let all = dir.read_trials().unwrap();
    assert_eq!(all[..kept.len()], kept[..], "nothing is lost");
    assert!(all.iter().all(|trial| !failed(&trial.outcome)));
}

#[test]
fn a_full_device_is_no_defect() {
    let bench = Bench::new();
    let full = || {
        fs::OpenOptions::new()
            .write(true)
            .open("/dev/full")
            .unwrap()
    };
    let args = ["plan", "matrix.yaml", "--json"];
    let child = bench
        .command(&args)
        .stdout(full())
        .stderr(std::process::Stdio::piped())
        .output();
    let said = crate::bench::Said::from(child.unwrap());
    row("standard output is full", &said);
    no_defect("stdout", &said.stderr);
    assert_eq!(said.code, Some(4), "{}", said.stderr);
    assert_eq!(said.stdout, "");
}

#[test]
fn few_open_files_are_told_before_anything_is_measured() {
    let bench = Bench::new();
    let gosweep = env!("CARGO_BIN_EXE_gosweep");
    let script = format!("ulimit -n 40; exec {gosweep} run matrix.yaml --out out");
    let mut command = Command::new("sh");
    command
        .args(["-c", &script])
        .current_dir(bench.path("."))
        .env("GOSWEEP_TEST_HOST", bench.path("."))
        .env("GOSWEEP_CACHE", bench.path("cache"));
    let said = crate::bench::Said::from(command.output().unwrap());
    row("40 open files at most", &said);
    no_defect("ulimit -n 40", &said.stderr);
    assert_eq!(said.code, Some(5), "{}", said.stderr);
    assert!(said.stderr.contains("ulimit -n"), "{}", said.stderr);
    assert!(!bench.path("out/trials.jsonl").exists());
}

/// As a user who may not read what belongs to root; `None` where we are not root.
fn as_nobody(bench: &Bench, args: &[&str]) -> Option<crate::bench::Said> {
    if !is_root() {
        println!("SKIPPED as another user: only root can become one");
        return None;
    }
    use std::os::unix::process::CommandExt;
    let mut command = bench.command(args);
    command.uid(65_534).gid(65_534);
    match command.output() {
        Ok(output) => Some(output.into()),
        // The program itself may lie where nobody else may look.
        Err(error) => {
            println!("SKIPPED as another user: {error}");
            None
        }
    }
}

fn open_to_all(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_folder_that_cannot_be_looked_into_is_not_one_without_a_run() {
    let bench = Bench::new();
    open_to_all(&bench.path("."), 0o755);
    bench.put("closed/run.json", "{}");
    open_to_all(&bench.path("closed"), 0o700);
    let Some(said) = as_nobody(&bench, &["rank", "closed"]) else {
        return;
    };
    row("a folder that is closed to us, rank", &said);
    no_defect("closed", &said.stderr);
    assert_eq!(said.code, Some(2), "{}", said.stderr);
    assert!(said.stderr.contains("Permission denied"), "{}", said.stderr);
    assert!(!said.stderr.contains("no run.json"), "{}", said.stderr);
}

#[test]
fn a_cache_that_is_closed_to_us_is_no_lack_of_go() {
    let bench = Bench::new();
    open_to_all(&bench.path("."), 0o755);
    bench.put("cache/toolchains/x", "");
    open_to_all(&bench.path("cache"), 0o700);
    let Some(said) = as_nobody(&bench, &["toolchain", "install", "1.25.5", "--offline"]) else {
        return;
    };
    row("the cache is closed to us", &said);
    no_defect("cache", &said.stderr);
    assert_eq!(said.code, Some(2), "{}", said.stderr);
    assert!(said.stderr.contains("Permission denied"), "{}", said.stderr);
    assert!(!said.stderr.contains("install Go"), "{}", said.stderr);
}
