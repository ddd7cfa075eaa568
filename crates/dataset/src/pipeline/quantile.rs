//! Quantiles of weighted numbers.

use super::scale::Sum;

/// Numbers in ascending order, each with the weight up to and including it.
#[derive(Debug)]
pub(super) struct Quantiles {
    sorted: Vec<(f64, f64)>,
}

impl Quantiles {
    /// Of numbers of which none is missing; with weights, of each number repeated as often as its
    /// weight says.
    pub(super) fn new(numbers: &[f64], weights: Option<&[f64]>) -> Self {
        let weight = |row: usize| weights.map_or(1.0, |weights| weights[row]);
        let rows = numbers.iter().enumerate();
        let mut sorted: Vec<(f64, f64)> = rows.map(|(row, &x)| (x, weight(row))).collect();
        sorted.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
        let mut sum = Sum::default();
        for (_, weight) in &mut sorted {
            sum.add(*weight);
            *weight = sum.value();
        }
        Self { sorted }
    }

    /// The quantile of a share between 0 and 1: the mean of the smallest number up to which there is
    /// at least that share of the weight, and the smallest up to which there is more (Hyndman, Fan
    /// 1996, definition 2). That of one half is the median.
    pub(super) fn at(&self, share: f64) -> f64 {
        let total = self.sorted.last().map_or(0.0, |last| last.1);
        let goal = share * total;
        let number = |place: usize| {
            let last = self.sorted.len().saturating_sub(1);
            self.sorted
                .get(place.min(last))
                .map_or(f64::NAN, |pair| pair.0)
        };
        let lower = number(self.sorted.partition_point(|pair| pair.1 < goal));
        let upper = number(self.sorted.partition_point(|pair| pair.1 <= goal));
        f64::midpoint(lower, upper)
    }

    /// How many different numbers there are.
    pub(super) fn distinct(&self) -> usize {
        let steps = self.sorted.windows(2).filter(|pair| pair[0].0 < pair[1].0);
        steps.count() + usize::from(!self.sorted.is_empty())
    }

    /// The smallest number.
    pub(super) fn smallest(&self) -> f64 {
        self.sorted.first().map_or(f64::NAN, |pair| pair.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::pipeline::impute::median;

    #[test]
    fn quantiles_by_hand() {
        let quantiles = Quantiles::new(&[4.0, 1.0, 3.0, 2.0], None);
        let shares = [0.0, 0.1, 0.25, 0.5, 0.9, 1.0];
        assert_eq!(
            shares.map(|share| quantiles.at(share)),
            [1.0, 1.0, 1.5, 2.5, 4.0, 4.0]
        );
        assert_eq!(Quantiles::new(&[1.0, 1.0, 2.0], None).distinct(), 2);
    }

    proptest! {
        #[test]
        fn weights_are_repetitions(
            pairs in proptest::collection::vec((-5i32..5, 1usize..4), 1..40),
            share in 0.0..1.0_f64,
        ) {
            let (numbers, weights): (Vec<f64>, Vec<f64>) =
                pairs.iter().map(|&(value, count)| (f64::from(value), count as f64)).unzip();
            let repeated: Vec<f64> = pairs
                .iter()
                .flat_map(|&(value, count)| std::iter::repeat_n(f64::from(value), count))
                .collect();
            let weighted = Quantiles::new(&numbers, Some(&weights));
            let plain = Quantiles::new(&repeated, None);
            prop_assert_eq!(weighted.at(share), plain.at(share));
            prop_assert_eq!(weighted.distinct(), plain.distinct());
            prop_assert_eq!(Some(plain.at(0.5)), median(repeated, None));
        }
    }
}
