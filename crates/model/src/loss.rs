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
/// # Examples
#[cfg_attr(feature = "flex", doc = "```")]
#[cfg_attr(not(feature = "flex"), doc = "```ignore")]
/// use burn::tensor::Tensor;
/// use model::device::{Backend, select};
/// use model::loss::log_loss;
///
/// let device = select(Backend::Flex)?.device;
/// let scores = Tensor::from_floats([0.0, 1000.0, 1000.0], &device);
/// let targets = Tensor::from_floats([1.0, 1.0, 0.0], &device);
/// let losses = log_loss(scores, targets).into_data().to_vec::<f32>().unwrap();
/// // A coin costs log 2; sure and right, nothing; sure and wrong, the score itself.
/// assert_eq!(losses, [2.0_f32.ln(), 0.0, 1000.0]);
/// # Ok::<(), model::device::DeviceError>(())
/// ```
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
///
/// # Examples
#[cfg_attr(feature = "flex", doc = "```")]
#[cfg_attr(not(feature = "flex"), doc = "```ignore")]
/// use burn::tensor::Tensor;
/// use model::device::{Backend, select};
/// use model::loss::cross_entropy;
///
/// let device = select(Backend::Flex)?.device;
/// let scores = Tensor::from_floats([[0.0, 0.0], [1000.0, 0.0]], &device);
/// let targets = Tensor::from_floats([[1.0, 0.0], [0.0, 1.0]], &device);
/// let losses = cross_entropy(scores, targets).into_data().to_vec::<f32>().unwrap();
/// assert_eq!(losses, [2.0_f32.ln(), 1000.0]);
/// # Ok::<(), model::device::DeviceError>(())
/// ```
pub fn cross_entropy(scores: Tensor<2>, targets: Tensor<2>) -> Tensor<1> {
    (activation::log_softmax(scores, 1) * targets)
        .sum_dim(1)
        .squeeze_dim::<1>(1)
        .neg()
}

/// Half the squared error per row: `½(y - z)²`, glmnet's scale.
///
/// # Shapes
/// - `scores`, `targets`: `[rows]`; returns `[rows]`
///
/// # Examples
#[cfg_attr(feature = "flex", doc = "```")]
#[cfg_attr(not(feature = "flex"), doc = "```ignore")]
/// use burn::tensor::Tensor;
/// use model::device::{Backend, select};
/// use model::loss::half_squared_error;
///
/// let device = select(Backend::Flex)?.device;
/// let scores = Tensor::from_floats([1.0, -2.0], &device);
/// let targets = Tensor::from_floats([4.0, -2.0], &device);
/// let losses = half_squared_error(scores, targets).into_data().to_vec::<f32>().unwrap();
/// assert_eq!(losses, [4.5, 0.0]);
/// # Ok::<(), model::device::DeviceError>(())
/// ```
pub fn half_squared_error(scores: Tensor<1>, targets: Tensor<1>) -> Tensor<1> {
    (targets - scores).square().mul_scalar(0.5)
}

/// The mean over rows, each counted with its weight: `Σ w·ℓ / Σ w`; a scalar as `[1]`.
///
/// # Shapes
/// - `losses`, `weights`: `[rows]`
///
/// # Examples
#[cfg_attr(feature = "flex", doc = "```")]
#[cfg_attr(not(feature = "flex"), doc = "```ignore")]
/// use burn::tensor::Tensor;
/// use model::device::{Backend, select};
/// use model::loss::weighted_mean;
///
/// let device = select(Backend::Flex)?.device;
/// let losses = Tensor::from_floats([1.0, 4.0], &device);
/// // A weight of 2 is the row twice: (1 + 1 + 4) / 3.
/// let weights = Tensor::from_floats([2.0, 1.0], &device);
/// assert_eq!(weighted_mean(losses, Some(weights)).into_scalar::<f32>(), 2.0);
/// # Ok::<(), model::device::DeviceError>(())
/// ```
pub fn weighted_mean(losses: Tensor<1>, weights: Option<Tensor<1>>) -> Tensor<1> {
    match weights {
        None => losses.mean(),
        Some(weights) => (losses * weights.clone()).sum() / weights.sum(),
    }
}

#[cfg(test)]
#[cfg(any(feature = "ndarray", feature = "flex"))]
mod tests {
    use std::f64::consts::LN_2;

    use burn::tensor::{Device, TensorData};

    use super::*;
    use crate::device::{Backend, Precision, select};
    use crate::parameters::to_host;

    /// Every CPU backend of this build; the package `tests` asks the same of GPUs.
    fn devices() -> impl Iterator<Item = Device> {
        Backend::compiled()
            .filter(|&backend| backend != Backend::Wgpu)
            .map(|backend| select(backend).unwrap().device)
    }

    fn vector(values: &[f64], device: &Device, precision: Precision) -> Tensor<1> {
        Tensor::from_data(
            TensorData::new(values.to_vec(), [values.len()]),
            (device, precision.dtype()),
        )
    }

    fn matrix(values: &[f64], columns: usize, device: &Device, precision: Precision) -> Tensor<2> {
        let shape = [values.len() / columns, columns];
        let data = TensorData::new(values.to_vec(), shape);
        Tensor::from_data(data, (device, precision.dtype()))
    }

    fn assert_close(actual: &[f64], expected: &[f64], relative: f64) {
        assert_eq!(actual.len(), expected.len());
        for (actual, expected) in actual.iter().zip(expected) {
            let within = (actual - expected).abs() <= relative * expected.abs().max(1e-300);
            assert!(within || actual == expected, "{actual} is not {expected}");
        }
    }

