//! What holds the heap, by a heap profile.
//!
//! Main function: [`HeapUse::of`].

use std::collections::BTreeMap;

use gotrace::profile::Profile;

use crate::evidence::HeapUse;

/// What makes a timer (package time).
const TIMERS: [&str; 6] = [
    "time.After",
    "time.NewTimer",
    "time.AfterFunc",
    "time.NewTicker",
    "time.Tick",
    "time.newTimer",
];

impl HeapUse {
    /// What is in use; `None` for a profile without that, or with nothing in it.
    #[must_use]
    pub fn of(profile: &Profile) -> Option<HeapUse> {
        let value = profile.value_index("inuse_space")?;
        let mut sites: BTreeMap<&str, f64> = BTreeMap::new();
        let (mut bytes, mut timers) = (0.0, 0.0);
        for sample in &profile.samples {
            let own = sample.values.get(value).copied().unwrap_or_default().max(0) as f64;
            bytes += own;
            let frames = profile.stack(sample).map(|frame| frame.function.as_str());
            let frames: Vec<&str> = frames.collect();
            if frames.iter().any(|own| TIMERS.contains(own)) {
                timers += own;
            }
            let site = frames.iter().find(|own| is_of_the_program(own));
            let site = site.or(frames.last()).copied();
            *sites.entry(site.unwrap_or("(no stack)")).or_default() += own;
        }
        let (site, site_bytes) = sites
            .into_iter()
            .max_by(|(_, one), (_, other)| one.total_cmp(other))?;
        (bytes > 0.0).then(|| HeapUse {
            bytes,
            site: site.to_owned(),
            site_bytes,
            timer_bytes: timers,
        })
    }
}

/// Not the standard library's: the one who called it is the one to change.
fn is_of_the_program(function: &str) -> bool {
    let after_slash = function.rfind('/').map_or(0, |at| at + 1);
    let package = &function[..function[after_slash..]
        .find('.')
        .map_or(function.len(), |dot| after_slash + dot)];
    let first = package.split('/').next().unwrap_or_default();
    // Paths of other modules begin with a domain; main is the program's own.
    first == "main" || first.contains('.')
}
