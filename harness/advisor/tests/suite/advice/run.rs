//! Rules on trials of our own targets, each captured with its raw evidence.

use documents::advice::LimitedBy;
use documents::finding::Severity;
use documents::finding::Severity::{Critical, Info, Warn};

use super::fixtures::{advised, judged};
use super::{severity, summary};

/// Judges a scenario: the rules named must fire, at least so severely; the whole judgement is a snapshot.
fn fires(scenario: &str, expected: &[(&str, Severity)]) {
    let judgement = judged(scenario);
    insta::assert_snapshot!(scenario, summary(&judgement));
    for (rule, least) in expected {
        let found = severity(&judgement, rule);
        assert!(found >= Some(*least), "{rule} on {scenario}: {found:?}");
    }
}

#[test]
fn a_leak_of_goroutines_is_seen() {
    fires("leak", &[("S11", Critical)]);
}

#[test]
fn a_contended_mutex_takes_most_of_the_latency() {
    fires("mutex", &[("L2", Critical)]);
    let limits = &advised("mutex", true).targets[0].limits;
    assert_eq!(limits[0].by, LimitedBy::Lock, "{limits:?}");
}

#[test]
fn without_preemption_stopping_takes_long() {
    fires(
        "preempt",
        &[("S8", Critical), ("G5", Critical), ("S4", Warn)],
    );
}

#[test]
fn blocking_reads_need_threads() {
    fires("syscalls", &[("S5", Info)]);
}

#[test]
fn a_tight_memory_limit_leaves_gc_no_room() {
    fires("limit", &[("G8", Warn)]);
}

#[test]
fn survivors_in_every_span_fragment_the_heap() {
    fires("frag", &[("M2", Critical)]);
}

#[test]
fn many_goroutines_per_request_pile_up() {
    fires(
        "fanout",
        &[("S1", Critical), ("S2", Critical), ("S7", Warn)],
    );
}

#[test]
fn a_quota_throttles_and_gomaxprocs_is_beyond_it() {
    fires("quota", &[("H1", Critical)]);
    let limits = &advised("quota", true).targets[0].limits;
    assert_eq!(limits[0].by, LimitedBy::Host, "{limits:?}");
}

#[test]
fn cycles_beyond_their_arithmetic_and_shared_cpus_are_caveats() {
    // Two quotas under one cell: of one of them the setting is not the cell's.
    fires("physics", &[("V1", Warn), ("V2", Critical), ("V6", Warn)]);
}

#[test]
fn healthy_evidence_stays_quiet() {
    fires("healthy", &[]);
    let judgement = judged("healthy");
    let severe = judgement
        .findings
        .iter()
        .filter(|own| own.severity == Critical);
    assert_eq!(severe.count(), 0);
    let quiet = [
        "V1", "V2", "V4", "V6", "S1", "S2", "S3", "S7", "S8", "L2", "G2", "G3", "G5", "G6", "G7",
        "G8", "M1", "M2", "H3",
    ];
    for rule in quiet {
        assert!(judgement.quiet.iter().any(|own| own == rule), "{rule}");
    }
}

#[test]
fn a_run_without_its_raw_evidence_is_judged_by_its_record() {
    let with = advised("healthy", true);
    let without = advised("healthy", false);
    let fired = |advice: &documents::advice::Advice, rule: &str| {
        severity(&advice.targets[0].cells[0].judgement, rule)
    };
    assert_eq!(fired(&with, "G1"), fired(&without, "G1"));
    let judgement = &without.targets[0].cells[0].judgement;
    let missing: Vec<&str> = judgement
        .not_judged
        .iter()
        .map(|own| own.rule.as_str())
        .collect();
    assert!(
        missing.contains(&"S3") && missing.contains(&"M2"),
        "{missing:?}"
    );
}
