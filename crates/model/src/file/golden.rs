use std::path::Path;

use burn::tensor::{Device, Tensor, TensorData};
use serde::{Deserialize, Serialize};

use super::{FileError, ModelFile};
use crate::device::Precision;
use crate::parameters::to_host;
use crate::supervised::Regression;

/// A row with its score, kept so that every later load can prove that nothing has changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GoldenRow {
    /// The raw cells by column name, as the table had them; `None` is missing.
    pub cells: Vec<(String, Option<String>)>,
    /// Whether cells that are not listed are 0 rather than missing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sparse: bool,
    /// The row of the design matrix.
    pub design: Vec<f64>,
    /// Added to the score; 0 without an offset column.
    pub offset: f64,
    /// Raw scores of the outputs, without the offset.
    pub scores: Vec<f64>,
}

impl GoldenRow {
    /// The largest difference that rounding explains in the score of an output.
    ///
    /// A sum of `m` products in precision `u`, of weights and values that were each rounded once,
    /// is off by less than `(m + 3)·u·Σ|w·x|` in any order of addition
    /// (Higham 2002, Accuracy and Stability of Numerical Algorithms, §3.1).
    pub fn tolerance(&self, file: &ModelFile, output: usize, precision: Precision) -> f64 {
        let columns = file.columns.len();
        let weights = &file.parameters.weight[output * columns..(output + 1) * columns];
        let bias = file
            .parameters
            .bias
            .as_ref()
            .map_or(0.0, |bias| bias[output].abs());
        let size: f64 = bias
            + weights
                .iter()
                .zip(&self.design)
                .map(|(w, x)| (w * x).abs())
                .sum::<f64>();
        // The file may hold less than the device computes with, and the other way round.
        let unit = precision.epsilon().max(file.precision.epsilon());
        (columns as f64 + 4.0) * unit * size + f64::from(f32::MIN_POSITIVE)
    }
}

pub(super) fn check(file: &ModelFile, outputs: usize, path: &Path) -> Result<(), FileError> {
    for (index, row) in file.golden.iter().enumerate() {
        let finite = row
            .design
            .iter()
            .chain(&row.scores)
            .all(|value| value.is_finite());
        if row.design.len() != file.columns.len() || row.scores.len() != outputs || !finite {
            return Err(FileError::invalid(
                path,
                format!("golden row {} does not fit the model", index + 1),
            ));
        }
    }
    Ok(())
}

pub(super) fn verify(
    file: &ModelFile,
    module: &Regression,
    device: &Device,
    precision: Precision,
    path: &Path,
) -> Result<(), FileError> {
    if file.golden.is_empty() {
        return Ok(());
    }
    let design: Vec<f64> = file
        .golden
        .iter()
        .flat_map(|row| row.design.iter().copied())
        .collect();
    let shape = [file.golden.len(), file.columns.len()];
    let rows = Tensor::<2>::from_data(TensorData::new(design, shape), (device, precision.dtype()));
    let scores = to_host(module.scores(rows));
    let outputs = scores.len() / file.golden.len();
    for (index, (row, actual)) in file
        .golden
        .iter()
        .zip(scores.chunks_exact(outputs))
        .enumerate()
    {
        for (output, (&actual, &expected)) in actual.iter().zip(&row.scores).enumerate() {
            let tolerance = row.tolerance(file, output, precision);
            let within = (actual - expected).abs() <= tolerance;
            if !within {
                return Err(FileError::Golden {
                    path: path.to_owned(),
                    row: index + 1,
                    expected,
                    actual,
                    tolerance,
                });
            }
        }
    }
    Ok(())
}
