//! The objective over rows in host memory.

use std::ops::Range;
use std::sync::Arc;

use dataset::Element;
use faer::Mat;

use super::gram::{mirror, pairs, scatter};
use super::pass::{Audit, Pass, Sums, Wanted};
use super::product::{CurvatureProduct, HostProduct};
use super::sparse::{self, SparseRows};
use super::strips;
use super::{Gauge, Layout, Objective, ObjectiveError, Penalty, Problem, Rows, TargetValues, dot};
use crate::tolerance::{SEPARATED_LOSS, SPARSE_DIAGNOSIS_COLUMNS};

/// The objective of a [`Problem`] over rows in host memory, in `f64` whatever the rows' type.
///
/// Rows are visited in blocks of fixed size, several threads at once, and partial sums are added
/// in a fixed order: the result has the same bits for any number of threads. Rows of weight zero
/// leave no trace. Cells of `f32` are widened as they are read, so `f32` rows have the value, gradient
/// and curvature, to the bit, of the same numbers in `f64`.
///
/// The curvature of the binary and squared losses is `XᵀDX/W` with `D = wp(1−p)` or `w`; the
/// multinomial's is the sum over pairs of classes `k < l` of
/// `(1/W) Σ w pₖpₗ (eₖ−eₗ)(eₖ−eₗ)ᵀ ⊗ xxᵀ`, in which nothing cancels. Both plus `λ(1−α)` on the
/// diagonal of the coefficients.
///
/// # Examples
/// The gradient at zero of two rows, by hand: residuals ½ and −½ make `½(½·0 − ½·1) = −¼` for the
/// coefficient and 0 for the intercept.
/// ```
/// use dataset::DesignMatrix;
/// use solver::{HostObjective, Objective, Problem, TargetValues};
///
/// let design = DesignMatrix::new(2, 1, vec![0.0_f32, 1.0])?;
/// let objective = HostObjective::new(Problem::new(&design, TargetValues::Binary(&[0.0, 1.0])))?;
/// let mut gradient = [0.0; 2];
/// objective.gradient(&[0.0, 0.0], &mut gradient)?;
/// assert_eq!(gradient, [-0.25, 0.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct HostObjective<'a, T> {
    problem: Problem<'a, T>,
    rows: Rows<'a, T>,
    /// What is stored of the rows, where they are sparse.
    sparse: Option<Arc<SparseRows>>,
    total_weight: f64,
    smallest_weight: f64,
    scale: f64,
}

impl<'a, T: Element> HostObjective<'a, T> {
    /// Checks a problem and prepares its rows.
    ///
    /// # Errors
    /// Every [`ObjectiveError`] but `Elsewhere`: lengths, targets, weights, offsets, penalty, a source
    /// of rows that fails, and cells that are not finite in rows of positive weight.
    pub fn new(problem: Problem<'a, T>) -> Result<Self, ObjectiveError> {
        problem.check()?;
        let rows = Rows::new(problem.design, problem.weights)?;
        Self::over(problem, rows, problem.scale())
    }

    /// The objective over some of a problem's rows.
    fn over(
        problem: Problem<'a, T>,
        rows: Rows<'a, T>,
        scale: f64,
    ) -> Result<Self, ObjectiveError> {
        let sparse = match rows.sparse() {
            Some(design) if u32::try_from(rows.len()).is_ok() => {
                Some(Arc::new(SparseRows::new(design, &rows)?))
            }
            _ => None,
        };
        let total_weight = match problem.weights {
            None => rows.len() as f64,
            Some(weights) => rows.fold(
                8,
                || 0.0,
                |sum, chunk| {
                    for block in rows.blocks(chunk) {
                        *sum += block.map(|at| weights[rows.index(at)]).sum::<f64>();
                    }
                    Ok(())
                },
                |sum, next| *sum += next,
            )?,
        };
        let smallest_weight = problem.weights.map_or(1.0, |weights| {
            let weights = (0..rows.len()).map(|at| weights[rows.index(at)]);
            weights.fold(f64::INFINITY, f64::min)
        });
        Ok(Self {
            problem,
            rows,
            sparse,
            total_weight,
            smallest_weight,
            scale,
        })
    }

