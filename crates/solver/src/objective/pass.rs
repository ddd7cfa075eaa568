//! One pass over blocks of rows: scores, losses, gradient, curvature.

use std::ops::Range;

use dataset::Element;
use faer::linalg::matmul::triangular::{BlockStructure, matmul};
use faer::{Accum, Mat, MatRef, Par};

use super::kernel::{self, Block, Loss};
use super::pointwise::softmax_loss;
use super::rows::{add_scaled, dot_absolute};
use super::{HostObjective, Layout, ObjectiveError, TargetValues, dot};
use crate::tolerance::UNIT_ROUNDOFF;

/// What one pass over the rows adds up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd)]
pub(crate) enum Wanted {
    Value,
    Gradient,
    Curvature,
    /// The curvature, and what bounds the rounding of all sums.
    Audit,
}

/// Sums over rows, not yet divided by the total weight and without the penalty.
#[derive(Debug, Clone)]
pub(crate) struct Sums {
    pub(crate) loss: f64,
    pub(crate) gradient: Vec<f64>,
    /// Lower triangles of `Σ w c xxᵀ`, one for each pair of outputs, intercept last.
    pub(super) grams: Vec<Mat<f64>>,
    pub(crate) audit: Audit,
}

/// What bounds the rounding of the sums.
#[derive(Debug, Clone, Default)]
pub(crate) struct Audit {
    /// `Σ w|r||x|` by parameter.
    pub(crate) absolute: Vec<f64>,
    /// `Σ w c δ²` with `δ` the bound on the rounding of a row's score and `c` a bound of its
    /// curvature.
    pub(crate) squares: f64,
    /// The largest `δ`.
    pub(crate) largest: f64,
}

impl Sums {
    pub(super) fn merge(&mut self, next: &Self) {
        self.loss += next.loss;
        add_scaled(&mut self.gradient, 1.0, &next.gradient);
        for (total, next) in self.grams.iter_mut().zip(&next.grams) {
            *total += next;
        }
        add_scaled(&mut self.audit.absolute, 1.0, &next.audit.absolute);
        self.audit.squares += next.audit.squares;
        self.audit.largest = self.audit.largest.max(next.audit.largest);
    }
}

/// One thread's visit of the blocks of a chunk, with its scratch memory.
pub(super) struct Pass<'p, 'a, T> {
    objective: &'p HostObjective<'a, T>,
    layout: Layout,
    theta: &'p [f64],
    wanted: Wanted,
    /// `[block rows × outputs]`: scores, then losses of a single output or probabilities.
    scores: Vec<f64>,
    /// `[block rows × outputs]`: weighted residuals.
    residuals: Vec<f64>,
    /// `[block rows]`: weighted curvatures of a single output.
    curvatures: Vec<f64>,
    /// `[block rows]`: weights of a single output's rows.
    weights: Vec<f64>,
    /// `[block rows]`: targets of a single output's rows, where some rows do not count.
    targets: Vec<f64>,
    /// `[block rows × columns]`: rows that the source does not lend.
    cells: Vec<T>,
    /// `[dimension]`: the block's gradient.
    gradient: Vec<f64>,
    /// `[block rows × stride]`: rows scaled by the root of a curvature.
    scaled: Vec<f64>,
}

impl<'p, 'a, T: Element> Pass<'p, 'a, T> {
    pub(super) fn new(
        objective: &'p HostObjective<'a, T>,
        theta: &'p [f64],
        wanted: Wanted,
    ) -> Self {
        let (layout, block) = (objective.layout(), objective.rows().block());
        let scaled = if wanted >= Wanted::Curvature {
            block * layout.stride()
        } else {
            0
        };
        let gradient = if wanted == Wanted::Value {
            0
        } else {
            layout.dimension()
        };
        Self {
            objective,
            layout,
            theta,
            wanted,
            scores: vec![0.0; block * layout.outputs],
            residuals: vec![0.0; block * layout.outputs],
            curvatures: vec![0.0; block],
            weights: vec![1.0; block],
            targets: Vec::new(),
            cells: Vec::new(),
            gradient: vec![0.0; gradient],
            scaled: vec![0.0; scaled],
        }
    }

