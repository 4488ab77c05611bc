//! Known defects of single Go releases, by patch: what each looks like, where it is, and what fixes it.
//!
//! Main item: [`DEFECTS`]. A row adds itself to the findings of the rules that see its symptom, where the exact version
//! is known. What is no defect but breaks a comparison ([`BREAKS`]) is named where two versions are compared.

use documents::finding::{Judgement, Try};
use gotrace::GoVersion;

use crate::evidence::Subject;

/// One defect.
#[derive(Debug, Clone, Copy)]
pub struct Defect {
    /// Where it is described.
    pub source: &'static str,
    /// The releases that have it: minor, first patch, first patch without it.
    pub releases: &'static [(u32, u32, Option<u32>)],
    /// The rules whose findings it can be the cause of.
    pub rules: &'static [&'static str],
    /// What it looks like.
    pub symptom: &'static str,
    /// What to do.
    pub fix: &'static str,
}

/// Defects whose affected patches are known.
pub static DEFECTS: &[Defect] = &[
    Defect {
        source: "golang/go#72991",
        releases: &[(24, 0, Some(6))],
        rules: &["M1", "M3"],
        symptom: "resident memory is larger than under Go 1.23 while the runtime's own accounting is the same",
        fix: "go1.24.6 or later",
    },
    Defect {
        source: "golang/go#64332 and the notes of go1.21.4",
        releases: &[(21, 0, Some(4))],
        rules: &["M1", "M3"],
        symptom: "the runtime asks for huge pages by itself, and memory that was given back or never used becomes resident",
        fix: "go1.21.4 or later; with max_ptes_none at its default of 511 khugepaged can do the same under any Go",
    },
    Defect {
        source: "golang/go#81957",
        releases: &[(26, 0, None)],
        rules: &["L1", "L2", "S12", "G2", "G5"],
        symptom: "many thousand goroutines that wait for one mutex make a collection take seconds \
                  (20,000 waiters: 6.6 s on go1.26.11, 0.24 s on go1.25.14)",
        fix: "bound how many wait for the lock (a semaphore before it), or stay on go1.25 until it is fixed",
    },
];

/// A change after which a figure no longer compares.
#[derive(Debug, Clone, Copy)]
pub struct Break {
    /// Where it is described.
    pub source: &'static str,
    /// The first minor version with the new meaning.
    pub from_minor: u32,
    /// The rules that read the figure.
    pub rules: &'static [&'static str],
    /// What changed.
    pub what: &'static str,
}

/// Changes of meaning between minor versions.
pub static BREAKS: &[Break] = &[
    Break {
        source: "golang/go#79391",
        from_minor: 26,
        rules: &["S2", "S7"],
        what: "/sched/latencies samples other goroutines from Go 1.26 on: one program had a P99 of 0.1 µs under 1.25 and of \
               7.3 ms under 1.26. Compare it within one side only",
    },
    Break {
        source: "Go 1.22 release notes, runtime/pprof",
        from_minor: 22,
        rules: &["L1", "L2"],
        what: "mutex profiles count a delay once for every waiter from Go 1.22 on, and /sync/mutex/wait/total the runtime's \
               own locks: neither compares with Go 1.21",
    },
];

impl Defect {
    /// Whether a release has it.
    #[must_use]
    pub fn is_in(&self, go: &GoVersion) -> bool {
        let mut releases = self.releases.iter();
        releases.any(|(minor, first, fixed)| {
            go.minor() == *minor
                && *go >= GoVersion::release(*minor, *first)
                && fixed.is_none_or(|fixed| *go < GoVersion::release(*minor, fixed))
        })
    }

    /// In one sentence for a finding.
    fn advice(&self, go: &GoVersion) -> String {
        format!(
            "{go} has a known defect ({}): {}. Fix: {}.",
            self.source, self.symptom, self.fix
        )
    }
}

/// Adds what is known of the subject's release to its findings.
pub(crate) fn add(subject: &Subject, judgement: &mut Judgement) {
    let Some(go) = &subject.go else { return };
    for finding in &mut judgement.findings {
        let of_rule = |rules: &[&str]| rules.contains(&finding.rule.as_str());
        let known = DEFECTS
            .iter()
            .filter(|own| of_rule(own.rules) && own.is_in(go));
        let tries: Vec<Try> = known.map(|own| Try::measure(own.advice(go))).collect();
        finding.tries.splice(0..0, tries);
        let breaks = BREAKS.iter().filter(|own| {
            own.rules.contains(&finding.rule.as_str()) && go.minor() >= own.from_minor
        });
        for own in breaks {
            let text = format!(" {} ({}).", own.what, own.source);
            finding.does_not_apply.push_str(&text);
        }
    }
}

/// Defects of either of two releases that a rule may have seen.
pub(crate) fn between(rule: &str, versions: [&str; 2]) -> Vec<String> {
    let parsed = versions.map(|own| own.parse::<GoVersion>().ok());
    let mut found = Vec::new();
    for go in parsed.into_iter().flatten() {
        let known = DEFECTS
            .iter()
            .filter(|own| own.rules.contains(&rule) && own.is_in(&go));
        found.extend(known.map(|own| own.advice(&go)));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_are_told_by_patch() {
        let rss = &DEFECTS[0];
        for (go, has) in [
            ("go1.23.9", false),
            ("go1.24.0", true),
            ("go1.24.5", true),
            ("go1.24.6", false),
            ("go1.25.0", false),
        ] {
            assert_eq!(rss.is_in(&go.parse().unwrap()), has, "{go}");
        }
        let waiters = &DEFECTS[2];
        assert!(waiters.is_in(&"go1.26.11".parse().unwrap()));
        assert!(!waiters.is_in(&"go1.25.14".parse().unwrap()));
    }

    #[test]
    fn every_row_names_rules_that_exist_and_a_source() {
        let exists = |rule: &&str| crate::rules().any(|own| own.id == *rule);
        for own in DEFECTS {
            assert!(own.rules.iter().all(exists), "{}", own.source);
            assert!(!own.source.is_empty() && !own.fix.is_empty());
        }
        for own in BREAKS {
            assert!(own.rules.iter().all(exists), "{}", own.source);
        }
    }

    #[test]
    fn a_step_between_two_releases_names_what_either_has() {
        assert_eq!(between("M3", ["go1.23.4", "go1.24.2"]).len(), 1);
        assert!(between("M3", ["go1.24.6", "go1.25.1"]).is_empty());
    }
}
