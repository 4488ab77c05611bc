//! A cell on one objective: its value, its effect against the control, and how that was judged.

use documents::effect::{CellObjective, Effect};
use documents::figures::{
    NOT_OBSERVED, counted, disagrees, effect_text, mark, p_text, ratio_text, significant,
    value_text,
};
use record::objective::Objective;

use crate::table::Figure;

/// What is added to an effect that the medians shown next to it seem to contradict.
pub(super) const BY_BLOCK: &str = " *";

/// One objective of a cell in short; `control` is the control's value.
pub(super) fn figure(
    objective: Objective,
    figures: Option<&CellObjective>,
    control: Option<f64>,
) -> Figure {
    let Some((figures, value)) = figures.and_then(|figures| Some((figures, figures.value?))) else {
        return Figure {
            value: NOT_OBSERVED.to_owned(),
            effect: "not observed".to_owned(),
            ..Figure::default()
        };
    };
    let effect = match figures.effect {
        Effect::Control => "control".to_owned(),
        Effect::NoData if figures.ratio.is_none() && figures.difference.is_none() => {
            "no control".to_owned()
        }
        _ if disagrees(figures, control) => effect_text(objective, figures) + BY_BLOCK,
        _ => effect_text(objective, figures),
    };
    judged(figures, value_text(objective, value), effect)
}

/// The weighted score of a cell: a ratio and nothing else.
pub(super) fn score_figure(figures: &CellObjective) -> Figure {
    let ratio = figures.ratio;
    let effect = match (figures.effect, ratio) {
        (Effect::Control, _) => "control".to_owned(),
        (_, Some(ratio)) => ratio_text(ratio, figures.interval),
        (_, None) => "zero or missing".to_owned(),
    };
    let value = ratio.map_or_else(|| NOT_OBSERVED.to_owned(), significant);
    judged(figures, value, effect)
}

fn judged(figures: &CellObjective, value: String, effect: String) -> Figure {
    let (mark, word) = mark(figures.effect);
    Figure {
        value,
        effect,
        mark,
        word,
        letter: figures.group.map(group_letter).unwrap_or_default(),
        detail: detail(figures),
    }
}

fn detail(figures: &CellObjective) -> String {
    let mut parts = vec![counted(figures.n, "block")];
    parts.extend(figures.method.clone());
    parts.extend(figures.p.map(|p| format!("p {} (Holm)", p_text(p))));
    parts.extend(
        figures
            .p_signed_rank
            .map(|p| format!("signed-rank p {} (Holm)", p_text(p))),
    );
    parts.extend(
        figures
            .p_permutation
            .map(|p| format!("permutation p {}", p_text(p))),
    );
    if figures.disputed {
        parts.push("the tests disagree".to_owned());
    }
    parts.join(", ")
}

/// A for the top group, B for the next; past Z the number.
fn group_letter(group: usize) -> String {
    match u8::try_from(group) {
        Ok(number @ 1..=26) => char::from(b'A' + number - 1).to_string(),
        _ => group.to_string(),
    }
}
