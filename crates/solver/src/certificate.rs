//! How far a solution can be from the optimum, in units of score and probability.

use dataset::Element;
use faer::linalg::matmul::triangular::{BlockStructure, matmul};
use faer::{Accum, Mat, MatRef, Par};
use serde::{Deserialize, Serialize};

use crate::factor::Factor;
use crate::minimize::largest;
use crate::objective::{
    Block, HostObjective, Map, NARROW, ObjectiveError, PANEL, Problem, Sums, TargetValues, Wanted,
    dot, larger, longest_image,
};
use crate::tolerance::{CURVATURE_ROUNDING, EIGENVALUE_ROUNDING, SCORE_ROUNDING, UNIT_ROUNDOFF};

mod wide;

/// The lower bound of the curvature `H` that a certificate measures distances with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// `H` itself.
    #[default]
    Curvature,
    /// The smallest eigenvalue of the curvature of some of the rows: weaker, and far cheaper where there
    /// are many columns.
    SampledCurvature,
    /// The penalty alone, and the mean curvature for the intercept: the weakest, at the price of two
    /// passes.
    Penalty,
}

/// A proven bound on the distance to the optimum, measured after the fit in one pass of its own.
///
/// # The bound
/// Let `f` be the objective, `g` its gradient and `H` its curvature at the solution `θ`, the
/// intercept included as a column of ones; `‖v‖` the norm `√(vᵀH⁻¹v)`; `ν = ‖g‖` the Newton
/// decrement; `R = maxᵢ ‖xᵢ‖` over the rows of positive weight. **Binary loss:** if `Rν < 1`, the
/// optimum `θ*` exists, is unique, and for every row
///
/// ```text
/// |zᵢ − zᵢ*| ≤ −ln(1 − Rν)      and      |pᵢ − pᵢ*| ≤ ¼ · (−ln(1 − Rν)).
/// ```
///
/// *Proof.* For a step `h` let `φ(s) = hᵀ∇f(θ + sh)` and `t = maxᵢ |xᵢ·h|`. The penalty has no third
/// derivative, and `|σ″| ≤ σ′` for the sigmoid, so `|φ″| ≤ t φ′`: along `h` the curvature changes
/// by at most the factor `e^{±ts}`. With `φ′(0) = hᵀHh = ‖h‖²_H`,
///
/// ```text
/// φ(1) − φ(0) ≥ ‖h‖²_H (1 − e⁻ᵗ)/t.                                                    (1)
/// ```
///
/// *Bound.* For `h = θ* − θ` the left side is `−gᵀh ≤ ν‖h‖_H`, and `t ≤ R‖h‖_H` since
/// `xᵢ·h ≤ ‖xᵢ‖‖h‖_H`. As `(1 − e⁻ᵗ)/t` falls with `t`, `ν ≥ (1 − e^{−R‖h‖_H})/R`, that is
/// `R‖h‖_H ≤ −ln(1 − Rν)`; and `|zᵢ − zᵢ*| = |xᵢ·h| ≤ R‖h‖_H`. The slope of the sigmoid is at most
/// ¼. *Existence.* By (1), `hᵀ∇f(θ + h) ≥ ‖h‖_H [(1 − e^{−R‖h‖_H})/R − ν]`, which is positive on a
/// large enough sphere when `Rν < 1`: `f` grows along every ray, so it has a minimum, unique as
/// `H` is positive definite. Hence **a certificate rules out separation**.
///
/// **Squared loss:** `H` is constant and `θ* − θ = −H⁻¹g` exactly, so `|zᵢ − zᵢ*| ≤ ‖xᵢ‖ν ≤ Rν`
/// whatever `Rν`.
///
/// **Multinomial:** along `h = (h₁ … h_K)` a row's scores move by `u = (xᵢ·h₁ … xᵢ·h_K)`, and its
/// loss has the derivatives of the cumulant function of `u` under `p`: the second is `Var(u)` and
/// the third is `E(u − ū)³`, at most `spread(u) · Var(u)` with `spread(u) = maxₖ uₖ − minₖ uₖ`. So
/// (1) holds with `t = maxᵢ spreadᵢ(h)`. A spread is `xᵢ·(hₖ − hₗ)` for some pair of classes, hence
/// at most `‖(eₖ − eₗ) ⊗ xᵢ‖ ‖h‖_H`, and everything follows as before with
///
/// ```text
/// R = maxᵢ maxₖₗ ‖(eₖ − eₗ) ⊗ xᵢ‖ ;
/// ```
///
/// the score error is then one of differences between a row's scores, and since
/// `dpₖ = pₖ(1 − pₖ)(uₖ − mean of the others)`, `|pₖ − pₖ*| ≤ ¼ · (−ln(1 − Rν))`. `H` is flat along
/// common shifts of the classes ([`Gauge`](crate::Gauge)); the vectors `(eₖ − eₗ) ⊗ xᵢ` and `g` are
/// orthogonal to those, so the norm is that of the fixed matrix.
///
/// **L1 part:** the objective is `F = f + λα‖β‖₁` with `f` smooth. Instead of `g` take any subgradient
/// `r = ∇f(θ) + ξ` of `F` at `θ`; the shortest one has, for a coefficient of zero, `∇f` shrunk towards
/// zero by `λα`. Subgradients of the norm are monotone: for `θ + h` with any subgradient `ξ′` there,
/// `hᵀ(ξ′ − ξ) ≥ 0`, so
///
/// ```text
/// hᵀ(r′ − r) ≥ hᵀ(∇f(θ + h) − ∇f(θ)),
/// ```
///
/// to which (1) applies with `H` the curvature of `f`. At an optimum `r′ = 0` is a subgradient, and the
/// bound, and the existence, follow as before with `ν = ‖r‖`; squared loss has `‖h‖²_H ≤ −rᵀh`, hence
/// `‖h‖_H ≤ ν` once more. A multinomial without a ridge part has no certificate where its classes shift
/// together: there `H` is flat and `r` need not be.
///
/// # Wide problems
/// The proof needs no more of `H` than a lower bound: with `H ⪰ B` the norms `√(vᵀB⁻¹v)` are no smaller,
/// and `ν` and `R` in them no less valid. Where `rows × dimension²` is far beyond the cost of a fit
/// ([`tolerance::FULL_CERTIFICATE_WORK`](crate::tolerance::FULL_CERTIFICATE_WORK)), `B` is diagonal
/// ([`Basis`] says which of the two; the better is given):
///
/// - **sampled curvature:** no row's term in `H` is negative, so `H ⪰ H_S`, the terms of a fixed subset of
///   rows, still divided by the weight of all, and the penalty. With `S` the inverse root of the diagonal of
///   `H_S`, and `S H_S S − μI` found positive semidefinite by its Cholesky factor (Rump 2006),
///   `B = μS⁻²`;
/// - **penalty** (one output, or several without intercepts, for which `H ⪰ λ(1−α)` is all; `λ(1−α) > 0`): `vᵀHv = λ(1−α)‖β‖² + (1/W) Σ wᵢcᵢ(xᵢ·β + b)²` for
///   `v = (β, b)`, and `(u + b)² ≥ κb² − κu²/(1−κ)` for `0 < κ < 1`, the difference being the square of
///   `u/√(1−κ) + b√(1−κ)`. With `σ = (1/W) Σ wᵢcᵢ‖xᵢ‖²`, `c̄ = (1/W) Σ wᵢcᵢ` and the `κ` that makes
///   `κσ/(1−κ) = λ(1−α)/2`, hence `vᵀHv ≥ ½λ(1−α)‖β‖² + κc̄b²`.
///
/// # Rounding
/// Everything is computed in `f64`, and what rounding may hide is added (Higham 2002, §3.1, §4.2,
/// §10.1; `u` the unit roundoff):
///
/// - a row's score is wrong by `δᵢ ≤ (columns + 4)u(Σ|xᵢⱼβⱼ| + |b| + |offset|)`. That changes `g` by
///   at most `e^{δ} √((1/W) Σ wᵢcᵢδᵢ²)` in the norm of `H⁻¹`, because `H ⪰ (1/W) Σ wᵢcᵢxᵢxᵢᵀ`, and
///   `H` by the factor `1 ± 4 max δ`;
/// - the sums of `g`, with chains of at most `m` additions, by at most `(2m + K + 6)u · (1/W) Σ w|r||x|`
///   a component, carried into the norm through `|L⁻¹|`;
/// - the sums of `H`, its scaling to a unit diagonal and its factorisation by a matrix of norm at most
///   `ρ₀ = d(m + 512 + d + 12)u`, with up to 512 rows in one matrix product, which changes norms by the factor `(1 − ρ₀ tr Ĥ⁻¹)^{−1/2}`.
///
/// Sparse rows are centred implicitly, so their sums lose up to a factor to cancellation, which is measured with them
/// (the largest `Σ c(|x| + |shift|)²` of a column over the diagonal of `H`) and multiplies `ρ₀`.
///
/// No certificate is given where these amounts are not small: a *none*, never a guess.
///
/// # References
/// Bach (2010); Sun and Tran-Dinh (2019); Marteau-Ferey, Bach and Rudi (2019), for (1). Rump (2006),
/// *Verification of positive definiteness*.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Certificate {
    /// The largest absolute component of the gradient; of the shortest subgradient where the penalty has
    /// an L1 part.
    pub gradient_max: f64,
    /// `ν`, rounding included; none where the curvature is not positive definite.
    pub newton_decrement: Option<f64>,
    /// `R`; none where the curvature is not positive definite.
    pub radius: Option<f64>,
    /// `Rν`; the binary and multinomial bounds need it below 1.
    pub precondition: Option<f64>,
    /// No row's score (multinomial: no difference between a row's scores) is further from the
    /// optimum's.
    pub score_error: Option<f64>,
    /// No row's probability is further from the optimum's; none for squared loss.
    pub probability_error: Option<f64>,
    /// Why there is no bound.
    pub reason: Option<String>,
    /// What distances were measured with.
    #[serde(default)]
    pub basis: Basis,
}

