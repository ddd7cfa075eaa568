//! One pass over blocks of rows: scores, losses, gradient, curvature.

use std::ops::Range;

use dataset::Element;
use faer::linalg::matmul::triangular::{BlockStructure, matmul};
use faer::{Accum, Mat, MatRef, Par};

use super::kernel::{self, Block};
use super::losses::{Loss, losses, softmax};
use super::rows::{add_scaled, squared_length};
use super::{HostObjective, Layout, ObjectiveError, TargetValues};
use crate::tolerance::UNIT_ROUNDOFF;

/// What one pass over the rows adds up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd)]
pub(crate) enum Wanted {
    Value,
    Gradient,
    /// The gradient, what bounds its rounding, and the trace of the curvature.
    Rounding,
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
    /// The largest `δ`; zero for squared loss, whose curvature does not depend on the scores.
    pub(crate) largest: f64,
    /// `Σ w c` and `Σ w c ‖x‖²` of a single output; only for [`Wanted::Rounding`].
    pub(crate) curvature: f64,
    pub(crate) trace: f64,
}

impl Wanted {
    pub(super) fn audits(self) -> bool {
        matches!(self, Self::Rounding | Self::Audit)
    }
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
        self.audit.curvature += next.audit.curvature;
        self.audit.trace += next.audit.trace;
    }
}

/// Rows whose curvature is added up in one product.
pub(crate) const PANEL: usize = 512;

/// One thread's visit of the blocks of a chunk, with its scratch memory.
pub(super) struct Pass<'p, 'a, T> {
    objective: &'p HostObjective<'a, T>,
    layout: Layout,
    theta: &'p [f64],
    wanted: Wanted,
    /// `|theta|`, for the audit.
    absolute: Vec<f64>,
    /// `[outputs × block rows]`: scores, then probabilities where there are several outputs.
    scores: Vec<f64>,
    /// `[outputs × block rows]`: weighted residuals.
    residuals: Vec<f64>,
    /// `[block rows]`: weighted curvatures of a single output.
    curvatures: Vec<f64>,
    /// `[block rows]`: weights, targets and offsets where some rows do not count.
    weights: Vec<f64>,
    targets: Vec<f64>,
    /// `[4 × block rows]`
    scratch: Vec<f64>,
    /// `[block rows × columns]`: rows that the source does not lend.
    cells: Vec<T>,
    panel: Panel,
}

/// Rows on their way into the curvature.
#[derive(Default)]
struct Panel {
    rows: usize,
    /// `[rows × stride]`: rows with their one for the intercept; those of a single output are scaled by
    /// the root of their curvature.
    cells: Vec<f64>,
    /// `[pairs × PANEL]`: roots of the curvatures of several outputs.
    roots: Vec<f64>,
    /// `[rows × stride]`: rows scaled for one pair of outputs.
    scaled: Vec<f64>,
}

impl<'p, 'a, T: Element> Pass<'p, 'a, T> {
    pub(super) fn new(
        objective: &'p HostObjective<'a, T>,
        theta: &'p [f64],
        wanted: Wanted,
    ) -> Self {
        let (layout, block) = (objective.layout(), objective.rows().block());
        let absolute = if wanted.audits() {
            theta.iter().map(|t| t.abs()).collect()
        } else {
            Vec::new()
        };
        let mut panel = Panel::default();
        if wanted >= Wanted::Curvature {
            let pairs = layout.pairs();
            panel.cells = vec![0.0; PANEL * layout.stride()];
            if layout.outputs > 1 {
                panel.roots = vec![0.0; PANEL * pairs];
                panel.scaled = vec![0.0; PANEL * layout.stride()];
            }
        }
        Self {
            objective,
            layout,
            theta,
            wanted,
            absolute,
            scores: vec![0.0; block * layout.outputs],
            residuals: vec![0.0; block * layout.outputs],
            curvatures: vec![0.0; block],
            weights: Vec::new(),
            targets: Vec::new(),
            scratch: vec![0.0; 4 * block],
            cells: Vec::new(),
            panel,
        }
    }

