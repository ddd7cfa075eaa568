//! What a score can do at every threshold: ROC and precision-recall points and their areas.
//!
//! Scores may be on any scale: logits keep more of the order than probabilities, which are rounded
//! to 1 from a logit of 37 on. Rows with equal scores are one step of a curve, never an accident of
//! their order.

use serde::{Deserialize, Serialize};

use crate::error::EvaluateError;
use crate::sample::Sample;
use crate::sum::Sum;

/// The weight of each class among the rows of one distinct score.
struct Step {
    score: f64,
    negative: f64,
    positive: f64,
}

/// Distinct scores in descending order, with the weights that stand there.
fn steps(labels: &[f64], scores: &[f64], sample: &Sample) -> Result<Vec<Step>, EvaluateError> {
    sample.check_labels(labels)?;
    sample.check_finite("score", "scores", scores)?;
    // Adding zero turns -0 into 0, so that the two compare as equal.
    let mut rows: Vec<(f64, bool, f64)> = sample
        .iter()
        .map(|(row, weight)| (scores[row] + 0.0, labels[row] > 0.0, weight))
        .collect();
    rows.sort_unstable_by(|a, b| b.0.total_cmp(&a.0));
    let weight_of = |tied: &[(f64, bool, f64)], class: bool| {
        let sum: Sum = tied
            .iter()
            .filter(|row| row.1 == class)
            .map(|row| row.2)
            .collect();
        sum.value()
    };
    Ok(rows
        .chunk_by(|a, b| a.0.total_cmp(&b.0).is_eq())
        .map(|tied| Step {
            score: tied[0].0,
            negative: weight_of(tied, false),
            positive: weight_of(tied, true),
        })
        .collect())
}

/// The weight of the negative and of the positive rows, both above zero.
fn class_weights(metric: &'static str, steps: &[Step]) -> Result<(f64, f64), EvaluateError> {
    let negative: Sum = steps.iter().map(|step| step.negative).collect();
    let positive: Sum = steps.iter().map(|step| step.positive).collect();
    let (negative, positive) = (negative.value(), positive.value());
    if positive == 0.0 {
        return Err(EvaluateError::OneClass { metric, class: 0 });
    }
    if negative == 0.0 {
        return Err(EvaluateError::OneClass { metric, class: 1 });
    }
    Ok((negative, positive))
}

/// The area under the ROC curve, exactly: the chance that a positive row scores higher than a
/// negative one, a tie counting one half.
///
/// `Σᵢⱼ wᵢ wⱼ [sᵢ > sⱼ] + ½[sᵢ = sⱼ]` over pairs of a positive row `i` and a negative row `j`,
/// divided by the sum of `wᵢ wⱼ`: the Mann-Whitney statistic, from one sort.
///
/// # Errors
/// Unsound rows; [`EvaluateError::OneClass`] where a class has no row.
///
/// # Examples
/// ```
/// use evaluate::curve::roc_auc;
/// // Pairs (positive, negative): 0.5 > 0.2, 0.5 = 0.5, 0.9 > 0.2, 0.9 > 0.5: 3.5 of 4.
/// let auc = roc_auc(&[0.0, 0.0, 1.0, 1.0], &[0.2, 0.5, 0.5, 0.9], None)?;
/// assert_eq!(auc, 0.875);
/// # Ok::<(), evaluate::EvaluateError>(())
/// ```
///
/// # References
/// Hanley and `McNeil` (1982), The meaning and use of the area under a receiver operating
/// characteristic (ROC) curve, Radiology 143, 29-36. Equals `sklearn.metrics.roc_auc_score`.
pub fn roc_auc(
    labels: &[f64],
    scores: &[f64],
    weights: Option<&[f64]>,
) -> Result<f64, EvaluateError> {
    let sample = Sample::new(labels.len(), weights)?;
    let steps = steps(labels, scores, &sample)?;
    let (negative, positive) = class_weights("the AUC", &steps)?;
    let mut above = Sum::default(); // positive weight at higher scores
    let mut area = Sum::default();
    for step in &steps {
        area.add(step.negative * (above.value() + step.positive / 2.0));
        above.add(step.positive);
    }
    // The sums round: keep the quotient a probability.
    Ok((area.value() / (negative * positive)).clamp(0.0, 1.0))
}

