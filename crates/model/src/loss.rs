//! Losses per row, written so that every finite score has a finite loss.
//!
//! The textbook's `-y·log(p + ε) - (1 - y)·log(1 - p + ε)` overflows nowhere but is wrong
//! wherever `p` rounds to 0 or 1. Here the loss is a function of the score `z` itself.

use burn::tensor::{Tensor, activation};

/// Log loss per row: `log(1 + e^z) - y·z`, in nats.
///
/// Computed as `(1 - y)·z - log σ(z)`; targets between 0 and 1 are allowed.
///
/// # Shapes
/// - `scores`, `targets`: `[rows]`; returns `[rows]`
///
/// # References
/// Hastie, Tibshirani, Friedman (2009), The Elements of Statistical Learning, §4.4.1.
pub fn log_loss(scores: Tensor<1>, targets: Tensor<1>) -> Tensor<1> {
    let against = targets.neg().add_scalar(1.0);
    against * scores.clone() - activation::log_sigmoid(scores)
}

/// Cross entropy per row: `-Σ_k y_k·log softmax(z)_k`, in nats.
///
/// # Shapes
/// - `scores`, `targets` (one-hot, or any distribution over classes): `[rows, classes]`;
///   returns `[rows]`
pub fn cross_entropy(scores: Tensor<2>, targets: Tensor<2>) -> Tensor<1> {
    (activation::log_softmax(scores, 1) * targets).sum_dim(1).squeeze_dim::<1>(1).neg()
}

/// Half the squared error per row: `½(y - z)²`, glmnet's scale.
///
/// # Shapes
/// - `scores`, `targets`: `[rows]`; returns `[rows]`
pub fn half_squared_error(scores: Tensor<1>, targets: Tensor<1>) -> Tensor<1> {
    (targets - scores).square().mul_scalar(0.5)
}

/// The mean over rows, each counted with its weight: `Σ w·ℓ / Σ w`; a scalar as `[1]`.
///
/// # Shapes
/// - `losses`, `weights`: `[rows]`
pub fn weighted_mean(losses: Tensor<1>, weights: Option<Tensor<1>>) -> Tensor<1> {
    match weights {
        None => losses.mean(),
        Some(weights) => (losses * weights.clone()).sum() / weights.sum(),
    }
}
