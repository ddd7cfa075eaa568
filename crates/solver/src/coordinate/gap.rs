//! The duality gap: how far an objective can be from its minimum, and so the rows from theirs.

mod products;

use dataset::Element;
use serde::{Deserialize, Serialize};

use super::columns::RowLoss;
use crate::objective::{
    HostObjective, Objective, ObjectiveError, SparseRows, TargetValues, dot_absolute, sparse,
};
use crate::tolerance::{GAP_ROUNDING, UNIT_ROUNDOFF};
use products::products;

/// A proven bound on the distance of an objective from its minimum, and on the rows' distances from theirs.
///
/// # The dual
/// For dual numbers `aᵢ` (`[outputs]` a row), with `W = Σ wᵢ`, Fenchel's inequality gives for every `θ`
///
/// ```text
/// P(θ) = (1/W) Σ wᵢ ℓᵢ(zᵢ) + Ω(β)  ≥  −(1/W) Σ wᵢ (ℓᵢ*(aᵢ) − aᵢ·oᵢ) − Ω*(v) = D(a),   v = (1/W) Σ wᵢ aᵢ xᵢ
/// ```
///
/// with `o` the offsets, provided that `Σ wᵢaᵢ = 0` where there is an intercept. `Ω*` is `Σ (|vⱼ| − λα)₊² /
/// 2λ(1−α)`, or without a ridge part zero if all `|vⱼ| ≤ λα` and infinite otherwise. At the optimum
/// `aᵢ = ∂ℓᵢ/∂z`: `pᵢ − yᵢ` for classes, with `ℓ* = Σₖ qₖ log qₖ`, `q = a + y` (both classes for the binary
/// loss), `zᵢ − yᵢ` for squared loss, with `ℓ* = ½a² + ay`.
///
/// *The dual point* is made of the solution's own residuals. With an intercept they are centred, exactly:
/// for squared loss by their mean; for classes, the rows of class `l` put a weight `Fₖₗ = Σ w pₖ` on class
/// `k`, and the intercepts ask that what flows into a class flows out of it; flows from classes with too much
/// outflow into classes with too much inflow are shrunk, which keeps every `q` a distribution. Without a ridge part
/// all is then shrunk so that `|vⱼ| ≤ λα`; with one, both ways are tried. The better is kept.
///
/// # From the gap to the rows
/// The gap `P(θ) − D(a)` is the sum of `P(θ) − P*` and `D* − D(a)`. Both are strongly convex in the rows:
///
/// - `P(θ) − P* ≥ (1/W) Σ wᵢ Bᵢ` with `Bᵢ` the Bregman distance of `ℓᵢ` from the optimum's score (the linear
///   part is the optimality condition, which the convex penalty obeys). For classes that is the divergence
///   `KL(pᵢ* ‖ pᵢ) ≥ ½‖pᵢ − pᵢ*‖₁² ≥ 2 maxₖ|pᵢₖ − pᵢₖ*|²` (Pinsker), for squared loss `½(zᵢ − zᵢ*)²`.
/// - `D* − D(a) ≥ (1/W) Σ wᵢ KL(aᵢ + yᵢ ‖ pᵢ*)`, and the same bounds, since negative entropy is 1-strongly
///   convex in `‖·‖₁` (hence `t log t + (1−t) log(1−t)` 4-strongly in `t`); for squared loss `½(aᵢ − aᵢ*)²`.
///
/// With `c = 2` for classes and `½` for squared loss, `eᵢ = ½‖pᵢ − pᵢ*‖₁` (or `|zᵢ − zᵢ*|`), and `sᵢ` the
/// distance between the row's own residual and `aᵢ` in the same norm, `eᵢ² + (eᵢ − sᵢ)₊² ≤ gap·W/(c wᵢ) =: G`,
/// hence
///
/// ```text
/// eᵢ ≤ min(√G, ½(sᵢ + √(2G))),
/// ```
///
/// and the same with `G = gap/c` for the root mean square over the rows by weight, with that of `s`.
///
/// The bound needs no condition beyond a penalty on every coefficient, but loses half the digits: a gap at
/// the rounding of the objective, 1e-16, leaves `½√(2n)·10⁻⁸` a row. The [`Certificate`](crate::Certificate) is
/// usually tighter; the smaller of the two holds.
///
/// # Rounding
/// Sums of `m` terms are wrong by at most `2mu` of their absolute value (Higham 2002, §4.2), `m` the longest chain
/// of additions; a row's score by `δᵢ ≤ (columns + 4)u(Σ|xᵢⱼβⱼ| + |b| + |offset|)`, which changes its loss by at
/// most `|rᵢ|δᵢ + δᵢ²`. The centring's own rounding is repaired by changing flows by a share `φ` of themselves, which
/// moves `v` by at most `φ(1/W)Σ w|a||x|` and `ℓ*` by `φ|a||log q|`. All of it is added to the gap.
///
/// # References
/// Ndiaye, Fercoq, Gramfort and Salmon (2017); Massias, Vaiter, Gramfort and Salmon (2020).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DualityGap {
    /// `P(θ)`, the objective.
    pub primal: f64,
    /// `D(a)` less the rounding, a lower bound of every objective; none where a coefficient is not penalised.
    pub dual: Option<f64>,
    /// `P(θ) − D(a)` with rounding added: the objective is no further above its minimum.
    pub gap: Option<f64>,
    /// The part of `gap` that allows for rounding.
    pub rounding: f64,
    /// No row's probability is further from the optimum's; none for squared loss.
    pub probability_error: Option<f64>,
    /// No row's score is further from the optimum's; squared loss only.
    pub score_error: Option<f64>,
    /// The root mean square, by weight, of the rows' errors (of the probabilities, or for squared
    /// loss of the scores) is not larger.
    pub mean_error: Option<f64>,
    /// Why there is no bound.
    pub reason: Option<String>,
}

