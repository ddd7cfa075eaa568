//! What happens in what order: read, split, prepare, solve, certify, judge, describe.

use std::sync::atomic::AtomicBool;
use std::time::Instant;

use dataset::fingerprint::ColumnFingerprint;
use dataset::{Input, PreparedRows, RowSource};
use model::device::Choice;
use model::{ModelFile, Parameters, Task};
use solver::Record;
use solver::stochastic::{Rule, Schedule, SettingError};

use crate::config::{FitConfig, Hyperparameters, PenaltyChoice};
use crate::describe::Solution;
use crate::error::FitError;
use crate::measure;
use crate::memory;
use crate::plan;
use crate::prepare::{self, Prepared};
use crate::report::{FitReport, Metrics, NoticeReport, Parts, Seconds};
use crate::solve::{History, Setting};
use crate::stochastic::{Epoch, Watched};

/// What a fit tells of itself while it runs.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A table of so many rows was read.
    Read(usize),
    /// What was recognised in the table, before the solver starts.
    Notices(&'a [NoticeReport]),
    /// A full-batch solver made a step.
    Iteration(Record),
    /// A stochastic solver made an epoch, of so many.
    Epoch(Epoch, usize),
    /// A comparison has measured so many lines, of so many.
    Line(usize, usize),
    /// So many learning rates were tried, of so many.
    Rate(usize, usize),
    /// A search has fitted so many folds, of so many.
    Fold(usize, usize),
}

/// Everything that comes out of a fit.
#[derive(Debug, Clone)]
pub struct Fitted {
    /// What to tell people.
    pub report: FitReport,
    /// What to keep.
    pub file: ModelFile,
    /// A line for each iteration or epoch.
    pub history: History,
    /// What was asked for.
    pub config: FitConfig,
    /// What identifies the columns that were read.
    pub columns: Vec<ColumnFingerprint>,
}

