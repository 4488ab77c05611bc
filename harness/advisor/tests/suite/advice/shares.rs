//! CPU profiles as shares, and the rules that read them.

use advisor::{CpuShares, Profiles, RuleEvidence, Sample, Subject};
use documents::finding::Severity::{Critical, Warn};
use gotrace::schedtrace::SchedSample;

use super::captured::{is_quiet, judged, twice};
use super::fixtures::profile_of;
use super::severity;

/// The numbers are those of `go tool pprof -sample_index=samples` (go1.26.8) with `-focus` on the same functions.
#[test]
fn cpu_profiles_are_read_as_pprof_reads_them() {
    let of = |name: &str| CpuShares::of(&profile_of(name)).unwrap();
    let counts = |own: &CpuShares| {
        [
            own.locking,
            own.runtime_locks,
            own.finding_work,
            own.allocating,
            own.syscalls,
        ]
        .map(|share| (share * own.samples as f64).round() as u64)
    };
    // Locks of sync, locks of the runtime (lock2 and unlock2), looking for work, allocating without assists
    // (-focus mallocgc -ignore gcAssistAlloc), system calls.
    let new = of("go-logs/pprof-cpu-1.27.3.pb.gz");
    assert_eq!((new.samples, counts(&new)), (233, [1, 8, 10, 33, 11]));
    let old = of("go-logs/pprof-cpu-1.21.13.pb.gz");
    assert_eq!((old.samples, counts(&old)), (149, [0, 31, 4, 21, 4]));
    let locks = of("profiles/heavy-1.27.3-profile.pb.gz");
    assert_eq!((locks.samples, counts(&locks)), (304, [22, 0, 5, 1, 5]));
}

#[test]
fn allocating_is_told_by_a_captured_profile() {
    let judged_by = |name: &str| {
        let sample = Sample {
            profiles: Some(Profiles {
                cpu: CpuShares::of(&profile_of(name)),
                ..Profiles::default()
            }),
            ..Sample::default()
        };
        judged(&RuleEvidence {
            samples: vec![sample],
            ..RuleEvidence::default()
        })
    };
    // What the compiler of 1.27 calls for small objects has `mallocgc` as the start of its name only.
    let allocating = judged_by("../../../advisor/tests/fixtures/planted/smallobjects/cpu.pb.gz");
    assert_eq!(severity(&allocating, "G4"), Some(Warn));
    assert!(
        allocating.findings[0]
            .signal
            .contains("% of CPU time allocates, assists not counted"),
        "{allocating:?}"
    );
    // 37 of 233 samples are under mallocgc, 15.9 %; without assists 33, 14.2 %.
    is_quiet(&judged_by("go-logs/pprof-cpu-1.27.3.pb.gz"), "G4");
}

/// No capture shows so much of locks and spinning: these shares are made up, their reading is not.
#[test]
fn cpu_profiles_tell_allocation_runtime_locks_and_spinning() {
    let (line, _) = SchedSample::parse(
        b"SCHED 717ms: gomaxprocs=8 idleprocs=1 threads=14 spinningthreads=2 needspinning=0 idlethreads=2 runqueue=0 [0 0 0 0 0 0 0 0]",
    )
    .unwrap();
    let of = |cpu: CpuShares| {
        let sample = Sample {
            sched: Some(vec![line.clone(); 10]),
            profiles: Some(Profiles {
                cpu: Some(cpu),
                ..Profiles::default()
            }),
            ..Sample::default()
        };
        judged(&twice(&sample, Subject::default()))
    };
    let busy = of(CpuShares {
        samples: 500,
        allocating: 0.2,
        runtime_locks: 0.2,
        runtime_lock_waits: 0.1,
        finding_work: 0.3,
        ..CpuShares::default()
    });
    assert_eq!(severity(&busy, "G4"), Some(Warn));
    assert_eq!(severity(&busy, "L3"), Some(Critical));
    assert_eq!(severity(&busy, "S9"), Some(Critical));
    let calm = of(CpuShares {
        samples: 500,
        ..CpuShares::default()
    });
    for rule in ["G4", "L3", "S9"] {
        is_quiet(&calm, rule);
    }
    let few = of(CpuShares {
        samples: 50,
        allocating: 0.9,
        ..CpuShares::default()
    });
    assert_eq!(severity(&few, "G4"), None);
}
