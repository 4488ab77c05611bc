//! The ranking for a terminal: the verdict first, then a table per target, what the run can see, and the doubts.
//!
//! Reads without colour; colour only marks the verdict and the severity of warnings.

use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Table, presets};

use super::view::{self, Figure, LEGEND, TargetView, severity_word};
use crate::ranking::{Ranking, Severity, Verdict, VerdictKind, Warning};

/// How to lay out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TerminalOptions {
    /// Columns of the terminal.
    pub width: usize,
    /// Whether to use ANSI colours.
    pub colour: bool,
}

impl Default for TerminalOptions {
    fn default() -> Self {
        TerminalOptions {
            width: 100,
            colour: false,
        }
    }
}

/// What a column takes besides its content.
const COLUMN_PADDING: usize = 3;
/// What the rank's column and the padding of the settings take.
const OUTER_COLUMNS: usize = 9;

/// The ranking as text.
pub fn terminal(ranking: &Ranking, options: TerminalOptions) -> String {
    let page = Page { options };
    let mut text = String::new();
    for view in view::targets(ranking) {
        text.push_str(&page.target(ranking, &view));
        text.push('\n');
    }
    text.push_str(&page.warnings(ranking));
    text.push_str(&page.origin(ranking));
    text
}

struct Page {
    options: TerminalOptions,
}

impl Page {
    fn target(&self, ranking: &Ranking, view: &TargetView<'_>) -> String {
        let verdict = &view.target.verdict;
        let title = format!("{} · {}", ranking.provenance.matrix, view.target.target);
        let mut text = self.paint("1", &visible(&title));
        text.push('\n');
        text.push_str(&self.wrapped("", &view.design));
        text.push('\n');
        text.push_str(&self.verdict(verdict));
        for (from, to) in self.parts(view) {
            text.push('\n');
            text.push_str(&self.cells_table(view, from, to));
        }
        text.push_str(&self.wrapped("", LEGEND));
        if !view.limits.is_empty() {
            text.push('\n');
            text.push_str(&self.limits(view));
        }
        text.push('\n');
        text.push_str(&self.noise_table(view));
        text
    }

    fn verdict(&self, verdict: &Verdict) -> String {
        let action = self.wrapped("VERDICT  ", &verdict.action);
        let mut text = self.paint(verdict_colour(verdict.kind), action.trim_end());
        text.push('\n');
        for (lead, effects) in [("better   ", &verdict.gains), ("worse    ", &verdict.costs)] {
            let effects: Vec<&str> = effects.iter().map(|line| line.text.as_str()).collect();
            if !effects.is_empty() {
                text.push_str(&self.wrapped(lead, &effects.join(", ")));
            }
        }
        for reason in &verdict.reasons {
            text.push_str(&self.wrapped("         ", reason));
        }
        if !verdict.next_step.is_empty() {
            text.push_str(&self.wrapped("next     ", &verdict.next_step));
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
        for column in 0..view.columns.len() {
            let lines = view
                .rows
                .iter()
                .flat_map(|row| figure_lines(&row.figures[column]));
            let width = lines.map(|line| line.chars().count()).max().unwrap_or(0) + COLUMN_PADDING;
            if column > from && used + width > self.options.width {
                parts.push((from, column));
                (from, used) = (column, left);
            }
            used += width;
        }
        if from < view.columns.len() {
            parts.push((from, view.columns.len()));
        }
        parts
    }

    fn cells_table(&self, view: &TargetView<'_>, from: usize, to: usize) -> String {
        let mut table = self.table();
        let mut header = vec!["#".to_owned(), "cell".to_owned()];
        header.extend(
            view.columns[from..to]
                .iter()
                .map(|objective| objective.heading().to_owned()),
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

    fn limits(&self, view: &TargetView<'_>) -> String {
        let mut table = self.table();
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
        let mut table = self.table();
        table.set_header([
            "what this run can see",
            "control vs its duplicate",
            "noise of a pair",
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
        if ranking.warnings.is_empty() {
            return String::new();
        }
        let several = ranking.targets.len() > 1;
        let mut text = format!("WARNINGS ({})\n", ranking.warnings.len());
        for warning in &ranking.warnings {
            text.push_str(&self.warning(warning, several));
        }
        text.push('\n');
        text
    }

    fn warning(&self, warning: &Warning, name_target: bool) -> String {
        let target = match &warning.target {
            Some(target) if name_target => format!("{target}: "),
            _ => String::new(),
        };
        let lead = format!("{:<9}", severity_word(warning.severity));
        let message = self.wrapped(&lead, &format!("{target}{}", warning.message));
        let colour = match warning.severity {
            Severity::Serious => "31",
            Severity::Caution => "33",
            Severity::Note => "2",
        };
        let message = match message.strip_prefix(&lead) {
            Some(rest) => format!("{}{rest}", self.paint(colour, &lead)),
            None => message,
        };
        format!(
            "{message}{}",
            self.wrapped("         → ", &warning.next_step)
        )
    }

    fn origin(&self, ranking: &Ranking) -> String {
        let from = &ranking.provenance;
        let mut text = self.wrapped(
            "run      ",
            &format!("{} (seed {}, {})", from.run, from.seed, from.tool),
        );
        text.push_str(&self.wrapped("command  ", &from.command));
        text.push_str(&self.wrapped("host     ", &view::host_line(ranking)));
        text.push_str(&self.wrapped("go       ", &view::toolchain_line(ranking)));
        text
    }

    fn table(&self) -> Table {
        let mut table = Table::new();
        table
            .load_style(presets::UTF8_HORIZONTAL_ONLY)
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_width(u16::try_from(self.options.width).unwrap_or(u16::MAX));
        table
    }

    /// Text wrapped at words behind a lead; the lines after the first stand under its end.
    fn wrapped(&self, lead: &str, text: &str) -> String {
        let indent = lead.chars().count();
        let room = self.options.width.saturating_sub(indent).max(20);
        let mut lines: Vec<String> = vec![String::new()];
        for word in visible(text).split(' ') {
            let line = lines.last_mut().expect("there is always a line");
            let needed = line.chars().count() + 1 + word.chars().count();
            if line.is_empty() {
                line.push_str(word);
            } else if needed <= room {
                line.push(' ');
                line.push_str(word);
            } else {
                lines.push(word.to_owned());
            }
        }
        let mut wrapped = String::new();
        for (at, line) in lines.iter().enumerate() {
            let before = if at == 0 {
                lead.to_owned()
            } else {
                " ".repeat(indent)
            };
            wrapped.push_str(format!("{before}{line}").trim_end());
            wrapped.push('\n');
        }
        wrapped
    }

    fn paint(&self, code: &str, text: &str) -> String {
        if self.options.colour {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
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

fn finished(table: &Table) -> String {
    let mut text: String = table
        .lines()
        .map(|line| format!("{}\n", line.trim_end()))
        .collect();
    if text.is_empty() {
        text.push('\n');
    }
    text
}

/// Control characters made visible, so that a value or a panic text cannot steer the terminal.
fn visible(text: &str) -> String {
    text.chars()
        .flat_map(|c| {
            let shown: Vec<char> = if c.is_control() {
                c.escape_default().collect()
            } else {
                vec![c]
            };
            shown
        })
        .collect()
}
