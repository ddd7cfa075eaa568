//! The coefficients' paths on all rows of the search.

use dataset::{Pipeline, PreparedRows};
use solver::{HostObjective, Lambdas, PathOptions, Problem, path};

use super::choice::Candidate;
use super::trial::{Trials, Tried};
use crate::error::FitError;
use crate::prepare::{encoding, target_values};

/// Coefficients along the penalties, on the standardised scale.
#[derive(Debug, Clone)]
pub struct Outline {
    /// A name for each coefficient; with the class, where there are several.
    pub names: Vec<String>,
    /// For each penalty the coefficients; fewer where the path ended.
    pub coefficients: Vec<Vec<f64>>,
    /// Columns with a coefficient that is not zero, for each penalty.
    pub nonzero: Vec<usize>,
}

/// Follows the best trial's path on all rows.
pub(super) fn outline(
    trials: &Trials<'_>,
    rows: &PreparedRows,
    tried: &Tried,
    best: Candidate,
) -> Result<Outline, FitError> {
    let fit = &trials.search.config.trials[best.trial].fit;
    let source = &trials.search.source;
    let weights = rows.weights.as_deref();
    let options = encoding(fit);
    let table = source.loaded()?;
    let pipeline = Pipeline::fit(&*table, &source.schema, &rows.rows, weights, &options)?;
    let (design, _) = pipeline.design::<f64>(&table, &rows.rows)?;
    let objective = HostObjective::new(Problem {
        weights,
        offsets: rows.offsets.as_deref(),
        intercept: fit.hyperparameters.intercept,
        ..Problem::new(&design, target_values(&rows.target))
    })?;
    let found = path(
        &objective,
        &PathOptions {
            lambdas: Lambdas::Given(
                tried
                    .found
                    .scores
                    .iter()
                    .map(|score| score.lambda)
                    .collect(),
            ),
            l1_ratio: tried.l1_ratio,
            stop: trials.stop(fit),
            saturation: false,
            gaps: false,
        },
    )?;
    let columns = &pipeline.columns;
    let outputs = target_values(&rows.target).outputs();
    let stride = columns.len() + usize::from(fit.hyperparameters.intercept);
    let labels = rows.target.labels();
    let names = (0..outputs).flat_map(|output| {
        columns.iter().map(move |column| {
            if outputs == 1 {
                column.name.clone()
            } else {
                format!("{} ({})", column.name, labels[output])
            }
        })
    });
    let coefficients = found.points.iter().map(|point| {
        let each = point.solution.theta.chunks(stride);
        each.flat_map(|one| one[..columns.len()].to_vec()).collect()
    });
    Ok(Outline {
        names: names.collect(),
        coefficients: coefficients.collect(),
        nonzero: found.points.iter().map(|point| point.nonzero).collect(),
    })
}
