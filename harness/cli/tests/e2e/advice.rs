//! The advisor on real runs: each family's rule fires where its cause was put in, and stays away where it was not.
//!
//! Most runs have a closed loop only, which a late generator does not make invalid. What a busy host does show to the
//! runtime is true there (threads wait for a CPU, stops take long), so only rules with a cause inside the service are
//! expected to stay away, and a healthy service is judged by all rules only where the host left it alone.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use record::trial::{Outcome, Role, Trial};
use serde_json::Value;

use crate::lab::{Done, Lab, say_loudly, stored};

/// Trials that a rule without a second window needs.
const TRIALS: usize = 2;

/// What a crowded host shows in a service that is well: late threads, and what follows from them; and caveats of the
/// load driver about itself.
const OF_THE_HOST: [&str; 11] = [
    "V3", "V4", "V5", "S1", "S2", "S3", "S4", "S7", "S8", "G5", "H3",
];

fn target(name: &str) -> String {
    format!(
        "{}/../../targets/{name}/target.yaml",
        env!("CARGO_MANIFEST_DIR")
    )
}

/// A run with its advice.
struct Advised {
    lab: Lab,
    advice: Value,
    trials: Vec<Trial>,
}

impl Advised {
    /// Runs a matrix on a target; `None` where there is no Go, or the host invalidates everything.
    fn of(lab: Lab, name: &str, matrix: &str) -> Option<Advised> {
        let matrix = format!("name: advised\ntargets: [{}]\n{matrix}", target(name));
        lab.put("advised.yaml", &matrix);
        let done = lab.run(&["run", "advised.yaml", "--out", "out"])?;
        assert_eq!(done.code, Some(0), "{}", done.stderr);
        Some(Advised::read(lab))
    }

    fn read(lab: Lab) -> Advised {
        let told = lab.say(&["advise", "out", "--json"]);
        assert_eq!(told.code, Some(0), "{}", told.stderr);
        let (_, trials) = stored(&lab.path("out"));
        Advised {
            advice: serde_json::from_str(&told.stdout).unwrap(),
            lab,
            trials,
        }
    }

    /// What the catalogue says of the cell with this setting.
    fn cell(&self, setting: &str) -> Cell<'_> {
        let cells = self.advice["targets"][0]["cells"].as_array().unwrap();
        let is_it = |cell: &&Value| {
            let label = cell["cell"]["label"].as_str().unwrap();
            cells.len() == 1 || label.split_whitespace().any(|own| own == setting)
        };
        let found: Vec<&Value> = cells.iter().filter(is_it).collect();
        assert_eq!(found.len(), 1, "one cell has {setting}");
        Cell {
            setting: setting.to_owned(),
            of: self,
            advice: found[0],
        }
    }
}

/// One cell's judgement.
struct Cell<'a> {
    setting: String,
    of: &'a Advised,
    advice: &'a Value,
}

impl Cell<'_> {
    fn finding(&self, rule: &str) -> Option<&Value> {
        let findings = self.advice["judgement"]["findings"].as_array().unwrap();
        findings.iter().find(|finding| finding["rule"] == rule)
    }

    /// The rules that fired at warn or critical.
    fn severe(&self) -> Vec<String> {
        let findings = self.advice["judgement"]["findings"].as_array().unwrap();
        let severe = findings
            .iter()
            .filter(|finding| finding["severity"] != "info");
        let word = |finding: &Value| finding["rule"].as_str().unwrap().to_owned();
        severe.map(word).collect()
    }

    /// Whether enough trials counted, which is said aloud where not.
    fn has_enough(&self) -> bool {
        let id = self.advice["cell"]["id"].as_str().unwrap();
        let counts = |trial: &&Trial| {
            trial.is_ok() && trial.role == Role::Measured && trial.cell.as_str() == id
        };
        let enough = self.of.trials.iter().filter(counts).count() >= TRIALS;
        if !enough {
            say_loudly(&format!(
                "SKIPPED: what the advisor says of {}, since this host invalidated its trials",
                self.setting
            ));
        }
        enough
    }

    /// As [`Cell::has_fired`], where enough trials counted.
    #[track_caller]
    fn fires(&self, rule: &str, severities: &[&str]) {
        if self.has_enough() {
            self.has_fired(rule, severities);
        }
    }

    /// The rule fired at one of these severities, with the trials that show it, a cause and something to do.
    #[track_caller]
    fn has_fired(&self, rule: &str, severities: &[&str]) {
        let judgement = &self.advice["judgement"];
        let Some(finding) = self.finding(rule) else {
            panic!(
                "{rule} is not among the findings of {}: {judgement:#}",
                self.setting
            );
        };
        let severity = finding["severity"].as_str().unwrap();
        assert!(severities.contains(&severity), "{rule}: {finding:#}");
        for seen in finding["evidence"].as_array().unwrap() {
            let sample = seen["sample"].as_str().unwrap();
            let mut ids = self.of.trials.iter().map(|trial| trial.id.as_str());
            let known = ids.any(|id| sample.starts_with(id)) || sample.starts_with("diagnosis of ");
            assert!(known, "{rule} names {sample}");
        }
        assert!(!finding["cause"].as_str().unwrap().is_empty());
        assert!(!finding["tries"].as_array().unwrap().is_empty());
    }

    /// The rule was judged and did not fire.
    #[track_caller]
    fn stays_away(&self, rule: &str) {
        if !self.has_enough() {
            return;
        }
        assert_eq!(self.finding(rule), None, "of {}", self.setting);
        let missing = self.advice["judgement"]["not_judged"].as_array().unwrap();
        let missing = missing.iter().find(|own| own["rule"] == rule);
        assert_eq!(missing, None, "of {}", self.setting);
    }
}

