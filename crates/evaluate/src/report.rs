//! All metrics of a task at once, as plain structs to print, store or compare.
//!
//! A report fails only for unsound rows. A metric that these rows do not define is `None`
//! (`null` in JSON), and `undefined` says which and why. Without weights all weights are counts.

use serde::{Deserialize, Serialize};

use crate::classification::{Confusion, brier, log_loss, probabilities};
use crate::curve::roc_auc;
use crate::error::EvaluateError;
use crate::multiclass::{self, Average, ConfusionMatrix};
use crate::regression;
use crate::sample::Sample;

/// The value of a metric; where it is undefined, `None` and a line that says why.
fn keep(
    metric: impl FnOnce() -> String,
    value: Result<f64, EvaluateError>,
    undefined: &mut Vec<String>,
) -> Result<Option<f64>, EvaluateError> {
    match value {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.is_undefined() => {
            undefined.push(format!("{}: {error}", metric()));
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// Two classes, from logits and a threshold on the probability.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BinaryReport {
    /// Rows whose weight is not zero.
    pub rows: usize,
    /// How many of them are on the right side of the threshold.
    pub correct: usize,
    /// Mean log loss in nats.
    pub log_loss: f64,
    /// Area under the ROC curve.
    pub auc: Option<f64>,
    /// Share of the rows, by weight, on the right side of the threshold.
    pub accuracy: f64,
    /// Brier score.
    pub brier: f64,
    /// The probability from which on a row is predicted to be positive.
    pub threshold: f64,
    /// Weights of actual and predicted class.
    pub confusion: Confusion,
    /// Share of the rows predicted positive that are.
    pub precision: Option<f64>,
    /// Share of the positive rows that are predicted so.
    pub recall: Option<f64>,
    /// F1 of the positive class.
    pub f1: Option<f64>,
    /// What could not be computed, and why.
    pub undefined: Vec<String>,
}

impl BinaryReport {
    /// Evaluates labels (0 or 1) against logits.
    ///
    /// # Errors
    /// Unsound rows, or a threshold that is not finite.
    ///
    /// # Examples
    /// ```
    /// use evaluate::BinaryReport;
    /// let report = BinaryReport::new(&[1.0, 1.0], &[2.0, -1.0], 0.5, None)?;
    /// assert_eq!((report.correct, report.rows, report.auc), (1, 2, None));
    /// assert_eq!(
    ///     report.undefined,
    ///     ["auc: the AUC needs rows of both classes, and every row is of class 1"]
    /// );
    /// # Ok::<(), evaluate::EvaluateError>(())
    /// ```
    pub fn new(
        labels: &[f64],
        logits: &[f64],
        threshold: f64,
        weights: Option<&[f64]>,
    ) -> Result<Self, EvaluateError> {
        let log_loss = log_loss(labels, logits, weights)?;
        let mut p = probabilities(logits);
        p.iter_mut().filter(|p| p.is_nan()).for_each(|p| *p = 0.5); // weightless: not looked at
        let confusion = Confusion::at(labels, &p, threshold, weights)?;
        let sample = Sample::new(labels.len(), weights)?;
        let right = |row: usize| (p[row] >= threshold) == (labels[row] > 0.0);
        let mut undefined = Vec::new();
        let mut keep = |metric: &str, value| keep(|| metric.to_owned(), value, &mut undefined);
        Ok(Self {
            rows: sample.used(),
            correct: sample.iter().filter(|(row, _)| right(*row)).count(),
            log_loss,
            auc: keep("auc", roc_auc(labels, logits, weights))?,
            accuracy: confusion.accuracy(),
            brier: brier(labels, &p, weights)?,
            threshold,
            confusion,
            precision: keep("precision", confusion.precision())?,
            recall: keep("recall", confusion.recall())?,
            f1: keep("f1", confusion.f1())?,
            undefined,
        })
    }
}

/// One class of a [`MulticlassReport`], against all others.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClassReport {
    /// The label of the class.
    pub label: String,
    /// The weight of its rows.
    pub observed: f64,
    /// The weight of the rows predicted to be of it.
    pub predicted: f64,
    /// Share of the rows predicted to be of it that are.
    pub precision: Option<f64>,
    /// Share of its rows that are predicted so.
    pub recall: Option<f64>,
    /// F1.
    pub f1: Option<f64>,
    /// AUC of telling it from all others.
    pub auc: Option<f64>,
}

/// Precision, recall and F1 averaged over the classes that occur.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Averages {
    /// Average precision of the classes.
    pub precision: Option<f64>,
    /// Average recall of the classes.
    pub recall: Option<f64>,
    /// Average F1 of the classes.
    pub f1: Option<f64>,
}

