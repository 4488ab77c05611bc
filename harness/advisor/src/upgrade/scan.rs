//! What needs no run to be seen: settings that the new Go ignores, refuses or reads otherwise.

use documents::upgrade::{ScanFinding, ScanSeverity};
use gotrace::GoVersion;
use gotrace::environment::{ProblemKind, check_godebug, find_godebug};

use super::defaults::Sides;

/// What somebody has read of a target's module.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ModuleSources {
    /// go.mod: its name and its text.
    pub go_mod: Option<(String, String)>,
    /// Lines of Go files that begin with `//go:debug` or `//go:build`.
    pub lines: Vec<SourceLine>,
    /// Variables that the target is started with.
    pub environment: Vec<(String, String)>,
    /// CPUs that the target may use.
    pub cpus: Option<u32>,
    /// The tightest CPU quota above gosweep, as a number of CPUs.
    pub cpu_quota: Option<f64>,
}

/// A line of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceLine {
    /// The file.
    pub file: String,
    /// The line's number, from 1.
    pub line: usize,
    /// Its text.
    pub text: String,
}

/// Everything that stands out, the most severe first.
pub(super) fn scan(sources: &ModuleSources, sides: &Sides) -> Vec<ScanFinding> {
    let mut found = Vec::new();
    if let Some((file, text)) = &sources.go_mod {
        found.extend(go_mod(file, text, sides));
    }
    for line in &sources.lines {
        let place = format!("{}:{}", line.file, line.line);
        if let Some(pair) = line.text.strip_prefix("//go:debug ") {
            found.extend(in_source(pair.trim(), place, &sides.to));
        } else if line.text.starts_with("//go:build") {
            found.extend(constraint(&line.text, place, sides));
        }
    }
    for (name, value) in &sources.environment {
        found.extend(variable(name, value, sides));
    }
    found.extend(quota(sources, sides));
    found.extend(known_breaks(sides));
    found.sort_by_key(|own| own.severity);
    found
}

fn finding(severity: ScanSeverity, what: String, place: impl Into<String>) -> ScanFinding {
    ScanFinding {
        severity,
        what,
        r#where: place.into(),
    }
}

/// go.mod: its lines `go`, `toolchain` and `godebug`, the last also as a block.
fn go_mod(file: &str, text: &str, sides: &Sides) -> Vec<ScanFinding> {
    let mut found = Vec::new();
    let mut in_block = false;
    for (at, line) in text.lines().enumerate() {
        let line = line.split("//").next().unwrap_or(line).trim();
        let place = format!("{file}:{}", at + 1);
        if in_block && line == ")" {
            in_block = false;
        } else if in_block {
            found.extend(pair_of_go_mod(line, place, sides));
        } else if line == "godebug (" {
            in_block = true;
        } else if let Some(pair) = line.strip_prefix("godebug ") {
            found.extend(pair_of_go_mod(pair.trim(), place, sides));
        } else if let Some(named) = line.strip_prefix("toolchain ") {
            found.extend(toolchain_line(named.trim(), place, sides));
        } else if let Some(named) = line.strip_prefix("go ") {
            found.extend(line_too_new(named.trim(), place, sides));
        }
    }
    found
}

fn pair_of_go_mod(pair: &str, place: String, sides: &Sides) -> Option<ScanFinding> {
    if let Some(line) = pair.strip_prefix("default=") {
        let what = format!(
            "the defaults of GODEBUG are those of {line} whatever the go line: raising it changes none of them"
        );
        return (!pair.is_empty()).then(|| finding(ScanSeverity::Note, what, place));
    }
    in_source(pair, place, &sides.to)
}

fn toolchain_line(named: &str, place: String, sides: &Sides) -> Option<ScanFinding> {
    let named = GoVersion::parse(named).ok()?;
    if named.cmp_release(&sides.to).is_gt() {
        let what = format!(
            "the toolchain line asks for {named}, newer than {}: a go command switches to it, or refuses under \
             GOTOOLCHAIN=local; gosweep measures with {} all the same",
            sides.to, sides.to
        );
        return Some(finding(ScanSeverity::Warning, what, place));
    }
    None
}

fn line_too_new(named: &str, place: String, sides: &Sides) -> Option<ScanFinding> {
    let named = GoVersion::parse(named).ok()?;
    let minor = |version: &GoVersion| (version.major(), version.minor());
    (minor(&named) > minor(&sides.to)).then(|| {
        let what = format!(
            "the go line is newer than {}, which does not build the module",
            sides.to
        );
        finding(ScanSeverity::Severe, what, place)
    })
}

