//! What coordinate descent reads of the rows: some columns' curvature, some columns' copies.

use dataset::Element;
use faer::{Mat, MatRef};

use super::covariance::Selected;
use crate::objective::pointwise::{log_loss, softmax_loss};
use crate::objective::{
    HostObjective, ObjectiveError, TargetValues, add_gram, dot, pairs, scale_rows, scatter,
};

/// A row as its loss sees it.
#[derive(Debug, Clone)]
pub(super) struct RowLoss {
    /// `w`.
    pub(super) weight: f64,
    /// `ℓ`.
    pub(super) loss: f64,
    /// `[outputs]`: scores, then, of several classes, probabilities.
    pub(super) scores: Vec<f64>,
    /// `[outputs]`: `∂ℓ/∂z`.
    pub(super) residuals: Vec<f64>,
    /// `∂²ℓ/∂z²` of a single output.
    pub(super) curvature: f64,
}

impl RowLoss {
    pub(super) fn new(outputs: usize) -> Self {
        Self {
            weight: 1.0,
            loss: 0.0,
            scores: vec![0.0; outputs],
            residuals: vec![0.0; outputs],
            curvature: 1.0,
        }
    }

    /// Evaluates the row `index` of the table at the scores in `self`, which have its offsets.
    pub(super) fn evaluate<T: Element>(&mut self, objective: &HostObjective<'_, T>, index: usize) {
        let problem = objective.problem();
        self.weight = problem.weights.map_or(1.0, |weights| weights[index]);
        let z = self.scores[0];
        match problem.target {
            TargetValues::Binary(y) => {
                let point = log_loss(z, y[index]);
                (self.loss, self.curvature) = (point.loss, point.curvature);
                self.residuals[0] = point.residual;
            }
            TargetValues::Linear(y) => {
                let r = z - y[index];
                self.loss = 0.5 * r * r;
                self.residuals[0] = r;
            }
            TargetValues::Multinomial { codes, .. } => {
                let class = codes[index] as usize;
                self.loss = softmax_loss(&mut self.scores, class, &mut self.residuals);
            }
        }
    }

    /// Scores of a row at parameters `theta`, offsets included.
    pub(super) fn score<T: Element>(
        &mut self,
        objective: &HostObjective<'_, T>,
        theta: &[f64],
        row: &[T],
        index: usize,
    ) {
        let (layout, offsets) = (objective.layout(), objective.problem().offsets);
        for (k, score) in self.scores.iter_mut().enumerate() {
            *score = dot(row, layout.coefficients(theta, k)) + layout.bias(theta, k);
            if let Some(offsets) = offsets {
                *score += offsets[index * layout.outputs + k];
            }
        }
    }
}

impl<T: Element> Selected for HostObjective<'_, T> {
    fn stride(&self) -> usize {
        self.layout().stride()
    }

    fn columns(&self) -> usize {
        self.layout().columns
    }

    fn curvature(&self, theta: &[f64], columns: &[usize]) -> Result<Mat<f64>, ObjectiveError> {
        let (rows, layout) = (self.rows(), self.layout());
        let (width, outputs) = (columns.len(), layout.outputs);
        let pairs = pairs(outputs);
        let start = || vec![Mat::<f64>::zeros(width, width); pairs.len()];
        let grams = rows.fold(
            8 * pairs.len() * width * width,
            start,
            |grams, chunk| {
                let mut one = RowLoss::new(outputs);
                let mut scratch = Vec::new();
                let mut cells = vec![0.0; rows.block() * width];
                let mut scaled = vec![0.0; rows.block() * width];
                let mut roots = vec![0.0; rows.block() * pairs.len()];
                for block in rows.blocks(chunk) {
                    let count = block.len();
                    let found = rows.cells(block.clone(), &mut scratch)?;
                    for (i, at) in block.enumerate() {
                        let row = &found[i * layout.columns..(i + 1) * layout.columns];
                        let index = rows.index(at);
                        one.score(self, theta, row, index);
                        one.evaluate(self, index);
                        for (pair, &(k, l)) in pairs.iter().enumerate() {
                            let curvature = if outputs == 1 {
                                one.curvature
                            } else {
                                one.scores[k] * one.scores[l]
                            };
                            roots[pair * rows.block() + i] = (one.weight * curvature).sqrt();
                        }
                        for (cell, &j) in cells[i * width..].iter_mut().zip(columns) {
                            *cell = row.get(j).map_or(1.0, |x| x.to_f64());
                        }
                    }
                    for (pair, gram) in grams.iter_mut().enumerate() {
                        let roots = &roots[pair * rows.block()..][..count];
                        let scaled = &mut scaled[..count * width];
                        scale_rows(scaled, &cells[..count * width], roots);
                        add_gram(gram, MatRef::from_row_major_slice(scaled, count, width));
                    }
                }
                Ok(())
            },
            |total, next| {
                for (total, next) in total.iter_mut().zip(next) {
                    *total += next;
                }
            },
        )?;
        let mut curvature = Mat::zeros(outputs * width, outputs * width);
        for (gram, &pair) in grams.iter().zip(&pairs) {
            scatter(&mut curvature, gram, pair, self.total_weight());
        }
        let l2 = self.problem().penalty.l2();
        for k in 0..outputs {
            for (i, &column) in columns.iter().enumerate() {
                if column < layout.columns {
                    curvature[(k * width + i, k * width + i)] += l2;
                }
            }
        }
        Ok(curvature)
    }
}

