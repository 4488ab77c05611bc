//! Exports that a shell, systemd, BuildKit, compose, HCL, Go and the gate itself read.

use std::fs;
use std::process::Command;

use report::{Compose, Dockerfile, Godebug, Nomad, Script, Systemd};

use crate::consumer::{accepted, program, put, run};
use crate::given::{self, HOSTILE, text, whole};

#[test]
fn a_shell_sets_and_unsets() {
    let folder = tempfile::tempdir().unwrap();
    let set = put(folder.path(), "set", &text(&Script, &whole(), false));
    let undo = put(folder.path(), "undo", &text(&Script, &whole(), true));
    let shown = r#"printf '%s|%s|%s|%s' "${GOGC-}" "${GOMEMLIMIT-}" "${GODEBUG-}" "${GREETING-}""#;
    let both = format!(
        ". {}; {shown}; echo; . {}; {shown}",
        set.display(),
        undo.display()
    );
    let mut shell = Command::new("sh");
    let printed = accepted(shell.args(["-euc", &both]));
    let expected = format!("off|400MiB|madvdontneed=1,panicnil=1|{HOSTILE}\n100|||");
    assert_eq!(printed, expected);
}

#[test]
fn a_share_of_memory_is_computed_where_the_service_starts() {
    let folder = tempfile::tempdir().unwrap();
    let mut request = given::request(documents::export::Carrier::Script);
    request.memory_bytes = None;
    let export = given::made(&whole(), &request).unwrap();
    let file = report::ExportFormat::files(&Script, &export)
        .unwrap()
        .remove(0);
    // The cgroup's file, in a folder of our own.
    let limit = folder.path().join("memory.max");
    let script = file
        .text
        .replace("/sys/fs/cgroup/memory.max", &limit.display().to_string());
    assert_ne!(script, file.text);
    let script = put(folder.path(), "set", &script);
    let source = format!(
        r#". {}; printf '%s|%s' "${{GOGC-}}" "${{GOMEMLIMIT-}}""#,
        script.display()
    );
    // 400 of 512 MiB are 78 %.
    for (written, expected) in [
        ("1073741824\n", "off|837518604"),
        ("max\n", "|"),
        ("9223372036854771712\n", "|"),
        ("$(id)\n", "|"),
    ] {
        fs::write(&limit, written).unwrap();
        let printed = accepted(Command::new("sh").args(["-euc", &source]));
        assert_eq!(printed, expected, "a limit of {written}");
    }
}

#[test]
fn systemd_verifies_the_drop_in() {
    let Some(verify) = program("systemd-analyze") else {
        return;
    };
    for undo in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let unit = "[Service]\nExecStart=/bin/true\nEnvironment=GOGC=1\n";
        let unit = put(folder.path(), "web.service", unit);
        let drop_in = text(
            &Systemd {
                unit: "web".to_owned(),
            },
            &whole(),
            undo,
        );
        put(folder.path(), "web.service.d/50-gosweep.conf", &drop_in);
        let output = run(Command::new(&verify)
            .arg("verify")
            .arg(&unit)
            .env("SYSTEMD_UNIT_PATH", format!("{}:", folder.path().display())));
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        // Only what is said of our file counts: the machine may have broken units of its own.
        assert!(
            !said.contains("gosweep") && !said.contains("web.service"),
            "{said}"
        );
    }
    // It does complain where something is wrong.
    let folder = tempfile::tempdir().unwrap();
    let unit = put(
        folder.path(),
        "web.service",
        "[Service]\nExecStart=/bin/true\n",
    );
    put(
        folder.path(),
        "web.service.d/50-gosweep.conf",
        "[Service]\nMemoryMax=lots\n",
    );
    let output = run(Command::new(&verify)
        .arg("verify")
        .arg(&unit)
        .env("SYSTEMD_UNIT_PATH", format!("{}:", folder.path().display())));
    assert!(String::from_utf8_lossy(&output.stderr).contains("50-gosweep.conf"));
}

#[test]
fn buildkit_reads_the_lines() {
    let Some(parsers) = program("gosweep-parsers") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let lines = text(&Dockerfile, &whole(), false);
    let file = put(
        folder.path(),
        "Dockerfile",
        &format!("FROM scratch\n{lines}"),
    );
    let printed = accepted(Command::new(&parsers).arg("dockerfile").arg(file));
    let expected = format!(
        "GOGC=off\nGOMEMLIMIT=400MiB\nGODEBUG=madvdontneed=1,panicnil=1\nGREETING={HOSTILE}\n"
    );
    assert_eq!(printed, expected);
    let undo = text(&Dockerfile, &whole(), true);
    let file = put(
        folder.path(),
        "Dockerfile",
        &format!("FROM scratch\n{undo}"),
    );
    let printed = accepted(Command::new(&parsers).arg("dockerfile").arg(file));
    assert_eq!(printed, "GOGC=100\nGOMEMLIMIT=\nGODEBUG=\nGREETING=\n");
}