impl Certificate {
    /// Whether there is a bound: then the optimum exists and is unique.
    pub fn holds(&self) -> bool {
        self.score_error.is_some()
    }

    fn none(gradient_max: f64, reason: &str) -> Self {
        Self {
            gradient_max,
            newton_decrement: None,
            radius: None,
            precondition: None,
            score_error: None,
            probability_error: None,
            reason: Some(reason.to_owned()),
            basis: Basis::default(),
        }
    }
}

/// Measures the [`Certificate`] of parameters `theta`.
///
/// The pass costs about one curvature pass and one multiplication of the rows by a triangular
/// matrix; for wide problems see [`Certificate`].
///
/// # Errors
/// [`ObjectiveError`] for a problem that makes no sense or a `theta` of another length.
///
/// # Examples
/// With one row of each class at the same place, `H = ¼` and `g = p − ½`:
/// ```
/// use dataset::DesignMatrix;
/// use solver::{Problem, TargetValues, certify};
///
/// let design = DesignMatrix::new(2, 0, vec![0.0; 0])?;
/// let problem = Problem::new(&design, TargetValues::Binary(&[0.0, 1.0]));
/// let certificate = certify(&problem, &[1e-6])?;
/// let error = certificate.score_error.unwrap();
/// assert!(error >= 1e-6 && error < 1.001e-6);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn certify<T: Element>(
    problem: &Problem<'_, T>,
    theta: &[f64],
) -> Result<Certificate, ObjectiveError> {
    certify_held(&HostObjective::new(*problem)?, theta, &[])
}

