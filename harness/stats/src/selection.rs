//! Which cells may be the best: Gupta-style subset selection, and the tiers that a ranking prints as ties.
//!
//! The **top group** is every cell that no other beats one-sided after Holm over its rivals (Gupta 1965; Hsu 1996,
//! multiple comparisons with the best). In simulation the point-estimate winner was the true best in 33-93 % of
//! runs, the group held it in 99.8 %. Values are logs, higher is better; turn others with
//! [`CompleteBlocks::negated`].
//!
//! Holm multiplies the smallest of a cell's k − 1 p-values by k − 1, and a cell is out as soon as that one
//! rejects, so only the strongest rival of each cell is ever tested. With the pooled residual of a complete table
//! that rival is the best cell for all: 1,000 cells cost one pass, not a million tests.

use crate::additive::{self, AdditiveFit};
use crate::blocks::CompleteBlocks;
use crate::distribution::t_upper;
use crate::error::{StatsError, check_probability};
use crate::estimate::Alternative;
use crate::paired::{SignedRankNull, signs_only_p, t_test};

/// How "beats" is decided for a pair of cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PairTest {
    /// t with the residual pooled over all cells: the most powerful, and it works for any number of cells. Assumes
    /// about equal noise: with the best of 12 cells five times noisier than the rest, the group held it in 91 % of
    /// simulated runs (paired t: 99.8 %). Where [`additive::unequal_noise`] names cells, use [`PairTest::PairedT`].
    #[default]
    PooledT,
    /// t on the pair's own block differences: for cells of unequal noise. Needs large differences where rivals
    /// are many and blocks few.
    PairedT,
    /// Exact signed-rank on the pair's own block differences. Its smallest p is 2^-n, so that with n = 10 it can
    /// exclude nothing among more than 52 cells at 0.05.
    SignedRank,
}

/// The rule of a selection.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GroupRule {
    /// Chance per cell of being excluded though no rival is better; 0.05 is usual.
    pub alpha: f64,
    /// The test of a pair.
    pub test: PairTest,
}

impl Default for GroupRule {
    fn default() -> Self {
        GroupRule {
            alpha: 0.05,
            test: PairTest::PooledT,
        }
    }
}

/// Where one cell stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Standing {
    /// The cell.
    pub cell: usize,
    /// Its level: mean over blocks, or the fit's adjusted level.
    pub level: f64,
    /// True where no rival beats it.
    pub in_top_group: bool,
    /// The rival with the strongest evidence against this cell; `None` only for a lone cell.
    pub strongest_rival: Option<usize>,
    /// One-sided p-value of "that rival beats this cell", Holm-adjusted over all rivals. At or below α it is what
    /// excluded the cell. 1 for a lone cell.
    pub p_value: f64,
}

/// The top group of a complete table; answers one [`Standing`] per cell, in cell order. At least one cell is in.
///
/// # Errors
/// [`StatsError::TooFew`] below two blocks (unless there is one cell only), [`StatsError::OutOfRange`] for α.
pub fn top_group(blocks: &CompleteBlocks, rule: GroupRule) -> Result<Vec<Standing>, StatsError> {
    let evidence = Evidence::of_blocks(blocks, rule)?;
    let everyone: Vec<usize> = (0..blocks.cells()).collect();
    Ok(evidence.judge(&everyone, rule.alpha))
}

/// The top group by an additive fit, also where racing left cells with unequal numbers of blocks. Always the pooled
/// t test.
///
/// # Errors
/// [`StatsError::OutOfRange`] for α.
pub fn top_group_of_fit(fit: &AdditiveFit, alpha: f64) -> Result<Vec<Standing>, StatsError> {
    check_probability("alpha", alpha)?;
    let everyone: Vec<usize> = (0..fit.cells()).collect();
    Ok(Evidence::of_fit(fit.clone()).judge(&everyone, alpha))
}

/// The whole ranking in groups that tie: the top group, then the top group of what is left, and so on. Within a
/// tier cells are ordered by level, best first.
///
/// Each tier is a selection by itself at α; that a cell is in tier 3 and not 2 is therefore a description of the
/// ranking, not a claim with a joint error rate. The top group is the claim.
///
/// # Errors
/// As [`top_group`].
pub fn tiers(blocks: &CompleteBlocks, rule: GroupRule) -> Result<Vec<Vec<usize>>, StatsError> {
    Ok(Evidence::of_blocks(blocks, rule)?.tiers(rule.alpha))
}

