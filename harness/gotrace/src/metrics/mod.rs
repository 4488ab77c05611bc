//! Snapshots of `runtime/metrics`, as the probe in our Go targets serves them.
//!
//! Main types: [`Snapshot`], [`Histogram`] and [`Delta`], the change between two snapshots.
//!
//! The JSON, fixed with the probe:
//! ```json
//! {"go_version":"go1.26.8","taken_unix_ns":123,"metrics":{
//!   "/sched/gomaxprocs:threads":{"kind":"uint64","value":2},
//!   "/cpu/classes/gc/total:cpu-seconds":{"kind":"float64","value":0.5},
//!   "/sched/latencies:seconds":{"kind":"histogram","counts":[1,2],"buckets":["-Inf",0.5,"+Inf"]}}}
//! ```
//! There is one more bucket bound than counts; infinite bounds are strings.
//!
//! Traps of the source: `/cpu/classes/*` move only at collections and are not the operating
//! system's CPU time; `/sched/latencies` samples one in eight transitions, system goroutines
//! included; `/sync/mutex/wait/total` counts runtime-internal locks only from Go 1.22.
//!
//! Deliberately absent: what a value means for a service (`advisor`).

mod delta;
mod histogram;
mod names;
mod snapshot;
mod text;
mod translated;

pub use delta::{Change, Delta};
pub use histogram::{Histogram, Quantile};
pub use names::{Nature, nature};
pub use snapshot::{LARGEST_SNAPSHOT_BYTES, MOST_BUCKETS, Snapshot, Value};
pub use text::{MOST_METRICS, numbers};
pub use translated::{ALLOCATED_BYTES, ALLOCATED_OBJECTS, CYCLES, of_memstats, of_scrape};