/// [`certify`] for a prepared objective, among the parameters whose columns `held` (`columns` itself
/// stands for the intercept) are zero.
///
/// Where the held columns are combinations of the others, the optimum's scores are the same.
///
/// # Errors
/// [`ObjectiveError::Length`] for a `theta` of another length.
pub fn certify_held<T: Element>(
    objective: &HostObjective<'_, T>,
    theta: &[f64],
    held: &[usize],
) -> Result<Certificate, ObjectiveError> {
    let layout = objective.layout();
    layout.check("parameters", theta)?;
    let problem = objective.problem();
    let kept: Vec<usize> = (0..layout.stride())
        .filter(|at| !held.contains(at))
        .collect();
    let free: Vec<usize> = (0..layout.outputs)
        .flat_map(|k| kept.iter().map(move |at| k * layout.stride() + at))
        .collect();
    if wide::is_wide(objective) {
        return wide::certify(objective, theta, &kept, &free);
    }
    // 1. Gradient and curvature, with what bounds their rounding.
    let mut sums = objective.sums(theta, Wanted::Audit)?;
    let gradient = subgradient(objective, theta, &sums, &free);
    let gradient_max = largest(&gradient);
    if !(gradient_max.is_finite() && sums.loss.is_finite()) {
        return Ok(Certificate::none(f64::MAX, "the objective is not finite"));
    }
    let mut curvature = Mat::new();
    objective.finish_curvature(std::mem::take(&mut sums.grams), &mut curvature);
    if let Some(gauge) = problem.gauge() {
        gauge.fix(&mut curvature);
    }
    if free.len() < curvature.nrows() {
        curvature = crate::objective::submatrix(&curvature, &free);
    }
    let Some(factor) = Factor::exact(curvature) else {
        let reason = "the curvature is not positive definite beyond rounding";
        return Ok(Certificate::none(gradient_max, reason));
    };
    let inverse = factor.inverse_lower();
    // 2. What rounding leaves of the curvature.
    let remaining = 1.0 - curvature_rounding(objective, &sums, &inverse);
    if remaining < 1.0 - CURVATURE_ROUNDING || sums.audit.largest > SCORE_ROUNDING {
        let reason = "the curvature is too near singular for its rounding";
        return Ok(Certificate::none(gradient_max, reason));
    }
    let dimension = free.len() as f64;
    let trace = inverse.squared_norm_l2();
    let inflation =
        (1.0 + 4.0 * dimension * UNIT_ROUNDOFF * (dimension * trace).sqrt()) / remaining.sqrt();
    // 3. The decrement, with the rounding of the gradient.
    let rounding = gradient_rounding(objective, theta, &sums, &free, &factor, &inverse);
    let decrement = inflation * (factor.squared_norm(&gradient).sqrt() + rounding);
    // 4. The radius: one product with every row.
    let radius = inflation * radius(objective, &kept, &factor, &inverse)?;
    Ok(conclude(&problem.target, gradient_max, decrement, radius))
}

