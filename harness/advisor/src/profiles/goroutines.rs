//! What goroutines wait for, and where: by the goroutine profiles of a stretch, and by its block profile.
//!
//! A goroutine profile has no states; what a goroutine does is told by the runtime's frames at the top of its stack
//! (runtime/chan.go, select.go, sema.go, netpoll.go, time.go of Go 1.21 to 1.27).

use std::collections::BTreeMap;

use gotrace::profile::{Profile, Sample};

use crate::evidence::{ChannelWait, GoroutineGroup, GoroutineGroups, Waiting};
use crate::profile::is_waiting_machinery;

/// Groups kept, the largest first.
const MOST_GROUPS: usize = 50;

/// Functions that run finalizers and cleanups; a profile lists that goroutine only while it is in one
/// (`isSystemGoroutine` in runtime/traceback.go).
const FINALIZING: [&str; 3] = [
    "runtime.runfinq",
    "runtime.runFinalizers",
    "runtime.runCleanups",
];

/// Frames below which a request is served.
const SERVING: [&str; 5] = [
    "net/http.(*conn).serve",
    "net/http.(*http2serverConn).runHandler",
    "golang.org/x/net/http2.(*serverConn).runHandler",
    "google.golang.org/grpc.(*Server).handleStream",
    "github.com/valyala/fasthttp.(*Server).serveConn",
];

impl GoroutineGroups {
    /// The groups of some goroutine profiles, in the order of time; `None` without one.
    #[must_use]
    pub fn of(profiles: &[&Profile]) -> Option<GoroutineGroups> {
        if profiles.is_empty() {
            return None;
        }
        let mut groups: BTreeMap<(Waiting, String, bool), Vec<u64>> = BTreeMap::new();
        let mut totals = vec![0; profiles.len()];
        let mut finalizing = Vec::new();
        for (at, profile) in profiles.iter().enumerate() {
            let mut place_of_finalizer = None;
            for sample in &profile.samples {
                let stack = functions(profile, sample);
                let count = sample.values.first().copied().unwrap_or_default();
                let count = u64::try_from(count).unwrap_or_default();
                if takes_profiles(&stack) || count == 0 {
                    continue;
                }
                totals[at] += count;
                if stack.iter().any(|own| FINALIZING.contains(own)) {
                    place_of_finalizer.get_or_insert_with(|| place(&stack).to_owned());
                    continue;
                }
                let key = (waiting(&stack), place(&stack).to_owned(), serves(&stack));
                groups.entry(key).or_insert_with(|| vec![0; profiles.len()])[at] += count;
            }
            finalizing.extend(place_of_finalizer);
        }
        let mut groups: Vec<GoroutineGroup> = groups
            .into_iter()
            .map(|((waiting, place, serves), counts)| GoroutineGroup {
                waiting,
                place,
                serves,
                counts,
            })
            .collect();
        groups.sort_by_key(|own| std::cmp::Reverse(own.counts.iter().max().copied()));
        groups.truncate(MOST_GROUPS);
        Some(GoroutineGroups {
            totals,
            groups,
            finalizing,
        })
    }
}

/// Where goroutines that serve requests waited at channels, by the block profile: the place with the largest sum.
pub(super) fn channel_waits(block: Option<&Profile>) -> Option<ChannelWait> {
    let block = block?;
    let (counts, delays) = (
        block.value_index("contentions")?,
        block.value_index("delay")?,
    );
    let mut sums: BTreeMap<String, (f64, f64)> = BTreeMap::new();
    for sample in &block.samples {
        let stack = functions(block, sample);
        let at_channel = matches!(
            waiting(&stack),
            Waiting::Send | Waiting::Receive | Waiting::Select
        );
        if at_channel && serves(&stack) && !takes_profiles(&stack) {
            let (count, delay) = sums.entry(place(&stack).to_owned()).or_default();
            *count += sample.values[counts] as f64;
            *delay += sample.values[delays] as f64;
        }
    }
    let worst = sums
        .into_iter()
        .max_by(|(_, (_, one)), (_, (_, other))| one.total_cmp(other))?;
    let (place, (count, delay_ns)) = worst;
    (count > 0.0).then(|| ChannelWait {
        place,
        mean_ms: delay_ns / count / 1e6,
        sum_ms: delay_ns / 1e6,
    })
}

/// Who calls one of some functions, by whatever profile has it on a stack.
pub(super) fn caller_of<'a>(
    profiles: impl Iterator<Item = &'a Profile>,
    names: &[&str],
) -> Option<String> {
    for profile in profiles {
        for sample in &profile.samples {
            let stack = functions(profile, sample);
            let at = stack.iter().rposition(|own| names.contains(own));
            let caller = at.and_then(|at| stack.get(at + 1));
            if let Some(caller) = caller.filter(|_| !takes_profiles(&stack)) {
                return Some((*caller).to_owned());
            }
        }
    }
    None
}

fn functions<'a>(profile: &'a Profile, sample: &'a Sample) -> Vec<&'a str> {
    let frames = profile.stack(sample);
    frames.map(|frame| frame.function.as_str()).collect()
}

/// What the taking of profiles itself does.
fn takes_profiles(stack: &[&str]) -> bool {
    let own = ["net/http/pprof.", "runtime/pprof."];
    stack
        .iter()
        .any(|function| own.iter().any(|start| function.starts_with(start)))
}

fn serves(stack: &[&str]) -> bool {
    stack
        .iter()
        .any(|own| SERVING.contains(own) || own.ends_with(".ServeHTTP"))
}

/// The innermost function that is not the runtime's own way of waiting.
fn place<'a>(stack: &[&'a str]) -> &'a str {
    let own = stack.iter().find(|own| !is_waiting_machinery(own));
    own.or(stack.last()).copied().unwrap_or("(no stack)")
}

fn waiting(stack: &[&str]) -> Waiting {
    // The first frame of the runtime or of sync that says it; user code ends the search.
    for function in stack {
        let told = match *function {
            "runtime.chansend" | "runtime.chansend1" => Some(Waiting::Send),
            "runtime.chanrecv" | "runtime.chanrecv1" | "runtime.chanrecv2" => {
                Some(Waiting::Receive)
            }
            "runtime.selectgo" | "runtime.block" => Some(Waiting::Select),
            "runtime.netpollblock" | "internal/poll.runtime_pollWait" => Some(Waiting::Network),
            "time.Sleep" => Some(Waiting::Sleep),
            "sync.(*WaitGroup).Wait" | "sync.(*Cond).Wait" => Some(Waiting::Others),
            name if name.starts_with("sync.(*Mutex).")
                || name.starts_with("sync.(*RWMutex).")
                || name.starts_with("internal/sync.(*Mutex).") =>
            {
                Some(Waiting::Lock)
            }
            name if is_call(name) => Some(Waiting::Call),
            _ => None,
        };
        if let Some(told) = told {
            return told;
        }
        if !is_waiting_machinery(function) {
            break;
        }
    }
    Waiting::Runs
}

/// A call into the kernel or into C, which holds a thread.
fn is_call(function: &str) -> bool {
    let calls = [
        "syscall.",
        "runtime/internal/syscall.",
        "internal/runtime/syscall",
        "runtime.cgocall",
    ];
    calls.iter().any(|start| function.starts_with(start))
}
