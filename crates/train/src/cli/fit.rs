//! `train fit`.

use std::process::ExitCode;

use solver::Status;
use terminal::{Exit, Failure, interrupt};

use super::answer;
use super::args::{FitArgs, Rate, StochasticArgs};
use super::configuration::{Source, penalty, use_threads};
use super::observer::Observer;
use super::summary::summary;
use crate::config::{FitConfig, Hyperparameters};
use crate::error::FitError;
use crate::fit::fit;
use crate::memory::Memory;
use crate::run::{self, Typed};
use crate::stochastic::{Options, Pace};

pub(super) fn run(args: &FitArgs) -> Result<ExitCode, Failure> {
    let memory = args.memory.map(|bytes| Memory {
        bytes,
        folder: args.cache.clone().unwrap_or_else(|| run::CACHE.into()),
    });
    let source = Source::open(&args.table.columns.tables, memory.as_ref())?;
    let config = FitConfig {
        memory,
        ..source.config(&args.table, hyperparameters(args)?)?
    };
    if let Some(out) = &args.out {
        run::check(out).map_err(FitError::from)?;
    }
    let interrupted = interrupt::watch()?;
    let (input, mut observer) = Observer::new(&source, args.format, args.quiet);
    use_threads(args.machine.threads)?;
    let mut fitted = fit(
        &source.name,
        &input,
        &config,
        interrupted.flag(),
        &mut |event| observer.observe(&event),
    )?;
    observer.finish();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let typed = Typed {
        tables: &args.table.columns.tables,
        arguments: &arguments,
    };
    run::write(&mut fitted, args.out.as_deref(), typed)?;

    answer(args.format, &fitted.report, || summary(&fitted.report))?;
    Ok(match fitted.report.status {
        status if status.is_success() => Exit::Ok,
        Status::Interrupted => Exit::Interrupted,
        _ => Exit::Doubtful,
    }
    .into())
}

pub(super) fn hyperparameters(args: &FitArgs) -> Result<Hyperparameters, Failure> {
    let (penalty, l1_ratio) = penalty(&args.penalty)?;
    let defaults = Hyperparameters::default();
    Ok(Hyperparameters {
        strict: args.strict,
        standardize: !args.penalty.no_standardize,
        intercept: !args.penalty.no_intercept,
        validation: args.validation,
        test: args.test,
        seed: args.seed,
        backend: args.backend,
        gradient: args.gradient,
        solver: args.solver,
        precision: args.machine.precision,
        penalty,
        l1_ratio,
        tolerance: args.tolerance.unwrap_or(defaults.tolerance),
        max_iterations: args.max_iterations,
        time_limit: args.machine.time_limit,
        stochastic: stochastic(&args.stochastic),
    })
}

fn stochastic(args: &StochasticArgs) -> Options {
    Options {
        epochs: args.epochs,
        batch_size: args.batch_size,
        learning_rate: match args.learning_rate {
            Rate::Auto => None,
            Rate::Is(rate) => Some(rate),
        },
        pace: Pace {
            schedule: args.schedule,
            warmup: args.warmup,
            period: args.period,
            period_growth: args.period_growth,
            decay_factor: args.decay_factor,
            floor: args.floor,
            plateau_patience: args.plateau_patience,
        },
        momentum: args.momentum,
        beta1: args.beta1,
        beta2: args.beta2,
        beta3: args.beta3,
        smoothing: args.smoothing,
        epsilon: args.epsilon,
        amsgrad: args.amsgrad,
        centered: args.centered,
        clip_norm: args.clip_norm,
        accumulate: args.accumulate,
        average: args.average,
        patience: args.patience,
        min_change: args.min_change,
        watch: args.watch,
    }
}
