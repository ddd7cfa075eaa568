//! What every model here can do: score rows, turn scores into predictions, measure a loss.

use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use crate::device::Precision;
use crate::{LinearRegression, LogisticRegression, Parameters, SoftmaxRegression};

/// The question that a model answers; in files and on the command line by its [`name`](Self::name).
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
///
/// # Examples
#[cfg_attr(feature = "flex", doc = "```")]
#[cfg_attr(not(feature = "flex"), doc = "```ignore")]
/// use burn::tensor::Tensor;
/// use model::device::{Backend, Precision, select};
/// use model::{LogisticRegression, Parameters, Supervised};
///
/// /// The gradient of the mean loss by its formula, for any task: `Xᵀr / n`, `[features, outputs]`.
/// fn gradient<M: Supervised>(model: &M, rows: Tensor<2>, targets: Tensor<2>) -> Tensor<2> {
///     let n = rows.dims()[0] as f64;
///     let residuals = M::residuals(model.scores(rows.clone()), targets);
///     rows.transpose().matmul(residuals).div_scalar(n)
/// }
///
/// let device = select(Backend::Flex)?.device;
/// let parameters = Parameters::zeros(1, 1, true);
/// let model = LogisticRegression::from_parameters(&parameters, &device, Precision::F32);
/// let rows = Tensor::from_floats([[2.0], [4.0]], &device);
/// let targets = Tensor::from_floats([[0.0], [1.0]], &device);
/// // Every probability is one half: (2·0.5 - 4·0.5) / 2.
/// assert_eq!(gradient(&model, rows, targets).into_scalar::<f32>(), -0.5);
/// # Ok::<(), model::device::DeviceError>(())
/// ```
pub trait Supervised: Module + Clone {
    /// Raw scores, before any link function.
    ///
    /// # Shapes
    /// - `rows`: `[rows, features]`; returns `[rows, outputs]`
    fn scores(&self, rows: Tensor<2>) -> Tensor<2> {
        self.linear().forward(rows)
    }

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
    /// - `predictions`: `[rows, outputs]`; `k`, `l` below `outputs`; returns `[rows, 1]`
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
///
/// # Examples
#[cfg_attr(feature = "flex", doc = "```")]
#[cfg_attr(not(feature = "flex"), doc = "```ignore")]
/// use burn::tensor::Tensor;
/// use model::device::{Backend, Precision, select};
/// use model::{Parameters, Regression, Task};
///
/// let device = select(Backend::Flex)?.device;
/// let parameters = Parameters::zeros(2, 1, true);
/// let model = Regression::new(Task::Binary, &parameters, &device, Precision::F32);
/// let scores = model.scores(Tensor::from_floats([[1.0, 2.0]], &device));
/// assert_eq!(model.predictions(scores).into_scalar::<f32>(), 0.5);
/// # Ok::<(), model::device::DeviceError>(())
/// ```
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
    pub fn new(task: Task, parameters: &Parameters, device: &Device, precision: Precision) -> Self {
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

#[cfg(test)]
#[cfg(feature = "flex")]
mod tests {
    use super::*;
    use crate::device::{Backend, select};
    use crate::parameters::to_host;

    fn matrix(values: &[f64], columns: usize, device: &Device) -> Tensor<2> {
        let data =
            burn::tensor::TensorData::new(values.to_vec(), [values.len() / columns, columns]);
        Tensor::from_data(data, (device, Precision::F64.dtype()))
    }

    /// Residuals are the tape's gradient of the losses, and the curvature their central difference.
    fn derivatives_agree<M: Supervised>(scores: &[f64], targets: &[f64], outputs: usize) {
        let device = select(Backend::Flex).unwrap().device;
        let targets = || matrix(targets, outputs, &device);
        let residuals =
            |scores: &[f64]| to_host(M::residuals(matrix(scores, outputs, &device), targets()));

        let tracked = matrix(scores, outputs, &device.clone().autodiff()).require_grad();
        let gradients = M::row_losses(tracked.clone(), targets()).sum().backward();
        let tape = to_host(tracked.grad(&gradients).unwrap());
        for (tape, formula) in tape.iter().zip(residuals(scores)) {
            assert!((tape - formula).abs() < 1e-15, "{tape} is not {formula}");
        }

        let step = 1e-6;
        let predictions = M::predictions(matrix(scores, outputs, &device));
        for k in 0..outputs {
            for l in 0..outputs {
                let moved = |by: f64| {
                    let mut scores = scores.to_vec();
                    scores
                        .iter_mut()
                        .skip(l)
                        .step_by(outputs)
                        .for_each(|score| *score += by);
                    residuals(&scores)
                };
                let (up, down) = (moved(step), moved(-step));
                let formula = to_host(M::curvature(&predictions, k, l));
                for (row, formula) in formula.into_iter().enumerate() {
                    let at = row * outputs + k;
                    let difference = (up[at] - down[at]) / (2.0 * step);
                    assert!(
                        (difference - formula).abs() < 1e-9,
                        "{k} {l} {row}: {formula}"
                    );
                }
            }
        }
    }

    #[test]
    fn residuals_and_curvature_are_the_derivatives_of_the_loss() {
        let targets = [1.0, 0.0, 1.0, 0.0];
        derivatives_agree::<LogisticRegression>(&[-3.0, 0.0, 0.7, 12.0], &targets, 1);
        derivatives_agree::<LinearRegression>(&[-3.0, 0.0, 0.7, 12.0], &[2.0, -1.0, 0.7, 5.0], 1);
        let targets = [0.0, 1.0, 0.0, 0.0, 0.0, 1.0];
        derivatives_agree::<SoftmaxRegression>(&[0.3, -1.0, 2.0, 5.0, 5.5, -4.0], &targets, 3);
    }

    #[test]
    fn a_model_of_each_task_predicts_as_its_module_does() {
        let device = select(Backend::Flex).unwrap().device;
        let tasks = [
            (Task::Binary, 1, vec![0.5]),
            (Task::Multinomial, 3, vec![1.0 / 3.0; 3]),
            (Task::Linear, 1, vec![0.0]),
        ];
        for (task, outputs, expected) in tasks {
            let parameters = Parameters::zeros(2, outputs, true);
            let model = Regression::new(task, &parameters, &device, Precision::F64);
            let scores = model.scores(matrix(&[1.0, 2.0], 2, &device));
            let predictions = to_host(model.predictions(scores));
            for (actual, expected) in predictions.iter().zip(&expected) {
                assert!(
                    (actual - expected).abs() < 1e-15,
                    "{task:?}: {predictions:?}"
                );
            }
            assert_eq!(predictions.len(), expected.len());
        }
    }

    #[test]
    fn a_task_is_written_as_its_name() {
        for task in [Task::Binary, Task::Multinomial, Task::Linear] {
            let json = serde_json::to_string(&task).unwrap();
            assert_eq!(json, format!("\"{}\"", task.name()));
        }
    }
}
