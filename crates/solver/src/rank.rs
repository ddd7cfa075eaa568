//! Columns that are combinations of other columns.

use dataset::Element;
use faer::{Mat, MatRef, Scale};
use serde::{Deserialize, Serialize};

use crate::objective::{HostObjective, ObjectiveError, Rows, add_gram};
use crate::spread::Spread;
use crate::tolerance::{
    DEPENDENCE_F32, DEPENDENCE_F64, DEPENDENCE_REFINEMENTS, DEPENDENCE_TERM, NEAR_DEPENDENCE,
    PIVOT, SUSPECTED_DEPENDENCE, UNIT_ROUNDOFF,
};

/// A column that is a combination of earlier ones on every row of positive weight:
/// `column = intercept + Σ coefficient · other column`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Dependence {
    /// The dependent column of the design matrix.
    pub column: usize,
    /// The other columns, all before it and independent of each other, with their coefficients on
    /// the design matrix's scale.
    pub terms: Vec<(usize, f64)>,
    /// The constant of the combination; zero without an intercept.
    pub intercept: f64,
    /// The largest deviation from the combination on any row, on the column's scale.
    pub residual: f64,
}

/// Finds the columns that depend on earlier ones (and on the intercept, where there is one).
///
/// 1. Columns are taken in their order through a Cholesky factorisation of their correlations; one
///    of which less than a 1e-9th of the variance is new is suspected.
/// 2. Each suspect's coefficients are corrected by its residual on the rows, and it is reported only
///    if no row deviates beyond rounding.
///
/// Taking columns in their order keeps the first ones, as R's `lm` does. An unpenalised fit has a
/// unique optimum only without such columns; with them, the scores are still unique.
///
/// # Examples
/// ```
/// use dataset::DesignMatrix;
/// use solver::{HostObjective, Problem, TargetValues, dependences};
///
/// // the third column is 1 + 2·first − second
/// let rows = vec![0.0, 1.0, 0.0, 1.0, 5.0, -2.0, 2.0, -1.0, 6.0, 4.0, 1.0, 8.0];
/// let design = DesignMatrix::new(4, 3, rows)?;
/// let target = TargetValues::Linear(&[0.0; 4]);
/// let found = dependences(&HostObjective::new(Problem::new(&design, target))?)?;
/// assert_eq!(found.len(), 1);
/// assert_eq!(found[0].column, 2);
/// let (first, second) = (found[0].terms[0], found[0].terms[1]);
/// assert!((first.1 - 2.0).abs() < 1e-12 && (second.1 + 1.0).abs() < 1e-12);
/// assert!((found[0].intercept - 1.0).abs() < 1e-12);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// Golub and Van Loan (2013), §4.2 and §5.5.7.
///
/// # Errors
/// [`ObjectiveError::Rows`] where the source of the rows fails.
pub fn dependences<T: Element>(
    objective: &HostObjective<'_, T>,
) -> Result<Vec<Dependence>, ObjectiveError> {
    scan(
        objective,
        SUSPECTED_DEPENDENCE,
        |suspect, basis, coefficients| {
            // Without the terms that look like rounding, if the rows agree; else with them.
            let clean: Vec<f64> = coefficients
                .iter()
                .map(|&c| if c.abs() < DEPENDENCE_TERM { 0.0 } else { c })
                .collect();
            match suspect.confirm(basis, &clean)? {
                None => suspect.confirm(basis, coefficients),
                found => Ok(found),
            }
        },
    )
}

/// The columns of which earlier ones leave less than a 1e-6th of the variance, with their best combinations:
/// dependent or not. None of them takes part in another's combination.
pub(crate) fn near_dependences<T: Element>(
    objective: &HostObjective<'_, T>,
) -> Result<Vec<Dependence>, ObjectiveError> {
    scan(
        objective,
        NEAR_DEPENDENCE,
        |suspect, basis, coefficients| suspect.describe(basis, coefficients).map(Some),
    )
}

