//! The objective over rows on a Burn device, for the full-batch solvers.

use std::marker::PhantomData;
use std::ops::Range;

use burn::tensor::{Device, Tensor};
use faer::Mat;
use model::{LinearRegression, LogisticRegression, SoftmaxRegression, Supervised};
use solver::{Gauge, HostObjective, Objective, ObjectiveError, Penalty, Problem, TargetValues};

use crate::blocks::{Blocks, Theta};
use crate::method::Gradient;
use crate::rows::Number;

/// The objective of a problem by a gradient: over the rows in host memory where it is fused, otherwise
/// over a copy of them on the device.
///
/// # Errors
/// [`ObjectiveError`] for a problem that makes no sense.
pub fn objective<'a, T: Number>(
    problem: &Problem<'a, T>,
    gradient: Gradient,
    device: &Device,
) -> Result<Box<dyn Objective + 'a>, ObjectiveError> {
    // The host's objective checks the problem, wherever its rows will be.
    let host = HostObjective::new(*problem)?;
    Ok(match (gradient, problem.target) {
        (Gradient::Auto | Gradient::Fused, _) => Box::new(host),
        (_, TargetValues::Binary(_)) => Box::new(DeviceObjective::<LogisticRegression, T>::new(
            problem, gradient, device,
        )?),
        (_, TargetValues::Multinomial { .. }) => Box::new(
            DeviceObjective::<SoftmaxRegression, T>::new(problem, gradient, device)?,
        ),
        (_, TargetValues::Linear(_)) => Box::new(DeviceObjective::<LinearRegression, T>::new(
            problem, gradient, device,
        )?),
    })
}

/// Value, gradient and curvature of the objective, computed where the rows live.
///
/// One tensor is read back for an evaluation: the sums of each block of rows, a thousandth of their
/// size, which the host adds up in `f64` (see [`crate::blocks`]). The penalty is added on the host. The
/// tape differentiates once only, so that with [`Gradient::Autodiff`] the gradient comes from it and the
/// curvature `XᵀDX` from the formula.
#[derive(Debug)]
pub struct DeviceObjective<M, T> {
    rows: Blocks,
    count: usize,
    columns: usize,
    outputs: usize,
    intercept: bool,
    penalty: Penalty,
    gauge: Option<Gauge>,
    gradient: Gradient,
    device: Device,
    kind: PhantomData<fn() -> (M, T)>,
}

impl<M: Supervised, T: Number> DeviceObjective<M, T> {
    /// Moves the rows to the device.
    ///
    /// # Errors
    /// [`ObjectiveError::Rows`] where their source fails.
    pub fn new(
        problem: &Problem<'_, T>,
        gradient: Gradient,
        device: &Device,
    ) -> Result<Self, ObjectiveError> {
        Ok(Self {
            rows: Blocks::upload(problem, device)?,
            count: problem.design.rows(),
            columns: problem.design.columns(),
            outputs: problem.target.outputs(),
            intercept: problem.intercept,
            penalty: problem.penalty,
            gauge: problem.gauge(),
            gradient,
            device: device.clone(),
            kind: PhantomData,
        })
    }

    /// Parameters of one output.
    fn stride(&self) -> usize {
        self.columns + usize::from(self.intercept)
    }

    fn theta<'a>(&self, values: &'a [f64]) -> Result<Theta<'a>, ObjectiveError> {
        if values.len() != self.dimension() {
            return Err(ObjectiveError::Length {
                what: "parameters",
                expected: self.dimension(),
                actual: values.len(),
            });
        }
        Ok(Theta {
            values,
            columns: self.columns,
            outputs: self.outputs,
            intercept: self.intercept,
        })
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

    /// Adds what was read of one piece's curvature to the symmetric matrix.
    fn assemble(&self, mut next: impl FnMut() -> f64, curvature: &mut Mat<f64>) {
        let (columns, stride) = (self.columns, self.stride());
        let count = self.count as f64;
        for k in 0..self.outputs {
            for l in k..self.outputs {
                let mut add = |i: usize, j: usize, value: f64| {
                    let (row, column) = (k * stride + i, l * stride + j);
                    curvature[(row, column)] += value / count;
                    if row != column {
                        curvature[(column, row)] += value / count;
                    }
                };
                for i in 0..columns {
                    for j in 0..columns {
                        let value = next();
                        // Of a block on the diagonal one triangle is enough.
                        if k != l || i <= j {
                            add(i, j, value);
                        }
                    }
                }
                if self.intercept {
                    for i in 0..columns {
                        let value = next();
                        add(i, columns, value);
                        if k != l {
                            add(columns, i, value);
                        }
                    }
                    add(columns, columns, next());
                }
            }
        }
    }
}

impl<M: Supervised, T: Number> Objective for DeviceObjective<M, T> {
    fn dimension(&self) -> usize {
        self.outputs * self.stride()
    }

    fn value(&self, theta: &[f64]) -> Result<f64, ObjectiveError> {
        let losses = self.rows.losses::<M, T>(&self.theta(theta)?, &self.device);
        let loss: f64 = read(losses)?.iter().sum();
        Ok(loss / self.count as f64 + self.add_penalty(theta, None))
    }

    fn gradient(&self, theta: &[f64], gradient: &mut [f64]) -> Result<f64, ObjectiveError> {
        let parameters = self.theta(theta)?;
        let slopes = self
            .rows
            .slopes::<M, T>(&parameters, self.gradient, &self.device);
        let loss = self.rows.add(&read(slopes)?, &parameters, gradient);
        let count = self.count as f64;
        for part in gradient.iter_mut() {
            *part /= count;
        }
        Ok(loss / count + self.add_penalty(theta, Some(gradient)))
    }

    fn curvature(
        &self,
        theta: &[f64],
        gradient: &mut [f64],
        curvature: &mut Mat<f64>,
    ) -> Result<f64, ObjectiveError> {
        let value = self.gradient(theta, gradient)?;
        let parameters = self.theta(theta)?;
        *curvature = Mat::zeros(self.dimension(), self.dimension());
        for piece in self.rows.pieces() {
            let numbers = read(piece.curvature::<M, T>(&parameters, &self.device))?;
            let mut numbers = numbers.into_iter();
            self.assemble(|| numbers.next().unwrap_or(f64::NAN), curvature);
        }
        for output in 0..self.outputs {
            for at in self.coefficients(output) {
                curvature[(at, at)] += self.penalty.l2();
            }
        }
        Ok(value)
    }

    fn gauge(&self) -> Option<Gauge> {
        self.gauge
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
        16.0 * T::PRECISION.epsilon()
    }
}

/// Reads several vectors back at once.
fn read(parts: Vec<Tensor<1>>) -> Result<Vec<f64>, ObjectiveError> {
    let data = Tensor::cat(parts, 0)
        .try_into_data()
        .map_err(|error| ObjectiveError::Elsewhere(Box::new(error)))?;
    Ok(data.iter::<f64>().collect())
}
