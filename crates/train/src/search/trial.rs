//! Settings on folds: on the host by whole paths, by mini-batches one fit at a time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use dataset::split::folds::Fold;
use dataset::{Pipeline, PreparedRows, Split, Target, split};
use model::Parameters;
use model::device::{Backend, Choice};
use solver::cross_validation::FoldLosses;
use solver::{CrossValidated, CrossValidation, Problem, Status, Stop, penalties};

use super::choice::Candidate;
use super::{Search, SearchError, Trial, total_weight};
use crate::config::{FitConfig, PenaltyChoice};
use crate::error::FitError;
use crate::measure;
use crate::method::SolverChoice;
use crate::prepare::{self, encoding, target_values};
use crate::solve::{Setting, duration};

/// What came of one trial.
#[derive(Debug)]
pub(super) struct Tried {
    pub(super) found: CrossValidated,
    pub(super) l1_ratio: f64,
    pub(super) seconds: f64,
}

impl Tried {
    /// The penalty of a candidate of this trial.
    pub(super) fn lambda(&self, candidate: Candidate) -> f64 {
        self.found.scores[candidate.at].lambda
    }

    /// Fits made: penalties times folds.
    pub(super) fn fits(&self) -> usize {
        self.found.scores.len() * self.found.weights.len()
    }
}

/// All trials of a search.
pub(super) struct Trials<'a> {
    pub(super) search: &'a Search<'a>,
    /// Where each runs.
    pub(super) choices: &'a [Choice],
}

/// Whether every penalty's optimum is found on the host, from `f64` rows, along a path.
fn on_host(trial: &Trial) -> bool {
    matches!(
        trial.fit.hyperparameters.solver,
        SolverChoice::Auto | SolverChoice::Newton | SolverChoice::Lbfgs | SolverChoice::Coordinate
    )
}

