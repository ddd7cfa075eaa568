//! Products of the curvature with vectors, without the matrix.

use dataset::Element;

use super::kernel::{self, Block, Term};
use super::pass::Wanted;
use super::sparse::{self, SparseRows};
use super::{HostObjective, ObjectiveError};

/// The curvature of an objective at fixed parameters, by what it makes of vectors.
///
/// # Examples
/// ```
/// use dataset::DesignMatrix;
/// use solver::{HostObjective, Objective, Problem, TargetValues};
///
/// let design = DesignMatrix::new(2, 1, vec![1.0, 3.0])?;
/// let problem = Problem::new(&design, TargetValues::Linear(&[0.0, 1.0]));
/// let objective = HostObjective::new(problem)?;
/// // H = [ (1 + 9)/2  (1 + 3)/2 ; (1 + 3)/2  1 ]
/// let curvature = objective.curvature_product(&[0.0; 2])?.unwrap();
/// let mut product = [0.0; 2];
/// curvature.multiply(&[1.0, 1.0], &mut product)?;
/// assert_eq!(product, [7.0, 3.0]);
/// assert_eq!(curvature.diagonal()?, [5.0, 1.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait CurvatureProduct {
    /// Writes the product with `direction`; both `[dimension]`.
    ///
    /// # Errors
    /// [`ObjectiveError::Length`] for vectors of another length, and whatever the rows' home adds.
    fn multiply(&self, direction: &[f64], product: &mut [f64]) -> Result<(), ObjectiveError>;

    /// The diagonal, `[dimension]`.
    ///
    /// # Errors
    /// Whatever the rows' home adds.
    fn diagonal(&self) -> Result<Vec<f64>, ObjectiveError>;
}

/// [`CurvatureProduct`] of rows in host memory: `(1/W) Σ w x (C (xᵀv))` and the ridge part, with `C` the curvature of
/// a row's loss by its scores.
pub(super) struct HostProduct<'o, 'a, T> {
    objective: &'o HostObjective<'a, T>,
    /// `[rows × outputs]`: weighted curvatures of a single output, or the probabilities of several.
    points: Vec<f64>,
}

impl<'o, 'a, T: Element> HostProduct<'o, 'a, T> {
    pub(super) fn new(
        objective: &'o HostObjective<'a, T>,
        theta: &[f64],
    ) -> Result<Self, ObjectiveError> {
        let points = objective.sums(theta, Wanted::Points)?.points;
        Ok(Self { objective, points })
    }

    fn weight(&self, at: usize) -> f64 {
        let weights = self.objective.problem().weights;
        weights.map_or(1.0, |w| w[self.objective.rows().index(at)])
    }

    /// `w C u` for the changes `u` of the scores of a row, in their place.
    fn bend(&self, at: usize, changes: &mut [f64]) {
        let outputs = changes.len();
        let point = &self.points[at * outputs..(at + 1) * outputs];
        if let [change] = changes {
            *change *= point[0];
            return;
        }
        let mean: f64 = point.iter().zip(&*changes).map(|(p, u)| p * u).sum();
        let weight = self.weight(at);
        for (change, p) in changes.iter_mut().zip(point) {
            *change = weight * p * (*change - mean);
        }
    }

    /// `w Cₖₖ` of a row.
    fn own(&self, at: usize, k: usize) -> f64 {
        let outputs = self.objective.layout().outputs;
        let p = self.points[at * outputs + k];
        if outputs == 1 {
            p
        } else {
            self.weight(at) * p * (1.0 - p)
        }
    }

    fn multiply_sparse(&self, sparse: &SparseRows, direction: &[f64], product: &mut [f64]) {
        let layout = self.objective.layout();
        let mut changes: Vec<Vec<f64>> = (0..layout.outputs)
            .map(|k| sparse.multiply(layout.coefficients(direction, k), layout.bias(direction, k)))
            .collect();
        if let [changes] = &mut changes[..] {
            for (change, curvature) in changes.iter_mut().zip(&self.points) {
                *change *= curvature;
            }
        } else {
            let mut row = vec![0.0; layout.outputs];
            for at in 0..sparse.rows() {
                row.iter_mut().zip(&changes).for_each(|(u, k)| *u = k[at]);
                self.bend(at, &mut row);
                row.iter().zip(&mut changes).for_each(|(u, k)| k[at] = *u);
            }
        }
        for (k, bent) in changes.iter().enumerate() {
            let sum = sparse::total(bent);
            let product = &mut product[layout.parameters(k)];
            sparse.multiply_transposed(bent, sum, &mut product[..layout.columns]);
            if layout.intercept {
                product[layout.columns] = sum;
            }
        }
    }

