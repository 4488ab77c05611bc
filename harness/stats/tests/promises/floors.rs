//! Which noise floor a claim should have to pass: none, the 95th percentile of single pairs, or the far end of the
//! duplicate's own interval over the same blocks (`verdict::noise_floor`).

use stats::{additive, paired, summary, verdict};

use super::simulation::{NOISE, Promise, Size, normal, share, table};

/// What a claim has to pass besides its interval and its corrected t test.
#[derive(Clone, Copy)]
pub(crate) enum Floor {
    None,
    SinglePair,
    Interval,
}

impl Floor {
    pub(crate) const ALL: [Floor; 3] = [Floor::None, Floor::SinglePair, Floor::Interval];

    fn label(self) -> &'static str {
        match self {
            Floor::None => "no floor",
            Floor::SinglePair => "95th percentile of single A/A pairs",
            Floor::Interval => "far end of the A/A interval",
        }
    }

    fn of(self, duplicate: &[f64]) -> f64 {
        match self {
            Floor::None => 0.0,
            Floor::SinglePair => {
                let sizes: Vec<f64> = duplicate.iter().map(|value| value.abs()).collect();
                summary::quantile(&sizes, 0.95).expect("not empty")
            }
            Floor::Interval => {
                let floor = verdict::noise_floor(duplicate, 0.95);
                floor.expect("two blocks or more").reach
            }
        }
    }
}

/// What the runs are like. All have ten blocks, 2 % noise a trial and a duplicated control.
#[derive(Clone, Copy)]
pub(crate) enum Truth {
    /// 24 identical cells.
    Identical,
    /// 24 cells that should be identical, each of which is off by its own luck for the whole run, 1 % as a rule: what
    /// no number of blocks shows as noise.
    Biased,
    /// Six cells, of which one is 4 % better.
    OneBetter,
}

impl Truth {
    fn label(self) -> &'static str {
        match self {
            Truth::Identical => "24 identical cells, something claimed",
            Truth::Biased => "the same, each cell off by 1 % of its own for the whole run",
            Truth::OneBetter => "one of 6 cells is 4 % better, claimed",
        }
    }

    fn promised(self) -> &'static str {
        match self {
            Truth::Identical => "≤ 5 %",
            Truth::Biased | Truth::OneBetter => "(nothing)",
        }
    }
}

/// How often something is claimed, as `judging::rank` claims it: interval, Holm-corrected t test, and the floor.
pub(crate) fn claims(size: Size, truth: Truth, floor: Floor) -> Promise {
    let what = format!("n = 10, {}: {}", truth.label(), floor.label());
    // One stream for all floors, so that the rows differ by the floor only.
    let share = share(size, truth.label(), |random| {
        let cells = match truth {
            Truth::Identical | Truth::Biased => 24,
            Truth::OneBetter => 6,
        };
        // The last column is the control's duplicate: a process of its own, with luck of its own.
        let levels: Vec<f64> = (0..=cells)
            .map(|cell| match truth {
                Truth::Identical => 0.0,
                Truth::Biased => 0.01 * normal(random),
                Truth::OneBetter => f64::from(u8::from(cell == 1)) * 0.04,
            })
            .collect();
        let all = table(random, 10, &levels, &|_| NOISE);
        let floor = floor.of(&all.differences(cells, 0));
        let own: Vec<usize> = (0..cells).collect();
        let fit = additive::fit(&all.select_cells(&own).expect("some")).expect("complete");
        let contrasts = fit.contrasts_to_control(0, 0.95).expect("cell 0 exists");
        contrasts.iter().any(|contrast| {
            let estimate = paired::estimate(&all.differences(contrast.contrast.cell, 0), 0.95);
            let estimate = estimate.expect("finite");
            contrast.p_holm <= 0.05 && !estimate.contains(0.0) && estimate.point.abs() >= floor
        })
    });
    Promise {
        what,
        promised: truth.promised().to_owned(),
        share,
        runs: size.runs,
    }
}
