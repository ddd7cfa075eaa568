//! `train search`.

mod csv;
mod picture;
mod space;
mod text;

use std::process::ExitCode;

use solver::{Rule, Status};
use terminal::{Exit, Failure, interrupt};

use super::args::{Command as Typed, PenaltyArg, RuleArg, SearchArgs};
use super::config_file::Request;
use super::configuration::{Source, use_threads};
use super::fit::hyperparameters;
use super::observer::Observer;
use super::{answer, sink};
use crate::error::FitError;
use crate::method::SolverChoice;
use crate::run;
use crate::search::{FoldOptions, SearchConfig, Trial, search, write};

pub(super) fn run(args: &SearchArgs, request: &Request) -> Result<ExitCode, Failure> {
    let base = &args.fit;
    let source = Source::open(&base.table.columns.tables, None)?;
    let config = SearchConfig {
        trials: trials(args, &source, request)?,
        folds: FoldOptions {
            count: args.folds,
            group: args.group.clone(),
            time: args.time.clone(),
        },
        nested: args.nested,
        rule: match args.rule {
            RuleArg::Min => Rule::Minimum,
            RuleArg::OneStandardError => Rule::OneStandardError,
        },
        penalties: args.penalties,
        ratio: args.penalty_ratio,
    };
    suits(args, &config, request)?;
    // Places that cannot be written to are known before the work is done.
    if let Some(out) = &base.out {
        run::check(out).map_err(FitError::from)?;
    }
    let picture = sink(args.picture.as_deref())?;
    let table = sink(args.csv.as_deref())?;
    let interrupted = interrupt::watch()?;
    let (input, mut observer) = Observer::new(&source, base.format, base.quiet);
    use_threads(base.machine.threads)?;
    let mut found = search(
        &source.name,
        &input,
        &config,
        interrupted.flag(),
        &mut |event| observer.observe(&event),
    )?;
    observer.finish();
    if let Some(sink) = picture.filter(|_| found.report.best.is_some()) {
        found.report.picture = Some(sink.place());
        sink.put(&picture::draw(&found.report))?;
    }
    if let Some(sink) = &table {
        found.report.csv = Some(sink.place());
    }
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let typed = run::Typed {
        tables: &base.table.columns.tables,
        arguments: &arguments,
    };
    write(&mut found, base.out.as_deref(), typed)?;

    let report = &found.report;
    if let Some(sink) = table {
        sink.put(&csv::table(report))?;
    }
    answer(base.format, report, || text::search(report))?;
    Ok(match &report.fit {
        _ if report.interrupted => Exit::Interrupted,
        Some(fit) if fit.status.is_success() => Exit::Ok,
        Some(fit) if fit.status == Status::Interrupted => Exit::Interrupted,
        _ => Exit::Doubtful,
    }
    .into())
}

/// What is tried: the settings that were typed, with each combination of those that vary behind them.
fn trials(args: &SearchArgs, source: &Source, request: &Request) -> Result<Vec<Trial>, Failure> {
    let command = request.command("search");
    let combinations = space::combinations(command, &args.vary, args.trials, args.fit.seed)?;
    let trial = |settings: Vec<(String, String)>| {
        let words: Vec<String> = settings
            .iter()
            .filter_map(|(option, value)| match value.as_str() {
                "true" => Some(format!("--{option}")),
                "false" => None,
                value => Some(format!("--{option}={value}")),
            })
            .collect();
        let own = request.reread(&words)?;
        let args = match &own.command {
            Some(Typed::Search(args)) => args,
            _ => args,
        };
        let penalty = &args.fit.penalty;
        let free = penalty.lambda.is_none()
            && penalty.c.is_none()
            && penalty.penalty != Some(PenaltyArg::None);
        let smooth = matches!(
            args.fit.solver,
            SolverChoice::Auto
                | SolverChoice::Newton
                | SolverChoice::Lbfgs
                | SolverChoice::Coordinate
        );
        Ok(Trial {
            fit: source.config(&args.fit.table, hyperparameters(&args.fit)?)?,
            settings,
            path: free && smooth,
        })
    };
    combinations.into_iter().map(trial).collect()
}

/// Refuses options that would do nothing.
fn suits(args: &SearchArgs, config: &SearchConfig, request: &Request) -> Result<(), Failure> {
    let usage = |message: &str, remedy: &str| {
        Err(Failure::new(message, Exit::Usage).with_remedy(Some(remedy)))
    };
    if args.fit.memory.is_some() {
        return usage(
            "--memory bounds one fit; a search keeps the table in memory for all of its folds",
            "leave it out, or search on some of the rows",
        );
    }
    let paths = config.trials.iter().any(|trial| trial.path);
    let full = |trial: &Trial| trial.fit.hyperparameters.solver.is_full_batch();
    if config.trials.iter().all(full) {
        let command = request.command("search");
        let settings = config.trials.iter().flat_map(|trial| &trial.settings);
        let mut varied = settings.map(|(option, _)| option.as_str());
        if let Some(option) = varied.find(|name| space::is_of_mini_batches(command, name)) {
            return usage(
                &format!("--vary {option}: a solver on all rows does not look at it"),
                "--solver adam, or another that works by mini-batches",
            );
        }
    }
    if !paths && args.rule == RuleArg::OneStandardError {
        return usage(
            "--rule 1se takes the largest of several penalties, and there is no path of them",
            "leave out --rule, or --lambda and --c",
        );
    }
    if !paths && args.picture.is_some() {
        return usage(
            "--picture draws losses along a path of penalties, and there is none",
            "leave out --picture, or --lambda and --c",
        );
    }
    if !paths && args.penalty_ratio.is_some() {
        return usage(
            "--penalty-ratio is for a path of penalties, and there is none",
            "leave it out, or --lambda and --c",
        );
    }
    if paths && args.fit.validation > 0.0 {
        return usage(
            "--validation holds rows out that a path of penalties would not look at",
            "leave it out: the folds are held out",
        );
    }
    Ok(())
}
