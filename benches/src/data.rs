//! Data from a seed, made outside the timer.

use dataset::{Classification, DesignError, DesignMatrix, Element, Synthetic, SyntheticError};
use rayon::prelude::*;
use solver::{Penalty, Problem, TargetValues};

use crate::shapes::Shape;

/// Classes of the multinomial target.
const CLASSES: usize = 3;

/// A table of two classes that overlap: the features normal within their clusters, all of
/// them with an effect, 5 % of the labels drawn anew.
///
/// # Errors
/// [`SyntheticError`] for a shape that no table can have.
pub fn table(rows: usize, columns: usize) -> Result<Synthetic, SyntheticError> {
    Classification {
        samples: rows,
        features: columns,
        informative: columns,
        redundant: 0,
        repeated: 0,
        flip: 0.05,
        seed: 0,
        ..Classification::default()
    }
    .generate()
}

/// Rows of any shape, made in parallel, with a target for each loss.
pub struct Data<T> {
    /// The rows.
    pub design: DesignMatrix<T>,
    binary: Vec<f64>,
    codes: Vec<u32>,
    linear: Vec<f64>,
}

impl<T: Element> Data<T> {
    /// Columns of variance about 1, each correlated by ½ with the one before it; scores of
    /// standard deviation about 2 decide the classes together with noise.
    ///
    /// # Errors
    /// [`DesignError`] never, but for a shape beyond memory.
    pub fn new(shape: Shape) -> Result<Self, DesignError> {
        let Shape { rows, columns } = shape;
        let mut values = vec![T::from_f64(0.0); rows * columns];
        let scale = 2.0 / (columns as f64).sqrt();
        let linear: Vec<f64> = values
            .par_chunks_mut(columns)
            .enumerate()
            .map(|(at, row)| {
                let mut state = (at as u64) << 32; // each row has its own stream
                let (mut before, mut score) = (0.0, 0.0);
                for (column, cell) in row.iter_mut().enumerate() {
                    before = 0.5 * before + 0.75_f64.sqrt() * uniform(&mut state);
                    *cell = T::from_f64(before);
                    score += if column % 2 == 0 { before } else { -before };
                }
                scale * score + 2.0 * uniform(&mut state)
            })
            .collect();
        let class = |&z: &f64| u32::from(z > -0.8) + u32::from(z > 0.8);
        Ok(Self {
            design: DesignMatrix::new(rows, columns, values)?,
            binary: linear.iter().map(|&z| f64::from(z > 0.0)).collect(),
            codes: linear.iter().map(class).collect(),
            linear,
        })
    }

    /// Two classes, with a small ridge penalty.
    pub fn binary(&self) -> Problem<'_, T> {
        self.problem(TargetValues::Binary(&self.binary))
    }

    /// Three classes, likewise.
    pub fn multinomial(&self) -> Problem<'_, T> {
        self.problem(TargetValues::Multinomial {
            codes: &self.codes,
            classes: CLASSES,
        })
    }

    /// A number, likewise.
    pub fn linear(&self) -> Problem<'_, T> {
        self.problem(TargetValues::Linear(&self.linear))
    }

    fn problem<'a>(&'a self, target: TargetValues<'a>) -> Problem<'a, T> {
        Problem {
            penalty: Penalty::ridge(1.0 / self.design.rows() as f64),
            ..Problem::new(&self.design, target)
        }
    }
}

/// The next number, uniform with mean 0 and variance 1: `SplitMix64` (Steele, Lea and Flood
/// 2014).
fn uniform(state: &mut u64) -> f64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state ^ (*state >> 30);
    z = z.wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    let unit = ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64;
    12.0_f64.sqrt() * (unit - 0.5)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_have_variance_about_one_and_classes_overlap() -> Result<(), DesignError> {
        let shape = Shape {
            rows: 20_000,
            columns: 3,
        };
        let data = Data::<f64>::new(shape)?;
        for column in 0..3 {
            let values = (0..shape.rows).map(|row| data.design.row(row)[column]);
            let square = values.map(|x| x * x).sum::<f64>() / shape.rows as f64;
            let expected = [0.75, 0.9375, 0.984][column];
            assert!((square - expected).abs() < 0.03, "{column}: {square}");
        }
        let positive: f64 = data.binary.iter().sum::<f64>() / shape.rows as f64;
        assert!((0.4..0.6).contains(&positive), "{positive}");
        assert!((0..3).all(|code| data.codes.contains(&code)));
        Ok(())
    }
}
