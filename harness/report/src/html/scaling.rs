//! QPS over GOMAXPROCS: the trials, the fitted law through them, and the knee. The law is drawn as far as was measured.

use documents::figures::value_text;
use record::objective::Objective;

use super::axis::{Scale, round_ticks};
use super::shape::{Frame, Shape};
use crate::chart::{Chart, Scaling};

/// Space between the labels of the measured values.
const APART: f64 = 24.0;

pub(super) fn svg(chart: &Chart, of: &Scaling) -> askama::Result<String> {
    let mut frame = Frame {
        width: 480.0,
        height: 260.0,
        left: 66.0,
        right: 464.0,
        top: 24.0,
        bottom: 212.0,
        shapes: Vec::new(),
    };
    let across = of.law.iter().map(|(at, _)| *at);
    let across = across.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), at| {
        (low.min(at), high.max(at))
    });
    let x = Scale::linear(across, (frame.left + 12.0, frame.right - 12.0));
    let highest = of.measured.iter().map(|(_, [.., high])| *high);
    let of_law = of.law.iter().map(|(_, throughput)| *throughput);
    // From zero on, so that twice as high is twice as much.
    let range = (0.0, of_law.chain(highest).fold(0.0, f64::max) * 1.05);
    let y = Scale::linear(range, (frame.bottom, frame.top));
    let qps = |value| value_text(Objective::Qps, value);
    frame.columns(&x, &apart(of, &x), |value| format!("{value}"));
    frame.rows(&y, &round_ticks(range, 4), qps);
    frame.axes("GOMAXPROCS", "QPS, up is better");
    if let Some(knee) = of.knee {
        frame.upright("zero", x.at(f64::from(knee)));
    }
    frame.shapes.push(Shape::Curve {
        class: "law",
        points: of
            .law
            .iter()
            .map(|&(at, value)| (x.at(at), y.at(value)))
            .collect(),
    });
    let mut description = Vec::new();
    for &(parallelism, [low, median, high]) in &of.measured {
        let title = format!(
            "GOMAXPROCS {parallelism}: {} (trials {} to {})",
            qps(median),
            qps(low),
            qps(high)
        );
        description.push(title.clone());
        let across = x.at(f64::from(parallelism));
        frame.shapes.push(Shape::Group {
            class: "measured",
            title,
            shapes: vec![
                Shape::Line {
                    class: "whisker",
                    from: (across, y.at(low)),
                    to: (across, y.at(high)),
                },
                Shape::Dot {
                    at: (across, y.at(median)),
                    radius: 5.0,
                },
            ],
        });
    }
    frame.drawn(chart, &description.join("; "))
}

/// The values measured, those left out whose labels would touch.
fn apart(of: &Scaling, scale: &Scale) -> Vec<f64> {
    let mut values = Vec::new();
    let mut taken = f64::NEG_INFINITY;
    for value in of.measured.iter().map(|(value, _)| f64::from(*value)) {
        if scale.at(value) - taken >= APART {
            taken = scale.at(value);
            values.push(value);
        }
    }
    values
}
