//! The learning-rate doctor: which rates are safe on these rows, by the curvature and by trying.

pub mod report;
mod sweep;

use std::sync::atomic::AtomicBool;

use dataset::Input;
use model::file::Penalty;
use solver::stochastic::Rule;
use solver::stochastic::steepness::{batch_rate, steepest, steepness_at};
use solver::{HostObjective, Objective, Shape, Stop};

use crate::config::{FitConfig, Hyperparameters};
use crate::describe;
use crate::error::FitError;
use crate::fit::{Event, check};
use crate::method::SolverChoice;
use crate::plan;
use crate::prepare;
use crate::rows::Number;
use crate::solve::{duration, problem};
use crate::stochastic::{Options, decay};
use model::device::Precision;

pub use report::RatesReport;
use report::{Optimum, Sweep, Theory};
use sweep::Trial;

/// What to examine.
#[derive(Debug, Clone, Default)]
pub struct RatesConfig {
    /// The table, the question, the objective, and the settings of the mini-batch loop. Its backend,
    /// gradient and learning rate are not looked at.
    pub fit: FitConfig,
    /// Steps of a run of full batches.
    pub steps: usize,
}

/// What came of a problem, before it is told with the table's words.
struct Examined {
    theory: Theory,
    start: f64,
    optimum: Optimum,
    sweeps: Vec<Sweep>,
}

