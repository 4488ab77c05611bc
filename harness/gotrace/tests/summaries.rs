//! Windows over captures; the expected figures were computed by a separate script from the files.

use std::path::PathBuf;

use gotrace::stderr::{gc_cycles, sched_samples};
use gotrace::summary::{self, Window};

fn fixture(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/go-logs")
        .join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn near(left: f64, right: f64) -> bool {
    (left - right).abs() < 1e-6 * right.abs().max(1.0)
}

#[test]
fn collections_of_a_capture() {
    let (cycles, _) = gc_cycles(&fixture("gctrace-1.27.3.log"));
    let all = summary::gc(&cycles, Window::ALL).expect("collections");
    assert_eq!(
        (all.collections, all.lines, all.forced, all.procs),
        (76, 76, 3, 2)
    );
    assert!(near(all.stopped_ms, 22.150), "{}", all.stopped_ms);
    assert!(near(all.assist_ms, 3.908), "{}", all.assist_ms);
    assert!(near(all.cpu_ms, 47.104), "{}", all.cpu_ms);
    assert_eq!(all.goal_mib.max, 18.0);
}

#[test]
fn a_window_counts_lost_lines_by_sequence_numbers() {
    let (mut cycles, _) = gc_cycles(&fixture("gctrace-1.27.3.log"));
    let window = Window {
        from_s: 1.0,
        to_s: 2.0,
    };
    let whole = summary::gc(&cycles, window).expect("collections");
    assert_eq!(whole.collections, 39);
    assert!(near(whole.cycles_per_s, 39.0));
    // A torn line in the middle of the window changes what is summed, not what is counted.
    let middle = cycles
        .iter()
        .position(|cycle| cycle.at_s > 1.4)
        .expect("a cycle there");
    cycles.remove(middle);
    let holed = summary::gc(&cycles, window).expect("collections");
    assert_eq!(
        (holed.collections, holed.lines),
        (whole.collections, whole.lines - 1)
    );
    assert!(
        summary::gc(
            &cycles,
            Window {
                from_s: 1e6,
                to_s: 2e6
            }
        )
        .is_none()
    );
    let shares = whole.cpu_share.expect("closed window");
    assert!(near(shares, whole.cpu_ms / 2000.0));
}

#[test]
fn scheduler_lines_of_a_capture() {
    let (samples, _) = sched_samples(&fixture("schedtrace-1.27.3.log"));
    let it = summary::sched(&samples, Window::ALL).expect("lines");
    assert_eq!(
        (it.samples, it.gomaxprocs, it.gomaxprocs_steady),
        (62, 2, true)
    );
    assert!(
        near(it.idleprocs_mean, 47.0 / 62.0),
        "{}",
        it.idleprocs_mean
    );
    assert!(near(it.queued_mean, 154.0 / 62.0), "{}", it.queued_mean);
    assert_eq!(
        (
            it.queued_median,
            it.queued_p90,
            it.queued_p99,
            it.queued_max
        ),
        (1.0, 6, 10, 10)
    );
    assert_eq!(
        (it.threads.min, it.threads.max, it.threads_grown),
        (4.0, 8.0, 4)
    );
    assert!(
        near(it.saturated_share * 62.0, 28.0),
        "{}",
        it.saturated_share * 62.0
    );
    assert!(
        summary::sched(
            &samples,
            Window {
                from_s: 0.0,
                to_s: 0.0
            }
        )
        .is_none()
    );
}
