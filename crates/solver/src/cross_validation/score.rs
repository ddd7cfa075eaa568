//! What the folds say of each penalty, and which one to take.

use serde::{Deserialize, Serialize};

use super::FoldLosses;
use crate::minimize::Status;

/// Losses on held-out rows along the penalties.
#[derive(Debug, Clone, PartialEq)]
pub struct CrossValidated {
    /// One for each penalty, in their order.
    pub scores: Vec<Score>,
    /// Weight of each fold's held-out rows.
    pub weights: Vec<f64>,
    /// Held-out rows with a level that their fold's training rows do not have.
    pub unseen: usize,
    /// Steps of all solutions in all folds.
    pub iterations: usize,
}

/// What the folds say of one penalty.
#[derive(Debug, Clone, PartialEq)]
pub struct Score {
    /// `λ`.
    pub lambda: f64,
    /// The mean of the folds' losses by their weight; none where a fold has none. For classes the log loss in
    /// nats, for numbers the squared error.
    pub mean: Option<f64>,
    /// The standard error of that mean; none with fewer than two folds.
    pub standard_error: Option<f64>,
    /// The loss of each fold.
    pub folds: Vec<Option<f64>>,
    /// How the solutions ended: the first that did not converge, or converged.
    pub status: Status,
}

/// Which penalty to take.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// The one with the smallest mean loss (glmnet's `lambda.min`).
    #[default]
    #[serde(rename = "min")]
    Minimum,
    /// The largest whose mean loss is within one standard error of the smallest (glmnet's `lambda.1se`;
    /// Breiman et al. 1984, §3.4.3): the simplest model that is not clearly worse.
    #[serde(rename = "1se")]
    OneStandardError,
}

/// The mean by weight of several folds' losses, and its standard error:
/// `m = Σ w_f l_f / W` and `√(Σ w_f (l_f − m)² / W / (K − 1))`, as `cv.glmnet` has them. No error where there are
/// fewer than two folds.
///
/// # Examples
/// ```
/// use solver::cross_validation::mean_and_error;
///
/// let (mean, error) = mean_and_error(&[1.0, 3.0], &[1.0, 1.0]);
/// assert_eq!((mean, error), (2.0, Some(1.0)));
/// ```
pub fn mean_and_error(losses: &[f64], weights: &[f64]) -> (f64, Option<f64>) {
    let total: f64 = weights.iter().sum();
    let mean_of = |term: &dyn Fn(f64) -> f64| {
        let sum: f64 = losses.iter().zip(weights).map(|(l, w)| w * term(*l)).sum();
        sum / total
    };
    let mean = mean_of(&|loss| loss);
    let error = (losses.len() > 1).then(|| {
        let variance = mean_of(&|loss| (loss - mean).powi(2));
        (variance / (losses.len() - 1) as f64).sqrt()
    });
    (mean, error)
}

impl CrossValidated {
    /// Puts the folds' losses together; every fold has one for each penalty, or none.
    ///
    /// # Panics
    /// When a fold has fewer losses or statuses than there are penalties.
    pub fn new(lambdas: &[f64], folds: &[FoldLosses]) -> Self {
        let weights: Vec<f64> = folds.iter().map(|fold| fold.weight).collect();
        let score = |(at, &lambda): (usize, &f64)| {
            let losses: Vec<Option<f64>> = folds.iter().map(|fold| fold.losses[at]).collect();
            let complete: Option<Vec<f64>> = losses.iter().copied().collect();
            let (mean, standard_error) = match &complete {
                Some(losses) => {
                    let (mean, error) = mean_and_error(losses, &weights);
                    (Some(mean), error)
                }
                None => (None, None),
            };
            // Where a path ended, its last solution says why.
            let ended = |fold: &FoldLosses| {
                let last = || fold.statuses.iter().rev().flatten().next().copied();
                fold.statuses[at].or_else(last)
            };
            let failed = |status: Option<Status>| status.is_none_or(|status| !status.is_success());
            let status = match folds.iter().map(ended).find(|&status| failed(status)) {
                None if mean.is_some() => Status::Converged,
                None => Status::Diverged,
                Some(status) => status.unwrap_or(Status::Separated),
            };
            Score {
                lambda,
                mean,
                standard_error,
                folds: losses,
                status,
            }
        };
        Self {
            scores: lambdas.iter().enumerate().map(score).collect(),
            weights,
            unseen: folds.iter().map(|fold| fold.unseen).sum(),
            iterations: folds.iter().map(|fold| fold.iterations).sum(),
        }
    }

