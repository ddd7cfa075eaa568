//! Means and standard deviations that stay exact when values are large and close together.

/// A sum that carries its rounding error along (Neumaier 1974), so that the order of the terms
/// does not matter but for the last bit.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sum {
    total: f64,
    error: f64,
}

impl Sum {
    pub(super) fn add(&mut self, term: f64) {
        let total = self.total + term;
        self.error += if self.total.abs() >= term.abs() {
            (self.total - total) + term
        } else {
            (term - total) + self.total
        };
        self.total = total;
    }

    pub(super) fn value(self) -> f64 {
        self.total + self.error
    }
}

impl FromIterator<f64> for Sum {
    fn from_iter<I: IntoIterator<Item = f64>>(terms: I) -> Self {
        let mut sum = Self::default();
        terms.into_iter().for_each(|term| sum.add(term));
        sum
    }
}

/// The largest power of two that is not above `value`; the smallest normal number for smaller ones.
pub(super) fn power_of_two(value: f64) -> f64 {
    let exponent = value.to_bits() & f64::INFINITY.to_bits();
    f64::from_bits(exponent).max(f64::MIN_POSITIVE)
}

/// Weighted mean `m = Σwx / Σw` and population standard deviation `√(Σw(x − m)² / Σw)`.
///
/// Two passes: the second corrects the mean and takes squares of small differences only. Values
/// are divided by a power of two first, so that no finite value overflows or underflows.
pub(super) fn moments(values: &[f64], weights: Option<&[f64]>) -> (f64, f64) {
    let largest = values
        .iter()
        .fold(0.0, |largest: f64, value| largest.max(value.abs()));
    let unit = power_of_two(largest);
    let weight = |row: usize| weights.map_or(1.0, |weights| weights[row]);
    let rows = || (0..values.len()).map(|row| (values[row] / unit, weight(row)));
    let total = rows().map(|(_, w)| w).collect::<Sum>().value();
    // 1. A first mean.
    let first = rows().map(|(x, w)| w * x).collect::<Sum>().value() / total;
    // 2. What it is off by, and squares about it.
    let (mut off, mut squares) = (Sum::default(), Sum::default());
    for (x, w) in rows() {
        let difference = x - first;
        off.add(w * difference);
        squares.add(w * difference * difference);
    }
    let off = off.value() / total;
    let variance = squares.value() / total - off * off;
    ((first + off) * unit, variance.max(0.0).sqrt() * unit)
}

/// Mean and standard deviation of a column that is 1 with total weight `ones` and otherwise 0 with
/// total weight `zeros`.
pub(super) fn dummy_moments(ones: f64, zeros: f64) -> (f64, f64) {
    let total = ones + zeros;
    let (share, rest) = (ones / total, zeros / total);
    (share, (share * rest).sqrt())
}

/// `(value − mean) / scale`, without overflow between.
pub(super) fn standardize(value: f64, mean: f64, scale: f64) -> f64 {
    let difference = value - mean;
    if difference.is_finite() {
        difference / scale
    } else {
        value / scale - mean / scale
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn close(a: f64, b: f64, relative: f64) -> bool {
        (a - b).abs() <= relative * a.abs().max(b.abs())
    }

    #[test]
    fn moments_by_hand() {
        assert_eq!(moments(&[1.0, 2.0, 3.0, 4.0], None), (2.5, 1.25_f64.sqrt()));
        assert_eq!(
            moments(&[1.0, 4.0], Some(&[3.0, 1.0])),
            (1.75, 1.6875_f64.sqrt())
        );
        assert_eq!(dummy_moments(1.0, 3.0), (0.25, 0.1875_f64.sqrt()));
    }

    #[test]
    fn a_small_spread_far_from_zero_is_exact() {
        // Seconds since 1970 that differ by 0, 1, .. 9: the variance is (100 − 1) / 12.
        let seconds: Vec<f64> = (0..1000).map(|row| 1.7e9 + f64::from(row % 10)).collect();
        let (mean, deviation) = moments(&seconds, None);
        assert_eq!(mean, 1.7e9 + 4.5);
        assert!(close(deviation, 8.25_f64.sqrt(), 1e-15), "{deviation}");
    }

    #[test]
    fn the_largest_and_the_smallest_numbers_have_moments() {
        assert_eq!(moments(&[f64::MAX, -f64::MAX], None), (0.0, f64::MAX));
        let smallest = f64::from_bits(1);
        let (_, deviation) = moments(&[0.0, 2.0 * smallest], None);
        assert_eq!(deviation, smallest);
        assert_eq!(standardize(f64::MAX, -f64::MAX, f64::MAX), 2.0);
    }

    proptest! {
        #[test]
        fn order_changes_the_last_bit_at_most(
            mut values in proptest::collection::vec(-1e6..1e6_f64, 2..60),
        ) {
            let forwards = moments(&values, None);
            values.reverse();
            let backwards = moments(&values, None);
            prop_assert!((forwards.0 - backwards.0).abs() <= 1e-15 * 1e6);
            prop_assert!(close(forwards.1, backwards.1, 1e-14));
        }

        #[test]
        fn weights_are_repetitions(
            pairs in proptest::collection::vec((-1e3..1e3_f64, 1usize..4), 2..40),
        ) {
            let (values, weights): (Vec<f64>, Vec<f64>) =
                pairs.iter().map(|&(value, count)| (value, count as f64)).unzip();
            let repeated: Vec<f64> = pairs
                .iter()
                .flat_map(|&(value, count)| std::iter::repeat_n(value, count))
                .collect();
            let (weighted, plain) = (moments(&values, Some(&weights)), moments(&repeated, None));
            prop_assert!((weighted.0 - plain.0).abs() <= 1e-15 * 1e3);
            prop_assert!(close(weighted.1, plain.1, 1e-13));
        }
    }
}
