//! Coordinate descent on a quadratic model, column by column of what is stored.

use rayon::prelude::*;

use super::super::subgradient::{soft_threshold, subgradient};
use super::{Ground, Weights};
use crate::objective::sparse::{Point, gathered, total};
use crate::tolerance::SETTLED_SHARE;

/// The quadratic model of the loss at a point, with the penalty, over the columns that may move.
///
/// Of a single output what is kept up to date is `t`, the model's residual of each row: the gradient of column `j` is
/// `x_j·t`, and a change of its coefficient by `δ` adds `δ h x_j` to `t`, with `h` the rows' curvatures. Several
/// classes take turns, each with its own `t` from the changes of all scores.
///
/// Implicitly centred cells are `x − s`: such a change also adds `−δ s_j h` to the `t` of every row. The sum `a` of
/// these shifts, and of the intercept's changes, is kept apart: the gradient is
/// `x_j·t + a (x_j·h) − s_j (Σt + a Σh)`, of which `x_j·h` never changes.
pub(super) struct Model<'g> {
    pub(super) ground: &'g Ground<'g>,
    pub(super) classes: Vec<Class>,
    pub(super) theta: Vec<f64>,
    /// `[outputs][rows]`: probabilities of several classes.
    pub(super) shapes: &'g [Vec<f64>],
    /// `[outputs][rows]`: changes of the scores of several classes, and their means under the probabilities.
    pub(super) changes: Vec<Vec<f64>>,
    pub(super) means: Vec<f64>,
}

/// What one output adds to a model.
pub(super) struct Class {
    /// Columns that may move.
    pub(super) columns: Vec<u32>,
    /// Of these: the curvature, ridge part included, and `x_j·h`.
    pub(super) diagonal: Vec<f64>,
    sums: Vec<f64>,
    /// Places of `columns` that sweeps still visit.
    order: Vec<u32>,
    /// `w/W` times the residuals at the start, and curvatures.
    residuals: Vec<f64>,
    pub(super) h: Vec<f64>,
    pub(super) sum_h: f64,
    pub(super) rest: Rest,
}

/// What the model leaves of the residuals.
#[derive(Debug, Clone, Default)]
pub(super) struct Rest {
    /// `t`, but for `a h`.
    pub(super) t: Vec<f64>,
    pub(super) sum_t: f64,
    /// `a`
    pub(super) shift: f64,
}

/// What a sweep found.
#[derive(Debug, Default, Clone, Copy)]
struct Sweep {
    /// The largest subgradient, each as it was found.
    largest: f64,
    /// Coefficients that became zero, or no longer are.
    switched: usize,
}

impl<'g> Model<'g> {
    pub(super) fn new(
        ground: &'g Ground<'g>,
        point: &'g Point,
        gradient: &[f64],
        theta: &[f64],
    ) -> Self {
        let layout = ground.layout;
        let several = layout.outputs > 1;
        let classes = (0..layout.outputs)
            .map(|k| Class::new(ground, point, gradient, theta, k))
            .collect();
        let rows = ground.sparse.rows();
        Self {
            ground,
            classes,
            theta: theta.to_vec(),
            shapes: &point.shapes,
            changes: vec![vec![0.0; rows]; if several { layout.outputs } else { 0 }],
            means: vec![0.0; if several { rows } else { 0 }],
        }
    }

    /// Minimises the model until no subgradient is above the tolerance, in at most so many sweeps.
    pub(super) fn minimize(&mut self, tolerance: f64, sweeps: usize) -> Vec<f64> {
        let mut last = f64::INFINITY;
        for at in 0..sweeps {
            let found = self.sweep(at % 2 == 1, last);
            if found.largest <= tolerance {
                break;
            }
            last = found.largest;
            let support = self.support();
            let settled = found.switched as f64 <= SETTLED_SHARE * support as f64;
            if at > 0 && settled {
                self.descend_in_face(tolerance);
            }
        }
        std::mem::take(&mut self.theta)
    }

    fn support(&self) -> usize {
        let layout = self.ground.layout;
        let nonzero = |k: usize| {
            let columns = self.classes[k].columns.iter();
            let start = layout.parameters(k).start;
            columns
                .filter(|&&j| self.theta[start + j as usize] != 0.0)
                .count()
        };
        (0..layout.outputs).map(nonzero).sum()
    }

    /// Visits the coordinates of every class in turn. A zero whose gradient is further inside the threshold than the
    /// last sweep's largest subgradient is left alone from then on.
    fn sweep(&mut self, backwards: bool, last: f64) -> Sweep {
        let mut found = Sweep::default();
        let layout = self.ground.layout;
        for k in 0..layout.outputs {
            self.start_class(k);
            let before = (layout.outputs > 1).then(|| self.theta[layout.parameters(k)].to_vec());
            let one = sweep_class(
                self.ground,
                &mut self.classes[k],
                &mut self.theta[layout.parameters(k)],
                backwards,
                last,
            );
            found.largest = found.largest.max(one.largest);
            found.switched += one.switched;
            if let Some(before) = before {
                self.finish_class(k, &before);
            }
        }
        found
    }

    /// The residuals that the changes of all classes leave to one of several.
    pub(super) fn start_class(&mut self, k: usize) {
        if self.classes.len() == 1 {
            return;
        }
        let class = &mut self.classes[k];
        let rest = &mut class.rest;
        let (shares, shapes, changes) = (&self.ground.shares, &self.shapes[k], &self.changes[k]);
        for (i, t) in rest.t.iter_mut().enumerate() {
            *t = class.residuals[i] + shares[i] * shapes[i] * (changes[i] - self.means[i]);
        }
        rest.sum_t = total(&rest.t);
        rest.shift = 0.0;
    }

