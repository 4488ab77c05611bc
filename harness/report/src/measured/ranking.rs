//! A ranking's figures.

use documents::effect::CellObjective;
use documents::ranking::{CellRanking, Ranking, TargetRanking, TrialFigures, VerdictKind};
use record::objective::Objective;
use record::run::Artifact;

use super::{Figure, Figures, Measured, MeasuredVerdict, Measurements, TrialValue};

impl Measured for Ranking {
    fn measured(&self) -> Figures {
        let provenance = &self.provenance;
        let toolchains = provenance.toolchains.iter();
        let toolchains: Vec<&str> = toolchains.map(|own| own.version.as_str()).collect();
        let notes = [
            format!("run: {} of {}", provenance.run, provenance.matrix),
            format!("command: {}", provenance.command),
            format!("go: {}", toolchains.join(", ")),
            format!("host: {}", documents::figures::host_text(&provenance.host)),
        ];
        let cells = self.targets.iter().flat_map(|target| {
            let cells = target.cells.iter();
            cells.map(|cell| cell_figures(self, target, cell))
        });
        Figures {
            run: provenance.run.clone(),
            started: provenance.started.clone(),
            tool: provenance.tool.clone(),
            cpu: provenance.host.cpu.clone(),
            goarch: goarch(&provenance.artifacts),
            notes: notes.into(),
            verdicts: self.targets.iter().map(verdict).collect(),
            cells: cells.collect(),
        }
    }
}

fn verdict(target: &TargetRanking) -> MeasuredVerdict {
    MeasuredVerdict {
        target: target.target.clone(),
        kind: kind(target.verdict.kind),
        headline: target.verdict.headline.clone(),
    }
}

/// The word that the document itself has for it.
fn kind(kind: VerdictKind) -> String {
    let word = serde_json::to_value(kind).ok();
    let word = word.as_ref().and_then(|own| own.as_str());
    word.unwrap_or_default().to_owned()
}

fn cell_figures(ranking: &Ranking, target: &TargetRanking, cell: &CellRanking) -> Measurements {
    let settings = target.varying_axes.iter();
    let settings = settings.filter_map(|axis| Some((axis.clone(), cell.axes.get(axis)?.clone())));
    let trials: Vec<&TrialFigures> = ranking
        .trials
        .iter()
        .filter(|trial| cell.trials.contains(&trial.id))
        .collect();
    let figures = Objective::ALL.into_iter().filter_map(|objective| {
        let own = cell.objectives.get(&objective)?;
        figure(cell, objective, own, &trials)
    });
    Measurements {
        target: target.target.clone(),
        cell: cell.id.clone(),
        label: cell.label.clone(),
        settings: settings.collect(),
        axes: cell.axes.clone(),
        control: cell.control,
        recommended: cell.recommended,
        figures: figures.collect(),
    }
}

fn figure(
    cell: &CellRanking,
    objective: Objective,
    own: &CellObjective,
    trials: &[&TrialFigures],
) -> Option<Figure> {
    let trials = trials.iter().filter_map(|trial| {
        Some(TrialValue {
            trial: trial.id.clone(),
            value: *trial.values.get(&objective)?,
        })
    });
    Some(Figure {
        objective,
        value: own.value?,
        ratio: own
            .ratio
            .filter(|_| !cell.control)
            .map(|ratio| (ratio, own.interval)),
        trials: trials.collect(),
    })
}

/// What `go version -m` says of every program.
fn goarch(artifacts: &[Artifact]) -> Option<String> {
    let of = |artifact: &Artifact| {
        let mut lines = artifact.go_version_m.lines();
        let value = lines.find_map(|line| line.trim().strip_prefix("build\tGOARCH="))?;
        Some(value.trim().to_owned())
    };
    let first = of(artifacts.first()?)?;
    let same = artifacts.iter().all(|own| of(own).as_ref() == Some(&first));
    same.then_some(first)
}
