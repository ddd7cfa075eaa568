//! Softmax regression: one linear score for each class.

use burn::config::Config;
use burn::module::Module;
use burn::nn::{Initializer, Linear, LinearConfig};
use burn::tensor::{Device, Tensor, activation};

use crate::loss;
use crate::supervised::Supervised;

/// How to make a [`SoftmaxRegression`]: `SoftmaxRegressionConfig::new(features, classes)`, then,
/// without intercepts, `.with_intercept(false)`.
#[derive(Config, Debug)]
pub struct SoftmaxRegressionConfig {
    /// Number of columns of the design matrix.
    pub features: usize,
    /// Number of classes.
    pub classes: usize,
    /// Whether there are intercepts.
    #[config(default = true)]
    pub intercept: bool,
}

impl SoftmaxRegressionConfig {
    /// The module with every coefficient zero: every class equally probable.
    pub fn init(&self, device: &Device) -> SoftmaxRegression {
        let linear = LinearConfig::new(self.features, self.classes)
            .with_bias(self.intercept)
            .with_initializer(Initializer::Zeros)
            .init(device);
        SoftmaxRegression { linear }
    }
}

/// `p_k = e^{z_k} / Σ_l e^{z_l}` with `z = xB + b`.
///
/// Every class has coefficients of its own (none is left out as reference), so that a penalty
/// treats classes alike; adding the same vector to all of them changes no probability.
///
/// # Examples
#[cfg_attr(feature = "flex", doc = "```")]
#[cfg_attr(not(feature = "flex"), doc = "```ignore")]
/// use burn::tensor::Tensor;
/// use model::SoftmaxRegressionConfig;
/// use model::device::{Backend, select};
///
/// let device = select(Backend::Flex)?.device;
/// let model = SoftmaxRegressionConfig::new(2, 4).init(&device);
/// let rows = Tensor::from_floats([[1.0, 2.0]], &device);
/// let p = model.probabilities(rows).into_data();
/// assert_eq!(p.to_vec::<f32>().unwrap(), [0.25; 4]);
/// # Ok::<(), model::device::DeviceError>(())
/// ```
#[derive(Module, Debug)]
pub struct SoftmaxRegression {
    /// The coefficients, `[features, classes]`, and the intercepts, `[classes]`.
    pub linear: Linear,
}

impl SoftmaxRegression {
    /// Scores of the classes, before the softmax.
    ///
    /// # Shapes
    /// - `rows`: `[rows, features]`; returns `[rows, classes]`
    pub fn logits(&self, rows: Tensor<2>) -> Tensor<2> {
        self.linear.forward(rows)
    }

    /// Probabilities of the classes; each row sums to 1.
    ///
    /// # Shapes
    /// - `rows`: `[rows, features]`; returns `[rows, classes]`
    pub fn probabilities(&self, rows: Tensor<2>) -> Tensor<2> {
        Self::predictions(self.scores(rows))
    }

    /// Mean cross entropy, each row counted with its weight; a scalar as `[1]`, in nats.
    ///
    /// # Shapes
    /// - `rows`: `[rows, features]`; `targets` (one-hot): `[rows, classes]`; `weights`: `[rows]`
    pub fn loss(
        &self,
        rows: Tensor<2>,
        targets: Tensor<2>,
        weights: Option<Tensor<1>>,
    ) -> Tensor<1> {
        loss::weighted_mean(loss::cross_entropy(self.logits(rows), targets), weights)
    }
}

impl Supervised for SoftmaxRegression {
    fn predictions(scores: Tensor<2>) -> Tensor<2> {
        activation::log_softmax(scores, 1).exp()
    }

    fn row_losses(scores: Tensor<2>, targets: Tensor<2>) -> Tensor<1> {
        loss::cross_entropy(scores, targets)
    }

    fn curvature(predictions: &Tensor<2>, k: usize, l: usize) -> Tensor<2> {
        let column = |class| predictions.clone().narrow(1, class, 1);
        if k == l {
            column(k) * column(k).neg().add_scalar(1.0)
        } else {
            (column(k) * column(l)).neg()
        }
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

    const PRECISIONS: [(Precision, f64); 2] = [(Precision::F32, 2e-7), (Precision::F64, 4e-16)];

    fn device() -> Device {
        select(Backend::Flex).unwrap().device
    }

    #[test]
    fn scores_and_probabilities_are_those_worked_out_by_hand() {
        let device = device();
        let parameters = Parameters {
            features: 2,
            outputs: 3,
            weight: vec![1.0, 0.0, 0.0, 1.0, -1.0, 0.5],
            bias: Some(vec![0.0, 0.5, -0.5]),
        };
        for (precision, tolerance) in PRECISIONS {
            let model = SoftmaxRegression::from_parameters(&parameters, &device, precision);
            let rows = Tensor::from_data([[2.0, 1.0]], (&device, precision.dtype()));
            let scores = [2.0, 1.5, -2.0_f64];
            assert_eq!(to_host(model.logits(rows.clone())), scores);
            let sum: f64 = scores.iter().map(|z| z.exp()).sum();
            for (p, z) in to_host(model.probabilities(rows)).into_iter().zip(scores) {
                assert!((p - z.exp() / sum).abs() <= tolerance, "{p}");
            }
        }
    }

    #[test]
    fn every_row_is_compared_with_its_own_maximum() {
        for (precision, tolerance) in PRECISIONS {
            let options = (&device(), precision.dtype());
            let scores = [
                [0.0, 0.0],
                [1000.0, 1000.0],
                [1e30, -1e30],
                [-1000.0, -1001.0],
            ];
            let predictions = SoftmaxRegression::predictions(Tensor::from_data(scores, options));
            let p = 1.0 / (1.0 + (-1.0_f64).exp());
            let expected = [0.5, 0.5, 0.5, 0.5, 1.0, 0.0, p, 1.0 - p];
            for (actual, expected) in to_host(predictions).into_iter().zip(expected) {
                assert!((actual - expected).abs() <= tolerance, "{actual}");
            }
        }
    }

    #[test]
    fn the_curvature_is_the_derivative_of_the_residuals() {
        let predictions = [0.5, 0.3, 0.2];
        let options = (&device(), Precision::F64.dtype());
        let tensor = Tensor::<2>::from_data([predictions], options);
        for k in 0..3 {
            for l in 0..3 {
                let actual = to_host(SoftmaxRegression::curvature(&tensor, k, l));
                let same = if k == l { 1.0 } else { 0.0 };
                let expected = predictions[k] * (same - predictions[l]);
                assert!((actual[0] - expected).abs() < 1e-16, "{k} {l}: {actual:?}");
            }
        }
    }

    #[test]
    fn the_loss_is_the_mean_cross_entropy() {
        let device = device();
        let parameters = Parameters::zeros(1, 3, true);
        let model = SoftmaxRegression::from_parameters(&parameters, &device, Precision::F64);
        let options = (&device, Precision::F64.dtype());
        let rows = Tensor::from_data([[1.0], [2.0]], options);
        let targets = Tensor::from_data([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]], options);
        let loss = to_host(model.loss(rows, targets, None))[0];
        assert!((loss - 3.0_f64.ln()).abs() < 1e-15, "{loss}");
    }
}