/// One point of a ROC curve: what predicting positive from this score on would do.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RocPoint {
    /// The lowest score that is predicted positive; `None` at the origin, where none is.
    pub threshold: Option<f64>,
    /// Share of the negative rows that are predicted positive.
    pub false_positive_rate: f64,
    /// Share of the positive rows that are predicted positive.
    pub true_positive_rate: f64,
}

/// The ROC curve from (0, 0) to (1, 1): the origin, then one point for each distinct score, in
/// descending order. Straight lines between the points enclose [`roc_auc`].
///
/// # Errors
/// Unsound rows; [`EvaluateError::OneClass`] where a class has no row.
///
/// # References
/// Equals `sklearn.metrics.roc_curve(drop_intermediate=False)`, whose first threshold is infinite.
pub fn roc(
    labels: &[f64],
    scores: &[f64],
    weights: Option<&[f64]>,
) -> Result<Vec<RocPoint>, EvaluateError> {
    let sample = Sample::new(labels.len(), weights)?;
    let steps = steps(labels, scores, &sample)?;
    let (negative, positive) = class_weights("a ROC curve", &steps)?;
    let (mut fp, mut tp) = (Sum::default(), Sum::default());
    let origin = RocPoint {
        threshold: None,
        false_positive_rate: 0.0,
        true_positive_rate: 0.0,
    };
    let mut points = vec![origin];
    for step in &steps {
        fp.add(step.negative);
        tp.add(step.positive);
        points.push(RocPoint {
            threshold: Some(step.score),
            false_positive_rate: (fp.value() / negative).min(1.0),
            true_positive_rate: (tp.value() / positive).min(1.0),
        });
    }
    Ok(points)
}

/// One point of a precision-recall curve: what predicting positive from this score on would do.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PrecisionRecallPoint {
    /// The lowest score that is predicted positive.
    pub threshold: f64,
    /// Share of the rows predicted positive that are.
    pub precision: f64,
    /// Share of the positive rows that are predicted positive.
    pub recall: f64,
}

/// The precision-recall curve: one point for each distinct score, in descending order, so that
/// recall rises to 1 and the last precision is the share of positive rows.
///
/// # Errors
/// Unsound rows; [`EvaluateError::OneClass`] where no row is positive.
///
/// # References
/// Equals `sklearn.metrics.precision_recall_curve` reversed, without the point (precision 1,
/// recall 0) that it adds and that no threshold reaches.
pub fn precision_recall(
    labels: &[f64],
    scores: &[f64],
    weights: Option<&[f64]>,
) -> Result<Vec<PrecisionRecallPoint>, EvaluateError> {
    let sample = Sample::new(labels.len(), weights)?;
    let steps = steps(labels, scores, &sample)?;
    let positive: Sum = steps.iter().map(|step| step.positive).collect();
    let positive = positive.value();
    if positive == 0.0 {
        return Err(EvaluateError::OneClass {
            metric: "a precision-recall curve",
            class: 0,
        });
    }
    let (mut fp, mut tp) = (Sum::default(), Sum::default());
    let points = steps.iter().map(|step| {
        fp.add(step.negative);
        tp.add(step.positive);
        PrecisionRecallPoint {
            threshold: step.score,
            precision: tp.value() / (tp.value() + fp.value()),
            recall: (tp.value() / positive).min(1.0),
        }
    });
    Ok(points.collect())
}

