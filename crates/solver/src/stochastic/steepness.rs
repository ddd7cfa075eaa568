//! How steep an objective can get: the largest eigenvalue of its curvature, and the learning rates that
//! follow from it.
//!
//! Gradient descent `θ ← θ - η∇f` on a convex `f` whose curvature is nowhere above `L` obeys
//! `f(θ') ≤ f(θ) - η(1 - ηL/2)‖∇f‖²` (Nesterov 2018, §1.2.3): it never increases for `η < 2/L`, and
//! gains most for sure at `η = 1/L`. Near the optimum the curvature there, `λ`, decides: along its
//! steepest direction a step multiplies the distance by `1 - ηλ`, which grows for `η > 2/λ`.

use dataset::Element;
use faer::{Mat, Side};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::objective::dot;
use crate::tolerance::UNIT_ROUNDOFF;
use crate::{HostObjective, Objective, ObjectiveError, Penalty, Problem, TargetValues};

/// Parameters up to which the curvature is formed and its eigenvalues are computed.
const FORMED: usize = 600;

/// Products with the curvature where there are more parameters.
const STEPS: usize = 60;

/// The chance that Lanczos' upper side is too low, over its random start.
const CHANCE: f64 = 1e-9;

/// The seed of that start: the same rows have the same bound.
const SEED: u64 = 0x4C61_6E63_7A6F_7300;

/// The largest eigenvalue of a curvature.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Steepness {
    /// What was computed: never above the true value but for rounding.
    pub value: f64,
    /// At least the true value: for certain where the curvature was formed, and but for one chance in
    /// 10⁹ where it was not.
    pub upper: f64,
    /// How it was found.
    pub basis: SpectrumBasis,
}

/// How a largest eigenvalue was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum SpectrumBasis {
    /// All eigenvalues of the matrix.
    Formed,
    /// Lanczos' iteration from a random start.
    Lanczos,
}

impl Steepness {
    /// The learning rate below which gradient descent is sure to descend: `2/L`.
    pub fn safe_rate(&self) -> f64 {
        2.0 / self.upper.max(f64::MIN_POSITIVE)
    }
}

/// The factor `c` for which `c · xxᵀ` is nowhere below the curvature of a row's loss: ¼ for log loss, ½
/// for the softmax (Böhning 1992), and exactly 1 for squared loss.
pub fn loss_curvature(target: &TargetValues<'_>) -> f64 {
    match target {
        TargetValues::Binary(_) => 0.25,
        TargetValues::Multinomial { .. } => 0.5,
        TargetValues::Linear(_) => 1.0,
    }
}

/// The steepest that the objective gets anywhere: `λmax(c X̃ᵀWX̃/ΣW + λ(1-α)P)`, with a column of ones
/// for the intercept, which `P` leaves out.
///
/// # Errors
/// [`ObjectiveError::Rows`] where the rows' source fails.
///
/// # Examples
/// Two rows at ±2 without an intercept: the mean of their squares is 4, and log loss bends at most a
/// quarter of that.
/// ```
/// use dataset::DesignMatrix;
/// use solver::stochastic::steepness::steepest;
/// use solver::{HostObjective, Problem, TargetValues};
///
/// let design = DesignMatrix::new(2, 1, vec![2.0, -2.0])?;
/// let objective = HostObjective::new(Problem {
///     intercept: false,
///     ..Problem::new(&design, TargetValues::Binary(&[0.0, 1.0]))
/// })?;
/// let steepest = steepest(&objective)?;
/// assert!((steepest.value - 1.0).abs() < 1e-12 && steepest.upper >= 1.0);
/// assert!(steepest.safe_rate() <= 2.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn steepest<T: Element>(objective: &HostObjective<'_, T>) -> Result<Steepness, ObjectiveError> {
    let problem = objective.problem();
    let factor = loss_curvature(&problem.target);
    // Least squares towards zero have this curvature, up to the factor.
    let zeros = vec![0.0; problem.design.rows()];
    let quadratic = HostObjective::new(Problem {
        target: TargetValues::Linear(&zeros),
        offsets: None,
        penalty: Penalty::ridge(problem.penalty.l2() / factor),
        ..*problem
    })?;
    largest(&quadratic, factor, trace(objective, factor, None)?)
}

