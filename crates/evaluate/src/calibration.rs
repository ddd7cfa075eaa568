//! Do rows with a probability of 0.8 come true four times in five?

use serde::{Deserialize, Serialize};

use crate::error::EvaluateError;
use crate::sample::Sample;
use crate::sum::Sum;

/// The rows whose probability lies in `(lower, upper]`; the first bin includes zero.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Bin {
    /// Lower end.
    pub lower: f64,
    /// Upper end.
    pub upper: f64,
    /// Rows in the bin.
    pub rows: usize,
    /// Their weight.
    pub weight: f64,
    /// Their mean probability.
    pub mean_probability: f64,
    /// The share of them, by weight, that is positive.
    pub observed: f64,
}

#[derive(Clone, Copy, Default)]
struct Tally {
    rows: usize,
    weight: Sum,
    probability: Sum,
    positive: Sum,
}

/// The reliability table: probabilities in `bins` bins of equal width; bins without rows are left
/// out.
///
/// # Errors
/// Unsound rows; [`EvaluateError::NoBins`].
///
/// # Examples
/// ```
/// use evaluate::calibration::reliability;
/// let bins = reliability(&[0.0, 1.0, 1.0], &[0.25, 0.75, 0.875], 2, None)?;
/// assert_eq!(bins.len(), 2);
/// assert_eq!((bins[1].rows, bins[1].mean_probability, bins[1].observed), (2, 0.8125, 1.0));
/// # Ok::<(), evaluate::EvaluateError>(())
/// ```
///
/// # References
/// Equals `sklearn.calibration.calibration_curve(strategy="uniform")`, with weights.
pub fn reliability(
    labels: &[f64],
    probabilities: &[f64],
    bins: usize,
    weights: Option<&[f64]>,
) -> Result<Vec<Bin>, EvaluateError> {
    let sample = Sample::new(labels.len(), weights)?;
    sample.check_labels(labels)?;
    sample.check_probabilities(probabilities)?;
    if bins == 0 {
        return Err(EvaluateError::NoBins);
    }
    let uppers: Vec<f64> = (1..=bins).map(|bin| bin as f64 / bins as f64).collect();
    let mut tallies = vec![Tally::default(); bins];
    for (row, weight) in sample.iter() {
        let p = probabilities[row];
        let tally = &mut tallies[uppers.partition_point(|upper| *upper < p)];
        tally.rows += 1;
        tally.weight.add(weight);
        tally.probability.add(weight * p);
        tally.positive.add(weight * labels[row]);
    }
    let lowers = std::iter::once(0.0).chain(uppers.iter().copied());
    Ok(lowers
        .zip(&uppers)
        .zip(&tallies)
        .filter(|(_, tally)| tally.rows > 0)
        .map(|((lower, &upper), tally)| Bin {
            lower,
            upper,
            rows: tally.rows,
            weight: sample.unscaled(tally.weight.value()),
            mean_probability: tally.probability.value() / tally.weight.value(),
            observed: tally.positive.value() / tally.weight.value(),
        })
        .collect())
}

/// The expected calibration error of a reliability table: the mean distance, by weight, between
/// predicted and observed.
///
/// It depends on the bins and is biased upwards for few rows: compare it only between tables with
/// the same bins and rows. The Brier score has neither defect.
///
/// # Errors
/// [`EvaluateError::NoRows`] for an empty table.
///
/// # References
/// M. P. Naeini, G. F. Cooper, M. Hauskrecht (2015), Obtaining well calibrated probabilities using
/// Bayesian binning, AAAI.
pub fn expected_calibration_error(bins: &[Bin]) -> Result<f64, EvaluateError> {
    let weights: Vec<f64> = bins.iter().map(|bin| bin.weight).collect();
    let sample = Sample::new(bins.len(), Some(&weights))?;
    sample.mean("the calibration error", |bin| {
        (bins[bin].mean_probability - bins[bin].observed).abs()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_belong_to_the_bin_below() {
        let labels = [0.0, 1.0, 0.0, 1.0];
        let bins = reliability(&labels, &[0.0, 0.5, 0.500_1, 1.0], 2, None).unwrap();
        let rows: Vec<_> = bins
            .iter()
            .map(|bin| (bin.lower, bin.upper, bin.rows))
            .collect();
        assert_eq!(rows, [(0.0, 0.5, 2), (0.5, 1.0, 2)]);
    }

    #[test]
    fn empty_bins_and_weightless_rows_are_left_out() {
        let weights = [1.0, 3.0, 0.0];
        let bins = reliability(&[0.0, 1.0, 1.0], &[0.1, 0.2, 0.9], 4, Some(&weights)).unwrap();
        assert_eq!(bins.len(), 1);
        assert_eq!(
            (bins[0].rows, bins[0].weight, bins[0].observed),
            (2, 4.0, 0.75)
        );
        assert!((bins[0].mean_probability - 0.175).abs() < 1e-15);
        assert!((expected_calibration_error(&bins).unwrap() - 0.575).abs() < 1e-15);
    }

    #[test]
    fn undefined_cases_are_typed() {
        assert_eq!(
            reliability(&[0.0], &[0.5], 0, None),
            Err(EvaluateError::NoBins)
        );
        assert_eq!(expected_calibration_error(&[]), Err(EvaluateError::NoRows));
    }
}