/// How residuals are made to add up to zero over the rows.
enum Centring {
    None,
    Mean(f64),
    /// What remains of the flow into class `k` from rows of class `l`, at `k · classes + l`.
    Flows(Vec<f64>),
}

/// Measures the [`DualityGap`] of parameters `theta`, in three passes over the rows.
///
/// # Errors
/// [`ObjectiveError::Length`] for a `theta` of another length.
///
/// # Examples
/// With one row of each class at the same place and one column of zeros, the optimum is `p = ½`:
/// ```
/// use dataset::DesignMatrix;
/// use solver::{HostObjective, Penalty, Problem, TargetValues, duality_gap};
///
/// let design = DesignMatrix::new(2, 1, vec![0.0; 2])?;
/// let objective = HostObjective::new(Problem {
///     penalty: Penalty { lambda: 0.1, l1_ratio: 1.0 },
///     ..Problem::new(&design, TargetValues::Binary(&[0.0, 1.0]))
/// })?;
/// let found = duality_gap(&objective, &[0.0, 1e-3])?;
/// // p is off by 1e-3/4; the gap is twice 2e² but for the centring
/// let error = found.probability_error.unwrap();
/// assert!(error >= 0.999 * 2.5e-4 && error < 5.01e-4);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn duality_gap<T: Element>(
    objective: &HostObjective<'_, T>,
    theta: &[f64],
) -> Result<DualityGap, ObjectiveError> {
    let layout = objective.layout();
    layout.check("parameters", theta)?;
    let penalty = objective.problem().penalty;
    if layout.columns > 0 && penalty.lambda == 0.0 {
        return none(objective, theta, "the coefficients are not penalised");
    }
    let unit = unit(objective);
    // 1. Residuals that add up to zero.
    let centring = centre(objective, theta)?;
    // 2. What the penalty's conjugate makes of them.
    let (products, absolute) = products(objective, theta, &centring)?;
    let total = objective.total_weight();
    let spread = 8.0 * layout.outputs as f64 * unit;
    let bounds: Vec<f64> = (products.iter().zip(&absolute))
        .map(|(v, a)| (v.abs() + (unit + spread) * a) / total)
        .collect();
    let steepest = bounds.iter().fold(0.0, |most: f64, v| most.max(*v));
    let shrunk = if steepest > penalty.l1() {
        penalty.l1() / steepest * (1.0 - 4.0 * UNIT_ROUNDOFF)
    } else {
        1.0
    };
    let scales = if penalty.l2() > 0.0 {
        [1.0, shrunk]
    } else {
        [shrunk; 2]
    };
    // 3. Both objectives.
    let [full, shrunk] = scales.map(|scale| Totals::measure(objective, theta, &centring, scale));
    let sums = [full?, shrunk?];
    let candidates = scales.map(|scale| {
        if penalty.l2() == 0.0 {
            return 0.0;
        }
        let excess: f64 = (bounds.iter())
            .map(|v| (scale * v - penalty.l1()).max(0.0).powi(2))
            .sum();
        excess / (2.0 * penalty.l2())
    });
    let duals = [0, 1].map(|i| -sums[i].conjugate / total - candidates[i]);
    let best = usize::from(duals[1] > duals[0]);
    let (sums, conjugate, dual) = (&sums[best], candidates[best], duals[best]);
    let value: f64 = (0..layout.outputs)
        .map(|k| penalty.value(layout.coefficients(theta, k)))
        .sum();
    let primal = sums.loss / total + value;
    let terms = layout.dimension() as f64 + 8.0;
    let rounding = (unit * (sums.loss + sums.absolute) + spread * sums.slope + sums.scores) / total
        + 2.0 * terms * UNIT_ROUNDOFF * (value + conjugate)
        + 4.0 * UNIT_ROUNDOFF * (primal.abs() + dual.abs());
    let gap = (primal - dual).max(0.0) + rounding;
    if !gap.is_finite() {
        return none(objective, theta, "the objective is not finite");
    }
    Ok(sums.conclude(objective, primal, gap, rounding))
}

