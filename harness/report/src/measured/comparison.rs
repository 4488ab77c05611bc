//! The figures of a comparison: two sides, each as one cell.

use documents::comparison::{Comparison, Judgement, ObjectiveComparison, Side, TargetComparison};
use documents::effect::Scale;

use super::{Figure, Figures, Measured, MeasuredVerdict, Measurements};

impl Measured for Comparison {
    fn measured(&self) -> Figures {
        let side = |name: &str, side: &Side| {
            let toolchains = side.toolchains.join(", ");
            let host = &side.host_text;
            format!(
                "{name}: {}, run {}, {toolchains}, {host}",
                side.asked, side.run
            )
        };
        let sides = self.targets.iter().flat_map(|target| {
            let label = &target.baseline;
            let baseline = self::side(target, label, true, |own| own.baseline);
            let candidate = self::side(target, &target.candidate, false, |own| own.candidate);
            [baseline, candidate]
        });
        Figures {
            run: self.candidate.run.clone(),
            started: self.candidate.started.clone(),
            tool: self.tool.clone(),
            cpu: String::new(),
            goarch: None,
            notes: vec![
                side("baseline", &self.baseline),
                side("candidate", &self.candidate),
            ],
            verdicts: self.targets.iter().map(verdict).collect(),
            cells: sides.collect(),
        }
    }
}

fn verdict(target: &TargetComparison) -> MeasuredVerdict {
    let kind = match target.verdict {
        Judgement::Improved => "improved",
        Judgement::NoWorse => "no_worse",
        Judgement::Inconclusive => "inconclusive",
        Judgement::Invalid => "invalid",
        Judgement::Regressed => "regressed",
    };
    MeasuredVerdict {
        target: target.target.clone(),
        kind: kind.to_owned(),
        headline: target.headline.clone(),
    }
}

fn side(
    target: &TargetComparison,
    label: &str,
    control: bool,
    value: fn(&ObjectiveComparison) -> Option<f64>,
) -> Measurements {
    let figures = target.objectives.iter().filter_map(|own| {
        let is_ratio = !control && own.scale == Scale::Ratio;
        Some(Figure {
            objective: own.objective,
            value: value(own)?,
            ratio: own
                .effect
                .filter(|_| is_ratio)
                .map(|effect| (effect, own.interval)),
            trials: Vec::new(),
        })
    });
    Measurements {
        target: target.target.clone(),
        cell: String::new(),
        label: label.to_owned(),
        settings: Vec::new(),
        axes: Default::default(),
        control,
        recommended: false,
        figures: figures.collect(),
    }
}
