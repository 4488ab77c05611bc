//! A value over time in a fixed number of points, however long it goes on.

use documents::analysis::{Plot, Point};

/// Most points of a series.
const MOST_POINTS: usize = 120;
/// Width of the first points, seconds. It doubles as often as needed.
const FIRST_WIDTH_S: f64 = 0.05;

/// Collects values. When all points are used, neighbours are joined and each is twice as wide.
#[derive(Debug, Clone)]
pub(super) struct Series {
    start_s: f64,
    width_s: f64,
    bins: Vec<Bin>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Bin {
    count: u64,
    sum: f64,
    max: f64,
}

impl Bin {
    fn add(&mut self, value: f64) {
        self.max = if self.count == 0 {
            value
        } else {
            self.max.max(value)
        };
        self.count += 1;
        self.sum += value;
    }

    fn joined(self, other: Bin) -> Bin {
        match (self.count, other.count) {
            (0, _) => other,
            (_, 0) => self,
            _ => Bin {
                count: self.count + other.count,
                sum: self.sum + other.sum,
                max: self.max.max(other.max),
            },
        }
    }
}

impl Series {
    /// An empty series that begins at a time.
    pub(super) fn from(start_s: f64) -> Series {
        Series {
            start_s,
            width_s: FIRST_WIDTH_S,
            bins: Vec::new(),
        }
    }

    /// Adds a value. What comes before the beginning counts as at the beginning.
    pub(super) fn add(&mut self, at_s: f64, value: f64) {
        // Before `max`, which makes 0 of a NaN.
        if !(at_s.is_finite() && value.is_finite()) {
            return;
        }
        let since = (at_s - self.start_s).max(0.0);
        while since / self.width_s >= MOST_POINTS as f64 {
            self.bins = self
                .bins
                .chunks(2)
                .map(|pair| pair.iter().copied().fold(Bin::default(), Bin::joined))
                .collect();
            self.width_s *= 2.0;
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 0 and MOST_POINTS by the loop above"
        )]
        let at = (since / self.width_s) as usize;
        if self.bins.len() <= at {
            self.bins.resize(at + 1, Bin::default());
        }
        self.bins[at].add(value);
    }

    /// The series under a name; `None` while it is empty.
    pub(super) fn plot(&self, name: &'static str, unit: &'static str) -> Option<Plot> {
        let points: Vec<Point> = self
            .bins
            .iter()
            .enumerate()
            .filter(|(_, bin)| bin.count > 0)
            .map(|(at, bin)| Point {
                at_s: self.start_s + (at as f64 + 0.5) * self.width_s,
                mean: bin.sum / bin.count as f64,
                max: bin.max,
            })
            .collect();
        (!points.is_empty()).then_some(Plot {
            name,
            unit,
            width_s: self.width_s,
            points,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_never_outgrows_its_points_and_loses_no_value() {
        let mut series = Series::from(10.0);
        for at in 0..100_000 {
            series.add(10.0 + f64::from(at), f64::from(at % 10));
        }
        series.add(5.0, 99.0);
        series.add(f64::NAN, 1.0);
        let plot = series.plot("queue", "goroutines").expect("values");
        assert!(plot.points.len() <= MOST_POINTS && plot.points.len() > MOST_POINTS / 2);
        assert_eq!(
            series.bins.iter().map(|bin| bin.count).sum::<u64>(),
            100_001
        );
        assert_eq!(plot.points[0].max, 99.0);
        assert!((plot.points[5].mean - 4.5).abs() < 0.1);
        assert!(
            plot.points
                .windows(2)
                .all(|pair| pair[0].at_s < pair[1].at_s)
        );
    }

    #[test]
    fn a_leap_in_time_takes_no_memory() {
        let mut series = Series::from(0.0);
        series.add(0.0, 1.0);
        series.add(1e18, 2.0);
        assert!(series.bins.len() <= MOST_POINTS);
        assert_eq!(series.plot("x", "").map(|plot| plot.points.len()), Some(2));
    }
}