/// The components of the gradient, or of the shortest subgradient, that are free.
fn subgradient<T: Element>(
    objective: &HostObjective<'_, T>,
    theta: &[f64],
    sums: &Sums,
    free: &[usize],
) -> Vec<f64> {
    let mut full = vec![0.0; objective.layout().dimension()];
    objective.finish_gradient(theta, sums, &mut full);
    shrink(objective, theta, &mut full);
    free.iter().map(|&at| full[at]).collect()
}

/// Turns the gradient into the shortest subgradient: at a coefficient of zero the L1 part takes away up
/// to `λα`.
fn shrink<T: Element>(objective: &HostObjective<'_, T>, theta: &[f64], gradient: &mut [f64]) {
    let (layout, l1) = (objective.layout(), objective.problem().penalty.l1());
    for at in (0..layout.outputs).flat_map(|k| layout.penalised(k)) {
        if theta[at] == 0.0 {
            let size = (gradient[at].abs() - l1).max(0.0);
            // NaN must stay: the larger of NaN and zero is zero
            gradient[at] = if gradient[at].is_nan() {
                f64::NAN
            } else {
                size.copysign(gradient[at])
            };
        }
    }
}

fn conclude(target: &TargetValues<'_>, gradient_max: f64, nu: f64, radius: f64) -> Certificate {
    let precondition = radius * nu;
    if !precondition.is_finite() {
        let reason = "the curvature all but vanishes in some direction";
        return Certificate::none(gradient_max, reason);
    }
    let (score_error, probability_error) = match target {
        TargetValues::Linear(_) => (Some(precondition), None),
        _ if precondition < 1.0 => {
            let error = -(-precondition).ln_1p();
            (Some(error), Some((0.25 * error).min(1.0)))
        }
        _ => (None, None),
    };
    let reason = score_error.is_none().then(|| {
        format!("the solution is too far from an optimum, if there is one (R times nu is {precondition:.2})")
    });
    Certificate {
        gradient_max,
        newton_decrement: Some(nu),
        radius: Some(radius),
        precondition: Some(precondition),
        score_error,
        probability_error,
        reason,
        basis: Basis::default(),
    }
}

