//! The rows that a pipeline is fitted on.

use std::sync::OnceLock;

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
    /// What every row of the table counts for: see [`by_row`](Self::by_row).
    by_row: OnceLock<ByRow>,
}

/// What the rows of a table count for.
#[derive(Debug)]
pub(super) struct ByRow {
    /// For each row of the table up to the last training row its weight; 0 for one that is no
    /// training row.
    weights: Vec<f64>,
    /// The sum of all weights.
    pub(super) total: f64,
    /// How many different training rows there are.
    pub(super) rows: usize,
}

impl ByRow {
    /// The weight of a row of the table.
    pub(super) fn weight(&self, row: usize) -> f64 {
        self.weights.get(row).copied().unwrap_or(0.0)
    }
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
                    by_row: OnceLock::new(),
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
            by_row: OnceLock::new(),
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

    /// The weights by row of the table, for those who visit few rows of many columns. A row that is
    /// there twice counts twice.
    pub(super) fn by_row(&self) -> &ByRow {
        self.by_row.get_or_init(|| {
            let last = self.rows.iter().copied().max().unwrap_or_default();
            let mut weights = vec![0.0; last + 1];
            let mut total = scale::Sum::default();
            let mut rows = 0;
            for (position, &row) in self.rows.iter().enumerate() {
                rows += usize::from(weights[row] == 0.0);
                weights[row] += self.weight(position);
                total.add(self.weight(position));
            }
            ByRow {
                weights,
                total: total.value(),
                rows,
            }
        })
    }

    /// How many rows a weight stands for.
    pub(super) fn count(&self, weight: f64) -> f64 {
        weight * self.unit
    }
}
