//! The objective over rows on a Burn device, for the full-batch solvers.

use std::marker::PhantomData;
use std::ops::Range;

use burn::tensor::{Device, Tensor};
use faer::Mat;
use model::device::Precision;
use model::{Parameters, Supervised};
use solver::{Gauge, Objective, ObjectiveError, Penalty, Problem};

use crate::method::Gradient;
use crate::rows::{DeviceRows, Number, Slope, Upload};

/// Value, gradient and curvature of the objective, computed where the rows live.
///
/// One tensor is read back for each evaluation. The penalty is added on the host, in `f64`. The
/// tape differentiates once only, so that with [`Gradient::Autodiff`] the gradient comes from it
/// and the curvature `XᵀDX` from the formula.
#[derive(Debug)]
pub struct DeviceObjective<M> {
    rows: DeviceRows,
    count: usize,
    columns: usize,
    outputs: usize,
    intercept: bool,
    penalty: Penalty,
    gradient: Gradient,
    device: Device,
    precision: Precision,
    module: PhantomData<fn() -> M>,
}

impl<M: Supervised> DeviceObjective<M> {
    /// Moves the rows to the device.
    pub fn new<T: Number>(problem: &Problem<'_, T>, gradient: Gradient, device: &Device) -> Self {
        Self {
            count: problem.design.rows(),
            columns: problem.design.columns(),
            outputs: problem.target.outputs(),
            rows: problem.upload(device),
            intercept: problem.intercept,
            penalty: problem.penalty,
            gradient,
            device: device.clone(),
            precision: T::PRECISION,
            module: PhantomData,
        }
    }

    /// Parameters of one output.
    fn stride(&self) -> usize {
        self.columns + usize::from(self.intercept)
    }

    fn module(&self, theta: &[f64], device: &Device) -> M {
        let parameters = Parameters::from_flat(theta, self.columns, self.outputs, self.intercept);
        M::from_parameters(&parameters, device, self.precision)
    }

    /// Where the penalised coefficients of an output are among the parameters.
    fn coefficients(&self, output: usize) -> Range<usize> {
        let start = output * self.stride();
        start..start + self.columns
    }

    fn add_penalty(&self, theta: &[f64], gradient: Option<&mut [f64]>) -> f64 {
        let mut value = 0.0;
        for output in 0..self.outputs {
            value += self.penalty.value(&theta[self.coefficients(output)]);
        }
        if let Some(gradient) = gradient {
            for output in 0..self.outputs {
                let range = self.coefficients(output);
                self.penalty
                    .add_gradient(&theta[range.clone()], &mut gradient[range]);
            }
        }
        value
    }

    fn slope(&self, theta: &[f64]) -> Slope {
        match self.gradient {
            Gradient::Autodiff => self
                .rows
                .autodiff(&self.module(theta, &self.device.clone().autodiff())),
            _ => self.rows.analytic(&self.module(theta, &self.device)),
        }
    }

    /// For each pair of outputs `k <= l`: `XᵀDX`, and with an intercept `XᵀD1` and `1ᵀD1`.
    fn curvature_parts(&self, theta: &[f64]) -> Vec<Tensor<1>> {
        let rows = &self.rows.rows;
        let predictions = M::predictions(self.rows.scores(&self.module(theta, &self.device)));
        let mut parts = Vec::new();
        for k in 0..self.outputs {
            for l in k..self.outputs {
                let mut d = M::curvature(&predictions, k, l).div_scalar(self.count as f64);
                if let Some(weights) = &self.rows.weights {
                    d = d * weights.clone().unsqueeze_dim::<2>(1);
                }
                let weighted = rows.clone() * d.clone();
                parts.push(
                    weighted
                        .clone()
                        .transpose()
                        .matmul(rows.clone())
                        .flatten(0, 1),
                );
                if self.intercept {
                    parts.push(weighted.sum_dim(0).flatten(0, 1));
                    parts.push(d.sum_dim(0).flatten(0, 1));
                }
            }
        }
        parts
    }