/// The share of the curvature that rounding may have made.
fn curvature_rounding<T: Element>(
    objective: &HostObjective<'_, T>,
    sums: &Sums,
    inverse: &Mat<f64>,
) -> f64 {
    let (dimension, outputs) = (inverse.nrows() as f64, objective.layout().outputs as f64);
    let factored = 4.0 * sums.audit.largest + (2.0 * outputs + 16.0) * UNIT_ROUNDOFF;
    let summed = sums.audit.magnified * summation_rounding(objective, dimension);
    factored + summed * inverse.squared_norm_l2()
}

/// `ρ₀`: what the sums, the scaling and the factorisation change of the scaled curvature, at most.
fn summation_rounding<T: Element>(objective: &HostObjective<'_, T>, dimension: f64) -> f64 {
    let depth = (objective.depth() + PANEL) as f64;
    dimension * (depth + dimension + 12.0) * UNIT_ROUNDOFF
}

/// A bound on the rounding of the gradient, in the norm of the inverse curvature.
fn gradient_rounding<T: Element>(
    objective: &HostObjective<'_, T>,
    theta: &[f64],
    sums: &Sums,
    free: &[usize],
    factor: &Factor,
    inverse: &Mat<f64>,
) -> f64 {
    let components: Vec<f64> = (component_rounding(objective, theta, sums, free).iter())
        .zip(factor.scale())
        .map(|(rounding, scale)| scale * rounding)
        .collect();
    let mut carried = vec![0.0; components.len()];
    for (j, component) in components.iter().enumerate() {
        for i in j..carried.len() {
            carried[i] += inverse[(i, j)].abs() * component;
        }
    }
    let carried: f64 = carried.iter().map(|c| c * c).sum();
    carried.sqrt() + score_rounding(objective, sums)
}

/// What the rounding of the scores does to the gradient, in the norm of the inverse curvature.
fn score_rounding<T: Element>(objective: &HostObjective<'_, T>, sums: &Sums) -> f64 {
    let squares = sums.audit.squares / objective.total_weight();
    1.1 * sums.audit.largest.exp() * squares.sqrt()
}

/// A bound on the rounding of the sums in each free component of the gradient.
fn component_rounding<T: Element>(
    objective: &HostObjective<'_, T>,
    theta: &[f64],
    sums: &Sums,
    free: &[usize],
) -> Vec<f64> {
    let (layout, total) = (objective.layout(), objective.total_weight());
    let depth = objective.depth() as f64;
    let summed = (2.0 * depth + layout.outputs as f64 + 6.0) * UNIT_ROUNDOFF;
    let penalty = objective.problem().penalty;
    let component = |&at: &usize| {
        let penalised = at % layout.stride() < layout.columns;
        let penalty = if penalised {
            4.0 * UNIT_ROUNDOFF * (penalty.l2() * theta[at].abs() + penalty.l1())
        } else {
            0.0
        };
        summed * sums.audit.absolute[at] / total + penalty
    };
    free.iter().map(component).collect()
}

