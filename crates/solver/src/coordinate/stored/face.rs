//! Conjugate gradients on a quadratic model, among the coefficients that are not zero.

use rayon::prelude::*;

use super::model::Model;
use crate::objective::sparse::{gathered, total};
use crate::tolerance::{FACE_LENGTHS, FACE_PRODUCTS, FACE_RESIDUAL};

/// A coefficient that is not zero, or an intercept.
#[derive(Debug, Clone, Copy)]
struct Coordinate {
    class: usize,
    column: usize,
    /// Where it is among the parameters.
    at: usize,
    /// One over its curvature.
    inverse: f64,
}

impl Model<'_> {
    /// Lowers the model within the face of the coefficients' signs.
    ///
    /// 1. Conjugate gradients, preconditioned by the diagonal, from here to a part of the residual, or to the
    ///    tolerance, as if no sign mattered.
    /// 2. Along the way there, coefficients that would change their sign stop at zero; the whole way, or a part of it,
    ///    is taken if the model falls by a share of what it promises. At worst, as far as the first zero, where the model
    ///    is the parabola that conjugate gradients lowered.
    pub(super) fn descend_in_face(&mut self, tolerance: f64) {
        let face = self.face();
        let l1 = self.ground.weights.l1();
        let is_penalised = |c: &Coordinate| c.column < self.ground.layout.columns;
        // 1. The slopes, signs included, and the step.
        let residuals = self.residuals();
        let mut slopes = self.transposed(&face, &residuals);
        for (slope, c) in slopes.iter_mut().zip(&face) {
            if is_penalised(c) {
                let beta = self.theta[c.at];
                *slope += self.ground.weights.penalty.l2() * beta + l1.copysign(beta);
            }
        }
        let largest = slopes.iter().fold(0.0, |most: f64, s| most.max(s.abs()));
        if largest <= tolerance {
            return;
        }
        let Some(step) = self.solve(&face, &slopes, tolerance / largest) else {
            return;
        };
        // 2. The way.
        let crosses = |c: &Coordinate, to: f64| is_penalised(c) && to * self.theta[c.at] <= 0.0;
        let clipped = |length: f64| -> (Vec<f64>, usize) {
            let mut stopped = 0;
            let moves = (face.iter().zip(&step)).map(|(c, s)| {
                let beta = self.theta[c.at];
                if crosses(c, beta + length * s) {
                    stopped += 1;
                    -beta
                } else {
                    length * s
                }
            });
            (moves.collect(), stopped)
        };
        let mut length = 1.0;
        for trial in 0..=FACE_LENGTHS {
            if trial == FACE_LENGTHS {
                // so far only that the first is at zero
                length = (face.iter().zip(&step)).fold(length, |least: f64, (c, s)| {
                    if crosses(c, self.theta[c.at] + length * s) {
                        least.min((-self.theta[c.at] / s).max(0.0))
                    } else {
                        least
                    }
                });
            }
            let (moves, stopped) = clipped(length);
            let changes = self.products(&face, &moves);
            let slope: f64 = slopes.iter().zip(&moves).map(|(s, m)| s * m).sum();
            let falls = stopped == 0 || trial == FACE_LENGTHS || {
                let bent = self.bend(&changes);
                let bend = (bent.iter().zip(&changes))
                    .map(|(t, z)| t.iter().zip(z).map(|(t, z)| t * z).sum::<f64>())
                    .sum::<f64>();
                let squares: f64 = (face.iter().zip(&moves))
                    .filter(|(c, _)| is_penalised(c))
                    .map(|(_, m)| m * m)
                    .sum();
                let bend = bend + self.ground.weights.penalty.l2() * squares;
                slope < 0.0 && slope + 0.5 * bend <= 0.1 * slope
            };
            if falls {
                self.take(&face, &moves, &changes);
                return;
            }
            length *= 0.4;
        }
    }

    fn face(&self) -> Vec<Coordinate> {
        let layout = self.ground.layout;
        let mut face = Vec::new();
        for (class, found) in self.classes.iter().enumerate() {
            let start = layout.parameters(class).start;
            for (&column, &diagonal) in found.columns.iter().zip(&found.diagonal) {
                let column = column as usize;
                if self.theta[start + column] != 0.0 && diagonal > 0.0 {
                    face.push(Coordinate {
                        class,
                        column,
                        at: start + column,
                        inverse: 1.0 / diagonal,
                    });
                }
            }
            if layout.intercept && found.sum_h > 0.0 {
                face.push(Coordinate {
                    class,
                    column: layout.columns,
                    at: start + layout.columns,
                    inverse: 1.0 / found.sum_h,
                });
            }
        }
        face
    }

    /// `[outputs][rows]`: `t` of every class.
    fn residuals(&mut self) -> Vec<Vec<f64>> {
        (0..self.classes.len())
            .map(|k| {
                self.start_class(k);
                let class = &self.classes[k];
                let rows = class.rest.t.iter().zip(&class.h);
                rows.map(|(t, h)| t + class.rest.shift * h).collect()
            })
            .collect()
    }

    /// `[outputs][rows]`: how scores move with the coordinates.
    fn products(&self, face: &[Coordinate], moves: &[f64]) -> Vec<Vec<f64>> {
        let (layout, sparse) = (self.ground.layout, self.ground.sparse);
        let mut full = vec![0.0; layout.dimension()];
        for (c, moved) in face.iter().zip(moves) {
            full[c.at] = *moved;
        }
        (0..layout.outputs)
            .map(|k| sparse.multiply(layout.coefficients(&full, k), layout.bias(&full, k)))
            .collect()
    }

    /// What changes of the scores add to the residuals.
    fn bend(&self, changes: &[Vec<f64>]) -> Vec<Vec<f64>> {
        if let ([class], [changes]) = (&self.classes[..], changes) {
            return vec![class.h.iter().zip(changes).map(|(h, z)| h * z).collect()];
        }
        let mut means = vec![0.0; self.means.len()];
        for (shapes, changes) in self.shapes.iter().zip(changes) {
            for ((mean, p), z) in means.iter_mut().zip(shapes).zip(changes) {
                *mean += p * z;
            }
        }
        let classes = self.shapes.iter().zip(changes);
        classes
            .map(|(shapes, changes)| {
                (self.ground.shares.iter().zip(shapes))
                    .zip(changes.iter().zip(&means))
                    .map(|((share, p), (z, mean))| share * p * (z - mean))
                    .collect()
            })
            .collect()
    }

    /// The products of the coordinates' columns with numbers of the rows.
    fn transposed(&self, face: &[Coordinate], rows: &[Vec<f64>]) -> Vec<f64> {
        let sums: Vec<f64> = rows.iter().map(|rows| total(rows)).collect();
        let (layout, sparse) = (self.ground.layout, self.ground.sparse);
        let one = |c: &Coordinate| {
            if c.column == layout.columns {
                return sums[c.class];
            }
            let (at, values) = sparse.column(c.column);
            gathered(at, values, &rows[c.class]) - sparse.shift(c.column) * sums[c.class]
        };
        face.par_iter().with_min_len(512).map(one).collect()
    }

    /// The step to the minimum of the face's parabola, to a part of the slopes.
    fn solve(&self, face: &[Coordinate], slopes: &[f64], part: f64) -> Option<Vec<f64>> {
        let l2 = self.ground.weights.penalty.l2();
        let columns = self.ground.layout.columns;
        let mut x = vec![0.0; face.len()];
        let mut r: Vec<f64> = slopes.iter().map(|s| -s).collect();
        let mut p: Vec<f64> = r.iter().zip(face).map(|(r, c)| r * c.inverse).collect();
        let mut squared: f64 = r.iter().zip(&p).map(|(r, p)| r * p).sum();
        let enough = squared * part.max(FACE_RESIDUAL).powi(2);
        for at in 0..FACE_PRODUCTS {
            let changes = self.products(face, &p);
            let mut product = self.transposed(face, &self.bend(&changes));
            for ((product, p), c) in product.iter_mut().zip(&p).zip(face) {
                if c.column < columns {
                    *product += l2 * p;
                }
            }
            let bend: f64 = p.iter().zip(&product).map(|(p, h)| p * h).sum();
            if !(bend > 0.0 && bend.is_finite()) {
                return (at > 0).then_some(x);
            }
            let length = squared / bend;
            let mut next = 0.0;
            for i in 0..x.len() {
                x[i] += length * p[i];
                r[i] -= length * product[i];
                next += r[i] * r[i] * face[i].inverse;
            }
            if next <= enough {
                break;
            }
            let keep = next / squared;
            for i in 0..x.len() {
                p[i] = r[i] * face[i].inverse + keep * p[i];
            }
            squared = next;
        }
        Some(x)
    }

    /// Moves the coordinates, with the scores' changes that go with it.
    fn take(&mut self, face: &[Coordinate], moves: &[f64], changes: &[Vec<f64>]) {
        for (c, moved) in face.iter().zip(moves) {
            let beta = &mut self.theta[c.at];
            // Adding zero makes a zero of either sign the plain one.
            *beta = *beta + moved + 0.0;
        }
        if let ([class], [changes]) = (&mut self.classes[..], changes) {
            for ((t, h), z) in class.rest.t.iter_mut().zip(&class.h).zip(changes) {
                *t += h * z;
            }
            class.rest.sum_t = total(&class.rest.t);
            return;
        }
        for (k, moved) in changes.iter().enumerate() {
            for (i, z) in moved.iter().enumerate() {
                self.changes[k][i] += z;
                self.means[i] += self.shapes[k][i] * z;
            }
        }
    }
}
