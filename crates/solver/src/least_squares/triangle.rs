//! `R` and `Qᵀy` of all rows, chunk by chunk, and what they tell.

use dataset::Element;
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::householder::{
    apply_block_householder_sequence_transpose_on_the_left_in_place_scratch as apply_scratch,
    apply_block_householder_sequence_transpose_on_the_left_in_place_with_conj as apply,
};
use faer::linalg::solvers::{ColPivQr, Qr};
use faer::{Conj, Mat, Par};
use rayon::prelude::*;

use super::LeastSquaresError;
use super::system::{System, unit};
use crate::objective::ObjectiveError;
use crate::tolerance::{UNIT_ROUNDOFF, rank_rounding};

/// Rows of a chunk for matrices of this width: a second-level cache full, and a few times the width, so
/// that little work goes into the triangles.
fn chunk_rows(width: usize) -> usize {
    (2 * width).max(1024)
}

/// A matrix of few rows with the same `R` as all rows of the system, targets last.
///
/// The triangles of chunks are stacked in their order, and a full stack becomes one triangle: the order
/// depends on the shape alone, so any number of threads gives the same bits.
pub(super) fn condense<T: Element>(system: &System<'_, '_, T>) -> Result<Mat<f64>, ObjectiveError> {
    let (rows, width) = (system.rows().len(), system.parameters() + 1);
    let chunk = chunk_rows(width);
    let penalty = system.penalty_rows();
    if rows + penalty.nrows() <= chunk {
        return Ok(stacked(&[system.weighted(0..rows)?, penalty], width));
    }
    let mut stack = Vec::new();
    let mut push = |part: Mat<f64>| {
        let height: usize = stack.iter().map(Mat::nrows).sum();
        if height + part.nrows() > chunk {
            let full = triangle(&stacked(&stack, width));
            stack = vec![full];
        }
        stack.push(part);
    };
    let starts: Vec<usize> = (0..rows).step_by(chunk).collect();
    for wave in starts.chunks(2 * rayon::current_num_threads()) {
        let part = |&from: &usize| -> Result<Mat<f64>, ObjectiveError> {
            Ok(triangle(&system.weighted(from..(from + chunk).min(rows))?))
        };
        let parts: Result<Vec<Mat<f64>>, ObjectiveError> = wave.par_iter().map(part).collect();
        parts?.into_iter().for_each(&mut push);
    }
    push(penalty);
    Ok(triangle(&stacked(&stack, width)))
}

fn stacked(parts: &[Mat<f64>], width: usize) -> Mat<f64> {
    let mut all = Mat::zeros(parts.iter().map(Mat::nrows).sum(), width);
    let mut from = 0;
    for part in parts {
        all.as_mut()
            .subrows_mut(from, part.nrows())
            .copy_from(part.as_ref());
        from += part.nrows();
    }
    all
}

fn triangle(matrix: &Mat<f64>) -> Mat<f64> {
    Qr::new(matrix.as_ref()).thin_R().to_owned()
}

/// `AP = QR` for the columns kept, each multiplied by a power of two so that all have about the same length.
pub(super) struct Triangle {
    r: Mat<f64>,
    /// `Qᵀy`.
    rhs: Vec<f64>,
    /// The column of the system at each place.
    order: Vec<usize>,
    units: Vec<f64>,
    parameters: usize,
    /// Largest over smallest singular value of all columns; infinite where some are dropped.
    pub(super) condition: f64,
    /// Columns that are combinations of earlier ones up to rounding.
    pub(super) dropped: Vec<usize>,
}

impl Triangle {
    /// Factors a condensed system. Of dependent columns the first are kept, as R's `lm` does, and the
    /// intercept, which is the last, before all others.
    pub(super) fn new(matrix: &Mat<f64>, intercept: bool) -> Result<Self, LeastSquaresError> {
        let parameters = matrix.ncols() - 1;
        let all: Vec<usize> = (0..parameters).collect();
        let mut triangle = Self::of_columns(matrix, &all);
        let rank = triangle.rank();
        if rank == parameters {
            let values = triangle.r.singular_values();
            let values = values.map_err(|_| LeastSquaresError::Condition)?;
            let most = values.iter().fold(0.0_f64, |a, &b| a.max(b));
            let least = values.iter().fold(f64::INFINITY, |a, &b| a.min(b));
            triangle.condition = if least > 0.0 {
                most / least
            } else {
                f64::INFINITY
            };
            return Ok(triangle);
        }
        let kept = first_independent(matrix, intercept, rank)
            .unwrap_or_else(|| triangle.order[..rank].to_vec());
        let mut restricted = Self::of_columns(matrix, &kept);
        restricted.dropped = all.into_iter().filter(|j| !kept.contains(j)).collect();
        Ok(restricted)
    }

