//! Which cells are diagnosed.

use std::collections::BTreeMap;

use documents::ranking::{Ranking, TargetRanking};
use judging::comparison::Selector;
use judging::evidence::settings;
use record::cell::CellId;
use record::matrix::{CellSpec, Diagnosed, Rule};
use record::run::{Cell, Run};

use crate::error::AdvisorError;

/// A cell, or several, to be diagnosed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// The recommended cell of every target, or its best where none is.
    Winner,
    /// The cells that a rule of the matrix matches.
    Matching(Rule),
    /// The cells that a selector names.
    Named(Selector),
}

impl From<&Diagnosed> for Wanted {
    fn from(diagnosed: &Diagnosed) -> Self {
        match diagnosed {
            Diagnosed::Control => Wanted::Named(Selector::Control),
            Diagnosed::Winner => Wanted::Winner,
            Diagnosed::Matching(rule) => Wanted::Matching(rule.clone()),
        }
    }
}

/// The cells that are wanted, each once, in the run's order, with the words that asked for it. `ranking` is needed for
/// the winner and for ranks only.
///
/// # Errors
/// A selector that names no cell of the run.
pub fn choose(
    run: &Run,
    ranking: Option<&Ranking>,
    wanted: &[Wanted],
) -> Result<Vec<(CellId, Vec<String>)>, AdvisorError> {
    let mut words: BTreeMap<&CellId, Vec<String>> = BTreeMap::new();
    for wanted in wanted {
        let (cells, word) = match wanted {
            Wanted::Winner => (winners(run, ranking), "winner".to_owned()),
            Wanted::Matching(rule) => (matching(run, rule), "asked for".to_owned()),
            Wanted::Named(selector) => (selector.cells_of_run(run, ranking)?, selector.to_string()),
        };
        for cell in cells {
            let own = words.entry(&cell.id).or_default();
            if !own.contains(&word) {
                own.push(word.clone());
            }
        }
    }
    let chosen = run.cells.iter().filter_map(|cell| {
        let words = words.get(&cell.id)?;
        Some((cell.id.clone(), words.clone()))
    });
    Ok(chosen.collect())
}

fn winners<'a>(run: &'a Run, ranking: Option<&Ranking>) -> Vec<&'a Cell> {
    let targets = ranking.map_or(&[][..], |ranking| &ranking.targets);
    let ids: Vec<&str> = targets.iter().filter_map(winner).collect();
    let won = |cell: &&Cell| ids.contains(&cell.id.as_str());
    run.cells.iter().filter(won).collect()
}

/// The recommended cell, else the first of the ranking.
fn winner(target: &TargetRanking) -> Option<&str> {
    let best = || {
        let mut cells = target.cells.iter();
        cells.find(|cell| cell.rank == Some(1)).map(|cell| &cell.id)
    };
    let cell = target.verdict.cell.as_ref().or_else(best)?;
    Some(cell)
}

fn matching<'a>(run: &'a Run, rule: &Rule) -> Vec<&'a Cell> {
    let matches = |cell: &&Cell| {
        rule.matches(&CellSpec {
            target: cell.target.clone(),
            settings: settings(cell),
        })
    };
    run.cells.iter().filter(matches).collect()
}
