//! Proximal Newton steps on a working set of columns that are copied column after column.

use dataset::Element;
use faer::{Mat, MatRef};

use super::columns::Packed;
use super::quadratic::Quadratic;
use super::subgradient::{l1_change, soft_threshold, subgradient};
use super::within;
use crate::objective::pointwise::{log_loss, softmax_loss};
use crate::objective::{
    Gauge, HostObjective, Layout, Penalty, TargetValues, add_gram, dot, pairs, scatter,
};
use crate::tolerance::{INNER, MODEL_COORDINATES, MODEL_ROUNDS};

/// Targets and weights of the rows that count, without gaps.
#[derive(Debug, Clone)]
pub(super) struct Observations {
    /// `w/W`.
    weights: Vec<f64>,
    target: Target,
}

#[derive(Debug, Clone)]
enum Target {
    Binary(Vec<f64>),
    Linear(Vec<f64>),
    Classes(Vec<usize>),
}

impl Observations {
    pub(super) fn new<T: Element>(objective: &HostObjective<'_, T>) -> Self {
        let (rows, problem) = (objective.rows(), objective.problem());
        let indices = || (0..rows.len()).map(|at| rows.index(at));
        let total = objective.total_weight();
        Self {
            weights: indices()
                .map(|i| problem.weights.map_or(1.0, |w| w[i]) / total)
                .collect(),
            target: match problem.target {
                TargetValues::Binary(y) => Target::Binary(indices().map(|i| y[i]).collect()),
                TargetValues::Linear(y) => Target::Linear(indices().map(|i| y[i]).collect()),
                TargetValues::Multinomial { codes, .. } => {
                    Target::Classes(indices().map(|i| codes[i] as usize).collect())
                }
            },
        }
    }
}

/// The loss and its derivatives at some scores; everything weighted by `w/W`.
#[derive(Debug, Clone)]
pub(super) struct Point {
    /// `[outputs][rows]`
    pub(super) scores: Vec<Vec<f64>>,
    pub(super) loss: f64,
    /// `[outputs][rows]`: residuals.
    pub(super) residuals: Vec<Vec<f64>>,
    /// `[outputs][rows]`: curvatures of a single output, not yet weighted probabilities of several.
    shapes: Vec<Vec<f64>>,
}

impl Point {
    pub(super) fn new(observations: &Observations, scores: Vec<Vec<f64>>) -> Self {
        let rows = observations.weights.len();
        let mut residuals = vec![vec![0.0; rows]; scores.len()];
        let mut shapes = residuals.clone();
        let mut losses = vec![0.0; rows];
        let weights = &observations.weights;
        match &observations.target {
            Target::Binary(y) => {
                let (r, c) = (&mut residuals[0], &mut shapes[0]);
                for i in 0..rows {
                    let point = log_loss(scores[0][i], y[i]);
                    losses[i] = weights[i] * point.loss;
                    r[i] = weights[i] * point.residual;
                    c[i] = weights[i] * point.curvature;
                }
            }
            Target::Linear(y) => {
                for i in 0..rows {
                    let r = scores[0][i] - y[i];
                    losses[i] = 0.5 * weights[i] * r * r;
                    residuals[0][i] = weights[i] * r;
                }
                shapes[0].copy_from_slice(weights);
            }
            Target::Classes(classes) => {
                let mut row = vec![0.0; scores.len()];
                let mut residual = row.clone();
                for i in 0..rows {
                    row.iter_mut().zip(&scores).for_each(|(z, k)| *z = k[i]);
                    losses[i] = weights[i] * softmax_loss(&mut row, classes[i], &mut residual);
                    for k in 0..row.len() {
                        residuals[k][i] = weights[i] * residual[k];
                        shapes[k][i] = row[k];
                    }
                }
            }
        }
        Self {
            scores,
            loss: losses
                .chunks(256)
                .map(|part| part.iter().sum::<f64>())
                .sum(),
            residuals,
            shapes,
        }
    }

    /// The gradient of the loss for one class and column.
    pub(super) fn gradient(&self, output: usize, column: &[f64]) -> f64 {
        dot(column, &self.residuals[output])
    }