/// How steep the objective is at some parameters. `None` for several classes with so many parameters that
/// their curvature is not formed.
///
/// # Shapes
/// - `theta`: `[dimension]`
///
/// # Errors
/// As [`steepest`], and [`ObjectiveError::Length`] for a `theta` of another length.
pub fn steepness_at<T: Element>(
    objective: &HostObjective<'_, T>,
    theta: &[f64],
) -> Result<Option<Steepness>, ObjectiveError> {
    let problem = objective.problem();
    if objective.dimension() <= FORMED {
        let (mut gradient, mut curvature) = (vec![0.0; theta.len()], Mat::zeros(0, 0));
        objective.curvature(theta, &mut gradient, &mut curvature)?;
        return Ok(Some(formed(&curvature)));
    }
    let curvatures = match problem.target {
        TargetValues::Multinomial { .. } => return Ok(None),
        TargetValues::Linear(_) => return steepest(objective).map(Some),
        TargetValues::Binary(_) => row_curvatures(objective, theta)?,
    };
    let total: f64 = curvatures.iter().sum();
    if total.partial_cmp(&0.0) != Some(std::cmp::Ordering::Greater) {
        return Ok(None);
    }
    // The rows, weighted with their curvatures, have this curvature in least squares.
    let zeros = vec![0.0; problem.design.rows()];
    let factor = total / objective.total_weight();
    let quadratic = HostObjective::new(Problem {
        target: TargetValues::Linear(&zeros),
        offsets: None,
        weights: Some(&curvatures),
        penalty: Penalty::ridge(problem.penalty.l2() / factor),
        ..*problem
    })?;
    let trace = trace(objective, 1.0, Some(&curvatures))?;
    largest(&quadratic, factor, trace).map(Some)
}

/// The rate below which descent by random batches is sure to come near the optimum: `1/(2𝓛)` with the
/// expected smoothness `𝓛 = n(b-1)/(b(n-1)) L + (n-b)/(b(n-1)) Lmax` of batches of `b` out of `n` rows,
/// where `Lmax` is the steepest that the loss of a single row gets (Gower et al. 2019, Proposition 3.8).
///
/// # Errors
/// [`ObjectiveError::Rows`] where the rows' source fails.
pub fn batch_rate<T: Element>(
    objective: &HostObjective<'_, T>,
    steepest: &Steepness,
    batch_size: usize,
) -> Result<f64, ObjectiveError> {
    let problem = objective.problem();
    let factor = loss_curvature(&problem.target);
    let mean = objective.total_weight() / problem.design.rows() as f64;
    let intercept = f64::from(u8::from(problem.intercept));
    let rows = objective.rows();
    let longest = rows.fold_rows(
        8,
        || 0.0_f64,
        |most, at, cells| {
            let weight = problem
                .weights
                .map_or(1.0, |weights| weights[rows.index(at)]);
            let square: f64 = cells.iter().map(|x| x.to_f64() * x.to_f64()).sum();
            *most = most.max(weight / mean * (square + intercept));
        },
        |most, next| *most = most.max(next),
    )?;
    let single = factor * longest + problem.penalty.l2();
    let (n, b) = (problem.design.rows() as f64, batch_size as f64);
    if batch_size >= problem.design.rows() {
        return Ok(0.5 / steepest.upper.max(f64::MIN_POSITIVE));
    }
    let expected =
        n * (b - 1.0) / (b * (n - 1.0)) * steepest.upper + (n - b) / (b * (n - 1.0)) * single;
    Ok(0.5 / expected.max(f64::MIN_POSITIVE))
}