/// Computes which learning rates are safe, and tries rates from far too small to far too large. Nothing is
/// written.
///
/// # Errors
/// Any [`FitError`] of reading and preparing; [`FitError::Unsuitable`] under an L1 penalty, which has no
/// gradient to descend by.
pub fn rates(
    name: &str,
    input: &Input,
    config: &RatesConfig,
    interrupted: &AtomicBool,
    observe: &mut dyn FnMut(Event<'_>),
) -> Result<RatesReport, FitError> {
    let settings = &config.fit.hyperparameters;
    check(settings)?;
    suits(config)?;
    let source = prepare::read(input, &config.fit)?;
    observe(Event::Read(source.table.rows()));
    let prepared = prepare::prepare(source, &config.fit)?;
    observe(Event::Notices(&prepared.notices));
    let part = prepared.train();
    let (examined, penalty) = match settings.precision {
        Precision::F32 => {
            let design = prepared.design::<f32>(part)?;
            let problem = problem(&design, part, settings);
            examine(&problem, config, interrupted, observe)?
        }
        Precision::F64 => {
            let design = prepared.design::<f64>(part)?;
            let problem = problem(&design, part, settings);
            examine(&problem, config, interrupted, observe)?
        }
    };
    Ok(RatesReport {
        table: describe::table(&prepared, name),
        task: prepared.task(),
        rows: part.rows.len(),
        columns: prepared.pipeline.columns.len(),
        precision: settings.precision.to_string(),
        penalty,
        standardized: prepared.pipeline.standardized,
        theory: examined.theory,
        start: examined.start,
        optimum: examined.optimum,
        sweeps: examined.sweeps,
        notes: prepared.notes.clone(),
        picture: None,
        versions: describe::versions(),
    })
}

/// Refuses what has no rates to examine.
fn suits(config: &RatesConfig) -> Result<(), FitError> {
    if config.fit.hyperparameters.has_l1() {
        return Err(FitError::Unsuitable {
            solver: SolverChoice::Sgd,
            reason: "cannot follow an L1 penalty, which has corners: there are no rates to examine"
                .to_owned(),
            remedy: "--penalty l2",
        });
    }
    if config.steps == 0 {
        return Err(FitError::Setting {
            option: "--steps",
            value: "0".to_owned(),
            reason: "it must be at least 1",
        });
    }
    check_methods(&config.fit.hyperparameters, usize::MAX)
}

/// Refuses settings of the runs that make no sense for so many rows.
fn check_methods(settings: &Hyperparameters, rows: usize) -> Result<(), FitError> {
    let options = &settings.stochastic;
    for solver in [
        SolverChoice::Sgd,
        SolverChoice::Momentum,
        SolverChoice::Adam,
    ] {
        if let Some(rule) = options.rule(solver) {
            (options.settings(rule, rows, 1.0, settings.seed)).check(rows)?;
        }
    }
    Ok(())
}

fn examine<T: Number>(
    problem: &solver::Problem<'_, T>,
    config: &RatesConfig,
    interrupted: &AtomicBool,
    observe: &mut dyn FnMut(Event<'_>),
) -> Result<(Examined, Penalty), FitError> {
    let settings = &config.fit.hyperparameters;
    let options = &settings.stochastic;
    let rows = problem.design.rows();
    let batch_size = options.batch_size.of(rows);
    check_methods(settings, rows)?;
    let host = HostObjective::new(*problem)?;
    let zeros = vec![0.0; host.dimension()];

    // 1. Where the runs are to arrive.
    let (theta, optimum) = arrive(&host, settings, interrupted)?;
    let start = host.value(&zeros)?;

    // 2. What the curvature says.
    let anywhere = steepest(&host)?;
    let there = steepness_at(&host, &theta)?;
    let theory = Theory {
        anywhere,
        safe_rate: anywhere.safe_rate(),
        best_sure_rate: 0.5 * anywhere.safe_rate(),
        start: steepness_at(&host, &zeros)?,
        optimum: there,
        limit_at_optimum: there.map(|there| 2.0 / there.value.max(f64::MIN_POSITIVE)),
        batch_rate: batch_rate(&host, &anywhere, batch_size)?,
    };

    // 3. What runs say.
    let mut trial = Trial {
        host,
        decay: decay(problem),
        optimum: optimum.objective,
        start,
        theory,
        seed: settings.seed,
        interrupted,
    };
    let methods = methods(options, batch_size, rows, config.steps);
    let total: usize = methods
        .iter()
        .map(|method| method.rates(&theory).len())
        .sum();
    let mut done = 0;
    let mut sweeps = Vec::new();
    for method in methods {
        let mut tell = || {
            observe(Event::Rate(done, total));
            done += 1;
        };
        sweeps.push(trial.sweep(&method, &mut tell)?);
    }
    let penalty = Penalty {
        lambda: problem.penalty.lambda,
        l1_ratio: problem.penalty.l1_ratio,
        c: problem.penalty.c(trial.host.total_weight()),
    };
    let examined = Examined {
        theory,
        start,
        optimum,
        sweeps,
    };
    Ok((examined, penalty))
}

/// The optimum by the solver that suits the problem.
fn arrive<T: Number>(
    host: &HostObjective<'_, T>,
    settings: &Hyperparameters,
    interrupted: &AtomicBool,
) -> Result<(Vec<f64>, Optimum), FitError> {
    let shape = Shape {
        // a quadratic's Newton step is exact, and tells status and objective alike
        squared: false,
        ..Shape::of(host.problem())
    };
    let (solver, choice) = plan::choose(&Hyperparameters::default(), &shape);
    let stop = Stop {
        gradient_tolerance: settings.tolerance,
        max_iterations: solver.default_iterations(),
        time_limit: settings.time_limit.map(duration),
        interrupted: Some(interrupted),
        confirm: true,
    };
    let start = vec![0.0; host.dimension()];
    let solution = (choice.plan).minimize(host, &start, &stop, &mut |_| ())?;
    let optimum = Optimum {
        status: solution.status,
        objective: solution.objective,
        solver: solver.to_string(),
    };
    Ok((solution.theta, optimum))
}

/// A method to sweep the rates of.
pub(crate) struct Method {
    pub(crate) solver: SolverChoice,
    pub(crate) rule: Rule,
    pub(crate) options: Options,
    pub(crate) batch_size: usize,
    pub(crate) full_batch: bool,
    pub(crate) epochs: usize,
}

/// Full batches by plain descent, and mini-batches by descent, momentum and Adam.
fn methods(options: &Options, batch_size: usize, rows: usize, steps: usize) -> Vec<Method> {
    let one = |solver: SolverChoice, full_batch: bool| {
        Some(Method {
            solver,
            rule: options.rule(solver)?,
            options: options.clone(),
            batch_size: if full_batch { rows } else { batch_size },
            full_batch,
            epochs: if full_batch { steps } else { options.epochs },
        })
    };
    let few = batch_size < rows;
    let mut methods = vec![one(SolverChoice::Sgd, true)];
    if few {
        methods.push(one(SolverChoice::Sgd, false));
    }
    methods.push(one(SolverChoice::Momentum, !few));
    methods.push(one(SolverChoice::Adam, !few));
    methods.into_iter().flatten().collect()
}
