//! Advice: the whole page, and the few lines of it that stand under a ranking.

use documents::advice::{Advice, CellAdvice, MeasuredEffect, Recommendation, TargetAdvice};
use documents::figures::{counted, mark};
use documents::finding::{Judgement, Once, Seen};

use super::shared::tone;
use crate::block::{Block, Evidence, Finding, Lead, Page, Section, Title, Tone};
use crate::format::Document;
use crate::table::{Column, Table};
use crate::text::Text;

/// Samples that a brief format names with a finding.
const MOST_SEEN: usize = 3;

impl Document for Advice {
    fn page(&self) -> Page {
        let targets = self.targets.iter().map(|own| {
            let control = match own.about.control {
                true => " (the control)",
                false => "",
            };
            let name = format!(
                "{} · {} · {}{control}",
                self.matrix, own.target, own.about.label
            );
            Section::block(Title::name(name), target(own))
        });
        let conditions = self.conditions.iter();
        let conditions = conditions.map(|own| Block::Text(own.into())).collect();
        Page {
            title: format!("Advice on {}", self.run),
            blocks: targets.chain([Block::Group(conditions)]).collect(),
        }
    }
}

/// The advice on every target as sections of a larger page.
pub(super) fn sections(advice: &Advice) -> Vec<Block> {
    let sections = advice.targets.iter().map(|own| {
        let about = format!("{}, {}", own.target, own.about.label);
        Section::block(Title::topic("Advice:").about(about), target(own))
    });
    sections.collect()
}

/// What limits each target, the findings that matter and what to set, in a few lines.
pub(super) fn summary(advice: &Advice) -> Vec<Block> {
    let several = advice.targets.len() > 1;
    let sections = advice.targets.iter().map(|own| {
        let of = match several {
            true => format!("of {} ", own.target),
            false => String::new(),
        };
        let title = Title::topic("Why").about(format!("{of}({})", own.about.label));
        let mut set = Vec::new();
        if let Some(refused) = &own.setting.refused {
            set.push(Lead::new("set", format!("nothing: {refused}")));
        }
        if let Some(change) = &own.setting.change {
            set.push(Lead::new("set", change.set.join("; ")));
        }
        set.push(Lead::new(
            "more",
            "`gosweep advise` on the run's folder: causes, what to try, what made no difference.",
        ));
        let blocks = vec![
            Block::Leads(limits(own)),
            Block::Findings(own.top.iter().map(in_short).collect()),
            Block::Leads(set),
        ];
        Section::block(title, vec![Block::Group(blocks)])
    });
    sections.collect()
}

fn limits(target: &TargetAdvice) -> Vec<Lead> {
    let without = target.without_trial().map(|why| Lead::new("", why));
    let limits = target.limits.iter().map(|own| {
        let by = Text::from(format!("{}: ", own.at)).then(Text::strong(own.by.word()));
        Lead::new("", by.then(format!("; {}", own.because)))
    });
    without.into_iter().chain(limits).collect()
}

fn target(of: &TargetAdvice) -> Vec<Block> {
    let limits = limits(of).into_iter().map(|own| own.text).collect();
    let mut blocks = vec![
        topic("What limits it", vec![Block::List(limits)]),
        topic("What matters", matters(of)),
        topic("What to set", setting(of)),
    ];
    let listed = |title, items: Vec<Text>| {
        (!items.is_empty()).then(|| topic(title, vec![Block::List(items)]))
    };
    let tried = of.no_difference.iter().map(|own| {
        let changes = own.changes.join(", ");
        Text::from(format!("{}: {}; {changes}", own.label, own.how()))
    });
    blocks.extend(listed("What made no difference", tried.collect()));
    let untold = of.undecided.iter().map(|own| {
        let changes = own.changes.join(", ");
        Text::from(format!("{}: {}; {changes}", own.label, own.how()))
    });
    blocks.extend(listed(
        "What cannot be told from the control",
        untold.collect(),
    ));
    let code = of.code.iter();
    let code = code.map(|own| Text::from(format!("{} ({})", own.what, own.rule)));
    blocks.extend(listed(
        "What would need a change of the code",
        code.collect(),
    ));
    if of.cells.len() > 1 {
        blocks.push(topic("Every cell by the rules", vec![cells(of)]));
    }
    blocks
}