    /// Curvature of a row for a pair of classes.
    fn curvature(&self, observations: &Observations, row: usize, pair: (usize, usize)) -> f64 {
        if self.scores.len() == 1 {
            self.shapes[0][row]
        } else {
            observations.weights[row] * self.shapes[pair.0][row] * self.shapes[pair.1][row]
        }
    }

    /// Curvature of a row for one class.
    fn own_curvature(&self, observations: &Observations, row: usize, output: usize) -> f64 {
        if self.scores.len() == 1 {
            self.shapes[0][row]
        } else {
            let p = self.shapes[output][row];
            observations.weights[row] * p * (1.0 - p)
        }
    }
}

/// The curvature of the loss over some columns of every class.
#[derive(Debug, Clone)]
pub(super) struct Model {
    pub(super) columns: Vec<usize>,
    gram: Mat<f64>,
    /// Whether it was measured at the current scores.
    pub(super) fresh: bool,
}

impl Model {
    pub(super) fn measure(
        observations: &Observations,
        packed: &Packed,
        point: &Point,
        columns: Vec<usize>,
    ) -> Self {
        let (rows, width, outputs) = (
            observations.weights.len(),
            columns.len(),
            point.scores.len(),
        );
        let mut gram = Mat::zeros(outputs * width, outputs * width);
        let mut scaled = vec![0.0; rows * width];
        let mut roots = vec![0.0; rows];
        for pair in pairs(outputs) {
            for (i, root) in roots.iter_mut().enumerate() {
                *root = point.curvature(observations, i, pair).sqrt();
            }
            for (to, &j) in scaled.chunks_exact_mut(rows.max(1)).zip(&columns) {
                for ((to, x), root) in to.iter_mut().zip(packed.column(j)).zip(&roots) {
                    *to = x * root;
                }
            }
            let mut product = Mat::zeros(width, width);
            let scaled = MatRef::from_column_major_slice(&scaled, rows, width);
            add_gram(&mut product, scaled);
            scatter(&mut gram, &product, pair, 1.0);
        }
        Self {
            columns,
            gram,
            fresh: true,
        }
    }
}

/// What a quadratic model proposes.
#[derive(Debug)]
pub(super) struct Proposal {
    pub(super) theta: Vec<f64>,
    /// `[outputs][rows]`: how the scores move.
    pub(super) scores: Vec<Vec<f64>>,
    /// `Δ`: the slope along the step and the change of the L1 part.
    pub(super) change: f64,
    /// The largest scaled subgradient before.
    pub(super) residual: f64,
    /// Whether it is the model's minimum, and not just where work on it ended.
    solved: bool,
    /// The curvature's diagonal, by class and column of the model.
    diagonal: Vec<f64>,
}

impl Proposal {
    /// Whether it is the model's minimum and changes no score, or difference between a row's scores, by more
    /// than `limit`.
    pub(super) fn is_small(&self, limit: f64) -> bool {
        self.solved && self.spread() <= limit
    }

    fn spread(&self) -> f64 {
        let rows = self.scores.first().map_or(0, Vec::len);
        (0..rows).fold(0.0, |most: f64, i| {
            let first = self.scores[0][i];
            let (low, high) = (self.scores.iter()).fold((first, first), |(low, high), k| {
                (low.min(k[i]), high.max(k[i]))
            });
            most.max(if self.scores.len() == 1 {
                first.abs()
            } else {
                high - low
            })
        })
    }
}

/// What models are made of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ground<'w> {
    pub(super) layout: Layout,
    pub(super) penalty: Penalty,
    pub(super) gauge: Option<Gauge>,
    pub(super) observations: &'w Observations,
    pub(super) packed: &'w Packed,
}

