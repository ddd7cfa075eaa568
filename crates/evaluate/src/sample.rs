//! The rows of an evaluation and their weights, checked once before any metric is computed.

use crate::error::EvaluateError;
use crate::sum::Sum;

/// How many rows there are, and how much each counts.
///
/// Weights are scaled by a power of two, which is exact, so that neither their sum nor a product of
/// two sums can overflow. Metrics are ratios of weights and do not see it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sample<'a> {
    rows: usize,
    used: usize,
    weights: Option<&'a [f64]>,
    unit: f64,
    total: f64,
}

impl<'a> Sample<'a> {
    pub(crate) fn new(rows: usize, weights: Option<&'a [f64]>) -> Result<Self, EvaluateError> {
        if let Some(weights) = weights {
            check_length("weights", rows, weights.len())?;
        }
        if rows == 0 {
            return Err(EvaluateError::NoRows);
        }
        let Some(values) = weights else {
            return Ok(Self {
                rows,
                used: rows,
                weights,
                unit: 1.0,
                total: rows as f64,
            });
        };
        let bad = |weight: &&f64| !(weight.is_finite() && **weight >= 0.0);
        if let Some((row, &value)) = values.iter().enumerate().find(|(_, weight)| bad(weight)) {
            return Err(EvaluateError::Weight { row, value });
        }
        let largest = values.iter().copied().fold(0.0, f64::max);
        if largest == 0.0 {
            return Err(EvaluateError::ZeroWeight);
        }
        let exponent = (largest.log2().floor() as i32).clamp(-1022, 1022);
        let unit = 2f64.powi(-exponent);
        let total: Sum = values.iter().map(|weight| weight * unit).collect();
        let total = total.value();
        if !(total / unit).is_finite() {
            return Err(EvaluateError::Overflow {
                what: "the sum of the weights",
            });
        }
        let used = values.iter().filter(|weight| **weight > 0.0).count();
        Ok(Self {
            rows,
            used,
            weights,
            unit,
            total,
        })
    }

    /// The number of rows whose weight is not zero.
    pub(crate) fn used(&self) -> usize {
        self.used
    }

    /// A scaled weight, or a sum of them, on the caller's scale again.
    pub(crate) fn unscaled(&self, weight: f64) -> f64 {
        weight / self.unit
    }

    /// Every row that counts, with its scaled weight.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (usize, f64)> + use<'a> {
        let (weights, unit) = (self.weights, self.unit);
        (0..self.rows)
            .map(move |row| (row, weights.map_or(1.0, |weights| weights[row] * unit)))
            .filter(|(_, weight)| *weight > 0.0)
    }

    /// `Σ wᵢ vᵢ / Σ wᵢ`. The values are finite; only their mean can be too large, and the error
    /// then names `what`.
    pub(crate) fn mean(
        &self,
        what: &'static str,
        value: impl Fn(usize) -> f64,
    ) -> Result<f64, EvaluateError> {
        let sum: Sum = self
            .iter()
            .map(|(row, weight)| weight * value(row))
            .collect();
        let mut mean = sum.value() / self.total;
        if !mean.is_finite() {
            // The sum overflows where the mean need not: make the weights sum to one first.
            let sum: Sum = self
                .iter()
                .map(|(row, weight)| weight / self.total * value(row))
                .collect();
            mean = sum.value();
        }
        if mean.is_finite() {
            Ok(mean)
        } else {
            Err(EvaluateError::Overflow { what })
        }
    }

    /// Checks that there is one value a row, and that those that count are finite.
    pub(crate) fn check_finite(
        &self,
        what: &'static str,
        plural: &'static str,
        values: &[f64],
    ) -> Result<(), EvaluateError> {
        check_length(plural, self.rows, values.len())?;
        match self.iter().find(|(row, _)| !values[*row].is_finite()) {
            Some((row, _)) => Err(EvaluateError::NonFinite {
                what,
                row,
                value: values[row],
            }),
            None => Ok(()),
        }
    }

    /// Checks the labels of two classes.
    pub(crate) fn check_labels(&self, labels: &[f64]) -> Result<(), EvaluateError> {
        match self
            .iter()
            .find(|(row, _)| labels[*row] != 0.0 && labels[*row] - 1.0 != 0.0)
        {
            Some((row, _)) => Err(EvaluateError::Label {
                row,
                value: labels[row],
            }),
            None => Ok(()),
        }
    }

    /// Checks probabilities.
    pub(crate) fn check_probabilities(&self, values: &[f64]) -> Result<(), EvaluateError> {
        check_length("probabilities", self.rows, values.len())?;
        match self
            .iter()
            .find(|(row, _)| !(0.0..=1.0).contains(&values[*row]))
        {
            Some((row, _)) => Err(EvaluateError::Probability {
                row,
                value: values[row],
            }),
            None => Ok(()),
        }
    }
}

pub(crate) fn check_length(
    what: &'static str,
    expected: usize,
    found: usize,
) -> Result<(), EvaluateError> {
    if expected == found {
        Ok(())
    } else {
        Err(EvaluateError::Length {
            what,
            expected,
            found,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unsound_weights_are_refused() {
        assert_eq!(Sample::new(0, None).unwrap_err(), EvaluateError::NoRows);
        assert_eq!(
            Sample::new(0, Some(&[])).unwrap_err(),
            EvaluateError::NoRows
        );
        assert_eq!(
            Sample::new(2, Some(&[0.0, 0.0])).unwrap_err(),
            EvaluateError::ZeroWeight
        );
        assert_eq!(
            Sample::new(2, Some(&[1.0])).unwrap_err(),
            EvaluateError::Length {
                what: "weights",
                expected: 2,
                found: 1
            }
        );
        for bad in [-1.0, f64::INFINITY, f64::NAN] {
            let error = Sample::new(2, Some(&[1.0, bad])).unwrap_err();
            assert!(matches!(error, EvaluateError::Weight { row: 1, .. }));
        }
        let error = Sample::new(2, Some(&[f64::MAX, f64::MAX])).unwrap_err();
        assert!(matches!(error, EvaluateError::Overflow { .. }));
    }

    #[test]
    fn extreme_weights_are_scaled_exactly() {
        for weight in [f64::MIN_POSITIVE / 1024.0, 1e-300, 1.0, 3.0, 1e300] {
            let weights = [weight, 0.0, weight];
            let sample = Sample::new(3, Some(&weights)).unwrap();
            assert_eq!(sample.used(), 2);
            assert_eq!(sample.unscaled(sample.total), 2.0 * weight);
            assert_eq!(sample.mean("a mean", |row| [1.0, 100.0, 2.0][row]), Ok(1.5));
        }
    }

    #[test]
    fn a_mean_survives_a_sum_that_overflows() {
        let sample = Sample::new(2, None).unwrap();
        assert_eq!(sample.mean("a mean", |_| f64::MAX), Ok(f64::MAX));
        let error = sample.mean("a mean", |_| f64::INFINITY).unwrap_err();
        assert_eq!(error, EvaluateError::Overflow { what: "a mean" });
    }
}
