//! A look at the host before the first trial: what would invalidate every one of them is told at once.

use std::time::Duration;

use record::trial::HostWindow;
use topology::Topology;

use crate::events::{Event, Listener};
use crate::observe::HostSample;

/// How long the host is looked at.
const LOOK: Duration = Duration::from_millis(500);
/// A share of CPU time taken by others that trials seldom survive.
const BUSY: f64 = 0.2;
/// The same for what a hypervisor takes.
const STOLEN: f64 = 0.02;

/// Tells what others do on the host while we do nothing.
pub(super) fn look_around(topology: &Topology, listener: &Listener<'_>) {
    let before = HostSample::take(&topology.usable);
    std::thread::sleep(LOOK);
    let window = HostSample::take(&topology.usable).since(&before);
    if let Some(words) = disturbed(&window) {
        listener(Event::Warning(words));
    }
}

fn disturbed(window: &HostWindow) -> Option<String> {
    let shares = [
        (window.busy, BUSY, "other work keeps the CPUs busy for"),
        (window.steal, STOLEN, "the hypervisor takes"),
    ];
    let told = shares.into_iter().filter(|(share, limit, _)| share > limit);
    let told: Vec<String> = told
        .map(|(share, _, what)| format!("{what} {:.0} % of the time", share * 100.0))
        .collect();
    (!told.is_empty()).then(|| {
        format!(
            "{}, before anything is measured: trials may all be invalid. `gosweep host` shows what disturbs",
            told.join(", and ")
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_busy_host_is_told_and_a_calm_one_is_not() {
        let window = |busy, steal| HostWindow {
            steal,
            busy,
            cpu_pressure: None,
            throttled: None,
            mean_mhz: None,
        };
        assert_eq!(disturbed(&window(0.05, 0.001)), None);
        let words = disturbed(&window(0.55, 0.1)).unwrap();
        assert!(
            words.contains("55 %") && words.contains("takes 10 %"),
            "{words}"
        );
        assert!(
            !disturbed(&window(0.55, 0.0))
                .unwrap()
                .contains("hypervisor")
        );
    }
}