/// [`tiers`] by an additive fit.
///
/// # Errors
/// As [`top_group_of_fit`].
pub fn tiers_of_fit(fit: &AdditiveFit, alpha: f64) -> Result<Vec<Vec<usize>>, StatsError> {
    check_probability("alpha", alpha)?;
    Ok(Evidence::of_fit(fit.clone()).tiers(alpha))
}

/// Evidence for "a beats b" of all pairs, as scores that grow with it; only the largest becomes a p-value.
enum Evidence {
    /// All pairs have one standard error: the best level is everyone's strongest rival.
    Pooled(AdditiveFit),
    /// One score per ordered pair, `scores[b · cells + a]` for "a beats b".
    Pairs {
        levels: Vec<f64>,
        scores: Vec<f64>,
        scale: Scale,
    },
}

/// How a score becomes a one-sided p-value.
#[derive(Clone, Copy)]
enum Scale {
    /// t with these degrees of freedom; infinite where a pair's differences were all equal in this many blocks.
    T { df: f64, blocks: usize },
    /// The score is −p.
    NegatedP,
}

impl Evidence {
    fn of_blocks(blocks: &CompleteBlocks, rule: GroupRule) -> Result<Self, StatsError> {
        check_probability("alpha", rule.alpha)?;
        if blocks.cells() == 1 {
            let levels = blocks.cell_means();
            return Ok(Evidence::Pairs {
                levels,
                scores: vec![0.0],
                scale: Scale::NegatedP,
            });
        }
        if blocks.blocks() < 2 {
            return Err(StatsError::TooFew {
                what: "blocks",
                needed: 2,
                got: blocks.blocks(),
            });
        }
        match rule.test {
            PairTest::PooledT => Ok(Evidence::of_fit(additive::fit(blocks)?)),
            PairTest::PairedT => Evidence::of_pairs(blocks, |differences| {
                let statistic = t_test(differences, Alternative::Greater)?.statistic;
                Ok((statistic, -statistic))
            })
            .map(|evidence| {
                let (df, blocks) = ((blocks.blocks() - 1) as f64, blocks.blocks());
                evidence.with_scale(Scale::T { df, blocks })
            }),
            PairTest::SignedRank => {
                let null = SignedRankNull::new(blocks.blocks());
                Evidence::of_pairs(blocks, |differences| {
                    let outcome = null.outcome(differences);
                    Ok((-outcome.upper, -outcome.lower))
                })
            }
        }
    }

    fn of_fit(fit: AdditiveFit) -> Self {
        if fit.is_balanced() {
            return Evidence::Pooled(fit);
        }
        let cells = fit.cells();
        let mut scores = vec![0.0; cells * cells];
        for first in 0..cells {
            for second in 0..first {
                let difference = fit.cell_levels[first] - fit.cell_levels[second];
                let error = fit.standard_error(first, second);
                let t = if difference == 0.0 {
                    0.0
                } else {
                    difference / error
                };
                scores[second * cells + first] = t;
                scores[first * cells + second] = -t;
            }
        }
        let blocks = fit.trials.iter().copied().min().unwrap_or(1);
        let scale = Scale::T {
            df: fit.residual_df as f64,
            blocks,
        };
        Evidence::Pairs {
            levels: fit.cell_levels,
            scores,
            scale,
        }
    }

    /// Scores every unordered pair once; `score` answers (first beats second, second beats first).
    fn of_pairs(
        blocks: &CompleteBlocks,
        score: impl Fn(&[f64]) -> Result<(f64, f64), StatsError>,
    ) -> Result<Self, StatsError> {
        let cells = blocks.cells();
        let columns: Vec<Vec<f64>> = (0..cells).map(|cell| blocks.column(cell)).collect();
        let mut scores = vec![0.0; cells * cells];
        let mut differences = vec![0.0; blocks.blocks()];
        for first in 0..cells {
            for second in 0..first {
                for (difference, (a, b)) in differences
                    .iter_mut()
                    .zip(columns[first].iter().zip(&columns[second]))
                {
                    *difference = a - b;
                }
                let (ahead, behind) = score(&differences)?;
                scores[second * cells + first] = ahead;
                scores[first * cells + second] = behind;
            }
        }
        Ok(Evidence::Pairs {
            levels: blocks.cell_means(),
            scores,
            scale: Scale::NegatedP,
        })
    }

