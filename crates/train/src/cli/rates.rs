//! `train rates`.

mod chart;
mod picture;
mod text;

use std::path::Path;
use std::process::ExitCode;

use solver::Status;
use terminal::{Exit, Failure, interrupt};

use super::args::RatesArgs;
use super::configuration::{Source, penalty, use_threads};
use super::observer::Observer;
use super::{answer, sink};
use crate::config::Hyperparameters;
use crate::rates::{RatesConfig, rates};
use crate::stochastic::Options;

pub(super) fn run(args: &RatesArgs) -> Result<ExitCode, Failure> {
    let source = Source::open(&args.table.columns.tables, None)?;
    let (penalty, l1_ratio) = penalty(&args.penalty)?;
    let hyperparameters = Hyperparameters {
        standardize: !args.penalty.no_standardize,
        intercept: !args.penalty.no_intercept,
        // All rows take part.
        test: 0.0,
        seed: args.seed,
        precision: args.machine.precision,
        penalty,
        l1_ratio,
        time_limit: args.machine.time_limit,
        stochastic: Options {
            epochs: args.epochs,
            batch_size: args.batch_size,
            momentum: Some(args.momentum),
            ..Options::default()
        },
        ..Hyperparameters::default()
    };
    let config = RatesConfig {
        fit: source.config(&args.table, hyperparameters)?,
        steps: args.steps,
    };
    // A place that cannot be written to is known before the work is done.
    let picture = sink(args.picture.as_deref())?;
    let interrupted = interrupt::watch()?;
    let (input, mut observer) = Observer::new(&source, args.format, args.quiet);
    use_threads(args.machine.threads)?;
    let mut report = rates(
        &source.name,
        &input,
        &config,
        interrupted.flag(),
        &mut |event| observer.observe(&event),
    )?;
    observer.finish();
    if let Some(sink) = picture {
        report.picture = Some(sink.place());
        let page = (args.picture.as_deref().and_then(Path::extension))
            .is_some_and(|extension| extension.eq_ignore_ascii_case("html"));
        let drawn = if page {
            picture::page(&report)
        } else {
            picture::draw(&report)
        };
        sink.put(&drawn)?;
    }

    answer(args.format, &report, || text::rates(&report))?;
    Ok(if interrupted.is_set() {
        Exit::Interrupted
    } else if report.optimum.status == Status::Converged {
        Exit::Ok
    } else {
        Exit::Doubtful
    }
    .into())
}
