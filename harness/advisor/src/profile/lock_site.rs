//! Which lock a stack is in, and what it does there.
//!
//! A profile knows no addresses of locks, so the function around the mutex stands for it.

use std::collections::BTreeSet;

use gotrace::profile::{Profile, Sample};

/// What a stack does with a lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Act {
    /// Takes it, without waiting in the scheduler.
    Lock,
    /// Waits for it.
    Wait,
    /// Releases it.
    Unlock,
}

/// Calls `take` for every sample whose stack is inside a mutex, with the site and what is done there.
pub(super) fn each_site(profile: &Profile, mut take: impl FnMut(String, &Sample, Act)) {
    for sample in &profile.samples {
        if let Some((site, act)) = site_of(profile, sample) {
            take(site, sample, act);
        }
    }
}

/// The same with contentions and delay in nanoseconds.
pub(super) fn each_delay(profile: &Profile, mut take: impl FnMut(String, Act, f64, f64)) {
    let value = |kind| profile.value_index(kind);
    let (Some(contentions), Some(delay)) = (value("contentions"), value("delay")) else {
        return;
    };
    each_site(profile, |site, sample, act| {
        let (count, delay) = (sample.values[contentions], sample.values[delay]);
        take(site, act, count as f64, delay as f64);
    });
}

/// The same for a mutex profile, whose every stack is of an unlock. Where the compiler has made `Unlock` part of its
/// caller, no frame of it is left: the stack begins with the one who holds the lock.
pub(super) fn each_unlock(profile: &Profile, mut take: impl FnMut(String, f64)) {
    let Some(contentions) = profile.value_index("contentions") else {
        return;
    };
    for sample in &profile.samples {
        let Some(leaf) = profile.stack(sample).next() else {
            continue;
        };
        let count = sample.values[contentions] as f64;
        if let Some((site, _)) = site_of(profile, sample) {
            take(site, count);
        } else if !is_inside(&leaf.function) {
            take(site_name(&leaf.function).to_owned(), count);
        }
    }
}

/// The function around the mutex calls of a stack; `None` if the stack is in no mutex.
fn site_of(profile: &Profile, sample: &Sample) -> Option<(String, Act)> {
    let mut act = None;
    let mut waits = false;
    for frame in profile.stack(sample) {
        let function = frame.function.as_str();
        if let Some(method) = mutex_method(function) {
            act = Some(if method.contains("nlock") {
                Act::Unlock
            } else if waits {
                Act::Wait
            } else {
                Act::Lock
            });
        } else if let Some(act) = act {
            // Past the mutex: the first function that is not part of it.
            if !is_inside(function) {
                return Some((site_name(function).to_owned(), act));
            }
        } else {
            // What a mutex calls: semacquire1, futex, and closures of the runtime that since Go 1.27 are named without
            // its path (`_.goready.func1`).
            waits |= function.contains("emacquire");
        }
    }
    None
}

/// `Lock` of `sync.(*Mutex).Lock`; also RWMutex, and internal/sync, where Mutex lives since Go 1.24.
fn mutex_method(function: &str) -> Option<&str> {
    let plain = function.strip_prefix("internal/").unwrap_or(function);
    plain
        .strip_prefix("sync.(*Mutex).")
        .or_else(|| plain.strip_prefix("sync.(*RWMutex)."))
        // sync.RWMutex.RLocker.
        .or_else(|| plain.strip_prefix("sync.(*rlocker)."))
}

/// Frames between a mutex and its user.
fn is_inside(function: &str) -> bool {
    [
        "sync.",
        "internal/sync.",
        "runtime.",
        "runtime/",
        "internal/runtime/",
    ]
    .iter()
    .any(|start| function.starts_with(start))
        || mutex_method(function).is_some()
}

/// The function that holds a closure or a deferred call: `main.(*T).f` of `main.(*T).f.func2.deferwrap1`.
fn site_name(function: &str) -> &str {
    let mut name = function;
    while let Some((rest, last)) = name.rsplit_once('.') {
        let made = ["func", "deferwrap", "gowrap"]
            .iter()
            .any(|start| last.strip_prefix(start).is_some_and(is_number));
        if !made && !is_number(last) {
            break;
        }
        name = rest;
    }
    name
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The site whose waiters a holder kept waiting: its own, or else the only one of the same receiver type.
pub(super) fn joined(waiters: &BTreeSet<String>, holder: &str) -> String {
    if !waiters.contains(holder)
        && let Some(of) = receiver(holder)
    {
        let mut same = waiters.iter().filter(|site| receiver(site) == Some(of));
        if let (Some(only), None) = (same.next(), same.next()) {
            return only.clone();
        }
    }
    holder.to_owned()
}

/// `main.(*T)` of `main.(*T).f`.
fn receiver(function: &str) -> Option<&str> {
    let close = function.find(").")?;
    Some(&function[..=close])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sites_are_named_by_the_function_that_holds_the_closure() {
        for (function, site) in [
            ("main.(*shard).use.deferwrap1", "main.(*shard).use"),
            ("main.main.func2.1.gowrap3", "main.main"),
            ("main.funcs", "main.funcs"),
            ("example.com/a.Do", "example.com/a.Do"),
        ] {
            assert_eq!(site_name(function), site);
        }
        assert_eq!(receiver("main.(*shard).use"), Some("main.(*shard)"));
        assert_eq!(receiver("main.use"), None);
    }

    #[test]
    fn holders_join_the_only_waiter_of_their_type() {
        let waiters: BTreeSet<String> = ["main.(*T).begin", "main.(*U).a", "main.(*U).b"]
            .map(str::to_owned)
            .into();
        assert_eq!(joined(&waiters, "main.(*T).end"), "main.(*T).begin");
        assert_eq!(joined(&waiters, "main.(*U).c"), "main.(*U).c");
        assert_eq!(joined(&waiters, "main.other"), "main.other");
    }
}
