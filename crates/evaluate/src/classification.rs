//! Two classes: log loss, accuracy, Brier score, the confusion of a threshold.
//!
//! Labels are 0 or 1, as numbers. A *logit* is `z = ln(p / (1 − p))`, any finite number; a row is
//! predicted to be positive where its probability is at or above the threshold.

use serde::{Deserialize, Serialize};

pub use crate::curve::roc_auc;
use crate::error::EvaluateError;
use crate::sample::Sample;
use crate::sum::Sum;

/// `p = 1 / (1 + e^−z)`, computed from the side that does not overflow.
///
/// ```
/// use evaluate::classification::probability;
/// assert_eq!(probability(0.0), 0.5);
/// assert_eq!(probability(-1e308), 0.0);
/// assert_eq!(probability(1e308), 1.0);
/// ```
pub fn probability(logit: f64) -> f64 {
    let e = (-logit.abs()).exp();
    if logit >= 0.0 {
        1.0 / (1.0 + e)
    } else {
        e / (1.0 + e)
    }
}

/// [`probability`] of every logit.
pub fn probabilities(logits: &[f64]) -> Vec<f64> {
    logits.iter().map(|&logit| probability(logit)).collect()
}

/// `−ln P(label | logit)`: `log(1 + e^z) − y·z`, without an ε and without overflow.
///
/// With `s = z` for a label of 0 and `s = −z` for a label of 1 this is
/// `max(s, 0) + ln(1 + e^−|s|)`, exact to rounding for any finite logit.
fn row_log_loss(label: f64, logit: f64) -> f64 {
    let s = if label == 0.0 { logit } else { -logit };
    s.max(0.0) + (-s.abs()).exp().ln_1p()
}

/// Mean log loss in nats, `(1/W) Σ wᵢ [log(1 + e^zᵢ) − yᵢ zᵢ]`, from logits.
///
/// # Errors
/// Unsound rows, and [`EvaluateError::Overflow`] where the mean itself exceeds the largest `f64`.
///
/// # Examples
/// ```
/// use evaluate::classification::log_loss;
/// // An even guess costs ln 2 a row; a wrong logit of 1000 costs 1000.
/// assert_eq!(log_loss(&[0.0, 1.0], &[0.0, 0.0], None)?, 2f64.ln());
/// assert_eq!(log_loss(&[0.0], &[1000.0], None)?, 1000.0);
/// # Ok::<(), evaluate::EvaluateError>(())
/// ```
///
/// # References
/// Hastie, Tibshirani, Friedman (2009), The Elements of Statistical Learning, §4.4.1. Equals
/// `sklearn.metrics.log_loss` of the probabilities, wherever those are not rounded to 0 or 1.
pub fn log_loss(
    labels: &[f64],
    logits: &[f64],
    weights: Option<&[f64]>,
) -> Result<f64, EvaluateError> {
    let sample = Sample::new(labels.len(), weights)?;
    sample.check_labels(labels)?;
    sample.check_finite("logit", "logits", logits)?;
    sample.mean("the log loss", |row| row_log_loss(labels[row], logits[row]))
}

/// The Brier score, `(1/W) Σ wᵢ (pᵢ − yᵢ)²`.
///
/// # Errors
/// Unsound rows.
///
/// # Examples
/// ```
/// use evaluate::classification::brier;
/// // (0.25² + 0.5²) / 2
/// assert_eq!(brier(&[0.0, 1.0], &[0.25, 0.5], None)?, 0.15625);
/// # Ok::<(), evaluate::EvaluateError>(())
/// ```
///
/// # References
/// G. W. Brier (1950), Verification of forecasts expressed in terms of probability, Monthly Weather
/// Review 78, 1-3 (half of his sum over both classes). Equals `sklearn.metrics.brier_score_loss`.
pub fn brier(
    labels: &[f64],
    probabilities: &[f64],
    weights: Option<&[f64]>,
) -> Result<f64, EvaluateError> {
    let sample = Sample::new(labels.len(), weights)?;
    sample.check_labels(labels)?;
    sample.check_probabilities(probabilities)?;
    sample.mean("the Brier score", |row| {
        (probabilities[row] - labels[row]).powi(2)
    })
}

/// The share of rows (by weight) on the right side of the threshold.
///
/// # Errors
/// Those of [`Confusion::at`].
pub fn accuracy(
    labels: &[f64],
    probabilities: &[f64],
    threshold: f64,
    weights: Option<&[f64]>,
) -> Result<f64, EvaluateError> {
    Ok(Confusion::at(labels, probabilities, threshold, weights)?.accuracy())
}

