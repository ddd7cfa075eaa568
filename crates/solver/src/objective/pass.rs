//! One pass over blocks of rows: scores, losses, gradient, curvature.

use std::ops::Range;

use dataset::Element;
use faer::Mat;

use super::gram::pairs;
use super::kernel::{self, Block, Term};
use super::losses::{Loss, Losses, softmax};
use super::panel::Panel;
use super::rows::{add_scaled, squared_length};
use super::single::Single;
use super::strips;
use super::{HostObjective, Layout, ObjectiveError, TargetValues};
use crate::tolerance::UNIT_ROUNDOFF;

/// What one pass over the rows adds up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd)]
pub(crate) enum Wanted {
    Value,
    Gradient,
    /// The gradient, and what the rows' curvatures follow from.
    Points,
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
    pub(crate) grams: Vec<Mat<f64>>,
    /// `[rows × outputs]`: what the curvature of long rows follows from ([`strips`]), until it is known; and
    /// what products with the curvature do, for [`Wanted::Points`].
    pub(super) points: Vec<f64>,
    pub(crate) audit: Audit,
}

/// What bounds the rounding of the sums.
#[derive(Debug, Clone)]
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
    /// What the rounding of the curvature's sums may be magnified by, where rows are centred implicitly.
    pub(crate) magnified: f64,
}

impl Default for Audit {
    fn default() -> Self {
        Self {
            absolute: Vec::new(),
            squares: 0.0,
            largest: 0.0,
            curvature: 0.0,
            trace: 0.0,
            magnified: 1.0,
        }
    }
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
        self.points.extend(&next.points);
        add_scaled(&mut self.audit.absolute, 1.0, &next.audit.absolute);
        self.audit.squares += next.audit.squares;
        self.audit.largest = self.audit.largest.max(next.audit.largest);
        self.audit.curvature += next.audit.curvature;
        self.audit.trace += next.audit.trace;
        self.audit.magnified = self.audit.magnified.max(next.audit.magnified);
    }
}

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
    offsets: Vec<f64>,
    /// `[4 × block rows]`
    scratch: Vec<f64>,
    /// `[pairs × block rows]`: roots of the weighted curvatures.
    roots: Vec<f64>,
    /// `[block rows × columns]`: rows that the source does not lend.
    cells: Vec<T>,
    panel: Panel,
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
            offsets: Vec::new(),
            scratch: vec![0.0; 4 * block],
            roots: Vec::new(),
            cells: Vec::new(),
            panel: Panel::default(),
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
        self.panel.finish(&mut sums.grams);
        Ok(())
    }

    fn add_block(&mut self, cells: Block<'_, T>, block: &Range<usize>, sums: &mut Sums) {
        let problem = self.objective.problem();
        sums.loss += match problem.target {
            TargetValues::Binary(y) => self.add_single(Loss::Log, y, cells, block, sums),
            TargetValues::Linear(y) => self.add_single(Loss::Squared, y, cells, block, sums),
            TargetValues::Multinomial { codes, .. } => self.add_classes(codes, cells, block, sums),
        };
        if self.wanted == Wanted::Points {
            self.keep_points(block.len(), &mut sums.points);
        }
        if self.wanted >= Wanted::Curvature {
            if self.layout.stride() >= strips::LONG {
                self.keep_points(block.len(), &mut sums.points);
            } else {
                self.find_roots(block);
                self.panel.add(cells, &self.roots, &mut sums.grams);
            }
        }
        if self.wanted.audits() {
            self.audit(cells, block, &mut sums.audit);
        }
    }

    /// Loss and gradient of a single output.
    fn add_single(
        &mut self,
        loss: Loss,
        targets: &[f64],
        cells: Block<'_, T>,
        block: &Range<usize>,
        sums: &mut Sums,
    ) -> f64 {
        let (problem, rows) = (self.objective.problem(), self.objective.rows());
        let (layout, count) = (self.layout, block.len());
        let picked = |values: Option<&'a [f64]>, scratch| match values {
            Some(values) => rows.pick(block.clone(), values, scratch),
            None => &[],
        };
        Single {
            block: cells,
            coefficients: layout.coefficients(self.theta, 0),
            bias: layout.bias(self.theta, 0),
            offsets: picked(problem.offsets, &mut self.offsets),
            losses: Losses {
                loss,
                targets: rows.pick(block.clone(), targets, &mut self.targets),
                weights: picked(problem.weights, &mut self.weights),
                scores: &mut self.scores[..count],
                residuals: &mut self.residuals[..count],
                curvatures: &mut self.curvatures[..count],
                scratch: &mut self.scratch[..count],
            },
            gradient: (self.wanted >= Wanted::Gradient).then_some(&mut sums.gradient[..]),
        }
        .visit()
    }

    /// Loss and gradient of several classes.
    fn add_classes(
        &mut self,
        codes: &[u32],
        cells: Block<'_, T>,
        block: &Range<usize>,
        sums: &mut Sums,
    ) -> f64 {
        let (problem, rows) = (self.objective.problem(), self.objective.rows());
        let (layout, count) = (self.layout, block.len());
        for k in 0..layout.outputs {
            let scores = &mut self.scores[k * count..(k + 1) * count];
            let coefficients = layout.coefficients(self.theta, k);
            let bias = layout.bias(self.theta, k);
            kernel::scores(cells, coefficients, bias, Term::Product, scores);
            self.add_offsets(block, k, |z, offset| z + offset);
        }
        self.targets.clear();
        let codes = block.clone().map(|at| f64::from(codes[rows.index(at)]));
        self.targets.extend(codes);
        let weights = problem.weights.map_or(&[][..], |weights| {
            rows.pick(block.clone(), weights, &mut self.weights)
        });
        let loss = softmax(
            &self.targets,
            weights,
            &mut self.scores[..count * layout.outputs],
            &mut self.residuals[..count * layout.outputs],
            &mut self.scratch[..4 * count],
        );
        if self.wanted >= Wanted::Gradient {
            for k in 0..layout.outputs {
                let residuals = &self.residuals[k * count..(k + 1) * count];
                let gradient = &mut sums.gradient[layout.parameters(k)];
                kernel::add_gradient(cells, residuals, false, gradient);
            }
        }
        loss
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

    /// The weighted curvatures of a single output, or the probabilities of all, row after row.
    fn keep_points(&self, count: usize, points: &mut Vec<f64>) {
        if self.layout.outputs == 1 {
            points.extend(&self.curvatures[..count]);
            return;
        }
        for i in 0..count {
            points.extend((0..self.layout.outputs).map(|k| self.scores[k * count + i]));
        }
    }

    /// The roots of a block's weighted curvatures, pair after pair.
    fn find_roots(&mut self, block: &Range<usize>) {
        let (problem, rows) = (self.objective.problem(), self.objective.rows());
        let (outputs, count) = (self.layout.outputs, block.len());
        self.roots.clear();
        if outputs == 1 {
            let curvatures = self.curvatures[..count].iter();
            self.roots.extend(curvatures.map(|c| c.sqrt()));
            return;
        }
        for (k, l) in pairs(outputs) {
            for (i, at) in block.clone().enumerate() {
                let weight = (problem.weights).map_or(1.0, |weights| weights[rows.index(at)]);
                let p = |k: usize| self.scores[k * count + i];
                self.roots.push((weight * p(k) * p(l)).sqrt());
            }
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
            kernel::scores(cells, coefficients, bias, Term::Absolute, scores);
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
