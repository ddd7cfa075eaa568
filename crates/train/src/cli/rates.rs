//! `train rates`.

mod chart;
mod picture;
mod text;

use std::path::Path;
use std::process::ExitCode;

use solver::Status;
use terminal::{Exit, Failure, Progress, Sink, interrupt};

use super::args::{Format, RatesArgs};
use super::configuration::{Source, penalty, tell_notices, use_threads};
use crate::config::Hyperparameters;
use crate::error::FitError;
use crate::fit::Event;
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
            progress.update(done as u64, total as u64, "rates tried".to_owned());
        }
        _ => {}
    };
    use_threads(args.machine.threads)?;
    let mut report = rates(
        &source.name,
        &input,
        &config,
        interrupted.flag(),
        &mut observe,
    )?;
    progress.finish();
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

    let text = match args.format {
        Format::Text => text::rates(&report),
        Format::Json => serde_json::to_string(&report).map_err(FitError::from)? + "\n",
    };
    Sink::open(None)?.put(&text)?;
    Ok(if interrupted.is_set() {
        Exit::Interrupted
    } else if report.optimum.status == Status::Converged {
        Exit::Ok
    } else {
        Exit::Doubtful
    }
    .into())
}