    /// `log(1 + e^z) - y·z` in 60 digits by Python's decimal (`(1 + z.exp()).ln() - y * z`), for
    /// z = -20, -1, 0, 1, 20 with y = 1, then with y = 0.
    const SCORES: [f64; 10] = [-20.0, -1.0, 0.0, 1.0, 20.0, -20.0, -1.0, 0.0, 1.0, 20.0];
    const TARGETS: [f64; 10] = [1.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0];
    const LOSSES: [f64; 10] = [
        20.000_000_002_061_153,
        1.313_261_687_518_222_8,
        LN_2,
        0.313_261_687_518_222_8,
        2.061_153_620_314_381e-9,
        2.061_153_620_314_381e-9,
        0.313_261_687_518_222_8,
        LN_2,
        1.313_261_687_518_222_8,
        20.000_000_002_061_153,
    ];

    #[test]
    fn log_loss_has_the_value_of_its_formula() {
        for device in devices() {
            for (precision, relative) in [(Precision::F32, 3e-7), (Precision::F64, 1e-15)] {
                let losses = log_loss(
                    vector(&SCORES, &device, precision),
                    vector(&TARGETS, &device, precision),
                );
                assert_eq!(losses.dtype(), precision.dtype());
                // A loss near zero is the difference of numbers of the size of 1 or of z: its
                // error is absolute on backends whose `log_sigmoid` knows no `ln_1p`.
                for (actual, expected) in to_host(losses).into_iter().zip(LOSSES) {
                    let error = (actual - expected).abs();
                    assert!(
                        error <= relative * (1.0 + expected),
                        "{actual} is not {expected}"
                    );
                }
            }
        }
    }

    #[test]
    fn every_finite_score_has_a_finite_loss() {
        let scores = [1e30, -1e30, 1e30, -1e30, 3e38, -3e38, 1e4, 104.0, -104.0];
        let targets = [1.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 1.0, 0.0];
        let expected = [0.0, 1e30, 1e30, 0.0, 3e38, 3e38, 1e4, 0.0, 0.0];
        for device in devices() {
            let losses = to_host(log_loss(
                vector(&scores, &device, Precision::F32),
                vector(&targets, &device, Precision::F32),
            ));
            for (actual, expected) in losses.into_iter().zip(expected) {
                assert!(
                    (actual - expected).abs() <= 1e-7 * expected + 1e-30,
                    "{actual}"
                );
            }
        }
    }

    #[test]
    fn a_target_between_the_classes_costs_its_share_of_both() {
        for device in devices() {
            let losses = to_host(log_loss(
                vector(&[2.0], &device, Precision::F64),
                vector(&[0.25], &device, Precision::F64),
            ));
            let (yes, no) = ((-2.0_f64).exp().ln_1p(), 2.0_f64.exp().ln_1p());
            assert_close(&losses, &[0.25 * yes + 0.75 * no], 1e-15);
        }
    }

    #[test]
    fn cross_entropy_subtracts_the_maximum_of_its_own_row() {
        // With one maximum for all rows, the first would underflow to log 0.
        let scores = [0.0, 0.0, 1000.0, 1000.0, 1e30, -1e30, -1e30, 1e30];
        let targets = [1.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 0.0];
        for device in devices() {
            for precision in [Precision::F32, Precision::F64] {
                let losses = to_host(cross_entropy(
                    matrix(&scores, 2, &device, precision),
                    matrix(&targets, 2, &device, precision),
                ));
                assert_close(&losses, &[LN_2, LN_2, 0.0, 2e30], 2.0 * precision.epsilon());
            }
        }
    }

    #[test]
    fn two_classes_cost_what_the_difference_of_their_scores_does() {
        let scores = [0.3, 1.4, -2.0, 0.5, 7.0, -7.0];
        for device in devices() {
            let both = matrix(&scores, 2, &device, Precision::F64);
            let difference = vector(&[1.1, 2.5, -14.0], &device, Precision::F64);
            let targets = matrix(&[0.0, 1.0, 1.0, 0.0, 0.0, 1.0], 2, &device, Precision::F64);
            let positive = vector(&[1.0, 0.0, 1.0], &device, Precision::F64);
            assert_close(
                &to_host(cross_entropy(both, targets)),
                &to_host(log_loss(difference, positive)),
                1e-14,
            );
        }
    }

    #[test]
    fn a_weight_is_a_number_of_rows() {
        for device in devices() {
            let losses = || vector(&[1.0, 4.0, 8.0], &device, Precision::F64);
            let weights = vector(&[2.0, 1.0, 0.0], &device, Precision::F64);
            assert_eq!(to_host(weighted_mean(losses(), Some(weights))), [2.0]);
            assert_close(
                &to_host(weighted_mean(losses(), None)),
                &[13.0 / 3.0],
                1e-15,
            );
        }
    }

    #[test]
    fn gradients_are_those_of_the_formula_even_where_the_loss_is_huge() {
        let scores = [0.0, 1.0, -1.0, 40.0, 1e30, -1e30, 1e30];
        let targets = [0.0, 1.0, 1.0, 0.0, 0.0, 1.0, 1.0];
        // p - y, the sigmoid by hand.
        let p = 1.0 / (1.0 + (-1.0_f64).exp());
        let expected = [0.5, p - 1.0, -p, 1.0, 1.0, -1.0, 0.0];
        for device in devices() {
            for precision in [Precision::F32, Precision::F64] {
                let scores = vector(&scores, &device.clone().autodiff(), precision).require_grad();
                let targets = vector(&targets, &device, precision);
                let gradients = log_loss(scores.clone(), targets).sum().backward();
                let gradient = to_host(scores.grad(&gradients).unwrap());
                for (actual, expected) in gradient.into_iter().zip(expected) {
                    let error = (actual - expected).abs();
                    assert!(
                        error <= 2.0 * precision.epsilon(),
                        "{actual} is not {expected}"
                    );
                }
            }
        }
    }
}
