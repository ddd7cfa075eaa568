//! What the benches measure on, and the yardstick beside every figure.
//!
//! The data are made from a seed, outside the timer. The yardstick is one [`read_once`] of the same
//! memory, timed in the same process: a pass over the rows cannot be faster, and the ratio of the
//! two holds on other machines better than either time.

use dataset::{Classification, DesignMatrix, Synthetic, SyntheticError};
use rayon::prelude::*;

/// Values that one thread adds up at a time: 64 KiB, at home in the cache of a core.
const CHUNK: usize = 16 * 1024;

/// Sums kept apart, so that no addition waits for the one before it.
const LANES: usize = 32;

/// A table of two classes that overlap: the features standard normal within their clusters, all of
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

/// The features of a table in the precision that the programs fit in, and its targets.
///
/// # Errors
/// [`DesignError`](dataset::DesignError) when the table does not have its own shape.
pub fn design(table: &Synthetic) -> Result<(DesignMatrix<f32>, &[f64]), dataset::DesignError> {
    let values = table.values.iter().map(|&value| value as f32).collect();
    let design = DesignMatrix::new(table.rows, table.columns, values)?;
    Ok((design, &table.target))
}

/// Reads every value once, on every core, and does with them the least that a compiler does not
/// leave out: adds them up.
///
/// # Examples
/// ```
/// assert_eq!(benches::read_once(&[1.0; 100_001]), 100_001.0);
/// ```
pub fn read_once(values: &[f32]) -> f32 {
    values
        .par_chunks(CHUNK)
        .map(|chunk| {
            let mut sums = [0.0; LANES];
            let (blocks, rest) = chunk.as_chunks::<LANES>();
            for block in blocks {
                for (sum, value) in sums.iter_mut().zip(block) {
                    *sum += value;
                }
            }
            sums.iter().sum::<f32>() + rest.iter().sum::<f32>()
        })
        .sum()
}
