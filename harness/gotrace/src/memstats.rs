//! `runtime.MemStats` as `/debug/pprof/heap?debug=1` (and `allocs?debug=1`) prints it at its end.
//!
//! Main type: [`MemStats`]. Source of the format: `writeHeapInternal` in runtime/pprof/pprof.go.
//! It needs no instrumentation in the target beyond net/http/pprof.
//!
//! expvar serves the same as JSON ([`MemStats::parse_expvar`]).
//!
//! Deliberately absent: the sampled stacks above it, which are a profile ([`crate::profile::Profile::parse_text`]).

use std::collections::BTreeMap;

use crate::Error;

/// Memory statistics of a process, since its start unless said otherwise.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MemStats {
    /// Live and not yet swept heap objects, bytes.
    pub heap_alloc_bytes: u64,
    /// Allocated for heap objects, bytes.
    pub total_alloc_bytes: u64,
    /// Obtained from the operating system, bytes.
    pub sys_bytes: u64,
    /// Heap objects allocated.
    pub mallocs: u64,
    /// Heap objects freed.
    pub frees: u64,
    /// Address space of the heap, bytes.
    pub heap_sys_bytes: u64,
    /// Idle spans, bytes; released ones included.
    pub heap_idle_bytes: u64,
    /// Spans in use, bytes.
    pub heap_inuse_bytes: u64,
    /// Returned to the operating system, bytes.
    pub heap_released_bytes: u64,
    /// Objects on the heap.
    pub heap_objects: u64,
    /// Stack spans in use, bytes.
    pub stack_inuse_bytes: u64,
    /// Heap size at which the next collection is due, bytes.
    pub next_gc_bytes: u64,
    /// End of the last collection, nanoseconds since the Unix epoch; 0 before the first, and in text of before Go 1.9.
    pub last_gc_unix_ns: u64,
    /// Collections.
    pub num_gc: u64,
    /// Collections that the application forced; `None` before Go 1.8.
    pub num_forced_gc: Option<u64>,
    /// Share of CPU time used by the collector, 0 to 1; `None` in text of before Go 1.9.
    pub gc_cpu_fraction: Option<f64>,
    /// Largest resident set, bytes; absent on some systems.
    pub max_rss_bytes: Option<u64>,
    /// The ring of the last 256 pauses, nanoseconds.
    pause_ring_ns: Vec<u64>,
    /// Everything else, by the name printed.
    pub others: BTreeMap<String, String>,
}

impl MemStats {
    /// Reads the block that begins with `# runtime.MemStats`, wherever it is in the text.
    ///
    /// # Errors
    /// [`Error::MemStats`] if there is no such block, if it lacks one of the fields that every
    /// Go version prints, or if a number does not fit.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let fail = |why: String| Error::MemStats { why };
        let mut lines = text
            .lines()
            .skip_while(|line| line.trim_end() != "# runtime.MemStats");
        lines.next().ok_or_else(|| {
            fail("no \"# runtime.MemStats\" block; ask for heap?debug=1".to_owned())
        })?;
        let mut fields: BTreeMap<String, String> = lines
            .map_while(|line| line.strip_prefix("# ")?.split_once(" = "))
            .map(|(name, value)| (name.to_owned(), value.trim_end().to_owned()))
            .collect();

        let mut take = |name: &str| {
            fields
                .remove(name)
                .ok_or_else(|| fail(format!("the field {name} is missing")))
        };
        let number = |name: &str, value: String| {
            value
                .parse::<u64>()
                .map_err(|_| fail(format!("{name} = {value} is not a whole number")))
        };
        let mut whole = |name: &str| number(name, take(name)?);
        let mut stats = Self {
            heap_alloc_bytes: whole("HeapAlloc")?,
            total_alloc_bytes: whole("TotalAlloc")?,
            sys_bytes: whole("Sys")?,
            mallocs: whole("Mallocs")?,
            frees: whole("Frees")?,
            heap_sys_bytes: whole("HeapSys")?,
            heap_idle_bytes: whole("HeapIdle")?,
            heap_inuse_bytes: whole("HeapInuse")?,
            heap_released_bytes: whole("HeapReleased")?,
            heap_objects: whole("HeapObjects")?,
            next_gc_bytes: whole("NextGC")?,
            num_gc: whole("NumGC")?,
            ..Self::default()
        };
        // Older versions do not print these.
        let mut optional =
            |name: &str| take(name).ok().map(|value| number(name, value)).transpose();
        stats.last_gc_unix_ns = optional("LastGC")?.unwrap_or(0);
        stats.num_forced_gc = optional("NumForcedGC")?;
        stats.max_rss_bytes = optional("MaxRSS")?;
        stats.gc_cpu_fraction = take("GCCPUFraction")
            .ok()
            .map(|fraction| {
                fraction
                    .parse()
                    .map_err(|_| fail(format!("GCCPUFraction = {fraction} is not a number")))
            })
            .transpose()?;
        let stack = take("Stack")?;
        let inuse = stack.split(" / ").next().unwrap_or_default().to_owned();
        stats.stack_inuse_bytes = number("Stack", inuse)?;
        stats.pause_ring_ns = ring(&take("PauseNs")?)
            .ok_or_else(|| fail("PauseNs is not a list of whole numbers".to_owned()))?;
        stats.others = fields;
        Ok(stats)
    }

    /// Reads `runtime.MemStats` as expvar serves it under `memstats` (`/debug/vars`), of every document in the text: one,
    /// or a series of them.
    ///
    /// # Errors
    /// [`Error::MemStats`] if a document is broken JSON or has no such object, or if it lacks one of the fields that
    /// every Go version has.
    pub fn parse_expvar(json: &[u8]) -> Result<Vec<Self>, Error> {
        let fail = |why: String| Error::MemStats { why };
        let mut found = Vec::new();
        for document in serde_json::Deserializer::from_slice(json).into_iter::<Variables>() {
            let document = document.map_err(|error| fail(error.to_string()))?;
            let stats = document
                .memstats
                .ok_or_else(|| fail("no \"memstats\" object; ask for /debug/vars".to_owned()))?;
            if found.len() == MOST_DOCUMENTS {
                found.pop();
            }
            found.push(stats.into());
        }
        Ok(found)
    }

    /// The last pauses, newest first, nanoseconds: at most 256, and no more than collections.
    ///
    /// The newest lies at `(NumGC + 255) % 256` (documentation of `runtime.MemStats`). A pause is
    /// the sum of both stops of one collection.
    pub fn recent_pauses_ns(&self) -> impl Iterator<Item = u64> {
        let length = self.pause_ring_ns.len() as u64;
        (0..self.num_gc.min(length)).map(move |back| {
            let slot = (self.num_gc - 1 - back) % length;
            self.pause_ring_ns[usize::try_from(slot).expect("below the ring's length")]
        })
    }
}