    fn multiply_dense(&self, direction: &[f64], product: &mut [f64]) -> Result<(), ObjectiveError> {
        let (rows, layout) = (self.objective.rows(), self.objective.layout());
        let sums = rows.fold(
            8 * product.len(),
            || vec![0.0; layout.dimension()],
            |sums: &mut Vec<f64>, chunk| {
                let (mut scratch, mut row) = (Vec::new(), vec![0.0; layout.outputs]);
                let mut changes = vec![0.0; rows.block() * layout.outputs];
                for block in rows.blocks(chunk) {
                    let count = block.len();
                    let cells = Block {
                        cells: rows.cells(block.clone(), &mut scratch)?,
                        columns: layout.columns,
                    };
                    for k in 0..layout.outputs {
                        let changes = &mut changes[k * count..(k + 1) * count];
                        let coefficients = layout.coefficients(direction, k);
                        let bias = layout.bias(direction, k);
                        kernel::scores(cells, coefficients, bias, Term::Product, changes);
                    }
                    for (i, at) in block.enumerate() {
                        for (k, u) in row.iter_mut().enumerate() {
                            *u = changes[k * count + i];
                        }
                        self.bend(at, &mut row);
                        for (k, u) in row.iter().enumerate() {
                            changes[k * count + i] = *u;
                        }
                    }
                    for k in 0..layout.outputs {
                        let changes = &changes[k * count..(k + 1) * count];
                        let sums = &mut sums[layout.parameters(k)];
                        kernel::add_gradient(cells, changes, false, sums);
                    }
                }
                Ok(())
            },
            |total, next| total.iter_mut().zip(next).for_each(|(t, n)| *t += n),
        )?;
        product.copy_from_slice(&sums);
        Ok(())
    }
}

impl<T: Element> CurvatureProduct for HostProduct<'_, '_, T> {
    fn multiply(&self, direction: &[f64], product: &mut [f64]) -> Result<(), ObjectiveError> {
        let layout = self.objective.layout();
        layout.check("direction", direction)?;
        layout.check("product", product)?;
        match self.objective.sparse() {
            Some(sparse) => self.multiply_sparse(sparse, direction, product),
            None => self.multiply_dense(direction, product)?,
        }
        let total = self.objective.total_weight();
        for p in &mut *product {
            *p /= total;
        }
        let l2 = self.objective.problem().penalty.l2();
        for at in (0..layout.outputs).flat_map(|k| layout.penalised(k)) {
            product[at] += l2 * direction[at];
        }
        Ok(())
    }

    fn diagonal(&self) -> Result<Vec<f64>, ObjectiveError> {
        let (rows, layout) = (self.objective.rows(), self.objective.layout());
        let mut diagonal = match self.objective.sparse() {
            Some(sparse) => {
                let mut diagonal = vec![0.0; layout.dimension()];
                for k in 0..layout.outputs {
                    let own: Vec<f64> = (0..rows.len()).map(|at| self.own(at, k)).collect();
                    let sum = sparse::total(&own);
                    let part = &mut diagonal[layout.parameters(k)];
                    sparse.curvatures(&own, sum, &mut part[..layout.columns]);
                    if layout.intercept {
                        part[layout.columns] = sum;
                    }
                }
                diagonal
            }
            None => rows.fold_rows(
                8 * layout.dimension(),
                || vec![0.0; layout.dimension()],
                |sums: &mut Vec<f64>, at, row| {
                    for k in 0..layout.outputs {
                        let own = self.own(at, k);
                        let sums = &mut sums[layout.parameters(k)];
                        for (sum, x) in sums.iter_mut().zip(row) {
                            let x = x.to_f64();
                            *sum += own * x * x;
                        }
                        if layout.intercept {
                            sums[layout.columns] += own;
                        }
                    }
                },
                |total, next| total.iter_mut().zip(next).for_each(|(t, n)| *t += n),
            )?,
        };
        let total = self.objective.total_weight();
        for d in &mut *diagonal {
            *d /= total;
        }
        let l2 = self.objective.problem().penalty.l2();
        for at in (0..layout.outputs).flat_map(|k| layout.penalised(k)) {
            diagonal[at] += l2;
        }
        Ok(diagonal)
    }
}
