//! Three classes and more (two are allowed): log loss, accuracy, the confusion matrix and its
//! averages, a one-against-rest AUC.
//!
//! Codes are class numbers from 0. Logits are row-major, `[rows × classes]`; adding a constant to a
//! row of them changes nothing.

pub use crate::confusion_matrix::{Average, ConfusionMatrix};
use crate::curve::roc_auc;
use crate::error::EvaluateError;
use crate::sample::{Sample, check_length};

pub(crate) fn check<'a>(
    codes: &[u32],
    logits: &[f64],
    classes: usize,
    weights: Option<&'a [f64]>,
) -> Result<Sample<'a>, EvaluateError> {
    if classes < 2 {
        return Err(EvaluateError::TooFewClasses { classes });
    }
    let sample = Sample::new(codes.len(), weights)?;
    check_length("logits", codes.len() * classes, logits.len())?;
    for (row, _) in sample.iter() {
        let code = codes[row];
        if code as usize >= classes {
            return Err(EvaluateError::ClassCode { row, code, classes });
        }
        if let Some(&value) = scores(logits, classes, row).iter().find(|z| !z.is_finite()) {
            return Err(EvaluateError::NonFinite {
                what: "logit",
                row,
                value,
            });
        }
    }
    Ok(sample)
}

fn check_whole_rows(logits: &[f64], classes: usize) -> Result<(), EvaluateError> {
    if classes < 2 {
        return Err(EvaluateError::TooFewClasses { classes });
    }
    check_length(
        "logits",
        logits.len().next_multiple_of(classes),
        logits.len(),
    )?;
    if let Some(at) = logits.iter().position(|z| !z.is_finite()) {
        let (row, value) = (at / classes, logits[at]);
        return Err(EvaluateError::NonFinite {
            what: "logit",
            row,
            value,
        });
    }
    Ok(())
}

pub(crate) fn scores(logits: &[f64], classes: usize, row: usize) -> &[f64] {
    &logits[row * classes..(row + 1) * classes]
}

/// The position of the largest score; the first of equals.
pub(crate) fn largest(scores: &[f64]) -> usize {
    let ahead = |best: usize, (k, &z): (usize, &f64)| if z > scores[best] { k } else { best };
    scores.iter().enumerate().fold(0, ahead)
}

/// `zₖ − ln Σ_{j≠k} e^{zⱼ}`: the log odds of class `k` against all others together.
///
/// Its order is that of the probabilities of class `k`, and it stays apart where those are rounded
/// to 0 or 1. Shifted by the largest of the others, so that nothing overflows but a difference
/// that no `f64` holds.
fn log_odds(scores: &[f64], k: usize) -> f64 {
    let others = || {
        scores
            .iter()
            .enumerate()
            .filter(|(j, _)| *j != k)
            .map(|(_, &z)| z)
    };
    let shift = others().fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = others().map(|z| (z - shift).exp()).sum();
    (scores[k] - shift) - sum.ln()
}

/// `ln Σⱼ e^{zⱼ} − zₖ`, as `(m − zₖ) + ln(1 + Σ e^{zⱼ − m})` with `m` the row's largest logit, left
/// out of the sum: a loss near zero keeps all its digits.
fn row_log_loss(scores: &[f64], k: usize) -> f64 {
    let at = largest(scores);
    let m = scores[at];
    let others = scores.iter().enumerate().filter(|(j, _)| *j != at);
    let sum: f64 = others.map(|(_, z)| (z - m).exp()).sum();
    (m - scores[k]) + sum.ln_1p()
}

/// The softmax of every row, `p = e^{zₖ} / Σⱼ e^{zⱼ}`, computed after subtracting the row's own
/// largest logit.
///
/// # Errors
/// [`EvaluateError::TooFewClasses`]; [`EvaluateError::Length`] where the logits do not fill whole
/// rows; [`EvaluateError::NonFinite`].
///
/// # Examples
/// ```
/// use evaluate::multiclass::probabilities;
/// // Rows of very different size do not disturb each other.
/// assert_eq!(probabilities(&[0.0, 0.0, 1e3, 1e3], 2)?, [0.5; 4]);
/// # Ok::<(), evaluate::EvaluateError>(())
/// ```
pub fn probabilities(logits: &[f64], classes: usize) -> Result<Vec<f64>, EvaluateError> {
    check_whole_rows(logits, classes)?;
    let mut values = Vec::with_capacity(logits.len());
    for row in logits.chunks_exact(classes) {
        let shift = row[largest(row)];
        let start = values.len();
        values.extend(row.iter().map(|z| (z - shift).exp()));
        let sum: f64 = values[start..].iter().sum();
        values[start..].iter_mut().for_each(|p| *p /= sum);
    }
    Ok(values)
}

