//! `train compare`.

mod picture;
mod text;

use std::process::ExitCode;

use terminal::{Exit, Failure, Progress, Sink, interrupt};

use super::args::{CompareArgs, Format};
use super::configuration::{Source, penalty, tell_notices, use_threads};
use crate::compare::{CompareConfig, compare};
use crate::config::Hyperparameters;
use crate::error::FitError;
use crate::fit::Event;

pub(super) fn run(args: &CompareArgs) -> Result<ExitCode, Failure> {
    let source = Source::open(&args.table.columns.tables, None)?;
    let (penalty, l1_ratio) = penalty(&args.penalty)?;
    let hyperparameters = Hyperparameters {
        standardize: !args.penalty.no_standardize,
        intercept: !args.penalty.no_intercept,
        // All rows take part.
        test: 0.0,
        solver: args.solver,
        precision: args.machine.precision,
        penalty,
        l1_ratio,
        time_limit: args.machine.time_limit,
        ..Hyperparameters::default()
    };
    let config = CompareConfig {
        fit: source.config(&args.table, hyperparameters)?,
        backends: args.backend.clone(),
        gradients: args.gradient.clone(),
        repetitions: args.repetitions,
    };
    // A place that cannot be written to is known before the work is done.
    let picture = match &args.picture {
        Some(path) => Some(Sink::open(Some(path))?),
        None => None,
    };
    let interrupted = interrupt::watch()?;
    let mut progress = Progress::new(args.quiet);
    let (input, watch) = source.watched(args.quiet);
    let mut watch = Some(watch);
    let told = args.format == Format::Text && !args.quiet;
    let mut observe = |event: Event<'_>| match event {
        Event::Read(_) => drop(watch.take()),
        Event::Notices(notices) => tell_notices(notices, told),
        Event::Line(done, total) => {
            progress.update(done as u64, total as u64, "lines measured".to_owned());
        }
        _ => {}
    };
    use_threads(args.machine.threads)?;
    let mut report = compare(
        &source.name,
        &input,
        &config,
        interrupted.flag(),
        &mut observe,
    )?;
    progress.finish();
    if let Some(sink) = picture {
        report.picture = Some(sink.place());
        sink.put(&picture::draw(&report))?;
    }

    let text = match args.format {
        Format::Text => text::comparison(&report),
        Format::Json => serde_json::to_string(&report).map_err(FitError::from)? + "\n",
    };
    Sink::open(None)?.put(&text)?;
    Ok(if interrupted.is_set() {
        Exit::Interrupted
    } else if report.certified.status.is_success() {
        Exit::Ok
    } else {
        Exit::Doubtful
    }
    .into())
}
