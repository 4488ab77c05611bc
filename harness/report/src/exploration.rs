//! The exploration for a terminal: the front drawn, the effects and the knees as tables.

use comfy_table::CellAlignment;
use documents::exploration::{Effects, Exploration, Front, FrontCell, Knee, TargetExploration};
use documents::figures::{NOT_OBSERVED, counted, listed, value_text};
use record::objective::Objective;

use crate::explored as words;
use crate::explored::SOLID;
use crate::layout::{Layout, TerminalOptions, finished, visible};

/// The exploration as text.
pub fn exploration_text(exploration: &Exploration, options: TerminalOptions) -> String {
    let page = Page {
        layout: Layout { options },
    };
    let targets = exploration.targets.iter().map(|target| page.target(target));
    targets.collect::<Vec<_>>().join("\n")
}

/// Interactions shown, the largest first.
const MOST_INTERACTIONS: usize = 8;
/// Rows of the drawing.
const PLOT_ROWS: usize = 14;
/// What stands left of the drawing: the values of the vertical axis.
const PLOT_MARGIN: usize = 14;

struct Page {
    layout: Layout,
}

impl Page {
    fn target(&self, target: &TargetExploration) -> String {
        let mut text = self.layout.paint("1", &visible(&target.target));
        text.push('\n');
        if let Some(front) = &target.front {
            text.push_str(&self.front(front));
        }
        if !target.left_out.is_empty() {
            let names: Vec<&str> = target.left_out.iter().map(|own| own.heading()).collect();
            let note = format!("{} left out: zero or missing in some trial", listed(&names));
            text.push_str(&self.layout.wrapped("", &note));
        }
        for effects in &target.effects {
            text.push('\n');
            text.push_str(&self.effects(effects));
        }
        for knee in &target.knees {
            text.push('\n');
            text.push_str(&self.knee(knee));
        }
        text
    }

    fn front(&self, front: &Front) -> String {
        let names: Vec<&str> = front.objectives.iter().map(|own| own.heading()).collect();
        let title = format!(
            "PARETO FRONT over {} ({}; share of resampled blocks in which a cell is on it, {SOLID} and above is \
             solid)",
            listed(&names),
            counted(front.blocks, "block")
        );
        let mut text = self.layout.wrapped("", &title);
        if let [x, y, ..] = front.objectives.as_slice() {
            text.push_str(&self.plot(front, *x, *y));
            let legend =
                "Capital letters are on the front, small ones off it, * is several in one place.";
            text.push_str(&self.layout.wrapped("", legend));
        }
        let mut table = self.layout.table();
        let mut header = vec!["".to_owned(), "cell".to_owned(), "on front".to_owned()];
        header.extend(names.iter().map(|name| (*name).to_owned()));
        table.set_header(header);
        for (at, cell) in front.cells.iter().enumerate() {
            let standing = match &cell.dominated_by {
                None => words::on_front(cell),
                Some(by) => match front.cells.iter().position(|own| own.id == *by) {
                    Some(better) => format!("no, by {}", letter(better)),
                    None => "no".to_owned(),
                },
            };
            let control = if cell.control { " (control)" } else { "" };
            let name = format!("{}{control}", visible(&cell.label));
            let mut row = vec![letter(at).to_string(), name, standing];
            row.extend(front.objectives.iter().map(|objective| {
                let value = cell.values.get(objective);
                value.map_or_else(
                    || NOT_OBSERVED.to_owned(),
                    |value| value_text(*objective, *value),
                )
            }));
            table.add_row(row);
        }
        for column in table.column_iter_mut().skip(3) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        text + &finished(&table)
    }

    /// The cells by the first two objectives: capital letters on the front, small ones off it, `*` for several.
    fn plot(&self, front: &Front, x: Objective, y: Objective) -> String {
        let columns = self
            .layout
            .options
            .width
            .saturating_sub(PLOT_MARGIN + 3)
            .max(20);
        let points: Vec<(usize, &FrontCell, f64, f64)> = front
            .cells
            .iter()
            .enumerate()
            .filter_map(|(at, cell)| Some((at, cell, *cell.values.get(&x)?, *cell.values.get(&y)?)))
            .collect();
        let (left, right) = extent(points.iter().map(|point| point.2));
        let (low, high) = extent(points.iter().map(|point| point.3));
        let mut grid = vec![vec![' '; columns]; PLOT_ROWS];
        for (at, cell, across, up) in points {
            let column = place(across, left, right, columns);
            let row = PLOT_ROWS - 1 - place(up, low, high, PLOT_ROWS);
            let mark = match (letter(at), cell.on_front) {
                (mark, true) => mark,
                (mark, false) => mark.to_ascii_lowercase(),
            };
            let spot = &mut grid[row][column];
            *spot = if *spot == ' ' { mark } else { '*' };
        }
        let mut text = format!("{:>PLOT_MARGIN$}\n", y.heading());
        for (at, row) in grid.iter().enumerate() {
            let side = match at {
                0 => value_text(y, high),
                last if last == PLOT_ROWS - 1 => value_text(y, low),
                _ => String::new(),
            };
            let line: String = row.iter().collect();
            text.push_str(format!("{side:>PLOT_MARGIN$} │{line}").trim_end());
            text.push('\n');
        }
        let rule = "─".repeat(columns);
        let (from, to) = (value_text(x, left), value_text(x, right));
        let gap = columns.saturating_sub(from.chars().count() + to.chars().count());
        let name = format!("{:^gap$}", x.heading());
        format!(
            "{text}{:>PLOT_MARGIN$} └{rule}\n{:>PLOT_MARGIN$}  {from}{name}{to}\n",
            "", ""
        )
    }

    fn effects(&self, effects: &Effects) -> String {
        let title = words::effects_caption("WHAT EACH AXIS DOES", effects, MOST_INTERACTIONS);
        let mut text = self.layout.wrapped("", &title);
        let mut table = self.layout.table();
        table.set_header(["axis", "against", "change", "pairs", "p"]);
        for row in words::effect_rows(effects, MOST_INTERACTIONS) {
            table.add_row([
                visible(&row.what),
                visible(&row.against),
                row.change,
                row.pairs,
                row.p,
            ]);
        }
        for column in table.column_iter_mut().skip(2) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        text.push_str(&finished(&table));
        let hidden = effects.interactions.len().saturating_sub(MOST_INTERACTIONS);
        if hidden > 0 {
            let note = format!(
                "{} smaller left out; --json has all",
                counted(hidden, "interaction")
            );
            text.push_str(&self.layout.wrapped("", &note));
        }
        text
    }

    fn knee(&self, knee: &Knee) -> String {
        let text = self.layout.wrapped("KNEE     ", &words::knee(knee));
        text + &self.layout.wrapped("         ", &words::law(knee))
    }
}

/// A to Z for the first cells, `#` for the rest.
fn letter(at: usize) -> char {
    match u8::try_from(at) {
        Ok(number @ 0..=25) => char::from(b'A' + number),
        _ => '#',
    }
}

fn extent(values: impl Iterator<Item = f64>) -> (f64, f64) {
    values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
        (low.min(value), high.max(value))
    })
}

/// Which of `count` places a value has between `low` and `high`.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share of a small count, clamped"
)]
fn place(value: f64, low: f64, high: f64, count: usize) -> usize {
    let share = if high > low {
        ((value - low) / (high - low)).clamp(0.0, 1.0)
    } else {
        0.5
    };
    (share * (count - 1) as f64).round() as usize
}
