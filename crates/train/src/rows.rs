//! A batch of rows on a device, and what one pass over it gives.

use burn::nn::Linear;
use burn::tensor::{Device, Int, Tensor, TensorData};
use dataset::Element;
use model::Supervised;
use model::device::Precision;
use solver::{ObjectiveError, Problem, TargetValues};

/// A number that both the design matrix and a device can hold: `f32` or `f64`.
pub trait Number: Element + burn::tensor::Element {
    /// Its precision as devices name it.
    const PRECISION: Precision;
}

impl Number for f32 {
    const PRECISION: Precision = Precision::F32;
}

impl Number for f64 {
    const PRECISION: Precision = Precision::F64;
}

/// The rows of a problem, moved to a device by batches; [`crate::blocks`] moves all of them.
pub trait Upload {
    /// Some of the rows on a device, gathered from contiguous memory; `mean_weight` is that of all
    /// rows, which a caller with many batches computes once.
    ///
    /// # Errors
    /// [`ObjectiveError::Rows`] where their source fails.
    fn upload_batch(
        &self,
        batch: &[usize],
        mean_weight: Option<f64>,
        device: &Device,
    ) -> Result<DeviceRows, ObjectiveError>;
}

/// Mean weight of rows; none where they have no weights.
pub fn mean_weight(weights: Option<&[f64]>) -> Option<f64> {
    weights.map(|weights| weights.iter().sum::<f64>() / weights.len() as f64)
}

impl<T: Number> Upload for Problem<'_, T> {
    fn upload_batch(
        &self,
        batch: &[usize],
        mean_weight: Option<f64>,
        device: &Device,
    ) -> Result<DeviceRows, ObjectiveError> {
        let mut scratch = Vec::new();
        let values = self.design.gather(batch, &mut scratch)?.to_vec();
        let shape = [batch.len(), self.design.columns()];
        let Beside {
            targets,
            weights,
            offsets,
        } = Beside::upload(self, &batch.iter().copied(), mean_weight, device);
        Ok(DeviceRows {
            rows: tensor(shape, values, device),
            targets,
            weights,
            offsets,
        })
    }
}

/// What belongs to some rows beside their cells, on a device.
#[derive(Debug, Clone)]
pub(crate) struct Beside {
    /// `[rows, outputs]`: numbers, 0 or 1, or a one for the class.
    pub(crate) targets: Tensor<2>,
    /// `[rows]`, of mean 1 over all rows of the fit
    pub(crate) weights: Option<Tensor<1>>,
    /// `[rows, outputs]`
    pub(crate) offsets: Option<Tensor<2>>,
}

impl Beside {
    /// Moves what belongs to these rows; `mean_weight` is that of all rows.
    pub(crate) fn upload<T: Number>(
        problem: &Problem<'_, T>,
        rows: &(impl ExactSizeIterator<Item = usize> + Clone),
        mean_weight: Option<f64>,
        device: &Device,
    ) -> Self {
        let (count, outputs) = (rows.len(), problem.target.outputs());
        let pick = |values: &[f64]| rows.clone().map(|row| T::from_f64(values[row])).collect();
        let targets = match problem.target {
            TargetValues::Binary(values) | TargetValues::Linear(values) => pick(values),
            TargetValues::Multinomial { codes, classes } => {
                let mut one_hot = vec![T::from_f64(0.0); count * classes];
                for (place, row) in rows.clone().enumerate() {
                    one_hot[place * classes + codes[row] as usize] = T::from_f64(1.0);
                }
                one_hot
            }
        };
        let weights = problem.weights.zip(mean_weight).map(|(weights, mean)| {
            let scaled = rows.clone().map(|row| T::from_f64(weights[row] / mean));
            tensor([count], scaled.collect(), device)
        });
        let offsets = problem.offsets.map(|offsets| {
            let own = |row: usize| &offsets[row * outputs..(row + 1) * outputs];
            let values = rows.clone().flat_map(own).map(|&value| T::from_f64(value));
            tensor([count, outputs], values.collect(), device)
        });
        Self {
            targets: tensor([count, outputs], targets, device),
            weights,
            offsets,
        }
    }
}

