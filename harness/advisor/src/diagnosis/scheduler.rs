//! What goroutines and Ps were doing, by scheddetail blocks.

use std::collections::BTreeMap;

use documents::diagnosis::Scheduler;
use gotrace::scheddetail::SchedDetail;

/// Waits of the runtime's own goroutines, which every program has (`waitReasonStrings` in runtime/runtime2.go).
const RUNTIME_WAITS: [&str; 7] = [
    "GC worker (idle)",
    "GC sweep wait",
    "GC scavenge wait",
    "force gc (idle)",
    "finalizer wait",
    "cleanup wait",
    "update GOMAXPROCS (idle)",
];

/// Reasons shown; the rest is summed up.
const MOST_REASONS: usize = 8;

/// Sums up; `None` without a block.
pub(super) fn scheduler(blocks: &[SchedDetail]) -> Option<Scheduler> {
    let last = blocks.last()?;
    let count = blocks.len() as f64;
    let mean = |value: &dyn Fn(&SchedDetail) -> usize| {
        blocks.iter().map(|block| value(block) as f64).sum::<f64>() / count
    };
    let in_status = |wanted: u32| {
        mean(&|block| {
            let states = block.goroutines.iter();
            states
                .filter(|state| state.status & 0xfff == wanted)
                .count()
        })
    };
    let mut reasons: BTreeMap<&str, f64> = BTreeMap::new();
    for state in blocks.iter().flat_map(|block| &block.goroutines) {
        let own = RUNTIME_WAITS.contains(&state.wait_reason.as_str());
        if state.is_waiting() && !own {
            *reasons.entry(&state.wait_reason).or_default() += 1.0 / count;
        }
    }
    let mut waiting: Vec<(String, f64)> = reasons
        .into_iter()
        .map(|(reason, mean)| (reason.to_owned(), mean))
        .collect();
    waiting.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let rest = waiting.split_off(waiting.len().min(MOST_REASONS));
    Some(Scheduler {
        samples: blocks.len(),
        gomaxprocs: last.head.gomaxprocs,
        idle_processors: mean(&|block| block.head.idleprocs as usize),
        // 1 runnable, 3 in a system call: runtime/runtime2.go.
        runnable: in_status(1),
        in_system_calls: in_status(3),
        threads: mean(&|block| block.head.threads as usize),
        waiting,
        waiting_otherwise: rest.iter().map(|(_, mean)| mean).sum(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use gotrace::scheddetail::GoroutineState;
    use gotrace::schedtrace::SchedHead;

    fn block(states: &[(u32, &str)]) -> SchedDetail {
        let goroutines = states.iter().map(|(status, reason)| GoroutineState {
            id: 1,
            status: *status,
            wait_reason: (*reason).to_owned(),
            machine: None,
            locked_machine: None,
        });
        SchedDetail {
            head: SchedHead {
                gomaxprocs: 4,
                idleprocs: 1,
                threads: 6,
                ..SchedHead::default()
            },
            goroutines: goroutines.collect(),
            ..SchedDetail::default()
        }
    }

    #[test]
    fn means_are_over_blocks() {
        assert_eq!(scheduler(&[]), None);
        // 0x1004: waiting while its stack is scanned; 6: dead.
        let first = block(&[
            (4, "GC worker (idle)"),
            (4, "sync.Mutex.Lock"),
            (0x1004, "sync.Mutex.Lock"),
            (6, "x"),
        ]);
        let second = block(&[(4, "IO wait"), (1, "stale"), (3, "stale")]);
        let seen = scheduler(&[first, second]).unwrap();
        assert_eq!(
            seen.waiting,
            [
                ("sync.Mutex.Lock".to_owned(), 1.0),
                ("IO wait".to_owned(), 0.5)
            ]
        );
        assert_eq!((seen.runnable, seen.in_system_calls), (0.5, 0.5));
        assert_eq!(
            (seen.samples, seen.idle_processors, seen.threads),
            (2, 1.0, 6.0)
        );
    }
}
