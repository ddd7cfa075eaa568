//! What the whole search is worth on rows that it does not see.

use dataset::PreparedRows;
use dataset::split::folds::Fold;
use solver::cross_validation::mean_and_error;

use super::choice;
use super::report::{NestedFold, NestedReport};
use super::trial::Trials;
use crate::error::FitError;

/// Searches anew on the rows of each outer fold, and judges what it chose on the rows held out.
///
/// The least of many cross-validated losses is a little too good, because it was chosen for being the least;
/// this one was not (Varma and Simon 2006).
pub(super) fn estimate(
    trials: &Trials<'_>,
    rows: &PreparedRows,
    outer: &[Fold],
) -> Result<NestedReport, FitError> {
    let config = trials.search.config;
    let mut report = NestedReport {
        mean: None,
        standard_error: None,
        folds: Vec::new(),
    };
    let mut weights = Vec::new();
    for fold in outer {
        let inside = rows.select(&fold.train);
        let folds = trials.search.plan.folds(&inside, config.folds.count)?;
        let tried = trials.run(&inside, &folds)?;
        let Some(best) = choice::best(&tried, config.rule) else {
            report.folds.push(NestedFold::default());
            weights.push(0.0);
            continue;
        };
        let lambda = tried[best.trial].lambda(best);
        let found = trials.one(best.trial, rows, std::slice::from_ref(fold), &[lambda])?;
        weights.push(found.weights[0]);
        report.folds.push(NestedFold {
            settings: config.trials[best.trial].settings.iter().cloned().collect(),
            lambda: Some(lambda),
            loss: found.scores[0].folds[0],
        });
    }
    let losses: Option<Vec<f64>> = report.folds.iter().map(|fold| fold.loss).collect();
    if let Some(losses) = losses {
        let (mean, error) = mean_and_error(&losses, &weights);
        report.mean = Some(mean);
        report.standard_error = error;
    }
    Ok(report)
}