/// `wᵢ pᵢ(1-pᵢ)` of every row; zero for rows that do not count.
fn row_curvatures<T: Element>(
    objective: &HostObjective<'_, T>,
    theta: &[f64],
) -> Result<Vec<f64>, ObjectiveError> {
    let (problem, layout, rows) = (objective.problem(), objective.layout(), objective.rows());
    layout.check("parameters", theta)?;
    let mut curvatures = vec![0.0; problem.design.rows()];
    let found = rows.fold_rows(
        16 * rows.len(),
        Vec::new,
        |found, at, cells| {
            let row = rows.index(at);
            let offset = problem.offsets.map_or(0.0, |offsets| offsets[row]);
            let score = dot(cells, layout.coefficients(theta, 0)) + layout.bias(theta, 0) + offset;
            let e = (-score.abs()).exp();
            let weight = problem.weights.map_or(1.0, |weights| weights[row]);
            found.push((row, weight * e / ((1.0 + e) * (1.0 + e))));
        },
        Extend::extend,
    )?;
    for (row, curvature) in found {
        curvatures[row] = curvature;
    }
    Ok(curvatures)
}

/// The trace of the curvature: `factor` times the mean of `‖x̃‖²`, each row with its weight or with another
/// number, and the penalty's. No eigenvalue is larger.
fn trace<T: Element>(
    objective: &HostObjective<'_, T>,
    factor: f64,
    instead: Option<&[f64]>,
) -> Result<f64, ObjectiveError> {
    let (problem, rows) = (objective.problem(), objective.rows());
    let intercept = f64::from(u8::from(problem.intercept));
    let weights = instead.or(problem.weights);
    let sum = rows.fold_rows(
        8,
        || 0.0,
        |sum, at, cells| {
            let weight = weights.map_or(1.0, |weights| weights[rows.index(at)]);
            let square: f64 = cells.iter().map(|x| x.to_f64() * x.to_f64()).sum();
            *sum += weight * (square + intercept);
        },
        |sum, next| *sum += next,
    )?;
    let penalty = problem.penalty.l2() * problem.design.columns() as f64;
    Ok(factor * sum / objective.total_weight() + penalty)
}

/// The largest eigenvalue of `factor` times a quadratic objective's curvature.
fn largest<T: Element>(
    quadratic: &HostObjective<'_, T>,
    factor: f64,
    trace: f64,
) -> Result<Steepness, ObjectiveError> {
    let dimension = quadratic.dimension();
    let mut gradient = vec![0.0; dimension];
    if dimension <= FORMED {
        let mut curvature = Mat::zeros(0, 0);
        quadratic.curvature(&vec![0.0; dimension], &mut gradient, &mut curvature)?;
        curvature *= faer::Scale(factor);
        return Ok(formed(&curvature));
    }
    lanczos(dimension, trace, |vector, product| {
        quadratic.gradient(vector, product)?;
        for value in &mut *product {
            *value *= factor;
        }
        Ok(())
    })
}

/// The largest eigenvalue of a matrix with both triangles.
///
/// Rounding moves eigenvalues by no more than the norm of what it adds to the matrix (Weyl): sums of
/// positive terms in pieces of a few thousand rows, and the decomposition itself.
fn formed(curvature: &Mat<f64>) -> Steepness {
    let n = curvature.nrows();
    let trace: f64 = (0..n).map(|j| curvature[(j, j)]).sum();
    let value =
        eigenvalues(curvature).map_or(trace, |values| values.into_iter().fold(0.0_f64, f64::max));
    let rounding = 8.0 * (n as f64 + 1024.0) * UNIT_ROUNDOFF * trace;
    Steepness {
        value,
        upper: value + rounding,
        basis: SpectrumBasis::Formed,
    }
}

/// All eigenvalues of a symmetric matrix; none where the decomposition fails, as it does of NaN.
fn eigenvalues(matrix: &Mat<f64>) -> Option<Vec<f64>> {
    matrix.self_adjoint_eigenvalues(Side::Lower).ok()
}