/// `R`: the largest dual norm of a row, or of a row times a difference of two classes.
fn radius<T: Element>(
    objective: &HostObjective<'_, T>,
    kept: &[usize],
    factor: &Factor,
    inverse: &Mat<f64>,
) -> Result<f64, ObjectiveError> {
    let (rows, layout) = (objective.rows(), objective.layout());
    let (width, outputs) = (kept.len(), layout.outputs);
    let dimension = width * outputs;
    if dimension == 0 {
        return Ok(0.0); // every column is held, and there is no intercept: nothing can move
    }
    let map = Mat::from_fn(dimension, dimension, |i, j| {
        inverse[(i, j)] * factor.scale()[j]
    });
    // every column is kept, and the intercept's one behind them if there is one
    let all = kept.iter().enumerate().all(|(at, &j)| at == j) && width >= rows.columns();
    let narrow = (outputs == 1 && all && width <= NARROW).then(|| {
        let stretch = largest_eigenvalue(inverse);
        let bounds = factor.scale().iter().map(|s| stretch * s * s);
        Map::new(&map, bounds.collect())
    });
    let squared = rows.fold(
        8,
        || 0.0_f64,
        |most, chunk| {
            let (mut scratch, columns) = (Vec::new(), rows.columns());
            let block = rows.block().min(128);
            if let Some(map) = &narrow {
                for rows_of_block in rows.blocks(chunk) {
                    let count = rows_of_block.len();
                    let cells = rows.cells(rows_of_block, &mut scratch)?;
                    *most = longest_image(map, Block { cells, columns }, count, *most);
                }
                return Ok(());
            }
            let mut cells = vec![1.0; block * width];
            let mut images = vec![Mat::<f64>::zeros(dimension, block); outputs];
            for from in chunk.clone().step_by(block) {
                let to = (from + block).min(chunk.end);
                let source = rows.cells(from..to, &mut scratch)?;
                for (i, cells) in (0..to - from).zip(cells.chunks_exact_mut(width)) {
                    let row = &source[i * columns..(i + 1) * columns];
                    if all {
                        // the intercept's one, if there is one, stays behind the row
                        for (cell, x) in cells.iter_mut().zip(row) {
                            *cell = x.to_f64();
                        }
                        continue;
                    }
                    for (cell, &j) in cells.iter_mut().zip(kept) {
                        *cell = row.get(j).map_or(1.0, |x| x.to_f64());
                    }
                }
                let cells =
                    MatRef::from_row_major_slice(&cells[..(to - from) * width], to - from, width);
                for (k, image) in images.iter_mut().enumerate() {
                    apply(&map, k * width, width, cells, image);
                }
                *most = larger(*most, longest(&images, width, to - from));
            }
            Ok(())
        },
        |most, next| *most = larger(*most, next),
    )?;
    Ok(squared.sqrt())
}

/// At least the largest eigenvalue of `L⁻ᵀL⁻¹`, and hardly more: the eighth root of a norm of its eighth
/// power.
fn largest_eigenvalue(inverse: &Mat<f64>) -> f64 {
    let mut power = inverse.transpose() * inverse;
    let mut logarithm = 0.0;
    for step in 0..4 {
        if step > 0 {
            power = &power * &power;
        }
        let rows = 0..power.nrows();
        let norm = rows.map(|i| power.row(i).norm_l1()).fold(0.0, larger);
        logarithm += norm.ln() / f64::from(1 << step);
        // divided by its norm, so that no power overflows
        power = faer::Scale(1.0 / norm) * &power;
    }
    (1.0 + EIGENVALUE_ROUNDING) * logarithm.exp()
}

/// The image of rows under the columns `start..start + width` of a lower triangular map.
fn apply(map: &Mat<f64>, start: usize, width: usize, cells: MatRef<'_, f64>, image: &mut Mat<f64>) {
    let dimension = map.nrows();
    let (triangle, below) = (
        map.as_ref().submatrix(start, start, width, width),
        map.as_ref()
            .submatrix(start + width, start, dimension - start - width, width),
    );
    let mut image = image.as_mut().subcols_mut(0, cells.nrows());
    let full = BlockStructure::Rectangular;
    matmul(
        image.as_mut().subrows_mut(start, width),
        full,
        Accum::Replace,
        triangle,
        BlockStructure::TriangularLower,
        cells.transpose(),
        full,
        1.0,
        Par::Seq,
    );
    if below.nrows() > 0 {
        faer::linalg::matmul::matmul(
            image.subrows_mut(start + width, dimension - start - width),
            Accum::Replace,
            below,
            cells.transpose(),
            1.0,
            Par::Seq,
        );
    }
}

/// The largest squared length of an image, or of a difference between two classes' images.
fn longest(images: &[Mat<f64>], width: usize, rows: usize) -> f64 {
    let mut most = 0.0_f64;
    for i in 0..rows {
        if let [image] = images {
            let column = image.col_as_slice(i);
            most = larger(most, dot(column, column));
        }
        for k in 0..images.len() {
            for l in k + 1..images.len() {
                // the image of a later class is zero above its own rows
                let (one, other) = (images[k].col(i), images[l].col(i));
                let mut squared = 0.0;
                for at in k * width..images.len() * width {
                    let difference = one[at] - other[at];
                    squared += difference * difference;
                }
                most = larger(most, squared);
            }
        }
    }
    most
}
