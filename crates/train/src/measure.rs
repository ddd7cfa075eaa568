//! Metrics of fitted parameters, from scores computed in `f64` on the host.

use dataset::{DesignMatrix, PreparedRows, Target};
use evaluate::{BinaryReport, EvaluateError, MulticlassReport, RegressionReport};
use model::Parameters;
use rayon::prelude::*;

use crate::report::Metrics;

/// The probability from which a row is called positive.
pub const THRESHOLD: f64 = 0.5;

/// Scores of all rows: `x·β + b + offset`.
///
/// # Shapes
/// - returns: `[rows, outputs]`, row after row
pub fn scores(
    parameters: &Parameters,
    design: &DesignMatrix<f64>,
    offsets: Option<&[f64]>,
) -> Vec<f64> {
    let (columns, outputs) = (parameters.features, parameters.outputs);
    let mut scores = vec![0.0; design.rows() * outputs];
    let score = |(row, scores): (usize, &mut [f64])| {
        let values = design.row(row);
        let offset = offsets.map_or(0.0, |offsets| offsets[row]);
        for (output, score) in scores.iter_mut().enumerate() {
            let weight = &parameters.weight[output * columns..(output + 1) * columns];
            let product: f64 = weight.iter().zip(values).map(|(w, x)| w * x).sum();
            *score = product + parameters.bias.as_ref().map_or(0.0, |b| b[output]) + offset;
        }
    };
    scores
        .par_chunks_mut(outputs)
        .with_min_len(1024)
        .enumerate()
        .for_each(score);
    scores
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