    /// The position of the penalty that a rule takes; of equal ones the largest. None where every penalty
    /// lacks a loss in some fold.
    pub fn best(&self, rule: Rule) -> Option<usize> {
        let judged = || {
            let scores = self.scores.iter().enumerate();
            scores.filter_map(|(at, score)| Some((at, score.lambda, score.mean?)))
        };
        let largest = |limit: f64| {
            judged()
                .filter(|&(_, _, mean)| mean <= limit)
                .max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)))
        };
        let least = judged().map(|(_, _, mean)| mean).reduce(f64::min)?;
        let (minimum, ..) = largest(least)?;
        match rule {
            Rule::Minimum => Some(minimum),
            Rule::OneStandardError => {
                let error = self.scores[minimum].standard_error.unwrap_or(0.0);
                largest(least + error).map(|(at, ..)| at)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folds(losses: &[[Option<f64>; 3]], weights: [f64; 3]) -> Vec<FoldLosses> {
        (0..3)
            .map(|fold| FoldLosses {
                weight: weights[fold],
                unseen: fold,
                losses: losses.iter().map(|of| of[fold]).collect(),
                statuses: (losses.iter())
                    .map(|of| {
                        Some(if of[fold].is_some() {
                            Status::Converged
                        } else {
                            Status::Separated
                        })
                    })
                    .collect(),
                iterations: 2,
            })
            .collect()
    }

    #[test]
    fn means_and_errors_by_hand() {
        // mean (2·1 + 1·4 + 1·2)/4 = 2, variance (2·1 + 1·4 + 1·0)/4 = 1.5, error √(1.5/2)
        let losses = [[Some(1.0), Some(4.0), Some(2.0)]];
        let found = CrossValidated::new(&[0.5], &folds(&losses, [2.0, 1.0, 1.0]));
        assert_eq!(found.scores[0].mean, Some(2.0));
        assert_eq!(found.scores[0].standard_error, Some(0.75_f64.sqrt()));
        assert_eq!((found.unseen, found.iterations), (3, 6));
    }

    #[test]
    fn the_rules_by_hand() {
        let three = |mean: f64| [Some(mean - 1.0), Some(mean), Some(mean + 1.0)];
        // standard error √(2/3/2) = 0.577 everywhere
        let losses = [three(5.0), three(3.5), three(3.2), three(3.0), three(3.0)];
        let lambdas = [16.0, 8.0, 4.0, 2.0, 1.0];
        let mut found = CrossValidated::new(&lambdas, &folds(&losses, [1.0; 3]));
        assert_eq!(
            found.best(Rule::Minimum),
            Some(3),
            "of equal ones the larger"
        );
        assert_eq!(found.best(Rule::OneStandardError), Some(1));
        // A penalty without a loss in one fold is not taken, however good the others are.
        let mut losses = losses;
        losses[1][2] = None;
        found = CrossValidated::new(&lambdas, &folds(&losses, [1.0; 3]));
        assert_eq!(found.scores[1].mean, None);
        assert_eq!(found.scores[1].status, Status::Separated);
        assert_eq!(found.best(Rule::OneStandardError), Some(2));
        let none = CrossValidated::new(&[1.0], &folds(&[[None; 3]], [1.0; 3]));
        assert_eq!(none.best(Rule::Minimum), None);
    }
}