    /// What the changes of one of several classes do to the scores.
    fn finish_class(&mut self, k: usize, before: &[f64]) {
        let (layout, sparse) = (self.ground.layout, self.ground.sparse);
        let after = &self.theta[layout.parameters(k)];
        let shift = self.classes[k].rest.shift;
        let mut moves = vec![shift; sparse.rows()];
        for &column in &self.classes[k].columns {
            let at = column as usize;
            let change = after[at] - before[at];
            if change != 0.0 {
                let (rows, values) = sparse.column(at);
                for (&row, x) in rows.iter().zip(values) {
                    moves[row as usize] += change * x;
                }
            }
        }
        for (i, moved) in moves.iter().enumerate() {
            self.changes[k][i] += moved;
            self.means[i] += self.shapes[k][i] * moved;
        }
    }
}

impl Class {
    fn new(ground: &Ground<'_>, point: &Point, gradient: &[f64], theta: &[f64], k: usize) -> Self {
        let (layout, sparse) = (ground.layout, ground.sparse);
        let start = layout.parameters(k).start;
        let (l1, l2) = (ground.weights.penalty.l1(), ground.weights.penalty.l2());
        let moves = |&j: &u32| {
            let at = start + j as usize;
            theta[at] != 0.0 || gradient[at].abs() > l1
        };
        let columns: Vec<u32> = (0..layout.columns as u32).filter(moves).collect();
        let residuals: Vec<f64> = point.residuals[k]
            .iter()
            .map(|r| r / ground.total)
            .collect();
        let h: Vec<f64> = if layout.outputs == 1 {
            point.shapes[k].iter().map(|c| c / ground.total).collect()
        } else {
            let rows = point.shapes[k].iter().zip(&ground.shares);
            rows.map(|(p, share)| share * p * (1.0 - p)).collect()
        };
        let sum_h = total(&h);
        let measure = |&column: &u32| {
            let (rows, values) = sparse.column(column as usize);
            let shift = sparse.shift(column as usize);
            let (mut diagonal, mut sum) = (0.0, 0.0);
            for (&row, x) in rows.iter().zip(values) {
                let hx = h[row as usize] * x;
                sum += hx;
                diagonal += hx * (x - 2.0 * shift);
            }
            ((diagonal + shift * shift * sum_h).max(0.0) + l2, sum)
        };
        let (diagonal, sums): (Vec<f64>, Vec<f64>) =
            columns.par_iter().with_min_len(256).map(measure).unzip();
        Self {
            order: (0..columns.len() as u32).collect(),
            columns,
            diagonal,
            sums,
            rest: Rest {
                sum_t: total(&residuals),
                t: residuals.clone(),
                shift: 0.0,
            },
            residuals,
            h,
            sum_h,
        }
    }

    /// The gradient of the model's smooth part for the column at a place.
    #[inline]
    fn gradient(&self, ground: &Ground<'_>, place: usize, theta: &[f64]) -> f64 {
        let column = self.columns[place] as usize;
        let (rows, values) = ground.sparse.column(column);
        let rest = &self.rest;
        let shift = ground.sparse.shift(column);
        gathered(rows, values, &rest.t) + rest.shift * self.sums[place]
            - shift * (rest.sum_t + rest.shift * self.sum_h)
            + ground.weights.penalty.l2() * theta[column]
    }

    /// Moves a coefficient.
    #[inline]
    fn shift(&mut self, ground: &Ground<'_>, place: usize, change: f64) {
        let column = self.columns[place] as usize;
        let (rows, values) = ground.sparse.column(column);
        let (t, h) = (&mut self.rest.t[..], &self.h[..]);
        for (&row, x) in rows.iter().zip(values) {
            let row = row as usize;
            t[row] += change * x * h[row];
        }
        self.rest.sum_t += change * self.sums[place];
        self.rest.shift -= change * ground.sparse.shift(column);
    }
}

/// One sweep over the coordinates of a class that are still visited.
fn sweep_class(
    ground: &Ground<'_>,
    class: &mut Class,
    theta: &mut [f64],
    backwards: bool,
    last: f64,
) -> Sweep {
    let l1 = ground.weights.penalty.l1();
    let mut found = Sweep::default();
    let mut order = std::mem::take(&mut class.order);
    if backwards {
        order.reverse();
    }
    order.retain(|&place| {
        let place = place as usize;
        let column = class.columns[place] as usize;
        let (h, beta) = (class.diagonal[place], theta[column]);
        let gradient = class.gradient(ground, place, theta);
        if beta == 0.0 && gradient.abs() < l1 - last {
            return false;
        }
        found.largest = found.largest.max(subgradient(gradient, beta, l1).abs());
        if h > 0.0 {
            let to = soft_threshold(h * beta - gradient, l1) / h;
            let change = to - beta;
            if change != 0.0 && to.is_finite() {
                found.switched += usize::from((to == 0.0) != (beta == 0.0));
                theta[column] = to;
                class.shift(ground, place, change);
            }
        }
        true
    });
    if backwards {
        order.reverse();
    }
    class.order = order;
    if ground.layout.intercept && class.sum_h > 0.0 {
        let slope = class.rest.sum_t + class.rest.shift * class.sum_h;
        found.largest = found.largest.max(slope.abs());
        let change = -slope / class.sum_h;
        if change.is_finite() {
            theta[ground.layout.columns] += change;
            class.rest.shift += change;
        }
    }
    found
}

impl Weights {
    /// The weight of the L1 part of a column.
    pub(super) fn l1(&self) -> f64 {
        self.penalty.l1()
    }
}
