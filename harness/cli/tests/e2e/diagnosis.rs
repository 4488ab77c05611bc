//! Cells of a run looked at closely: from the matrix and by the verb.

use std::fs;
use std::path::Path;

use gotrace::profile::{Profile, ProfileKind};
use record::diagnosis::Diagnosis;
use record::store::RunDir;

use crate::lab::{Lab, goroot, stored};

const TARGET: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../targets/mutex/target.yaml"
);

/// Yielding under the lock makes others wait for it, on one CPU too.
fn matrix() -> String {
    format!(
        "\
name: locks
targets: [{TARGET}]
axes: {{gogc: [100, 400]}}
control: {{gogc: 100, option.yield: 1}}
load: {{connections: 16, saturate: 300ms}}
blocks: 1
warmup: {{for: 200ms, gc_cycles: 0}}
diagnose: {{cells: [control, winner], for: 1s}}
"
    )
}

#[test]
fn cells_are_diagnosed_after_the_blocks_and_on_demand() {
    let Some(lab) = Lab::open() else { return };
    lab.put("locks.yaml", &matrix());
    let Some(done) = lab.run(&["run", "locks.yaml", "--out", "out"]) else {
        return;
    };
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    let folder = lab.path("out");
    let (run, trials) = stored(&folder);
    let control = run.cells.iter().find(|cell| cell.control).unwrap();
    let found = RunDir::open(&folder).unwrap().read_diagnoses().unwrap();
    let (place, diagnosis) = found
        .iter()
        .find(|(_, diagnosis)| diagnosis.cell == control.id)
        .unwrap();
    assert!(diagnosis.chosen.contains(&"control".to_owned()));
    assert_eq!(diagnosis.failure, None);
    assert!(diagnosis.missing.is_empty(), "{:?}", diagnosis.missing);
    assert_profiles(place, diagnosis);
    assert_traces(place);
    // A diagnosis is no trial: the ranking does not know of it.
    let measured = run.cells.len() + 1;
    let counted = trials.iter().filter(|trial| trial.is_ok()).count();
    assert!(counted <= measured, "{counted} of {measured}");
    // How strongly the lock shows depends on the machine's speed; that requests
    // waited for it does not, since they yield under it.
    assert!(done.stdout.contains("DIAGNOSIS mutex"), "{}", done.stdout);
    assert!(done.stdout.contains("\nlocks      "), "{}", done.stdout);
    let page = fs::read_to_string(folder.join("diagnosis.html")).unwrap();
    assert!(page.contains("<svg") && page.contains("sync.(*Mutex).Lock"));
    on_demand(&lab, found.len());
    assert_eq!(lab.temporary(), Vec::<String>::new());
    assert_eq!(lab.at_work(), Vec::<String>::new());
}

fn assert_profiles(place: &Path, diagnosis: &Diagnosis) {
    for (kind, expected) in [
        ("cpu", ProfileKind::Cpu),
        ("mutex", ProfileKind::Mutex),
        ("block", ProfileKind::Block),
        ("goroutine", ProfileKind::Goroutine),
        ("heap", ProfileKind::Heap),
        ("allocs", ProfileKind::Allocs),
        ("trace-net", ProfileKind::TraceDelay),
        ("trace-sync", ProfileKind::TraceDelay),
    ] {
        let kept = diagnosis
            .profiles
            .iter()
            .find(|kept| kept.kind.word() == kind);
        let kept = kept.unwrap_or_else(|| panic!("no {kind}"));
        let profile = Profile::parse(&fs::read(place.join(&kept.file)).unwrap()).unwrap();
        assert_eq!(profile.kind(), expected, "{kind}");
        assert!(!profile.samples.is_empty(), "{kind} holds nothing");
        let since_start = matches!(kind, "mutex" | "block" | "heap" | "allocs");
        assert_eq!(kept.before.is_some(), since_start, "{kind}");
    }
}

/// The scheduler's details and the execution trace.
fn assert_traces(place: &Path) {
    let log = fs::read_to_string(place.join("stderr.log")).unwrap();
    assert!(log.contains(" gcwaiting="), "no scheddetail in the log");
    let trace = fs::read(place.join("trace.out")).unwrap();
    gotrace::exectrace::TraceHeader::parse(&trace).unwrap();
}

fn on_demand(lab: &Lab, before: usize) {
    let done = lab.say(&["diagnose", "out", "--cell", "gogc=400", "--for", "1s"]);
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    assert!(done.stdout.contains("(gogc=400)"), "{}", done.stdout);
    let dir = RunDir::open(&lab.path("out")).unwrap();
    let found = dir.read_diagnoses().unwrap();
    assert!(found.len() == 2 && found.len() >= before);
    for (args, words) in [
        (["--cell", "gogc=200"], "gogc is 100 and 400"),
        (["--for", "10ms"], "from `1s` to `5m`"),
        (["--cell", "best"], "or write `winner`"),
    ] {
        let done = lab.say(&["diagnose", "out", args[0], args[1]]);
        assert_eq!(done.code, Some(2), "{}", done.stderr);
        assert!(done.stderr.contains(words), "{}", done.stderr);
    }
    assert_eq!(dir.read_diagnoses().unwrap().len(), 2);
    profiles_are_labelled(lab);
}

/// `go tool pprof` shows the cell of every sample.
fn profiles_are_labelled(lab: &Lab) {
    let done = lab.say(&["report", "out", "--format", "pprof", "--out", "reports"]);
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    let cpu: Vec<&str> = done
        .stdout
        .lines()
        .filter(|own| own.ends_with("-cpu.pb"))
        .collect();
    assert_eq!(cpu.len(), 2, "{}", done.stdout);
    let tags = std::process::Command::new(goroot().unwrap().join("bin/go"))
        .args(["tool", "pprof", "-tags"])
        .args(cpu.iter().map(|own| lab.path(own)))
        .output()
        .unwrap();
    let tags = String::from_utf8_lossy(&tags.stdout).into_owned();
    for part in ["settings:", "gogc=400", "gogc=100", "cell:", "target:"] {
        assert!(tags.contains(part), "{part}\n{tags}");
    }
}
