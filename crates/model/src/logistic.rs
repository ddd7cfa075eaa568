//! Logistic regression: a linear layer and the sigmoid.

use burn::config::Config;
use burn::module::Module;
use burn::nn::{Initializer, Linear, LinearConfig};
use burn::tensor::{Device, Tensor, activation};

use crate::loss;
use crate::supervised::Supervised;

/// How to make a [`LogisticRegression`].
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
/// use burn::tensor::{Device, Tensor};
/// use model::LogisticRegressionConfig;
///
/// let device = Device::flex();
/// let model = LogisticRegressionConfig::new(2).init(&device);
/// let rows = Tensor::from_floats([[1.0, 2.0], [3.0, 4.0]], &device);
/// let p = model.probabilities(rows).into_data();
/// assert_eq!(p.to_vec::<f32>().unwrap(), [0.5, 0.5]);
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
    fn scores(&self, rows: Tensor<2>) -> Tensor<2> {
        self.linear.forward(rows)
    }

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