/// The four sums of weights (counts, without weights) of a two-class prediction.
///
/// # Examples
/// ```
/// use evaluate::classification::Confusion;
/// let c = Confusion::at(&[0.0, 0.0, 1.0, 1.0], &[0.1, 0.5, 0.4, 0.9], 0.5, None)?;
/// assert_eq!((c.tn, c.fp, c.fn_, c.tp), (1.0, 1.0, 1.0, 1.0)); // 0.5 counts as positive
/// assert_eq!(c.precision()?, 0.5);
/// # Ok::<(), evaluate::EvaluateError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Confusion {
    /// Negative rows, predicted negative.
    pub tn: f64,
    /// Negative rows, predicted positive.
    pub fp: f64,
    /// Positive rows, predicted negative.
    #[serde(rename = "fn")]
    pub fn_: f64,
    /// Positive rows, predicted positive.
    pub tp: f64,
}

impl Confusion {
    /// The confusion of predicting positive where `p ≥ threshold`.
    ///
    /// A threshold above 1 predicts no row positive.
    ///
    /// # Errors
    /// Unsound rows; [`EvaluateError::Threshold`] where it is not finite.
    pub fn at(
        labels: &[f64],
        probabilities: &[f64],
        threshold: f64,
        weights: Option<&[f64]>,
    ) -> Result<Self, EvaluateError> {
        let sample = Sample::new(labels.len(), weights)?;
        sample.check_labels(labels)?;
        sample.check_probabilities(probabilities)?;
        if !threshold.is_finite() {
            return Err(EvaluateError::Threshold { value: threshold });
        }
        let mut cells = [Sum::default(); 4];
        for (row, weight) in sample.iter() {
            let predicted = usize::from(probabilities[row] >= threshold);
            cells[2 * usize::from(labels[row] > 0.0) + predicted].add(weight);
        }
        let [tn, fp, fn_, tp] = cells.map(|cell| sample.unscaled(cell.value()));
        Ok(Self { tn, fp, fn_, tp })
    }

    /// The weight of all rows.
    pub fn total(&self) -> f64 {
        (self.tn + self.tp) + (self.fp + self.fn_)
    }

    /// `(TN + TP) / total`.
    pub fn accuracy(&self) -> f64 {
        (self.tn + self.tp) / self.total()
    }

    /// `TP / (TP + FP)`: how many of the rows that were called positive are.
    ///
    /// # Errors
    /// [`EvaluateError::NeverPredicted`] where no row was called positive.
    pub fn precision(&self) -> Result<f64, EvaluateError> {
        ratio(self.tp, self.fp, EvaluateError::NeverPredicted { class: 1 })
    }

    /// `TP / (TP + FN)`: how many of the positive rows were called so.
    ///
    /// # Errors
    /// [`EvaluateError::NeverObserved`] where no row is positive.
    pub fn recall(&self) -> Result<f64, EvaluateError> {
        ratio(self.tp, self.fn_, EvaluateError::NeverObserved { class: 1 })
    }

    /// `TN / (TN + FP)`: how many of the negative rows were called so.
    ///
    /// # Errors
    /// [`EvaluateError::NeverObserved`] where no row is negative.
    pub fn specificity(&self) -> Result<f64, EvaluateError> {
        ratio(self.tn, self.fp, EvaluateError::NeverObserved { class: 0 })
    }

    /// `2TP / (2TP + FP + FN)`, the harmonic mean of precision and recall where both exist.
    ///
    /// # Errors
    /// [`EvaluateError::NeverObserved`] where no row is positive and none was called so.
    pub fn f1(&self) -> Result<f64, EvaluateError> {
        let errors = self.fp / 2.0 + self.fn_ / 2.0;
        ratio(self.tp, errors, EvaluateError::NeverObserved { class: 1 })
    }
}

