//! What is said where nothing stands out: that rules looked and found nothing, or that none could look.

use std::collections::BTreeMap;

use documents::analysis::{Analysis, InputReport, Standing};
use documents::figures::{counted, listed};

/// Silence of rules that looked, or of rules that could not.
pub(super) fn severity(analysis: &Analysis) -> Standing {
    match looked(analysis) {
        0 => Standing::NotJudged,
        _ => Standing::Calm,
    }
}

/// What was looked at, in a sentence.
pub(super) fn sentence(analysis: &Analysis) -> String {
    let once: usize = analysis.judgements.iter().map(|own| own.once.len()).sum();
    let looked = match looked(analysis) {
        0 => return not_judged(analysis),
        rules => format!("{} looked, none fired", counted(rules, "rule")),
    };
    let sentence = match once {
        0 => format!("nothing stands out; {looked}"),
        count => format!(
            "nothing stands out for sure; {looked}, {} in too few samples",
            counted(count, "sign")
        ),
    };
    let sentence = match blind(analysis).as_slice() {
        [] => sentence,
        blind => format!("{sentence}; not judged: {}", listed(blind)),
    };
    match closed(analysis) {
        Some(input) => format!("{sentence}; {} could not be looked into", input.name),
        None => sentence,
    }
}

/// What no rule could look at for want of evidence, with what it needs: silence about these says nothing.
fn blind(analysis: &Analysis) -> Vec<String> {
    const KINDS: [(&str, &[&str], &str); 3] = [
        (
            "locks",
            &["L1"],
            "mutex, block and goroutine profiles that record",
        ),
        (
            "channels and leaked goroutines",
            &["L4", "S12"],
            "goroutine profiles",
        ),
        (
            "what holds memory",
            &["M2", "M6"],
            "a heap profile and heap?debug=1",
        ),
    ];
    let looked_at = |rule: &&str| {
        let mut judgements = analysis.judgements.iter();
        judgements.any(|own| !own.not_judged.iter().any(|missing| missing.rule == **rule))
    };
    let open = KINDS
        .iter()
        .filter(|(_, rules, _)| !rules.iter().any(looked_at));
    open.map(|(what, _, needs)| format!("{what} (needs {needs})"))
        .collect()
}

/// Rules that had what they need.
fn looked(analysis: &Analysis) -> usize {
    let judgements = analysis.judgements.iter();
    judgements.map(|own| own.quiet.len() + own.once.len()).sum()
}

/// An input whose content stayed closed.
fn closed(analysis: &Analysis) -> Option<&InputReport> {
    let mut inputs = analysis.inputs.iter();
    inputs.find(|input| input.problem.is_some() && input.profiles.is_empty())
}

/// Silence of rules that could not look says nothing of the service.
fn not_judged(analysis: &Analysis) -> String {
    if let Some(input) = closed(analysis) {
        let problem = input.problem.as_deref().unwrap_or_default();
        return format!("not judged: {}: {problem}", input.name);
    }
    let mut kinds: Vec<&str> = Vec::new();
    for input in &analysis.inputs {
        if !kinds.contains(&input.kind.as_str()) {
            kinds.push(&input.kind);
        }
    }
    format!(
        "not judged: no rule of the advisor can tell by this alone ({}); what it shows is below",
        listed(&kinds)
    )
}

/// What to add, or to do instead.
pub(super) fn next_step(analysis: &Analysis) -> String {
    // Whoever brings profiles of locks asks about locks.
    let locks = analysis.locks.as_ref();
    if let Some(locks) = locks.filter(|locks| !locks.missing.is_empty()) {
        let name = |how: &'_ String| how.split(':').next().unwrap_or_default().to_owned();
        let names: Vec<String> = locks.missing.iter().map(name).collect();
        let (noun, them) = match names.len() {
            1 => ("profile", "it"),
            _ => ("profiles", "them"),
        };
        return format!(
            "add the {} {noun} of the same time (LOCKS below says how to take {them}): only the four together tell \
             whether a lock is contended",
            listed(&names)
        );
    }
    let mut lacking: BTreeMap<&str, usize> = BTreeMap::new();
    for judgement in &analysis.judgements {
        for missing in judgement.not_judged.iter().flat_map(|own| &own.missing) {
            *lacking.entry(missing).or_default() += 1;
        }
    }
    // Only what a person can add to a service that is not ours.
    let addable = |name: &&str| {
        ["gctrace", "schedtrace", "profile"]
            .iter()
            .any(|word| name.contains(word))
    };
    let most = lacking
        .iter()
        .filter(|(name, _)| addable(name))
        .max_by_key(|(_, count)| **count);
    match most {
        Some((name, count)) => format!(
            "add {name}: {} could then judge as well",
            counted(*count, "rule")
        ),
        None if looked(analysis) == 0 => {
            "add what rules read: a log with GODEBUG=gctrace=1,schedtrace=100, or CPU, block, mutex and goroutine \
             profiles of the same time; `gosweep analyze --url` takes those"
                .to_owned()
        }
        None => {
            "put the service into a matrix and measure: `gosweep run` tells what a setting is worth"
                .to_owned()
        }
    }
}
