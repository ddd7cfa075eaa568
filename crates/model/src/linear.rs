//! Linear regression: the score is the prediction.

use burn::config::Config;
use burn::module::Module;
use burn::nn::{Initializer, Linear, LinearConfig};
use burn::tensor::{Device, Tensor};

use crate::loss;
use crate::supervised::Supervised;

/// How to make a [`LinearRegression`]: `LinearRegressionConfig::new(features)`, then, without an
/// intercept, `.with_intercept(false)`.
#[derive(Config, Debug)]
pub struct LinearRegressionConfig {
    /// Number of columns of the design matrix.
    pub features: usize,
    /// Whether there is an intercept.
    #[config(default = true)]
    pub intercept: bool,
}

impl LinearRegressionConfig {
    /// The module with every coefficient zero.
    pub fn init(&self, device: &Device) -> LinearRegression {
        let linear = LinearConfig::new(self.features, 1)
            .with_bias(self.intercept)
            .with_initializer(Initializer::Zeros)
            .init(device);
        LinearRegression { linear }
    }
}

/// `z = x·β + b`, fitted by least squares.
///
/// # Examples
#[cfg_attr(feature = "flex", doc = "```")]
#[cfg_attr(not(feature = "flex"), doc = "```ignore")]
/// use burn::tensor::Tensor;
/// use model::LinearRegressionConfig;
/// use model::device::{Backend, select};
///
/// let device = select(Backend::Flex)?.device;
/// let model = LinearRegressionConfig::new(1).init(&device);
/// let rows = Tensor::from_floats([[1.0], [2.0]], &device);
/// let targets = Tensor::from_floats([2.0, 4.0], &device);
/// // Every coefficient is zero at first: half the mean of 2² and 4².
/// assert_eq!(model.loss(rows, targets, None).into_scalar::<f32>(), 5.0);
/// # Ok::<(), model::device::DeviceError>(())
/// ```
#[derive(Module, Debug)]
pub struct LinearRegression {
    /// The coefficients, `[features, 1]`, and the intercept, `[1]`.
    pub linear: Linear,
}

impl LinearRegression {
    /// Predicted outcome.
    ///
    /// # Shapes
    /// - `rows`: `[rows, features]`; returns `[rows]`
    pub fn forward(&self, rows: Tensor<2>) -> Tensor<1> {
        self.linear.forward(rows).squeeze_dim::<1>(1)
    }

    /// Half the mean squared error, each row counted with its weight; a scalar as `[1]`.
    ///
    /// # Shapes
    /// - `rows`: `[rows, features]`; `targets`, `weights`: `[rows]`
    pub fn loss(
        &self,
        rows: Tensor<2>,
        targets: Tensor<1>,
        weights: Option<Tensor<1>>,
    ) -> Tensor<1> {
        loss::weighted_mean(
            loss::half_squared_error(self.forward(rows), targets),
            weights,
        )
    }
}

impl Supervised for LinearRegression {
    fn predictions(scores: Tensor<2>) -> Tensor<2> {
        scores
    }

    fn row_losses(scores: Tensor<2>, targets: Tensor<2>) -> Tensor<1> {
        loss::half_squared_error(scores.squeeze_dim::<1>(1), targets.squeeze_dim::<1>(1))
    }

    fn curvature(predictions: &Tensor<2>, _: usize, _: usize) -> Tensor<2> {
        predictions.ones_like()
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

    #[test]
    fn predictions_losses_and_curvature_are_those_worked_out_by_hand() {
        let device = select(Backend::Flex).unwrap().device;
        let parameters = Parameters {
            features: 2,
            outputs: 1,
            weight: vec![3.0, -0.5],
            bias: Some(vec![10.0]),
        };
        for precision in [Precision::F32, Precision::F64] {
            let options = (&device, precision.dtype());
            let model = LinearRegression::from_parameters(&parameters, &device, precision);
            let rows = || Tensor::<2>::from_data([[1.0, 2.0], [-1.0, 4.0]], options);
            assert_eq!(to_host(model.forward(rows())), [12.0, 5.0]);
            let predictions = LinearRegression::predictions(model.scores(rows()));
            assert_eq!(to_host(predictions.clone()), [12.0, 5.0]);
            let curvature = LinearRegression::curvature(&predictions, 0, 0);
            assert_eq!(to_host(curvature), [1.0, 1.0]);

            let targets = || Tensor::<2>::from_data([[10.0], [6.0]], options);
            let losses = LinearRegression::row_losses(model.scores(rows()), targets());
            assert_eq!(to_host(losses), [2.0, 0.5]);
            let residuals = LinearRegression::residuals(model.scores(rows()), targets());
            assert_eq!(to_host(residuals), [2.0, -1.0]);
            let weights = Tensor::from_data([1.0, 3.0], options);
            let loss = model.loss(rows(), targets().squeeze_dim(1), Some(weights));
            assert_eq!(to_host(loss), [0.875]);
        }
    }
}