/// Column-major copies of some columns over the rows that count; the number of columns itself stands for
/// the intercept's column of ones.
#[derive(Debug, Clone)]
pub(super) struct Packed {
    rows: usize,
    slots: Vec<Option<usize>>,
    held: usize,
    cells: Vec<f64>,
}

impl Packed {
    pub(super) fn new(rows: usize, columns: usize) -> Self {
        Self {
            rows,
            slots: vec![None; columns + 1],
            held: 0,
            cells: Vec::new(),
        }
    }

    /// A column that was asked for.
    pub(super) fn column(&self, column: usize) -> &[f64] {
        let slot = self.slots[column].unwrap_or_default();
        &self.cells[slot * self.rows..(slot + 1) * self.rows]
    }

    /// Copies what is missing of the wanted columns; where more than `capacity` would be held, the others
    /// are let go.
    pub(super) fn pack<T: Element>(
        &mut self,
        objective: &HostObjective<'_, T>,
        wanted: &[usize],
        capacity: usize,
    ) -> Result<(), ObjectiveError> {
        let mut missing: Vec<usize> = (wanted.iter().copied())
            .filter(|&j| self.slots[j].is_none())
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        if self.held + missing.len() > capacity {
            self.slots.fill(None);
            self.cells.clear();
            self.held = 0;
            missing = wanted.to_vec();
        }
        let start = self.cells.len();
        self.cells.resize(start + missing.len() * self.rows, 1.0);
        let rows = objective.rows();
        let mut scratch = Vec::new();
        for block in rows.blocks(0..self.rows) {
            let cells = rows.cells(block.clone(), &mut scratch)?;
            for (row, at) in cells.chunks_exact(rows.columns().max(1)).zip(block) {
                for (i, &j) in missing.iter().enumerate() {
                    if let Some(x) = row.get(j) {
                        self.cells[start + i * self.rows + at] = x.to_f64();
                    }
                }
            }
        }
        for (i, j) in missing.into_iter().enumerate() {
            self.slots[j] = Some(self.held + i);
        }
        self.held = self.cells.len() / self.rows.max(1);
        Ok(())
    }
}

/// `[outputs][rows]`: scores, offsets included, from the coefficients that are not zero.
pub(super) fn sparse_scores<T: Element>(
    objective: &HostObjective<'_, T>,
    theta: &[f64],
) -> Result<Vec<Vec<f64>>, ObjectiveError> {
    let (rows, layout) = (objective.rows(), objective.layout());
    let offsets = objective.problem().offsets;
    let nonzero: Vec<Vec<(usize, f64)>> = (0..layout.outputs)
        .map(|k| {
            let coefficients = layout.coefficients(theta, k).iter().copied();
            coefficients
                .enumerate()
                .filter(|&(_, b)| b != 0.0)
                .collect()
        })
        .collect();
    let mut scores: Vec<Vec<f64>> = (0..layout.outputs)
        .map(|k| vec![layout.bias(theta, k); rows.len()])
        .collect();
    let mut scratch = Vec::new();
    for block in rows.blocks(0..rows.len()) {
        let cells = rows.cells(block.clone(), &mut scratch)?;
        for (i, at) in block.enumerate() {
            let row = &cells[i * layout.columns..(i + 1) * layout.columns];
            for (k, nonzero) in nonzero.iter().enumerate() {
                let sum: f64 = nonzero.iter().map(|&(j, b)| row[j].to_f64() * b).sum();
                let offset = offsets.map_or(0.0, |o| o[rows.index(at) * layout.outputs + k]);
                scores[k][at] = sum + scores[k][at] + offset;
            }
        }
    }
    Ok(scores)
}