fn topic(title: &str, blocks: Vec<Block>) -> Block {
    Section::block(Title::topic(title), blocks)
}

fn matters(target: &TargetAdvice) -> Vec<Block> {
    let mut blocks = match target.top.as_slice() {
        [] => vec![Block::Text(target.without_findings().into())],
        top => vec![Block::Findings(
            top.iter()
                .map(|own| finding(own, "window", "trial"))
                .collect(),
        )],
    };
    let own = target.cells.iter().find(|own| own.cell == target.about);
    let beside = own
        .map(|own| beside(target, &own.judgement))
        .unwrap_or_default();
    if !beside.is_empty() {
        blocks.push(Block::Leads(beside));
    }
    blocks
}

/// What fired alongside, what was seen once and what could not be judged: one line each.
fn beside(target: &TargetAdvice, judgement: &Judgement) -> Vec<Lead> {
    let both = [judgement, &target.whole];
    let is_told = |rule: &str| target.top.iter().any(|own| own.rule == rule);
    let rest = both.into_iter().flat_map(|own| &own.findings);
    let rest = rest
        .filter(|own| !is_told(&own.rule))
        .map(|own| format!("{} {} ({})", own.rule, own.title, own.severity.word()));
    let once = both.into_iter().flat_map(|own| &own.once);
    let once = once.map(|own| format!("{} {}", own.rule, own.title));
    let missing = both.into_iter().flat_map(|own| &own.not_judged);
    let missing: Vec<&str> = missing.map(|own| own.rule.as_str()).collect();
    let quiet = both.into_iter().flat_map(|own| &own.quiet);
    let quiet: Vec<&str> = quiet.map(String::as_str).collect();
    let explained = both.into_iter().flat_map(|own| &own.explained);
    let explained = explained.map(|own| format!("{} {} (by {})", own.rule, own.title, own.by));
    let leads = [
        ("explained", explained.collect::<Vec<_>>().join("; ")),
        ("also", rest.collect::<Vec<_>>().join("; ")),
        ("once", once.collect::<Vec<_>>().join("; ")),
        ("quiet", quiet.join(" ")),
        ("unjudged", missing.join(" ")),
    ];
    let filled = leads.into_iter().filter(|(_, words)| !words.is_empty());
    filled.map(|(lead, words)| Lead::new(lead, words)).collect()
}

/// A rule that fired; `sample` and `origin` are what its evidence is called.
pub(super) fn finding(of: &documents::finding::Finding, sample: &str, origin: &str) -> Finding {
    let held = &of.held;
    let tries = of.tries.iter();
    let words = Text::strong(&of.title).then(format!(" ({}): {}", of.rule, of.signal));
    let limits = match of.does_not_apply.as_str() {
        "" => None,
        limits => Some(format!("Does not apply: {limits}")),
    };
    let open = (!of.not_ruled_out.is_empty())
        .then(|| format!("Not ruled out: {}.", of.not_ruled_out.join("; ")));
    let known = format!("Holds for: {}. Source: {}.", of.versions, of.source);
    Finding {
        evidence: Evidence {
            summary: format!(
                "seen in {} of {}, {}",
                held.samples,
                counted(held.of, sample),
                counted(held.origins, origin)
            ),
            samples: seen(&of.evidence),
            most_brief: MOST_SEEN,
        },
        cause: of.cause.clone(),
        next: tries
            .map(|own| format!("{}: {}", own.kind.word(), own.what))
            .collect(),
        notes: limits.into_iter().chain(open).chain([known]).collect(),
        ..Finding::new(of.severity.word(), tone(of.severity), words)
    }
}

fn seen(evidence: &[Seen]) -> Vec<String> {
    let seen = evidence.iter();
    seen.map(|own| format!("{}: {}", own.sample, own.shows))
        .collect()
}

fn in_short(of: &documents::finding::Finding) -> Finding {
    let words = format!("{}: {}", of.title, of.signal);
    Finding::new(of.severity.word(), tone(of.severity), words)
}