    fn with_scale(self, scale: Scale) -> Self {
        match self {
            Evidence::Pairs { levels, scores, .. } => Evidence::Pairs {
                levels,
                scores,
                scale,
            },
            pooled @ Evidence::Pooled(_) => pooled,
        }
    }

    fn levels(&self) -> &[f64] {
        match self {
            Evidence::Pooled(fit) => &fit.cell_levels,
            Evidence::Pairs { levels, .. } => levels,
        }
    }

    /// The strongest rival of a cell among the contenders, with the one-sided p-value of the pair.
    fn strongest_rival(&self, cell: usize, contenders: &Contenders) -> Option<(usize, f64)> {
        match self {
            Evidence::Pooled(fit) => {
                let rival = if contenders.best == cell {
                    contenders.runner_up?
                } else {
                    contenders.best
                };
                Some((rival, fit.p_value(rival, cell, Alternative::Greater)))
            }
            Evidence::Pairs {
                levels,
                scores,
                scale,
            } => {
                let row = &scores[cell * levels.len()..(cell + 1) * levels.len()];
                let rival = contenders
                    .cells
                    .iter()
                    .copied()
                    .filter(|&rival| rival != cell)
                    .max_by(|&a, &b| row[a].total_cmp(&row[b]))?;
                Some((rival, scale.p_value(row[rival])))
            }
        }
    }

    fn judge(&self, cells: &[usize], alpha: f64) -> Vec<Standing> {
        let contenders = Contenders::new(cells, self.levels());
        let rivals = (cells.len() - 1) as f64;
        let mut standings: Vec<Standing> = cells
            .iter()
            .map(|&cell| {
                let strongest = self.strongest_rival(cell, &contenders);
                let p_value = strongest.map_or(1.0, |(_, p)| (p * rivals).min(1.0));
                Standing {
                    cell,
                    level: self.levels()[cell],
                    in_top_group: p_value > alpha,
                    strongest_rival: strongest.map(|(rival, _)| rival),
                    p_value,
                }
            })
            .collect();
        // Rank tests can beat in a circle; somebody is the best all the same.
        if standings.iter().all(|standing| !standing.in_top_group)
            && let Some(best) = standings.iter_mut().find(|s| s.cell == contenders.best)
        {
            best.in_top_group = true;
        }
        standings
    }

    fn tiers(&self, alpha: f64) -> Vec<Vec<usize>> {
        let mut left: Vec<usize> = (0..self.levels().len()).collect();
        let mut tiers = Vec::new();
        while !left.is_empty() {
            let standings = self.judge(&left, alpha);
            let (mut tier, mut rest): (Vec<Standing>, Vec<Standing>) = standings
                .into_iter()
                .partition(|standing| standing.in_top_group);
            tier.sort_by(|a, b| b.level.total_cmp(&a.level));
            tiers.push(tier.iter().map(|standing| standing.cell).collect());
            left = rest.drain(..).map(|standing| standing.cell).collect();
        }
        tiers
    }
}

impl Scale {
    fn p_value(self, score: f64) -> f64 {
        match self {
            Scale::NegatedP => -score,
            Scale::T { blocks, .. } if score == f64::INFINITY => signs_only_p(blocks),
            Scale::T { .. } if score == 0.0 => 1.0,
            Scale::T { df, .. } => t_upper(score, df),
        }
    }
}

/// The cells still compared, with the two of the highest level.
struct Contenders<'a> {
    cells: &'a [usize],
    best: usize,
    runner_up: Option<usize>,
}

impl<'a> Contenders<'a> {
    /// Of at least one cell.
    fn new(cells: &'a [usize], levels: &[f64]) -> Self {
        let mut best = cells[0];
        let mut runner_up = None;
        for &cell in &cells[1..] {
            if levels[cell] > levels[best] {
                runner_up = Some(best);
                best = cell;
            } else if runner_up.is_none_or(|second: usize| levels[cell] > levels[second]) {
                runner_up = Some(cell);
            }
        }
        Contenders {
            cells,
            best,
            runner_up,
        }
    }
}
