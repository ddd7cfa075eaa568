//! A number as target: squared and absolute errors, R².

use crate::error::EvaluateError;
use crate::sample::Sample;

fn check<'a>(
    targets: &[f64],
    predictions: &[f64],
    weights: Option<&'a [f64]>,
) -> Result<Sample<'a>, EvaluateError> {
    let sample = Sample::new(targets.len(), weights)?;
    sample.check_finite("target", "targets", targets)?;
    sample.check_finite("prediction", "predictions", predictions)?;
    Ok(sample)
}

/// Mean squared error, `(1/W) Σ wᵢ (yᵢ − ŷᵢ)²`.
///
/// # Errors
/// Unsound rows; [`EvaluateError::Overflow`] where a square exceeds the largest `f64`.
///
/// # Examples
/// ```
/// use evaluate::regression::{mae, mse, r2};
/// let (y, predicted) = ([1.0, 2.0, 6.0], [1.0, 4.0, 5.0]);
/// assert_eq!(mse(&y, &predicted, None)?, 5.0 / 3.0);
/// assert_eq!(mae(&y, &predicted, None)?, 1.0);
/// assert_eq!(r2(&y, &predicted, None)?, 1.0 - 5.0 / 14.0); // the mean of y is 3
/// # Ok::<(), evaluate::EvaluateError>(())
/// ```
pub fn mse(
    targets: &[f64],
    predictions: &[f64],
    weights: Option<&[f64]>,
) -> Result<f64, EvaluateError> {
    let sample = check(targets, predictions, weights)?;
    sample.mean("the mean squared error", |row| {
        (targets[row] - predictions[row]).powi(2)
    })
}

/// The square root of [`mse`], in the target's unit.
///
/// # Errors
/// Those of [`mse`].
pub fn rmse(
    targets: &[f64],
    predictions: &[f64],
    weights: Option<&[f64]>,
) -> Result<f64, EvaluateError> {
    mse(targets, predictions, weights).map(f64::sqrt)
}

/// Mean absolute error, `(1/W) Σ wᵢ |yᵢ − ŷᵢ|`.
///
/// # Errors
/// Unsound rows; [`EvaluateError::Overflow`] where a difference exceeds the largest `f64`.
pub fn mae(
    targets: &[f64],
    predictions: &[f64],
    weights: Option<&[f64]>,
) -> Result<f64, EvaluateError> {
    let sample = check(targets, predictions, weights)?;
    sample.mean("the mean absolute error", |row| {
        (targets[row] - predictions[row]).abs()
    })
}

/// The coefficient of determination, `R² = 1 − Σ wᵢ (yᵢ − ŷᵢ)² / Σ wᵢ (yᵢ − ȳ)²`, with `ȳ` the
/// weighted mean of these targets.
///
/// 1 is perfect, 0 is no better than the mean, and below 0 is worse than it.
///
/// # Errors
/// Unsound rows; [`EvaluateError::ConstantTarget`] where the targets do not vary (a single row
/// included); [`EvaluateError::Overflow`].
///
/// # References
/// Equals `sklearn.metrics.r2_score`, which returns 1 or 0 for constant targets.
pub fn r2(
    targets: &[f64],
    predictions: &[f64],
    weights: Option<&[f64]>,
) -> Result<f64, EvaluateError> {
    let sample = check(targets, predictions, weights)?;
    let mean = sample.mean("the mean of the targets", |row| targets[row])?;
    let first = sample
        .iter()
        .map(|(row, _)| targets[row])
        .next()
        .unwrap_or(mean);
    if sample.iter().all(|(row, _)| targets[row] - first == 0.0) {
        return Err(EvaluateError::ConstantTarget { value: first });
    }
    let spread = sample.mean("the variance of the targets", |row| {
        (targets[row] - mean).powi(2)
    })?;
    if spread == 0.0 {
        return Err(EvaluateError::ConstantTarget { value: first }); // their squares underflow
    }
    let ratio = mse(targets, predictions, weights)? / spread;
    if ratio.is_finite() {
        Ok(1.0 - ratio)
    } else {
        Err(EvaluateError::Overflow { what: "R²" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_hand_with_weights() {
        let (y, predicted, w) = ([0.0, 4.0], [1.0, 1.0], [3.0, 1.0]);
        assert_eq!(mse(&y, &predicted, Some(&w)), Ok(3.0)); // (3·1 + 1·9) / 4
        assert_eq!(rmse(&y, &predicted, Some(&w)), Ok(3f64.sqrt()));
        assert_eq!(mae(&y, &predicted, Some(&w)), Ok(1.5));
        assert_eq!(r2(&y, &predicted, Some(&w)), Ok(0.0)); // 1 is the weighted mean
    }

    #[test]
    fn constant_targets_have_no_r2() {
        let constant = |value| Err(EvaluateError::ConstantTarget { value });
        assert_eq!(r2(&[0.1; 3], &[0.1, 0.2, 0.3], None), constant(0.1));
        assert_eq!(r2(&[5.0], &[5.0], None), constant(5.0));
        // The row that differs has no weight.
        assert_eq!(
            r2(&[5.0, 6.0], &[5.0, 6.0], Some(&[1.0, 0.0])),
            constant(5.0)
        );
    }

    #[test]
    fn unsound_rows_and_overflow_are_typed() {
        assert_eq!(mse(&[], &[], None), Err(EvaluateError::NoRows));
        let length = EvaluateError::Length {
            what: "predictions",
            expected: 1,
            found: 2,
        };
        assert_eq!(mae(&[1.0], &[1.0, 2.0], None), Err(length));
        let nan = r2(&[1.0, 2.0], &[1.0, f64::NAN], None);
        assert!(matches!(
            nan,
            Err(EvaluateError::NonFinite {
                what: "prediction",
                row: 1,
                ..
            })
        ));
        assert!(matches!(
            mse(&[1e200], &[0.0], None),
            Err(EvaluateError::Overflow { .. })
        ));
        assert!(matches!(
            mae(&[1e308], &[-1e308], None),
            Err(EvaluateError::Overflow { .. })
        ));
    }
}
