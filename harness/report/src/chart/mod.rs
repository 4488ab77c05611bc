//! Charts as inline SVG of our own: no script, no resources, text that scales, a title and a description for those who
//! do not see them. Colours are the page's, by class.

mod axis;
mod interval;
mod knee;
mod scatter;
mod timeline;

use record::objective::Objective;

use crate::error::ReportError;
use crate::explored::has_several;
use crate::view::TargetView;

pub(crate) use timeline::timelines;

/// A chart, ready to be put into a page.
pub(crate) struct Chart {
    /// The SVG element.
    pub(crate) svg: String,
    /// What stands below it.
    pub(crate) caption: String,
}

/// The charts of one target; `number` makes their ids unique within the page.
pub(crate) fn charts(number: usize, view: &TargetView<'_>) -> Result<Vec<Chart>, ReportError> {
    let mut charts = Vec::new();
    if view.rows.len() < 2 {
        return Ok(charts);
    }
    for &objective in &view.columns {
        charts.extend(interval::chart(number, view, objective)?);
    }
    charts.extend(scatter::chart(
        number,
        view,
        Objective::Qps,
        Objective::P99,
    )?);
    Ok(charts)
}

/// What each axis does to the ranked objectives, one chart each.
pub(crate) fn effect_charts(
    number: usize,
    view: &TargetView<'_>,
) -> Result<Vec<Chart>, ReportError> {
    let explored = view.target.exploration.iter();
    explored
        .flat_map(|own| &own.effects)
        .filter(|own| view.columns.contains(&own.objective) && has_several(own))
        .map(|own| interval::effects(number, own))
        .collect()
}

/// QPS over GOMAXPROCS with the law through it, one chart for each of the first few combinations of the other axes.
pub(crate) fn knee_charts(number: usize, view: &TargetView<'_>) -> Result<Vec<Chart>, ReportError> {
    let explored = view.target.exploration.iter();
    let knees = explored.flat_map(|own| &own.knees).take(knee::MOST);
    let numbered = knees.enumerate();
    numbered
        .filter_map(|(at, own)| knee::chart(&format!("knee-{}-{}", number + 1, at + 1), own))
        .collect()
}

fn failed(error: &askama::Error) -> ReportError {
    ReportError::Report {
        format: "chart",
        reason: error.to_string(),
    }
}

/// A coordinate, to a tenth of a unit.
fn coordinate(value: f64) -> String {
    format!("{value:.1}")
}
