//! Which settings predict best rows that they were not fitted on: read, fold, try, choose, refit.

mod choice;
pub mod error;
mod fold_plan;
mod nested;
mod outline;
pub mod report;
mod trial;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use dataset::{Input, Kind, PreparedRows, ReadError, Role, split};
use model::device;
use model::file::Penalty;
use solver::{CrossValidated, Rule};

use crate::config::FitConfig;
use crate::describe;
use crate::error::FitError;
use crate::fit::{Event, Fitted, check, fit_prepared};
use crate::prepare::{self, Source};
use crate::run;

use choice::Candidate;
pub use error::SearchError;
pub use fold_plan::FoldOptions;
use fold_plan::FoldPlan;
use report::{BestReport, FoldsReport, SearchReport, SearchSeconds, TrialReport};
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
    plan: FoldPlan,
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
    let settings = &base.hyperparameters;
    config.folds.check(settings)?;
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
    let started = Instant::now();
    let source = read(input, base, &config.folds)?;
    observe(Event::Read(source.table.rows()));
    let read = started.elapsed().as_secs_f64();

    // 2. The rows to search on, and those that nothing is chosen on.
    let all = prepare::rows(&source, base)?;
    let strata = all.target.codes();
    let parts = split(
        all.rows.len(),
        strata.as_deref(),
        settings.validation,
        settings.test,
        settings.seed,
    )?;
    let mut searched: Vec<usize> = [&parts.train[..], &parts.validation].concat();
    searched.sort_unstable();
    let rows = all.select(&searched);
    let plan = FoldPlan::new(&config.folds, settings.seed, &source, &rows)?;
    let folds = plan.folds(&rows, config.folds.count)?;
    let outer = match config.nested {
        Some(count) => plan.folds(&rows, count)?,
        None => Vec::new(),
    };

    // 3. Every setting on every fold.
    let search = Search {
        config,
        source: Arc::new(source),
        plan,
        interrupted,
        done: AtomicUsize::new(0),
        total: config.trials.len() * folds.len() * (1 + outer.len()) + outer.len(),
        observe: Mutex::new(observe),
    };
    let started = Instant::now();
    let trials = Trials {
        search: &search,
        choices: &choices,
    };
    let tried = trials.run(&rows, &folds)?;
    let best = choice::best(&tried, config.rule);
    let searching = started.elapsed().as_secs_f64();

    // 4. The same for every outer fold, whose rows the search does not see.
    let started = Instant::now();
    let nested = if outer.is_empty() || search.is_interrupted() {
        None
    } else {
        Some(nested::estimate(&trials, &rows, &outer)?)
    };
    let nesting = started.elapsed().as_secs_f64();

    // 5. The best on all rows.
    let started = Instant::now();
    let outline = match best {
        Some(best) if config.trials[best.trial].path && !search.is_interrupted() => {
            Some(outline::outline(&trials, &rows, &tried[best.trial], best)?)
        }
        _ => None,
    };
    let split = &parts;
    let mut fitted = None;
    if let Some(best) = best.filter(|_| !search.is_interrupted()) {
        let mut fit = trials.chosen(best, tried[best.trial].lambda(best));
        // The same columns when the run is fitted again, without a search.
        let ignored = |name: &str| {
            let column = search.source.schema.column(name);
            column.is_some_and(|column| column.role == Role::Ignored)
        };
        if let Some((_, name)) = config.folds.column()
            && ignored(name)
            && !fit.schema.drop.iter().any(|one| one == name)
        {
            fit.schema.keep.retain(|one| one != name);
            fit.schema.drop.push(name.to_owned());
        }
        let prepared = prepare::divided(Arc::clone(&search.source), all.clone(), split, &fit)?;
        search.tell(Event::Notices(&prepared.notices));
        let choice = &choices[best.trial];
        let mut quiet = |_: Event<'_>| ();
        let mut found = fit_prepared(name, &prepared, &fit, choice, interrupted, &mut quiet)?;
        found.report.seconds.read = read;
        found.columns.retain(|column| !ignored(&column.name));
        fitted = Some(found);
    }
    let seconds = SearchSeconds {
        read,
        search: searching,
        nested: nesting,
        refit: started.elapsed().as_secs_f64(),
    };
    let folds_report = FoldsReport {
        kind: search.plan.kind(),
        column: search.plan.column(),
        sizes: folds.iter().map(|fold| fold.held_out.len()).collect(),
        unseen: tried.iter().map(|one| one.found.unseen).max().unwrap_or(0),
    };
    let features = search.source.schema.features();
    let kinds: Vec<Kind> = features.map(|feature| feature.kind).collect();
    let report = SearchReport {
        table: describe::table_of(&search.source, &all, &kinds, name),
        task: prepare::task(&all.target),
        labels: all.target.labels().to_vec(),
        rows: rows.rows.len(),
        test: parts.test.len(),
        loss: report::loss_name(&all.target),
        folds: folds_report,
        rule: config.rule,
        trials: (tried.iter().zip(&config.trials).enumerate())
            .map(|(at, (tried, trial))| {
                let is_best = best.is_some_and(|best| best.trial == at);
                TrialReport::new(trial, tried, outline.as_ref().filter(|_| is_best))
            })
            .collect(),
        best: best.map(|best| describe_best(&tried, best, total_weight(&rows))),
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

/// Reads the table with the column that rows are grouped or ordered by.
fn read(input: &Input, base: &FitConfig, folds: &FoldOptions) -> Result<Source, FitError> {
    let Some((option, name)) = folds.column() else {
        return prepare::read(input, base);
    };
    let mut config = base.clone();
    let schema = &mut config.schema;
    let named = [&schema.target, &schema.weight, &schema.offset];
    let has_a_role = named.iter().any(|one| one.as_deref() == Some(name));
    let left_out = !has_a_role
        && (schema.drop.iter().any(|one| one == name)
            || (schema.features.as_ref()).is_some_and(|list| !list.iter().any(|one| one == name)));
    let asked_for = schema.keep.iter().any(|one| one == name)
        || (schema.features.as_ref()).is_some_and(|list| list.iter().any(|one| one == name));
    if !has_a_role {
        schema.drop.retain(|one| one != name);
        schema.keep.push(name.to_owned());
        if let Some(features) = &mut schema.features
            && left_out
        {
            features.push(name.to_owned());
        }
    }
    let mut source = prepare::read(input, &config).map_err(|error| match error {
        FitError::Read(ReadError::UnknownColumn {
            name: unknown,
            nearest,
            columns,
            ..
        }) if unknown == name => SearchError::NoColumn {
            option,
            name: unknown,
            nearest,
            columns,
        }
        .into(),
        other => other,
    })?;
    // A group is known by its rows: as a feature it would say nothing of others.
    let is_group = folds.group.is_some() && !asked_for;
    if !has_a_role && (left_out || is_group) {
        for column in &mut source.schema.columns {
            if column.name == name {
                column.role = Role::Ignored;
            }
        }
    }
    Ok(source)
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