const WARN: &[&str] = &["warn", "critical"];
const CRITICAL: &[&str] = &["critical"];
const ANY: &[&str] = &["info", "warn", "critical"];

#[test]
fn a_contended_lock_is_named_and_shards_silence_it() {
    let matrix = "\
axes: {option.shards: [1, 256], option.hold: [400000], option.yield: [1], placement: [none]}
control: {option.shards: 1}
load: {connections: 32, saturate: 500ms}
blocks: 2
warmup: {for: 200ms, gc_cycles: 0}
diagnose: {cells: [control], for: 1s}
";
    let Some(lab) = Lab::open() else { return };
    let Some(run) = Advised::of(lab, "mutex", matrix) else {
        return;
    };
    let (one, many) = (run.cell("option.shards=1"), run.cell("option.shards=256"));
    one.fires("L2", WARN);
    // A diagnosis is no trial, and hundreds of samples by itself.
    one.has_fired("L1", WARN);
    many.stays_away("L2");
    let site = one.finding("L1").map(|finding| &finding["signal"]);
    assert!(
        site.is_none_or(|site| site.as_str().unwrap().contains("main.(*shard).use")),
        "{site:?}"
    );
}

#[test]
fn often_collecting_is_told_and_a_high_goal_is_not() {
    let matrix = "\
axes: {gogc: [10, 100, 4000], placement: [none]}
control: {gogc: 10}
load: {connections: 8, saturate: 500ms}
blocks: 2
warmup: {for: 200ms, gc_cycles: 0}
";
    let Some(lab) = Lab::open() else { return };
    let Some(run) = Advised::of(lab, "httpjson", matrix) else {
        return;
    };
    run.cell("gogc=10").fires("G1", WARN);
    // Hardly anything lives in it: the goal is the smallest there is.
    run.cell("gogc=100").fires("G9", ANY);
    run.cell("gogc=4000").stays_away("G1");
}

#[test]
fn a_limit_at_the_live_heap_thrashes() {
    let matrix = "\
axes: {gogc: [\"off\"], gomemlimit: [40MiB, 512MiB], option.live-mib: [32], placement: [none]}
control: {gomemlimit: 40MiB}
load: {connections: 8, saturate: 500ms}
blocks: 2
warmup: {for: 200ms, gc_cycles: 0}
";
    let Some(lab) = Lab::open() else { return };
    let Some(run) = Advised::of(lab, "cache", matrix) else {
        return;
    };
    let (tight, roomy) = (run.cell("gomemlimit=40MiB"), run.cell("gomemlimit=512MiB"));
    tight.fires("G8", CRITICAL);
    roomy.stays_away("G8");
    roomy.stays_away("G1");
}

#[test]
fn a_fragmented_heap_is_told_from_a_full_one() {
    let matrix = "\
axes: {option.keep-every: [8, 1], option.fill-mib: [64], placement: [none]}
control: {option.keep-every: 8}
load: {connections: 4, saturate: 300ms}
blocks: 2
warmup: {for: 200ms, gc_cycles: 0}
";
    let Some(lab) = Lab::open() else { return };
    let Some(run) = Advised::of(lab, "frag", matrix) else {
        return;
    };
    run.cell("option.keep-every=8").fires("M2", CRITICAL);
    run.cell("option.keep-every=1").stays_away("M2");
}

/// MADV_FREE leaves what the runtime gave back resident until the kernel wants it: as good as memory of C.
#[test]
fn memory_that_the_runtime_does_not_know_is_seen() {
    let matrix = "\
axes:
  godebug: [madvdontneed=0, madvdontneed=1]
  gomemlimit: [32MiB]
  option.keep-every: [512]
  option.fill-mib: [160]
  placement: [none]
control: {godebug: madvdontneed=0}
load: {connections: 2, saturate: 300ms}
blocks: 2
warmup: {for: 300ms, gc_cycles: 0}
";
    let Some(lab) = Lab::open() else { return };
    let Some(run) = Advised::of(lab, "frag", matrix) else {
        return;
    };
    run.cell("godebug=madvdontneed=0").fires("M1", WARN);
    run.cell("godebug=madvdontneed=1").stays_away("M1");
}

