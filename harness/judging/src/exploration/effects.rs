//! What an axis does, and how much that depends on another.

use documents::exploration::{AxisEffect, AxisInteraction, Effects};
use record::axis::Axis;
use stats::Estimate;
use stats::effects::{Layout, interactions, main_effects};

use super::table::{LEVEL, Table, levels};
use crate::evidence::TargetTrials;

/// `None` where nothing varies or no cell has a partner that differs in one axis only.
///
/// Effects are measured from the control's level, or from the first level that occurs where the control lies alongside
/// the axes and has no partner.
pub(super) fn effects(
    evidence: &TargetTrials<'_>,
    table: &Table,
    axes: &[Axis],
) -> Option<Effects> {
    let blocks = table.all_blocks()?;
    let (numbered, names) = levels(evidence, &table.cells, axes);
    let control = table
        .cells
        .iter()
        .position(|&cell| cell == evidence.control);
    let reference = reference(&numbered, control, axes.len());
    let layout = Layout {
        levels: numbered,
        reference,
    };
    let ratios = |estimate: &Estimate| {
        // The table is turned so that higher is better; ratios are of the values themselves.
        let own = if table.objective.orientation() > 0.0 {
            *estimate
        } else {
            estimate.negated()
        };
        (own.point.exp(), [own.low.exp(), own.high.exp()])
    };
    let is_noise = |ratio: f64| ratio.ln().abs() <= table.noise;
    let main: Vec<AxisEffect> = main_effects(&blocks, &layout, LEVEL)
        .ok()?
        .iter()
        .map(|effect| {
            let (ratio, interval) = ratios(&effect.estimate);
            AxisEffect {
                axis: axes[effect.axis].to_string(),
                level: names[effect.axis][effect.level].clone(),
                reference: names[effect.axis][layout.reference[effect.axis]].clone(),
                pairs: effect.pairs,
                ratio,
                interval,
                p: effect.p_holm,
                within_noise: is_noise(ratio),
            }
        })
        .collect();
    let name = |(axis, level): (usize, usize)| format!("{}={}", axes[axis], names[axis][level]);
    let mut found: Vec<AxisInteraction> = interactions(&blocks, &layout, LEVEL)
        .ok()?
        .iter()
        .map(|interaction| {
            let (ratio, interval) = ratios(&interaction.estimate);
            AxisInteraction {
                first: name(interaction.first),
                second: name(interaction.second),
                squares: interaction.squares,
                ratio,
                interval,
                p: interaction.p_holm,
                within_noise: is_noise(ratio),
            }
        })
        .collect();
    let size = |own: &AxisInteraction| own.ratio.ln().abs();
    found.sort_by(|a, b| size(b).total_cmp(&size(a)));
    (!main.is_empty()).then(|| Effects {
        objective: table.objective,
        blocks: blocks.blocks(),
        main,
        interactions: found,
    })
}

/// Per axis the control's level where another cell has it too, the first level otherwise.
fn reference(levels: &[Vec<usize>], control: Option<usize>, axes: usize) -> Vec<usize> {
    (0..axes)
        .map(|axis| {
            let Some(control) = control else {
                return 0;
            };
            let own = levels[control][axis];
            let others = levels
                .iter()
                .enumerate()
                .filter(|(cell, _)| *cell != control);
            let is_shared = others.clone().any(|(_, cell)| cell[axis] == own);
            let first = others.map(|(_, cell)| cell[axis]).next().unwrap_or(own);
            if is_shared { own } else { first }
        })
        .collect()
}
