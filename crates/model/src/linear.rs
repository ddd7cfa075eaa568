//! Linear regression: the score is the prediction.

use burn::config::Config;
use burn::module::Module;
use burn::nn::{Initializer, Linear, LinearConfig};
use burn::tensor::{Device, Tensor};

use crate::loss;
use crate::supervised::Supervised;

/// How to make a [`LinearRegression`].
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
        loss::weighted_mean(loss::half_squared_error(self.forward(rows), targets), weights)
    }
}

impl Supervised for LinearRegression {
    fn scores(&self, rows: Tensor<2>) -> Tensor<2> {
        self.linear.forward(rows)
    }

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
