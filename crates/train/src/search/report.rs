//! What a search found, as plain data: the text, the JSON, the CSV and the picture are made from it.

use std::collections::BTreeMap;

use dataset::Target;
use model::file::{Penalty, Versions};
use serde::Serialize;
use solver::{Rule, Score, Status};

use super::Trial;
pub use super::outline::Outline;
use super::trial::Tried;
use crate::report::{FitReport, TableReport};

/// Everything that `train search` says; its JSON is what `--format json` prints.
#[derive(Debug, Clone, Serialize)]
pub struct SearchReport {
    /// The table.
    pub table: TableReport,
    /// `binary`, `multinomial` or `linear`.
    pub task: model::Task,
    /// The labels of the classes, in the order of the outputs.
    pub labels: Vec<String>,
    /// Rows that were searched on.
    pub rows: usize,
    /// Rows that were held out of the whole search.
    pub test: usize,
    /// What is compared: `log loss` (nats) or `squared error`.
    pub loss: &'static str,
    /// How rows were held out.
    pub folds: FoldsReport,
    /// Which penalty of a path was taken.
    pub rule: Rule,
    /// What was tried.
    pub trials: Vec<TrialReport>,
    /// What was chosen; null where no setting has a loss in every fold.
    pub best: Option<BestReport>,
    /// What the search is worth on rows that it did not see; null where that was not asked for.
    pub nested: Option<NestedReport>,
    /// The best, fitted to all rows of the search.
    pub fit: Option<FitReport>,
    /// Whether it was interrupted.
    pub interrupted: bool,
    /// Fits made, those of a nested search not counted.
    pub fits: usize,
    /// Threads.
    pub threads: usize,
    /// What was decided on the way, in sentences.
    pub notes: Vec<String>,
    /// The picture's file, where one was drawn.
    pub picture: Option<String>,
    /// The table's file, where one was written.
    pub csv: Option<String>,
    /// Where the time went.
    pub seconds: SearchSeconds,
    /// The programs that ran.
    pub versions: Versions,
    /// The coefficients along the best path, for the picture.
    #[serde(skip)]
    pub outline: Option<Outline>,
}

/// How rows were held out.
#[derive(Debug, Clone, Serialize)]
pub struct FoldsReport {
    /// `stratified`, `random`, `grouped` or `ordered`.
    pub kind: &'static str,
    /// The column that rows are grouped or ordered by.
    pub column: Option<String>,
    /// Rows held out in each.
    pub sizes: Vec<usize>,
    /// Held-out rows with a level that no row that was fitted on has.
    pub unseen: usize,
}

/// One combination of settings.
#[derive(Debug, Clone, Serialize)]
pub struct TrialReport {
    /// What distinguishes it from the others.
    pub settings: BTreeMap<String, String>,
    /// Whether it is a path of penalties.
    pub path: bool,
    /// L1's part of the penalty.
    pub l1_ratio: f64,
    /// One for each penalty.
    pub scores: Vec<ScoreReport>,
    /// The position of the score with the least loss.
    pub minimum: Option<usize>,
    /// The position of the largest penalty within a standard error of it.
    pub one_standard_error: Option<usize>,
    /// Seconds it took.
    pub seconds: f64,
}

/// The losses at one penalty.
#[derive(Debug, Clone, Serialize)]
pub struct ScoreReport {
    /// `λ`.
    pub lambda: f64,
    /// The mean over folds; null where a fold has none.
    pub mean: Option<f64>,
    /// Its standard error.
    pub standard_error: Option<f64>,
    /// The loss of each fold.
    pub folds: Vec<Option<f64>>,
    /// Columns with a coefficient that is not zero, on all rows; null but for the best path.
    pub nonzero: Option<usize>,
    /// How the fits ended: the first that did not converge, or converged.
    pub status: Status,
}

/// What was chosen.
#[derive(Debug, Clone, Serialize)]
pub struct BestReport {
    /// Which trial, from zero.
    pub trial: usize,
    /// Which of its scores, from zero.
    pub at: usize,
    /// The penalty in both conventions, `C` for all rows of the search.
    pub penalty: Penalty,
    /// Its mean loss on rows held out.
    pub mean: Option<f64>,
    /// The standard error of that.
    pub standard_error: Option<f64>,
    /// Whether it is the first or the last penalty of its path: a better one may lie beyond.
    pub at_edge: bool,
}

/// What the whole search is worth.
#[derive(Debug, Clone, Serialize)]
pub struct NestedReport {
    /// The mean loss on the outer folds.
    pub mean: Option<f64>,
    /// Its standard error.
    pub standard_error: Option<f64>,
    /// What each outer fold chose, and what that was worth.
    pub folds: Vec<NestedFold>,
}

/// An outer fold.
#[derive(Debug, Clone, Default, Serialize)]
pub struct NestedFold {
    /// The settings chosen.
    pub settings: BTreeMap<String, String>,
    /// The penalty chosen.
    pub lambda: Option<f64>,
    /// Its loss on the rows held out.
    pub loss: Option<f64>,
}

/// Where the time went.
#[derive(Debug, Clone, Serialize)]
pub struct SearchSeconds {
    /// Reading the table.
    pub read: f64,
    /// Trying everything.
    pub search: f64,
    /// The nested search.
    pub nested: f64,
    /// Fitting the best, with its path.
    pub refit: f64,
}

impl TrialReport {
    pub(super) fn new(trial: &Trial, tried: &Tried, outline: Option<&Outline>) -> Self {
        let score = |(at, score): (usize, &Score)| ScoreReport {
            lambda: score.lambda,
            mean: score.mean,
            standard_error: score.standard_error,
            folds: score.folds.clone(),
            nonzero: outline.and_then(|outline| outline.nonzero.get(at).copied()),
            status: score.status,
        };
        Self {
            settings: trial.settings.iter().cloned().collect(),
            path: trial.path,
            l1_ratio: tried.l1_ratio,
            scores: tried.found.scores.iter().enumerate().map(score).collect(),
            minimum: tried.found.best(Rule::Minimum),
            one_standard_error: tried.found.best(Rule::OneStandardError),
            seconds: tried.seconds,
        }
    }
}

/// The loss by its name.
pub(super) fn loss_name(target: &Target) -> &'static str {
    match target {
        Target::Linear { .. } => "squared error",
        Target::Binary { .. } | Target::Multinomial { .. } => "log loss",
    }
}
