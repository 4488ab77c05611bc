//! Diagnoses: what each cell spends and what it waits for, then the profiles.

use documents::diagnosis::{CellDiagnosis, Diagnoses, Scheduler, Shown};
use documents::figures::{listed, significant};
use documents::profile::{LockSuspect, LockVerdict, TopTable};

use super::profile::{flame, functions};
use crate::block::{Block, Lead, Page, Section, Title};
use crate::format::Document;
use crate::table::{Column, Table};
use crate::text::Text;

/// Functions named in a line.
const NAMED: usize = 3;

impl Document for Diagnoses {
    fn page(&self) -> Page {
        let about = "Taken in trials of their own, under the run's load, with profiling on. They explain; none of \
                     their figures is ranked. What the profiling itself did is left out.";
        let mut blocks = vec![Block::Full(vec![Block::Text(about.into()), contents(self)])];
        blocks.extend(self.cells.iter().map(cell));
        if !self.differences.is_empty() {
            blocks.push(Block::Full(vec![differences(self)]));
        }
        Page {
            title: format!("Diagnosis of {}", self.run),
            blocks,
        }
    }
}

fn contents(diagnoses: &Diagnoses) -> Block {
    let cells = diagnoses.cells.iter();
    let mut links: Vec<(String, Text)> = cells.map(|own| (id(own), about(own).into())).collect();
    if !diagnoses.differences.is_empty() {
        links.push(("differences".to_owned(), CHANGES.into()));
    }
    Block::Contents {
        label: "Cells",
        links,
    }
}

const CHANGES: &str = "What changes from the control";

fn id(cell: &CellDiagnosis) -> String {
    format!("cell-{}", cell.cell)
}

fn about(cell: &CellDiagnosis) -> String {
    let why = cell.chosen.join(", ");
    format!("{} {} ({why})", cell.target, cell.label)
}

fn cell(cell: &CellDiagnosis) -> Block {
    let mut full: Vec<Block> = cell.profiles.iter().map(|own| profile(cell, own)).collect();
    if !cell.locks.suspects.is_empty() {
        full.push(lock_sites(cell));
    }
    full.extend(cell.scheduler.as_ref().map(waiting));
    if !cell.missing.is_empty() {
        let missing = cell.missing.iter();
        let missing = missing.map(|own| format!("{}: {}", own.kind, own.reason).into());
        let title = Title::topic("Not taken");
        full.push(Section::block(title, vec![Block::List(missing.collect())]));
    }
    let blocks = vec![Block::Leads(leads(cell)), Block::Full(full)];
    Section::linked(
        id(cell),
        Title::topic("Diagnosis").about(about(cell)),
        blocks,
    )
}

fn leads(cell: &CellDiagnosis) -> Vec<Lead> {
    let mut leads = Vec::new();
    leads.extend(
        cell.failure
            .as_ref()
            .map(|failure| Lead::new("failed", failure)),
    );
    for (kind, lead) in [("cpu", "CPU"), ("allocs", "allocates")] {
        let shown = cell.profiles.iter().find(|shown| shown.kind == kind);
        let table = shown.and_then(|shown| shown.table.as_ref());
        leads.extend(table.map(|table| Lead::new(lead, leaders(table))));
    }
    leads.push(Lead::new("locks", locks(cell)));
    let scheduler = cell.scheduler.as_ref();
    leads.extend(scheduler.map(|own| Lead::new("goroutines", goroutines(own))));
    leads.extend(cell.load.as_ref().map(|load| {
        let seconds = significant(cell.profiled_seconds);
        Lead::new("load", format!("{load}; profiled for {seconds} s"))
    }));
    leads
}

/// The functions with the largest values of their own.
fn leaders(table: &TopTable) -> String {
    let lines = table.lines.iter().take(NAMED);
    let named: Vec<String> = lines
        .map(|line| {
            format!(
                "{} {}%",
                line.function,
                significant(line.flat_share * 100.0)
            )
        })
        .collect();
    format!("{} of {}", listed(&named), table.measure.text(table.total))
}