/// Mean log loss in nats, `(1/W) Σ wᵢ [ln Σₖ e^{zᵢₖ} − z_{i,yᵢ}]`, from logits.
///
/// # Errors
/// Unsound rows; [`EvaluateError::Overflow`] where the mean itself exceeds the largest `f64`.
///
/// # Examples
/// ```
/// use evaluate::multiclass::log_loss;
/// let loss = log_loss(&[0, 1], &[0.0, 0.0, 0.0, 1e3, 1e3, 1e3], 3, None)?;
/// assert!((loss - 3f64.ln()).abs() < 1e-15); // an even guess costs ln 3 a row
/// # Ok::<(), evaluate::EvaluateError>(())
/// ```
///
/// # References
/// Equals `sklearn.metrics.log_loss` of the probabilities, wherever those are not rounded to 0 or 1.
pub fn log_loss(
    codes: &[u32],
    logits: &[f64],
    classes: usize,
    weights: Option<&[f64]>,
) -> Result<f64, EvaluateError> {
    let sample = check(codes, logits, classes, weights)?;
    sample.mean("the log loss", |row| {
        row_log_loss(scores(logits, classes, row), codes[row] as usize)
    })
}

/// The class of the largest logit of every row; the first of equals.
///
/// # Errors
/// Those of [`probabilities`].
pub fn predicted(logits: &[f64], classes: usize) -> Result<Vec<u32>, EvaluateError> {
    check_whole_rows(logits, classes)?;
    Ok(logits
        .chunks_exact(classes)
        .map(|row| largest(row) as u32)
        .collect())
}

/// The share of rows (by weight) whose largest logit is that of their class.
///
/// # Errors
/// Unsound rows.
pub fn accuracy(
    codes: &[u32],
    logits: &[f64],
    classes: usize,
    weights: Option<&[f64]>,
) -> Result<f64, EvaluateError> {
    let sample = check(codes, logits, classes, weights)?;
    let right = |row| largest(scores(logits, classes, row)) == codes[row] as usize;
    sample.mean("the accuracy", |row| f64::from(u8::from(right(row))))
}

/// The AUC of telling one class from all others by the log odds that the logits give it.
///
/// # Errors
/// Unsound rows; [`EvaluateError::ClassCode`] for an unknown `class` (as of row 0);
/// [`EvaluateError::NeverObserved`] where no row is of this class; [`EvaluateError::OneClass`]
/// where every row is.
pub fn auc_of_class(
    codes: &[u32],
    logits: &[f64],
    classes: usize,
    class: usize,
    weights: Option<&[f64]>,
) -> Result<f64, EvaluateError> {
    let sample = check(codes, logits, classes, weights)?;
    if class >= classes {
        return Err(EvaluateError::ClassCode {
            row: 0,
            code: class as u32,
            classes,
        });
    }
    let mut labels = vec![0.0; codes.len()];
    let mut odds = vec![0.0; codes.len()];
    for (row, _) in sample.iter() {
        labels[row] = f64::from(u8::from(codes[row] as usize == class));
        // A difference beyond f64 keeps its place at the end of the order.
        odds[row] = log_odds(scores(logits, classes, row), class).clamp(f64::MIN, f64::MAX);
    }
    roc_auc(&labels, &odds, weights).map_err(|error| match error {
        EvaluateError::OneClass { class: 0, .. } => EvaluateError::NeverObserved { class },
        EvaluateError::OneClass { metric, .. } => EvaluateError::OneClass { metric, class },
        other => other,
    })
}

