//! The charts of a target.

use documents::effect::{CellObjective, Effect, built_in_margin};
use documents::exploration::{Effects, Front, Knee};
use documents::figures::{effect_text, margin_text, ratio_text};
use documents::ranking::{CellRanking, CellState, TargetRanking};
use record::objective::{Direction, Objective};

use crate::chart::{Chart, Drawing, Interval, Intervals, Point, Points, Role, Scaling};

/// A chart with more rows than this is no help.
const MOST_ROWS: usize = 40;
/// Combinations of the other axes that get a chart of the knee.
const MOST_KNEES: usize = 6;
/// Pieces of the curve of a law.
const PIECES: u32 = 60;

/// Each ranked objective against the control, and P99 against QPS; `at` is the target's place in the ranking.
pub(super) fn of_target(at: usize, target: &TargetRanking) -> Vec<Chart> {
    if target.cells.len() < 2 {
        return Vec::new();
    }
    let ranked = target.rank_by.iter();
    let against = ranked.filter_map(|&objective| against_control(at, target, objective));
    let scatter = two_objectives(at, target, Objective::Qps, Objective::P99);
    against.chain(scatter).collect()
}

/// The chart of one objective; `None` where no cell has a ratio.
fn against_control(at: usize, target: &TargetRanking, objective: Objective) -> Option<Chart> {
    let mut summaries = target.objectives.iter();
    let margin = summaries.find(|own| own.objective == objective)?.margin;
    let rows: Vec<Interval> = target
        .cells
        .iter()
        .take(MOST_ROWS)
        .map(|cell| interval(cell, objective))
        .collect();
    rows.iter().find(|row| row.ratio.is_some())?;
    let better = match objective.direction() {
        Direction::HigherIsBetter => "right is better",
        Direction::LowerIsBetter => "left is better",
    };
    let more = match target.cells.len() - rows.len() {
        0 => String::new(),
        more => format!(" The first {MOST_ROWS} cells; {more} more in the table."),
    };
    Some(Chart {
        id: format!("interval-{}-{}", at + 1, objective.name()),
        title: format!("{} against the control", objective.heading()),
        caption: format!(
            "{} against the control, with intervals; {better}. Shaded: the margin of {}.{more}",
            objective.heading(),
            margin_text(objective, margin)
        ),
        drawing: Drawing::Intervals(Intervals {
            one: "control",
            margin,
            rows,
        }),
    })
}

fn interval(cell: &CellRanking, objective: Objective) -> Interval {
    let figures = cell.objectives.get(&objective);
    let ratio = |own: &CellObjective| {
        let ratio = own.ratio?;
        Some((ratio, own.interval.unwrap_or([ratio, ratio])))
    };
    Interval {
        label: cell.label.clone(),
        text: match figures {
            Some(own) if cell.control && own.value.is_some() => "control".to_owned(),
            Some(own) => effect_text(objective, own),
            None => "not observed".to_owned(),
        },
        effect: figures.map_or(Effect::NoData, |own| own.effect),
        ratio: figures.filter(|_| !cell.control).and_then(ratio),
    }
}

/// Each level of each axis against its reference, by cells that differ in nothing else.
pub(super) fn of_effects(at: usize, effects: &Effects) -> Chart {
    let objective = effects.objective;
    let margin = built_in_margin(objective);
    let rows = effects.main.iter().take(MOST_ROWS).map(|own| Interval {
        label: format!("{}={} against {}", own.axis, own.level, own.reference),
        text: ratio_text(own.ratio, Some(own.interval)),
        effect: match own.p <= 0.05 && !own.within_noise {
            true if own.ratio.ln() * objective.orientation() > 0.0 => Effect::Better,
            true => Effect::Worse,
            false => Effect::Unclear,
        },
        ratio: Some((own.ratio, own.interval)),
    });
    Chart {
        id: format!("effects-{}-{}", at + 1, objective.name()),
        title: format!("{} by the level of each axis", objective.heading()),
        caption: format!(
            "{}: each level of an axis against another, by cells that differ in nothing else, with intervals. \
             Shaded: the margin of {}.",
            objective.heading(),
            margin_text(objective, margin)
        ),
        drawing: Drawing::Intervals(Intervals {
            one: "no change",
            margin,
            rows: rows.collect(),
        }),
    }
}