/// Numbers on a device, in their own precision.
pub(crate) fn tensor<T: Number, const D: usize>(
    shape: [usize; D],
    values: Vec<T>,
    device: &Device,
) -> Tensor<D> {
    Tensor::from_data(
        TensorData::new(values, shape),
        (device, T::PRECISION.dtype()),
    )
}

/// Rows on a device.
#[derive(Debug, Clone)]
pub struct DeviceRows {
    /// `[rows, columns]`
    pub rows: Tensor<2>,
    /// `[rows, outputs]`
    pub targets: Tensor<2>,
    /// `[rows]`, of mean 1 over all rows of the fit
    pub weights: Option<Tensor<1>>,
    /// `[rows, outputs]`
    pub offsets: Option<Tensor<2>>,
}

/// Loss and gradient of a pass over rows, still on the device.
#[derive(Debug, Clone)]
pub struct Slope {
    /// Mean loss, `[1]`.
    pub loss: Tensor<1>,
    /// Its derivative with respect to the coefficients, `[columns, outputs]` as Burn keeps them.
    pub weight: Tensor<2>,
    /// Its derivative with respect to the intercepts, `[outputs]`, when there are any.
    pub bias: Option<Tensor<1>>,
}

impl DeviceRows {
    /// Some of the rows, by their numbers.
    #[must_use]
    pub fn select(&self, numbers: &Tensor<1, Int>) -> Self {
        let pick = |tensor: &Tensor<2>| tensor.clone().select(0, numbers.clone());
        Self {
            rows: pick(&self.rows),
            targets: pick(&self.targets),
            weights: (self.weights.as_ref())
                .map(|weights| weights.clone().select(0, numbers.clone())),
            offsets: self.offsets.as_ref().map(pick),
        }
    }

    /// Scores with the offset, `[rows, outputs]`.
    pub fn scores<M: Supervised>(&self, module: &M) -> Tensor<2> {
        let scores = module.scores(self.rows.clone());
        match &self.offsets {
            None => scores,
            Some(offsets) => scores + offsets.clone(),
        }
    }

    /// Weighted sum of losses over the number of rows, `[1]`, without the penalty.
    ///
    /// Dividing by the number of rows rather than by the batch's own weights keeps the mean over
    /// batches equal to the objective.
    pub fn loss<M: Supervised>(&self, module: &M) -> Tensor<1> {
        self.mean(M::row_losses(self.scores(module), self.targets.clone()))
    }

    fn mean(&self, losses: Tensor<1>) -> Tensor<1> {
        match &self.weights {
            None => losses.mean(),
            Some(weights) => (losses * weights.clone()).mean(),
        }
    }

    /// The textbook's gradient, `Xᵀ(p - y)/n`, without a tape.
    pub fn analytic<M: Supervised>(&self, module: &M) -> Slope {
        let count = self.targets.dims()[0] as f64;
        let scores = self.scores(module);
        let mut residuals = M::residuals(scores.clone(), self.targets.clone()).div_scalar(count);
        if let Some(weights) = &self.weights {
            residuals = residuals * weights.clone().unsqueeze_dim::<2>(1);
        }
        Slope {
            loss: self.mean(M::row_losses(scores, self.targets.clone())),
            // (rᵀX)ᵀ rather than Xᵀr: burn-ndarray copies a transposed X.
            weight: residuals
                .clone()
                .transpose()
                .matmul(self.rows.clone())
                .transpose(),
            bias: module
                .linear()
                .bias
                .is_some()
                .then(|| residuals.sum_dim(0).squeeze_dim::<1>(0)),
        }
    }

    /// The same gradient from Burn's tape over the model's own loss; `module` must track gradients.
    pub fn autodiff<M: Supervised>(&self, module: &M) -> Slope {
        let loss = self.loss(module);
        let gradients = loss.backward();
        let Linear { weight, bias } = module.linear();
        let weight = weight.val();
        Slope {
            loss: loss.inner(),
            weight: weight
                .grad(&gradients)
                .unwrap_or_else(|| weight.inner().zeros_like()),
            bias: bias.as_ref().map(|bias| {
                let bias = bias.val();
                bias.grad(&gradients)
                    .unwrap_or_else(|| bias.inner().zeros_like())
            }),
        }
    }
}