impl Ground<'_> {
    /// Weights of the L1 and the L2 part for a column, both zero for the intercept.
    fn weights(&self, column: usize) -> (f64, f64) {
        if column < self.layout.columns {
            (self.penalty.l1(), self.penalty.l2())
        } else {
            (0.0, 0.0)
        }
    }

    /// The subgradient of every class and column, class after class.
    pub(super) fn subgradients(&self, point: &Point, theta: &[f64], columns: &[usize]) -> Vec<f64> {
        self.each(columns, |k, j| {
            let (l1, _) = self.weights(j);
            let beta = theta[k * self.layout.stride() + j];
            subgradient(self.slope(point, theta, k, j), beta, l1)
        })
    }

    fn each(&self, columns: &[usize], number: impl Fn(usize, usize) -> f64) -> Vec<f64> {
        let number = &number;
        (0..self.layout.outputs)
            .flat_map(|k| columns.iter().map(move |&j| number(k, j)))
            .collect()
    }

    /// The smooth gradient of one class and column.
    fn slope(&self, point: &Point, theta: &[f64], k: usize, j: usize) -> f64 {
        let (_, l2) = self.weights(j);
        point.gradient(k, self.packed.column(j)) + l2 * theta[k * self.layout.stride() + j]
    }

    /// The largest subgradient at another point, in the units of a proposal.
    pub(super) fn residual(
        &self,
        point: &Point,
        theta: &[f64],
        columns: &[usize],
        proposal: &Proposal,
    ) -> f64 {
        let slopes = self.subgradients(point, theta, columns);
        scaled(&slopes, &proposal.diagonal)
    }

    /// Whether a working set of this many columns has its curvature held as a matrix.
    pub(super) fn holds(&self, columns: usize) -> bool {
        let rows = self.observations.weights.len();
        let coordinates = self.layout.outputs * columns;
        coordinates <= MODEL_COORDINATES && columns <= (2 * rows).max(64)
    }

    /// Minimises the model over its columns, from its matrix.
    pub(super) fn propose(&self, model: &Model, point: &Point, theta: &[f64]) -> Proposal {
        let columns = &model.columns;
        let mut curvature = model.gram.clone();
        let width = columns.len();
        for k in 0..self.layout.outputs {
            for (i, &j) in columns.iter().enumerate() {
                curvature[(k * width + i, k * width + i)] += self.weights(j).1;
            }
        }
        if let Some(gauge) = self.gauge {
            within(gauge, width).fix(&mut curvature);
        }
        let l1 = self.each(columns, |_, j| self.weights(j).0);
        let from = self.each(columns, |k, j| theta[k * self.layout.stride() + j]);
        let gradient = self.each(columns, |k, j| self.slope(point, theta, k, j));
        let quadratic = Quadratic {
            curvature: &curvature,
            l1: &l1,
        };
        let (mut to, mut slopes) = (from.clone(), gradient.clone());
        let solved = quadratic.minimize(&mut to, &mut slopes);
        let diagonal = (0..to.len()).map(|i| curvature[(i, i)]).collect();
        self.proposal(theta, columns, (&to, solved), &gradient, diagonal)
    }

    /// Minimises the model with residuals that follow every change ("naive updates", Friedman, Hastie and
    /// Tibshirani 2010, §2.1): nothing is held but the columns.
    pub(super) fn propose_naively(
        &self,
        columns: &[usize],
        point: &Point,
        theta: &[f64],
    ) -> Proposal {
        let (outputs, stride) = (self.layout.outputs, self.layout.stride());
        let rows = self.observations.weights.len();
        let own: Vec<Vec<f64>> = (0..outputs)
            .map(|k| {
                (0..rows)
                    .map(|i| point.own_curvature(self.observations, i, k))
                    .collect()
            })
            .collect();
        let diagonal = self.each(columns, |k, j| {
            let column = self.packed.column(j);
            let sum: f64 = (column.iter().zip(&own[k])).map(|(x, c)| c * x * x).sum();
            sum + self.weights(j).1
        });
        let gradient = self.each(columns, |k, j| self.slope(point, theta, k, j));
        let from = self.each(columns, |k, j| theta[k * stride + j]);
        let l1 = self.each(columns, |_, j| self.weights(j).0);
        let start = (0..from.len())
            .map(|i| subgradient(gradient[i], from[i], l1[i]))
            .collect::<Vec<_>>();
        let tolerance = INNER * scaled(&start, &diagonal);
        let mut solved = false;
        // changes of the scores, and their mean over classes under the rows' probabilities
        let mut changes = vec![vec![0.0; rows]; outputs];
        let mut means = vec![0.0; rows];
        let mut to = from.clone();
        let everything: Vec<usize> = (0..to.len()).collect();
        let mut support: Vec<usize> = Vec::new();
        for sweep in 0..16 * MODEL_ROUNDS {
            // every eighth sweep looks at all coordinates again, and only such a sweep ends it
            let whole = sweep % 8 == 0;
            let visited = if whole { &everything } else { &support };
            let mut largest = 0.0_f64;
            let mut at = 0;
            for k in 0..outputs {
                let end = at + visited[at..].partition_point(|&i| i < (k + 1) * columns.len());
                if at == end {
                    continue;
                }
                let mut residuals = point.residuals[k].clone();
                for (i, r) in residuals.iter_mut().enumerate() {
                    *r += if outputs == 1 {
                        own[0][i] * changes[0][i]
                    } else {
                        let weighted = self.observations.weights[i] * point.shapes[k][i];
                        weighted * (changes[k][i] - means[i])
                    };
                }
                let before = (outputs > 1).then(|| changes[k].clone());
                for &i in &visited[at..end] {
                    let (h, j) = (diagonal[i], columns[i - k * columns.len()]);
                    if h <= 0.0 {
                        continue;
                    }
                    let column = self.packed.column(j);
                    let g = dot(column, &residuals) + self.weights(j).1 * to[i];
                    largest = largest.max(subgradient(g, to[i], l1[i]).abs() / h.sqrt());
                    let next = soft_threshold(h * to[i] - g, l1[i]) / h;
                    let change = next - to[i];
                    if change != 0.0 && next.is_finite() {
                        to[i] = next;
                        for (((r, z), x), c) in (residuals.iter_mut().zip(&mut changes[k]))
                            .zip(column)
                            .zip(&own[k])
                        {
                            *r += change * c * x;
                            *z += change * x;
                        }
                    }
                }
                if let Some(before) = before {
                    for (i, mean) in means.iter_mut().enumerate() {
                        *mean += point.shapes[k][i] * (changes[k][i] - before[i]);
                    }
                }
                at = end;
            }
            solved = whole && largest <= tolerance;
            if solved {
                break;
            }
            if whole {
                let is_active = |&i: &usize| to[i] != 0.0 || l1[i] == 0.0;
                support = everything.iter().copied().filter(is_active).collect();
            }
        }
        self.proposal(theta, columns, (&to, solved), &gradient, diagonal)
    }

    fn proposal(
        &self,
        theta: &[f64],
        columns: &[usize],
        (to, solved): (&[f64], bool),
        gradient: &[f64],
        diagonal: Vec<f64>,
    ) -> Proposal {
        let (outputs, stride) = (self.layout.outputs, self.layout.stride());
        let rows = self.observations.weights.len();
        let mut scores = vec![vec![0.0; rows]; outputs];
        let mut next = theta.to_vec();
        let mut change = 0.0;
        let mut slopes = Vec::with_capacity(to.len());
        let mut at = 0;
        for (k, scores) in scores.iter_mut().enumerate() {
            for &j in columns {
                let (from, (l1, _)) = (theta[k * stride + j], self.weights(j));
                slopes.push(subgradient(gradient[at], from, l1));
                let moved = to[at] - from;
                if moved != 0.0 {
                    next[k * stride + j] = to[at];
                    change += gradient[at] * moved + l1_change(from, to[at], l1);
                    for (z, x) in scores.iter_mut().zip(self.packed.column(j)) {
                        *z += moved * x;
                    }
                }
                at += 1;
            }
        }
        Proposal {
            theta: next,
            scores,
            change,
            residual: scaled(&slopes, &diagonal),
            solved,
            diagonal,
        }
    }
}

fn scaled(slopes: &[f64], diagonal: &[f64]) -> f64 {
    (slopes.iter().zip(diagonal)).fold(0.0, |most: f64, (s, h)| {
        most.max(if *h > 0.0 { s.abs() / h.sqrt() } else { 0.0 })
    })
}
