//! Which settings predict best rows that they were not fitted on: read, fold, try, choose, refit.

mod choice;
mod division;
pub mod error;
mod fold_plan;
mod nested;
mod outline;
pub mod report;
mod trial;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use dataset::{Input, Kind, PreparedRows, Role};
use model::device;
use model::file::Penalty;
use solver::{CrossValidated, Rule};

use crate::config::FitConfig;
use crate::describe;
use crate::error::FitError;
use crate::fit::{Clock, Event, Fitted, check, fit_prepared};
use crate::prepare::{self, Source};
use crate::run;

use choice::Candidate;
use division::{Division, read};
pub use error::SearchError;
pub use fold_plan::FoldOptions;
use fold_plan::FoldPlan;
use report::{BestReport, Outline, SearchReport, SearchSeconds, TrialReport};
use trial::{Trials, Tried};

/// What to search.
#[derive(Debug, Clone)]
pub struct SearchConfig {
    /// The settings to compare. All read the same rows of the same table.
    pub trials: Vec<Trial>,
    /// How rows are held out.
    pub folds: FoldOptions,
    /// Folds of a second cross-validation around the whole search, for an honest estimate of its result.
    pub nested: Option<usize>,
    /// Which penalty of a path to take.
    pub rule: Rule,
    /// Penalties of a path.
    pub penalties: usize,
    /// The last penalty of a path over the first; `None` is [`solver::penalties`]' own.
    pub ratio: Option<f64>,
}

/// One combination of settings.
#[derive(Debug, Clone)]
pub struct Trial {
    /// What distinguishes it from the others: options and values as they are typed.
    pub settings: Vec<(String, String)>,
    /// All of it.
    pub fit: FitConfig,
    /// Whether a whole path of penalties is tried, and not the one that `fit` names.
    pub path: bool,
}

/// What came out of a search.
#[derive(Debug)]
pub struct Found {
    /// What to tell people.
    pub report: SearchReport,
    /// The best, fitted to all rows of the search; none after an interruption, or where no setting has a loss in
    /// every fold.
    pub fitted: Option<Fitted>,
}

/// What stays the same for all of a search.
struct Search<'a> {
    config: &'a SearchConfig,
    source: Arc<Source>,
    plan: &'a FoldPlan,
    interrupted: &'a AtomicBool,
    done: AtomicUsize,
    total: usize,
    observe: Mutex<&'a mut (dyn FnMut(Event<'_>) + Send)>,
}