/// Documents kept of a series; of a longer one the first ones and the last.
const MOST_DOCUMENTS: usize = 4_096;

/// What `/debug/vars` serves; the application's own variables are passed over.
#[derive(serde::Deserialize)]
struct Variables {
    memstats: Option<WireStats>,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "PascalCase")]
struct WireStats {
    heap_alloc: u64,
    total_alloc: u64,
    sys: u64,
    mallocs: u64,
    frees: u64,
    heap_sys: u64,
    heap_idle: u64,
    heap_inuse: u64,
    heap_released: u64,
    heap_objects: u64,
    stack_inuse: u64,
    #[serde(rename = "NextGC")]
    next_gc: u64,
    #[serde(rename = "LastGC", default)]
    last_gc: u64,
    #[serde(rename = "NumGC")]
    num_gc: u64,
    #[serde(rename = "NumForcedGC")]
    num_forced_gc: Option<u64>,
    #[serde(rename = "GCCPUFraction")]
    gc_cpu_fraction: Option<f64>,
    #[serde(default)]
    pause_ns: Vec<u64>,
}

impl From<WireStats> for MemStats {
    fn from(wire: WireStats) -> Self {
        Self {
            heap_alloc_bytes: wire.heap_alloc,
            total_alloc_bytes: wire.total_alloc,
            sys_bytes: wire.sys,
            mallocs: wire.mallocs,
            frees: wire.frees,
            heap_sys_bytes: wire.heap_sys,
            heap_idle_bytes: wire.heap_idle,
            heap_inuse_bytes: wire.heap_inuse,
            heap_released_bytes: wire.heap_released,
            heap_objects: wire.heap_objects,
            stack_inuse_bytes: wire.stack_inuse,
            next_gc_bytes: wire.next_gc,
            last_gc_unix_ns: wire.last_gc,
            num_gc: wire.num_gc,
            num_forced_gc: wire.num_forced_gc,
            gc_cpu_fraction: wire.gc_cpu_fraction,
            max_rss_bytes: None,
            pause_ring_ns: wire.pause_ns.into_iter().take(256).collect(),
            others: BTreeMap::new(),
        }
    }
}

/// `[1 2 3]`; bounded, since the runtime's ring has 256 slots.
fn ring(text: &str) -> Option<Vec<u64>> {
    const SLOTS: usize = 256;
    let inside = text.strip_prefix('[')?.strip_suffix(']')?;
    inside
        .split(' ')
        .filter(|word| !word.is_empty())
        .take(SLOTS)
        .map(|word| word.parse().ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_is_missing() {
        assert!(MemStats::parse("").is_err());
        let error =
            MemStats::parse("# runtime.MemStats\n# HeapAlloc = many\n").expect_err("no number");
        assert_eq!(
            error.to_string(),
            "memory statistics: HeapAlloc = many is not a whole number"
        );
        let error = MemStats::parse("# runtime.MemStats\n").expect_err("no fields");
        assert_eq!(
            error.to_string(),
            "memory statistics: the field HeapAlloc is missing"
        );
    }

    #[test]
    fn pauses_wrap_around_the_ring() {
        let stats = MemStats {
            num_gc: 5,
            pause_ring_ns: vec![40, 50, 30],
            ..MemStats::default()
        };
        // Collections 3, 4, 5 lie in slots 2, 0, 1.
        assert_eq!(stats.recent_pauses_ns().collect::<Vec<_>>(), [50, 40, 30]);
        let young = MemStats {
            num_gc: 2,
            pause_ring_ns: vec![10, 20, 0],
            ..MemStats::default()
        };
        assert_eq!(young.recent_pauses_ns().collect::<Vec<_>>(), [20, 10]);
        let none = MemStats {
            num_gc: 2,
            ..MemStats::default()
        };
        assert_eq!(none.recent_pauses_ns().count(), 0);
    }
}