impl Trials<'_> {
    /// One trial after the other, each with its folds side by side. What is found does not depend on the
    /// number of threads.
    pub(super) fn run(&self, rows: &PreparedRows, folds: &[Fold]) -> Result<Vec<Tried>, FitError> {
        let trials = 0..self.search.config.trials.len();
        trials.map(|at| self.tried(at, rows, folds)).collect()
    }

    fn tried(&self, at: usize, rows: &PreparedRows, folds: &[Fold]) -> Result<Tried, FitError> {
        let started = Instant::now();
        let trial = &self.search.config.trials[at];
        let lambdas = if trial.path {
            self.path(trial, rows)?
        } else {
            let classes = !matches!(rows.target, Target::Linear { .. });
            let settings = &trial.fit.hyperparameters;
            vec![settings.penalty(classes, total_weight(rows)).lambda]
        };
        Ok(Tried {
            found: self.one(at, rows, folds, &lambdas)?,
            l1_ratio: trial.fit.hyperparameters.l1_ratio,
            seconds: started.elapsed().as_secs_f64(),
        })
    }

    /// The penalties of a path, by all rows of the search.
    fn path(&self, trial: &Trial, rows: &PreparedRows) -> Result<Vec<f64>, FitError> {
        let Search { source, config, .. } = self.search;
        let weights = rows.weights.as_deref();
        let options = encoding(&trial.fit);
        let table = source.loaded()?;
        let pipeline = Pipeline::fit(&*table, &source.schema, &rows.rows, weights, &options)?;
        let (design, _) = pipeline.design::<f64>(&table, &rows.rows)?;
        let settings = &trial.fit.hyperparameters;
        let problem = Problem {
            weights,
            offsets: rows.offsets.as_deref(),
            intercept: settings.intercept,
            ..Problem::new(&design, target_values(&rows.target))
        };
        Ok(penalties(
            problem,
            settings.l1_ratio,
            config.penalties,
            config.ratio,
        )?)
    }

    /// One trial on some folds, at these penalties.
    pub(super) fn one(
        &self,
        at: usize,
        rows: &PreparedRows,
        folds: &[Fold],
        lambdas: &[f64],
    ) -> Result<CrossValidated, FitError> {
        let trial = &self.search.config.trials[at];
        if !on_host(trial) {
            return self.fitted_one_by_one(at, rows, folds, lambdas);
        }
        let source = &self.search.source;
        let table = source.loaded()?;
        let asked = CrossValidation {
            table: &table,
            schema: &source.schema,
            rows,
            folds,
            encoding: &encoding(&trial.fit),
            intercept: trial.fit.hyperparameters.intercept,
            l1_ratio: trial.fit.hyperparameters.l1_ratio,
            lambdas,
            stop: self.stop(&trial.fit),
        };
        let found = asked.run(&|_| self.search.step());
        Ok(found.map_err(SearchError::from)?)
    }

    /// When a solver on the host stops.
    pub(super) fn stop(&self, fit: &FitConfig) -> Stop<'_> {
        let settings = &fit.hyperparameters;
        let limit = settings.max_iterations;
        Stop {
            gradient_tolerance: settings.tolerance,
            max_iterations: limit.unwrap_or_else(|| SolverChoice::Lbfgs.default_iterations()),
            time_limit: settings.time_limit.map(duration),
            interrupted: Some(self.search.interrupted),
            confirm: true,
        }
    }

    /// The settings of a candidate, with its penalty.
    pub(super) fn chosen(&self, candidate: Candidate, lambda: f64) -> FitConfig {
        let trial = &self.search.config.trials[candidate.trial];
        with_penalty(&trial.fit, lambda)
    }

    /// Mini-batches and least squares: a whole fit for each fold.
    ///
    /// Threads of their own take one fold after the other: Burn's tape holds a lock while it computes, and a
    /// thread of rayon's that waits for one may be the one that has it. A GPU takes one fold at a time.
    fn fitted_one_by_one(
        &self,
        at: usize,
        rows: &PreparedRows,
        folds: &[Fold],
        lambdas: &[f64],
    ) -> Result<CrossValidated, FitError> {
        let lambda = lambdas.first().copied().unwrap_or(0.0);
        let workers = match self.choices[at].backend {
            Backend::Wgpu => 1,
            _ => rayon::current_num_threads().min(folds.len()),
        };
        let next = AtomicUsize::new(0);
        let found: Mutex<Vec<Option<Result<FoldLosses, FitError>>>> =
            Mutex::new(folds.iter().map(|_| None).collect());
        let work = || {
            loop {
                let fold = next.fetch_add(1, Ordering::Relaxed);
                let Some(rows_of_fold) = folds.get(fold) else {
                    break;
                };
                let losses = self.fitted(at, rows, rows_of_fold, lambda);
                self.search.step();
                found.lock().unwrap_or_else(PoisonError::into_inner)[fold] = Some(losses);
            }
        };
        thread::scope(|scope| {
            (1..workers).for_each(|_| {
                scope.spawn(work);
            });
            work();
        });
        let found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
        let losses = found.into_iter().flatten().collect::<Result<Vec<_>, _>>()?;
        Ok(CrossValidated::new(&[lambda], &losses))
    }

    /// One fold, fitted and judged.
    fn fitted(
        &self,
        at: usize,
        rows: &PreparedRows,
        fold: &Fold,
        lambda: f64,
    ) -> Result<FoldLosses, FitError> {
        let trial = &self.search.config.trials[at];
        let mut config = with_penalty(&trial.fit, lambda);
        // A rare level is in one fold alone, which is no fault of the table.
        config.hyperparameters.strict = false;
        let settings = &config.hyperparameters;
        let inside = rows.select(&fold.train);
        let strata = inside.target.codes();
        let watched = split(
            fold.train.len(),
            strata.as_deref(),
            settings.validation,
            0.0,
            settings.seed,
        )?;
        let positions = |part: &[usize]| part.iter().map(|&at| fold.train[at]).collect();
        let parts = Split {
            train: positions(&watched.train),
            validation: positions(&watched.validation),
            test: fold.held_out.clone(),
        };
        let source = Arc::clone(&self.search.source);
        let prepared = prepare::divided(source, rows.clone(), &parts, &config)?;
        let setting = Setting {
            prepared: &prepared,
            hyperparameters: settings,
            device: &self.choices[at],
            interrupted: self.search.interrupted,
        };
        let solved = setting.solve(&mut |_| ())?;
        let held_out = rows.select(&fold.held_out);
        let mut losses = FoldLosses {
            weight: total_weight(&held_out),
            unseen: 0,
            losses: vec![None],
            statuses: vec![Some(solved.status)],
            iterations: solved.history.len(),
        };
        if let (true, Some(design)) = (solved.status.is_success(), &prepared.designs.test) {
            let outputs = target_values(&held_out.target).outputs();
            let parameters =
                Parameters::from_flat(&solved.theta, design.columns(), outputs, settings.intercept);
            let scores = measure::scores(&parameters, &**design, held_out.offsets.as_deref())?;
            let scale = match held_out.target {
                Target::Linear { .. } => 2.0,
                _ => 1.0,
            };
            // Scores that are not finite are no loss, and no reason to end the search.
            losses.losses[0] = measure::loss(&held_out, &scores)
                .ok()
                .map(|loss| scale * loss);
            if losses.losses[0].is_none() {
                losses.statuses[0] = Some(Status::Diverged);
            }
        }
        Ok(losses)
    }
}

/// Settings with another penalty.
fn with_penalty(fit: &FitConfig, lambda: f64) -> FitConfig {
    let mut fit = fit.clone();
    fit.hyperparameters.penalty = if lambda > 0.0 {
        PenaltyChoice::Lambda(lambda)
    } else {
        PenaltyChoice::None
    };
    fit
}
