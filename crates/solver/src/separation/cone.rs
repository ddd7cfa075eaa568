//! The cone of recession directions, by non-negative least squares.

use dataset::Element;

use super::alone::class;
use super::multipliers::{Active, length, worst};
use crate::objective::{HostObjective, ObjectiveError};
use crate::spread::Spread;
use crate::tolerance::{RECESSION_ZERO, SEPARATION_COSINE};

/// What the search for a direction found.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Recession {
    /// Only zero: the rows overlap.
    Zero,
    /// A direction, laid out as the parameters.
    Direction {
        direction: Vec<f64>,
        /// Rows with a positive constraint.
        rows: usize,
        /// Whether every constraint of every row is positive.
        complete: bool,
    },
    /// The search ran out of steps.
    Undecided,
}

/// The constraints `a·d ≥ 0` of all rows, on standardised columns and scaled to unit length.
///
/// A binary row has one, `(2y − 1)(x̂, 1)`; a multinomial row has one for every other class.
pub(super) struct Cone<'o, 'a, T> {
    objective: &'o HostObjective<'a, T>,
    spread: Spread,
    /// Columns that are free to grow: all or none.
    columns: usize,
    /// Constraints per row.
    per_row: usize,
    /// One over the length of each row's constraints; zero for a row of zeros.
    inverse_lengths: Vec<f64>,
}

impl<'o, 'a, T: Element> Cone<'o, 'a, T> {
    pub(super) fn new(
        objective: &'o HostObjective<'a, T>,
        free_columns: bool,
    ) -> Result<Self, ObjectiveError> {
        let (rows, layout) = (objective.rows(), objective.layout());
        let spread = Spread::measure(rows, layout.intercept)?;
        let columns = if free_columns { layout.columns } else { 0 };
        let per_row = (layout.outputs - 1).max(1);
        let mut cone = Self {
            objective,
            spread,
            columns,
            per_row,
            inverse_lengths: Vec::new(),
        };
        let length = |row: &[T], cells: &mut [f64]| {
            cone.standardise(row, cells);
            let squared: f64 = cells.iter().map(|x| x * x).sum();
            let both = if layout.outputs > 1 {
                2.0 * squared
            } else {
                squared
            };
            if both > 0.0 { 1.0 / both.sqrt() } else { 0.0 }
        };
        let (lengths, _) = rows.fold_rows(
            32 * 1024,
            || (Vec::new(), vec![0.0; cone.width()]),
            |(lengths, cells), _, row| lengths.push(length(row, cells)),
            |(lengths, _), (next, _)| lengths.extend(next),
        )?;
        cone.inverse_lengths = lengths;
        Ok(cone)
    }

    pub(super) fn deviation(&self, column: usize) -> f64 {
        self.spread.deviation[column]
    }

    /// Free parameters per output.
    fn width(&self) -> usize {
        self.columns + usize::from(self.objective.layout().intercept)
    }

    fn dimension(&self) -> usize {
        self.width() * self.objective.layout().outputs
    }

    /// Writes the standardised cells of a row, and 1 for the intercept.
    fn standardise(&self, row: &[T], cells: &mut [f64]) {
        for (j, cell) in cells.iter_mut().enumerate() {
            *cell = if j < self.columns {
                (row[j].to_f64() - self.spread.center[j]) * self.spread.inverse(j)
            } else {
                1.0
            };
        }
    }

    /// The other class of a row's constraint.
    fn other(&self, at: usize, which: usize) -> usize {
        if which >= class(self.objective, at) {
            which + 1
        } else {
            which
        }
    }

    /// Adds a constraint's vector; `cells` are those of its row, standardised.
    fn add_constraint(&self, (at, which): (usize, usize), cells: &[f64], sum: &mut [f64]) {
        let (width, own) = (self.width(), class(self.objective, at));
        let scale = self.inverse_lengths[at];
        let mut add = |output: usize, scale: f64| {
            for (sum, x) in sum[output * width..].iter_mut().zip(cells.iter()) {
                *sum += scale * x;
            }
        };
        if self.objective.layout().outputs == 1 {
            add(0, if own == 1 { scale } else { -scale });
        } else {
            add(own, scale);
            add(self.other(at, which), -scale);
        }
    }

    /// Writes `a·w` for every constraint of a row; `scaled` are the components of `w` over the columns'
    /// deviations.
    fn products(&self, at: usize, row: &[T], scaled: &[f64], products: &mut [f64]) {
        let (width, own) = (self.width(), class(self.objective, at));
        let row = &row[..self.columns];
        let score = |output: usize| -> f64 {
            let w = &scaled[output * width..(output + 1) * width];
            let cells = row.iter().zip(&self.spread.center).zip(w);
            let sum: f64 = cells
                .map(|((x, center), w)| w * (x.to_f64() - center))
                .sum();
            sum + w.get(self.columns).copied().unwrap_or_default()
        };
        let scale = self.inverse_lengths[at];
        if self.objective.layout().outputs == 1 {
            products[0] = if own == 1 {
                scale * score(0)
            } else {
                -scale * score(0)
            };
        } else {
            let z = score(own);
            for (which, product) in products.iter_mut().enumerate() {
                *product = scale * (z - score(self.other(at, which)));
            }
        }
    }

