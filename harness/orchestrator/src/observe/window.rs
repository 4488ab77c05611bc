//! Takes a window from a service that is not ours, all profiles of the same stretch of time.
//!
//! Main function: [`take_window`]. Nothing but GET is used, and nothing is switched on in the service: net/http/pprof
//! has no way to.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::pprof::Pprof;

/// How often a wait looks whether it was cancelled.
const LOOK: Duration = Duration::from_millis(100);
/// What the endpoints may take beyond their windows, one after the other.
const SLACK: Duration = Duration::from_secs(60);

/// What to take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WindowOptions {
    /// The address of net/http/pprof, e.g. `http://127.0.0.1:6060/debug/pprof`.
    pub base: String,
    /// How long; net/http/pprof counts whole seconds.
    pub window: Duration,
    /// Whether to take an execution trace of one second as well.
    pub trace: bool,
    /// Whether to accept any certificate.
    pub insecure: bool,
}

/// What came of one endpoint.
#[derive(Debug, Clone)]
pub struct Taken {
    /// Its name, as net/http/pprof calls it; `heap?debug=1` for the memory statistics, `mutex?debug=1` for the sampling
    /// period of the mutex profile.
    pub endpoint: &'static str,
    /// When it was asked, as a share of the window: 0 is its begin, 1 its end.
    pub after: f64,
    /// The answer, or why there is none.
    pub answer: Result<Vec<u8>, String>,
}

/// When an endpoint is asked, and for how long.
struct Plan {
    endpoint: &'static str,
    /// As shares of the window.
    after: f64,
    window: Option<Duration>,
}

/// Takes everything that can be obtained. `None` if cancelled.
///
/// Goroutines and memory statistics are taken at both ends, so that what grows shows, and goroutines in the middle as
/// well; what makes the service collect garbage or costs it more comes after the window.
#[must_use]
pub fn take_window(options: &WindowOptions, cancel: &AtomicBool) -> Option<Vec<Taken>> {
    let pprof = Pprof::new(&options.base, options.window, options.insecure);
    let (mut asking, mut not_asked) = (Vec::new(), Vec::new());
    for plan in plans(options) {
        let pprof = pprof.clone();
        let delay = options.window.mul_f64(plan.after);
        let (endpoint, after) = (plan.endpoint, plan.after);
        let ask = move || {
            thread::sleep(delay);
            let answer = pprof.take(plan.endpoint, plan.window);
            Taken {
                endpoint,
                after,
                answer: answer.map_err(|error| error.to_string()),
            }
        };
        match thread::Builder::new().spawn(ask) {
            Ok(thread) => asking.push(thread),
            Err(error) => not_asked.push(Taken {
                endpoint,
                after,
                answer: Err(format!("gosweep can have no more threads: {error}")),
            }),
        }
    }
    // The threads of a cancelled window end by their own patience, with the
    // process at the latest.
    let end = Instant::now() + 2 * options.window + SLACK;
    while !asking.iter().all(thread::JoinHandle::is_finished) && Instant::now() < end {
        if cancel.load(Ordering::Relaxed) {
            return None;
        }
        thread::sleep(LOOK);
    }
    let taken = asking.into_iter().filter(thread::JoinHandle::is_finished);
    let taken = taken.filter_map(|own| own.join().ok());
    Some(taken.chain(not_asked).collect())
}

fn plans(options: &WindowOptions) -> Vec<Plan> {
    let over = |endpoint| Plan {
        endpoint,
        after: 0.0,
        window: Some(options.window),
    };
    let at = |endpoint, after| Plan {
        endpoint,
        after,
        window: None,
    };
    let mut plans = vec![
        over("profile"),
        over("mutex"),
        over("block"),
        over("allocs"),
        at("goroutine", 0.0),
        at("heap?debug=1", 0.0),
        at("goroutine", 0.5),
        at("goroutine", 1.0),
        at("heap", 1.0),
        at("heap?debug=1", 1.0),
        at("mutex?debug=1", 1.0),
        at("goroutineleak", 1.0),
    ];
    if options.trace {
        plans.push(Plan {
            window: Some(Duration::from_secs(1)),
            ..at("trace", 1.0)
        });
    }
    plans
}