/// Compares settings by their loss on rows held out, and fits the best to all of them. Nothing is written.
///
/// # Errors
/// Any [`FitError`] of reading, preparing and fitting; [`FitError::Search`] where there is nothing to try, or
/// the rows cannot be divided as asked.
pub fn search(
    name: &str,
    input: &Input,
    config: &SearchConfig,
    interrupted: &AtomicBool,
    observe: &mut (dyn FnMut(Event<'_>) + Send),
) -> Result<Found, FitError> {
    let base = &config.trials.first().ok_or(SearchError::NothingToTry)?.fit;
    for trial in &config.trials {
        check(&trial.fit.hyperparameters)?;
    }
    config.folds.check(&base.hyperparameters)?;
    if config.penalties == 0 {
        return Err(SearchError::NothingToTry.into());
    }
    // A device that is not there is known before a long read.
    let choices = config.trials.iter().map(|trial| {
        let settings = &trial.fit.hyperparameters;
        device::select_for(settings.backend, settings.precision)
    });
    let choices = choices.collect::<Result<Vec<_>, _>>()?;

    // 1. Read the table; a column that rows are grouped or ordered by is there, too.
    let mut clock = Clock::start();
    let source = read(input, base, &config.folds)?;
    observe(Event::Read(source.table.rows()));
    let read = clock.lap();

    // 2. The rows to search on, and those that nothing is chosen on.
    let division = Division::new(&source, config)?;
    let (rows, folds, outer) = (&division.rows, &division.folds, &division.outer);

    // 3. Every setting on every fold.
    let search = Search {
        config,
        source: Arc::new(source),
        plan: &division.plan,
        interrupted,
        done: AtomicUsize::new(0),
        total: config.trials.len() * folds.len() * (1 + outer.len()) + outer.len(),
        observe: Mutex::new(observe),
    };
    let trials = Trials {
        search: &search,
        choices: &choices,
    };
    clock.lap();
    let tried = trials.run(rows, folds)?;
    let best = choice::best(&tried, config.rule);
    let searching = clock.lap();

    // 4. The same for every outer fold, whose rows the search does not see.
    let nested = if outer.is_empty() || search.is_interrupted() {
        None
    } else {
        Some(nested::estimate(&trials, rows, outer)?)
    };
    let nesting = clock.lap();

    // 5. The best on all rows.
    let best_to_fit = best.filter(|_| !search.is_interrupted());
    let mut outline = None;
    let mut fitted = None;
    if let Some(best) = best_to_fit {
        if config.trials[best.trial].path {
            outline = Some(outline::outline(&trials, rows, &tried[best.trial], best)?);
        }
        let mut found = refit(name, &trials, &division, best, &tried[best.trial])?;
        found.report.seconds.read = read;
        fitted = Some(found);
    }
    let seconds = SearchSeconds {
        read,
        search: searching,
        nested: nesting,
        refit: clock.lap(),
    };
    let features = search.source.schema.features();
    let kinds: Vec<Kind> = features.map(|feature| feature.kind).collect();
    let all = &division.all;
    let report = SearchReport {
        table: describe::table_of(&search.source, all, &kinds, name),
        task: prepare::task(&all.target),
        labels: all.target.labels().to_vec(),
        rows: rows.rows.len(),
        test: division.parts.test.len(),
        loss: report::loss_name(&all.target),
        folds: division.report(&tried),
        rule: config.rule,
        trials: described(config, &tried, outline.as_ref(), best),
        best: best.map(|best| describe_best(&tried, best, total_weight(rows))),
        nested,
        fit: fitted.as_ref().map(|fitted| fitted.report.clone()),
        interrupted: search.is_interrupted(),
        fits: tried.iter().map(Tried::fits).sum(),
        threads: rayon::current_num_threads(),
        notes: all.notes.clone(),
        picture: None,
        csv: None,
        seconds,
        versions: describe::versions(),
        outline,
    };
    Ok(Found { report, fitted })
}

/// Fits the best to all rows of the search, as `train fit` does.
fn refit(
    name: &str,
    trials: &Trials<'_>,
    division: &Division,
    best: Candidate,
    tried: &Tried,
) -> Result<Fitted, FitError> {
    let search = trials.search;
    let mut fit = trials.chosen(best, tried.lambda(best));
    // The same columns when the run is fitted again, without a search.
    let ignored = |name: &str| {
        let column = search.source.schema.column(name);
        column.is_some_and(|column| column.role == Role::Ignored)
    };
    if let Some((_, column)) = search.config.folds.column()
        && ignored(column)
        && !fit.schema.drop.iter().any(|one| one == column)
    {
        fit.schema.keep.retain(|one| one != column);
        fit.schema.drop.push(column.to_owned());
    }
    let source = Arc::clone(&search.source);
    let prepared = prepare::divided(source, division.all.clone(), &division.parts, &fit)?;
    search.tell(Event::Notices(&prepared.notices));
    let mut quiet = |_: Event<'_>| ();
    let choice = &trials.choices[best.trial];
    let mut found = fit_prepared(
        name,
        &prepared,
        &fit,
        choice,
        search.interrupted,
        &mut quiet,
    )?;
    found.columns.retain(|column| !ignored(&column.name));
    Ok(found)
}

/// All trials, the best with what is known of its path.
fn described(
    config: &SearchConfig,
    tried: &[Tried],
    outline: Option<&Outline>,
    best: Option<Candidate>,
) -> Vec<TrialReport> {
    let trials = tried.iter().zip(&config.trials).enumerate();
    trials
        .map(|(at, (tried, trial))| {
            let is_best = best.is_some_and(|best| best.trial == at);
            TrialReport::new(trial, tried, outline.filter(|_| is_best))
        })
        .collect()
}

/// Writes the best as a run, as `train fit` does, and says where.
///
/// # Errors
/// As [`run::write`].
pub fn write(
    found: &mut Found,
    out: Option<&std::path::Path>,
    typed: run::Typed<'_>,
) -> Result<(), FitError> {
    if let Some(fitted) = &mut found.fitted {
        run::write(fitted, out, typed)?;
        found.report.fit = Some(fitted.report.clone());
    }
    Ok(())
}

/// The sum of the weights of rows.
fn total_weight(rows: &PreparedRows) -> f64 {
    let weights = rows.weights.as_deref();
    weights.map_or(rows.rows.len() as f64, |weights| weights.iter().sum())
}

fn describe_best(tried: &[Tried], best: Candidate, total: f64) -> BestReport {
    let one = &tried[best.trial];
    let found: &CrossValidated = &one.found;
    let score = &found.scores[best.at];
    let penalty = solver::Penalty {
        lambda: score.lambda,
        l1_ratio: one.l1_ratio,
    };
    let last = found.scores.len() - 1;
    BestReport {
        trial: best.trial,
        at: best.at,
        penalty: Penalty {
            lambda: penalty.lambda,
            l1_ratio: penalty.l1_ratio,
            c: penalty.c(total),
        },
        mean: score.mean,
        standard_error: score.standard_error,
        // Beyond the first penalty of a lasso all coefficients stay zero.
        at_edge: last > 0 && (best.at == last || best.at == 0 && one.l1_ratio == 0.0),
    }
}

impl Search<'_> {
    fn is_interrupted(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }

    fn tell(&self, event: Event<'_>) {
        let mut observe = self
            .observe
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        (*observe)(event);
    }

    /// One more fold is fitted.
    fn step(&self) {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        self.tell(Event::Fold(done, self.total));
    }
}
