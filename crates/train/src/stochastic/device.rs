//! Loss and gradient of a batch by Burn's tensors.

use std::marker::PhantomData;

use burn::tensor::{Device, Int, Tensor, TensorData};
use model::device::Choice;
use model::{Parameters, Supervised};
use solver::stochastic::BatchGradient;
use solver::{ObjectiveError, Problem};

use crate::method::Gradient;
use crate::rows::{DeviceRows, Number, Slope, Upload, mean_weight};

/// Batches of a problem on a device, by the tape or by the textbook's formula.
///
/// On a CPU backend a batch is gathered from the rows in host memory. A GPU holds all rows: a batch is a
/// list of row numbers, and what comes back is one vector, the loss and the gradient, which the host
/// makes the step with. The parameters go to the device anew at every step; a regression has a few dozen.
#[derive(Debug)]
pub struct DeviceBatches<'a, M, T> {
    problem: Problem<'a, T>,
    mean_weight: Option<f64>,
    gradient: Gradient,
    device: Device,
    /// Every row, on a GPU.
    resident: Option<DeviceRows>,
    kind: PhantomData<fn() -> M>,
}

impl<'a, M: Supervised, T: Number> DeviceBatches<'a, M, T> {
    /// Moves the rows to the device where it is a GPU.
    ///
    /// # Errors
    /// [`ObjectiveError::Rows`] where their source fails.
    pub fn new(
        problem: &Problem<'a, T>,
        gradient: Gradient,
        choice: &Choice,
    ) -> Result<Self, ObjectiveError> {
        let mean_weight = mean_weight(problem.weights);
        let resident = if choice.adapter.is_some() {
            let all: Vec<usize> = (0..problem.design.rows()).collect();
            Some(problem.upload_batch(&all, mean_weight, &choice.device)?)
        } else {
            None
        };
        Ok(Self {
            problem: *problem,
            mean_weight,
            gradient,
            device: choice.device.clone(),
            resident,
            kind: PhantomData,
        })
    }

    /// The batch on the device.
    fn rows(&self, batch: &[usize]) -> Result<DeviceRows, ObjectiveError> {
        match &self.resident {
            None => (self.problem).upload_batch(batch, self.mean_weight, &self.device),
            Some(all) if batch.len() == self.problem.design.rows() => Ok(all.clone()),
            Some(all) => {
                // Rows on a device are counted in 32 bits.
                let numbers: Vec<i32> = batch
                    .iter()
                    .map(|&row| (row as u32).cast_signed())
                    .collect();
                let numbers = TensorData::new(numbers, [batch.len()]);
                Ok(all.select(&Tensor::<1, Int>::from_data(numbers, &self.device)))
            }
        }
    }
}

impl<M: Supervised, T: Number> BatchGradient for DeviceBatches<'_, M, T> {
    fn rows(&self) -> usize {
        self.problem.design.rows()
    }

    fn gradient(
        &mut self,
        theta: &[f64],
        batch: &[usize],
        gradient: &mut [f64],
    ) -> Result<f64, ObjectiveError> {
        let (columns, outputs) = (self.problem.design.columns(), self.problem.target.outputs());
        let parameters = Parameters::from_flat(theta, columns, outputs, self.problem.intercept);
        let rows = self.rows(batch)?;
        let Slope { loss, weight, bias } = match self.gradient {
            Gradient::Autodiff => {
                let device = self.device.clone().autodiff();
                rows.autodiff(&M::from_parameters(&parameters, &device, T::PRECISION))
            }
            _ => rows.analytic(&M::from_parameters(&parameters, &self.device, T::PRECISION)),
        };
        // One reading: `[loss, weights column after column, biases]`.
        let mut parts = vec![loss, weight.flatten::<1>(0, 1)];
        parts.extend(bias);
        let numbers = Tensor::cat(parts, 0)
            .try_into_data()
            .map_err(|error| ObjectiveError::Elsewhere(Box::new(error)))?;
        let numbers: Vec<f64> = numbers.iter::<f64>().collect();
        let stride = columns + usize::from(self.problem.intercept);
        for output in 0..outputs {
            let own = &mut gradient[output * stride..(output + 1) * stride];
            for (column, slope) in own.iter_mut().enumerate() {
                // the intercept comes after the last column
                *slope = numbers[1 + column * outputs + output];
            }
        }
        Ok(numbers[0])
    }
}