    /// Visits a chunk.
    pub(super) fn visit(
        &mut self,
        chunk: Range<usize>,
        sums: &mut Sums,
    ) -> Result<(), ObjectiveError> {
        let objective = self.objective;
        let mut scratch = std::mem::take(&mut self.cells);
        for block in objective.rows().blocks(chunk) {
            let cells = Block {
                cells: objective.rows().cells(block.clone(), &mut scratch)?,
                columns: self.layout.columns,
            };
            self.add_block(cells, &block, sums);
        }
        self.cells = scratch;
        self.add_panel(&mut sums.grams);
        Ok(())
    }

    fn add_block(&mut self, cells: Block<'_, T>, block: &Range<usize>, sums: &mut Sums) {
        let (problem, rows) = (self.objective.problem(), self.objective.rows());
        let (layout, count) = (self.layout, block.len());
        // 1. Scores.
        for k in 0..layout.outputs {
            let scores = &mut self.scores[k * count..(k + 1) * count];
            let coefficients = layout.coefficients(self.theta, k);
            let bias = layout.bias(self.theta, k);
            kernel::scores(cells, coefficients, bias, false, scores);
            self.add_offsets(block, k, |z, offset| z + offset);
        }
        // 2. Losses and residuals.
        let weights = problem.weights.map_or(&[][..], |weights| {
            rows.pick(block.clone(), weights, &mut self.weights)
        });
        let scores = &mut self.scores[..count * layout.outputs];
        let residuals = &mut self.residuals[..count * layout.outputs];
        let curvatures = &mut self.curvatures[..count];
        let mut single = |loss, targets| {
            let targets = rows.pick(block.clone(), targets, &mut self.targets);
            let scratch = &mut self.scratch;
            losses(
                loss, targets, weights, scores, residuals, curvatures, scratch,
            )
        };
        sums.loss += match problem.target {
            TargetValues::Binary(y) => single(Loss::Log, y),
            TargetValues::Linear(y) => single(Loss::Squared, y),
            TargetValues::Multinomial { codes, .. } => {
                self.targets.clear();
                let codes = block.clone().map(|at| f64::from(codes[rows.index(at)]));
                self.targets.extend(codes);
                let scratch = &mut self.scratch[..4 * count];
                softmax(&self.targets, weights, scores, residuals, scratch)
            }
        };
        // 3. Gradient and curvature.
        if self.wanted >= Wanted::Gradient {
            for k in 0..layout.outputs {
                let residuals = &self.residuals[k * count..(k + 1) * count];
                let gradient = &mut sums.gradient[layout.parameters(k)];
                kernel::add_gradient(cells, residuals, false, gradient);
            }
        }
        if self.wanted >= Wanted::Curvature {
            self.fill_panel(cells, block, &mut sums.grams);
        }
        if self.wanted.audits() {
            self.audit(cells, block, &mut sums.audit);
        }
    }

    /// Combines the scores of an output with its offsets.
    fn add_offsets(
        &mut self,
        block: &Range<usize>,
        output: usize,
        combine: impl Fn(f64, f64) -> f64,
    ) {
        let (rows, outputs) = (self.objective.rows(), self.layout.outputs);
        if let Some(offsets) = self.objective.problem().offsets {
            let scores = &mut self.scores[output * block.len()..(output + 1) * block.len()];
            for (score, at) in scores.iter_mut().zip(block.clone()) {
                *score = combine(*score, offsets[rows.index(at) * outputs + output]);
            }
        }
    }

    /// Copies a block's rows, and what they are to be scaled by, into the panel.
    fn fill_panel(&mut self, cells: Block<'_, T>, block: &Range<usize>, grams: &mut [Mat<f64>]) {
        let (problem, rows) = (self.objective.problem(), self.objective.rows());
        let (outputs, stride, count) = (self.layout.outputs, self.layout.stride(), block.len());
        if self.panel.rows + count > PANEL {
            self.add_panel(grams);
        }
        let panel = &mut self.panel;
        let start = panel.rows;
        let targets = panel.cells[start * stride..].chunks_exact_mut(stride);
        for (i, target) in targets.take(count).enumerate() {
            let root = if outputs == 1 {
                self.curvatures[i].sqrt()
            } else {
                1.0
            };
            for (target, x) in target.iter_mut().zip(cells.row(i)) {
                *target = root * x.to_f64();
            }
            if self.layout.intercept {
                target[stride - 1] = root;
            }
        }
        let mut pair = 0;
        for k in 0..outputs {
            for l in k + 1..outputs {
                let roots = &mut panel.roots[pair * PANEL + start..][..count];
                for (i, root) in roots.iter_mut().enumerate() {
                    let weight = problem
                        .weights
                        .map_or(1.0, |weights| weights[rows.index(block.start + i)]);
                    let p = |k: usize| self.scores[k * count + i];
                    *root = (weight * p(k) * p(l)).sqrt();
                }
                pair += 1;
            }
        }
        panel.rows += count;
    }

