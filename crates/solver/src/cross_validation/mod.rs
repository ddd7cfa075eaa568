//! Which penalty predicts best: paths fitted without one fold of the rows, and judged on it.
//!
//! - [`CrossValidation`]: every fold's preprocessing and path, on that fold's training rows alone
//! - [`penalties`]: the penalties to try when nobody names them
//! - [`CrossValidated`]: their losses on rows held out, with standard errors; [`Rule`]: which to take

mod fold;
mod grid;
mod score;

use std::sync::atomic::{AtomicUsize, Ordering};

use dataset::split::folds::Fold;
use dataset::{PipelineError, PipelineOptions, PreparedRows, Schema, Table};
use rayon::prelude::*;
use thiserror::Error;

use crate::minimize::{SolveError, Stop};
use crate::tolerance::FOLDS_TOGETHER_ROWS;

pub use fold::FoldLosses;
pub use grid::penalties;
pub use score::{CrossValidated, Rule, Score, mean_and_error};

/// A question to rows in folds: how well does each penalty predict rows that it was not fitted on?
///
/// For every fold the preprocessing (medians, levels, means and spreads of columns) is fitted on its
/// training rows, and so is the path of solutions along the penalties; nothing of a row that is held out
/// reaches the coefficients that it is judged with.
///
/// The penalty `λ` stands beside the *mean* loss of the training rows, whatever their number, as in glmnet.
///
/// # Examples
/// Half of the flights before Challenger's last one, held out in turn: does temperature tell distress?
/// ```
/// use dataset::{CsvOptions, PipelineOptions, TargetOptions, catalog, folds, prepare, read_table};
/// use solver::{CrossValidation, Rule, Stop};
///
/// let (input, entry) = catalog::resolve("challenger")?;
/// let mut schema = entry.expect("it ships").schema_options();
/// schema.features = Some(vec!["temp_f".into()]);
/// let (table, schema, _) = read_table(&input, &CsvOptions::default(), &schema)?;
/// let rows = prepare(&table, &schema, &TargetOptions::default())?;
/// let folds = folds(rows.rows.len(), rows.target.codes().as_deref(), 2, 0)?;
/// let asked = CrossValidation {
///     table: &table,
///     schema: &schema,
///     rows: &rows,
///     folds: &folds,
///     encoding: &PipelineOptions::default(),
///     intercept: true,
///     l1_ratio: 0.0,
///     lambdas: &[100.0, 0.1],
///     stop: Stop::default(),
/// };
/// let found = asked.run(&|_| ())?;
/// assert_eq!(found.best(Rule::Minimum), Some(1)); // a small penalty predicts better than a huge one
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct CrossValidation<'a> {
    /// The table.
    pub table: &'a Table,
    /// What its columns are.
    pub schema: &'a Schema,
    /// The rows to divide, with their targets.
    pub rows: &'a PreparedRows,
    /// Positions in `rows`.
    pub folds: &'a [Fold],
    /// How features become numbers.
    pub encoding: &'a PipelineOptions,
    /// Whether there is an intercept.
    pub intercept: bool,
    /// `α`, from 0 (ridge) to 1 (lasso).
    pub l1_ratio: f64,
    /// The penalties, falling.
    pub lambdas: &'a [f64],
    /// Bounds for every solution, its gradient to be a hundred times smaller than they say; the time limit is
    /// for each fold's path.
    pub stop: Stop<'a>,
}

/// Why losses on held-out rows cannot be had.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CrossValidationError {
    /// The features of a fold cannot be turned into numbers.
    #[error("fold {fold}: {error}")]
    Pipeline {
        /// Which fold, from one.
        fold: usize,
        /// What is wrong.
        error: PipelineError,
    },
    /// The solver refuses a fold.
    #[error("fold {fold}: {error}")]
    Solve {
        /// Which fold, from one.
        fold: usize,
        /// What is wrong.
        error: SolveError,
    },
    /// Without a row of a class there is no finite intercept.
    #[error("fold {fold} would be fitted without a row of `{class}`")]
    MissingClass {
        /// Which fold, from one.
        fold: usize,
        /// The label.
        class: String,
    },
}

impl CrossValidationError {
    /// What to do next, where there is something to do.
    pub fn remedy(&self) -> Option<String> {
        match self {
            Self::Pipeline { error, .. } => error.remedy(),
            Self::Solve { error, .. } => error.remedy(),
            Self::MissingClass { .. } => {
                Some("fewer folds, other groups, or rows of that class in each of them".into())
            }
        }
    }
}

impl CrossValidation<'_> {
    /// Follows every fold's path, several folds at once where rows are few, and tells `done` of each that is ready.
    ///
    /// The result does not depend on the number of threads.
    ///
    /// # Errors
    /// [`CrossValidationError`] of the first fold that has one. A path that ends early, or a solution that did
    /// not converge, is no error: its penalty has no loss in that fold.
    pub fn run(
        &self,
        done: &(dyn Fn(usize) + Sync),
    ) -> Result<CrossValidated, CrossValidationError> {
        let ready = AtomicUsize::new(0);
        let fold = |fold: usize| {
            let losses = self.fold(fold);
            done(ready.fetch_add(1, Ordering::Relaxed) + 1);
            losses
        };
        let all = 0..self.folds.len();
        let folds: Vec<Result<FoldLosses, CrossValidationError>> =
            if self.rows.rows.len() <= FOLDS_TOGETHER_ROWS {
                all.into_par_iter().map(fold).collect()
            } else {
                // One design matrix at a time; the passes over it use all threads.
                all.map(fold).collect()
            };
        let folds = folds.into_iter().collect::<Result<Vec<_>, _>>()?;
        Ok(CrossValidated::new(self.lambdas, &folds))
    }
}