    fn of_columns(matrix: &Mat<f64>, columns: &[usize]) -> Self {
        let parameters = matrix.ncols() - 1;
        let units: Vec<f64> = (0..parameters)
            .map(|j| unit(matrix.col(j).norm_l2()))
            .collect();
        let cells = Mat::from_fn(matrix.nrows(), columns.len(), |i, j| {
            matrix[(i, columns[j])] * units[columns[j]]
        });
        let qr = ColPivQr::new(cells.as_ref());
        let mut rhs = matrix.as_ref().subcols(parameters, 1).to_owned();
        let scratch = apply_scratch::<f64>(rhs.nrows(), qr.Q_coeff().nrows(), 1);
        apply(
            qr.Q_basis(),
            qr.Q_coeff(),
            Conj::No,
            rhs.as_mut(),
            Par::Seq,
            MemStack::new(&mut MemBuffer::new(scratch)),
        );
        let (order, _) = qr.P().arrays();
        Self {
            r: qr.thin_R().to_owned(),
            rhs: rhs.col(0).iter().copied().collect(),
            order: order.iter().map(|&at| columns[at]).collect(),
            units,
            parameters,
            condition: f64::INFINITY,
            dropped: Vec::new(),
        }
    }

    /// Pivoting orders the diagonal, so the columns that are rounding come last.
    fn rank(&self) -> usize {
        let size = |at: usize| self.r[(at, at)].abs();
        let places = self.r.nrows().min(self.order.len());
        let least = match places {
            0 => 0.0,
            _ => rank_rounding(self.parameters) * size(0),
        };
        (0..places).take_while(|&at| size(at) > least).count()
    }

    /// The solution, zero for the columns dropped.
    pub(super) fn solve(&self) -> Vec<f64> {
        self.backward(&self.rhs)
    }

    /// `R⁻ᵀg` for a gradient `g = Aᵀ(y − Ax)`: its length is how far `Ax` is from the best.
    pub(super) fn forward(&self, gradient: &[f64]) -> Vec<f64> {
        let mut w: Vec<f64> = Vec::with_capacity(self.order.len());
        for (at, &j) in self.order.iter().enumerate() {
            let sum: f64 = (0..at).map(|i| self.r[(i, at)] * w[i]).sum();
            w.push((gradient[j] * self.units[j] - sum) / self.r[(at, at)]);
        }
        w
    }

    /// `R⁻¹w`, for the system's columns.
    pub(super) fn backward(&self, w: &[f64]) -> Vec<f64> {
        let count = self.order.len();
        let mut x = vec![0.0; count];
        for at in (0..count).rev() {
            let sum: f64 = (at + 1..count).map(|j| self.r[(at, j)] * x[j]).sum();
            x[at] = (w[at] - sum) / self.r[(at, at)];
        }
        let mut all = vec![0.0; self.parameters];
        for (x, &j) in x.iter().zip(&self.order) {
            all[j] = x * self.units[j];
        }
        all
    }

    /// The error to expect of [`solve`](Self::solve): `u κ (‖x‖ + κ ‖r‖)` (Higham 2002, §20.1).
    pub(super) fn error(&self, x: &[f64]) -> f64 {
        let residual = length(self.rhs.get(self.order.len()..).unwrap_or_default());
        UNIT_ROUNDOFF * self.condition * (self.length(x) + self.condition * residual)
    }

    /// Length of a solution, in units in which all columns are about as long.
    pub(super) fn length(&self, x: &[f64]) -> f64 {
        let parts = x.iter().zip(&self.units).map(|(x, unit)| x / unit);
        parts.map(|part| part * part).sum::<f64>().sqrt()
    }
}

/// The first columns that are independent of those before them, the intercept's, the last, before all; none
/// where they are not as many as the rank.
fn first_independent(matrix: &Mat<f64>, intercept: bool, rank: usize) -> Option<Vec<usize>> {
    let parameters = matrix.ncols() - 1;
    let limit = 4.0 * rank_rounding(parameters);
    let mut order: Vec<usize> = (0..parameters).collect();
    if intercept {
        order.rotate_right(1);
    }
    let mut basis: Vec<Vec<f64>> = Vec::new();
    let mut kept = Vec::new();
    for j in order {
        let scale = unit(matrix.col(j).norm_l2());
        let mut rest: Vec<f64> = matrix.col(j).iter().map(|x| x * scale).collect();
        let size = length(&rest);
        // Gram-Schmidt, twice is enough (Giraud et al. 2005)
        for _ in 0..2 {
            for q in &basis {
                let part: f64 = q.iter().zip(&rest).map(|(q, r)| q * r).sum();
                rest.iter_mut().zip(q).for_each(|(r, q)| *r -= part * q);
            }
        }
        let left = length(&rest);
        if left > limit * size && basis.len() < rank {
            basis.push(rest.iter().map(|r| r / left).collect());
            kept.push(j);
        }
    }
    (kept.len() == rank).then_some(kept)
}

fn length(vector: &[f64]) -> f64 {
    vector.iter().map(|x| x * x).sum::<f64>().sqrt()
}
