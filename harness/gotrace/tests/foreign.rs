//! Input that other people's machines printed; see tests/fixtures/foreign/README.md. What does
//! not parse is asserted as well, so that the list of known gaps stays true.

use std::path::PathBuf;

use gotrace::crash::{Cause, Crash};
use gotrace::stderr::{Counts, Event, gc_cycles, read, sched_samples};
use gotrace::summary;

fn fixture(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/foreign")
        .join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The sorts of events in order, one letter each.
fn letters(bytes: &[u8]) -> (String, Counts) {
    let mut seen = String::new();
    let counts = read(bytes, |event| {
        seen.push(match event {
            Event::Writer(_) => return,
            Event::Gc(_) => 'g',
            Event::Sched(_) => 's',
            Event::SchedDetail(_) => 'd',
            Event::PeriodicGc => 'p',
            Event::Crash(_) => 'c',
            Event::Torn(_) => 'T',
            Event::App(_) => 'a',
            _ => '?',
        });
    });
    (seen, counts)
}

#[test]
fn every_form_reads_as_listed() {
    for (name, expected) in [
        ("gctrace-go1.16-stamped.log", "ggg"),
        ("gctrace-go1.7-48p.log", "gg"),
        // The scvg lines of Go 1.15 and older pass as application output.
        ("gctrace-go1.9-scvg.log", "agag"),
        ("gctrace-64p.log", "ggg"),
        ("gctrace-periodic.log", "pg"),
        ("gctrace-several-processes.log", "ggggg"),
        // Five phases with other meanings: reported as torn, not misread.
        ("gctrace-go1.5.log", "TaT"),
        ("gctrace-go1.4.log", "a"),
        ("schedtrace-56p.log", "ss"),
        ("schedtrace-go1.1.log", "s"),
        // Folded and re-aligned by hand: the head is torn, the folded rest looks like nothing.
        ("schedtrace-edited.log", "TaT"),
        ("scheddetail-go1.14.log", "d"),
        ("scheddetail-go1.2.log", "TTT"),
        ("docker-json.log", "gsac"),
        ("cri.log", "gas"),
        ("cri-partial.log", "ags"),
        ("journald.log", "gsa"),
        ("compose-ansi.log", "gsa"),
        ("kubectl-prefix.log", "gs"),
        ("crlf.log", "gsa"),
        ("journald-no-host.log", "ggg"),
        ("gctrace-go1.26-windows.log", "g"),
        ("gctrace-indented.log", "gagaga"),
        // Folded by hand into comments, and arrows as HTML entities: torn, not misread.
        ("gctrace-folded.log", "aTT"),
        ("gctrace-html.log", "T"),
        ("schedtrace-html.log", "T"),
        ("schedtrace-threads.log", "sas"),
        ("heroku.log", "gsac"),
        // The last is an application's own JSON that holds a line as one of its values.
        ("collectors.jsonl", "gsgsg"),
        ("crash-spaces.txt", "c"),
        ("crash-cgo.txt", "aca"),
    ] {
        let (seen, counts) = letters(&fixture(name));
        assert_eq!(seen, expected, "{name}: {counts:?}");
    }
}

#[test]
fn wrapped_lines_hold_what_was_wrapped() {
    let expected = "gc 40 @0.936s 2%: 0.10+0.95+0.21 ms clock, 0.20+0.11/0.24/0+0.42 ms cpu, 16->16->8 MB, 17 MB goal, 0 MB stacks, 0 MB globals, 2 P";
    for name in [
        "docker-json.log",
        "cri.log",
        "cri-partial.log",
        "journald.log",
        "compose-ansi.log",
        "kubectl-prefix.log",
        "crlf.log",
    ] {
        let bytes = fixture(name);
        let (cycles, _) = gc_cycles(&bytes);
        let (samples, _) = sched_samples(&bytes);
        assert_eq!(cycles.len(), 1, "{name}");
        assert_eq!(cycles[0].to_string(), expected, "{name}");
        assert_eq!(samples[0].local_queues, [1, 3], "{name}");
    }
}

#[test]
fn many_processors() {
    let (samples, _) = sched_samples(&fixture("schedtrace-56p.log"));
    assert_eq!(samples[0].local_queues.len(), 56);
    assert_eq!(samples[0].head.needspinning, None);
    assert_eq!(
        (samples[1].head.runqueue, samples[1].local_queues.len()),
        (5215, 48)
    );
    let (cycles, _) = gc_cycles(&fixture("gctrace-go1.7-48p.log"));
    assert_eq!(
        (cycles[0].cpu.idle, cycles[0].procs, cycles[0].stacks_mib),
        (6522.0, 48, None)
    );
}

#[test]
fn processes_that_share_a_stream_are_told_apart() {
    let (cycles, _) = gc_cycles(&fixture("gctrace-several-processes.log"));
    let runs: Vec<Vec<u64>> = summary::processes(&cycles)
        .map(|run| run.iter().map(|cycle| cycle.seq).collect())
        .collect();
    assert_eq!(runs, [vec![11, 12], vec![1], vec![1, 47]]);
}

fn only_crash(name: &str) -> Crash {
    let mut crashes = Vec::new();
    read(&fixture(name), |event| {
        if let Event::Crash(crash) = event {
            crashes.push(*crash);
        }
    });
    assert_eq!(crashes.len(), 1, "{name}");
    crashes.remove(0)
}

#[test]
fn crashes_of_others() {
    let spaces = only_crash("crash-spaces.txt");
    assert_eq!(
        (spaces.cause, spaces.exit_status),
        (Cause::FatalError, Some(2))
    );
    assert_eq!(spaces.message, "all goroutines are asleep - deadlock!");
    assert_eq!(spaces.goroutines.len(), 2);
    assert_eq!(spaces.goroutines[0].frames[1].line, 137);
    assert_eq!(spaces.goroutines[1].wait_minutes, Some(1));
    assert_eq!(
        spaces.goroutines[1]
            .created_by
            .as_ref()
            .map(|by| by.frame.line),
        Some(9)
    );

    let cgo = only_crash("crash-cgo.txt");
    assert_eq!(cgo.cause, Cause::Signal);
    let signal = cgo.signal.expect("signal");
    assert_eq!(
        (signal.pc, signal.address, signal.code),
        (Some(0x0042_8c17), Some(0x20), Some(1))
    );
    assert_eq!(cgo.goroutines[1].state, "IO wait");
    assert_eq!(cgo.goroutines[1].wait_minutes, Some(7));

    let docker = only_crash("docker-json.log");
    assert_eq!(docker.message, "boom");
    assert_eq!(docker.goroutines[0].frames[0].file, "/src/main.go");
}

/// What other threads' output does to a line (see the module documentation of `stderr`).
#[test]
fn spliced_lines() {
    let gc = "gc 40 @0.936s 2%: 0.10+0.95+0.21 ms clock, 0.20+0.11/0.24/0+0.42 ms cpu, 16->16->8 MB, 17 MB goal, 0 MB stacks, 0 MB globals, 2 P";
    for (text, expected, torn, resynced) in [
        // Output without newline before, and after.
        (format!("hello {gc}\n"), "ga", 0, 1),
        (format!("{gc}2026/11/21 APP\n"), "ga", 0, 1),
        // A whole line inside: head and tail are torn, the application's line is lost in the head.
        (
            format!("{}APP line\n{}\n", &gc[..30], &gc[30..]),
            "TT",
            2,
            0,
        ),
        // The process ended in mid-line, its successor went on in the same file.
        (format!("gc 41 @0.9{gc}\n"), "Tg", 1, 1),
        (format!("gc {gc}\n"), "ga", 0, 1),
        (format!("{gc}\n{gc}"), "gg", 0, 0),
        // Prose is not mistaken for runtime output.
        (
            "on a 100 ms clock, all is well\ngc is fine\nSCHED of work\n  P1: hello\n".to_owned(),
            "aaaa",
            0,
            0,
        ),
    ] {
        let (seen, counts) = letters(text.as_bytes());
        assert_eq!(
            (seen.as_str(), counts.torn, counts.resynced),
            (expected, torn, resynced),
            "{text}"
        );
    }
}
