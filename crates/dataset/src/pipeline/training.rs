//! The rows that a pipeline is fitted on.

use super::{PipelineError, scale};

/// Training rows that count, with their weights.
#[derive(Debug)]
pub(super) struct TrainingRows {
    /// Rows of the table.
    pub(super) rows: Vec<usize>,
    /// Their weights as fractions of [`unit`](Self::unit); `None` where all are 1.
    pub(super) weights: Option<Vec<f64>>,
    /// The largest power of two that is not above any weight, so that sums of fractions cannot
    /// overflow.
    unit: f64,
}

impl TrainingRows {
    /// The rows whose weight is not 0.
    ///
    /// # Errors
    /// [`PipelineError::NoRows`], [`PipelineError::WeightCount`], [`PipelineError::Weight`].
    pub(super) fn new(rows: &[usize], weights: Option<&[f64]>) -> Result<Self, PipelineError> {
        let Some(weights) = weights else {
            return if rows.is_empty() {
                Err(PipelineError::NoRows)
            } else {
                Ok(Self {
                    rows: rows.to_vec(),
                    weights: None,
                    unit: 1.0,
                })
            };
        };
        if weights.len() != rows.len() {
            return Err(PipelineError::WeightCount {
                rows: rows.len(),
                weights: weights.len(),
            });
        }
        if let Some(position) = weights
            .iter()
            .position(|&weight| !(0.0..f64::INFINITY).contains(&weight))
        {
            return Err(PipelineError::Weight {
                row: rows[position],
                weight: weights[position],
            });
        }
        let largest = weights.iter().copied().fold(0.0, f64::max);
        let unit = scale::power_of_two(largest);
        let (rows, weights): (Vec<usize>, Vec<f64>) = rows
            .iter()
            .zip(weights)
            .map(|(&row, &weight)| (row, weight / unit))
            .filter(|&(_, weight)| weight > 0.0)
            .unzip();
        if rows.is_empty() {
            return Err(PipelineError::NoRows);
        }
        Ok(Self {
            rows,
            weights: Some(weights),
            unit,
        })
    }

    /// The weight of the row at this position.
    pub(super) fn weight(&self, position: usize) -> f64 {
        self.weights
            .as_ref()
            .map_or(1.0, |weights| weights[position])
    }

    /// All weights.
    pub(super) fn weights(&self) -> Option<&[f64]> {
        self.weights.as_deref()
    }

    /// How many rows a weight stands for.
    pub(super) fn count(&self, weight: f64) -> f64 {
        weight * self.unit
    }
}
