//! Crashes of real programs (tests/fixtures/crashes). Goroutines, calls and origins were counted
//! by grep on the files.

use std::path::PathBuf;

use gotrace::crash::{Cause, Crash, goroutines};
use gotrace::stderr::{Event, read};

fn fixture(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/crashes")
        .join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn crash(name: &str) -> (Crash, u64) {
    let mut found = Vec::new();
    let counts = read(&fixture(name), |event| {
        if let Event::Crash(crash) = event {
            found.push(*crash);
        }
    });
    assert_eq!((found.len(), counts.torn), (1, 0), "{name}");
    (found.remove(0), counts.app)
}

#[test]
fn every_dump_is_read_to_its_end() {
    use Cause::{FatalError, Panic, Signal};
    // File, cause, goroutines, calls (runtime stack included), origins, elided, lines left over.
    for (name, cause, goroutines, calls, created, elided, left_over) in [
        ("deadlock-1.21.13.txt", FatalError, 3, 8, 2, 0, 0),
        ("deadlock-1.27.3.txt", FatalError, 3, 9, 2, 0, 0),
        ("error-1.21.13.txt", Panic, 1, 1, 0, 0, 0),
        ("error-1.27.3.txt", Panic, 1, 1, 0, 0, 0),
        ("map-1.21.13.txt", FatalError, 7, 11, 6, 0, 0),
        ("map-1.27.3.txt", FatalError, 1, 2, 1, 0, 0),
        ("nested-1.21.13.txt", Panic, 1, 3, 0, 0, 0),
        ("nested-1.27.3.txt", Panic, 1, 3, 0, 0, 0),
        ("nil-1.21.13.txt", Panic, 1, 2, 0, 0, 0),
        ("nil-1.27.3.txt", Panic, 1, 2, 0, 0, 0),
        ("nil-system-1.21.13.txt", Panic, 7, 39, 6, 0, 0),
        ("nil-system-1.27.3.txt", Panic, 7, 40, 6, 0, 0),
        // The two lines before "fatal error" only say what it says again.
        ("overflow-1.21.13.txt", FatalError, 7, 135, 6, 1, 2),
        ("overflow-1.27.3.txt", FatalError, 7, 136, 6, 1, 2),
        ("quit-1.21.13.txt", Signal, 7, 39, 6, 0, 0),
        ("quit-1.27.3.txt", Signal, 7, 40, 6, 0, 0),
        // One goroutine is listed twice: its thread prints the stack last.
        ("throw-1.21.13.txt", FatalError, 3, 11, 2, 0, 0),
        ("throw-1.27.3.txt", FatalError, 1, 5, 0, 0, 0),
    ] {
        let (it, app) = crash(name);
        assert_eq!(it.cause, cause, "{name}");
        assert_eq!(it.goroutines.len(), goroutines, "{name}");
        let frames =
            it.goroutines.iter().map(|g| g.frames.len()).sum::<usize>() + it.runtime_stack.len();
        assert_eq!(frames, calls, "{name}");
        assert_eq!(
            it.goroutines
                .iter()
                .filter(|g| g.created_by.is_some())
                .count(),
            created,
            "{name}"
        );
        assert_eq!(
            it.goroutines.iter().filter(|g| g.frames_elided).count(),
            elided,
            "{name}"
        );
        assert_eq!(app, left_over, "{name}");
        assert!(
            it.goroutines
                .iter()
                .flat_map(|g| &g.frames)
                .all(|frame| frame.line > 0),
            "{name}: a frame without position"
        );
    }
}

#[test]
fn messages_and_signals() {
    assert_eq!(crash("error-1.21.13.txt").0.message, "boom\nsecond line");
    assert_eq!(crash("error-1.27.3.txt").0.message, "boom\nsecond line");
    let nested = crash("nested-1.27.3.txt").0;
    assert_eq!(
        (nested.message.as_str(), nested.earlier),
        ("while handling: first", vec!["first".to_owned()])
    );
    let nil = crash("nil-1.27.3.txt").0;
    let signal = nil.signal.clone().expect("signal");
    assert_eq!(
        (signal.name.as_str(), signal.code, signal.address),
        ("SIGSEGV: segmentation violation", Some(1), Some(0))
    );
    assert_eq!(
        nil.failing().map(|it| it.frames[0].function.as_str()),
        Some("main.(*box).get")
    );
    assert_eq!(
        crash("quit-1.27.3.txt")
            .0
            .signal
            .map(|it| it.name)
            .as_deref(),
        Some("SIGQUIT: quit")
    );
    assert_eq!(crash("map-1.27.3.txt").0.message, "concurrent map writes");
}

#[test]
fn waiting_goroutines_tell_for_what() {
    let (it, _) = crash("deadlock-1.27.3.txt");
    let mut states: Vec<&str> = it.goroutines.iter().map(|g| g.state.as_str()).collect();
    states.sort_unstable();
    assert_eq!(
        states,
        ["chan receive", "sync.Mutex.Lock", "sync.WaitGroup.Wait"]
    );
}

#[test]
fn a_dump_by_itself_reads_alike() {
    let bytes = fixture("quit-1.27.3.txt");
    assert_eq!(goroutines(&bytes), crash("quit-1.27.3.txt").0.goroutines);
}

#[test]
fn a_restart_after_a_crash_is_no_part_of_it() {
    let mut text = fixture("nil-1.27.3.txt");
    text.extend_from_slice(b"2026/11/21 10:00:00 listening\n");
    text.extend_from_slice(&fixture("deadlock-1.27.3.txt"));
    let mut order = String::new();
    read(&text, |event| match event {
        Event::Crash(it) if it.cause == Cause::Panic => order.push('p'),
        Event::Crash(_) => order.push('f'),
        Event::App(_) => order.push('a'),
        _ => order.push('?'),
    });
    assert_eq!(order, "paf");
}