    /// Adds `Σ c xxᵀ` over the panel's rows, as the product of the rows scaled by `√c` with themselves.
    fn add_panel(&mut self, grams: &mut [Mat<f64>]) {
        let (rows, stride) = (std::mem::take(&mut self.panel.rows), self.layout.stride());
        let panel = &mut self.panel;
        if rows == 0 {
            return;
        }
        for (pair, gram) in grams.iter_mut().enumerate() {
            let cells = if self.layout.outputs == 1 {
                &panel.cells[..rows * stride]
            } else {
                let scaled = panel.scaled.chunks_exact_mut(stride);
                let cells = panel.cells.chunks_exact(stride);
                let roots = &panel.roots[pair * PANEL..][..rows];
                for ((scaled, cells), root) in scaled.zip(cells).zip(roots) {
                    for (scaled, x) in scaled.iter_mut().zip(cells) {
                        *scaled = root * x;
                    }
                }
                &panel.scaled[..rows * stride]
            };
            let cells = MatRef::from_row_major_slice(cells, rows, stride);
            matmul(
                gram.as_mut(),
                BlockStructure::TriangularLower,
                Accum::Add,
                cells.transpose(),
                BlockStructure::Rectangular,
                cells,
                BlockStructure::Rectangular,
                1.0,
                Par::Seq,
            );
        }
    }

    /// Bounds the rounding of the block's scores (Higham 2002, §3.1) and adds up `Σ w|r||x|`.
    fn audit(&mut self, cells: Block<'_, T>, block: &Range<usize>, audit: &mut Audit) {
        let (layout, rows, count) = (self.layout, self.objective.rows(), block.len());
        let problem = self.objective.problem();
        let unit = (layout.columns as f64 + 4.0) * UNIT_ROUNDOFF;
        let mut largest = std::mem::take(&mut self.scratch);
        largest[..count].fill(0.0);
        for k in 0..layout.outputs {
            let scores = &mut self.scores[k * count..(k + 1) * count];
            let coefficients = layout.coefficients(&self.absolute, k);
            let bias = layout.bias(&self.absolute, k);
            kernel::scores(cells, coefficients, bias, true, scores);
            self.add_offsets(block, k, |z, offset| z + offset.abs());
            let sizes = &self.scores[k * count..(k + 1) * count];
            for (largest, size) in largest.iter_mut().zip(sizes) {
                *largest = largest.max(*size);
            }
            let residuals = &self.residuals[k * count..(k + 1) * count];
            let absolute = &mut audit.absolute[layout.parameters(k)];
            kernel::add_gradient(cells, residuals, true, absolute);
        }
        for (i, size) in largest[..count].iter().enumerate() {
            let curvature = match (problem.target, problem.weights) {
                (TargetValues::Multinomial { .. }, None) => 1.0,
                (TargetValues::Multinomial { .. }, Some(weights)) => {
                    weights[rows.index(block.start + i)]
                }
                _ => self.curvatures[i],
            };
            let rounding = unit * size;
            audit.squares += curvature * rounding * rounding;
            if !matches!(problem.target, TargetValues::Linear(_)) {
                audit.largest = audit.largest.max(rounding);
            }
        }
        if self.wanted == Wanted::Rounding && layout.outputs == 1 {
            for (i, curvature) in self.curvatures[..count].iter().enumerate() {
                audit.curvature += curvature;
                audit.trace += curvature * squared_length(cells.row(i));
            }
        }
        self.scratch = largest;
    }
}