    /// The components of `w` over the columns' deviations.
    fn scaled(&self, w: &[f64]) -> Vec<f64> {
        let inverse = |at: usize| {
            let column = at % self.width();
            if column < self.columns {
                self.spread.inverse(column)
            } else {
                1.0
            }
        };
        w.iter()
            .enumerate()
            .map(|(at, w)| w * inverse(at))
            .collect()
    }

    /// Visits `a·w` of every constraint, chunk by chunk.
    fn fold<A: Send>(
        &self,
        w: &[f64],
        start: impl Fn() -> A + Sync,
        visit: impl Fn(&mut A, usize, f64) + Sync,
        mut merge: impl FnMut(&mut A, A),
    ) -> Result<A, ObjectiveError> {
        let scaled = self.scaled(w);
        let (sum, _) = self.objective.rows().fold_rows(
            64,
            || (start(), vec![0.0; self.per_row]),
            |(sum, products), at, row| {
                self.products(at, row, &scaled, products);
                for (which, &product) in products.iter().enumerate() {
                    visit(sum, at * self.per_row + which, product);
                }
            },
            |(sum, _), (next, _)| merge(sum, next),
        )?;
        Ok(sum)
    }

    /// Finds a direction that separates every row that can be separated.
    pub(super) fn recession(&self) -> Result<Recession, ObjectiveError> {
        let count = self.objective.rows().len() * self.per_row;
        let mut done = vec![false; count];
        let mut total: Option<Vec<f64>> = None;
        // Each round separates more rows, within directions that leave the earlier ones as they are.
        loop {
            let w = match self.shortest(&done)? {
                Shortest::Undecided if total.is_none() => return Ok(Recession::Undecided),
                Shortest::Zero | Shortest::Undecided => break,
                Shortest::Vector(w) => w,
            };
            let positive = self.positive(&w, &done)?;
            if positive.is_empty() {
                break;
            }
            let next = match &total {
                None => w,
                Some(total) => self.blend(total, &w, &done)?,
            };
            let mut now = done.clone();
            for &constraint in &positive {
                now[constraint] = true;
            }
            // A sum of directions is kept only if it is a direction, on all rows, beyond rounding.
            if total.is_some() && !self.verify(&next, &now)? {
                break;
            }
            (total, done) = (Some(next), now);
            if !done.contains(&false) {
                break;
            }
        }
        Ok(match total {
            None => Recession::Zero,
            Some(w) => Recession::Direction {
                direction: self.unstandardise(&w),
                rows: done
                    .chunks(self.per_row)
                    .filter(|row| row.contains(&true))
                    .count(),
                complete: !done.contains(&false),
            },
        })
    }

    /// Constraints not yet done that a direction makes positive.
    fn positive(&self, w: &[f64], done: &[bool]) -> Result<Vec<usize>, ObjectiveError> {
        let limit = SEPARATION_COSINE * length(w);
        self.fold(
            w,
            Vec::new,
            |found, constraint, product| {
                if !done[constraint] && product > limit {
                    found.push(constraint);
                }
            },
            |all: &mut Vec<usize>, next| all.extend(next),
        )
    }

    /// `total + εw`, with `ε` small enough to keep the constraints already done positive.
    fn blend(&self, total: &[f64], w: &[f64], done: &[bool]) -> Result<Vec<f64>, ObjectiveError> {
        let rows = self.objective.rows();
        let (scaled_total, scaled_w) = (self.scaled(total), self.scaled(w));
        let scratch = || (vec![0.0; self.per_row], vec![0.0; self.per_row]);
        let (most, _) = rows.fold_rows(
            64,
            || (f64::INFINITY, scratch()),
            |(most, (old, new)), at, row| {
                self.products(at, row, &scaled_total, old);
                self.products(at, row, &scaled_w, new);
                for which in 0..self.per_row {
                    if done[at * self.per_row + which] && new[which] < 0.0 {
                        *most = most.min(old[which] / -new[which]);
                    }
                }
            },
            |(most, _), (next, _)| *most = most.min(next),
        )?;
        let epsilon = (0.5 * most).min(length(total) / length(w));
        Ok(total.iter().zip(w).map(|(t, w)| t + epsilon * w).collect())
    }

    /// Whether a direction makes the constraints done positive and leaves the others at zero.
    fn verify(&self, w: &[f64], done: &[bool]) -> Result<bool, ObjectiveError> {
        let limit = SEPARATION_COSINE * length(w);
        self.fold(
            w,
            || true,
            |fine, constraint, product| {
                *fine &= if done[constraint] {
                    product > 0.1 * limit
                } else {
                    product >= -limit
                };
            },
            |fine, next| *fine &= next,
        )
    }

