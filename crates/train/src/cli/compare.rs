//! `train compare`.

mod picture;
mod text;

use std::process::ExitCode;

use terminal::{Exit, Failure, interrupt};

use super::args::CompareArgs;
use super::configuration::{Source, penalty, use_threads};
use super::observer::Observer;
use super::{answer, sink};
use crate::compare::{CompareConfig, compare};
use crate::config::Hyperparameters;

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
    let picture = sink(args.picture.as_deref())?;
    let interrupted = interrupt::watch()?;
    let (input, mut observer) = Observer::new(&source, args.format, args.quiet);
    use_threads(args.machine.threads)?;
    let mut report = compare(
        &source.name,
        &input,
        &config,
        interrupted.flag(),
        &mut |event| observer.observe(&event),
    )?;
    observer.finish();
    if let Some(sink) = picture {
        report.picture = Some(sink.place());
        sink.put(&picture::draw(&report))?;
    }

    answer(args.format, &report, || text::comparison(&report))?;
    Ok(if interrupted.is_set() {
        Exit::Interrupted
    } else if report.certified.status.is_success() {
        Exit::Ok
    } else {
        Exit::Doubtful
    }
    .into())
}
