//! The continuous distributions that the tests refer to: normal, t, F, and noncentral t.
//!
//! Normal, t and F are statrs'; the noncentral t is ours, by quadrature. Nothing here sees data.

use statrs::distribution::{ContinuousCDF, FisherSnedecor, Normal, StudentsT};
use statrs::function::gamma::ln_gamma;

/// P(Z ≤ z).
pub(crate) fn normal_cdf(z: f64) -> f64 {
    Normal::standard().cdf(z)
}

/// P(Z > z), accurate in the far tail.
pub(crate) fn normal_upper(z: f64) -> f64 {
    Normal::standard().sf(z)
}

/// The z with P(Z ≤ z) = p.
pub(crate) fn normal_quantile(p: f64) -> f64 {
    Normal::standard().inverse_cdf(p)
}

fn students_t(df: f64) -> StudentsT {
    StudentsT::new(0.0, 1.0, df)
        .expect("callers hand over at least a fraction of a degree of freedom")
}

/// P(T ≤ t) with `df` > 0 degrees of freedom; t may be infinite.
pub(crate) fn t_cdf(t: f64, df: f64) -> f64 {
    t_upper(-t, df)
}

/// P(T > t), accurate in the far tail; t may be infinite.
pub(crate) fn t_upper(t: f64, df: f64) -> f64 {
    if t.is_infinite() {
        return if t > 0.0 { 0.0 } else { 1.0 };
    }
    students_t(df).sf(t)
}

/// The t with P(T ≤ t) = p, for p in (0, 1).
pub(crate) fn t_quantile(p: f64, df: f64) -> f64 {
    students_t(df).inverse_cdf(p)
}

/// P(F > f) with the two degrees of freedom.
pub(crate) fn f_upper(f: f64, df_numerator: f64, df_denominator: f64) -> f64 {
    FisherSnedecor::new(df_numerator, df_denominator)
        .expect("callers hand over positive degrees of freedom")
        .sf(f)
}

/// P(T > t) for a noncentral t with `df` degrees of freedom and noncentrality `delta`.
///
/// T = (Z + δ) / S with S = √(χ²/df), so P(T > t) = E[Φ(δ − t·S)]. The density of S is smooth and has left
/// both tails below 1e-14 at 10 of its standard deviations (1/√(2·df)); Φ steps within a few 1/|t| of S = δ/t.
/// Composite Gauss-Legendre on that range, cut around that step, is exact to about 1e-9 for any δ, where the
/// usual series (AS 243) underflows beyond δ ≈ 37.
pub(crate) fn noncentral_t_upper(t: f64, df: f64, delta: f64) -> f64 {
    const PANELS_PER_STRETCH: usize = 24;
    let spread = 10.0 / (2.0 * df).sqrt();
    let (low, high) = ((1.0 - spread).max(0.0), 1.0 + spread);
    let ln_scale = std::f64::consts::LN_2 + (df / 2.0) * (df / 2.0).ln() - ln_gamma(df / 2.0);
    let density = |s: f64| (ln_scale + (df - 1.0) * s.ln() - df * s * s / 2.0).exp();
    let (step, reach) = if t == 0.0 {
        (low, 0.0)
    } else {
        (delta / t, 9.0 / t.abs())
    };
    let cuts = [low, step - reach, step + reach, high].map(|cut| cut.clamp(low, high));
    cuts.windows(2)
        .filter(|stretch| stretch[0] < stretch[1])
        .map(|stretch| {
            let width = (stretch[1] - stretch[0]) / PANELS_PER_STRETCH as f64;
            (0..PANELS_PER_STRETCH)
                .map(|panel| {
                    let centre = stretch[0] + (panel as f64 + 0.5) * width;
                    gauss_legendre(centre, width / 2.0, |s| {
                        density(s) * normal_cdf(delta - t * s)
                    })
                })
                .sum::<f64>()
        })
        .sum::<f64>()
        .clamp(0.0, 1.0)
}

/// Ten-point Gauss-Legendre on centre ± half (nodes and weights: Abramowitz & Stegun, table 25.4).
fn gauss_legendre(centre: f64, half: f64, f: impl Fn(f64) -> f64) -> f64 {
    const NODES: [(f64, f64); 5] = [
        (0.148_874_338_981_631_22, 0.295_524_224_714_752_87),
        (0.433_395_394_129_247_2, 0.269_266_719_309_996_35),
        (0.679_409_568_299_024_4, 0.219_086_362_515_982_04),
        (0.865_063_366_688_984_5, 0.149_451_349_150_580_6),
        (0.973_906_528_517_171_7, 0.066_671_344_308_688_14),
    ];
    NODES
        .iter()
        .map(|(node, weight)| weight * (f(centre - half * node) + f(centre + half * node)))
        .sum::<f64>()
        * half
}