    pub(super) fn visit(
        &mut self,
        block: Range<usize>,
        sums: &mut Sums,
    ) -> Result<(), ObjectiveError> {
        let mut scratch = std::mem::take(&mut self.cells);
        let cells = self.objective.rows().cells(block.clone(), &mut scratch)?;
        let cells = Block {
            cells,
            columns: self.layout.columns,
        };
        sums.loss += match self.objective.problem().target {
            TargetValues::Binary(y) => self.visit_single(cells, &block, Loss::Log, y),
            TargetValues::Linear(y) => self.visit_single(cells, &block, Loss::Squared, y),
            TargetValues::Multinomial { codes, .. } => self.visit_classes(cells, &block, codes),
        };
        if self.wanted == Wanted::Audit {
            self.audit(cells, &block, &mut sums.audit);
        }
        if self.wanted != Wanted::Value {
            add_scaled(&mut sums.gradient, 1.0, &self.gradient);
        }
        if self.wanted >= Wanted::Curvature {
            self.add_curvature(cells, &block, &mut sums.grams);
        }
        self.cells = scratch;
        Ok(())
    }

    fn weight(&self, row: usize) -> f64 {
        self.objective
            .problem()
            .weights
            .map_or(1.0, |weights| weights[row])
    }

    /// Scores, losses and gradient of a block with one output; returns the loss.
    fn visit_single(
        &mut self,
        cells: Block<'_, T>,
        block: &Range<usize>,
        loss: Loss,
        targets: &[f64],
    ) -> f64 {
        let (problem, rows) = (self.objective.problem(), self.objective.rows());
        // 1. Targets and weights without gaps.
        let count = block.len();
        let targets = rows.pick(block.clone(), targets, &mut self.targets);
        if let Some(weights) = problem.weights {
            for (weight, at) in self.weights.iter_mut().zip(block.clone()) {
                *weight = weights[rows.index(at)];
            }
        }
        // 2. Scores.
        let scores = &mut self.scores[..count];
        let coefficients = self.layout.coefficients(self.theta, 0);
        kernel::scores(cells, coefficients, self.layout.bias(self.theta, 0), scores);
        if let Some(offsets) = problem.offsets {
            for (score, at) in scores.iter_mut().zip(block.clone()) {
                *score += offsets[rows.index(at)];
            }
        }
        // 3. Loss, residuals, curvatures; gradient.
        let (residuals, curvatures) = (&mut self.residuals[..count], &mut self.curvatures[..count]);
        let weights = &self.weights[..count];
        let total = kernel::losses(loss, targets, weights, scores, residuals, curvatures);
        if self.wanted != Wanted::Value {
            self.gradient.fill(0.0);
            kernel::add_gradient(cells, residuals, &mut self.gradient);
        }
        total
    }

    /// Scores, losses and gradient of a block with several classes; returns the loss.
    fn visit_classes(&mut self, cells: Block<'_, T>, block: &Range<usize>, codes: &[u32]) -> f64 {
        let (layout, rows) = (self.layout, self.objective.rows());
        let classes = layout.outputs;
        self.gradient.fill(0.0);
        let mut total = 0.0;
        for (i, at) in block.clone().enumerate() {
            let (row, index) = (cells.row(i), rows.index(at));
            let scores = &mut self.scores[i * classes..(i + 1) * classes];
            for (k, score) in scores.iter_mut().enumerate() {
                *score = dot(row, layout.coefficients(self.theta, k)) + layout.bias(self.theta, k);
            }
            if let Some(offsets) = self.objective.problem().offsets {
                add_scaled(
                    scores,
                    1.0,
                    &offsets[index * classes..(index + 1) * classes],
                );
            }
            let weight = self.weight(index);
            let scores = &mut self.scores[i * classes..(i + 1) * classes];
            let residuals = &mut self.residuals[i * classes..(i + 1) * classes];
            total += weight * softmax_loss(scores, codes[index] as usize, residuals);
            for (k, r) in residuals.iter_mut().enumerate() {
                *r *= weight;
                if self.wanted != Wanted::Value {
                    add_scaled(&mut self.gradient[layout.penalised(k)], *r, row);
                    if layout.intercept {
                        self.gradient[layout.penalised(k).end] += *r;
                    }
                }
            }
        }
        total
    }