/// A pair of `//go:debug` or of go.mod, where an unknown key fails the build (cmd/go/internal/load/godebug.go).
fn in_source(pair: &str, place: String, to: &GoVersion) -> Option<ScanFinding> {
    let (key, value) = pair.split_once('=')?;
    let (key, value) = (key.trim(), value.trim());
    if find_godebug(key).is_some_and(|row| row.in_source() && !row.exists_in(to)) {
        let what = format!(
            "{to} no longer has the GODEBUG key `{key}`: remove it, and test what it held back"
        );
        return Some(finding(ScanSeverity::Warning, what, place));
    }
    match check_godebug(key, value, Some(to)) {
        Ok(_) => None,
        Err(problem) => {
            let severity = match problem.kind {
                ProblemKind::Unknown | ProblemKind::BuildFails | ProblemKind::AbortsAtStart => {
                    ScanSeverity::Severe
                }
                ProblemKind::Observation => return None,
                _ => ScanSeverity::Warning,
            };
            Some(finding(severity, problem.to_string(), place))
        }
    }
}

/// A variable of the process.
fn variable(name: &str, value: &str, sides: &Sides) -> Vec<ScanFinding> {
    let place = format!("environment: {name}");
    let pairs = value.split(',').filter_map(|pair| pair.split_once('='));
    match name {
        "GODEBUG" => pairs
            .filter_map(|(key, value)| {
                let problem = check_godebug(key, value, Some(&sides.to)).err()?;
                let was_fine = check_godebug(key, value, Some(&sides.from)).is_ok();
                let severity = match problem.kind {
                    ProblemKind::Observation => return None,
                    ProblemKind::AbortsAtStart => ScanSeverity::Severe,
                    _ if was_fine => ScanSeverity::Warning,
                    _ => ScanSeverity::Note,
                };
                Some(finding(
                    severity,
                    format!("{key}={value}: {problem}"),
                    place.clone(),
                ))
            })
            .collect(),
        "GOMAXPROCS" if !sides.from.at_least(25) && sides.to.at_least(25) => {
            let what = "it is set, so a container's quota does not decide on it and is not watched (since Go 1.25)";
            vec![finding(ScanSeverity::Note, what.to_owned(), place)]
        }
        _ => Vec::new(),
    }
}

/// A constraint on releases that the two sides answer differently.
fn constraint(text: &str, place: String, sides: &Sides) -> Option<ScanFinding> {
    let words = text.split(|c: char| !(c.is_alphanumeric() || c == '.'));
    let minors = words.filter_map(|word| word.strip_prefix("go1.")?.parse::<u32>().ok());
    let crossed = minors
        .filter(|minor| sides.from.at_least(*minor) != sides.to.at_least(*minor))
        .min()?;
    let what = format!(
        "`{text}`: other files are compiled from Go 1.{crossed} on, so the two sides do not run the same code here"
    );
    Some(finding(ScanSeverity::Note, what, place))
}

/// From 1.25 on, with a go line of 1.25 or newer, GOMAXPROCS follows the quota: rounded up, at least 2
/// (runtime/cgroup_linux.go, `adjustCgroupGOMAXPROCS`).
fn quota(sources: &ModuleSources, sides: &Sides) -> Option<ScanFinding> {
    let [old_line, new_line] = sides.lines();
    let follows = |version: &GoVersion, line: &GoVersion| version.at_least(25) && line.at_least(25);
    if follows(&sides.from, &old_line) || !follows(&sides.to, &new_line) {
        return None;
    }
    let place = "GOMAXPROCS";
    let undo = "GODEBUG=containermaxprocs=0 or GOMAXPROCS undoes it";
    let (Some(quota), Some(cpus)) = (sources.cpu_quota, sources.cpus) else {
        let what = format!(
            "in a container with a CPU quota GOMAXPROCS will be the quota rounded up, at least 2, where it was the \
             number of CPUs: a quota of 250m on 14 CPUs lowers it from 14 to 2. No quota is in force here, so nothing of \
             this was measured (axis cpu_quota); {undo}"
        );
        return Some(finding(ScanSeverity::Warning, what, place));
    };
    let after = (quota.ceil() as u32).max(2).min(cpus);
    let what =
        format!("the CPU quota of {quota} here lowers GOMAXPROCS from {cpus} to {after}; {undo}");
    (after < cpus).then(|| finding(ScanSeverity::Warning, what, place))
}

/// Changes between releases that make figures of the two incomparable.
fn known_breaks(sides: &Sides) -> Vec<ScanFinding> {
    let crosses = |minor: u32| !sides.from.at_least(minor) && sides.to.at_least(minor);
    let mut found = Vec::new();
    if crosses(22) {
        let what = "mutex profiles of both sides are not of the same thing: since Go 1.22 the delay is scaled by the \
                    number of waiters and runtime-internal locks are in it (release notes of Go 1.22)";
        found.push(finding(
            ScanSeverity::Note,
            what.to_owned(),
            "mutex profiles",
        ));
    }
    if crosses(26) {
        let what = "/sched/latencies of both sides are of other samples (see the table): dashboards and alerts on it \
                    need new limits";
        found.push(finding(
            ScanSeverity::Note,
            what.to_owned(),
            "/sched/latencies:seconds",
        ));
    }
    found
}
