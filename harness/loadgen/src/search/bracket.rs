//! Where the border between good rates and bad ones lies, and which rate to try next.

use super::options::SearchOptions;

/// What is known of the border between good rates and bad ones.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Bracket {
    pub(crate) good: Option<f64>,
    pub(crate) bad: Option<f64>,
}

impl Bracket {
    /// Narrows the border down, starting around `scale`, which the closed loop achieved. Stops
    /// when `is_good` gives no answer.
    pub(crate) fn narrow<E>(
        scale: f64,
        options: &SearchOptions,
        mut is_good: impl FnMut(f64) -> Result<Option<bool>, E>,
    ) -> Result<Self, E> {
        let mut bracket = Self::default();
        if scale.is_nan() || scale <= 0.0 {
            return Ok(bracket);
        }
        let step = 1.0 + options.precision / 2.0;
        let mut stride = step;
        // The closed run took the first of the probes.
        for _ in 1..options.max_probes {
            if bracket.is_narrow(options.precision) {
                break;
            }
            let rate = match (bracket.good, bracket.bad) {
                // A bit below what the closed loop reached: most likely good.
                (None, None) => scale / step,
                (Some(good), Some(bad)) => (good * bad).sqrt(),
                // Away from the one bound, twice as far each time in the logarithm.
                (Some(good), None) => good * stride,
                (None, Some(bad)) => bad / stride,
            };
            if bracket.good.is_none() || bracket.bad.is_none() {
                stride *= stride;
            }
            match is_good(rate)? {
                Some(true) => bracket.good = Some(rate),
                Some(false) => bracket.bad = Some(rate),
                None => break,
            }
        }
        Ok(bracket)
    }

    pub(super) fn is_narrow(&self, precision: f64) -> bool {
        // A hair of slack: the bounds of a first step are rounded floats.
        let within = |good: f64, bad: f64| bad / good <= 1.0 + precision * 1.02;
        self.good
            .zip(self.bad)
            .is_some_and(|(good, bad)| within(good, bad))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::errors::LoadError;
    use proptest::prelude::*;

    fn narrow(border: f64, scale: f64) -> (Bracket, usize) {
        let mut probes = 1;
        let bracket = Bracket::narrow(scale, &SearchOptions::default(), |rate| {
            probes += 1;
            Ok::<_, LoadError>(Some(rate <= border))
        })
        .unwrap();
        (bracket, probes)
    }

    proptest! {
        #[test]
        fn a_border_near_the_closed_rate_is_found_within_three_percent_in_ten_probes(
            border in 10.0f64..1e6, error in 0.9f64..1.1
        ) {
            let (bracket, probes) = narrow(border, border * error);
            prop_assert!(probes <= 10);
            let (good, bad) = (bracket.good.unwrap(), bracket.bad.unwrap());
            prop_assert!(good <= border && border < bad);
            prop_assert!(((good * bad).sqrt() / border - 1.0).abs() < 0.03, "{good} {bad} {border}");
        }

        #[test]
        fn the_bracket_always_holds_the_border(border in 1.0f64..1e6, scale in 1.0f64..1e6) {
            let (bracket, _) = narrow(border, scale);
            prop_assert!(bracket.good.is_none_or(|good| good <= border));
            prop_assert!(bracket.bad.is_none_or(|bad| bad > border));
        }
    }

    #[test]
    fn without_a_scale_nothing_is_tried() {
        let (bracket, probes) = narrow(10.0, 0.0);
        assert_eq!((bracket.good, bracket.bad, probes), (None, None, 1));
    }

    #[test]
    fn without_an_answer_the_search_ends_with_what_it_knows() {
        let mut tried = 0;
        let bracket = Bracket::narrow(100.0, &SearchOptions::default(), |rate| {
            tried += 1;
            Ok::<_, LoadError>((tried < 3).then_some(rate < 90.0))
        });
        let bracket = bracket.unwrap();
        assert_eq!((tried, bracket.good), (3, None));
        assert!(bracket.bad.is_some());
    }
}
