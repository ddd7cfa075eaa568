//! All rows of a fit on a device, in blocks, so that sums stay accurate in `f32`.
//!
//! A sum of a million `f32` terms loses three of its seven digits when they are added one by one. Here
//! the device adds up blocks of a thousand rows, and the host adds the blocks' sums in `f64`.

use std::ops::Range;

use burn::tensor::{Device, Tensor};
use model::Supervised;
use solver::{ObjectiveError, Problem};

use crate::method::Gradient;
use crate::rows::{Beside, Number, mean_weight, tensor};

/// Rows of a block. A sum of so many positive terms in `f32` is right to a few units in the sixth digit
/// at worst, and the blocks' errors average out; what is read back is a thousandth of the rows.
pub const BLOCK: usize = 1024;

/// Fewer rows than this are one block: two pieces would double the device's launches.
const WHOLE: usize = 4 * BLOCK;

/// Rows on a device: equal blocks, and the rest as a block of its own.
#[derive(Debug, Clone)]
pub(crate) struct Blocks(Vec<Piece>);

/// Blocks of the same length.
#[derive(Debug, Clone)]
pub(crate) struct Piece {
    /// `[blocks, rows, columns]`
    rows: Tensor<3>,
    /// Of `blocks · rows` rows.
    beside: Beside,
}

/// Coefficients and intercepts on the host, one copy for each block of a piece when they are moved.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Theta<'a> {
    /// For each output its coefficients and then its intercept.
    pub(crate) values: &'a [f64],
    pub(crate) columns: usize,
    pub(crate) outputs: usize,
    pub(crate) intercept: bool,
}

impl Theta<'_> {
    /// `[columns, outputs]`, and the intercepts `[outputs]`.
    fn parts<T: Number>(&self) -> (Vec<T>, Option<Vec<T>>) {
        let stride = self.columns + usize::from(self.intercept);
        let at = |output: usize, place: usize| T::from_f64(self.values[output * stride + place]);
        let weight = (0..self.columns)
            .flat_map(|column| (0..self.outputs).map(move |output| (output, column)))
            .map(|(output, column)| at(output, column))
            .collect();
        let bias = self.intercept.then(|| {
            (0..self.outputs)
                .map(|output| at(output, self.columns))
                .collect()
        });
        (weight, bias)
    }
}

/// The sums over a piece, block by block, still on the device.
struct Sums {
    /// `[blocks]`
    loss: Tensor<1>,
    /// `[blocks, outputs, columns]`
    weight: Tensor<3>,
    /// `[blocks, outputs]`, with an intercept
    bias: Option<Tensor<2>>,
}

impl Blocks {
    /// Moves the rows to the device.
    ///
    /// # Errors
    /// [`ObjectiveError::Rows`] where their source fails.
    pub(crate) fn upload<T: Number>(
        problem: &Problem<'_, T>,
        device: &Device,
    ) -> Result<Self, ObjectiveError> {
        let rows = problem.design.rows();
        let blocks = if rows < WHOLE { 0 } else { rows / BLOCK };
        let cut = blocks * BLOCK;
        let mut pieces = Vec::new();
        if blocks > 0 {
            pieces.push(Piece::upload(problem, 0..cut, BLOCK, device)?);
        }
        if cut < rows {
            pieces.push(Piece::upload(problem, cut..rows, rows - cut, device)?);
        }
        Ok(Self(pieces))
    }

    /// The pieces.
    pub(crate) fn pieces(&self) -> &[Piece] {
        &self.0
    }

    /// What to read for the sum of losses: one number for each block.
    pub(crate) fn losses<M: Supervised, T: Number>(
        &self,
        theta: &Theta<'_>,
        device: &Device,
    ) -> Vec<Tensor<1>> {
        let loss = |piece: &Piece| {
            let (weight, bias) = piece.parameters::<T>(theta, device);
            piece.block_losses::<M>(piece.scores(weight, bias))
        };
        self.0.iter().map(loss).collect()
    }

    /// What to read for loss and gradient; [`add`](Self::add) knows the order.
    pub(crate) fn slopes<M: Supervised, T: Number>(
        &self,
        theta: &Theta<'_>,
        gradient: Gradient,
        device: &Device,
    ) -> Vec<Tensor<1>> {
        let mut parts = Vec::new();
        for piece in &self.0 {
            let sums = match gradient {
                Gradient::Autodiff => piece.autodiff::<M, T>(theta, device),
                _ => piece.analytic::<M, T>(theta, device),
            };
            parts.push(sums.loss);
            parts.push(sums.weight.flatten(0, 2));
            parts.extend(sums.bias.map(|bias| bias.flatten(0, 1)));
        }
        parts
    }

    /// Adds the blocks' sums up in `f64`: the sum of losses is returned, its gradient written, in the
    /// solvers' flat order.
    pub(crate) fn add(&self, numbers: &[f64], theta: &Theta<'_>, gradient: &mut [f64]) -> f64 {
        let stride = theta.columns + usize::from(theta.intercept);
        gradient.fill(0.0);
        let mut numbers = numbers.iter().copied();
        let mut next = || numbers.next().unwrap_or(f64::NAN);
        let mut loss = 0.0;
        for piece in &self.0 {
            let [blocks, _, _] = piece.rows.dims();
            (0..blocks).for_each(|_| loss += next());
            for _ in 0..blocks {
                for output in 0..theta.outputs {
                    for part in &mut gradient[output * stride..][..theta.columns] {
                        *part += next();
                    }
                }
            }
            if theta.intercept {
                for _ in 0..blocks {
                    (0..theta.outputs)
                        .for_each(|output| gradient[output * stride + theta.columns] += next());
                }
            }
        }
        loss
    }
}