/// Three classes and more, from logits; the largest logit is predicted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MulticlassReport {
    /// Rows whose weight is not zero.
    pub rows: usize,
    /// How many of them are predicted right.
    pub correct: usize,
    /// Mean log loss in nats.
    pub log_loss: f64,
    /// Mean over the classes of the AUC against all others.
    pub auc: Option<f64>,
    /// Share of the rows, by weight, that are predicted right.
    pub accuracy: f64,
    /// Weights of actual (rows) and predicted (columns) class.
    pub confusion: ConfusionMatrix,
    /// Averages in which every class counts the same.
    pub macro_average: Averages,
    /// Averages in which every class counts by the weight of its rows.
    pub weighted_average: Averages,
    /// Every class, in the order of the codes.
    pub classes: Vec<ClassReport>,
    /// What could not be computed, and why.
    pub undefined: Vec<String>,
}

impl MulticlassReport {
    /// Evaluates class codes against row-major logits `[rows × labels]`.
    ///
    /// # Errors
    /// Unsound rows, or fewer than two labels.
    pub fn new(
        codes: &[u32],
        logits: &[f64],
        labels: &[String],
        weights: Option<&[f64]>,
    ) -> Result<Self, EvaluateError> {
        let count = labels.len();
        let log_loss = multiclass::log_loss(codes, logits, count, weights)?;
        let confusion = ConfusionMatrix::new(codes, logits, count, weights)?;
        let sample = Sample::new(codes.len(), weights)?;
        let right = |row: usize| {
            let scores = &logits[row * count..(row + 1) * count];
            multiclass::largest(scores) == codes[row] as usize
        };
        let mut undefined = Vec::new();

        let mut classes = Vec::with_capacity(count);
        for (class, label) in labels.iter().enumerate() {
            let mut keep = |metric: &str, value| {
                keep(|| format!("{metric} of `{label}`"), value, &mut undefined)
            };
            classes.push(ClassReport {
                label: label.clone(),
                observed: confusion.observed(class),
                predicted: confusion.predicted(class),
                precision: keep("precision", confusion.precision(class))?,
                recall: keep("recall", confusion.recall(class))?,
                f1: keep("f1", confusion.f1(class))?,
                auc: keep(
                    "auc",
                    multiclass::auc_of_class(codes, logits, count, class, weights),
                )?,
            });
        }

        let mut keep = |metric: &str, value| keep(|| metric.to_owned(), value, &mut undefined);
        let macro_average = Averages {
            precision: keep(
                "macro precision",
                confusion.average_precision(Average::Macro),
            )?,
            recall: keep("macro recall", confusion.average_recall(Average::Macro))?,
            f1: keep("macro f1", confusion.average_f1(Average::Macro))?,
        };
        let weighted_average = Averages {
            precision: keep(
                "weighted precision",
                confusion.average_precision(Average::Weighted),
            )?,
            recall: keep(
                "weighted recall",
                confusion.average_recall(Average::Weighted),
            )?,
            f1: keep("weighted f1", confusion.average_f1(Average::Weighted))?,
        };
        let areas: Option<Vec<f64>> = classes.iter().map(|class| class.auc).collect();
        let auc = match areas {
            Some(areas) => Some(Sample::new(count, None)?.mean("the AUC", |class| areas[class])?),
            None => keep("auc", multiclass::auc(codes, logits, count, weights))?,
        };
        Ok(Self {
            rows: sample.used(),
            correct: sample.iter().filter(|(row, _)| right(*row)).count(),
            log_loss,
            auc,
            accuracy: confusion.accuracy(),
            confusion,
            macro_average,
            weighted_average,
            classes,
            undefined,
        })
    }
}

/// A number as target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RegressionReport {
    /// Rows whose weight is not zero.
    pub rows: usize,
    /// Mean squared error.
    pub mse: f64,
    /// Its square root, in the target's unit.
    pub rmse: f64,
    /// Mean absolute error.
    pub mae: f64,
    /// Coefficient of determination.
    pub r2: Option<f64>,
    /// What could not be computed, and why.
    pub undefined: Vec<String>,
}