/// Fits a model to a table. Nothing is written.
///
/// # Errors
/// Any [`FitError`]. A fit that did not converge is not an error: its status says so.
pub fn fit(
    name: &str,
    input: &Input,
    config: &FitConfig,
    interrupted: &AtomicBool,
    observe: &mut dyn FnMut(Event<'_>),
) -> Result<Fitted, FitError> {
    let settings = &config.hyperparameters;
    check(settings)?;
    // A device that is not there is known before a long read.
    let choice = memory::device(config)?;

    let mut clock = Clock::start();
    let source = prepare::read(input, config)?;
    let read = clock.lap();
    observe(Event::Read(source.table.rows()));
    let prepared = prepare::prepare(source, config)?;
    observe(Event::Notices(&prepared.notices));
    let prepare = clock.lap();
    let mut fitted = fit_prepared(name, &prepared, config, &choice, interrupted, observe)?;
    let seconds = &mut fitted.report.seconds;
    (seconds.read, seconds.prepare) = (read, prepare);
    Ok(fitted)
}

/// Fits a model to rows that are prepared.
pub(crate) fn fit_prepared(
    name: &str,
    prepared: &Prepared,
    config: &FitConfig,
    choice: &Choice,
    interrupted: &AtomicBool,
    observe: &mut dyn FnMut(Event<'_>),
) -> Result<Fitted, FitError> {
    let settings = &config.hyperparameters;
    let mut seconds = Seconds::default();
    let setting = Setting {
        prepared,
        hyperparameters: settings,
        device: choice,
        interrupted,
    };
    let solved = setting.solve(observe)?;
    [seconds.fit, seconds.certify] = solved.seconds;
    let mut clock = Clock::start();

    let task = prepared.task();
    let outputs = if task == Task::Multinomial {
        prepared.all.target.labels().len()
    } else {
        1
    };
    let columns = prepared.pipeline.columns.len();
    let parameters = Parameters::from_flat(&solved.theta, columns, outputs, settings.intercept);
    let metrics = judge(prepared, &parameters, &solved.train_scores)?;
    seconds.evaluate = clock.lap();

    let solution = Solution {
        prepared,
        parameters: &parameters,
        task,
    };
    let report = solution.report(name, settings, choice, &solved, metrics, seconds);
    let file = solution.file(&report, config)?;
    Ok(Fitted {
        report,
        file,
        history: solved.history,
        config: config.clone(),
        columns: prepared.source.table.fingerprints(),
    })
}

/// Refuses numbers that no fit can be made with.
pub(crate) fn check(settings: &Hyperparameters) -> Result<(), FitError> {
    let positive = |option, value: f64| {
        if value.is_finite() && value > 0.0 {
            return Ok(());
        }
        let reason = "it must be a number above 0";
        Err(FitError::Setting {
            option,
            value: value.to_string(),
            reason,
        })
    };
    match settings.penalty {
        PenaltyChoice::C(c) => positive("--c", c)?,
        PenaltyChoice::Lambda(lambda) if !lambda.is_finite() || lambda < 0.0 => {
            let reason = "it must be a number from 0 upwards";
            let value = lambda.to_string();
            return Err(FitError::Setting {
                option: "--lambda",
                value,
                reason,
            });
        }
        _ => {}
    }
    if !(0.0..=1.0).contains(&settings.l1_ratio) {
        return Err(FitError::Setting {
            option: "--l1-ratio",
            value: settings.l1_ratio.to_string(),
            reason: "it must be a number from 0 (ridge) to 1 (lasso)",
        });
    }
    if let Some(seconds) = settings.time_limit {
        positive("--time-limit", seconds)?;
    }
    plan::check(settings)?;
    check_stochastic(settings)
}

/// Refuses settings of the mini-batch loop that make no sense, whatever the rows.
fn check_stochastic(settings: &Hyperparameters) -> Result<(), FitError> {
    let options = &settings.stochastic;
    // A full-batch solver looks at none of them, but what makes no sense is refused all the same.
    let rule = options.rule(settings.solver).unwrap_or(Rule::Sgd);
    let some = options.settings(rule, usize::MAX, 1.0, settings.seed);
    some.check(usize::MAX)?;
    if options.rule(settings.solver).is_some() {
        options.check_use(settings.solver)?;
    }
    if options.patience.is_some() && settings.validation == 0.0 {
        return Err(SettingError {
            setting: "patience",
            value: options.patience.unwrap_or_default().to_string(),
            reason: "early stopping looks at rows that the fit does not see, and there are none",
            remedy: "--validation 0.2",
        }
        .into());
    }
    let looks = options.patience.is_some() || options.pace.schedule == Schedule::Plateau;
    if options.watch != Watched::Loss && (!looks || settings.validation == 0.0) {
        return Err(SettingError {
            setting: "watch",
            value: options.watch.to_string(),
            reason: "only early stopping and the plateau look at it, on validation rows",
            remedy: "--patience 10 --validation 0.2",
        }
        .into());
    }
    Ok(())
}

/// Metrics of every part. The training rows' scores come from the solver, so that no part is turned
/// into numbers twice.
fn judge(
    prepared: &Prepared,
    parameters: &Parameters,
    train_scores: &[f64],
) -> Result<Parts<Metrics>, FitError> {
    let held = |part: &Option<PreparedRows>, design: &Option<Box<dyn RowSource<f64>>>| {
        let Some((part, design)) = part.as_ref().zip(design.as_ref()) else {
            return Ok(None);
        };
        let scores = measure::scores(parameters, &**design, part.offsets.as_deref())?;
        Ok::<_, FitError>(Some(measure::metrics(part, &scores)?))
    };
    let Prepared { parts, designs, .. } = prepared;
    Ok(Parts {
        train: Some(measure::metrics(prepared.train(), train_scores)?),
        validation: held(&parts.validation, &designs.validation)?,
        test: held(&parts.test, &designs.test)?,
    })
}

/// Seconds between laps.
pub(crate) struct Clock(Instant);

impl Clock {
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn lap(&mut self) -> f64 {
        let lap = self.0.elapsed().as_secs_f64();
        self.0 = Instant::now();
        lap
    }
}
