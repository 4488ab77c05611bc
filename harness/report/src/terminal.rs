//! The ranking for a terminal: the verdict first, then a table per target, what the run can see, and the doubts.
//!
//! Reads without colour; colour only marks the verdict and the severity of warnings.

use comfy_table::{CellAlignment, ColumnConstraint};
use documents::ranking::{Ranking, RankingVerdict, VerdictKind};

use crate::layout::{Layout, TerminalOptions, finished, visible};
use crate::view::{ConfirmationView, Figure, LEGEND, TargetView};
use crate::{advice, view};

/// What a column takes besides its content.
const COLUMN_PADDING: usize = 3;
/// What the rank's column and the padding of the settings take.
const OUTER_COLUMNS: usize = 9;

/// The ranking as text.
pub fn terminal(ranking: &Ranking, options: TerminalOptions) -> String {
    let page = Page {
        layout: Layout { options },
    };
    let mut text = String::new();
    for view in view::targets(ranking) {
        text.push_str(&page.target(ranking, &view));
        text.push('\n');
    }
    if let Some(advice) = &ranking.advice {
        text.push_str(&advice::summary(advice, options));
    }
    text.push_str(&page.warnings(ranking));
    text.push_str(&page.origin(ranking));
    text
}

struct Page {
    layout: Layout,
}

impl Page {
    fn target(&self, ranking: &Ranking, view: &TargetView<'_>) -> String {
        let verdict = &view.target.verdict;
        let title = format!("{} · {}", ranking.provenance.matrix, view.target.target);
        let mut text = self.layout.paint("1", &visible(&title));
        text.push('\n');
        text.push_str(&self.layout.wrapped("", &view.design));
        text.push('\n');
        text.push_str(&self.verdict(verdict));
        for (from, to) in self.parts(view) {
            text.push('\n');
            text.push_str(&self.cells_table(view, from, to));
        }
        text.push_str(&self.layout.wrapped("", LEGEND));
        if let Some(confirmation) = &view.confirmation {
            text.push('\n');
            text.push_str(&self.confirmation(confirmation));
        }
        if !view.limits.is_empty() {
            text.push('\n');
            text.push_str(&self.limits(view));
        }
        text.push('\n');
        text.push_str(&self.noise_table(view));
        if !view.explored.summary.is_empty() {
            text.push('\n');
        }
        for line in &view.explored.summary {
            text.push_str(
                &self
                    .layout
                    .wrapped(&format!("{:<9}", line.lead), &line.text),
            );
        }
        text
    }

    fn verdict(&self, verdict: &RankingVerdict) -> String {
        let action = self.layout.wrapped("VERDICT  ", &verdict.action);
        let mut text = self
            .layout
            .paint(verdict_colour(verdict.kind), action.trim_end());
        text.push('\n');
        for (lead, effects) in [("better   ", &verdict.gains), ("worse    ", &verdict.costs)] {
            let effects: Vec<&str> = effects.iter().map(|line| line.text.as_str()).collect();
            if !effects.is_empty() {
                text.push_str(&self.layout.wrapped(lead, &effects.join(", ")));
            }
        }
        for reason in &verdict.reasons {
            text.push_str(&self.layout.wrapped("         ", reason));
        }
        if !verdict.next_step.is_empty() {
            text.push_str(&self.layout.wrapped("next     ", &verdict.next_step));
        }
        text
    }

    /// Which objectives stand side by side: as many as leave room for the longest setting, at least one.
    fn parts(&self, view: &TargetView<'_>) -> Vec<(usize, usize)> {
        let settings = view.rows.iter().flat_map(|row| row.cell.label.split(' '));
        let longest = settings
            .map(|setting| visible(setting).chars().count())
            .max()
            .unwrap_or(0);
        let left = longest.clamp(13, 30) + OUTER_COLUMNS;
        let mut parts = Vec::new();
        let (mut from, mut used) = (0, left);
        for column in 0..view.headings.len() {
            let lines = view
                .rows
                .iter()
                .flat_map(|row| figure_lines(&row.figures[column]));
            let width = lines.map(|line| line.chars().count()).max().unwrap_or(0) + COLUMN_PADDING;
            if column > from && used + width > self.layout.options.width {
                parts.push((from, column));
                (from, used) = (column, left);
            }
            used += width;
        }
        if from < view.headings.len() {
            parts.push((from, view.headings.len()));
        }
        parts
    }

