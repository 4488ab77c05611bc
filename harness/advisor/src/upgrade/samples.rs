//! Every trial's figures, for programs that judge by themselves.

use documents::upgrade::UpgradeSample;
use record::objective::{Figure, Objective};

use super::compared::{Compared, UpgradeGiven};
use super::defaults::version_of;

/// Figures with their unit and factor in Go's benchmark format; names with a slash are rates per operation.
const UNITS: [(Figure, &str, f64); 9] = [
    (Figure::Objective(Objective::Qps), "req/s", 1.0),
    (Figure::Objective(Objective::CpuPerReq), "cpu-ns/op", 1e3),
    (Figure::Objective(Objective::P50), "p50-ns", 1e6),
    (Figure::Objective(Objective::P99), "p99-ns", 1e6),
    (Figure::Objective(Objective::AllocPerReq), "B/op", 1.0),
    (Figure::ObjectsPerReq, "allocs/op", 1.0),
    (Figure::Objective(Objective::GcPerKreq), "gc/kop", 1.0),
    (Figure::Objective(Objective::Rss), "peak-RSS-bytes", 1.0),
    (Figure::Ready, "ready-ns", 1e6),
];

/// The valid trials of the cells that were compared, version by version.
pub(super) fn samples(given: &UpgradeGiven<'_>, compared: &[Compared<'_>]) -> Vec<UpgradeSample> {
    let mut all = Vec::new();
    let mut seen = Vec::new();
    for own in compared {
        let trials = &own.trials;
        let cells = std::iter::once(trials.old).chain(trials.candidates.iter().map(|own| own.cell));
        for at in cells {
            let cell = &trials.evidence.cells[at];
            if seen.contains(&&cell.cell.id) {
                continue;
            }
            seen.push(&cell.cell.id);
            let axis = |name: &str, otherwise: &str| {
                let value = cell.cell.axes.get(name).map_or(otherwise, String::as_str);
                if value == "default" {
                    otherwise.to_owned()
                } else {
                    value.to_owned()
                }
            };
            let spec = cell
                .cell
                .axes
                .get("toolchain")
                .map_or("default", String::as_str);
            let version =
                version_of(given.run, spec).map_or(spec.to_owned(), |own| own.to_string());
            let valid = cell.valid.values().map(|trial| UpgradeSample {
                target: own.target.clone(),
                go_version: version.clone(),
                go_line: axis("go_line", "module"),
                values: UNITS
                    .iter()
                    .filter_map(|&(figure, unit, factor)| {
                        Some((unit, figure.value(trial)? * factor))
                    })
                    .collect(),
            });
            all.extend(valid);
        }
    }
    all.sort_by(|a: &UpgradeSample, b| a.go_version.cmp(&b.go_version));
    all
}