    /// The problem.
    pub fn problem(&self) -> &Problem<'a, T> {
        &self.problem
    }

    /// The same rows and targets with another penalty, without looking at the rows again.
    ///
    /// # Errors
    /// [`ObjectiveError::Lambda`] and [`ObjectiveError::L1Ratio`] for a penalty that makes no sense.
    pub fn with_penalty(&self, penalty: Penalty) -> Result<Self, ObjectiveError> {
        penalty.check()?;
        let problem = Problem {
            penalty,
            ..self.problem
        };
        Ok(Self {
            problem,
            ..self.clone()
        })
    }

    /// `W`, the sum of the weights; the number of rows where there are none.
    pub fn total_weight(&self) -> f64 {
        self.total_weight
    }

    /// At least `count` of the rows, spread over all, with the sums still divided by the weight of all:
    /// as no row's curvature is negative, this objective's curvature is a lower bound of the whole's. All
    /// rows where there are not twice as many.
    pub(crate) fn some(&self, count: usize) -> Result<Self, ObjectiveError> {
        let Some(rows) = self.rows.sample(count) else {
            return Ok(self.clone());
        };
        Ok(Self {
            total_weight: self.total_weight,
            ..Self::over(self.problem, rows, self.scale)?
        })
    }

    /// The stored numbers of sparse rows.
    pub(crate) fn sparse(&self) -> Option<&SparseRows> {
        self.sparse.as_deref()
    }

    /// Whether columns can be looked at beside each other by dense blocks of rows.
    pub(crate) fn is_searchable(&self) -> bool {
        let layout = self.layout();
        self.sparse.is_none() || layout.outputs * layout.columns <= SPARSE_DIAGNOSIS_COLUMNS
    }

    /// Additions in a row that a sum over all rows goes through, at most.
    pub(crate) fn depth(&self) -> usize {
        let stored = self.sparse().map_or(0, SparseRows::depth);
        self.rows.depth().max(stored)
    }

    /// These rows alone, with the sums still divided by the weight of all.
    pub(super) fn only(&self, batch: &[usize]) -> Self {
        Self {
            rows: self.rows.only(batch, self.problem.weights),
            ..self.clone()
        }
    }

    pub(crate) fn rows(&self) -> &Rows<'a, T> {
        &self.rows
    }

    pub(crate) fn layout(&self) -> Layout {
        self.problem.layout()
    }

    /// Adds up what is wanted over all rows.
    pub(crate) fn sums(&self, theta: &[f64], wanted: Wanted) -> Result<Sums, ObjectiveError> {
        if let Some(sparse) = self.sparse() {
            return Ok(sparse::sums(self, sparse, theta, wanted));
        }
        let layout = self.layout();
        let stride = layout.stride();
        let gradient = if wanted == Wanted::Value {
            0
        } else {
            layout.dimension()
        };
        let pairs = if wanted >= Wanted::Curvature {
            layout.pairs()
        } else {
            0
        };
        let long = stride >= strips::LONG;
        let grams = if long { 0 } else { pairs };
        let absolute = if wanted.audits() {
            layout.dimension()
        } else {
            0
        };
        let start = || Sums {
            loss: 0.0,
            gradient: vec![0.0; gradient],
            // not vec![..; grams], which makes one even for none of them
            grams: (0..grams).map(|_| Mat::zeros(stride, stride)).collect(),
            points: Vec::new(),
            audit: Audit {
                absolute: vec![0.0; absolute],
                ..Audit::default()
            },
        };
        let bytes = 8 * (1 + gradient + absolute + grams * stride * stride);
        let visit = |sums: &mut Sums, chunk: Range<usize>| {
            let mut pass = Pass::new(self, theta, wanted);
            pass.visit(chunk, sums)
        };
        let mut sums = (self.rows).fold(bytes, start, visit, |total, next| total.merge(&next))?;
        if long && pairs > 0 {
            let points = std::mem::take(&mut sums.points);
            sums.grams = (0..pairs).map(|_| Mat::zeros(stride, stride)).collect();
            strips::add_grams(self, &points, &mut sums.grams)?;
        }
        Ok(sums)
    }

    /// The mean loss plus the penalty.
    pub(crate) fn finish_value(&self, theta: &[f64], loss: f64) -> f64 {
        let layout = self.layout();
        let penalty: f64 = (0..layout.outputs)
            .map(|k| self.problem.penalty.value(layout.coefficients(theta, k)))
            .sum();
        loss / self.total_weight + penalty
    }

    pub(crate) fn finish_gradient(&self, theta: &[f64], sums: &Sums, gradient: &mut [f64]) {
        let layout = self.layout();
        for (g, sum) in gradient.iter_mut().zip(&sums.gradient) {
            *g = sum / self.total_weight;
        }
        for k in 0..layout.outputs {
            let range = layout.penalised(k);
            self.problem
                .penalty
                .add_gradient(&theta[range.clone()], &mut gradient[range]);
        }
    }

    /// The curvature, from the Gram matrices of [`Sums`].
    pub(crate) fn finish_curvature(&self, mut grams: Vec<Mat<f64>>, curvature: &mut Mat<f64>) {
        let layout = self.layout();
        // 1. A single output's Gram matrix becomes the curvature; the others' are added up, each in the blocks
        // of its classes.
        if layout.outputs == 1
            && let Some(mut gram) = grams.pop()
        {
            mirror(&mut gram, self.total_weight);
            *curvature = gram;
        } else {
            *curvature = Mat::zeros(layout.dimension(), layout.dimension());
            for (gram, pair) in grams.iter().zip(pairs(layout.outputs)) {
                scatter(curvature, gram, pair, self.total_weight);
            }
        }
        // 2. The penalty on the diagonal of the coefficients.
        let l2 = self.problem.penalty.l2();
        for k in 0..layout.outputs {
            layout.penalised(k).for_each(|at| curvature[(at, at)] += l2);
        }
    }
}