    fn add_curvature(&mut self, cells: Block<'_, T>, block: &Range<usize>, grams: &mut [Mat<f64>]) {
        let outputs = self.layout.outputs;
        if outputs == 1 {
            self.add_gram(cells, block, &mut grams[0], |pass, i, _| pass.curvatures[i]);
            return;
        }
        let mut grams = grams.iter_mut();
        for k in 0..outputs {
            for l in k + 1..outputs {
                if let Some(gram) = grams.next() {
                    self.add_gram(cells, block, gram, |pass, i, row| {
                        let p = &pass.scores[i * outputs..(i + 1) * outputs];
                        pass.weight(row) * p[k] * p[l]
                    });
                }
            }
        }
    }

    /// Adds `Σ c xxᵀ` over a block, as the product of the rows scaled by `√c` with themselves.
    fn add_gram(
        &mut self,
        cells: Block<'_, T>,
        block: &Range<usize>,
        gram: &mut Mat<f64>,
        curvature: impl Fn(&Self, usize, usize) -> f64,
    ) {
        let (rows, columns, stride) = (
            self.objective.rows(),
            self.layout.columns,
            self.layout.stride(),
        );
        for (i, at) in block.clone().enumerate() {
            let root = curvature(self, i, rows.index(at)).sqrt();
            let scaled = &mut self.scaled[i * stride..(i + 1) * stride];
            for (scaled, x) in scaled.iter_mut().zip(cells.row(i)) {
                *scaled = root * x.to_f64();
            }
            if self.layout.intercept {
                scaled[columns] = root;
            }
        }
        let scaled =
            MatRef::from_row_major_slice(&self.scaled[..block.len() * stride], block.len(), stride);
        matmul(
            gram.as_mut(),
            BlockStructure::TriangularLower,
            Accum::Add,
            scaled.transpose(),
            BlockStructure::Rectangular,
            scaled,
            BlockStructure::Rectangular,
            1.0,
            Par::Seq,
        );
    }

    /// Bounds the rounding of the block's scores (Higham 2002, §3.1) and adds up `Σ w|r||x|`.
    fn audit(&mut self, cells: Block<'_, T>, block: &Range<usize>, audit: &mut Audit) {
        let (layout, rows) = (self.layout, self.objective.rows());
        let problem = self.objective.problem();
        let unit = (layout.columns as f64 + 4.0) * UNIT_ROUNDOFF;
        for (i, at) in block.clone().enumerate() {
            let (row, index) = (cells.row(i), rows.index(at));
            let mut rounding = 0.0_f64;
            for k in 0..layout.outputs {
                let offset = problem
                    .offsets
                    .map_or(0.0, |o| o[index * layout.outputs + k]);
                let size = dot_absolute(row, layout.coefficients(self.theta, k))
                    + layout.bias(self.theta, k).abs()
                    + offset.abs();
                rounding = rounding.max(unit * size);
                let r = self.residuals[i * layout.outputs + k].abs();
                let range = layout.penalised(k);
                for (sum, x) in audit.absolute[range.clone()].iter_mut().zip(row) {
                    *sum += r * x.to_f64().abs();
                }
                if layout.intercept {
                    audit.absolute[range.end] += r;
                }
            }
            let curvature = match problem.target {
                TargetValues::Multinomial { .. } => self.weight(index),
                _ => self.curvatures[i],
            };
            audit.squares += curvature * rounding * rounding;
            audit.largest = audit.largest.max(rounding);
        }
    }
}
