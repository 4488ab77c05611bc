//! An analysis of what a service wrote: the verdict first, then findings, locks and every input.

use documents::analysis::{Analysis, CrashReport, InputReport, Standing};
use documents::figures::counted;
use documents::finding::Judgement;

use super::advice::{finding, once};
use super::process::process;
use super::profile::{flame, locks, profile};
use super::shared::tone;
use crate::block::{Block, Lead, Page, Section, Title, Tone, Verdict};
use crate::format::Document;
use crate::table::{Column, Table};
use crate::text::Text;

impl Document for Analysis {
    fn page(&self) -> Page {
        let mut blocks = vec![Block::Verdict(verdict(self))];
        blocks.extend(self.judgements.iter().filter_map(findings));
        blocks.extend(self.locks.as_ref().map(locks));
        let inputs = self.inputs.iter().enumerate();
        blocks.extend(inputs.map(|(at, own)| input(at, own)));
        if !self.pictures.is_empty() {
            let pictures = Block::Charts(self.pictures.iter().map(flame).collect());
            let section = Section::block(Title::topic("Flame graphs"), vec![pictures]);
            blocks.push(Block::Full(vec![section]));
        }
        if !self.missing.is_empty() {
            let missing = self.missing.iter().map(Text::from).collect();
            let title = Title::topic("Not available");
            blocks.push(Section::block(title, vec![Block::List(missing)]));
        }
        blocks.push(Block::Full(vec![Block::Note(self.tool.as_str().into())]));
        Page {
            title: "What the service says of itself".to_owned(),
            blocks,
        }
    }
}

fn verdict(analysis: &Analysis) -> Verdict {
    let next = Lead::new("next", &analysis.next_step);
    let unread = analysis.unread.iter().map(|own| {
        let text = Text::code(&own.name).then(format!(" {}", own.reason));
        Lead::new("not read", text)
    });
    Verdict {
        outcome: "",
        tone: match analysis.severity {
            Standing::Found(severity) => tone(severity),
            Standing::Calm | Standing::NotJudged => Tone::Plain,
        },
        action: analysis.verdict.clone(),
        leads: std::iter::once(next).chain(unread).collect(),
    }
}

/// What the advisor's rules say; `None` where none fired.
fn findings(judgement: &Judgement) -> Option<Block> {
    let fired = judgement.findings.len();
    if fired == 0 && judgement.once.is_empty() {
        return None;
    }
    let looked = fired + judgement.quiet.len() + judgement.once.len();
    let about = format!(
        "{}: {fired} of {} that could be judged fired",
        judgement.subject,
        counted(looked, "rule")
    );
    let found = judgement.findings.iter();
    let found = found.map(|own| finding(own, "sample", "input"));
    let found = found.chain(judgement.once.iter().map(once)).collect();
    let title = Title::topic("Findings").about(about);
    let mut blocks = vec![Block::Findings(found)];
    if !judgement.explained.is_empty() {
        let explained = judgement.explained.iter();
        let explained = explained.map(|own| {
            let words = format!("{} ({}): {}", own.title, own.rule, own.shows);
            Lead::new(format!("explained by {}", own.by), words)
        });
        blocks.push(Block::Leads(explained.collect()));
    }
    Some(Section::block(title, blocks))
}

fn input(at: usize, input: &InputReport) -> Block {
    let go = input.go.as_ref().map(|go| format!("; {go}"));
    let about = format!("{}: {}{}", input.name, input.kind, go.unwrap_or_default());
    let notes = input.notes.iter().chain(&input.problem);
    let notes: Vec<Text> = notes.map(Text::from).collect();
    let mut blocks = Vec::new();
    if !notes.is_empty() {
        blocks.push(Block::List(notes));
    }
    if !input.facts.is_empty() {
        let facts = input.facts.iter();
        let facts = facts.map(|fact| Lead::new(&fact.name, breakable(&fact.value)));
        blocks.push(Block::Leads(facts.collect()));
    }
    let several = input.processes.len() > 1;
    blocks.extend(input.processes.iter().map(|own| {
        let id = format!("input-{at}-{}", own.number);
        process(&id, own, several)
    }));
    blocks.extend(input.crashes.iter().map(crash));
    blocks.extend(input.profiles.iter().map(profile));
    Section::block(Title::topic("Input").about(about), blocks)
}

/// A list without spaces, such as a long GODEBUG, with places where a line can end.
fn breakable(value: &str) -> String {
    match value.contains(' ') {
        true => value.to_owned(),
        false => value.replace(',', ", "),
    }
}

fn crash(crash: &CrashReport) -> Block {
    let message = crash.message.replace('\n', " / ");
    let title = format!("{}: {message}", crash.cause);
    let mut blocks: Vec<Block> = about_crash(crash).into_iter().map(Block::Text).collect();
    if !crash.stack.is_empty() {
        blocks.push(Block::Code {
            lead: String::new(),
            lines: crash.stack.clone(),
        });
    }
    if !crash.groups.is_empty() {
        let all = usize::try_from(crash.goroutines).unwrap_or(usize::MAX);
        let title = Title::name(format!("{}:", counted(all, "goroutine")));
        blocks.push(Section::block(title, vec![Block::Table(goroutines(crash))]));
    }
    if crash.groups_left_out > 0 {
        let more = format!("{} more groups", crash.groups_left_out);
        blocks.push(Block::Note(more.into()));
    }
    let title = Title::name(title.trim_end_matches(": "));
    Section::block(title, vec![Block::Group(blocks)])
}

/// Where it happened, how often, and what its lines suffered.
fn about_crash(crash: &CrashReport) -> Vec<Text> {
    let mut about = Vec::new();
    if let Some(place) = &crash.place {
        about.push(Text::from("at ").then(Text::code(place)));
    }
    if crash.times > 1 {
        about.push(format!("{} times", crash.times).into());
    }
    if crash.garbled_lines > 0 {
        let garbled = crash.garbled_lines;
        about.push(format!("other output was written into {garbled} of its lines").into());
    }
    about
}

fn goroutines(crash: &CrashReport) -> Table {
    let words = ["state", "in", "started by"].map(Column::words);
    let columns = std::iter::once(Column::number("count")).chain(words);
    let mut table =
        Table::new("Goroutines", columns.collect()).rows(crash.groups.iter().map(|group| {
            let waited = group
                .longest_minutes
                .map(|minutes| format!(", up to {minutes} min"));
            vec![
                Text::from(group.count.to_string()),
                format!("{}{}", group.state, waited.unwrap_or_default()).into(),
                Text::code(&group.function),
                match &group.created_by {
                    Some(function) => Text::code(function),
                    None => "–".into(),
                },
            ]
        }));
    table.named_by = 2;
    table
}
