//! Data from a seed, made outside the timer.

use dataset::{Classification, DesignError, DesignMatrix, Synthetic, SyntheticError};

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

/// The features of a table in the precision that the programs fit in, and its targets.
///
/// # Errors
/// [`DesignError`] when the table does not have its own shape.
pub fn design(table: &Synthetic) -> Result<(DesignMatrix<f32>, &[f64]), DesignError> {
    let values = table.values.iter().map(|&value| value as f32).collect();
    let design = DesignMatrix::new(table.rows, table.columns, values)?;
    Ok((design, &table.target))
}
