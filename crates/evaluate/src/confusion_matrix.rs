//! Which class is taken for which, and the averages over classes.

use serde::{Deserialize, Serialize};

use crate::classification::ratio;
use crate::error::EvaluateError;
use crate::multiclass::{check, largest, scores};
use crate::sample::Sample;
use crate::sum::Sum;

/// How the values of the classes become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Average {
    /// Every class counts the same.
    Macro,
    /// Every class counts by the weight of its rows.
    Weighted,
}

/// Weights (counts, without weights) of every pair of actual and predicted class.
///
/// # Examples
/// ```
/// use evaluate::multiclass::{Average, ConfusionMatrix};
/// let logits = [1.0, 0.0, 0.0, /**/ 0.0, 2.0, 0.0, /**/ 0.0, 3.0, 1.0];
/// let matrix = ConfusionMatrix::new(&[0, 1, 2], &logits, 3, None)?;
/// assert_eq!(matrix.get(2, 1), 1.0); // one row of class 2 was taken for class 1
/// assert_eq!(matrix.precision(1)?, 0.5);
/// assert_eq!(matrix.average_recall(Average::Macro)?, 2.0 / 3.0);
/// # Ok::<(), evaluate::EvaluateError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ConfusionMatrix {
    cells: Vec<Vec<f64>>,
}

impl ConfusionMatrix {
    /// The confusion of predicting the largest logit.
    ///
    /// # Errors
    /// Unsound rows.
    pub fn new(
        codes: &[u32],
        logits: &[f64],
        classes: usize,
        weights: Option<&[f64]>,
    ) -> Result<Self, EvaluateError> {
        let sample = check(codes, logits, classes, weights)?;
        let mut cells = vec![vec![Sum::default(); classes]; classes];
        for (row, weight) in sample.iter() {
            cells[codes[row] as usize][largest(scores(logits, classes, row))].add(weight);
        }
        let unscaled = |sum: Sum| sample.unscaled(sum.value());
        let cells = cells
            .into_iter()
            .map(|row| row.into_iter().map(unscaled).collect())
            .collect();
        Ok(Self { cells })
    }

    /// The number of classes.
    pub fn classes(&self) -> usize {
        self.cells.len()
    }

    /// The rows of the matrix: one for each actual class, over the predicted classes.
    pub fn cells(&self) -> &[Vec<f64>] {
        &self.cells
    }

    /// The weight of the rows of class `actual` that were predicted to be `predicted`.
    ///
    /// # Panics
    /// Where a class is not below [`ConfusionMatrix::classes`]; so do the methods below.
    pub fn get(&self, actual: usize, predicted: usize) -> f64 {
        self.cells[actual][predicted]
    }

    /// The weight of the rows of a class.
    pub fn observed(&self, class: usize) -> f64 {
        self.cells[class].iter().copied().collect::<Sum>().value()
    }

    /// The weight of the rows predicted to be of a class.
    pub fn predicted(&self, class: usize) -> f64 {
        self.cells
            .iter()
            .map(|row| row[class])
            .collect::<Sum>()
            .value()
    }

    /// The share of the diagonal.
    pub fn accuracy(&self) -> f64 {
        let right: Sum = (0..self.classes())
            .map(|class| self.get(class, class))
            .collect();
        let all: Sum = self.cells.iter().flatten().copied().collect();
        right.value() / all.value()
    }

    /// The weight of the rows that are of a class and were not predicted to be, or that were and
    /// are not.
    fn missed(&self, class: usize) -> (f64, f64) {
        let others = || (0..self.classes()).filter(|&other| other != class);
        let fn_: Sum = others().map(|other| self.get(class, other)).collect();
        let fp: Sum = others().map(|other| self.get(other, class)).collect();
        (fn_.value(), fp.value())
    }

    /// Of the rows predicted to be of this class, the share that are.
    ///
    /// # Errors
    /// [`EvaluateError::NeverPredicted`].
    pub fn precision(&self, class: usize) -> Result<f64, EvaluateError> {
        let (_, fp) = self.missed(class);
        ratio(
            self.get(class, class),
            fp,
            EvaluateError::NeverPredicted { class },
        )
    }

    /// Of the rows of this class, the share that were predicted to be.
    ///
    /// # Errors
    /// [`EvaluateError::NeverObserved`].
    pub fn recall(&self, class: usize) -> Result<f64, EvaluateError> {
        let (fn_, _) = self.missed(class);
        ratio(
            self.get(class, class),
            fn_,
            EvaluateError::NeverObserved { class },
        )
    }