/// Average precision, `Σ (Rₖ − Rₖ₋₁) Pₖ` over the points of [`precision_recall`]: the area under
/// that curve drawn in steps, which promises nothing between two thresholds.
///
/// # Errors
/// Those of [`precision_recall`].
///
/// # Examples
/// ```
/// use evaluate::curve::average_precision;
/// // The best row is positive (P = 1, R = 1/2), the third is the other one (P = 2/3, R = 1).
/// let ap = average_precision(&[1.0, 0.0, 1.0], &[3.0, 2.0, 1.0], None)?;
/// assert!((ap - (1.0 / 2.0 + 2.0 / 3.0 / 2.0)).abs() < 1e-15);
/// # Ok::<(), evaluate::EvaluateError>(())
/// ```
///
/// # References
/// Equals `sklearn.metrics.average_precision_score`. Against straight lines: J. Davis, M. Goadrich
/// (2006), The relationship between precision-recall and ROC curves, ICML.
pub fn average_precision(
    labels: &[f64],
    scores: &[f64],
    weights: Option<&[f64]>,
) -> Result<f64, EvaluateError> {
    let points = precision_recall(labels, scores, weights)?;
    let mut reached = 0.0;
    let mut area = Sum::default();
    for point in points {
        area.add((point.recall - reached) * point.precision);
        reached = point.recall;
    }
    Ok(area.value().clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LABELS: [f64; 4] = [0.0, 0.0, 1.0, 1.0];

    #[test]
    fn auc_of_order_alone() {
        assert_eq!(roc_auc(&LABELS, &[1.0, 2.0, 3.0, 4.0], None), Ok(1.0));
        assert_eq!(roc_auc(&LABELS, &[4.0, 3.0, 2.0, 1.0], None), Ok(0.0));
        assert_eq!(roc_auc(&LABELS, &[7.0; 4], None), Ok(0.5));
        assert_eq!(roc_auc(&LABELS, &[0.0, -0.0, -0.0, 0.0], None), Ok(0.5));
        assert_eq!(
            roc_auc(&LABELS, &[f64::MIN, f64::MIN, f64::MAX, f64::MAX], None),
            Ok(1.0)
        );
    }

    #[test]
    fn auc_by_weights() {
        // Pairs, by weight: (2 above 1): 3·1, (2 below 3): 3·2, so 3 of 9.
        let auc = roc_auc(&[0.0, 1.0, 0.0], &[1.0, 2.0, 3.0], Some(&[1.0, 3.0, 2.0]));
        assert_eq!(auc, Ok(3.0 / 9.0));
        let huge = roc_auc(
            &[0.0, 1.0, 0.0],
            &[1.0, 2.0, 3.0],
            Some(&[1e300, 3e300, 2e300]),
        );
        assert!(huge.is_ok_and(|auc| (auc - 3.0 / 9.0).abs() < 1e-15));
    }

    #[test]
    fn one_class_has_no_curve() {
        let error = |metric, class| EvaluateError::OneClass { metric, class };
        assert_eq!(
            roc_auc(&[1.0; 2], &[1.0, 2.0], None),
            Err(error("the AUC", 1))
        );
        assert_eq!(
            roc_auc(&[0.0; 2], &[1.0, 2.0], None),
            Err(error("the AUC", 0))
        );
        // The only negative row has no weight.
        let unweighted = roc_auc(&[0.0, 1.0], &[1.0, 2.0], Some(&[0.0, 1.0]));
        assert_eq!(unweighted, Err(error("the AUC", 1)));
        assert_eq!(roc(&[0.0], &[1.0], None), Err(error("a ROC curve", 0)));
        let metric = "a precision-recall curve";
        assert_eq!(
            average_precision(&[0.0], &[1.0], None),
            Err(error(metric, 0))
        );
        assert_eq!(average_precision(&[1.0], &[1.0], None), Ok(1.0));
        assert!(matches!(
            roc_auc(&[0.0], &[f64::NAN], None),
            Err(EvaluateError::NonFinite { .. })
        ));
    }

    #[test]
    fn roc_points_by_hand() {
        let points = roc(&LABELS, &[0.1, 0.4, 0.4, 0.8], None).unwrap();
        let found: Vec<_> = points
            .iter()
            .map(|p| (p.threshold, p.false_positive_rate, p.true_positive_rate))
            .collect();
        let expected = [
            (None, 0.0, 0.0),
            (Some(0.8), 0.0, 0.5),
            (Some(0.4), 0.5, 1.0),
            (Some(0.1), 1.0, 1.0),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn precision_recall_points_by_hand() {
        let points = precision_recall(&LABELS, &[0.1, 0.4, 0.4, 0.8], None).unwrap();
        let found: Vec<_> = points.iter().map(|p| (p.precision, p.recall)).collect();
        assert_eq!(found, [(1.0, 0.5), (2.0 / 3.0, 1.0), (0.5, 1.0)]);
    }
}
