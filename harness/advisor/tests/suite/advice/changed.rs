//! Branches of rules that no capture shows: captured trials and logs with one figure changed, which the test names.

use advisor::{Raw, RuleEvidence, judge};
use documents::finding::Judgement;
use documents::finding::Severity::{Critical, Info, Warn};
use record::run::{Cell, Run};
use record::threshold::Thresholds;
use record::trial::{Phase, ProcessWindow, RuntimeWindow, Trial};
use serde_json::{Value, json};

use super::captured::is_quiet;
use super::fixtures::{advised_of, captured, log, ranked, raw};
use super::severity;

/// What the catalogue says of a scenario after a change.
fn judged(
    scenario: &str,
    change_cell: impl Fn(&mut Cell),
    change_trial: impl Fn(&mut Trial),
    change_raw: impl Fn(Raw) -> Raw,
) -> Judgement {
    let (mut run, mut trials) = captured(scenario);
    change_cell(&mut run.cells[0]);
    trials.iter_mut().for_each(change_trial);
    let raw = |trial: &Trial| change_raw(raw(scenario, &trial.id));
    advised_of(&run, &trials, &raw).targets[0].cells[0]
        .judgement
        .clone()
}

fn same<T>(_: &mut T) {}

fn signal<'a>(judgement: &'a Judgement, rule: &str) -> &'a str {
    let mut findings = judgement.findings.iter();
    &findings.find(|own| own.rule == rule).unwrap().signal
}

/// The two snapshots of a window with one of the metrics at these values.
fn with_metric(window: Option<Vec<u8>>, name: &str, values: [u64; 2]) -> Option<Vec<u8>> {
    let text = String::from_utf8(window?).unwrap();
    let lines = text.lines().zip(values).map(|(line, value)| {
        let mut snapshot: Value = serde_json::from_str(line).unwrap();
        snapshot["metrics"][name] = json!({"kind": "uint64", "value": value});
        format!("{snapshot}\n")
    });
    Some(lines.collect::<String>().into_bytes())
}

/// The limiter counts stops times GOMAXPROCS and knows no limit: what it says counts where a limit holds the goal down.
#[test]
fn a_gc_limiter_that_ran_is_critical_where_a_limit_holds_the_goal_down() {
    let limiter = |cycles: [u64; 2], limit: u64, goal: u64| {
        judged("healthy", same, same, |raw| {
            let metrics = with_metric(raw.constant, "/gc/limiter/last-enabled:gc-cycle", cycles);
            let metrics = with_metric(metrics, "/gc/gomemlimit:bytes", [limit; 2]);
            Raw {
                constant: with_metric(metrics, "/gc/heap/goal:bytes", [goal; 2]),
                ..raw
            }
        })
    };
    let (none, held, free) = (i64::MAX as u64, 1 << 20, 64 << 20);
    let ran = limiter([0, 110], 8 << 20, held);
    assert_eq!(severity(&ran, "G8"), Some(Critical));
    assert!(signal(&ran, "G8").starts_with("the GC CPU limiter ran"));
    is_quiet(&limiter([0, 110], none, held), "G8");
    is_quiet(&limiter([0, 110], 256 << 20, free), "G8");
    // It ran before the window, and not in it.
    is_quiet(&limiter([12, 12], 256 << 20, free), "G8");
}

/// The captured quota of 0.05 CPUs, with as many throttled periods.
fn throttled(periods: u64) -> impl Fn(&mut Trial) {
    move |trial| {
        let windows = [&mut trial.saturate, &mut trial.constant];
        for phase in windows.into_iter().flatten() {
            let group = phase.cgroup.as_mut().unwrap();
            group.throttled_periods = Some(periods);
        }
    }
}

#[test]
fn more_ps_than_quota_are_left_alone_where_nothing_is_throttled() {
    // Two Ps are what Go gives itself under any quota up to two CPUs.
    is_quiet(&judged("quota", same, throttled(9), |raw| raw), "H2");
    let eight = |raw: Raw| Raw {
        saturate: with_metric(raw.saturate, "/sched/gomaxprocs:threads", [8; 2]),
        constant: with_metric(raw.constant, "/sched/gomaxprocs:threads", [8; 2]),
        stderr: None,
    };
    let above = judged("quota", same, throttled(9), eight);
    let finding = above.findings.iter().find(|own| own.rule == "H2").unwrap();
    assert!(
        finding.tries[0].what.starts_with("GOMAXPROCS=2: "),
        "{finding:?}"
    );
    let unthrottled = judged("quota", same, throttled(0), eight);
    is_quiet(&unthrottled, "H1");
    assert_eq!(severity(&unthrottled, "H2"), Some(Info));
    let finding = unthrottled.findings.iter().find(|own| own.rule == "H2");
    let tries = &finding.unwrap().tries;
    assert!(tries[0].what.starts_with("Leave it"), "{tries:?}");
    assert!(tries.iter().all(|own| !own.what.contains("GOMAXPROCS=")));
}