/// Takes the columns in their order; those of which earlier ones leave no more than `limit` of the variance are
/// judged by their best coefficients.
fn scan<T: Element>(
    objective: &HostObjective<'_, T>,
    limit: f64,
    judge: impl Fn(&Suspect<'_, '_, T>, &Basis, &[f64]) -> Result<Option<Dependence>, ObjectiveError>,
) -> Result<Vec<Dependence>, ObjectiveError> {
    let rows = objective.rows();
    let intercept = objective.layout().intercept;
    let spread = Spread::measure(rows, intercept)?;
    let correlations = correlations(rows, &spread)?;
    let mut basis = Basis::default();
    let mut found = Vec::new();
    for column in 0..rows.columns() {
        let (projection, unexplained) = basis.project(&correlations, column);
        if unexplained > limit {
            basis.push(column, projection, unexplained);
            continue;
        }
        let suspect = Suspect {
            rows,
            spread: &spread,
            intercept,
            column,
        };
        let coefficients = suspect.coefficients(&basis, &projection)?;
        match judge(&suspect, &basis, &coefficients)? {
            Some(dependence) => found.push(dependence),
            None if unexplained > PIVOT => basis.push(column, projection, unexplained),
            // neither provably dependent nor of use to explain others
            None => {}
        }
    }
    Ok(found)
}

/// `(1/n) Σ x̂x̂ᵀ` of the standardised columns, lower triangle.
fn correlations<T: Element>(
    rows: &Rows<'_, T>,
    spread: &Spread,
) -> Result<Mat<f64>, ObjectiveError> {
    let columns = rows.columns();
    let inverse: Vec<f64> = (0..columns).map(|j| spread.inverse(j)).collect();
    let sum = rows.fold(
        8 * columns * columns,
        || Mat::<f64>::zeros(columns, columns),
        |sum, chunk| {
            let (mut scratch, mut cells) = (Vec::new(), vec![0.0; rows.block() * columns]);
            for block in rows.blocks(chunk) {
                let count = block.len();
                let source = rows
                    .cells(block, &mut scratch)?
                    .chunks_exact(columns.max(1));
                for (row, cells) in source.zip(cells.chunks_exact_mut(columns.max(1))) {
                    for (j, x) in row.iter().enumerate() {
                        cells[j] = (x.to_f64() - spread.center[j]) * inverse[j];
                    }
                }
                let cells = &cells[..count * columns];
                add_gram(sum, MatRef::from_row_major_slice(cells, count, columns));
            }
            Ok(())
        },
        |total, next| *total += &next,
    )?;
    Ok(Scale(1.0 / rows.len() as f64) * sum)
}

/// A growing Cholesky factor over the columns kept so far.
#[derive(Debug, Default)]
struct Basis {
    columns: Vec<usize>,
    /// Row `i` of the factor: `i + 1` numbers.
    factor: Vec<Vec<f64>>,
}

impl Basis {
    /// `L⁻¹c` for the correlations `c` of a column with the basis, and its unexplained variance.
    fn project(&self, correlations: &Mat<f64>, column: usize) -> (Vec<f64>, f64) {
        let right: Vec<f64> = self
            .columns
            .iter()
            .map(|&k| correlations[(column, k)])
            .collect();
        let projection = self.forward(&right);
        let explained: f64 = projection.iter().map(|l| l * l).sum();
        (projection, correlations[(column, column)] - explained)
    }

    fn push(&mut self, column: usize, mut projection: Vec<f64>, unexplained: f64) {
        projection.push(unexplained.sqrt());
        self.columns.push(column);
        self.factor.push(projection);
    }

    fn forward(&self, right: &[f64]) -> Vec<f64> {
        let mut x: Vec<f64> = Vec::with_capacity(right.len());
        for (row, r) in self.factor.iter().zip(right) {
            let sum: f64 = row.iter().zip(&x).map(|(l, x)| l * x).sum();
            x.push((r - sum) / row[x.len()]);
        }
        x
    }

    fn backward(&self, mut x: Vec<f64>) -> Vec<f64> {
        for at in (0..x.len()).rev() {
            x[at] /= self.factor[at][at];
            let (before, solved) = x.split_at_mut(at);
            for (x, l) in before.iter_mut().zip(&self.factor[at]) {
                *x -= l * solved[0];
            }
        }
        x
    }
}

/// A column that may depend on the basis.
struct Suspect<'s, 'a, T> {
    rows: &'s Rows<'a, T>,
    spread: &'s Spread,
    intercept: bool,
    column: usize,
}

