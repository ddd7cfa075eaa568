//! The rows of a least-squares problem, in units that are powers of two.

use std::ops::Range;

use dataset::Element;
use faer::{Mat, MatMut};

use crate::objective::{HostObjective, ObjectiveError, Rows};

/// `min Σ wᵢ(yᵢ − aᵢ·x)² + ridge Σ sⱼ²xⱼ²` with `aᵢⱼ = sⱼxᵢⱼ`: columns, targets and weights multiplied by
/// powers of two, so that the largest of each is near one and no digit is lost.
pub(super) struct System<'o, 'a, T> {
    objective: &'o HostObjective<'a, T>,
    targets: &'a [f64],
    /// `sⱼ`, the intercept's last.
    scales: Vec<f64>,
    target_scale: f64,
    /// A power of four.
    weight_scale: f64,
}

/// The power of two that brings a size near one; one for zero.
pub(crate) fn unit(size: f64) -> f64 {
    if size > 0.0 {
        (-size.log2().floor()).clamp(-1000.0, 1000.0).exp2()
    } else {
        1.0
    }
}

impl<'o, 'a, T: Element> System<'o, 'a, T> {
    pub(super) fn new(
        objective: &'o HostObjective<'a, T>,
        targets: &'a [f64],
    ) -> Result<Self, ObjectiveError> {
        let (rows, problem) = (objective.rows(), objective.problem());
        let columns = rows.columns();
        let larger = |total: &mut Vec<f64>, next: Vec<f64>| {
            for (total, next) in total.iter_mut().zip(next) {
                *total = total.max(next);
            }
        };
        // columns, then target, then weight
        let largest = rows.fold_rows(
            8 * (columns + 2),
            || vec![0.0_f64; columns + 2],
            |largest, at, cells| {
                for (most, x) in largest.iter_mut().zip(cells) {
                    *most = most.max(x.to_f64().abs());
                }
                let row = rows.index(at);
                let offset = problem.offsets.map_or(0.0, |o| o[row]);
                let target = targets[row].abs().max(offset.abs());
                largest[columns] = largest[columns].max(target);
                let weight = problem.weights.map_or(1.0, |w| w[row]);
                largest[columns + 1] = largest[columns + 1].max(weight);
            },
            larger,
        )?;
        let mut scales: Vec<f64> = largest[..columns].iter().map(|&most| unit(most)).collect();
        if problem.intercept {
            scales.push(1.0);
        }
        let root = unit(largest[columns + 1].sqrt());
        Ok(Self {
            objective,
            targets,
            scales,
            target_scale: unit(largest[columns]),
            weight_scale: root * root,
        })
    }

    pub(super) fn rows(&self) -> &'o Rows<'a, T> {
        self.objective.rows()
    }

    /// Number of parameters.
    pub(super) fn parameters(&self) -> usize {
        self.scales.len()
    }

    pub(super) fn intercept(&self) -> bool {
        self.objective.problem().intercept
    }

    /// Parameters on the problem's own scale.
    pub(super) fn unscale(&self, x: &[f64]) -> Vec<f64> {
        let scaled = x.iter().zip(&self.scales);
        scaled.map(|(x, s)| x * s / self.target_scale).collect()
    }

    /// `ridge·sⱼ²` of every parameter, zero for the intercept.
    pub(super) fn ridge(&self) -> Vec<f64> {
        let l2 = self.objective.problem().penalty.l2();
        let ridge = l2 * (self.objective.total_weight() * self.weight_scale);
        let columns = self.objective.layout().columns;
        let of = |(j, s): (usize, &f64)| if j < columns { ridge * s * s } else { 0.0 };
        self.scales.iter().enumerate().map(of).collect()
    }

    /// A row's weight; one without weights.
    pub(super) fn weight(&self, at: usize) -> f64 {
        match self.objective.problem().weights {
            Some(weights) => weights[self.rows().index(at)] * self.weight_scale,
            None => 1.0,
        }
    }

    /// A row's target and offset.
    pub(super) fn target(&self, at: usize) -> (f64, f64) {
        let row = self.rows().index(at);
        let offset = self.objective.problem().offsets.map_or(0.0, |o| o[row]);
        (
            self.targets[row] * self.target_scale,
            offset * self.target_scale,
        )
    }

    /// Copies rows, without weights, into the columns of `cells`, which are `stride` apart: cell `j` of the
    /// `i`-th row goes to `cells[j * stride + i]`.
    pub(super) fn copy(
        &self,
        positions: Range<usize>,
        cells: &mut [f64],
        stride: usize,
    ) -> Result<(), ObjectiveError> {
        let (rows, count) = (self.rows(), positions.len());
        let columns = rows.columns();
        let mut scratch = Vec::new();
        let found = rows.cells(positions, &mut scratch)?;
        for i in 0..count {
            let row = &found[i * columns..(i + 1) * columns];
            for (j, (x, s)) in row.iter().zip(&self.scales).enumerate() {
                cells[j * stride + i] = x.to_f64() * s;
            }
        }
        if self.intercept() {
            let start = (self.parameters() - 1) * stride;
            cells[start..start + count].fill(1.0);
        }
        Ok(())
    }

    /// Rows times the roots of their weights, with their targets as the last column.
    pub(super) fn weighted(&self, positions: Range<usize>) -> Result<Mat<f64>, ObjectiveError> {
        let (count, width) = (positions.len(), self.parameters() + 1);
        let mut cells = vec![0.0; count * width];
        self.copy(positions.clone(), &mut cells, count)?;
        for (cell, at) in cells[count * (width - 1)..]
            .iter_mut()
            .zip(positions.clone())
        {
            let (target, offset) = self.target(at);
            *cell = target - offset;
        }
        if self.objective.problem().weights.is_some() {
            let roots: Vec<f64> = positions.map(|at| self.weight(at).sqrt()).collect();
            for column in cells.chunks_exact_mut(count) {
                column
                    .iter_mut()
                    .zip(&roots)
                    .for_each(|(x, root)| *x *= root);
            }
        }
        Ok(MatMut::from_column_major_slice_mut(&mut cells, count, width).to_owned())
    }

    /// The penalty's rows `√ridge·sⱼ eⱼ`, with targets of zero.
    pub(super) fn penalty_rows(&self) -> Mat<f64> {
        let columns = self.objective.layout().columns;
        let ridge = self.ridge();
        let penalised = if self.objective.problem().penalty.l2() > 0.0 {
            columns
        } else {
            0
        };
        Mat::from_fn(penalised, self.parameters() + 1, |i, j| {
            if i == j { ridge[i].sqrt() } else { 0.0 }
        })
    }
}