#[test]
fn a_quota_throttles_and_too_many_ps_are_told() {
    let both = [topology::Controller::Cpu];
    if let Err(error) = topology::GroupParent::prepare(Path::new("/"), &both) {
        say_loudly(&format!("SKIPPED the advisor on a quota: {error}"));
        return;
    }
    let matrix = "\
axes: {cpu_quota: [0.05], gomaxprocs: [8], placement: [none]}
load: {connections: 8, saturate: 1s}
blocks: 2
warmup: {for: 200ms, gc_cycles: 0}
";
    let Some(lab) = Lab::open() else { return };
    let Some(run) = Advised::of(lab, "hash", matrix) else {
        return;
    };
    let cell = run.cell("cpu_quota=0.05");
    cell.fires("H1", WARN);
    cell.fires("H2", CRITICAL);
}

/// Eight busy threads share one CPU: seven always wait, whatever else the host does.
#[test]
fn threads_that_wait_for_a_cpu_are_seen() {
    let matrix = "\
axes: {gomaxprocs: [8], placement: [\"cpus:0\"]}
load: {connections: 16, saturate: 500ms}
blocks: 2
warmup: {for: 200ms, gc_cycles: 0}
";
    let Some(lab) = Lab::open() else { return };
    let Some(run) = Advised::of(lab, "hash", matrix) else {
        return;
    };
    run.cell("gomaxprocs=8").fires("H3", CRITICAL);
}

#[test]
fn without_preemption_stops_are_slow() {
    let matrix = "\
axes:
  godebug: [asyncpreemptoff=1]
  gomaxprocs: [2]
  option.spin: [50000000]
  option.rest-us: [2000]
  placement: [none]
load: {connections: 8, saturate: 1s}
blocks: 2
warmup: {for: 200ms, gc_cycles: 0}
";
    let Some(lab) = Lab::open() else { return };
    let Some(run) = Advised::of(lab, "preempt", matrix) else {
        return;
    };
    let cell = run.cell("godebug=asyncpreemptoff=1");
    cell.fires("S8", WARN);
    let preemption_on = |own: &Value| own["what"].as_str().unwrap().contains("asyncpreemptoff=1");
    let tries = cell
        .finding("S8")
        .map(|finding| finding["tries"].as_array().unwrap());
    assert!(
        tries.is_none_or(|tries| tries.iter().any(preemption_on)),
        "{tries:?}"
    );
}

#[test]
fn blocking_calls_need_threads_and_the_netpoller_does_not() {
    let matrix = "\
axes: {option.kind: [pipe, pollpipe], option.delay-us: [20000], gomaxprocs: [1], placement: [none]}
control: {option.kind: pipe}
load: {connections: 64, saturate: 500ms}
blocks: 2
warmup: {for: 200ms, gc_cycles: 0}
";
    let Some(lab) = Lab::open() else { return };
    let Some(run) = Advised::of(lab, "syscalls", matrix) else {
        return;
    };
    run.cell("option.kind=pipe").fires("S5", ANY);
    let polled = run.cell("option.kind=pollpipe");
    assert!(
        polled
            .severe()
            .iter()
            .all(|rule| rule != "S5" && rule != "S6"),
        "{:?}",
        polled.severe()
    );
}

/// Two windows, as growth is only told from start-up over several points. Extra work bounds how fast it leaks, so that
/// the second window's share of it counts on a fast machine too.
#[test]
fn a_leak_leaks() {
    let matrix = "\
axes: {option.every: [1, 0], option.burn: [1000000], placement: [none]}
control: {option.every: 1}
load: {connections: 4, saturate: 400ms, constant: {rate: 300/s, for: 500ms}}
blocks: 2
warmup: {for: 200ms, gc_cycles: 0}
";
    let Some(lab) = Lab::open() else { return };
    let Some(run) = Advised::of(lab, "leak", matrix) else {
        return;
    };
    let leaking = run.cell("option.every=1");
    leaking.fires("S11", CRITICAL);
    run.cell("option.every=0").stays_away("S11");
}