/// Residual of a suspect on the rows: its largest size, and its products with the basis.
struct Residual {
    largest: f64,
    products: Vec<f64>,
}

impl<T: Element> Suspect<'_, '_, T> {
    /// Coefficients of the standardised columns, corrected by the rows.
    fn coefficients(&self, basis: &Basis, projection: &[f64]) -> Result<Vec<f64>, ObjectiveError> {
        let mut coefficients = basis.backward(projection.to_vec());
        for _ in 0..DEPENDENCE_REFINEMENTS {
            let residual = self.residual(basis, &coefficients)?;
            let correction = basis.backward(basis.forward(&residual.products));
            coefficients
                .iter_mut()
                .zip(correction)
                .for_each(|(c, d)| *c += d);
        }
        Ok(coefficients)
    }

    /// The residual of the standardised column.
    fn residual(&self, basis: &Basis, coefficients: &[f64]) -> Result<Residual, ObjectiveError> {
        let standard = |row: &[T], j: usize| {
            (row[j].to_f64() - self.spread.center[j]) * self.spread.inverse(j)
        };
        let n = self.rows.len() as f64;
        self.rows.fold_rows(
            8 * basis.columns.len(),
            || Residual {
                largest: 0.0,
                products: vec![0.0; basis.columns.len()],
            },
            |sum, _, row| {
                let mut r = standard(row, self.column);
                for (&k, c) in basis.columns.iter().zip(coefficients) {
                    r -= c * standard(row, k);
                }
                sum.largest = sum.largest.max(r.abs());
                for (product, &k) in sum.products.iter_mut().zip(&basis.columns) {
                    *product += r * standard(row, k) / n;
                }
            },
            |total, next| {
                total.largest = total.largest.max(next.largest);
                total
                    .products
                    .iter_mut()
                    .zip(next.products)
                    .for_each(|(t, p)| *t += p);
            },
        )
    }

    /// The combination on the columns' own scale, with its largest deviation on any row.
    fn describe(&self, basis: &Basis, coefficients: &[f64]) -> Result<Dependence, ObjectiveError> {
        let spread = self.spread;
        let deviation = spread.deviation[self.column];
        let used = basis.columns.iter().zip(coefficients);
        let terms: Vec<(usize, f64)> = used
            .filter(|&(_, &c)| c != 0.0)
            .map(|(&k, c)| (k, c * deviation * spread.inverse(k)))
            .collect();
        let shift: f64 = terms.iter().map(|&(k, c)| c * spread.center[k]).sum();
        let intercept = if self.intercept {
            spread.center[self.column] - shift
        } else {
            0.0
        };
        let residual = if deviation > 0.0 {
            deviation * self.residual(basis, coefficients)?.largest
        } else {
            0.0
        };
        Ok(Dependence {
            column: self.column,
            terms,
            intercept,
            residual,
        })
    }

    fn confirm(
        &self,
        basis: &Basis,
        coefficients: &[f64],
    ) -> Result<Option<Dependence>, ObjectiveError> {
        let spread = self.spread;
        let found = self.describe(basis, coefficients)?;
        // how far rounding alone may take a row: of its cells, and of this computation
        let (unit, agreement) = match T::NAME {
            "f32" => (f64::from(f32::EPSILON), DEPENDENCE_F32),
            _ => (64.0 * UNIT_ROUNDOFF, DEPENDENCE_F64),
        };
        let cells = (found.terms.iter()).map(|&(k, c)| (c * spread.largest[k]).abs());
        let cells = cells.fold(spread.largest[self.column], f64::max);
        let spreads = (found.terms.iter()).map(|&(k, c)| (c * spread.deviation[k]).abs());
        let involved = if found.terms.is_empty() {
            0.0
        } else {
            spreads.fold(spread.deviation[self.column], f64::max)
        };
        Ok((found.residual <= agreement * involved + unit * cells).then_some(found))
    }
}

#[cfg(test)]
mod tests {
    use dataset::DesignMatrix;

    use super::*;
    use crate::objective::{Problem, TargetValues};