/// Lanczos' iteration with full reorthogonalisation, from a random start.
///
/// The largest Ritz value `ξ` after `k` products is at most `λ`, and at least `(1-ε)λ` but for a chance of
/// `1.648 √n exp(-√ε (2k-1))` (Kuczyński, Woźniakowski 1992, Theorem 4.2); and as the Ritz values
/// interlace the eigenvalues, the trace less all others bounds `λ`, too.
fn lanczos(
    n: usize,
    trace: f64,
    mut multiply: impl FnMut(&[f64], &mut [f64]) -> Result<(), ObjectiveError>,
) -> Result<Steepness, ObjectiveError> {
    let mut random = ChaCha8Rng::seed_from_u64(SEED);
    let mut vector: Vec<f64> = (0..n).map(|_| normal(&mut random)).collect();
    scale_to_one(&mut vector);
    let mut basis = vec![vector];
    let (mut diagonal, mut beside) = (Vec::new(), Vec::new());
    let mut product = vec![0.0; n];
    let steps = STEPS.min(n);
    let mut exhausted = false;
    while diagonal.len() < steps {
        let Some(last) = basis.last() else { break };
        multiply(last, &mut product)?;
        diagonal.push(dot(&product, last));
        // twice is enough (Parlett 1998, §6.9)
        for _ in 0..2 {
            for one in &basis {
                let share = dot(&product, one);
                product
                    .iter_mut()
                    .zip(one)
                    .for_each(|(p, b)| *p -= share * b);
            }
        }
        let length = scale_to_one(&mut product);
        if length.is_nan() || length <= trace * UNIT_ROUNDOFF * n as f64 {
            exhausted = true;
            break;
        }
        beside.push(length);
        basis.push(product.clone());
    }
    let k = diagonal.len();
    let tridiagonal = Mat::from_fn(k, k, |i, j| match i.abs_diff(j) {
        0 => diagonal[i],
        1 => beside[i.min(j)],
        _ => 0.0,
    });
    let ritz = eigenvalues(&tridiagonal).unwrap_or_default();
    let value = ritz.iter().fold(0.0_f64, |most, &one| most.max(one));
    let others: f64 = ritz.iter().sum::<f64>() - value;
    let certain = trace - others.max(0.0);
    // An invariant subspace that a random start lies in holds every eigenvalue.
    let probable = if exhausted {
        value
    } else {
        let root = (1.648 * (n as f64).sqrt() / CHANCE).ln() / (2 * k - 1) as f64;
        let epsilon = root * root;
        if epsilon < 1.0 {
            value / (1.0 - epsilon)
        } else {
            f64::INFINITY
        }
    };
    let rounding = 8.0 * (n as f64 + 1024.0) * UNIT_ROUNDOFF * trace;
    Ok(Steepness {
        value,
        upper: certain.min(probable) + rounding,
        basis: SpectrumBasis::Lanczos,
    })
}

/// Divides by the length, which is returned.
fn scale_to_one(vector: &mut [f64]) -> f64 {
    let length = dot(vector, vector).sqrt();
    for value in &mut *vector {
        *value /= length;
    }
    length
}

/// A standard normal number (Box, Muller 1958).
fn normal(random: &mut ChaCha8Rng) -> f64 {
    let (u, v) = (1.0 - random.random::<f64>(), random.random::<f64>());
    (-2.0 * u.ln()).sqrt() * (2.0 * std::f64::consts::PI * v).cos()
}

#[cfg(test)]
mod tests {
    use dataset::DesignMatrix;

    use super::*;

    /// `XᵀX/n`.
    fn gram(design: &DesignMatrix<f64>) -> Mat<f64> {
        let (n, p) = (design.rows() as f64, design.columns());
        let product = |i: usize, j: usize, row: usize| design.row(row)[i] * design.row(row)[j];
        Mat::from_fn(p, p, |i, j| {
            (0..design.rows()).map(|row| product(i, j, row) / n).sum()
        })
    }

    fn design(rows: usize, columns: usize, seed: u64) -> DesignMatrix<f64> {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let cells = (0..rows * columns).map(|_| normal(&mut random)).collect();
        DesignMatrix::new(rows, columns, cells).unwrap()
    }