#[test]
fn compose_merges_the_override() {
    let Some(parsers) = program("gosweep-parsers") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let base = "services:\n  web:\n    image: web\n    environment:\n      GOGC: \"1\"\n      GREETING: hello\n      KEPT: \"yes\"\n";
    let base = put(folder.path(), "compose.yaml", base);
    let merged = |undo| {
        let format = Compose {
            service: "web".to_owned(),
        };
        let own = put(
            folder.path(),
            "compose.gosweep.yaml",
            &text(&format, &whole(), undo),
        );
        accepted(Command::new(&parsers).arg("compose").arg(&base).arg(own))
    };
    let set = merged(false);
    for part in [
        "GOGC: \"off\"",
        "GOMEMLIMIT: 400MiB",
        "KEPT: \"yes\"",
        "memory: \"536870912\"",
    ] {
        assert!(set.contains(part), "{part}\n{set}");
    }
    let greeting = format!("GREETING: '{}'", HOSTILE.replace('\'', "''"));
    assert!(set.contains(&greeting), "{set}");
    let undone = merged(true);
    assert!(
        undone.contains("GOGC: \"100\"") && undone.contains("KEPT"),
        "{undone}"
    );
    assert!(
        !undone.contains("GREETING") && !undone.contains("GOMEMLIMIT"),
        "{undone}"
    );
}

#[test]
fn a_task_of_nomad_has_the_variables() {
    let Some(parsers) = program("gosweep-parsers") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let blocks = text(&Nomad, &whole(), false);
    let job = format!(
        "job \"web\" {{\n group \"web\" {{\n task \"web\" {{\n driver = \"docker\"\n{blocks}}}\n}}\n}}\n"
    );
    let file = put(folder.path(), "web.nomad.hcl", &job);
    let printed = accepted(Command::new(&parsers).arg("nomad").arg(file));
    let mut lines: Vec<&str> = printed.lines().collect();
    lines.sort_unstable();
    let greeting = format!("env GREETING={HOSTILE}");
    let expected = [
        "env GODEBUG=madvdontneed=1,panicnil=1",
        "env GOGC=off",
        "env GOMEMLIMIT=400MiB",
        greeting.as_str(),
        "resources memory=512",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn go_builds_with_the_keys_that_it_takes() {
    let Some(go) = program("go") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let file = text(&Godebug, &whole(), false);
    assert!(file.contains("\n//go:debug panicnil=1\n"), "{file}");
    assert!(!file.contains("\n//go:debug madvdontneed"), "{file}");
    put(folder.path(), "go.mod", "module web\n\ngo 1.21\n");
    put(folder.path(), "main.go", "package main\n\nfunc main() {}\n");
    put(folder.path(), "gosweep_godebug.go", &file);
    let go = |args: &[&str]| {
        let mut command = Command::new(&go);
        command.args(args).current_dir(folder.path());
        command.envs([("GOFLAGS", ""), ("GOTOOLCHAIN", "local"), ("GOWORK", "off")]);
        command
    };
    accepted(&mut go(&["build", "-o", "web", "."]));
    accepted(&mut go(&["vet", "."]));
    let settings = accepted(&mut go(&["version", "-m", "web"]));
    assert!(
        settings.contains("DefaultGODEBUG=") && settings.contains("panicnil=1"),
        "{settings}"
    );
    // What the export leaves out is what Go refuses.
    put(
        folder.path(),
        "gosweep_godebug.go",
        "//go:debug madvdontneed=1\npackage main\n",
    );
    let refused = run(&mut go(&["build", "-o", "web", "."]));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("madvdontneed"));
}

#[test]
fn the_gate_reads_its_rules_and_the_run_keeps_them() {
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/../../reports/sample");
    let gosweep = || Command::new(env!("CARGO_BIN_EXE_gosweep"));
    let rules = accepted(gosweep().args(["export", sample, "--as", "gate", "--accept-open"]));
    assert!(
        rules.contains("- rss <= ") && rules.contains("not promised: "),
        "{rules}"
    );
    let folder = tempfile::tempdir().unwrap();
    let file = put(folder.path(), "rules.yaml", &rules);
    let output = run(gosweep()
        .args([
            "gate",
            sample,
            "--candidate",
            "gogc=400,gomaxprocs=default",
            "--rules",
        ])
        .arg(file));
    let code = output.status.code().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        [0, 3].contains(&code),
        "{code}: {said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