/// A rule that held too seldom.
pub(super) fn once(of: &Once) -> Finding {
    let words = format!(" ({}) in too few samples to tell it from chance", of.rule);
    Finding {
        evidence: Evidence {
            summary: format!("seen in {}", counted(of.evidence.len(), "sample")),
            samples: seen(&of.evidence),
            most_brief: 1,
        },
        ..Finding::new("once", Tone::Plain, Text::strong(&of.title).then(words))
    }
}

fn setting(target: &TargetAdvice) -> Vec<Block> {
    let mut blocks = vec![Block::Text(Text::strong(&target.setting.action))];
    if let Some(refused) = &target.setting.refused {
        blocks.push(Block::Leads(vec![Lead::new("why", refused)]));
    }
    if let Some(change) = &target.setting.change {
        blocks.extend(recommendation(change));
    }
    blocks
}

fn recommendation(change: &Recommendation) -> [Block; 3] {
    let code = |lead: &str, lines: &[String]| Block::Code {
        lead: lead.to_owned(),
        lines: lines.to_vec(),
    };
    let lines = vec![code("set", &change.set), code("undo", &change.undo)];
    let mut leads = Vec::new();
    let mut add = |lead: &str, words: &str| leads.push(Lead::new(lead, words));
    if let Some(mechanism) = &change.mechanism {
        add("how", mechanism);
    }
    if !change.worse.is_empty() {
        add("worse", &change.worse.join(", "));
    }
    if !change.tied.is_empty() {
        add("ties", &change.tied.join("; "));
    }
    for own in &change.ablation {
        add("without", &format!("{}: {}", own.without, own.words()));
    }
    add("valid", &change.valid_for.join("; "));
    add("rollout", &change.rollout);
    add("rollback", &change.rollback);
    [
        Block::Group(lines),
        Block::Table(effects(change)),
        Block::Leads(leads),
    ]
}

fn effects(change: &Recommendation) -> Table {
    let columns = vec![
        Column::words("objective"),
        Column::number("control"),
        Column::number(&change.cell.label),
        Column::number("change"),
        Column::words(""),
        Column::number("n"),
    ];
    let label = format!("Effects of {}", change.cell.label);
    Table::new(label, columns).rows(change.effects.iter().map(|own| {
        vec![
            own.objective.heading().to_owned(),
            own.from.clone(),
            own.to.clone(),
            own.change.clone(),
            comes_to(own),
            own.n.to_string(),
        ]
    }))
}

fn comes_to(own: &MeasuredEffect) -> String {
    let (sign, word) = mark(own.effect);
    let ranked = match own.ranked || sign.is_empty() {
        true => "",
        false => ", not ranked by: uncorrected over objectives",
    };
    format!("{sign} {word}{ranked}")
}

fn cells(target: &TargetAdvice) -> Block {
    let columns = vec![
        Column::words("cell"),
        Column::number("windows"),
        Column::words("fired"),
        Column::words("seen once"),
        Column::words("not judged").full(),
    ];
    let label = format!("Rules by cell of {}", target.target);
    let rows = target.cells.iter().map(|own| {
        let judgement = &own.judgement;
        let once: Vec<&str> = judgement.once.iter().map(|own| own.rule.as_str()).collect();
        let missing = judgement.not_judged.iter();
        let missing: Vec<&str> = missing.map(|own| own.rule.as_str()).collect();
        vec![
            own.cell.label.clone(),
            own.samples.to_string(),
            fired(own),
            once.join(" "),
            missing.join(" "),
        ]
    });
    Block::Table(Table::new(label, columns).rows(rows))
}

fn fired(own: &CellAdvice) -> String {
    let fired = own.judgement.findings.iter();
    let fired = fired.map(|found| format!("{} {}", found.rule, found.severity.word()));
    let fired = match fired.collect::<Vec<_>>().as_slice() {
        [] => "nothing fired".to_owned(),
        fired => fired.join(", "),
    };
    match own.judgement.valid {
        true => fired,
        false => format!("{fired}; supports no recommendation"),
    }
}