    /// The power method on a plain matrix.
    fn power(matrix: &Mat<f64>) -> f64 {
        let n = matrix.nrows();
        let mut vector: Vec<f64> = (0..n).map(|i| 1.0 + 0.01 * i as f64).collect();
        let mut length = 0.0;
        for _ in 0..5000 {
            let mut next = vec![0.0; n];
            for i in 0..n {
                for j in 0..n {
                    next[i] += matrix[(i, j)] * vector[j];
                }
            }
            length = scale_to_one(&mut next);
            vector = next;
        }
        length
    }

    #[test]
    fn the_formed_matrix_and_the_power_method_agree() {
        let design = design(60, 7, 1);
        let zeros = vec![0.0; 60];
        let objective = HostObjective::new(Problem {
            intercept: false,
            ..Problem::new(&design, TargetValues::Linear(&zeros))
        })
        .unwrap();
        let found = steepest(&objective).unwrap();
        let expected = power(&gram(&design));
        assert!((found.value - expected).abs() < 1e-9 * expected);
        assert!(found.upper >= expected && found.upper < expected * (1.0 + 1e-9));
        let here = steepness_at(&objective, &[3.0; 7]).unwrap().unwrap();
        assert!((here.value - found.value).abs() < 1e-12);
    }

    #[test]
    fn lanczos_is_below_and_its_upper_side_above() {
        for seed in 0..20 {
            let design = design(30 + seed as usize, 40, seed);
            let matrix = gram(&design);
            let trace: f64 = (0..40).map(|j| matrix[(j, j)]).sum();
            let found = lanczos(40, trace, |vector, product| {
                for i in 0..40 {
                    product[i] = (0..40).map(|j| matrix[(i, j)] * vector[j]).sum();
                }
                Ok(())
            })
            .unwrap();
            let exact = formed(&matrix).value;
            assert!(found.value <= exact * (1.0 + 1e-12));
            assert!(found.upper >= exact * (1.0 - 1e-12), "{found:?} {exact}");
            assert!(found.upper < 1.3 * exact, "{found:?} {exact}");
        }
    }

    /// More parameters than are formed: the two ways bound one another.
    #[test]
    fn wide_rows_are_bounded_without_a_matrix() {
        let columns = FORMED + 20;
        let design = design(50, columns, 3);
        let target: Vec<f64> = (0..50).map(|i| f64::from(i % 2)).collect();
        let objective = HostObjective::new(Problem {
            penalty: Penalty::ridge(0.01),
            ..Problem::new(&design, TargetValues::Binary(&target))
        })
        .unwrap();
        let found = steepest(&objective).unwrap();
        assert_eq!(found.basis, SpectrumBasis::Lanczos);
        let (mut gradient, mut curvature) = (vec![0.0; columns + 1], Mat::zeros(0, 0));
        let zeros = vec![0.0; columns + 1];
        objective
            .curvature(&zeros, &mut gradient, &mut curvature)
            .unwrap();
        let exact = formed(&curvature).value;
        assert!((found.value - exact).abs() < 1e-8 * exact);
        assert!(found.upper >= exact && found.upper < 1.2 * exact);
        let theta: Vec<f64> = (0..=columns).map(|j| 0.05 * (j as f64).sin()).collect();
        objective
            .curvature(&theta, &mut gradient, &mut curvature)
            .unwrap();
        let exact = formed(&curvature).value;
        let here = steepness_at(&objective, &theta).unwrap().unwrap();
        assert!((here.value - exact).abs() < 1e-8 * exact);
        assert!(here.upper >= exact && here.upper <= found.upper * 1.2);
    }

    #[test]
    fn batches_of_all_rows_have_the_rate_of_all_rows() {
        let design = design(40, 3, 5);
        let target: Vec<f64> = (0..40).map(|i| f64::from(i % 2)).collect();
        let objective =
            HostObjective::new(Problem::new(&design, TargetValues::Binary(&target))).unwrap();
        let steepest = steepest(&objective).unwrap();
        let rate = |size| batch_rate(&objective, &steepest, size).unwrap();
        assert!((rate(40) - 0.25 * steepest.safe_rate()).abs() < 1e-15);
        assert!(rate(1) < rate(8) && rate(8) < rate(39) && rate(39) < rate(40));
    }
}
