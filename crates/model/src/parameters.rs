//! A module's numbers on the host.

use burn::module::Param;
use burn::nn::Linear;
use burn::tensor::{Device, Tensor, TensorData};

use crate::device::Precision;

/// Weights and biases of a linear layer as `f64`, in PyTorch's layout.
///
/// # Shapes
/// - `weight`: `[outputs, features]`, row after row; `bias`: `[outputs]`
///
/// # Examples
/// ```
/// use model::Parameters;
///
/// // Two features and an intercept for one output, as solvers keep them.
/// let parameters = Parameters::from_flat(&[0.1, 0.2, 5.0], 2, 1, true);
/// assert_eq!(parameters.weight, [0.1, 0.2]);
/// assert_eq!(parameters.bias, Some(vec![5.0]));
/// assert_eq!(parameters.to_flat(), [0.1, 0.2, 5.0]);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Parameters {
    /// Number of columns of the design matrix.
    pub features: usize,
    /// One for binary and linear regression, the number of classes for softmax.
    pub outputs: usize,
    /// Coefficients, output after output.
    pub weight: Vec<f64>,
    /// Intercepts, when the model has them.
    pub bias: Option<Vec<f64>>,
}

impl Parameters {
    /// All zero.
    #[must_use]
    pub fn zeros(features: usize, outputs: usize, intercept: bool) -> Self {
        Self {
            features,
            outputs,
            weight: vec![0.0; features * outputs],
            bias: intercept.then(|| vec![0.0; outputs]),
        }
    }

    /// From the solvers' flat order: for each output its coefficients, then its intercept.
    ///
    /// # Panics
    /// When `theta` has another length than `outputs · (features + intercept)`.
    #[must_use]
    pub fn from_flat(theta: &[f64], features: usize, outputs: usize, intercept: bool) -> Self {
        let stride = features + usize::from(intercept);
        assert_eq!(
            theta.len(),
            stride * outputs,
            "one value for each parameter"
        );
        let mut parameters = Self::zeros(features, outputs, intercept);
        for output in 0..outputs {
            let own = &theta[output * stride..(output + 1) * stride];
            parameters.weight[output * features..(output + 1) * features]
                .copy_from_slice(&own[..features]);
            if let Some(bias) = &mut parameters.bias {
                bias[output] = own[features];
            }
        }
        parameters
    }

    /// In the solvers' flat order: for each output its coefficients, then its intercept.
    #[must_use]
    pub fn to_flat(&self) -> Vec<f64> {
        let mut theta = Vec::new();
        for output in 0..self.outputs {
            theta.extend_from_slice(
                &self.weight[output * self.features..(output + 1) * self.features],
            );
            theta.extend(self.bias.as_ref().map(|bias| bias[output]));
        }
        theta
    }

    /// Reads them back from a layer, wherever it lives.
    #[must_use]
    pub fn from_linear(linear: &Linear) -> Self {
        let weight = linear.weight.val();
        let [features, outputs] = weight.dims();
        Self {
            features,
            outputs,
            weight: to_host(weight.transpose()),
            bias: linear.bias.as_ref().map(|bias| to_host(bias.val())),
        }
    }

    /// A layer with these numbers, rounded once to the precision.
    #[must_use]
    pub fn to_linear(&self, device: &Device, precision: Precision) -> Linear {
        // Burn keeps weights as [features, outputs].
        let mut transposed = Vec::with_capacity(self.weight.len());
        for feature in 0..self.features {
            transposed.extend(
                (0..self.outputs).map(|output| self.weight[output * self.features + feature]),
            );
        }
        let options = (device, precision.dtype());
        let weight = TensorData::new(transposed, [self.features, self.outputs]);
        Linear {
            weight: Param::from_tensor(Tensor::from_data(weight, options)),
            bias: self.bias.as_ref().map(|bias| {
                let bias = TensorData::new(bias.clone(), [self.outputs]);
                Param::from_tensor(Tensor::from_data(bias, options))
            }),
        }
    }
}

/// A tensor's values as `f64`, in row-major order.
///
/// Blocks until the device has computed them.
pub fn to_host<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
    tensor.into_data().iter::<f64>().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flat_order_is_class_after_class_with_the_intercept_last() {
        let theta = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        let parameters = Parameters::from_flat(&theta, 2, 2, true);
        assert_eq!(parameters.weight, [1.0, 2.0, 4.0, 5.0]);
        assert_eq!(parameters.bias, Some(vec![3.0, 6.0]));
        assert_eq!(parameters.to_flat(), theta);
    }

    #[test]
    #[cfg(feature = "flex")]
    fn a_layer_gives_back_the_numbers_it_was_made_of() {
        let parameters = Parameters {
            features: 3,
            outputs: 2,
            weight: vec![0.1, 0.2, 0.3, 0.4, 0.5, 0.6],
            bias: None,
        };
        let choice = crate::device::select(crate::device::Backend::Flex).unwrap();
        let linear = parameters.to_linear(&choice.device, Precision::F64);
        assert_eq!(Parameters::from_linear(&linear), parameters);
    }
}