/// `part / (part + rest)`, or the error where both are zero.
pub(crate) fn ratio(part: f64, rest: f64, undefined: EvaluateError) -> Result<f64, EvaluateError> {
    let whole = part + rest;
    if whole > 0.0 {
        Ok(part / whole)
    } else {
        Err(undefined)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_loss_by_hand() {
        // ln(1 + e^-2) for the right sign, 2 + ln(1 + e^-2) for the wrong one
        let tail = (-2f64).exp().ln_1p();
        let loss = log_loss(&[1.0, 1.0], &[2.0, -2.0], None).unwrap();
        assert!((loss - (1.0 + tail)).abs() < 1e-15);
        // three quarters of the weight on the right row
        let loss = log_loss(&[1.0, 1.0], &[2.0, -2.0], Some(&[3.0, 1.0])).unwrap();
        assert!((loss - (0.5 + tail)).abs() < 1e-15);
    }

    #[test]
    fn log_loss_keeps_the_smallest_losses() {
        // 1 - p is below the resolution of p, yet its loss is e^-z to all digits.
        let loss = log_loss(&[1.0], &[50.0], None).unwrap();
        assert!((loss / (-50f64).exp() - 1.0).abs() < 1e-15);
    }

    #[test]
    fn log_loss_is_finite_for_any_finite_logit() {
        for logit in [f64::MAX, -f64::MAX, f64::MIN_POSITIVE, 710.0, -710.0, 0.0] {
            for label in [0.0, 1.0] {
                let loss = log_loss(&[label; 3], &[logit; 3], Some(&[1e300, 3e300, 0.0]));
                assert!(loss.is_ok_and(|loss| loss >= 0.0 && loss.is_finite()));
            }
        }
    }

    #[test]
    fn unsound_rows_are_refused() {
        use EvaluateError as E;
        assert_eq!(log_loss(&[], &[], None), Err(E::NoRows));
        assert_eq!(log_loss(&[1.0], &[1.0], Some(&[0.0])), Err(E::ZeroWeight));
        let length = E::Length {
            what: "logits",
            expected: 2,
            found: 1,
        };
        assert_eq!(log_loss(&[1.0, 0.0], &[1.0], None), Err(length));
        assert_eq!(
            log_loss(&[0.5], &[1.0], None),
            Err(E::Label { row: 0, value: 0.5 })
        );
        let infinite = E::NonFinite {
            what: "logit",
            row: 1,
            value: f64::INFINITY,
        };
        assert_eq!(
            log_loss(&[0.0, 1.0], &[1.0, f64::INFINITY], None),
            Err(infinite)
        );
        let outside = E::Probability { row: 0, value: 1.5 };
        assert_eq!(brier(&[0.0], &[1.5], None), Err(outside));
        for threshold in [f64::NAN, f64::INFINITY] {
            let error = Confusion::at(&[0.0], &[0.5], threshold, None);
            assert!(matches!(error, Err(E::Threshold { .. })));
        }
        assert!(matches!(
            brier(&[0.0], &[f64::NAN], None),
            Err(E::Probability { .. })
        ));
    }

    #[test]
    fn a_row_of_weight_zero_is_not_looked_at() {
        let loss = log_loss(&[1.0, f64::NAN], &[0.0, f64::NAN], Some(&[2.0, 0.0]));
        assert_eq!(loss, Ok(2f64.ln()));
    }

    #[test]
    fn ratios_of_a_confusion() {
        let c = Confusion {
            tn: 50.0,
            fp: 10.0,
            fn_: 5.0,
            tp: 35.0,
        };
        assert_eq!(c.accuracy(), 0.85);
        assert_eq!(c.precision(), Ok(35.0 / 45.0));
        assert_eq!(c.recall(), Ok(0.875));
        assert_eq!(c.specificity(), Ok(50.0 / 60.0));
        assert_eq!(c.f1(), Ok(70.0 / 85.0));
    }

    #[test]
    fn ratios_without_a_denominator_are_typed() {
        let none_called = Confusion {
            tn: 3.0,
            fp: 0.0,
            fn_: 2.0,
            tp: 0.0,
        };
        assert_eq!(
            none_called.precision(),
            Err(EvaluateError::NeverPredicted { class: 1 })
        );
        assert_eq!(none_called.f1(), Ok(0.0));
        let none_there = Confusion {
            tn: 3.0,
            fp: 0.0,
            fn_: 0.0,
            tp: 0.0,
        };
        assert_eq!(
            none_there.recall(),
            Err(EvaluateError::NeverObserved { class: 1 })
        );
        assert_eq!(
            none_there.f1(),
            Err(EvaluateError::NeverObserved { class: 1 })
        );
        let all_positive = Confusion {
            tn: 0.0,
            fp: 0.0,
            fn_: 0.0,
            tp: 3.0,
        };
        assert_eq!(
            all_positive.specificity(),
            Err(EvaluateError::NeverObserved { class: 0 })
        );
    }

    #[test]
    fn a_threshold_above_one_predicts_nothing_positive() {
        let c = Confusion::at(&[0.0, 1.0], &[1.0, 1.0], 1.5, None).unwrap();
        assert_eq!(
            c,
            Confusion {
                tn: 1.0,
                fp: 0.0,
                fn_: 1.0,
                tp: 0.0
            }
        );
    }

    #[test]
    fn confusion_is_on_the_scale_of_the_weights() {
        let c = Confusion::at(&[0.0, 1.0], &[0.9, 0.9], 0.5, Some(&[0.3, 5.0])).unwrap();
        assert_eq!(
            c,
            Confusion {
                tn: 0.0,
                fp: 0.3,
                fn_: 0.0,
                tp: 5.0
            }
        );
    }
}
