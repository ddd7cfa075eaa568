//! Softmax regression: one linear score for each class.

use burn::config::Config;
use burn::module::Module;
use burn::nn::{Initializer, Linear, LinearConfig};
use burn::tensor::{Device, Tensor, activation};

use crate::loss;
use crate::supervised::Supervised;

/// How to make a [`SoftmaxRegression`].
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
    fn scores(&self, rows: Tensor<2>) -> Tensor<2> {
        self.linear.forward(rows)
    }

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