    /// Spreads what [`curvature_parts`](Self::curvature_parts) gave over the symmetric matrix.
    fn assemble(&self, parts: &[f64], curvature: &mut Mat<f64>) {
        let (columns, stride) = (self.columns, self.stride());
        if curvature.nrows() != self.dimension() || curvature.ncols() != self.dimension() {
            *curvature = Mat::zeros(self.dimension(), self.dimension());
        }
        let mut parts = parts.iter().copied();
        let mut next = || parts.next().unwrap_or(f64::NAN);
        for k in 0..self.outputs {
            for l in k..self.outputs {
                let mut put = |i: usize, j: usize, value: f64| {
                    curvature[(k * stride + i, l * stride + j)] = value;
                    curvature[(l * stride + j, k * stride + i)] = value;
                };
                for i in 0..columns {
                    for j in 0..columns {
                        put(i, j, next());
                    }
                }
                if self.intercept {
                    for i in 0..columns {
                        let value = next();
                        put(i, columns, value);
                        put(columns, i, value);
                    }
                    put(columns, columns, next());
                }
            }
            for i in self.coefficients(k) {
                curvature[(i, i)] += self.penalty.l2();
            }
        }
    }
}

impl<M: Supervised> Objective for DeviceObjective<M> {
    fn dimension(&self) -> usize {
        self.outputs * self.stride()
    }

    fn value(&self, theta: &[f64]) -> Result<f64, ObjectiveError> {
        let loss = self.rows.loss(&self.module(theta, &self.device));
        let loss = read(vec![loss])?.first().copied().unwrap_or(f64::NAN);
        Ok(loss + self.add_penalty(theta, None))
    }

    fn gradient(&self, theta: &[f64], gradient: &mut [f64]) -> Result<f64, ObjectiveError> {
        let slope = self.slope(theta);
        let weight = slope.weight.transpose().flatten(0, 1);
        let parts = [slope.loss, weight].into_iter().chain(slope.bias);
        let numbers = read(parts.collect())?;
        let (weight, bias) = numbers[1..].split_at(self.columns * self.outputs);
        for output in 0..self.outputs {
            let start = output * self.columns;
            gradient[self.coefficients(output)]
                .copy_from_slice(&weight[start..start + self.columns]);
            if self.intercept {
                gradient[output * self.stride() + self.columns] = bias[output];
            }
        }
        Ok(numbers[0] + self.add_penalty(theta, Some(gradient)))
    }

    fn curvature(
        &self,
        theta: &[f64],
        gradient: &mut [f64],
        curvature: &mut Mat<f64>,
    ) -> Result<f64, ObjectiveError> {
        let value = self.gradient(theta, gradient)?;
        self.assemble(&read(self.curvature_parts(theta))?, curvature);
        Ok(value)
    }

    fn gauge(&self) -> Option<Gauge> {
        // The penalty says which of the equivalent coefficients are meant; intercepts have none.
        let from = if self.penalty.lambda > 0.0 {
            self.columns
        } else {
            0
        };
        (self.outputs > 1).then(|| Gauge {
            classes: self.outputs,
            stride: self.stride(),
            from,
        })
    }

    fn l1(&self) -> f64 {
        self.penalty.l1()
    }

    fn l1_at(&self, at: usize) -> f64 {
        if at % self.stride() < self.columns {
            self.penalty.l1()
        } else {
            0.0
        }
    }

    fn rounding(&self) -> f64 {
        // Sums of rounded losses: the device's unit, and a few digits more for its summation.
        16.0 * self.precision.epsilon()
    }
}

/// Reads several vectors back at once.
fn read(parts: Vec<Tensor<1>>) -> Result<Vec<f64>, ObjectiveError> {
    let data = Tensor::cat(parts, 0)
        .try_into_data()
        .map_err(|error| ObjectiveError::Elsewhere(Box::new(error)))?;
    Ok(data.iter::<f64>().collect())
}
