//! Logistic regression: a linear layer and the sigmoid.

use burn::config::Config;
use burn::module::Module;
use burn::nn::{Initializer, Linear, LinearConfig};
use burn::tensor::{Device, Tensor, activation};

use crate::loss;
use crate::supervised::Supervised;

/// How to make a [`LogisticRegression`]: `LogisticRegressionConfig::new(features)`, then, without
/// an intercept, `.with_intercept(false)`.
#[derive(Config, Debug)]
pub struct LogisticRegressionConfig {
    /// Number of columns of the design matrix.
    pub features: usize,
    /// Whether there is an intercept.
    #[config(default = true)]
    pub intercept: bool,
}

impl LogisticRegressionConfig {
    /// The module with every coefficient zero: every probability is one half.
    ///
    /// The loss is convex, so a random start would buy nothing and cost repeatability.
    pub fn init(&self, device: &Device) -> LogisticRegression {
        let linear = LinearConfig::new(self.features, 1)
            .with_bias(self.intercept)
            .with_initializer(Initializer::Zeros)
            .init(device);
        LogisticRegression { linear }
    }
}

/// `p = 1 / (1 + e^-z)` with `z = x·β + b`.
///
/// # Examples
#[cfg_attr(feature = "flex", doc = "```")]
#[cfg_attr(not(feature = "flex"), doc = "```ignore")]
/// use burn::tensor::Tensor;
/// use model::LogisticRegressionConfig;
/// use model::device::{Backend, select};
///
/// let device = select(Backend::Flex)?.device;
/// let model = LogisticRegressionConfig::new(2).init(&device);
/// let rows = Tensor::from_floats([[1.0, 2.0], [3.0, 4.0]], &device);
/// let p = model.probabilities(rows).into_data();
/// assert_eq!(p.to_vec::<f32>().unwrap(), [0.5, 0.5]);
/// # Ok::<(), model::device::DeviceError>(())
/// ```
#[derive(Module, Debug)]
pub struct LogisticRegression {
    /// The coefficients, `[features, 1]`, and the intercept, `[1]`.
    pub linear: Linear,
}

impl LogisticRegression {
    /// Log-odds of the positive class.
    ///
    /// # Shapes
    /// - `rows`: `[rows, features]`; returns `[rows]`
    pub fn logits(&self, rows: Tensor<2>) -> Tensor<1> {
        self.linear.forward(rows).squeeze_dim::<1>(1)
    }

    /// Probability of the positive class.
    ///
    /// # Shapes
    /// - `rows`: `[rows, features]`; returns `[rows]`
    pub fn probabilities(&self, rows: Tensor<2>) -> Tensor<1> {
        Self::predictions(self.scores(rows)).squeeze_dim::<1>(1)
    }

    /// Mean log loss, each row counted with its weight; a scalar as `[1]`, in nats.
    ///
    /// # Shapes
    /// - `rows`: `[rows, features]`; `targets`, `weights`: `[rows]`
    pub fn loss(
        &self,
        rows: Tensor<2>,
        targets: Tensor<1>,
        weights: Option<Tensor<1>>,
    ) -> Tensor<1> {
        loss::weighted_mean(loss::log_loss(self.logits(rows), targets), weights)
    }
}

impl Supervised for LogisticRegression {
    fn predictions(scores: Tensor<2>) -> Tensor<2> {
        // `sigmoid` computes in f32 even for f64 tensors on most backends; `log_sigmoid` does not.
        activation::log_sigmoid(scores).exp()
    }

    fn row_losses(scores: Tensor<2>, targets: Tensor<2>) -> Tensor<1> {
        loss::log_loss(scores.squeeze_dim::<1>(1), targets.squeeze_dim::<1>(1))
    }

    fn curvature(predictions: &Tensor<2>, _: usize, _: usize) -> Tensor<2> {
        predictions.clone() * predictions.clone().neg().add_scalar(1.0)
    }

    fn linear(&self) -> &Linear {
        &self.linear
    }

    fn from_linear(linear: Linear) -> Self {
        Self { linear }
    }
}

#[cfg(test)]
#[cfg(feature = "flex")]
mod tests {
    use super::*;
    use crate::Parameters;
    use crate::device::{Backend, Precision, select};
    use crate::parameters::to_host;

    fn model(intercept: bool, precision: Precision) -> (LogisticRegression, Device) {
        let device = select(Backend::Flex).unwrap().device;
        let parameters = Parameters {
            features: 2,
            outputs: 1,
            weight: vec![1.0, -2.0],
            bias: intercept.then(|| vec![0.5]),
        };
        let model = LogisticRegression::from_parameters(&parameters, &device, precision);
        (model, device)
    }

    fn rows(device: &Device, precision: Precision) -> Tensor<2> {
        let rows = [[0.0, 0.0], [1.0, 1.0], [2.0, -1.0], [-400.0, 200.0]];
        Tensor::from_data(rows, (device, precision.dtype()))
    }

    #[test]
    fn scores_and_probabilities_are_those_worked_out_by_hand() {
        for (precision, tolerance) in [(Precision::F32, 1e-7), (Precision::F64, 2e-16)] {
            let (model, device) = model(true, precision);
            let scores = to_host(model.logits(rows(&device, precision)));
            assert_eq!(scores, [0.5, -0.5, 4.5, -799.5]);
            let probabilities = to_host(model.probabilities(rows(&device, precision)));
            for (p, z) in probabilities.into_iter().zip(scores) {
                let expected = 1.0 / (1.0 + (-z).exp());
                assert!((p - expected).abs() <= tolerance, "{p} is not {expected}");
            }
        }
    }

    #[test]
    fn a_model_without_intercept_goes_through_the_origin() {
        let (model, device) = model(false, Precision::F64);
        let scores = to_host(model.logits(rows(&device, Precision::F64)));
        assert_eq!(scores, [0.0, -1.0, 4.0, -800.0]);
        let untrained = LogisticRegressionConfig::new(2).with_intercept(false);
        assert!(untrained.init(&device).linear.bias.is_none());
    }

    #[test]
    fn the_loss_is_the_weighted_mean_of_the_rows() {
        let (model, device) = model(true, Precision::F64);
        let rows = rows(&device, Precision::F64);
        let vector =
            |values: [f64; 4]| Tensor::from_data(values, (&device, Precision::F64.dtype()));
        let targets = || vector([1.0, 1.0, 0.0, 0.0]);
        // log(1 + e^-0.5), log(1 + e^0.5), log(1 + e^4.5), 0
        let losses = [
            (-0.5_f64).exp().ln_1p(),
            0.5_f64.exp().ln_1p(),
            4.5_f64.exp().ln_1p(),
            0.0,
        ];
        let plain = to_host(model.loss(rows.clone(), targets(), None))[0];
        assert!((plain - losses.iter().sum::<f64>() / 4.0).abs() < 1e-15);
        let weighted = to_host(model.loss(rows, targets(), Some(vector([3.0, 0.0, 1.0, 0.0]))))[0];
        assert!((weighted - (3.0 * losses[0] + losses[2]) / 4.0).abs() < 1e-15);
    }

    #[test]
    fn the_curvature_is_the_derivative_of_the_residual() {
        let device = select(Backend::Flex).unwrap().device;
        let options = (&device, Precision::F64.dtype());
        let p = Tensor::<2>::from_data([[0.5], [0.25], [1.0]], options);
        let curvature = LogisticRegression::curvature(&p, 0, 0);
        assert_eq!(to_host(curvature), [0.25, 0.1875, 0.0]);
    }
}