impl RegressionReport {
    /// Evaluates targets against predictions.
    ///
    /// # Errors
    /// Unsound rows; [`EvaluateError::Overflow`] for errors beyond the largest `f64`.
    pub fn new(
        targets: &[f64],
        predictions: &[f64],
        weights: Option<&[f64]>,
    ) -> Result<Self, EvaluateError> {
        let mse = regression::mse(targets, predictions, weights)?;
        let mut undefined = Vec::new();
        let r2 = regression::r2(targets, predictions, weights);
        Ok(Self {
            rows: Sample::new(targets.len(), weights)?.used(),
            mse,
            rmse: mse.sqrt(),
            mae: regression::mae(targets, predictions, weights)?,
            r2: keep(|| "r2".to_owned(), r2, &mut undefined)?,
            undefined,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn binary_report_counts_rows_and_weights() {
        let (labels, logits) = ([0.0, 1.0, 1.0, 0.0], [-1.0, 1.0, -1.0, 9.0]);
        let weights = [1.0, 2.0, 4.0, 0.0];
        let report = BinaryReport::new(&labels, &logits, 0.5, Some(&weights)).unwrap();
        assert_eq!((report.rows, report.correct), (3, 2));
        assert_eq!(report.accuracy, 3.0 / 7.0);
        assert_eq!(report.precision, Some(1.0));
        assert_eq!(report.recall, Some(2.0 / 6.0));
        assert!(report.undefined.is_empty());
    }

    #[test]
    fn a_weightless_row_may_hold_anything() {
        let nan = f64::NAN;
        let report = BinaryReport::new(&[0.0, nan], &[0.0, nan], 0.6, Some(&[1.0, 0.0])).unwrap();
        assert_eq!((report.rows, report.correct, report.brier), (1, 1, 0.25));
    }

    #[test]
    fn undefined_metrics_are_named() {
        let report = BinaryReport::new(&[0.0, 0.0], &[-1.0, -2.0], 0.5, None).unwrap();
        assert_eq!(
            (report.auc, report.precision, report.f1),
            (None, None, None)
        );
        let named: Vec<_> = report
            .undefined
            .iter()
            .map(|line| line.split(':').next())
            .collect();
        assert_eq!(
            named,
            [Some("auc"), Some("precision"), Some("recall"), Some("f1")]
        );

        let labels = ["a", "b", "c"].map(str::to_owned);
        let report =
            MulticlassReport::new(&[0, 1], &[1.0, 0.0, 0.0, 0.0, 1.0, 0.0], &labels, None).unwrap();
        assert_eq!((report.auc, report.macro_average.recall), (None, Some(1.0)));
        assert_eq!(
            (report.classes[0].auc, report.classes[2].auc),
            (Some(1.0), None)
        );
        assert!(
            report
                .undefined
                .contains(&"auc of `c`: no row is of class 2".to_owned())
        );

        let report = RegressionReport::new(&[2.0], &[3.0], None).unwrap();
        assert_eq!((report.mse, report.r2), (1.0, None));
        let line = "r2: R² needs targets that differ, and every target is 2";
        assert_eq!(report.undefined, [line]);
    }

    #[test]
    fn reports_survive_json() {
        let binary = BinaryReport::new(&[0.0, 1.0], &[-1.0, 0.3], 0.5, None).unwrap();
        let text = serde_json::to_string(&binary).unwrap();
        assert!(
            text.contains(r#""confusion":{"tn":1.0,"fp":0.0,"fn":0.0,"tp":1.0}"#),
            "{text}"
        );
        assert_eq!(serde_json::from_str::<BinaryReport>(&text).unwrap(), binary);
        let labels = ["a", "b"].map(str::to_owned);
        let many = MulticlassReport::new(&[0, 1], &[1.0, 0.0, 0.5, 0.0], &labels, None).unwrap();
        let text = serde_json::to_string(&many).unwrap();
        assert!(
            text.contains(r#""confusion":[[1.0,0.0],[1.0,0.0]]"#),
            "{text}"
        );
        assert_eq!(
            serde_json::from_str::<MulticlassReport>(&text).unwrap(),
            many
        );
    }
}
