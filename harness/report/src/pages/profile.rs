//! Tables of profiles, and the cross-check of locks.

use documents::analysis::ProfileReport;
use documents::figures::{counted, significant};
use documents::profile::FlameGraph;
use documents::profile::{LockCheck, LockSuspect, TopTable};

use crate::block::{Block, Lead, Section, Title};
use crate::chart::{Chart, Drawing};
use crate::table::{Column, Table};
use crate::text::Text;

/// Locks that a brief format shows.
const MOST_LOCKS: usize = 5;

pub(super) fn profile(of: &ProfileReport) -> Block {
    let window = of.window_s.map_or_else(String::new, |seconds| {
        format!(" over {} s", significant(seconds))
    });
    let measure = &of.functions.measure;
    let title = format!("{}{window}: {} {}", of.kind, measure.kind, total(of));
    let notes = of.notes.iter().map(|note| Block::Note(note.into()));
    let table = match &of.places {
        Some(table) => places(&of.kind, table),
        None => functions(&of.kind, &of.functions),
    };
    let blocks = notes.chain(table).collect();
    Section::block(Title::name(title), vec![Block::Group(blocks)])
}

/// The total; of a difference what it comes to, and how much went back and forth.
fn total(of: &ProfileReport) -> String {
    let measure = &of.functions.measure;
    let size = measure.text(of.functions.total);
    match of.net {
        Some(net) => {
            let sign = if net > 0.0 { "+" } else { "" };
            format!("net {sign}{} ({size} of changes)", measure.text(net))
        }
        None => size,
    }
}

/// The functions with the most of their own, and how many more there are.
pub(super) fn functions(label: &str, top: &TopTable) -> Vec<Block> {
    let numbers = ["itself", "share", "with calls", "share"].map(Column::number);
    let columns = numbers.into_iter().chain([Column::words("function")]);
    let mut table = Table::new(label, columns.collect()).rows(top.lines.iter().map(|line| {
        vec![
            Text::from(top.measure.text(line.flat)),
            percent(line.flat_share).into(),
            top.measure.text(line.cum).into(),
            percent(line.cum_share).into(),
            Text::code(&line.function),
        ]
    }));
    table.named_by = 4;
    with_rest(table, top.left_out, "function")
}

/// Where the time was lost, or what waits.
fn places(label: &str, places: &TopTable) -> Vec<Block> {
    let columns = vec![
        Column::number(&places.measure.kind),
        Column::number("share"),
        Column::words("where"),
    ];
    let mut table = Table::new(label, columns).rows(places.lines.iter().map(|line| {
        vec![
            Text::from(places.measure.text(line.flat)),
            percent(line.flat_share).into(),
            Text::code(&line.function),
        ]
    }));
    table.named_by = 2;
    with_rest(table, places.left_out, "place")
}

fn with_rest(table: Table, left_out: usize, noun: &str) -> Vec<Block> {
    if table.rows.is_empty() {
        return Vec::new();
    }
    let rest = left_out_note(left_out, noun);
    std::iter::once(Block::Table(table)).chain(rest).collect()
}

fn left_out_note(count: usize, noun: &str) -> Option<Block> {
    let note = || Block::Note(format!("{} more", counted(count, noun)).into());
    (count > 0).then(note)
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0).replace('-', "−")
}

pub(super) fn locks(locks: &LockCheck) -> Block {
    let (first, rest) = locks
        .suspects
        .split_at(MOST_LOCKS.min(locks.suspects.len()));
    let mut blocks: Vec<Block> = first.iter().map(suspect).collect();
    if first.is_empty() {
        blocks.push(Block::Text("no profile shows a mutex".into()));
    }
    if !rest.is_empty() {
        blocks.push(Block::Full(rest.iter().map(suspect).collect()));
        blocks.extend(left_out_note(rest.len(), "lock").map(|note| Block::Brief(vec![note])));
    }
    if !locks.missing.is_empty() {
        let missing = locks.missing.iter();
        let missing = missing.map(|own| Lead::new("to add", own));
        blocks.push(Block::Leads(missing.collect()));
    }
    let title = Title::topic("Locks").about("four profiles compared with each other");
    Section::block(title, blocks)
}

fn suspect(suspect: &LockSuspect) -> Block {
    let columns = ["profile", "shows it", "what it says"].map(Column::words);
    let label = format!("Profiles of {}", suspect.site);
    let table = Table::new(label, columns.to_vec()).rows(suspect.signals.iter().map(|signal| {
        let shown = match signal.shown {
            Some(true) => "yes",
            Some(false) => "no",
            None => "cannot tell",
        };
        vec![signal.profile, shown, signal.text.as_str()]
    }));
    let title = format!("{}: {}", suspect.verdict.word(), suspect.site);
    Section::block(Title::name(title), vec![Block::Table(table)])
}

/// A flame graph as a chart.
pub(super) fn flame(graph: &FlameGraph) -> Chart {
    Chart {
        id: graph.id.clone(),
        title: graph.title.clone(),
        caption: String::new(),
        drawing: Drawing::Flame(graph.clone()),
    }
}
