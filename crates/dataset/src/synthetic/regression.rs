//! A linear function of random columns, and noise.

use super::error::{above_zero, in_range, room};
use super::random::Random;
use super::{Provenance, Synthetic, SyntheticError, reorder, reorder_rows};

/// Parameters of a random linear regression problem, those of scikit-learn's `make_regression`.
///
/// `y = X β + bias + noise · z`, with `β` drawn from 0 to 100 for the informative columns and 0 for
/// the others. Columns of `X` are standard normal and independent, or, with an effective rank `r`,
/// have the singular values `(1 − t) e^{−(i/r)²} + t e^{−0.1 i/r}` for i = 0, 1, …, where `t` is
/// the tail strength.
///
/// # Examples
/// ```
/// use dataset::Regression;
///
/// let problem = Regression { samples: 50, features: 3, informative: 2, bias: 7.0, ..Default::default() };
/// let synthetic = problem.generate()?;
/// let row: f64 = synthetic.values[..3].iter().zip(&synthetic.coefficients).map(|(x, b)| x * b).sum();
/// assert!((synthetic.target[0] - (row + 7.0)).abs() < 1e-10);
/// # Ok::<(), dataset::SyntheticError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Regression {
    /// Rows.
    pub samples: usize,
    /// Columns.
    pub features: usize,
    /// Columns whose coefficient is not 0; all of them if there are fewer.
    pub informative: usize,
    /// Numbers to predict.
    pub targets: usize,
    /// What the target is where all columns are 0.
    pub bias: f64,
    /// About how many directions explain most of the columns; `None` makes them independent.
    pub effective_rank: Option<usize>,
    /// How much of the spread is in the long tail of directions, from 0 to 1.
    pub tail_strength: f64,
    /// The standard deviation of the noise.
    pub noise: f64,
    /// Whether rows and columns are put in random order.
    pub shuffle: bool,
    /// Where the random numbers start.
    pub seed: u64,
}

impl Default for Regression {
    /// scikit-learn's defaults, and seed 0.
    fn default() -> Self {
        Self {
            samples: 100,
            features: 100,
            informative: 10,
            targets: 1,
            bias: 0.0,
            effective_rank: None,
            tail_strength: 0.5,
            noise: 0.0,
            shuffle: true,
            seed: 0,
        }
    }
}

impl Regression {
    /// Makes the table, with the coefficients that made the target.
    ///
    /// # Errors
    /// [`SyntheticError::Zero`], [`SyntheticError::OutOfRange`], [`SyntheticError::TooLarge`].
    pub fn generate(&self) -> Result<Synthetic, SyntheticError> {
        self.check()?;
        let mut random = Random::new(self.seed);
        let (n, p, targets) = (self.samples, self.features, self.targets);
        let values = match self.effective_rank {
            None => (0..n * p).map(|_| random.normal()).collect(),
            Some(rank) => low_rank(n, p, rank as f64, self.tail_strength, &mut random),
        };
        let informative = self.informative.min(p);
        let mut coefficients = vec![0.0; p * targets];
        coefficients[..informative * targets]
            .iter_mut()
            .for_each(|coefficient| *coefficient = 100.0 * random.uniform());
        let mut target = vec![self.bias; n * targets];
        for (row, y) in values.chunks_exact(p).zip(target.chunks_exact_mut(targets)) {
            for (x, coefficients) in row.iter().zip(coefficients.chunks_exact(targets)) {
                y.iter_mut()
                    .zip(coefficients)
                    .for_each(|(y, coefficient)| *y += x * coefficient);
            }
        }
        if self.noise > 0.0 {
            for y in &mut target {
                *y += self.noise * random.normal();
            }
        }
        let mut provenance = vec![Provenance::Informative; informative];
        provenance.resize(p, Provenance::Noise);
        let mut synthetic = Synthetic {
            rows: n,
            columns: p,
            targets,
            values,
            target,
            provenance,
            coefficients,
        };
        if self.shuffle {
            reorder_rows(&mut synthetic, &random.order(n));
            reorder(&mut synthetic, &random.order(p));
        }
        Ok(synthetic)
    }

    fn check(&self) -> Result<(), SyntheticError> {
        above_zero(&[
            ("samples", self.samples),
            ("features", self.features),
            ("targets", self.targets),
            ("effective_rank", self.effective_rank.unwrap_or(1)),
        ])?;
        room(self.samples, self.features)?;
        room(self.samples, self.targets)?;
        room(self.features, self.targets)?;
        in_range("bias", self.bias, "a finite number", |_| true)?;
        in_range("noise", self.noise, "at least 0", |noise| noise >= 0.0)?;
        let strength = self.tail_strength;
        in_range("tail_strength", strength, "from 0 to 1", |tail| {
            (0.0..=1.0).contains(&tail)
        })
    }
}

/// `U S Vᵀ` with random orthonormal columns in `U` (rows × k) and `V` (columns × k), where
/// k = min(rows, columns), row after row.
fn low_rank(rows: usize, columns: usize, rank: f64, tail: f64, random: &mut Random) -> Vec<f64> {
    let k = rows.min(columns);
    let u = orthonormal(rows, k, random);
    let v = orthonormal(columns, k, random);
    let mut values = vec![0.0; rows * columns];
    for (position, (u, v)) in u.iter().zip(&v).enumerate() {
        let i = position as f64 / rank;
        let singular = (1.0 - tail) * (-i * i).exp() + tail * (-0.1 * i).exp();
        for (row, u) in values.chunks_exact_mut(columns).zip(u) {
            row.iter_mut()
                .zip(v)
                .for_each(|(value, v)| *value += singular * u * v);
        }
    }
    values
}

/// `count` random orthonormal vectors, by Gram-Schmidt on normal numbers, twice so that they are
/// orthogonal to rounding.
fn orthonormal(length: usize, count: usize, random: &mut Random) -> Vec<Vec<f64>> {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let mut vectors: Vec<Vec<f64>> = Vec::with_capacity(count);
    while vectors.len() < count {
        let mut vector: Vec<f64> = (0..length).map(|_| random.normal()).collect();
        for _ in 0..2 {
            for earlier in &vectors {
                let along = dot(&vector, earlier);
                vector
                    .iter_mut()
                    .zip(earlier)
                    .for_each(|(value, e)| *value -= along * e);
            }
        }
        let norm = dot(&vector, &vector).sqrt();
        // Normal numbers lie in the span of the earlier vectors with probability 0.
        if norm > 1e-9 {
            for value in &mut vector {
                *value /= norm;
            }
            vectors.push(vector);
        }
    }
    vectors
}