    fn cells_table(&self, view: &TargetView<'_>, from: usize, to: usize) -> String {
        let mut table = self.layout.table();
        let mut header = vec!["#".to_owned(), "cell".to_owned()];
        header.extend(
            view.headings[from..to]
                .iter()
                .map(|heading| (*heading).to_owned()),
        );
        table.set_header(header);
        for row in &view.rows {
            let mut name = visible(&row.cell.label);
            if !row.badge.is_empty() {
                name.push_str(&format!("\n({})", row.badge));
            }
            let mut line = vec![row.rank.clone(), name];
            line.extend(
                row.figures[from..to]
                    .iter()
                    .map(|figure| figure_lines(figure).join("\n")),
            );
            table.add_row(line);
        }
        for column in table.column_iter_mut().skip(2) {
            column.set_cell_alignment(CellAlignment::Right);
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
        finished(&table)
    }

    fn confirmation(&self, confirmation: &ConfirmationView) -> String {
        let mut table = self.layout.table();
        table.set_header([
            visible(&confirmation.title).as_str(),
            &confirmation.fresh_heading,
            "search, which chose it",
        ]);
        for row in &confirmation.rows {
            table.add_row([row.heading, &row.fresh, &row.searched]);
        }
        for column in table.column_iter_mut().skip(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        finished(&table)
    }

    fn limits(&self, view: &TargetView<'_>) -> String {
        let mut table = self.layout.table();
        let mut header = vec!["limit".to_owned()];
        header.extend(view.limits.iter().cloned());
        table.set_header(header);
        for row in &view.rows {
            let mut line = vec![visible(&row.cell.label)];
            line.extend(row.limits.iter().cloned());
            table.add_row(line);
        }
        finished(&table)
    }

    fn noise_table(&self, view: &TargetView<'_>) -> String {
        let mut table = self.layout.table();
        table.set_header([
            "what this run can see",
            "control vs its duplicate",
            "A/A floor",
            "margin",
            "MDE (80% power)",
        ]);
        for row in view.noise.iter().filter(|row| row.ranked) {
            table.add_row([
                row.heading,
                row.aa.as_str(),
                row.floor.as_str(),
                row.margin.as_str(),
                row.detectable.as_str(),
            ]);
        }
        for column in table.column_iter_mut().skip(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        finished(&table)
    }

    fn warnings(&self, ranking: &Ranking) -> String {
        let several = ranking.targets.len() > 1;
        self.layout.warnings(&ranking.warnings, several)
    }

    fn origin(&self, ranking: &Ranking) -> String {
        let from = &ranking.provenance;
        let mut text = self.layout.wrapped(
            "run      ",
            &format!("{} (seed {}, {})", from.run, from.seed, from.tool),
        );
        text.push_str(&self.layout.wrapped("command  ", &from.command));
        text.push_str(&self.layout.wrapped("host     ", &view::host_line(ranking)));
        text.push_str(
            &self
                .layout
                .wrapped("go       ", &view::toolchain_line(ranking)),
        );
        text
    }
}

/// A cell on one objective: its value with the group's letter and the mark, and its effect.
fn figure_lines(figure: &Figure) -> [String; 2] {
    let behind = |text: &str| {
        if text.is_empty() {
            String::new()
        } else {
            format!(" {text}")
        }
    };
    [
        format!(
            "{}{}{}",
            figure.value,
            behind(&figure.group),
            behind(figure.mark)
        ),
        figure.effect.clone(),
    ]
}

fn verdict_colour(kind: VerdictKind) -> &'static str {
    match kind {
        VerdictKind::Recommend => "1;32",
        VerdictKind::NoChange => "1",
        VerdictKind::Inconclusive => "1;33",
        VerdictKind::Infeasible => "1;31",
    }
}