/// The plain mean over all classes of [`auc_of_class`].
///
/// # Errors
/// Unsound rows; those of [`auc_of_class`] for the first class that has no AUC.
///
/// # References
/// Equals `sklearn.metrics.roc_auc_score(multi_class="ovr", average="macro")`.
pub fn auc(
    codes: &[u32],
    logits: &[f64],
    classes: usize,
    weights: Option<&[f64]>,
) -> Result<f64, EvaluateError> {
    check(codes, logits, classes, weights)?;
    let areas: Vec<f64> = (0..classes)
        .map(|class| auc_of_class(codes, logits, classes, class, weights))
        .collect::<Result<_, _>>()?;
    Sample::new(areas.len(), None)?.mean("the AUC", |class| areas[class])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_loss_by_hand() {
        // e^z = 1, 2, 5: probabilities 1/8, 2/8, 5/8
        let z = [0.0, 2f64.ln(), 5f64.ln()];
        for (code, p) in [(0, 0.125f64), (1, 0.25), (2, 0.625)] {
            let loss = log_loss(&[code], &z, 3, None).unwrap();
            assert!((loss + p.ln()).abs() < 1e-15);
        }
    }

    #[test]
    fn log_loss_is_that_of_two_classes() {
        for z in [-800.0, -1.5, 0.0, 1e-9, 40.0] {
            let two = log_loss(&[1], &[0.0, z], 2, None).unwrap();
            let one = crate::classification::log_loss(&[1.0], &[z], None).unwrap();
            assert!((two - one).abs() <= 1e-15 * one, "{two} {one}");
        }
    }

    #[test]
    fn log_loss_of_extreme_logits() {
        assert_eq!(
            log_loss(&[0], &[1e308, 0.0, -1e308 / 2.0], 3, None),
            Ok(0.0)
        );
        assert_eq!(log_loss(&[1], &[1e308, 0.0, 0.0], 3, None), Ok(1e308));
        let beyond = log_loss(&[1], &[f64::MAX, f64::MIN, 0.0], 3, None);
        assert_eq!(
            beyond,
            Err(EvaluateError::Overflow {
                what: "the log loss"
            })
        );
    }

    #[test]
    fn auc_tells_apart_what_probabilities_round_to_one() {
        let logits = [50.0, 0.0, 0.0, 60.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0];
        assert_eq!(auc_of_class(&[1, 0, 1, 2], &logits, 3, 0, None), Ok(1.0));
        let beyond = [f64::MAX, f64::MIN, 0.0, 0.0];
        assert_eq!(auc_of_class(&[0, 1], &beyond, 2, 0, None), Ok(1.0));
    }

    #[test]
    fn auc_needs_every_class() {
        let logits = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0];
        assert_eq!(
            auc(&[0, 1], &logits, 3, None),
            Err(EvaluateError::NeverObserved { class: 2 })
        );
        let one = EvaluateError::OneClass {
            metric: "the AUC",
            class: 1,
        };
        assert_eq!(auc_of_class(&[1, 1], &logits, 3, 1, None), Err(one));
    }

    #[test]
    fn the_first_of_equal_logits_is_predicted() {
        assert_eq!(
            predicted(&[1.0, 1.0, 0.0, 0.0, 2.0, 2.0], 3),
            Ok(vec![0, 1])
        );
    }

    #[test]
    fn unsound_rows_are_refused() {
        use EvaluateError as E;
        assert_eq!(log_loss(&[], &[], 3, None), Err(E::NoRows));
        assert_eq!(auc(&[], &[], 3, None), Err(E::NoRows));
        assert_eq!(
            log_loss(&[0], &[1.0], 1, None),
            Err(E::TooFewClasses { classes: 1 })
        );
        assert_eq!(
            auc(&[0], &[], 0, None),
            Err(E::TooFewClasses { classes: 0 })
        );
        let length = E::Length {
            what: "logits",
            expected: 3,
            found: 2,
        };
        assert_eq!(accuracy(&[0], &[1.0, 2.0], 3, None), Err(length));
        let code = E::ClassCode {
            row: 1,
            code: 2,
            classes: 2,
        };
        assert_eq!(accuracy(&[0, 2], &[0.0; 4], 2, None), Err(code));
        let nan = log_loss(&[0, 1], &[0.0, 0.0, 0.0, f64::NAN], 2, None);
        assert!(matches!(nan, Err(E::NonFinite { row: 1, .. })));
        assert!(matches!(probabilities(&[1.0; 3], 2), Err(E::Length { .. })));
        assert!(matches!(
            predicted(&[f64::NAN, 0.0], 2),
            Err(E::NonFinite { row: 0, .. })
        ));
        assert!(matches!(
            auc_of_class(&[0], &[0.0; 2], 2, 2, None),
            Err(E::ClassCode { .. })
        ));
    }
}