#[test]
fn an_ample_quota_is_no_finding() {
    let ample = |cell: &mut Cell| {
        cell.axes.insert("cpu_quota".into(), "4".into());
    };
    let trial = |trial: &mut Trial| {
        throttled(0)(trial);
        trial.readback.as_mut().unwrap().cpu_quota = Some("4".into());
    };
    let judgement = judged("quota", ample, trial, |raw| raw);
    for rule in ["V2", "H1", "H2"] {
        is_quiet(&judgement, rule);
    }
}

#[test]
fn threads_that_move_although_pinned_are_told() {
    let moved = |placement: &str, migrations: u64| {
        let place = |cell: &mut Cell| {
            cell.axes.insert("placement".into(), placement.into());
        };
        let moves = |trial: &mut Trial| {
            let phase = trial.constant.as_mut().unwrap();
            let process = phase.process.clone().unwrap();
            phase.process = Some(ProcessWindow {
                migrations: Some(migrations),
                ..process
            });
        };
        judged("healthy", place, moves, |raw| raw)
    };
    // The window is 1.5 s long, and one thread at most is busy.
    let often = moved("split", 600);
    assert_eq!(severity(&often, "H3"), Some(Warn));
    let said = signal(&often, "H3");
    assert!(said.contains("moves between CPUs per second"), "{said}");
    is_quiet(&moved("split", 30), "H3");
    is_quiet(&moved("none", 600), "H3");
}

#[test]
fn threads_that_grow_by_a_fifth_each_minute_are_told() {
    let evidence = log("schedtrace-1.26.6.log");
    // Thirteen threads on two Ps at first, over five minutes; critical is only above 4 x 2 + 20.
    let grown_by = |more: u32| {
        let mut evidence: RuleEvidence = evidence.clone();
        let lines = evidence.samples.iter_mut().flat_map(|own| &mut own.sched);
        let mut lines: Vec<_> = lines.flatten().collect();
        let last = u32::try_from(lines.len() - 1).unwrap();
        for (at, line) in (0..).zip(&mut lines) {
            line.head.at_ms = u64::from(300_000 * at / last);
            line.head.threads = 13 + more * at / last;
        }
        judge(&evidence, &Thresholds::default())
    };
    let fast = grown_by(15);
    assert_eq!(severity(&fast, "S5"), Some(Warn));
    let said = signal(&fast, "S5");
    assert!(said.contains("23.1% more per minute over 5"), "{said}");
    assert_eq!(severity(&grown_by(5), "S5"), Some(Info));
}

#[test]
fn goroutines_that_come_and_go_are_no_leak() {
    let counts = |saturate: [u64; 2], constant: [u64; 2]| {
        let goroutines = "/sched/goroutines:goroutines";
        judged("leak", same, same, |raw| Raw {
            saturate: with_metric(raw.saturate, goroutines, saturate),
            constant: with_metric(raw.constant, goroutines, constant),
            ..raw
        })
    };
    let rising = counts([125, 750], [750, 1171]);
    assert_eq!(severity(&rising, "S11"), Some(Critical));
    is_quiet(&counts([125, 750], [640, 700]), "S11");
    is_quiet(&counts([500, 502], [503, 504]), "S11");
}

/// Report and advice on the healthy trials by their records, after a change of the runtime's account.
fn physics(change: impl Fn(&mut RuntimeWindow)) -> (bool, bool) {
    let (run, mut trials): (Run, Vec<Trial>) = captured("healthy");
    let phases = trials.iter_mut().filter_map(|own| own.constant.as_mut());
    phases
        .filter_map(|phase: &mut Phase| phase.runtime.as_mut())
        .for_each(change);
    let ranking = ranked(&run, &trials);
    let reported = ranking.warnings.iter().any(|own| own.code == "gc_physics");
    let advice = advised_of(&run, &trials, &|_| Raw::default());
    let judgement = &advice.targets[0].cells[0].judgement;
    (reported, severity(judgement, "V1").is_some())
}

#[test]
fn report_and_advice_judge_collections_alike() {
    assert_eq!(physics(|_| {}), (false, false));
    let twice = |own: &mut RuntimeWindow| own.gc_cycles *= 2;
    assert_eq!(physics(twice), (true, true));
    let forced = |own: &mut RuntimeWindow| {
        own.gc_forced = own.gc_cycles;
        own.gc_cycles *= 2;
    };
    assert_eq!(physics(forced), (false, false));
    let limited = |own: &mut RuntimeWindow| {
        own.gc_cycles *= 2;
        own.heap_goal_bytes /= 2;
    };
    assert_eq!(physics(limited), (false, false));
}
