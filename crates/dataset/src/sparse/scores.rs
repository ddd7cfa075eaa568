//! Scores of sparse rows: what linear models say of them.

use rayon::prelude::*;

use super::SparseDesign;

/// Rows that one thread scores at a time.
const BLOCK: usize = 512;

impl SparseDesign {
    /// `x·w + b` of the standardised rows, for each of several outputs, on several threads: the sums
    /// `Σ v·(w/scale)` over what is stored, and `b − Σ w·mean/scale` once.
    ///
    /// # Shapes
    /// - `weights`: `[outputs, columns]`, output after output
    /// - `biases`: one for each output; empty where there are none
    /// - returns: `[rows, outputs]`, row after row
    ///
    /// # Panics
    /// When there are not `outputs` times as many weights as columns.
    ///
    /// # Examples
    /// ```
    /// use dataset::{SparseDesign, SparseMatrix};
    ///
    /// let matrix = SparseMatrix::new(2, vec![0, 1, 2], vec![0, 1], vec![4.0, 6.0])?;
    /// let design = SparseDesign::new(matrix, vec![2.0, 0.0], vec![1.0, 3.0])?;
    /// // The rows are (2, 0) and (−2, 2).
    /// assert_eq!(design.scores(&[1.0, 10.0], &[0.5], 1), [2.5, 18.5]);
    /// # Ok::<(), dataset::SparseError>(())
    /// ```
    pub fn scores(&self, weights: &[f64], biases: &[f64], outputs: usize) -> Vec<f64> {
        let columns = self.matrix.columns();
        assert_eq!(
            weights.len(),
            outputs * columns,
            "a weight for every column and output"
        );
        let own: Vec<(Vec<f64>, f64)> = (0..outputs)
            .map(|output| {
                let weights = &weights[output * columns..(output + 1) * columns];
                let scaled: Vec<f64> = weights
                    .iter()
                    .zip(&self.scales)
                    .map(|(w, s)| w / s)
                    .collect();
                let shift: f64 = scaled.iter().zip(&self.means).map(|(w, m)| w * m).sum();
                let bias = biases.get(output).copied().unwrap_or(0.0);
                (scaled, bias - shift)
            })
            .collect();
        let mut scores = vec![0.0; self.matrix.rows() * outputs];
        if outputs == 0 {
            return scores;
        }
        let score = |(block, scores): (usize, &mut [f64])| {
            for (row, scores) in scores.chunks_exact_mut(outputs).enumerate() {
                let (positions, values) = self.matrix.row(block * BLOCK + row);
                for ((weights, bias), score) in own.iter().zip(scores) {
                    let stored = positions.iter().zip(values);
                    *score = stored.fold(*bias, |sum, (&position, value)| {
                        sum + value * weights[position as usize]
                    });
                }
            }
        };
        scores
            .par_chunks_mut(outputs * BLOCK)
            .enumerate()
            .for_each(score);
        scores
    }
}