    /// From standardised coordinates to parameters.
    fn unstandardise(&self, w: &[f64]) -> Vec<f64> {
        let layout = self.objective.layout();
        let mut theta = vec![0.0; layout.dimension()];
        for k in 0..layout.outputs {
            let w = &w[k * self.width()..(k + 1) * self.width()];
            let theta = &mut theta[k * layout.stride()..(k + 1) * layout.stride()];
            let mut shift = 0.0;
            for j in 0..self.columns {
                theta[j] = w[j] * self.spread.inverse(j);
                shift += theta[j] * self.spread.center[j];
            }
            if layout.intercept {
                theta[layout.columns] = w[self.columns] - shift;
            }
        }
        theta
    }

    /// The shortest vector `b + Σ eᵢaᵢ`, `e ≥ 0`, over the constraints not done.
    ///
    /// Lawson and Hanson's algorithm: the constraint most violated by the shortest vector so far
    /// enters; least squares over those that entered; those whose multiplier would become negative
    /// leave again. A pass over the rows collects many violated constraints; they are all worked off
    /// before the next pass.
    fn shortest(&self, done: &[bool]) -> Result<Shortest, ObjectiveError> {
        let (sum, count) = self.sum(done)?;
        let mut active = Active::default();
        let mut w = sum.clone();
        let mut steps = 20 * self.dimension() + 200;
        loop {
            if length(&w) <= RECESSION_ZERO * count as f64 {
                return Ok(Shortest::Zero);
            }
            let mut candidates = self.violated(&w, done, &active.constraints)?;
            let mut moved = false;
            while let Some(worst) = worst(&candidates, &w) {
                if steps == 0 {
                    return Ok(Shortest::Undecided);
                }
                steps -= 1;
                let (constraint, vector) = candidates.swap_remove(worst);
                // one that cannot stay was violated by rounding only
                moved |= active.enter(constraint, vector, &sum);
                w = active.residual(&sum);
                if length(&w) <= RECESSION_ZERO * count as f64 {
                    return Ok(Shortest::Zero);
                }
            }
            if !moved {
                return Ok(Shortest::Vector(w));
            }
        }
    }

    /// The sum of the constraints not done, and their number.
    fn sum(&self, done: &[bool]) -> Result<(Vec<f64>, usize), ObjectiveError> {
        let rows = self.objective.rows();
        rows.fold(
            8 * self.dimension(),
            || (vec![0.0; self.dimension()], 0),
            |(sum, count), chunk| {
                let (mut scratch, columns) = (Vec::new(), rows.columns());
                let mut cells = vec![0.0; self.width()];
                let mut part = vec![0.0; self.dimension()];
                for block in rows.blocks(chunk) {
                    part.fill(0.0);
                    let source = rows.cells(block.clone(), &mut scratch)?;
                    for (i, at) in block.enumerate() {
                        self.standardise(&source[i * columns..(i + 1) * columns], &mut cells);
                        for which in 0..self.per_row {
                            if !done[at * self.per_row + which] {
                                self.add_constraint((at, which), &cells, &mut part);
                                *count += 1;
                            }
                        }
                    }
                    sum.iter_mut()
                        .zip(&part)
                        .for_each(|(sum, part)| *sum += part);
                }
                Ok(())
            },
            |(sum, count), (next, more)| {
                sum.iter_mut()
                    .zip(next)
                    .for_each(|(sum, next)| *sum += next);
                *count += more;
            },
        )
    }

    /// Constraints that make an obtuse angle with `w`: the worst of every group of rows, with their
    /// vectors.
    fn violated(
        &self,
        w: &[f64],
        done: &[bool],
        active: &[usize],
    ) -> Result<Vec<(usize, Vec<f64>)>, ObjectiveError> {
        let limit = -SEPARATION_COSINE * length(w);
        let group = 64.max(self.objective.rows().len() / 1024);
        let found = self.fold(
            w,
            Vec::new,
            |found: &mut Vec<(usize, f64)>, constraint, product| {
                if product >= limit || done[constraint] || active.contains(&constraint) {
                    return;
                }
                let of = |constraint: usize| constraint / (group * self.per_row);
                match found.last_mut() {
                    Some(last) if of(last.0) == of(constraint) => {
                        if product < last.1 {
                            *last = (constraint, product);
                        }
                    }
                    _ => found.push((constraint, product)),
                }
            },
            Vec::extend,
        )?;
        let (mut scratch, mut cells) = (Vec::new(), vec![0.0; self.width()]);
        let mut vector = |(constraint, _): (usize, f64)| {
            let mut vector = vec![0.0; self.dimension()];
            let (at, which) = (constraint / self.per_row, constraint % self.per_row);
            let row = self.objective.rows().cells(at..at + 1, &mut scratch)?;
            self.standardise(row, &mut cells);
            self.add_constraint((at, which), &cells, &mut vector);
            Ok((constraint, vector))
        };
        found.into_iter().map(&mut vector).collect()
    }
}

enum Shortest {
    Zero,
    Vector(Vec<f64>),
    Undecided,
}