/// Two objectives by their medians; `None` below two cells that have both.
fn two_objectives(at: usize, target: &TargetRanking, x: Objective, y: Objective) -> Option<Chart> {
    let mut eligible = Vec::new();
    let mut points = Vec::new();
    for cell in &target.cells {
        let value = |objective| cell.objectives.get(&objective)?.value;
        let (Some(x), Some(y)) = (value(x), value(y)) else {
            continue;
        };
        eligible.push(matches!(
            cell.state,
            CellState::Feasible | CellState::Uncertain
        ));
        points.push(Point {
            x,
            y,
            tag: cell
                .rank
                .map_or_else(|| "–".to_owned(), |rank| rank.to_string()),
            label: cell.label.clone(),
            role: match (cell.control, cell.recommended) {
                (true, _) => Role::Control,
                (_, true) => Role::Recommended,
                _ => Role::Other,
            },
        });
    }
    if points.len() < 2 {
        return None;
    }
    let joined = unbeaten(&points, &eligible, (x.orientation(), y.orientation()));
    let title = format!("{} against {}", y.heading(), x.heading());
    let line = match joined.len() {
        0 | 1 => "",
        _ => {
            " The line joins cells that no other beats on both by these medians (not a statistical claim)."
        }
    };
    Some(Chart {
        id: format!("scatter-{}", at + 1),
        caption: format!(
            "{title}, medians; the numbers are ranks, the square is the control.{line}"
        ),
        title,
        drawing: Drawing::Points(Points {
            x,
            y,
            points,
            joined,
        }),
    })
}

/// The eligible points that no other eligible one matches on both objectives and beats on one, by their x.
fn unbeaten(points: &[Point], eligible: &[bool], (x_sign, y_sign): (f64, f64)) -> Vec<usize> {
    let beats = |a: &Point, b: &Point| {
        let (dx, dy) = ((a.x - b.x) * x_sign, (a.y - b.y) * y_sign);
        dx >= 0.0 && dy >= 0.0 && (dx > 0.0 || dy > 0.0)
    };
    let rivals = || (0..points.len()).filter(|&at| eligible[at]);
    let mut front: Vec<usize> = rivals()
        .filter(|&at| !rivals().any(|rival| beats(&points[rival], &points[at])))
        .collect();
    front.sort_by(|&a, &b| points[a].x.total_cmp(&points[b].x));
    front
}

/// The cells of a front by its first two objectives; `None` with fewer objectives.
pub(super) fn of_front(at: usize, front: &Front) -> Option<Chart> {
    let &[x, y, ..] = front.objectives.as_slice() else {
        return None;
    };
    let points = front.cells.iter().enumerate().filter_map(|(at, cell)| {
        let tag = match cell.on_front {
            true => letter(at),
            false => letter(at).to_ascii_lowercase(),
        };
        Some(Point {
            x: *cell.values.get(&x)?,
            y: *cell.values.get(&y)?,
            tag: tag.to_string(),
            label: cell.label.clone(),
            role: match cell.control {
                true => Role::Control,
                false => Role::Other,
            },
        })
    });
    Some(Chart {
        id: format!("front-{}", at + 1),
        title: format!("{} against {}", y.heading(), x.heading()),
        caption: String::new(),
        drawing: Drawing::Points(Points {
            x,
            y,
            points: points.collect(),
            joined: Vec::new(),
        }),
    })
}

/// QPS over GOMAXPROCS with the law through it, one chart for each of the first few combinations of the other axes.
pub(super) fn of_knees(at: usize, knees: &[Knee]) -> Vec<Chart> {
    let knees = knees.iter().take(MOST_KNEES).enumerate();
    knees
        .filter_map(|(own, knee)| scaling(format!("knee-{}-{}", at + 1, own + 1), knee))
        .collect()
}

/// The chart of one fit; `None` where the document does not hold what was measured.
fn scaling(id: String, knee: &Knee) -> Option<Chart> {
    let (first, last) = (*knee.measured.first()?, *knee.measured.last()?);
    if knee.seen.len() != knee.measured.len() || first == last {
        return None;
    }
    let law = (0..=PIECES)
        .map(|at| f64::from(first) + f64::from(last - first) * f64::from(at) / f64::from(PIECES))
        .map(|parallelism| (parallelism, knee.throughput(parallelism)));
    let shared = match knee.label.as_str() {
        "" => String::new(),
        label => format!(", {label}"),
    };
    let dashed = match knee.knee {
        Some(at) => format!(" Dashed: the knee at {at}."),
        None => String::new(),
    };
    Some(Chart {
        id,
        title: format!("QPS over GOMAXPROCS{shared}"),
        caption: format!(
            "QPS over GOMAXPROCS{shared}: median and range of the trials, and the universal scalability law fitted \
             to them.{dashed}"
        ),
        drawing: Drawing::Scaling(Scaling {
            measured: knee
                .measured
                .iter()
                .copied()
                .zip(knee.seen.iter().copied())
                .collect(),
            law: law.collect(),
            knee: knee.knee,
        }),
    })
}

/// A to Z for the first cells of a front, `#` for the rest.
pub(super) fn letter(at: usize) -> char {
    match u8::try_from(at) {
        Ok(number @ 0..=25) => char::from(b'A' + number),
        _ => '#',
    }
}
