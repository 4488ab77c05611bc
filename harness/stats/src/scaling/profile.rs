//! Bounded least squares of the law on logs, whole or with one quantity held fixed, and the reach of that quantity.

use super::ScalingPoint;
use crate::linear::Matrix;

/// (ln λ, σ, κ).
pub(super) type Parameters = [f64; 3];

pub(super) fn log_throughput(&[log_single, contention, coherency]: &Parameters, p: f64) -> f64 {
    log_single + p.ln() - (1.0 + contention * (p - 1.0) + coherency * p * (p - 1.0)).ln()
}

/// The family of laws that is searched: parameters = origin + Σ coordinate x direction, each coordinate within its
/// bounds. Holding one quantity fixed leaves a line or a plane.
pub(super) struct Frame {
    origin: Parameters,
    directions: Vec<Parameters>,
    bounds: Vec<(f64, f64)>,
    /// Index of the parameter that each coordinate is.
    coordinates: Vec<usize>,
}

const FREE: (f64, f64) = (f64::NEG_INFINITY, f64::INFINITY);
const NOT_NEGATIVE: (f64, f64) = (0.0, f64::INFINITY);

impl Frame {
    pub(super) fn whole() -> Self {
        Frame {
            origin: [0.0; 3],
            directions: vec![[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
            bounds: vec![FREE, NOT_NEGATIVE, NOT_NEGATIVE],
            coordinates: vec![0, 1, 2],
        }
    }

    pub(super) fn without_bounds(&self) -> Self {
        Frame {
            origin: self.origin,
            directions: self.directions.clone(),
            bounds: vec![FREE; self.bounds.len()],
            coordinates: self.coordinates.clone(),
        }
    }

    fn with_fixed(mut self, parameter: usize, value: f64) -> Self {
        self.origin[parameter] = value;
        self.directions.remove(parameter);
        self.bounds.remove(parameter);
        self.coordinates.remove(parameter);
        self
    }

    fn parameters(&self, position: &[f64]) -> Parameters {
        let mut parameters = self.origin;
        for (coordinate, direction) in position.iter().zip(&self.directions) {
            for (parameter, slope) in parameters.iter_mut().zip(direction) {
                *parameter += coordinate * slope;
            }
        }
        parameters
    }

    fn clamp(&self, position: &mut [f64]) {
        for (coordinate, (low, high)) in position.iter_mut().zip(&self.bounds) {
            *coordinate = coordinate.clamp(*low, *high);
        }
    }
}

/// Where a minimisation ended.
pub(super) struct Minimum {
    pub(super) parameters: Parameters,
    pub(super) squares: f64,
}

/// All trials at one degree of parallelism.
struct Group {
    p: f64,
    trials: f64,
    /// Mean of their log throughputs.
    log: f64,
}

/// The points as groups of equal parallelism: all that a law can be judged by is the groups' means, and what the trials
/// differ by within their group is a constant.
pub(super) struct LogLaw {
    groups: Vec<Group>,
    points: usize,
    squares_within: f64,
}

impl LogLaw {
    pub(super) fn new(points: &[ScalingPoint]) -> Self {
        let mut logs: Vec<(f64, f64)> = points
            .iter()
            .map(|point| (point.parallelism, point.throughput.ln()))
            .collect();
        logs.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut squares_within = 0.0;
        let groups = logs.chunk_by(|a, b| a.0 == b.0).map(|same| {
            let trials = same.len() as f64;
            let log = same.iter().map(|(_, log)| log).sum::<f64>() / trials;
            squares_within += same.iter().map(|own| (own.1 - log).powi(2)).sum::<f64>();
            Group {
                p: same[0].0,
                trials,
                log,
            }
        });
        LogLaw {
            groups: groups.collect(),
            points: points.len(),
            squares_within,
        }
    }

    /// From the linear form P/X = (1 + σ(P−1) + κP(P−1))/λ, which is exact without noise.
    pub(super) fn start(&self) -> Parameters {
        let mut normal = Matrix::zeros(3, 3);
        let mut right = [0.0; 3];
        for group in &self.groups {
            let p = group.p;
            let row = [1.0, p - 1.0, p * (p - 1.0)];
            normal.add_outer(1.0, &row);
            for (sum, value) in right.iter_mut().zip(row) {
                *sum += value * p / group.log.exp();
            }
        }
        match normal.solve(&right) {
            Some(linear) if linear[0] > 0.0 && linear[0].is_finite() => {
                let bounded = |value: f64| (value / linear[0]).clamp(0.0, 1e3);
                [-linear[0].ln(), bounded(linear[1]), bounded(linear[2])]
            }
            _ => {
                let single = self.groups.iter().map(|group| group.log - group.p.ln());
                [single.fold(f64::NEG_INFINITY, f64::max), 0.0, 0.0]
            }
        }
    }

    fn squares(&self, parameters: &Parameters) -> f64 {
        let between: f64 = self
            .groups
            .iter()
            .map(|group| group.trials * (group.log - log_throughput(parameters, group.p)).powi(2))
            .sum();
        let sum = between + self.squares_within;
        // A law with a negative denominator is no law.
        if sum.is_nan() { f64::INFINITY } else { sum }
    }

    /// Levenberg-Marquardt within the frame. A coordinate at its bound whose descent leads outside is held there for
    /// the step (projected active set), so that σ = 0 or κ = 0 are reached exactly.
    pub(super) fn minimise(&self, frame: &Frame, start: &Parameters) -> Minimum {
        let mut position: Vec<f64> = frame
            .coordinates
            .iter()
            .map(|&index| start[index])
            .collect();
        frame.clamp(&mut position);
        let mut squares = self.squares(&frame.parameters(&position));
        let mut damping = 1e-3;
        for _ in 0..200 {
            let Some(step) = self.step(frame, &position, damping) else {
                break;
            };
            let mut tried: Vec<f64> = position.iter().zip(&step).map(|(x, dx)| x + dx).collect();
            frame.clamp(&mut tried);
            let squares_there = self.squares(&frame.parameters(&tried));
            if squares_there < squares {
                let gained = squares - squares_there;
                (position, squares) = (tried, squares_there);
                damping = (damping * 0.1_f64).max(1e-14);
                if gained <= 1e-15 * squares {
                    break;
                }
            } else {
                damping *= 10.0;
                if damping > 1e12 {
                    break;
                }
            }
        }
        Minimum {
            parameters: frame.parameters(&position),
            squares,
        }
    }

    /// One damped Gauss-Newton step in coordinates; `None` where the system is singular.
    fn step(&self, frame: &Frame, position: &[f64], damping: f64) -> Option<Vec<f64>> {
        let parameters = frame.parameters(position);
        let free = frame.directions.len();
        let mut normal = Matrix::zeros(free, free);
        let mut descent = vec![0.0; free];
        for group in &self.groups {
            let slope = self.slope(frame, &parameters, group.p);
            let off = group.log - log_throughput(&parameters, group.p);
            for (sum, slope) in descent.iter_mut().zip(&slope) {
                *sum += group.trials * off * slope;
            }
            normal.add_outer(group.trials, &slope);
        }
        for (index, (low, high)) in frame.bounds.iter().enumerate() {
            let outward = (position[index] <= *low && descent[index] < 0.0)
                || (position[index] >= *high && descent[index] > 0.0);
            if outward {
                descent[index] = 0.0;
                for other in 0..free {
                    normal[(index, other)] = 0.0;
                    normal[(other, index)] = 0.0;
                }
                normal[(index, index)] = 1.0;
            }
            normal[(index, index)] *= 1.0 + damping;
        }
        let step = normal.solve(&descent)?;
        step.iter().all(|value| value.is_finite()).then_some(step)
    }

    /// Slope of the log throughput along each coordinate.
    fn slope(&self, frame: &Frame, &[_, contention, coherency]: &Parameters, p: f64) -> Vec<f64> {
        let denominator = 1.0 + contention * (p - 1.0) + coherency * p * (p - 1.0);
        let by_parameter = [1.0, -(p - 1.0) / denominator, -p * (p - 1.0) / denominator];
        let along = |direction: &Parameters| {
            let terms = direction.iter().zip(&by_parameter);
            terms.map(|(along, slope)| along * slope).sum()
        };
        frame.directions.iter().map(along).collect()
    }

    /// How far a quantity may move from its best value to either side until the best law with it so fixed has more
    /// than `ceiling` squares. Downwards it ends at the quantity's floor, upwards the search gives up at infinity.
    pub(super) fn reach(&self, best: &Minimum, quantity: Quantity, ceiling: f64) -> (f64, f64) {
        let value = quantity.of(best);
        // Data without noise leave nothing to reach for.
        if ceiling <= 1e-24 * self.points as f64 {
            return (value, value);
        }
        let fits = |at: f64| {
            self.minimise(&quantity.fixed_at(at), &best.parameters)
                .squares
                <= ceiling
        };
        let low = edge(value, -1.0, quantity.floor(), &fits);
        let high = edge(value, 1.0, f64::INFINITY, &fits);
        (low, high)
    }
}

/// What an interval is asked for.
#[derive(Clone, Copy)]
pub(super) enum Quantity {
    LogSingle,
    Contention,
    Coherency,
    /// 1/peak², so that "no peak" is the ordinary value 0.
    PeakCurvature,
}

impl Quantity {
    pub(super) fn of(self, best: &Minimum) -> f64 {
        let [log_single, contention, coherency] = best.parameters;
        match self {
            Quantity::LogSingle => log_single,
            Quantity::Contention => contention,
            Quantity::Coherency => coherency,
            Quantity::PeakCurvature if coherency == 0.0 => 0.0,
            Quantity::PeakCurvature => coherency / (1.0 - contention).max(f64::EPSILON),
        }
    }

    fn floor(self) -> f64 {
        if matches!(self, Quantity::LogSingle) {
            f64::NEG_INFINITY
        } else {
            0.0
        }
    }

    fn fixed_at(self, value: f64) -> Frame {
        match self {
            Quantity::LogSingle => Frame::whole().with_fixed(0, value),
            Quantity::Contention => Frame::whole().with_fixed(1, value),
            Quantity::Coherency => Frame::whole().with_fixed(2, value),
            // κ = curvature·(1−σ)
            Quantity::PeakCurvature => Frame {
                origin: [0.0, 0.0, value],
                directions: vec![[1.0, 0.0, 0.0], [0.0, 1.0, -value]],
                bounds: vec![FREE, (0.0, 1.0)],
                coordinates: vec![0, 1],
            },
        }
    }
}

/// Relative width at which an edge is found: far below what any figure shows.
const EDGE_WIDTH: f64 = 1e-10;

/// Walks from `value` in growing steps until `fits` fails or `end` is passed, then bisects.
fn edge(value: f64, direction: f64, end: f64, fits: &impl Fn(f64) -> bool) -> f64 {
    let mut inside = value;
    let mut step = (value.abs() * 0.05).max(1e-8);
    let mut outside = loop {
        let tried = inside + direction * step;
        if (tried - end) * direction >= 0.0 {
            if fits(end) {
                return end;
            }
            break end;
        }
        if !fits(tried) {
            break tried;
        }
        if step > 1e9 {
            return direction * f64::INFINITY;
        }
        inside = tried;
        step *= 2.0;
    };
    for _ in 0..100 {
        let middle = inside.midpoint(outside);
        if (outside - inside).abs() <= EDGE_WIDTH * inside.abs().max(outside.abs()) {
            break;
        }
        if fits(middle) {
            inside = middle
        } else {
            outside = middle
        }
    }
    inside
}
