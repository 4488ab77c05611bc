//! Tables and flame graphs out of profiles: where something comes from, and which locks are contended.

use serde::Serialize;

use crate::figures::amount_text;

/// One of the values that every sample of a profile has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Measure {
    /// Its position among the sample types.
    #[serde(skip)]
    pub index: usize,
    /// What it counts, e.g. `delay`.
    pub kind: String,
    /// In what unit, e.g. `nanoseconds`.
    pub unit: String,
}

impl Measure {
    /// A value as people read it, with its unit.
    #[must_use]
    pub fn text(&self, value: f64) -> String {
        amount_text(&self.unit, value)
    }
}

/// A table of functions.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct TopTable {
    /// What is counted.
    pub measure: Measure,
    /// The sum over all samples; of a difference, over the sizes of what changed, which shares refer to.
    pub total: f64,
    /// The first lines.
    pub lines: Vec<TopLine>,
    /// Functions beyond them.
    pub left_out: usize,
}

/// One function.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct TopLine {
    /// Its name with the package path.
    pub function: String,
    /// In the function itself.
    pub flat: f64,
    /// `flat` as a share of the total, 0 to 1.
    pub flat_share: f64,
    /// In the function and what it calls; a stack counts once, however often the function recurs in it.
    pub cum: f64,
    /// `cum` as a share of the total.
    pub cum_share: f64,
}

/// A flame graph, laid out but not drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct FlameGraph {
    /// Unique among the pictures of a page: letters, digits and `-`.
    pub id: String,
    /// What stands above the picture.
    pub title: String,
    /// What was counted, how much of it, and what was left out.
    pub note: String,
    /// Calls in the order of a walk: each before what it calls; the first stands for everything.
    pub calls: Vec<FlameCall>,
}

/// One call: a function called from one stack of others.
#[derive(Debug, Clone, PartialEq)]
pub struct FlameCall {
    /// The function.
    pub name: String,
    /// Its values in words.
    pub value: String,
    /// What its colour says.
    pub colour: FlameColour,
    /// Its depth; the root has 0.
    pub level: usize,
    /// Its left edge as a share of the whole, 0 to 1.
    pub left: f64,
    /// Its width likewise.
    pub width: f64,
}

/// What the colour of a call says. Shades 0 to 2 tell packages apart; steps 1 to 4 are a change of up to a quarter,
/// half, three quarters and all of the larger side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FlameColour {
    /// The whole.
    Root,
    /// Code of the runtime.
    Runtime(u8),
    /// The rest of the standard library.
    Standard(u8),
    /// Everything else.
    Other(u8),
    /// No change that can be told from the sampling error.
    Same,
    /// More than before.
    More(u8),
    /// Less than before.
    Less(u8),
}

/// What the profiles say of all locks.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct LockCheck {
    /// Every site that any profile shows, the most strongly shown first.
    pub suspects: Vec<LockSuspect>,
    /// Profiles that were not given, by name, each with how to get it.
    pub missing: Vec<String>,
}

/// One lock.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct LockSuspect {
    /// The function that waits, or where none is seen waiting, the one that holds.
    pub site: String,
    /// Other functions that unlock it.
    pub holders: Vec<String>,
    /// What it comes to.
    pub verdict: LockVerdict,
    /// CPU, block, mutex and goroutine profile, in this order.
    pub signals: [LockSignal; 4],
    /// The numbers behind the signals.
    pub numbers: LockNumbers,
}

/// What the profiles count for a lock; `None` where the profile is missing or gives no such number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, schemars::JsonSchema)]
pub struct LockNumbers {
    /// Share of the CPU profile's samples under Lock and Unlock, 0 to 1.
    pub cpu_share: Option<f64>,
    /// Waits in the block profile.
    pub waits: Option<f64>,
    /// Their sum, nanoseconds.
    pub waited_ns: Option<f64>,
    /// Mean wait on the stack with the largest sum, nanoseconds.
    pub worst_mean_ns: Option<f64>,
    /// Sum on that stack, nanoseconds.
    pub worst_sum_ns: Option<f64>,
    /// Contentions per second by the mutex profile; `None` also where its window is not known.
    pub contentions_per_s: Option<f64>,
    /// Goroutines that wait at the instant of the goroutine profile.
    pub waiting: Option<f64>,
}

/// What one profile says of a lock.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct LockSignal {
    /// `cpu`, `block`, `mutex` or `goroutine`.
    pub profile: &'static str,
    /// Whether it shows contention; `None` where the profile is missing or cannot tell.
    pub shown: Option<bool>,
    /// What it shows, in words.
    pub text: String,
}

/// What four profiles come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LockVerdict {
    /// All four show it.
    Confirmed,
    /// Three show it.
    Likely,
    /// Fewer than three show it, and with the missing ones it could still be three.
    Undecided,
    /// One or two others than the CPU profile alone show it.
    Weak,
    /// Only the CPU profile shows it: a false spike.
    Noise,
    /// None shows it.
    Quiet,
}

impl LockVerdict {
    /// As it is printed.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            LockVerdict::Confirmed => "confirmed",
            LockVerdict::Likely => "likely",
            LockVerdict::Undecided => "undecided",
            LockVerdict::Weak => "weak",
            LockVerdict::Noise => "false spike",
            LockVerdict::Quiet => "quiet",
        }
    }
}