/// The relative rounding of sums over rows.
fn unit<T: Element>(objective: &HostObjective<'_, T>) -> f64 {
    (2.0 * objective.depth() as f64 + GAP_ROUNDING) * UNIT_ROUNDOFF
}

fn none<T: Element>(
    objective: &HostObjective<'_, T>,
    theta: &[f64],
    reason: &str,
) -> Result<DualityGap, ObjectiveError> {
    let primal = objective.value(theta)?;
    Ok(DualityGap {
        primal: if primal.is_finite() { primal } else { f64::MAX },
        dual: None,
        gap: None,
        rounding: 0.0,
        probability_error: None,
        score_error: None,
        mean_error: None,
        reason: Some(reason.to_owned()),
    })
}

/// What is there of a row's cells.
#[derive(Clone, Copy)]
enum Cells<'r, T> {
    All(&'r [T]),
    /// Columns and scaled numbers of a sparse row.
    Stored(&'r [u32], &'r [f64]),
}

/// Visits every row with its loss evaluated: `row` is told the loss, the cells, and the row of the table.
fn visit<T: Element, A: Send>(
    objective: &HostObjective<'_, T>,
    theta: &[f64],
    size: usize,
    start: impl Fn() -> A + Sync,
    row: impl Fn(&mut A, &RowLoss, Cells<'_, T>, usize) + Sync,
    merge: impl Fn(&mut A, &A) + Sync,
) -> Result<A, ObjectiveError> {
    let rows = objective.rows();
    if let Some(stored) = objective.sparse() {
        let scores = sparse::scores(objective, stored, theta);
        return rows.fold(
            8 * size,
            &start,
            |total, chunk| {
                let mut one = RowLoss::new(scores.len());
                for block in rows.blocks(chunk) {
                    let mut part = start();
                    for at in block {
                        let pairs = one.scores.iter_mut().zip(&scores);
                        pairs.for_each(|(score, scores)| *score = scores[at]);
                        let index = rows.index(at);
                        one.evaluate(objective, index);
                        let (positions, values) = stored.row(at);
                        row(&mut part, &one, Cells::Stored(positions, values), index);
                    }
                    merge(total, &part);
                }
                Ok(())
            },
            |total, next| merge(total, &next),
        );
    }
    rows.fold(
        8 * size,
        &start,
        |total, chunk| {
            let mut one = RowLoss::new(objective.layout().outputs);
            let mut scratch = Vec::new();
            for block in rows.blocks(chunk) {
                let mut part = start();
                let found = rows.cells(block.clone(), &mut scratch)?;
                for (i, at) in block.enumerate() {
                    let cells = &found[i * rows.columns()..(i + 1) * rows.columns()];
                    let index = rows.index(at);
                    one.score(objective, theta, cells, index);
                    one.evaluate(objective, index);
                    row(&mut part, &one, Cells::All(cells), index);
                }
                merge(total, &part);
            }
            Ok(())
        },
        |total, next| merge(total, &next),
    )
}

fn add(total: &mut [f64], next: &[f64]) {
    total.iter_mut().zip(next).for_each(|(t, n)| *t += n);
}

/// The class of a row; none for squared loss.
fn class(target: &TargetValues<'_>, index: usize) -> Option<usize> {
    match target {
        TargetValues::Binary(y) => Some(usize::from(y[index] > 0.5)),
        TargetValues::Multinomial { codes, .. } => Some(codes[index] as usize),
        TargetValues::Linear(_) => None,
    }
}

fn centre<T: Element>(
    objective: &HostObjective<'_, T>,
    theta: &[f64],
) -> Result<Centring, ObjectiveError> {
    let target = objective.problem().target;
    if !objective.layout().intercept {
        return Ok(Centring::None);
    }
    if let TargetValues::Linear(_) = target {
        let sum = visit(
            objective,
            theta,
            1,
            || 0.0,
            |sum, one, _, _| *sum += one.weight * one.residuals[0],
            |total, next| *total += next,
        )?;
        return Ok(Centring::Mean(sum / objective.total_weight()));
    }
    let classes = target.outputs().max(2);
    let flows = visit(
        objective,
        theta,
        classes * classes,
        || vec![0.0; classes * classes],
        |flows: &mut Vec<f64>, one, _, index| {
            let own = class(&target, index).unwrap_or_default();
            if let [r] = one.residuals[..] {
                flows[(1 - own) * classes + own] += one.weight * r.abs();
            } else {
                for (k, r) in one.residuals.iter().enumerate() {
                    if k != own {
                        flows[k * classes + own] += one.weight * r;
                    }
                }
            }
        },
        |total, next| add(total, next),
    )?;
    Ok(Centring::Flows(balance(&flows, classes)))
}

/// The share that remains of each flow, so that every class has as much inflow as outflow: flows from classes
/// with too much outflow into classes with too much inflow are cut; where those are not enough, all are.
fn balance(flows: &[f64], classes: usize) -> Vec<f64> {
    let into = |k: usize| (0..classes).map(|l| flows[k * classes + l]).sum::<f64>();
    let out = |l: usize| (0..classes).map(|k| flows[k * classes + l]).sum::<f64>();
    let total: f64 = flows.iter().sum();
    let mut excess: Vec<f64> = (0..classes).map(|k| into(k) - out(k)).collect();
    let mut shares = vec![1.0; classes * classes];
    for k in 0..classes {
        for l in 0..classes {
            let flow = flows[k * classes + l];
            let cut = excess[k].min(-excess[l]).min(flow);
            if cut > 0.0 {
                shares[k * classes + l] = (flow - cut) / flow;
                excess[k] -= cut;
                excess[l] += cut;
            }
        }
    }
    let left = excess.iter().fold(0.0, |most: f64, e| most.max(e.abs()));
    if left > 4.0 * classes as f64 * f64::EPSILON * total {
        shares.fill(0.0);
    }
    shares
}

impl Centring {
    /// The dual numbers of a row, times `scale`.
    fn dual(&self, one: &RowLoss, own: Option<usize>, scale: f64, dual: &mut [f64]) {
        match self {
            Self::None => {
                dual.iter_mut()
                    .zip(&one.residuals)
                    .for_each(|(a, r)| *a = scale * r);
            }
            Self::Mean(mean) => dual[0] = scale * (one.residuals[0] - mean),
            Self::Flows(shares) => {
                let own = own.unwrap_or_default();
                if let [a] = dual {
                    *a = scale * shares[(1 - own) * 2 + own] * one.residuals[0];
                    return;
                }
                let classes = dual.len();
                let mut others = 0.0;
                for k in 0..classes {
                    if k != own {
                        dual[k] = scale * shares[k * classes + own] * one.residuals[k];
                        others += dual[k];
                    }
                }
                dual[own] = -others;
            }
        }
    }
}

/// Bounds the rounding of a row's score for one output, but for that of the offset and the unit roundoff.
fn score_size<T: Element>(
    objective: &HostObjective<'_, T>,
    coefficients: &[f64],
    row: Cells<'_, T>,
    rest: f64,
    shifted: f64,
) -> f64 {
    let columns = objective.layout().columns as f64;
    match row {
        Cells::All(row) => (columns + 4.0) * (dot_absolute(row, coefficients) + rest),
        Cells::Stored(positions, values) => {
            let terms = positions.iter().zip(values);
            let sum: f64 = terms
                .map(|(&j, x)| (x * coefficients[j as usize]).abs())
                .sum();
            (values.len() as f64 + 8.0) * (sum + rest + shifted) + (columns + 8.0) * shifted
        }
    }
}

/// Sums over rows of the objective and its dual.
#[derive(Debug, Clone, Default)]
struct Totals {
    loss: f64,
    /// `Σ w (ℓ*(a) − a·o)`
    conjugate: f64,
    /// `Σ w` of the absolute values of what makes up the conjugate.
    absolute: f64,
    /// `Σ w |a| |∂ℓ*/∂a − o|`, what a change of the flows costs.
    slope: f64,
    /// `Σ w (|r|δ + δ²)`, the rounding of the scores.
    scores: f64,
    /// `Σ w s²` and the largest `s`.
    squares: f64,
    largest: f64,
    /// The smallest weight.
    weight: Option<f64>,
}

impl Totals {
    fn measure<T: Element>(
        objective: &HostObjective<'_, T>,
        theta: &[f64],
        centring: &Centring,
        scale: f64,
    ) -> Result<Self, ObjectiveError> {
        let layout = objective.layout();
        let shifted: Vec<f64> = (0..layout.outputs)
            .map(|k| {
                let shifts = objective.sparse().and_then(SparseRows::shifts);
                shifts.map_or(0.0, |shifts| {
                    dot_absolute(shifts, layout.coefficients(theta, k))
                })
            })
            .collect();
        visit(
            objective,
            theta,
            8,
            Self::default,
            |sums, one, row, index| {
                sums.add_row(objective, theta, centring, scale, one, row, index, &shifted);
            },
            Self::merge,
        )
    }

    fn merge(&mut self, next: &Self) {
        self.loss += next.loss;
        self.conjugate += next.conjugate;
        self.absolute += next.absolute;
        self.slope += next.slope;
        self.scores += next.scores;
        self.squares += next.squares;
        self.largest = self.largest.max(next.largest);
        self.weight = match (self.weight, next.weight) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "the row, and all that it is measured by"
    )]
    fn add_row<T: Element>(
        &mut self,
        objective: &HostObjective<'_, T>,
        theta: &[f64],
        centring: &Centring,
        scale: f64,
        one: &RowLoss,
        row: Cells<'_, T>,
        index: usize,
        shifted: &[f64],
    ) {
        let (layout, problem) = (objective.layout(), objective.problem());
        let w = one.weight;
        let own = class(&problem.target, index);
        let mut dual = vec![0.0; layout.outputs];
        centring.dual(one, own, scale, &mut dual);
        // 1. The conjugate.
        let (mut conjugate, mut absolute, mut slope) = (0.0, 0.0, 0.0);
        let mut entropy = |q: f64, log: f64, a: f64| {
            if q > 0.0 {
                conjugate += q * log;
                absolute += (q * log).abs();
                slope += a.abs() * log.abs();
            }
        };
        match (problem.target, own) {
            (TargetValues::Linear(y), _) | (TargetValues::Binary(y), None) => {
                let a = dual[0];
                conjugate = a * (0.5 * a + y[index]);
                absolute = 0.5 * a * a + (a * y[index]).abs();
                slope = a.abs() * (a.abs() + y[index].abs());
            }
            (TargetValues::Binary(_), _) => {
                let t = dual[0].abs();
                entropy(t, t.ln(), t);
                entropy(1.0 - t, (-t).ln_1p(), t);
            }
            (TargetValues::Multinomial { .. }, own) => {
                let own = own.unwrap_or_default();
                let mut others = 0.0;
                for (k, &q) in dual.iter().enumerate() {
                    if k != own {
                        entropy(q, q.ln(), q);
                        others += q;
                    }
                }
                entropy(1.0 - others, (-others).ln_1p(), others);
            }
        }
        // 2. Offsets, rounding, distance.
        let (mut delta, mut distance) = (0.0_f64, 0.0);
        for (k, a) in dual.iter().enumerate() {
            let offset = (problem.offsets).map_or(0.0, |o| o[index * layout.outputs + k]);
            conjugate -= a * offset;
            absolute += (a * offset).abs();
            slope += (a * offset).abs();
            let coefficients = layout.coefficients(theta, k);
            let rest = layout.bias(theta, k).abs() + offset.abs();
            let size = score_size(objective, coefficients, row, rest, shifted[k]);
            delta = delta.max(UNIT_ROUNDOFF * size);
            distance += (one.residuals[k] - a).abs();
        }
        if layout.outputs > 1 {
            distance *= 0.5;
        }
        let residual: f64 = one.residuals.iter().map(|r| r.abs()).sum();
        distance += delta;
        self.loss += w * one.loss;
        self.conjugate += w * conjugate;
        self.absolute += w * absolute;
        self.slope += w * slope;
        self.scores += w * delta * (residual + delta);
        self.squares += w * distance * distance;
        self.largest = self.largest.max(distance);
        self.weight = Some(self.weight.map_or(w, |least| least.min(w)));
    }

    fn conclude<T: Element>(
        &self,
        objective: &HostObjective<'_, T>,
        primal: f64,
        gap: f64,
        rounding: f64,
    ) -> DualityGap {
        let total = objective.total_weight();
        let classes = !matches!(objective.problem().target, TargetValues::Linear(_));
        let c = if classes { 2.0 } else { 0.5 };
        let bound = |g: f64, s: f64| g.sqrt().min(0.5 * (s + (2.0 * g).sqrt()));
        let least = self.weight.unwrap_or(1.0);
        let row = bound(gap * total / (c * least), self.largest);
        let mean = bound(gap / c, (self.squares / total).sqrt());
        let cap = |error: f64| if classes { error.min(1.0) } else { error };
        DualityGap {
            primal,
            dual: Some(primal - gap),
            gap: Some(gap),
            rounding,
            probability_error: classes.then_some(cap(row)),
            score_error: (!classes).then_some(row),
            mean_error: Some(cap(mean)),
            reason: None,
        }
    }
}