    fn find(columns: &[Vec<f64>], intercept: bool) -> Vec<Dependence> {
        let rows = columns[0].len();
        let values = (0..rows)
            .flat_map(|i| columns.iter().map(move |c| c[i]))
            .collect();
        let design = DesignMatrix::new(rows, columns.len(), values).unwrap();
        let target = vec![0.0; rows];
        let problem = Problem {
            intercept,
            ..Problem::new(&design, TargetValues::Linear(&target))
        };
        dependences(&HostObjective::new(problem).unwrap()).unwrap()
    }

    fn wave(seed: usize) -> Vec<f64> {
        (0..200)
            .map(|i| ((i * i * 7 + i * seed * 13 + seed) % 101) as f64 / 10.0)
            .collect()
    }

    fn combine(terms: &[(f64, &[f64])], constant: f64) -> Vec<f64> {
        (0..200)
            .map(|i| constant + terms.iter().map(|(c, x)| c * x[i]).sum::<f64>())
            .collect()
    }

    #[test]
    fn equal_columns_and_constants_are_found() {
        let (a, b) = (wave(1), wave(2));
        let found = find(&[a.clone(), b, a, vec![0.1; 200], vec![0.0; 200]], true);
        assert_eq!(
            found.iter().map(|d| d.column).collect::<Vec<_>>(),
            [2, 3, 4]
        );
        assert_eq!(found[0].terms.len(), 1);
        assert!(found[0].terms[0].0 == 0 && (found[0].terms[0].1 - 1.0).abs() < 1e-13);
        assert!(found[0].intercept.abs() < 1e-12);
        assert!(found[1].terms.is_empty() && (found[1].intercept - 0.1).abs() < 1e-16);
        assert!(found[2].terms.is_empty() && found[2].intercept.abs() < 1e-300);
    }

    #[test]
    fn without_an_intercept_a_constant_is_a_column_like_others() {
        let a = wave(1);
        let shifted = combine(&[(1.0, &a)], 3.0);
        assert!(find(&[a.clone(), shifted.clone()], false).is_empty());
        let found = find(&[a, vec![2.0; 200], shifted, vec![0.0; 200]], false);
        assert_eq!(found.iter().map(|d| d.column).collect::<Vec<_>>(), [2, 3]);
        assert!((found[0].terms[1].1 - 1.5).abs() < 1e-13);
    }

    #[test]
    fn all_levels_of_a_dummy_depend_on_the_intercept() {
        let level = |l: usize| (0..200).map(|i| f64::from(i % 3 == l)).collect::<Vec<_>>();
        let found = find(&[level(0), level(1), level(2)], true);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].column, 2);
        assert!((found[0].intercept - 1.0).abs() < 1e-13);
        assert!(found[0].terms.iter().all(|(_, c)| (c + 1.0).abs() < 1e-13));
    }

    #[test]
    fn nearly_dependent_columns_are_not_claimed() {
        let (a, b) = (wave(1), wave(5));
        for noise in [1e-2, 1e-4, 1e-6, 1e-7] {
            let near = combine(&[(1.0, &a), (noise, &b)], 1e6);
            assert!(find(&[a.clone(), near], true).is_empty(), "{noise}");
        }
    }

    #[test]
    fn units_and_shifts_do_not_matter() {
        let (a, b) = (
            combine(&[(1e6, &wave(1))], 1e9),
            combine(&[(1e-6, &wave(2))], 0.0),
        );
        let c = combine(&[(1e-3, &a), (1e9, &b)], 7.0);
        let found = find(&[a, b, c], true);
        assert_eq!(found.len(), 1);
        assert!((found[0].terms[0].1 / 1e-3 - 1.0).abs() < 1e-9);
        assert!((found[0].terms[1].1 / 1e9 - 1.0).abs() < 1e-9);
    }

    #[test]
    fn more_columns_than_rows_leave_as_many_as_rows() {
        let columns: Vec<Vec<f64>> = (0..8)
            .map(|j: usize| {
                (0..4)
                    .map(|i: usize| ((i * 37 + j * 101 + i * j * j * 11) % 97) as f64)
                    .collect()
            })
            .collect();
        // four rows carry an intercept and three columns
        assert_eq!(find(&columns, true).len(), 5);
    }
}
