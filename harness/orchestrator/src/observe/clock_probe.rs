//! The clock probe: a fixed piece of work on the target's CPUs, timed while the target does not run. It shows whether
//! the clock is what it was in the other trials of the run.

use std::hint::black_box;
use std::thread;
use std::time::Instant;

use topology::CpuSet;

/// Steps of the loop: about half a millisecond.
const STEPS: u32 = 300_000;
/// Repeats on each CPU. The shortest counts: interrupts and neighbours only ever make a repeat longer, the clock makes
/// all of them so.
const REPEATS: usize = 9;
/// CPUs that are looked at: on a large host all would cost more than they tell.
const MOST_CPUS: usize = 4;

/// The shortest of the repeats on each of the first few CPUs, the longest over those, nanoseconds; `None` where no
/// thread could be pinned.
pub fn clock_probe_ns(cpus: &CpuSet) -> Option<f64> {
    let looked_at: Vec<u32> = cpus.iter().take(MOST_CPUS).collect();
    let times = looked_at.into_iter().filter_map(|cpu| {
        let looked = thread::Builder::new().spawn(move || {
            topology::pin_current_thread(cpu).ok()?;
            (0..REPEATS).map(|_| spin_ns()).reduce(f64::min)
        });
        looked.ok()?.join().ok().flatten()
    });
    times.reduce(f64::max)
}

fn spin_ns() -> f64 {
    let started = Instant::now();
    let mut state = black_box(1_u64);
    for _ in 0..STEPS {
        // Every step needs the one before: no wider machine makes it shorter. Knuth's constants of a 64-bit linear
        // congruential generator.
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
    }
    black_box(state);
    started.elapsed().as_nanos() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_takes_time_where_a_thread_can_be_pinned_and_says_nothing_elsewhere() {
        let usable = topology::current_affinity().unwrap();
        assert!(clock_probe_ns(&usable).is_some_and(|time| time > 0.0));
        assert_eq!(clock_probe_ns(&CpuSet::new()), None);
    }
}