/// Locks that at least three profiles show, or what speaks against any.
fn locks(cell: &CellDiagnosis) -> String {
    let is_contended =
        |site: &&LockSuspect| matches!(site.verdict, LockVerdict::Confirmed | LockVerdict::Likely);
    let contended: Vec<String> = cell
        .locks
        .suspects
        .iter()
        .filter(is_contended)
        .map(|site| format!("{} {}", site.site, site.verdict.word()))
        .collect();
    match (contended.as_slice(), cell.locks.missing.as_slice()) {
        ([], []) => "none contended, by four profiles".to_owned(),
        ([], missing) => format!("none shown, but without {}", listed(missing)),
        (sites, _) => listed(sites),
    }
}

fn goroutines(scheduler: &Scheduler) -> String {
    let mut parts = vec![
        format!("{} runnable", significant(scheduler.runnable)),
        format!("{} in system calls", significant(scheduler.in_system_calls)),
    ];
    let waiting = scheduler.waiting.iter().take(NAMED);
    parts.extend(waiting.map(|(reason, mean)| format!("{} in {reason}", significant(*mean))));
    format!(
        "{} on average; {} of {} Ps idle ({} samples)",
        listed(&parts),
        significant(scheduler.idle_processors),
        scheduler.gomaxprocs,
        scheduler.samples
    )
}

fn profile(cell: &CellDiagnosis, shown: &Shown) -> Block {
    let title = Title::name(format!("{}: {}", shown.kind, shown.reading));
    let Some(table) = &shown.table else {
        return Section::block(title, vec![Block::Text(empty(cell, shown).into())]);
    };
    let pictures: Vec<_> = shown.picture.iter().map(flame).collect();
    let mut blocks = Vec::new();
    if !pictures.is_empty() {
        blocks.push(Block::Charts(pictures));
    }
    let label = format!("{} of {}", shown.kind, cell.label);
    blocks.push(Block::Details {
        summary: "The functions with the most of their own".to_owned(),
        blocks: functions(&label, table),
    });
    Section::block(title, blocks)
}

/// Nothing in it: nothing happened, or nobody switched it on.
fn empty(cell: &CellDiagnosis, shown: &Shown) -> String {
    let mut missing = cell.missing.iter();
    match missing.find(|missing| missing.kind.word() == shown.kind) {
        Some(missing) => format!("It holds nothing: {}.", missing.reason),
        None => "It holds nothing: nothing of the kind happened in the window.".to_owned(),
    }
}

fn lock_sites(cell: &CellDiagnosis) -> Block {
    let note = "Each profile alone misleads: four that agree are a contended lock, three a likely one, the CPU \
                profile alone a false spike. No environment variable fixes a contended lock.";
    let columns = ["site", "verdict", "CPU", "block", "mutex", "goroutines"].map(Column::words);
    let label = format!("Locks of {}", cell.label);
    let table = Table::new(label, columns.to_vec()).rows(cell.locks.suspects.iter().map(|site| {
        let first = [Text::code(&site.site), site.verdict.word().into()];
        let signals = site.signals.iter().map(|signal| Text::from(&signal.text));
        first.into_iter().chain(signals).collect()
    }));
    let title = Title::topic("Locks, by four profiles");
    Section::block(title, vec![Block::Note(note.into()), Block::Table(table)])
}

fn waiting(scheduler: &Scheduler) -> Block {
    let columns = vec![
        Column::words("reason"),
        Column::number("goroutines on average"),
    ];
    let table = Table::new("What goroutines waited for", columns).rows(
        scheduler
            .waiting
            .iter()
            .map(|(reason, mean)| vec![reason.clone(), significant(*mean)]),
    );
    let title = Title::topic("What goroutines waited for");
    Section::block(title, vec![Block::Table(table)])
}

fn differences(diagnoses: &Diagnoses) -> Block {
    let sections = diagnoses.differences.iter().map(|own| {
        let title = format!(
            "{}, {} per request: {} → {}",
            own.target, own.kind, own.before, own.after
        );
        let picture = Block::Charts(vec![flame(&own.picture)]);
        Section::block(Title::name(title), vec![picture])
    });
    Section::linked("differences", Title::topic(CHANGES), sections.collect())
}