    /// `2TP / (2TP + FP + FN)` of this class against all others.
    ///
    /// # Errors
    /// [`EvaluateError::NeverObserved`] where no row is of this class or predicted to be.
    pub fn f1(&self, class: usize) -> Result<f64, EvaluateError> {
        let (fn_, fp) = self.missed(class);
        let errors = fn_ / 2.0 + fp / 2.0;
        ratio(
            self.get(class, class),
            errors,
            EvaluateError::NeverObserved { class },
        )
    }

    /// [`precision`](Self::precision) over the classes that occur, actual or predicted.
    ///
    /// # Errors
    /// [`EvaluateError::NeverPredicted`] where a class that counts is never predicted.
    /// (scikit-learn puts 0 there, with a warning.)
    pub fn average_precision(&self, average: Average) -> Result<f64, EvaluateError> {
        self.average(average, |class| self.precision(class))
    }

    /// [`recall`](Self::recall) over the classes that occur, actual or predicted. The weighted
    /// average is the accuracy.
    ///
    /// # Errors
    /// [`EvaluateError::NeverObserved`] where a class that counts has no row.
    pub fn average_recall(&self, average: Average) -> Result<f64, EvaluateError> {
        self.average(average, |class| self.recall(class))
    }

    /// [`f1`](Self::f1) over the classes that occur, actual or predicted.
    ///
    /// # Errors
    /// [`EvaluateError::NoRows`] for a matrix of zeros, which [`ConfusionMatrix::new`] never makes.
    pub fn average_f1(&self, average: Average) -> Result<f64, EvaluateError> {
        self.average(average, |class| self.f1(class))
    }

    fn average(
        &self,
        average: Average,
        metric: impl Fn(usize) -> Result<f64, EvaluateError>,
    ) -> Result<f64, EvaluateError> {
        let mut weights = Vec::new();
        let mut values = Vec::new();
        for class in 0..self.classes() {
            let weight = match average {
                Average::Macro if self.predicted(class) > 0.0 || self.observed(class) > 0.0 => 1.0,
                Average::Weighted if self.observed(class) > 0.0 => self.observed(class),
                Average::Macro | Average::Weighted => continue,
            };
            weights.push(weight);
            values.push(metric(class)?);
        }
        Sample::new(values.len(), Some(&weights))?.mean("an average", |class| values[class])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Logits whose largest is that of the class asked for.
    fn one_hot(predicted: &[u32], classes: usize) -> Vec<f64> {
        let row = |&k: &u32| (0..classes).map(move |j| f64::from(u8::from(j == k as usize)));
        predicted.iter().flat_map(row).collect()
    }

    #[test]
    fn averages_by_hand() {
        let codes = [0, 0, 0, 1, 2, 2];
        let logits = one_hot(&[0, 0, 1, 1, 2, 0], 3);
        let m = ConfusionMatrix::new(&codes, &logits, 3, None).unwrap();
        assert_eq!(
            m.cells(),
            [[2.0, 1.0, 0.0], [0.0, 1.0, 0.0], [1.0, 0.0, 1.0]]
        );
        assert_eq!(m.accuracy(), 4.0 / 6.0);
        let near = |a: Result<f64, _>, b: f64| assert!((a.unwrap() - b).abs() < 1e-15);
        near(
            m.average_precision(Average::Macro),
            (2.0 / 3.0 + 0.5 + 1.0) / 3.0,
        );
        near(
            m.average_precision(Average::Weighted),
            (3.0 * (2.0 / 3.0) + 0.5 + 2.0) / 6.0,
        );
        near(
            m.average_recall(Average::Macro),
            (2.0 / 3.0 + 1.0 + 0.5) / 3.0,
        );
        near(m.average_recall(Average::Weighted), m.accuracy());
        near(m.average_f1(Average::Macro), 2.0 / 3.0);
    }

    #[test]
    fn classes_that_do_not_occur() {
        // Class 2 has rows and is never predicted; class 3 does not occur at all.
        let m = ConfusionMatrix::new(&[0, 1, 2], &one_hot(&[0, 1, 1], 4), 4, None).unwrap();
        let never = EvaluateError::NeverPredicted { class: 2 };
        assert_eq!(m.precision(2), Err(never.clone()));
        assert_eq!(m.average_precision(Average::Macro), Err(never));
        assert_eq!(m.average_recall(Average::Macro), Ok(2.0 / 3.0));
        assert_eq!(m.f1(2), Ok(0.0));
        assert_eq!(m.f1(3), Err(EvaluateError::NeverObserved { class: 3 }));
        // Class 1 is predicted and has no row: left out of the weighted average alone.
        let m = ConfusionMatrix::new(&[0, 0], &one_hot(&[0, 1], 2), 2, None).unwrap();
        let never = EvaluateError::NeverObserved { class: 1 };
        assert_eq!(m.average_recall(Average::Macro), Err(never.clone()));
        assert_eq!(m.average_recall(Average::Weighted), Ok(0.5));
    }
}
