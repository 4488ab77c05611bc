//! What Go's collector must do, by its own rules.

use std::ops::RangeInclusive;

use record::threshold::{Threshold, Thresholds};
use record::trial::RuntimeWindow;

/// A goal so far below the formula's is the memory limit's doing, and the formula does not hold.
const GOVERNED_BY_LIMIT: f64 = 0.95;

/// Go's least heap goal at GOGC=100, bytes (`defaultHeapMinimum`, runtime/mgcpacer.go).
const LEAST_GOAL: f64 = 4.0 * 1024.0 * 1024.0;

/// Measured ÷ predicted collections that need no explanation: goals are overshot a little, and a mark takes time in
/// which memory is allocated (METHODOLOGY, rule V1).
pub fn plausible(thresholds: &Thresholds) -> RangeInclusive<f64> {
    thresholds.get(Threshold::V1Low)..=thresholds.get(Threshold::V1High)
}

/// The smallest heap goal that GOGC allows, bytes. `gogc` in per cent.
pub fn least_heap_goal(gogc: f64) -> f64 {
    LEAST_GOAL * gogc / 100.0
}

/// The heap at one instant, bytes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Heap {
    /// Live after the last mark.
    pub live: f64,
    /// Stacks and globals that GC scans.
    pub roots: f64,
}

/// What a window's collections are judged by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Collections {
    /// Cycles, all.
    pub cycles: f64,
    /// Of them, those that the program forced: no formula knows of them.
    pub forced: f64,
    /// Heap bytes allocated.
    pub alloc_bytes: f64,
    /// The heap at the end.
    pub heap: Heap,
    /// The goal at the end, bytes.
    pub goal_bytes: f64,
    /// GOGC, per cent; `None` where it is off.
    pub gogc: Option<f64>,
}

/// Collections alongside what the formula makes them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Predicted {
    /// Cycles that the program did not force.
    pub measured: f64,
    /// Bytes allocated ÷ (goal − live).
    pub predicted: f64,
}

impl Heap {
    /// At the end of a window.
    pub fn of(runtime: &RuntimeWindow) -> Heap {
        Heap {
            live: runtime.heap_live_bytes as f64,
            roots: (runtime.scan_stack_bytes + runtime.scan_globals_bytes) as f64,
        }
    }

    /// Heap goal, bytes: live + (live + stacks + globals) x GOGC/100, not below 4 MiB x GOGC/100 (Go's GC guide, and
    /// `gcControllerState.commit` in runtime/mgcpacer.go since go1.18). `gogc` in per cent. A memory limit may set a
    /// lower one.
    fn goal(self, gogc: f64) -> f64 {
        let grown = self.live + (self.live + self.roots) * gogc / 100.0;
        grown.max(least_heap_goal(gogc))
    }
}

/// Heap bytes that the program allocates from one collection to the next, where no memory limit governs.
pub fn bytes_between_collections(runtime: &RuntimeWindow, gogc: f64) -> f64 {
    let heap = Heap::of(runtime);
    heap.goal(gogc) - heap.live
}

impl Collections {
    /// Rule V1's two numbers; or, where the formula says nothing of this window, what it lacks.
    pub fn by_formula(&self, thresholds: &Thresholds) -> Result<Predicted, &'static str> {
        let gogc = self
            .gogc
            .ok_or("GOGC as a number: `off` leaves the goal to the memory limit")?;
        let measured = (self.cycles - self.forced).max(0.0);
        if measured < thresholds.get(Threshold::V1Cycles) {
            return Err("ten GC cycles in a window, without forced ones");
        }
        let goal = self.heap.goal(gogc);
        if self.goal_bytes < GOVERNED_BY_LIMIT * goal {
            return Err("a heap goal that GOGC sets: here the memory limit governs");
        }
        let predicted = self.alloc_bytes / (goal - self.heap.live);
        let is_sound = self.heap.live > 0.0 && predicted.is_finite() && predicted > 0.0;
        is_sound
            .then_some(Predicted {
                measured,
                predicted,
            })
            .ok_or("bytes allocated, heap goal and live heap")
    }
}

impl Predicted {
    /// Measured ÷ predicted.
    pub fn ratio(self) -> f64 {
        self.measured / self.predicted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: f64 = 1_048_576.0;

    /// Live 10 MiB, no roots, GOGC=100: 10 MiB of room, 100 of them allocated.
    fn window() -> Collections {
        Collections {
            cycles: 11.0,
            forced: 0.0,
            alloc_bytes: 1_000.0 * MIB,
            heap: Heap {
                live: 10.0 * MIB,
                roots: 0.0,
            },
            goal_bytes: 20.0 * MIB,
            gogc: Some(100.0),
        }
    }

    fn judged(window: Collections) -> Result<Predicted, &'static str> {
        window.by_formula(&Thresholds::default())
    }

    #[test]
    fn allocation_over_room_predicts_collections() {
        let own = judged(window()).unwrap();
        assert!((own.predicted - 100.0).abs() < 1e-9, "{own:?}");
        assert!((own.ratio() - 0.11).abs() < 1e-9, "{own:?}");
    }

    #[test]
    fn forced_collections_are_not_the_formula_s() {
        let own = judged(Collections {
            cycles: 120.0,
            forced: 20.0,
            ..window()
        });
        assert!((own.unwrap().ratio() - 1.0).abs() < 1e-9, "{own:?}");
        let too_few = judged(Collections {
            forced: 2.0,
            ..window()
        });
        assert!(too_few.unwrap_err().contains("forced"));
    }

    #[test]
    fn a_goal_that_the_limit_sets_is_not_the_formula_s() {
        let limited = judged(Collections {
            goal_bytes: 18.0 * MIB,
            ..window()
        });
        assert!(limited.unwrap_err().contains("memory limit governs"));
        let off = judged(Collections {
            gogc: None,
            ..window()
        });
        assert!(off.unwrap_err().contains("`off`"));
    }

    #[test]
    fn broken_figures_say_nothing() {
        let broken = [0.0, f64::NAN, f64::INFINITY];
        for alloc_bytes in broken {
            let own = judged(Collections {
                alloc_bytes,
                ..window()
            });
            assert!(own.is_err(), "{own:?}");
        }
        let own = judged(Collections {
            gogc: Some(0.0),
            ..window()
        });
        assert!(own.is_err(), "{own:?}");
    }
}
