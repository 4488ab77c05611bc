//! The exact power of the signed-rank test for normal differences, by recursion over the ranks.
//!
//! With differences N(effect, 1), sizes |x| are drawn from f(t) = φ(t − effect) + φ(t + effect), and one of size t is
//! positive with chance φ(t − effect)/f(t), independently. Taking sizes in ascending order, the i-th adds i to W if
//! positive, so with G_0 = 1
//!
//! G_i(t, w) = i ∫₀ᵗ [φ(s − effect)·G_{i−1}(s, w − i) + φ(s + effect)·G_{i−1}(s, w)] ds
//!
//! and P(W = w) = G_n(∞, w). Asymptotic efficiency (3/π) overstates the power at 6 to 8 blocks by up to 7 points.

/// Grid steps of the integral; its error in any power is below 1e-5.
const STEPS: usize = 256;

/// P(W ≥ at_least) + P(W ≤ at_most) for `n` differences distributed N(effect, 1); `at_most` may be absent.
pub(super) fn rejection_chance(
    n: usize,
    effect: f64,
    at_least: usize,
    at_most: Option<usize>,
) -> f64 {
    let distribution = rank_sum_distribution(n, effect);
    let upper: f64 = distribution[at_least.min(distribution.len())..]
        .iter()
        .sum();
    let lower: f64 = at_most.map_or(0.0, |most| distribution[..=most].iter().sum());
    (upper + lower).clamp(0.0, 1.0)
}

fn rank_sum_distribution(n: usize, effect: f64) -> Vec<f64> {
    let step = (effect + 9.0) / STEPS as f64;
    let density = |z: f64| (-z * z / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
    let grid: Vec<(f64, f64)> = (0..=STEPS)
        .map(|k| k as f64 * step)
        .map(|t| (density(t - effect), density(t + effect)))
        .collect();
    // sums[w][k] = G_i(t_k, w)
    let mut sums = vec![vec![1.0; STEPS + 1]];
    for rank in 1..=n {
        let mut next = vec![vec![0.0; STEPS + 1]; sums.len() + rank];
        for (w, before) in sums.iter().enumerate() {
            for (k, (positive, negative)) in grid.iter().enumerate() {
                next[w + rank][k] += positive * before[k];
                next[w][k] += negative * before[k];
            }
        }
        for integrand in &mut next {
            integrate_along(integrand, rank as f64 * step);
        }
        sums = next;
    }
    // Most of what the grid gets wrong is common to all sums.
    let total: f64 = sums.iter().map(|along| along[STEPS]).sum();
    sums.iter().map(|along| along[STEPS] / total).collect()
}

/// Replaces samples by their running integral, cubic through four neighbours in every step (error of order step⁴).
fn integrate_along(samples: &mut [f64], step: f64) {
    let last = samples.len() - 1;
    let mut integral = 0.0;
    // The left neighbour of the current step is overwritten before it is needed, so two samples are carried along.
    let (mut before, mut here) = (0.0, samples[0]);
    samples[0] = 0.0;
    for k in 0..last {
        let ahead = samples[k + 1];
        integral += step / 24.0
            * if k == 0 {
                9.0 * here + 19.0 * ahead - 5.0 * samples[2] + samples[3]
            } else if k + 1 == last {
                // At the far end everything has died out.
                13.0 * (here + ahead) - before
            } else {
                13.0 * (here + ahead) - before - samples[k + 2]
            };
        (before, here) = (here, ahead);
        samples[k + 1] = integral;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_effect_it_is_the_null_distribution() {
        for n in [1, 6, 12] {
            let null = crate::ranks::signed_sum_distribution(1..=n);
            let ours = rank_sum_distribution(n, 0.0);
            assert_eq!(null.len(), ours.len());
            for (w, (ours, null)) in ours.iter().zip(null).enumerate() {
                assert!(
                    (ours - null).abs() < 1e-5,
                    "n = {n}, W = {w}: {ours} against {null}"
                );
            }
        }
    }

    #[test]
    fn all_of_six_positive_is_a_power_of_phi() {
        for effect in [0.3, 1.06, 3.0] {
            let all = crate::distribution::normal_cdf(effect).powi(6);
            assert!(
                (rejection_chance(6, effect, 21, None) - all).abs() < 1e-5,
                "effect {effect}"
            );
        }
    }
}