/// Where all trials are invalid there is no figure, and the advice still says why.
#[test]
fn a_setting_that_the_service_ignores_is_told() {
    let Some(lab) = Lab::open() else { return };
    ignores_gogc(&lab);
    lab.put(
        "advised.yaml",
        "\
name: advised
targets: [stubborn/target.yaml]
axes: {gogc: [400], placement: [none]}
load: {connections: 2, saturate: 200ms}
blocks: 1
warmup: {for: 100ms, gc_cycles: 0}
",
    );
    let done: Done = lab.say(&["run", "advised.yaml", "--out", "out"]);
    assert_eq!(done.code, Some(4), "{}", done.stderr);
    // No word of the host, unless the host invalidated the last trial besides.
    let is_named = done.stderr.contains("do not reach the service");
    let run = Advised::read(lab);
    let last = run.trials.last().map(|trial| &trial.outcome);
    let host = matches!(last, Some(Outcome::Invalid(reasons)) if reasons.iter().any(|own| own.rule.word() != "V2"));
    assert_eq!(is_named, !host, "{}", done.stderr);
    for trial in &run.trials {
        let Outcome::Invalid(reasons) = &trial.outcome else {
            panic!("{:?}", trial.outcome);
        };
        assert!(
            reasons.iter().any(|reason| reason.rule.word() == "V2"),
            "{reasons:?}"
        );
    }
    let cell = run.cell("gogc=400");
    cell.has_fired("V2", CRITICAL);
    assert_eq!(cell.advice["judgement"]["valid"], false);
    assert_eq!(
        cell.advice["samples"], 0,
        "an invalid trial is no evidence of the service"
    );
    let page = run.lab.say(&["advise", "out"]).stdout;
    let page: Vec<&str> = page.split_whitespace().collect();
    let page = page.join(" ");
    let told = "GOGC was asked to be 400, the process has 100";
    assert!(page.contains(told), "{page}");
    // No word of the host here either, unless it had a part.
    assert!(page.contains("no valid trial: V2 in"), "{page}");
    let is_fixed = page.contains("Let the settings reach the service");
    assert!(is_fixed, "{page}");
}

/// A target like hash, started by a script that takes GOGC away from it.
fn ignores_gogc(lab: &Lab) {
    let first = format!(
        "\
name: hash
targets: [{}]
axes: {{placement: [none]}}
load: {{connections: 2, saturate: 100ms}}
blocks: 1
warmup: {{for: 100ms, gc_cycles: 0}}
",
        target("hash")
    );
    lab.put("hash.yaml", &first);
    let done = lab.say(&["run", "hash.yaml", "--out", "hash"]);
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    let program = built_hash();
    let script = format!(
        "#!/bin/sh\nexec env -u GOGC '{}' \"$@\"\n",
        program.display()
    );
    let script = lab.put("stubborn/hash.sh", &script);
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    let described = fs::read_to_string(target("hash")).unwrap();
    let described: Vec<String> = described
        .lines()
        .map(|line| match line.starts_with("build:") {
            true => format!("binary: {}", script.display()),
            false => line.to_owned(),
        })
        .collect();
    lab.put("stubborn/target.yaml", &described.join("\n"));
}

/// The newest hash among the artifacts.
fn built_hash() -> std::path::PathBuf {
    let folders = fs::read_dir(crate::lab::cache().join("artifacts"))
        .unwrap()
        .flatten();
    let built = folders.map(|folder| folder.path().join("hash"));
    let newest = built
        .filter(|program| program.is_file())
        .max_by_key(|program| fs::metadata(program).unwrap().modified().unwrap());
    newest.unwrap()
}

/// Little load on a service that allocates next to nothing: where the host leaves it alone, nothing fires; where it
/// does not, nothing but what a crowded host shows.
#[test]
fn a_healthy_service_is_left_alone() {
    let matrix = "\
axes: {placement: [split]}
load: {connections: 4, constant: {rate: 200/s, for: 1s}}
blocks: 3
warmup: {for: 300ms, gc_cycles: 0}
constraints: {p99: 50ms}
";
    let Some(lab) = Lab::open() else { return };
    let Some(run) = Advised::of(lab, "hash", matrix) else {
        return;
    };
    let cell = run.cell("placement=split");
    if !cell.has_enough() {
        return;
    }
    let mut severe = cell.severe();
    // SMT siblings are what a small cloud machine is made of.
    severe.retain(|rule| rule != "V6");
    // Any of these alone is the host's doing, seen by the host's own counters or by the generator on itself.
    let crowded = ["H3", "V3", "V4", "V5"];
    let is_calm = !severe.iter().any(|rule| crowded.contains(&rule.as_str()));
    if !is_calm {
        say_loudly("NOT TOLD: whether nothing fires on a calm host, since this one was crowded");
        severe.retain(|rule| !OF_THE_HOST.contains(&rule.as_str()));
    }
    assert_eq!(
        severe,
        Vec::<String>::new(),
        "{:#}",
        cell.advice["judgement"]["findings"]
    );
    if is_calm {
        assert_eq!(cell.advice["judgement"]["valid"], true);
    }
    assert_eq!(run.lab.temporary(), Vec::<String>::new());
}
