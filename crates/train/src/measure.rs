//! Metrics of fitted parameters, from scores computed in `f64` on the host.

use dataset::{PreparedRows, RowSource, RowSourceError, Target};
use evaluate::{BinaryReport, EvaluateError, MulticlassReport, RegressionReport};
use model::Parameters;
use rayon::prelude::*;
use solver::ObjectiveError;

use crate::report::Metrics;

/// The probability from which a row is called positive.
pub const THRESHOLD: f64 = 0.5;

/// Rows scored together: a block that is encoded on demand stays in the cache.
const BLOCK: usize = 512;

/// Scores of all rows: `x·β + b + offset`, on several threads.
///
/// # Shapes
/// - returns: `[rows, outputs]`, row after row
///
/// # Errors
/// [`ObjectiveError::Rows`] where the rows' source fails.
pub fn scores(
    parameters: &Parameters,
    rows: &dyn RowSource<f64>,
    offsets: Option<&[f64]>,
) -> Result<Vec<f64>, ObjectiveError> {
    let (columns, outputs) = (parameters.features, parameters.outputs);
    if let Some(design) = rows.sparse() {
        let biases = parameters.bias.as_deref().unwrap_or_default();
        let mut scores = design.scores(&parameters.weight, biases, outputs);
        for (scores, offset) in scores
            .chunks_exact_mut(outputs)
            .zip(offsets.unwrap_or_default())
        {
            for score in scores {
                *score += offset;
            }
        }
        return Ok(scores);
    }
    let mut scores = vec![0.0; rows.rows() * outputs];
    let score = |scratch: &mut Vec<f64>, (block, scores): (usize, &mut [f64])| {
        let start = block * BLOCK;
        let count = scores.len() / outputs;
        let cells = rows.cells(start..start + count, scratch)?;
        for (row, scores) in scores.chunks_exact_mut(outputs).enumerate() {
            let values = &cells[row * columns..(row + 1) * columns];
            let offset = offsets.map_or(0.0, |offsets| offsets[start + row]);
            for (output, score) in scores.iter_mut().enumerate() {
                let weight = &parameters.weight[output * columns..(output + 1) * columns];
                let product: f64 = weight.iter().zip(values).map(|(w, x)| w * x).sum();
                *score = product + parameters.bias.as_ref().map_or(0.0, |b| b[output]) + offset;
            }
        }
        Ok::<(), RowSourceError>(())
    };
    scores
        .par_chunks_mut(outputs * BLOCK)
        .enumerate()
        .try_for_each_init(Vec::new, score)?;
    Ok(scores)
}

/// How well scores predict a target.
///
/// # Errors
/// [`EvaluateError`] when the scores are not finite.
pub fn metrics(part: &PreparedRows, scores: &[f64]) -> Result<Metrics, EvaluateError> {
    let weights = part.weights.as_deref();
    Ok(match &part.target {
        Target::Binary { values, .. } => {
            Metrics::Binary(BinaryReport::new(values, scores, THRESHOLD, weights)?)
        }
        Target::Multinomial { labels, codes } => {
            Metrics::Multinomial(MulticlassReport::new(codes, scores, labels, weights)?)
        }
        Target::Linear { values } => {
            Metrics::Linear(RegressionReport::new(values, scores, weights)?)
        }
    })
}

/// Mean loss of a part as the objective counts it, without the penalty.
///
/// # Errors
/// [`EvaluateError`] when the scores are not finite.
pub fn loss(part: &PreparedRows, scores: &[f64]) -> Result<f64, EvaluateError> {
    let weights = part.weights.as_deref();
    match &part.target {
        Target::Binary { values, .. } => {
            evaluate::classification::log_loss(values, scores, weights)
        }
        Target::Multinomial { labels, codes } => {
            evaluate::multiclass::log_loss(codes, scores, labels.len(), weights)
        }
        Target::Linear { values } => {
            evaluate::regression::mse(values, scores, weights).map(|mse| 0.5 * mse)
        }
    }
}
