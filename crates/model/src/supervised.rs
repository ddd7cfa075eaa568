//! What every model here can do: score rows, turn scores into predictions, measure a loss.

use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use crate::device::Precision;
use crate::{LinearRegression, LogisticRegression, Parameters, SoftmaxRegression};

/// The question that a model answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Task {
    /// Yes or no: logistic regression.
    Binary,
    /// One of several classes: softmax regression.
    Multinomial,
    /// A number: linear regression.
    Linear,
}

impl Task {
    /// The word used on the command line and in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Binary => "binary",
            Self::Multinomial => "multinomial",
            Self::Linear => "linear",
        }
    }
}

/// A module that scores rows and measures a loss per row.
///
/// Training code is generic over this trait, so that one loop serves every task.
pub trait Supervised: Module + Clone {
    /// Raw scores, before any link function.
    ///
    /// # Shapes
    /// - `rows`: `[rows, features]`; returns `[rows, outputs]`
    fn scores(&self, rows: Tensor<2>) -> Tensor<2>;

    /// Scores on the scale of the outcome: probabilities for classes, the score itself for numbers.
    ///
    /// # Shapes
    /// - `scores`: `[rows, outputs]`; returns the same
    fn predictions(scores: Tensor<2>) -> Tensor<2>;

    /// Loss per row, finite for every finite score.
    ///
    /// # Shapes
    /// - `scores`, `targets`: `[rows, outputs]` (0 or 1; one-hot; a number); returns `[rows]`
    fn row_losses(scores: Tensor<2>, targets: Tensor<2>) -> Tensor<1>;

    /// Derivative of each row's loss with respect to its scores.
    ///
    /// # Shapes
    /// - as [`row_losses`](Self::row_losses); returns `[rows, outputs]`
    fn residuals(scores: Tensor<2>, targets: Tensor<2>) -> Tensor<2> {
        Self::predictions(scores) - targets
    }

    /// Derivative of residual `k` with respect to score `l`, from the predictions.
    ///
    /// # Shapes
    /// - `predictions`: `[rows, outputs]`; returns `[rows, 1]`
    fn curvature(predictions: &Tensor<2>, k: usize, l: usize) -> Tensor<2>;

    /// The layer that holds the coefficients.
    fn linear(&self) -> &Linear;

    /// The module around a layer.
    fn from_linear(linear: Linear) -> Self;

    /// The module with the given parameters, on a device, in a precision.
    #[must_use]
    fn from_parameters(parameters: &Parameters, device: &Device, precision: Precision) -> Self {
        Self::from_linear(parameters.to_linear(device, precision))
    }
}

/// A model of any task, as it comes out of a file.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Regression {
    /// Of a [`Task::Binary`].
    Logistic(LogisticRegression),
    /// Of a [`Task::Multinomial`].
    Softmax(SoftmaxRegression),
    /// Of a [`Task::Linear`].
    Linear(LinearRegression),
}

impl Regression {
    /// The module of a task with the given parameters.
    #[must_use]
    pub fn new(
        task: Task,
        parameters: &Parameters,
        device: &Device,
        precision: Precision,
    ) -> Self {
        let linear = parameters.to_linear(device, precision);
        match task {
            Task::Binary => Self::Logistic(LogisticRegression::from_linear(linear)),
            Task::Multinomial => Self::Softmax(SoftmaxRegression::from_linear(linear)),
            Task::Linear => Self::Linear(LinearRegression::from_linear(linear)),
        }
    }

    /// Raw scores, before any link function.
    ///
    /// # Shapes
    /// - `rows`: `[rows, features]`; returns `[rows, outputs]`
    pub fn scores(&self, rows: Tensor<2>) -> Tensor<2> {
        match self {
            Self::Logistic(module) => module.scores(rows),
            Self::Softmax(module) => module.scores(rows),
            Self::Linear(module) => module.scores(rows),
        }
    }

    /// Probabilities for classes, the number itself for linear regression.
    ///
    /// # Shapes
    /// - `scores`: `[rows, outputs]`; returns the same
    pub fn predictions(&self, scores: Tensor<2>) -> Tensor<2> {
        match self {
            Self::Logistic(_) => LogisticRegression::predictions(scores),
            Self::Softmax(_) => SoftmaxRegression::predictions(scores),
            Self::Linear(_) => LinearRegression::predictions(scores),
        }
    }
}
