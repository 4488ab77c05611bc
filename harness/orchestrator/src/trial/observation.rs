//! What a target is asked to tell of itself: little where it is measured, much where it is explained.

use std::collections::BTreeMap;

/// How closely a trial is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Observation {
    /// A measured trial: one line per GC cycle, and one scheduler sample every 100 ms. Their cost under load is below
    /// what can be measured.
    Measured,
    /// A diagnosis: also every P, M and goroutine twice a second, what the scavenger gives back, and contention
    /// profiles.
    Diagnosis,
}

/// Options by which a target switches contention profiles on, as ours do. One contention in ten: gotrace scales
/// nothing, Go does. One blocking event per 10 us blocked.
const PROFILE_OPTIONS: [(&str, &str); 2] = [("mutexprofile", "10"), ("blockprofile", "10000")];

impl Observation {
    /// The keys that are added to GODEBUG.
    pub(super) fn godebug(self) -> &'static str {
        match self {
            Observation::Measured => "gctrace=1,schedtrace=100",
            Observation::Diagnosis => "gctrace=1,schedtrace=500,scheddetail=1,scavtrace=1",
        }
    }

    /// GODEBUG as the process has it, without the keys that are ours, keys sorted.
    pub(super) fn without_ours(self, godebug: &str) -> String {
        let ours: Vec<&str> = self.godebug().split(',').collect();
        let mut pairs: Vec<&str> = godebug
            .split(',')
            .filter(|pair| !pair.is_empty() && !ours.contains(pair))
            .collect();
        pairs.sort_unstable();
        pairs.join(",")
    }

    /// Switches profiles on where the target has options for it. A rate that the matrix sets stays.
    pub(super) fn set_options(self, options: &mut BTreeMap<String, String>) {
        if self == Observation::Measured {
            return;
        }
        for (name, rate) in PROFILE_OPTIONS {
            if let Some(value) = options.get_mut(name)
                && value == "0"
            {
                rate.clone_into(value);
            }
        }
    }
}

/// The profiles of [`PROFILE_OPTIONS`] that these options leave off, with the option that would switch them on.
pub(super) fn left_off(options: &BTreeMap<String, String>) -> Vec<(&'static str, &'static str)> {
    let kinds = [("mutex", "mutexprofile"), ("block", "blockprofile")];
    let off = |name: &str| options.get(name).is_none_or(|value| value == "0");
    kinds
        .into_iter()
        .filter(|(_, option)| off(option))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_keys_are_taken_out_of_godebug() {
        for observation in [Observation::Measured, Observation::Diagnosis] {
            let ours = observation.godebug();
            let godebug = format!("madvdontneed=0,{ours},asyncpreemptoff=1");
            assert_eq!(
                observation.without_ours(&godebug),
                "asyncpreemptoff=1,madvdontneed=0"
            );
            assert_eq!(observation.without_ours(ours), "");
        }
    }

    #[test]
    fn only_a_diagnosis_switches_profiles_on() {
        let options = |mutex: &str| BTreeMap::from([("mutexprofile".to_owned(), mutex.to_owned())]);
        let after = |observation: Observation, mutex: &str| {
            let mut options = options(mutex);
            observation.set_options(&mut options);
            options["mutexprofile"].clone()
        };
        assert_eq!(after(Observation::Measured, "0"), "0");
        assert_eq!(after(Observation::Diagnosis, "0"), "10");
        assert_eq!(after(Observation::Diagnosis, "3"), "3");
        assert_eq!(left_off(&options("3")), [("block", "blockprofile")]);
    }
}