impl Piece {
    /// A range of rows, in blocks of `length`.
    fn upload<T: Number>(
        problem: &Problem<'_, T>,
        range: Range<usize>,
        length: usize,
        device: &Device,
    ) -> Result<Self, ObjectiveError> {
        let (rows, columns) = (range.len(), problem.design.columns());
        let mean = mean_weight(problem.weights);
        let beside = Beside::upload(problem, &range, mean, device);
        let mut scratch = Vec::new();
        let cells = problem.design.cells(range, &mut scratch)?.to_vec();
        drop(scratch);
        Ok(Self {
            rows: tensor([rows / length, length, columns], cells, device),
            beside,
        })
    }

    /// A copy of the parameters for each block: `[blocks, columns, outputs]` and
    /// `[blocks, 1, outputs]`. The tape's gradient with respect to them is then a sum for each block.
    fn parameters<T: Number>(
        &self,
        theta: &Theta<'_>,
        device: &Device,
    ) -> (Tensor<3>, Option<Tensor<3>>) {
        let [blocks, _, columns] = self.rows.dims();
        let outputs = theta.outputs;
        let (weight, bias) = theta.parts::<T>();
        let weight = tensor([blocks, columns, outputs], weight.repeat(blocks), device);
        let bias = bias.map(|bias| tensor([blocks, 1, outputs], bias.repeat(blocks), device));
        (weight, bias)
    }

    /// Scores with the offset, `[blocks · rows, outputs]`.
    fn scores(&self, weight: Tensor<3>, bias: Option<Tensor<3>>) -> Tensor<2> {
        let mut scores = self.rows.clone().matmul(weight);
        if let Some(bias) = bias {
            scores = scores + bias;
        }
        let scores = scores.flatten::<2>(0, 1);
        match &self.beside.offsets {
            None => scores,
            Some(offsets) => scores + offsets.clone(),
        }
    }

    /// The sum of each block's losses.
    fn block_losses<M: Supervised>(&self, scores: Tensor<2>) -> Tensor<1> {
        let [blocks, rows, _] = self.rows.dims();
        let mut losses = M::row_losses(scores, self.beside.targets.clone());
        if let Some(weights) = &self.beside.weights {
            losses = losses * weights.clone();
        }
        losses
            .reshape([blocks, rows])
            .sum_dim(1)
            .squeeze_dim::<1>(1)
    }

    /// The textbook's gradient, `Xᵀ(p - y)`, without a tape.
    fn analytic<M: Supervised, T: Number>(&self, theta: &Theta<'_>, device: &Device) -> Sums {
        let [blocks, rows, _] = self.rows.dims();
        let (weight, bias) = self.parameters::<T>(theta, device);
        let scores = self.scores(weight, bias);
        let mut residuals = M::residuals(scores.clone(), self.beside.targets.clone());
        if let Some(weights) = &self.beside.weights {
            residuals = residuals * weights.clone().unsqueeze_dim::<2>(1);
        }
        let residuals = residuals.reshape([blocks, rows, theta.outputs]);
        Sums {
            loss: self.block_losses::<M>(scores),
            // rᵀX rather than Xᵀr: burn-ndarray copies a transposed X.
            weight: residuals.clone().swap_dims(1, 2).matmul(self.rows.clone()),
            bias: theta
                .intercept
                .then(|| residuals.sum_dim(1).squeeze_dim::<2>(1)),
        }
    }

    /// The same gradient from Burn's tape over the model's own loss.
    fn autodiff<M: Supervised, T: Number>(&self, theta: &Theta<'_>, device: &Device) -> Sums {
        let (weight, bias) = self.parameters::<T>(theta, &device.clone().autodiff());
        let weight = weight.require_grad();
        let bias = bias.map(Tensor::require_grad);
        let losses = self.block_losses::<M>(self.scores(weight.clone(), bias.clone()));
        let gradients = losses.clone().sum().backward();
        let of = |leaf: Tensor<3>| {
            leaf.grad(&gradients)
                .unwrap_or_else(|| leaf.inner().zeros_like())
        };
        Sums {
            loss: losses.inner(),
            weight: of(weight).swap_dims(1, 2),
            bias: bias.map(|bias| of(bias).squeeze_dim::<2>(1)),
        }
    }

    /// For each pair of outputs `k <= l`: `XᵀDX`, and with an intercept `XᵀD1` and `1ᵀD1`, summed over
    /// the piece.
    ///
    /// A step needs no more of the curvature than a few digits, so its sums are not blocked.
    pub(crate) fn curvature<M: Supervised, T: Number>(
        &self,
        theta: &Theta<'_>,
        device: &Device,
    ) -> Vec<Tensor<1>> {
        let (weight, bias) = self.parameters::<T>(theta, device);
        let predictions = M::predictions(self.scores(weight, bias));
        let rows = self.rows.clone().flatten::<2>(0, 1);
        let mut parts = Vec::new();
        for k in 0..theta.outputs {
            for l in k..theta.outputs {
                let mut d = M::curvature(&predictions, k, l);
                if let Some(weights) = &self.beside.weights {
                    d = d * weights.clone().unsqueeze_dim::<2>(1);
                }
                let weighted = rows.clone() * d.clone();
                let product = weighted.clone().transpose().matmul(rows.clone());
                parts.push(product.flatten(0, 1));
                if theta.intercept {
                    parts.push(weighted.sum_dim(0).flatten(0, 1));
                    parts.push(d.sum_dim(0).flatten(0, 1));
                }
            }
        }
        parts
    }
}
