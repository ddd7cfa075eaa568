//! `train fit`.

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use dataset::catalog::{self, Entry};
use dataset::{CsvOptions, Input, MissingPolicy, SchemaOptions, TargetOptions, TaskChoice};
use solver::Status;
use terminal::{Exit, Failure, Progress, Sink, interrupt};

use super::args::{FitArgs, Format, MissingArg, PenaltyArg, TaskArg};
use super::summary::summary;
use crate::config::{FitConfig, Hyperparameters, PenaltyChoice};
use crate::error::FitError;
use crate::fit::{Event, fit};
use crate::run;

pub(super) fn run(args: &FitArgs) -> Result<ExitCode, Failure> {
    let (name, input, entry) = table(&args.table)?;
    let config = config(args, entry)?;
    if let Some(out) = &args.out {
        run::check(out).map_err(FitError::from)?;
    }
    let interrupted = interrupt::watch()?;
    let mut progress = Progress::new(args.quiet);
    let mut observe = |event: Event| match event {
        Event::Read(rows) => progress.update(rows as u64, 0, "rows read".to_owned()),
        Event::Iteration(record) => progress.update(
            record.iteration as u64,
            0,
            format!(
                "iterations, objective {:.6}, gradient {:.1e}",
                record.objective, record.gradient_max
            ),
        ),
        Event::Epoch(epoch, total) => {
            let validation = epoch.measured.validation_loss;
            let validation =
                validation.map_or_else(String::new, |v| format!(", validation {v:.4}"));
            progress.update(
                epoch.epoch as u64,
                total as u64,
                format!(
                    "epochs, objective {:.5}{validation}",
                    epoch.measured.objective
                ),
            );
        }
    };
    use_threads(args.threads)?;
    let mut fitted = fit(&name, &input, &config, interrupted.flag(), &mut observe)?;
    progress.finish();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    run::write(&mut fitted, args.out.as_deref(), &arguments)?;

    let text = match args.format {
        Format::Text => summary(&fitted.report),
        Format::Json => serde_json::to_string(&fitted.report).map_err(FitError::from)? + "\n",
    };
    let mut sink = Sink::open(None)?;
    sink.write_all(text.as_bytes())
        .map_err(|error| Failure::writing(sink.place(), &error))?;
    sink.finish()?;
    Ok(match fitted.report.status {
        status if status.is_success() => Exit::Ok,
        Status::Interrupted => Exit::Interrupted,
        _ => Exit::Doubtful,
    }
    .into())
}

/// Limits the threads; there is one for each core when no number is given.
fn use_threads(threads: Option<usize>) -> Result<(), Failure> {
    let Some(threads) = threads else {
        return Ok(());
    };
    if threads == 0 {
        return Err(Failure::new(
            "--threads 0: it must be at least 1",
            Exit::Usage,
        ));
    }
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build_global()
        .map_err(|error| Failure::new(error, Exit::Unexpected))
}

/// The table by path, by catalog name, or from standard input.
fn table(name: &str) -> Result<(String, Input, Option<&'static Entry>), Failure> {
    if name == "-" {
        let input = Input::reader("standard input", io::stdin().lock()).map_err(FitError::from)?;
        return Ok(("stdin".to_owned(), input, None));
    }
    let (input, entry) = catalog::resolve(name).map_err(FitError::from)?;
    let stem = Path::new(name)
        .file_stem()
        .map(|stem| stem.to_string_lossy().into_owned());
    let short = entry
        .map(|entry| entry.name.clone())
        .or(stem)
        .unwrap_or_else(|| name.to_owned());
    Ok((short, input, entry))
}

/// What was typed, with the catalog's knowledge of a table that ships under it.
fn config(args: &FitArgs, entry: Option<&Entry>) -> Result<FitConfig, Failure> {
    let mut csv = CsvOptions {
        delimiter: args.delimiter,
        ..CsvOptions::default()
    };
    if let Some(na) = &args.na {
        csv.na.extend(terminal::args::list(na));
    }
    let known = entry.filter(|entry| args.target.as_ref().is_none_or(|t| *t == entry.target));
    let base = match (known, entry) {
        (Some(entry), _) => entry.schema_options(),
        // Another question to the same table: its kinds still hold.
        (None, Some(entry)) => SchemaOptions {
            categorical: entry.categorical.clone(),
            ..SchemaOptions::default()
        },
        (None, None) => SchemaOptions::default(),
    };
    let mut schema = SchemaOptions {
        target: args.target.clone().or(base.target),
        weight: args.weight.clone(),
        offset: args.offset.clone(),
        features: args.features.clone(),
        drop: if args.drop.is_empty() {
            base.drop
        } else {
            args.drop.clone()
        },
        categorical: base.categorical,
        ..SchemaOptions::default()
    };
    for name in &args.categorical {
        if !schema.categorical.contains(name) {
            schema.categorical.push(name.clone());
        }
    }
    if let Some(features) = &schema.features {
        // Naming the features says what to leave out of the catalog's advice.
        schema
            .drop
            .retain(|name| args.drop.contains(name) || !features.contains(name));
    }
    let penalty = match (args.penalty, args.lambda, args.c) {
        (Some(PenaltyArg::None), None, None) => PenaltyChoice::None,
        (Some(PenaltyArg::None), _, _) => {
            let message = "--penalty none and a weight of the penalty contradict each other";
            let remedy = Some("leave one of them out");
            return Err(Failure::new(message, Exit::Usage).with_remedy(remedy));
        }
        (_, Some(lambda), _) => PenaltyChoice::Lambda(lambda),
        (_, None, Some(c)) => PenaltyChoice::C(c),
        (Some(PenaltyArg::L2), None, None) => PenaltyChoice::C(1.0),
        (None, None, None) => PenaltyChoice::Default,
    };
    let defaults = Hyperparameters::default();
    Ok(FitConfig {
        csv,
        target: TargetOptions {
            task: match args.task {
                TaskArg::Auto => TaskChoice::Auto,
                TaskArg::Binary => TaskChoice::Binary,
                TaskArg::Multinomial => TaskChoice::Multinomial,
                TaskArg::Linear => TaskChoice::Linear,
            },
            positive: args.positive.clone().or_else(|| {
                let fits = matches!(args.task, TaskArg::Auto | TaskArg::Binary);
                known
                    .filter(|_| fits)
                    .and_then(|entry| entry.positive.clone())
            }),
            missing: match args.missing {
                MissingArg::Impute => MissingPolicy::Impute,
                MissingArg::Drop => MissingPolicy::Drop,
                MissingArg::Error => MissingPolicy::Error,
            },
        },
        schema,
        hyperparameters: Hyperparameters {
            strict: args.strict,
            standardize: !args.no_standardize,
            intercept: !args.no_intercept,
            validation: args.validation,
            test: args.test,
            seed: args.seed,
            backend: args.backend,
            gradient: args.gradient,
            solver: args.solver,
            precision: args.precision,
            penalty,
            tolerance: args.tolerance.unwrap_or(defaults.tolerance),
            max_iterations: args
                .max_iterations
                .unwrap_or_else(|| args.solver.default_iterations()),
            epochs: args.epochs,
            batch_size: args.batch_size,
            learning_rate: args.learning_rate,
            schedule: args.schedule,
        },
    })
}