impl<T: Element> Objective for HostObjective<'_, T> {
    fn dimension(&self) -> usize {
        self.layout().dimension()
    }

    fn value(&self, theta: &[f64]) -> Result<f64, ObjectiveError> {
        self.layout().check("parameters", theta)?;
        Ok(self.finish_value(theta, self.sums(theta, Wanted::Value)?.loss))
    }

    fn gradient(&self, theta: &[f64], gradient: &mut [f64]) -> Result<f64, ObjectiveError> {
        self.layout().check("parameters", theta)?;
        self.layout().check("gradient", gradient)?;
        let sums = self.sums(theta, Wanted::Gradient)?;
        self.finish_gradient(theta, &sums, gradient);
        Ok(self.finish_value(theta, sums.loss))
    }

    fn curvature(
        &self,
        theta: &[f64],
        gradient: &mut [f64],
        curvature: &mut Mat<f64>,
    ) -> Result<f64, ObjectiveError> {
        self.layout().check("parameters", theta)?;
        self.layout().check("gradient", gradient)?;
        let sums = self.sums(theta, Wanted::Curvature)?;
        self.finish_gradient(theta, &sums, gradient);
        self.finish_curvature(sums.grams, curvature);
        Ok(self.finish_value(theta, sums.loss))
    }

    fn curvature_product(
        &self,
        theta: &[f64],
    ) -> Result<Option<Box<dyn CurvatureProduct + '_>>, ObjectiveError> {
        self.layout().check("parameters", theta)?;
        Ok(Some(Box::new(HostProduct::new(self, theta)?)))
    }

    fn score_change(&self, direction: &[f64]) -> Result<Option<f64>, ObjectiveError> {
        let layout = self.layout();
        layout.check("direction", direction)?;
        if let Some(sparse) = self.sparse() {
            return Ok(Some(sparse::score_change(sparse, layout, direction)));
        }
        let change = |row: &[T], k: usize| {
            dot(row, layout.coefficients(direction, k)) + layout.bias(direction, k)
        };
        let largest = self.rows.fold_rows(
            8,
            || 0.0_f64,
            |largest, _, row| {
                let first = change(row, 0);
                let (mut low, mut high) = (first, first);
                for k in 1..layout.outputs {
                    let z = change(row, k);
                    (low, high) = (low.min(z), high.max(z));
                }
                let size = if layout.outputs == 1 {
                    first.abs()
                } else {
                    high - low
                };
                *largest = largest.max(size);
            },
            |largest, next| *largest = largest.max(next),
        )?;
        Ok(Some(largest))
    }

    fn proves_separation(&self, value: f64) -> bool {
        let classes = !matches!(self.problem.target, TargetValues::Linear(_));
        let free = self.problem.penalty.lambda == 0.0 && self.problem.offsets.is_none();
        let limit = SEPARATED_LOSS * std::f64::consts::LN_2 * self.smallest_weight;
        classes && free && value * self.total_weight < limit
    }

    fn gauge(&self) -> Option<Gauge> {
        self.problem.gauge()
    }

    fn sample(&self, rows: usize) -> Option<Box<dyn Objective + '_>> {
        let rows = self.rows.sample(rows)?;
        // weights are at hand: adding them up asks nothing of the source
        Some(Box::new(Self::over(self.problem, rows, self.scale).ok()?))
    }

    fn scale(&self) -> f64 {
        self.scale
    }

    fn l1(&self) -> f64 {
        self.problem.penalty.l1()
    }

    fn l1_at(&self, at: usize) -> f64 {
        if at % self.layout().stride() < self.layout().columns {
            self.l1()
        } else {
            0.0
        }
    }
}
